"""Ten lines for 506 villages, and a second red in the middle: who is called first, and no line stands idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.simulation.population import VoiceHabit

ORANGE = "12379-orange-rain-counties.xml"
COUNTY_RED = "12379-county-red-rain.xml"
FIRST, SECOND = "141121", "141122"
LINES = 10
BEGINNING_OF_THE_SECOND = 1_000
END = 4_400


class Watch:
    """Looks at the lines at every round: how much of their time is used while calls wait for one."""

    def __init__(self, place: Any, lines: int) -> None:
        self.place, self.lines = place, lines
        self.used = self.waited = 0
        self._last, self._busy, self._waiting = place.clock.now(), 0, False

    def __call__(self) -> bool:
        """Account for the time since the last look by what was then; never asks to stop."""
        now = self.place.clock.now()
        if self._waiting:
            self.used += self._busy * (now - self._last)
            self.waited += self.lines * (now - self._last)
        sql = "SELECT count(*) FROM attempt WHERE state = 1 AND channel = 1 AND due_at <= ?"
        self._waiting = int(str(self.place.query(sql, now)[0][0])) > 0
        self._busy, self._last = self.place.network.calls_in_progress, now
        return False

    @property
    def share(self) -> float:
        """Of the time of all lines while work waited."""
        return self.used / self.waited


def warning_of(place: Any, county: str) -> None:
    """The county's own weather office issues a red rainstorm warning now."""
    text = (place.samples / COUNTY_RED).read_text(encoding="utf-8").replace("141124", county)
    place.take_in(restamp(text.encode(), place.clock.now()))


def offices_answer(place: Any) -> None:
    """Whoever stands above the villages presses the key at the first call."""
    for level in (UnitLevel.COUNTY, UnitLevel.TOWNSHIP):
        for role in Role:
            place.everyone_of(level, role, VoiceHabit.ANSWERS)


def villages_of(place: Any, county: str) -> list[str]:
    """Codes of its villages."""
    return [one.code for one in place.units if one.level is UnitLevel.VILLAGE and one.code.startswith(county)]


@pytest.fixture(scope="module")
def night(large_town: Callable[..., Any]) -> Any:
    """Offices answer and no village does; two counties of 23 townships with 22 villages, the second's red at 1,000 s."""
    place = large_town(lines=LINES, counties=2, townships=23, villages=22, leaders=1, grain=100)
    offices_answer(place)
    warning_of(place, FIRST)
    watch = Watch(place, LINES)
    place.stage.play(watch, place.clock.now() + BEGINNING_OF_THE_SECOND * 1_000)
    warning_of(place, SECOND)
    place.second_at = place.elapsed
    place.stage.play(watch, place.clock.now() + (END - BEGINNING_OF_THE_SECOND) * 1_000)
    place.watch = watch
    place.first_rings = {}
    place.later_rings = []
    for code in (*villages_of(place, FIRST), *villages_of(place, SECOND)):
        rings = place.rings(code)
        place.first_rings[code] = rings[0] if rings else None
        place.later_rings.extend(rings[1:])
    return place


@pytest.mark.slow
def test_no_line_stands_idle_while_a_call_waits(night: Any) -> None:
    """At least 98 % of the lines' time over the whole night (design, speed and size)."""
    assert night.watch.waited > 0
    assert night.watch.share >= 0.98
    assert night.network.line_violations == 0


@pytest.mark.slow
def test_the_second_county_begins_before_the_waiting_villages(night: Any) -> None:
    """Its leaders and duty room ring at once, its townships as they open: no waiting village goes before them."""
    upper = [one.code for one in night.units if one.code.startswith(SECOND) and one.level is not UnitLevel.VILLAGE]
    queued = {code: night.opened(code, 2) for code in upper if one_callout(night, code)}
    assert len(queued) > 24
    rung = {code: night.rings(code)[0] for code in queued}
    assert rung[f"{SECOND}-L1"] <= night.second_at + 40
    assert rung[SECOND] <= night.second_at + 40
    for code, opened in queued.items():
        overtaken = [at for at in night.first_rings.values() if at is not None and opened < at < rung[code]]
        assert overtaken == [], code


def one_callout(place: Any, code: str) -> bool:
    """Whether the second call-out calls the unit by phone."""
    sql = """SELECT 1 FROM callee c JOIN unit u ON u.id = c.unit_id JOIN attempt_callee ac ON ac.callee_id = c.id
        JOIN attempt a ON a.id = ac.attempt_id WHERE u.code = ? AND c.callout_id = 2 AND a.channel = 1"""
    return bool(place.query(sql, code))


@pytest.mark.slow
def test_villages_of_both_counties_share_the_lines(night: Any) -> None:
    """While both have villages that were never called, each gets every other line, though one came so much later."""
    second = [night.first_rings[code] for code in villages_of(night, SECOND)]
    first = [night.first_rings[code] for code in villages_of(night, FIRST)]
    begin, end = min(second), max(first)
    assert end > begin + 600
    shares = Counter()
    for county, moments in ((FIRST, first), (SECOND, second)):
        shares[county] = sum(begin <= at <= end for at in moments)
    assert abs(shares[FIRST] - shares[SECOND]) <= LINES


@pytest.mark.slow
def test_everybody_is_called_once_before_anybody_twice(night: Any) -> None:
    """Same colour, same level: 1,012 villages have rung before the first second call."""
    assert None not in night.first_rings.values()
    assert len(night.first_rings) == 1_012
    assert night.later_rings
    waiting = [(night.opened(code, 1 if code.startswith(FIRST) else 2), at) for code, at in night.first_rings.items()]
    for again in night.later_rings:
        assert not any(opened < again < at for opened, at in waiting), again


def test_red_goes_before_orange(town: Callable[..., Any]) -> None:
    """Forty villages wait for an orange call; the red ones of another county pass them all."""
    place = town(counties=2, townships=4, villages=10, lines=2, leaders=1)
    offices_answer(place)
    place.take_in(place.message(ORANGE, geocode=f"{FIRST}000000"))
    place.play(seconds=1_200)
    warning_of(place, SECOND)
    place.play(seconds=1_500)
    red = [place.rings(code) for code in villages_of(place, SECOND)]
    assert all(red)
    last_red = max(rings[0] for rings in red)
    opened = min(place.opened(code, 2) for code in villages_of(place, SECOND))
    between = [at for code in villages_of(place, FIRST) for at in place.rings(code) if opened < at < last_red]
    assert between == []


def test_a_call_in_vain_at_the_foot_waits_behind_a_first_call(town: Callable[..., Any]) -> None:
    """Two call-outs, one line: the retry of the first warning's village is behind the second's first calls."""
    place = town(counties=2, townships=1, villages=6, lines=1, leaders=1)
    offices_answer(place)
    warning_of(place, FIRST)
    warning_of(place, SECOND)
    place.play(seconds=2_400)
    firsts = [place.rings(code)[0] for code in (*villages_of(place, FIRST), *villages_of(place, SECOND))]
    again = [at for code in villages_of(place, FIRST) for at in place.rings(code)[1:]]
    opened = max(place.opened(code, 2) for code in villages_of(place, SECOND))
    assert not [at for at in again if opened < at < max(firsts)]
