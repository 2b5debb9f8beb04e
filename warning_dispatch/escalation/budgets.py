"""呼叫次数上限: how often a number may be called, by each provider and in a night. PURE.

Theory of operation
-------------------
A budget is a few windows ("5 calls in any hour"). A window glides: wherever an hour is laid, it holds at most five
calls. That needs the moments of the last calls and nothing else: with n calls allowed, the next may come when the n-th
latest has left the window. (A bucket that refills would let nine through around the turn of the hour.)

Of a window's calls some may be kept back for red. Whoever may not touch that reserve sees a smaller window over *all*
calls, so right after any call that is not red the whole reserve is still there.

A call counts from the moment at which it can have reached the provider at the latest: whoever writes the moments down
says the end of the claim until the provider's word has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BEIJING = 8 * HOUR
"""Beijing time is ahead of UTC by this; it knows no summer time."""
_PRACTICE = (Purpose.DRILL, Purpose.CAMPAIGN)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` in any `span` ms, the last `reserved` of them for red alone."""

    span: int
    calls: int
    reserved: int = 0

    def __post_init__(self) -> None:
        """A window that lets nobody through is a mistake."""
        if self.span <= 0 or not 0 <= self.reserved < self.calls:
            raise ValueError(f"a window of {self.calls} calls in {self.span} ms, {self.reserved} reserved")


@dataclass(frozen=True, slots=True)
class Budget:
    """The windows of one number at one provider; all of them hold."""

    windows: tuple[Window, ...]

    @property
    def span(self) -> int:
        """How far back (ms) calls must be known."""
        return max((window.span for window in self.windows), default=0)


@dataclass(frozen=True, slots=True)
class Night:
    """What a person must bear in a night: `calls` over all providers. `start` and `end` in ms of the Beijing day."""

    calls: int
    start: int = 22 * HOUR
    end: int = 6 * HOUR

    def around(self, now: int) -> tuple[int, int] | None:
        """Beginning and end of the night that `now` lies in; None by day."""
        since = (now + BEIJING - self.start) % DAY
        length = (self.end - self.start) % DAY
        return (now - since, now - since + length) if since < length else None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to call. `not_before` (ms) when not yet; None: now."""

    not_before: int | None
    reason: Reason

    @property
    def allowed(self) -> bool:
        """Whether the call may go now."""
        return self.not_before is None


YES = Decision(None, Reason.WITHIN_BUDGET)


def per_number(minute: int | None = 1, hour: int | None = 5, day: int | None = 20, reserve_for_red: int = 2) -> Budget:
    """The usual budget; None: no such window.

    Of the day an hour's worth stays back for red, so that a day of orange never uses it up.
    ValueError for a budget that would let nobody through.
    """
    kept_of_day = 0
    if reserve_for_red and hour is not None and day is not None:
        kept_of_day = max(reserve_for_red, min(hour, day - hour))
    windows = [(MINUTE, minute, 0), (HOUR, hour, reserve_for_red), (DAY, day, kept_of_day)]
    return Budget(tuple(Window(span, calls, kept) for span, calls, kept in windows if calls is not None))


def may_use_reserve(colour: Colour, purpose: Purpose) -> bool:
    """The reserve is for red; drills and campaigns have no share in it."""
    return colour is Colour.RED and purpose not in _PRACTICE


def allowed(calls_at: Sequence[int], now: int, budget: Budget, colour: Colour, purpose: Purpose) -> Decision:
    """Whether a number that was called at `calls_at` (in any order) may be called at `now`; else the earliest moment.

    Moments later than `now` count: a claim whose call may still be on its way to the provider.
    """
    known = sorted(calls_at)
    red = may_use_reserve(colour, purpose)
    latest, reason = now, Reason.WITHIN_BUDGET
    for window in budget.windows:
        free_at = _free_at(known, window.span, window.calls)
        if free_at > latest:
            latest, reason = free_at, Reason.OVER_BUDGET
        if window.reserved and not red:
            free_at = _free_at(known, window.span, window.calls - window.reserved)
            if free_at > latest:
                latest, reason = free_at, Reason.RESERVED_FOR_RED
    return YES if latest == now else Decision(latest, reason)


def bearable(calls_at: Sequence[int], now: int, night: Night, purpose: Purpose) -> Decision:
    """Whether a person called at `calls_at` (over all providers) is left in peace until the morning.

    Red included: after so many calls in vain in one night the next will not be answered either, and the superior has to
    send somebody. Not for the bureau's calls to its own duty officer, who is awake to be called.
    """
    hours = night.around(now)
    if hours is None or purpose is Purpose.SELF:
        return YES
    start, end = hours
    return Decision(end, Reason.NIGHT_LIMIT) if sum(at >= start for at in calls_at) >= night.calls else YES


def _free_at(known: Sequence[int], span: int, calls: int) -> int:
    """From when on another call fits: when the `calls`-th latest has left the window."""
    return known[-calls] + span if len(known) >= calls else 0
