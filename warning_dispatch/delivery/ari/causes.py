"""Why a channel ended: a Q.850 cause → a row of the outcome table. The table is data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Causes:
    """The table."""

    causes: Mapping[str, str]
    unknown: str

    def outcome(self, told: str) -> str:
        """The outcome of a cause's number."""
        return self.causes.get(told, self.unknown)

    def changed(self, causes: Mapping[str, str]) -> Causes:
        """The same where a site says otherwise of some causes."""
        return replace(self, causes={**self.causes, **causes})

    def named(self) -> frozenset[str]:
        """Every row of the outcome table that is named."""
        return frozenset((*self.causes.values(), self.unknown))


@cache
def shipped_causes() -> Causes:
    """The table that comes with the package."""
    raw = tomllib.loads(files(__package__).joinpath("causes.toml").read_text(encoding="utf-8"))
    return Causes(raw["cause"], raw["otherwise"]["unknown"])
