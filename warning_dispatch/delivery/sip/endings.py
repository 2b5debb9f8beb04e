"""How a call that nobody picked up ended: a SIP status or the program's words → a row of the outcome table. The table is data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

_STATUS = re.compile(r"\s*([3-6]\d\d)\b")


@dataclass(frozen=True, slots=True)
class Endings:
    """The table."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    otherwise: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, told: str) -> str:
        """The outcome of what the program told at the end of the call."""
        if status := _STATUS.match(told):
            code = status[1]
            return self.statuses.get(code) or self.otherwise.get(code[0], self.otherwise["unknown"])
        return next((outcome for text, outcome in self.texts.items() if text in told), self.otherwise["unknown"])

    def changed(self, statuses: Mapping[str, str]) -> Endings:
        """The same where a site says otherwise of some statuses."""
        return replace(self, statuses={**self.statuses, **statuses})

    def named(self) -> frozenset[str]:
        """Every row of the outcome table that is named."""
        return frozenset((*self.statuses.values(), *self.texts.values(), *self.otherwise.values()))


@cache
def shipped_endings() -> Endings:
    """The table that comes with the package."""
    raw = tomllib.loads(files(__package__).joinpath("endings.toml").read_text(encoding="utf-8"))
    return Endings(raw["status"], raw["text"], raw["otherwise"])
