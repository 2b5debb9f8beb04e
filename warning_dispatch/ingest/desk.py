"""What the sources need of whoever takes messages in. The daemon's desk for sources is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warning_dispatch.model.views import IntakeResult


class SourceDesk(Protocol):
    """Every call is carried out by the one writer. StoreError: the database cannot be used now; try again."""

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """A message has come. Returns after it is durably stored. What is called `item` is taken in once."""
        ...

    async def attend(self, source: str, trouble: str | None = None) -> bool:
        """Hold the source for a while; False: another daemon looks after it.

        `trouble` empty: the way to it is open; a text: why it is not; None: nothing is known yet.
        """
        ...

    async def let_go(self, source: str) -> None:
        """Give the source back."""
        ...

    async def taken(self, source: str, items: Sequence[str]) -> frozenset[str]:
        """Which of them have been taken in."""
        ...

    async def cursor(self, source: str) -> str:
        """Where the reading of a feed stands, JSON."""
        ...

    async def move_cursor(self, source: str, cursor: str) -> None:
        """Remember it."""
        ...

    async def missing(self, source: str, entry: str, trouble: str, count: int, rank: int) -> None:
        """Messages that a source announces cannot be had: so many, the gravest of them, its colour at a glance (0: none)."""
        ...


ATTEND_EVERY = 10_000
"""ms between two words about a source that fares well; its lease lasts three times as long."""
