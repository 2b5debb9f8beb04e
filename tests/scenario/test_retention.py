"""Retention: what is over goes after its days, what is open stays with all it refers to, and the journal says so."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from warning_dispatch.bootstrap.keeping import DailyRetention
from warning_dispatch.bootstrap.wiring import alert_from_json
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.outward import Outward
from warning_dispatch.model.sources import OutletRule
from warning_dispatch.store.database import reading
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.retention import DAY, LEAST_DAYS, Removed, Retention, claim_run, cutoff, remove_old
from warning_dispatch.store.schema import metadata
from warning_dispatch.store.snapshot import fold_faults

CITY, COUNTY = "12379-red-rain-city.xml", "12379-county-red-rain.xml"
HALF_A_YEAR = LEAST_DAYS * DAY
Make = Callable[..., Any]


OPEN = "SELECT id FROM callout WHERE state IN (1, 2, 3)"


@pytest.fixture
def make_town(large_town: Make, each_kind: Any) -> Make:
    """Builds a town on a database of each kind."""
    return lambda **named: large_town(worlds=each_kind, **named)


def faults(town: Any) -> list[str]:
    """What `db check` would find: the journal, its fold against the rows, rows that refer to nothing."""
    with reading(town.database) as connection:
        return [str(one) for one in verify(connection, town.keys.journal_public)] + fold_faults(connection)


def rows(town: Any, *names: str) -> dict[str, int]:
    """How many rows the tables have."""
    with reading(town.database) as connection:
        return {
            name: connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one()
            for name in names
        }


def retention(town: Any, days: int = LEAST_DAYS) -> Retention:
    """Of the town's database."""
    return Retention(town.database, town.journal, days)


def over(town: Any) -> None:
    """Everything that runs is called off and closed."""
    for (number,) in town.query("SELECT id FROM callout WHERE state IN (1, 2, 3, 4) ORDER BY id"):
        town.act(Act.CANCEL, int(str(number)))
    town.claim()
    town.play(seconds=60)


LEFT_BY_A_CALLOUT = ("callout", "branch", "callee", "attempt", "attempt_callee", "acknowledgement", "link", "alert")


def test_what_is_over_goes_on_its_day_and_leaves_a_signed_tombstone(make_town: Make) -> None:
    """A day before nothing goes; on the day everything of the call-out does, and the journal verifies afterwards."""
    town = make_town()
    town.warning(CITY)
    town.play(seconds=200)
    [(code,)] = town.query("SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id ORDER BY c.id DESC LIMIT 1")
    town.record_answer(str(code))
    over(town)
    last = town.clock.now()
    assert remove_old(retention(town), last + HALF_A_YEAR - DAY).callouts == []
    before = rows(town, *LEFT_BY_A_CALLOUT)
    assert all(before.values()), before
    removed = remove_old(retention(town), last + HALF_A_YEAR + DAY)
    assert removed.callouts == [1]
    assert rows(town, *LEFT_BY_A_CALLOUT, "raw_message") == dict.fromkeys((*LEFT_BY_A_CALLOUT, "raw_message"), 0)
    assert town.query("SELECT tombstone FROM journal_head WHERE stream = 'callout:1'") == [(1,)]
    assert faults(town) == []
    assert "retention.removed" in str(town.query("SELECT max(body) FROM journal_block WHERE body LIKE '%retention%'"))
    units = rows(town, "unit", "receiver", "number")
    assert all(units.values()), "the register stays"


def test_what_was_passed_on_and_taken_in_goes_with_the_warning(make_town: Make) -> None:
    """Publications and posts go with their warning, never before it: else it would be passed on again. Items and links too."""
    town = make_town()
    outward = Outward([OutletRule("tv")], lambda *_: "<cap/>", alert_from_json)
    source = ("folder:city", "a.xml")
    raw = town.message(CITY, references="14110041600000_20260101000000")
    result = town.engine.take_in(town.clock.now(), raw, *source).result
    assert result.callouts
    assert town.engine.once(town.clock.now(), outward.publish).result == 1
    passed_on = ("publication", "outlet_post", "source_item", "alert_link")
    assert all(rows(town, *passed_on).values())
    remove_old(retention(town), town.clock.now() + 2 * HALF_A_YEAR)
    assert rows(town, "publication", "outlet_post") == {"publication": 1, "outlet_post": 1}
    assert town.engine.once(town.clock.now(), outward.publish).result == 0
    over(town)
    remove_old(retention(town), town.clock.now() + HALF_A_YEAR + DAY)
    assert rows(town, "alert", *passed_on) == dict.fromkeys(("alert", *passed_on), 0)
    assert faults(town) == []


def test_an_open_callout_stays_however_old_with_all_it_refers_to(make_town: Make) -> None:
    """A round before it, its warning and its messages stay; a stranger that is over goes."""
    town = make_town()
    town.warning(COUNTY)
    town.play(seconds=100)
    over(town)
    town.warning(CITY)
    town.play(seconds=100)
    open_ = {row[0] for row in town.query("SELECT id FROM callout WHERE state IN (1, 2, 3, 4)")}
    kept = rows(town, "callout", "callee", "alert")
    remove_old(retention(town), town.clock.now() + 10 * HALF_A_YEAR)
    left = {row[0] for row in town.query("SELECT id FROM callout")}
    assert open_ <= left
    assert faults(town) == []
    assert rows(town, "callee")["callee"] <= kept["callee"]
    town.play(seconds=100)
    assert faults(town) == []


def test_fewer_days_than_the_least_are_not_obeyed() -> None:
    """Kept at least 180 days, whatever somebody asks."""
    assert cutoff(0, 1) == -HALF_A_YEAR
    assert cutoff(0, 400) == -400 * DAY


def test_an_interrupted_run_leaves_a_whole_database_and_goes_on(make_town: Make) -> None:
    """Killed after any step: the check finds nothing, and the next run finishes."""
    town = make_town()
    town.warning(CITY)
    town.play(seconds=100)
    over(town)
    late = town.clock.now() + HALF_A_YEAR + DAY
    for stop in (1, 2, 1, 1, 2):
        doing = retention(town)
        steps = doing.steps(late, doing.old(late), Removed(cutoff(late, LEAST_DAYS)))
        for _ in zip(range(stop), steps, strict=False):
            assert faults(town) == []
        steps.close()
    remove_old(retention(town), late)
    assert rows(town, *LEFT_BY_A_CALLOUT) == dict.fromkeys(LEFT_BY_A_CALLOUT, 0)
    assert faults(town) == []


class Lanes:
    """A writer that does at once what is put into its lanes, and counts."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.lanes: list[Lane] = []

    def submit(self, lane: Lane, work: Callable[[int], Any]) -> Future[Any]:
        """Do it."""
        self.lanes.append(lane)
        future: Future[Any] = Future()
        future.set_result(work(self.now).result)
        return future


async def test_a_daemon_does_it_once_a_day_in_short_jobs_of_the_last_lane(make_town: Make) -> None:
    """Two daemons look each hour: one run, each removal a job of its own, in the lane that everything else goes before."""
    town = make_town()
    town.warning(CITY)
    town.play(seconds=100)
    over(town)
    town.clock.advance_to(town.clock.now() + HALF_A_YEAR + DAY)
    first, second = (DailyRetention(retention(town), town.clock) for _ in range(2))
    lanes, others = Lanes(town.clock.now()), Lanes(town.clock.now())
    await first.look(lanes)  # type: ignore[arg-type] # of a writer only what is asked of it
    await second.look(others)  # type: ignore[arg-type] # see above
    assert rows(town, "callout")["callout"] == 0
    assert set(lanes.lanes) == {Lane.INTAKE}
    assert len(lanes.lanes) > 10
    assert len(others.lanes) == 1


def test_of_several_daemons_one_does_the_run(make_town: Make) -> None:
    """Asked by three within the day, one is told yes; while a call-out runs, nobody; a clock set back does not stop it."""
    town = make_town()
    now = town.clock.now()
    assert [claim_run(town.database, now + later) for later in (0, 1, 2)] == [True, False, False]
    assert claim_run(town.database, now + DAY)
    assert claim_run(town.database, now - DAY)
    town.warning(CITY)
    assert not claim_run(town.database, now + 9 * DAY)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_an_open_callout_needs_ever_goes(make_town: Make, data: st.DataObject) -> None:
    """Whatever warnings came and ended in whatever order: after a run the open ones go on, and the check finds nothing."""
    town = make_town()
    for _ in range(data.draw(st.integers(1, 3), label="warnings")):
        town.warning(data.draw(st.sampled_from((CITY, COUNTY)), label="message"))
        town.play(seconds=data.draw(st.sampled_from((5, 70)), label="seconds"))
        if data.draw(st.booleans(), label="over"):
            over(town)
        town.clock.advance_to(town.clock.now() + data.draw(st.sampled_from((60_000, HALF_A_YEAR)), label="later"))
        town.play(seconds=5)
    later = town.clock.now() + data.draw(st.sampled_from((0, HALF_A_YEAR + DAY)), label="run")
    open_ = {row[0] for row in town.query(OPEN)}
    theirs = f"SELECT id, callout_id, state FROM callee WHERE callout_id IN ({OPEN}) ORDER BY id"
    before = town.query(theirs)
    removed = remove_old(retention(town), later)
    assert not open_.intersection(removed.callouts)
    assert town.query(theirs) == before
    assert faults(town) == []
    town.restart()
    town.play(seconds=30)
    assert faults(town) == []
