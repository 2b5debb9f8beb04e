"""One writer per process, with lanes: answers before cancels before intake before turns; red messages before others.

Everything that writes goes through this one thread, so SQLite never waits for itself and the order of a night is
clear: a tap that came while two thousand rungs are due is committed first. Answers that arrive together are committed
together. Between jobs the thread turns the engine whenever something is due. While many messages wait, a turn comes
between them: at once when one has begun a call-out, else every TURN_WITHIN.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeVar

from warning_dispatch.clock import Clock
from warning_dispatch.engine.engine import Done, Engine
from warning_dispatch.engine.timekeeping import ClockWatch
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.errors import ClockMovedError, StoreError
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report, Tap

T = TypeVar("T")

TURN_WITHIN = 200
"""ms after which messages that wait let a turn pass that is due."""
RETRY_AFTER = 1_000
"""ms before the writer tries again after the database failed it; twice as long after each further failure."""
RETRY_AT_MOST = 8_000
"""ms between two tries at the most: a database that is back is used at once."""


CALL_EVERY = 100
"""ms between two calls for help."""


class Lane(IntEnum):
    """Who goes first."""

    ANSWER = 0
    ACT = 1
    INTAKE_RED = 2
    INTAKE_ORANGE = 3
    INTAKE = 4


class Wire(Protocol):
    """Where the writer puts what must go out; both calls return at once."""

    def send(self, batch: Sequence[Dispatch]) -> None:
        """Hand a claimed batch over."""
        ...

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End what rings."""
        ...


class Watch(Protocol):
    """Who is told how the writer fares."""

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """A turn has committed."""
        ...

    def beat(self) -> None:
        """The database answers; turning is not this process's work."""
        ...

    def stepped(self, now: int, by: int) -> None:
        """The wall clock was set by so many ms, shows `now`, and the deadlines have moved along."""
        ...

    def failed(self, error: Exception) -> None:
        """A turn could not be carried out; it will be tried again."""
        ...

    def broke(self, error: Exception) -> None:
        """A fault nobody foresaw: the writer has ended, and so must the process, to be started anew."""
        ...


def _fail(future: Future[Any], error: Exception) -> None:
    """Tell whoever waits; who has gone meanwhile needs no word, and must not end the engine."""
    with suppress(InvalidStateError):
        future.set_exception(error)


ANSWERS_AT_ONCE = 500
"""Taps committed in one transaction at most."""


@dataclass(slots=True)
class _Job:
    work: Callable[[int], Done[object]]
    future: Future[object]


class Writer:
    """The engine's thread."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        wire: Wire,
        watch: Watch,
        sweep: int,
        *,
        turns: bool = True,
    ) -> None:
        """`sweep`: ms (of the clock) after which the engine turns even if nothing seemed due.

        `turns` False: this process only writes down what comes in; others on the same database turn.
        """
        self.call_others: Callable[[], None] = lambda: None
        """Called when something was written that others may have to act on; must return at once."""
        self.look_at_the_clock: Callable[[], None] = lambda: None
        """Asks whatever serves the time again, where it is served."""
        self._turns = turns
        self._called_at = 0
        self.after_start: Callable[[int], None] = lambda _callout_id: None
        """Told of each new call-out once its first calls are on the wire; must return at once."""
        self.after_turn: Callable[[float, float | None], None] = lambda _took, _late: None
        """Told of each turn how many real seconds it took, and how late it came for the deadline the last one had named; None:
        none was due."""
        self._started: list[int] = []
        self._engine = engine
        self._clock = clock
        self._wire = wire
        self._watch = watch
        self._sweep = sweep
        self._time = ClockWatch(clock)
        self._retry_at: int | None = None
        self._failures = 0
        self._lanes: tuple[deque[_Job], ...] = tuple(deque() for _ in Lane)
        self._taps: list[tuple[Tap, Future[int]]] = []
        self._inbox = Inbox()
        self._condition = threading.Condition()
        self._stopping = False
        self._holding = False
        self._next_at: int | None = None
        self._turned = clock.monotonic()
        self._woken = True
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to turn."""
        self._thread.start()

    def hold(self) -> None:
        """Claim nothing more; what comes in is still written down. Before `stop`, while the wire drains."""
        with self._condition:
            self._holding = True
            self._next_at = None
            self._condition.notify_all()

    def stop(self) -> None:
        """Finish the job in hand and what waits in the lanes, then end."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._thread.join()

    def wake(self) -> None:
        """Something may be due (the alarm clock)."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    @property
    def stopping(self) -> bool:
        """Whether it takes nothing any more."""
        return self._stopping

    @property
    def next_at(self) -> int | None:
        """The next moment at which something is due by itself."""
        return self._next_at

    def submit(self, lane: Lane, work: Callable[[int], Done[T]]) -> Future[T]:
        """Queue a use case; it is called with the moment and its result given to the future."""
        future: Future[T] = Future()
        with self._condition:
            self._refuse_when_over()
            self._lanes[lane].append(_Job(work, future))  # type: ignore[arg-type] # one queue for jobs of any result
            self._condition.notify_all()
        return future

    def waiting(self, lane: Lane) -> int:
        """How many jobs wait in a lane."""
        return len(self._lanes[lane])

    def confirm(self, token: str, shown: int | None = None) -> Future[int]:
        """Somebody pressed the button behind a link (`shown`: see Tap). Those that wait together are committed together."""
        future: Future[int] = Future()
        with self._condition:
            self._refuse_when_over()
            self._taps.append((Tap(token, self._clock.now(), shown), future))
            self._condition.notify_all()
        return future

    def _refuse_when_over(self) -> None:
        if self._stopping:
            raise StoreError("程序正在停止，等它起来后再试 / The daemon is stopping; try again when it is back.")

    def receive(
        self,
        *,
        receipts: Sequence[Receipt] = (),
        reports: Sequence[Report] = (),
        replies: Sequence[Reply] = (),
        taps: Sequence[Tap] = (),
    ) -> None:
        """What came from the wire; taken in at the next turn, which follows at once."""
        with self._condition:
            self._inbox.receipts.extend(receipts)
            self._inbox.reports.extend(reports)
            self._inbox.replies.extend(replies)
            self._inbox.taps.extend(taps)
            self._woken = True
            self._condition.notify_all()

    # --- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        """The thread. A fault that is nobody's is not survived in silence: whoever waits is told, and the process ends."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine no longer turns
            with self._condition:
                self._stopping = True
                waiting = [job.future for lane in self._lanes for job in lane] + [future for _, future in self._taps]
            for future in waiting:
                _fail(
                    future,
                    StoreError(
                        "引擎出错已停止，正在重启 / The engine has stopped after a fault; it is being started anew."
                    ),
                )
            self._watch.broke(error)

    def _work(self) -> None:
        while True:
            job, inbox, stopping = self._wait()
            if self._taps:
                self._confirm_all()
            if job is not None:
                self._do(job)
            elif stopping or self._holding:
                if inbox:
                    self._take_in(inbox)
                if stopping:
                    return
            else:
                self._turn(inbox)

    def _wait(self) -> tuple[_Job | None, Inbox, bool]:
        """The next job, or the inbox for a turn that is due."""
        with self._condition:
            while True:
                passing = self._lets_a_turn_pass()
                for lane, jobs in enumerate(self._lanes):
                    if jobs and not (passing and lane >= Lane.INTAKE_RED):
                        return jobs.popleft(), Inbox(), False
                if self._taps and not self._stopping:
                    self._woken = True
                if self._stopping or self._woken or self._is_due() or self._has_word():
                    self._woken = False
                    inbox, self._inbox = self._inbox, Inbox()
                    return None, inbox, self._stopping
                self._condition.wait(self._patience())

    def _lets_a_turn_pass(self) -> bool:
        """Whether messages wait for a turn: first calls must not wait until a burst has been read."""
        if self._stopping or self._holding or not (self._woken or self._is_due()):
            return False
        return bool(self._started) or self._clock.monotonic() - self._turned >= TURN_WITHIN

    def _is_due(self) -> bool:
        return self._next_at is not None and self._next_at <= self._clock.now()

    def _has_word(self) -> bool:
        """Whether something came from the wire, or the wall clock was set: what was an hour away may be due.

        After a failure the database is left in peace for a moment.
        """
        if self._retry_at is not None and self._clock.monotonic() < self._retry_at:
            return False
        return bool(self._inbox) or (not self._holding and self._time.look().stepped != 0)

    def _now(self) -> int:
        """The moment of the next transaction. If the clock was set, deadlines move along before anything sees it."""
        reading = self._time.look()
        if reading.stepped:
            self._engine.clock_stepped(reading.now, reading.stepped)
            self._time.settled(reading.stepped)
            self._next_at, self._woken = None, True
            self._watch.stepped(reading.now, reading.stepped)
        return reading.now

    def _patience(self) -> float:
        """Seconds until the next deadline, at most a sweep."""
        wait = self._sweep
        if self._next_at is not None:
            wait = min(wait, self._next_at - self._clock.now())
        return max(0.0, self._clock.real_seconds(wait))

    def _do(self, job: _Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        try:
            done = job.work(self._now())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
            job.future.set_exception(error)
            return
        if done.hang_up:
            self._wire.hang_up(done.hang_up)
        self._started.extend(done.started)
        self._woken = True
        self.call_others()
        job.future.set_result(done.result)

    def _confirm_all(self) -> None:
        """Commit the taps that wait, together."""
        with self._condition:
            taps, self._taps = self._taps[:ANSWERS_AT_ONCE], self._taps[ANSWERS_AT_ONCE:]
        try:
            done = self._engine.answer(self._now(), Inbox(taps=[tap for tap, _ in taps]))
        except Exception as error:  # noqa: BLE001 - it belongs to those who pressed
            self._hang_up_all_the_same()
            for _, future in taps:
                _fail(future, error)
            return
        if done.hang_up:
            self._wire.hang_up(done.hang_up)
        self._woken = True
        self.call_others()
        for _, future in taps:
            with suppress(InvalidStateError):  # whoever pressed has gone: the answer counts all the same
                future.set_result(done.result)

    def _turn(self, inbox: Inbox) -> None:
        self._turned = self._clock.monotonic()
        if not self._turns:
            self._beat()
            return
        named = self._next_at
        try:
            now = self._now()
            turned = self._engine.turn(now, inbox)
        except ClockMovedError:
            self._hang_up_all_the_same()
            self._put_back(inbox)
            self._follow_the_clock()
            return
        except StoreError as error:
            self._hang_up_all_the_same()
            self._put_back(inbox)
            wait = min(RETRY_AFTER << self._failures, RETRY_AT_MOST)
            self._failures = min(self._failures + 1, 8)
            self._retry_at = self._clock.monotonic() + wait
            self._next_at = self._clock.now() + wait
            self._watch.failed(error)
            return
        self._retry_at, self._failures = None, 0
        late = self._clock.real_seconds(now - named) if named is not None and named <= now else None
        self.after_turn(self._clock.real_seconds(self._clock.monotonic() - self._turned), late)
        self._next_at = turned.next_at
        if turned.hang_up:
            self._wire.hang_up(turned.hang_up)
        if turned.batch:
            self._wire.send(turned.batch)
        if turned.more and self._clock.monotonic() - self._called_at > CALL_EVERY:
            self._called_at = self._clock.monotonic()
            self.call_others()
        self._watch.turned(now, turned.stepped, len(turned.batch), turned.next_at)
        started, self._started = [*self._started, *turned.started], []
        for callout_id in started:
            self.after_start(callout_id)

    def _follow_the_clock(self) -> None:
        """Another worker noticed first that the clock was set: look too, and turn again at once."""
        try:
            self.look_at_the_clock()
            if not self._time.look().stepped:  # the rows are what all go by
                self._engine.moved_by_others(self._clock.now())
        except StoreError as error:
            self._watch.failed(error)
        self._woken = True

    def _beat(self) -> None:
        try:
            now = self._now()
            self._engine.beat(now)
        except ClockMovedError:
            self._follow_the_clock()
            return
        except StoreError as error:
            self._watch.failed(error)
            return
        self._watch.beat()
        started, self._started = self._started, []
        for callout_id in started:
            self.after_start(callout_id)

    def _take_in(self, inbox: Inbox) -> None:
        """What came from the wire, without a turn: nothing new is claimed while the daemon winds up."""
        try:
            done = self._engine.answer(self._now(), inbox)
        except StoreError as error:
            self._hang_up_all_the_same()
            self._put_back(inbox)
            self._retry_at = self._clock.monotonic() + RETRY_AFTER
            self._watch.failed(error)
            return
        self._retry_at = None
        if done.hang_up:
            self._wire.hang_up(done.hang_up)

    def _hang_up_all_the_same(self) -> None:
        """A turn failed after an answer of its first steps was committed: who has answered must not ring until the next."""
        hang_up = self._engine.to_hang_up()
        if hang_up:
            self._wire.hang_up(hang_up)

    def _put_back(self, inbox: Inbox) -> None:
        """A turn that failed must not lose what came from the wire."""
        with self._condition:
            self._inbox.receipts[:0] = inbox.receipts
            self._inbox.reports[:0] = inbox.reports
            self._inbox.replies[:0] = inbox.replies
            self._inbox.taps[:0] = inbox.taps
            self._woken = False
