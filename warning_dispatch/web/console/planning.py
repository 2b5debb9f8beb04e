"""推演: the page on which an officer plays storms: lines, chains, hours, habits, side by side. Nobody is called by it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from anyio import to_thread
from starlette.responses import Response

from warning_dispatch.configuration import Configuration
from warning_dispatch.console_ports import ConsoleReadings
from warning_dispatch.errors import ConfigError, Finding, RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.estimate import Estimate
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.planning.asking import Asked, Ground
from warning_dispatch.planning.habits import DEFAULT, LEARNED
from warning_dispatch.planning.plot import Words, plot
from warning_dispatch.planning.results import SHARES, Result, Spread
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit

MOST_STORMS: Final = 200
"""For each setting, from the page; the command plays more."""
USUAL_STORMS: Final = 40
MOST_LINES: Final = 6
"""Numbers of lines at once."""
USUAL_HOUR: Final = 3
GOAL: Final = 0.95
PLANNING_FORM: Final = (
    "planning",
    ("hazard", "colour", "area", "chain", "against", "lines", "hour", "habits", "storms"),
    {"settings": "lines"},
)
LONGEST: Final = 6
"""Digits of a number in the form."""
MINUTE: Final = 60_000
COLOURS: Final = (Colour.RED, Colour.ORANGE)
HABITS: Final = (DEFAULT, LEARNED)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One thing that was asked, and what came of it. `failed`: why nothing came of it ("too_long", "failed")."""

    number: int
    asked: Asked
    habits: str
    began_at: int
    played: int
    total: int
    results: tuple[Result, ...] = ()
    failed: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is being played."""
        return not self.results and not self.failed


@dataclass(frozen=True, slots=True, eq=False)
class ToBeLaunched:
    """What an officer is about to begin. `lines`: in service at this moment; None: no limit."""

    chain: CallChain
    hazard: Hazard
    colour: Colour
    areas: tuple[str, ...]
    lines: int | None

    def _key(self) -> tuple[object, ...]:
        return self.chain.name, self.hazard.key, self.colour, self.areas, self.lines

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToBeLaunched) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class PlanningOffice(Protocol):
    """Who plays. Every call may take a moment: from a thread."""

    @property
    def ground(self) -> Ground:
        """What the installation gives every question."""
        ...

    def begin(self, asked: Asked, habits: str, found: Sequence[Finding]) -> int:
        """Play it; the sheet's number, at once. ConfigError with every finding, those `found` before too.

        RefusedError while another is played.
        """
        ...

    def sheet(self, number: int) -> Sheet:
        """A sheet as it stands. NotFoundError when it is not kept (any more, or here)."""
        ...

    def sheets(self) -> Sequence[Sheet]:
        """Those that are kept, the newest first."""
        ...

    def before(self, launch: ToBeLaunched) -> Estimate | None:
        """What a launch may be expected to take; None where nobody can know, or not soon enough."""
        ...


class PlanningPages:
    """The form, and the sheets."""

    def __init__(
        self, read: ConsoleReadings, office: PlanningOffice | None, configuration: Configuration | None
    ) -> None:
        """`office` None: nothing is played here."""
        self._read = read
        self._office = office
        self._configuration = configuration

    # --- looking ------------------------------------------------------------------------------------------

    def screen(self, visit: Visit) -> Screen:
        """The form, and what was asked lately. For the bureau: lines and chains are everybody's."""
        _for_the_bureau(visit)
        return self.form_screen(visit, visit.asked())

    def form_screen(self, _visit: Visit, form: Mapping[str, str]) -> Screen:
        """The form as it is filled in."""
        return Screen("console/planning.html", ("title",), lambda: self._form_fields(form), None)

    def _form_fields(self, form: Mapping[str, str]) -> Mapping[str, object]:
        office, configuration = self._required()
        lines = office.ground.lines.voice
        usual = {
            "chain": "city"
            if any(one.name == "city" for one in configuration.chains)
            else configuration.chains[0].name,
            "against": "",
            "hazard": "rainstorm",
            "colour": "red",
            "area": office.ground.within,
            "lines": ",".join(map(str, dict.fromkeys((lines or 30, 2 * (lines or 30))))),
            "hour": str(USUAL_HOUR),
            "habits": LEARNED,
            "storms": str(USUAL_STORMS),
        }
        return {
            "section": "planning",
            "form": {**usual, **form},
            "chains": configuration.chains,
            "hazards": configuration.hazards.hazards,
            "counties": self._read.divisions(UnitLevel.COUNTY, office.ground.within),
            "within": office.ground.within,
            "colours": COLOURS,
            "habits": HABITS,
            "hours": range(24),
            "most": MOST_STORMS,
            "lines_now": lines,
            "sheets": office.sheets(),
        }

    def sheet_screen(self, visit: Visit) -> Screen:
        """A sheet, which shows how far it is until it is done."""
        _for_the_bureau(visit)
        number = visit.number("sheet")
        return Screen(
            template="console/sheet.html",
            fragments=("title", "whole"),
            read=lambda: self._sheet_fields(number, visit.words),
            key=("planning", number, visit.root),
        )

    def _sheet_fields(self, number: int, words: Catalogue) -> Mapping[str, object]:
        office, _ = self._required()
        sheet = office.sheet(number)
        return {
            "section": "planning",
            "sheet": sheet,
            "shares": SHARES,
            "minutes": minutes,
            "around": around,
            "name": lambda one: name_of(one, words),
            "picture": picture_of(sheet, words) if sheet.results else "",
            "gained": sentences(sheet.results, words),
            "bound": times_the_bound,
            "places": self._places(sheet, words),
            "titles": lambda one: {tier.name: words.of(tier.title) for tier in one.question.chain.tiers},
        }

    def _places(self, sheet: Sheet, words: Catalogue) -> str:
        """The areas of a sheet by their names."""
        office, _ = self._required()
        names = {office.ground.within: words.text("console.start.whole")}
        for level in (UnitLevel.COUNTY, UnitLevel.TOWNSHIP):
            if not set(sheet.asked.areas) <= names.keys():
                names.update(self._read.divisions(level, office.ground.within))
        return " ".join(names.get(area, area) for area in sheet.asked.areas)

    # --- asking -------------------------------------------------------------------------------------------

    async def ask(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """Play it, and lead to the sheet. ConfigError with everything that is wrong."""
        _for_the_bureau(visit)
        office, configuration = self._required()
        found: list[Finding] = []
        asked = asked_of(form, configuration, office.ground, found)
        number = await to_thread.run_sync(office.begin, asked, form.get("habits", DEFAULT), tuple(found))
        return visit.elsewhere(f"planning/{number}", done="played")

    def _required(self) -> tuple[PlanningOffice, Configuration]:
        if self._office is None or self._configuration is None:
            raise RefusedError(both("这里不能推演", "nothing can be played here"))
        return self._office, self._configuration


def _for_the_bureau(visit: Visit) -> None:
    """NotYoursError for an officer who sees a part: lines and chains are everybody's."""
    if visit.officer.sees is not None:
        visit.require_all()


def asked_of(form: Mapping[str, str], configuration: Configuration, ground: Ground, found: list[Finding]) -> Asked:
    """What the form asks; what is wrong with it is `found`. ConfigError where nothing can be made of it."""
    chains = {one.name: one for one in configuration.chains}
    chain, against = chains.get(form.get("chain", "")), chains.get(form.get("against", ""))
    for name, missing in (("chain", chain is None), ("against", bool(form.get("against")) and against is None)):
        if missing:
            found.append(Finding(f"--{name}", both("没有这个方案", "there is no such chain"), ", ".join(chains)))
    hazard = configuration.hazards.hazards.get(form.get("hazard", ""))
    colour = next((one for one in COLOURS if one.key == form.get("colour")), None)
    for name, missing in (("hazard", hazard is None), ("colour", colour is None)):
        if missing:
            found.append(Finding(f"--{name}", both("没有选择", "not chosen")))
    lines = _numbers(form.get("lines", ""), "线路 / lines", found, MOST_LINES)
    (hour,) = _numbers(form.get("hour", ""), "时间 / hour", found, 1) or (USUAL_HOUR,)
    (storms,) = _numbers(form.get("storms", ""), "场数 / storms", found, 1) or (USUAL_STORMS,)
    if storms > MOST_STORMS:
        what = both(f"页面上每种设置最多 {MOST_STORMS} 场", f"{MOST_STORMS} for each setting at the most on a page")
        found.append(Finding("场数 / storms", what, "warning-dispatch simulate"))
    if form.get("habits", DEFAULT) not in HABITS:
        found.append(Finding("习惯 / habits", both("没有选择", "not chosen"), ", ".join(HABITS)))
    if chain is None or hazard is None or colour is None:
        raise ConfigError(found)
    areas = tuple(form.get("area", "").split()) or (ground.within,)
    return Asked(chain, hazard, colour, areas, lines, hour, storms, against=against)


def _numbers(text: str, where: str, found: list[Finding], most: int) -> tuple[int, ...]:
    """Numbers with commas or blanks between them."""
    words = text.replace("，", ",").replace("、", ",").replace(",", " ").split()
    numbers = [word for word in words if word.isascii() and word.isdecimal() and len(word) <= LONGEST]
    wrong = [word[:20] for word in dict.fromkeys(words) if word not in numbers]
    found += [Finding(where, both(f"“{word}”不是数字", f"“{word}” is no number"), "10, 30, 100") for word in wrong]
    if len(words) > most:
        found.append(Finding(where, both(f"最多 {most} 个", f"{most} at the most")))
    return tuple(dict.fromkeys(map(int, numbers)))[:most]


# --- words ------------------------------------------------------------------------------------------------


def minutes(ms: int | None) -> str:
    """A time in minutes; a dash for what did not come."""
    return "—" if ms is None else f"{ms / MINUTE:.1f}" if ms < 100 * MINUTE else f"{ms / MINUTE:.0f}"


def around(one: Spread) -> str:
    """Between what eight storms in ten lie."""
    return "" if one.low is None else f"{minutes(one.low)}–{minutes(one.high)}"


def times_the_bound(one: Result) -> str:
    """How many times what the lines allow at best."""
    bound, nearly = one.bound(), one.spread(GOAL).middle
    return "—" if not bound or nearly is None else f"{nearly / bound:.2f}"


def name_of(one: Result, words: Catalogue) -> str:
    """A setting in few words."""
    lines = one.question.lines.voice
    said = (
        words.text("console.planning.no_limit")
        if lines is None
        else words.text("console.planning.n_lines", count=lines)
    )
    return f"{words.of(one.question.chain.title)} · {said}"


def picture_of(sheet: Sheet, words: Catalogue) -> str:
    """The plot, as a part of the page."""
    chains = {one.question.chain.name for one in sheet.results}
    names = [name_of(one, words) for one in sheet.results]
    if len(chains) == 1:
        names = [name.rpartition(" · ")[2] for name in names]
    return plot(
        sheet.results,
        names,
        Words(
            title=words.text("console.planning.picture", units=f"{sheet.results[0].total:,}", hour=sheet.asked.hour),
            time=words.text("console.planning.axis"),
            goal="95%",
            minutes=words.text("console.planning.curve", count="{}"),
        ),
    )


def sentences(results: Sequence[Result], words: Catalogue) -> tuple[str, ...]:
    """10 → 30 条线：95% 应答 52 → 21 分钟; and from one chain to the other on the same lines."""
    first_chain = [one for one in results if one.question.chain == results[0].question.chain]
    found = [_gained(one, other, words) for one, other in itertools.pairwise(first_chain)]
    for one, other in zip(first_chain, results[len(first_chain) :], strict=False):
        found.append(_gained(one, other, words))
    return tuple(filter(None, found))


def _gained(one: Result, other: Result, words: Catalogue) -> str:
    """One of them; empty where one of the two never gets there."""
    first, second = one.spread(GOAL).middle, other.spread(GOAL).middle
    if first is None or second is None:
        return ""
    said = {"first": f"{first / MINUTE:.0f}", "second": f"{second / MINUTE:.0f}"}
    lines = one.question.lines.voice
    if one.question.chain == other.question.chain:
        return words.text("console.planning.gained_lines", lines=f"{lines} → {other.question.lines.voice}", **said)
    names = f"{words.of(one.question.chain.title)} → {words.of(other.question.chain.title)}"
    return words.text("console.planning.gained_chain", chains=names, lines=lines, **said)
