"""The journal as those read it who follow it. Times in ms UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JournalEnds = Mapping[str, int]
"""Stream → the number of its last block."""


@dataclass(frozen=True, slots=True)
class JournalBlock:
    """Entries that were committed together."""

    stream: str
    seq: int
    at: int
    entries: Sequence[Mapping[str, Any]]
