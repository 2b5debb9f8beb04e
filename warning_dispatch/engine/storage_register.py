"""What the engine needs of the store to keep the register up to the day. See engine/storage.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from warning_dispatch.engine.records import Entry


class ChoreRows(Protocol):
    """What is done once a day, whatever the number of daemons."""

    def claim(self, name: str, day: str, now: int, until: int) -> str | None:
        """Take a chore that has not been done on that day (2026-07-01) until a moment: what it remembers, as JSON.

        None: it is done, or somebody is at it.
        """
        ...

    def finish(self, name: str, day: str, memory: str) -> bool:
        """It is done for that day; False when somebody else was quicker, and then nothing must come of it."""
        ...


class UpkeepRows(Protocol):
    """The register's own days. Each gives the journal's entry; None: nothing had to be done."""

    def settle(self, now: int) -> Entry | None:
        """Whose first day has come is called from now on, whose last day is over no longer."""
        ...

    def erase(self, before: int) -> Entry | None:
        """People and numbers that left before a moment are erased."""
        ...

    def unit_ids(self, codes: list[str]) -> Mapping[str, int]:
        """Keys of units by their codes."""
        ...
