"""A phone is rung so many times a minute, an hour, a day and a night, and not once more; the others go on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.escalation.budgets import DAY, HOUR, Budget, Night, Window, per_number
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.ports import Receipt, Report
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.database import reading

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
VILLAGE, NEIGHBOUR = "141121100200", "141121100201"
A, B = Role.PRIMARY, Role.DEPUTY
OPENED = 300
MORNING = 8 * 3_600 + 27 * 60
"""Seconds from 21:33, when a town's clock begins, to six o'clock."""


def budget(**windows: int) -> CallLimits:
    """One provider with these limits and no night."""
    return CallLimits({"phones": per_number(**windows)})


def gaps(moments: list[float]) -> list[float]:
    """Seconds between one ring and the next."""
    return [after - before for before, after in pairwise(moments)]


def held(place: Any) -> list[dict[str, object]]:
    """What the journal says of calls that waited for a budget."""
    return [entry for entry in place.journal_entries() if entry["k"] == "attempt.held"]


def test_one_phone_for_two_posts_rings_once_a_minute(town: Callable[..., Any]) -> None:
    """A village head who is also the neighbour's deputy: each unit's ladder wants the phone, the minute is kept."""
    place = town(counties=1, townships=1, villages=2, same_phone={(NEIGHBOUR, B): (VILLAGE, A)})
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 3_600)
    rings = sorted({*place.rings(VILLAGE, A), *place.rings(NEIGHBOUR, B)})
    assert min(gaps(rings)) >= 60
    assert max(sum(start <= at < start + 3_600 for at in rings) for start in rings) == 5


def test_orange_leaves_red_its_reserve(town: Callable[..., Any]) -> None:
    """Orange rings a phone three times; the red that follows finds two calls left in the same hour."""
    place = town(counties=1, townships=1, villages=1)
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=3_000)
    orange = place.rings(VILLAGE, A)
    assert len(orange) == 3
    place.take_in(place.message(RED_CITY, references=place.identifier(), msgType="Update"))
    place.play(seconds=orange[0] + 3_599 - place.elapsed)
    assert len(place.rings(VILLAGE, A)) == 5


def test_a_used_up_number_waits_in_its_place_and_goes_when_the_window_frees(town: Callable[..., Any]) -> None:
    """READY, not before the first moment that fits; the engine wakes then, and the journal says it once."""
    place = town(counties=1, townships=1, villages=1, limits=budget(hour=2, reserve_for_red=0), without=[(VILLAGE, B)])
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 3_700)
    first, second, third = place.rings(VILLAGE)[:3]
    assert (first, second, third) == (OPENED, OPENED + 120, OPENED + 3_600)
    own = [entry for entry in held(place) if entry["why"] == "over_budget" and entry["id"] in _attempts(place, VILLAGE)]
    assert len({(entry["id"], entry["until"]) for entry in own}) == len(own)
    assert len(own) <= 2


def _attempts(place: Any, code: str) -> set[object]:
    sql = """SELECT ac.attempt_id FROM attempt_callee ac JOIN callee c ON c.id = ac.callee_id
        JOIN unit u ON u.id = c.unit_id WHERE u.code = ?"""
    return {row[0] for row in place.query(sql, code)}


def test_while_one_number_waits_its_deputy_is_called(town: Callable[..., Any]) -> None:
    """A has had its calls: the rungs of B come in their time, and A's own when it may."""
    place = town(counties=1, townships=1, villages=1, limits=budget(hour=1, reserve_for_red=0))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 600)
    assert place.rings(VILLAGE, A) == [OPENED]
    assert place.rings(VILLAGE, B) == pytest.approx([OPENED + 180], abs=1)
    place.play(seconds=3_200)
    assert place.rings(VILLAGE, A) == [OPENED, OPENED + 3_600]


def test_a_second_number_of_the_same_person_is_dialled_instead(town: Callable[..., Any]) -> None:
    """The mobile is used up, the home number is not."""
    limits = budget(hour=1, reserve_for_red=0)
    place = town(counties=1, townships=1, villages=1, limits=limits, second_phone=[(VILLAGE, A)])
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 130)
    assert len(place.dispatches(VILLAGE, A)) == 1
    assert len(place.dispatches(f"{VILLAGE}/2", A)) == 1


def test_a_used_up_provider_is_passed_over_for_another(town: Callable[..., Any]) -> None:
    """Every provider counts for itself: the second call goes by the other one."""
    limits = CallLimits({name: per_number(hour=1, reserve_for_red=0) for name in ("phones", "spare")})
    place = town(counties=1, townships=1, villages=1, limits=limits, spare_route=True)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_000)
    assert sorted(one.route for one in place.dispatches(VILLAGE, A)) == ["phones", "spare"]
    assert place.rings(VILLAGE, A) == [OPENED, OPENED + 120]


def test_a_number_over_its_budget_blocks_no_line(town: Callable[..., Any]) -> None:
    """One line, a whole town of used-up phones in front: whoever may be called is called at once."""
    place = town(counties=1, townships=1, villages=60, lines=1, leaders=1, limits=budget(hour=1, reserve_for_red=0))
    place.everyone_of(place.units[-1].level, A, VoiceHabit.BUSY)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    villages = [unit.code for unit in place.units if unit.superior == "141121100"]
    assert all(len(place.rings(code, A)) == 1 for code in villages)


def test_who_waits_for_one_provider_leaves_the_lines_of_the_other(town: Callable[..., Any]) -> None:
    """150 red villages have calls left at the busy provider only: the idle one calls the orange county behind them."""
    limits = CallLimits({"phones": per_number(hour=1, reserve_for_red=0), "spare": per_number(hour=60, day=99)})
    alone = [(f"14112{county}1002{village:02d}", B) for county in (1, 2) for village in range(150)]
    place = town(
        counties=2, townships=1, villages=150, lines=4, leaders=1, limits=limits, spare_route=True, without=alone
    )
    place.network._lines = 8  # two routes lead to the one network
    for level in (UnitLevel.CITY, UnitLevel.COUNTY, UnitLevel.TOWNSHIP):
        for role in Role:
            place.everyone_of(level, role, VoiceHabit.ANSWERS)
    place.take_in(place.message(RED_CITY, geocode="141121000000"))
    place.play(seconds=1_500)
    place.take_in(place.message(ORANGE, geocode="141122000000"))
    place.play(seconds=1_500)
    orange = [unit.code for unit in place.units if unit.superior == "141122100"]
    called = [code for code in orange if place.rings(code)]
    assert len(called) > 100


def test_a_late_key_finds_the_phone_it_was_pressed_on(town: Callable[..., Any]) -> None:
    """The process dies after the wire; the repeat goes to the deputies, in calls of their own; then the key is told."""
    limits = budget(hour=1, reserve_for_red=0)
    place = town(counties=1, townships=1, villages=2, limits=limits, same_phone={(NEIGHBOUR, A): (VILLAGE, A)})
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    batch = place.engine.turn(place.clock.now()).batch
    number = place.numbers[VILLAGE, A]
    (call,) = [one for one in batch if one.channel is Channel.VOICE and one.address == number]
    place.network.accept(batch, place.clock.now())
    place.restart()
    place.play(seconds=190)
    assert place.rings(VILLAGE, B)
    assert place.rings(NEIGHBOUR, B)
    place.engine.turn(place.clock.now(), Inbox(reports=[Report(call.attempt_id, "key_pressed", place.clock.now())]))
    for code in (VILLAGE, NEIGHBOUR):
        assert place.state(code) is CalleeState.ACKNOWLEDGED
        assert place.answers(code) == [(Means.KEY, True)]


def test_a_restart_forgets_no_call(town: Callable[..., Any]) -> None:
    """The windows are rows: after a restart, and another, the same phone is not rung a third time."""
    place = town(counties=1, townships=1, villages=1, limits=budget(hour=2, reserve_for_red=0))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 130)
    for _ in range(3):
        place.restart()
        place.play(seconds=700)
    assert place.rings(VILLAGE, A) == [OPENED, OPENED + 120]
    place.play(seconds=OPENED + 3_601 - place.elapsed)
    assert place.rings(VILLAGE, A) == [OPENED, OPENED + 120, OPENED + 3_600]


def test_what_is_held_wakes_the_engine_after_a_restart_too(town: Callable[..., Any]) -> None:
    """The moment is a row: nobody has to remember it."""
    place = town(counties=1, townships=1, villages=1, limits=budget(hour=1, reserve_for_red=0), without=[(VILLAGE, B)])
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_900)
    until = min(entry["until"] for entry in held(place) if entry["id"] in _attempts(place, VILLAGE))
    place.restart()
    moments = []
    while place.clock.now() < until:
        turned = place.engine.turn(place.clock.now())
        moments.append(turned.next_at)
        place.clock.advance_to(turned.next_at)
    assert until in moments


def test_a_claim_of_unknown_fate_has_used_its_call(town: Callable[..., Any]) -> None:
    """Between commit and carrier the process dies: the provider may have seen the call, so the minute is kept."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    claimed = place.engine.turn(place.clock.now()).batch
    assert any(one.channel is Channel.VOICE for one in claimed)
    place.clock.advance_to(place.clock.now() + 3_000)
    place.restart()
    back = place.elapsed
    place.play(seconds=90)
    assert place.rings(VILLAGE, A) == [back + 60]


def test_a_call_that_never_reached_the_provider_is_given_back(town: Callable[..., Any]) -> None:
    """Withdrawn by the last look before the wire: it has not used up anything; a refused one has."""
    place = town(counties=1, townships=1, villages=2)
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    calls = [one for one in place.engine.turn(place.clock.now()).batch if one.channel is Channel.VOICE]
    ours = {place.numbers[VILLAGE, A]: "hung_up_by_us", place.numbers[NEIGHBOUR, A]: "number_limited"}
    receipts = [
        Receipt(one.attempt_id, accepted=False, outcome=ours[one.address]) for one in calls if one.address in ours
    ]
    assert len(receipts) == 2
    place.engine.turn(place.clock.now(), Inbox(receipts=receipts))
    sql = """SELECT u.code FROM number_call k JOIN endpoint e ON e.number_id = k.number_id AND e.channel = 1
        JOIN unit u ON u.id = e.unit_id WHERE u.code IN (?, ?)"""
    assert place.query(sql, VILLAGE, NEIGHBOUR) == [(NEIGHBOUR,)]


def test_the_provider_is_never_asked_too_early_however_slow_the_wire(town: Callable[..., Any]) -> None:
    """The receipt comes 20 s after the claim: the minute is counted from there, as the provider counts it."""
    place = town(counties=1, townships=1, villages=1)
    place.person(VILLAGE, A, VoiceHabit.BUSY)
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    batch = place.engine.turn(place.clock.now()).batch
    place.clock.advance_to(place.clock.now() + 20_000)
    place.stage._inbox.receipts.extend(place.network.accept(batch, place.clock.now()))
    place.play(seconds=100)
    address = place.log.digest(place.numbers[VILLAGE, A])
    calls = [
        one.at
        for one in place.log.records()
        if one.address == address and one.channel is Channel.VOICE and one.what == "handed"
    ]
    assert len(calls) >= 2
    assert calls[1] - calls[0] >= 60_000


def test_a_broken_budget_is_seen(town: Callable[..., Any], promises: ModuleType) -> None:
    """The question the storms ask finds what is too much, in the carrier's record and in our rows."""
    place = town(counties=1, townships=1, villages=1, limits=CallLimits())
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 200)
    tighter = CallLimits({"phones": per_number(hour=3)}, Night(1))

    def faults(limits: CallLimits) -> list[str]:
        with reading(place.database) as connection:
            return list(promises.budget_faults(connection, place.log.records(), limits))

    assert faults(budget()) == []
    assert any(
        "in 3600000 ms" in fault for fault in faults(CallLimits({"phones": per_number(hour=1, reserve_for_red=0)}))
    )
    assert faults(tighter) == []
    place.play(seconds=3_600)
    assert any("a night may bear 1" in fault for fault in faults(tighter))


# --- the night --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def silent_night() -> CallLimits:
    """Four calls a night; providers would allow more."""
    return CallLimits({"phones": Budget((Window(HOUR, 50), Window(DAY, 500)))}, Night(4))


def test_after_so_many_calls_a_night_voice_waits_for_the_morning(
    town: Callable[..., Any], silent_night: CallLimits
) -> None:
    """Red included: SMS goes on, the unit stands on the list with the reason, the duty officer is told once."""
    place = town(counties=1, townships=1, villages=2, limits=silent_night)
    place.take_in(place.message(RED_CITY, expires="2026-07-23 08:00:00+08:00"))
    place.play(seconds=27 * 60)
    evening = {role: len(place.rings(VILLAGE, role)) for role in (A, B)}
    place.play(seconds=MORNING - place.elapsed - 1)
    for role in (A, B):
        assert len(place.rings(VILLAGE, role)) == evening[role] + 4
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    assert max(at for at, _, _ in place.texts_to(VILLAGE)) > MORNING - 1_300
    assert place.query("SELECT DISTINCT a.held_why FROM attempt a WHERE a.state = 1") == [("night_limit",)]
    assert place.alarms().count("night_limit") == 1
    place.play(seconds=30)
    assert place.rings(VILLAGE, A)[-1] >= MORNING


def test_a_new_number_is_called_at_the_next_rung_although_the_old_one_has_its_peace(
    town: Callable[..., Any], silent_night: CallLimits
) -> None:
    """A wrong number must be mendable in mid-storm: a held call is looked at again whenever a rung comes due."""
    place = town(counties=1, townships=1, villages=2, limits=silent_night, clerks=[NEIGHBOUR])
    place.take_in(place.message(RED_CITY, expires="2026-07-23 08:00:00+08:00"))
    place.play(seconds=4 * 3_600)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    place.person(NEIGHBOUR, Role.DUTY, VoiceHabit.ANSWERS)
    place.change(
        """UPDATE endpoint SET number_id = (SELECT d.number_id FROM endpoint d JOIN unit u ON u.id = d.unit_id
        WHERE u.code = ? AND d.role = ?) WHERE channel = 1 AND role = ?
        AND unit_id = (SELECT id FROM unit WHERE code = ?)""",
        NEIGHBOUR,
        int(Role.DUTY),
        int(A),
        VILLAGE,
    )
    place.play(seconds=1_300)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
