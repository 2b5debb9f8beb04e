"""名册出库: the register in force, in clear. For checks and exports; nothing hot comes here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection

from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sql import Sql


def stored_units(connection: Connection) -> tuple[Unit, ...]:
    """Every unit in force, superiors first."""
    rows = Sql(connection).rows(
        """SELECT u.code, u.name, u.kind, u.level, u.area, s.code, u.sector, u.callable, u.certified_on, u.review_on,
        u.measures, u.certificate FROM unit u
        LEFT JOIN unit s ON s.id = u.superior_id WHERE u.valid_until IS NULL ORDER BY u.id"""
    )
    return tuple(
        Unit(code, name, UnitKind(kind), UnitLevel(level), area, superior, sector, bool(callable_), *key_unit)
        for code, name, kind, level, area, superior, sector, callable_, *key_unit in rows
    )


def stored_register(connection: Connection, sealer: Sealer, *, usable_only: bool = True) -> Register:
    """Units and receivers in force, numbers and names unsealed. StoreError: wrong keys.

    `usable_only` False: with the endpoints that calls found to be wrong, as they stand on file.
    """
    return Register(stored_units(connection), _receivers(connection, sealer, usable_only=usable_only))


def count_receivers(connection: Connection) -> tuple[int, int]:
    """Receivers in force with a real endpoint, and those with a sample one."""
    row = Sql(connection).one(
        """SELECT count(DISTINCT CASE n.sample WHEN 0 THEN e.receiver_id END),
        count(DISTINCT CASE n.sample WHEN 1 THEN e.receiver_id END)
        FROM endpoint e JOIN number n ON n.id = e.number_id WHERE e.valid_until IS NULL"""
    )
    return row[0], row[1]


def real_receivers(connection: Connection) -> Mapping[str, int]:
    """How many receivers in force of each unit have a real endpoint, by the unit's code; units without any are left out."""
    rows = Sql(connection).rows(
        """SELECT u.code, count(DISTINCT e.receiver_id) FROM endpoint e JOIN number n ON n.id = e.number_id
        JOIN unit u ON u.id = e.unit_id WHERE e.valid_until IS NULL AND n.sample = 0 GROUP BY u.code"""
    )
    return dict(rows)


def _receivers(connection: Connection, sealer: Sealer, *, usable_only: bool) -> tuple[ReceiverEntry, ...]:
    sql = Sql(connection)
    numbers = {
        key: (sealer.unseal(sealed, NUMBER_CONTEXT).decode(), bool(sample))
        for key, sealed, sample in sql.rows(
            "SELECT id, sealed, sample FROM number WHERE id IN (SELECT number_id FROM endpoint WHERE valid_until IS NULL)"
        )
    }
    endpoints: defaultdict[int, list[tuple[EndpointEntry, bool]]] = defaultdict(list)
    for receiver_id, channel, number_id in sql.rows(
        """SELECT receiver_id, channel, number_id FROM endpoint WHERE valid_until IS NULL AND usable >= ?
        ORDER BY rank, id""",
        int(usable_only),
    ):
        address, sample = numbers[number_id]
        endpoints[receiver_id].append((EndpointEntry(Channel(channel), address), sample))
    rows = sql.rows(
        """SELECT r.id, u.code, r.role, r.name_sealed, r.post, r.language, r.serves_from, r.serves_until, r.verified_on,
        r.verified_how FROM receiver r JOIN unit u ON u.id = r.unit_id
        WHERE r.valid_until IS NULL AND u.valid_until IS NULL ORDER BY u.id, r.role, r.rank, r.id"""
    )
    return tuple(
        ReceiverEntry(
            code,
            Role(role),
            sealer.unseal(name, NAME_CONTEXT).decode(),
            post,
            language,
            tuple(endpoint for endpoint, _ in endpoints[key]),
            any(sample for _, sample in endpoints[key]),
            *days,
        )
        for key, code, role, name, post, language, *days in rows
    )
