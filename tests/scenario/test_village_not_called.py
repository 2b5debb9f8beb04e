"""未呼 and 未应答 are two facts: nobody could call, and called in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"
OPENED = 300


def give_lines(place: Any, lines: int) -> None:
    """The provider gives so many lines."""
    kept = [
        RouteRecord(name, Channel(channel), count, rate)
        for name, channel, count, rate in place.query("SELECT name, channel, lines, rate FROM route")
        if name != "phones"
    ]
    with place.storage.writing() as tx:
        tx.routes.define([*kept, RouteRecord("phones", Channel.VOICE, lines, None)])


@pytest.fixture
def without_lines(town: Callable[..., Any]) -> Any:
    """A provider without a free line, ten minutes after the village's gate opened."""
    place = town(counties=1, townships=1, villages=1)
    give_lines(place, 0)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 605)
    return place


def test_no_line_is_not_no_answer(without_lines: Any) -> None:
    """Called in vain cannot be said of a village that nobody has called."""
    assert without_lines.rings(VILLAGE) == []
    assert without_lines.state(VILLAGE) is CalleeState.UNCALLED
    assert without_lines.query("SELECT unreached FROM branch WHERE tier = 4") == [(1,)]


def test_with_lines_the_same_village_is_called_in_vain(town: Callable[..., Any]) -> None:
    """Beside it: 未应答."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 605)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED


def test_messages_go_out_all_the_same_and_their_answer_counts(without_lines: Any) -> None:
    """The SMS does not wait for a line."""
    assert [at for at, _, _ in without_lines.texts_to(VILLAGE)] == [OPENED, OPENED]
    assert without_lines.reply(VILLAGE, Role.DEPUTY, "收到") == 1
    assert without_lines.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert without_lines.answers(VILLAGE) == [(Means.REPLY, True)]


def test_the_first_line_goes_to_it_and_the_missed_rungs_make_one_call(without_lines: Any) -> None:
    """A is called once for all that was missed, then B; only now it becomes 未应答."""
    give_lines(without_lines, 10)
    without_lines.play(seconds=0)
    assert len(without_lines.rings(VILLAGE)) == 1
    assert len(without_lines.rings(VILLAGE, Role.PRIMARY)) == 1
    assert without_lines.state(VILLAGE) is CalleeState.UNCALLED
    without_lines.play(seconds=60)
    assert without_lines.state(VILLAGE) is CalleeState.UNANSWERED
    assert len(without_lines.rings(VILLAGE, Role.DEPUTY)) == 1


def test_few_lines_go_to_the_upper_tiers_and_the_never_called_first(town: Callable[..., Any]) -> None:
    """Two lines: leaders before counties before villages, and nobody twice while another was never called."""
    place = town(counties=1, townships=1, villages=4, lines=2)
    place.warning(RED_CITY)
    place.play(seconds=2_000)
    villages = [f"141121100{number}" for number in range(200, 204)]
    first = {code: place.rings(code)[0] for code in ("1411-L1", "141121", "141121100", *villages)}
    assert first["1411-L1"] < first["141121"] < first["141121100"]
    seconds = [place.rings(code)[1] for code in villages if len(place.rings(code)) > 1]
    assert max(first[code] for code in villages) <= min(seconds)
    assert place.network.line_violations == 0


def test_a_village_without_any_number_is_said_at_once(town: Callable[..., Any]) -> None:
    """No contact needs no ten minutes: on the list when its gate opens, with an alarm."""
    place = town(counties=1, townships=1, villages=1, without=[(VILLAGE, Role.PRIMARY), (VILLAGE, Role.DEPUTY)])
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1)
    assert place.state(VILLAGE) is CalleeState.UNCALLED
    assert "no_contact" in place.alarms()
