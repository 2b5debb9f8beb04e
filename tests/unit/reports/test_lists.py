"""Lists on the disk: owner only, accounted for, whole or not at all, and gone in time."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.printed import PrintedCallOut
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.model.views import CallOutView
from warning_dispatch.ports import ListAccount
from warning_dispatch.reports.folder import DAY, ListFolder
from warning_dispatch.reports.lists import BEGUN_ELSEWHERE, LEFT_TO_OTHERS, PrintableLists
from warning_dispatch.reports.worker import ListWorker

START = 1_784_727_180_000
STEM = "20260722-2133_callout-17_round-1"


class Ledger:
    """Where lists are accounted for; it can be out of order."""

    def __init__(self) -> None:
        self.written: list[ListAccount] = []
        self.failed: list[tuple[int, str]] = []
        self.removed: list[int] = []
        self.down = False
        self.told = threading.Event()

    def list_written(self, account: ListAccount) -> None:
        """Keep it."""
        if self.down:
            raise StoreError
        self.written.append(account)
        self.told.set()

    def list_failed(self, callout_id: int, why: str) -> None:
        """Keep it."""
        if self.down:
            raise StoreError
        self.failed.append((callout_id, why))
        self.told.set()

    def lists_removed(self, count: int) -> None:
        """Keep it."""
        self.removed.append(count)


@pytest.fixture
def ledger() -> Ledger:
    """An empty one."""
    return Ledger()


@pytest.fixture
def lists(callout: PrintedCallOut, tmp_path: Path) -> Callable[..., PrintableLists]:
    """Lists of the one call-out, in a folder that is not there yet."""

    def build(folder: Path | None = None, read: Callable[[int], PrintedCallOut] = lambda _: callout) -> PrintableLists:
        where = ListFolder(folder or tmp_path / "state" / "lists", keep_days=30)
        return PrintableLists(read, lambda: (), where, VirtualClock(START + 1_000))

    return build


def view_of(callout: PrintedCallOut) -> CallOutView:
    """The call-out among those under way."""
    return CallOutView(
        id=callout.callout_id,
        alert_id=3,
        plan_name="city",
        plan_title={},
        hazard="rainstorm",
        hazard_name={},
        colour=Colour.RED,
        issuer="141100",
        headline="",
        state=CallOutState.RUNNING,
        purpose=Purpose.CALL,
        round=callout.round,
        started_at=callout.started_at,
        ended_at=None,
        voice_until=0,
        validity_guessed=False,
        tiers=(),
        attempts=0,
        handed=0,
        delivered=0,
        first_attempt_at=None,
    )


def mode(path: Path) -> int:
    """Its permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_page_and_a_table_for_their_owner_only(lists: Callable[..., PrintableLists], ledger: Ledger) -> None:
    """Promise 11: folder 0700, files 0600, whatever the umask; an account with counts and nothing else."""
    before = os.umask(0)
    try:
        written = lists().write(17, ledger, actor="王值班", reason="备用")
    finally:
        os.umask(before)
    assert [path.name for path in written.paths] == [f"{STEM}.html", f"{STEM}.csv"]
    assert [mode(path) for path in (*written.paths, written.paths[0].parent)] == [0o600, 0o600, 0o700]
    assert ledger.written == [ListAccount(17, 1, "王值班", "备用", 7, 18, 18)]
    assert (written.units, written.people, written.phones) == (7, 18, 18)


def test_written_again_it_takes_the_place_of_the_old_one(lists: Callable[..., PrintableLists], ledger: Ledger) -> None:
    """One list a call-out and round: nobody works from the wrong one."""
    for _ in range(2):
        written = lists().write(17, ledger, actor="a", reason="b")
    assert len(list(written.paths[0].parent.iterdir())) == 2
    assert len(ledger.written) == 2


def test_a_list_that_is_not_accounted_for_is_none(
    lists: Callable[..., PrintableLists], ledger: Ledger, tmp_path: Path
) -> None:
    """No journal, no export in clear: nothing is left in the folder."""
    ledger.down = True
    with pytest.raises(StoreError):
        lists().write(17, ledger, actor="a", reason="b")
    assert list((tmp_path / "state" / "lists").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused_with_a_remedy(
    lists: Callable[..., PrintableLists], ledger: Ledger, tmp_path: Path
) -> None:
    """The command says why."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RefusedError, match="could not be written") as raised:
        lists(tmp_path / "file" / "lists").write(17, ledger, actor="a", reason="b")
    assert "→" in str(raised.value)
    assert ledger.written == []


def test_by_itself_a_failure_is_an_alarm_and_nothing_else(
    lists: Callable[..., PrintableLists], ledger: Ledger, tmp_path: Path
) -> None:
    """A full disk never stops a call-out."""
    (tmp_path / "file").write_text("no folder")
    lists(tmp_path / "file" / "lists").write_by_itself(17, ledger)
    [(callout_id, why)] = ledger.failed
    assert callout_id == 17
    assert "could not be written" in why


def test_by_itself_a_fault_of_ours_is_an_alarm_too(lists: Callable[..., PrintableLists], ledger: Ledger) -> None:
    """And says nothing personal; with the database gone as well it only stands in the log."""

    def broken(_callout_id: int) -> PrintedCallOut:
        raise ValueError("+8613900000000")

    lists(read=broken).write_by_itself(17, ledger)
    assert ledger.failed == [(17, "ValueError")]
    ledger.down = True
    lists(read=broken).write_by_itself(17, ledger)


def test_old_lists_go_and_nothing_else(lists: Callable[..., PrintableLists], ledger: Ledger, tmp_path: Path) -> None:
    """Names and numbers in clear do not lie about for a year; the officer's own files stay."""
    folder = tmp_path / "state" / "lists"
    lists().write(17, ledger, actor="a", reason="b")
    old, kept = folder / "20260601-1200_callout-3_round-1.html", folder / "值班表.html"
    for path, age in ((old, 31 * DAY), (kept, 400 * DAY), (folder / f"{STEM}.csv", 29 * DAY)):
        path.touch()
        os.utime(path, ((START - age) / 1000,) * 2)
    lists().remove_old(ledger)
    assert sorted(path.name for path in folder.iterdir()) == [f"{STEM}.csv", f"{STEM}.html", "值班表.html"]
    assert ledger.removed == [1]
    lists().remove_old(ledger)
    assert ledger.removed == [1]


def test_where_there_is_no_folder_there_is_nothing_to_remove(
    lists: Callable[..., PrintableLists], ledger: Ledger
) -> None:
    """A new installation."""
    lists().remove_old(ledger)
    assert ledger.removed == []


def test_the_worker_writes_beside_whoever_asks(lists: Callable[..., PrintableLists], ledger: Ledger) -> None:
    """`after_start` returns at once; `close` waits for what is under way."""
    worker = ListWorker(lists(), ledger)
    worker.start()
    worker.after_start(17)
    worker.close()
    assert [one.actor for one in ledger.written] == ["engine"]


def test_a_call_out_that_another_process_began_gets_its_list(
    callout: PrintedCallOut, ledger: Ledger, tmp_path: Path
) -> None:
    """From the duty desk or by the engine: this process was never told of the start. Left alone at first, then tried once."""
    clock = VirtualClock(START)
    live: list[CallOutView] = []
    down: list[StoreError] = [StoreError()]

    def looked() -> Sequence[CallOutView]:
        if down:
            raise down.pop()
        return live

    lists = PrintableLists(lambda _: callout, looked, ListFolder(tmp_path / "lists", keep_days=30), clock)
    lists.write_of_others(ledger)  # a database that is away for a moment ends nothing
    live.append(view_of(callout))
    lists.write_of_others(ledger)
    assert not ledger.written
    clock.advance_to(START + LEFT_TO_OTHERS)
    for _ in range(3):
        lists.write_of_others(ledger)
    assert [(one.callout_id, one.reason) for one in ledger.written] == [(17, BEGUN_ELSEWHERE)]
    assert (tmp_path / "lists" / f"{STEM}.html").exists()
    (tmp_path / "lists" / f"{STEM}.html").unlink()  # an old list that was removed in time does not come back
    lists.write_of_others(ledger)
    assert len(ledger.written) == 1
