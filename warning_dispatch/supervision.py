"""看门: what the process tells whoever supervises it (systemd), and when.

The words are those of sd_notify: one datagram to the socket in NOTIFY_SOCKET (settings.py reads it). Three facts stand
behind them:

    ready      the engine has turned once and every server listens: before that nobody could be called or answer
    alive      the engine's thread has come round since the last word, and the loop of wire and web carried the word
    stopping   somebody asked for the end; what is on the wire drains

So the watchdog is fed by the engine's own turning, handed on by the loop: when either of them hangs the feeding ends,
and the supervisor starts the process anew. A turn that the database refused counts as coming round: a restart would
not bring the database back, and /readyz is red meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from warning_dispatch.clock import Clock

FEED_EVERY = 1_000
"""ms between two words that the process is alive, at the least: a storm turns a hundred times a second."""


class Supervisor:
    """Whoever started the process and wants to hear from it; an empty address: nobody."""

    def __init__(self, address: str = "") -> None:
        """`address`: the path of a local socket, or @name for one without a file."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @property
    def listens(self) -> bool:
        """Whether anybody wants to hear."""
        return bool(self._address)

    def say(self, **words: object) -> None:
        """One datagram. A supervisor that does not listen must not stop the daemon."""
        if not self._address:
            return
        message = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in words.items())
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.setblocking(False)
            out.sendto(message.encode(), self._address)


class Standing:
    """How the process stands: knows when it is ready and that it goes on, and says so."""

    def __init__(self, supervisor: Supervisor, clock: Clock) -> None:
        """`clock`: a running one is enough."""
        self._supervisor = supervisor
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._still_to_listen = 0
        self._turned = False
        self._ready = False
        self._fed_at: int | None = None
        self._stopping = False

    @property
    def ready(self) -> bool:
        """Whether the supervisor has been told that the process does its work."""
        return self._ready

    @property
    def watched(self) -> bool:
        """Whether there is a supervisor at all."""
        return self._supervisor.listens

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """The daemon runs on this loop from now on."""
        self._loop = loop

    def awaits(self, servers: int) -> None:
        """So many more servers must listen before the process is ready. Before the engine's first turn is over."""
        self._still_to_listen += servers

    def listening(self) -> None:
        """One of them does; called on the loop."""
        self._still_to_listen -= 1
        self._look()

    def turned(self) -> None:
        """The engine has come round; from its own thread. Returns at once."""
        now = self._clock.monotonic()
        if self._loop is None or (self._fed_at is not None and now - self._fed_at < FEED_EVERY):
            return
        self._fed_at = now
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._feed)

    def waiting(self, what: str, seconds: float) -> None:
        """The start takes longer, for a reason that is nobody's fault here: asks for so many seconds more."""
        self._supervisor.say(STATUS=what, EXTEND_TIMEOUT_USEC=round(seconds * 1_000_000))

    def status(self, text: str) -> None:
        """One line of what is going on."""
        if self._ready and not self._stopping:
            self._supervisor.say(STATUS=text)

    def stopping(self, text: str) -> None:
        """No longer ready: draining."""
        self._stopping = True
        self._supervisor.say(STOPPING=1, STATUS=text)

    def _feed(self) -> None:
        self._turned = True
        self._look()
        if self._ready and not self._stopping:
            self._supervisor.say(WATCHDOG=1)

    def _look(self) -> None:
        if self._turned and self._still_to_listen <= 0 and not self._ready and not self._stopping:
            self._ready = True
            self._supervisor.say(READY=1, STATUS="就绪 / ready")


def unsupervised(clock: Clock) -> Standing:
    """For a process that nobody watches: the demonstration, tests."""
    return Standing(Supervisor(), clock)


Listening = Callable[[], None]
"""Called by a server once it accepts connections."""
