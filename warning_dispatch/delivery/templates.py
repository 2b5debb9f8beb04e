"""Which template for whom: the files of config/messages/, the words in their names, and the most particular one that fits.

    {language}/{channel}/{purpose}[.word …].j2        zh_CN/voice/call.rainstorm.red.j2, zh_CN/operator/call.leaders.j2

A word narrows a template down to a hazard, a tier, a role, a colour or a type of message; the order of the words means nothing. Of
all that fit, the most particular one is taken: a hazard weighs more than everything that follows, then the tier, the role,
the colour, the type. The plain file (no word) fits everybody and must be there. Hazard, colour and type are known when a
call-out starts; for tier and role every variant that may be wanted is frozen into it.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.errors import Finding
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import AlertFacts
from warning_dispatch.model.unit import Role

SUFFIX = ".j2"
ROLES = tuple(role.key for role in Role)
COLOURS = tuple(colour.key for colour in Colour)
TYPES = {kind.value.lower(): kind for kind in (MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL)}
_WEIGHTS = {"hazard": 16, "tier": 8, "role": 4, "colour": 2, "type": 1}
"""Each more than all that follow together: of two templates one is always the more particular."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that depend on the configuration: keys of hazards, names of tiers.

    `open`: the configuration could not be read, so an unknown word may well be one of them.
    """

    hazards: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    open: bool = False

    def kind_of(self, word: str) -> str:
        """What a word narrows down; empty when it is none. A role and a colour come before a tier of that name."""
        for kind, words in self._words():
            if word in words:
                return kind
        return "tier" if self.open else ""

    def known(self) -> list[str]:
        """Every word."""
        return [word for _, words in self._words() for word in sorted(words)]

    def _words(self) -> Sequence[tuple[str, Collection[str]]]:
        return (
            ("role", ROLES),
            ("colour", COLOURS),
            ("type", TYPES),
            ("tier", self.tiers),
            ("hazard", self.hazards),
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """One template: its key ("zh_CN/sms/call.red") and what its words narrow it down to."""

    key: str
    words: Mapping[str, str]

    @property
    def weight(self) -> int:
        """How particular it is."""
        return sum(_WEIGHTS[kind] for kind in self.words)

    def fits(self, facts: AlertFacts) -> bool:
        """Whether it is for this warning, whoever is told."""
        kind = TYPES.get(self.words.get("type", ""), facts.msg_type)
        return (
            self.words.get("hazard", facts.hazard_key) == facts.hazard_key
            and self.words.get("colour", facts.colour.key) == facts.colour.key
            and kind is facts.msg_type
        )

    def serves(self, tier: str, role: str) -> bool:
        """Whether it is for this tier and role; empty ones stand for whatever has no template of its own."""
        return self.words.get("tier", tier) == tier and self.words.get("role", role) == role


def variants_in(
    folder: Path,
    place: str,
    purposes: Collection[str],
    plain: Collection[str],
    vocabulary: Vocabulary,
    found: list[Finding],
) -> Mapping[str, list[Variant]]:
    """By purpose, the templates of one language and channel; the plain ones first, whether or not they are there.

    `place`: "zh_CN/sms"; `plain`: purposes that have no variants. What a name does not say rightly goes to `found`.
    """
    variants = {purpose: [Variant(f"{place}/{purpose}", {})] for purpose in (*purposes, *plain)}
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
        purpose, *words = path.name.removesuffix(SUFFIX).split(".")
        if not words and purpose in variants:
            continue
        where = f"{folder.parent.parent.name}/{place}/{path.name}"
        if purpose not in purposes:
            found.append(_not_known(where, purpose if purpose not in plain else words[0], [*purposes, *plain]))
            continue
        said = dict(_read_words(where, words, vocabulary, found))
        if len(said) == len(words):
            variants[purpose].append(Variant(f"{place}/{path.name.removesuffix(SUFFIX)}", said))
    return variants


def _read_words(
    where: str, words: Sequence[str], vocabulary: Vocabulary, found: list[Finding]
) -> Iterator[tuple[str, str]]:
    kinds = [vocabulary.kind_of(word) for word in words]
    for word, kind in zip(words, kinds, strict=True):
        if not kind:
            found.append(_not_known(where, word, vocabulary.known()))
        elif kinds.count(kind) > 1:
            found.append(Finding(where, f"{word!r}: a second {kind} in one name", "write a template for each"))
        else:
            yield kind, word


def _not_known(where: str, word: str, known: Sequence[str]) -> Finding:
    near = difflib.get_close_matches(word, known, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return Finding(where, f"the word {word!r} of its name is not known", f"{guess}known: {', '.join(known)}")


def chosen(variants: Sequence[Variant], facts: AlertFacts) -> Mapping[tuple[str, str], Variant]:
    """(tier, role) → the most particular template, for every tier and role that has one of its own, and for the rest ("")."""
    fitting = [one for one in variants if one.fits(facts)]
    tiers = dict.fromkeys(["", *(one.words.get("tier", "") for one in fitting)])
    roles = dict.fromkeys(["", *(one.words.get("role", "") for one in fitting)])
    return {
        (tier, role): max((one for one in fitting if one.serves(tier, role)), key=lambda one: one.weight)
        for tier in tiers
        for role in roles
    }
