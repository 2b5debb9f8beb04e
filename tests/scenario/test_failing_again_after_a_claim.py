"""A claim is for what was told: what ends and begins again within its half hour is told at its end (promise 9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.breakers import Breakers
from warning_dispatch.engine.sources import watch
from warning_dispatch.model.sources import Watched
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.snapshot import fold_faults

MINUTE = 60
FEED = "feed"
RED_CITY = "12379-red-rain-city.xml"


@pytest.fixture
def bureau(town: Callable[..., Any]) -> Any:
    """A prefecture whose weather bureau can be rung, with two providers of calls of four lines each."""
    return town(bureau=True, spare_route=True, lines=4)


def open_alarms(place: Any) -> list[str]:
    """Kinds of alarm that nobody has claimed."""
    return [str(row[0]) for row in place.query("SELECT kind FROM alarm WHERE claimed_at IS NULL ORDER BY id")]


def self_calls(place: Any) -> int:
    """How often the bureau has called itself."""
    return len(place.query("SELECT id FROM callout WHERE purpose = ?", Purpose.SELF.value))


def in_order(place: Any) -> None:
    """The journal is whole and tells what the tables hold."""
    with place.database.connect() as connection:
        assert verify(connection, place.keys.journal_public) == []
        assert fold_faults(connection) == []


def probed(place: Any, why: str = "", dead: tuple[int, ...] = ()) -> None:
    """A provider is asked how it fares, as the daemon does."""
    place.engine.once(place.clock.now(), lambda ledger: Breakers(ledger).probe("phones", why, dead_lines=dead))


def watched(place: Any, *, gap: int | None = 60_000, quiet: int | None = None) -> None:
    """Whoever watches the sources looks once."""
    place.engine.once(place.clock.now(), lambda ledger: watch(ledger, [Watched(FEED, gap, quiet)]))


def defined(place: Any) -> None:
    """The source is one of ours from now on."""
    place.engine.once(place.clock.now(), lambda ledger: ledger.tx.sources.define([FEED], ledger.now))


def seen(place: Any) -> None:
    """The source is there."""
    place.engine.once(place.clock.now(), lambda ledger: ledger.tx.sources.seen(FEED, ledger.now))


def heard(place: Any) -> None:
    """A message of the source has come."""
    place.engine.once(place.clock.now(), lambda ledger: ledger.tx.sources.heard(FEED, ledger.now))


def test_a_route_that_fails_again_is_rung_for_when_the_quiet_is_over(bureau: Any) -> None:
    """Claimed at 1 min, back at 5, down for good at 10: whoever claimed it has his half hour, then it rings anew."""
    probed(bureau, "balance")
    bureau.play(seconds=MINUTE)
    bureau.claim()
    bureau.play(seconds=4 * MINUTE)
    probed(bureau)
    bureau.claim()  # the row that says it is back
    bureau.play(seconds=5 * MINUTE)
    probed(bureau, "balance")
    bureau.play(seconds=20 * MINUTE)
    assert self_calls(bureau) == 1
    bureau.play(seconds=MINUTE + 5)
    assert open_alarms(bureau) == ["route_down"]
    assert self_calls(bureau) == 2
    in_order(bureau)


def test_a_route_that_flaps_rings_once_in_the_half_hour(bureau: Any) -> None:
    """Down and back every two minutes, each alarm claimed at once: one ring in each half hour, however often."""
    rings = []
    for _ in range(0, 90, 2):
        probed(bureau, "balance")
        bureau.play(seconds=MINUTE)
        if open_alarms(bureau):
            bureau.claim()
        rings.append(self_calls(bureau))
        probed(bureau)
        bureau.play(seconds=MINUTE)
    assert [rings[minute // 2] for minute in (0, 28, 30, 58, 60, 88)] == [1, 1, 2, 2, 3, 3]


def test_a_route_that_is_back_by_then_is_not_rung_for(bureau: Any) -> None:
    """It went again, and came back again before the half hour was over."""
    probed(bureau, "balance")
    bureau.claim()
    for why in ("", "balance", ""):
        bureau.play(seconds=5 * MINUTE)
        probed(bureau, why)
    bureau.play(seconds=45 * MINUTE)
    assert "route_down" not in open_alarms(bureau)
    assert self_calls(bureau) == 1


def test_a_route_that_stays_away_is_told_once(bureau: Any) -> None:
    """Claimed and never back: whoever claimed it is at work on it, and nothing new has happened."""
    probed(bureau, "balance")
    bureau.claim()
    for _ in range(12):
        bureau.play(seconds=10 * MINUTE)
        probed(bureau, "balance")
    assert open_alarms(bureau) == []
    assert self_calls(bureau) == 1


def test_lines_that_die_again(bureau: Any) -> None:
    """Three of four die, are mended and die again; in the end two of them are back, and one alone rings nobody."""
    three = (1, 2, 3)
    probed(bureau, dead=three)
    bureau.claim()
    for dead in ((), three):
        bureau.play(seconds=5 * MINUTE)
        probed(bureau, dead=dead)
    assert open_alarms(bureau) == []
    bureau.play(seconds=20 * MINUTE + 5)
    assert open_alarms(bureau) == ["lines_dead"]
    assert self_calls(bureau) == 2


def test_lines_of_which_more_die_are_told_as_they_are(bureau: Any) -> None:
    """What is worse has been told by itself: at the end of the half hour nothing rings for what it was before."""
    for dead in ((1, 2), (), (1, 2)):
        probed(bureau, dead=dead)
        bureau.play(seconds=MINUTE)
        bureau.claim()
    probed(bureau, dead=(1, 2, 3))
    bureau.claim()
    assert self_calls(bureau) == 2
    bureau.play(seconds=2 * 60 * MINUTE)
    assert self_calls(bureau) == 2


def test_a_source_that_goes_again(bureau: Any) -> None:
    """The way to it closes, is open again for a while and closes for good within the half hour of the claim."""
    defined(bureau)
    bureau.play(seconds=2 * MINUTE)
    watched(bureau)
    bureau.claim()
    bureau.play(seconds=5 * MINUTE)
    seen(bureau)
    bureau.play(seconds=2 * MINUTE)
    watched(bureau)
    assert open_alarms(bureau) == []
    bureau.play(seconds=23 * MINUTE + 5)
    assert open_alarms(bureau) == ["source_unreachable"]
    assert self_calls(bureau) == 2
    assert bureau.alarm_texts("source_unreachable")[-1] != bureau.alarm_texts("source_unreachable")[0]  # 25 minutes now
    in_order(bureau)


def test_a_source_that_is_silent_again(bureau: Any) -> None:
    """The same for one that is there and sends nothing."""
    defined(bureau)
    bureau.play(seconds=2 * MINUTE)
    watched(bureau, gap=None, quiet=60_000)
    bureau.claim()
    bureau.play(seconds=5 * MINUTE)
    heard(bureau)
    bureau.play(seconds=2 * MINUTE)
    watched(bureau, gap=None, quiet=60_000)
    assert open_alarms(bureau) == []
    bureau.play(seconds=23 * MINUTE + 5)
    assert open_alarms(bureau) == ["source_silent"]
    assert self_calls(bureau) == 2


def test_a_source_that_is_there_by_then(bureau: Any) -> None:
    """It was away twice and is there: nothing to ring for."""
    defined(bureau)
    for _ in range(2):
        bureau.play(seconds=2 * MINUTE)
        watched(bureau)
        bureau.claim()
        seen(bureau)
    bureau.play(seconds=60 * MINUTE)
    assert open_alarms(bureau) == []
    assert self_calls(bureau) == 1


def test_the_clock_is_set_back_in_between(bureau: Any) -> None:
    """The look goes with the clock; by the stepped clock the claim is young still, so it comes once more, and rings."""
    probed(bureau, "balance")
    bureau.claim()
    bureau.play(seconds=MINUTE)
    probed(bureau)
    bureau.play(seconds=MINUTE)
    probed(bureau, "balance")
    bureau.set_clock(-20)
    bureau.play(seconds=30 * MINUTE)
    assert self_calls(bureau) == 1
    bureau.play(seconds=21 * MINUTE)
    assert "route_down" in open_alarms(bureau)
    assert self_calls(bureau) == 2


def test_a_second_pause_that_ends_by_itself_is_told_too(bureau: Any) -> None:
    """Whoever claimed the first end knows nothing of the second: calls go out again, and that rings."""
    bureau.warning(RED_CITY)
    for times in (1, 2):
        bureau.act(Act.PAUSE)
        rung = self_calls(bureau)
        bureau.play(seconds=10 * MINUTE + 5)
        assert bureau.callout_state(1) is CallOutState.RUNNING
        assert open_alarms(bureau).count("pause_over") == 1
        assert self_calls(bureau) == rung + 1, times
        bureau.claim()
    in_order(bureau)
