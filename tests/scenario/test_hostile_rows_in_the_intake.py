"""Rows of docs/hostile-input.md that only show when a message is judged, not when it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.alert import Disposition

RED, CANCEL = "12379-red-rain-city.xml", "12379-red-rain-city-cancel.xml"


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A quiet county."""
    return town(counties=1, townships=1, villages=1)


def quiet(place: Any) -> bool:
    """Nobody was called by it."""
    return place.query("SELECT count(*) FROM callout") == [(0,)]


@pytest.mark.parametrize(
    ("sent", "reason"), [("2026-07-23 09:00:00+08:00", "sent_in_the_future"), ("2026-07-20 09:00:00+08:00", "too_old")]
)
def test_row_14_future_and_past(place: Any, sent: str, reason: str) -> None:
    """Far ahead or days old: stored, told to a human, nobody is called."""
    result = place.take_in(place.message(RED, sendTime=sent))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert reason in result.reasons
    assert place.alarms() == ["untriggered"]
    assert quiet(place)


def test_row_15_no_end_is_neither_for_ever_nor_over(place: Any) -> None:
    """Without an end a red is valid as long as its hazard's default says."""
    place.take_in(place.message(RED))
    assert place.query("SELECT voice_until - started_at, validity_guessed FROM callout") == [(6 * 3_600_000, 1)]


def test_row_18_a_cancel_before_its_alert(place: Any) -> None:
    """The Cancel leaves a tombstone: the Alert that comes after it calls nobody."""
    alert = place.message(RED)
    place.clock.advance_to(place.clock.now() + 60_000)
    early = place.take_in(place.message(CANCEL, references=place.identifier()))
    assert early.disposition is Disposition.STORED
    assert place.alarms() == ["cancel_of_unknown"]
    late = place.take_in(alert)
    assert (late.disposition, late.callouts) == (Disposition.STORED, ())
    assert "chain_has_ended" in late.reasons
    assert quiet(place)


def test_row_19_an_all_clear_as_an_update_stops(place: Any) -> None:
    """解除 in the headline of an Update: everything stops, and the bureau is told that it was no Cancel."""
    place.take_in(place.message(RED))
    place.play(seconds=60)
    text = "吕梁市气象台解除暴雨红色预警信号"
    raw = place.message(RED, msgType="Update", references=place.identifier(), headline=text, description=text)
    assert place.take_in(raw).disposition is Disposition.ACCEPTED
    assert "lifted_without_cancel" in place.alarms()
    assert place.query("SELECT state FROM alert_chain") == [(2,)]


def test_row_19_a_cancel_that_says_worse_ends_nothing(place: Any) -> None:
    """Type Cancel, but observed and graver than what is in force: the call-out goes on and a human is told."""
    text = "吕梁市气象台发布暴雨橙色预警信号"
    place.take_in(place.message(RED, severity="Orange", headline=text, description=text))
    place.play(seconds=60)
    raw = place.message(RED, msgType="Cancel", references=place.identifier(), certainty="Observed")
    result = place.take_in(raw)
    assert "cancel_that_raises" in result.reasons
    assert "contradicts_itself" in place.alarms()
    assert place.query("SELECT state FROM alert_chain") == [(1,)]


def test_row_25_the_hazard_that_calls_counts(place: Any) -> None:
    """The code says 暴雨, the title 大风, in red: what would call is called, and a human is told."""
    text = "吕梁市气象台发布大风红色预警信号"
    result = place.take_in(place.message(RED, headline=text, description=text))
    assert result.disposition is Disposition.ACCEPTED
    assert "hazard_disagrees" in place.alarms()
    assert place.query("SELECT hazard FROM callout") == [("rainstorm",)]


def test_row_34_a_restart_in_the_middle(place: Any) -> None:
    """The same message before and after a restart is one warning and one call-out."""
    raw = place.message(RED)
    place.take_in(raw)
    place.restart()
    assert place.take_in(raw).disposition is Disposition.DUPLICATE
    assert place.query("SELECT count(*) FROM callout") == [(1,)]
