"""联动: the stage of a call-out's response, what has been carried out and reported by place, and reports to send on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.responses import HTMLResponse, Response

from warning_dispatch.clock import Clock
from warning_dispatch.console_ports import ConsoleDesk
from warning_dispatch.engine.acts import STAGE_OF, Act
from warning_dispatch.errors import Finding, FindingsError, NotFoundError, RefusedError
from warning_dispatch.model.response import REMARK_LENGTH
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState, Stage
from warning_dispatch.response_ports import ResponseParts
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.console.door import Part
from warning_dispatch.web.console.forms import faults, plain, reason_of
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit, not_yours
from warning_dispatch.web.filing_forms import whole
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.response_report import MOST_WORDS, Report

WORDS_SHOWN: Final = 30
PLACE_LENGTHS: Final = (6, 9)
FORMS: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Forms of a report that are downloaded; "print" is shown."""


class ResponsePage:
    """What has come of the measures of one call-out."""

    def __init__(self, desk: ConsoleDesk, parts: ResponseParts, pages: Pages, clock: Clock) -> None:
        """`parts` reads what is asked and reported, and keeps what an officer records."""
        self._desk = desk
        self._parts = parts
        self._pages = pages
        self._clock = clock

    def screen(self, visit: Visit) -> Screen:
        """The whole, or one place of it (`?area=`); of a part, one that lies in it."""
        callout_id, area = visit.number("callout"), own_place(visit.officer.sees, visit.asked().get("area", ""))
        return Screen(
            template="console/response.html",
            fragments=("title", "stage", "areas", "measures", "offices", "words"),
            read=lambda: self._fields(visit, callout_id, area),
            key=("response", callout_id, area, visit.root),
        )

    def _fields(self, visit: Visit, callout_id: int, area: str) -> Mapping[str, object]:
        view = visit.read.callout(callout_id)
        found = self._parts.read.overview(callout_id, area, words=WORDS_SHOWN)
        moves = [act for act, stage in STAGE_OF.items() if stage is not found.stage]
        can_move = found.stage is not Stage.NONE and view.state in (*LIVE_CALLOUT, CallOutState.COMPLETE)
        return {
            "section": "callouts",
            "view": view,
            "found": found,
            "total": found.total,
            "crumbs": found.path,
            "moves": moves if can_move else [],
            "stages": {act.value: stage.key for act, stage in STAGE_OF.items()},
            "here": f"?area={area}" if area else "",
            "percent": lambda done, owed: round(100 * done / owed) if owed else 0,
        }

    async def move(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """An officer moves the stage, as the call-out was seen; it asks something of everybody who is called."""
        visit.require_all()
        try:
            act, seen = Act(form.get("do", "")), CallOutState(whole(form.get("seen")))
        except ValueError:
            raise RefusedError("没有这个操作 / there is no such act") from None
        if act not in STAGE_OF:
            raise RefusedError("没有这个操作 / there is no such act")
        callout_id = visit.number("callout")
        await self._desk.act(act, callout_id, actor=visit.officer.actor, reason=reason_of(form), seen=seen)
        return visit.elsewhere(f"callouts/{callout_id}/response", done="stage")

    async def tick(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """What a unit has reported by phone."""
        callout_id, callee_id = visit.number("callout"), visit.number("callee")
        await visit.require_unit(callee_id)
        action, found = form.get("action", ""), faults(form, "remark", REMARK_LENGTH)
        asked = await to_thread.run_sync(self._parts.read.asked_of_unit, callout_id, callee_id)
        if asked is None or action not in [item.action.id for item in asked.items]:
            found.append(Finding("--action", both("请选一条措施", "choose a measure")))
        if found:
            raise FindingsError(found)
        remark = plain(form, "remark")
        await self._parts.desk.tick_for(callout_id, callee_id, action, actor=visit.officer.actor, remark=remark)
        return visit.elsewhere(f"callouts/{callout_id}/units/{callee_id}", done="ticked")

    async def report(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """信息报送, after the journal has been told who takes it."""
        callout_id, wanted = visit.number("callout"), form.get("form", "print")
        area = own_place(visit.officer.acts, form.get("area", ""))
        if wanted not in (*FORMS, "print"):
            raise RefusedError("没有这种格式 / there is no such form")
        view = await to_thread.run_sync(visit.acting.callout, callout_id)
        await self._parts.desk.exported(callout_id, actor=visit.officer.actor, form=wanted, below=area)
        found = await to_thread.run_sync(lambda: self._parts.read.overview(callout_id, area, words=MOST_WORDS))
        report = Report(view, found, visit.words, self._clock.now())
        if wanted == "print":
            return self._sheet(visit, report)
        body = await to_thread.run_sync(report.csv_bytes if wanted == "csv" else report.xlsx_bytes)
        name = quote(f"{report.title}.{wanted}")
        headers = {
            "Content-Disposition": f"attachment; filename=\"response-{callout_id}.{wanted}\"; filename*=UTF-8''{name}"
        }
        return Response(body, media_type=FORMS[wanted], headers=headers)

    def _sheet(self, visit: Visit, report: Report) -> HTMLResponse:
        callout_id = visit.number("callout")
        back = f"{visit.console}callouts/{callout_id}/response" + (
            f"?area={report.found.below}" if report.found.below else ""
        )
        fields = {"report": report, "found": report.found, "back": back, "who": visit.officer.name}
        return self._pages.styled("response_sheet.html", visit.words, fields)


def own_place(part: Part, code: str) -> str:
    """The place that is asked for, where it lies in an officer's part; where none is, the first of the part.

    NotYoursError for another one, and for whoever has no division: what is reported is added up by place.
    """
    code = place_in(code)
    if part is None:
        return code
    own = [one for one in part if one.isdigit()]
    if not own or (code and not code.startswith(tuple(own))):
        raise not_yours()
    return code or own[0]


def place_in(code: str) -> str:
    """A county or township that an address asks for; NotFoundError for anything else that is written there."""
    if code and not (code.isascii() and code.isdigit() and len(code) in PLACE_LENGTHS):
        raise NotFoundError("没有这个地方 / there is no such place")
    return code
