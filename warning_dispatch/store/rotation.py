"""换密钥: everything sealed with an older data key is sealed with the newest. May be cut short and begun again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Engine

from warning_dispatch.store.alert_rows import ALERT_CONTEXT, RAW_CONTEXT
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.people import CODE_CONTEXT, USER_NAME_CONTEXT
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.register_history import CHANGE_CONTEXT
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sessions import ORIGIN_CONTEXT
from warning_dispatch.store.sql import Sql

SEALED: Mapping[tuple[str, str], str] = {
    ("number", "sealed"): NUMBER_CONTEXT,
    ("receiver", "name_sealed"): NAME_CONTEXT,
    ("raw_message", "sealed"): RAW_CONTEXT,
    ("alert", "sealed"): ALERT_CONTEXT,
    ("register_change", "before"): CHANGE_CONTEXT,
    ("register_change", "after"): CHANGE_CONTEXT,
    ("user_account", "full_name_sealed"): USER_NAME_CONTEXT,
    ("user_account", "code_sealed"): CODE_CONTEXT,
    ("user_account", "code_pending"): CODE_CONTEXT,
    ("user_session", "origin_sealed"): ORIGIN_CONTEXT,
}
"""Every sealed column (table, column) with its context; a test sees that none is missing."""
AT_ONCE = 1_000
"""Rows in one transaction."""
_KEY_ID_AT = 3
"""Where the key's number stands in a sealed value, from 1."""


def sealed_otherwise(engine: Engine, key_id: int) -> int:
    """How many values are sealed with another key than this one."""
    with reading(engine) as connection:
        sql = Sql(connection)
        return sum(
            int(sql.value(f"SELECT count(*) FROM {table} WHERE {_other(column)}", bytes((key_id,))))
            for table, column in SEALED
        )


def reseal(engine: Engine, sealer: AesSealer, tick: Callable[[], None] = lambda: None) -> Mapping[str, int]:
    """Seal everything with the sealer's newest key; how many values, by column. `tick` is called for each.

    A transaction for each batch: what is done stays done, and both keys open until the last one.
    """
    counts = {}
    for (table, column), context in SEALED.items():
        done = 0
        while batch := _batch(engine, sealer, table, column, context):
            done += batch
            for _ in range(batch):
                tick()
        counts[f"{table}.{column}"] = done
    return counts


def _batch(engine: Engine, sealer: AesSealer, table: str, column: str, context: str) -> int:
    with writing(engine) as connection:
        sql = Sql(connection)
        rows = sql.rows(
            f'SELECT id, "{column}" FROM {table} WHERE {_other(column)} ORDER BY id LIMIT {AT_ONCE}',
            bytes((sealer.key_id,)),
        )
        anew = [(sealer.seal(sealer.unseal(bytes(sealed), context), context), key) for key, sealed in rows]
        sql.many(f'UPDATE {table} SET "{column}" = ?bytea WHERE id = ?', anew)
    return len(anew)


def _other(column: str) -> str:
    """The condition for what another key has sealed; what was erased is empty."""
    return f'length("{column}") > 0 AND substr("{column}", {_KEY_ID_AT}, 1) <> ?'
