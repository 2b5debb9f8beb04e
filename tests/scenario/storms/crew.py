"""Several workers on one database in a storm: interleaved between any two of their transactions, each of them mortal.

Deterministic, on either kind of database: before a transaction of one worker begins, now and then another one makes a
whole turn. What overlaps *inside* transactions is a matter of row locks and real processes; see tests/contract/test_many_workers.py.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.turn import Turned
from warning_dispatch.errors import StoreError

from .fates import Crash

BESIDE = 0.2
"""How often another worker turns before a transaction."""
LOOKS = 0.05
"""How often, per round, somebody looks for the dead."""


class Crew:
    """The engines of one storm. The one whose turn it is works for the town."""

    def __init__(self, size: int, build: Callable[[int], Engine], rng: Random) -> None:
        """`build` makes the engine of the worker with this id."""
        self._build = build
        self._rng = rng
        self._next_id = 1
        self._dead: list[int] = []
        self._nested = False
        self.calm = False
        self.engines: list[tuple[int, Engine]] = []
        self.named: dict[int, int | None] = {}
        """The moment each of them named last."""
        self.at = 0
        for _ in range(size):
            self.engines.append(self._fresh())

    @property
    def engine(self) -> Engine:
        """Whose turn it is."""
        return self.engines[self.at][1]

    def change(self) -> Engine:
        """The next one to work."""
        self.at = self._rng.randrange(len(self.engines))
        return self.engine

    def note(self, next_at: int | None) -> None:
        """What the one whose turn it was has named."""
        self.named[self.engines[self.at][0]] = next_at

    def moments(self) -> list[int]:
        """When any of them wants to look again."""
        return [at for at in self.named.values() if at is not None]

    def bury(self) -> Engine:
        """The one whose turn it is has died; another process is started in its place."""
        gone, _ = self.engines[self.at]
        self._dead.append(gone)
        self.named.pop(gone, None)
        self.engines[self.at] = self._fresh()
        return self.engine

    def take_over(self, now: int) -> bool:
        """Somebody may notice who has died; whether anything was taken over."""
        if not self._dead or (not self.calm and self._rng.random() >= LOOKS):
            return False
        dead, self._dead = tuple(self._dead), []
        try:
            self.engine.take_over(now, (), dead)
        except (Crash, StoreError):
            self._dead.extend(dead)
            raise
        return True

    def beside(
        self,
        now: int,
        served: Callable[[Turned], None],
        failed: Callable[[Engine], None],
        died: Callable[[str], None],
    ) -> None:
        """Before a transaction of one worker: maybe another one turns, and may die of it."""
        if self.calm or self._nested or len(self.engines) < 2 or self._rng.random() >= BESIDE:
            return
        own, self._nested = self.at, True
        self.at = (own + 1 + self._rng.randrange(len(self.engines) - 1)) % len(self.engines)
        try:
            turned = self.engine.turn(now)
            self.note(turned.next_at)
            served(turned)
        except StoreError:
            failed(self.engine)
            self.note(now)
        except Crash as crash:
            died(str(crash))
        finally:
            self.at, self._nested = own, False

    def _fresh(self) -> tuple[int, Any]:
        worker, self._next_id = self._next_id, self._next_id + 1
        return worker, self._build(worker)
