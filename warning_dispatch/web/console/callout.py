"""一次叫应: its course against the plan, the map, the tree, the list; and the acts on all of it and on each unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

from warning_dispatch.clock import Clock
from warning_dispatch.console_ports import ConsoleDesk
from warning_dispatch.engine.acts import Act
from warning_dispatch.model.console_views import ShareRow
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState
from warning_dispatch.web.console.atlas import Atlas, Picture
from warning_dispatch.web.console.desk_view import Noted, card_of, curve_of
from warning_dispatch.web.console.forms import reason_of
from warning_dispatch.web.console.listing import GROUPS, ROWS, Listing
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit
from warning_dispatch.web.picture import percent, tally_of

COUNTY: Final = 6
TOWNSHIP: Final = 9
_LEVELS: Final = {0: "counties", COUNTY: "townships", TOWNSHIP: "villages"}
"""Digits of what is opened in the tree → what stands in it."""
ALARMS_SHOWN: Final = 5
ALL_SHOWN: Final = 100
WHOLE_ACTS: Final[Mapping[CallOutState, tuple[Act, ...]]] = {
    CallOutState.RUNNING: (Act.PAUSE, Act.OPEN_GATE, Act.CANCEL, Act.CLOSE),
    CallOutState.PAUSED: (Act.RESUME, Act.CANCEL, Act.CLOSE),
    CallOutState.AWAITING_LIFT: (Act.OPEN_GATE, Act.CANCEL, Act.CLOSE),
    CallOutState.COMPLETE: (Act.CANCEL, Act.CLOSE),
}
"""What can be done to a call-out as a whole."""


class CallOutPage:
    """One call-out, and the list of all."""

    def __init__(self, desk: ConsoleDesk, clock: Clock, atlas: Atlas) -> None:
        """`atlas` knows where the counties lie."""
        self._desk = desk
        self._clock = clock
        self._atlas = atlas

    def screen(self, visit: Visit, asked: Mapping[str, str] | None = None) -> Screen:
        """One call-out. `asked`: which part of its list; None: what the address asks for."""
        callout_id, listing = visit.number("callout"), Listing(visit.asked() if asked is None else asked)
        return Screen(
            template="console/callout.html",
            fragments=("title", "banner", "alarms", "tiers", "curve", "map", "shares", "list"),
            read=lambda: self._fields(visit, callout_id, listing),
            key=("callout", callout_id, listing.here, visit.root),
        )

    def _fields(self, visit: Visit, callout_id: int, listing: Listing) -> Mapping[str, object]:
        now, read, home = self._clock.now(), visit.read, visit.home_area
        view = read.callout(callout_id)
        card = card_of(read, view, now, Noted.of(read, [callout_id]))
        top = read.shares(callout_id, home)
        below = home if len(home) == TOWNSHIP else listing.area[:COUNTY] or home
        shares = top if below == home else read.shares(callout_id, below)
        page = read.page(callout_id, listing.query)
        names = {row.code: row.name for row in (*top, *shares)}
        acts = WHOLE_ACTS.get(view.state, ())
        return {
            "section": "callouts",
            "now": now,
            "card": card,
            "view": view,
            "total": card.total,
            "curve": curve_of(read, card, now, visit.words),
            "map": self._picture(top, home),
            "shares": shares,
            "county": listing.area if home else below,
            "level": _LEVELS.get(len(below), "townships"),
            "home": names.get(home, home),
            "crumbs": [(code, names.get(code, code)) for code in _steps(listing.area) if len(code) > len(home)],
            "listing": listing,
            "rows": page.rows,
            "found": page.total,
            "pages": max(1, -(-page.total // ROWS)),
            "groups": GROUPS,
            "alarms": read.alarms(open_only=True, callout_id=callout_id, limit=ALARMS_SHOWN),
            "acts": acts,
            "whole_acts": visit.words.text("console.part.join").join(
                visit.words.text(f"console.act.{act.value.replace('-', '_')}") for act in acts
            ),
            "mine": visit.may_on(callout_id, [row.callee_id for row in page.rows]),
            "percent": percent,
            "superiors": frozenset(line.tier.name for line in card.tiers[:-1]),
            "titles": {line.tier.name: visit.words.of(line.tier.title) for line in card.tiers},
            "live": view.state in LIVE_CALLOUT,
        }

    def _picture(self, rows: Sequence[ShareRow], home: str) -> Picture:
        """The counties where they lie; what lies below one unit as tiles, in the order of the codes."""
        return Atlas().picture([row for row in rows if not row.own]) if home else self._atlas.picture(rows)

    def all_screen(self, visit: Visit) -> Screen:
        """All call-outs, newest first."""
        return Screen(
            template="console/callouts.html",
            fragments=("title", "table"),
            read=lambda: {
                "section": "callouts",
                "views": visit.read.callouts(limit=ALL_SHOWN),
                "percent": percent,
                "tally_of": tally_of,
            },
            key=("callouts", visit.root),
        )

    async def act(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """An act on the whole call-out, as it was seen."""
        visit.require_all()
        callout_id = visit.number("callout")
        act = Act(form["do"])
        seen = CallOutState(int(form["seen"]))
        await self._desk.act(act, callout_id, actor=visit.officer.actor, reason=reason_of(form), seen=seen)
        return visit.elsewhere(f"callouts/{callout_id}", done=f"act_{act.replace('-', '_')}")


def _steps(area: str) -> list[str]:
    """The county, then the township of a code."""
    return [area[:digits] for digits in (COUNTY, TOWNSHIP) if len(area) >= digits]
