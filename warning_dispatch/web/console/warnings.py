"""预警: everything that came in, with its verdict; what was set aside is released; and a warning begun by hand."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from anyio import to_thread
from starlette.responses import Response

from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration
from warning_dispatch.console_ports import ConsoleDesk, ConsoleReadings, ConsoleView
from warning_dispatch.errors import Finding, FindingsError, RefusedError
from warning_dispatch.escalation.waiting import rounded
from warning_dispatch.ingest.handwritten import (
    Order,
    compose,
    named_areas,
    plan_by_hand,
    require_meaning,
    usual_headline,
)
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import CallPreview
from warning_dispatch.model.estimate import Estimate
from warning_dispatch.model.states import CallOutState
from warning_dispatch.model.unit import CODE_LENGTH, UnitLevel
from warning_dispatch.routing.areas import trim
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.alarm_words import reason_text
from warning_dispatch.web.console.desk_view import voice_lines
from warning_dispatch.web.console.forms import REASON, faults, plain, reason_of
from warning_dispatch.web.console.listing import page_number
from warning_dispatch.web.console.planning import PlanningOffice, ToBeLaunched
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit, half
from warning_dispatch.web.filing_forms import whole

_COUNTY: Final = CODE_LENGTH[UnitLevel.COUNTY]
ROWS: Final = 40
SHOWN_BYTES: Final = 48 << 10
"""Of the raw bytes so many are shown on the page; all of them can be fetched."""
RELEASABLE: Final = (Disposition.QUARANTINED, Disposition.STORED, Disposition.CONFLICT)
TABS: Final[Mapping[str, tuple[Disposition, ...]]] = {
    "all": (),
    "accepted": (Disposition.ACCEPTED,),
    "aside": (Disposition.QUARANTINED, Disposition.CONFLICT),
    "stored": (Disposition.STORED,),
    "duplicate": (Disposition.DUPLICATE,),
}
HAND_COLOURS: Final = (Colour.RED, Colour.ORANGE)
LONGEST: Final = 2_000
START_FORM: Final = ("start", ("hazard", "colour", "area", "headline", "text", "instruction", "reason"))
FIELDS: Final = ("hazard", "headline", "text", "instruction", "reason")


@dataclass(frozen=True, slots=True)
class Hand:
    """How warnings are begun by hand: hazards, and in whose name. `within`: our own area."""

    configuration: Configuration
    issuer: str
    issuer_name: str
    within: str


class WarningPages:
    """What came in, and what is begun by hand."""

    def __init__(
        self, read: ConsoleReadings, desk: ConsoleDesk, clock: Clock, hand: Hand | None, planning: PlanningOffice | None
    ) -> None:
        """`hand` None: nothing is begun by hand here. `planning`: who says how long it will take."""
        self._read = read
        self._desk = desk
        self._clock = clock
        self._hand = hand
        self._planning = planning

    # --- looking ------------------------------------------------------------------------------------------

    def screen(self, visit: Visit) -> Screen:
        """Everything that came in."""
        asked = visit.asked()
        tab = asked.get("show", "") if asked.get("show", "") in TABS else "all"
        words = asked.get("q", "").strip()[:40]
        page = page_number(asked)
        return Screen(
            template="console/warnings.html",
            fragments=("title", "list"),
            read=lambda: self._list_fields(visit, tab, words, page),
            key=("warnings", tab, words, page, visit.root),
        )

    def _list_fields(self, visit: Visit, tab: str, words: str, page: int) -> Mapping[str, object]:
        found = visit.read.arrived(dispositions=TABS[tab], words=words, limit=ROWS, offset=(page - 1) * ROWS)

        def address(**changes: object) -> str:
            fields = {"show": tab, "q": words, **changes}
            return "?" + urlencode({key: str(value) for key, value in fields.items() if value})

        return {
            "section": "warnings",
            "tab": tab,
            "tabs": tuple(TABS),
            "q": words,
            "page": page,
            "pages": max(1, -(-found.total // ROWS)),
            "found": found,
            "address": address,
            "reason_text": lambda reason: reason_text(reason, visit.words.language),
            "can_start": self._hand is not None and bool(self._places(visit, self._hand)),
        }

    def one_screen(self, visit: Visit) -> Screen:
        """One message: verdict, problems, bytes, and what it hangs together with."""
        raw_id = visit.number("raw")
        return Screen(
            template="console/warning.html",
            fragments=("title", "whole"),
            read=lambda: self._one_fields(visit, raw_id),
            key=("warning", raw_id, visit.root),
        )

    def _one_fields(self, visit: Visit, raw_id: int) -> Mapping[str, object]:
        story = visit.read.arrived_story(raw_id)
        return {
            "section": "warnings",
            "story": story,
            "problems": dict(story.problems),
            "texts": {alert_id: said for alert_id, *said in story.texts},
            "text": (story.raw or b"")[:SHOWN_BYTES].decode("utf-8", "replace"),
            "cut": len(story.raw or b"") > SHOWN_BYTES,
            "releasable": RELEASABLE,
            "half": lambda text: half(text, visit.words),
            "reason_text": lambda reason: reason_text(reason, visit.words.language),
        }

    async def raw(self, visit: Visit) -> Response:
        """The bytes as they came, as a file: never as a page. They can name people, and places that are not the officer's."""
        visit.require_all()
        story = await to_thread.run_sync(visit.read.arrived_story, visit.number("raw"))
        headers = {"Content-Disposition": f'attachment; filename="message-{story.raw_id}.bin"'}
        return Response(story.raw or b"", media_type="application/octet-stream", headers=headers)

    async def release(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """释放: an officer has read it, with its problems, and lets it call."""
        visit.require_all()
        alert = whole(form.get("alert"))
        if not alert:
            raise RefusedError("没有写明哪一条 / no warning is named")
        reason = reason_of(form)
        result = await self._desk.release(alert, actor=visit.officer.actor, reason=reason)
        where = f"callouts/{result.callouts[0]}" if result.callouts else f"warnings/{visit.number('raw')}"
        return visit.elsewhere(where, done="released")

    # --- by hand ------------------------------------------------------------------------------------------

    def start_screen(
        self,
        visit: Visit,
        form: Mapping[str, str],
        preview: CallPreview | None = None,
        estimate: Estimate | None = None,
    ) -> Screen:
        """The form; with a preview of whom it would call."""
        return Screen(
            template="console/start.html",
            fragments=("title",),
            read=lambda: self._start_fields(visit, form, preview, estimate),
            key=None,
        )

    def _start_fields(
        self,
        visit: Visit,
        form: Mapping[str, str],
        preview: CallPreview | None,
        estimate: Estimate | None,
    ) -> Mapping[str, object]:
        hand = self._required()
        places = self._places(visit, hand)
        if not places:
            visit.require_all()
        lines = voice_lines(visit.read.routes())
        return {
            "section": "warnings",
            "form": {**dict.fromkeys(FIELDS, ""), "once": secrets.token_hex(8), "colour": "red", **form},
            "chosen": frozenset(form.get("area", "").split()),
            "hazards": hand.configuration.hazards.hazards,
            "places": places,
            "issuer": "、".join(self._issuers(visit, hand)),
            "colours": HAND_COLOURS,
            "preview": preview,
            "lines": lines,
            "reason_text": lambda reason: reason_text(reason, visit.words.language),
            "minutes": minutes_of(estimate),
        }

    async def start(self, visit: Visit, form: Mapping[str, str]) -> Response | Screen:
        """1. Compose. 2. Asked for a preview: show it. 3. Else take it in, once, however often the button is pressed."""
        order, raw = await to_thread.run_sync(self._composed, visit, form)
        source = f"hand:{visit.officer.actor}"
        if form.get("do") != "begin":
            preview = await self._desk.preview(raw, source)
            estimate = await to_thread.run_sync(self._expected, order) if preview.units else None
            return self.start_screen(visit, form, preview, estimate=estimate)
        result = await self._desk.take_in(raw, source, _name_of(form))
        callouts, reasons = result.callouts, result.reasons
        if result.alert_id is not None and not callouts:  # the button was pressed twice
            kept = await to_thread.run_sync(self._read.alert, result.alert_id)
            callouts, reasons = kept.callouts, kept.reasons
        attached = "attached" in reasons
        if callouts or attached:  # pressed twice, an attached one does not know its call-out any more
            where = f"callouts/{callouts[-1]}" if callouts else "warnings"
            paused = attached and await to_thread.run_sync(self._paused, callouts)
            return visit.elsewhere(where, done="attached_paused" if paused else "attached" if attached else "begun")
        anew = {name: value for name, value in form.items() if name != "once"}  # this one is over, and called nobody
        return self.start_screen(visit, anew, preview=CallPreview(result.disposition, result.reasons))

    def _paused(self, callouts: Sequence[int]) -> bool:
        """Whether one of these call-outs calls nobody now; where they are not known, whether any does."""
        live = self._read.callouts(live_only=True)
        return any(one.state is CallOutState.PAUSED for one in live if not callouts or one.id in callouts)

    def _composed(self, visit: Visit, form: Mapping[str, str]) -> tuple[Order, bytes]:
        hand = self._required()
        hazard = hand.configuration.hazards.hazards.get(form.get("hazard", ""))
        colour = next((one for one in HAND_COLOURS if one.key == form.get("colour")), None)
        codes = form.get("area", "").split()
        found = faults(form, "reason")
        for name, missing in (("hazard", hazard is None), ("colour", colour is None), ("area", not codes)):
            if missing:
                found.append(Finding(f"--{name}", both("没有选择", "not chosen")))
        for name, most in (("headline", REASON), ("text", LONGEST), ("instruction", LONGEST)):
            found += faults(form, name, most, needed=False)
        if found or hazard is None or colour is None:
            raise FindingsError(found)
        issuer, issuer_name = self._issuer(visit, hand, codes)
        order = Order(
            hazard=hazard,
            colour=colour,
            areas=named_areas(codes, self._names(visit.acting, hand)),
            headline=plain(form, "headline") or usual_headline(issuer_name, hazard, colour),
            description=plain(form, "text"),
            instruction=plain(form, "instruction"),
            issuer=issuer,
            issuer_name=issuer_name,
            actor=visit.officer.actor,
            reason=plain(form, "reason"),
        )
        raw = compose(order, self._clock.now())
        try:
            require_meaning(raw, order, hand.configuration, hand.within)
        except RefusedError as error:  # the words of the headline say another thing than what was chosen
            raise FindingsError([Finding("--headline", str(error).removeprefix("--headline: "))]) from None
        return order, raw

    def _expected(self, order: Order) -> Estimate | None:
        """What it may be expected to take, by the plan that it will be called by and the lines in service."""
        chain = plan_by_hand(order, self._clock.now(), self._required().configuration.chains)
        if self._planning is None or chain is None:
            return None
        areas = tuple(code for code, _ in order.areas)
        lines = voice_lines(self._read.routes())
        return self._planning.before(ToBeLaunched(chain, order.hazard, order.colour, areas, lines))

    # --- whose area ---------------------------------------------------------------------------------------

    def _places(self, visit: Visit, hand: Hand) -> list[tuple[str, str]]:
        """What may be named: the whole area and its counties, or the officer's own counties and their townships.

        Nothing for whoever has less than a county: there is no station in whose name they could warn.
        """
        counties = [] if not visit.officer.may_act else list(visit.acting.divisions(UnitLevel.COUNTY, hand.within))
        if visit.officer.may_all:
            return [(hand.within, visit.words.text("console.start.whole")), *counties]
        if not counties:
            return []
        towns = visit.acting.divisions(UnitLevel.TOWNSHIP, hand.within)
        return [
            place
            for code, name in counties
            for place in (
                (code, visit.words.text("console.start.county", name=name)),
                *(one for one in towns if one[0].startswith(code)),
            )
        ]

    def _issuers(self, visit: Visit, hand: Hand) -> list[str]:
        """In whose name the officer warns."""
        if visit.officer.may_all:
            return [hand.issuer_name]
        return [station_of(name) for _, name in visit.acting.divisions(UnitLevel.COUNTY, hand.within)]

    def _issuer(self, visit: Visit, hand: Hand, codes: Sequence[str]) -> tuple[str, str]:
        """The code and name of whoever warns: the bureau, or the station of the one county that everything named lies in.

        A county's warning goes the county's way (its own leaders, departments, townships, villages), so it is a county's to begin.
        """
        if visit.officer.may_all:
            return hand.issuer, hand.issuer_name
        counties = dict(visit.acting.divisions(UnitLevel.COUNTY, hand.within))
        named = {trim(code) if code.isascii() and code.isdigit() else code for code in codes}
        if not counties or not named <= set(self._names(visit.acting, hand)):
            visit.require_all()
        own = {code[:_COUNTY] for code in named}
        if len(own) > 1:
            raise FindingsError([Finding("区域 / area", both("一次只能发起一个县", "one county at a time"))])
        county = own.pop()
        return county + hand.issuer[_COUNTY:], station_of(counties[county])

    def _names(self, read: ConsoleView, hand: Hand) -> dict[str, str]:
        """Every division that may be named, by its code."""
        levels = (UnitLevel.CITY, UnitLevel.COUNTY, UnitLevel.TOWNSHIP)
        return {code: name for level in levels for code, name in read.divisions(level, hand.within)}

    def _required(self) -> Hand:
        if self._hand is None:
            raise RefusedError("这里不能人工发起 / nothing can be begun by hand here")
        return self._hand


def _name_of(form: Mapping[str, str]) -> str:
    """What a form is taken in as, once. What it asks for is part of it: another warning from the same page is another one."""
    said = [plain(form, name) for name in ("once", *START_FORM[1])]
    return sha256("\0".join(said).encode()).hexdigest()[:40] if said[0] else ""


def station_of(county: str) -> str:
    """The weather station of a county, by its usual name."""
    return f"{county}气象台"


def minutes_of(estimate: Estimate | None) -> int | None:
    """About how many minutes until 95 % have answered; None where nobody can know."""
    guess = estimate.guess() if estimate else None
    return None if guess is None or guess.middle is None else -(-rounded(guess.middle) // 60_000)
