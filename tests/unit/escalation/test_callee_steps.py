"""Single decisions of the callee machine, in the words of the procedure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from warning_dispatch.escalation.callee import opened, step
from warning_dispatch.escalation.moves import (
    Answered,
    CalleeEvent,
    ContactAdded,
    Dialled,
    Due,
    Ended,
    LeaderTold,
    Lost,
    NotDialled,
    OpenBelow,
    QueueText,
    QueueVoice,
    RaiseAlarm,
    Recalled,
    ReportFinding,
    Silence,
    Step,
    Withdrawn,
)
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules, Tried, Verdict
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Outcome
from warning_dispatch.model.states import CalleeState, Means, Voice
from warning_dispatch.model.unit import Channel, Role

S = CalleeState
SECOND = 1_000
VILLAGE = (Role.PRIMARY, Role.DEPUTY)


def run(callee: Callee, rules: Rules, *events: tuple[int, CalleeEvent]) -> Step:
    """Several events at their seconds; the last decision."""
    decision = None
    for second, event in events:
        decision = step(callee, event, second * SECOND, rules)
        callee = decision.callee
    assert decision is not None
    return decision


def ended(outcomes: Mapping[str, Outcome], key: str, *, others: int = 0, other_route: bool = False) -> Ended:
    """A's call (endpoint 1) ends like this."""
    return Ended(outcomes[key], Role.PRIMARY, 1, "phones", others, other_route)


def listening(rules: Rules) -> Callee:
    """A's phone rings or is being listened to."""
    return run(opened(0, rules), rules, (0, Due()), (0, Dialled(Role.PRIMARY, 1, "phones"))).callee


def test_an_opened_village_gets_a_call_and_two_messages(rules_of: Callable[..., Rules]) -> None:
    """Red, at 0: voice to A and SMS to A and B, as one decision."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    decision = run(opened(0, rules), rules, (0, Due()))
    assert set(decision.actions) == {
        QueueVoice(),
        QueueText(Channel.SMS, Role.PRIMARY),
        QueueText(Channel.SMS, Role.DEPUTY),
    }
    assert decision.callee.wanted == Role.PRIMARY
    assert decision.callee.next_at == 120 * SECOND
    assert decision.reason is Reason.RUNGS_MERGED


def test_a_rung_that_comes_due_meanwhile_only_adds_to_what_is_wanted(rules_of: Callable[..., Rules]) -> None:
    """A callee has at most one voice attempt queued or under way."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    decision = run(opened(0, rules), rules, (0, Due()), (180, Due()))
    assert decision.callee.voice is Voice.QUEUED
    assert decision.callee.wanted == Role.PRIMARY | Role.DEPUTY
    assert QueueVoice() not in decision.actions


def test_a_unit_without_the_role_of_a_rung_has_the_first_who_can_be_reached_called(
    rules_of: Callable[..., Rules],
) -> None:
    """A village with a B only is not left alone on A's rungs."""
    rules = rules_of("villages", Colour.RED, Role.DEPUTY)
    assert run(opened(0, rules), rules, (0, Due())).callee.wanted == Role.DEPUTY


def test_no_contact_at_all_is_said_at_once(rules_of: Callable[..., Rules]) -> None:
    """A superior without a usable endpoint: alarm, and what waits below opens; no waiting for the limit."""
    rules = replace(rules_of("counties", superior=True), reach=0)
    decision = run(opened(0, rules), rules, (0, Due()))
    assert decision.callee.state is S.UNCALLED
    assert set(decision.actions) == {RaiseAlarm("no_contact"), OpenBelow(Reason.SUPERIOR_WITHOUT_CONTACT)}
    assert decision.callee.next_at is not None


def test_the_limit_tells_not_called_from_not_answered(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """未呼 and 未应答 are two facts."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    waiting = run(opened(0, rules), rules, (0, Due()), (600, Due()))
    assert (waiting.callee.state, waiting.reason) == (S.UNCALLED, Reason.LIMIT_NOT_CALLED)
    called = run(listening(rules), rules, (35, ended(outcomes, "no_answer")), (600, Due()))
    assert (called.callee.state, called.reason) == (S.UNANSWERED, Reason.LIMIT_NOT_ANSWERED)


def test_not_called_becomes_not_answered_when_the_line_came(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """未呼 turns into 未应答 with the first call in vain, not with a provider's trouble."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    late = run(opened(0, rules), rules, (0, Due()), (600, Due()), (700, Dialled(Role.PRIMARY, 1, "phones"))).callee
    assert late.state is S.UNCALLED
    assert run(late, rules, (735, ended(outcomes, "no_answer"))).callee.state is S.UNANSWERED
    assert run(late, rules, (735, ended(outcomes, "provider_down"))).callee.state is S.UNCALLED


def test_heard_twice_stops_ringing_and_keeps_the_messages(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """接听未确认: voice ends, SMS repeats go on, an answer still counts."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    once = run(listening(rules), rules, (30, ended(outcomes, "heard_no_key")))
    assert (once.callee.state, once.reason) == (S.CALLING, Reason.HEARD_ONCE)
    twice = run(
        once.callee,
        rules,
        (120, Due()),
        (120, Dialled(Role.PRIMARY, 1, "phones")),
        (150, ended(outcomes, "heard_no_key")),
    )
    assert (twice.callee.state, twice.reason) == (S.UNCONFIRMED, Reason.HEARD_TWICE)
    later = run(twice.callee, rules, (1_620, Due()))
    assert QueueVoice() not in later.actions
    assert QueueText(Channel.SMS, Role.PRIMARY) in later.actions
    assert run(later.callee, rules, (1_700, Answered(Means.REPLY, Role.PRIMARY, 7))).callee.state is S.ACKNOWLEDGED


def test_who_answers_decides_what_it_is_worth(rules_of: Callable[..., Rules]) -> None:
    """A and B of an office acknowledge; its duty room opens the gate; the duty phone of a village relays."""
    office = rules_of("counties", superior=True)
    village = rules_of("villages")
    for role, rules, state in (
        (Role.PRIMARY, office, S.ACKNOWLEDGED),
        (Role.DEPUTY, office, S.ACKNOWLEDGED),
        (Role.DUTY, office, S.DUTY_ANSWERED),
        (Role.DEPUTY, village, S.ACKNOWLEDGED),
        (Role.DUTY, village, S.RELAYED),
        (None, village, S.ACKNOWLEDGED),
    ):
        assert step(opened(0, rules), Answered(Means.KEY, role, 9), 1, rules).callee.state is state


def test_an_answer_silences(rules_of: Callable[..., Rules]) -> None:
    """Promise 3: nothing wanted, nothing due, what rings is hung up, what waits below opens."""
    rules = rules_of("counties", superior=True)
    decision = run(listening(rules), rules, (20, Answered(Means.LINK, Role.DEPUTY, 8)))
    callee = decision.callee
    assert (callee.wanted, callee.next_at, callee.retry_at, callee.voice) == (0, None, None, Voice.NONE)
    assert set(decision.actions) == {Silence(), OpenBelow(Reason.SUPERIOR_ANSWERED)}
    assert callee.answered_at == 20 * SECOND


def test_the_duty_room_ends_the_fast_ladder_and_leaves_slow_calls_to_a(rules_of: Callable[..., Rules]) -> None:
    """After 10 then 20 min A is called, until A or B answers or the duty room has told its leader."""
    rules = rules_of("counties", superior=True)
    duty = run(opened(0, rules), rules, (0, Due()), (30, Answered(Means.KEY, Role.DUTY, 6))).callee
    assert duty.next_at == 630 * SECOND
    slow = run(duty, rules, (630, Due())).callee
    assert (slow.wanted, slow.next_at) == (Role.PRIMARY, 1_830 * SECOND)
    for event in (Answered(Means.KEY, Role.PRIMARY, 7), LeaderTold()):
        done = run(slow, rules, (700, event))
        assert done.callee.state is S.ACKNOWLEDGED
        assert not [one for one in done.actions if isinstance(one, OpenBelow)], "the gate is open already"


def test_heard_twice_by_a_does_not_undo_the_duty_rooms_answer(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """值班已应答 stays: the gate it opened is not in doubt."""
    rules = rules_of("counties")
    callee = run(opened(0, rules), rules, (30, Answered(Means.KEY, Role.DUTY, 6))).callee
    for second in (630, 1_830):
        callee = run(
            callee,
            rules,
            (second, Due()),
            (second, Dialled(Role.PRIMARY, 1, "phones")),
            (second + 30, ended(outcomes, "heard_no_key")),
        ).callee
    assert callee.state is S.DUTY_ANSWERED
    assert callee.next_at is not None


@pytest.mark.parametrize(("need", "answers"), [(1, 1), (2, 2), (0, 3)])
def test_any_n_or_all_of_a_units_receivers(rules_of: Callable[..., Rules], need: int, answers: int) -> None:
    """One who answers twice counts once; the unit stays open until its rule is met."""
    rules = replace(rules_of("villages", Colour.RED, *VILLAGE), need=need, answerers=3)
    callee = opened(0, rules)
    for receiver in range(1, answers):
        for _ in range(2):
            decision = step(callee, Answered(Means.KEY, Role.PRIMARY, receiver), 10, rules)
            assert decision.reason is Reason.ANSWERED_PARTLY
            callee = decision.callee
        assert callee.state is S.CALLING
    assert step(callee, Answered(Means.KEY, Role.DEPUTY, answers), 20, rules).callee.state is S.ACKNOWLEDGED


def test_busy_is_the_same_number_after_its_gap(rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]) -> None:
    """One minute later, not at once and not only at the next rung."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    busy = run(listening(rules), rules, (3, ended(outcomes, "busy"))).callee
    assert (busy.wanted, busy.next_at) == (0, 63 * SECOND)
    again = run(busy, rules, (63, Due()))
    assert (again.callee.wanted, again.reason) == (Role.PRIMARY, Reason.RETRY_DUE)
    twice = run(again.callee, rules, (63, Dialled(Role.PRIMARY, 1, "phones")), (66, ended(outcomes, "busy"))).callee
    assert (twice.wanted, twice.retry_at, twice.next_at) == (0, None, 120 * SECOND), "now the next rung"


@pytest.mark.parametrize(
    ("outcome", "verdict", "gap"), [("switched_off", Verdict.OFF, 300), ("empty_number", Verdict.DOUBTFUL, 600)]
)
def test_off_and_empty_try_elsewhere_now_and_this_one_later(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome], outcome: str, verdict: Verdict, gap: int
) -> None:
    """B now, A again when the gap is over; nothing is held against A before that."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    decision = run(listening(rules), rules, (3, ended(outcomes, outcome, others=Role.DEPUTY)))
    assert decision.callee.wanted == Role.DEPUTY
    assert QueueVoice() in decision.actions
    assert decision.callee.retry_at == (3 + gap) * SECOND
    assert decision.callee.memory_of(1) == Tried(1, 1, verdict, (3 + gap) * SECOND, "phones")
    assert not [one for one in decision.actions if isinstance(one, ReportFinding)]


def test_empty_a_second_time_is_permanent_and_a_finding(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """Networks lie in storms, but not twice ten minutes apart by two routes."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    callee = run(
        listening(rules),
        rules,
        (3, ended(outcomes, "empty_number")),
        (603, Due()),
        (603, Dialled(Role.PRIMARY, 1, "phones")),
    ).callee
    decision = run(callee, rules, (606, ended(outcomes, "suspended", others=Role.DEPUTY)))
    assert decision.callee.memory_of(1).verdict is Verdict.DEAD
    assert ReportFinding(1, "suspended") in decision.actions
    assert decision.callee.wanted & Role.DEPUTY


@pytest.mark.parametrize("outcome", ["provider_down", "number_limited"])
def test_a_providers_trouble_is_not_the_callees(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome], outcome: str
) -> None:
    """Another provider now; without one, soon again or the next rung: no callee loses its turn."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    other = run(listening(rules), rules, (1, ended(outcomes, outcome, other_route=True)))
    assert other.callee.voice is Voice.QUEUED
    assert other.callee.wanted == Role.PRIMARY
    alone = run(listening(rules), rules, (1, ended(outcomes, outcome)))
    assert alone.callee.memory_of(1).verdict is Verdict.USABLE
    assert alone.callee.next_at is not None
    assert alone.callee.next_at <= 120 * SECOND


def test_a_role_that_came_due_during_its_own_call_waits_a_minute(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """The gap before a retry counts from the end of the last attempt: nobody is called back to back."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    decision = run(listening(rules), rules, (120, Due()), (130, ended(outcomes, "no_answer")))
    assert decision.callee.wanted == 0
    assert decision.callee.retry_at == 190 * SECOND
    assert decision.callee.retry_roles == Role.PRIMARY


def test_a_lost_claim_wants_the_same_person_again(rules_of: Callable[..., Rules]) -> None:
    """Promise 4: of unknown fate, so called again; the attempt in the queue is the same one, not a new one."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    decision = run(listening(rules), rules, (30, Lost(Role.PRIMARY)))
    assert (decision.callee.voice, decision.callee.wanted) == (Voice.QUEUED, Role.PRIMARY)
    assert decision.actions == ()


def test_nobody_to_dial_now_leaves_the_ladder_standing(rules_of: Callable[..., Rules]) -> None:
    """The next rung comes; the callee is not forgotten (promise 1)."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    decision = run(opened(0, rules), rules, (0, Due()), (0, NotDialled()))
    assert (decision.callee.voice, decision.callee.wanted) == (Voice.NONE, 0)
    assert decision.callee.next_at == 120 * SECOND


def test_voice_ends_with_the_validity_and_messages_do_not(rules_of: Callable[..., Rules]) -> None:
    """After `voice_until` no call is asked for."""
    rules = replace(rules_of("villages", Colour.RED, *VILLAGE), voice_until=100 * SECOND)
    decision = run(opened(0, rules), rules, (100, Due()))
    assert QueueVoice() not in decision.actions
    assert QueueText(Channel.SMS, Role.PRIMARY) in decision.actions


def test_orange_voice_ends_after_two_hours(rules_of: Callable[..., Rules]) -> None:
    """Nights are long and lines scarce; the callee stays open and on the list."""
    rules = rules_of("villages", Colour.ORANGE, *VILLAGE)
    callee = run(opened(0, rules), rules, (7_199, Due())).callee
    assert callee.wanted
    late = run(replace(callee, voice=Voice.NONE, wanted=0), rules, (9_000, Due()))
    assert late.callee.wanted == 0
    assert late.callee.next_at is not None


def test_an_officers_recall_starts_the_ladder_again(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """After "turn your phone on" to the neighbour: from the foot, now, and a phone that was off is not held back."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    callee = run(listening(rules), rules, (3, ended(outcomes, "switched_off")), (600, Due())).callee
    decision = run(callee, rules, (610, Recalled()), (610, Due()))
    assert decision.callee.state is S.CALLING
    assert decision.callee.wanted & Role.PRIMARY
    assert decision.callee.unreached_at == 1_210 * SECOND
    assert decision.callee.memory_of(1).until <= 610 * SECOND


def test_waived_opens_what_waits_below(rules_of: Callable[..., Rules]) -> None:
    """免叫 counts as answered for the gate."""
    rules = rules_of("counties", superior=True)
    decision = run(opened(0, rules), rules, (9, Withdrawn(S.WAIVED, Reason.WAIVED)))
    assert set(decision.actions) == {Silence(), OpenBelow(Reason.WAIVED)}
    lifted = run(opened(0, rules), rules, (9, Withdrawn(S.STOPPED, Reason.LIFTED)))
    assert lifted.actions == (Silence(),)


def test_a_notice_is_sent_once_and_asks_for_nothing(rules_of: Callable[..., Rules]) -> None:
    """已告知: no voice, no deadline."""
    rules = replace(rules_of("villages", Colour.RED, *VILLAGE), notice=True)
    decision = run(opened(0, rules), rules, (0, Due()))
    assert decision.callee.state is S.INFORMED
    assert decision.callee.next_at is None
    assert QueueVoice() not in decision.actions


def test_after_a_standstill_the_rungs_to_come_keep_their_distance(rules_of: Callable[..., Rules]) -> None:
    """Woken at 290 s with A (120) and B (180) missed: one attempt now, and A's rung of 300 s comes two minutes later."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    late = run(opened(0, rules), rules, (0, Due()), (290, Due()))
    assert late.reason is Reason.RUNGS_MERGED
    assert late.callee.next_at == (290 + 120) * SECOND
    in_time = run(opened(0, rules), rules, (0, Due()), (150, Due()))
    assert in_time.callee.next_at == 180 * SECOND, "half a minute late is no standstill: no drift"


def test_two_hours_of_voice_end_what_comes_due_not_what_was_due(rules_of: Callable[..., Rules]) -> None:
    """Orange: missed for three hours, the merged attempt is made; what comes due after the two hours rings nobody."""
    rules = rules_of("villages", Colour.ORANGE, *VILLAGE)
    back = run(opened(0, rules), rules, (0, Due()), (3 * 3_600, Due()))
    assert QueueVoice() in back.actions
    assert back.callee.next_at is not None
    quiet = replace(back.callee, voice=Voice.NONE, wanted=0)
    later = run(quiet, rules, (back.callee.next_at // SECOND, Due()))
    assert later.actions == ()
    assert later.callee.wanted == 0


def test_a_retry_after_the_two_hours_rings_nobody(rules_of: Callable[..., Rules]) -> None:
    """Off at 1 h 59, its gap over at 2 h 04: that is after the limit."""
    rules = rules_of("villages", Colour.ORANGE, *VILLAGE)
    waiting = replace(
        run(opened(0, rules), rules, (0, Due()), (7_140, Due())).callee,
        voice=Voice.NONE,
        wanted=0,
        retry_at=7_440 * SECOND,
        retry_roles=int(Role.PRIMARY),
    )
    assert QueueVoice() not in run(waiting, rules, (7_440, Due())).actions


def empty(outcomes: Mapping[str, Outcome], route: str, *, alone: bool = False) -> Ended:
    """A's number is reported empty by a provider; whether there is another at all."""
    return Ended(outcomes["empty_number"], Role.PRIMARY, 1, route, alone=alone)


def doubtful(rules: Rules, outcomes: Mapping[str, Outcome]) -> Callee:
    """A's number was called empty by "one" at second 5 and is dialled again at 700, by whichever."""
    ringing = run(opened(0, rules), rules, (0, Due()), (0, Dialled(Role.PRIMARY, 1, "one"))).callee
    return run(ringing, rules, (5, empty(outcomes, "one"))).callee


@pytest.mark.parametrize(
    ("route", "alone", "verdict"),
    [("two", False, Verdict.DEAD), ("one", False, Verdict.DOUBTFUL), ("one", True, Verdict.DEAD)],
)
def test_empty_is_believed_when_a_second_network_says_so(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome], route: str, alone: bool, verdict: Verdict
) -> None:
    """The same one again proves nothing while there is another to ask."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    ringing = run(doubtful(rules, outcomes), rules, (700, Dialled(Role.PRIMARY, 1, route))).callee
    again = run(ringing, rules, (705, empty(outcomes, route, alone=alone)))
    assert again.callee.memory_of(1).verdict is verdict
    assert (ReportFinding(1, "empty_number") in again.actions) == (verdict is Verdict.DEAD)
    if verdict is Verdict.DOUBTFUL:
        assert again.callee.memory_of(1).until == (705 + 600) * SECOND
        assert again.callee.memory_of(1).route == "one"


def test_a_network_caught_lying_is_not_believed_again(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """The other one reached the phone: when the liar calls it empty once more, that is only a call in vain."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    rang = run(
        doubtful(rules, outcomes),
        rules,
        (700, Dialled(Role.PRIMARY, 1, "two")),
        (735, Ended(outcomes["no_answer"], Role.PRIMARY, 1, "two", alone=False)),
    ).callee
    assert (rang.memory_of(1).verdict, rang.memory_of(1).route) == (Verdict.CLEARED, "one")
    lied = run(rang, rules, (900, Dialled(Role.PRIMARY, 1, "one")), (905, empty(outcomes, "one"))).callee
    assert (lied.memory_of(1).verdict, lied.memory_of(1).until) == (Verdict.CLEARED, 0)


def test_a_missing_report_clears_nobody(rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]) -> None:
    """Only a phone that rang, was engaged or answered proves that the number is right."""
    rules = rules_of("villages", Colour.RED, *VILLAGE)
    ringing = run(doubtful(rules, outcomes), rules, (700, Dialled(Role.PRIMARY, 1, "two"))).callee
    quiet = run(ringing, rules, (880, Ended(outcomes["no_report"], Role.PRIMARY, 1, "two", alone=False)))
    assert quiet.callee.memory_of(1).verdict is Verdict.DOUBTFUL


def test_whoever_answers_a_notice_has_answered_it(rules_of: Callable[..., Rules]) -> None:
    """Promise 1 (storm county-97): a clerk's answer before the notice goes leaves nobody in a state that waits for more."""
    rules = replace(rules_of("villages", Colour.RED, *VILLAGE), notice=True)
    decision = run(opened(0, rules), rules, (0, Answered(Means.LINK, Role.DUTY, 7)))
    assert decision.callee.state is S.ACKNOWLEDGED


def test_what_must_be_claimed_rings_on_though_it_is_heard_out(
    rules_of: Callable[..., Rules], outcomes: Mapping[str, Outcome]
) -> None:
    """The bureau's own people: nobody stands above them to be told, so hearing twice ends nothing."""
    rules = replace(rules_of("villages", Colour.RED, *VILLAGE), until_claimed=True)
    decision = run(
        listening(rules),
        rules,
        (30, ended(outcomes, "heard_no_key")),
        (120, Due()),
        (120, Dialled(Role.PRIMARY, 1, "phones")),
        (150, ended(outcomes, "heard_no_key")),
        (180, Due()),
    )
    assert decision.callee.state is S.CALLING
    assert decision.callee.voice is Voice.QUEUED


def test_somebody_added_to_a_unit_that_is_only_told_is_written_to(rules_of: Callable[..., Rules]) -> None:
    """A notice rings nobody, however late the person comes into the list (storm both-334)."""
    rules = replace(rules_of("villages", Colour.RED, *VILLAGE), notice=True)
    added = ContactAdded(Role.PRIMARY, voice=True, texts=((Channel.SMS, 7),), first=False)
    decision = run(opened(0, rules), rules, (0, added))
    assert QueueVoice() not in decision.actions
    assert decision.callee.voice is Voice.NONE


def test_a_call_that_is_under_way_when_the_duty_room_answers_is_the_only_one(rules_of: Callable[..., Rules]) -> None:
    """One voice attempt at a time (storm strict-22): who is added now is called when that call has ended."""
    office = (*VILLAGE, Role.DUTY)
    rules = rules_of("counties", Colour.RED, *office)
    ringing = run(opened(0, rules), rules, (0, Due()), (0, Dialled(Role.DUTY, 3, "phones"))).callee
    answered = run(ringing, rules, (5, Answered(Means.LINK, Role.DUTY, 7))).callee
    assert (answered.state, answered.voice) == (S.DUTY_ANSWERED, Voice.LIVE)
    added = run(answered, rules, (6, ContactAdded(Role.PRIMARY, voice=True)))
    assert QueueVoice() not in added.actions
    assert added.callee.wanted == Role.PRIMARY


def test_the_duty_room_that_has_answered_is_not_called_again_for_a_lost_claim(rules_of: Callable[..., Rules]) -> None:
    """Whether its phone rang is unknown and does not matter any more; a lost call to A is made again."""
    rules = rules_of("counties", Colour.RED, *VILLAGE, Role.DUTY)
    ringing = run(opened(0, rules), rules, (0, Due()), (0, Dialled(Role.DUTY, 3, "phones"))).callee
    answered = run(ringing, rules, (5, Answered(Means.LINK, Role.DUTY, 7))).callee
    assert run(answered, rules, (30, Lost(Role.DUTY))).callee.voice is Voice.NONE
    assert run(answered, rules, (30, Lost(Role.PRIMARY))).callee.voice is Voice.QUEUED
