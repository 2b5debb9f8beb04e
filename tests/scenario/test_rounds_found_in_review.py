"""What a reviewer found in several warnings at once, each as the night in which it went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.gate import still_needed
from warning_dispatch.model.plan import TierRule
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.simulation.population import VoiceHabit

FIRST, SECOND, THIRD = "141121", "141122", "141123"
VILLAGE = f"{FIRST}100200"
COUNTY = f"{FIRST}41600000"
"""The observatory of the first county."""
RED, ORANGE = ("Red", "红色"), ("Orange", "橙色")
MINUTE, HOUR = 60, 3_600
A = Role.PRIMARY


@pytest.fixture
def build(town: Callable[..., Any], forecasters: Callable[[Any], Any]) -> Callable[..., tuple[Any, Any]]:
    """A town of three counties and its forecasters; nobody answers unless told otherwise."""

    def make(**more: Any) -> tuple[Any, Any]:
        place = town(**{"counties": 3, "townships": 1, "villages": 2, **more})
        return place, forecasters(place)

    return make


def told(place: Any) -> set[str]:
    """Numbers that were told all-clear."""
    return {one.address for one in place.network.handed if one.purpose is Purpose.ALL_CLEAR}


def contacted(place: Any, area: str) -> set[str]:
    """Mobiles in an area that anything was handed over for."""
    numbers = {place.numbers[unit.code, A] for unit in place.units if unit.code.startswith(area)}
    return {one.address for one in place.network.handed if one.address in numbers}


def callees(place: Any, callout: int, code: str) -> int:
    """How many callees of a unit a call-out has."""
    sql = "SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND u.code = ?"
    return int(place.query(sql, callout, code)[0][0])


# --- the all-clear ----------------------------------------------------------------------------------------


def test_an_area_that_moves_tells_those_it_leaves(
    build: Callable[..., tuple[Any, Any]], kept: Callable[..., None]
) -> None:
    """The round that takes over does not drop the all-clears of the one that gives way."""
    place, desk = build()
    desk.send(RED, FIRST)
    place.play(seconds=8 * MINUTE)
    desk.send(RED, SECOND, kind="Update", references=desk.identifier)
    place.play(seconds=15 * MINUTE)
    assert contacted(place, FIRST)
    assert contacted(place, FIRST) <= told(place)
    kept(place)


@pytest.mark.parametrize("then", ["grow", "cancel", "close"])
def test_all_clears_that_wait_for_the_rate_are_not_lost(build: Callable[..., tuple[Any, Any]], then: str) -> None:
    """The area shrinks, the texts queue up, and within seconds comes the next message or an officer."""
    place, desk = build(villages=8, sms_rate=60)
    desk.send(RED, FIRST, SECOND)
    place.play(seconds=9 * MINUTE)
    desk.send(RED, FIRST, kind="Update", references=desk.identifier)
    place.play(seconds=5)
    if then == "grow":
        desk.send(RED, FIRST, THIRD, kind="Update", references=desk.identifier)
    elif then == "cancel":
        desk.send(RED, FIRST, kind="Cancel", references=desk.identifier)
    else:
        place.act(Act.CLOSE, 1)
    place.play(seconds=15 * MINUTE)
    assert contacted(place, SECOND)
    assert contacted(place, SECOND) <= told(place)


def test_a_complete_red_is_not_lifted_by_another_countys_orange(build: Callable[..., tuple[Any, Any]]) -> None:
    """Its guessed validity is over, and nobody lifted it: a signal stands until it is lifted."""
    place, desk = build(counties=2)
    for level in UnitLevel:
        for role in Role:
            place.everyone_of(level, role, VoiceHabit.ANSWERS)
    desk.send(RED, FIRST, of=COUNTY)
    place.play(seconds=7 * HOUR)
    assert place.callout_state(1) is CallOutState.COMPLETE
    desk.send(ORANGE, SECOND, of=f"{SECOND}41600000")
    place.play(seconds=5 * MINUTE)
    assert place.callout_state(1) is CallOutState.COMPLETE
    assert not told(place)


def test_the_told_are_told_the_end(build: Callable[..., tuple[Any, Any]]) -> None:
    """City departments that a county's warning only informed learn that it is over."""
    place, desk = build()
    desk.send(RED, FIRST, of=COUNTY)
    place.play(seconds=2 * MINUTE)
    desk.send(RED, FIRST, of=COUNTY, kind="Cancel", references=desk.identifier)
    place.play(seconds=2 * MINUTE)
    assert place.numbers["1411-water", A] in told(place)


# --- what an officer ends ---------------------------------------------------------------------------------


def test_lifting_one_warning_leaves_its_issuers_others(build: Callable[..., tuple[Any, Any]]) -> None:
    """City orange for one county, city red for another: the orange is lifted by hand, the red goes on."""
    place, desk = build()
    desk.send(ORANGE, FIRST)
    place.play(seconds=5)
    assert desk.send(RED, SECOND).callouts == (2,)
    place.play(seconds=16 * MINUTE)
    place.act(Act.CANCEL, 1)
    place.play(seconds=MINUTE)
    assert place.callout_state(1) is CallOutState.CANCELLED
    assert place.callout_state(2) is CallOutState.RUNNING
    assert place.numbers[f"{SECOND}100200", A] not in told(place)


def test_what_another_issuer_warns_of_is_lifted_where_it_is_called(build: Callable[..., tuple[Any, Any]]) -> None:
    """The city's own warning has ended, its call-out goes on for the county's: the officer is sent to the county's."""
    place, desk = build()
    desk.send(RED)
    city = desk.identifier
    place.play(seconds=6 * MINUTE)
    desk.send(RED, FIRST, of=COUNTY)
    place.play(seconds=10)
    desk.send(RED, kind="Cancel", references=city)
    with pytest.raises(RefusedError, match="叫应 2"):
        place.act(Act.CANCEL, 1)
    assert place.callout_state(1) is CallOutState.RUNNING
    place.act(Act.CLOSE, 1)
    assert place.callout_state(2) is CallOutState.RUNNING, "storm both-8: the county's own goes on"
    place.act(Act.CANCEL, 2)
    assert place.callout_state(2) is CallOutState.CANCELLED


def test_a_closed_red_does_not_silence_a_later_orange(build: Callable[..., tuple[Any, Any]]) -> None:
    """办结 after ten minutes; three hours later the county's own orange calls everybody it should."""
    place, desk = build(limits=CallLimits())
    desk.send(RED, FIRST)
    place.play(seconds=10 * MINUTE)
    place.act(Act.CLOSE, 1)
    place.play(seconds=3 * HOUR)
    assert desk.send(ORANGE, FIRST, of=COUNTY).callouts == (2,)
    assert callees(place, 2, VILLAGE) == 1
    place.play(seconds=20 * MINUTE)
    assert place.opened(VILLAGE, 2) is not None


def test_a_closed_red_of_a_county_does_not_silence_the_citys_raising(build: Callable[..., tuple[Any, Any]]) -> None:
    """Storm both-165: the city's orange becomes red after an officer closed the county's own red: its villages are called."""
    place, desk = build()
    desk.send(ORANGE)
    city = desk.identifier
    place.play(seconds=5 * MINUTE)
    desk.send(RED, FIRST, of=COUNTY)
    place.play(seconds=30)
    place.act(Act.CLOSE, 2)
    place.play(seconds=30)
    assert 3 in desk.send(RED, kind="Update", references=city).callouts
    assert callees(place, 3, VILLAGE) == 1


def test_a_red_that_rings_nobody_any_more_does_not_silence_the_next_days_orange(
    build: Callable[..., tuple[Any, Any]],
) -> None:
    """待解除 since yesterday, never lifted: the orange is called, and what stood for the red gives way."""
    place, desk = build(limits=CallLimits())
    desk.send(RED, FIRST)
    place.play(seconds=30 * HOUR)
    assert desk.send(ORANGE, FIRST).callouts == (2,)
    before = len(place.rings(VILLAGE))
    place.play(seconds=20 * MINUTE)
    assert len(place.rings(VILLAGE)) > before
    assert "nobody_in_area" not in place.alarms()


@pytest.mark.parametrize("by", ["update", "county"])
def test_nobody_waits_behind_a_superior_whose_call_out_was_closed(
    build: Callable[..., tuple[Any, Any]], by: str
) -> None:
    """The city's red for one township is closed before the county's gate opened; the county's other township is called."""
    place, desk = build(townships=2)
    desk.send(RED, f"{FIRST}100")
    city = desk.identifier
    place.play(seconds=20)
    if by == "county":
        desk.send(RED, FIRST, of=COUNTY)
    place.act(Act.CLOSE, 1)
    if by == "update":
        desk.send(RED, FIRST, kind="Update", references=city)
    place.play(seconds=10 * MINUTE)
    assert place.opened(f"{FIRST}101200", 2) is not None


# --- areas, validity, plans -------------------------------------------------------------------------------


def test_an_unknown_area_widens_the_warning_that_named_it(build: Callable[..., tuple[Any, Any]]) -> None:
    """It is only attached to another warning's call-out; after three minutes unclaimed its whole county is called."""
    place, desk = build(townships=2, bureau=True)
    desk.send(RED, f"{FIRST}100")
    place.play(seconds=30)
    desk.send(RED, f"{FIRST}999")
    place.play(seconds=4 * MINUTE)
    newest = int(place.query("SELECT max(id) FROM callout WHERE purpose = 1")[0][0])
    assert callees(place, newest, f"{FIRST}101200") == 1


def test_a_round_is_valid_as_long_as_any_warning_that_holds_its_units(build: Callable[..., tuple[Any, Any]]) -> None:
    """A fresh message with a larger area and a short validity does not shorten what the older one holds."""
    place, desk = build(limits=CallLimits())
    desk.send(RED, FIRST)
    place.play(seconds=MINUTE)
    short = beijing_text(place.clock.now() + HOUR * 1_000, "%Y-%m-%d %H:%M:%S+08:00")
    assert desk.send(RED, FIRST, SECOND, expires=short).callouts == (2,)
    place.play(seconds=90 * MINUTE)
    assert place.callout_state(2) is CallOutState.RUNNING


def test_a_plan_that_was_edited_meanwhile(build: Callable[..., tuple[Any, Any]]) -> None:
    """A tier is gone from the county's plan when the city's red is lifted: the lifting is carried out all the same."""
    place, desk = build()
    desk.send(ORANGE, FIRST, of=COUNTY)
    place.play(seconds=5 * MINUTE)
    desk.send(RED, FIRST)
    red = desk.identifier
    place.play(seconds=MINUTE)
    county = next(one for one in place.chains if one.name == "county")
    left = tuple(
        replace(tier, opens_after=None if tier.opens_after == "leaders" else tier.opens_after)
        for tier in county.tiers
        if tier.name != "leaders"
    )
    place.chains = tuple(replace(one, tiers=left) if one.name == "county" else one for one in place.chains)
    place.restart()
    desk.send(RED, FIRST, kind="Cancel", references=red)
    place.play(seconds=20 * MINUTE)
    assert place.callout_state(2) is CallOutState.CANCELLED
    assert place.opened(VILLAGE, 3) is not None


def test_a_superior_carried_by_a_higher_warning_is_no_orphan(build: Callable[..., tuple[Any, Any]]) -> None:
    """County red for one township, city orange for the county: the other township waits for the county, which is called."""
    place, desk = build(townships=2)
    desk.send(RED, f"{FIRST}100", of=COUNTY)
    place.play(seconds=30)
    desk.send(ORANGE, FIRST)
    place.play(seconds=2)
    assert place.opened(f"{FIRST}101", 2) is None
    assert "superior_without_contact" not in place.alarms()
    place.play(seconds=15 * MINUTE)
    assert place.opened_by(f"{FIRST}101", 2) == "hold_passed"


def test_a_downgrade_by_fresh_message_and_cancel_raises_no_alarm(build: Callable[..., tuple[Any, Any]]) -> None:
    """The orange comes while the red still stands: its units are called already."""
    place, desk = build()
    desk.send(RED, FIRST)
    red = desk.identifier
    place.play(seconds=10 * MINUTE)
    before = len(place.alarms())
    assert desk.send(ORANGE, FIRST).reasons[-1] == "attached"
    assert place.alarms()[before:] == []
    place.play(seconds=MINUTE)
    assert desk.send(RED, FIRST, kind="Cancel", references=red).callouts == (2,)


def test_voice_goes_on_by_the_orange_ladder_however_long_the_red_was(build: Callable[..., tuple[Any, Any]]) -> None:
    """Orange rings for two hours from when it is orange, not from when the red began."""
    place, desk = build(limits=CallLimits())
    desk.send(RED, FIRST)
    place.play(seconds=150 * MINUTE)
    desk.send(ORANGE, FIRST, kind="Update", references=desk.identifier)
    began = place.elapsed
    place.play(seconds=10 * MINUTE)
    assert [at for at in place.rings(VILLAGE) if at > began + 1]


def test_a_pause_that_a_newer_message_ends_is_told(build: Callable[..., tuple[Any, Any]]) -> None:
    """The officer had paused; a larger area makes a new round, which calls: he is told at once."""
    place, desk = build()
    desk.send(RED, FIRST)
    place.play(seconds=6 * MINUTE)
    place.act(Act.PAUSE, 1)
    desk.send(RED, FIRST, SECOND, kind="Update", references=desk.identifier)
    assert place.alarms()[-1] == "pause_over"


def test_answers_of_those_who_left_do_not_meet_a_quorum(build: Callable[..., tuple[Any, Any]]) -> None:
    """Six counties, half of them needed: two answered and left, two more left; of the two that remain one must answer."""
    place, _ = build()
    tier = replace(place.chains[0].tiers[2], rule=TierRule.QUORUM, quorum=0.5)
    assert still_needed(6, gone=2, answered=2, tier=tier) == 3
    assert still_needed(6, gone=0, answered=0, tier=tier) == 3
    assert still_needed(6, gone=4, answered=2, tier=replace(tier, rule=TierRule.ALL)) == 2


def test_the_channel_of_a_notice_is_text(build: Callable[..., tuple[Any, Any]]) -> None:
    """Who answered the red is written to, not rung, when it becomes orange."""
    place, desk = build()
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    desk.send(RED, FIRST)
    place.play(seconds=7 * MINUTE)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    desk.send(ORANGE, FIRST, kind="Update", references=desk.identifier)
    place.play(seconds=MINUTE)
    notices = [one for one in place.network.handed if one.purpose is Purpose.NOTICE]
    assert notices
    assert {one.channel for one in notices} == {Channel.SMS}
