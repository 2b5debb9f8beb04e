"""按期销毁: people who left the register are erased after a time; that somebody stood there is all that stays.

Here what is sealed in the rows goes, on the day, whatever still refers to them; the rows go with the last call-out that
names them (store/retention.py). Journal and statistics hold ids and counts only.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from warning_dispatch.ports import Sealer
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sql import Sql

ERASED_MASK = "****"


@dataclass(frozen=True, slots=True)
class Erased:
    """How many people, numbers and accounts of changes were erased."""

    receivers: int
    numbers: int
    changes: int

    @property
    def nothing(self) -> bool:
        """Whether there was anything to do."""
        return not (self.receivers or self.numbers or self.changes)


def erase_before(sql: Sql, sealer: Sealer, moment: int) -> Erased:
    """Erase what ended before a moment (ms).

    1. Names of receivers. 2. Numbers that no endpoint in force holds and none that ended later. 3. Before and after of
    changes. 4. What somebody wrote about filings of campaigns that are over. On SQLite what is overwritten is overwritten in the file, too.
    """
    if sql.connection.dialect.name == "sqlite":
        sql.connection.exec_driver_sql("PRAGMA secure_delete = ON")
    people = _receivers(sql, sealer, moment)
    numbers = _numbers(sql, sealer, moment)
    changes = sql.run(
        """UPDATE register_change SET "before" = CASE WHEN "before" IS NULL THEN NULL ELSE ? END,
        "after" = CASE WHEN "after" IS NULL THEN NULL ELSE ? END
        WHERE at < ? AND (length("before") > 0 OR length("after") > 0)""",
        b"",
        b"",
        moment,
    )
    sql.run("UPDATE filing SET note = NULL WHERE note IS NOT NULL AND filed_at < ?", moment)
    sql.run(
        "UPDATE filing SET note = NULL WHERE note IS NOT NULL AND campaign_id IN (SELECT id FROM campaign WHERE closed_at < ?)",
        moment,
    )
    return Erased(people, numbers, changes)


def _receivers(sql: Sql, sealer: Sealer, moment: int) -> int:
    """Whose name is not erased yet: an erased one is sealed like any other, so length tells."""
    empty = len(sealer.seal(b"", NAME_CONTEXT))
    rows = sql.rows("SELECT id FROM receiver WHERE valid_until < ? AND length(name_sealed) > ?", moment, empty)
    sql.many(
        "UPDATE receiver SET name_sealed = ?bytea, post = '', verified_how = '' WHERE id = ?",
        [(sealer.seal(b"", NAME_CONTEXT), row[0]) for row in rows],
    )
    return len(rows)


def _numbers(sql: Sql, sealer: Sealer, moment: int) -> int:
    """The blind index becomes that of nothing anybody can type, so that the number coming back is a new one."""
    rows = sql.rows(
        """SELECT n.id FROM number n WHERE n.masked <> ? AND EXISTS (SELECT 1 FROM endpoint e WHERE e.number_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.number_id = n.id
        AND (e.valid_until IS NULL OR e.valid_until >= ?))""",
        ERASED_MASK,
        moment,
    )
    sql.many(
        "UPDATE number SET sealed = ?bytea, blind_index = ?bytea, masked = ?text WHERE id = ?",
        [(sealer.seal(b"", NUMBER_CONTEXT), nothing_to_find(row[0]), ERASED_MASK, row[0]) for row in rows],
    )
    return len(rows)


def nothing_to_find(number_id: int) -> bytes:
    """A blind index that no number has."""
    return sha256(f"erased number {number_id}".encode()).digest()
