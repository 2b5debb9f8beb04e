"""Writes the printable lists beside the engine, in a thread of its own: one after the other, and nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from warning_dispatch.ports import ListAccounts
from warning_dispatch.reports.lists import PrintableLists

PATIENCE = 20.0
"""Seconds a stop waits for a list under way; a disk that hangs must not keep the daemon."""


class ListWorker:
    """ports.ListKeeper over PrintableLists."""

    def __init__(self, lists: PrintableLists, accounts: ListAccounts) -> None:
        """The thread begins with the first work."""
        self._lists = lists
        self._accounts = accounts
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="lists", daemon=True)

    def start(self) -> None:
        """Begin: what runs without a list gets one, what is too old goes."""
        self._thread.start()
        self._work.put(lambda: self._lists.write_missing(self._accounts))
        self.tidy()

    def after_start(self, callout_id: int) -> None:
        """A call-out has begun; returns at once."""
        self._work.put(lambda: self._lists.write_by_itself(callout_id, self._accounts))

    def look(self) -> None:
        """What others have begun gets a list too; returns at once."""
        self._work.put(lambda: self._lists.write_of_others(self._accounts))

    def tidy(self) -> None:
        """Old lists go; returns at once."""
        self._work.put(lambda: self._lists.remove_old(self._accounts))

    def close(self) -> None:
        """Finish what waits, then end."""
        self._work.put(None)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
