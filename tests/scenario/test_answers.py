"""How an answer may come, when it may come, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import TextHabit, VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
VILLAGE, NEIGHBOUR = "141121100200", "141121100201"
OPENED = 300
A, B = Role.PRIMARY, Role.DEPUTY


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """Two villages whose phones have begun to ring; nobody has answered."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    return place


def test_by_key(town: Callable[..., Any]) -> None:
    """本人应答: the call is heard, 1 is pressed, no second call is made."""
    place = town(counties=1, townships=1)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 3_600)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.answers(VILLAGE) == [(Means.KEY, True)]
    assert len(place.rings(VILLAGE)) == 1


def test_by_link(place: Any) -> None:
    """The tap behind a message: the unit has answered, what rings is hung up at that moment."""
    assert place.network.ringing()
    assert place.tap(place.token_for(VILLAGE, A)) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.answers(VILLAGE) == [(Means.LINK, True)]
    place.play(seconds=60)
    assert place.outcomes(VILLAGE) == ["hung_up_by_us"]
    assert len(place.rings(VILLAGE)) == 1


def test_the_person_taps_by_itself(town: Callable[..., Any]) -> None:
    """The link in the message is the one that confirms: what was sent is what is tapped."""
    place = town(counties=1, townships=1)
    place.person(VILLAGE, B, VoiceHabit.NEVER, text=[TextHabit.TAPS])
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_000)
    assert place.answers(VILLAGE) == [(Means.LINK, True)]


@pytest.mark.parametrize("text", ["收到", "1", "１", " 收 到 ", "收到。", "　1　", "OK"])
def test_by_reply(place: Any, text: str) -> None:
    """As an old phone writes it: full width, blanks, a stop."""
    assert place.reply(VILLAGE, A, text) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.answers(VILLAGE) == [(Means.REPLY, True)]
    assert place.state(NEIGHBOUR) is CalleeState.CALLING


@pytest.mark.parametrize("text", ["", "谁？", "没收到", "2", "TDD"])
def test_other_words_are_not_an_answer(place: Any, text: str) -> None:
    """A human reads them; the calls go on (promise 2)."""
    assert place.reply(VILLAGE, A, text) == 0
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert [one for one in place.journal_entries("system") if one["k"] == "reply.other"]


def test_a_reply_written_before_the_message_does_not_answer_it(place: Any) -> None:
    """A carrier hands over an hour late what was written about another warning; it is kept, and the calls go on."""
    place.play(seconds=200)
    assert place.reply(VILLAGE, A, "收到", ago=3_600) == 0
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert [one["on"] for one in place.journal_entries("system") if one["k"] == "reply.late"] == ["sms"]


def test_a_reply_that_is_told_late_counts_from_when_it_was_written(place: Any) -> None:
    """It was written after the message and came a while later; a carrier's clock may be two minutes behind, too."""
    place.play(seconds=200)
    assert place.reply(VILLAGE, A, "收到", ago=195) == 1
    assert place.reply(NEIGHBOUR, A, "收到", ago=300) == 1
    assert not [one for one in place.journal_entries("system") if one["k"] == "reply.late"]


def test_a_clock_that_was_set_back_keeps_no_reply_from_counting(place: Any) -> None:
    """What went out an hour “later”, by the wrong clock, had been begun all the same."""
    place.set_clock(-60)
    place.play(seconds=5)
    assert place.reply(VILLAGE, A, "收到") == 1


def test_a_reply_of_a_stranger_answers_for_nobody(place: Any) -> None:
    """A number that was sent nothing acknowledges nothing."""
    place.numbers["stranger", A] = "+8626019999999"
    assert place.reply("stranger", A, "收到") == 0


def test_recorded_by_the_operator_and_by_the_superior_are_counted_apart(place: Any) -> None:
    """The officer spoke with them (本人应答), the township told them (代报)."""
    place.record_answer(VILLAGE, means=Means.OPERATOR)
    place.record_answer(NEIGHBOUR, means=Means.SUPERIOR)
    assert place.answers(VILLAGE) == [(Means.OPERATOR, True)]
    assert place.answers(NEIGHBOUR) == [(Means.SUPERIOR, True)]
    assert {place.state(VILLAGE), place.state(NEIGHBOUR)} == {CalleeState.ACKNOWLEDGED}
    assert place.query("SELECT DISTINCT actor FROM acknowledgement") == [("officer",)]


def test_a_record_needs_an_actor_and_the_right_call_out(place: Any) -> None:
    """Refused, and nothing is changed."""
    callee = place.callee_id(VILLAGE)
    with pytest.raises(RefusedError):
        place.engine.acknowledge(place.clock.now(), 1, callee, actor=" ", reason="", means=Means.OPERATOR)
    for callout, unknown in ((2, callee), (1, 999_999)):
        with pytest.raises(NotFoundError):
            place.engine.acknowledge(place.clock.now(), callout, unknown, actor="o", reason="r", means=Means.OPERATOR)
    assert place.state(VILLAGE) is CalleeState.CALLING


def test_before_its_gate_opened_no_call_is_made(town: Callable[..., Any]) -> None:
    """Whoever was reached early is not woken when the gate opens; the neighbour is."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=20)
    place.record_answer(VILLAGE)
    place.play(seconds=OPENED)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.rings(VILLAGE) == []
    assert place.texts_to(VILLAGE) == []
    assert place.rings(NEIGHBOUR)[0] == OPENED


def test_a_superiors_answer_before_its_own_gate_opens_what_waits_below(town: Callable[..., Any]) -> None:
    """The township rings up by itself: its villages are called although the county is silent."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=20)
    place.record_answer("141121100")
    place.play(seconds=1)
    assert place.opened(VILLAGE) == 20
    assert place.rings(VILLAGE) == [20]
    assert place.rings("141121100") == []


def test_after_the_limit_it_leaves_the_list(place: Any) -> None:
    """未应答, then a tap: off the list, no further repeat."""
    place.play(seconds=900)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    assert place.query("SELECT unreached FROM branch WHERE tier = 4") == [(2,)]
    place.tap(place.token_for(VILLAGE, A))
    assert place.query("SELECT unreached, answered FROM branch WHERE tier = 4") == [(1, 1)]
    rings = len(place.rings(VILLAGE))
    place.play(seconds=3_600)
    assert len(place.rings(VILLAGE)) == rings


def test_twice_counts_once(place: Any) -> None:
    """A double tap, then a key: all kept, one counts."""
    token = place.token_for(VILLAGE, A)
    assert place.tap(token) == 1
    assert place.tap(token) == 0
    place.report(VILLAGE, A, "key_pressed")
    place.play(seconds=2)
    assert place.answers(VILLAGE) == [(Means.LINK, True), (Means.LINK, False), (Means.KEY, False)]
    assert place.query("SELECT answered, finished FROM branch WHERE tier = 4") == [(1, 1)]


def test_a_doubled_report_of_a_key_counts_once(place: Any) -> None:
    """Callbacks come late, doubled and out of order."""
    place.report(VILLAGE, A, "key_pressed")
    place.report(VILLAGE, A, "key_pressed")
    place.report(VILLAGE, A, "no_answer")
    place.play(seconds=2)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert [counted for _, counted in place.answers(VILLAGE)].count(True) == 1


def test_a_key_that_is_reported_after_the_end_of_its_call_still_counts(place: Any) -> None:
    """The final report said "no answer"; the key's own report was held up."""
    place.report(VILLAGE, A, "no_answer")
    place.play(seconds=30)
    place.report(VILLAGE, A, "key_pressed")
    place.play(seconds=2)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_a_forged_link_answers_for_nobody(place: Any) -> None:
    """Eighty random bits are not guessed; an unknown token changes nothing."""
    assert place.tap("AAAAAAAAAAAAAAAA") == 0
    assert place.query("SELECT count(*) FROM acknowledgement") == [(0,)]


# --- one person, two units --------------------------------------------------------------------------------


@pytest.fixture
def shared(town: Callable[..., Any]) -> Any:
    """One person is A of two villages of the same township."""
    return town(counties=1, townships=1, same_phone={(NEIGHBOUR, A): (VILLAGE, A)})


def test_one_call_names_both_units_and_one_key_answers_for_both(shared: Any) -> None:
    """One phone, one call; the key acknowledges exactly the units named in it."""
    shared.person(VILLAGE, A, VoiceHabit.ANSWERS)
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 60)
    (call,) = shared.dispatches(VILLAGE, A)
    assert "县1乡1村1、县1乡1村2" in call.text
    assert shared.rings(VILLAGE) == shared.rings(NEIGHBOUR) == [OPENED]
    for code in (VILLAGE, NEIGHBOUR):
        assert shared.state(code) is CalleeState.ACKNOWLEDGED
        assert shared.answers(code) == [(Means.KEY, True)]
    assert shared.network.clashes == 0


def test_a_shared_phone_is_never_in_two_calls(shared: Any) -> None:
    """Over an hour of silence: every call to it is one call for both."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 3_600)
    assert shared.network.clashes == 0
    assert shared.rings(VILLAGE, A) == shared.rings(NEIGHBOUR, A)


def test_one_reply_answers_for_both_that_were_named_to_that_number(shared: Any) -> None:
    """Both messages had been sent to it."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 10)
    assert shared.reply(VILLAGE, A, "收到") == 2
    assert shared.state(VILLAGE) is shared.state(NEIGHBOUR) is CalleeState.ACKNOWLEDGED


def test_a_reply_acknowledges_only_what_had_been_sent(town: Callable[..., Any]) -> None:
    """A of a village is also A of the water office: before the village was written to, only the office is meant."""
    place = town(counties=1, townships=1, same_phone={(VILLAGE, A): ("1411-water", A)})
    place.warning(RED_CITY)
    place.play(seconds=70)
    assert place.reply("1411-water", A, "1") == 1
    assert place.state("1411-water") is CalleeState.ACKNOWLEDGED
    assert place.state(VILLAGE) is CalleeState.WAITING
    place.play(seconds=OPENED)
    assert place.dispatches(VILLAGE, A, Channel.SMS)
    assert place.rings(VILLAGE, A)[0] == OPENED
    assert place.reply("1411-water", A, "收到") == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_a_tap_answers_for_every_unit_of_that_person(shared: Any) -> None:
    """The message named both, so does the page, and so does the button; the call that rings for both is hung up."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 10)
    assert shared.tap(shared.token_for(VILLAGE, A)) == 2
    for code in (VILLAGE, NEIGHBOUR):
        assert shared.state(code) is CalleeState.ACKNOWLEDGED
        assert shared.answers(code) == [(Means.LINK, True)]
    shared.play(seconds=1)
    assert shared.outcomes(VILLAGE) == ["hung_up_by_us"]


def test_the_deputys_link_answers_for_one_of_the_two(shared: Any) -> None:
    """B of a village has a number of their own: their link is about their village, and the merged call goes on."""
    shared.warning(RED_CITY)
    shared.play(seconds=OPENED + 10)
    assert shared.tap(shared.token_for(VILLAGE, B)) == 1
    assert shared.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert shared.state(NEIGHBOUR) is CalleeState.CALLING
    shared.play(seconds=120)
    assert len(shared.rings(NEIGHBOUR, A)) == 2
    assert len(shared.rings(VILLAGE, A)) == 1
