"""Messages that wait together are committed together, and each sender hears of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.engine.engine import Arrival, Done
from warning_dispatch.engine.intake_groups import AT_ONCE, IntakeGroups
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.errors import StoreError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.views import IntakeResult

IDLE = Turned(batch=(), hang_up=(), next_at=None, stepped=0, opened=0, queued=0, answered=0)


class Script:
    """An engine that writes down the groups; "red" begins a call-out, "bad" breaks, "full" is a full disk."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.alone: list[str] = []
        self.gate = threading.Event()

    def turn(self, _now: int, _inbox: Inbox | None = None) -> Turned:
        """Nothing is due; the first waits until the test has queued its messages."""
        self.gate.wait(5)
        return IDLE

    def take_in_some(self, _now: int, arrivals: Sequence[Arrival]) -> Done[list[IntakeResult]]:
        """One transaction."""
        names = [one.raw.decode() for one in arrivals]
        if "bad" in names:
            raise ValueError("a slip")
        if "full" in names:
            raise StoreError("The disk is full.")
        results = []
        for name in names:
            results.append(verdict(name))
            if name == "red":
                break
        self.groups.append(names[: len(results)])
        return Done(results, started=(1,) if "red" in names else ())

    def take_in(self, _now: int, raw: bytes, _source: str, _item: str = "") -> Done[IntakeResult]:
        """One message by itself."""
        self.alone.append(raw.decode())
        if raw == b"bad":
            raise ValueError("a slip")
        return Done(verdict(raw.decode()))

    def __getattr__(self, _name: str) -> object:
        """The wire and the watch: whatever they are told."""
        return lambda *_given: None


def verdict(name: str) -> IntakeResult:
    """The verdict on a message."""
    return IntakeResult(len(name), Disposition.STORED, (name,), (1,) if name == "red" else ())


def outcomes(script: Script, names: Sequence[str]) -> list[str]:
    """What each sender hears when all of them send at once."""
    writer = Writer(script, VirtualClock(0), script, script, 1_000)  # type: ignore[arg-type]
    groups = IntakeGroups(script, writer)  # type: ignore[arg-type]
    futures = [groups.submit(Arrival(name.encode(), "test")) for name in names]
    script.gate.set()
    writer.start()
    heard = []
    for future in futures:
        error = future.exception(5)
        heard.append(type(error).__name__ if error else future.result().reasons[0])
    writer.stop()
    return heard


def test_those_that_wait_together_go_together() -> None:
    """In the order in which they came, so many at most, each with its own verdict."""
    script, names = Script(), [f"m{number}" for number in range(AT_ONCE + 7)]
    assert outcomes(script, names) == names
    assert script.groups == [names[:AT_ONCE], names[AT_ONCE:]]


def test_a_group_ends_with_a_message_that_calls_somebody() -> None:
    """Its calls go out before the rest is read; the rest keeps its order."""
    script = Script()
    assert outcomes(script, ["a", "red", "b", "c"]) == ["a", "red", "b", "c"]
    assert script.groups == [["a", "red"], ["b", "c"]]


def test_one_that_breaks_does_not_take_the_others_along() -> None:
    """Each is taken in by itself; only the sender of the broken one hears of the fault."""
    script = Script()
    assert outcomes(script, ["a", "bad", "b"]) == ["a", "ValueError", "b"]
    assert script.alone == ["a", "bad", "b"]


@pytest.mark.parametrize("names", [["full"], ["a", "full"]])
def test_nobody_is_told_yes_when_the_database_fails(names: Sequence[str]) -> None:
    """All of the group may send again."""
    assert outcomes(Script(), names) == ["StoreError"] * len(names)
