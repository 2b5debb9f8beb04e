"""Drills in a running installation: their hour, their end, their report, and those on paper. Beside the engine's turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from warning_dispatch.bootstrap.paper_drill import PaperPlayers, mend_outcomes
from warning_dispatch.bootstrap.wiring import Product, RoutePlan
from warning_dispatch.clock import Clock, beijing_text
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.errors import DispatchError
from warning_dispatch.escalation.budgets import Night
from warning_dispatch.settings import Settings
from warning_dispatch.store.reading_drills import REPORT, DrillTables

T = TypeVar("T")

DRILLS_EVERY: Final = 2.0
"""Seconds between two looks: how late a drill may begin."""
PLAYED_WITHIN: Final = 900_000
"""ms after which another daemon plays a drill on paper that one has begun to play."""


@dataclass(frozen=True, slots=True)
class Paper:
    """How a drill on paper is played in this installation."""

    settings: Settings
    routes: Sequence[RoutePlan]
    night: Night | None
    players: PaperPlayers


class DrillKeeper:
    """What drills need of a daemon. What fails is said, and tried again at the next look: no drill stops a warning."""

    def __init__(self, engine: Engine, tables: DrillTables, clock: Clock, paper: Paper, holder: str) -> None:
        """`holder`: this daemon's name on its leases."""
        self._engine = engine
        self._tables = tables
        self._clock = clock
        self._paper = paper
        self._holder = holder
        self._playing: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("drills")

    async def look(self, writer: Writer) -> None:
        """1. What is due. 2. Reports of what is over. 3. One drill on paper is set going, if one waits."""
        try:
            now = self._clock.now()
            today = beijing_text(now, "%Y-%m-%d")
            if await asyncio.to_thread(self._tables.busy, today, now):
                await self._write(writer, lambda ledger: self._engine.drills.tend(ledger, today))
            for drill_id in await asyncio.to_thread(self._tables.unreported):
                await self._report(writer, drill_id)
            if self._playing is None or self._playing.done():
                waiting = await asyncio.to_thread(self._tables.to_play)
                self._playing = asyncio.create_task(self._play(writer, waiting[0])) if waiting else None
        except DispatchError as error:
            self._log.warning("drills.look_failed", error=str(error))

    async def _report(self, writer: Writer, drill_id: int) -> None:
        found = await asyncio.to_thread(self._tables.report, drill_id)
        text = REPORT.dump_json(found).decode()
        await self._write(writer, lambda ledger: self._engine.drills.keep_report(ledger, drill_id, text, found.score))
        self._log.info("drills.reported", drill=drill_id, score=found.score)

    async def _play(self, writer: Writer, drill_id: int) -> None:
        """Some seconds to a minute of another process's time."""
        name = f"drill {drill_id}"
        try:
            if not await self._write(
                writer, lambda led: led.tx.leases.claim(name, self._holder, led.now, led.now + PLAYED_WITHIN)
            ):
                return
            text = await asyncio.to_thread(self._played, drill_id)
            score = REPORT.validate_json(text).score
            await self._write(writer, lambda led: self._engine.drills.keep_report(led, drill_id, text, score))
            await self._write(writer, lambda led: led.tx.leases.let_go([name], self._holder))
            self._log.info("drills.played", drill=drill_id, score=score)
        except Exception as error:  # noqa: BLE001 - whatever it is, a drill on paper must not end the daemon
            self._log.error("drills.not_played", drill=drill_id, error=f"{type(error).__name__}: {error}")

    def _played(self, drill_id: int) -> str:
        paper = self._paper
        return paper.players.play(paper.settings, paper.routes, paper.night, drill_id, self._clock.now())

    async def _write(self, writer: Writer, work: Callable[[Ledger], T]) -> T:
        job = writer.submit(Lane.INTAKE, lambda now: self._engine.once(now, work))
        return await asyncio.wrap_future(job)


def drill_tables(product: Product) -> DrillTables:
    """Pictures of drills."""
    configuration = product.configuration
    return DrillTables(product.database, configuration.hazards.names(), mend_outcomes(configuration))
