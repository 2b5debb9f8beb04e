"""The daemon: the engine's thread, the wire, the alarm clock, the web, from start to drain.

asyncio lives only here and above: the wire hands batches to the channels, the web answers people. The engine turns in its
own thread (engine/lanes.py). APScheduler is the alarm clock: it rings at the earliest deadline and at every sweep; the
deadlines themselves are rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from warning_dispatch.clock import Clock, ServedClock
from warning_dispatch.engine.engine import Arrival, Done, Engine
from warning_dispatch.engine.intake_groups import IntakeGroups
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.list_accounts import WriterAccounts
from warning_dispatch.engine.task_desk import WriterTasks
from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.ingest.peek import peek_colour
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.views import Health, IntakeResult, LinkView
from warning_dispatch.officer_desk import OfficerDesk
from warning_dispatch.ports import (
    ChannelPort,
    Crew,
    Event,
    ListAccount,
    ListAccounts,
    ListKeeper,
    ReadModels,
    Reply,
    Report,
    Tap,
)
from warning_dispatch.supervision import Standing, unsupervised
from warning_dispatch.wire import ChannelWire

T = TypeVar("T")

INTAKE_LANES: Mapping[Colour | None, Lane] = {Colour.RED: Lane.INTAKE_RED, Colour.ORANGE: Lane.INTAKE_ORANGE}
"""Which messages go ahead of others while many wait."""
MOST_WAITING = 20_000
"""Messages of no urgent colour that may wait; more are refused, to be sent again."""
SWEEP = 1_000
"""ms of the clock between sweeps."""
LISTS_OF_OTHERS = 15.0
"""Seconds between two looks for call-outs that another process has begun and that have no printable list here."""
TIDY_EVERY = 21_600.0
"""Seconds between two looks at old printable lists."""
LOOK_AT_THE_CLOCK = 1.0
"""Seconds between two looks at the database's clock."""
LOOK_FOR_THE_DEAD = 2.0
"""Seconds between two looks for workers that have died."""
SAY_HOW_IT_GOES = 10.0
"""Seconds between two lines to the supervisor about what is going on."""
TELL_OTHERS = 2_000
"""ms between two words to the other processes that the engine turns here; /readyz of theirs goes by them."""
MOST_TOLD = 20
"""Call-outs counted for that line."""


_FLOODED = (
    f"已有 {MOST_WAITING} 条消息在等，请稍后重发 / {MOST_WAITING} messages wait already; send this one again in a while"
)
_BROKEN = (
    "引擎出错已停止，进程随之结束，请立即重启（服务会自动重启）；详情见日志 / "
    "the engine stopped after a fault and the process ends with it; start it again (a service does so by itself), see the log"
)


class AlarmClock:
    """APScheduler with its memory store: rings at the earliest deadline and at every sweep."""

    def __init__(self, clock: Clock, ring: Callable[[], None], next_at: Callable[[], int | None]) -> None:
        """`ring` wakes the engine; `next_at` is its earliest deadline (ms of the clock)."""
        self._log = structlog.get_logger("daemon")
        self._clock = clock
        self._ring = ring
        self._next_at = next_at
        self._scheduler = AsyncIOScheduler(jobstores={"default": MemoryJobStore()}, timezone=UTC)

    def start(self) -> None:
        """Start ringing."""
        seconds = max(0.2, self._clock.real_seconds(SWEEP))
        self._scheduler.add_job(self._sweep, "interval", seconds=seconds, id="sweep", max_instances=1, coalesce=True)
        self._scheduler.start()

    def every(self, seconds: float, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Another regular job (heartbeats, feeds, calendars); one that the database fails is due again like any other."""

        async def once() -> None:
            try:
                await work()
            except StoreError as error:
                self._log.warning("daemon.put_off", job=name, error=str(error))

        self._scheduler.add_job(once, "interval", seconds=seconds, id=name, max_instances=1, coalesce=True)

    def set_anew(self) -> None:
        """The wall clock was set: every job is due now, and counts from now. Set back an hour, none would run for one."""
        for job in self._scheduler.get_jobs() if self._scheduler.running else ():
            job.modify(next_run_time=datetime.fromtimestamp(_real_now(), UTC))

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)

    async def _sweep(self) -> None:
        """Wake the engine, and set the alarm for a deadline that comes before the next sweep."""
        self._ring()
        moment = self._next_at()
        if moment is None:
            return
        wait = self._clock.real_seconds(moment - self._clock.now())
        if 0 < wait < self._clock.real_seconds(SWEEP):
            at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=_real_now() + wait)
            self._scheduler.add_job(self._ring_once, "date", run_date=at, id="deadline", replace_existing=True)

    async def _ring_once(self) -> None:
        self._ring()


def _real_now() -> float:
    """Seconds since the epoch of the machine's clock: what APScheduler goes by."""
    from warning_dispatch.clock import SystemClock  # noqa: PLC0415 - the one place that needs the machine's clock

    return SystemClock().now() / 1000


@dataclass(slots=True)
class Pulse:
    """lanes.Watch: when the engine last turned, for /readyz and the log. Where others turn it is they who say so."""

    turned_at: int = 0
    failing: str = ""
    end: Callable[[Exception], None] = lambda _error: None
    set_anew: Callable[[], object] = lambda: None
    came_round: Callable[[], None] = lambda: None
    """The engine's thread goes on, whether or not the database did its part: what feeds the watchdog."""
    tell_others: Callable[[], None] = lambda: None
    told_at: int = 0

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """One canonical line per turn that did something."""
        self.beat()
        self.turned_at = now
        if abs(now - self.told_at) >= TELL_OTHERS:
            self.told_at = now
            self.tell_others()
        if stepped or claimed:
            structlog.get_logger("engine").info("engine.turn", stepped=stepped, claimed=claimed, next_at=next_at)

    def beat(self) -> None:
        """All is well with the thread and the database."""
        if self.failing:
            structlog.get_logger("engine").info("engine.recovered")
        self.failing = ""
        self.came_round()

    def stepped(self, now: int, by: int) -> None:
        """Somebody set the clock: say it, and set the alarm clock anew."""
        structlog.get_logger("engine").warning("clock.stepped", by=by)
        self.turned_at = now
        self.set_anew()

    def failed(self, error: Exception) -> None:
        """Say it once, not at every retry."""
        if not self.failing:
            structlog.get_logger("engine").error("engine.failing", error=str(error))
        self.failing = str(error)
        self.came_round()

    def broke(self, error: Exception) -> None:
        """The engine has ended: say where it happened, and end the process."""
        self.failing = f"{type(error).__name__}"
        structlog.get_logger("engine").critical("engine.broke", exc_info=error)
        self.end(error)


@dataclass(frozen=True, slots=True)
class _Hearing:
    """ports.Ears: the engine's thread and the wire."""

    writer: Writer
    wire: ChannelWire
    others_turned: Callable[[], None]

    def wake(self) -> None:
        """See the port."""
        self.writer.wake()

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See the port."""
        self.wire.hang_up_here(attempt_ids)

    def turned(self) -> None:
        """See the port."""
        self.others_turned()


@dataclass(frozen=True, slots=True)
class Regular:
    """Work by name that is looked at every so many seconds; what is due is the work's own to know."""

    name: str
    every: float
    look: Callable[[Writer], Awaitable[None]]


class EngineDesk(OfficerDesk):
    """ports.Desk: what the web and the commands ask, carried out by the one writer."""

    def __init__(self, engine: Engine, writer: Writer, read: ReadModels, pulse: Pulse) -> None:
        """The parts are wired in bootstrap."""
        super().__init__(engine, writer)
        self._groups = IntakeGroups(engine, writer)
        self._read = read
        self._pulse = pulse
        self.tasks = WriterTasks(engine, writer)
        self.after_intake: Callable[[], None] = lambda: None
        """Told when a message has been taken in; must return at once."""

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """See the port. Of what waits, red goes first; of a flood only what looks red or orange is let in at all."""
        lane = INTAKE_LANES.get(peek_colour(raw), Lane.INTAKE)
        if lane is Lane.INTAKE:
            if self._writer.waiting(lane) >= MOST_WAITING:
                raise StoreError(_FLOODED)
            work = self._groups.submit(Arrival(raw, source, item))
        else:
            work = self._writer.submit(lane, lambda now: self._engine.take_in(now, raw, source, item))
        result = await asyncio.wrap_future(work)
        self.after_intake()
        return result

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case from beside the engine, in a transaction of its own."""
        return await asyncio.wrap_future(self._writer.submit(lane, lambda now: self._engine.once(now, work)))

    def write(self, work: Callable[[int], T]) -> T:
        """A short job of the writer's last lane, waited for: never on its own thread or the event loop's."""
        return self._writer.submit(Lane.INTAKE, lambda now: Done(work(now))).result()

    def hear(self, event: Event) -> None:
        """What a channel was told; from any thread, returns at once."""
        _take(self._writer, [event])

    async def beside(self, work: Callable[[int], T]) -> T:
        """Work on tables that are none of the engine's, on the writer's thread: it opens its own transaction."""
        return await asyncio.wrap_future(self._writer.submit(Lane.ACT, lambda now: Done(work(now))))

    async def source_seen(self, source: str) -> None:
        """See the port."""
        await self.once(Lane.ACT, lambda ledger: ledger.tx.sources.seen(source, ledger.now))

    async def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """See the port."""
        work = self._writer.submit(
            Lane.ACT, lambda now: self._engine.release(now, alert_id, actor=actor, reason=reason)
        )
        result = await asyncio.wrap_future(work)
        self.after_intake()
        return result

    async def confirm_link(self, token: str, shown: int | None = None) -> LinkView:
        """See the port. Taps that arrive together are committed together."""
        view = await asyncio.to_thread(self._read.link, token)
        if view.open:
            await asyncio.wrap_future(self._writer.confirm(token, shown))
            view = await asyncio.to_thread(self._read.link, token)
        return view

    async def list_written(self, account: ListAccount) -> None:
        """See the port."""
        await asyncio.wrap_future(self._writer.submit(Lane.INTAKE, lambda now: self._engine.list_written(now, account)))

    async def report_source_silent(self, name: str) -> None:
        """For whoever watches a source of warnings: it has said nothing for too long."""
        await asyncio.wrap_future(self._writer.submit(Lane.ACT, lambda now: self._engine.source_silent(now, name)))

    def health(self) -> Health:
        """See the port."""
        return Health(self._pulse.turned_at, not self._pulse.failing, self._pulse.failing)


class Daemon:
    """Everything that runs, and how it starts and stops."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        channels: Mapping[str, ChannelPort],
        lost_routes: Sequence[str],
        make_servers: Callable[[EngineDesk], Sequence[Coroutine[Any, Any, None]]],
        read: ReadModels,
        pumps: Sequence[Callable[[Callable[[Sequence[Event]], Awaitable[None]]], Coroutine[Any, Any, None]]] = (),
        make_lists: Callable[[ListAccounts], ListKeeper] | None = None,
        *,
        crew: Crew | None = None,
        turns: bool = True,
        regular: Sequence[Regular] = (),
        standing: Standing | None = None,
        after_turn: Callable[[float, float | None], None] = lambda _took, _late: None,
    ) -> None:
        """`make_servers` gives the web servers to run; `pumps` bring events from in-process carriers.

        `make_lists` None: no printable lists (the demonstration, whose people are invented). `crew`: other workers may be
        on the same database. `turns` False: they do the turning, this process only takes in and answers. `regular`:
        what is looked at now and then. `standing`: what a supervisor hears of it; None: there is none. `after_turn`: see
        lanes.Writer.
        """
        self._standing = standing or unsupervised(clock)
        self._after_turn = after_turn
        self._crew = crew
        self._turns = turns
        self._make_lists = make_lists
        self._regular = regular
        self._engine = engine
        self._clock = clock
        self._channels = channels
        self._lost_routes = tuple(lost_routes)
        self._make_servers = make_servers
        self._read = read
        self._pumps = pumps
        self._stop = asyncio.Event()
        self._fault: Exception | None = None
        self._log = structlog.get_logger("daemon")

    def stop(self) -> None:
        """Ask for a drain and an end (SIGTERM, SIGINT)."""
        self._stop.set()

    def _break(self, error: Exception) -> None:
        """The engine's thread has ended by a fault."""
        self._fault = error
        self._stop.set()

    async def run(self, started: Callable[[EngineDesk], Awaitable[None]] | None = None) -> None:
        """Run until stopped.

        1. What a crash left behind is repaired. 2. The engine turns, the alarm clock rings, servers and pumps run.
        3. `started` is told. 4. At a stop: no more web, the wire drains, its words are taken in, the engine ends.
        """
        pulse = Pulse(self._clock.now())
        loop = asyncio.get_running_loop()

        def end(error: Exception) -> None:
            loop.call_soon_threadsafe(self._break, error)

        pulse.end, pulse.came_round = end, self._standing.turned
        self._standing.begin(loop)
        wire = ChannelWire(self._channels, self._clock, loop)
        writer = Writer(self._engine, self._clock, wire, pulse, SWEEP, turns=self._turns)
        writer.after_turn = self._after_turn
        wire.receive = lambda receipts: writer.receive(receipts=receipts)
        desk = EngineDesk(self._engine, writer, self._read, pulse)
        alarm = AlarmClock(self._clock, writer.wake, lambda: writer.next_at)
        pulse.set_anew = lambda: loop.call_soon_threadsafe(alarm.set_anew)
        lists = self._lists(writer, alarm)
        repaired = await self._join(writer, wire, alarm, pulse)
        for one in self._regular:
            alarm.every(one.every, partial(one.look, writer), one.name)
        if self._standing.watched:
            alarm.every(SAY_HOW_IT_GOES, partial(self._say_how_it_goes, pulse), "standing")
        servers = self._make_servers(desk)
        writer.start()
        alarm.start()
        if lists is not None:
            lists.start()
        self._log.info("daemon.started", repaired=repaired)
        work = [asyncio.create_task(one) for one in servers]
        work += [asyncio.create_task(pump(_sink(writer))) for pump in self._pumps]
        try:
            if started is not None:
                await started(desk)
            await self._until_stopped(work)
            if self._fault is not None:
                raise RefusedError(_BROKEN) from self._fault
        finally:
            self._standing.stopping("收尾：已交给线路的等结果，不再发起新的 / draining")
            alarm.stop()
            await self._wind_up(work, wire, writer, lists)
            self._log.info("daemon.stopped")

    async def _say_how_it_goes(self, pulse: Pulse) -> None:
        """One line for whoever looks at the service."""
        if pulse.failing:
            self._standing.status(f"数据库不可用，反复重试 / the database does not answer: {pulse.failing}")
            return
        live = await asyncio.to_thread(lambda: self._read.callouts(live_only=True, limit=MOST_TOLD))
        still = sum(tier.waiting + tier.calling + tier.unreached for one in live for tier in one.tiers)
        count = f"{len(live)}+" if len(live) == MOST_TOLD else str(len(live))
        self._standing.status(
            f"进行中的叫应 {count} 个，{still} 个单位未应答 / {count} call-outs, {still} units still to answer"
            if live
            else "没有进行中的叫应 / no call-out under way"
        )

    async def _join(self, writer: Writer, wire: ChannelWire, alarm: AlarmClock, pulse: Pulse) -> int:
        """Repair what a crash left, be it ours or (later, now and then) another worker's; how much of it now."""
        crew = self._crew
        if crew is None:
            return await asyncio.to_thread(self._engine.recover, self._clock.now(), self._lost_routes)
        wire.tell_others = lambda ids: crew.say(hang_up=ids)
        writer.call_others = lambda: crew.say(wake=True)

        def others_turned() -> None:
            if not self._turns:
                pulse.turned_at = self._clock.now()

        pulse.tell_others = lambda: crew.say(turned=True)
        await asyncio.to_thread(crew.start, _Hearing(writer, wire, others_turned))

        async def look_for_the_dead() -> None:
            dead = await asyncio.to_thread(crew.dead)
            if dead:
                self._log.warning("daemon.takes_over", workers=len(dead))
                await asyncio.wrap_future(
                    writer.submit(Lane.ACT, lambda now: self._engine.take_over(now, self._lost_routes, dead))
                )

        self._keep_time(writer, alarm)
        if self._turns:
            alarm.every(LOOK_FOR_THE_DEAD, look_for_the_dead, "crew")
        if not self._turns or not await asyncio.to_thread(crew.alone):
            return 0
        return await asyncio.to_thread(self._engine.recover, self._clock.now(), self._lost_routes)

    def _keep_time(self, writer: Writer, alarm: AlarmClock) -> None:
        """Where several machines work the database's clock counts: it is looked at now and then."""
        clock = self._clock
        if not isinstance(clock, ServedClock):
            return

        def look() -> None:
            try:
                clock.look()
            except StoreError as error:
                self._log.warning("clock.unanswered", error=str(error))

        async def look_now() -> None:
            await asyncio.to_thread(look)

        writer.look_at_the_clock = look
        alarm.every(LOOK_AT_THE_CLOCK, look_now, "clock")

    async def _until_stopped(self, work: Sequence[asyncio.Task[None]]) -> None:
        """Until asked to stop, or until a server or pump ends by itself (which is a fault)."""
        stopping = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait([stopping, *work], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done:
            if task is not stopping and task.exception() is not None:
                fault = task.exception()
                raise RefusedError(f"程序的一部分已停止 / a part of the daemon ended: {fault}") from fault

    def _lists(self, writer: Writer, alarm: AlarmClock) -> ListKeeper | None:
        """Printable lists: told of every start of ours, on the look for others', tidied up some times a day."""
        if self._make_lists is None:
            return None
        lists = self._make_lists(WriterAccounts(self._engine, writer))

        async def tidy() -> None:
            lists.tidy()

        async def look() -> None:
            lists.look()

        if self._crew is not None:
            alarm.every(LISTS_OF_OTHERS, look, "lists of others")
        writer.after_start = lists.after_start
        alarm.every(TIDY_EVERY, tidy, "lists")
        return lists

    async def _wind_up(
        self, work: Sequence[asyncio.Task[None]], wire: ChannelWire, writer: Writer, lists: ListKeeper | None
    ) -> None:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        writer.hold()
        await wire.drain()
        wire.close()
        for channel in {id(one): one for one in self._channels.values()}.values():
            await channel.close()
        if lists is not None:
            await asyncio.to_thread(lists.close)
        await asyncio.to_thread(writer.stop)
        if self._crew is not None:
            await asyncio.to_thread(self._crew.stop)


def _take(writer: Writer, events: Sequence[Event]) -> None:
    writer.receive(
        reports=[one for one in events if isinstance(one, Report)],
        replies=[one for one in events if isinstance(one, Reply)],
        taps=[one for one in events if isinstance(one, Tap)],
    )


def _sink(writer: Writer) -> Callable[[Sequence[Event]], Awaitable[None]]:
    async def sink(events: Sequence[Event]) -> None:
        _take(writer, events)

    return sink
