"""What cannot be decided rings a human: the bureau calls its own people until one of them claims it (promise 9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.snapshot import fold_faults

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
DESK, SHIFT, DIRECTOR = "1411-duty", "1411-shift", "1411-director"
COUNTY = "141121"
MINUTE, HOUR = 60, 3_600
SMS = Channel.SMS


@pytest.fixture
def bureau(town: Callable[..., Any]) -> Any:
    """A prefecture whose weather bureau can be rung; everybody is silent until told otherwise."""
    return town(bureau=True)


def self_calls(place: Any) -> list[tuple[int, Colour, CallOutState]]:
    """(id, colour, state) of every call of the bureau to itself."""
    rows = place.query("SELECT id, colour, state FROM callout WHERE purpose = ? ORDER BY id", Purpose.SELF.value)
    return [(int(str(key)), Colour(colour), CallOutState(state)) for key, colour, state in rows]


def rung_in(place: Any) -> Colour | None:
    """The colour of the last call of the bureau to itself; None when there was none."""
    found = self_calls(place)
    return found[-1][1] if found else None


def open_alarms(place: Any) -> list[str]:
    """Kinds of alarm that nobody has claimed."""
    return [str(row[0]) for row in place.query("SELECT kind FROM alarm WHERE claimed_at IS NULL ORDER BY id")]


def rung_for(place: Any) -> list[str]:
    """Kinds of alarm that somebody is called for now."""
    sql = "SELECT kind FROM alarm WHERE claimed_at IS NULL AND self_callout_id IS NOT NULL ORDER BY id"
    return [str(row[0]) for row in place.query(sql)]


def spoken(place: Any, code: str = DESK, role: Role = Role.DUTY) -> str:
    """What the last call to a person said."""
    return str(place.dispatches(code, role)[-1].text)


def in_order(place: Any) -> None:
    """The journal is whole and tells what the tables hold."""
    with place.database.connect() as connection:
        assert verify(connection, place.keys.journal_public) == []
        assert fold_faults(connection) == []


def answers_on(place: Any, code: str, role: Role = Role.PRIMARY) -> None:
    """From now on the person picks up and presses 1."""
    place.person(code, role, VoiceHabit.ANSWERS)


# --- the duty officer asleep ------------------------------------------------------------------------------


def test_the_duty_officer_is_asleep(bureau: Any) -> None:
    """Desk and mobile ring in vain, the shift leader at 60 s, the director at 180 s, repeats; the director's 1 ends it."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=200)
    assert bureau.rings(DESK, Role.DUTY)[0] == 0
    assert bureau.rings(DESK, Role.PRIMARY)[0] == pytest.approx(35, abs=5)
    assert bureau.rings(SHIFT)[0] == 60
    assert bureau.rings(DIRECTOR)[0] == 180
    bureau.play(seconds=10 * MINUTE)
    assert len(bureau.rings(DESK, Role.DUTY)) >= 2
    assert len(bureau.rings(SHIFT)) >= 2
    answers_on(bureau, DIRECTOR)
    bureau.play(over=lambda: self_calls(bureau)[0][2] is CallOutState.COMPLETE)
    assert open_alarms(bureau) == []
    assert bureau.state(DIRECTOR) is CalleeState.ACKNOWLEDGED
    assert bureau.state(DESK) is bureau.state(SHIFT) is CalleeState.STOPPED
    assert bureau.network.ringing() == frozenset()
    before = len(bureau.network.handed)
    bureau.play(seconds=2 * HOUR)
    assert len(bureau.network.handed) == before
    in_order(bureau)


def test_orange_is_less_hasty(bureau: Any) -> None:
    """The shift leader after three minutes, the director after ten."""
    bureau.source_silent("spool")
    bureau.play(seconds=11 * MINUTE)
    assert (bureau.rings(SHIFT)[0], bureau.rings(DIRECTOR)[0]) == (180, 600)


def test_it_goes_on_all_night(bureau: Any) -> None:
    """Nobody claims it: it has no end by itself, and no number rings more than five times an hour or twenty a day."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=8 * HOUR)
    for code, role in ((DESK, Role.DUTY), (DESK, Role.PRIMARY), (SHIFT, Role.PRIMARY), (DIRECTOR, Role.PRIMARY)):
        rings = bureau.rings(code, role)
        assert rings[-1] > 7.4 * HOUR
        assert len(rings) <= 20
        assert all(sum(start <= other < start + HOUR for other in rings) <= 5 for start in rings)


def test_hearing_it_out_is_not_a_claim(bureau: Any) -> None:
    """Whoever listens twice and presses nothing is called on: here nobody stands above to be told."""
    bureau.person(DESK, Role.DUTY, VoiceHabit.HEARS)
    bureau.take_in(b"garbage")
    bureau.play(seconds=HOUR)
    assert bureau.outcomes(DESK, Role.DUTY).count("heard_no_key") >= 4
    assert open_alarms(bureau) == ["quarantined"]


def test_a_desk_without_a_phone_is_not_waited_for(town: Callable[..., Any]) -> None:
    """The shift leader is called at once."""
    place = town(bureau=True, without=[(DESK, Role.DUTY), (DESK, Role.PRIMARY)])
    place.take_in(b"garbage")
    place.play(seconds=5)
    assert place.rings(SHIFT)[0] == 0
    in_order(place)


# --- how it is claimed ------------------------------------------------------------------------------------


def test_a_reply_claims(bureau: Any) -> None:
    """The duty officer writes back 收到."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=30)
    assert bureau.reply(DESK, Role.PRIMARY, "收到") == 1
    assert open_alarms(bureau) == []
    assert self_calls(bureau)[0][2] is CallOutState.COMPLETE
    bureau.play(seconds=10 * MINUTE)
    assert bureau.rings(SHIFT) == []


def test_a_link_claims(bureau: Any) -> None:
    """The button behind the link of the message."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=30)
    assert bureau.tap(bureau.token_for(DESK, Role.PRIMARY)) == 1
    assert open_alarms(bureau) == []


def test_a_command_claims_with_its_actor(bureau: Any) -> None:
    """At the keyboard: what rings is hung up, and the journal says who."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=70)
    assert bureau.network.ringing()
    assert list(bureau.claim(1, actor="wang")) == [1]
    assert bureau.network.ringing() == frozenset()
    assert bureau.query("SELECT claimed_by FROM alarm") == [("wang",)]
    assert {"k": "claimed", "by": "wang", "alarms": [1]} in bureau.journal_entries()
    bureau.play(seconds=HOUR)
    assert bureau.rings(DIRECTOR) == []
    with pytest.raises(RefusedError):
        bureau.claim(1)
    with pytest.raises(NotFoundError):
        bureau.claim(99)
    in_order(bureau)


def test_an_answer_recorded_by_hand_claims(bureau: Any) -> None:
    """Somebody spoke with the shift leader."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=70)
    bureau.record_answer(SHIFT, means=Means.OPERATOR)
    assert open_alarms(bureau) == []
    assert self_calls(bureau)[0][2] is CallOutState.COMPLETE


def test_a_claim_needs_somebody(bureau: Any) -> None:
    """No actor, no claim."""
    bureau.take_in(b"garbage")
    with pytest.raises(RefusedError):
        bureau.claim(actor=" ")
    assert open_alarms(bureau) == ["quarantined"]


def test_everything_at_once(bureau: Any) -> None:
    """`--all` also claims what rings nobody."""
    bureau.take_in(bureau.message(RED_CITY, status="Test", senderCode="37010041600000"))
    bureau.source_silent("spool")
    assert len(open_alarms(bureau)) == 2
    bureau.claim()
    assert open_alarms(bureau) == []


def test_it_cannot_be_paused_or_closed(bureau: Any) -> None:
    """It is only claimed: a pause would be a duty officer who hears nothing."""
    bureau.take_in(b"garbage")
    for act in (Act.PAUSE, Act.CANCEL, Act.CLOSE):
        with pytest.raises(RefusedError):
            bureau.act(act, 1)


# --- several causes ---------------------------------------------------------------------------------------


def test_a_second_cause_joins_and_is_heard_in_the_next_ring(bureau: Any) -> None:
    """One self-call for both; what is said is what is open now."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=10)
    assert "1项" in spoken(bureau)
    bureau.source_silent("spool")
    bureau.play(seconds=60)
    assert len(self_calls(bureau)) == 1
    said = spoken(bureau, DESK, Role.PRIMARY)
    assert "2项" in said
    assert "无法处理" in said
    assert "预警来源没有消息" in said
    assert bureau.dispatches(SHIFT, Role.PRIMARY, SMS)[0].text.count("；") == 1


def test_red_makes_an_orange_call_hasty(bureau: Any) -> None:
    """The ladder becomes the red one from that moment: everybody who was called rings again, the next gates come sooner."""
    bureau.source_silent("spool")
    bureau.play(seconds=100)
    assert rung_in(bureau) is Colour.ORANGE
    bureau.take_in(b"garbage")
    bureau.play(seconds=30)
    assert rung_in(bureau) is Colour.RED
    assert [at for at in bureau.rings(DESK, Role.DUTY) if at >= 100] == [100]
    bureau.play(seconds=3 * MINUTE)
    assert bureau.rings(SHIFT)[0] == 160
    assert bureau.rings(DIRECTOR)[0] == 280
    assert len(self_calls(bureau)) == 1
    in_order(bureau)


def test_a_key_claims_only_what_was_told(bureau: Any) -> None:
    """Something new comes up while the duty officer listens: the key claims what was said, the new thing rings anew."""
    answers_on(bureau, DESK, Role.DUTY)
    bureau.source_silent("spool")
    bureau.play(seconds=1)
    bureau.take_in(b"garbage")
    bureau.person(DESK, Role.DUTY, VoiceHabit.NEVER)
    bureau.play(seconds=50)
    assert [state for _, _, state in self_calls(bureau)] == [CallOutState.COMPLETE, CallOutState.RUNNING]
    assert open_alarms(bureau) == ["quarantined"]
    assert rung_in(bureau) is Colour.RED
    bureau.play(seconds=MINUTE)
    assert bureau.rings(SHIFT)
    in_order(bureau)


def test_the_same_fact_is_not_told_twice(bureau: Any) -> None:
    """The same broken file every ten seconds is one alarm with a count; half an hour after the claim it rings again."""
    for _ in range(3):
        bureau.take_in(b"garbage")
        bureau.play(seconds=10)
    assert bureau.query("SELECT kind, times FROM alarm") == [("quarantined", 3)]
    bureau.claim()
    bureau.play(seconds=20 * MINUTE)
    bureau.take_in(b"garbage")
    assert bureau.query("SELECT kind, times FROM alarm") == [("quarantined", 4)]
    assert self_calls(bureau)[-1][2] is CallOutState.COMPLETE
    bureau.play(seconds=15 * MINUTE)
    bureau.take_in(b"garbage")
    assert len(self_calls(bureau)) == 2
    in_order(bureau)


def test_another_message_is_another_fact(bureau: Any) -> None:
    """Two different broken files are two alarms, also right after a claim."""
    bureau.take_in(b"garbage")
    bureau.claim()
    bureau.take_in(b"other garbage")
    assert open_alarms(bureau) == ["quarantined"]
    assert len(self_calls(bureau)) == 2


# --- ahead of every queue ---------------------------------------------------------------------------------


def test_the_next_free_line_is_its(town: Callable[..., Any]) -> None:
    """One line, a red warning over the whole city in the queue: the bureau's call goes before all of it."""
    place = town(bureau=True, lines=1)
    place.warning(RED_CITY)
    place.play(seconds=330)
    assert place.queued() > 10
    begun = place.elapsed
    place.source_silent("spool")
    place.play(seconds=40)
    assert place.rings(DESK)[0] - begun <= 36


def test_a_pause_of_a_warning_does_not_silence_it(bureau: Any) -> None:
    """Its own call-out, its own state."""
    bureau.warning(RED_CITY)
    bureau.act(Act.PAUSE)
    bureau.take_in(b"garbage")
    bureau.play(seconds=70)
    assert bureau.rings(SHIFT)


def test_it_is_no_call_out_of_a_warning(bureau: Any) -> None:
    """No hazard, no message, never an all-clear."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=30)
    bureau.claim()
    assert bureau.query("SELECT hazard, alert_id, chain_id FROM callout") == [("", None, None)]
    bureau.play(seconds=MINUTE)
    assert {one.purpose for one in bureau.network.handed} == {Purpose.SELF}


def test_a_crash_forgets_nobody(bureau: Any) -> None:
    """The process dies while the desk rings: the ladder goes on where it was."""
    bureau.take_in(b"garbage")
    bureau.play(seconds=10)
    bureau.restart(phones_lost=True)
    bureau.play(seconds=3 * MINUTE)
    assert bureau.rings(SHIFT)
    assert bureau.rings(DIRECTOR)
    in_order(bureau)


# --- nobody to tell ---------------------------------------------------------------------------------------


def test_without_a_bureau_the_alarm_is_a_row_and_the_warning_goes_on(town: Callable[..., Any]) -> None:
    """Never an exception in the middle of a real warning; the log says loudly that nobody was told."""
    place = town()
    result = place.take_in(place.message(RED_CITY, geocode="141121100999"))
    assert result.callouts
    assert open_alarms(place) == ["area_unknown"]
    assert place.nobody_to_tell == [Colour.RED]
    assert self_calls(place) == []


def test_a_bureau_without_a_single_phone_is_said_aloud(town: Callable[..., Any]) -> None:
    """All three posts are there and none has a number."""
    posts = [(DESK, Role.DUTY), (DESK, Role.PRIMARY), (SHIFT, Role.PRIMARY), (DIRECTOR, Role.PRIMARY)]
    place = town(bureau=True, without=posts)
    place.take_in(b"garbage")
    place.play(seconds=5 * MINUTE)
    assert place.nobody_to_tell == [Colour.RED]
    assert open_alarms(place).count("quarantined") == 1
    in_order(place)


def test_switched_off_it_calls_nobody(bureau: Any) -> None:
    """[bureau] call_itself = false: alarms stand on the list; switched on again they ring at the start."""
    plan, bureau.configuration = bureau.configuration, _without_bureau(bureau.configuration)
    bureau.restart()
    bureau.take_in(b"garbage")
    bureau.play(seconds=HOUR)
    assert self_calls(bureau) == []
    assert open_alarms(bureau) == ["quarantined"]
    bureau.configuration = plan
    bureau.restart()
    bureau.play(seconds=5)
    assert bureau.rings(DESK)


def _without_bureau(configuration: Any) -> Any:
    return type(configuration)(configuration.chains, configuration.hazards, configuration.outcomes, None)


# --- each of its causes -----------------------------------------------------------------------------------


def coloured(severity: str, word: str) -> dict[str, str]:
    """The fields of a message that speak of its colour."""
    text = f"吕梁市气象台发布暴雨{word}预警信号"
    return {"severity": severity, "headline": text, "description": text}


FOREIGN = {"senderCode": "37010041600000", "identifier": "37010041600000_20260722213300"}


@pytest.mark.parametrize(
    ("severity", "word", "colour"),
    [("Red", "红色", Colour.RED), ("Orange", "橙色", Colour.ORANGE), ("Yellow", "黄色", None), ("Blue", "蓝色", None)],
)
def test_a_quarantined_message_is_as_urgent_as_it_reads(
    bureau: Any, severity: str, word: str, colour: Colour | None
) -> None:
    """A sender that is not allowed: red rings as red, orange as orange, the rest only stands on the list."""
    bureau.take_in(bureau.message(RED_CITY, **FOREIGN, **coloured(severity, word)))
    assert open_alarms(bureau) == ["quarantined"]
    assert rung_in(bureau) is colour


@pytest.mark.parametrize("raw", [b"", b"<alert>", b"\xff\xfe\x00garbage"])
def test_what_cannot_be_read_at_all_rings_as_red(bureau: Any, raw: bytes) -> None:
    """It may be the worst."""
    bureau.take_in(raw)
    assert rung_in(bureau) is Colour.RED


@pytest.mark.parametrize("status", ["Test", "Draft", "Exercise", "System"])
def test_practice_rings_nobody(bureau: Any, status: str) -> None:
    """Not even when something is wrong with it."""
    bureau.take_in(bureau.message(RED_CITY, status=status))
    bureau.take_in(bureau.message(RED_CITY, status=status, geocode=""))
    bureau.play(seconds=MINUTE)
    assert self_calls(bureau) == []


def test_a_status_that_nobody_knows_rings(bureau: Any) -> None:
    """It may have been meant."""
    bureau.take_in(bureau.message(RED_CITY, status="Rehearsal"))
    assert rung_in(bureau) is Colour.RED


@pytest.mark.parametrize(
    ("severity", "word", "colour"), [("Red", "红色", Colour.RED), ("Orange", "橙色", Colour.ORANGE)]
)
def test_an_untriggered_warning(bureau: Any, severity: str, word: str, colour: Colour) -> None:
    """The notice's "等": the bureau decides."""
    fields = coloured(severity, word) | {"headline": f"吕梁市气象台发布大风{word}预警信号"}
    bureau.take_in(bureau.message(RED_CITY, eventType="11B06", **fields))
    assert open_alarms(bureau) == ["untriggered"]
    assert rung_in(bureau) is colour


def test_colours_that_contradict_each_other(bureau: Any) -> None:
    """The higher one is dialled at once and the bureau is told as well."""
    result = bureau.take_in(bureau.message(RED_CITY, severity="Orange"))
    assert result.callouts
    assert bureau.query("SELECT colour FROM callout WHERE id = ?", result.callouts[0]) == [(Colour.RED,)]
    assert open_alarms(bureau) == ["colours_disagree"]
    assert rung_in(bureau) is Colour.RED
    bureau.play(seconds=10)
    assert bureau.rings("1411-L1")
    assert bureau.rings(DESK)


def test_hazard_code_and_name_that_contradict_each_other(bureau: Any) -> None:
    """The name is dialled, the bureau is told."""
    result = bureau.take_in(bureau.message(RED_CITY, eventType="11B04"))
    assert result.callouts
    assert open_alarms(bureau) == ["hazard_disagrees"]
    assert rung_in(bureau) is Colour.RED


def test_one_identity_with_two_contents(bureau: Any) -> None:
    """A human says which one counts."""
    bureau.warning(RED_CITY)
    bureau.take_in(bureau.message(RED_CITY, **coloured("Blue", "蓝色")))
    assert open_alarms(bureau) == ["conflict"]
    assert rung_in(bureau) is Colour.ORANGE


def test_an_unknown_area(bureau: Any) -> None:
    """Its known superiors are called; the bureau is asked what was meant."""
    bureau.take_in(bureau.message(RED_CITY, geocode="141121100999"))
    assert open_alarms(bureau) == ["area_unknown"]
    assert rung_in(bureau) is Colour.RED


def test_nobody_in_the_area(town: Callable[..., Any]) -> None:
    """The register has nobody to call there: a red that reaches nobody must reach the bureau."""
    place = town(bureau=True, counties=0, leaders=0)
    place.change("UPDATE unit SET callable = 0 WHERE kind = 'department'")
    place.warning(RED_CITY)
    assert "nobody_in_area" in open_alarms(place)
    assert rung_in(place) is Colour.RED


def test_a_superior_without_contact(town: Callable[..., Any]) -> None:
    """Its villages are called at once, and the bureau knows."""
    township = f"{COUNTY}100"
    place = town(bureau=True, without=[(township, role) for role in Role])
    place.warning(RED_CITY)
    place.play(seconds=200)
    assert "no_contact" in open_alarms(place)
    assert rung_in(place) is Colour.RED
    assert "县1乡1没有可用电话" in spoken(place)


def test_a_village_without_contact_is_only_listed(town: Callable[..., Any]) -> None:
    """Nothing waits for it: it stands on its superior's list."""
    village = f"{COUNTY}100200"
    place = town(bureau=True, without=[(village, role) for role in Role])
    place.warning(RED_CITY)
    place.play(seconds=320)
    assert open_alarms(place) == ["no_contact"]
    assert self_calls(place) == []


def test_a_route_out_of_service(bureau: Any) -> None:
    """Nothing goes that way for a minute; somebody must call the provider."""
    bureau.warning(RED_CITY)
    bureau.play(seconds=2)
    bureau.report("1411-L1", Role.DUTY, "credentials_refused")
    bureau.play(seconds=2)
    assert "route_down" in open_alarms(bureau)
    assert rung_in(bureau) is Colour.ORANGE


def test_a_source_that_fell_silent(bureau: Any) -> None:
    """No warning and no sign of life is not the same as fair weather."""
    bureau.source_silent("provincial feed")
    bureau.source_silent("provincial feed")
    bureau.source_silent("spool")
    assert bureau.query("SELECT kind, about, times FROM alarm ORDER BY id") == [
        ("source_silent", "provincial feed", 2),
        ("source_silent", "spool", 1),
    ]
    assert rung_in(bureau) is Colour.ORANGE


def test_a_pause_that_ended_by_itself(bureau: Any) -> None:
    """Whoever paused must know that calls go out again."""
    bureau.warning(RED_CITY)
    bureau.act(Act.PAUSE)
    bureau.play(seconds=10 * MINUTE + 5)
    assert open_alarms(bureau) == ["pause_over"]
    assert rung_in(bureau) is Colour.ORANGE


def test_a_validity_that_is_over_asks_every_half_hour(bureau: Any) -> None:
    """待解除: claimed or not, the question comes again until the call-out is lifted, extended or closed."""
    bureau.warning(RED_CITY)
    bureau.play(seconds=HOUR)
    bureau.claim()  # counties that do not answer
    bureau.play(seconds=5 * HOUR + 5)
    assert rung_for(bureau) == ["awaiting_lift"]
    assert rung_in(bureau) is Colour.ORANGE
    bureau.claim()
    bureau.play(seconds=30 * MINUTE)
    assert rung_for(bureau) == ["awaiting_lift"]
    assert self_calls(bureau)[-2][2] is CallOutState.COMPLETE
    assert self_calls(bureau)[-1][2] is CallOutState.RUNNING


def test_a_red_county_that_does_not_answer(bureau: Any) -> None:
    """Nobody else would see it: its townships are called by their hold, and the county itself stays silent."""
    bureau.warning(RED_CITY)
    bureau.play(seconds=10 * MINUTE)
    assert open_alarms(bureau) == ["county_silent", "county_silent"]
    assert rung_in(bureau) is Colour.RED
    assert "县1红色预警无人应答（2项）" in spoken(bureau) or "县2红色预警无人应答（2项）" in spoken(bureau)


def test_a_cancel_of_a_warning_that_never_came(bureau: Any) -> None:
    """A red may have been missed."""
    bureau.warning("12379-red-rain-city-cancel.xml")
    assert open_alarms(bureau) == ["cancel_of_unknown"]
    assert rung_in(bureau) is Colour.ORANGE


# --- a red area that nobody resolves ----------------------------------------------------------------------


def test_an_unresolved_red_area_widens_to_its_county(bureau: Any) -> None:
    """Three minutes without a claim: the whole county of the unknown code is called, in a new round."""
    bureau.take_in(bureau.message(RED_CITY, geocode="141121100999"))
    bureau.play(seconds=170)
    assert not _calls(bureau, f"{COUNTY}101200")
    bureau.play(seconds=20)
    assert _calls(bureau, f"{COUNTY}101200")
    assert _calls(bureau, f"{COUNTY}100200")
    assert not _calls(bureau, "141122")
    assert bureau.callout_state(1) is CallOutState.SUPERSEDED
    assert bureau.alarms().count("area_unknown") == 1
    in_order(bureau)


def test_a_claim_keeps_the_area_as_it_is(bureau: Any) -> None:
    """Somebody is at work on it."""
    bureau.take_in(bureau.message(RED_CITY, geocode="141121100999"))
    bureau.play(seconds=100)
    bureau.claim()
    bureau.play(seconds=10 * MINUTE)
    assert not _calls(bureau, f"{COUNTY}101200")


def test_an_orange_area_is_not_widened(bureau: Any) -> None:
    """Lines are scarce; the bureau is asked, that is all."""
    bureau.take_in(bureau.message(ORANGE, geocode="141121100999"))
    bureau.play(seconds=10 * MINUTE)
    assert not _calls(bureau, f"{COUNTY}101200")


def test_a_county_that_nobody_knows_is_left_to_a_human(bureau: Any) -> None:
    """The code of no county of ours: there is nothing to widen to."""
    bureau.take_in(bureau.message(RED_CITY, geocode="141121000000,141199000000"))
    bureau.play(seconds=10 * MINUTE)
    assert "area_unknown" in open_alarms(bureau)
    assert bureau.callout_state(1) is CallOutState.RUNNING


def _calls(place: Any, code: str) -> bool:
    """Whether any call-out calls the unit."""
    return bool(place.query("SELECT 1 FROM callee c JOIN unit u ON u.id = c.unit_id WHERE u.code = ?", code))
