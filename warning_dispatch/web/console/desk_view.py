"""What the console's pages show, read and counted before any template sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.console_ports import ConsoleReadings
from warning_dispatch.escalation import forecast
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import CalleeOrder, CalleeQuery
from warning_dispatch.model.states import LIVE_CALLOUT, UNREACHED, CallOutState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.views import CalleeRow, CallOutView, RouteView, TierView
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.curve import Curve, draw_curve
from warning_dispatch.web.picture import Tally, elapsed_text, percent, tally_of

LATE_NAMED: Final = 6
"""So many of those who are late are named, the uppermost first."""
MINUTE: Final = 60_000
DOWN: Final = "down"
"""How a route fares that is out of service."""


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier with the three measures in units: 发得出, 传得到, 叫得应."""

    tier: TierView
    tally: Tally
    handed: int
    delivered: int


@dataclass(frozen=True, slots=True)
class CallOutCard:
    """One call-out at a glance. `left`: ms until 95 % have answered, 0 when they have, None where nobody can know."""

    view: CallOutView
    tiers: tuple[TierLine, ...]
    total: Tally
    handed: int
    delivered: int
    elapsed: str
    share: int
    left: int | None
    late: tuple[CalleeRow, ...]
    seen_at: int | None
    seen_by: str

    @property
    def live(self) -> bool:
        """Whether it still runs."""
        return self.view.state in LIVE_CALLOUT

    @property
    def unseen(self) -> bool:
        """A red one that runs and that no officer has taken note of; a drill makes no sound at any desk."""
        return self.live and self.view.colour is Colour.RED and self.seen_at is None and not self.practice

    @property
    def practice(self) -> bool:
        """Whether it is a drill."""
        return self.view.purpose is Purpose.DRILL

    @property
    def minutes_left(self) -> int:
        """`left` in minutes."""
        return -(-(self.left or 0) // MINUTE)


def card_of(read: ConsoleReadings, view: CallOutView, now: int, seen: Mapping[int, tuple[int, str]]) -> CallOutCard:
    """Read what a card shows."""
    reached = read.reached(view.id)
    tiers = tuple(TierLine(tier, tally_of([tier]), *reached.get(tier.name, (0, 0))) for tier in view.tiers)
    total = tally_of(view.tiers)
    until = view.ended_at or now
    at, by = seen.get(view.id, (None, ""))
    left = None
    if view.state is CallOutState.RUNNING:
        points = [(point.at, point.answered) for point in read.curve(view.id)]
        left = forecast.remaining(points, total.asked, now)
    late = CalleeQuery(states=UNREACHED, order=CalleeOrder.TIER, limit=LATE_NAMED)
    return CallOutCard(
        view=view,
        tiers=tiers,
        total=total,
        handed=sum(line.handed for line in tiers),
        delivered=sum(line.delivered for line in tiers),
        elapsed=elapsed_text(max(0, until - view.started_at)),
        share=percent(total.answered, total.asked),
        left=left,
        late=read.page(view.id, late).rows if total.unreached else (),
        seen_at=at,
        seen_by=by,
    )


def curve_of(read: ConsoleReadings, card: CallOutCard, now: int, words: Catalogue) -> Curve:
    """Answers so far against the plan: the latest moments at which tiers open, and the lines in service."""
    view = card.view
    openings = [
        (line.tier.opened_at, words.of(line.tier.title)) for line in card.tiers if line.tier.opened_at is not None
    ]
    latest = forecast.openings(read.plan(view.id), view.colour)
    units = [(latest.get(line.tier.name, 0), line.tally.asked) for line in card.tiers]
    plan = forecast.course(units, voice_lines(read.routes()))
    until = view.ended_at or now
    return draw_curve(read.curve(view.id), card.total.asked, view.started_at, until, openings, plan)


def voice_lines(routes: Sequence[RouteView]) -> int | None:
    """Lines in service together; None where a voice route has no limit of them."""
    working = [one for one in routes if one.channel is Channel.VOICE and one.state != DOWN]
    if any(one.lines is None for one in working):
        return None
    return sum(one.lines or 0 for one in working)
