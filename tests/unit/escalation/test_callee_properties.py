"""The callee machine under any order of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from warning_dispatch.escalation.callee import TABLE, step
from warning_dispatch.escalation.moves import (
    Action,
    Answered,
    CalleeEvent,
    ContactAdded,
    Dialled,
    Due,
    Ended,
    LeaderTold,
    Lost,
    NotDialled,
    Opened,
    QueueVoice,
    Recalled,
    Withdrawn,
)
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Outcome
from warning_dispatch.model.states import FINISHED, CalleeState, Means, Voice
from warning_dispatch.model.unit import ALL_ROLES, ROLES, Channel, Role

S = CalleeState
TIERS = ("leaders", "counties", "villages")
MINUTE = 60_000


@dataclass(frozen=True)
class Case:
    """Under which rules a unit is called; turned into `Rules` by the test."""

    tier: str
    colour: Colour
    roles: tuple[Role, ...]
    superior: bool
    need: int

    def rules(self, rules_of: Callable[..., Rules]) -> Rules:
        """The rules of this case; no role at all means no contact."""
        rules = rules_of(self.tier, self.colour, *(self.roles or ROLES), superior=self.superior, need=self.need)
        return rules if self.roles else replace(rules, reach=0)


cases = st.builds(
    Case,
    tier=st.sampled_from(TIERS),
    colour=st.sampled_from((Colour.RED, Colour.ORANGE)),
    roles=st.lists(st.sampled_from(ROLES), unique=True, max_size=3).map(tuple),
    superior=st.booleans(),
    need=st.integers(0, 2),
)
roles = st.sampled_from(ROLES)
endpoints = st.integers(1, 4)
routes = st.sampled_from(("phones", "spare"))
answers = st.builds(
    Answered,
    means=st.sampled_from(Means),
    role=st.one_of(st.none(), roles),
    receiver_id=st.one_of(st.none(), st.integers(1, 3)),
)
withdrawals = st.sampled_from(
    (
        Withdrawn(S.STOPPED, Reason.LIFTED),
        Withdrawn(S.SUPERSEDED, Reason.SUPERSEDED),
        Withdrawn(S.WAIVED, Reason.WAIVED),
    )
)


def endings(outcomes: Mapping[str, Outcome]) -> st.SearchStrategy[Ended]:
    """Any outcome for anybody."""
    return st.builds(
        Ended,
        outcome=st.sampled_from(sorted(outcomes.values(), key=lambda one: one.key)),
        role=roles,
        endpoint_id=endpoints,
        route=routes,
        others=st.integers(0, ALL_ROLES),
        other_route=st.booleans(),
    )


def events(outcomes: Mapping[str, Outcome]) -> st.SearchStrategy[CalleeEvent]:
    """Any event."""
    return st.one_of(
        st.just(Opened()),
        st.just(Due()),
        st.builds(Dialled, role=roles, endpoint_id=endpoints, route=routes),
        st.just(NotDialled()),
        st.builds(Lost, role=roles),
        endings(outcomes),
        answers,
        st.just(LeaderTold()),
        withdrawals,
        st.just(Recalled()),
        st.builds(
            ContactAdded, role=roles, voice=st.booleans(), texts=st.just(((Channel.SMS, 9),)), first=st.booleans()
        ),
    )


def check(callee: Callee) -> None:
    """What holds of every state a machine may be in."""
    if callee.state in FINISHED:
        assert callee.next_at is None
        assert callee.wanted == 0
        assert callee.voice is Voice.NONE
    elif callee.state is S.WAITING:
        assert callee.voice is Voice.NONE
    else:
        assert callee.next_at is not None or callee.voice in (Voice.QUEUED, Voice.LIVE), "forgotten"
    if callee.retry_roles:
        assert callee.retry_at is not None


@settings(max_examples=100)
@given(data=st.data(), case=cases, gaps=st.lists(st.integers(0, 40 * MINUTE), min_size=1, max_size=25))
def test_any_sequence_of_allowed_events_stays_within_the_table(
    data: st.DataObject,
    case: Case,
    gaps: list[int],
    rules_of: Callable[..., Rules],
    outcomes: Mapping[str, Outcome],
) -> None:
    """Late, doubled, reordered: `step` takes every event its table allows and ends in a state the table names.

    An unfinished opened callee always has a next deadline or a voice attempt (promise 1); a finished one has none.
    """
    rules, callee, now = case.rules(rules_of), Callee(), 0
    for gap in gaps:
        now += gap
        event = data.draw(events(outcomes).filter(lambda one: (callee.state, type(one)) in TABLE))  # noqa: B023 - drawn at once
        before = callee
        callee = step(callee, event, now, rules).callee
        assert callee.state in TABLE[before.state, type(event)]
        check(callee)


class OneUnit(RuleBasedStateMachine):
    """One unit as the engine drives it: a voice attempt is queued, dialled, and ends or is lost."""

    rules_of: Callable[..., Rules]
    outcomes: Mapping[str, Outcome]

    def __init__(self) -> None:
        super().__init__()
        self.callee = Callee()
        self.now = 0
        self.limits: Rules | None = None
        self.asked = 0
        self.humans = 0

    def take(self, event: CalleeEvent) -> None:
        """One step, and the count of voice attempts the engine would have made."""
        assert self.limits is not None
        before = self.callee
        decision = step(before, event, self.now, self.limits)
        self.callee = decision.callee
        asked = sum(isinstance(action, QueueVoice) for action in decision.actions)
        self._judge(before, event, decision.actions, asked)
        assert decision.reason in Reason

    def _judge(self, before: Callee, event: CalleeEvent, actions: tuple[Action, ...], asked: int) -> None:
        became = self.callee.voice is Voice.QUEUED and before.voice is not Voice.QUEUED
        assert asked == int(became and not isinstance(event, Lost)), "one attempt per wish, one wish per attempt"
        if before.state in FINISHED:
            assert actions == ()
            assert self.callee == before

    @precondition(lambda self: self.limits is None)
    @rule(case=cases)
    def begin(self, case: Case) -> None:
        """The call-out starts."""
        self.limits = case.rules(type(self).rules_of)

    @precondition(lambda self: self.limits is not None)
    @rule(gap=st.integers(1, 25 * MINUTE))
    def time_passes(self, gap: int) -> None:
        """The engine looks late, or just in time."""
        self.now += gap

    @precondition(lambda self: self.limits is not None and self.callee.state is S.WAITING)
    @rule()
    def gate_opens(self) -> None:
        """The gate opens."""
        self.take(Opened())

    @precondition(lambda self: self.callee.next_at is not None and self.limits is not None)
    @rule()
    def deadline(self) -> None:
        """The deadline comes; afterwards the next one lies in the future."""
        self.now = max(self.now, self.callee.next_at or 0)
        self.take(Due())
        assert self.callee.next_at is None or self.callee.next_at > self.now

    @precondition(lambda self: self.callee.voice is Voice.QUEUED)
    @rule(endpoint=endpoints, route=routes, somebody=st.booleans())
    def line_free(self, endpoint: int, route: str, somebody: bool) -> None:
        """The outbox dials the first of those wanted, or finds nobody (as after the voice limit)."""
        role = next((one for one in ROLES if one & self.callee.wanted), None)
        self.take(Dialled(role, endpoint, route) if role and somebody else NotDialled())

    @precondition(lambda self: self.callee.voice is Voice.LIVE)
    @rule(data=st.data())
    def call_ends(self, data: st.DataObject) -> None:
        """The call has an outcome."""
        self.take(data.draw(endings(type(self).outcomes)))

    @precondition(lambda self: self.callee.voice is Voice.LIVE)
    @rule(role=roles)
    def claim_lost(self, role: Role) -> None:
        """A crash between carrier and commit."""
        self.take(Lost(role))

    @precondition(lambda self: self.limits is not None)
    @rule(answer=answers)
    def somebody_answers(self, answer: Answered) -> None:
        """Whenever it comes."""
        self.humans += 1
        self.take(answer)

    @precondition(lambda self: self.limits is not None and self.callee.state not in FINISHED)
    @rule(withdrawal=withdrawals)
    def called_off(self, withdrawal: Withdrawn) -> None:
        """Lifted, superseded, waived."""
        self.take(withdrawal)

    @precondition(lambda self: (self.callee.state, Recalled) in TABLE)
    @rule()
    def recalled(self) -> None:
        """An officer asks for the ladder again."""
        self.take(Recalled())

    @precondition(lambda self: (self.callee.state, ContactAdded) in TABLE)
    @rule(role=roles, voice=st.booleans(), first=st.booleans())
    def somebody_is_added(self, role: Role, voice: bool, first: bool) -> None:
        """An officer adds a receiver in mid-storm."""
        self.take(ContactAdded(role, voice=voice, texts=((Channel.SMS, 9),), first=first))

    @invariant()
    def sound(self) -> None:
        """Nobody is forgotten, and only a human acknowledges (promises 1 and 2)."""
        check(self.callee)
        if self.callee.state in (S.ACKNOWLEDGED, S.DUTY_ANSWERED, S.RELAYED):
            assert self.humans


def test_one_unit_driven_like_the_engine_drives_it(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """Promises 1 to 3 of one callee, over any course of a night."""
    machine = type("OneUnitHere", (OneUnit,), {"rules_of": staticmethod(rules_of), "outcomes": outcomes})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=30))
