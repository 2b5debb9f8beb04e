"""打印名单: every call-out on paper from its first minute on, for the night the server dies.

Written after the start has committed and the first calls are out; nothing of it is waited for. What goes wrong is an
alarm, never the end of a call-out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from warning_dispatch.clock import Clock, beijing_text
from warning_dispatch.engine.records import BY_ITSELF
from warning_dispatch.errors import DispatchError, RefusedError
from warning_dispatch.model.printed import PrintedCallOut
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.views import CallOutView
from warning_dispatch.ports import ListAccount, ListAccounts
from warning_dispatch.reports.folder import ListFolder
from warning_dispatch.reports.sheets import Printed, Sheets
from warning_dispatch.tomlfiles import both

AT_THE_START = "启动时自动生成"
AFTER_A_RESTART = "重启后补写"
BEGUN_ELSEWHERE = "由别的进程发起，自动生成"
LEFT_TO_OTHERS = 10_000
"""ms after a start in which whoever began a call-out writes its list."""


@dataclass(frozen=True, slots=True)
class WrittenList:
    """A list that was written: where, and what is on it."""

    paths: tuple[Path, ...]
    units: int
    people: int
    phones: int


class WrittenAccounts(Protocol):
    """The part of ports.ListAccounts that writing one list needs."""

    def list_written(self, account: ListAccount) -> None:
        """An export in clear, for the journal."""
        ...


class PrintableLists:
    """Writes lists. Safe from any thread."""

    def __init__(
        self,
        read: Callable[[int], PrintedCallOut],
        live: Callable[[], Sequence[CallOutView]],
        folder: ListFolder,
        clock: Clock,
    ) -> None:
        """`read` gives a call-out in clear, `live` those under way."""
        self._read = read
        self._live = live
        self._folder = folder
        self._clock = clock
        self._sheets = Sheets()
        self._made_good: set[str] = set()
        self._log = structlog.get_logger("lists")

    def write(self, callout_id: int, accounts: WrittenAccounts, *, actor: str, reason: str) -> WrittenList:
        """Write a call-out's list. RefusedError says why that cannot be done.

        1. Everybody in clear. 2. Page and table. 3. Whole files, accounted for in the journal before they get their names.
        """
        callout = self._read(callout_id)
        printed = Printed(actor, self._clock.now(), reason)
        stem = _stem(callout)
        contents = {
            f"{stem}.html": self._sheets.page(callout, printed),
            f"{stem}.csv": self._sheets.table(callout, printed),
        }
        account = ListAccount(
            callout_id, callout.round, actor, reason, len(callout.units), callout.people, callout.phones
        )
        try:
            paths = self._folder.write(contents, lambda: accounts.list_written(account))
        except OSError as error:
            raise RefusedError(_not_written(self._folder.folder, error)) from error
        self._log.info("lists.written", callout_id=callout_id, units=account.units, phones=account.phones)
        return WrittenList(paths, account.units, account.people, account.phones)

    def write_by_itself(self, callout_id: int, accounts: ListAccounts, reason: str = AT_THE_START) -> None:
        """After a start: nobody waits for it, so whatever fails is an alarm and a line of the log."""
        try:
            self.write(callout_id, accounts, actor=BY_ITSELF, reason=reason)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call-out goes on and a human is told
            self._log.error("lists.fault", callout_id=callout_id, error=type(error).__name__)
            why = str(error) if isinstance(error, DispatchError) else type(error).__name__
            self._tell(lambda: accounts.list_failed(callout_id, why))

    def write_missing(self, accounts: ListAccounts) -> None:
        """At a start of the daemon: what was begun without one, or just before a crash."""
        for view in self._without_a_list():
            self.write_by_itself(view.id, accounts, AFTER_A_RESTART)

    def write_of_others(self, accounts: ListAccounts) -> None:
        """Now and then, where other processes begin call-outs too: theirs get a list here. Each is tried once."""
        for view in self._without_a_list():
            if _stem(view) not in self._made_good and view.started_at + LEFT_TO_OTHERS <= self._clock.now():
                self._made_good.add(_stem(view))
                self.write_by_itself(view.id, accounts, BEGUN_ELSEWHERE)

    def _without_a_list(self) -> Sequence[CallOutView]:
        """What is under way and has none here; nothing while the database does not answer."""
        try:
            live = self._live()
        except DispatchError as error:
            self._log.error("lists.unseen", error=str(error))
            return ()
        return [
            view
            for view in live
            if view.purpose in (Purpose.CALL, Purpose.DRILL) and not self._folder.holds(f"{_stem(view)}.html")
        ]

    def remove_old(self, accounts: ListAccounts) -> None:
        """Remove what is too old to lie about in clear, with a line in the journal."""
        try:
            removed = self._folder.remove_old(self._clock.now())
        except OSError as error:
            self._log.error("lists.not_removed", error=type(error).__name__)
            return
        if removed:
            self._log.info("lists.removed", count=removed)
            self._tell(lambda: accounts.lists_removed(removed))

    def _tell(self, work: Callable[[], None]) -> None:
        """Put it into the database; a daemon that is stopping takes nothing more."""
        try:
            work()
        except DispatchError as error:
            self._log.error("lists.not_told", error=str(error))


def _not_written(folder: Path, error: OSError) -> str:
    """Why a list could not be written, and what to do."""
    what = both("打印名单没有写成", "the list could not be written")
    if isinstance(error, FileExistsError | NotADirectoryError):
        why, remedy = both("那里是文件，不是目录", "a file is there, not a folder"), both("换一个目录", "name a folder")
    else:
        why, remedy = os.strerror(error.errno or 0), both("核对权限和剩余空间", "look at permissions and free space")
    return f"{folder}: {what} ({why}) → {remedy}"


def _stem(callout: PrintedCallOut | CallOutView) -> str:
    """The name of a call-out's files without the ending: tonight's stand last in the folder."""
    key = callout.callout_id if isinstance(callout, PrintedCallOut) else callout.id
    return f"{beijing_text(callout.started_at, '%Y%m%d-%H%M')}_callout-{key}_round-{callout.round}"
