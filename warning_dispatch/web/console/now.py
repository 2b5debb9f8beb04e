"""值班台: everything that runs, and everything that needs a human, on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from warning_dispatch.clock import Clock
from warning_dispatch.console_ports import ConsoleDesk
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import LIVE_CALLOUT
from warning_dispatch.web.console.desk_view import CallOutCard, Noted, card_of, curve_of
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit
from warning_dispatch.web.filing_forms import whole
from warning_dispatch.web.picture import percent

ALARMS_SHOWN: Final = 12
OVER_SHOWN: Final = 8
TASKS_SHOWN: Final = 5
MOST_LIVE: Final = 20
CURVES_DRAWN: Final = 3


class NowPage:
    """The console's first page and the few acts on it."""

    def __init__(self, desk: ConsoleDesk, clock: Clock) -> None:
        """`clock` may be a scaled one; what is shown is its time."""
        self._desk = desk
        self._clock = clock

    def screen(self, visit: Visit) -> Screen:
        """What runs now."""
        return Screen(
            template="console/now.html",
            fragments=("title", "fresh", "cards", "alarms", "work", "routes", "over"),
            read=lambda: {"section": "now", **self._fields(visit)},
            key=("now", visit.root),
        )

    def _fields(self, visit: Visit) -> Mapping[str, object]:
        now, read = self._clock.now(), visit.read
        views = read.callouts(live_only=True, limit=MOST_LIVE)
        noted = Noted.of(read, [view.id for view in views])
        cards = [card_of(read, view, now, noted) for view in views]
        cards.sort(key=lambda card: (card.practice, -card.view.colour, -card.view.started_at, -card.view.id))
        alarms = read.alarms(open_only=True, limit=ALARMS_SHOWN)
        latest = read.callouts(limit=OVER_SHOWN + len(views))
        over = [view for view in latest if view.state not in LIVE_CALLOUT][:OVER_SHOWN]
        return {
            "now": now,
            "cards": cards,
            "fresh": [card for card in cards if _rings(card, visit)],
            "curves": {card.view.id: curve_of(read, card, now, visit.words) for card in cards[:CURVES_DRAWN]},
            "alarms": alarms,
            "tasks": visit.acting.tasks(limit=TASKS_SHOWN) if visit.officer.may_act else (),
            "routes": read.routes(),
            "over": over,
            "percent": percent,
            "titles": {line.tier.name: visit.words.of(line.tier.title) for card in cards for line in card.tiers},
        }

    async def take_note(self, visit: Visit, form: Mapping[str, str]) -> Response:  # noqa: ARG002 - a form like any other
        """知悉: the sound ends at every console of the bureau."""
        visit.require_all()
        await self._desk.take_note(visit.number("callout"), actor=visit.officer.actor)
        return visit.elsewhere("", done="seen")

    async def claim(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """认领 one alarm and all that ring with it, of whatever unit they are."""
        visit.require_all()
        alarm = whole(form.get("alarm"))
        if not alarm:
            raise RefusedError("没有写明哪一条告警 / no alarm is named")
        await self._desk.claim_alarms([alarm], actor=visit.officer.actor)
        return visit.elsewhere("", done="claimed")


def _rings(card: CallOutCard, visit: Visit) -> bool:
    """Whether a red call-out is new here: at the bureau until an officer takes note, elsewhere until the own unit has answered."""
    if visit.officer.sees is None:
        return card.unseen
    return card.view.colour is Colour.RED and bool(card.to_answer)
