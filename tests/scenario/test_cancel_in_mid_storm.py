"""A cancel stops: at once, everything, and only those who had been contacted hear of it (promise 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
RED_COUNTIES = "12379-red-rain-counties.xml"
CANCEL = "12379-red-rain-city-cancel.xml"
MIDDLE = 316
"""Seconds after the start: the villages' phones ring, and more wait than there are lines."""


@pytest.fixture
def storm(town: Callable[..., Any]) -> Any:
    """Few lines, few messages a minute, much to say; nobody has answered yet."""
    people = Population.everyone(VoiceHabit.HEARS, TextHabit.IGNORES)
    place = town(counties=2, townships=2, villages=3, lines=8, sms_rate=60, population=people)
    place.warning(RED_CITY)
    place.play(seconds=MIDDLE)
    assert place.queued() > 0
    assert place.network.calls_in_progress == 8
    return place


def cancel(place: Any) -> Any:
    """The bureau lifts the warning."""
    return place.take_in(place.message(CANCEL, references=place.identifier()))


def test_nothing_queued_remains(storm: Any) -> None:
    """With the commit of the cancel the queue is empty; nothing is called afterwards."""
    handed = len(storm.network.handed)
    result = cancel(storm)
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (1,))
    assert storm.callout_state() is CallOutState.CANCELLED
    assert storm.queued() == 0
    storm.play(seconds=3_600)
    assert {one.purpose for one in storm.network.handed[handed:]} == {Purpose.ALL_CLEAR}
    assert storm.query("SELECT count(*) FROM callee WHERE next_at IS NOT NULL") == [(0,)]


def test_what_rings_is_hung_up_and_who_listens_is_not_cut_off(storm: Any) -> None:
    """Phones stop ringing at that moment; those who have picked up hear the call to its end."""
    ringing = storm.network.ringing()
    listening = storm.network.calls_in_progress - len(ringing)
    assert ringing
    assert listening
    cancel(storm)
    assert storm.network.ringing() == frozenset()
    assert storm.network.calls_in_progress == listening
    storm.play(seconds=60)
    heard = [one for one in storm.log.records() if one.what == carrier_log.ENDED + "heard_no_key"]
    assert len([one for one in heard if one.at >= storm.clock.now() - 60_000]) == listening


def test_the_all_clear_goes_to_those_who_were_contacted_and_to_nobody_else(storm: Any) -> None:
    """One SMS for each mobile that had been called or written to, without asking for an answer."""
    reached = {(code, role) for (code, role) in storm.numbers if _contacted(storm, code, role)}
    assert reached
    cancel(storm)
    storm.play(seconds=600)
    told = {
        (code, role)
        for code in {code for code, _ in storm.numbers}
        for _, role, purpose in storm.texts_to(code)
        if purpose == Purpose.ALL_CLEAR
    }
    assert told == {(code, role) for code, role in reached if role is not Role.DUTY}
    assert len(told) < len(storm.numbers)


def _contacted(place: Any, code: str, role: Role) -> bool:
    return bool(place.dispatches(code, role)) or any(role is one for _, one, _ in place.texts_to(code))


def test_no_unit_stays_open(storm: Any) -> None:
    """Called, waiting or listed: each is STOPPED; counts are right."""
    storm.record_answer("141121")
    cancel(storm)
    assert storm.state("141121") is CalleeState.ACKNOWLEDGED
    assert storm.state("141122") is CalleeState.STOPPED
    states = storm.query("SELECT count(*) FROM callee WHERE state NOT IN (8, 11)")
    assert states == [(0,)]
    assert storm.query("SELECT total - finished FROM callout") == [(0,)]


def test_later_answers_are_recorded_and_change_nothing(storm: Any) -> None:
    """A tap an hour later is kept with its moment; nobody is called or stopped because of it."""
    cancel(storm)
    storm.play(seconds=3_600)
    assert storm.tap(storm.token_for("141121100200", Role.PRIMARY)) == 0
    storm.record_answer("141122", means=Means.SUPERIOR)
    assert storm.answers("141121100200") == [(Means.LINK, False)]
    assert storm.answers("141122") == [(Means.SUPERIOR, False)]
    assert storm.state("141121100200") is CalleeState.STOPPED
    assert storm.callout_state() is CallOutState.CANCELLED


def test_a_refused_message_does_not_come_back_after_the_cancel(storm: Any) -> None:
    """A text the carrier refused in the same moment is not put back into the queue."""
    storm.network.set_outage(Channel.SMS, "temporarily_refused")
    storm.clock.advance_to(storm.clock.now() + 2_000)
    batch = storm.stage.round().batch
    assert [one for one in batch if one.channel is Channel.SMS], "the refusals are on their way to us"
    cancel(storm)
    storm.stage.round()
    assert storm.queued() == 0


def test_a_second_cancel_does_nothing_more(storm: Any) -> None:
    """Nobody gets two all-clears."""
    cancel(storm)
    storm.play(seconds=60)
    sent = len(storm.network.handed)
    assert storm.take_in(storm.message(CANCEL, references=storm.identifier())).disposition is Disposition.STORED
    storm.play(seconds=600)
    all_clears = [one for one in storm.network.handed[sent:] if one.purpose is not Purpose.ALL_CLEAR]
    assert all_clears == []
    addresses = [one.address for one in storm.network.handed if one.purpose is Purpose.ALL_CLEAR]
    assert len(addresses) == len(set(addresses))


def test_a_cancel_of_somebody_else_stops_nothing(storm: Any) -> None:
    """A county's cancel naming the city's warning ends its own chain only."""
    raw = storm.message(CANCEL, references=storm.identifier(), senderCode="14112441600000")
    assert storm.take_in(raw).disposition is Disposition.STORED
    assert storm.callout_state() is CallOutState.RUNNING


def test_a_practised_cancel_stops_nothing(storm: Any) -> None:
    """A Cancel with status Test must not silence a real night."""
    raw = storm.message(CANCEL, references=storm.identifier(), status="Test")
    assert storm.take_in(raw).disposition is Disposition.STORED
    assert storm.callout_state() is CallOutState.RUNNING
    storm.play(seconds=5)
    update = storm.message(RED_CITY, msgType="Update", references=storm.identifier())
    assert storm.take_in(update).disposition is Disposition.ACCEPTED


def test_a_cancel_that_comes_before_its_warning_leaves_a_tombstone(town: Callable[..., Any]) -> None:
    """The late parent is kept and wakes nobody."""
    place = town()
    warning = place.message(RED_CITY)
    place.play(seconds=30)
    result = place.take_in(place.message(CANCEL, references=place.identifier()))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    late = place.take_in(warning)
    assert (late.disposition, late.callouts) == (Disposition.STORED, ())
    assert "chain_has_ended" in late.reasons
    place.play(seconds=600)
    assert place.network.handed == []


def test_a_cancel_of_the_unknown_is_kept(town: Callable[..., Any]) -> None:
    """Nothing to stop: stored with the reason, no call-out touched."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=5)
    result = place.take_in(place.message(CANCEL, references="14110041600000_20200101000000"))
    assert result.disposition is Disposition.STORED
    assert "cancel_of_unknown" in result.reasons
    assert place.callout_state() is CallOutState.RUNNING
