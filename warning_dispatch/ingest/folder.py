"""监视目录: a folder that another system fills; what lies in it, what of it is whole, and where it goes afterwards.

    <path>/            messages as they come, attachments beside them
    <path>/done/DAY/   what has been taken in, with its attachments
    <path>/receipts/   receipts in the 12379 form

A file is picked up when it is a whole message (well-formed XML cannot be half of one), or when it has not changed for a while:
what is broken must be told, too. A zip archive with one message in it is that message (bundle.py). Names that begin with a dot or end like a file under way are left alone, so is whatever is
no plain file. Taking in and moving away cannot be one act; that a file is taken in once is written in the database, under
its name and digest, in the transaction that takes it in. After a crash in between, the file is found again, its verdict looked
up, the receipt written (under the same name) and the file moved.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lxml import etree

from warning_dispatch.clock import Clock, beijing_text
from warning_dispatch.ingest.bundle import ATTACHMENT, LARGEST, SUFFIX, message_in
from warning_dispatch.ingest.peek import colour_of_name, peek_colour
from warning_dispatch.ingest.receipts import receipt, receipt_name
from warning_dispatch.model.views import IntakeResult

DONE, RECEIPTS = "done", "receipts"
AT_ONCE = 200
"""Files taken in between two looks: a red one that comes meanwhile waits no longer than that."""
EMPTY_FACTOR = 12
"""An empty file is mostly an upload that has just begun: it waits so many times longer."""
_UNDER_WAY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".writing", ".crdownload", "~")


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """A watched folder. `stable` in ms; `limit`: bytes read of a file. Receipts from and to: parts of their names."""

    path: Path
    stable: int
    limit: int
    receipts: bool = True
    receipt_from: str = "141100-OTH"
    receipt_to: str = "141100-AMP"


Mark = tuple[int, int, int, int]
"""Inode, size, time of writing and of any change (ns) of a file: while they stay, it is the same."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to be taken in. `item`: its name and digest, under which it is taken in once."""

    name: str
    mark: Mark
    raw: bytes
    item: str


@dataclass(slots=True)
class _Seen:
    mark: Mark
    since: int
    rank: int


class WatchedFolder:
    """Looks and moves. Synchronous; OSError when the folder cannot be used."""

    def __init__(self, plan: FolderPlan, clock: Clock) -> None:
        """Nothing is touched yet."""
        self._plan = plan
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def prepare(self) -> None:
        """Make the folders inside. Raises OSError when this is not possible."""
        (self._plan.path / DONE).mkdir(exist_ok=True)
        receipts = self._plan.path / RECEIPTS
        if not receipts.is_dir():
            _make_as_open_as(self._plan.path, receipts)

    # --- looking ------------------------------------------------------------------------------------------

    def look(self) -> list[Found]:
        """Files to take in now: red ones first, then the oldest; at most AT_ONCE."""
        self.prepare()
        entries = dict(self._entries())
        self._seen = {name: self._noticed(name, mark) for name, mark in entries.items()}
        order = sorted(self._seen, key=lambda name: (-self._seen[name].rank, self._seen[name].mark[2], name))
        ready: list[Found] = []
        for name in order:
            found = self._read(name) if not ATTACHMENT.fullmatch(name) else None
            if found is not None:
                ready.append(found)
            if len(ready) >= AT_ONCE:
                break
        self._move_late(entries)
        return ready

    def _entries(self) -> Iterator[tuple[str, Mark]]:
        """Plain files that are not under way."""
        with os.scandir(self._plan.path) as listing:
            for entry in listing:
                if entry.name.startswith(".") or entry.name.lower().endswith(_UNDER_WAY):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield entry.name, _mark(status)

    def _noticed(self, name: str, mark: Mark) -> _Seen:
        """What is known of a file; it counts as unchanged since it was first seen like this."""
        before = self._seen.get(name)
        if before is not None and before.mark == mark:
            return before
        rank = colour_of_name(name) or (before.rank if before else self._glance(name))
        return _Seen(mark, self._clock.monotonic(), int(rank))

    def _glance(self, name: str) -> int:
        raw = self._bytes(name, 4_096)
        return int(peek_colour(raw[1]) or 0) if raw else 0

    def _read(self, name: str) -> Found | None:
        """The file if it is whole, or has not changed for long enough; None: not now."""
        packed = name.lower().endswith(SUFFIX)
        read = self._bytes(name, LARGEST if packed else self._plan.limit + 1)
        seen = self._seen[name]
        if read is None or read[0] != seen.mark:
            return None
        message = message_in(read[1], self._plan.limit + 1) if packed else None
        if message is not None:
            return Found(name, read[0], message, _item(name, message))
        read = read[0], read[1][: self._plan.limit + 1]
        unchanged = self._clock.monotonic() - seen.since
        patience = self._plan.stable * (1 if read[1] else EMPTY_FACTOR)
        if unchanged < patience and not is_whole(read[1]):
            return None
        return Found(name, read[0], read[1], _item(name, read[1]))

    def _bytes(self, name: str, limit: int) -> tuple[Mark, bytes] | None:
        """Mark and beginning of a file that did not change while it was read; None when it did, or is not to be read."""
        try:
            descriptor = os.open(self._plan.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return None
            raw = file.read(limit)
            after = os.fstat(descriptor)
        return (_mark(after), raw) if _mark(before) == _mark(after) else None

    # --- afterwards ---------------------------------------------------------------------------------------

    def put_away(self, found: Found, result: IntakeResult) -> None:
        """The file has been taken in: write the receipt, then move it with its attachments.

        A file that was replaced meanwhile is another one and stays.
        """
        if self._plan.receipts:
            self._write_receipt(found, result)
        day = self._day(self._clock.now())
        day.mkdir(exist_ok=True)
        for name in self._attachments_of(_stem(found.name)):
            _move(self._plan.path / name, day)
        source = self._plan.path / found.name
        try:
            same = _mark(source.stat(follow_symlinks=False)) == found.mark
        except FileNotFoundError:
            return
        if same:
            _move(source, day)
            self._seen.pop(found.name, None)

    def _write_receipt(self, found: Found, result: IntakeResult) -> None:
        written_at = found.mark[2] // 1_000_000
        name = receipt_name(_printable(found.name), written_at, self._plan.receipt_from, self._plan.receipt_to)
        target = self._plan.path / RECEIPTS / name
        unfinished = target.with_name(f".{name}")
        with unfinished.open("wb") as file:
            file.write(receipt(_printable(found.name), result))
            _open_to_readers_of(target.parent, file.fileno())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)

    def _attachments_of(self, stem: str) -> list[str]:
        return [name for name in self._seen if (form := ATTACHMENT.fullmatch(name)) and form["stem"] == stem]

    def _move_late(self, entries: Mapping[str, Mark]) -> None:
        """Attachments that came after their message follow it, once they no longer change."""
        stems = {_stem(name) for name in entries if not ATTACHMENT.fullmatch(name)}
        for name in entries:
            form = ATTACHMENT.fullmatch(name)
            if form is None or form["stem"] in stems:
                continue
            if self._clock.monotonic() - self._seen[name].since < self._plan.stable:
                continue
            day = self._day_of_message(form["stem"])
            if day is not None:
                _move(self._plan.path / name, day)

    def _day_of_message(self, stem: str) -> Path | None:
        """Where a message of the last two days was put."""
        now = self._clock.now()
        for day in (self._day(now), self._day(now - 86_400_000)):
            if day.is_dir() and any((day / f"{stem}{suffix}").exists() for suffix in (".xml", ".XML", ".Xml", SUFFIX)):
                return day
        return None

    def _day(self, moment: int) -> Path:
        return self._plan.path / DONE / beijing_text(moment, "%Y%m%d")


def is_whole(raw: bytes) -> bool:
    """Whether the bytes are a well-formed document: its end tag comes last, so half a file never is."""
    if not raw.rstrip().endswith((b">", b">\x00")):
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.fromstring(raw.lstrip(b" \t\r\n"), parser)
    except (etree.LxmlError, ValueError, LookupError):
        return False
    return True


def _mark(status: os.stat_result) -> Mark:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _item(name: str, raw: bytes) -> str:
    return f"{_printable(name)}|{sha256(raw).hexdigest()}"


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _printable(name: str) -> str:
    """A file name as text that can be stored and printed, whatever its bytes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _make_as_open_as(model: Path, folder: Path) -> None:
    """A new folder for whom `model` is for: who brings messages reads the receipts, and our own umask lets nobody.

    By the umask, not by chmod: that would clear the group bit that the new folder inherits, and the service may not set it.
    """
    status = model.stat()
    wanted = 0o700 | status.st_mode & 0o077
    before = os.umask(0o777 & ~wanted)
    try:
        folder.mkdir(wanted, exist_ok=True)
    finally:
        os.umask(before)
    with suppress(OSError):  # not one of our groups: then it stays ours
        os.chown(folder, -1, status.st_gid)


def _open_to_readers_of(folder: Path, descriptor: int) -> None:
    """Whoever may read the folder may read the file."""
    status = folder.stat()
    with suppress(OSError):
        os.fchown(descriptor, -1, status.st_gid)
    os.fchmod(descriptor, 0o600 | status.st_mode & 0o044)


def _move(source: Path, folder: Path) -> None:
    """Into the folder, under another name where that one is taken. What has gone meanwhile is no matter."""
    target, number = folder / source.name, 0
    while target.exists():
        number += 1
        target = folder / f"{source.name}.{number}"
    try:
        source.rename(target)
    except FileNotFoundError:
        return
