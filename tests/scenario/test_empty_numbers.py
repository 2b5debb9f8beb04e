"""空号、停机: networks lie in storms, so one is not believed. The second time, by another route, is for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, Role, reachable_roles
from warning_dispatch.simulation.faults import Faults, Outage
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.database import writing
from warning_dispatch.store.register import restore_endpoints

RED_CITY = "12379-red-rain-city.xml"
VILLAGE, NEIGHBOUR, THIRD = "141121100200", "141121100201", "141121100202"
OPENED = 300
A, B = Role.PRIMARY, Role.DEPUTY
EMPTY, NEVER = VoiceHabit.EMPTY, VoiceHabit.NEVER
START = 1_784_727_180_000
"""As in conftest.py."""
FAR = START + 10**10


def routes(place: Any, code: str, role: Role) -> list[str]:
    """By which providers a person was called, in order."""
    return [one.route for one in place.dispatches(code, role)]


def calls(place: Any, code: str, role: Role) -> list[float]:
    """Seconds after the gate, as the carrier has it."""
    return [at - OPENED for at in place.rang(code, role)]


def reach(place: Any, code: str) -> int:
    """Roles that can be called."""
    return reachable_roles(int(place.query("SELECT reach FROM unit WHERE code = ?", code)[0][0]), Channel.VOICE)


def lying(route: str, minutes: float = 10**6, *, start: int = START) -> Outage:
    """A provider that calls every number empty."""
    return Outage(Channel.VOICE, start, start + int(minutes * 60_000), "empty_number", route)


def built(town: Callable[..., Any], *habits: VoiceHabit, outages: Sequence[Outage] = (), **more: Any) -> Any:
    """One township; A of the first village does this, call by call. Nobody else answers."""
    faults = Faults(outages=tuple(outages)) if outages else None
    place = town(counties=1, townships=1, villages=3, faults=faults, **more)
    if habits:
        place.person(VILLAGE, A, *habits)
    place.warning(RED_CITY)
    return place


def test_the_second_try_goes_by_the_other_provider(town: Callable[..., Any]) -> None:
    """B at once, A again after ten minutes by the other; called empty there too, it is a finding and rings no more."""
    place = built(town, EMPTY, spare_route=True)
    place.play(seconds=OPENED + 2 * 3_600)
    first, second = routes(place, VILLAGE, A)
    assert first != second
    again = calls(place, VILLAGE, A)[1]
    assert 600 <= again < 660
    assert calls(place, VILLAGE, B)[0] == pytest.approx(3, abs=3)
    assert place.findings() == [(VILLAGE, A, "empty_number")]
    assert reach(place, VILLAGE) == B


@pytest.mark.parametrize("then", [NEVER, VoiceHabit.BUSY, VoiceHabit.HEARS, VoiceHabit.REJECTS, VoiceHabit.COLOUR_RING])
def test_a_number_that_the_other_provider_reaches_is_no_finding(town: Callable[..., Any], then: VoiceHabit) -> None:
    """It rang there: the number is right. It goes on being called, and one more lie later does not undo that."""
    place = built(town, EMPTY, then, EMPTY, NEVER, spare_route=True)
    place.play(seconds=OPENED + 2 * 3_600)
    assert place.findings() == []
    assert len(calls(place, VILLAGE, A)) > 3
    assert reach(place, VILLAGE) == A | B


def test_a_whole_provider_that_lies(town: Callable[..., Any]) -> None:
    """All numbers "empty" by one of two: every phone rings by the other, and the register keeps every number."""
    place = built(town, outages=[lying("phones")], spare_route=True)
    place.play(seconds=OPENED + 3_600)
    assert place.findings() == []
    for code in (VILLAGE, NEIGHBOUR, THIRD):
        assert place.rang(code, A)
        assert place.rang(code, B)
        assert set(routes(place, code, A)[-2:]) == {"spare"}


def test_with_one_provider_it_is_asked_once_more(town: Callable[..., Any]) -> None:
    """There is nobody else to ask: twice in ten minutes by the same one is believed."""
    place = built(town, EMPTY)
    place.play(seconds=OPENED + 590)
    assert place.findings() == []
    place.play(seconds=3_600)
    assert routes(place, VILLAGE, A) == ["phones", "phones"]
    assert place.findings() == [(VILLAGE, A, "empty_number")]


def test_with_one_provider_that_recovers_the_number_stays(town: Callable[..., Any]) -> None:
    """The lie lasted five minutes: the second try reaches the person."""
    place = built(town, EMPTY, VoiceHabit.ANSWERS)
    place.play(seconds=OPENED + 700)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.findings() == []


def test_the_other_provider_is_out_of_service_just_then(town: Callable[..., Any]) -> None:
    """Not waited for: a call by the same one is better than none. But its word alone is not believed.

    The number is tried by the other when that is back, and only then is it for good.
    """
    down = Outage(Channel.VOICE, START + 890_000, START + 2_400_000, "provider_down", "spare")
    place = built(town, EMPTY, outages=[lying("phones", start=START + 301_000), down], spare_route=True)
    place.play(seconds=2_400)
    said_empty = [one for one in place.outcomes(VILLAGE, A) if one == "empty_number"]
    assert len(said_empty) >= 2
    assert place.findings() == []
    place.play(seconds=1_300)
    assert place.findings() == [(VILLAGE, A, "empty_number")]
    assert routes(place, VILLAGE, A)[-1] == "spare"


def test_a_restart_between_the_two_tries(town: Callable[..., Any]) -> None:
    """What the first network said, and which it was, is remembered."""
    place = built(town, EMPTY, spare_route=True)
    place.play(seconds=OPENED + 60)
    place.restart(phones_lost=True)
    place.play(seconds=1_200)
    first, second = routes(place, VILLAGE, A)
    assert first != second
    assert place.findings() == [(VILLAGE, A, "empty_number")]


def test_every_unit_of_that_number_learns_it(town: Callable[..., Any]) -> None:
    """One person answers for two villages, in one call: both know, and the register has it at both."""
    place = built(town, EMPTY, same_phone={(NEIGHBOUR, A): (VILLAGE, A)})
    place.play(seconds=OPENED + 2 * 3_600)
    assert place.findings() == [(VILLAGE, A, "empty_number"), (NEIGHBOUR, A, "empty_number")]
    assert reach(place, VILLAGE) == reach(place, NEIGHBOUR) == B
    assert len(place.dispatches(VILLAGE, A)) == 2


def test_a_unit_that_had_not_dialled_it_learns_it_too(town: Callable[..., Any]) -> None:
    """The same number stands at a department above: found out in the village, it rings nowhere any more."""
    place = built(town, EMPTY, same_phone={(THIRD, B): (VILLAGE, A)})
    place.play(seconds=OPENED + 2 * 3_600)
    found = place.findings()
    assert (VILLAGE, A, "empty_number") in found
    assert (THIRD, B, "empty_number") in found
    assert len(place.dispatches(VILLAGE, A)) <= 4


def test_the_next_callout_does_not_dial_it(town: Callable[..., Any]) -> None:
    """Not even once: B is called on A's rungs, as in a village that has a B only."""
    place = built(town, EMPTY)
    place.play(seconds=OPENED + 700)
    dialled = len(place.dispatches(VILLAGE, A))
    assert dialled == 2
    place.act(Act.CANCEL)
    place.play(seconds=60)
    place.warning(RED_CITY)
    place.act(Act.OPEN_GATE, callout_id=2)
    place.play(seconds=600)
    assert len(place.dispatches(VILLAGE, A)) == dialled
    assert place.state(VILLAGE, 2) in (CalleeState.CALLING, CalleeState.UNANSWERED)
    assert len(place.dispatches(VILLAGE, B)) > 4


def test_messages_still_go_there(town: Callable[..., Any]) -> None:
    """The finding is about calls: a message costs nothing, and networks lie."""
    place = built(town, EMPTY)
    place.play(seconds=OPENED + 1_900)
    assert place.findings() == [(VILLAGE, A, "empty_number")]
    assert len(place.written(VILLAGE, A)) >= 2


def test_the_registrar_restores_it(town: Callable[..., Any]) -> None:
    """Called by hand and found right: the next call-out dials it again, at every unit that has it."""
    place = built(town, EMPTY, EMPTY, NEVER, same_phone={(NEIGHBOUR, A): (VILLAGE, A)})
    place.play(seconds=OPENED + 700)
    assert reach(place, NEIGHBOUR) == B
    with writing(place.database) as connection:
        assert len(restore_endpoints(connection, VILLAGE)) == 2
    assert place.findings() == []
    assert reach(place, VILLAGE) == reach(place, NEIGHBOUR) == A | B
    place.act(Act.CANCEL)
    place.play(seconds=60)
    place.warning(RED_CITY)
    place.act(Act.OPEN_GATE, callout_id=2)
    place.play(seconds=60)
    assert len(place.dispatches(VILLAGE, A)) == 3


def test_a_superior_whose_last_number_dies_opens_what_waits_below(town: Callable[..., Any]) -> None:
    """Said once, not a second time when the ladder is looked at again."""
    place = town(counties=1, townships=1, villages=1, without=[("141121", A), ("141121", B)])
    place.person("141121", Role.DUTY, VoiceHabit.INVALID)
    place.warning(RED_CITY)
    place.play(seconds=400)
    assert place.opened_by("141121100") == "superior_without_contact"
    assert place.alarms().count("no_contact") == 1
    assert place.state("141121") is CalleeState.UNCALLED
