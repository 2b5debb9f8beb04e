"""One night: rounds of the engine on the virtual clock, the wire, crashes and restarts, and a look after every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Engine as Database

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.errors import NotFoundError, RefusedError, StoreError
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState, Purpose, Voice
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Receipt, Reply, Report, Tap
from warning_dispatch.store.database import is_in_memory, reading
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql

from .aftermath import Trail, broken_at_the_end
from .budgets import budget_faults
from .census import draw_census
from .crew import Crew
from .drills import Drillers, drilled_wrong
from .fates import DEATHS, FAILURES, Crash, Fate, FragileStorage, Fuse
from .forecasters import Forecasters
from .observatories import Observatories
from .people import People
from .plans import chains_of
from .promises import Truth, broken_now
from .visits import Visits
from .weather import MINUTE, RECEIVED, draw_weather

SWEEP = 5 * MINUTE
"""Where nothing is due people may still act. The engine itself is asked only at the moments it named: a deadline that it
does not name would be slept over here, although the daemon, which looks every second, would find it."""
RETRY_AFTER = 1_000
TURNS_AT_ONCE = 200
"""More turns than that at one moment lead nowhere."""
TOLD = 25
"""Lines of the story that are printed with a failure."""


class BrokenPromiseError(AssertionError):
    """A promise was broken in a storm."""


@cache
def _database(worlds: Any) -> Database:
    """One database per process and kind, filled anew for every storm: its statements are compiled once."""
    made: Database = worlds.create()
    return made


class Storm:
    """One night."""

    def __init__(
        self,
        build_town: Callable[..., Any],
        plan: str,
        seed: int,
        worlds: Any,
        workers: int = 1,
        *,
        drills: bool = False,
    ) -> None:
        """`build_town` makes a Town; `plan` is put through it, on a kind of database, by so many workers.

        `drills`: people drill before the first warning, and try to in the middle of it.
        """
        self.plan = plan
        self.seed = seed
        self.rng = Random(f"{plan} {seed}")
        weather = draw_weather(self.rng)
        if workers > 1:  # where there are several the database's clock counts, and it is not in this storm
            weather = replace(weather, step=0.0)
        self.weather = weather
        self.truth = Truth()
        self.visits = Visits()
        fuse = Fuse()
        self.town = build_town(
            **draw_census(self.rng, weather.size),
            lines=weather.lines,
            sms_rate=weather.sms_rate,
            seed=seed,
            population=weather.population,
            faults=weather.faults,
            spare_route=weather.spare,
            bureau=seed % 2 == 1,  # every other bureau can be rung
            response=seed % 3 == 0,  # in every third storm units are asked for measures
            worlds=worlds,
            database=_database(worlds),
            statements=fuse.statements,
            observe=self.visits.observe,
        )
        self.town.chains = chains_of(self.town.configuration, plan, weather, self.rng)
        self.eyes = self._eyes()
        self.inbox = Inbox()
        self.told: list[str] = []
        self.turns = 0
        self.turned_at: int | None = None
        """The last turn that was committed (wall time); None while it has more to do at once."""
        self.paused = False
        """Whether an officer has paused anything: gates are later then."""
        self._calm = False
        self._at_once = 0
        self._seen: tuple[object, frozenset[int]] = (-1, frozenset())
        self._orphans: set[int] = set()
        """Attempts whose call may go on after the process that made it has died."""
        self.people = People(self)
        self.forecasters = Observatories(self) if plan == "both" else Forecasters(self)
        self.town.storage = FragileStorage(
            self.town.storage, fuse, self._fate, self.rng, beside=self._beside, many=workers > 1
        )
        self.drillers = Drillers(self) if drills else None
        self.crew: Crew | None = None
        if workers > 1:
            self.crew = Crew(workers, self._worker, Random(f"crew {plan} {seed}"))
            self.town.engine = self.crew.engine
        else:
            self._start()

    def _worker(self, worker: int) -> Engine:
        """A fresh engine that claims as this worker."""
        inner = self.town.storage
        self.town.storage = inner.of_worker(worker)
        engine: Engine = self.town.build_engine(self.weather.batch)
        self.town.storage = inner
        return engine

    def _beside(self) -> None:
        """Another worker turns between two transactions of this one."""
        if self.crew is None:
            return
        town = self.town
        now = town.clock.now()

        def served(turned: Turned) -> None:
            town.network.hang_up(turned.hang_up, now)
            self._hand_over(turned, now)

        def failed(engine: Engine) -> None:
            town.network.hang_up(engine.to_hang_up(), now)

        self.crew.beside(now, served, failed, self._lose_a_worker)

    @contextmanager
    def nobody_beside(self) -> Iterator[None]:
        """Of several workers only one works meanwhile: what it did is to be told from what the others do."""
        if self.crew is None:
            yield
            return
        before, self.crew.calm = self.crew.calm, True
        try:
            yield
        finally:
            self.crew.calm = before

    def _lose_a_worker(self, why: str) -> None:
        """One of several dies; the others go on."""
        assert self.crew is not None
        self.tell(f"a worker dies: {why}")
        self._orphans.update(key for (key,) in self.rows("SELECT id FROM attempt WHERE state = 2"))
        self._orphans.update(self.town.network.ringing())
        self.town.engine = self.crew.bury()

    def _eyes(self) -> Sql:
        """What is only looked at needs no transaction between two of the engine's; SQLite in memory has one connection."""
        if is_in_memory(self.town.database):
            with reading(self.town.database) as connection:
                return Sql(connection)
        return Sql(self.town.database.connect().execution_options(isolation_level="AUTOCOMMIT"))

    def _written(self) -> object:
        """Differs from the last time if anything was written since."""
        eyes = self.eyes
        return eyes.changes if eyes.is_sqlite else eyes.value("SELECT pg_current_wal_insert_lsn()::text")

    # --- crashes ------------------------------------------------------------------------------------------

    def _fate(self) -> Fate:
        """Drawn at every transaction of the engine."""
        if self._calm:
            return Fate.COMMITS
        chance = self.rng.random()
        if chance < self.weather.crash:
            return self.rng.choice(DEATHS)
        return self.rng.choice(FAILURES) if chance < self.weather.crash + self.weather.fail else Fate.COMMITS

    def _start(self) -> None:
        """A fresh engine on the same database; it may die while it recovers."""
        while True:
            self._orphans.update(key for (key,) in self.rows("SELECT id FROM attempt WHERE state = 2"))
            self._orphans.update(self.town.network.ringing())
            self.town.engine = self.town.build_engine(self.weather.batch)
            try:
                self.town.engine.recover(self.town.clock.now(), ())
            except (Crash, StoreError) as fate:
                self.tell(f"dies while it recovers: {fate}")
            else:
                return

    def _die(self, why: str, inbox: Inbox) -> None:
        """The process is gone; what the carrier tells meanwhile is told again, or lost."""
        if self.crew is not None:
            self._lose_a_worker(why)
            return
        self.tell(f"dies: {why}")
        kept = inbox if self.rng.random() < 0.5 else Inbox()
        self.inbox = Inbox()
        if self.rng.random() < 0.3:
            downtime = self.rng.choice((2_000, 20_000, 90_000, 10 * MINUTE))
            self.town.clock.advance_to(self.town.clock.now() + downtime)
            self._listen()
            if self.rng.random() < 0.5:
                self.inbox = Inbox()
        self.inbox.reports[:0] = kept.reports
        self.inbox.replies[:0] = kept.replies
        self.inbox.taps[:0] = kept.taps
        with reading(self.town.database) as connection:
            self.require(not (faults := fold_faults(connection)), f"8 after a crash: {faults[:3]}")
        self._start()

    def survive(self, work: Callable[[], object]) -> Any:
        """Do something that is not a turn, then look; who was not told that it is done asks again."""
        while True:
            try:
                done = work()
            except Crash as crash:
                self._die(str(crash), self.inbox)
            except StoreError as error:
                self.tell(f"fails: {error}")
            except (RefusedError, NotFoundError) as error:
                self.tell(f"refused: {error}")
                return None
            else:
                self.look()
                return done

    def act(self, act: Act, callout: int, unit: str = "") -> None:
        """An officer acts."""
        self.paused |= act is Act.PAUSE
        if act in (Act.CANCEL, Act.CLOSE):
            self.forecasters.putting_aside()
        self.survive(lambda: self.town.act(act, callout, unit))

    # --- a round ------------------------------------------------------------------------------------------

    def play(self) -> None:
        """From the first message to the last closed call-out; BrokenPromiseError tells what broke."""
        try:
            if self.drillers is not None:
                self.drillers.begin()
            self.forecasters.begin()
            clock = self.town.clock
            end = clock.monotonic() + self.weather.span
            while clock.monotonic() < end:
                self._set_the_clock()
                self.forecasters.look_out()
                self.people.meddle()
                if self.drillers is not None:
                    self.drillers.meddle()
                self._round()
            self._settle_down()
        except BrokenPromiseError:
            raise
        except Exception as error:
            raise BrokenPromiseError(self._account(f"{type(error).__name__}: {error}")) from error

    def _round(self, until: int | None = None) -> None:
        """One turn and what it sets going, then on to the next moment, at the most to `until`."""
        town = self.town
        now = town.clock.now()
        if self.crew is not None:
            town.engine = self.crew.change()
            self.survive(self._look_for_the_dead)
        inbox, self.inbox = self.inbox, Inbox()
        heard = Inbox(reports=list(inbox.reports))
        try:
            turned = town.engine.turn(now, inbox)
        except StoreError:
            town.network.hang_up(town.engine.to_hang_up(), now)
            self._put_back(inbox)
            town.clock.advance_to(now + RETRY_AFTER)
            self._listen()
            return
        except Crash as crash:
            self._die(str(crash), inbox)
            if self.crew is not None:
                self._put_back(inbox)  # whoever told it was not answered, and tells it again
            self.look()
            return
        self.turns += 1
        self.turned_at = None if turned.next_at == now else now
        if self.crew is not None:
            self.crew.note(turned.next_at)
        self._note_keys(heard)
        town.network.hang_up(turned.hang_up, now)
        self.look(turned=True)
        self._hand_over(turned, now)
        self._listen()
        self.look()
        self._move_on(turned, until)

    def _look_for_the_dead(self) -> None:
        assert self.crew is not None
        self.crew.take_over(self.town.clock.now())

    def _put_back(self, inbox: Inbox) -> None:
        for listed, back in (
            (self.inbox.receipts, inbox.receipts),
            (self.inbox.reports, inbox.reports),
            (self.inbox.replies, inbox.replies),
            (self.inbox.taps, inbox.taps),
        ):
            listed[:0] = back  # type: ignore[assignment] # each of its own kind

    def _set_the_clock(self) -> None:
        """Somebody sets the wall clock, by minutes or an hour. A process that dies over it does not know any more."""
        if self.rng.random() >= self.weather.step:
            return
        town = self.town
        by = self.rng.choice((-60, -20, -3, -1, 1, 3, 20, 60)) * MINUTE
        town.clock.step(by)
        town.network.move_along(by)
        self.truth.clock_was_set = True
        self.tell(f"the clock is set by {by / MINUTE:g} min")
        while True:
            try:
                town.engine.clock_stepped(town.clock.now(), by)
            except Crash as crash:
                self.truth.step_was_lost |= str(crash) != Fate.DIES_AFTER.value
                self._die(str(crash), self.inbox)
            except StoreError as error:
                self.tell(f"fails: {error}")
                continue
            break
        self.look()

    def _hand_over(self, turned: Turned, now: int) -> None:
        """The wire; sometimes the process dies before the receipts are stored."""
        if not turned.batch:
            return
        network = self.town.network
        lines, clashes = network.line_violations, network.clashes
        orphaned = self._orphans.intersection(network._calls)  # who is on the phone: no public question of the network
        receipts = network.accept(turned.batch, now)
        if not orphaned and not self._orphans.intersection(one.attempt_id for one in turned.batch):
            self.require(network.line_violations == lines, "7 limits hold: more calls than lines")
            self.require(network.clashes == clashes, "7 limits hold: a number in two calls")
        if not self._calm and self.rng.random() < self.weather.wire_crash:
            self._die("after the wire, before the receipts", Inbox())
            return
        self._take_receipts(receipts)

    def _take_receipts(self, receipts: Sequence[Receipt]) -> None:
        self.inbox.receipts.extend(receipts)

    def _note_keys(self, inbox: Inbox) -> None:
        pressed = [one.attempt_id for one in inbox.reports if one.outcome == "key_pressed"]
        if pressed:
            known = self.last("attempt")
            self.truth.heard_keys.update(one for one in pressed if one <= known)

    def _move_on(self, turned: Turned, until: int | None) -> None:
        town = self.town
        now = town.clock.now()
        if self.inbox.receipts or turned.next_at == now:
            self._at_once += 1
            self.require(self._at_once < TURNS_AT_ONCE, "the engine turns on the spot")
            return
        self._at_once = 0
        others = self.crew.moments() if self.crew is not None else []
        moments = [
            at for at in (*others, turned.next_at, town.network.next_at(), until or now + SWEEP) if at is not None
        ]
        town.clock.advance_to(max(min(moments), now + (1_000 if self._calm else self.weather.grain)))
        self._listen()

    def _listen(self) -> None:
        """What people and carriers do up to now."""
        for event in self.town.network.advance(self.town.clock.now()):
            match event:
                case Report():
                    self.inbox.reports.append(event)
                case Reply():
                    self.inbox.replies.append(event)
                    self.note_reply(event)
                case Tap():
                    self.inbox.taps.append(event)
                    self.truth.taps.add(event.link)

    def note_reply(self, reply: Reply) -> None:
        """Somebody wrote."""
        if reply.text in RECEIVED:
            self.truth.replies.add(self.people.numbers[reply.address])

    # --- the end ------------------------------------------------------------------------------------------

    def _settle_down(self) -> None:
        """The weather clears, every call-out is closed, the wire falls silent; then nothing may be left over."""
        self._calm = True
        if self.crew is not None:
            self.crew.calm = True
        town = self.town
        for channel in (Channel.VOICE, Channel.SMS, Channel.EMAIL):
            town.network.set_outage(channel, None)
        self._go_on(3 * MINUTE)
        for callout, state in self.rows("SELECT id, state FROM callout WHERE purpose <> ?", int(Purpose.SELF)):
            if state in LIVE_CALLOUT:
                self.act(Act.CLOSE, callout)
        for _ in range(6):  # a slow SMS route needs its time for the all-clears
            self.people.claim()
            self._go_on(30 * MINUTE)
            if not self.rows(
                "SELECT 1 FROM attempt WHERE state IN (1, 2, 3) LIMIT 1"
            ):  # a claim's half hour ends with a ring
                break
        with reading(town.database) as connection:
            broken = broken_at_the_end(
                Trail(
                    connection,
                    self.truth,
                    town.log.records(),
                    {chain.name: chain for chain in (*town.chains, town.configuration.bureau)},
                    town.keys.link_key,
                    town.keys.journal_public,
                )
            )
            if not self.truth.step_was_lost:
                broken.extend(
                    budget_faults(connection, town.log.records(), town.limits, clock_was_set=self.truth.clock_was_set)
                )
        self.require(not broken, "\n  ".join(broken))
        self.require(not town.network.handed_twice, f"4 handed twice: {town.network.handed_twice}")
        self.require(town.network.calls_in_progress == 0, "calls in progress after the end")
        within_rate = town.network.rate_violations == 0 or self.truth.step_was_lost
        self.require(within_rate, "7 limits hold: more messages than the rate allows")

    def _go_on(self, span: int) -> None:
        end = self.town.clock.now() + span
        while self.town.clock.now() < end:
            self._round(end)

    def pass_time(self, span: int) -> None:
        """So long (ms) goes by, with all its crashes."""
        self._go_on(span)

    # --- looking ------------------------------------------------------------------------------------------

    def look(self, *, turned: bool = False) -> None:
        """Every promise that can be looked at between two transactions; nothing to see where nothing was written.

        `turned`: the last of them was a turn.
        """
        ringing = self.town.network.ringing() - self._orphans
        seen = (self._written(), ringing)
        if seen == self._seen:
            return
        self._seen = seen
        broken = broken_now(self.eyes, self.truth)
        wanted = STILL_WANTED if self.truth.clock_was_set else STILL_WANTED + SLOWLY
        for attempt in sorted(ringing):
            if not self.rows(wanted, attempt):
                broken.append(f"3 an answer silences: attempt {attempt} still rings")
        broken += self.forecasters.broken_now(turned=turned)
        if self.drillers is not None:
            broken += drilled_wrong(self.eyes, self.truth)
        self.require(not broken, "\n  ".join(broken))

    def require(self, holds: bool, what: str) -> None:
        """Break off with the whole account unless it holds."""
        if not holds:
            raise BrokenPromiseError(self._account(what))

    def _account(self, what: str) -> str:
        """What broke, when, in which storm, what had happened, and how to see it again."""
        weather = replace(self.weather, population=None)  # type: ignore[arg-type] # too long to print
        last = "\n  ".join(self.told[-TOLD:])
        return (
            f"seed={self.seed} plan={self.plan}\n"
            f"  {what}\n"
            f"at {self.town.elapsed:.3f} s after {self.turns} turns; {weather}\n"
            f"  {last}\n"
            f"play it again: pytest tests/scenario/test_storms.py -k {self.plan} --storm-seed {self.seed}"
        )

    def tell(self, what: str) -> None:
        """A line of the story."""
        self.told.append(f"{self.town.elapsed:9.3f} {what}")

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Rows straight from the database."""
        return list(self.eyes.rows(sql, *values))

    def last(self, table: str) -> int:
        """The highest id of a table; 0 when it is empty."""
        return int(self.rows(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])

    def callees(self, callout: int, unit: str) -> list[int]:
        """The callee of a unit in a call-out, if there is one."""
        sql = "SELECT c.id FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND u.code = ?"
        return [key for (key,) in self.rows(sql, callout, unit)]


STILL_WANTED = f"""SELECT 1 FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
    JOIN callee c ON c.id = ac.callee_id WHERE a.id = ? AND c.voice = {Voice.LIVE.value}"""
"""Somebody the call is for is not answered for yet."""
SLOWLY = f" AND NOT (c.state = {CalleeState.DUTY_ANSWERED.value} AND a.claimed_at < c.answered_at)"
"""After the duty room's answer only slow calls go on; where the clock was set, times do not tell which they are."""
