"""Somebody is added to a unit in mid-storm: what that makes of its callee."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from warning_dispatch.escalation.callee import opened, step
from warning_dispatch.escalation.moves import ContactAdded, Due, QueueText, QueueVoice, Step
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, Voice
from warning_dispatch.model.unit import Channel, Role

S = CalleeState
SECOND = 1_000
NEW_SMS = ((Channel.SMS, 77),)
RulesOf = Callable[..., Rules]


def added(callee: Callee, rules: Rules, second: int, *, role: Role = Role.DEPUTY, first: bool = False) -> Step:
    """Somebody with a mobile is added at that second."""
    event = ContactAdded(role, voice=True, texts=NEW_SMS, first=first)
    return step(callee, event, second * SECOND, rules)


def test_a_unit_nobody_could_reach_starts_its_ladder(rules_of: RulesOf) -> None:
    """UNCALLED for want of a number: from the foot, with a limit of its own again."""
    nobody = replace(rules_of("villages"), reach=0)
    alone = step(opened(0, nobody), Due(), 0, nobody).callee
    assert alone.state is S.UNCALLED
    rules = rules_of("villages", Colour.RED, Role.DEPUTY)
    decision = added(alone, rules, 900, first=True)
    assert (decision.callee.state, decision.reason) == (S.CALLING, Reason.CONTACT_ADDED)
    assert decision.callee.next_at == 900 * SECOND
    rung = step(decision.callee, Due(), 900 * SECOND, rules)
    assert rung.callee.wanted == Role.DEPUTY
    assert QueueVoice() in rung.actions


def test_after_the_validity_it_is_only_written_to(rules_of: RulesOf) -> None:
    """待解除: voice has stopped; a person added now learns of it all the same."""
    rules = replace(rules_of("villages"), voice_until=800 * SECOND)
    alone = replace(opened(0, rules), state=S.UNCALLED, unreached_at=None, next_at=None)
    decision = added(alone, rules, 900, first=True)
    assert (decision.callee.state, decision.callee.voice) == (S.UNCALLED, Voice.NONE)
    assert decision.actions == (QueueText(Channel.SMS, Role.DEPUTY, 77),)


def test_one_being_called_gets_another_choice_now(rules_of: RulesOf) -> None:
    """No call under way: one is asked for; the message goes to the new phone only."""
    rules = rules_of("villages")
    quiet = replace(opened(0, rules), calls=1, next_at=120 * SECOND)
    decision = added(quiet, rules, 60)
    assert decision.callee.wanted == Role.DEPUTY
    assert decision.actions == (QueueText(Channel.SMS, Role.DEPUTY, 77), QueueVoice())
    assert decision.callee.next_at == 120 * SECOND


@pytest.mark.parametrize("voice", [Voice.QUEUED, Voice.LIVE])
def test_never_two_calls_at_once(rules_of: RulesOf, voice: Voice) -> None:
    """A call that waits or rings already goes on; the new one is wanted after it, or instead."""
    rules = rules_of("villages")
    busy = replace(opened(0, rules), voice=voice, wanted=Role.PRIMARY if voice is Voice.QUEUED else 0)
    decision = added(busy, rules, 60)
    assert QueueVoice() not in decision.actions
    assert decision.callee.wanted & Role.DEPUTY


def test_called_in_vain_stays_on_the_list_until_somebody_answers(rules_of: RulesOf) -> None:
    """A number is no answer."""
    rules = rules_of("villages")
    decision = added(replace(opened(0, rules), state=S.UNANSWERED, calls=3), rules, 900)
    assert decision.callee.state is S.UNANSWERED
    assert QueueVoice() in decision.actions


def test_one_that_only_listened_is_asked_anew(rules_of: RulesOf) -> None:
    """Ringing had stopped; there is somebody else to ask now, with a limit again."""
    rules = rules_of("villages")
    heard = replace(opened(0, rules), state=S.UNCONFIRMED, heard=2, unreached_at=None, calls=2)
    decision = added(heard, rules, 900)
    assert (decision.callee.state, decision.callee.heard) == (S.CALLING, 0)
    assert decision.callee.unreached_at == 900 * SECOND + rules.ladder.unreached_after
    assert QueueVoice() in decision.actions


@pytest.mark.parametrize(("role", "called"), [(Role.PRIMARY, True), (Role.DUTY, False)])
def test_after_the_duty_room_only_an_answering_person_is_called(rules_of: RulesOf, role: Role, called: bool) -> None:
    """The gate is open; another duty phone would add nothing."""
    rules = rules_of("counties")
    decision = added(replace(opened(0, rules), state=S.DUTY_ANSWERED), rules, 900, role=role)
    assert (QueueVoice() in decision.actions) is called


def test_a_mail_address_is_written_to_where_the_ladder_writes_mails(rules_of: RulesOf) -> None:
    """The shipped ladders send none: nothing is queued that the plan does not know."""
    rules = rules_of("villages")
    event = ContactAdded(Role.DEPUTY, voice=False, texts=((Channel.EMAIL, 78),))
    decision = step(replace(opened(0, rules), state=S.UNANSWERED), event, 900 * SECOND, rules)
    assert decision.actions == ()
