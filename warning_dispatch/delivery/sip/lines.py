"""线路组: the lines of a route, who has which, and who is there when somebody rings us."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from warning_dispatch.clock import Clock
from warning_dispatch.delivery.sip.files import LinePlace
from warning_dispatch.delivery.sip.line import Line, LineDownError, LineState
from warning_dispatch.delivery.sip.options import SipOptions
from warning_dispatch.delivery.sip.ping import trunk_answers
from warning_dispatch.delivery.sip.sockets import address_towards

TRUNK_KNOWN_FOR_S = 2.0
"""Seconds for which an answer of the trunk holds: ten lines that wonder at once ask once."""
START_APART_S = 0.02
"""Between the starts of two lines: a hundred processes at once would only hinder each other."""
DRAIN_LOOK_S = 0.1


class Lines:
    """All lines of a route. For one event loop."""

    def __init__(
        self,
        options: SipOptions,
        *,
        count: int,
        folder: Path,
        password: str,
        clock: Clock,
        log: FilteringBoundLogger,
        rings: Callable[[Line, str], None],
    ) -> None:
        """`count`: lines that place calls. `folder`: where they live. `rings`: who takes what rings us."""
        self._options = options
        self._clock = clock
        self._log = log
        self.rings = rings
        self._count = count
        self._folder = folder
        self._password = password
        self.lines: tuple[Line, ...] = ()
        self._free: deque[Line] = deque()
        self._waiting: deque[asyncio.Future[Line]] = deque()
        self._watches: list[asyncio.Task[None]] = []
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at = 0
        self._address = ""

    async def start(self) -> None:
        """Start every line; each is kept alive until `stop`."""
        self._address = self._options.local or await self._own_address()
        total = self._count + self._options.inbound
        self.lines = tuple(Line(self._place(at), self._options, self._clock, self, self._log) for at in range(total))
        for line in self.lines:
            self._watches.append(asyncio.create_task(line.watch()))
            await asyncio.sleep(START_APART_S)

    async def _own_address(self) -> str:
        """Ours, facing the trunk. Before the network is up there is none: wait for it."""
        host, port = self._options.trunk_host
        while True:
            with suppress(OSError):
                return await asyncio.to_thread(address_towards, host, port)
            self._log.error("sip.no_way_to_trunk")
            await asyncio.sleep(5)

    def _place(self, index: int) -> LinePlace:
        sip_port, control_port = self._options.place(index)
        inbound = index >= self._count
        return LinePlace(
            index=index,
            folder=self._folder / f"{index + 1:03d}",
            sip_port=sip_port,
            control_port=control_port,
            address=self._address,
            registers=inbound or not self._options.inbound,
            password=self._password,
        )

    # --- who has which ----------------------------------------------------------------------------------------

    async def take(self, within_s: float) -> Line | None:
        """A line that can place a call, engaged for whoever asks; None when none comes free in time."""
        while self._free:
            line = self._free.popleft()
            if line.state is LineState.FREE:
                line.engage()
                return line
        waiting: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(within_s):
                return await waiting
        except TimeoutError:
            given = waiting.done() and not waiting.cancelled()  # at that very moment: then it is ours
            return waiting.result() if given else None
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    async def take_this(self, line: Line, within_s: float) -> bool:
        """This very line, when it comes free; whether it did."""
        end = self._clock.monotonic() + within_s * 1000
        while line.state is not LineState.FREE:
            if self._clock.monotonic() > end:
                return False
            await asyncio.sleep(DRAIN_LOOK_S)
        line.engage()
        return True

    def is_free(self, line: Line) -> None:
        """See line.Ears."""
        if line.place.index >= self._count:
            return
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                line.engage()
                waiting.set_result(line)
                return
        self._free.append(line)

    async def trunk_answers(self) -> bool:
        """See line.Ears."""
        now = self._clock.monotonic()
        if self._asking is None or now - self._asked_at > TRUNK_KNOWN_FOR_S * 1000:
            self._asked_at = now
            self._asking = asyncio.create_task(trunk_answers(self._options, self._address or "0.0.0.0"))  # noqa: S104 - any of ours
        return await asyncio.shield(self._asking)

    @property
    def living(self) -> Sequence[Line]:
        """Those that can place calls or do."""
        return [one for one in self.outgoing if one.state in (LineState.FREE, LineState.ENGAGED)]

    @property
    def outgoing(self) -> Sequence[Line]:
        """Those that place calls."""
        return self.lines[: self._count]

    @property
    def why_all_down(self) -> LineDownError | None:
        """Why no line can place calls, if each has said that it cannot."""
        reasons = [one.down for one in self.outgoing]
        return reasons[0] if reasons and None not in reasons else None

    def of(self, attempt_id: int) -> Line | None:
        """The line on which a call goes on."""
        return next((one for one in self.lines if one.call is not None and one.call.attempt_id == attempt_id), None)

    # --- the end ----------------------------------------------------------------------------------------------

    async def drain(self, within_s: float) -> None:
        """Wait until nobody listens any more."""
        end = self._clock.monotonic() + within_s * 1000
        while self._clock.monotonic() < end and any(one.call is not None for one in self.lines):  # noqa: ASYNC110 - a few looks, once in a daemon's life
            await asyncio.sleep(DRAIN_LOOK_S)

    async def stop(self) -> None:
        """End every line, and what still goes on."""
        await asyncio.gather(*(line.stop() for line in self.lines))
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for waiting in self._waiting:
            waiting.cancel()
