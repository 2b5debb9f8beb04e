"""Where the commands of drills act and look: through the running daemon if there is one, else by themselves.

Without a daemon a drill can be composed, withdrawn, planned, and played on paper; released it is only where the engine runs:
what somebody releases must begin then, and not whenever the daemon is started next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

from warning_dispatch.bootstrap import open_product
from warning_dispatch.bootstrap.installation import night_of, route_plans
from warning_dispatch.bootstrap.paper_drill import mend_outcomes, play_stored
from warning_dispatch.bootstrap.renewal import EngineOffice
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.cli.office import (
    DaemonOffice,
    asked_daemon,
    daemon_answers,
    opened_database,
    require_database,
)
from warning_dispatch.clock import Clock, SystemClock, pause, stopwatch
from warning_dispatch.configuration import load_configuration
from warning_dispatch.drill_desk import WriterDrillDesk
from warning_dispatch.errors import DrillError, ReceiverError, RefusedError, StoreError
from warning_dispatch.model.drills import DRILL_OVER, DrillDay, DrillRequest
from warning_dispatch.settings import Settings
from warning_dispatch.store.reading_drills import REPORT, DrillTables
from warning_dispatch.tomlfiles import both

LOOK_EVERY, WAIT_FOR = 0.5, 600.0
"""Seconds between two looks at a drill that the daemon plays, and how long it is waited for."""


class DrillOffice(Protocol):
    """What the commands ask for."""

    def compose(self, asked: DrillRequest, actor: str) -> int:
        """Write a drill down; its id. One on paper has been played when this returns."""
        ...

    def release(self, drill_id: int, actor: str) -> bool:
        """Release it; whether nobody is missing any more."""
        ...

    def stop(self, drill_id: int, actor: str, reason: str) -> None:
        """Stop or withdraw it."""
        ...

    def add_day(self, day: DrillDay, actor: str) -> int:
        """Enter a day; its id."""
        ...

    def drop_day(self, day_id: int, actor: str) -> None:
        """Take a day out."""
        ...

    def wait(self, drill_id: int, read: DrillTables) -> None:
        """Until a drill on paper has been played."""
        ...


class DaemonDrills:
    """The daemon does it, asked over its local socket."""

    def __init__(self, office: DaemonOffice) -> None:
        """`office` reaches web.drill_control."""
        self._office = office

    def compose(self, asked: DrillRequest, actor: str) -> int:
        """See the port."""
        fields = {**asdict(asked), "kind": asked.kind.key}
        return int(self._ask("compose", actor=actor, **fields)["drill_id"])

    def release(self, drill_id: int, actor: str) -> bool:
        """See the port."""
        return bool(self._ask(f"{drill_id}/release", actor=actor)["complete"])

    def stop(self, drill_id: int, actor: str, reason: str) -> None:
        """See the port."""
        self._ask(f"{drill_id}/stop", actor=actor, reason=reason)

    def add_day(self, day: DrillDay, actor: str) -> int:
        """See the port."""
        fields = {"day": day.day, "title": day.title, "kind": day.kind.key, "note": day.note, "yearly": day.yearly}
        return int(self._ask("days", actor=actor, **fields)["day_id"])

    def drop_day(self, day_id: int, actor: str) -> None:
        """See the port."""
        self._ask(f"days/{day_id}/drop", actor=actor)

    def wait(self, drill_id: int, read: DrillTables) -> None:
        """See the port."""
        begun = stopwatch()
        while read.drill(drill_id).state not in DRILL_OVER:
            if stopwatch() - begun > WAIT_FOR:
                raise StoreError(
                    f"推演 {drill_id} 还没有做完，稍后用 drill report {drill_id} 查看 / "
                    f"drill {drill_id} is still being played: see drill report {drill_id} in a while"
                )
            pause(LOOK_EVERY)

    def _ask(self, path: str, **document: object) -> dict[str, Any]:
        try:
            return self._office.ask(f"/drills/{path}", document)
        except ReceiverError as error:  # findings of whatever kind come back as this
            raise DrillError(error.findings) from None


class DirectDrills:
    """The command does it itself: no daemon runs."""

    def __init__(self, settings: Settings, product: Product, clock: Clock) -> None:
        """`product` is wired and not running."""
        self._settings = settings
        self._product = product
        self._clock = clock
        self._desk = WriterDrillDesk(EngineOffice(product.engine, clock), product.engine.drills)

    def compose(self, asked: DrillRequest, actor: str) -> int:
        """See the port."""
        return asyncio.run(self._desk.compose(asked, actor=actor))

    def release(self, drill_id: int, actor: str) -> bool:
        """Refused: nobody would call."""
        del drill_id, actor
        what = both("值守程序没有运行，不能放行演练", "no daemon runs: a drill cannot be released")
        raise RefusedError(f"{what} → warning-dispatch run")

    def stop(self, drill_id: int, actor: str, reason: str) -> None:
        """See the port."""
        asyncio.run(self._desk.stop(drill_id, actor=actor, reason=reason))

    def add_day(self, day: DrillDay, actor: str) -> int:
        """See the port."""
        return asyncio.run(self._desk.add_day(day, actor=actor))

    def drop_day(self, day_id: int, actor: str) -> None:
        """See the port."""
        asyncio.run(self._desk.drop_day(day_id, actor=actor))

    def wait(self, drill_id: int, read: DrillTables) -> None:
        """See the port. Nobody else plays it."""
        del read
        settings, now = self._settings, self._clock.now()
        text = play_stored(settings, tuple(route_plans(settings)), night_of(settings), drill_id, now)
        engine, score = self._product.engine, REPORT.validate_json(text).score
        engine.once(self._clock.now(), lambda ledger: engine.drills.keep_report(ledger, drill_id, text, score))


@contextmanager
def open_drills(settings: Settings) -> Iterator[DrillOffice]:
    """The daemon if it answers, else the database."""
    if daemon_answers(settings.control_socket):
        with asked_daemon(settings) as daemon:
            yield DaemonDrills(daemon)
        return
    require_database(settings)
    product = open_product(settings)
    try:
        yield DirectDrills(settings, product, SystemClock())
    finally:
        product.close()


@contextmanager
def open_drill_reading(settings: Settings) -> Iterator[DrillTables]:
    """What is read of drills; reading needs no daemon."""
    configuration = load_configuration(settings.config_dir)
    with opened_database(settings) as database:
        yield DrillTables(database, configuration.hazards.names(), mend_outcomes(configuration))
