"""Whom the machine dials when a line is free."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.endpoints import choose, other_roles, text_endpoints
from warning_dispatch.escalation.state import Callee, Tried, Verdict
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import ALL_ROLES, Channel, EndpointView, Role

NOW = 1_000_000
A_MOBILE = EndpointView(1, 11, Role.PRIMARY, Channel.VOICE, 101, 0)
A_HOME = EndpointView(2, 11, Role.PRIMARY, Channel.VOICE, 102, 1)
A_SMS = EndpointView(3, 11, Role.PRIMARY, Channel.SMS, 101, 0)
B_MOBILE = EndpointView(4, 12, Role.DEPUTY, Channel.VOICE, 103, 0)
DUTY = EndpointView(5, 13, Role.DUTY, Channel.VOICE, 104, 0)
OFFICE = (A_MOBILE, A_HOME, A_SMS, B_MOBILE, DUTY)

views = st.builds(
    EndpointView,
    endpoint_id=st.integers(1, 12),
    receiver_id=st.integers(1, 5),
    role=st.sampled_from(Role),
    channel=st.sampled_from(Channel),
    number_id=st.integers(1, 12),
    rank=st.integers(0, 3),
)
registers = st.lists(views, max_size=10, unique_by=lambda one: one.endpoint_id)
memories = st.lists(
    st.builds(
        Tried,
        endpoint_id=st.integers(1, 12),
        count=st.integers(0, 5),
        verdict=st.sampled_from(Verdict),
        until=st.integers(NOW - 10, NOW + 10),
    ),
    max_size=10,
    unique_by=lambda one: one.endpoint_id,
)
callees = st.builds(
    Callee,
    state=st.just(CalleeState.CALLING),
    wanted=st.integers(0, ALL_ROLES),
    tried=memories.map(tuple),
    answers=st.lists(st.integers(1, 5), max_size=3, unique=True).map(tuple),
)


@given(callee=callees, endpoints=registers)
def test_never_dials_the_dead_the_answered_or_the_unwanted(callee: Callee, endpoints: list[EndpointView]) -> None:
    """Promise 3 at the last step: a person who answered is not dialled, nor a wrong number, nor another role."""
    found = choose(callee, endpoints, NOW)
    if found is None:
        return
    assert found.channel is Channel.VOICE
    assert found.role & callee.wanted
    assert found.receiver_id not in callee.answers
    assert callee.memory_of(found.endpoint_id).verdict is not Verdict.DEAD


@given(callee=callees, endpoints=registers)
def test_somebody_is_dialled_if_anybody_can_be(callee: Callee, endpoints: list[EndpointView]) -> None:
    """Promise 1: None only when nobody wanted has a number that may ring now."""
    if choose(callee, endpoints, NOW) is not None:
        return
    for one in endpoints:
        memory = callee.memory_of(one.endpoint_id)
        assert (
            one.channel is not Channel.VOICE
            or not one.role & callee.wanted
            or one.receiver_id in callee.answers
            or memory.verdict is Verdict.DEAD
            or memory.until > NOW
        )


@given(callee=callees, endpoints=registers, seed=st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order_of_rows(
    callee: Callee, endpoints: list[EndpointView], seed: object
) -> None:
    """Same seed, same result: what the database returns first does not matter."""
    shuffled = list(endpoints)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(callee, endpoints, NOW) == choose(callee, shuffled, NOW)


def test_a_before_b_before_the_duty_phone() -> None:
    """Of several roles wanted A comes first."""
    wanted = Callee(CalleeState.CALLING, wanted=ALL_ROLES)
    assert choose(wanted, OFFICE, NOW) is A_MOBILE
    assert choose(replace(wanted, wanted=Role.DEPUTY | Role.DUTY), OFFICE, NOW) is B_MOBILE
    assert choose(replace(wanted, wanted=int(Role.DUTY)), OFFICE, NOW) is DUTY


def test_numbers_of_one_person_take_turns() -> None:
    """The mobile first; when it rang in vain the next rung tries the other number."""
    once = Callee(CalleeState.CALLING, wanted=int(Role.PRIMARY), tried=(Tried(1, 1),))
    assert choose(once, OFFICE, NOW) is A_HOME
    assert choose(replace(once, tried=(Tried(1, 1), Tried(2, 1))), OFFICE, NOW) is A_MOBILE


def test_an_engaged_number_comes_before_the_other_one() -> None:
    """Busy: the same number after its gap, though the other was tried less."""
    engaged = Callee(CalleeState.CALLING, wanted=int(Role.PRIMARY), tried=(Tried(1, 1, Verdict.BUSY, NOW),))
    assert choose(engaged, OFFICE, NOW) is A_MOBILE


@pytest.mark.parametrize("verdict", [Verdict.OFF, Verdict.DOUBTFUL, Verdict.BUSY])
def test_a_number_that_is_held_back_waits_for_its_gap(verdict: Verdict) -> None:
    """Off: "this one later". Empty: "once more after 10 min" — a rung in between must not make it permanent."""
    callee = Callee(CalleeState.CALLING, wanted=int(Role.DEPUTY), tried=(Tried(4, 1, verdict, NOW + 1),))
    assert choose(callee, OFFICE, NOW) is None
    assert choose(callee, OFFICE, NOW + 1) is B_MOBILE


def test_other_roles_names_who_else_can_be_called_at_once() -> None:
    """When A's mobile is off, A's other number counts, and B; the duty room of a village does not."""
    callee = Callee(CalleeState.CALLING, tried=(Tried(1, 1, Verdict.OFF, NOW + 300_000),))
    village = int(Role.PRIMARY | Role.DEPUTY)
    assert other_roles(callee, OFFICE, 1, village, NOW) == village
    no_home = [one for one in OFFICE if one is not A_HOME]
    assert other_roles(callee, no_home, 1, village, NOW) == Role.DEPUTY
    answered = replace(callee, answers=(12,))
    assert other_roles(answered, no_home, 1, village, NOW) == 0


def test_a_text_goes_once_to_each_person() -> None:
    """One message per receiver, on the first endpoint of the channel; none to who has answered."""
    second = EndpointView(6, 14, Role.PRIMARY, Channel.SMS, 105, 0)
    spare = EndpointView(7, 11, Role.PRIMARY, Channel.SMS, 106, 1)
    endpoints = (*OFFICE, spare, second)
    assert text_endpoints(Channel.SMS, Role.PRIMARY, endpoints, ()) == [A_SMS, second]
    assert text_endpoints(Channel.SMS, Role.PRIMARY, endpoints, (11,)) == [second]
    assert text_endpoints(Channel.SMS, Role.DEPUTY, endpoints, ()) == []


def test_an_operator_task_names_the_phone_a_human_would_dial() -> None:
    """The operator's list needs no endpoint of its own kind."""
    assert text_endpoints(Channel.OPERATOR, Role.PRIMARY, OFFICE, ()) == [A_MOBILE]
