"""Messages of no urgent colour that wait together are committed together: the disk, not the reading, bounds a flood.

Each sender is answered after the commit that holds its message. A group ends with a message that changed a call-out, so that
its calls do not wait for the others; when one message of a group cannot be judged, each is taken in by itself.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

from warning_dispatch.engine.engine import Arrival, Done, Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.errors import StoreError
from warning_dispatch.model.views import IntakeResult

AT_ONCE = 50
"""Messages of one transaction: what a red one that comes meanwhile waits for at most, some 60 ms."""


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    future: Future[IntakeResult] = field(default_factory=Future)


class IntakeGroups:
    """Takes messages in, in groups. Safe from any thread."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        """The work is done by the one writer."""
        self._engine = engine
        self._writer = writer
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()

    def submit(self, arrival: Arrival) -> Future[IntakeResult]:
        """The verdict, once it is durably stored."""
        one = _Waiting(arrival)
        with self._lock:
            self._waiting.append(one)
        self._writer.submit(Lane.INTAKE, self._take_some).add_done_callback(lambda job: _pass_on(job, one))
        return one.future

    def _take_some(self, now: int) -> Done[None]:
        """One group. A job for each message was queued: those whose message went with an earlier one find nothing."""
        group = self._next()
        if not group:
            return Done(None)
        try:
            done = self._engine.take_in_some(now, [one.arrival for one in group])
        except StoreError as error:
            for one in group:
                _settle(one, error)
            return Done(None)
        except Exception:  # noqa: BLE001 - one of them; each by itself, and the fault is its own sender's
            return self._each(now, group)
        with self._lock:
            self._waiting.extendleft(reversed(group[len(done.result) :]))
        for one, result in zip(group, done.result, strict=False):
            _settle(one, result)
        return Done(None, done.hang_up, done.started)

    def _next(self) -> list[_Waiting]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]

    def _each(self, now: int, group: list[_Waiting]) -> Done[None]:
        hang_up: list[int] = []
        started: list[int] = []
        for one in group:
            try:
                done = self._engine.take_in(now, one.arrival.raw, one.arrival.source, one.arrival.item)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever sent it
                _settle(one, error)
                continue
            hang_up += done.hang_up
            started += done.started
            _settle(one, done.result)
        return Done(None, tuple(hang_up), tuple(started))


def _settle(one: _Waiting, outcome: IntakeResult | Exception) -> None:
    """Tell whoever waits; who has gone needs no word."""
    with suppress(InvalidStateError):
        if isinstance(outcome, Exception):
            one.future.set_exception(outcome)
        else:
            one.future.set_result(outcome)


def _pass_on(job: Future[None], one: _Waiting) -> None:
    """A job that was never done (the engine has ended) takes its message along."""
    error = None if job.cancelled() else job.exception()
    if isinstance(error, Exception):
        _settle(one, error)
