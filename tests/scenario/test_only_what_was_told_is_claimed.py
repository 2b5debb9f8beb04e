"""An answer claims what the person was told, by ids: what came up in between rings anew (promise 9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.escalation.route_rules import RouteRule
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.model.views import LinkView
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.database import reading
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.reading_links import LinkPictures
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql

RED_CITY = "12379-red-rain-city.xml"
DESK, SHIFT = "1411-duty", "1411-shift"
NOWHERE = "141199000000"
MINUTE = 60


@pytest.fixture
def bureau(town: Callable[..., Any]) -> Any:
    """A prefecture whose weather bureau can be rung; everybody is silent until told otherwise."""
    return town(bureau=True)


def open_alarms(place: Any) -> list[str]:
    """Kinds of alarm that nobody has claimed."""
    return [str(row[0]) for row in place.query("SELECT kind FROM alarm WHERE claimed_at IS NULL ORDER BY id")]


def self_calls(place: Any) -> list[tuple[Colour, CallOutState]]:
    """(colour, state) of every call of the bureau to itself."""
    rows = place.query("SELECT colour, state FROM callout WHERE purpose = ? ORDER BY id", Purpose.SELF.value)
    return [(Colour(colour), CallOutState(state)) for colour, state in rows]


def page(place: Any, token: str) -> LinkView:
    """What the page behind a link shows now."""
    with reading(place.database) as connection, connection.begin():
        return LinkPictures(Sql(connection), place.sealer, lambda _: {}).show(token)


def in_order(place: Any) -> None:
    """The journal is whole and tells what the tables hold."""
    with place.database.connect() as connection:
        assert verify(connection, place.keys.journal_public) == []
        assert fold_faults(connection) == []


def test_a_link_claims_what_its_page_showed(bureau: Any) -> None:
    """A red that nobody can read comes while the officer has the page of an orange before him; he presses its button."""
    bureau.source_silent("spool")
    bureau.play(seconds=5)
    token = bureau.token_for(DESK, Role.PRIMARY)
    shown = page(bureau, token)
    bureau.play(seconds=5)
    bureau.take_in(b"garbage")
    assert bureau.tap(token, shown.told_alarm) == 1
    assert open_alarms(bureau) == ["quarantined"]
    assert self_calls(bureau) == [(Colour.RED, CallOutState.COMPLETE), (Colour.RED, CallOutState.RUNNING)]
    bureau.play(seconds=2 * MINUTE)
    assert bureau.rings(SHIFT)
    in_order(bureau)


def test_a_link_whose_page_was_shown_again_claims_both(bureau: Any) -> None:
    """Reloaded, the page tells the red too."""
    bureau.source_silent("spool")
    bureau.take_in(b"garbage")
    bureau.play(seconds=5)
    token = bureau.token_for(DESK, Role.PRIMARY)
    assert len(page(bureau, token).causes) == 2
    assert bureau.tap(token, page(bureau, token).told_alarm) == 1
    assert open_alarms(bureau) == []


def test_a_link_without_a_word_of_its_page_claims_what_the_message_told(bureau: Any) -> None:
    """A machine pressed, or a page of before an update: the message to this person counts."""
    bureau.source_silent("spool")
    bureau.play(seconds=5)
    assert len(bureau.dispatches(DESK, Role.PRIMARY, Channel.SMS)) == 1
    bureau.take_in(b"garbage")
    assert bureau.tap(bureau.token_for(DESK, Role.PRIMARY)) == 1
    assert open_alarms(bureau) == ["quarantined"]
    assert self_calls(bureau)[-1] == (Colour.RED, CallOutState.RUNNING)


def test_a_forged_page_claims_no_more_than_its_own_call_rings_for(bureau: Any) -> None:
    """A number beyond all alarms: rows that ring nobody stay."""
    bureau.take_in(bureau.message(RED_CITY, status="Test", senderCode="37010041600000"))
    bureau.source_silent("spool")
    before = open_alarms(bureau)
    bureau.play(seconds=5)
    assert bureau.tap(bureau.token_for(DESK, Role.PRIMARY), 10**18 - 1) == 1
    assert open_alarms(bureau) == [one for one in before if one != "source_silent"]
    assert len(before) == 2


def test_a_reply_claims_what_its_message_told(bureau: Any) -> None:
    """The message is of the first cause, and the answer to it too."""
    bureau.source_silent("spool")
    bureau.play(seconds=5)
    bureau.take_in(b"garbage")
    assert bureau.reply(DESK, Role.PRIMARY, "收到") == 1
    assert open_alarms(bureau) == ["quarantined"]


def two_messages(place: Any) -> None:
    """An orange is told by a message, and a red that comes a minute later by another."""
    place.source_silent("spool")
    place.play(seconds=MINUTE)
    place.take_in(b"garbage")
    place.play(seconds=5)
    assert len(place.dispatches(DESK, Role.PRIMARY, Channel.SMS)) == 2


@pytest.mark.parametrize("ago", [20, 1])
def test_a_reply_claims_nothing_of_a_message_that_nobody_can_have_read_by_then(bureau: Any, ago: int) -> None:
    """收到 to the orange, on its way while the red goes out: the red rings on."""
    two_messages(bureau)
    assert bureau.reply(DESK, Role.PRIMARY, "收到", ago=ago) == 1
    assert open_alarms(bureau) == ["quarantined"]
    assert self_calls(bureau)[-1] == (Colour.RED, CallOutState.RUNNING)
    bureau.play(seconds=MINUTE)
    assert bureau.reply(DESK, Role.PRIMARY, "收到") == 1
    assert open_alarms(bureau) == []
    in_order(bureau)


def test_a_reply_claims_all_that_was_told_by_the_message_that_it_follows(bureau: Any) -> None:
    """Half a minute after the second message somebody has read it."""
    two_messages(bureau)
    bureau.play(seconds=30)
    assert bureau.reply(DESK, Role.PRIMARY, "收到") == 1
    assert open_alarms(bureau) == []
    assert self_calls(bureau)[-1][1] is CallOutState.COMPLETE


def test_a_carriers_clock_that_is_ahead_reads_nothing_sooner(bureau: Any) -> None:
    """Written in a minute, as it says: written now at the latest."""
    two_messages(bureau)
    assert bureau.reply(DESK, Role.PRIMARY, "收到", ago=-MINUTE) == 1
    assert open_alarms(bureau) == ["quarantined"]


def test_what_the_very_claim_of_a_call_finds_out_is_not_told_by_it(town: Callable[..., Any]) -> None:
    """No route carries the county's numbers; it is found when the queue is claimed, together with the bureau's call."""
    posts = [(code, role) for code in (DESK, SHIFT) for role in (Role.DUTY, Role.PRIMARY)]
    numbers = town(bureau=True).numbers
    place = town(
        bureau=True, rules={"phones": RouteRule(countries=tuple(numbers[one] for one in posts if one in numbers))}
    )
    place.person(DESK, Role.DUTY, VoiceHabit.ANSWERS)
    place.take_in(place.message(RED_CITY, geocode=NOWHERE))
    place.play(over=lambda: self_calls(place)[0][1] is CallOutState.COMPLETE)
    assert "线路" not in place.dispatches(DESK, Role.DUTY)[0].text
    assert open_alarms(place) == ["no_route"]
    assert self_calls(place)[-1][1] is CallOutState.RUNNING
    in_order(place)


@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_clock_that_is_set_changes_nothing_about_it(bureau: Any, minutes: int) -> None:
    """Moments move, ids do not: the message told this alarm, whatever the clock says by then."""
    bureau.source_silent("spool")
    bureau.play(seconds=5)
    bureau.set_clock(minutes)
    bureau.play(seconds=5)
    assert bureau.reply(DESK, Role.PRIMARY, "收到") == 1
    assert open_alarms(bureau) == []
    assert self_calls(bureau)[-1][1] is CallOutState.COMPLETE
