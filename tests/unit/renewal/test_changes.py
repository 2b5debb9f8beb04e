"""What needs approval, and which numbers get a test message."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.renewal import Approval
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role
from warning_dispatch.renewal.changes import Proving, addresses, differs, needs_approval, to_prove
from warning_dispatch.renewal.reminders import Schedule
from warning_dispatch.renewal.rules import RenewalRules, rules_from_json, rules_to_json

NUMBERS = [f"+8626010000{index:03}" for index in range(4)]


def person(name: str, *numbers: str, role: Role = Role.PRIMARY) -> ReceiverEntry:
    """Somebody who can be called and written to."""
    endpoints = tuple(EndpointEntry(channel, one) for one in numbers for channel in (Channel.VOICE, Channel.SMS))
    return ReceiverEntry("141124", role, name, "", "zh_CN", endpoints, sample=True)


A, B = person("甲", NUMBERS[0]), person("乙", NUMBERS[1], role=Role.DEPUTY)
people = st.lists(
    st.builds(
        person, st.sampled_from("甲乙丙"), st.sampled_from(NUMBERS), role=st.sampled_from([Role.PRIMARY, Role.DEPUTY])
    ),
    max_size=3,
).map(tuple)


def test_confirming_is_no_change() -> None:
    """That somebody made sure of it today needs nobody's approval."""
    verified = (replace(A, verified_on="2027-04-08", verified_how="2027年度更新备案"), B)
    assert not differs((A, B), verified)
    assert not any(needs_approval(one, (A, B), verified) for one in Approval)


def test_a_new_number_is_what_must_be_looked_at() -> None:
    """A new post is not; a number that the unit had already is not, whoever holds it now."""
    renamed = (replace(A, post="主任"), B)
    assert not needs_approval(Approval.NEW_NUMBERS, (A, B), renamed)
    assert needs_approval(Approval.ALL, (A, B), renamed)
    assert needs_approval(Approval.NEW_NUMBERS, (A, B), (person("丙", NUMBERS[2]), B))
    assert not needs_approval(Approval.NEW_NUMBERS, (A, B), (person("丙", NUMBERS[0]), B))


@given(people, people)
def test_approval_is_a_ladder(before: tuple[ReceiverEntry, ...], after: tuple[ReceiverEntry, ...]) -> None:
    """What must be approved for its numbers must be approved as a change; nothing must where nothing is asked."""
    assert not needs_approval(Approval.NONE, before, after)
    if needs_approval(Approval.NEW_NUMBERS, before, after):
        assert needs_approval(Approval.ALL, before, after)


@given(people, people, st.sets(st.sampled_from(NUMBERS)))
def test_test_messages_go_to_what_nobody_has_confirmed(
    before: tuple[ReceiverEntry, ...], after: tuple[ReceiverEntry, ...], proved: set[str]
) -> None:
    """Never to a proved number, never to a landline's voice, never twice; all unproved ones where that is asked."""
    none, new, every = (to_prove(one, before, after, proved) for one in Proving)
    assert none == ()
    assert set(new) <= set(every)
    assert len(set(every)) == len(every)
    assert {one.address for one in every} == addresses(after) - proved
    assert {one.address for one in new} == addresses(after) - proved - addresses(before)
    assert all(one.channel in (Channel.SMS, Channel.EMAIL) for one in every)


def test_rules_are_kept_as_they_are() -> None:
    """What a campaign was opened with is what it goes by to its end."""
    rules = RenewalRules(Approval.ALL, Proving.NEW, Schedule((-3, 1), "09:00", "17:00"), 7)
    assert rules_from_json(rules_to_json(rules)) == rules
