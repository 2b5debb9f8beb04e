"""One writer with lanes: answers before acts before intake before turns."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.ports import Dispatch, Report

IDLE = Turned(batch=(), hang_up=(), next_at=None, stepped=0, opened=0, queued=0, answered=0)


class Script:
    """An engine, a wire and a watch that write down what they are asked."""

    def __init__(self, failures: int = 0) -> None:
        self.done: list[str] = []
        self.seen: list[Inbox] = []
        self.gate = threading.Event()
        self.turned_once = threading.Event()
        self._failures = failures
        self.failed_with: list[Exception] = []
        self.broken_by: list[Exception] = []
        self.bug = False
        self.rings_on: tuple[int, ...] = ()
        self.next_at: int | None = None
        self.stuck = 0
        self.moved = threading.Event()

    def turn(self, _now: int, inbox: Inbox | None = None) -> Turned:
        """A turn; the first waits until the test has queued its work."""
        self.gate.wait(5)
        if self.bug:
            raise AttributeError("a slip")
        if self._failures:
            self._failures -= 1
            raise StoreError("The database is busy.")
        self.done.append("turn")
        self.seen.append(inbox or Inbox())
        self.turned_once.set()
        return replace(IDLE, next_at=self.next_at)

    def to_hang_up(self) -> tuple[int, ...]:
        """What the last turn had committed before it failed."""
        rings_on, self.rings_on = self.rings_on, ()
        return rings_on

    def clock_stepped(self, now: int, by: int) -> None:
        """Deadlines move along."""
        if self.stuck:
            self.stuck -= 1
            raise StoreError("The database is busy.")
        self.done.append(f"moved by {by} at {now}")

    def stepped(self, _now: int, _by: int) -> None:
        """Note it."""
        self.moved.set()

    def answer(self, _now: int, inbox: Inbox) -> Done[int]:
        """Taps committed together."""
        self.done.append(f"answers {len(inbox.taps)}")
        return Done(len(inbox.taps), (7,))

    def send(self, batch: Sequence[Dispatch]) -> None:
        """Nothing goes out here."""

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Note it."""
        self.done.append(f"hang up {list(attempt_ids)}")

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """Not looked at."""

    def beat(self) -> None:
        """Not looked at."""

    def failed(self, error: Exception) -> None:
        """Note it."""
        self.failed_with.append(error)

    def broke(self, error: Exception) -> None:
        """Note it."""
        self.broken_by.append(error)


def writer_on(script: Script, clock: VirtualClock | None = None) -> Writer:
    """A writer whose engine is the script."""
    return Writer(script, clock or VirtualClock(0), script, script, 1_000)  # type: ignore[arg-type]


def job(script: Script, name: str) -> object:
    """A use case that notes its name."""

    def work(_now: int) -> Done[str]:
        script.done.append(name)
        return Done(name)

    return work


def test_answers_go_before_acts_before_intake_before_turns() -> None:
    """A tap that came while a turn was due is committed first, and taps that wait together go together."""
    script = Script()
    writer = writer_on(script)
    futures = [writer.submit(Lane.INTAKE, job(script, "intake")), writer.submit(Lane.ACT, job(script, "act"))]  # type: ignore[arg-type]
    taps = [writer.confirm("a" * 16), writer.confirm("b" * 16)]
    script.gate.set()
    writer.start()
    assert [future.result(5) for future in taps] == [2, 2]
    assert [future.result(5) for future in futures] == ["intake", "act"]
    assert script.turned_once.wait(5)
    writer.stop()
    assert script.done[:4] == ["answers 2", "hang up [7]", "act", "intake"]


def test_who_has_answered_is_hung_up_although_the_turn_fails() -> None:
    """The answer is committed, then the database goes: the phone falls silent before the turn is tried again."""
    script = Script(failures=1)
    script.rings_on = (9,)
    writer = writer_on(script)
    writer.receive(reports=[Report(1, "no_answer", 0)])
    script.gate.set()
    writer.start()
    while not script.failed_with:
        pass
    assert script.done == ["hang up [9]"]
    writer.wake()
    assert script.turned_once.wait(5)
    writer.stop()


def test_red_messages_go_before_orange_before_all_others() -> None:
    """A red warning that comes last in a flood is read next; of one colour the first that came is."""
    script = Script()
    writer = writer_on(script)
    order = [Lane.INTAKE, Lane.INTAKE_ORANGE, Lane.INTAKE, Lane.INTAKE_RED, Lane.INTAKE_RED, Lane.ACT]
    futures = [writer.submit(lane, job(script, f"{number}")) for number, lane in enumerate(order)]  # type: ignore[arg-type]
    script.gate.set()
    writer.start()
    for future in futures:
        future.result(5)
    writer.stop()
    assert [one for one in script.done if one != "turn"] == ["5", "3", "4", "1", "0", "2"]


def test_the_first_calls_of_a_warning_do_not_wait_for_the_flood() -> None:
    """When a message has begun a call-out a turn comes before the next message; answers still go before both."""
    script = Script()
    writer = writer_on(script)

    def begin(_now: int) -> Done[str]:
        script.done.append("red")
        return Done("red", started=(1,))

    red = writer.submit(Lane.INTAKE_RED, begin)
    others = [writer.submit(Lane.INTAKE, job(script, f"other {number}")) for number in range(3)]  # type: ignore[arg-type]
    script.gate.set()
    writer.start()
    assert red.result(5) == "red"
    for future in others:
        future.result(5)
    writer.stop()
    assert script.done[:3] == ["red", "turn", "other 0"]


def test_a_flood_lets_a_turn_pass_now_and_then() -> None:
    """Whoever is being called already is called on while thousands of messages wait."""
    script, clock = Script(), VirtualClock(0)
    writer = writer_on(script, clock)

    def slow(_now: int) -> Done[None]:
        clock.advance_to(clock.now() + 90)
        script.done.append("message")
        return Done(None)

    futures = [writer.submit(Lane.INTAKE, slow) for _ in range(7)]
    script.gate.set()
    writer.start()
    for future in futures:
        future.result(5)
    writer.stop()
    assert script.done[:8] == ["message"] * 3 + ["turn"] + ["message"] * 3 + ["turn"]


def test_a_refused_act_reaches_whoever_asked_and_the_writer_goes_on() -> None:
    """An error belongs to the one who asked; the engine keeps turning."""
    script = Script()
    writer = writer_on(script)
    script.gate.set()
    writer.start()

    def refuse(_now: int) -> Done[None]:
        raise RefusedError("no")

    with pytest.raises(RefusedError):
        writer.submit(Lane.ACT, refuse).result(5)
    assert writer.submit(Lane.ACT, job(script, "next")).result(5) == "next"  # type: ignore[arg-type]
    writer.stop()


def test_a_turn_that_fails_loses_nothing_that_came_from_the_wire() -> None:
    """The database failed once: the reports are taken in by the next turn (promise 1)."""
    script = Script(failures=1)
    writer = writer_on(script)
    writer.receive(reports=[Report(1, "no_answer", 0)])
    script.gate.set()
    writer.start()
    while not script.failed_with:
        pass
    writer.wake()
    assert script.turned_once.wait(5)
    writer.stop()
    assert [one.attempt_id for inbox in script.seen for one in inbox.reports] == [1]


def test_a_start_is_told_when_its_first_calls_are_on_the_wire() -> None:
    """Paper never comes before the first ring: the list is asked for after the turn that follows the start."""
    script = Script()
    writer = writer_on(script)
    told = threading.Event()

    def after_start(callout_id: int) -> None:
        script.done.append(f"list of {callout_id}")
        told.set()

    writer.after_start = after_start
    script.gate.set()
    writer.submit(Lane.INTAKE, lambda _now: Done("begun", started=(7,)))
    writer.start()
    assert told.wait(5)
    writer.stop()
    assert script.done[:2] == ["turn", "list of 7"]


def test_a_stop_finishes_what_waits() -> None:
    """Drain: jobs that were queued are carried out before the thread ends."""
    script = Script()
    script.gate.set()
    writer = writer_on(script)
    waiting = writer.submit(Lane.ACT, job(script, "last"))  # type: ignore[arg-type]
    writer.start()
    writer.stop()
    assert waiting.result(0) == "last"


def test_a_fault_nobody_foresaw_is_never_silent() -> None:
    """The engine's thread ends, whoever waits is told, and the process is asked to end (promise 1)."""
    script = Script()
    script.bug = True
    writer = writer_on(script)
    writer.start()
    script.gate.set()
    while not script.broken_by:
        pass
    with pytest.raises(StoreError):
        writer.submit(Lane.ACT, job(script, "late"))  # type: ignore[arg-type]
    assert isinstance(script.broken_by[0], AttributeError)


def test_deadlines_move_before_anything_sees_the_new_time() -> None:
    """The clock was set an hour forward while an act waited: first the deadlines, then the act, then the turn."""
    script = Script()
    clock = VirtualClock(0)
    writer = writer_on(script, clock)
    clock.step(3_600_000)
    waiting = writer.submit(Lane.ACT, job(script, "act"))  # type: ignore[arg-type]
    script.gate.set()
    writer.start()
    assert waiting.result(5) == "act"
    assert script.turned_once.wait(5)
    writer.stop()
    assert script.done[:3] == ["moved by 3600000 at 3600000", "act", "turn"]


def test_a_clock_set_back_does_not_put_the_engine_to_sleep() -> None:
    """The next deadline looks an hour away, nothing else wakes the writer, and it notices all the same (promise 1)."""
    script = Script()
    script.next_at = 10 * 3_600_000
    script.gate.set()
    clock = VirtualClock(9 * 3_600_000)
    writer = writer_on(script, clock)
    writer.start()
    assert script.turned_once.wait(5)
    clock.step(-3_600_000)
    assert script.moved.wait(5)
    writer.stop()
    assert "moved by -3600000 at 28800000" in script.done


def test_a_move_that_fails_is_tried_again_before_the_next_turn() -> None:
    """The database failed just then: no turn runs on deadlines that have not moved, and what came in is not lost."""
    script = Script()
    script.stuck = 1
    clock = VirtualClock(0)
    writer = writer_on(script, clock)
    clock.step(60_000)
    writer.receive(reports=[Report(1, "no_answer", 0)])
    script.gate.set()
    writer.start()
    while not script.failed_with:
        pass
    assert "turn" not in script.done
    clock.advance_to(62_000)
    assert script.turned_once.wait(5)
    writer.stop()
    assert script.done[:2] == ["moved by 60000 at 62000", "turn"]
    assert [one.attempt_id for inbox in script.seen for one in inbox.reports] == [1]
