"""The life of a filing: a closed table, in which nothing is lost and nothing ends by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.renewal import OPEN_FILING, TO_HAND_IN, FilingState, HandIn
from warning_dispatch.renewal.filing import TABLE, FilingEvent, from_states, move, stale

E, S = FilingEvent, FilingState


def test_every_move_leads_to_a_known_state() -> None:
    """The table names states and events only."""
    assert all(isinstance(key[0], FilingState) and isinstance(key[1], FilingEvent) for key in TABLE)
    assert {state for state, _ in TABLE} == {S.ASKED, S.HANDED_IN, S.RETURNED, S.FILED, S.WITHDRAWN}


@pytest.mark.parametrize(
    ("state", "event"),
    [*((S.LAPSED, one) for one in FilingEvent), *((S.WITHDRAWN, one) for one in FilingEvent if one is not E.UNIT_BACK)],
)
def test_nothing_leaves_the_end(state: FilingState, event: FilingEvent) -> None:
    """A campaign that was closed stays as it was closed."""
    with pytest.raises(RefusedError, match="/"):
        move(state, event)


def test_a_unit_that_is_back_waits_for_its_registrar() -> None:
    """Whatever it had filed before: it is asked anew. Nothing else is moved by it."""
    assert from_states(E.UNIT_BACK) == (S.WITHDRAWN,)
    assert move(S.WITHDRAWN, E.UNIT_BACK) is S.ASKED


def test_closing_leaves_nothing_open() -> None:
    """Whatever still waits for somebody lapses, and what is filed stays filed."""
    assert set(from_states(E.CLOSED)) == set(OPEN_FILING)
    assert {move(state, E.CLOSED) for state in OPEN_FILING} == {S.LAPSED}


@given(st.lists(st.sampled_from(list(FilingEvent)), max_size=30))
def test_a_filing_is_filed_only_by_a_hand_in(events: list[FilingEvent]) -> None:
    """FILED follows from a hand-in (and an approval), never from a date, a refusal or a reminder."""
    state, handed_in = S.ASKED, False
    for event in events:
        try:
            state = move(state, event)
        except RefusedError:
            continue
        handed_in = handed_in or event in (E.TAKEN_OVER, E.PROPOSED)
        assert state is not S.FILED or handed_in
        assert state is not S.FILED or event in (E.TAKEN_OVER, E.APPROVED)


@given(st.lists(st.sampled_from(list(FilingEvent)), max_size=30))
def test_whoever_was_returned_is_reminded_again(events: list[FilingEvent]) -> None:
    """SENT_BACK and DENIED lead to a state that is to be handed in."""
    state = S.ASKED
    for event in events:
        try:
            state = move(state, event)
        except RefusedError:
            continue
        if event in (E.SENT_BACK, E.DENIED):
            assert state in TO_HAND_IN


def test_one_event_leads_to_one_state() -> None:
    """What is done to many filings by one statement makes the same of all of them."""
    for event in FilingEvent:
        assert len({move(state, event) for state in from_states(event)}) == 1


def test_the_second_of_two_is_told_who_was_quicker() -> None:
    """Two people hand in for one unit: the second learns how, by whom (as a role) and when, in both languages."""
    assert stale(3, 3, HandIn.AS_IS, "x", "y") == ""
    told = stale(3, 4, HandIn.SUCCESSOR, "登记联系人", "04-08 09:12")
    assert "换人" in told
    assert "登记联系人" in told
    assert "04-08 09:12" in told
    assert "a successor" in told


def test_where_nobody_has_handed_in_it_was_the_register() -> None:
    """Somebody was added in mid-storm: nobody is named who handed nothing in."""
    told = stale(0, 1, None, "气象局", "")
    assert "名册刚才有变动" in told
    assert "气象局" not in told
