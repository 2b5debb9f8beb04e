"""What the console's pages show, read and counted before any template sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.console_ports import ConsoleView
from warning_dispatch.escalation.waiting import rounded
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import CalleeOrder, CalleeQuery, OwnCallee
from warning_dispatch.model.estimate import GOAL, JudgedShare, KeptEstimate
from warning_dispatch.model.states import FINISHED, LIVE_CALLOUT, UNREACHED, CalleeState, CallOutState, Purpose
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
    """One call-out at a glance. `left`: ms until 95 % have answered, 0 when they have, None where nobody can know.

    `own`: how the units of an officer of a part stand in it themselves.
    """

    view: CallOutView
    tiers: tuple[TierLine, ...]
    total: Tally
    handed: int
    delivered: int
    elapsed: str
    share: int
    left: int | None
    late: tuple[CalleeRow, ...]
    planned: tuple[tuple[int, int], ...]
    """The course that was expected at the launch."""
    judged: JudgedShare | None
    """What was said at the launch of 95 %, and when it happened; None where nothing was said."""
    seen_at: int | None
    seen_by: str
    own: tuple[OwnCallee, ...] = ()

    @property
    def to_answer(self) -> tuple[OwnCallee, ...]:
        """The officer's own units that have still to answer: at a county's desk it is their answer that ends the sound."""
        done = (*FINISHED, CalleeState.DUTY_ANSWERED)
        return tuple(one for one in self.own if one.state not in done) if self.live else ()

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


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of several call-outs at once: who of the bureau has taken note, and how the officer's own units stand."""

    seen: Mapping[int, tuple[int, str]]
    own: Mapping[int, Sequence[OwnCallee]]

    @staticmethod
    def of(read: ConsoleView, callout_ids: Sequence[int]) -> Noted:
        """Read it."""
        return Noted(read.seen_by(callout_ids), read.own(callout_ids))


def card_of(read: ConsoleView, view: CallOutView, now: int, noted: Noted) -> CallOutCard:
    """Read what a card shows."""
    reached = read.reached(view.id)
    tiers = tuple(TierLine(tier, tally_of([tier]), *reached.get(tier.name, (0, 0))) for tier in view.tiers)
    total = tally_of(view.tiers)
    until = view.ended_at or now
    at, by = noted.seen.get(view.id, (None, ""))
    kept = read.estimates([view.id]).get(view.id)
    left = left_until(kept, view, total, now) if view.state is CallOutState.RUNNING else None
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
        planned=planned_for(kept, total),
        judged=next((one for one in read.judged(view.id) if one.guess.share == GOAL), None) if kept else None,
        late=read.page(view.id, late).rows if total.unreached else (),
        seen_at=at,
        seen_by=by,
        own=tuple(noted.own.get(view.id, ())),
    )


def curve_of(read: ConsoleView, card: CallOutCard, now: int, words: Catalogue) -> Curve:
    """Answers so far against the course that was expected at the launch."""
    view = card.view
    openings = [
        (line.tier.opened_at, words.of(line.tier.title)) for line in card.tiers if line.tier.opened_at is not None
    ]
    until = view.ended_at or now
    return draw_curve(read.curve(view.id), card.total.asked, view.started_at, until, openings, card.planned)


def left_until(kept: KeptEstimate | None, view: CallOutView, total: Tally, now: int) -> int | None:
    """How long (ms) until 95 % have answered, by the latest storms from where it stood; 0 when they have.

    None while nobody can know: no storm has been played, or in the middle of them it does not come to that.
    """
    if total.asked and total.answered >= GOAL * total.asked:
        return 0
    guess = kept.now.guess() if kept else None
    if guess is None or guess.middle is None:
        return None
    return rounded(max(1, view.started_at + guess.middle - now))


def planned_for(kept: KeptEstimate | None, total: Tally) -> tuple[tuple[int, int], ...]:
    """The course that was expected at the launch; of a part its share, since lines are dealt between counties by turns."""
    if kept is None or not kept.launch.units:
        return ()
    part = min(1.0, total.asked / kept.launch.units)
    return tuple((after, round(answered * part)) for after, answered in kept.launch.course)


def voice_lines(routes: Sequence[RouteView]) -> int | None:
    """Lines in service together; None where a voice route has no limit of them."""
    working = [one for one in routes if one.channel is Channel.VOICE and one.state != DOWN]
    if any(one.lines is None for one in working):
        return None
    return sum(one.lines or 0 for one in working)
