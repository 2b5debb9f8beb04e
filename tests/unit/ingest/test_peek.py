"""The glance that orders a burst: quick, and right where it matters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.ingest.peek import colour_of_name, peek_colour
from warning_dispatch.model.colour import Colour

SAMPLES = Path(__file__).resolve().parents[3] / "config" / "samples"


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("12379-red-rain-city.xml", Colour.RED),
        ("12379-orange-rain-counties.xml", Colour.ORANGE),
        ("cap12-red-rain-city.xml", Colour.RED),
    ],
)
def test_samples_are_known_at_a_glance(name: str, colour: Colour) -> None:
    """By the severity or the headline, in both dialects."""
    assert peek_colour((SAMPLES / name).read_bytes()) is colour


@pytest.mark.parametrize(
    "raw",
    [
        b"<severity>RED</severity>",
        b"<cap:severity>\n Extreme \n</cap:severity>",
        "<headline>暴雨红色预警</headline>".encode("gb18030"),
        "<headline>暴雨红色预警</headline>".encode("utf-16"),
        "<headline>紅色</headline>".encode(),
        "<severity>Blue</severity><headline>红色</headline>".encode(),
    ],
)
def test_red_is_seen_in_every_spelling(raw: bytes) -> None:
    """Whatever the case, the prefix and the encoding; of several colours the highest."""
    assert peek_colour(raw) is Colour.RED


def test_what_speaks_of_no_colour_waits_with_the_others() -> None:
    """No colour is no reason to be refused, only to wait."""
    assert peek_colour(b"<alert/>") is None
    assert peek_colour(b"") is None


@given(st.binary(max_size=400))
def test_no_bytes_break_it(raw: bytes) -> None:
    """It is the first thing that touches a message from anywhere."""
    peek_colour(raw)


def test_a_file_name_of_the_12379_form_tells_its_colour() -> None:
    """And any other name tells nothing."""
    assert colour_of_name("33000041600000_20121025091026_11B01_BLUE_ALERT.XML") is Colour.BLUE
    assert colour_of_name("x_11B03_Red_update.xml") is Colour.RED
    assert colour_of_name("credit.xml") is None
