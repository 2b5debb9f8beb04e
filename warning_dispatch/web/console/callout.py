"""一次叫应: its course against the plan, the map, the tree, the list; and the acts on all of it and on each unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from warning_dispatch.clock import Clock
from warning_dispatch.console_ports import ConsoleDesk, ConsoleReadings
from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState
from warning_dispatch.web.console.atlas import Atlas
from warning_dispatch.web.console.desk_view import card_of, curve_of
from warning_dispatch.web.console.listing import GROUPS, ROWS, Listing
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit
from warning_dispatch.web.picture import percent, tally_of

COUNTY: Final = 6
TOWNSHIP: Final = 9
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

    def __init__(self, read: ConsoleReadings, desk: ConsoleDesk, clock: Clock, atlas: Atlas) -> None:
        """`atlas` knows where the counties lie."""
        self._read = read
        self._desk = desk
        self._clock = clock
        self._atlas = atlas

    def screen(self, visit: Visit) -> Screen:
        """One call-out."""
        callout_id, listing = visit.number("callout"), Listing(visit.asked())
        return Screen(
            template="console/callout.html",
            fragments=("title", "banner", "alarms", "tiers", "curve", "map", "shares", "list"),
            read=lambda: self._fields(visit, callout_id, listing),
            key=("callout", callout_id, listing.here, visit.root),
        )

    def _fields(self, visit: Visit, callout_id: int, listing: Listing) -> Mapping[str, object]:
        now = self._clock.now()
        view = self._read.callout(callout_id)
        card = card_of(self._read, view, now, self._read.seen_by([callout_id]))
        counties = self._read.shares(callout_id)
        county = listing.area[:COUNTY]
        shares = self._read.shares(callout_id, county) if county else counties
        page = self._read.page(callout_id, listing.query)
        names = {row.code: row.name for row in (*counties, *shares)}
        return {
            "section": "callouts",
            "now": now,
            "card": card,
            "view": view,
            "total": card.total,
            "curve": curve_of(self._read, card, now, visit.words),
            "map": self._atlas.picture(counties),
            "shares": shares,
            "county": county,
            "crumbs": [(code, names.get(code, code)) for code in _steps(listing.area)],
            "listing": listing,
            "rows": page.rows,
            "found": page.total,
            "pages": max(1, -(-page.total // ROWS)),
            "groups": GROUPS,
            "alarms": self._read.alarms(open_only=True, callout_id=callout_id, limit=ALARMS_SHOWN),
            "acts": WHOLE_ACTS.get(view.state, ()),
            "percent": percent,
            "superiors": frozenset(line.tier.name for line in card.tiers[:-1]),
            "titles": {line.tier.name: visit.words.of(line.tier.title) for line in card.tiers},
            "live": view.state in LIVE_CALLOUT,
        }

    def all_screen(self, visit: Visit) -> Screen:
        """All call-outs, newest first."""
        return Screen(
            template="console/callouts.html",
            fragments=("title", "table"),
            read=lambda: {
                "section": "callouts",
                "views": self._read.callouts(limit=ALL_SHOWN),
                "percent": percent,
                "tally_of": tally_of,
            },
            key=("callouts", visit.root),
        )

    async def act(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """An act on the whole call-out, as it was seen."""
        callout_id = visit.number("callout")
        act = Act(form["do"])
        seen = CallOutState(int(form["seen"]))
        await self._desk.act(
            act, callout_id, actor=visit.officer.actor, reason=form.get("reason", "").strip(), seen=seen
        )
        return visit.elsewhere(f"callouts/{callout_id}", done=f"act_{act.replace('-', '_')}")


def _steps(area: str) -> list[str]:
    """The county, then the township of a code."""
    return [area[:digits] for digits in (COUNTY, TOWNSHIP) if len(area) >= digits]
