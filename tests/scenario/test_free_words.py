"""What people write back that is no answer: kept sealed, shown to the officer, and a cry rings the bureau (promises 2, 10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from warning_dispatch.delivery.email.incoming import WrittenAnswer, read_incoming
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.feedback import LONGEST_REPLY, MOST, MOST_REPLIES, Feedback
from warning_dispatch.model.states import CalleeState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Dispatch, Reply
from warning_dispatch.store.database import reading
from warning_dispatch.store.reading_alarms import listed_alarms
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sql import Sql

RED_CITY, ORANGE = "12379-red-rain-city.xml", "12379-orange-rain-counties.xml"
VILLAGE, NEIGHBOUR = "141121100200", "141121100201"
A, B = Role.PRIMARY, Role.DEPUTY
CRY, THANKS = "收到，桥断了，三户被困，快来人", "收到，谢谢，马上落实"
OPENED = 310


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A red warning, the phones of two villages ring; the bureau can be rung."""
    place = town(counties=1, townships=1, bureau=True)
    place.warning(RED_CITY)
    place.play(seconds=OPENED)
    place.claim()
    return place


def words_of(place: Any, unit: str, callout: int = 1) -> list[str]:
    """What the unit's story shows, the newest first."""
    story = TableReadings(place.database, place.sealer, {}).story(callout, place.callee_id(unit, callout))
    return [said.replied for _, said in story.feedback]


def to_read(place: Any) -> list[tuple[str, Colour | None]]:
    """Open alarms about replies: what, and how urgent."""
    with reading(place.database) as connection:
        rows = listed_alarms(Sql(connection), 1_000, open_only=True, callout_id=None).rows
    return [(one.kind, one.colour) for one in rows if one.kind in ("reply_to_read", "help_asked")]


def self_calls(place: Any) -> list[Colour]:
    """The bureau's calls to itself, by colour; they begin in the transaction that raises the alarm."""
    rows = place.query("SELECT colour FROM callout WHERE purpose = ? ORDER BY id", Purpose.SELF.value)
    return [Colour(row[0]) for row in rows]


def test_a_cry_for_help_rings_and_is_read(place: Any, kept: Callable[[Any], None]) -> None:
    """It is no answer, the phone rings on; the words stand in the unit's story, and nowhere in clear."""
    before = len(self_calls(place))
    assert place.reply(VILLAGE, A, CRY) == 0
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert words_of(place, VILLAGE) == [CRY]
    assert words_of(place, NEIGHBOUR) == []
    assert to_read(place) == [("help_asked", Colour.RED)]
    assert self_calls(place)[before:] == [Colour.RED]
    place.play(seconds=10)
    desk = place.dispatches("1411-duty", Role.DUTY)[-1]
    assert "求助" in desk.text
    assert "桥断" not in desk.text
    everything = [place.journal_entries(f"callout:{key}") for (key,) in place.query("SELECT id FROM callout")]
    assert "桥断" not in json.dumps([everything, place.journal_entries("system")], ensure_ascii=False, default=str)
    assert [one["callees"] for one in place.journal_entries() if one["k"] == "reply.kept"] == [
        [place.callee_id(VILLAGE)]
    ]
    assert "桥断".encode() not in bytes(place.query("SELECT sealed FROM feedback")[0][0])
    assert place.query("SELECT count(*) FROM alarm WHERE detail LIKE '%桥断%' OR about LIKE '%桥断%'") == [(0,)]
    kept(place)


@pytest.mark.parametrize("first", ["您好：", "收到"])
def test_a_cry_by_mail_rings_whatever_line_it_stands_in(town: Callable[..., Any], first: str) -> None:
    """A greeting is not all that was written, and 收到 above a cry is no answer: the mail is read as it came."""
    place = town(counties=1, townships=1, bureau=True, mail=[(VILLAGE, A)])
    place.warning(RED_CITY)
    place.play(seconds=OPENED)
    place.claim()
    attempt_id = place.query(
        "SELECT max(attempt_id) FROM attempt_callee WHERE callee_id = ?", place.callee_id(VILLAGE)
    )[0][0]
    tokens, address = Tokens(b"secret of the route"), place.numbers[f"{VILLAGE}@", A]
    ours = Dispatch(attempt_id, 3, Channel.EMAIL, Purpose.CALL, "mail", address, "zh_CN", "正文", "暴雨红色预警")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["In-Reply-To"] = address, tokens.message_id(ours, address, "bureau.cn")
    mail.set_content(f"{first}\n桥断了，三户被困，快来人\n\n-- \n王某")
    written = read_incoming(mail.as_bytes(), tokens)
    assert isinstance(written, WrittenAnswer)
    reply = Reply(Channel.EMAIL, written.address, written.text, place.clock.now(), written.attempt_id)
    assert place.engine.answer(place.clock.now(), Inbox(replies=[reply])).result == 0
    assert place.answers(VILLAGE) == []
    assert words_of(place, VILLAGE) == [f"{first} 桥断了，三户被困，快来人"]
    assert to_read(place) == [("help_asked", Colour.RED)]


def test_thanks_stand_on_the_list_and_ring_nobody(place: Any) -> None:
    """One row to be read, with the way to the unit; they count as no answer either (design 2.4)."""
    before = len(self_calls(place))
    assert place.reply(VILLAGE, A, THANKS) == 0
    assert to_read(place) == [("reply_to_read", None)]
    assert words_of(place, VILLAGE) == [THANKS]
    assert len(self_calls(place)) == before
    with reading(place.database) as connection:
        (row,) = listed_alarms(Sql(connection), 1, open_only=True, callout_id=1).rows
    assert row.callee_id == place.callee_id(VILLAGE)


def test_every_message_is_a_fact_of_its_own(place: Any) -> None:
    """Who has claimed one has not read the next: it is on the list again, and a cry rings again."""
    place.reply(VILLAGE, A, THANKS)
    place.claim()
    assert to_read(place) == []
    place.play(seconds=60)
    place.reply(VILLAGE, A, "路上有树，正在清")
    assert to_read(place) == [("reply_to_read", None)]
    place.reply(VILLAGE, A, CRY)
    place.claim()
    rung = len(self_calls(place))
    place.play(seconds=60)
    place.reply(VILLAGE, A, "水淹到二楼了")
    assert to_read(place) == [("help_asked", Colour.RED)]
    assert len(self_calls(place)) == rung + 1


@pytest.mark.parametrize("later", [60, 40 * 60])
def test_a_message_that_its_carrier_tells_twice_is_one(place: Any, later: int) -> None:
    """The callback comes again, a minute or much later: one cry, one row, one ring; the journal counts what came."""
    rung, now = len(self_calls(place)), place.clock.now()
    told = Reply(Channel.SMS, place.numbers[VILLAGE, A], CRY, now)
    place.engine.answer(now, Inbox(replies=[told, told]))
    assert to_read(place) == [("help_asked", Colour.RED)]
    assert place.query("SELECT times FROM alarm WHERE kind = 'help_asked'") == [(1,)]
    assert len(self_calls(place)) == rung + 1
    place.claim()
    place.play(seconds=later)
    rung = len(self_calls(place))
    place.engine.answer(place.clock.now(), Inbox(replies=[told]))
    assert to_read(place) == []
    assert words_of(place, VILLAGE) == [CRY]
    assert len(self_calls(place)) == rung
    assert len([one for one in place.journal_entries("system") if one["k"] == "reply.other"]) == 3


def test_whoever_cries_again_is_heard_again(place: Any) -> None:
    """In other words at once; in the same words when it cannot be the same message any more; and whoever else writes them."""
    place.reply(VILLAGE, A, CRY)
    place.claim()
    for number, (role, words, after) in enumerate(
        [(A, "水淹到二楼了", 5), (A, "快来人", 5), (B, CRY, 5), (A, CRY, 11 * 60)], start=1
    ):
        place.play(seconds=after)
        place.claim()
        place.reply(VILLAGE, role, words)
        assert [kind for kind, _ in to_read(place)] == ["help_asked"], words
        assert len(words_of(place, VILLAGE)) == number + 1


def test_a_carriers_clock_that_is_hours_behind_silences_nobody(place: Any) -> None:
    """By its word the second cry was written before the first had come."""
    place.reply(VILLAGE, A, CRY, ago=8 * 3_600)
    place.play(seconds=3 * 3_600)
    place.claim()
    place.reply(VILLAGE, A, CRY, ago=8 * 3_600)
    assert [kind for kind, _ in to_read(place)] == ["help_asked"]


def test_what_rings_stands_before_what_waits_to_be_read(place: Any) -> None:
    """A night of thanks does not push a cry off the page."""
    place.reply(VILLAGE, A, CRY)
    place.play(seconds=5)
    place.reply(NEIGHBOUR, A, THANKS)
    assert [kind for kind, _ in to_read(place)] == ["help_asked", "reply_to_read"]


def test_whoever_has_answered_is_read_as_well(place: Any) -> None:
    """Most trouble is written after the answer; and after the end of the call-out, for three days."""
    place.reply(VILLAGE, A, "收到")
    assert place.answers(VILLAGE) == [(Means.REPLY, True)]
    place.reply(VILLAGE, A, CRY)
    assert to_read(place) == [("help_asked", Colour.RED)]
    place.claim()
    place.act(Act.CANCEL)
    place.play(seconds=3_600)
    place.reply(VILLAGE, A, "两人失踪")
    assert to_read(place) == [("help_asked", Colour.RED)]
    assert words_of(place, VILLAGE) == ["两人失踪", CRY]
    place.clock.advance_to(place.clock.now() + 4 * 86_400_000)
    place.reply(VILLAGE, A, "三人失踪")
    assert words_of(place, VILLAGE) == ["两人失踪", CRY]


def test_whoever_is_not_called_yet_is_read_as_well(town: Callable[..., Any]) -> None:
    """The village waits behind its gate, but has heard of the warning and writes."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=20)
    place.reply(VILLAGE, A, CRY)
    assert place.state(VILLAGE) is CalleeState.WAITING
    assert words_of(place, VILLAGE) == [CRY]


def test_an_orange_cry_is_orange(town: Callable[..., Any]) -> None:
    """A machine's guess at words never rings higher than the warning."""
    place = town(counties=1, townships=1, bureau=True)
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=1_500)
    place.reply(VILLAGE, A, CRY)
    assert to_read(place) == [("help_asked", Colour.ORANGE)]


@pytest.mark.parametrize("word", ["STOP", "td", "退订。", "恢复"])
def test_opting_out_keeps_its_meaning(place: Any, word: str) -> None:
    """It is what it always was, and nothing to be read."""
    place.reply(VILLAGE, A, word)
    assert to_read(place) == []
    assert words_of(place, VILLAGE) == []


@pytest.mark.parametrize(
    ("channel", "number", "text"),
    [(Channel.SMS, "+8613700000000", CRY), (Channel.SMS, None, " \u200b "), (Channel.VOICE, None, "2")],
)
def test_of_a_stranger_and_of_nothing_only_the_count_is_kept(
    place: Any, channel: Channel, number: str | None, text: str
) -> None:
    """Whoever is not in the register could write anything; an empty message and a wrong key say nothing."""
    reply = Reply(channel, number or place.numbers[VILLAGE, A], text, place.clock.now())
    place.engine.answer(place.clock.now(), Inbox(replies=[reply]))
    assert to_read(place) == []
    assert place.query("SELECT count(*) FROM feedback") == [(0,)]
    assert [one["on"] for one in place.journal_entries("system") if one["k"] == "reply.other"] == [channel.key]


def test_one_who_plays_is_kept_up_to_a_limit(place: Any) -> None:
    """A hundred messages of one person; its reports by the form are counted apart, another's go on."""
    number, now = place.numbers[VILLAGE, A], place.clock.now()
    written = [Reply(Channel.SMS, number, f"{nth}" + "喂" * 3_000, now) for nth in range(MOST_REPLIES + 5)]
    place.engine.answer(now, Inbox(replies=written))
    said = words_of(place, VILLAGE)
    assert len(said) == MOST_REPLIES
    assert len(said[0]) == LONGEST_REPLY
    place.reply(VILLAGE, B, "喂")
    assert len(words_of(place, VILLAGE)) == MOST_REPLIES + 1
    callee = place.callee_id(VILLAGE)
    done = place.engine.once(place.clock.now(), lambda ledger: ledger.tx.feedback.count([callee], 1)).result
    assert done < MOST


def test_a_reply_is_no_report(place: Any) -> None:
    """It stands in the record with its words and is in no sum: nobody has read it yet."""
    place.reply(VILLAGE, A, CRY)
    assert place.query("SELECT by_reply, danger, on_post FROM feedback") == [(1, 0, 0)]
    callee, now = place.callee_id(VILLAGE), place.clock.now()
    place.engine.once(now, lambda ledger: ledger.tx.feedback.add([callee], 1, now, Feedback(moved=3)))
    assert [row[0] for row in place.query("SELECT by_reply FROM feedback ORDER BY id")] == [1, 0]
