"""What the bureau's pages and the API ask of the register: how ready it is, and what changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.register_changes import RegisterChangeRow
from warning_dispatch.model.unit import Unit
from warning_dispatch.registry.readiness import Readiness


@dataclass(frozen=True, slots=True)
class ReadinessPicture:
    """名册完好度 at a moment (`at`, ms). `bad`: for a unit with numbers that calls found to be wrong, each masked with its outcome."""

    at: int
    found: Readiness
    units: Mapping[str, Unit]
    receivers: int
    bad: Mapping[str, Sequence[tuple[str, str]]]


class RegisterLook(Protocol):
    """Pictures of the register. Names and numbers are masked."""

    def readiness(self) -> ReadinessPicture:
        """As it is now; some seconds old at the most."""
        ...

    def changes(
        self, *, since: int = 0, unit: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[RegisterChangeRow]:
        """Changes since a moment (ms), the newest first; `unit`: of it and what lies below. `before`: an id, for the next page."""
        ...
