"""数据库维护: is it whole, do the counts that are kept agree with the rows, and a copy of it while it is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, Table

from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.model.states import ANSWERED, FINISHED, UNREACHED, CalleeState
from warning_dispatch.store import archive
from warning_dispatch.store.database import SchemaState, is_in_memory, is_sqlite, reading, schema_state
from warning_dispatch.store.schema import metadata
from warning_dispatch.store.sql import Sql

MOST_FAULTS = 100
PAGES_AT_ONCE = 1024
"""Pages copied at a time."""


# --- is it whole ------------------------------------------------------------------------------------------


def integrity_faults(engine: Engine) -> list[str]:
    """What the database finds wrong with itself, rows that refer to nothing, and kept counts that are not the rows'.

    An empty list when it is whole. At most MOST_FAULTS of a kind; a table that cannot be read hides none of the others.
    """
    looks = (_page_faults, _reference_faults, count_faults) if is_sqlite(engine) else (_server_faults, count_faults)
    found: list[str] = []
    for look in looks:
        try:
            with reading(engine) as connection:
                found.extend(look(connection))
        except StoreError as error:
            found.append(str(error))
        except MemoryError:  # a record of a damaged file says that it is as long as the memory
            found.append("数据库文件已损坏 / The database file is damaged: a row is longer than it can be.")
    return found


def _page_faults(connection: Connection) -> Iterator[str]:
    said = connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_FAULTS})").scalars().all()
    yield from (str(line) for line in said if line != "ok")


def _reference_faults(connection: Connection) -> Iterator[str]:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
    yield from (f"{table}, row {row}: refers to nothing in {parent}" for table, row, parent, _ in orphans)


def _server_faults(connection: Connection) -> Iterator[str]:
    """PostgreSQL: pages with a wrong checksum, indices and constraints that do not hold, rows that refer to nothing."""
    sql = Sql(connection)
    broken = sql.value("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
    if broken:
        yield f"{broken} pages were read with a wrong checksum: the server's disk is not to be trusted"
    for (name,) in sql.rows(
        """SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE NOT (i.indisvalid AND i.indisready) AND c.relnamespace = 'public'::regnamespace"""
    ):
        yield f"index {name} is not valid: REINDEX INDEX {name}"
    for (name,) in sql.rows(
        "SELECT conname FROM pg_constraint WHERE NOT convalidated AND connamespace = 'public'::regnamespace"
    ):
        yield f"constraint {name} was never validated"
    for table in metadata.sorted_tables:
        yield from _orphans(sql, table)


def _orphans(sql: Sql, table: Table) -> Iterator[str]:
    for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
        parent, column = key.column.table.name, key.parent.name
        for (value,) in sql.rows(
            f"""SELECT x.{column} FROM {table.name} x WHERE x.{column} IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{key.column.name} = x.{column}) LIMIT {MOST_FAULTS}"""
        ):
            yield f"{table.name}.{column} {value}: refers to nothing in {parent}"


def _states(states: Iterable[CalleeState]) -> str:
    return ", ".join(str(state.value) for state in states)


_BRANCH_COUNTS = f"""SELECT b.id, b.total, b.answered, b.unreached, b.finished,
 count(c.id), coalesce(sum(CASE WHEN c.state IN ({_states(ANSWERED)}) THEN 1 ELSE 0 END), 0),
 coalesce(sum(CASE WHEN c.state IN ({_states(UNREACHED)}) THEN 1 ELSE 0 END), 0),
 coalesce(sum(CASE WHEN c.state IN ({_states(FINISHED)}) THEN 1 ELSE 0 END), 0)
 FROM branch b LEFT JOIN callee c ON c.branch_id = b.id WHERE {{whole}}
 GROUP BY b.id, b.total, b.answered, b.unreached, b.finished ORDER BY b.id"""
_CALLOUT_COUNTS = """SELECT o.id, o.total, o.finished, coalesce(sum(b.total), 0), coalesce(sum(b.finished), 0)
 FROM callout o LEFT JOIN branch b ON b.callout_id = o.id WHERE {whole}
 GROUP BY o.id, o.total, o.finished ORDER BY o.id"""
_NOT_BEING_REMOVED = """NOT EXISTS (SELECT 1 FROM journal_head h WHERE h.tombstone = 1
 AND h.stream = 'callout:' || {callout})"""
_NAMES = ("total", "answered", "unreached", "finished")


def count_faults(connection: Connection) -> Iterator[str]:
    """Counts kept in a branch or a call-out that are not what its rows come to."""
    sql = Sql(connection)
    whole = _NOT_BEING_REMOVED.format(callout="b.callout_id")
    for key, *counts in sql.rows(_BRANCH_COUNTS.format(whole=whole)):
        for name, kept, rows in zip(_NAMES, counts[:4], counts[4:], strict=True):
            if kept != rows:
                yield f"branch {key}: {name} is kept as {kept}, its rows come to {rows}"
    whole = _NOT_BEING_REMOVED.format(callout="o.id")
    for key, total, finished, every, over in sql.rows(_CALLOUT_COUNTS.format(whole=whole)):
        for name, kept, rows in (("total", total, every), ("finished", finished, over)):
            if kept != rows:
                yield f"call-out {key}: {name} is kept as {kept}, its branches come to {rows}"


# --- a copy, and back ------------------------------------------------------------------------------------


def backup(engine: Engine, target: Path) -> int:
    """Copy the database to a new file (owner only) while others read and write it; its size in bytes.

    1. A temporary file beside the target. 2. SQLite's online backup, or pg_dump. 3. The copy is checked and synced.
    4. It gets its name. Raises RefusedError when the target exists or pg_dump does not, StoreError when the copy fails;
    then nothing is left behind.
    """
    if is_in_memory(engine):
        raise RefusedError("内存中的数据库不能备份 / a database in memory cannot be backed up")
    if target.exists():
        raise RefusedError(f"{target}: 文件已存在，不会覆盖 / the file exists and is not overwritten")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        if is_sqlite(engine):
            _copy(Path(str(engine.url.database)), unfinished)
        else:
            archive.dump(engine, unfinished)
        _sync(unfinished)
        unfinished.rename(target)
    except (OSError, sqlite3.Error, StoreError) as error:
        raise StoreError(f"{target}: 备份失败 / the backup failed: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def compact(engine: Engine) -> None:
    """Write the file anew, so that nothing that was overwritten or deleted is left in it. Nobody else may use it."""
    if engine.dialect.name != "sqlite" or is_in_memory(engine):
        return
    file = sqlite3.connect(str(engine.url.database))
    try:
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StoreError(f"数据库整理失败 / the database cannot be compacted: {error}") from error
    finally:
        file.close()


def restore(engine: Engine, source: Path) -> None:
    """Fill an empty database from a backup of the same kind. Raises RefusedError when it is not empty, StoreError."""
    if not source.is_file():
        raise RefusedError(f"{source}: 没有这个备份文件 / there is no such backup")
    if schema_state(engine) is not SchemaState.EMPTY:
        raise RefusedError(
            "数据库不是空的，不会覆盖：请先把它移走或另建一个空库 / "
            "the database is not empty and is not overwritten: move it away, or make an empty one"
        )
    try:
        if is_sqlite(engine):
            engine.dispose()
            _copy(source, Path(str(engine.url.database)))
        else:
            archive.load(engine, source)
    except (OSError, sqlite3.Error, StoreError) as error:
        raise StoreError(f"{source}: 恢复失败 / the restore failed: {error}") from error


def _copy(source: Path, target: Path) -> None:
    """The copy, whole and on the disk. The journal mode goes back to one file, which is easier to carry.

    Read inside one transaction: without it SQLite begins anew at each commit of another process, and may never end.
    """
    reader = sqlite3.connect(source, isolation_level=None)
    writer = sqlite3.connect(target)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment that is copied
        reader.backup(writer, pages=PAGES_AT_ONCE, sleep=0.01)
        writer.execute("PRAGMA journal_mode = DELETE")
        said = writer.execute("PRAGMA quick_check").fetchone()
        if said != ("ok",):
            raise sqlite3.DatabaseError(str(said))
    finally:
        reader.close()
        writer.close()
    _sync(target)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
