"""One phone, one call, over everything: all that is due for a number is one call, and one key answers for those people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.delivery.lengths import first_key_second, speech_seconds
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
VILLAGE, NEIGHBOUR = "141121100200", "141121100201"
FARAWAY = "141121101200"
"""A village of another township."""
OPENED = 300
A, B, DUTY = Role.PRIMARY, Role.DEPUTY, Role.DUTY
RAIN, GALE = 1, 2
"""The call-outs of `two_hazards`."""
Kept = Callable[[Any], None]


def gale(place: Any) -> None:
    """A red thunderstorm gale, from the same issuer."""
    moment = place.identifier(place.elapsed).split("_")[1]
    place.take_in(
        place.message(
            RED_CITY,
            eventType="11B58",
            identifier=f"14110041600000_{moment}1",
            headline="吕梁市气象台发布雷暴大风红色预警信号",
        )
    )


def two_hazards(town: Callable[..., Any], **more: Any) -> Any:
    """A red rainstorm and a red gale at once: everybody is called in two call-outs. No budget of a number is in the way."""
    place = town(**{"counties": 1, "townships": 1, "limits": CallLimits(), **more})
    place.warning(RED_CITY)
    gale(place)
    assert place.query("SELECT id, hazard FROM callout ORDER BY id") == [
        (RAIN, "rainstorm"),
        (GALE, "thunderstorm_gale"),
    ]
    return place


def roles_of(place: Any, unit: str, callout: int = 1) -> list[tuple[int, int]]:
    """(role, counted) of the answers of a unit."""
    sql = "SELECT role, counted FROM acknowledgement WHERE callee_id = ? ORDER BY id"
    return [tuple(row) for row in place.query(sql, place.callee_id(unit, callout))]


# --- over two hazards -------------------------------------------------------------------------------------


def test_one_call_tells_of_two_warnings_and_one_key_answers_both(town: Callable[..., Any], kept: Kept) -> None:
    """The village head is rung once; both warnings are said, the key in the first seconds; both call-outs are answered."""
    place = two_hazards(town)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.play(seconds=OPENED + 5)
    kept(place)
    place.play(seconds=60)
    (call,) = place.dispatches(VILLAGE, A)
    assert call.text.startswith("暴雨红色预警，收到请按1。")
    assert "雷暴大风红色预警，收到请按1。" in call.text
    assert call.text.count("县1乡1村1") == 2
    assert (first_key_second(call.text, "zh_CN") or 99) <= 5
    for callout in (RAIN, GALE):
        assert place.state(VILLAGE, callout) is CalleeState.ACKNOWLEDGED
        assert place.answers(VILLAGE, callout) == [(Means.KEY, True)]
    kept(place)


def test_a_person_with_several_units_over_two_hazards(town: Callable[..., Any], kept: Kept) -> None:
    """A of a village, B of one in another township whose A is vacant: one call for the four, each by the own role."""
    place = two_hazards(town, townships=2, same_phone={(FARAWAY, B): (VILLAGE, A)}, without=[(FARAWAY, A)])
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.play(seconds=OPENED + 60)
    (call,) = place.dispatches(VILLAGE, A)
    assert call.text.count("县1乡1村1、县1乡2村1") == 2
    for callout in (RAIN, GALE):
        assert roles_of(place, VILLAGE, callout) == [(A, 1)]
        assert roles_of(place, FARAWAY, callout) == [(B, 1)]
        assert place.state(FARAWAY, callout) is CalleeState.ACKNOWLEDGED
    assert place.network.clashes == 0
    kept(place)


def test_each_journal_tells_its_part_of_the_call(town: Callable[..., Any], kept: Kept) -> None:
    """The more urgent call-out is the call's home; the other one's journal names its own callees, by id only."""
    place = two_hazards(town)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.play(seconds=OPENED + 60)
    (attempt,) = {one.attempt_id for one in place.dispatches(VILLAGE, A)}
    home = [one for one in place.journal_entries("callout:1") if one.get("id") == attempt]
    assert [one["k"] for one in home] == ["attempt.queued", "attempt.claimed", "attempt.handed", "attempt.ended"]
    assert home[1]["callees"] == [place.callee_id(VILLAGE, RAIN)]
    shared = [one for one in place.journal_entries("callout:2") if one.get("id") == attempt]
    assert [one["k"] for one in shared] == ["shared.claimed", "shared.handed", "shared.ended"]
    assert shared[0]["callees"] == [place.callee_id(VILLAGE, GALE)]
    assert all(one["home"] == RAIN for one in shared)
    kept(place)


def test_over_an_hour_of_silence_no_phone_is_in_two_calls(town: Callable[..., Any], kept: Kept) -> None:
    """Two call-outs, few lines, nobody answers: each number is rung as often as one call-out would ring it."""
    place = two_hazards(town, townships=2, lines=3)
    for _ in range(60):
        place.play(seconds=60)
        kept(place)
    assert place.network.clashes == 0
    assert place.rings(VILLAGE, A)
    alone = town(counties=1, townships=2, lines=3)
    alone.warning(RED_CITY)
    alone.play(seconds=3_600)
    assert len(place.dispatches(VILLAGE, A)) <= len(alone.dispatches(VILLAGE, A)) + 1


# --- the clerk --------------------------------------------------------------------------------------------


def clerk_chain(configuration: Configuration) -> CallChain:
    """The city's chain, but villages are reached through the clerk's phone first."""
    chain = next(one for one in configuration.chains if one.name == "city")
    tiers = []
    for tier in chain.tiers:
        if tier.name == "villages":
            ladder = tier.ladders[Colour.RED]
            rungs = (replace(ladder.rungs[0], roles=int(DUTY)), *ladder.rungs[1:])
            tier = replace(tier, ladders={**tier.ladders, Colour.RED: replace(ladder, rungs=rungs)})  # noqa: PLW2901 - the tier as changed
        tiers.append(tier)
    return replace(chain, tiers=tuple(tiers))


@pytest.fixture
def clerk(town: Callable[..., Any], configuration: Configuration) -> Any:
    """A clerk whose phone is the duty phone of forty villages; the engine looks at three at a time."""
    villages = [f"1411211002{number:02d}" for number in range(40)]
    place = town(
        counties=1,
        townships=1,
        villages=40,
        clerks=villages,
        same_phone={(code, DUTY): (VILLAGE, DUTY) for code in villages[1:]},
        chains=[clerk_chain(configuration)],
        lines=20,
    )
    place.engine = place.stage.engine = place.build_engine(3)
    place.villages = villages
    return place


def test_the_clerk_of_forty_villages_gets_one_call(clerk: Any, kept: Kept) -> None:
    """Wherever they stand in the queue: one call for forty, relayed, nobody acknowledged; then recorded one by one."""
    clerk.person(VILLAGE, DUTY, VoiceHabit.ANSWERS)
    clerk.warning(RED_CITY)
    clerk.play(seconds=10)
    clerk.act(Act.OPEN_GATE)
    clerk.play(seconds=115)
    (call,) = clerk.dispatches(VILLAGE, DUTY)
    assert "等40个村" in call.text
    assert speech_seconds(call.text, "zh_CN") <= 20
    assert {clerk.state(code) for code in clerk.villages} == {CalleeState.RELAYED}
    assert clerk.query("SELECT count(*), sum(counted) FROM acknowledgement") == [(40, 0)]
    assert clerk.query("SELECT DISTINCT role FROM acknowledgement") == [(DUTY,)]
    kept(clerk)
    for code in clerk.villages:
        clerk.record_answer(code, means=Means.SUPERIOR)
    assert {clerk.state(code) for code in clerk.villages} == {CalleeState.ACKNOWLEDGED}
    assert clerk.query("SELECT answered FROM branch WHERE tier = 4") == [(40,)]
    kept(clerk)


# --- offices ----------------------------------------------------------------------------------------------


def test_a_landline_shared_by_offices_rings_once(town: Callable[..., Any], kept: Kept) -> None:
    """One duty room answers for two departments: one call, both gates' answer, A of each is still asked slowly."""
    offices = ("1411-water", "1411-emergency")
    place = two_hazards(town, same_phone={("1411-emergency", DUTY): ("1411-water", DUTY)})
    place.person("1411-water", DUTY, VoiceHabit.ANSWERS)
    place.play(seconds=100)
    (call,) = place.dispatches("1411-water", DUTY)
    assert call.text.count("请emergency、water立即防范") == 1  # the gale does not concern the water office
    for code in offices:
        assert place.state(code, RAIN) is CalleeState.DUTY_ANSWERED
        assert roles_of(place, code, RAIN) == [(DUTY, 1)]
    kept(place)


def test_while_it_rings_nothing_else_goes_and_then_at_once(town: Callable[..., Any], kept: Kept) -> None:
    """The gale's gate opens while the phone rings for the rain: its call waits for the end, and not a second longer."""
    place = two_hazards(town)
    place.change("UPDATE branch SET gate_at = NULL WHERE callout_id = ?", GALE)
    place.play(seconds=OPENED + 10)
    assert [one.address for one in place.dispatches(VILLAGE, A)] == [place.numbers[VILLAGE, A]]
    place.act(Act.OPEN_GATE, GALE)
    place.play(seconds=20)
    kept(place)
    assert len(place.dispatches(VILLAGE, A)) == 1
    place.play(seconds=6)
    assert len(place.dispatches(VILLAGE, A)) == 2
    rain, then = place.rings(VILLAGE, A)
    assert then - rain == 35
    assert place.network.clashes == 0
    assert "雷暴大风" in place.dispatches(VILLAGE, A)[1].text
    assert "暴雨" not in place.dispatches(VILLAGE, A)[1].text


def test_a_drill_is_never_said_with_a_warning(town: Callable[..., Any], kept: Kept) -> None:
    """It has a call of its own, one after the other on the same phone."""
    place = two_hazards(town)
    place.change("UPDATE callout SET purpose = ? WHERE id = ?", Purpose.DRILL.value, GALE)
    place.play(seconds=OPENED + 100)
    texts = [one.text for one in place.dispatches(VILLAGE, A)]
    assert len(texts) == 2
    assert not any("暴雨" in text and "雷暴大风" in text for text in texts)
    assert place.network.clashes == 0
    kept(place)


def test_the_bureaus_own_call_is_never_said_with_a_warning(town: Callable[..., Any], kept: Kept) -> None:
    """Whose phone is the duty officer's and a village head's is told of each by itself, never both at once."""
    place = town(counties=1, townships=1, bureau=True, same_phone={("1411-duty", A): (VILLAGE, A)}, limits=CallLimits())
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 30)
    place.source_silent("12379")
    place.play(seconds=200)
    texts = [one.text for one in place.dispatches(VILLAGE, A)]
    assert any("来源" in text for text in texts)
    assert any("暴雨" in text for text in texts)
    assert not any("来源" in text and "暴雨" in text for text in texts)
    assert place.network.clashes == 0
    kept(place)


# --- one of them stops ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [RAIN, GALE])
@pytest.mark.parametrize("act", [Act.CANCEL, Act.CLOSE])
def test_a_call_goes_on_for_the_other_call_out(town: Callable[..., Any], act: Act, stopped: int, kept: Kept) -> None:
    """One warning is lifted while the merged phone rings: it rings on, and the key answers for the other one."""
    other = GALE if stopped == RAIN else RAIN
    place = two_hazards(town)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.play(seconds=OPENED + 1)
    assert place.network.ringing()
    place.act(act, stopped)
    kept(place)
    place.play(seconds=60)
    assert place.state(VILLAGE, stopped) is CalleeState.STOPPED
    assert place.state(VILLAGE, other) is CalleeState.ACKNOWLEDGED
    assert place.answers(VILLAGE, other) == [(Means.KEY, True)]
    assert len(place.dispatches(VILLAGE, A)) == 1
    kept(place)


def test_when_both_are_lifted_the_phone_is_hung_up(town: Callable[..., Any], kept: Kept) -> None:
    """Nobody open is left: what rings ends at once, and both all-clears go to those who had been rung."""
    place = two_hazards(town)
    place.play(seconds=OPENED + 1)
    place.act(Act.CANCEL, RAIN)
    place.act(Act.CANCEL, GALE)
    assert not place.network.ringing()
    place.play(seconds=30)
    assert place.outcomes(VILLAGE, A)[:1] == ["hung_up_by_us"]
    told = [one for one in place.dispatches(VILLAGE, A, Channel.SMS) if one.purpose is Purpose.ALL_CLEAR]
    assert sorted(one.callout_id for one in told) == [RAIN, GALE]
    kept(place)


def test_one_unit_answers_elsewhere_and_the_call_goes_on(town: Callable[..., Any], kept: Kept) -> None:
    """The rain is answered through B's link while A's phone rings for both warnings: it rings on for the gale."""
    place = two_hazards(town)
    place.play(seconds=OPENED + 1)
    place.tap(place.token_for(VILLAGE, B, RAIN))
    assert place.state(VILLAGE, RAIN) is CalleeState.ACKNOWLEDGED
    assert place.network.ringing()
    kept(place)
    place.tap(place.token_for(VILLAGE, B, GALE))
    place.play(seconds=1)
    assert place.outcomes(VILLAGE, A) == ["hung_up_by_us", "hung_up_by_us"]
    kept(place)


# --- lost in a crash --------------------------------------------------------------------------------------


@pytest.fixture
def lost(town: Callable[..., Any]) -> Any:
    """A merged call was handed over, and the process died before it knew."""
    place = two_hazards(town, villages=1)
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.stage.round()
    assert len(place.dispatches(VILLAGE, A)) == 1
    return place


def test_a_merged_call_lost_in_a_crash_is_repeated_for_all(lost: Any, kept: Kept) -> None:
    """The same attempt, marked, naming what it named."""
    lost.restart()
    kept(lost)
    lost.play(seconds=60)
    first, again = lost.dispatches(VILLAGE, A)
    assert first.attempt_id == again.attempt_id
    assert (first.possible_duplicate, again.possible_duplicate) == (False, True)
    assert first.text == again.text
    assert lost.network.handed_twice == []
    kept(lost)


def test_a_key_of_the_lost_call_answers_for_all_it_named(lost: Any, kept: Kept) -> None:
    """The phone rang on while we were down; what was pressed there is told when we are back."""
    lost.restart()
    lost.report(VILLAGE, A, "key_pressed")
    lost.play(seconds=2)
    for callout in (RAIN, GALE):
        assert lost.state(VILLAGE, callout) is CalleeState.ACKNOWLEDGED
    kept(lost)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.CANCEL, Act.CLOSE])
@pytest.mark.parametrize("early", [True, False])
def test_a_lost_call_is_repeated_for_the_one_that_goes_on(lost: Any, act: Act, early: bool, kept: Kept) -> None:
    """Its home stops before or after the loss is found: the other call-out gets a call of its own, marked as well."""
    if early:
        lost.act(act, RAIN)
        kept(lost)
    lost.restart()
    if not early:
        lost.act(act, RAIN)
    kept(lost)
    lost.play(seconds=60)
    first, again = lost.dispatches(VILLAGE, A)
    assert again.callout_id == GALE
    assert again.attempt_id != first.attempt_id
    assert again.possible_duplicate
    assert "暴雨" not in again.text
    kept(lost)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.CANCEL])
@pytest.mark.parametrize("early", [True, False])
def test_a_lost_call_is_repeated_without_the_one_that_stops(lost: Any, act: Act, early: bool, kept: Kept) -> None:
    """The other call-out stops: the repeat speaks of its home alone; after a pause the other one is called too."""
    if early:
        lost.act(act, GALE)
    lost.restart()
    if not early:
        lost.act(act, GALE)
    kept(lost)
    lost.play(seconds=60)
    first, again = lost.dispatches(VILLAGE, A)
    assert again.attempt_id == first.attempt_id
    assert "雷暴大风" not in again.text
    kept(lost)
    if act is Act.PAUSE:
        lost.act(Act.RESUME, GALE)
        lost.play(seconds=3)
        assert "雷暴大风" in lost.dispatches(VILLAGE, A)[-1].text
        kept(lost)


def test_a_repeat_names_nobody_it_had_not_named(town: Callable[..., Any], kept: Kept) -> None:
    """A key may still be pressed in the first call: the gale, due meanwhile, gets a call of its own right after."""
    place = two_hazards(town, villages=1)
    place.change("UPDATE branch SET gate_at = NULL WHERE callout_id = ?", GALE)
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.stage.round()
    place.restart()
    place.act(Act.OPEN_GATE, GALE)
    place.play(seconds=80)
    texts = [one.text for one in place.dispatches(VILLAGE, A)]
    assert [("暴雨" in text, "雷暴大风" in text) for text in texts[:3]] == [(True, False), (True, False), (False, True)]
    kept(place)


# --- messages ---------------------------------------------------------------------------------------------


@pytest.fixture
def shared(town: Callable[..., Any]) -> Any:
    """One person is A of two villages, and B of the second as well."""
    same = {(NEIGHBOUR, A): (VILLAGE, A), (NEIGHBOUR, B): (VILLAGE, A)}
    return town(counties=1, townships=1, same_phone=same)


def test_one_message_names_every_unit_of_the_person(shared: Any, kept: Kept) -> None:
    """No second text about the same warning in the same breath; one reply answers for what it named."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 10)
    (message,) = shared.dispatches(VILLAGE, A, Channel.SMS)
    assert "县1乡1村1、县1乡1村2" in message.text
    assert message.text.count("村2") == 1
    assert len(shared.dispatches(VILLAGE, B, Channel.SMS)) == 1
    kept(shared)
    assert shared.reply(VILLAGE, A, "收到") >= 2
    for code in (VILLAGE, NEIGHBOUR):
        assert shared.state(code) is CalleeState.ACKNOWLEDGED
    kept(shared)


def test_the_all_clear_is_one_message_too(shared: Any, kept: Kept) -> None:
    """Whoever was told of two villages in one text is told of both in one when it is over."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 10)
    shared.act(Act.CANCEL)
    shared.play(seconds=10)
    told = [one for one in shared.dispatches(VILLAGE, A, Channel.SMS) if one.purpose is Purpose.ALL_CLEAR]
    assert len(told) == 1
    assert "县1乡1村1" in told[0].text
    assert "县1乡1村2" in told[0].text
    kept(shared)


def test_a_merged_message_of_unknown_fate_is_repeated_whole(shared: Any, kept: Kept) -> None:
    """To the same number, marked, for both villages, with the same link."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED - 1)
    shared.clock.advance_to(shared.clock.now() + 1_000)
    shared.stage.round()
    shared.restart()
    shared.play(seconds=30)
    first, again = shared.dispatches(VILLAGE, A, Channel.SMS)
    assert (first.text, first.link, first.attempt_id) == (again.text, again.link, again.attempt_id)
    assert again.possible_duplicate
    kept(shared)


def test_the_link_in_the_message_answers_for_all_it_named(shared: Any, kept: Kept) -> None:
    """One tap, the two units of that person and nobody else's."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 10)
    (message,) = shared.dispatches(VILLAGE, A, Channel.SMS)
    assert shared.tap(message.link) == 2
    assert shared.query("SELECT count(*) FROM acknowledgement") == [(2,)]
    kept(shared)


# --- an old round -----------------------------------------------------------------------------------------


def carry(place: Any, rounds: Mapping[int, int], unit: str = VILLAGE) -> None:
    """A newer round has taken the unit over, by hand: old call-out → newer one."""
    for old, new in rounds.items():
        values = (CalleeState.SUPERSEDED.value, place.callee_id(unit, new), place.callee_id(unit, old))
        place.change("UPDATE callee SET state = ?, voice = 0, next_at = NULL, carried_id = ? WHERE id = ?", *values)


def three_call_outs(town: Callable[..., Any]) -> Any:
    """Two call-outs that were replaced one after the other, and the one that goes on."""
    place = two_hazards(town)
    place.play(seconds=1)
    moment = place.identifier(place.elapsed).split("_")[1]
    identifier = f"14110041600000_{moment}2"
    headline = "吕梁市气象台发布暴雪红色预警信号"
    place.take_in(place.message(RED_CITY, eventType="11B04", identifier=identifier, headline=headline))
    place.play(seconds=OPENED + 5)
    return place


ANSWERS: Sequence[Callable[[Any], object]] = (
    lambda place: place.tap(place.token_for(VILLAGE, A, 1)),
    lambda place: place.report(VILLAGE, A, "key_pressed"),
    lambda place: place.reply(VILLAGE, A, "收到"),
)


@pytest.mark.parametrize("answer", ANSWERS, ids=["link", "key", "reply"])
def test_an_answer_to_an_old_round_counts_for_the_newest(
    town: Callable[..., Any], answer: Callable[[Any], object]
) -> None:
    """A key of the call that still rings, the old link, a reply: recorded for the old round, counted for the newest."""
    place = three_call_outs(town)
    carry(place, {1: 2, 2: 3})
    place.change("UPDATE callout SET state = ? WHERE id IN (1, 2)", CallOutState.SUPERSEDED.value)
    answer(place)
    place.play(seconds=2)
    assert place.state(VILLAGE, 3) is CalleeState.ACKNOWLEDGED
    assert [counted for _, counted in place.answers(VILLAGE, 3)] == [True]
    assert place.answers(VILLAGE, 1)
    assert not any(counted for callout in (1, 2) for _, counted in place.answers(VILLAGE, callout))


def test_a_reply_long_after_the_storm_answers_for_nothing(town: Callable[..., Any]) -> None:
    """What took the old round over is over itself: a friendly word next week leaves no mark."""
    place = three_call_outs(town)
    carry(place, {1: 2, 2: 3})
    for callout in (1, 2, 3):
        place.act(Act.CLOSE, callout)
    assert place.reply(VILLAGE, A, "收到") == 0
    assert place.query("SELECT count(*) FROM acknowledgement") == [(0,)]
