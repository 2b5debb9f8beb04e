"""How often a number may be called: never more than promised, wherever the minute, the hour or the day is laid."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.budgets import (
    DAY,
    HOUR,
    MINUTE,
    Budget,
    Night,
    Window,
    allowed,
    bearable,
    may_use_reserve,
    per_number,
)
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose

SHIPPED = per_number()
RED, ORANGE = Colour.RED, Colour.ORANGE
MIDNIGHT = 1_784_736_000_000
"""2026-07-23 00:00 in Beijing."""

windows = st.builds(
    lambda span, calls, share: Window(span, calls, min(share, calls - 1)),
    st.integers(1, 50),
    st.integers(1, 5),
    st.integers(0, 3),
)
budgets = st.lists(windows, min_size=1, max_size=3).map(lambda found: Budget(tuple(found)))
purposes = st.sampled_from((Purpose.CALL, Purpose.NOTICE, Purpose.DRILL, Purpose.CAMPAIGN, Purpose.SELF))
wishes = st.lists(st.tuples(st.integers(0, 9), st.sampled_from((RED, ORANGE)), purposes), max_size=40)


@dataclass(frozen=True)
class Call:
    """One call of a night."""

    at: int
    red: bool


def played(budget: Budget, wanted: list[tuple[int, Colour, Purpose]]) -> list[Call]:
    """What goes out when somebody wants to call after so many ms each, and is let through or not."""
    calls: list[Call] = []
    now = 0
    for gap, colour, purpose in wanted:
        now += gap
        if allowed([one.at for one in calls], now, budget, colour, purpose).allowed:
            calls.append(Call(now, may_use_reserve(colour, purpose)))
    return calls


@given(budget=budgets, wanted=wishes)
def test_no_window_ever_holds_more_than_its_calls(budget: Budget, wanted: list[tuple[int, Colour, Purpose]]) -> None:
    """Promise 7, by brute force: every window is laid at every moment, half open as time is."""
    calls = played(budget, wanted)
    for window in budget.windows:
        for start in range(-window.span, 400):
            inside = [one for one in calls if start <= one.at < start + window.span]
            assert len(inside) <= window.calls
            assert sum(not one.red for one in inside) <= window.calls - window.reserved


@given(budget=budgets, wanted=wishes)
def test_the_reserve_is_there_for_red(budget: Budget, wanted: list[tuple[int, Colour, Purpose]]) -> None:
    """Right after any call that is not red, red still has its whole reserve in every window."""
    calls = played(budget, wanted)
    for index, call in enumerate(calls):
        for window in () if call.red else budget.windows:
            used = [one for one in calls[: index + 1] if one.at > call.at - window.span]
            assert window.calls - len(used) >= window.reserved


@given(
    budget=budgets,
    calls_at=st.lists(st.integers(0, 60), max_size=12),
    now=st.integers(0, 80),
    colour=st.sampled_from((RED, ORANGE)),
    purpose=purposes,
)
def test_not_before_is_the_first_moment_that_fits(
    budget: Budget, calls_at: list[int], now: int, colour: Colour, purpose: Purpose
) -> None:
    """Nobody waits a moment longer than necessary, and at the moment named the call goes."""

    def fits(moment: int) -> bool:
        red = may_use_reserve(colour, purpose)
        return all(
            sum(at > moment - window.span for at in calls_at) < window.calls - (0 if red else window.reserved)
            for window in budget.windows
        )

    decision = allowed(calls_at, now, budget, colour, purpose)
    first = next(moment for moment in range(now, 1_000) if fits(moment))
    assert decision.allowed == (first == now)
    assert decision.not_before == (None if first == now else first)
    assert (decision.reason is Reason.WITHIN_BUDGET) == decision.allowed


def test_a_bucket_would_let_nine_through_and_a_window_does_not() -> None:
    """Five calls at the end of one hour of the clock, and none of the next four before the first has left the window."""
    calls_at = [HOUR - 5 * MINUTE + minute * MINUTE for minute in range(5)]
    for moment in range(HOUR, 2 * HOUR - 5 * MINUTE, MINUTE):
        assert not allowed(calls_at, moment, SHIPPED, RED, Purpose.CALL).allowed
    assert allowed(calls_at, 2 * HOUR - 5 * MINUTE, SHIPPED, RED, Purpose.CALL).allowed


def test_orange_has_three_of_the_five() -> None:
    """The fourth waits for the hour, with the reason; red takes it at once."""
    calls_at = [0, 10 * MINUTE, 20 * MINUTE]
    orange = allowed(calls_at, 30 * MINUTE, SHIPPED, ORANGE, Purpose.CALL)
    assert (orange.not_before, orange.reason) == (HOUR, Reason.RESERVED_FOR_RED)
    assert allowed(calls_at, 30 * MINUTE, SHIPPED, RED, Purpose.CALL).allowed


@pytest.mark.parametrize("purpose", [Purpose.DRILL, Purpose.CAMPAIGN])
def test_practice_has_no_share_in_the_reserve(purpose: Purpose) -> None:
    """A red drill is no red warning."""
    calls_at = [0, 10 * MINUTE, 20 * MINUTE]
    assert not allowed(calls_at, 30 * MINUTE, SHIPPED, RED, purpose).allowed


def test_a_day_of_orange_leaves_red_an_hour() -> None:
    """Three an hour all day long use up what is theirs of the day, and the evening's red finds its five calls."""
    calls: list[int] = []
    for moment in range(0, DAY, 5 * MINUTE):
        if allowed(calls, moment, SHIPPED, ORANGE, Purpose.CALL).allowed:
            calls.append(moment)
    assert len(calls) == 15
    assert sum(allowed(calls + [DAY - HOUR + m * MINUTE for m in range(n)], DAY - HOUR + n * MINUTE, SHIPPED, RED,
                       Purpose.CALL).allowed for n in range(6)) == 5  # fmt: skip


def test_a_call_that_may_still_be_on_its_way_counts() -> None:
    """It is written down at the end of its claim, which may lie ahead."""
    decision = allowed([30_000], 10_000, SHIPPED, RED, Purpose.CALL)
    assert decision.not_before == 30_000 + MINUTE


@pytest.mark.parametrize(("calls", "reserved"), [(0, 0), (2, 2), (2, 3), (2, -1)])
def test_a_budget_that_lets_nobody_through_does_not_exist(calls: int, reserved: int) -> None:
    """Said when the configuration is read, not at 3 a.m."""
    with pytest.raises(ValueError, match="window"):
        Window(HOUR, calls, reserved)


def test_without_a_reserve_the_colours_are_equal() -> None:
    """`reserve_for_red = 0` keeps nothing back, of the day neither."""
    assert [window.reserved for window in per_number(reserve_for_red=0).windows] == [0, 0, 0]
    assert [window.reserved for window in per_number(hour=5, day=5).windows] == [0, 2, 2]


# --- the night --------------------------------------------------------------------------------------------


@given(now=st.integers(MIDNIGHT - DAY, MIDNIGHT + DAY))
def test_the_night_is_from_ten_to_six(now: int) -> None:
    """In Beijing time, over midnight."""
    hour = (now - MIDNIGHT) % DAY / HOUR
    found = Night(12).around(now)
    assert (found is not None) == (hour >= 22 or hour < 6)
    if found is not None:
        start, end = found
        assert start <= now < end
        assert (end - start, (start - MIDNIGHT) % DAY) == (8 * HOUR, 22 * HOUR)


def test_a_night_by_day_is_possible() -> None:
    """An installation may say when its people sleep."""
    noon = Night(2, start=12 * HOUR, end=14 * HOUR)
    assert noon.around(MIDNIGHT) is None
    assert noon.around(MIDNIGHT + 13 * HOUR) == (MIDNIGHT + 12 * HOUR, MIDNIGHT + 14 * HOUR)


def test_after_the_last_call_of_the_night_there_is_peace_until_the_morning() -> None:
    """Red included; calls of the evening before do not count."""
    evening = [MIDNIGHT - 3 * HOUR + minute * MINUTE for minute in range(20)]
    night = [MIDNIGHT - 2 * HOUR + minute * MINUTE for minute in range(12)]
    assert bearable(evening + night[:-1], MIDNIGHT, Night(12), Purpose.CALL).allowed
    decision = bearable(night, MIDNIGHT, Night(12), Purpose.CALL)
    assert (decision.not_before, decision.reason) == (MIDNIGHT + 6 * HOUR, Reason.NIGHT_LIMIT)
    assert bearable(night, MIDNIGHT + 6 * HOUR, Night(12), Purpose.CALL).allowed


def test_the_duty_officer_is_awake_to_be_called() -> None:
    """The bureau's calls to itself go on until somebody claims the alarm."""
    night = [MIDNIGHT + minute * MINUTE for minute in range(30)]
    assert bearable(night, MIDNIGHT + HOUR, Night(12), Purpose.SELF).allowed
