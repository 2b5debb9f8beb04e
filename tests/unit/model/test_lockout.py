"""How long whoever guesses has to wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.lockout import LockRule

rules = st.builds(LockRule, st.integers(1, 50), st.integers(1_000, 600_000), st.integers(600_000, 7_200_000))


def test_the_usual_rule() -> None:
    """Four tries are free; then one minute, two, four, eight, and a quarter of an hour from there on."""
    rule = LockRule()
    assert [rule.wait(failures) // 60_000 for failures in range(1, 12)] == [0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15]


@given(rule=rules, failures=st.integers(0, 10**9))
def test_waits_grow_and_end(rule: LockRule, failures: int) -> None:
    """More wrong tries never wait less, the free ones not at all, and nobody waits longer than the longest."""
    wait = rule.wait(failures)
    assert 0 <= wait <= rule.longest
    assert wait <= rule.wait(failures + 1)
    assert (wait == 0) == (failures < rule.free)


def test_a_thousand_guesses_take_days() -> None:
    """The wall of waits before the thousandth guess is longer than a week."""
    rule = LockRule()
    assert sum(rule.wait(failures) for failures in range(1000)) > 7 * 86_400_000
