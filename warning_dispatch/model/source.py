"""来源约定: what an installation knows of a source of messages, so that its messages are read as they are meant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BEIJING_MINUTES = 480


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


@dataclass(frozen=True, slots=True)
class SignatureRule:
    """Messages of a source count only when signed. `certificates`: PEM, each pinned by itself; no authority is trusted.

    `sha1`: the weak algorithms that some gateways still use are taken too.
    """

    certificates: tuple[str, ...]
    sha1: bool = False


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """How the messages of one source are read and judged.

    `zone_minutes`: east of UTC, for times without a zone. `encoding`: tried once when bytes contradict what they
    declare. `mends`: markup that the source is known to break (a bare &, an illegal xmlns:xmlns) is mended before
    reading. `colours`: the places that are asked for the colour, in order of precedence; one that is left out is not
    asked. `senders` and `areas`: what the source may speak for, as sender codes (exact, or a prefix with "*") and
    division codes; empty: whatever the installation allows. `max_age`: ms, None: the installation's.
    """

    name: str = ""
    zone_minutes: int = BEIJING_MINUTES
    encoding: str = ""
    mends: bool = False
    radius: RadiusUnit = RadiusUnit.DIALECT
    colours: tuple[ColourPlace, ...] = tuple(ColourPlace)
    signature: SignatureRule | None = None
    senders: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    max_age: int | None = None


USUAL = SourceProfile()
"""For a source of which nothing is said."""
