"""What a supervisor hears: ready when it is so, alive as long as engine and loop both go round, nothing after."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.supervision import FEED_EVERY, Standing, Supervisor
from warning_dispatch.surroundings import supervisor_address

READY = "READY=1\nSTATUS=就绪 / ready"


class Ear:
    """The supervisor's end of the socket."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """Everything said since the last look."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    """Somebody who listens."""
    made = Ear(tmp_path / "notify")
    yield made
    made.close()


async def settle() -> None:
    """Let the loop do what waits."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_ready_needs_a_turn_and_every_server(ear: Ear) -> None:
    """Before somebody could be called, and could answer, the process is not ready; then it says so once."""
    clock = VirtualClock(0)
    standing = Standing(Supervisor(ear.address), clock)
    standing.begin(asyncio.get_running_loop())
    standing.awaits(2)
    standing.turned()
    await settle()
    standing.listening()
    assert ear.heard() == []
    standing.listening()
    assert ear.heard() == [READY]
    clock.advance_to(FEED_EVERY)
    standing.turned()
    await settle()
    assert ear.heard() == ["WATCHDOG=1"]


async def test_servers_alone_are_not_enough(ear: Ear) -> None:
    """Pages that open while the engine has not turned once are no service."""
    standing = Standing(Supervisor(ear.address), VirtualClock(0))
    standing.begin(asyncio.get_running_loop())
    standing.awaits(1)
    standing.listening()
    assert ear.heard() == []
    standing.turned()
    await settle()
    assert ear.heard() == [READY, "WATCHDOG=1"]


async def test_a_loop_that_hangs_feeds_nobody(ear: Ear) -> None:
    """The engine turns, but wire and web hang: nothing would go out, so nothing is said either."""
    clock = VirtualClock(0)
    standing = Standing(Supervisor(ear.address), clock)
    standing.begin(asyncio.get_running_loop())
    standing.turned()
    await settle()
    assert ear.heard() == [READY, "WATCHDOG=1"]
    for second in range(1, 60):  # the loop is not given a chance
        clock.advance_to(second * FEED_EVERY)
        standing.turned()
    assert ear.heard() == []


async def test_a_storm_of_turns_is_one_word_a_second(ear: Ear) -> None:
    """Hundreds of turns a second do not become hundreds of datagrams."""
    clock = VirtualClock(0)
    standing = Standing(Supervisor(ear.address), clock)
    standing.begin(asyncio.get_running_loop())
    for _ in range(300):
        standing.turned()
    await settle()
    assert ear.heard() == [READY, "WATCHDOG=1"]


async def test_nothing_is_fed_while_it_drains(ear: Ear) -> None:
    """After STOPPING the process is neither ready nor alive in the supervisor's sense."""
    clock = VirtualClock(0)
    standing = Standing(Supervisor(ear.address), clock)
    standing.begin(asyncio.get_running_loop())
    standing.turned()
    await settle()
    ear.heard()
    standing.stopping("draining")
    clock.advance_to(10 * FEED_EVERY)
    standing.turned()
    standing.status("late")
    await settle()
    assert ear.heard() == ["STOPPING=1\nSTATUS=draining"]


def test_a_line_of_status_stays_a_line(ear: Ear) -> None:
    """An error of a database comes in several lines; none of them may become a word of its own."""
    Supervisor(ear.address).say(STATUS="gone\nREADY=1")
    assert ear.heard() == ["STATUS=gone READY=1"]


def test_a_long_start_asks_for_time(ear: Ear) -> None:
    """While the database is away the supervisor is told why, and not to end the start."""
    Standing(Supervisor(ear.address), VirtualClock(0)).waiting("no database", 60)
    assert ear.heard() == ["STATUS=no database\nEXTEND_TIMEOUT_USEC=60000000"]


def test_nobody_listening_is_no_fault(tmp_path: Path) -> None:
    """Started by hand there is no supervisor; one that has gone must not end the daemon."""
    Supervisor().say(READY=1)
    Supervisor(str(tmp_path / "gone")).say(READY=1)
    Supervisor("@warning-dispatch-nobody").say(READY=1)


def test_the_address_is_the_process_own() -> None:
    """From the environment, else nobody."""
    assert supervisor_address({"NOTIFY_SOCKET": "/run/notify"}) == "/run/notify"
    assert supervisor_address({}) == ""
