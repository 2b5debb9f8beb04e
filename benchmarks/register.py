"""A synthetic register of any size, written in bulk: COPY on PostgreSQL, tuples on SQLite. It is not what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, text

from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel, reach_bit
from warning_dispatch.store.database import is_sqlite, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sealing import AesSealer

VILLAGES_PER_TOWNSHIP = 16
TOWNSHIPS_PER_COUNTY = 60
CITY = "1411"
LEADER = "1411-L1"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_REACH = reach_bit(Role.PRIMARY, Channel.VOICE) | reach_bit(Role.PRIMARY, Channel.SMS)
_COLUMNS = {
    "unit": "id, code, name, kind, level, area, superior_id, callable, reach",
    "number": "id, kind, sealed, blind_index, masked, sample",
    "receiver": "id, unit_id, role, name_sealed",
    "endpoint": "receiver_id, unit_id, role, channel, number_id",
}
_Row = tuple[Any, ...]


def write_register(database: Engine, keys: KeyRing, villages: int) -> None:
    """A city with so many villages below townships and counties; each unit has one A with a phone that reaches nobody."""
    sealer = AesSealer(keys)
    name = sealer.seal("样本".encode(), NAME_CONTEXT)
    with writing(database) as connection:
        _write(connection, "unit", _units(villages))
        count = connection.execute(text("SELECT max(id) FROM unit")).scalar_one()
        people = range(2, count + 1)  # the city itself answers no phone
        _write(connection, "number", (_number(key, sealer) for key in people))
        _write(connection, "receiver", ((key, key, Role.PRIMARY.value, name) for key in people))
        channels = (Channel.VOICE.value, Channel.SMS.value)
        _write(connection, "endpoint", ((key, key, Role.PRIMARY.value, one, key) for key in people for one in channels))
        if not is_sqlite(database):
            for table in ("unit", "number", "receiver"):
                connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
    _settle(database)


def _settle(database: Engine) -> None:
    """As on the morning after an import: PostgreSQL has looked at the tables, SQLite has moved its log into the file."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not is_sqlite(database):
            connection.execute(text(f"VACUUM (ANALYZE) {', '.join(_COLUMNS)}"))
            connection.execute(text("CHECKPOINT"))


def _units(villages: int) -> Iterator[_Row]:
    """Rows of units, superiors first; the ids count from 1."""
    yield _unit(1, CITY, "基准市", UnitLevel.CITY, None, callable_=0)
    yield (2, LEADER, "领导", UnitKind.LEADER.value, UnitLevel.CITY.value, CITY, 1, 1, _REACH)
    key, county, left, townships = 2, 0, villages, -(-villages // VILLAGES_PER_TOWNSHIP)
    for index in range(townships):
        prefix = f"{CITY}{_two(index // TOWNSHIPS_PER_COUNTY, wide=townships > 100 * TOWNSHIPS_PER_COUNTY)}"
        if index % TOWNSHIPS_PER_COUNTY == 0:
            key = county = key + 1
            yield _unit(county, prefix, f"县{prefix}", UnitLevel.COUNTY, 1)
        key = township = key + 1
        code = f"{prefix}{index % TOWNSHIPS_PER_COUNTY:03d}"
        yield _unit(township, code, f"乡{index}", UnitLevel.TOWNSHIP, county)
        for number in range(min(VILLAGES_PER_TOWNSHIP, left)):
            key += 1
            yield _unit(key, f"{code}{number:03d}", f"村{index}-{number}", UnitLevel.VILLAGE, township)
        left -= VILLAGES_PER_TOWNSHIP


def _unit(key: int, code: str, name: str, level: UnitLevel, superior: int | None, *, callable_: int = 1) -> _Row:
    reach = _REACH if callable_ else 0
    return (key, code, name, UnitKind.DIVISION.value, level.value, code, superior, callable_, reach)


def _two(number: int, *, wide: bool) -> str:
    """Two characters for a county, also for more than a hundred of them."""
    return _DIGITS[number // 36] + _DIGITS[number % 36] if wide else f"{number:02d}"


def _number(key: int, sealer: AesSealer) -> _Row:
    clear = f"+862601{key:07d}"
    return (key, "phone", sealer.seal(clear.encode(), NUMBER_CONTEXT), sealer.blind_index(clear), "sample", 1)


def _write(connection: Connection, table: str, rows: Iterable[_Row]) -> None:
    columns = _COLUMNS[table]
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns.split(","))
        driver.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        return
    with driver.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        write: Callable[[_Row], None] = copy.write_row
        for row in rows:
            write(row)
