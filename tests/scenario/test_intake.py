"""What becomes of a message that comes in; whatever it is, its bytes are kept with the verdict (promise 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Role

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
RED_COUNTIES = "12379-red-rain-counties.xml"
COUNTY_RED = "12379-county-red-rain.xml"
COUNTY, OTHER = "141121", "141122"
HOUR = 3_600
MINUTE = 60


def coloured(severity: str, word: str) -> dict[str, str]:
    """The fields of a message that speak of its colour."""
    text = f"吕梁市气象台发布暴雨{word}预警信号"
    return {"severity": severity, "headline": text, "description": text}


def called_units(place: Any, callout_id: int = 1) -> set[str]:
    """Codes of all units a call-out calls, opened or waiting."""
    sql = "SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ?"
    return {str(row[0]) for row in place.query(sql, callout_id)}


def callouts(place: Any) -> int:
    """How many call-outs were started."""
    return int(place.query("SELECT count(*) FROM callout")[0][0])


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A quiet prefecture."""
    return town()


# --- the same again, and contradictions -------------------------------------------------------------------


def test_the_same_message_twice_is_a_duplicate(place: Any) -> None:
    """A gateway that sends everything twice wakes nobody twice."""
    raw = place.message(RED_CITY)
    first = place.take_in(raw)
    assert first.disposition is Disposition.ACCEPTED
    place.play(seconds=20)
    again = place.take_in(raw)
    assert (again.disposition, again.alert_id, again.callouts) == (Disposition.DUPLICATE, first.alert_id, ())
    assert callouts(place) == 1


def test_the_same_identity_with_other_content_is_a_conflict(place: Any) -> None:
    """Both are kept, a human is told, the running call-out is untouched."""
    place.warning(RED_CITY)
    result = place.take_in(place.message(RED_CITY, severity="Orange"))
    assert result.disposition is Disposition.CONFLICT
    assert "same_identity_other_content" in result.reasons
    assert place.alarms() == ["conflict"]
    assert place.query("SELECT count(*) FROM alert") == [(2,)]
    assert callouts(place) == 1


# --- what does not dial -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("severity", "word"), [("Blue", "蓝色"), ("Yellow", "黄色")])
def test_blue_and_yellow_are_stored(place: Any, severity: str, word: str) -> None:
    """Kept, no call, no alarm."""
    result = place.take_in(place.message(RED_CITY, **coloured(severity, word)))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "colour_below_triggers" in result.reasons
    assert place.alarms() == []


@pytest.mark.parametrize(("code", "name"), [("11B04", "暴雪"), ("11B06", "大风"), ("11B58", "雷暴大风")])
def test_an_orange_without_a_trigger_is_put_before_the_duty_officer(place: Any, code: str, name: str) -> None:
    """The notice's "等": not dialled by itself, and not silently kept."""
    raw = place.message(ORANGE, eventType=code, headline=f"吕梁市气象台发布{name}橙色预警信号")
    result = place.take_in(raw)
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert place.alarms() == ["untriggered"]


@pytest.mark.parametrize(("code", "name"), [("11B04", "暴雪"), ("11B58", "雷暴大风"), ("11B20", "雷雨大风")])
def test_the_founding_texts_other_reds_dial(place: Any, code: str, name: str) -> None:
    """暴雪 red and 雷暴大风 red, by each of its codes and names."""
    raw = place.message(RED_CITY, eventType=code, headline=f"吕梁市气象台发布{name}红色预警信号")
    assert place.take_in(raw).disposition is Disposition.ACCEPTED


def test_an_unknown_hazard_in_red_is_put_before_the_duty_officer(place: Any) -> None:
    """Nobody knows whom it concerns; a human decides."""
    result = place.take_in(place.message(RED_CITY, eventType="99Z99", headline="吕梁市气象台发布红色预警信号"))
    assert result.disposition is not Disposition.ACCEPTED
    assert result.callouts == ()
    assert place.alarms()


def test_a_sender_that_is_not_allowed_is_quarantined(place: Any) -> None:
    """Kept with the reason, a human is told, nobody is called."""
    raw = place.message(RED_CITY, senderCode="37010041600000", identifier="37010041600000_20260722213300")
    result = place.take_in(raw)
    assert (result.disposition, result.callouts) == (Disposition.QUARANTINED, ())
    assert "sender_not_allowed" in result.reasons
    assert place.alarms() == ["quarantined"]


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00garbage", b"<alert>", b"<note/>", "预警".encode("gb18030")])
def test_what_cannot_be_read_is_kept(place: Any, raw: bytes) -> None:
    """Every byte, with the verdict and the reason; a human is told (promises 9 and 10)."""
    result = place.take_in(raw)
    assert (result.alert_id, result.disposition) == (None, Disposition.QUARANTINED)
    assert result.reasons
    assert place.alarms() == ["quarantined"]
    assert kept(place) == [(raw, "quarantined")]


def test_a_doctype_is_refused(place: Any) -> None:
    """An entity bomb is kept as bytes and read as nothing."""
    raw = place.message(RED_CITY).replace(b"<alert>", b'<!DOCTYPE alert [<!ENTITY a "b">]><alert>')
    assert place.take_in(raw).disposition is Disposition.QUARANTINED
    assert callouts(place) == 0


def kept(place: Any) -> list[tuple[bytes, str]]:
    """Raw bytes and verdict of everything that came in."""
    rows = place.query("SELECT sealed, disposition FROM raw_message ORDER BY id")
    return [(place.sealer.unseal(sealed, "raw_message"), str(verdict)) for sealed, verdict in rows]


def test_every_byte_is_kept_whatever_the_verdict(place: Any) -> None:
    """Accepted, duplicate, stored, unreadable: four messages, four rows, byte for byte, sealed at rest."""
    red, blue = place.message(RED_CITY), place.message(COUNTY_RED, **coloured("Blue", "蓝色"))
    for raw in (red, red, blue, b"nonsense"):
        place.take_in(raw)
    assert kept(place) == [(red, "accepted"), (red, "duplicate"), (blue, "stored"), (b"nonsense", "quarantined")]
    stored = [row[0] for row in place.query("SELECT sealed FROM raw_message")]
    assert not any("暴雨".encode() in sealed for sealed in stored)


# --- too late ---------------------------------------------------------------------------------------------


def test_expired_on_arrival_is_stored_and_said(place: Any) -> None:
    """It was over before it came; an officer decides."""
    result = place.take_in(place.message(RED_CITY, expires="2026-07-22 21:32:00+08:00"))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "expired_on_arrival" in result.reasons
    assert place.alarms() == ["untriggered"]


def test_too_old_is_stored_and_said(place: Any) -> None:
    """A gateway that was down for a day must not wake the prefecture with yesterday."""
    raw = place.message(RED_CITY)
    place.play(seconds=6 * HOUR + MINUTE)
    result = place.take_in(raw)
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "too_old" in result.reasons
    assert place.alarms() == ["untriggered"]


def test_from_the_future_is_stored_and_said(place: Any) -> None:
    """A sender whose clock is hours ahead cannot be trusted with a time of validity."""
    result = place.take_in(place.message(RED_CITY, sendTime="2026-07-23 03:00:00+08:00"))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "sent_in_the_future" in result.reasons


def test_an_hour_late_still_dials(place: Any) -> None:
    """Late is not too late."""
    raw = place.message(RED_CITY)
    place.play(seconds=HOUR)
    assert place.take_in(raw).disposition is Disposition.ACCEPTED


# --- a chain of messages ----------------------------------------------------------------------------------


def test_orange_to_red_is_a_new_round(place: Any) -> None:
    """The old round is SUPERSEDED with all its callees, nothing of it rings on; the new one refers to it."""
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=20 * MINUTE)
    red = place.message(RED_COUNTIES, references=place.identifier(), geocode="141121000000")
    result = place.take_in(red)
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (2,))
    assert place.callout_state(1) is CallOutState.SUPERSEDED
    assert place.callout_state(2) is CallOutState.RUNNING
    assert place.query("SELECT round, supersedes_id, colour FROM callout WHERE id = 2") == [(2, 1, 4)]
    assert place.queued(1) == 0
    assert place.state("141121100200", 1) is CalleeState.SUPERSEDED
    assert place.network.ringing() == frozenset()
    place.play(seconds=6 * MINUTE)
    assert place.state("141121100200", 2) is CalleeState.CALLING
    assert not [one for one in place.network.handed if one.purpose is Purpose.ALL_CLEAR]


def test_a_new_area_is_a_new_round_over_the_union(place: Any) -> None:
    """An Update that adds a county calls it; a unit of the old area is not lost."""
    place.take_in(place.message(RED_CITY, geocode="141121000000"))
    assert not any(code.startswith(OTHER) for code in called_units(place))
    place.play(seconds=MINUTE)
    update = place.message(
        RED_CITY, msgType="Update", references=place.identifier(), geocode="141121000000,141122000000"
    )
    assert place.take_in(update).callouts == (2,)
    assert {f"{COUNTY}100200", f"{OTHER}100200"} <= called_units(place, 2)


def test_an_update_of_the_same_colour_and_area_is_attached(place: Any) -> None:
    """Nobody is called anew; the validity follows the newer message."""
    place.warning(RED_CITY)
    place.play(seconds=10 * MINUTE)
    rings = len(place.rings("141121100200"))
    update = place.message(RED_CITY, msgType="Update", references=place.identifier())
    result = place.take_in(update)
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (1,))
    assert "attached" in result.reasons
    assert callouts(place) == 1
    assert len(place.rings("141121100200")) == rings
    assert place.query("SELECT voice_until - started_at FROM callout") == [(int((6 * HOUR + 10 * MINUTE) * 1_000),)]


def test_an_update_below_the_trigger_lifts(place: Any) -> None:
    """Red to yellow is the end of the call-out: stopped, and those contacted are told."""
    place.warning(RED_CITY)
    place.play(seconds=5 * MINUTE)
    yellow = coloured("Yellow", "黄色")
    result = place.take_in(place.message(RED_CITY, msgType="Update", references=place.identifier(), **yellow))
    assert (result.disposition, result.callouts) == (Disposition.ACCEPTED, (1,))
    assert place.callout_state() is CallOutState.CANCELLED
    place.play(seconds=MINUTE)
    assert [one for one in place.network.handed if one.purpose is Purpose.ALL_CLEAR]


# --- whose and where --------------------------------------------------------------------------------------


def test_a_countys_own_warning_takes_the_county_chain(place: Any) -> None:
    """Its leaders and duty room at once, departments and townships, villages; the city's emergency bureau by phone."""
    raw = place.message(
        COUNTY_RED, senderCode="14112141600000", identifier="14112141600000_20260722213300", geocode="141121000000"
    )
    assert place.take_in(raw).disposition is Disposition.ACCEPTED
    place.play(seconds=320)
    assert place.query("SELECT plan_name FROM callout") == [("county",)]
    assert place.rings(COUNTY, Role.DUTY)[0] == place.rings(f"{COUNTY}-L1", Role.DUTY)[0] == 0
    assert place.opened(f"{COUNTY}100") == 120
    assert place.opened(f"{COUNTY}100200") == 240
    assert place.rings("1411-emergency", Role.DUTY)[0] == 0
    assert place.state("1411-water") is CalleeState.INFORMED
    assert place.rings("1411-water") == []
    assert place.texts_to("1411-water")
    assert not any(code.startswith(("141122", "1411-L")) for code in called_units(place))


def test_one_township_is_its_villages_its_county_and_the_city(place: Any) -> None:
    """`141121100000` is one township, not a county: nobody else below the city is woken."""
    place.take_in(place.message(RED_CITY, geocode="141121100000"))
    assert called_units(place) == {
        "1411-L1",
        "1411-L2",
        "1411-water",
        "1411-emergency",
        COUNTY,
        f"{COUNTY}100",
        f"{COUNTY}100200",
        f"{COUNTY}100201",
    }


def test_an_unknown_area_calls_its_known_ancestors_and_says_so(place: Any) -> None:
    """A village the register does not have: its township and county are called and can pass it on (promise 9)."""
    result = place.take_in(place.message(RED_CITY, geocode="141121100999"))
    assert result.disposition is Disposition.ACCEPTED
    below = {code for code in called_units(place) if not code.startswith("1411-")}
    assert below == {COUNTY, f"{COUNTY}100"}
    assert place.alarms() == ["area_unknown"]


def test_a_message_without_any_area_is_put_before_the_duty_officer(place: Any) -> None:
    """Nobody can tell whom it concerns: never silently nobody (promise 9)."""
    result = place.take_in(place.message(RED_CITY, geocode="", areaDesc=""))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "area_unresolved" in result.reasons
    assert place.alarms() == ["untriggered"]


def test_an_area_outside_ours_calls_nobody_of_ours_below_the_city(place: Any) -> None:
    """A neighbour's villages are not looked for among our own."""
    place.take_in(place.message(RED_CITY, geocode="141121000000,150102000000"))
    assert not any(code.startswith(OTHER) for code in called_units(place))


def test_an_original_that_arrives_after_its_update_changes_nothing(town: Callable[..., Any]) -> None:
    """Messages come out of order: the red Update is in force, its late orange original is stored and moves nothing."""
    place = town()
    orange = place.identifier(-120)
    original = place.message("12379-orange-rain-counties.xml", identifier=orange, sendTime="2026-07-22 21:31:00+08:00")
    update = place.take_in(place.message("12379-red-rain-counties.xml", references=orange))
    before = place.query("SELECT voice_until, alert_id, state FROM callout WHERE id = 1")
    late = place.take_in(original)
    assert update.callouts == (1,)
    assert late.disposition is Disposition.STORED
    assert "older_than_its_chain" in late.reasons
    assert place.query("SELECT voice_until, alert_id, state FROM callout WHERE id = 1") == before


def test_an_officer_starts_by_hand_what_no_trigger_covers(town: Callable[..., Any]) -> None:
    """The notice's "等": an orange snowstorm matches no trigger; composed by hand it calls by the issuer's chain."""
    place = town()
    raw = place.message(
        "12379-red-rain-city.xml",
        eventType="11B04",
        severity="Orange",
        headline="吕梁市气象台发布暴雪橙色预警信号",
    )
    stored = place.engine.take_in(place.clock.now(), raw, "test").result
    assert (stored.disposition, stored.callouts) == (Disposition.STORED, ())
    place.clock.advance_to(place.clock.now() + 1_000)
    again = place.message(
        "12379-red-rain-city.xml",
        eventType="11B04",
        severity="Orange",
        headline="吕梁市气象台发布暴雪橙色预警信号",
    )
    started = place.engine.take_in(place.clock.now(), again, "hand:officer").result
    assert started.callouts == (1,)
    assert "by_hand" in started.reasons
