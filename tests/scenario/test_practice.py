"""Practice never wakes real people (promise 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import CallOutState

RED_CITY = "12379-red-rain-city.xml"
CAP_RED_CITY = "cap12-red-rain-city.xml"
CANCEL = "12379-red-rain-city-cancel.xml"
PRACTICE = ("Test", "Exercise", "Draft", "System", "Unknown", "actual?", "演练", "", " ")


def quiet(place: Any) -> bool:
    """Nobody was called or written to, and nothing waits to be."""
    return place.network.handed == [] and place.query("SELECT count(*) FROM attempt") == [(0,)]


@pytest.mark.parametrize("sample", [RED_CITY, CAP_RED_CITY])
@pytest.mark.parametrize("status", PRACTICE)
def test_only_actual_ever_dials(town: Callable[..., Any], sample: str, status: str) -> None:
    """Test, Exercise, Draft, System, unknown, misspelt or missing: kept, and the night stays quiet."""
    place = town()
    result = place.take_in(place.message(sample, status=status))
    assert result.disposition in (Disposition.STORED, Disposition.QUARANTINED)
    assert result.callouts == ()
    place.play(seconds=3_600)
    assert quiet(place)


@pytest.mark.parametrize("kind", ["Ack", "Error", "Unknown", ""])
def test_only_an_alert_or_an_update_dials(town: Callable[..., Any], kind: str) -> None:
    """An Ack of our own message that comes back is no warning."""
    place = town()
    assert place.take_in(place.message(RED_CITY, msgType=kind)).callouts == ()
    place.play(seconds=3_600)
    assert quiet(place)


@pytest.mark.parametrize("status", ["Test", "Exercise", "Draft", "System"])
def test_a_practised_update_leaves_the_real_night_alone(town: Callable[..., Any], status: str) -> None:
    """In mid call-out somebody tests: no new round, no end, no other colour of the chain."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=30)
    before = place.query("SELECT state, colour, ended_at FROM alert_chain")
    for severity, word in (("Red", "红色"), ("Yellow", "黄色")):
        headline = f"吕梁市气象台发布暴雨{word}预警信号"
        fields = {"status": status, "severity": severity, "headline": headline, "description": headline}
        raw = place.message(RED_CITY, msgType="Update", references=place.identifier(), **fields)
        assert place.take_in(raw).callouts == ()
        place.play(seconds=5)
    assert place.callout_state() is CallOutState.RUNNING
    assert place.query("SELECT state, colour, ended_at FROM alert_chain") == before


def test_a_practised_cancel_leaves_no_tombstone(town: Callable[..., Any]) -> None:
    """A Cancel sent as a test before the season must not stop the real warning that follows."""
    place = town(counties=1, townships=1)
    practised = place.message(CANCEL, status="Test", references=place.identifier(10))
    assert place.take_in(practised).disposition is Disposition.STORED
    place.play(seconds=10)
    assert place.take_in(place.message(RED_CITY)).disposition is Disposition.ACCEPTED


def test_a_practised_alert_does_not_hold_up_the_real_one(town: Callable[..., Any]) -> None:
    """A Test message, and a minute later its real twin: the real one dials."""
    place = town(counties=1, townships=1)
    place.take_in(place.message(RED_CITY, status="Test"))
    place.play(seconds=60)
    assert place.take_in(place.message(RED_CITY)).disposition is Disposition.ACCEPTED
    place.play(seconds=5)
    assert place.rings("1411-L1")


def test_a_sample_register_never_reaches_a_real_route(town: Callable[..., Any]) -> None:
    """A demonstration's numbers on a real provider: the address stays out of what is handed over."""
    place = town(counties=1, townships=1, simulated=False)
    place.warning(RED_CITY)
    place.play(seconds=1)
    assert place.network.handed
    assert {one.address for one in place.network.handed} == {""}
