"""The store fills a tier with exactly the units that the pure selection wants: unit by unit, over the real register."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.engine.records import NewCallOut
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Unit
from warning_dispatch.registry.reading import read_register
from warning_dispatch.routing.areas import Affected, affected_area
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import TierSelection, select, superior_code, wanted
from warning_dispatch.store.callout_rows import CallOutTable
from warning_dispatch.store.selection_sql import ends_of
from warning_dispatch.store.sql import Sql

ROOT = Path(__file__).parents[2]
AREAS = {
    "the whole prefecture": ("141100000000",),
    "the province": ("140000000000",),
    "four counties": ("141102000000", "141128000000", "141124000000", "141123000000"),
    "one township": ("141124100000",),
    "one village": ("141124100200",),
    "a county and a township elsewhere": ("141123000000", "141124100000"),
    "an unknown village of a known township": ("141124100999",),
    "nobody of ours": ("150102000000",),
}
CHAINS = ("city", "county", "strict")
HAZARDS = ("rainstorm", "snowstorm", "drought")


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    """The shipped configuration."""
    return load_configuration(ROOT / "config")


@pytest.fixture(scope="module")
def units() -> tuple[Unit, ...]:
    """The real tree: 吕梁 with its offices."""
    return read_register(ROOT / "contacts").units


@pytest.fixture
def connection(database: Engine) -> Iterator[Connection]:
    """A transaction that leaves nothing behind."""
    with database.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def affected_by(units: tuple[Unit, ...], area: str) -> Affected:
    """What the codes of a named area mean."""
    known = {unit.area for unit in units if unit.kind == "division"}
    return affected_area(AREAS[area], known.__contains__, "1411")


def fill(
    connection: Connection, chain: CallChain, selections: tuple[TierSelection, ...]
) -> dict[int, dict[str, str | None]]:
    """Fill a call-out; tier → code of the unit called → code of the unit it waits for."""
    sql = Sql(connection)
    table = CallOutTable(sql)
    new = NewCallOut(
        None, None, chain.name, "{}", "{}", "rainstorm", Colour.RED, "1411", Purpose.CALL, 1, None, 0, 1, False
    )
    callout_id = table.insert(new)
    table.fill(callout_id, chain, selections, Round(), 1_000_000)
    rows = sql.rows(
        """SELECT c.tier, u.code, s.code FROM callee c JOIN unit u ON u.id = c.unit_id JOIN branch b ON b.id = c.branch_id
        LEFT JOIN callee sc ON sc.id = b.superior_callee_id LEFT JOIN unit s ON s.id = sc.unit_id
        WHERE c.callout_id = ?""",
        callout_id,
    )
    found: dict[int, dict[str, str | None]] = {selection.tier: {} for selection in selections}
    for tier, code, superior in rows:
        found[tier][code] = superior
    return found


@pytest.mark.parametrize("chain_name", CHAINS)
@pytest.mark.parametrize("hazard_key", HAZARDS)
@pytest.mark.parametrize("area", AREAS)
def test_the_statement_and_the_meaning_agree(
    connection: Connection,
    shipped: Configuration,
    units: tuple[Unit, ...],
    chain_name: str,
    hazard_key: str,
    area: str,
) -> None:
    """Nobody is called whom the selection does not want, nobody wanted is left out (promise 1), each in one tier only."""
    chain = shipped.chain(chain_name)
    active = tuple(range(len(chain.tiers)))
    selections = select(chain, shipped.hazards.hazards[hazard_key], affected_by(units, area), active)
    found = fill(connection, chain, selections)
    taken: set[str] = set()
    for selection in selections:
        expected = {unit.code for unit in units if wanted(unit, selection)} - taken
        assert set(found[selection.tier]) == expected, chain.tiers[selection.tier].name
        taken |= expected


def test_a_unit_waits_for_its_own_superior(
    connection: Connection, shipped: Configuration, units: tuple[Unit, ...]
) -> None:
    """Over the whole prefecture: each township waits for its county, each village for its township."""
    chain = shipped.chain("city")
    selections = select(
        chain,
        shipped.hazards.hazards["rainstorm"],
        affected_by(units, "the whole prefecture"),
        tuple(range(len(chain.tiers))),
    )
    found = fill(connection, chain, selections)
    by_code = {unit.code: unit for unit in units}
    for index, tier in enumerate(chain.tiers):
        before = chain.tier(tier.opens_after) if tier.opens_after else None
        for code, superior in found.get(index, {}).items():
            assert superior == superior_code(by_code[code], tier, before)
        if tier.gate is Gate.BRANCH:
            assert None not in found.get(index, {}).values()


def test_the_whole_prefecture_is_counted(
    connection: Connection, shipped: Configuration, units: tuple[Unit, ...]
) -> None:
    """13 counties, 154 townships and what is called as one, 2,453 villages."""
    chain = shipped.chain("city")
    selections = select(
        chain,
        shipped.hazards.hazards["rainstorm"],
        affected_by(units, "the whole prefecture"),
        tuple(range(len(chain.tiers))),
    )
    found = fill(connection, chain, selections)
    counts = {chain.tiers[tier].name: len(called) for tier, called in found.items()}
    assert counts["counties"] == 13
    assert counts["villages"] == 2_453
    assert counts["townships"] >= 154


@pytest.mark.parametrize("area", ["14", "141124", "141124100", "141124100200"])
def test_the_end_of_an_area_is_its_end_in_every_locale(database: Engine, area: str) -> None:
    """A server is set up with the locale of its machine, and there a sign may come before digits: nobody below would be called."""
    start, end = ends_of(area)
    assert start == area
    assert end.removeprefix(area).isalpha(), "signs sort before digits in most locales"
    if database.dialect.name == "sqlite":
        return
    with database.connect() as connection:
        known = connection.execute(
            text(
                "SELECT collname FROM pg_collation WHERE collencoding IN (-1, pg_char_to_encoding('UTF8'))"
                " AND (collname LIKE 'zh%' OR collname LIKE 'en%' OR collname IN ('C', 'POSIX', 'und-x-icu'))"
            )
        ).scalars()
        for name in known.all():
            inside = f'SELECT :code COLLATE "{name}" >= :start AND :code COLLATE "{name}" < :end'
            for code in (area, area + "0", area + "999"):
                assert connection.execute(text(inside), {"code": code, "start": start, "end": end}).scalar(), (
                    name,
                    code,
                )
