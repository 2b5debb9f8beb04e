"""The console's routes. Every page and every act passes through `_guarded`: who comes in is decided in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import structlog
from fastapi.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from warning_dispatch.clock import Clock
from warning_dispatch.console_ports import ConsoleDesk, ConsoleReadings, ConsoleView
from warning_dispatch.errors import ChangedError, DispatchError, FindingsError, NotYoursError, RefusedError
from warning_dispatch.response_ports import ResponseParts
from warning_dispatch.web.console.atlas import Atlas
from warning_dispatch.web.console.callout import CallOutPage
from warning_dispatch.web.console.door import Asked, Entrance, Part
from warning_dispatch.web.console.drills import DAY_FORM, DRILL_FORM, DrillDeskParts, DrillPages
from warning_dispatch.web.console.forms import FormPlace
from warning_dispatch.web.console.now import NowPage
from warning_dispatch.web.console.planning import PLANNING_FORM, PlanningOffice, PlanningPages
from warning_dispatch.web.console.records import SEASON_FORM, Records, RecordsPage
from warning_dispatch.web.console.response import ResponsePage
from warning_dispatch.web.console.screens import Screen, Screens
from warning_dispatch.web.console.unit import RECEIVER_FORM, REVEAL, SURE, TICK_FORM, Order, UnitPage
from warning_dispatch.web.console.visits import Visit, finding_text, in_words, remembered, words_of
from warning_dispatch.web.console.warnings import START_FORM, Hand, WarningPages
from warning_dispatch.web.failures import ApiRefusalError, status_of
from warning_dispatch.web.pages import Pages

_LOG = structlog.get_logger("warning_dispatch.web")
HOME: Final = "console"
"""Where the console stands below the application's root."""
Act = Callable[[Visit, Mapping[str, str]], Awaitable[Response | Screen]]
Look = Callable[[Visit], Screen]


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """What the console stands on. `samples`: sample numbers may be added; `hand` None: nothing is begun by hand.

    `records` None: there are no pages of what is over.
    `bureau`: the name of the bureau, whose officers do what reaches beyond a county.
    `response` None: there are no pages of measures.
    """

    read: ConsoleReadings
    desk: ConsoleDesk
    entrance: Entrance
    atlas: Atlas = field(default_factory=Atlas)
    hand: Hand | None = None
    response: ResponseParts | None = None
    samples: bool = True
    drills: DrillDeskParts | None = None
    """None: nothing is drilled here (the demonstration, whose phones are invented anyway)."""
    records: Records | None = None
    planning: PlanningOffice | None = None
    bureau: str = ""


class Console:
    """The officers' pages."""

    def __init__(self, parts: ConsoleParts, pages: Pages, clock: Clock, *, secure: bool) -> None:
        """`secure`: cookies only over https."""
        desk = parts.desk
        self._read = parts.read
        self._bureau = parts.bureau
        self._entrance = parts.entrance
        self._pages = pages
        self._secure = secure
        self._screens = Screens(pages)
        asked = parts.response.read.asked_of_unit if parts.response else None
        self._now = NowPage(desk, clock)
        self._callouts = CallOutPage(desk, clock, parts.atlas)
        self._units = UnitPage(desk, clock, asked, samples=parts.samples)
        self._response = ResponsePage(desk, parts.response, pages, clock) if parts.response is not None else None
        self._warnings = WarningPages(parts.read, desk, clock, parts.hand, parts.planning)
        configuration = parts.hand.configuration if parts.hand else None
        self._planning = PlanningPages(parts.read, parts.planning, configuration)
        self._drills = DrillPages(parts.drills, parts.read, clock) if parts.drills else None
        self._records = RecordsPage(parts.records, clock) if parts.records else None

    def close(self) -> None:
        """End all streams. To be called in the server's event loop."""
        self._screens.close()

    def routes(self) -> list[BaseRoute]:
        """Everything below /console."""
        one, unit = "/callouts/{callout:int}", "/callouts/{callout:int}/units/{callee:int}"
        message = "/warnings/{raw:int}"
        return [
            *self._looks("/", self._now.screen),
            *self._looks("/callouts", self._callouts.all_screen),
            *self._looks(one, self._callouts.screen),
            *self._looks(unit, self._units.screen),
            *self._looks("/warnings", self._warnings.screen),
            *self._looks(message, self._warnings.one_screen),
            self._route("/start", Asked.ACT, self._start_form),
            self._route("/planning", Asked.SEE, self._planning_form),
            *self._looks("/planning/{sheet:int}", self._planning.sheet_screen),
            self._route(f"{message}/raw", Asked.ACT, self._warnings.raw),
            self._act(f"{one}/seen", self._now.take_note),
            self._act("/alarms/claim", self._now.claim),
            self._act(f"{one}/act", self._whole_act, at=FormPlace(self._whole_page, "whole")),
            self._act(f"{one}/units", self._list_act, at=FormPlace(self._list_page, "list")),
            self._act(f"{unit}/act", self._unit_act, at=FormPlace(self._unit_page, "acts")),
            self._act(f"{unit}/receiver", self._units.add_receiver, at=FormPlace(self._unit_page, *RECEIVER_FORM)),
            self._act(
                f"{message}/release",
                self._warnings.release,
                at=FormPlace(lambda visit, _: self._warnings.one_screen(visit), "release", of="alert"),
            ),
            self._act("/start", self._warnings.start, at=FormPlace(self._warnings.start_screen, *START_FORM)),
            *self._drill_routes(),
            *(self._record_routes(self._records) if self._records else ()),
            self._act("/planning", self._planning.ask, at=FormPlace(self._planning.form_screen, *PLANNING_FORM)),
            *(self._response_routes(self._response, one, unit) if self._response else ()),
        ]

    def _drill_routes(self) -> list[BaseRoute]:
        """The pages of drills; whoever composes, releases and stops must have the right to act."""
        pages, one = self._drills, "/drills/{drill:int}"
        if pages is None:
            return []

        async def form(visit: Visit) -> Response:
            return await self._shown(visit, pages.new_form(visit))

        return [
            *self._looks("/drills", pages.screen),
            self._route("/drills/new", Asked.ACT, form),
            *self._looks(one, pages.one_screen),
            *self._looks(f"{one}/report", pages.report_screen),
            self._act("/drills/new", pages.compose, at=FormPlace(pages.new_screen, *DRILL_FORM)),
            self._act("/drills/days", pages.add_day, at=FormPlace(pages.day_screen, *DAY_FORM)),
            self._act("/drills/days/{day:int}/drop", pages.drop_day),
            self._act(f"{one}/release", pages.release),
            self._act(f"{one}/stop", pages.stop, at=FormPlace(lambda visit, _: pages.one_screen(visit), "stop")),
        ]

    def _record_routes(self, records: RecordsPage) -> list[BaseRoute]:
        """What is over, and what is handed out of it: a form each, so that the journal names who took it."""
        one = "/records/{callout:int}"

        def record(visit: Visit, form: Mapping[str, str]) -> Screen:  # noqa: ARG001 - a page like any other
            return records.record_screen(visit)

        season = FormPlace(records.refused_season, *SEASON_FORM)
        return [
            self._still("/records", records.list_screen),
            self._still("/records/season", records.season_screen, season),
            self._still(one, records.record_screen),
            self._route(f"{one}/form", Asked.SEE, records.form),
            self._route(f"{one}/summary", Asked.SEE, records.summary),
            self._route(one + "/units/{callee:int}/form", Asked.SEE, records.unit_form),
            self._act("/records/season/workbook", records.season_workbook, Asked.SEE, season),
            self._act(f"{one}/workbook", records.workbook, Asked.SEE),
            self._act(f"{one}/journal", records.journal, Asked.SEE),
            self._act(f"{one}/clear", records.in_clear, at=FormPlace(record, "clear")),
            self._act(f"{one}/verdict", records.judge, at=FormPlace(record, "verdict", ("verdict", "reason"))),
        ]

    def _response_routes(self, page: ResponsePage, one: str, unit: str) -> list[BaseRoute]:
        return [
            *self._looks(f"{one}/response", page.screen),
            self._act(f"{one}/response/stage", page.move, at=FormPlace(lambda visit, _: page.screen(visit), "stage")),
            self._act(f"{one}/response/report", page.report),
            self._act(f"{unit}/measures", page.tick, at=FormPlace(self._unit_page, *TICK_FORM)),
        ]

    # --- how every one of them is answered ----------------------------------------------------------------

    def _looks(self, path: str, look: Look) -> list[BaseRoute]:
        """A page and its stream."""

        async def page(visit: Visit) -> Response:
            return await self._shown(visit, look(visit))

        async def events(visit: Visit) -> Response:
            have = visit.request.headers.get("last-event-id") or visit.asked().get("have", "")
            root = visit.asked().get("root", "")
            if root.strip("./"):
                raise RefusedError("地址不对 / the address is wrong")
            screen = look(visit)
            frame = {**visit.frame(), "root": root, "console": f"{root}{HOME}/"}
            await self._screens.look(screen, visit.words, frame)  # what is not theirs is refused, not a silent stream
            stream = self._screens.stream(screen, visit.words, frame, have)
            return EventSourceResponse(stream, headers={"X-Accel-Buffering": "no"})

        stem = "" if path == "/" else path
        return [self._route(path, Asked.SEE, page), self._route(f"{stem}/events", Asked.SEE, events)]

    def _route(self, path: str, asked: Asked, handle: Callable[[Visit], Awaitable[Response]]) -> Route:
        async def answer(request: Request) -> Response:
            visit = await self._visit(request, asked)
            return remembered(request, await self._safely(visit, handle(visit)), secure=self._secure)

        return Route(f"/{HOME}{path}", answer, methods=["GET", "HEAD"])

    def _still(self, path: str, look: Look, at: FormPlace | None = None) -> Route:
        """A page that does not change by itself. `at`: it stands on what its own form asks for."""

        async def page(visit: Visit) -> Response:
            async def shown() -> Response:
                return await self._shown(visit, look(visit))

            return await self._kept(visit, visit.asked(), shown, at)

        return self._route(path, Asked.SEE, page)

    def _act(self, path: str, act: Act, asked: Asked = Asked.ACT, at: FormPlace | None = None) -> Route:
        """What a form does. `at`: where it stands; None: nothing is typed there."""

        async def answer(request: Request) -> Response:
            visit = await self._visit(request, asked)

            async def carried_out() -> Response:
                form = await self._entrance.form(request, visit.officer)

                async def done() -> Response:
                    answer = await act(visit, form)
                    return answer if isinstance(answer, Response) else await self._shown(visit, answer)

                return await self._kept(visit, form, done, at)

            return await self._safely(visit, carried_out())

        return Route(f"/{HOME}{path}", answer, methods=["POST"])

    async def _kept(
        self, visit: Visit, form: Mapping[str, str], work: Callable[[], Awaitable[Response]], at: FormPlace | None
    ) -> Response:
        """A form that is refused is shown again, on its page, with all that was written.

        What changed in between, what is not theirs, and what the page has no place for any more: a page of its own.
        """
        try:
            return await work()
        except (ChangedError, NotYoursError):
            raise
        except (FindingsError, RefusedError) as error:
            if at is None:
                raise
            sent = at.sent(form, error, visit.words)
            more = {"sent": sent, "still": True, "other_language": visit.other_language(visit.whence)}
            if visit.request.method == "POST":
                more["mend"] = visit.whence
            answer = await self._shown(visit, at.page(visit, form), status_of(error)[0], **more)
            if not sent.all_said:
                raise
            return answer

    async def _visit(self, request: Request, asked: Asked) -> Visit:
        officer = await self._entrance.enter(request, asked)
        read = self._part(officer.sees)
        acting = read if officer.acts == officer.sees else self._part(officer.acts)
        drilling = self._drills is not None and officer.sees is None
        words = words_of(request, self._pages)
        return Visit(request, officer, words, HOME, read, acting, self._bureau, drilling=drilling)

    def _part(self, units: Part) -> ConsoleView:
        return self._read if units is None else self._read.within(units)

    async def _shown(self, visit: Visit, screen: Screen, status: int = 200, **more: object) -> Response:
        frame = {**visit.frame(), "has_records": self._records is not None}
        return await self._screens.page(screen, visit.words, {**frame, **more}, status)

    async def _safely(self, visit: Visit, work: Awaitable[Response]) -> Response:
        """What is refused is said on a page of the console, with a way back."""
        try:
            return await work
        except ApiRefusalError:
            raise
        except DispatchError as error:
            findings = error.findings if isinstance(error, FindingsError) else ()
            texts = [finding_text(one, visit.words) for one in findings] or [in_words(error, visit.words)]
            why = "title"
            if isinstance(error, ChangedError):
                why = "changed"
            elif isinstance(error, NotYoursError):
                why = "not_yours"
                request = visit.request
                _LOG.warning("not_yours", who=visit.officer.actor, method=request.method, path=request.url.path)
            fields = {"why": why, "texts": texts, "back": visit.whence}
            screen = Screen("console/refused.html", ("title",), lambda: fields, None)
            return await self._shown(visit, screen, status_of(error)[0])

    # --- acts that are asked twice ------------------------------------------------------------------------

    async def _start_form(self, visit: Visit) -> Response:
        return await self._shown(visit, self._warnings.start_screen(visit, visit.asked()))

    async def _planning_form(self, visit: Visit) -> Response:
        return await self._shown(visit, self._planning.screen(visit))

    async def _whole_act(self, visit: Visit, form: Mapping[str, str]) -> Response:
        visit.require_all()
        if form.get("do") in SURE and not form.get("sure"):
            return await self._ask_again(visit, form, form["do"])
        try:
            return await self._callouts.act(visit, form)
        except (KeyError, ValueError):
            raise RefusedError("没有这个操作 / there is no such act") from None

    async def _list_act(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """A button beside a unit in a list; then back to that list, at that unit."""
        order = Order.read(form.get("do", ""))
        await visit.require_unit(order.callee_id)
        if order.do in SURE and not form.get("sure"):
            return await self._ask_again(visit, form, order.do)
        await self._units.act(visit, form, order)
        callout_id = visit.number("callout")
        if order.do == REVEAL:
            return await self._revealed(visit, order.callee_id)
        back = form.get("back", "")
        where = f"callouts/{callout_id}" + (back if back.startswith("?") else "")
        return visit.elsewhere(where, done=f"unit_{order.do.replace('-', '_')}", anchor=f"u{order.callee_id}")

    async def _unit_act(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """A button on the unit's own page."""
        order = Order.read(form.get("do", ""))
        if order.callee_id != visit.number("callee"):
            raise RefusedError("不是这个单位 / it is another unit")
        await visit.require_unit(order.callee_id)
        if order.do in SURE and not form.get("sure"):
            return await self._ask_again(visit, form, order.do)
        await self._units.act(visit, form, order)
        if order.do == REVEAL:
            return await self._revealed(visit, order.callee_id)
        where = f"callouts/{visit.number('callout')}/units/{order.callee_id}"
        return visit.elsewhere(where, done=f"unit_{order.do.replace('-', '_')}")

    async def _revealed(self, visit: Visit, callee_id: int) -> Response:
        """The unit's page with its people in clear, this once; not a page to come back to."""
        visit.request.path_params["callee"] = callee_id
        clear = await self._units.in_clear(visit, callee_id)
        return await self._shown(visit, self._units.screen(visit, clear), still=True)

    async def _ask_again(self, visit: Visit, form: Mapping[str, str], do: str) -> Response:
        return await self._shown(visit, self._sure_screen(visit, form, do))

    def _sure_screen(self, visit: Visit, form: Mapping[str, str], do: str) -> Screen:
        kept = {name: form[name] for name in ("do", "seen", "back") if name in form}
        fields = {"do": do.replace("-", "_"), "kept": kept, "reason": form.get("reason", ""), "back": visit.whence}
        return Screen("console/sure.html", ("title",), lambda: fields, None)

    # --- where the forms of call-outs and units stand -----------------------------------------------------

    def _whole_page(self, visit: Visit, form: Mapping[str, str]) -> Screen:
        return self._sure_page(visit, form) or self._callouts.screen(visit)

    def _list_page(self, visit: Visit, form: Mapping[str, str]) -> Screen:
        asked = dict(parse_qsl(form.get("back", "").removeprefix("?")))
        return self._sure_page(visit, form) or self._callouts.screen(visit, asked)

    def _unit_page(self, visit: Visit, form: Mapping[str, str]) -> Screen:
        return self._sure_page(visit, form) or self._units.screen(visit)

    def _sure_page(self, visit: Visit, form: Mapping[str, str]) -> Screen | None:
        """An act that was asked once more is asked again."""
        do = form.get("do", "").partition(":")[0]
        return self._sure_screen(visit, form, do) if form.get("sure") and do in SURE else None
