"""The board that all processes of a night look at: what time it is, and which switches are on.

One page of a file, mapped by everybody; the test writes it, the workers read it. Times of the clock are in ms.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

_TIME = struct.Struct("<qqqqd")
_SLOTS = (64, 128)
_SLOT, _CARRIER, _READ_ONLY = 0, 1, 2
_SIZE = 4096


class Mood(IntEnum):
    """How the carrier behaves."""

    GOOD = 0
    HANGS = 1
    """Takes nothing and says nothing until our own time-out."""
    REFUSES = 2
    """Answers 500 at once."""
    ANSWERS_LATE = 3
    """Takes it, the phone rings, and its answer comes after our time-out."""
    NEVER_REPORTS = 4
    """Takes it, and never says what became of it."""
    REPORTS_FIRST = 5
    """Says what became of it before it says that it has taken it."""


@dataclass(frozen=True, slots=True)
class _Time:
    """Since `anchor` (ns of the machine's monotonic clock; 0: the clock stands) `speed` times as fast, from `running` ms."""

    anchor: int
    running: int
    start: int
    set_by: int
    speed: float


class Board:
    """The page; a `clock.Clock`."""

    def __init__(self, path: Path) -> None:
        """An existing board."""
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _SIZE)

    @classmethod
    def create(cls, path: Path, start: int, speed: float) -> Board:
        """A new one, whose clock stands at `start`."""
        path.write_bytes(bytes(_SIZE))
        board = cls(path)
        board._write(_Time(0, 0, start, 0, speed))
        return board

    # --- the clock --------------------------------------------------------------------------------------

    def now(self) -> int:
        """The wall clock of the night."""
        told = self._read()
        return told.start + told.set_by + _running(told)

    def monotonic(self) -> int:
        """The clock that nobody sets."""
        return _running(self._read())

    def real_seconds(self, ms: int) -> float:
        """How long `ms` last in the test."""
        return ms / 1000 / self._read().speed

    def go(self) -> None:
        """The clock runs."""
        told = self._read()
        if not told.anchor:
            self._write(replace(told, anchor=_machine()))

    def stand(self) -> None:
        """The clock stands: nobody is alive who could do anything, and the night is not to pass meanwhile."""
        told = self._read()
        self._write(replace(told, running=_running(told), anchor=0))

    def step(self, by: int) -> None:
        """Somebody sets the wall clock."""
        told = self._read()
        self._write(replace(told, set_by=told.set_by + by))

    def _read(self) -> _Time:
        at = _SLOTS[self._page[_SLOT]]
        return _Time(*_TIME.unpack(self._page[at : at + _TIME.size]))

    def _write(self, told: _Time) -> None:
        """Into the slot that nobody reads; then it is the one that everybody reads."""
        other = 1 - self._page[_SLOT]
        at = _SLOTS[other]
        self._page[at : at + _TIME.size] = _TIME.pack(told.anchor, told.running, told.start, told.set_by, told.speed)
        self._page[_SLOT] = other

    # --- the switches -----------------------------------------------------------------------------------

    @property
    def mood(self) -> Mood:
        """Of the carrier."""
        return Mood(self._page[_CARRIER])

    @mood.setter
    def mood(self, mood: Mood) -> None:
        self._page[_CARRIER] = mood

    @property
    def read_only(self) -> bool:
        """Whether a SQLite file takes no change (the database's own switch, PRAGMA query_only)."""
        return bool(self._page[_READ_ONLY])

    @read_only.setter
    def read_only(self, on: bool) -> None:
        self._page[_READ_ONLY] = on


def _machine() -> int:
    return time.monotonic_ns()


def _running(told: _Time) -> int:
    if not told.anchor:
        return told.running
    return told.running + int((_machine() - told.anchor) * told.speed) // 1_000_000
