"""Callees in the store: what is saved comes back, and the bulk statements write what the machine would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.engine.records import CalleeRecord, NewCallOut
from warning_dispatch.escalation.callee import opened, step
from warning_dispatch.escalation.ladder import Position
from warning_dispatch.escalation.moves import Withdrawn
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules, Tried, Verdict
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import FINISHED, CalleeState, Purpose, Voice
from warning_dispatch.model.unit import ALL_ROLES, Unit, UnitKind, UnitLevel
from warning_dispatch.routing.areas import Affected
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import select
from warning_dispatch.store.branch_rows import BranchTable
from warning_dispatch.store.callee_rows import CalleeTable
from warning_dispatch.store.callout_rows import CallOutTable
from warning_dispatch.store.sql import Sql

ROOT = Path(__file__).parents[2]
NOW = 1_784_727_180_000
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)
TOWNSHIP = Unit("141124100", "镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, "141124100", "141124")
VILLAGES = tuple(
    Unit(f"1411241002{n:02d}", f"村{n}", UnitKind.DIVISION, UnitLevel.VILLAGE, f"1411241002{n:02d}", "141124100")
    for n in range(3)
)
moments = st.one_of(st.none(), st.integers(NOW, NOW + 10**9))
tried = st.builds(
    Tried,
    endpoint_id=st.integers(1, 10**9),
    count=st.integers(0, 100),
    verdict=st.sampled_from(Verdict),
    until=st.integers(0, NOW),
    route=st.text(max_size=8),
)
callees = st.builds(
    Callee,
    state=st.sampled_from(CalleeState),
    opened_at=moments,
    origin=moments,
    position=st.builds(Position, st.integers(0, 500), st.integers(0, 9)),
    next_at=moments,
    unreached_at=moments,
    retry_at=moments,
    retry_roles=st.integers(0, ALL_ROLES),
    wanted=st.integers(0, ALL_ROLES),
    voice=st.sampled_from(Voice),
    calls=st.integers(0, 1_000),
    heard=st.integers(0, 9),
    tried=st.lists(tried, max_size=3, unique_by=lambda one: one.endpoint_id).map(tuple),
    answers=st.lists(st.integers(1, 10**9), max_size=3, unique=True).map(tuple),
    answered_at=moments,
)


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    """The shipped configuration."""
    return load_configuration(ROOT / "config")


@pytest.fixture(scope="module")
def units() -> tuple[Unit, ...]:
    """A county, a township and three villages."""
    return (COUNTY, TOWNSHIP, *VILLAGES)


@pytest.fixture
def sql(database: Engine, shipped: Configuration) -> Iterator[Sql]:
    """One call-out over a county, a township and three villages; nothing has opened."""
    with database.connect() as connection, connection.begin() as transaction:
        yield _filled(connection, shipped)
        transaction.rollback()


def _filled(connection: Connection, shipped: Configuration) -> Sql:
    sql, chain = Sql(connection), shipped.chain("city")
    new = NewCallOut(
        None, None, "city", "{}", "{}", "rainstorm", Colour.RED, "1411", Purpose.CALL, 1, None, NOW, NOW + 1, False
    )
    table = CallOutTable(sql)
    affected = Affected(("141124",), (), ())
    hazard = shipped.hazards.hazards["rainstorm"]
    selections = select(chain, hazard, affected, tuple(range(len(chain.tiers))))
    table.fill(table.insert(new), chain, selections, Round(), 1_000_000)
    return sql


@pytest.fixture
def rules(shipped: Configuration) -> Rules:
    """How villages are called."""
    tier = shipped.chain("city").tier("villages")
    return Rules(tier.ladders[Colour.RED], tier.answering, tier.gate_roles, tier.need, ALL_ROLES, NOW + 10**9)


def villages(sql: Sql) -> list[CalleeRecord]:
    """The callees of the villages."""
    ids = [row[0] for row in sql.rows("SELECT id FROM callee WHERE tier = 4 ORDER BY id")]
    found = CalleeTable(sql).load(ids)
    return [found[one] for one in ids]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(callees, min_size=3, max_size=3))
def test_what_is_saved_comes_back(sql: Sql, states: list[Callee]) -> None:
    """Every field of the machine's state survives a restart: nothing is remembered in the process (promise 1)."""
    records = [replace(record, callee=callee) for record, callee in zip(villages(sql), states, strict=True)]
    CalleeTable(sql).save(records)
    assert villages(sql) == records


def test_opening_in_bulk_is_opening_one_by_one(sql: Sql, rules: Rules) -> None:
    """One statement per branch writes what `opened` says, and leaves alone who has answered before."""
    first, second, third = villages(sql)
    early = replace(second, callee=Callee(CalleeState.ACKNOWLEDGED, answered_at=NOW))
    CalleeTable(sql).save([early])
    count = CalleeTable(sql).open_branches([(first.branch_id, NOW + rules.ladder.unreached_after)], NOW)[
        first.branch_id
    ]
    assert count == 2
    assert villages(sql) == [
        replace(first, callee=opened(NOW, rules)),
        early,
        replace(third, callee=opened(NOW, rules)),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(callees, min_size=3, max_size=3))
def test_withdrawing_in_bulk_is_withdrawing_one_by_one(sql: Sql, rules: Rules, states: list[Callee]) -> None:
    """A cancel's one statement leaves every callee as the machine would; who had finished stays (promise 6)."""
    records = [replace(record, callee=callee) for record, callee in zip(villages(sql), states, strict=True)]
    CalleeTable(sql).save(records)
    expected = [_withdrawn(record, rules) for record in records]
    CalleeTable(sql).withdraw_all(records[0].callout_id, CalleeState.STOPPED)
    assert villages(sql) == expected


def _withdrawn(record: CalleeRecord, rules: Rules) -> CalleeRecord:
    if record.callee.state in FINISHED:
        return record
    decision = step(record.callee, Withdrawn(CalleeState.STOPPED, Reason.LIFTED), NOW, rules)
    return replace(record, callee=decision.callee)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(callees, min_size=3, max_size=3))
def test_a_recount_finds_what_the_rows_say(sql: Sql, states: list[Callee]) -> None:
    """After a bulk change the kept counts of branch and call-out are those of the callees."""
    records = [replace(record, callee=callee) for record, callee in zip(villages(sql), states, strict=True)]
    CalleeTable(sql).save(records)
    BranchTable(sql).recount(records[0].callout_id)
    branches = BranchTable(sql).of_callout(records[0].callout_id)
    (branch,) = (one for one in branches if one.id == records[0].branch_id)
    finished = sum(callee.state in FINISHED for callee in states)
    assert (branch.total, branch.finished) == (3, finished)
    assert sql.value("SELECT finished FROM callout") == finished


def test_only_call_outs_under_way_are_due(sql: Sql, rules: Rules) -> None:
    """Paused or ended: no deadline of theirs wakes the engine. Awaiting lift still does: the limit makes the list."""
    table, branch = CalleeTable(sql), villages(sql)[0].branch_id
    table.open_branches([(branch, NOW + rules.ladder.unreached_after)], NOW)
    assert len(table.due(NOW, 10)) == 3
    assert len(table.due(NOW, 2)) == 2
    assert table.due(NOW - 1, 10) == []
    assert table.next_due() == NOW
    sql.run("UPDATE callout SET state = ?", 3)
    assert len(table.due(NOW, 10)) == 3
    for state in (2, 4, 5, 6, 7):
        sql.run("UPDATE callout SET state = ?", state)
        assert table.due(NOW, 10) == []
        assert table.next_due() is None


def test_parked_and_taken_up_again(sql: Sql, rules: Rules) -> None:
    """A pause takes deadlines and queued voice away; afterwards each open callee is looked at once, waiting ones not."""
    table = CalleeTable(sql)
    first, second, third = villages(sql)
    queued = replace(opened(NOW, rules), voice=Voice.QUEUED, wanted=1)
    live = replace(opened(NOW, rules), voice=Voice.LIVE)
    table.save([replace(first, callee=queued), replace(second, callee=live)])
    table.park(first.callout_id)
    assert [one.callee.next_at for one in villages(sql)] == [None] * 3
    assert [one.callee.voice for one in villages(sql)] == [Voice.NONE, Voice.LIVE, Voice.NONE]
    table.unpark(first.callout_id, NOW + 5)
    assert [one.callee.next_at for one in villages(sql)] == [NOW + 5, NOW + 5, None]
    assert third.callee.state is CalleeState.WAITING
