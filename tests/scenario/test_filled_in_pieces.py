"""A large call-out calls its upper tiers at once and is filled by and by; nobody notices, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import StoreError
from warning_dispatch.model.states import CallOutState
from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
CANCEL = "12379-red-rain-city-cancel.xml"
EVERYBODY = """SELECT u.code, c.tier, c.superior, s.code, c.state FROM callee c JOIN unit u ON u.id = c.unit_id
 JOIN branch b ON b.id = c.branch_id LEFT JOIN callee sc ON sc.id = b.superior_callee_id LEFT JOIN unit s ON s.id = sc.unit_id
 WHERE c.callout_id = 1 ORDER BY u.code"""
COUNTS = "SELECT tier, total, needed FROM branch WHERE callout_id = 1 ORDER BY tier, total"


def filled(place: Any) -> bool:
    """Whether nothing of the call-out is left to fill."""
    return bool(place.query("SELECT 1 FROM callout WHERE id = 1 AND filling IS NULL"))


def known(place: Any, level: UnitLevel) -> int:
    """How many units of a level the call-out has reached."""
    return int(
        place.query("SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE u.level = ?", level)[0][0]
    )


@pytest.fixture
def large(town: Callable[..., Any]) -> Callable[..., Any]:
    """A town whose call-outs are filled three units at a time."""

    def build(**changes: Any) -> Any:
        place = town(**changes)
        place.engine = place.stage.engine = place.build_engine(3)
        return place

    return build


def test_upper_tiers_are_called_before_anybody_below_is_there(large: Callable[..., Any]) -> None:
    """The first turn calls the leaders; townships and villages come with the turns after it."""
    place = large()
    place.warning(RED_CITY)
    assert known(place, UnitLevel.TOWNSHIP) == known(place, UnitLevel.VILLAGE) == 0
    turned = place.engine.turn(place.clock.now())
    assert turned.batch
    assert not filled(place)
    assert turned.next_at == place.clock.now()
    assert turned.started == ()


def test_in_the_end_it_is_the_same_call_out(large: Callable[..., Any], town: Callable[..., Any]) -> None:
    """The same units in the same branches below the same superiors, with the same counts, as when filled at once."""
    whole, pieces = town(), large()
    for place in (whole, pieces):
        place.warning(RED_CITY)
        place.play(seconds=1)
    assert filled(pieces)
    assert pieces.query(EVERYBODY) == whole.query(EVERYBODY)
    assert pieces.query(COUNTS) == whole.query(COUNTS)
    total = "SELECT total, finished FROM callout WHERE id = 1"
    assert pieces.query(total) == whole.query(total)
    told = [
        {one["digest"] for one in place.journal_entries() if one["k"] == "branch.filled"} for place in (pieces, whole)
    ]
    assert told[0] == told[1]


def test_villages_ring_as_late_as_ever(large: Callable[..., Any]) -> None:
    """Every gate opens by its hold, counted from when the tier above began, not from when the branch was filled."""
    place = large()
    place.warning(RED_CITY)
    place.play(seconds=330)
    assert (place.opened("141121"), place.opened("141121100"), place.opened("141121100200")) == (60, 180, 300)
    assert place.rings("141121100200", Role.PRIMARY)[0] == 300


def test_who_answers_before_the_branch_below_is_there_has_opened_it(large: Callable[..., Any]) -> None:
    """A county is answered for while its townships are still to be filled: they are called as soon as they are there."""
    place = large(counties=3)
    place.warning(RED_CITY)
    while known(place, UnitLevel.COUNTY) < 3:
        place.engine.turn(place.clock.now())
    assert known(place, UnitLevel.TOWNSHIP) == 0
    place.record_answer("141121")
    place.play(seconds=1)
    assert place.opened_by("141121100") == "superior_answered"
    assert place.opened("141122100") is None


def test_a_superior_without_contact_holds_up_nobody(large: Callable[..., Any]) -> None:
    """Its branch opens when it is filled, as it would have when the superior could not be reached."""
    nobody = [("141121", role) for role in (Role.PRIMARY, Role.DEPUTY, Role.DUTY)]
    place = large(without=nobody)
    place.warning(RED_CITY)
    place.play(seconds=90)
    assert place.opened("141121100") == 60
    assert place.opened_by("141121100") == "superior_without_contact"


def test_a_cancel_in_the_middle_leaves_the_rest_out(large: Callable[..., Any]) -> None:
    """Nobody below is called any more, or told that it is over; nothing is filled after the end."""
    place = large()
    place.warning(RED_CITY)
    place.engine.turn(place.clock.now())
    place.act(Act.CANCEL)
    assert filled(place)
    place.play(seconds=400)
    assert known(place, UnitLevel.VILLAGE) == 0
    assert place.callout_state() is CallOutState.CANCELLED


def test_an_act_finds_everybody(large: Callable[..., Any]) -> None:
    """Opening all gates of a call-out that is not filled yet reaches the last village."""
    place = large()
    place.warning(RED_CITY)
    place.act(Act.OPEN_GATE)
    assert filled(place)
    assert place.opened("141122101201") == 0


def test_another_message_finds_everybody(large: Callable[..., Any]) -> None:
    """A county's own red under the city's calls nobody twice: whom the city's had not reached yet, it reaches first."""
    place = large()
    place.warning(RED_CITY)
    place.take_in(place.message("12379-county-red-rain.xml"))
    twice = """SELECT unit_id FROM callee WHERE carries = 1 GROUP BY unit_id HAVING count(*) > 1"""
    assert place.query(twice) == []
    assert filled(place)


def test_it_goes_on_after_a_crash(large: Callable[..., Any]) -> None:
    """What is left stands in the database: a process that begins anew fills it to the end."""
    place = large()
    place.warning(RED_CITY)
    place.engine.turn(place.clock.now())
    assert not filled(place)
    place.restart()
    place.engine.recover(place.clock.now(), ("phones",))
    place.play(seconds=1)
    assert filled(place)
    assert known(place, UnitLevel.VILLAGE) == 8


def test_it_is_not_complete_before_everybody_is_there(large: Callable[..., Any]) -> None:
    """All who are there have answered: the call-out goes on, for those who are not there yet."""
    place = large()
    place.everyone_of(UnitLevel.VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.engine.turn(place.clock.now())
    for code in [row[0] for row in place.query("SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id")]:
        place.record_answer(code)
    assert place.callout_state() is CallOutState.RUNNING
    place.play(seconds=600)
    assert known(place, UnitLevel.VILLAGE) == 8


def test_a_database_that_fails_meanwhile_costs_no_call(large: Callable[..., Any]) -> None:
    """What the turn had claimed goes out although the piece after it could not be written; the next turn fills on."""
    place = large()
    place.warning(RED_CITY)
    filler = place.engine._filler

    class Failing:
        def step(self, _ledger: Any) -> bool:
            raise StoreError("full")

    place.engine._filler = Failing()
    assert place.engine.turn(place.clock.now()).batch
    place.engine._filler = filler
    place.play(seconds=1)
    assert filled(place)
