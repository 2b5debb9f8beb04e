"""Who holds the list of a superior that has not answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.states import CalleeState
from warning_dispatch.routing.holders import AT_WORK, Superior, holders

CITY, COUNTY, TOWNSHIP, BESIDE = 1, 2, 3, 4
S = CalleeState


def chain(county: CalleeState | None, township: CalleeState | None) -> list[Superior]:
    """A township below a county below a city that is not called itself; another township beside it has answered."""
    return [
        Superior(CITY, None, None),
        Superior(COUNTY, CITY, county),
        Superior(TOWNSHIP, COUNTY, township),
        Superior(BESIDE, COUNTY, S.ACKNOWLEDGED),
    ]


@pytest.mark.parametrize("state", AT_WORK)
def test_who_has_answered_holds_its_own_list(state: CalleeState) -> None:
    """By a person in charge or by the duty room: somebody there is at work."""
    assert holders(chain(S.UNANSWERED, state))[TOWNSHIP] == TOWNSHIP


@pytest.mark.parametrize("state", [None, *(state for state in S if state not in AT_WORK)])
def test_else_the_nearest_above_that_has(state: CalleeState | None) -> None:
    """Waived, only informed, relayed or silent: nobody there works on a list."""
    assert holders(chain(S.ACKNOWLEDGED, state))[TOWNSHIP] == COUNTY
    assert holders(chain(S.CALLING, state))[TOWNSHIP] is None


def test_in_the_end_the_bureau() -> None:
    """Nobody above has answered: the duty officer's own list. The one beside keeps its own."""
    held = holders(chain(S.UNCALLED, S.UNANSWERED))
    assert held == {CITY: None, COUNTY: None, TOWNSHIP: None, BESIDE: BESIDE}


def test_a_tree_that_bites_its_tail_ends_at_the_bureau() -> None:
    """The register refuses one; if it ever came, nobody would loop."""
    assert holders([Superior(1, 2, None), Superior(2, 1, None)]) == {1: None, 2: None}


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, *S])), max_size=30))
def test_a_list_is_held_by_somebody_at_work_on_its_way_up(shape: list[tuple[int, CalleeState | None]]) -> None:
    """Whatever the tree: the holder is the first at work of the unit and those above it."""
    tree = [Superior(key, above % key if key else None, state) for key, (above, state) in enumerate(shape)]
    held = holders(tree)
    for one in tree:
        at: Superior | None = one
        while at is not None and not at.at_work:
            at = None if at.above is None else tree[at.above]
        assert held[one.unit_id] == (at.unit_id if at else None)
