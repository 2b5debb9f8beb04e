"""演练: the list with its calendar, the form that composes one, one drill with its release, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from starlette.responses import Response

from warning_dispatch.clock import Clock, beijing_text
from warning_dispatch.configuration import Configuration
from warning_dispatch.console_ports import ConsoleReadings
from warning_dispatch.drill_ports import Drilling
from warning_dispatch.drilling.life import same_person
from warning_dispatch.errors import Finding, FindingsError, NotYoursError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import DRILL_OVER, DrillDay, DrillKind, DrillRequest, DrillState, DrillView
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.console.forms import faults, plain, reason_of
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit
from warning_dispatch.web.picture import percent, tally_of

MINUTE: Final = 60_000
BEIJING: Final = timezone(timedelta(hours=8))
COLOURS: Final = (Colour.RED, Colour.ORANGE)
SHOWN: Final = 200
"""Units and numbers that a report lists; the command has all."""
LONGEST: Final = 2_000
NEW_FIELDS: Final = ("on", "alert", "hazard", "codes", "people", "valid", "at", "announce", "title", "text")
MOST_TITLE: Final = 60
DRILL_FORM: Final = (
    "compose",
    (
        "kind",
        "alert",
        "hazard",
        "colour",
        "area",
        "codes",
        "tier",
        "people",
        "valid",
        "at",
        "announce",
        "title",
        "text",
    ),
)
DAY_FORM: Final = ("day", ("day", "title", "kind", "note"))


@dataclass(frozen=True, slots=True)
class DrillDeskParts:
    """What the pages of drills stand on. `within`: our own area."""

    drilling: Drilling
    configuration: Configuration
    within: str


class DrillPages:
    """The pages of drills."""

    def __init__(self, parts: DrillDeskParts, read: ConsoleReadings, clock: Clock) -> None:
        """`read` shows the call-out of a drill that runs."""
        self._parts = parts
        self._drills = parts.drilling.read
        self._desk = parts.drilling.desk
        self._read = read
        self._clock = clock

    # --- the list -----------------------------------------------------------------------------------------

    def screen(self, visit: Visit) -> Screen:
        """All drills, and the calendar."""
        _require_whole(visit)
        return Screen("console/drills.html", ("title", "table"), self._list_fields, None)

    def day_screen(self, visit: Visit, _form: Mapping[str, str]) -> Screen:
        """The same, when a day was refused."""
        return self.screen(visit)

    def _list_fields(self) -> Mapping[str, object]:
        return {
            "section": "drills",
            "drills": self._drills.drills(limit=100),
            "days": self._drills.days(),
            "today": beijing_text(self._clock.now(), "%Y-%m-%d"),
            "kinds": tuple(DrillKind),
        }

    async def add_day(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """Enter a day in the calendar."""
        visit.require_all()
        kind = _kind(form)
        found = [*faults(form, "title", MOST_TITLE), *faults(form, "note", needed=False)]
        try:
            day = date.fromisoformat(form.get("day", "").strip()).isoformat()
        except ValueError:
            day = ""
        if not day:
            found.append(Finding("--day", both("没有写明，或看不懂", "not given, or not understood")))
        if kind is None:
            found.append(Finding("--kind", both("没有选择", "not chosen")))
        if found or kind is None:
            raise FindingsError(found)
        entered = DrillDay(0, day, plain(form, "title"), kind, plain(form, "note"), yearly=bool(form.get("yearly")))
        await self._desk.add_day(entered, actor=visit.officer.actor)
        return visit.elsewhere("drills", done="drill_day")

    async def drop_day(self, visit: Visit, _form: Mapping[str, str]) -> Response:
        """Take a day out."""
        visit.require_all()
        await self._desk.drop_day(visit.number("day"), actor=visit.officer.actor)
        return visit.elsewhere("drills", done="drill_day_dropped")

    # --- composing ----------------------------------------------------------------------------------------

    def new_form(self, visit: Visit) -> Screen:
        """The form as its address fills it in."""
        visit.require_all()
        return self.new_screen(visit, visit.asked())

    def new_screen(self, _visit: Visit, form: Mapping[str, str]) -> Screen:
        """The form as it is filled in."""
        return Screen("console/drill_new.html", ("title",), lambda: self._new_fields(form), None)

    def _new_fields(self, form: Mapping[str, str]) -> Mapping[str, object]:
        parts = self._parts
        tiers = {
            tier.name: tier.title
            for chain in parts.configuration.chains
            for tier in chain.tiers
            if any(colour in tier.ladders for colour in COLOURS)
        }
        return {
            "section": "drills",
            "form": {**dict.fromkeys(NEW_FIELDS, ""), "kind": "paper", "colour": "red", **form},
            "areas": frozenset(form.get("area", "").split()),
            "chosen": frozenset(form.get("tier", "").split()),
            "hazards": parts.configuration.hazards.hazards,
            "counties": self._read.divisions(UnitLevel.COUNTY, parts.within),
            "within": parts.within,
            "tiers": tiers,
            "colours": COLOURS,
            "kinds": tuple(DrillKind),
        }

    async def compose(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """Write it down. FindingsError with all that is wrong."""
        visit.require_all()
        drill_id = await self._desk.compose(self._asked(form), actor=visit.officer.actor)
        return visit.elsewhere(f"drills/{drill_id}", done="drill_composed")

    def _asked(self, form: Mapping[str, str]) -> DrillRequest:
        found = [*faults(form, "title", MOST_TITLE, needed=False), *faults(form, "text", LONGEST, needed=False)]
        kind = _kind(form)
        if kind is None:
            found.append(Finding("--kind", both("没有选择", "not chosen")))
        alert, valid = _number(form, "alert", found), _number(form, "valid", found)
        announce, starts_at = _number(form, "announce", found), _moment(form, found)
        day_id = _number(form, "on", found)
        if found or kind is None:
            raise FindingsError(found)
        by_message = alert is not None
        return DrillRequest(
            kind,
            title=plain(form, "title"),
            alert_id=alert,
            hazard="" if by_message else form.get("hazard", ""),
            colour="" if by_message else form.get("colour", ""),
            areas=tuple(dict.fromkeys(f"{form.get('area', '')} {form.get('codes', '')}".split())),
            tiers=tuple(form.get("tier", "").split()),
            people=tuple(form.get("people", "").replace("：", ":").replace("，", " ").replace(",", " ").split()),
            text=plain(form, "text"),
            valid=None if valid is None else valid * MINUTE,
            starts_at=starts_at,
            announce=(announce or 0) * MINUTE,
            day_id=day_id,
        )

    # --- one drill ----------------------------------------------------------------------------------------

    def one_screen(self, visit: Visit) -> Screen:
        """One drill: what it is, who released it, how it goes."""
        _require_whole(visit)
        drill_id = visit.number("drill")
        return Screen(
            "console/drill.html",
            ("title", "whole"),
            lambda: self._one_fields(visit, drill_id),
            ("drill", drill_id, visit.root, visit.officer.actor),
        )

    def _one_fields(self, visit: Visit, drill_id: int) -> Mapping[str, object]:
        view = self._drills.drill(drill_id)
        running = view.callout_id is not None and view.state is DrillState.RUNNING
        callout = self._read.callout(view.callout_id) if running and view.callout_id else None
        return {
            "section": "drills",
            "view": view,
            "callout": callout,
            "tally_of": tally_of,
            "percent": percent,
            "minutes": view.valid // MINUTE,
            "mine": _same(view, visit.officer.actor),
            "may_release": view.state is DrillState.COMPOSED and view.needs > 0,
            "may_stop": view.state not in DRILL_OVER and view.kind is not DrillKind.PAPER,
            "has_report": view.began_at is not None
            and (view.kind is not DrillKind.PAPER or view.state is DrillState.DONE),
        }

    async def release(self, visit: Visit, _form: Mapping[str, str]) -> Response:
        """One account more releases it."""
        visit.require_all()
        drill_id = visit.number("drill")
        complete = await self._desk.release(drill_id, actor=visit.officer.actor)
        return visit.elsewhere(f"drills/{drill_id}", done="drill_released" if complete else "drill_half")

    async def stop(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """End it, or withdraw it."""
        visit.require_all()
        drill_id = visit.number("drill")
        await self._desk.stop(drill_id, actor=visit.officer.actor, reason=reason_of(form))
        return visit.elsewhere(f"drills/{drill_id}", done="drill_stopped")

    # --- the report ---------------------------------------------------------------------------------------

    def report_screen(self, visit: Visit) -> Screen:
        """The scored report, for the screen and for paper."""
        _require_whole(visit)
        drill_id = visit.number("drill")
        return Screen("console/drill_report.html", ("title",), lambda: self._report_fields(visit, drill_id), None)

    def _report_fields(self, visit: Visit, drill_id: int) -> Mapping[str, object]:
        view = self._drills.drill(drill_id)
        report = self._drills.report(drill_id)
        interrupted = view.state is DrillState.INTERRUPTED
        return {
            "section": "drills",
            "view": view,
            "report": report,
            "before": None if interrupted else self._drills.comparison(drill_id, report),
            "titles": {tier.name: visit.words.of(tier.title) for tier in view.tiers},
            "span": lambda ms: _span(ms, visit),
            "percent": percent,
            "shown": SHOWN,
        }


def _require_whole(visit: Visit) -> None:
    """NotYoursError for whoever is shown a part of the area: a drill names units of all of it."""
    if not visit.drilling:
        raise NotYoursError("演练由市局组织，您的范围看不到 / drills are the bureau's: they reach beyond your units")


def _same(view: DrillView, actor: str) -> bool:
    return bool(view.first_by) and same_person(view.first_by, actor)


def _kind(form: Mapping[str, str]) -> DrillKind | None:
    return next((one for one in DrillKind if one.key == form.get("kind")), None)


def _number(form: Mapping[str, str], name: str, found: list[Finding]) -> int | None:
    """A number from a form; nothing for an empty field, a finding for what is none."""
    said = form.get(name, "").strip()
    if not said:
        return None
    if said.isascii() and said.isdecimal() and len(said) < 9:  # noqa: PLR2004 - more digits than any of ours
        return int(said)
    found.append(Finding(f"--{name}", "应为数字 / expected a number"))
    return None


def _moment(form: Mapping[str, str], found: list[Finding]) -> int | None:
    """What a browser's field for a moment says: 2026-05-12T09:30, in Beijing time."""
    said = form.get("at", "").strip().replace(" ", "T")
    if not said:
        return None
    try:
        at = datetime.strptime(said[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=BEIJING)
    except ValueError:
        found.append(Finding("--at", "应为 2026-05-12 09:30 / expected 2026-05-12 09:30"))
        return None
    return round(at.timestamp() * 1000)


def _span(ms: int | None, visit: Visit) -> str:
    if ms is None:
        return "–"
    if ms < 2 * MINUTE:
        return visit.words.text("drill.report.seconds", count=round(ms / 1000))
    return visit.words.text("drill.report.minutes", count=f"{ms / MINUTE:.1f}")
