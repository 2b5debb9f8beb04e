"""A gate whose superior nobody calls any more opens: an officer closed one call-out, another calls what is below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel, Role

CITY, COUNTY = "12379-red-rain-city.xml", "12379-county-red-rain.xml"
FIRST, SECOND = "141121100", "141121101"
"""Two townships of the one county."""
MINUTE = 60


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """Nobody answers by themselves."""
    return town(counties=1, townships=2, villages=1)


def send(place: Any, sample: str, *areas: str, identifier: str, **more: str) -> Any:
    """A message about some areas arrives now."""
    sender = {CITY: "14110041600000", COUNTY: "14112141600000"}[sample]
    geocode = ",".join(f"{area:0<12}" for area in areas)
    named = f"{sender}_{identifier}"
    return place.take_in(place.message(sample, identifier=named, senderCode=sender, geocode=geocode, **more))


def test_a_larger_area_after_the_call_out_was_closed(place: Any) -> None:
    """Storm both-491: the county's call was closed before it rang; the township that is new does not wait for it."""
    send(place, CITY, FIRST, identifier="20260722213300")
    place.play(seconds=10)
    place.act(Act.CLOSE)
    place.play(seconds=20)
    grown = send(
        place,
        CITY,
        FIRST,
        SECOND,
        identifier="20260722213330",
        msgType="Update",
        references="14110041600000_20260722213300",
    )
    assert grown.callouts == (2,)
    assert place.opened_by(SECOND, 2) == "superior_not_called"
    place.play(seconds=5 * MINUTE)
    assert place.state(f"{SECOND}200", 2) is CalleeState.CALLING
    assert place.rings(f"{SECOND}200")


def test_a_county_that_another_call_out_was_calling(place: Any) -> None:
    """Its own warning waits for the city's call to it; when that call-out is closed its townships are called."""
    send(place, CITY, FIRST, identifier="20260722213300")
    send(place, COUNTY, "141121", identifier="20260722213301")
    place.play(seconds=30)
    assert place.state(SECOND, 2) is CalleeState.WAITING
    place.act(Act.CLOSE, 1)
    assert place.opened_by(SECOND, 2) == "superior_not_called"
    place.play(seconds=5 * MINUTE)
    assert place.rings(f"{SECOND}200")


def test_an_all_clear_that_still_waits_is_dropped_when_a_warning_comes(town: Callable[..., Any]) -> None:
    """Six messages a minute: the all-clear of a lifted warning must not go out under the next one."""
    place = town(counties=1, townships=2, villages=2, sms_rate=6)
    send(place, CITY, "141121", identifier="20260722213300")
    place.play(seconds=10 * MINUTE)
    place.act(Act.CANCEL)
    place.play(seconds=10)
    waiting = place.queued(purpose=Purpose.ALL_CLEAR)
    assert waiting > 0
    before = told(place)
    send(place, CITY, "141121", identifier="20260722214400")
    place.play(seconds=30 * MINUTE)
    assert told(place) == before
    dropped = "SELECT count(*) FROM attempt WHERE purpose = 3 AND state = 5 AND outcome = 'in_force_again'"
    assert place.query(dropped) == [(waiting,)]


def test_an_all_clear_of_another_hazard_goes(town: Callable[..., Any]) -> None:
    """A gale that begins does not hold back the word that the rain is over."""
    place = town(counties=1, townships=1, villages=1, sms_rate=6)
    send(place, CITY, "141121", identifier="20260722213300")
    place.play(seconds=10 * MINUTE)
    place.act(Act.CANCEL)
    before = told(place)
    send(
        place,
        CITY,
        "141121",
        identifier="20260722214400",
        eventType="11B58",
        headline="吕梁市气象台发布雷暴大风红色预警信号",
    )
    place.play(seconds=30 * MINUTE)
    assert told(place) > before
    assert place.queued(purpose=Purpose.ALL_CLEAR) == 0


def told(place: Any) -> int:
    """How many all-clears were handed over."""
    return sum(one.purpose is Purpose.ALL_CLEAR and one.channel is Channel.SMS for one in place.network.handed)


def test_what_rings_for_a_callee_that_was_taken_over_is_hung_up_with_it(place: Any) -> None:
    """Promise 6: the call began in the call-out before; lifting the new one ends it all the same."""
    send(place, CITY, FIRST, identifier="20260722213300")
    place.play(seconds=65)
    assert place.rings("141121", Role.DUTY)
    send(
        place,
        CITY,
        FIRST,
        SECOND,
        identifier="20260722213410",
        msgType="Update",
        references="14110041600000_20260722213300",
    )
    ringing = place.network.ringing()
    assert ringing
    place.act(Act.CANCEL, 2)
    assert not place.network.ringing()


def test_closing_one_of_two_call_outs_leaves_the_warning_to_the_other(town: Callable[..., Any]) -> None:
    """Storm both-8: the one that goes on is not lifted, with an all-clear, by the next message about another county."""
    place = town(counties=2, townships=2, villages=1)
    send(place, CITY, FIRST, identifier="20260722213300")
    send(place, COUNTY, SECOND, identifier="20260722213301")
    place.play(seconds=MINUTE)
    send(place, COUNTY, "141121", identifier="20260722213400")
    ends = {COUNTY: "14112141600000_20260722213301", CITY: "14110041600000_20260722213300"}
    for sample, root in ends.items():
        send(place, sample, "141121", identifier=f"{root[15:-2]}59", msgType="Cancel", references=root)
    assert [place.callout_state(one) for one in (1, 2)] == [CallOutState.RUNNING] * 2
    place.act(Act.CLOSE, 1)
    place.play(seconds=5 * MINUTE)
    send(place, CITY, "141122", identifier="20260722214000")
    place.play(seconds=MINUTE)
    assert place.callout_state(2) is CallOutState.RUNNING
    assert place.state(f"{SECOND}200", 2) is CalleeState.CALLING
    texts = place.dispatches(f"{SECOND}200", Role.PRIMARY, Channel.SMS)
    assert all(one.purpose is not Purpose.ALL_CLEAR for one in texts)


def test_closing_a_countys_own_call_out_leaves_its_warning_to_the_citys(town: Callable[..., Any]) -> None:
    """Storm both-209: the city's call-out goes on for the county's warning, whose own call-out is closed."""
    place = town(counties=2, townships=1, villages=1)
    send(place, CITY, "1411", identifier="20260722213300")
    place.play(seconds=MINUTE)
    send(place, COUNTY, "141121", identifier="20260722213400")
    root = "14110041600000_20260722213300"
    send(place, CITY, "1411", identifier="20260722213459", msgType="Cancel", references=root)
    assert [place.callout_state(one) for one in (1, 2)] == [CallOutState.RUNNING] * 2
    place.act(Act.CLOSE, 2)
    place.play(seconds=5 * MINUTE)
    send(place, CITY, "141122", identifier="20260722214000")
    assert place.callout_state(1) is CallOutState.RUNNING
    assert place.state(f"{FIRST}200", 1) is CalleeState.CALLING
