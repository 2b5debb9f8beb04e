"""Looks at a running night from outside, a few times a second: is anything due, was anything handed over, is it over.

What it measures is the standstill: how long nothing was handed over although work was due. While the database does not
answer, work counts as due. Real seconds.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from warning_dispatch.clock import stopwatch
from warning_dispatch.model.states import AttemptState, CalleeState, Voice
from warning_dispatch.model.unit import Channel

EVERY = 0.15
"""s between two looks."""
LINES = 30
"""Of the shipped voice route."""
PATIENCE = 1_500
"""ms (of the night's clock) after which what is due counts as late."""

_OPEN = f"({CalleeState.WAITING.value}, {CalleeState.CALLING.value}, {CalleeState.RELAYED.value})"
_WIRE = f"({AttemptState.CLAIMED.value}, {AttemptState.HANDED.value})"
_LOOK = f"""SELECT
 (SELECT count(*) FROM callee WHERE callout_id = 1),
 (SELECT count(*) FROM callee WHERE callout_id = 1 AND state IN {_OPEN}),
 (SELECT count(*) FROM callee WHERE state IN {_OPEN} AND voice = {Voice.NONE.value} AND next_at < ?),
 (SELECT count(*) FROM attempt WHERE state = {AttemptState.READY.value} AND channel <> {Channel.VOICE.value}
    AND coalesce(held_until, due_at) < ?),
 (SELECT count(*) FROM attempt WHERE state = {AttemptState.READY.value} AND channel = {Channel.VOICE.value}
    AND coalesce(held_until, due_at) < ?),
 (SELECT count(*) FROM attempt WHERE state IN {_WIRE} AND channel = {Channel.VOICE.value})"""


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `due` None: the database did not answer. `handed`: hand-overs the carrier has seen so far."""

    at: float
    due: bool | None
    handed: int


class Watch(threading.Thread):
    """The looking."""

    def __init__(self, url: str, log: Path, now: Callable[[], int]) -> None:
        """`url` for psycopg, or the path of a SQLite file; `log` is the carrier's; `now` the night's clock."""
        super().__init__(name="watch", daemon=True)
        self._url, self._log, self._now = url, log, now
        self._ended = threading.Event()
        self._connection: Any = None
        self._handed, self._read = 0, 0
        self.looks: list[Look] = []
        self.open: int | None = None
        """Callees of the call-out that are still being called for the first time; None: not known, or no call-out yet."""

    def run(self) -> None:
        """Look until stopped."""
        while not self._ended.wait(EVERY):
            due = self._look()
            self._count()
            self.looks.append(Look(stopwatch(), due, self._handed))

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self.join()
        self._drop()

    def standstill(self, since: float, until: float) -> float:
        """The longest span in it during which work was due and nothing was handed over."""
        longest, began, handed = 0.0, None, -1
        for look in (one for one in self.looks if since <= one.at <= until):
            if look.handed != handed or look.due is False:
                began, handed = look.at, look.handed
            elif began is not None:
                longest = max(longest, look.at - began)
        return longest

    def _look(self) -> bool | None:
        """Whether something is due that could go."""
        late = self._now() - PATIENCE
        try:
            row = self._ask(late)
        except (sqlite3.Error, psycopg.Error):
            self._drop()
            self.open = None
            return None
        total, self.open, callees, texts, calls, wire = row
        if not total:
            self.open = None
        return bool(callees or texts or (calls and wire < LINES))

    def _ask(self, late: int) -> Sequence[Any]:
        if self._connection is None:
            self._connection = self._connected()
        words = _LOOK if isinstance(self._connection, sqlite3.Connection) else _LOOK.replace("?", "%s")
        row: Sequence[Any] = self._connection.execute(words, (late, late, late)).fetchone()
        return row

    def _connected(self) -> Any:
        if self._url.startswith("/"):
            return sqlite3.connect(f"file:{self._url}?mode=ro", uri=True, timeout=0.1, check_same_thread=False)
        return psycopg.connect(self._url, autocommit=True, connect_timeout=2)

    def _drop(self) -> None:
        with contextlib.suppress(sqlite3.Error, psycopg.Error):
            if self._connection is not None:
                self._connection.close()
        self._connection = None

    def _count(self) -> None:
        if not self._log.exists():
            return
        with self._log.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        self._handed += new.count(b'"what":"handed"')
