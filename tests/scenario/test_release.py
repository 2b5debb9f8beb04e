"""What was set aside is put before the duty officer, who reads it with its problems and may let it call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.source_rules import SourceRules

RED = "12379-red-rain-city.xml"


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A quiet prefecture."""
    return town(counties=1, townships=1, villages=1)


def release(place: Any, alert_id: int, reason: str = "已向发布岗电话核实") -> Any:
    """The duty officer releases a message."""
    done = place.engine.release(place.clock.now(), alert_id, actor="值班员", reason=reason)
    return done.result


def doubled(place: Any, **fields: str) -> bytes:
    """A red warning that gives its severity twice with different words: a human must look at it."""
    raw = place.message(RED, **fields)
    return bytes(raw.replace(b"<severity>Red</severity>", b"<severity>Red</severity><severity>Orange</severity>"))


def test_a_quarantined_red_rings_and_can_be_released(place: Any) -> None:
    """It calls nobody by itself, a human is told; once released it calls like any other."""
    held = place.take_in(doubled(place))
    assert (held.disposition, held.callouts) == (Disposition.QUARANTINED, ())
    assert "duplicate-element" in held.reasons
    assert place.alarms() == ["quarantined"]
    result = release(place, held.alert_id)
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (1,))
    assert "released_by_an_officer" in result.reasons
    place.play(seconds=400)
    assert place.rings("141121100200")


def test_a_release_is_accounted_for(place: Any) -> None:
    """Who and why stand in the journal; without them nothing happens, and twice it is refused."""
    held = place.take_in(doubled(place))
    for actor, reason in (("", "x"), ("x", " ")):
        with pytest.raises(RefusedError):
            place.engine.release(place.clock.now(), held.alert_id, actor=actor, reason=reason)
    release(place, held.alert_id)
    with pytest.raises(RefusedError, match="已在叫应"):
        release(place, held.alert_id)
    with pytest.raises(NotFoundError):
        release(place, 99)
    assert place.query("SELECT count(*) FROM callout") == [(1,)]


def test_a_stranger_can_be_released(place: Any) -> None:
    """A sender that is not on the list, for our own area: quarantined, told, and an officer's to decide."""
    raw = place.message(RED, senderCode="14120041600000", identifier="14120041600000_20260722213300")
    held = place.take_in(raw)
    assert held.disposition is Disposition.QUARANTINED
    assert place.alarms() == ["quarantined"]
    with pytest.raises(RefusedError, match="issuer_elsewhere"):
        release(place, held.alert_id)


def test_too_old_can_be_released_and_practice_never(place: Any) -> None:
    """Its age an officer may overrule; that it is a test, nobody (promise 5)."""
    raw = place.message(RED)
    place.play(seconds=7 * 3_600)
    old = place.take_in(raw)
    assert "too_old" in old.reasons
    assert release(place, old.alert_id).disposition is Disposition.ACCEPTED
    test = place.take_in(doubled(place, status="Test"))
    with pytest.raises(RefusedError, match="Test"):
        release(place, test.alert_id)


def test_an_untriggered_orange_can_be_released(place: Any) -> None:
    """The notice's "等": the issuer's chain is used, as by hand."""
    headline = "吕梁市气象台发布大风橙色预警信号"
    held = place.take_in(place.message(RED, severity="Orange", eventType="11B06", headline=headline))
    assert place.alarms() == ["untriggered"]
    assert release(place, held.alert_id).callouts == (1,)


def test_an_area_that_nobody_can_tell_is_refused_with_what_to_do(place: Any) -> None:
    """A release cannot invent where it is."""
    held = place.take_in(place.message(RED, geocode="", areaDesc="某地"))
    with pytest.raises(RefusedError, match="callout start"):
        release(place, held.alert_id)


def test_a_conflict_of_a_higher_colour_is_called_at_once(place: Any) -> None:
    """The same identity, orange before and red now: kept as a conflict, told, and the red is dialled."""
    text = "吕梁市气象台发布暴雨橙色预警信号"
    place.take_in(place.message(RED, severity="Orange", headline=text, description=text))
    result = place.take_in(place.message(RED))
    assert result.disposition is Disposition.CONFLICT
    assert "conflict" in place.alarms()
    assert place.query("SELECT max(colour) FROM callout") == [(4,)]
    lower = place.take_in(place.message(RED, severity="Orange", headline=text, description="再来一次"))
    assert (lower.disposition, lower.callouts) == (Disposition.CONFLICT, ())


@pytest.mark.parametrize(
    "first",
    [{"status": "Test"}, {"severity": "Unknown", "headline": "吕梁市气象台发布暴雨预警信号"}, None],
    ids=["practice", "without a colour", "in doubt"],
)
def test_a_copy_that_nothing_was_done_for_holds_no_red_back(place: Any, first: dict[str, str] | None) -> None:
    """Under one name first something that calls nobody: the red is dialled, and a human is told of the two."""
    copy = doubled(place, headline="另一份") if first is None else place.message(RED, **first)
    assert not place.take_in(copy).callouts
    result = place.take_in(place.message(RED))
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (1,))
    assert "same_identity_other_content" in result.reasons
    assert "conflict" in place.alarms()


def test_a_strangers_copy_holds_no_red_back(place: Any) -> None:
    """A feed that may not speak for the city sends the city's warning, changed: the city's own is dialled all the same."""
    strange = SourceRules(senders=("14112441*",))
    place.engine._intake._rules_of = lambda source: strange if source == "push:county" else SourceRules()
    raw = place.message(RED)
    changed = raw.replace("请立即".encode(), "请马上".encode())
    now = place.clock.now()
    assert place.engine.take_in(now, changed, "push:county").result.disposition is Disposition.QUARANTINED
    result = place.engine.take_in(now, raw, "folder:city").result
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (1,))
    assert sorted(place.alarms()) == ["conflict", "quarantined"]


def test_a_lower_copy_that_was_set_aside_cannot_lower_by_coming_again(place: Any) -> None:
    """Yellow, then red under the same name, then the yellow again as feeds do: the red stays."""
    yellow = place.message(RED, severity="Yellow", headline="吕梁市气象台发布暴雨黄色预警信号")
    assert place.take_in(yellow).disposition is Disposition.STORED
    assert place.take_in(place.message(RED)).callouts == (1,)
    assert place.take_in(yellow).disposition is Disposition.DUPLICATE
    assert place.query("SELECT colour FROM callout WHERE ended_at IS NULL") == [(4,)]
    assert place.query("SELECT colour FROM alert_chain") == [(4,)]


def test_a_higher_copy_that_was_set_aside_counts_when_it_comes_again(place: Any) -> None:
    """Red by a sender that was not on the list, orange by its name, the red again once it is: red is dialled."""
    judge = place.engine._intake._judge
    usual, judge._settings = judge._settings, replace(judge._settings, senders=("99*",))
    assert place.take_in(place.message(RED)).disposition is Disposition.QUARANTINED
    judge._settings = usual
    orange = "吕梁市气象台发布暴雨橙色预警信号"
    place.take_in(place.message(RED, severity="Orange", headline=orange, description=orange))
    assert place.take_in(place.message(RED)).disposition is Disposition.CONFLICT
    assert place.query("SELECT max(colour) FROM callout") == [(4,)]


def test_the_same_warning_from_two_feeds_is_one(place: Any) -> None:
    """A CAP mirror of a 12379 message is a duplicate, not a conflict."""
    raw = place.message(RED)
    cap = place.message("cap12-red-rain-city.xml", identifier=place.identifier(), sent="2026-07-22T21:33:00+08:00")
    assert place.take_in(raw).disposition is Disposition.ACCEPTED
    assert place.take_in(cap).disposition is Disposition.DUPLICATE
    assert place.alarms() == []


def test_what_a_source_may_not_say_is_quarantined(place: Any) -> None:
    """A county's own feed cannot warn the next county, nor speak for another sender."""
    place.engine._intake._rules_of = lambda _source: SourceRules(senders=("14112441600000",), areas=("141124",))
    held = place.take_in(place.message(RED))
    assert "sender_not_allowed" in held.reasons
