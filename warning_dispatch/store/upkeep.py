"""数据库维护: is the file whole, and a copy of it while it is in use. SQLite only; PostgreSQL has its own tools."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine

from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.store.database import is_in_memory, reading

MOST_FAULTS = 100
PAGES_AT_ONCE = 1024
"""Pages copied before writers get a turn."""


def integrity_faults(engine: Engine) -> list[str]:
    """What SQLite finds wrong with the file, and rows that refer to nothing; empty when it is whole."""
    if engine.dialect.name != "sqlite":
        return []
    with reading(engine) as connection:
        said = connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_FAULTS})").scalars().all()
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
    faults = [str(line) for line in said if line != "ok"]
    return faults + [f"{table}, row {row}: refers to nothing in {parent}" for table, row, parent, _ in orphans]


def backup(engine: Engine, target: Path) -> int:
    """Copy the database to a new file (owner only) while others read and write it; its size in bytes.

    1. A temporary file beside the target. 2. SQLite's online backup. 3. The copy is checked and synced. 4. It gets its
    name. Raises RefusedError when the target exists, StoreError when the copy fails; then nothing is left behind.
    """
    if engine.dialect.name != "sqlite" or is_in_memory(engine):
        raise RefusedError(
            "只能备份 SQLite 文件；PostgreSQL 用 pg_dump / only an SQLite file; for PostgreSQL use pg_dump"
        )
    if target.exists():
        raise RefusedError(f"{target}: 文件已存在，不会覆盖 / the file exists and is not overwritten")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        _copy(Path(str(engine.url.database)), unfinished)
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(f"{target}: 备份失败 / the backup failed: {error}") from error
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


def _copy(source: Path, target: Path) -> None:
    """The copy, whole and on the disk. The journal mode goes back to one file, which is easier to carry."""
    reader = sqlite3.connect(source)
    writer = sqlite3.connect(target)
    try:
        reader.backup(writer, pages=PAGES_AT_ONCE, sleep=0.01)
        writer.execute("PRAGMA journal_mode = DELETE")
        said = writer.execute("PRAGMA quick_check").fetchone()
        if said != ("ok",):
            raise sqlite3.DatabaseError(str(said))
    finally:
        reader.close()
        writer.close()
    with target.open("rb") as file:
        os.fsync(file.fileno())
