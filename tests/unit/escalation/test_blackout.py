"""疑似断网: when most of a township is dark, and when that is news."""

from __future__ import annotations

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.escalation.blackout import PROOFS, BlackoutRule, Heard, Silence, suspected, worth_saying
from warning_dispatch.model.plan import Next

MINUTE = 60_000
NOW = 100 * MINUTE
RULE = BlackoutRule()
DARK, THERE, UNKNOWN = Heard(NOW - MINUTE, None), Heard(None, NOW - MINUTE), Heard(None, None)


def town(dark: int, there: int, unknown: int = 0) -> list[Heard]:
    """So many units."""
    return [DARK] * dark + [THERE] * there + [UNKNOWN] * unknown


@pytest.mark.parametrize(
    ("dark", "there", "unknown", "expected"),
    [
        (6, 4, 0, Silence(6, 10)),
        (5, 5, 0, None),
        (3, 2, 0, Silence(3, 5)),
        (3, 2, 30, Silence(3, 5)),
        (4, 0, 0, Silence(4, 4)),
        (4, 0, 9, None),
        (3, 0, 0, Silence(3, 3)),
        (2, 1, 0, None),
        (2, 0, 0, None),
        (1, 0, 0, None),
        (0, 9, 0, None),
        (3, 1, 0, Silence(3, 4)),
        (17, 3, 0, Silence(17, 20)),
    ],
)
def test_sixty_percent_of_those_heard_of(dark: int, there: int, unknown: int, expected: Silence | None) -> None:
    """At least five heard of (all of a smaller township), at least three dark: two phones that are off are two sleepers."""
    assert suspected(RULE, town(dark, there, unknown), NOW) == expected


def test_only_the_last_minutes_count() -> None:
    """What was dark six minutes ago says nothing about now."""
    old = [Heard(NOW - 6 * MINUTE, None)] * 9
    assert suspected(RULE, old, NOW) is None
    assert suspected(RULE, [*old, *town(5, 0)], NOW) == Silence(5, 5)


def test_the_last_word_about_a_unit_counts() -> None:
    """A was off, then B's phone rang: the network is there. It rang, then it was off: it is dark now."""
    rang_later = [Heard(NOW - 2 * MINUTE, NOW - MINUTE)] * 9
    off_later = [Heard(NOW - MINUTE, NOW - 2 * MINUTE)] * 9
    assert suspected(RULE, rang_later, NOW) is None
    assert suspected(RULE, off_later, NOW) == Silence(9, 9)


def test_it_is_said_once() -> None:
    """And again after half an hour."""
    units = town(9, 0)
    assert worth_saying(RULE, units, NOW, None)
    assert not worth_saying(RULE, units, NOW, NOW - MINUTE)
    assert worth_saying(RULE, units, NOW, NOW - 30 * MINUTE)


def test_it_is_said_again_when_the_network_had_come_back() -> None:
    """So many were reached meanwhile that the share could not have been met; one neighbour's phone is not enough."""
    one_back = [Heard(NOW - MINUTE, NOW - 5 * MINUTE), *[Heard(NOW - MINUTE, NOW - 20 * MINUTE)] * 9]
    half_back = [Heard(NOW - MINUTE, NOW - 5 * MINUTE)] * 5 + [DARK] * 5
    said_at = NOW - 10 * MINUTE
    assert not worth_saying(RULE, one_back, NOW, said_at)
    assert worth_saying(RULE, half_back, NOW, said_at)


def test_an_alarm_from_the_future_does_not_silence_the_next() -> None:
    """The wall clock was set back: alarm times stay as recorded."""
    assert worth_saying(RULE, town(9, 0), NOW, NOW + 60 * MINUTE)


def test_proofs_are_outcomes_of_the_table_and_none_of_them_is_dark(configuration: Configuration) -> None:
    """A slip of the pen in one of the names would blind the watch."""
    assert configuration.outcomes.keys() >= PROOFS
    assert all(configuration.outcomes[one].next is not Next.OTHER_ENDPOINT for one in PROOFS)
