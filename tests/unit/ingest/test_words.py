"""Times, headlines and colour words by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.clock import beijing_text, iso_text
from warning_dispatch.ingest.colours import colour_in_value, colour_of_word
from warning_dispatch.ingest.headlines import colours_in, event_in, level_in, lifts
from warning_dispatch.ingest.notes import Odd
from warning_dispatch.ingest.times import CN12379_FORM, OASIS_FORM, read_time
from warning_dispatch.model.colour import Colour


@pytest.mark.parametrize(
    ("written", "same_as"),
    [
        ("2026-07-22 24:00:00+08:00", "2026-07-23T00:00:00+08:00"),
        ("2026-12-31 23:59:60+08:00", "2027-01-01T00:00:00+08:00"),
        ("2026-7-2 8:05:00+08:00", "2026-07-02T08:05:00+08:00"),
        ("2026-07-22 21:33:00null+08:00", "2026-07-22T21:33:00+08:00"),
        ("  2026-07-22T13:33:00z ", "2026-07-22T21:33:00+08:00"),
        ("2026-07-22 21:33:00.5-03:30", "2026-07-22T21:33:00.500-03:30"),
    ],
)
def test_odd_times(written: str, same_as: str) -> None:
    """What can be understood is read, and noted."""
    read = read_time(written, CN12379_FORM)
    assert read.moment == int(datetime.fromisoformat(same_as).timestamp() * 1000)
    assert read.oddities == (Odd.TIME_FORM,)


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30 00:00:00+08:00",
        "2026-07-22 24:00:01+08:00",
        "2026-07-22 25:00:00+08:00",
        "2026-07-22 21:60:00+08:00",
        "2026-07-22 21:33:61+08:00",
        "2026-07-22 21:33:00+25:00",
        "9999-12-31 23:59:59+08:00",
        "2026-07-22",
        "21:33",
        "20260722213300",
        "2026-07-22 21:33:00+08:00 or so",
    ],
)
def test_what_is_no_time(written: str) -> None:
    """What cannot be understood is not guessed."""
    assert read_time(written, CN12379_FORM).moment is None


@given(st.integers(min_value=946_684_800, max_value=4_000_000_000))
def test_times_round_trip(second: int) -> None:
    """A moment written in either strict form reads back as itself, with nothing to note."""
    moment = second * 1000
    assert read_time(iso_text(moment), OASIS_FORM).moment == moment
    assert read_time(iso_text(moment), OASIS_FORM).oddities == ()
    blank = read_time(beijing_text(moment) + "+08:00", CN12379_FORM)
    assert (blank.moment, blank.oddities) == (moment, ())
    naive = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
    assert read_time(naive + "Z", CN12379_FORM).moment == moment


@pytest.mark.parametrize(
    ("headline", "event", "colours"),
    [
        ("吕梁市气象台变更发布暴雨红色预警信号[Ⅰ级/特别严重]", "暴雨", (Colour.RED,)),
        ("吕梁市气象台继续发布暴雪橙色预警[Ⅱ级/严重]", "暴雪", (Colour.ORANGE,)),
        ("吕梁市气象局更新雷暴大风红色预警信号", "雷暴大风", (Colour.RED,)),
        ("山西省气象台发布雷雨(暴)大风橙色预警", "雷雨(暴)大风", (Colour.ORANGE,)),
        ("临县气象台解除大雾黄色预警信号/III/较重", "大雾", (Colour.YELLOW,)),
        ("吕梁市气象台解除7月22日18时发布的暴雨橙色预警", "暴雨", (Colour.ORANGE,)),
        ("吕梁市自然资源局和吕梁市气象局联合发布地质灾害气象风险橙色预警", "地质灾害气象风险", (Colour.ORANGE,)),
        ("吕梁市气象台将暴雨橙色预警信号升级为暴雨红色预警信号", "暴雨", (Colour.RED,)),
        ("吕梁市气象台将暴雨橙色预警信号升级为红色", "暴雨", (Colour.RED,)),
        ("吕梁市气象台将暴雨红色预警降级为橙色预警", "暴雨", (Colour.ORANGE,)),
        ("暴雨蓝色预警", "暴雨", (Colour.BLUE,)),
        ("吕梁市气象台台风黄色预警", "台风", (Colour.YELLOW,)),
        ("吕梁市气象台发布第12号暴雨红预警", "暴雨", (Colour.RED,)),
        ("吕梁市气象台发布强对流预警", "强对流", ()),
        ("发布雷电黄色、冰雹橙色预警", "", (Colour.ORANGE, Colour.YELLOW)),
        ("关于做好汛期工作的通知", "", ()),
        ("", "", ()),
    ],
)
def test_headlines(headline: str, event: str, colours: tuple[Colour, ...]) -> None:
    """A headline tells hazard and colour in all the ways that stations write it."""
    assert colours_in(headline) == colours
    if event:
        assert event_in(headline) == event


@pytest.mark.parametrize(
    ("headline", "level"),
    [
        ("发布暴雨Ⅱ级预警", Colour.ORANGE),
        ("发布暴雨预警[I级/特别严重]", Colour.RED),
        ("发布暴雨预警/III/较重", None),
        ("暴雨三级预警", Colour.YELLOW),
        ("阵风十四级", None),
    ],
)
def test_levels(headline: str, level: Colour | None) -> None:
    """A level numeral stands for a colour; a wind force does not."""
    assert level_in(headline) is level


@pytest.mark.parametrize(
    ("headline", "ends"),
    [
        ("吕梁市气象台解除暴雨红色预警信号", True),
        ("吕梁市气象台取消暴雨红色预警", True),
        ("吕梁市气象台解除22日发布的暴雨红色预警", True),
        ("吕梁市气象台解除暴雨橙色预警,发布暴雨红色预警", False),
        ("吕梁市气象台发布暴雨红色预警", False),
        ("", False),
    ],
)
def test_lifting(headline: str, ends: bool) -> None:
    """Only a headline that ends a warning and issues none is an end."""
    assert lifts(headline) is ends


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        ("ORANGE", Colour.ORANGE),
        (" 黄色 ", Colour.YELLOW),
        ("红色预警信号", Colour.RED),
        ("4; red; Extreme", Colour.RED),
        ("severity_red", Colour.RED),
        ("green", None),
        ("coloured", None),
        ("", None),
    ],
)
def test_colour_values(value: str, colour: Colour | None) -> None:
    """A colour is found inside a coded value, and no colour inside another word."""
    assert colour_in_value(value) is colour


def test_a_colour_word_is_a_whole_word() -> None:
    """The strict reading takes nothing but the word."""
    assert colour_of_word("Red") is Colour.RED
    assert colour_of_word("4; red") is None
