"""记录: call-outs that are over, the record of one with what can be handed out of it, and the season.

Looking is free; what is handed out is an export and goes through a form, so that the journal names who took it. Whoever
sees a part of the area is shown, and given, that part alone; a journal is of the whole and goes to those who see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from warning_dispatch.clock import Clock, beijing_text, day_begins
from warning_dispatch.errors import Finding, FindingsError, RefusedError
from warning_dispatch.figures.callout import figures_of, late_units
from warning_dispatch.figures.season import CallOutLine, SeasonFigures, SeasonNames, season_figures
from warning_dispatch.model.record_views import RecordUnit, SeasonQuery, Verdict
from warning_dispatch.model.states import LIVE_CALLOUT
from warning_dispatch.model.views import CurvePoint
from warning_dispatch.record_ports import Document, RecordDesk, RecordReadings
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.console.forms import faults, plain, reason_of
from warning_dispatch.web.console.listing import page_number
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.trend import Trend, ceiling, trend
from warning_dispatch.web.console.visits import Visit
from warning_dispatch.web.curve import draw_curve
from warning_dispatch.web.filing_forms import whole

SEASON_FORM: Final = ("season", ("year", "from", "to"))
SHOWN: Final = 50
LATE_SHOWN: Final = 100
DAY: Final = 86_400_000
DAY_LENGTH: Final = len("2026-07-01")
YEARS: Final = 5
POLICY: Final = "default-src 'none'; style-src '{style}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Records:
    """What these pages stand on. `season`: first and last day of the flood season (05-01); names by key and language."""

    read: RecordReadings
    desk: RecordDesk
    hazards: Names
    sectors: Names
    season: tuple[str, str]


class RecordsPage:
    """The pages, and what is handed out on them."""

    def __init__(self, parts: Records, clock: Clock) -> None:
        """The parts are wired in bootstrap."""
        self._parts = parts
        self._clock = clock

    # --- looking ------------------------------------------------------------------------------------------

    def list_screen(self, visit: Visit) -> Screen:
        """Call-outs that are over."""
        asked = visit.asked()
        drills, page = asked.get("kind") == "drills", page_number(asked)
        return Screen("console/records.html", ("title",), lambda: self._listed(visit, page, drills=drills), None)

    def _listed(self, visit: Visit, page: int, *, drills: bool) -> Mapping[str, object]:
        within = visit.officer.sees
        if within is None:
            views = self._parts.read.record_list(limit=SHOWN + 1, offset=(page - 1) * SHOWN, drills=drills)
            return {"section": "records", "drills": drills, "views": views[:SHOWN], "lines": (), "page": page,
                    "more": len(views) > SHOWN}  # fmt: skip
        now = self._clock.now()
        query = SeasonQuery(now - 366 * DAY, now + 1, drills=drills, within=within)
        lines = season_figures(self._parts.read.season(query), self._names(visit)).callouts
        over = [line for line in reversed(lines) if line.callout.state not in LIVE_CALLOUT]
        return {"section": "records", "drills": drills, "views": (), "lines": over, "page": 1, "more": False}

    def record_screen(self, visit: Visit) -> Screen:
        """One call-out's record."""
        callout_id = visit.number("callout")
        return Screen("console/record.html", ("title",), lambda: self._record(visit, callout_id), None)

    def _record(self, visit: Visit, callout_id: int) -> Mapping[str, object]:
        words = visit.words
        form = self._parts.read.record(callout_id, within=visit.officer.sees)
        titles = [words.of(tier.title) for tier in form.head.tiers]
        figures = figures_of(form, titles, words.text("console.records.city"), self._named(visit, self._parts.sectors))
        late = late_units(form.units)
        started = form.head.started_at
        end = started + max(60_000, figures.curve[-1][0] if figures.curve else 0)
        points = [CurvePoint(started + at, units) for at, units in figures.curve]
        return {
            "section": "records",
            "form": form,
            "head": form.head,
            "figures": figures,
            "titles": dict(zip((tier.name for tier in form.head.tiers), titles, strict=True)),
            "late": late[:LATE_SHOWN],
            "late_total": len(late),
            "feedback": form.feedback[:LATE_SHOWN],
            "units": {unit.callee_id: unit for unit in form.units},
            "names": {unit.code: unit.name for unit in form.units},
            "drawn": draw_curve(points, figures.whole.asked, started, end, ()),
            "place": _place,
            "elapsed": end - started,
            "whole_area": visit.officer.sees is None,
            "verdicts": tuple(Verdict),
            "judged": visit.read.judged(callout_id),
        }

    def season_screen(self, visit: Visit) -> Screen:
        """The season, as it was filtered."""
        query = self._query(visit.asked(), visit.officer.sees)
        return Screen("console/season.html", ("title",), lambda: self._season(visit, query), None)

    def refused_season(self, visit: Visit, _form: Mapping[str, str]) -> Screen:
        """The same where it cannot be filtered so: the form alone, over this year."""
        query = self._query({}, visit.officer.sees)
        return Screen("console/season.html", ("title",), lambda: self._season(visit, query), None)

    def _season(self, visit: Visit, query: SeasonQuery) -> Mapping[str, object]:
        figures = season_figures(self._parts.read.season(query), self._names(visit))
        this_year = int(beijing_text(self._clock.now(), "%Y"))
        asked = visit.asked()
        return {
            "section": "records",
            "query": query,
            "figures": figures,
            "rates": _trend(figures, query, lambda line: line.share.rate, 1.0),
            "medians": _trend(figures, query, lambda line: line.share.median, None),
            "hazards": sorted((key, visit.words.of(names)) for key, names in self._parts.hazards.items()),
            "years": range(this_year, this_year - YEARS, -1),
            "year": whole(asked.get("year"), this_year),
            "span": asked.get("span", "year"),
            "season": self._parts.season,
            "own": (beijing_text(query.since, "%Y-%m-%d"), beijing_text(query.until - 1, "%Y-%m-%d")),
        }

    def _query(self, asked: Mapping[str, str], within: tuple[str, ...] | None) -> SeasonQuery:
        """A whole year, its flood season, or days of one's own; a season may span the New Year."""
        year = whole(asked.get("year"), int(beijing_text(self._clock.now(), "%Y")))
        if not 2000 <= year <= 9998:  # noqa: PLR2004 - years that a clock can show
            raise FindingsError([Finding("--year", both("年份不对", "the year is wrong"))])
        span = asked.get("span", "year")
        first, last = f"{year}-01-01", f"{year}-12-31"
        if span == "season":
            begins, ends = self._parts.season
            first, last = f"{year}-{begins}", f"{year + (ends < begins)}-{ends}"
        elif span == "own":
            first, last = asked.get("from", "") or first, asked.get("to", "") or last
        found: list[Finding] = []
        since, until = _day("from", first, found), _day("to", last, found)
        if not found and until < since:
            found.append(Finding("--from", both("起日在止日之后", "the first day is after the last")))
        if found:
            raise FindingsError(found)
        return SeasonQuery(since, until + DAY, asked.get("hazard", ""), asked.get("kind") == "drills", within)

    # --- papers -------------------------------------------------------------------------------------------

    async def form(self, visit: Visit) -> Response:
        """The form for paper, masked."""
        tier = visit.asked().get("tier", "")
        document = await self._parts.desk.form(
            visit.number("callout"), within=visit.officer.sees, actor=visit.officer.actor, tier=tier
        )
        return paper(document)

    async def summary(self, visit: Visit) -> Response:
        """One page for leaders."""
        return paper(
            await self._parts.desk.summary(
                visit.number("callout"), within=visit.officer.sees, actor=visit.officer.actor
            )
        )

    async def unit_form(self, visit: Visit) -> Response:
        """The form of one unit."""
        return paper(
            await self._parts.desk.unit_form(
                visit.number("callout"),
                visit.number("callee"),
                within=visit.officer.sees,
                actor=visit.officer.actor,
            )
        )

    # --- handing out --------------------------------------------------------------------------------------

    async def workbook(self, visit: Visit, _form: Mapping[str, str]) -> Response:
        """The workbook, masked."""
        return download(
            await self._parts.desk.workbook(
                visit.number("callout"), within=visit.officer.sees, actor=visit.officer.actor
            )
        )

    async def in_clear(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """With names and numbers: the workbook, or the form for paper. On those units where they may act."""
        reason = reason_of(form)
        callout_id, within, actor = visit.number("callout"), visit.officer.acts, visit.officer.actor
        desk = self._parts.desk
        if form.get("as") == "form":
            tier = form.get("tier", "")
            return paper(await desk.form(callout_id, within=within, actor=actor, reason=reason, clear=True, tier=tier))
        return download(await desk.workbook(callout_id, within=within, actor=actor, reason=reason, clear=True))

    async def journal(self, visit: Visit, _form: Mapping[str, str]) -> Response:
        """The journal with its verifier."""
        if visit.officer.sees is not None:
            raise RefusedError("完整记录包含全区域，只发给能看全部的人 / a journal is of the whole area")
        return download(await self._parts.desk.journal(visit.number("callout"), actor=visit.officer.actor))

    async def season_workbook(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """The season's workbook, as it was filtered."""
        query = self._query(form, visit.officer.sees)
        return download(await self._parts.desk.season_workbook(query, actor=visit.officer.actor))

    async def judge(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """检验结论."""
        if visit.officer.acts is not None:
            raise RefusedError("检验结论由能处置全区域的人作出 / a verdict is for those who act on the whole area")
        verdict = next((one for one in Verdict if one.value == form.get("verdict")), None)
        found = faults(form, "reason")
        if verdict is None:
            found.append(Finding("--verdict", both("请选一个检验结论", "choose a verdict")))
        if found or verdict is None:
            raise FindingsError(found)
        callout_id = visit.number("callout")
        reason = plain(form, "reason")
        await self._parts.desk.judge(callout_id, verdict, actor=visit.officer.actor, reason=reason)
        return visit.elsewhere(f"records/{callout_id}", done="judged")

    # --- words --------------------------------------------------------------------------------------------

    def _names(self, visit: Visit) -> SeasonNames:
        return SeasonNames(
            visit.words.of,
            lambda at: beijing_text(at, "%Y-%m"),
            visit.words.text("console.records.city"),
            self._named(visit, self._parts.sectors),
        )

    @staticmethod
    def _named(visit: Visit, names: Names) -> Mapping[str, str]:
        return {key: visit.words.of(one) for key, one in names.items()}


def _day(name: str, written: str, found: list[Finding]) -> int:
    """When a day begins; 0 and a finding for what is no day."""
    try:
        return day_begins(written[:DAY_LENGTH])
    except (ValueError, OverflowError):
        found.append(Finding(f"--{name}", both("日期应写成 2026-07-01", "days are written as 2026-07-01")))
        return 0


def _place(unit: RecordUnit) -> str:
    """County and township of a unit that lies below them."""
    return " ".join(name for code, name in (unit.county, unit.township) if name and code != unit.code)


def _trend(
    figures: SeasonFigures, query: SeasonQuery, value: Callable[[CallOutLine], float | None], top: float | None
) -> Trend:
    points = [
        (line.callout.started_at, line.callout.callout_id, float(found))
        for line in figures.callouts
        if (found := value(line)) is not None
    ]
    return trend(points, query.since, query.until, top or ceiling([point[2] for point in points]))


def paper(document: Document) -> Response:
    """A page for paper: one style, known by its digest, and nothing else."""
    headers = {"Content-Security-Policy": POLICY.format(style=document.style), "Cache-Control": "no-store"}
    return Response(document.content, media_type=document.media_type, headers=headers)


def download(document: Document) -> Response:
    """A file to keep."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name)}",
        "Content-Security-Policy": "default-src 'none'",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(document.content, media_type=document.media_type, headers=headers)
