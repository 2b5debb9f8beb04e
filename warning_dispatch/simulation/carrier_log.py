"""What the simulated carrier saw, kept apart from everything the dispatcher keeps: the witness of the tests.

Addresses appear as keyed digests: two records of one phone can be matched, the number cannot be read off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

from warning_dispatch.model.unit import Channel

HANDED = "handed"
"""Accepted: the phone rings, the message is under way."""
CLASH = "clash"
"""Accepted while that phone was in another of our calls."""
HUNG_UP = "hung up while ringing"
PRESSED = "pressed"
REPLIED = "replied"
TAPPED = "tapped"
REFUSED = "refused "
"""Followed by the outcome."""
ENDED = "ended "
"""Followed by the outcome."""


@dataclass(frozen=True, slots=True)
class CarrierRecord:
    """One thing that happened at the carrier at `at` (ms). `address` is a digest; `what` a constant of this file.

    `route`: by which of our routes it had come.
    """

    at: int
    attempt_id: int
    callout_id: int
    channel: Channel
    address: str
    what: str
    possible_duplicate: bool = False
    route: str = ""


class CarrierLog:
    """An append-only record: in memory, and in a JSON Lines file when a path is given."""

    def __init__(self, key: bytes, path: Path | None = None, *, keep: bool = True) -> None:
        """`key` (at most 64 bytes) blinds the addresses. An existing file is continued. `keep=False` spares memory."""
        self._key = key
        self._keep = keep
        self._records: list[CarrierRecord] = []
        self._unwritten: list[CarrierRecord] = []
        self._file: int | None = None if path is None else _open_for_appending(path)

    def digest(self, address: str) -> str:
        """How an address appears in this log."""
        return blake2b(address.encode(), digest_size=12, key=self._key).hexdigest()

    def add(self, record: CarrierRecord) -> None:
        """Append one record; it is in the file after the next `flush`."""
        if self._keep:
            self._records.append(record)
        if self._file is not None:
            self._unwritten.append(record)

    def flush(self) -> None:
        """Write what is new in one call: it survives the death of this process, though not of the machine."""
        if self._file is None or not self._unwritten:
            return
        rest = memoryview("".join(_line(record) for record in self._unwritten).encode())
        self._unwritten.clear()
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def records(self) -> tuple[CarrierRecord, ...]:
        """Everything kept so far, in the order it was seen."""
        return tuple(self._records)

    def close(self) -> None:
        """Flush and let go of the file; closing twice does nothing."""
        self.flush()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_carrier_log(path: Path) -> Iterator[CarrierRecord]:
    """The records of a file; a line torn by a crash is passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue
            yield CarrierRecord(**{**row, "channel": Channel[row["channel"].upper()]})


def _line(record: CarrierRecord) -> str:
    """One record as a line of JSON, written by hand: `json` takes five times as long and nothing here needs escapes."""
    return (
        f'{{"at":{record.at},"attempt_id":{record.attempt_id},"callout_id":{record.callout_id},'
        f'"channel":"{record.channel.key}","address":"{record.address}","what":"{record.what}",'
        f'"possible_duplicate":{"true" if record.possible_duplicate else "false"},"route":"{record.route}"}}\n'
    )


def _open_for_appending(path: Path) -> int:
    """Open for this user only, and begin on a fresh line should the last one be torn."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")
    return file
