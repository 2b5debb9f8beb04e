"""How long it takes to ring everybody once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration import load_configuration
from warning_dispatch.escalation.duration import Habits, TierLoad, duration, texts_before
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import UnitLevel

MINUTE = 60_000
CONFIG = Path(__file__).resolve().parents[3] / "config"


def test_the_figure_that_every_bureau_asks_for() -> None:
    """2,456 villages, 30 lines, 40 s: 55 min; with the SMS to A and B first about 20."""
    found = duration([TierLoad(2_456, texts=2)], lines=30)
    assert found.call == 40_000
    assert found.calls_only == 55 * MINUTE
    assert found.texts_first == 20 * MINUTE


def test_the_villages_of_the_shipped_chain_get_two_messages_first() -> None:
    """The example is what the shipped red and orange ladders do: SMS to A and B no later than the first ring."""
    chain = next(one for one in load_configuration(CONFIG).chains if one.name == "city")
    villages = next(tier for tier in chain.tiers if tier.select.level is UnitLevel.VILLAGE)
    for colour in (Colour.RED, Colour.ORANGE):
        assert texts_before(villages.ladders[colour]) == TierLoad(1, texts=2, called=True)


def test_what_cannot_be_known_is_not_invented() -> None:
    """Without a limit of lines there is no figure, without messages no second one, with nobody nothing to wait for."""
    assert duration([TierLoad(100, 2)], lines=None).calls_only is None
    assert duration([TierLoad(100, 0)], lines=10).texts_first is None
    assert duration([], lines=10).calls_only == 0
    assert duration([TierLoad(100, 2, called=False)], lines=10).units == 0


def test_slow_messages_set_the_pace() -> None:
    """At thirty messages a minute 4,912 of them take longer than the calls: they help nobody."""
    found = duration([TierLoad(2_456, texts=2)], lines=30, text_rate=30)
    assert found.texts_first == found.calls_only


@given(
    units=st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 3)), max_size=5),
    lines=st.integers(1, 300),
    more=st.integers(0, 100),
    share=st.floats(0, 1),
)
def test_more_lines_never_take_longer_and_texts_never_cost(
    units: list[tuple[int, int]], lines: int, more: int, share: float
) -> None:
    """Monotone in lines and in habits; never less than the calls need."""
    loads = [TierLoad(count, texts) for count, texts in units]
    few, many = duration(loads, lines), duration(loads, lines + more)
    assert few.calls_only is not None
    assert many.calls_only is not None
    assert many.calls_only <= few.calls_only
    assert few.calls_only >= sum(count for count, _ in units) * few.call // lines - 1
    willing = duration(loads, lines, habits=Habits(text_answered=share)).texts_first
    assert willing is None or willing <= few.calls_only


@pytest.mark.parametrize(("lines", "minutes"), [(10, 165), (100, 17), (300, 6)])
def test_rounded_as_such_a_guess_deserves(lines: int, minutes: int) -> None:
    """No seconds where nobody can know them."""
    assert duration([TierLoad(2_456)], lines).calls_only == minutes * MINUTE
