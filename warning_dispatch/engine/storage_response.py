"""What the engine needs of the store about the response (see engine/storage.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.states import Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.response.counties import CountyStanding


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """The response of a call-out. `plan` is the frozen JSON."""

    callout_id: int
    plan: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class AskedCallee:
    """A callee as far as measures are concerned."""

    callee_id: int
    kind: UnitKind
    level: UnitLevel
    sector: str


class ResponseRows(Protocol):
    """应急联动: the frozen plan, the stage, and what was ticked."""

    def begin(self, callout_id: int, plan: str, stage: Stage, now: int, look_at: int | None) -> None:
        """A call-out begins with a response. `look_at`: when counties that are silent are looked for."""
        ...

    def load(self, callout_id: int) -> ResponseRecord | None:
        """None: nothing is asked in this call-out, or there is no such call-out."""
        ...

    def enter(self, callout_id: int, stage: Stage, now: int, actor: str, reason: str) -> None:
        """Another stage."""
        ...

    def asked(self, callout_id: int, kinds: Sequence[UnitKind]) -> Sequence[AskedCallee]:
        """Units of these kinds that have been called and not taken off."""
        ...

    def units(self, callee_ids: Sequence[int]) -> Sequence[AskedCallee]:
        """By id."""
        ...

    def done(self, callee_ids: Sequence[int]) -> frozenset[tuple[int, str]]:
        """(callee, measure) of what has been ticked."""
        ...

    def tick(
        self, callout_id: int, ticks: Sequence[tuple[int, str, str]], now: int, *, receiver_id: int | None, actor: str
    ) -> None:
        """(callee, measure, remark): carried out. What has been ticked already stays as it was."""
        ...

    def carry_over(self, callout_id: int, before: Sequence[int]) -> tuple[int, int]:
        """Ticks and feedback of callees that went over to this round with their answers; how many of each."""
        ...

    def counties(self, callout_id: int) -> Sequence[CountyStanding]:
        """The counties of a call-out that are still to answer for themselves, and whether their offices have reported."""
        ...

    def look_again(self, callout_id: int, at: int | None) -> None:
        """When its counties are looked at next."""
        ...

    def due(self, now: int) -> Sequence[int]:
        """Call-outs whose counties are to be looked at."""
        ...

    def next_due(self) -> int | None:
        """The earliest such moment."""
        ...
