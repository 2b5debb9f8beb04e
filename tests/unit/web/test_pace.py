"""Open consoles take turns: however many there are, together they take a share of the time and no more."""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.web.console.pace import EVERY, SHARE, Pace

COSTS = st.lists(st.floats(min_value=0.0001, max_value=2.0), min_size=1, max_size=60)


@given(COSTS)
def test_all_looks_together_take_a_share_of_the_time(costs: list[float]) -> None:
    """One round of everything that stands open is paid for before the next one begins."""
    pace = Pace()
    with ExitStack() as open_pages:
        for key, cost in enumerate(costs):
            open_pages.enter_context(pace.opened(key))
            pace.took(key, cost)
        assert pace.every >= EVERY
        assert sum(costs) / pace.every <= SHARE + 1e-9


def test_few_consoles_are_as_quick_as_ever() -> None:
    """A handful of pages that cost little: an answer is there within a second."""
    pace = Pace()
    with pace.opened("now"), pace.opened("callout"):
        pace.took("now", 0.03)
        pace.took("callout", 0.05)
        assert pace.every == EVERY


def test_what_nobody_looks_at_any_more_costs_nothing() -> None:
    """Two browsers at the same page are one look; it counts until the last of them is closed."""
    pace = Pace()
    with pace.opened("now"):
        with pace.opened("now"):
            pace.took("now", 1.0)
        assert pace.is_open("now")
        assert pace.every == 1.0 / SHARE
    assert not pace.is_open("now")
    assert pace.every == EVERY
    pace.took("now", 1.0)
    assert pace.every == EVERY, "a look that ended after its page was closed"


def test_looks_go_one_after_the_other() -> None:
    """The engine's thread contends with one of them, not with as many as there are browsers."""
    assert Pace().one.total_tokens == 1
