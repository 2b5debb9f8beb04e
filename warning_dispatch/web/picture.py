"""What the live page shows of one call-out, read once and counted, before any template sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.states import LIVE_CALLOUT, UNREACHED
from warning_dispatch.model.views import AlarmList, AttemptRow, CalleeRow, CallOutView, CurvePoint, TierView
from warning_dispatch.ports import ReadModels
from warning_dispatch.web.curve import Curve, draw_curve

UNREACHED_SHOWN: Final = 30
ATTEMPTS_SHOWN: Final = 12
OTHERS_READ: Final = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one tier, or of all, in the few groups a person looks for; they add up to `callees`."""

    callees: int
    answered: int
    calling: int
    unreached: int
    waiting: int
    excused: int
    """Waived, or told without asking for an answer."""
    stopped: int

    @property
    def asked(self) -> int:
        """How many are to answer. One that was stopped before it answered has still not answered."""
        return self.callees - self.excused

    @property
    def other(self) -> int:
        """Whoever is neither called nor waited for any more without having answered."""
        return self.excused + self.stopped

    def segments(self) -> tuple[tuple[str, float, float], ...]:
        """The bar: (kind, where it begins, how wide), both in percent; empty kinds are left out."""
        found = []
        begin = 0.0
        for kind in ("answered", "calling", "unreached", "other", "waiting"):
            width = 100 * getattr(self, kind) / self.callees if self.callees else 0.0
            if width:
                found.append((kind, round(begin, 3), round(width, 3)))
            begin += width
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Picture:
    """One call-out at one moment (`now`, ms)."""

    now: int
    view: CallOutView
    others: tuple[CallOutView, ...]
    alarms: AlarmList
    tiers: tuple[tuple[TierView, Tally], ...]
    total: Tally
    unreached: tuple[CalleeRow, ...]
    attempts: tuple[AttemptRow, ...]
    points: tuple[CurvePoint, ...]

    @property
    def live(self) -> bool:
        """Whether the call-out still runs."""
        return self.view.state in LIVE_CALLOUT

    @property
    def until(self) -> int:
        """The right end of the curve: now, or when the call-out ended."""
        return self.view.ended_at or self.now

    @property
    def elapsed(self) -> int:
        """Milliseconds from the start until now or the end."""
        return max(0, self.until - self.view.started_at)

    @property
    def uncalled(self) -> int:
        """未呼 in all tiers."""
        return sum(tier.uncalled for tier, _ in self.tiers)

    @property
    def unanswered(self) -> int:
        """未应答 in all tiers."""
        return sum(tier.unanswered for tier, _ in self.tiers)

    @property
    def unconfirmed(self) -> int:
        """接听未确认 in all tiers."""
        return sum(tier.unconfirmed for tier, _ in self.tiers)

    @property
    def first_after(self) -> float | None:
        """Seconds from the start to the first attempt; None while there is none."""
        first = self.view.first_attempt_at
        return None if first is None else max(0, first - self.view.started_at) / 1000

    def curve(self, titles: Sequence[tuple[int, str]]) -> Curve:
        """The curve of answers; `titles` are the moments at which tiers opened, with their names."""
        return draw_curve(self.points, self.total.asked, self.view.started_at, self.until, titles)


def take_picture(read: ReadModels, now: int, wanted: int | None = None) -> Picture | None:
    """The call-out `wanted`, else the gravest live one, else the latest; None when there is none at all."""
    view = _chosen(read, wanted)
    if view is None:
        return None
    others = (other for other in read.callouts(live_only=True, limit=OTHERS_READ) if other.id != view.id)
    return Picture(
        now=now,
        view=view,
        others=tuple(others),
        alarms=read.alarms(open_only=True, limit=1),
        tiers=tuple((tier, tally_of([tier])) for tier in view.tiers),
        total=tally_of(view.tiers),
        unreached=tuple(read.callees(view.id, states=UNREACHED, limit=UNREACHED_SHOWN)),
        attempts=tuple(read.latest_attempts(view.id, limit=ATTEMPTS_SHOWN)),
        points=tuple(read.curve(view.id)),
    )


def _chosen(read: ReadModels, wanted: int | None) -> CallOutView | None:
    if wanted is not None:
        try:
            return read.callout(wanted)
        except NotFoundError:
            pass  # an old bookmark: show what there is
    live = read.callouts(live_only=True, limit=OTHERS_READ)
    if live:
        return max(live, key=lambda view: (view.colour, view.started_at, view.id))
    return next(iter(read.callouts(limit=1)), None)


def tally_of(tiers: Sequence[TierView]) -> Tally:
    """The counts of some tiers together. An office whose duty room answered counts as answered."""
    return Tally(
        callees=sum(tier.callees for tier in tiers),
        answered=sum(tier.acknowledged + tier.duty_answered for tier in tiers),
        calling=sum(tier.calling + tier.relayed for tier in tiers),
        unreached=sum(tier.unreached for tier in tiers),
        waiting=sum(tier.waiting for tier in tiers),
        excused=sum(tier.waived + tier.informed for tier in tiers),
        stopped=sum(tier.stopped for tier in tiers),
    )


def elapsed_text(ms: int) -> str:
    """A duration as a clock shows it: 03:12, 1:03:12."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def percent(part: float, whole: float) -> int:
    """A whole percentage that says 100 only when all have, and 0 only when none."""
    if whole <= 0 or part <= 0:
        return 0
    return 100 if part >= whole else min(99, max(1, round(100 * part / whole)))
