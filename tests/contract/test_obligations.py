"""The store moves exactly the units that the pure rules move: unit by unit, over any constellation of warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.engine.records import NewCallOut
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.routing.areas import affected_area
from warning_dispatch.routing.obligations import (
    Fate,
    Holder,
    Round,
    Standing,
    fate,
    plan_round,
)
from warning_dispatch.routing.selection import select, wanted
from warning_dispatch.store.callout_rows import CallOutTable
from warning_dispatch.store.round_rows import RoundTable
from warning_dispatch.store.sql import Sql

AREAS = (("141121000000",), ("141122000000",), ("141121000000", "141122000000"), ("141121100000",), ("141100000000",))
STATES = (
    CalleeState.WAITING,
    CalleeState.CALLING,
    CalleeState.UNANSWERED,
    CalleeState.DUTY_ANSWERED,
    CalleeState.ACKNOWLEDGED,
)
NOW = 5_000
MOVES = (Fate.NEW, Fate.RENEWED, Fate.LOWERED, Fate.CARRIED)
"""Fates that make the unit a member of the new round."""
REASONS_FOR_A_ROUND = (Fate.NEW, Fate.RENEWED, Fate.LOWERED)
"""Fates for which there is a new round at all."""


@pytest.fixture(scope="module")
def shipped(request: pytest.FixtureRequest) -> Configuration:
    """The shipped configuration."""
    return load_configuration(request.config.rootpath / "config")


@pytest.fixture(scope="module")
def units() -> tuple[Unit, ...]:
    """Two counties with two townships of two villages each, leaders and departments."""
    found = [
        Unit("1411", "吕梁市", UnitKind.DIVISION, UnitLevel.CITY, "1411", None, callable=False),
        Unit("1411-L1", "市领导", UnitKind.LEADER, UnitLevel.CITY, "1411", "1411"),
        Unit("1411-water", "水利局", UnitKind.DEPARTMENT, UnitLevel.CITY, "1411", "1411", "water"),
        Unit("1411-emergency", "应急局", UnitKind.DEPARTMENT, UnitLevel.CITY, "1411", "1411", "emergency"),
    ]
    for county in ("141121", "141122"):
        found.append(Unit(county, county, UnitKind.DIVISION, UnitLevel.COUNTY, county, "1411"))
        found.append(Unit(f"{county}-L1", "县领导", UnitKind.LEADER, UnitLevel.COUNTY, county, county))
        for township in (f"{county}100", f"{county}101"):
            found.append(Unit(township, township, UnitKind.DIVISION, UnitLevel.TOWNSHIP, township, county))
            found += [
                Unit(f"{township}{v}", v, UnitKind.DIVISION, UnitLevel.VILLAGE, f"{township}{v}", township)
                for v in ("200", "201")
            ]
    return tuple(found)


@pytest.fixture
def connection(database: Engine) -> Iterator[Connection]:
    """A connection; every example rolls its transaction back."""
    with database.connect() as connection:
        yield connection


@dataclass(frozen=True)
class Warned:
    """A warning of an example: its plan, colour, area, when it came, and whether its validity is over."""

    plan: str
    colour: Colour
    area: tuple[str, ...]
    began_at: int
    over: bool
    closed: bool


WARNED = st.builds(
    Warned,
    plan=st.sampled_from(("city", "county")),
    colour=st.sampled_from((Colour.ORANGE, Colour.RED)),
    area=st.sampled_from(AREAS),
    began_at=st.integers(min_value=1, max_value=4_000),
    over=st.booleans(),
    closed=st.booleans(),
)


class Night:
    """Warnings in force and call-outs that carry their units, in the database and in the words of the rules."""

    def __init__(self, connection: Connection, shipped: Configuration, units: Sequence[Unit]) -> None:
        self.sql = Sql(connection)
        self.callouts, self.rounds = CallOutTable(self.sql), RoundTable(self.sql)
        self.shipped, self.units = shipped, units
        self.known = {unit.area for unit in units if unit.kind is UnitKind.DIVISION}
        self.holders: list[Holder] = []
        self.standings: list[Standing] = []
        self.carriers: dict[str, Standing] = {}

    def holder(self, warned: Warned) -> Holder:
        """A warning, in force."""
        plan = self.shipped.chain(warned.plan)
        affected = affected_area(warned.area, self.known.__contains__, "1411")
        active = tuple(index for index, tier in enumerate(plan.tiers) if warned.colour in tier.ladders)
        coverage = select(plan, self.shipped.hazards.hazards["rainstorm"], affected, active)
        area = "1411" if warned.plan == "city" else "141121"
        key = len(self.holders) + 1
        made = Holder(key, key, warned.colour, warned.began_at, area, plan.name, coverage, 9_000, valid_guessed=True)
        self.holders.append(made)
        return made

    def expected(self, holder: Holder) -> dict[str, Fate]:
        """Unit by unit, what a round of the holder means."""
        return {
            unit.code: fate(holder, self.highest(unit), self.carriers.get(unit.code))
            for unit in self.units
            if any(wanted(unit, one) for one in holder.asking)
        }

    def highest(self, unit: Unit) -> Colour:
        """The highest colour of all holders that cover a unit."""
        return max(one.colour for one in self.holders if any(wanted(unit, s) for s in one.asking))

    def make(self, holder: Holder, plan: Round, warned: Warned) -> int:
        """A round of the holder, carried out."""
        chain = self.shipped.chain(holder.plan_name)
        callout_id = self.callouts.insert(_new(chain, holder))
        self.callouts.fill(callout_id, chain, holder.coverage, plan, 1_000_000)
        self.rounds.take_over(callout_id, plan, NOW)
        self.sql.run("UPDATE callee SET opened_at = ? WHERE callout_id = ?", 100, callout_id)
        until = holder.began_at if warned.over else 9_000
        standing = Standing(
            callout_id, holder.chain_id, holder.colour, holder.issuer_area, holder.plan_name, until, not warned.closed
        )
        self.standings.append(standing)
        return callout_id

    def members(self, callout_id: int) -> dict[str, tuple[int, CalleeState]]:
        """Units a call-out carries: (callee, state)."""
        rows = self.sql.rows(
            """SELECT u.code, c.id, c.state FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.carries = 1""",
            callout_id,
        )
        return {code: (key, CalleeState(state)) for code, key, state in rows}

    def carrying(self) -> Mapping[str, list[int]]:
        """Unit → the call-outs whose callees carry it."""
        found: dict[str, list[int]] = {}
        for code, callout_id in self.sql.rows(
            "SELECT u.code, c.callout_id FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.carries = 1"
        ):
            found.setdefault(code, []).append(callout_id)
        return found


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(warnings=st.lists(WARNED, min_size=1, max_size=5), data=st.data())
def test_the_statements_and_the_rules_agree(
    connection: Connection,
    shipped: Configuration,
    units: tuple[Unit, ...],
    warnings: list[Warned],
    data: st.DataObject,
) -> None:
    """Members, states taken over, and that a unit is never carried twice, whatever warnings came in whatever order."""
    transaction = connection.begin()
    try:
        night = Night(connection, shipped, units)
        for warned in warnings:
            holder = night.holder(warned)
            expected = night.expected(holder)
            plan = plan_round(holder, night.holders, night.standings)
            needed = any(one in REASONS_FOR_A_ROUND for one in expected.values())
            assert night.rounds.needed(holder.asking, plan) is needed
            before = {code: night.members(one.callout_id)[code] for code, one in night.carriers.items()}
            callout_id = night.make(holder, plan, warned)
            members = night.members(callout_id)
            assert set(members) == {code for code, met in expected.items() if met in MOVES}
            for code, (_, state) in members.items():
                kept = expected[code] in (Fate.CARRIED, Fate.LOWERED)
                assert state is (before[code][1] if kept else CalleeState.WAITING), code
            assert all(len(carried) == 1 for carried in night.carrying().values())
            night.carriers.update(dict.fromkeys(members, night.standings[-1]))
            for code, (key, state) in members.items():
                if state is CalleeState.WAITING:
                    chosen = data.draw(st.sampled_from(STATES), label=code)
                    night.sql.run("UPDATE callee SET state = ? WHERE id = ?", int(chosen), key)
    finally:
        transaction.rollback()


def _new(chain: CallChain, holder: Holder) -> NewCallOut:
    return NewCallOut(
        None,
        None,
        chain.name,
        "{}",
        "{}",
        "rainstorm",
        holder.colour,
        holder.issuer_area,
        Purpose.CALL,
        1,
        None,
        0,
        1,
        validity_guessed=False,
    )
