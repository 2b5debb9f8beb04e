"""Somebody is added in mid-storm: in the register from now on, and called at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role
from warning_dispatch.model.views import AddedReceiver
from warning_dispatch.simulation.population import Script, TextHabit, VoiceHabit
from warning_dispatch.store.database import reading
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.snapshot import fold_faults

RED_CITY = "12379-red-rain-city.xml"
COUNTY, TOWNSHIP, VILLAGE = "141121", "141121100", "141121100200"
NEW = "+8626017777777"
OPENED = 300
ANSWERS = Script((VoiceHabit.ANSWERS,), (TextHabit.IGNORES,))


def person(unit: str = VILLAGE, role: Role = Role.DEPUTY, number: str = NEW, name: str = "新来的") -> ReceiverEntry:
    """Somebody with a mobile."""
    both = (EndpointEntry(Channel.VOICE, number), EndpointEntry(Channel.SMS, number))
    return ReceiverEntry(unit, role, name, "", "zh_CN", both, sample=True)


def add(place: Any, entry: ReceiverEntry | None = None, callout_id: int = 1) -> AddedReceiver:
    """The officer adds this person now."""
    done = place.engine.add_receiver(
        place.clock.now(), callout_id, entry or person(), actor="officer", reason="镇里报来新号码"
    )
    result: AddedReceiver = done.result
    return result


def rings_of(place: Any, number: str = NEW) -> int:
    """How often the new phone has rung."""
    return sum(one.address == number and one.channel is Channel.VOICE for one in place.network.handed)


def without_anybody(town: Callable[..., Any], unit: str, **more: Any) -> Any:
    """A town in which one unit has nobody who could be reached, some minutes after its gate opened."""
    place = town(counties=1, townships=1, without=[(unit, role) for role in Role], **more)
    place.network.set_script(NEW, ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 60)
    assert place.state(unit) is CalleeState.UNCALLED
    return place


def test_a_village_without_a_number_gets_one(town: Callable[..., Any]) -> None:
    """未呼 for want of contact: its ladder starts, the phone rings within the second, and the answer counts."""
    place = without_anybody(town, VILLAGE)
    now = place.elapsed
    assert add(place).called == (1,)
    assert place.state(VILLAGE) is CalleeState.CALLING
    place.play(seconds=60)
    assert place.rings(VILLAGE) == [now]
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert [at for at, _, _ in place.texts_to(VILLAGE)] == [now]


def test_a_superior_without_contact_gets_one(town: Callable[..., Any]) -> None:
    """Its villages were opened at once; now the township itself is called, and its list comes back to it."""
    place = without_anybody(town, TOWNSHIP)
    assert place.opened(VILLAGE) is not None
    add(place, person(TOWNSHIP, Role.PRIMARY))
    place.play(seconds=60)
    assert place.state(TOWNSHIP) is CalleeState.ACKNOWLEDGED
    assert place.query("SELECT unreached FROM branch WHERE tier = 3") == [(0,)]


def test_one_being_called_gets_another_choice(town: Callable[..., Any]) -> None:
    """A does not answer; B's new colleague is called as soon as A's phone stops ringing, and nobody else is written to."""
    place = town(counties=1, townships=1)
    place.network.set_script(NEW, ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    messages = len(place.texts_to(VILLAGE))
    assert add(place).called == (1,)
    place.play(seconds=80)
    assert rings_of(place) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert len(place.texts_to(VILLAGE)) == messages + 1
    assert any(one.address == NEW and one.channel is Channel.SMS for one in place.network.handed)


def test_called_in_vain_and_now_somebody_answers(town: Callable[..., Any]) -> None:
    """未应答, between two rungs: the new phone rings now, not at the next rung."""
    place = town(counties=1, townships=1)
    place.network.set_script(NEW, ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    now = place.elapsed
    add(place)
    place.play(seconds=60)
    assert now in place.rings(VILLAGE)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_a_new_number_of_a_known_person_comes_first(town: Callable[..., Any]) -> None:
    """The same role and name is the same person; the old number stays as the second choice."""
    place = town(counties=1, townships=1)
    place.network.set_script(NEW, ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    people = place.query("SELECT count(*) FROM receiver")
    add(place, person(role=Role.PRIMARY, name=f"样本{VILLAGE}primary"))
    assert place.query("SELECT count(*) FROM receiver") == people
    place.play(seconds=60)
    assert rings_of(place) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_the_register_keeps_it_sealed(town: Callable[..., Any]) -> None:
    """It is there for the next call-out; name and number lie there encrypted, and in no journal."""
    place = without_anybody(town, VILLAGE)
    added = add(place)
    with reading(place.database) as connection:
        register = stored_register(connection, place.sealer)
        assert fold_faults(connection) == []
    assert person() in register.receivers
    sealed = place.query("SELECT name_sealed FROM receiver WHERE id = ?", added.receiver_id)[0][0]
    assert "新来的".encode() not in bytes(sealed)
    for stream in ("register", "callout:1"):
        (entry,) = [one for one in place.journal_entries(stream) if one["k"] == "receiver.added"]
        assert (entry["receiver"], entry["actor"], entry["why"]) == (added.receiver_id, "officer", "镇里报来新号码")
        assert len(entry["endpoints"]) == added.endpoints == 2
    told = str(place.journal_entries("register")) + str(place.journal_entries())
    assert "新来的" not in told
    assert NEW[3:] not in told


def test_a_unit_whose_gate_is_shut_or_that_has_answered_is_not_called(town: Callable[..., Any]) -> None:
    """In the register, yes; a call only where one is due."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=1)
    assert add(place).called == ()
    assert place.state(VILLAGE) is CalleeState.WAITING
    place.record_answer(COUNTY)
    assert add(place, person(COUNTY, Role.PRIMARY, "+8626017777778")).called == ()
    place.play(seconds=60)
    assert rings_of(place) == rings_of(place, "+8626017777778") == 0


def test_during_a_pause_nothing_is_dialled(town: Callable[..., Any]) -> None:
    """It is called when the pause is over, once."""
    place = without_anybody(town, VILLAGE)
    place.act(Act.PAUSE)
    add(place)
    place.play(seconds=30)
    assert rings_of(place) == 0
    place.act(Act.RESUME)
    place.play(seconds=60)
    assert rings_of(place) == 1


def test_what_is_there_already_is_refused(town: Callable[..., Any]) -> None:
    """Nothing changed, nothing called, nothing in the journal."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    add(place)
    before, calls = place.journal_entries("register"), rings_of(place)
    with pytest.raises(RefusedError, match="already"):
        add(place)
    assert place.journal_entries("register") == before
    assert rings_of(place) == calls


@pytest.mark.parametrize("act", [Act.CANCEL, Act.CLOSE])
def test_a_call_out_that_is_over_takes_nobody(town: Callable[..., Any], act: Act) -> None:
    """A clear sentence; the register is for `contacts` then."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.act(act)
    with pytest.raises(RefusedError, match="over"):
        add(place)
    assert place.query("SELECT count(*) FROM number WHERE blind_index = ?", place.sealer.blind_index(NEW)) == [(0,)]


def test_every_other_act_on_what_is_over_is_refused_too(town: Callable[..., Any]) -> None:
    """Nobody opens a gate or waives on a call-out that was lifted; what somebody says is still recorded."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.act(Act.CANCEL)
    entries = place.journal_entries()
    for act in (Act.RECALL, Act.WAIVE, Act.OPEN_GATE, Act.PAUSE, Act.RESUME, Act.TOLD_LEADER, Act.CLOSE, Act.CANCEL):
        with pytest.raises(RefusedError, match=r"已解除.*CANCELLED"):
            place.act(act, unit=VILLAGE if act is not Act.OPEN_GATE else "")
    assert place.journal_entries() == entries
    place.record_answer(VILLAGE)
    assert place.state(VILLAGE) is CalleeState.STOPPED


def test_only_a_unit_of_the_call_out_with_actor_and_reason(town: Callable[..., Any]) -> None:
    """The three ways to hold it wrong; nothing is written."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    with pytest.raises(NotFoundError, match="141199"):
        add(place, person("141199"))
    with pytest.raises(NotFoundError, match="no call-out 9"):
        add(place, callout_id=9)
    for actor, reason in (("", "why"), ("officer", " ")):
        with pytest.raises(RefusedError, match="actor and a reason"):
            place.engine.add_receiver(place.clock.now(), 1, person(), actor=actor, reason=reason)
    assert place.journal_entries("register") == []


def test_in_every_call_out_of_the_unit(town: Callable[..., Any]) -> None:
    """Two warnings are out; the person is added for one of them and called for whatever the unit is called for."""
    place = without_anybody(town, VILLAGE)
    snow = place.message("12379-red-rain-city.xml", eventType="11B04", headline="吕梁市气象台发布暴雪红色预警信号")
    callouts = place.take_in(snow).callouts
    assert callouts != (1,)
    place.play(seconds=OPENED + 60)
    assert set(add(place).called) == {1, *callouts}
