"""换密钥: everything sealed with an older data key is sealed with the newest, every blind index made with the newest index key.

Both may be cut short and begun again. Until the blind indices are all made anew a number could not be found, so nothing but
the command that finishes it works on such a database (`require_indexed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Engine

from warning_dispatch.errors import RefusedError
from warning_dispatch.store.alert_rows import ALERT_CONTEXT, RAW_CONTEXT
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.erasure import nothing_to_find
from warning_dispatch.store.feedback_rows import FEEDBACK_CONTEXT
from warning_dispatch.store.filing_rows import FILING_CONTEXT
from warning_dispatch.store.people import CODE_CONTEXT, USER_NAME_CONTEXT
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.register_history import CHANGE_CONTEXT
from warning_dispatch.store.response_rows import REMARK_CONTEXT
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sessions import ORIGIN_CONTEXT
from warning_dispatch.store.sql import Sql
from warning_dispatch.tomlfiles import both

SEALED: Mapping[tuple[str, str], str] = {
    ("number", "sealed"): NUMBER_CONTEXT,
    ("receiver", "name_sealed"): NAME_CONTEXT,
    ("raw_message", "sealed"): RAW_CONTEXT,
    ("alert", "sealed"): ALERT_CONTEXT,
    ("register_change", "before"): CHANGE_CONTEXT,
    ("register_change", "after"): CHANGE_CONTEXT,
    ("filing", "note"): FILING_CONTEXT,
    ("filing", "proposed"): FILING_CONTEXT,
    ("feedback", "sealed"): FEEDBACK_CONTEXT,
    ("action_done", "sealed"): REMARK_CONTEXT,
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


INDEXED_WITH = "index_key"
"""Name of the fact in `installation`: number of the index key with which all blind indices are made; absent: 1."""


def indexed_with(sql: Sql) -> int:
    """Number of the index key that finds the database's numbers."""
    return int(sql.value("SELECT value FROM installation WHERE name = ?", INDEXED_WITH) or 1)


def require_indexed(engine: Engine, key_id: int) -> None:
    """RefusedError while the blind indices are not all made with this key: a number would not be found, or stand twice."""
    with reading(engine) as connection:
        found = indexed_with(Sql(connection))
    if found != key_id:
        what = both(
            f"号码索引是用第 {found} 号密钥做的，现用第 {key_id} 号：上次换密钥没有做完，或者恢复了旧备份",
            f"numbers are indexed with key {found}, in use is key {key_id}: a change of keys was cut short, or an old backup restored",
        )
        raise RefusedError(f"{what} → warning-dispatch db rotate-index-key")


def count_numbers(engine: Engine) -> int:
    """How many numbers there are."""
    with reading(engine) as connection:
        return int(Sql(connection).value("SELECT count(*) FROM number"))


def reindex(engine: Engine, sealer: AesSealer, tick: Callable[[], None] = lambda: None) -> int:
    """Make every blind index with the sealer's index key; how many changed. The caller then says so with `note_indexed`.

    By rising keys, a transaction for each batch. What is done stays done: begun again, it is only compared. Has the same
    number come in anew meanwhile, under the new key, the two become one.
    """
    after, changed = 0, 0
    while True:
        with writing(engine) as connection:
            sql = Sql(connection)
            rows = sql.rows(
                f"SELECT id, sealed, blind_index FROM number WHERE id > ? ORDER BY id LIMIT {AT_ONCE}", after
            )
            wanted = {
                key: sealer.blind_index(clear)
                for key, sealed, digest in rows
                if (clear := sealer.unseal(bytes(sealed), NUMBER_CONTEXT).decode())
                and sealer.blind_index(clear) != bytes(digest)
            }
            _merge_doubles(sql, wanted)
            sql.many("UPDATE number SET blind_index = ?bytea WHERE id = ?", [(one, key) for key, one in wanted.items()])
        if not rows:
            return changed
        after, changed = rows[-1][0], changed + len(wanted)
        for _ in rows:
            tick()


def note_indexed(sql: Sql, key_id: int) -> None:
    """From now on numbers are found with this key."""
    sql.run(
        "INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        INDEXED_WITH,
        str(key_id),
    )


def _merge_doubles(sql: Sql, wanted: Mapping[int, bytes]) -> None:
    """Rows that have got a digest already which an older row is about to get: the older one takes over what they hold.

    The younger row stays, for records name it, but nobody finds it any more.
    """
    for key, digest in wanted.items():
        double = sql.value("SELECT id FROM number WHERE blind_index = ?", digest)
        if double is None:
            continue
        for table in _HOLDERS:
            sql.run(f"UPDATE {table} SET number_id = ? WHERE number_id = ?", key, double)
        sql.run("UPDATE number SET blind_index = ? WHERE id = ?", nothing_to_find(double), double)


_HOLDERS = ("endpoint", "attempt", "number_call")
"""Tables whose rows dial, have dialled or count by number."""


def _other(column: str) -> str:
    """The condition for what another key has sealed; what was erased is empty."""
    return f'length("{column}") > 0 AND substr("{column}", {_KEY_ID_AT}, 1) <> ?'
