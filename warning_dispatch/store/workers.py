"""Workers on one PostgreSQL: who lives, and how they wake each other.

A worker keeps one connection of its own. On it stands a lock with its id, which the server lets go when the process dies,
however it dies; and on it arrive the others' signals (LISTEN/NOTIFY): something is due, hang these calls up, an engine turns
here. A signal is a courtesy: one that is lost costs a second or two, because everybody looks by themselves once a second.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine

from warning_dispatch.model.states import AttemptState
from warning_dispatch.ports import Ears
from warning_dispatch.store.database import writing
from warning_dispatch.store.locks import LIVING
from warning_dispatch.store.postgresql import dsn_of

CHANNEL = "warning_dispatch"
MOST_AT_ONCE = 400
"""Attempt ids in one signal: a payload has at most 8,000 bytes."""
LISTEN_FOR = 0.5
"""s between two looks at whether to stop."""
BACK_OFF = (0.2, 0.5, 1.0)
"""s between tries to connect again: whoever lives is back well within the two looks after which it counts as dead."""
START_WITHIN = 5.0
"""s a start waits until the others can see this worker."""

_NEW_ID = "SELECT nextval(pg_get_serial_sequence('attempt', 'id'))"
_CLAIMANTS = f"""SELECT DISTINCT worker_id FROM attempt WHERE lease_until IS NOT NULL
 AND state IN ({AttemptState.CLAIMED.value}, {AttemptState.HANDED.value})"""
_LIVING = """SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""pg_locks lists the whole server; another database there has workers with the same ids, and they are none of ours."""


class Workers:
    """ports.Crew: this worker among the others."""

    def __init__(self, engine: Engine) -> None:
        """`engine` is on PostgreSQL. Takes an id there. Raises StoreError."""
        self._dsn = dsn_of(engine.url)
        self._log = structlog.get_logger("workers")
        self._stopping = threading.Event()
        self._speaking = threading.Lock()
        self._mouth: psycopg.Connection[Any] | None = None
        self._suspects: frozenset[int] = frozenset()
        with writing(engine) as connection:
            drawn = int(connection.exec_driver_sql(_NEW_ID).scalar_one())
        self.id = drawn & 0x7FFFFFFF  # an advisory key of two parts has 32 bits each
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()

    # --- hearing ------------------------------------------------------------------------------------------

    def start(self, ears: Ears) -> None:
        """Live, and listen, from now on. Returns when others can see it, or after a moment if the server is away."""
        self._thread = threading.Thread(target=self._listen, args=(ears,), name="workers", daemon=True)
        self._thread.start()
        self._listening.wait(START_WITHIN)

    def stop(self) -> None:
        """The others see at once that this worker is gone."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        with self._speaking:
            if self._mouth is not None:
                self._mouth.close()

    def _listen(self, ears: Ears) -> None:
        """Until stopped. After a lost connection something may have been missed, so everybody looks."""
        tries = 0
        while not self._stopping.is_set():
            try:
                with self._connected() as connection:
                    connection.execute("SELECT pg_advisory_lock(%s, %s)", (LIVING, self.id))
                    connection.execute(f"LISTEN {CHANNEL}")
                    tries = 0
                    self._listening.set()
                    ears.wake()
                    self._hear(connection, ears)
            except psycopg.Error as error:
                if self._stopping.is_set():
                    return
                self._log.warning("workers.lost", error=type(error).__name__)
                self._stopping.wait(BACK_OFF[min(tries, len(BACK_OFF) - 1)])
                tries += 1

    def _hear(self, connection: psycopg.Connection[Any], ears: Ears) -> None:
        while not self._stopping.is_set():
            for notice in connection.notifies(timeout=LISTEN_FOR):
                said = json.loads(notice.payload)
                if said["from"] == self.id:
                    continue
                if said["hang_up"]:
                    ears.hang_up(said["hang_up"])
                if said["wake"]:
                    ears.wake()
                if said.get("turned"):  # an older program beside us does not say it
                    ears.turned()

    # --- speaking -----------------------------------------------------------------------------------------

    def say(self, *, wake: bool = False, hang_up: Sequence[int] = (), turned: bool = False) -> None:
        """Tell the others. Never raises: they will see for themselves."""
        for start in range(0, max(1, len(hang_up)), MOST_AT_ONCE):
            part = list(hang_up[start : start + MOST_AT_ONCE])
            said = {"from": self.id, "wake": wake, "hang_up": part, "turned": turned}
            self._notify(json.dumps(said, separators=(",", ":")))

    def _notify(self, payload: str) -> None:
        with self._speaking:
            for _ in range(2):  # the connection may have been cut since the last word
                try:
                    if self._mouth is None or self._mouth.closed:
                        self._mouth = psycopg.connect(self._dsn, autocommit=True)
                    self._mouth.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
                except psycopg.Error as error:
                    self._log.warning("workers.unheard", error=type(error).__name__)
                    if self._mouth is not None:
                        self._mouth.close()
                    self._mouth = None
                else:
                    return

    # --- who lives ----------------------------------------------------------------------------------------

    def alone(self) -> bool:
        """Whether no other worker lives."""
        with self._connected() as connection:
            return not self._living(connection) - {self.id}

    def dead(self) -> Sequence[int]:
        """See the port. A connection that was cut comes back within a moment, and its worker has calls in hand.

        A look that fails is no look: after a restart of the server nobody is dead whom one look has missed.
        """
        before, self._suspects = self._suspects, frozenset()
        try:
            with self._connected() as connection:
                claimants = {int(row[0]) for row in connection.execute(_CLAIMANTS).fetchall()}
                gone = frozenset(claimants - self._living(connection) - {self.id})
        except psycopg.Error as error:
            self._log.warning("workers.unseen", error=type(error).__name__)
            return ()
        self._suspects = gone
        return sorted(gone & before)

    def _living(self, connection: psycopg.Connection[Any]) -> set[int]:
        return {int(row[0]) for row in connection.execute(_LIVING, (LIVING,)).fetchall()}

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            yield connection
