"""Names that are kilobytes long: kept and told like everything else, on either database, and no neighbour suffers."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from warning_dispatch.engine.engine import Arrival
from warning_dispatch.model.alert import Disposition, MsgType, ReadMessage
from warning_dispatch.model.source_rules import SourceRules

RED = "12379-red-rain-city.xml"
YELLOW = {"severity": "Yellow", "headline": "吕梁市气象台发布暴雨黄色预警信号"}


def junk(length: int, *, chinese: bool = False) -> str:
    """Text that no database can shorten by packing it."""
    dice = random.Random(3)
    if chinese:
        return "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(length))
    return "".join(dice.choice(string.ascii_letters + string.digits) for _ in range(length))


@pytest.fixture
def place(town: Callable[..., Any], each_kind: Any) -> Any:
    """A small town on either database."""
    return town(worlds=each_kind, counties=1, townships=1, villages=1)


def test_a_reference_of_kilobytes_refers_to_nothing(place: Any) -> None:
    """The red warning is called all the same, the reference is left out and noted."""
    result = place.take_in(place.message(RED, msgType="Update", references=junk(6_000)))
    assert result.disposition is Disposition.ACCEPTED
    assert result.callouts
    assert "references-form" in result.reasons


def test_names_of_issuers_and_messages_have_an_end(place: Any) -> None:
    """An issuer and an identifier of Chinese characters: as long as is allowed they fit into every key, beyond it is refused and told."""
    issuer, name = junk(266, chinese=True), junk(265, chinese=True) + "x"
    fits = place.take_in(place.message(RED, sender=issuer, senderCode=issuer, identifier=name, references=name[::-1]))
    assert fits.disposition is Disposition.QUARANTINED  # nobody knows the issuer
    assert fits.reasons[-1] == "sender_not_allowed"
    longer = junk(400, chinese=True)
    for field in ({"sender": longer}, {"senderCode": longer}, {"identifier": longer}):
        result = place.take_in(place.message(RED, **field))
        assert (result.disposition, result.alert_id) == (Disposition.QUARANTINED, None)
    assert "quarantined" in place.alarms()


def test_the_longest_names_of_an_allowed_issuer_make_a_chain(place: Any) -> None:
    """Issuer, identifier, reference and event as long as may be: links and chains take them."""
    judge = place.engine._intake._judge
    judge._settings = replace(judge._settings, senders=())
    issuer, name, other = (junk(size, chinese=True) for size in (266, 265, 264))
    raw = place.message(RED, sender=issuer, senderCode=issuer, identifier=name, msgType="Update", references=other)
    result = place.take_in(raw)
    assert result.disposition is Disposition.ACCEPTED


def test_a_value_that_the_database_does_not_take(town: Callable[..., Any], postgresql: Any) -> None:
    """Whatever else is too long for a key of the server: kept and told, and not taken for trouble of the database."""
    place = town(worlds=postgresql, counties=1, townships=1, villages=1)
    intake = place.engine._intake
    read = intake._read_message

    def with_a_long_reference(raw: bytes, rules: SourceRules) -> ReadMessage:
        found: ReadMessage = read(raw, rules)
        (one,) = found.alerts
        long = replace(one.alert, references=(junk(9_000),)) if one.alert.msg_type is MsgType.UPDATE else one.alert
        return replace(found, alerts=(replace(one, alert=long),))

    intake._read_message = with_a_long_reference
    good, bad = place.message(RED, **YELLOW), place.message(RED, msgType="Update")
    with pytest.raises(OperationalError):  # then each is taken in by itself
        place.engine.take_in_some(place.clock.now(), [Arrival(good, "folder:x", "a"), Arrival(bad, "folder:x", "b")])
    assert place.engine.take_in(place.clock.now(), good, "folder:x", "a").result.alert_id is not None
    with pytest.raises(OperationalError):
        place.engine.take_in(place.clock.now(), bad, "folder:x", "b")
    assert [row[0] for row in place.query("SELECT disposition FROM raw_message ORDER BY id")] == [
        "stored",
        "quarantined",
    ]
    assert place.alarms() == ["quarantined"]
