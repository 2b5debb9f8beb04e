"""The shipped samples, and what becomes of them when they are given another moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from warning_dispatch.ingest import read_message
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.alert import AlertStatus, MsgType
from warning_dispatch.model.colour import Colour

Sample = Callable[..., bytes]
FOUR = ("141102000000", "141128000000", "141124000000", "141123000000")
CITY = ("141100000000",)
ORANGE, RED = "14110041600000_20260722184007", "14110041600000_20260722220506"
GOLDEN = {
    "12379-orange-rain-counties": ("12379", ORANGE, MsgType.ALERT, Colour.ORANGE, (), FOUR, "18:38:00"),
    "12379-red-rain-counties": (
        "12379",
        "14110041600000_20260722213512",
        MsgType.UPDATE,
        Colour.RED,
        (ORANGE,),
        FOUR,
        "21:33:00",
    ),
    "12379-red-rain-city": ("12379", RED, MsgType.ALERT, Colour.RED, (), CITY, "22:03:00"),
    "12379-red-rain-city-cancel": (
        "12379",
        "14110041600000_20260722235218",
        MsgType.CANCEL,
        Colour.RED,
        (RED,),
        CITY,
        "23:50:00",
    ),
    "12379-county-red-rain": (
        "12379",
        "14112441600000_20260722210233",
        MsgType.ALERT,
        Colour.RED,
        (),
        ("141124000000",),
        "21:00:00",
    ),
    "cap12-red-rain-city": (
        "cap-1.2",
        "14110041600000_20260722220611",
        MsgType.ALERT,
        Colour.RED,
        (),
        CITY,
        "22:06:11",
    ),
}


def ms(text: str) -> int:
    """An ISO time as ms UTC."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(sample: Sample, name: str) -> None:
    """Each shipped sample reads as what its name says, with nothing odd about it."""
    dialect, identifier, msg_type, colour, references, codes, sent = GOLDEN[name]
    (read,) = read_message(sample(name))
    alert = read.alert
    assert read.problems == ()
    assert (alert.dialect, alert.identifier, alert.msg_type) == (dialect, identifier, msg_type)
    assert alert.sender_code == identifier[:14]
    assert alert.status is AlertStatus.ACTUAL
    assert alert.references == references
    assert alert.sent == ms(f"2026-07-22T{sent}+08:00")
    for info in alert.infos:
        assert info.colour is colour
        assert info.event_code == "11B03"
        assert tuple(code for area in info.areas for code in area.geocodes) == codes
    assert alert.infos[-1].event_name == "暴雨"


def test_names_stand_beside_their_codes(sample: Sample) -> None:
    """The parallel lists of names and codes are read as pairs."""
    (read,) = read_message(sample("12379-red-rain-counties"))
    assert [(area.description, area.geocodes) for area in read.alert.infos[0].areas] == [
        ("离石区", ("141102000000",)),
        ("方山县", ("141128000000",)),
        ("临县", ("141124000000",)),
        ("兴县", ("141123000000",)),
    ]


def test_both_languages_are_kept(sample: Sample) -> None:
    """No info block of a CAP message is dropped."""
    (read,) = read_message(sample("cap12-red-rain-city"))
    assert [(info.language, info.event_name) for info in read.alert.infos] == [
        ("en-US", "rainstorm"),
        ("zh-CN", "暴雨"),
    ]


@pytest.mark.parametrize("name", GOLDEN)
def test_restamp_moves_a_message_and_nothing_else(sample: Sample, name: str) -> None:
    """A sample given another moment has that moment, a new identifier, and is otherwise the same."""
    raw = sample(name)
    moment = ms("2027-01-31T23:59:59+08:00") + 321
    (before,), (after,) = read_message(raw), read_message(restamp(raw, moment))
    assert after.problems == ()
    assert after.alert.sent == moment - 321
    assert after.alert.identifier == f"{before.alert.identifier[:14]}_20270131235959"
    assert after.alert.references == before.alert.references
    for old, new in zip(before.alert.infos, after.alert.infos, strict=True):
        assert new.effective == after.alert.sent
        assert (new.expires is None) == (old.expires is None)
        assert (new.headline, new.description, new.areas) == (old.headline, old.description, old.areas)


def test_restamp_keeps_what_is_never_read(sample: Sample) -> None:
    """Elements that the reader leaves alone are still in the restamped bytes."""
    again = restamp(sample("12379-red-rain-city"), 1_800_000_000_000)
    assert b"<methodName>PHONE</methodName>" in again
    assert again.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")


def test_restamp_moves_expiry_along(sample: Sample) -> None:
    """A sample valid for a day is valid for a day wherever it is moved."""
    raw = sample("cap12-red-rain-city")
    (read,) = read_message(restamp(raw, ms("2027-03-01T08:00:00+08:00")))
    assert read.alert.infos[0].expires == ms("2027-03-02T08:00:00+08:00")


def test_restamped_chain_stays_a_chain(sample: Sample) -> None:
    """An update restamped after its parent goes on referring to it."""
    parent = restamp(sample("12379-orange-rain-counties"), ms("2027-07-01T10:00:00+08:00"))
    new = read_message(parent)[0].alert.identifier
    child = restamp(sample("12379-red-rain-counties"), ms("2027-07-01T11:00:00+08:00"), {ORANGE: new})
    assert read_message(child)[0].alert.references == ("14110041600000_20270701100000",)
