"""Durations as people write them."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration.words import duration_text, parse_duration

PARTS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


@given(st.integers(0, 10**12))
def test_a_duration_shown_reads_back_as_itself(ms: int) -> None:
    """What `check` and a finding print can be copied into the file: nothing is rounded."""
    assert parse_duration(duration_text(ms)) == ms


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(PARTS))), min_size=1, max_size=4))
def test_parts_add_up(parts: list[tuple[int, str]]) -> None:
    """The text 1h30m is ninety minutes, whatever the parts and their order."""
    text = "".join(f"{amount}{unit}" for amount, unit in parts)
    assert parse_duration(text) == sum(amount * PARTS[unit] for amount, unit in parts)


@pytest.mark.parametrize(
    ("text", "ms"), [("0s", 0), ("90s", 90_000), ("5m", 300_000), ("2h", 7_200_000), ("1h30m", 5_400_000), ("7ms", 7)]
)
def test_the_forms_of_the_files(text: str, ms: int) -> None:
    """Minutes are never taken for milliseconds, nor the other way round."""
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "never"),
        (0, "0s"),
        (60_000, "60s"),
        (120_000, "2m"),
        (90_000, "90s"),
        (3_600_000, "1h"),
        (1_500, "1500ms"),
    ],
)
def test_shown_as_people_say_it(ms: int | None, text: str) -> None:
    """One unit, the largest that fits; a single minute is 60s, as in the design."""
    assert duration_text(ms) == text


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "-5m", "1.5h", "5M", "5m ", "five", "5d", "never", "5m\n"])
def test_anything_else_is_refused(text: str) -> None:
    """A bare number has no unit: guessing one could make minutes of seconds."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_duration(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but ValueError comes out of a wrong duration."""
    with contextlib.suppress(ValueError):
        assert parse_duration(text) >= 0
