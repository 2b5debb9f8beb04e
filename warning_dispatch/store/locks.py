"""Who may write at the same time, on PostgreSQL; SQLite has one writer at a time anyway.

Every writing transaction takes one advisory lock, for the length of the transaction. *Alone*: nobody else writes
meanwhile; messages, officers' acts, alarms, recovery and clock steps are rare and touch anything. *Shared*: any number at
once; turns and answers, whose rows are locked one by one. So what must be reasoned about is turn beside turn and answer, and nothing
else (docs/adr/0012).
"""

from __future__ import annotations

from warning_dispatch.store.sql import Sql

WRITERS = 0x77640001
"""The lock of the writing transactions ("wd" and a number)."""
LIVING = 0x77640002
"""Class of the locks that say which workers live; a worker holds (LIVING, its id) as long as it is connected."""


_LASTING = """, CASE WHEN current_setting('synchronous_commit') = 'off'
 THEN set_config('synchronous_commit', 'on', true) END"""
"""A claim that is committed is dialled. On a server that says "committed" before it has written anything down, a crash would
take the claim back after the phone rang, and nobody would know that the second call is one."""


def take_turns(sql: Sql) -> None:
    """Wait until nobody writes who must not write beside this transaction. Held until its end.

    Its commit lasts, whatever the server's settings; stronger ones (a replica that has it too) stay.
    """
    if sql.is_sqlite:
        return
    lock = "pg_advisory_xact_lock_shared(?)" if sql.shared else "pg_advisory_xact_lock(?)"
    sql.run(f"SELECT {lock}{_LASTING}", WRITERS)
