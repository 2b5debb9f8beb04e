"""Drills in a storm: people compose, release and stop them, before the first warning and in the middle of it.

The promises: nobody is called or written to for a drill that was not released by as many as it needs; a staff drill reaches
its list alone; no drill lives beside a real call-out, and nothing of one is claimed after a real one began; the two have no
attempt, callee or answer in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from warning_dispatch.errors import FindingsError
from warning_dispatch.escalation.callout import OVER
from warning_dispatch.model.drills import DrillKind, DrillRequest, DrillState
from warning_dispatch.model.states import LIVE_CALLOUT, AttemptState, Purpose
from warning_dispatch.store.sql import Sql

from .promises import Truth, ask
from .weather import MINUTE

if TYPE_CHECKING:
    from .night import Storm

_DRILL, _CALL = int(Purpose.DRILL), int(Purpose.CALL)
_LIVE = "(" + ", ".join(str(int(one)) for one in LIVE_CALLOUT) + ")"
_OVER = "(" + ", ".join(str(int(one)) for one in OVER) + ")"

ALWAYS: Mapping[str, str] = {
    "5 practice: a drill that nobody (or one alone) has released": f"""
        SELECT o.id FROM callout o WHERE o.purpose = {_DRILL} AND NOT EXISTS (
          SELECT 1 FROM drill d WHERE (d.callout_id = o.id OR d.announced_id = o.id) AND d.first_by <> ''
          AND (d.kind = {int(DrillKind.STAFF)} OR d.second_by <> ''))""",
    "5 practice: a drill beside a real call-out": f"""
        SELECT d.id, r.id FROM callout d JOIN callout r ON r.purpose = {_CALL} AND r.state IN {_LIVE}
        WHERE d.purpose = {_DRILL} AND d.state IN {_LIVE}""",
    "6 a real warning stops a drill: something of it waits still": f"""
        SELECT a.id FROM callout d JOIN attempt a ON a.callout_id = d.id AND a.state = {int(AttemptState.READY)}
        WHERE d.purpose = {_DRILL} AND (d.state IN {_OVER}
          OR EXISTS (SELECT 1 FROM callout r WHERE r.purpose = {_CALL} AND r.state IN {_LIVE}))""",
    "5 practice: a drill and a warning in one call": f"""
        SELECT a.id FROM attempt a JOIN callout o ON o.id = a.callout_id JOIN attempt_callee s ON s.attempt_id = a.id
        JOIN callee c ON c.id = s.callee_id JOIN callout p ON p.id = c.callout_id
        WHERE o.purpose <> p.purpose AND {_DRILL} IN (o.purpose, p.purpose)""",
    "5 practice: an answer to a drill counts for a warning": f"""
        SELECT k.id FROM acknowledgement k JOIN attempt a ON a.id = k.attempt_id JOIN callout o ON o.id = a.callout_id
        JOIN callout p ON p.id = k.callout_id WHERE o.purpose <> p.purpose AND {_DRILL} IN (o.purpose, p.purpose)""",
    "5 practice: a staff drill reaches somebody who is not on its list": f"""
        SELECT a.id, a.receiver_id FROM attempt a JOIN callout o ON o.id = a.callout_id WHERE o.purpose = {_DRILL}
        AND o.named IS NOT NULL AND a.receiver_id IS NOT NULL
        AND ',' || replace(replace(replace(o.named, '[', ''), ']', ''), ' ', '') || ','
          NOT LIKE '%,' || a.receiver_id || ',%'""",
}
WHILE_THE_CLOCK_IS_TRUE: Mapping[str, str] = {
    "5 practice: claimed for a drill after a real warning had come": f"""
        SELECT a.id, r.id FROM attempt a JOIN callout d ON d.id = a.callout_id AND d.purpose = {_DRILL}
        JOIN callout r ON r.purpose = {_CALL} AND r.id > d.id WHERE a.claimed_at > r.started_at""",
}


def drilled_wrong(sql: Sql, truth: Truth) -> Iterator[str]:
    """Promises about drills that are broken at this moment."""
    yield from ask(sql, ALWAYS if truth.clock_was_set else {**ALWAYS, **WHILE_THE_CLOCK_IS_TRUE})


class Drillers:
    """Two officers who drill."""

    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._rng = Random(f"drills {storm.seed}")
        self.interrupted = 0

    def begin(self) -> None:
        """A quiet evening: drills are composed, some released, and some minutes go by before the first warning."""
        for _ in range(self._rng.randint(1, 3)):
            self._compose()
            for _ in range(self._rng.randint(0, 3)):
                self._release()
            if self._rng.random() < 0.2:
                self._stop()
            self._storm.pass_time(self._rng.choice((0, 20_000, MINUTE, 4 * MINUTE, 12 * MINUTE)))
            self._tend()

    def meddle(self) -> None:
        """Now and then, whatever is going on."""
        if self._rng.random() < 0.08:
            self._rng.choice((self._compose, self._release, self._release, self._stop, self._tend))()

    def _compose(self) -> None:
        town, rng = self._storm.town, self._rng
        kind = rng.choice((DrillKind.EVERYONE, DrillKind.EVERYONE, DrillKind.STAFF))
        now = town.clock.now()
        later = rng.random() < 0.3
        asked = DrillRequest(
            kind,
            hazard="暴雨",
            colour=rng.choice(("red", "red", "orange")),
            areas=rng.choice((("1411",), ("141121",), ("141121", "141122"), ("149999",))),
            people=tuple(rng.choice(self._posts()) for _ in range(3)) if kind is DrillKind.STAFF else (),
            valid=rng.choice((90, 90, 10, 240)) * MINUTE,
            starts_at=now + 5 * MINUTE if later else None,
            announce=4 * MINUTE if later and rng.random() < 0.7 else 0,
        )
        self._storm.tell(f"somebody composes a drill: {kind.key} {asked.areas}")
        self._do(lambda led: town.engine.drills.compose(led, asked, "甲"))

    def _posts(self) -> list[str]:
        rows = self._storm.rows("SELECT u.code, r.role FROM receiver r JOIN unit u ON u.id = r.unit_id ORDER BY r.id")
        words = {1: "primary", 2: "deputy", 4: "duty"}
        return [f"{code}:{words[role]}" for code, role in rows]

    def _any(self) -> int:
        rows = self._storm.rows("SELECT id FROM drill ORDER BY id DESC LIMIT 3")
        return int(self._rng.choice(rows)[0]) if rows else 1

    def _release(self) -> None:
        drill, who = self._any(), self._rng.choice(("甲", "乙"))
        self._storm.tell(f"{who} releases drill {drill}")
        self._do(lambda led: self._storm.town.engine.drills.release(led, drill, who))

    def _stop(self) -> None:
        drill = self._any()
        self._storm.tell(f"somebody stops drill {drill}")
        self._do(lambda led: self._storm.town.engine.drills.stop(led, drill, "甲", "test"))

    def _tend(self) -> None:
        self._do(lambda led: self._storm.town.engine.drills.tend(led, "2026-07-22"))
        rows = self._storm.rows("SELECT count(*) FROM drill WHERE state = ?", int(DrillState.INTERRUPTED))
        self.interrupted = rows[0][0]

    def _do(self, work: Callable[[Any], Any]) -> None:
        town = self._storm.town

        def act() -> None:
            try:
                done = town.engine.once(town.clock.now(), work)
            except FindingsError as error:
                self._storm.tell(f"refused: {error}")
                return
            town.network.hang_up(done.hang_up, town.clock.now())

        self._storm.survive(act)
