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
from warning_dispatch.errors import Finding, FindingsError, NotYoursError, RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import DRILL_OVER, DrillDay, DrillKind, DrillRequest, DrillState, DrillView
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit, finding_text
from warning_dispatch.web.picture import percent, tally_of

MINUTE: Final = 60_000
BEIJING: Final = timezone(timedelta(hours=8))
COLOURS: Final = (Colour.RED, Colour.ORANGE)
SHOWN: Final = 200
"""Units and numbers that a report lists; the command has all."""
LONGEST: Final = 2_000
NEW_FIELDS: Final = ("on", "alert", "hazard", "codes", "people", "valid", "at", "announce", "title", "text")
DAY_FIELDS: Final = ("day", "title", "note")


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
        return Screen("console/drills.html", ("title", "table"), lambda: self._list_fields(visit), None)

    def _list_fields(self, visit: Visit, findings: tuple[str, ...] = ()) -> Mapping[str, object]:
        return {
            "section": "drills",
            "drills": self._drills.drills(limit=100),
            "days": self._drills.days(),
            "today": beijing_text(self._clock.now(), "%Y-%m-%d"),
            "kinds": tuple(DrillKind),
            "findings": findings,
            "form": {**dict.fromkeys(DAY_FIELDS, ""), **visit.asked()},
        }

    async def add_day(self, visit: Visit, form: Mapping[str, str]) -> Response | Screen:
        """Enter a day in the calendar."""
        visit.require_all()
        kind, title = _kind(form), _plain(form.get("title", ""))
        try:
            day = date.fromisoformat(form.get("day", "").strip()).isoformat()
        except ValueError:
            day = ""
        missing = [
            Finding(where, "没有写明，或看不懂 / not given, or not understood")
            for where, bad in (("日期 / day", not day), ("名称 / name", not title), ("方式 / kind", kind is None))
            if bad
        ]
        if missing or kind is None:
            said = tuple(finding_text(one, visit.words) for one in missing)
            fields = {**self._list_fields(visit, said), "form": {**dict.fromkeys(DAY_FIELDS, ""), **form}}
            return Screen("console/drills.html", ("title", "table"), lambda: fields, None)
        entered = DrillDay(0, day, title, kind, _plain(form.get("note", "")), yearly=bool(form.get("yearly")))
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
        return self.new_screen(visit.asked())

    def new_screen(self, form: Mapping[str, str], findings: tuple[str, ...] = ()) -> Screen:
        """The form; with what is wrong with it."""
        return Screen("console/drill_new.html", ("title",), lambda: self._new_fields(form, findings), None)

    def _new_fields(self, form: Mapping[str, str], findings: tuple[str, ...]) -> Mapping[str, object]:
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
            "findings": findings,
        }

    async def compose(self, visit: Visit, form: Mapping[str, str]) -> Response | Screen:
        """Write it down; what is wrong comes back with all that was written."""
        visit.require_all()
        try:
            drill_id = await self._desk.compose(self._asked(form), actor=visit.officer.actor)
        except FindingsError as error:
            said = tuple(finding_text(one, visit.words) for one in error.findings)
            return self.new_screen(form, said)
        return visit.elsewhere(f"drills/{drill_id}", done="drill_composed")

    def _asked(self, form: Mapping[str, str]) -> DrillRequest:
        found: list[Finding] = []
        kind = _kind(form)
        if kind is None:
            found.append(Finding("方式 / kind", "没有写明 / not given"))
        alert, valid = _number(form, "alert", found), _number(form, "valid", found)
        announce, starts_at = _number(form, "announce", found), _moment(form, found)
        if found or kind is None:
            raise FindingsError(found)
        by_message = alert is not None
        return DrillRequest(
            kind,
            title=_plain(form.get("title", ""))[:60],
            alert_id=alert,
            hazard="" if by_message else form.get("hazard", ""),
            colour="" if by_message else form.get("colour", ""),
            areas=tuple(dict.fromkeys(f"{form.get('area', '')} {form.get('codes', '')}".split())),
            tiers=tuple(form.get("tier", "").split()),
            people=tuple(form.get("people", "").replace("：", ":").replace("，", " ").replace(",", " ").split()),
            text=_plain(form.get("text", "")),
            valid=None if valid is None else valid * MINUTE,
            starts_at=starts_at,
            announce=(announce or 0) * MINUTE,
            day_id=_number(form, "on", found),
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
        await self._desk.stop(drill_id, actor=visit.officer.actor, reason=_plain(form.get("reason", "")))
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
    found.append(Finding(_FIELDS.get(name, name), "应为数字 / expected a number"))
    return None


def _moment(form: Mapping[str, str], found: list[Finding]) -> int | None:
    """What a browser's field for a moment says: 2026-05-12T09:30, in Beijing time."""
    said = form.get("at", "").strip().replace(" ", "T")
    if not said:
        return None
    try:
        at = datetime.strptime(said[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=BEIJING)
    except ValueError:
        found.append(Finding(_FIELDS["at"], "应为 2026-05-12 09:30 / expected 2026-05-12 09:30"))
        return None
    return round(at.timestamp() * 1000)


_FIELDS: Final = {
    "alert": "依据 / goes by",
    "valid": "时长 / lasts",
    "announce": "提前预告 / announced before",
    "at": "开始时间 / begins",
}


def _span(ms: int | None, visit: Visit) -> str:
    if ms is None:
        return "–"
    if ms < 2 * MINUTE:
        return visit.words.text("drill.report.seconds", count=round(ms / 1000))
    return visit.words.text("drill.report.minutes", count=f"{ms / MINUTE:.1f}")


def _plain(text: str) -> str:
    kept = text.replace("\r\n", "\n").strip()[:LONGEST]
    if any(not char.isprintable() and char != "\n" for char in kept):
        raise RefusedError("含有控制字符 / it holds control characters")
    return kept
