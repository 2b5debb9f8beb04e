"""The colour of a warning, from everything in the message that speaks of it.

Each place that names a colour is a claim. The highest claim counts; that claims differ is noted. The colour is the
primary fact: CAP severities are only one claim among others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.headlines import colours_in, level_in
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.model.colour import Colour

SEVERITY_COLOURS = {
    "extreme": Colour.RED,
    "severe": Colour.ORANGE,
    "moderate": Colour.YELLOW,
    "minor": Colour.BLUE,
}
"""CAP severity, lower case, to the colour it stands for."""

_MAX_VALUE = 100
_ENGLISH = {colour.key: colour for colour in Colour}
_ENGLISH_WORD = re.compile(r"(?<![a-z])(red|orange|yellow|blue)(?![a-z])")
_CHINESE = {form: colour for colour in Colour for form in (colour.chinese, f"{colour.chinese}色")}


@dataclass(frozen=True, slots=True)
class Claim:
    """One place of the message that names a colour; `place` says which, for a person."""

    place: str
    colour: Colour


def colour_of_word(word: str) -> Colour | None:
    """The colour of a single word: Red, RED, 红, 红色, 红色预警; None for anything else."""
    bare = word.strip().lower()
    return _ENGLISH.get(bare) or _CHINESE.get(bare.removesuffix("预警信号").removesuffix("预警"))


def colour_in_value(value: str) -> Colour | None:
    """The highest colour word inside a coded value ("4; red; Extreme", "红色"); None when there is none."""
    value = value[:_MAX_VALUE]
    whole = colour_of_word(value)
    if whole:
        return whole
    found = {_ENGLISH[word] for word in _ENGLISH_WORD.findall(value.lower())} | set(colours_in(value))
    return max(found, default=None)


def severity_claim(severity: str) -> Claim | None:
    """What a CAP severity claims; None for Unknown and for words that are none."""
    colour = SEVERITY_COLOURS.get(severity.strip().lower())
    return Claim(f"severity {severity}", colour) if colour else None


def headline_claims(headline: str) -> list[Claim]:
    """What a headline claims by its colour words, else by its level numeral."""
    colours = colours_in(headline)
    if colours:
        return [Claim("headline", colour) for colour in colours]
    level = level_in(headline)
    return [Claim("headline (level)", level)] if level else []


def settle(claims: Sequence[Claim], info: Element, notes: Notes) -> Colour | None:
    """The highest claimed colour; a disagreement is noted at its severity. None when nothing was claimed."""
    if len({claim.colour for claim in claims}) > 1:
        told = ", ".join(f"{claim.place}: {claim.colour.chinese}" for claim in claims)
        notes.odd(Odd.COLOUR_CONFLICT, info, "severity", told)
    return max((claim.colour for claim in claims), default=None)
