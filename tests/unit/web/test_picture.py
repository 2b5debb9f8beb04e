"""What the live page counts and draws."""

from __future__ import annotations

import re
from typing import Any

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.views import CurvePoint
from warning_dispatch.web.curve import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, draw_curve
from warning_dispatch.web.picture import elapsed_text, percent, take_picture


def test_the_groups_add_up(office: Any, clock: VirtualClock) -> None:
    """Every callee is in exactly one group of its tier and of the total; the bar is as wide as all of them."""
    callout = office.add_callout()
    for state in CalleeState:
        if state is not CalleeState.SUPERSEDED:
            office.add_callee(callout, "villages", "村", state=state)
            office.add_callee(callout, "counties", "县", state=state)
    picture = take_picture(office, clock.now())
    assert picture is not None
    for tally in (picture.total, *(tally for _, tally in picture.tiers)):
        assert tally.answered + tally.calling + tally.unreached + tally.waiting + tally.other == tally.callees
        assert sum(width for _, _, width in tally.segments()) == pytest.approx(100 if tally.callees else 0, abs=0.01)
    assert picture.total.callees == 22


def test_an_ended_callout_does_not_flatter(office: Any, clock: VirtualClock) -> None:
    """Whoever was stopped before answering still counts as asked: no 100 % out of a cancelled call-out."""
    callout = office.add_callout()
    office.add_callee(callout, "villages", "村", state=CalleeState.ACKNOWLEDGED)
    office.add_callee(callout, "villages", "村", state=CalleeState.STOPPED)
    office.add_callee(callout, "villages", "村", state=CalleeState.INFORMED)
    picture = take_picture(office, clock.now())
    assert picture is not None
    assert (picture.total.answered, picture.total.asked) == (1, 2)


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(0, 0, 0), (0, 5, 0), (1, 2500, 1), (2499, 2500, 99), (2500, 2500, 100), (1, 2, 50)]
)
def test_a_percentage_says_all_only_when_all_have(part: int, whole: int, shown: int) -> None:
    """One silent village of 2,500 is not rounded away."""
    assert percent(part, whole) == shown


def test_durations_read_like_a_clock() -> None:
    """Minutes and seconds, hours when there are some."""
    assert [elapsed_text(ms) for ms in (0, 61_999, 3_600_000)] == ["00:00", "01:01", "1:00:00"]


def numbers_of(path: str) -> list[float]:
    """All coordinates of a path."""
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_the_curve_rises_from_nothing_to_all() -> None:
    """It starts on the ground at the start and ends at the top when all have answered, and stays in its frame."""
    points = [CurvePoint(60_000, 1), CurvePoint(120_000, 4)]
    curve = draw_curve(points, 4, 0, 240_000, [(0, "a"), (60_000, "b")])
    assert numbers_of(curve.line)[:2] == [LEFT, HEIGHT - BOTTOM]
    assert curve.end == (WIDTH - RIGHT, curve.levels[-1].y)
    assert all(0 <= number <= WIDTH for number in numbers_of(curve.area))
    assert [marker.name for marker in curve.markers] == ["a", "b"]


@pytest.mark.parametrize("minutes", [0, 1, 7, 59, 600, 20_000])
def test_the_time_axis_is_readable_at_any_length(minutes: int) -> None:
    """From the first second to two weeks: between two and nine marks, each a whole number of its unit."""
    curve = draw_curve([], 10, 0, minutes * 60_000, [])
    assert 2 <= len(curve.marks) <= 9
    assert all(mark.x <= WIDTH - RIGHT for mark in curve.marks)


def test_thousands_of_answers_draw_a_thin_line() -> None:
    """At most one corner pair per unit of width, and the last answer is never the one left out."""
    points = [CurvePoint(moment * 10, moment) for moment in range(1, 20_001)]
    curve = draw_curve(points, 20_000, 0, 200_000, [])
    assert len(numbers_of(curve.line)) < 5 * WIDTH
    assert curve.end[1] == curve.levels[-1].y


def test_names_of_near_moments_share_one_place() -> None:
    """Tiers that opened together are named together; others get rows of their own."""
    curve = draw_curve([], 5, 0, 600_000, [(0, "市领导"), (1_000, "市直部门"), (30_000, "县"), (31_000, "乡镇")])
    assert [marker.name for marker in curve.markers] == ["市领导 · 市直部门", "县 · 乡镇"]
    assert [marker.row for marker in curve.markers] == [0, 1]
