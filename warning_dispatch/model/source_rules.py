"""来源约定: what an installation knows of a source of messages: how they are read, and what it may say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from enum import StrEnum

BEIJING: tzinfo = timezone(timedelta(hours=8))


class ColourPlace(StrEnum):
    """A place of a message that can speak of its colour."""

    PARAMETER = "parameter"
    """A parameter whose name speaks of a colour (ColorCode)."""
    HEADLINE = "headline"
    """The headline's colour word, else its level numeral."""
    AWARENESS = "awareness"
    """MeteoAlarm's awareness_level."""
    SEVERITY = "severity"
    """The severity: a colour word in the 12379 form, a CAP word elsewhere."""


class RadiusUnit(StrEnum):
    """What the third number of a circle counts."""

    DIALECT = ""
    """As the dialect has it: metres in the 12379 form, kilometres in CAP."""
    METRES = "m"
    KILOMETRES = "km"


def allows(senders: Sequence[str], issuer: str) -> bool:
    """Whether a sender is on a list of codes, exact or as prefix with "*"; an empty list allows all."""
    return not senders or any(issuer.startswith(one[:-1]) if one.endswith("*") else issuer == one for one in senders)


@dataclass(frozen=True, slots=True)
class SignatureRule:
    """Messages of a source count only when signed. `certificates`: PEM, each pinned by itself; no authority is trusted.

    `sha1`: the weak algorithms that some gateways still use are taken too.
    """

    certificates: tuple[str, ...]
    sha1: bool = False


@dataclass(frozen=True, slots=True)
class SourceRules:
    """How the messages of one source are read and judged. `name` as in raw_message.source ("folder:city", "api").

    `zone`: of times that name none. `encoding`: tried once when bytes contradict what they
    declare. `mends`: markup that the source is known to break (a bare &, an illegal xmlns:xmlns) is mended before
    reading. `colours`: the places that are asked for the colour, in order of precedence; one that is left out is not
    asked. `senders` and `areas`: what the source may speak for, as sender codes (exact, or a prefix with "*") and
    division codes; empty: whatever the installation allows. `max_age`: ms, None: the installation's.
    """

    name: str = ""
    zone: tzinfo = BEIJING
    encoding: str = ""
    mends: bool = False
    radius: RadiusUnit = RadiusUnit.DIALECT
    colours: tuple[ColourPlace, ...] = tuple(ColourPlace)
    signature: SignatureRule | None = None
    senders: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    max_age: int | None = None

    def allows(self, issuer: str) -> bool:
        """Whether it may bring messages of a sender."""
        return allows(self.senders, issuer)

    def covers(self, area: str) -> bool:
        """Whether a division code (already trimmed) lies in what the source may speak of."""
        return not self.areas or any(area.startswith(one) for one in self.areas)


USUAL = SourceRules()
"""For a source of which nothing is said."""
