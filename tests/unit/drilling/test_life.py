"""Who may release a drill, and what can become of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.drilling.life import LATE, TABLE, DrillEvent, is_missed, move, release, same_person
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.drills import DRILL_OVER, DrillKind, DrillState, releases_needed

NAMES = st.text(min_size=1).filter(lambda one: one.strip())


@given(first=NAMES, second=NAMES)
def test_everyone_needs_two_different_persons(first: str, second: str) -> None:
    """Promise 5: however a name is written, one person is one person."""
    one = release(DrillKind.EVERYONE, DrillState.COMPOSED, "", first)
    assert not one.complete
    if same_person(first, second):
        with pytest.raises(RefusedError):
            release(DrillKind.EVERYONE, DrillState.COMPOSED, one.first, second)
    else:
        assert release(DrillKind.EVERYONE, DrillState.COMPOSED, one.first, second).complete


def test_a_staff_drill_needs_one() -> None:
    """Its list is named."""
    assert release(DrillKind.STAFF, DrillState.COMPOSED, "", "甲").complete
    assert releases_needed(DrillKind.PAPER) == 0


@pytest.mark.parametrize("state", [one for one in DrillState if one is not DrillState.COMPOSED])
def test_only_what_waits_for_it_is_released(state: DrillState) -> None:
    """Nothing is released twice, or after its end."""
    with pytest.raises(RefusedError):
        release(DrillKind.STAFF, state, "", "甲")


def test_nobody_releases_without_a_name() -> None:
    """Blanks are no name."""
    with pytest.raises(RefusedError):
        release(DrillKind.STAFF, DrillState.COMPOSED, "", "  ")


@pytest.mark.parametrize("state", list(DrillState))
@pytest.mark.parametrize("event", list(DrillEvent))
def test_every_move_is_in_the_table(state: DrillState, event: DrillEvent) -> None:
    """What is over stays over; a real warning ends whatever is released or runs; every refusal is in both languages."""
    if (state, event) in TABLE:
        assert move(state, event) is TABLE[state, event]
        assert state not in DRILL_OVER
        return
    with pytest.raises(RefusedError, match=" / "):
        move(state, event)


def test_nothing_runs_that_was_not_released() -> None:
    """The one way to RUNNING leads through RELEASED."""
    assert {state for (state, _), after in TABLE.items() if after is DrillState.RUNNING} == {DrillState.RELEASED}
    assert {event for (_, event), after in TABLE.items() if after is DrillState.RELEASED} == {DrillEvent.RELEASED}


def test_a_drill_begins_a_little_late_or_never() -> None:
    """Ten minutes of a restart are forgiven, a night is not."""
    assert not is_missed(1_000, 1_000 + LATE)
    assert is_missed(1_000, 1_001 + LATE)


@pytest.mark.parametrize(
    ("one", "other"),
    [("user:wang", "wang"), ("Wang", "wang "), ("ｗａｎｇ", "wang"), ("user:Wang", "USER:wang"), (" 王值班", "王值班")],
)
def test_one_person_by_two_ways_is_one_person(one: str, other: str) -> None:
    """At the page as an account and at the keyboard as a login: still the same."""
    assert same_person(one, other)
    with pytest.raises(RefusedError):
        release(DrillKind.EVERYONE, DrillState.COMPOSED, one, other)


def test_two_persons_are_two() -> None:
    """Names that only look alike are not the same."""
    assert not same_person("王值班", "李值班")
    assert not same_person("user:wang", "user:wang2")
