"""What the bureau's pages of the register say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.model.unit import CODE_LENGTH, Unit, UnitLevel
from warning_dispatch.registry.readiness import SERIOUS, UNREACHABLE, CountyReadiness, Gap
from warning_dispatch.web.alarm_words import GAPS, pick
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.register_look import ReadinessPicture

FIRST: Final = 60
"""Units named under "mend first"; a county's own page names all of its."""
GOOD: Final = 85
FAIR: Final = 60
"""Scores from which a county counts as good, and as fair."""
COLUMNS: Final = (Gap.NO_PRIMARY, Gap.BAD_NUMBER, Gap.UNPROVED, Gap.ONE_CHANNEL, Gap.STALE)
"""Weaknesses that have a column of their own."""


@dataclass(frozen=True, slots=True)
class ToMend:
    """A unit with what is weak about it, and its bad numbers (masked, each with why)."""

    code: str
    name: str
    place: str
    gaps: str
    bad: str
    lost: bool


@dataclass(frozen=True, slots=True)
class CountyLine:
    """A county's row."""

    county: CountyReadiness
    name: str
    grade: str
    lost: str
    columns: tuple[int, ...]


def readiness_fields(picture: ReadinessPicture, county: str, words: Catalogue) -> Mapping[str, object]:
    """Everything the page names; `county`: only what lies in it."""
    counties = sorted(picture.found.counties, key=lambda one: (-len(one.unreachable), one.score, one.code))
    mend = list(_to_mend(picture, county, words))
    return {
        "at": picture.at,
        "score": picture.found.score,
        "grade": grade(picture.found.score),
        "units": len(picture.found.gaps),
        "receivers": picture.receivers,
        "lost": len(picture.found.unreachable),
        "lines": [_line(one, words) for one in counties],
        "columns": [pick(GAPS[gap.value], words.language) for gap in COLUMNS],
        "county": county,
        "county_name": picture.units[county].name if county in picture.units else county,
        "mend": mend if county else mend[:FIRST],
        "more": 0 if county else max(0, len(mend) - FIRST),
    }


def grade(score: int) -> str:
    """good, fair or poor."""
    return "good" if score >= GOOD else "fair" if score >= FAIR else "poor"


def who(actor: str, words: Catalogue) -> str:
    """Who made a change: behind a link stands a registrar, whose number of the link says nothing to anybody."""
    return words.text("changes.registrar") if actor.startswith("link:") else actor


def _line(one: CountyReadiness, words: Catalogue) -> CountyLine:
    columns = tuple(one.gaps.get(gap, 0) for gap in COLUMNS)
    return CountyLine(one, one.name, grade(one.score), lost_text(one, words), columns)


def lost_text(one: CountyReadiness, words: Catalogue) -> str:
    """14 villages of 临县 could not be reached today; empty when all could."""
    others = len(one.unreachable) - one.villages
    said = []
    if one.villages:
        said.append(words.text("readiness.villages", count=one.villages))
    if others:
        said.append(words.text("readiness.others", count=others))
    if not said:
        return ""
    return words.text("readiness.lost_in", county=one.name, units=words.text("readiness.and").join(said))


def _to_mend(picture: ReadinessPicture, county: str, words: Catalogue) -> Iterator[ToMend]:
    """Units with a gap, the gravest first; without a county only the serious ones."""
    length = CODE_LENGTH[UnitLevel.COUNTY]
    found = [
        (code, gaps)
        for code, gaps in picture.found.gaps.items()
        if (gaps if county else set(gaps) & set(SERIOUS))
        and (not county or picture.units[code].area[:length] == county)
    ]
    for code, gaps in sorted(found, key=lambda one: (_gravity(one[1]), _rank(picture.units[one[0]]), one[0])):
        unit = picture.units[code]
        bad = " ".join(f"{masked} {words.word('outcome', why)}" for masked, why in picture.bad.get(code, ()))
        said = words.text("readiness.comma").join(pick(GAPS[gap.value], words.language) for gap in gaps)
        yield ToMend(code, unit.name, _place(unit, picture.units), said, bad, lost=bool(set(gaps) & set(UNREACHABLE)))


def _gravity(gaps: Sequence[Gap]) -> int:
    order = [*UNREACHABLE, *(one for one in SERIOUS if one not in UNREACHABLE)]
    return min((order.index(one) for one in gaps if one in order), default=len(order))


def _rank(unit: Unit) -> int:
    """Superiors before what lies below them: a silent township is forty villages' list that nobody keeps."""
    return unit.level


def _place(unit: Unit, units: Mapping[str, Unit]) -> str:
    names: list[str] = []
    above = unit.superior
    while above is not None and above in units and len(names) < len(CODE_LENGTH):
        if units[above].level is not UnitLevel.CITY:
            names.append(units[above].name)
        above = units[above].superior
    return " ".join(reversed(names))
