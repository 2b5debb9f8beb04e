"""What an officer may do to a running call-out: each act with actor and reason, each in the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"
OPENED = 300
TEN_MINUTES = 600


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A red warning ten seconds after the villages' gates opened; nobody answers."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    return place


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("officer", ""), ("  ", "why"), ("officer", " \t")])
def test_every_act_needs_an_actor_and_a_reason(place: Any, act: Act, actor: str, reason: str) -> None:
    """Without them nothing happens and nothing is written."""
    before = place.journal_entries()
    with pytest.raises(RefusedError, match="actor and a reason"):
        place.engine.act(place.clock.now(), act, 1, actor=actor, reason=reason, unit_code=VILLAGE)
    assert place.journal_entries() == before
    assert place.callout_state() is CallOutState.RUNNING


@pytest.mark.parametrize("act", list(Act))
def test_an_act_on_what_is_not_there_is_refused(place: Any, act: Act) -> None:
    """No such call-out, no such unit in it: a clear word, nothing changed."""
    with pytest.raises(NotFoundError, match="no call-out 9"):
        place.act(act, callout_id=9, unit=VILLAGE)
    if act in (Act.RECALL, Act.WAIVE, Act.TOLD_LEADER):
        with pytest.raises(NotFoundError, match="141199"):
            place.act(act, unit="141199")


def test_acts_are_in_the_journal(place: Any) -> None:
    """Who did what to whom, and why: the legal record."""
    place.act(Act.WAIVE, unit=VILLAGE, reason="全村已转移")
    (entry,) = [one for one in place.journal_entries() if one["k"] == "act"]
    assert (entry["act"], entry["actor"], entry["why"], entry["unit"]) == ("waive", "officer", "全村已转移", VILLAGE)


def test_ack(place: Any) -> None:
    """The officer spoke with them: what rings is hung up, no further call."""
    place.record_answer(VILLAGE)
    place.play(seconds=3_600)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert len(place.rings(VILLAGE)) == 1


def test_waive(place: Any) -> None:
    """免叫: taken off, counted as answered, never called again."""
    place.act(Act.WAIVE, unit=VILLAGE)
    place.play(seconds=3_600)
    assert place.state(VILLAGE) is CalleeState.WAIVED
    assert len(place.rings(VILLAGE)) == 1
    assert place.query("SELECT answered FROM branch WHERE tier = 4") == [(1,)]


def test_recall(place: Any) -> None:
    """再次呼叫: the ladder starts again from its foot, also for one that had been given up as 未确认."""
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.HEARS)
    place.play(seconds=900)
    assert place.state(VILLAGE) is CalleeState.UNCONFIRMED
    now = place.elapsed
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.NEVER)
    place.act(Act.RECALL, unit=VILLAGE, reason="邻村说他醒了")
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert place.query("SELECT unreached FROM branch WHERE tier = 4") == [(1,)]
    place.play(seconds=200)
    assert [at - now for at in place.rings(VILLAGE) if at >= now] == [0, 120, 180]


def test_told_leader_is_for_an_office_whose_duty_room_answered(place: Any) -> None:
    """It is no way to acknowledge a village."""
    with pytest.raises(RefusedError, match="CALLING"):
        place.act(Act.TOLD_LEADER, unit=VILLAGE)
    assert place.state(VILLAGE) is CalleeState.CALLING


def test_what_has_finished_cannot_be_waived_or_recalled(place: Any) -> None:
    """An answer stands."""
    place.record_answer(VILLAGE)
    for act in (Act.WAIVE, Act.RECALL):
        with pytest.raises(RefusedError, match="ACKNOWLEDGED"):
            place.act(act, unit=VILLAGE)


# --- pause ------------------------------------------------------------------------------------------------


def test_pause_lets_nothing_new_out(place: Any) -> None:
    """暂停: whoever is on the phone may finish; no new call, no new message, no gate."""
    place.act(Act.PAUSE, reason="发错区域，核实中")
    assert place.callout_state() is CallOutState.PAUSED
    handed = len(place.network.handed)
    place.play(seconds=TEN_MINUTES - 1)
    assert len(place.network.handed) == handed


def test_a_pause_ends_by_itself_after_ten_minutes_with_an_alarm(place: Any) -> None:
    """An officer who falls asleep does not silence a night; each open callee gets one attempt, not a burst."""
    before = len(place.rings(VILLAGE))
    place.act(Act.PAUSE, reason="核实中")
    place.play(seconds=TEN_MINUTES + 1)
    assert place.callout_state() is CallOutState.RUNNING
    assert "pause_over" in place.alarms()
    assert len(place.rings(VILLAGE)) == before + 1


def test_resume(place: Any) -> None:
    """Sooner, by hand: calls go on at once, without an alarm."""
    place.act(Act.PAUSE)
    place.play(seconds=130)
    place.act(Act.RESUME)
    before = len(place.rings(VILLAGE))
    place.play(seconds=5)
    assert place.callout_state() is CallOutState.RUNNING
    assert len(place.rings(VILLAGE)) == before + 1
    place.play(seconds=TEN_MINUTES)
    assert "pause_over" not in place.alarms()


def test_an_answer_counts_during_a_pause(place: Any) -> None:
    """People do not know of it."""
    place.act(Act.PAUSE)
    assert place.tap(place.token_for(VILLAGE, Role.DEPUTY)) == 1
    place.act(Act.RESUME)
    place.play(seconds=600)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert len(place.rings(VILLAGE)) == 1


def test_a_gate_whose_hold_ends_during_a_pause_opens_after_it(town: Callable[..., Any]) -> None:
    """Nothing is forgotten over a pause (promise 1)."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=30)
    place.act(Act.PAUSE)
    place.play(seconds=300)
    assert place.opened("141121") is None
    place.act(Act.RESUME)
    place.play(seconds=1)
    assert place.opened("141121") == 330


@pytest.mark.parametrize("act", [Act.PAUSE, Act.RESUME])
def test_pausing_twice_or_resuming_what_runs_is_refused(place: Any, act: Act) -> None:
    """The second officer is told how it stands."""
    if act is Act.PAUSE:
        place.act(Act.PAUSE)
    with pytest.raises(RefusedError):
        place.act(act)


# --- ends -------------------------------------------------------------------------------------------------


def test_cancel(place: Any) -> None:
    """解除: everything stops, those who had been contacted get the all-clear."""
    place.act(Act.CANCEL, reason="误发")
    assert place.callout_state() is CallOutState.CANCELLED
    assert place.queued() == 0
    place.play(seconds=600)
    assert place.state(VILLAGE) is CalleeState.STOPPED
    assert Purpose.ALL_CLEAR in {purpose for _, _, purpose in place.texts_to(VILLAGE)}


def test_close(place: Any) -> None:
    """办结: everything stops, and nobody is told that the danger is over."""
    place.act(Act.CLOSE, reason="转人工")
    assert place.callout_state() is CallOutState.CLOSED
    handed = len(place.network.handed)
    place.play(seconds=3_600)
    assert place.state(VILLAGE) is CalleeState.STOPPED
    assert len(place.network.handed) == handed


@pytest.mark.parametrize("act", [Act.PAUSE, Act.RESUME, Act.CANCEL, Act.CLOSE])
def test_what_is_over_takes_no_further_act(place: Any, act: Act) -> None:
    """A closed call-out stays closed."""
    place.act(Act.CLOSE)
    with pytest.raises(RefusedError, match="CLOSED"):
        place.act(act)
    assert place.callout_state() is CallOutState.CLOSED


def test_when_everybody_has_answered_it_is_complete(town: Callable[..., Any]) -> None:
    """COMPLETE by itself; no deadline is left."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    for (code,) in place.query("SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id"):
        place.record_answer(code)
    assert place.callout_state() is CallOutState.COMPLETE
    assert place.query("SELECT count(*) FROM callee WHERE next_at IS NOT NULL") == [(0,)]
    place.play(seconds=60)
    assert place.rings(VILLAGE) == []
