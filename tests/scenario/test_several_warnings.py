"""Several warnings at once: one obligation per unit and hazard, at the highest colour in force, whoever issued it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import TextHabit, VoiceHabit

FIRST, SECOND, THIRD = "141121", "141122", "141123"
VILLAGE = f"{FIRST}100200"
"""A village of the first county."""
MINUTE = 60
HOUR = 3_600
RED, ORANGE, YELLOW = ("Red", "红色"), ("Orange", "橙色"), ("Yellow", "黄色")


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """Three counties; nobody answers unless told otherwise."""
    return town(counties=3, townships=1, villages=2)


@pytest.fixture
def desk(place: Any, forecasters: Callable[[Any], Any]) -> Any:
    """Their forecasters."""
    return forecasters(place)


def told(place: Any, purpose: Purpose) -> set[str]:
    """Numbers that got a text of that purpose."""
    return {one.address for one in place.network.handed if one.purpose is purpose and one.channel is Channel.SMS}


def calls_to(place: Any, unit: str, callout: int) -> int:
    """Voice calls to a unit in one call-out."""
    sql = """SELECT count(*) FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
        JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id
        WHERE u.code = ? AND c.callout_id = ? AND a.channel = 1 AND a.claimed_at IS NOT NULL"""
    return int(place.query(sql, unit, callout)[0][0])


# --- a fresh message, then the cancel of the old one ------------------------------------------------------


def test_fresh_alert_then_cancel(place: Any, desk: Any) -> None:
    """Forecasters often do so: nobody is called again, stopped or told all-clear; the last cancel ends it."""
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    desk.send(RED)
    first = desk.identifier
    place.play(seconds=7 * MINUTE)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    rings = len(place.rings(VILLAGE))
    fresh = desk.send(RED)
    second = desk.identifier
    assert (fresh.disposition, fresh.callouts) == (Disposition.ACCEPTED, (1,))
    assert "attached" in fresh.reasons
    place.play(seconds=30)
    desk.send(RED, kind="Cancel", references=first)
    place.play(seconds=5 * MINUTE)
    assert place.callout_state(1) is CallOutState.RUNNING
    assert len(place.rings(VILLAGE)) == rings
    assert place.state(f"{SECOND}100200") in (CalleeState.CALLING, CalleeState.UNANSWERED)
    assert not told(place, Purpose.ALL_CLEAR)
    ended = desk.send(RED, kind="Cancel", references=second)
    assert (ended.disposition, ended.callouts) == (Disposition.ACCEPTED, (1,))
    assert place.callout_state(1) is CallOutState.CANCELLED
    place.play(seconds=MINUTE)
    assert place.numbers[VILLAGE, Role.PRIMARY] in told(place, Purpose.ALL_CLEAR)


def test_orange_replaced_by_a_fresh_red_while_its_cancel_and_a_late_tap_arrive(place: Any, desk: Any) -> None:
    """The red goes on, the orange's cancel ends nothing, and who confirms the orange has not confirmed the red."""
    desk.send(ORANGE)
    orange = desk.identifier
    place.play(seconds=16 * MINUTE)
    old_link = place.token_for(VILLAGE, Role.PRIMARY, 1)
    red = desk.send(RED)
    began = place.elapsed
    assert red.callouts == (2,)
    assert place.callout_state(1) is CallOutState.SUPERSEDED
    assert place.query("SELECT round, supersedes_id FROM callout WHERE id = 2") == [(2, 1)]
    place.play(seconds=1)
    assert place.opened(VILLAGE, 2) == began, "the orange had reached it: the red rings at once"
    assert desk.send(ORANGE, kind="Cancel", references=orange).callouts == ()
    assert place.tap(old_link) == 0
    assert place.answers(VILLAGE, 1) == [(Means.LINK, False)], "kept for the old round"
    assert place.state(VILLAGE, 2) is CalleeState.CALLING
    assert place.callout_state(2) is CallOutState.RUNNING
    place.play(seconds=MINUTE)
    assert not told(place, Purpose.ALL_CLEAR)
    assert place.tap(place.token_for(VILLAGE, Role.PRIMARY, 2)) == 1
    assert place.state(VILLAGE, 2) is CalleeState.ACKNOWLEDGED


def test_a_fresh_alert_after_the_validity_calls_anew(place: Any, desk: Any) -> None:
    """Yesterday's answer is no answer to today's rain, even if nobody lifted yesterday's warning."""
    for role in (Role.PRIMARY, Role.DEPUTY):
        place.person(VILLAGE, role, VoiceHabit.ANSWERS)
    desk.send(RED, FIRST)
    place.play(seconds=7 * HOUR)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.callout_state(1) is CallOutState.AWAITING_LIFT
    assert desk.send(RED, FIRST).callouts == (2,)
    assert place.callout_state(1) is CallOutState.SUPERSEDED
    place.play(seconds=6 * MINUTE)
    assert calls_to(place, VILLAGE, 2) == 1
    assert place.opened(VILLAGE, 2) == 7 * HOUR + 5 * MINUTE, "it begins from the beginning, level by level"


def test_an_update_after_the_validity_extends(town: Callable[..., Any], forecasters: Callable[[Any], Any]) -> None:
    """The same warning goes on: who had answered is not called again, the others are (a night bears it here)."""
    place = town(counties=3, townships=1, villages=2, limits=CallLimits())
    desk = forecasters(place)
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    desk.send(RED, FIRST)
    place.play(seconds=7 * HOUR)
    update = desk.send(RED, FIRST, kind="Update", references=desk.identifier)
    assert update.callouts == (1,)
    assert place.callout_state(1) is CallOutState.RUNNING
    rings = len(place.rings(VILLAGE))
    place.play(seconds=MINUTE)
    assert len(place.rings(VILLAGE)) == rings
    assert place.rings(FIRST)[-1] >= 7 * HOUR


# --- issuers beside each other ----------------------------------------------------------------------------

COUNTY = f"{FIRST}41600000"


def test_a_countys_own_warning_under_the_citys(place: Any, desk: Any) -> None:
    """The county's leaders and departments are called by it; whom the city calls already is not called twice."""
    desk.send(RED)
    place.play(seconds=6 * MINUTE)
    before = len(place.rings(VILLAGE))
    own = desk.send(RED, FIRST, of=COUNTY)
    assert own.callouts == (2, 1), "its own call-out for its leaders, and the one that carries its villages"
    place.play(seconds=3 * MINUTE)
    assert place.rings(f"{FIRST}-L1")
    assert calls_to(place, f"{FIRST}-L1", 2) > 0
    assert place.query(
        "SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = 2 AND u.level > 2"
    ) == [(0,)]
    assert len(place.rings(VILLAGE)) - before <= 2, "the city's ladder goes on, nothing comes on top"
    assert place.state("1411-water", 2) is CalleeState.INFORMED


def test_the_city_lifts_and_the_countys_warning_stays(place: Any, desk: Any) -> None:
    """A unit still under another warning of the hazard is neither stopped nor told all-clear."""
    desk.send(RED)
    city = desk.identifier
    place.play(seconds=6 * MINUTE)
    desk.send(RED, FIRST, of=COUNTY)
    county = desk.identifier
    place.play(seconds=30)
    lifted = desk.send(RED, kind="Cancel", references=city)
    assert lifted.callouts == (1,)
    place.play(seconds=2 * MINUTE)
    assert place.callout_state(1) is CallOutState.RUNNING
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert place.state(f"{SECOND}100200") is CalleeState.STOPPED
    assert place.state("1411-L1") is CalleeState.STOPPED
    numbers = told(place, Purpose.ALL_CLEAR)
    assert place.numbers[f"{SECOND}100200", Role.PRIMARY] in numbers
    assert place.numbers[VILLAGE, Role.PRIMARY] not in numbers
    assert len(place.rings(f"{SECOND}100200")) == len([one for one in place.rings(f"{SECOND}100200") if one < 390])
    desk.send(RED, FIRST, of=COUNTY, kind="Cancel", references=county)
    place.play(seconds=MINUTE)
    assert place.callout_state(1) is CallOutState.CANCELLED
    assert place.callout_state(2) is CallOutState.CANCELLED
    assert place.numbers[VILLAGE, Role.PRIMARY] in told(place, Purpose.ALL_CLEAR)


def test_the_citys_warning_over_a_countys_own(place: Any, desk: Any) -> None:
    """What the county calls at that colour stays with it; the city calls its leaders, departments and the other counties."""
    desk.send(RED, FIRST, of=COUNTY)
    place.play(seconds=4 * MINUTE + 30)
    assert place.rings(VILLAGE)
    city = desk.send(RED)
    assert city.callouts == (2, 1)
    place.play(seconds=6 * MINUTE)
    assert calls_to(place, VILLAGE, 2) == 0
    assert place.rings("1411-L1")
    assert place.rings(f"{SECOND}100200")
    both = """SELECT count(*) FROM callee WHERE callout_id = 2 AND carries = 1
        AND unit_id IN (SELECT unit_id FROM callee WHERE callout_id = 1 AND carries = 1)"""
    assert place.query(both) == [(0,)], "nobody is carried twice"


def test_the_city_raises_what_a_county_had_at_orange(place: Any, desk: Any) -> None:
    """The villages begin anew at red, at once where the orange had reached them; lifted, they go back to orange."""
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    desk.send(ORANGE, FIRST, of=COUNTY)
    place.play(seconds=20 * MINUTE)
    assert place.state(VILLAGE, 1) is CalleeState.ACKNOWLEDGED
    desk.send(RED)
    city = desk.identifier
    began = place.elapsed
    place.play(seconds=40)
    assert place.opened(VILLAGE, 2) == began
    assert place.state(VILLAGE, 2) is CalleeState.ACKNOWLEDGED, "asked again at red, and answered again"
    rings = len(place.rings(VILLAGE))
    neighbour = f"{FIRST}100201"
    assert place.state(neighbour, 2) is CalleeState.CALLING
    desk.send(RED, kind="Cancel", references=city)
    place.play(seconds=40)
    assert place.callout_state(2) is CallOutState.CANCELLED
    assert place.query("SELECT plan_name, colour FROM callout WHERE id = 3") == [("county", 3)]
    assert place.state(VILLAGE, 3) is CalleeState.ACKNOWLEDGED, "who confirmed the red has confirmed the orange"
    assert place.state(neighbour, 3) is CalleeState.CALLING
    assert len(place.rings(VILLAGE)) == rings
    assert place.numbers[VILLAGE, Role.PRIMARY] not in told(place, Purpose.ALL_CLEAR)
    assert place.numbers[SECOND, Role.PRIMARY] in told(place, Purpose.ALL_CLEAR)


# --- colours and areas of one warning ---------------------------------------------------------------------


def test_red_to_orange(place: Any, desk: Any) -> None:
    """Those who answered get an SMS; the others go on with the orange ladder and text."""
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    neighbour = f"{FIRST}100201"
    desk.send(RED, FIRST)
    place.play(seconds=7 * MINUTE)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    lowered = desk.send(ORANGE, FIRST, kind="Update", references=desk.identifier)
    began = place.elapsed
    assert lowered.callouts == (2,)
    assert place.callout_state(1) is CallOutState.SUPERSEDED
    place.play(seconds=175)
    assert place.state(VILLAGE, 2) is CalleeState.ACKNOWLEDGED
    notices = [one for one in place.dispatches(VILLAGE, Role.PRIMARY, Channel.SMS) if one.purpose is Purpose.NOTICE]
    assert [("橙色" in one.text, "不用回复" in one.text) for one in notices] == [(True, True)]
    assert calls_to(place, VILLAGE, 2) == 0
    texts = [one for one in place.dispatches(neighbour, Role.PRIMARY, Channel.SMS) if "橙色" in one.text]
    assert texts, "the orange ladder begins with a text"
    assert not [at for at in place.rings(neighbour) if began + 1 < at < began + 175]
    place.play(seconds=30)
    assert place.rings(neighbour)[-1] == pytest.approx(began + 180, abs=2)
    assert not told(place, Purpose.ALL_CLEAR)


def test_who_stands_on_the_list_stays_there_when_the_colour_goes_down(place: Any, desk: Any) -> None:
    """An unreached village is not made to look as if its ladder had just begun."""
    desk.send(RED, FIRST)
    place.play(seconds=16 * MINUTE)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    desk.send(ORANGE, FIRST, kind="Update", references=desk.identifier)
    place.play(seconds=MINUTE)
    assert place.state(VILLAGE, 2) is CalleeState.UNANSWERED
    assert place.query("SELECT sum(unreached) FROM branch WHERE callout_id = 2")[0][0] > 0


def test_a_larger_area_carries_answers_over(place: Any, desk: Any) -> None:
    """A round is the union of its units: who has answered is not called again; those above are told of the new area."""
    for unit in ("1411-L1", FIRST, f"{FIRST}100"):
        place.person(unit, Role.DUTY, VoiceHabit.ANSWERS)
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    desk.send(ORANGE, FIRST)
    place.play(seconds=12 * MINUTE)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    rings = {unit: len(place.rings(unit)) for unit in (VILLAGE, f"{FIRST}100201")}
    grown = desk.send(ORANGE, FIRST, SECOND, kind="Update", references=desk.identifier)
    began = place.elapsed
    assert grown.callouts == (2,)
    assert place.callout_state(1) is CallOutState.SUPERSEDED
    place.play(seconds=5)
    assert place.state(VILLAGE, 2) is CalleeState.ACKNOWLEDGED
    assert place.opened(SECOND, 2) == began, "the leaders have answered already"
    assert place.opened_by(SECOND, 2) == "tier_answered"
    place.play(seconds=MINUTE)
    assert len(place.rings(VILLAGE)) == rings[VILLAGE]
    assert place.state(f"{FIRST}100201", 2) is CalleeState.CALLING
    assert place.rings(SECOND, Role.DUTY)[0] == pytest.approx(began, abs=2)
    notices = [one for one in place.dispatches("1411-L1", Role.PRIMARY, Channel.SMS) if one.purpose is Purpose.NOTICE]
    assert len(notices) == 1, "the leader learns that the area has grown"
    assert not [one for one in place.dispatches(FIRST, Role.PRIMARY, Channel.SMS) if one.purpose is Purpose.NOTICE]


def test_a_call_that_rings_goes_over_to_the_new_round(place: Any, desk: Any) -> None:
    """Who is on the phone when the area grows answers for the new round as well, and is not rung again."""
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    desk.send(RED, FIRST)
    place.play(seconds=5 * MINUTE + 2)
    [live] = place.query(
        "SELECT a.id FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id WHERE ac.callee_id = ? AND a.channel = 1"
        " AND a.state IN (2, 3)",
        place.callee_id(VILLAGE),
    )
    desk.send(RED, FIRST, SECOND, kind="Update", references=desk.identifier)
    place.play(seconds=3 * MINUTE)
    assert place.query("SELECT outcome FROM attempt WHERE id = ?", live[0]) == [("key_pressed",)]
    assert place.state(VILLAGE, 2) is CalleeState.ACKNOWLEDGED
    assert len(place.rings(VILLAGE)) == 1


def test_an_area_removed_is_stopped_and_told(place: Any, desk: Any) -> None:
    """Only those units; the others hear nothing of it. Added again, they are called again."""
    place.person(f"{SECOND}100200", Role.PRIMARY, VoiceHabit.ANSWERS)
    desk.send(RED, FIRST, SECOND)
    place.play(seconds=7 * MINUTE)
    smaller = desk.send(RED, FIRST, kind="Update", references=desk.identifier)
    assert smaller.callouts == (1,)
    place.play(seconds=MINUTE)
    assert place.state(f"{SECOND}100201") is CalleeState.STOPPED
    assert place.state(f"{SECOND}100200") is CalleeState.ACKNOWLEDGED, "an answer is not taken back"
    assert place.state(VILLAGE) is CalleeState.CALLING
    numbers = told(place, Purpose.ALL_CLEAR)
    assert {place.numbers[f"{SECOND}100200", Role.PRIMARY], place.numbers[f"{SECOND}100201", Role.PRIMARY]} <= numbers
    assert place.numbers[VILLAGE, Role.PRIMARY] not in numbers
    assert place.numbers["1411-L1", Role.PRIMARY] not in numbers
    again = desk.send(RED, FIRST, SECOND, kind="Update", references=desk.identifier)
    assert again.callouts == (2,)
    place.play(seconds=4 * MINUTE + 30)
    assert calls_to(place, f"{SECOND}100200", 2) > 0, "it was told that the warning is over: it is called anew"


def test_a_superior_that_answered_lately_is_not_waited_for_again(place: Any, desk: Any) -> None:
    """Upgrade: its townships open at once, although the county itself is asked again."""
    place.person(FIRST, Role.PRIMARY, VoiceHabit.ANSWERS)
    place.person(FIRST, Role.DUTY, VoiceHabit.NEVER)
    desk.send(ORANGE, FIRST)
    place.play(seconds=6 * MINUTE)
    assert place.state(FIRST) is CalleeState.ACKNOWLEDGED
    red = desk.send(RED, FIRST, kind="Update", references=desk.identifier)
    began = place.elapsed
    assert red.callouts == (2,)
    place.play(seconds=2)
    assert place.state(FIRST, 2) is CalleeState.CALLING
    assert place.opened(f"{FIRST}100", 2) == began
    place.play(seconds=2 * MINUTE + 1)
    assert place.opened(VILLAGE, 2) <= began + 120


def test_an_upgrade_never_reaches_a_gate_later(place: Any, desk: Any) -> None:
    """The orange's gate would have opened in ten seconds: the red's hold does not begin anew behind it."""
    desk.send(ORANGE, FIRST)
    place.play(seconds=170)
    desk.send(RED, FIRST, kind="Update", references=desk.identifier)
    place.play(seconds=20)
    assert place.opened(FIRST, 2) == 180


# --- officers ---------------------------------------------------------------------------------------------


def test_an_officers_lifting_holds_against_the_same_warning_again(place: Any, desk: Any) -> None:
    """Every ten minutes the same message comes again: a human is told, nobody is called. A higher colour calls."""
    desk.send(ORANGE, FIRST)
    first = desk.identifier
    place.play(seconds=5 * MINUTE)
    place.act(Act.CANCEL, 1)
    assert place.callout_state(1) is CallOutState.CANCELLED
    place.play(seconds=5 * MINUTE)
    again = desk.send(ORANGE, FIRST, kind="Update", references=first)
    assert (again.disposition, again.callouts) == (Disposition.STORED, ())
    assert "set_aside_by_an_officer" in again.reasons
    assert "untriggered" in place.alarms()
    place.play(seconds=MINUTE)
    assert desk.send(RED, FIRST, kind="Update", references=first).callouts == (2,)


def test_an_officer_lifts_only_the_issuers_own(place: Any, desk: Any) -> None:
    """The city's call-out is lifted by hand while the county's own warning stands: its villages go on."""
    desk.send(RED)
    place.play(seconds=6 * MINUTE)
    desk.send(RED, FIRST, of=COUNTY)
    place.play(seconds=10)
    place.act(Act.CANCEL, 1)
    assert place.callout_state(1) is CallOutState.RUNNING
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert place.state(f"{SECOND}100200") is CalleeState.STOPPED
    place.act(Act.CANCEL, 2)
    assert place.callout_state(1) is CallOutState.CANCELLED
    assert place.callout_state(2) is CallOutState.CANCELLED


def test_a_closed_call_out_is_not_begun_again_by_the_same_warning(place: Any, desk: Any) -> None:
    """办结: an equal Update calls nobody; a new county is called; tomorrow's warning calls everybody."""
    desk.send(RED, FIRST)
    first = desk.identifier
    place.play(seconds=6 * MINUTE)
    place.act(Act.CLOSE, 1)
    same = desk.send(RED, FIRST, kind="Update", references=first)
    assert (same.callouts, same.reasons[-1]) == ((), "set_aside_by_an_officer")
    assert place.alarms()[-1] == "untriggered", "a human is told"
    place.play(seconds=MINUTE)
    more = desk.send(RED, FIRST, SECOND, kind="Update", references=first)
    assert more.callouts == (2,)
    place.play(seconds=6 * MINUTE)
    assert place.rings(f"{SECOND}100200")
    assert place.query(
        "SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = 2 AND u.code = ?", VILLAGE
    ) == [(0,)]
    tomorrow = desk.send(RED, FIRST)
    assert 3 in tomorrow.callouts
    assert place.query(
        "SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = 3 AND u.code = ?", VILLAGE
    ) == [(1,)]


def test_a_warning_that_finds_nobody_to_call_is_put_before_a_human(
    town: Callable[..., Any], forecasters: Callable[[Any], Any]
) -> None:
    """A register without anybody in the affected area: never silence."""
    place = town(counties=1, townships=1, villages=1, only=["1411"])
    result = forecasters(place).send(RED, FIRST)
    assert (result.disposition, result.callouts, result.reasons[-1]) == (Disposition.ACCEPTED, (), "nobody_in_area")
    assert "nobody_in_area" in place.alarms()


def test_two_hazards_are_two_obligations(place: Any, desk: Any) -> None:
    """A gale beside the rain: both are called, each by its own, and lifting one leaves the other."""
    desk.send(RED, FIRST)
    rain = desk.identifier
    place.play(seconds=6 * MINUTE)
    assert desk.send(RED, FIRST, hazard=("11B58", "雷暴大风")).callouts == (2,)
    place.play(seconds=MINUTE)
    assert place.query("SELECT count(DISTINCT hazard) FROM callout") == [(2,)]
    desk.send(RED, kind="Cancel", references=rain)
    assert place.callout_state(1) is CallOutState.CANCELLED
    assert place.callout_state(2) is CallOutState.RUNNING


def test_a_link_of_the_old_round_counts_where_the_answer_goes_over(place: Any, desk: Any) -> None:
    """The union round is the same warning at the same colour: an old text may be answered."""
    place.person(VILLAGE, Role.PRIMARY, text=[TextHabit.IGNORES])
    desk.send(RED, FIRST)
    place.play(seconds=6 * MINUTE)
    link = place.token_for(VILLAGE, Role.PRIMARY, 1)
    desk.send(RED, FIRST, SECOND, kind="Update", references=desk.identifier)
    place.play(seconds=10)
    assert place.tap(link) == 1
    assert place.state(VILLAGE, 2) is CalleeState.ACKNOWLEDGED
