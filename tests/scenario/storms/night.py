"""A storm: a night with everything that goes wrong in it, a pure function of its seed.

The seed decides the tree, the people, the lines, the faults of the carrier, what officers do, which messages come,
and between which steps the process dies. After every round the promises are looked at (promises.py). Whatever fails
says the seed and how to play it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from warning_dispatch.configuration import Configuration
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.storage import Storage, Transaction
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.errors import NotFoundError, RefusedError, StoreError
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import LIVE_CALLOUT, Means, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Receipt, Reply, Report, Tap
from warning_dispatch.simulation.faults import Faults, Outage
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit
from warning_dispatch.store.database import reading
from warning_dispatch.store.sealing import link_token

SAMPLES = Path(__file__).resolve().parents[2] / "config" / "samples"
MINUTE = 60_000
START = 1_784_727_180_000
"""When a town's clock begins, in ms."""
SWEEP = 60_000
"""The daemon looks every second; once a minute is enough here, where time jumps from deadline to deadline."""
RETRY_AFTER = 1_000
TURNS_AT_ONCE = 200
"""More turns than that at one moment lead nowhere."""
RECEIVED = ("收到", "1", " 收到 ", "１。", "好的")
OTHER_WORDS = ("TD", "不知道", "哪位？", "2", "")
PRACTICE = ("Test", "Exercise", "System", "Draft", "Rehearsal")


class BrokenPromiseError(AssertionError):
    """A promise was broken in a storm."""


class Crash(BaseException):
    """The process dies here; nothing of ours catches it."""


class Fate(Enum):
    """What becomes of a transaction."""

    COMMITS = "commits"
    FAILS = "the database fails it"
    DIES_BEFORE = "the process dies before the commit"
    DIES_AFTER = "the process dies after the commit"


class FragileStorage:
    """A storage whose transactions meet their fate."""

    def __init__(self, inner: Storage, draw: Callable[[], Fate]) -> None:
        """`draw` decides at the beginning of each transaction."""
        self._inner = inner
        self._draw = draw

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """See engine.storage."""
        fate = self._draw()
        with self._inner.writing() as tx:
            yield tx
            if fate is Fate.DIES_BEFORE:
                raise Crash(fate.value)
            if fate is Fate.FAILS:
                raise StoreError("The disk is full.")
        if fate is Fate.DIES_AFTER:
            raise Crash(fate.value)


# --- the weather ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weather:
    """What a seed makes of a night. Chances are per round or per transaction; `span` in ms."""

    counties: int
    townships: int
    villages: int
    lines: int
    sms_rate: int | None
    grain: int
    batch: int
    span: int
    population: Population
    faults: Faults
    crash: float
    fail: float
    wire_crash: float
    act: float
    message: float
    answer: float
    outage: float
    spare: bool


def _draw_weather(rng: Random) -> Weather:
    counties, townships, villages = rng.choice(SIZES)
    calm = rng.random() < 0.15
    return Weather(
        counties=counties,
        townships=townships,
        villages=villages,
        lines=rng.choice((1, 2, 3, 4, 6, 10, 20, 50)),
        sms_rate=rng.choice((None, None, 6, 30, 120, 600)),
        grain=rng.choice((1_000, 4_000, 10_000, 20_000)),
        batch=rng.choice((500, 500, 40, 7)),
        span=rng.choice((10, 20, 35, 60)) * MINUTE,
        population=_draw_population(rng),
        faults=Faults() if calm else _draw_faults(rng),
        crash=0.0 if calm else rng.choice((0.0, 0.01, 0.04)),
        fail=0.0 if calm else rng.choice((0.0, 0.0, 0.02)),
        wire_crash=0.0 if calm else rng.choice((0.0, 0.02, 0.08)),
        act=rng.choice((0.0, 0.02, 0.1)),
        message=rng.choice((0.0, 0.01, 0.04)),
        answer=rng.choice((0.0, 0.03, 0.15)),
        outage=rng.choice((0.0, 0.0, 0.02)),
        spare=rng.random() < 0.25,
    )


SIZES = ((1, 3, 6), (1, 5, 5), (2, 2, 5), (2, 3, 4), (2, 4, 5), (3, 2, 4), (3, 3, 3), (4, 2, 4), (3, 4, 4), (2, 5, 5))
"""Counties, townships per county, villages per township: 30 to 80 units in all."""


def _draw_population(rng: Random) -> Population:
    if rng.random() < 0.3:
        return Population()
    willing = rng.choice((0.2, 1.0, 4.0))
    voice = {habit: rng.random() ** 2 for habit in VoiceHabit} | {VoiceHabit.ANSWERS: willing}
    text = {habit: rng.random() ** 2 for habit in TextHabit} | {TextHabit.IGNORES: 2.0}
    return Population(
        mobile=_shares(voice),
        landline=_shares({habit: share for habit, share in voice.items() if habit is not VoiceHabit.INVALID}),
        sms=_shares(text),
        slips=rng.choice((0.0, 0.3)),
        second_thoughts=rng.choice((0.0, 0.3)),
        times=Times(reply=(5_000, 600_000), tap=(5_000, 900_000)),
        reply_words=RECEIVED[:3],
    )


def _shares(weights: dict[Any, float]) -> dict[Any, float]:
    total = sum(weights.values())
    return {thing: weight / total for thing, weight in weights.items()}


def _draw_faults(rng: Random) -> Faults:
    return Faults(
        late=rng.choice((0.0, 0.1, 0.4)),
        doubled=rng.choice((0.0, 0.1, 0.5)),
        reordered=rng.choice((0.0, 0.2)),
        lost=rng.choice((0.0, 0.05, 0.2)),
        refused=rng.choice((0.0, 0.0, 0.05)),
        refused_outcome=rng.choice(("provider_down", "number_limited", "temporarily_refused", "balance_exhausted")),
        outages=_draw_outages(rng),
    )


def _draw_outages(rng: Random) -> tuple[Outage, ...]:
    """One provider of calls is out of service for a while."""
    if rng.random() < 0.7:
        return ()
    start = START + rng.randint(0, 20) * MINUTE
    return (Outage(Channel.VOICE, start, start + rng.randint(1, 15) * MINUTE, "provider_down", "phones"),)


# --- the night --------------------------------------------------------------------------------------------


class Storm:
    """One night."""

    def __init__(self, build_town: Callable[..., Any], promises: ModuleType, plan: str, seed: int) -> None:
        """`build_town` makes a Town; `plan` is the chain that is put through it."""
        self.plan = plan
        self.seed = seed
        self._rng = Random(f"{plan} {seed}")
        self.weather = weather = _draw_weather(self._rng)
        self._promises = promises
        self.truth = promises.Truth()
        self.town = build_town(
            counties=weather.counties,
            townships=weather.townships,
            villages=weather.villages,
            lines=weather.lines,
            sms_rate=weather.sms_rate,
            seed=seed,
            population=weather.population,
            faults=weather.faults,
            same_phone=self._draw_shared_phones(),
            without=self._draw_missing_people(),
            two_of=self._draw_posts(),
            second_phone=self._draw_posts(),
            spare_route=weather.spare,
        )
        if weather.spare:
            pass
        self.town.chains = _chains(self.town.configuration, plan)
        self._numbers = self._number_ids()
        self._receivers = self.town.query("SELECT id, unit_id FROM receiver")
        self.told: list[str] = []
        self.commits = 0
        self._calm = False
        self._at_once = 0
        self._inbox = Inbox()
        self._sent: list[bytes] = []
        self._identifiers: list[str] = []
        self._orphans: set[int] = set()
        """Attempts whose call may go on after the process that made it has died."""
        self.town.storage = FragileStorage(self.town.storage, self._fate)
        self._start()

    def _draw_shared_phones(self) -> dict[tuple[str, Role], tuple[str, Role]]:
        """Some people hold two posts: a village head who is the township's deputy, two villages with one head."""
        if self._rng.random() < 0.3:
            return {}
        shared = {}
        weather = self.weather
        if self._rng.random() < 0.6:  # one duty room for all leaders
            shared["1411-L2", Role.DUTY] = ("1411-L1", Role.DUTY)
        for county in range(weather.counties):
            if self._rng.random() < 0.4:
                shared[f"14112{county + 1}-L1", Role.DUTY] = (f"14112{county + 1}", Role.DUTY)
            for township in range(weather.townships):
                code = f"14112{county + 1}1{township:02d}"
                for village in range(1, weather.villages):
                    if self._rng.random() < 0.25:
                        shared[f"{code}2{village:02d}", self._role()] = (f"{code}200", self._role())
                if self._rng.random() < 0.4:
                    shared[f"{code}200", Role.DEPUTY] = (code, self._role())
        return shared

    def _role(self) -> Role:
        return self._rng.choice((Role.PRIMARY, Role.PRIMARY, Role.DEPUTY))

    def _draw_missing_people(self) -> list[tuple[str, Role]]:
        """Some posts are vacant; some units have nobody at all."""
        missing = []
        for county in range(self.weather.counties):
            for township in range(self.weather.townships):
                for village in range(self.weather.villages):
                    code = f"14112{county + 1}1{township:02d}2{village:02d}"
                    if self._rng.random() < 0.08:
                        missing.append((code, Role.PRIMARY))
                    if self._rng.random() < 0.08:
                        missing.append((code, Role.DEPUTY))
                if self._rng.random() < 0.05:
                    missing += [(f"14112{county + 1}1{township:02d}", role) for role in Role]
        return missing

    def _draw_posts(self) -> list[tuple[str, Role]]:
        """Some posts are held by two, some people have two phones."""
        counties = [f"14112{county + 1}" for county in range(self.weather.counties)]
        codes = [*counties, *(f"{code}100200" for code in counties), "1411-emergency"]
        return [(code, self._role()) for code in codes if self._rng.random() < 0.3]

    def _number_ids(self) -> dict[str, int]:
        by_index = {bytes(index): key for key, index in self.town.query("SELECT id, blind_index FROM number")}
        found = {address: by_index.get(self.town.sealer.blind_index(address)) for address in self.town.numbers.values()}
        return {address: key for address, key in found.items() if key is not None}

    # --- crashes ------------------------------------------------------------------------------------------

    def _fate(self) -> Fate:
        """Drawn at every transaction of the engine."""
        if self._calm:
            return Fate.COMMITS
        chance = self._rng.random()
        if chance < self.weather.crash:
            return self._rng.choice((Fate.DIES_BEFORE, Fate.DIES_AFTER))
        return Fate.FAILS if chance < self.weather.crash + self.weather.fail else Fate.COMMITS

    def _start(self) -> None:
        """A fresh engine on the same database; it may die while it recovers."""
        while True:
            claimed = self.town.query("SELECT id FROM attempt WHERE state = 2")
            self._orphans.update(int(str(row[0])) for row in claimed)
            self._orphans.update(self.town.network.ringing())
            self.town.engine = self.town.build_engine(self.weather.batch)
            try:
                self.town.engine.recover(self.town.clock.now(), ())
            except (Crash, StoreError) as fate:
                self._tell(f"dies while it recovers: {fate}")
            else:
                return

    def _die(self, why: str, inbox: Inbox) -> None:
        """The process is gone; what the carrier tells meanwhile is told again, or lost."""
        self._tell(f"dies: {why}")
        kept = inbox if self._rng.random() < 0.5 else Inbox()
        self._inbox = Inbox()
        if self._rng.random() < 0.3:
            downtime = self._rng.choice((2_000, 20_000, 90_000, 10 * MINUTE))
            self.town.clock.advance_to(self.town.clock.now() + downtime)
            self._listen()
            if self._rng.random() < 0.5:
                self._inbox = Inbox()
        self._inbox.reports[:0] = kept.reports
        self._inbox.replies[:0] = kept.replies
        self._inbox.taps[:0] = kept.taps
        self._start()

    def _survive(self, work: Callable[[], object]) -> object:
        """Do something that is not a turn; who was not told that it is done asks again."""
        while True:
            try:
                return work()
            except Crash as crash:
                self._die(str(crash), self._inbox)
            except StoreError as error:
                self._tell(f"fails: {error}")
            except (RefusedError, NotFoundError) as error:
                self._tell(f"refused: {error}")
                return None

    # --- a round ------------------------------------------------------------------------------------------

    def play(self) -> None:
        """From the first message to the last closed call-out; BrokenPromiseError tells what broke."""
        try:
            self._survive(lambda: self._take_in(self._message("Alert", "Red")))
            end = self.town.clock.now() + self.weather.span
            while self.town.clock.now() < end:
                self._meddle()
                self._round()
            self._settle_down()
        except BrokenPromiseError:
            raise
        except Exception as error:
            raise BrokenPromiseError(self._account(f"{type(error).__name__}: {error}")) from error

    def _round(self) -> None:
        """One turn and what it sets going, then on to the next moment."""
        town = self.town
        now = town.clock.now()
        inbox, self._inbox = self._inbox, Inbox()
        try:
            turned = town.engine.turn(now, inbox)
        except StoreError:
            self._inbox = inbox
            town.clock.advance_to(now + RETRY_AFTER)
            self._listen()
            return
        except Crash as crash:
            self._die(str(crash), inbox)
            self._check()
            return
        self.commits += 1
        self._note_keys(inbox)
        town.network.hang_up(turned.hang_up, now)
        self._hand_over(turned, now)
        self._listen()
        self._check()
        self._move_on(turned)

    def _hand_over(self, turned: Turned, now: int) -> None:
        """The wire; sometimes the process dies before the receipts are stored."""
        if not turned.batch:
            return
        network = self.town.network
        lines, clashes = network.line_violations, network.clashes
        orphaned = self._orphans.intersection(network._calls)  # who is on the phone: no public question of the network
        receipts = network.accept(turned.batch, now)
        if not orphaned and not self._orphans.intersection(one.attempt_id for one in turned.batch):
            self._require(network.line_violations == lines, "7 limits hold: more calls than lines")
            self._require(network.clashes == clashes, "7 limits hold: a number in two calls")
        if not self._calm and self._rng.random() < self.weather.wire_crash:
            self._die("after the wire, before the receipts", Inbox())
            return
        self._take_receipts(receipts)

    def _take_receipts(self, receipts: Sequence[Receipt]) -> None:
        self._inbox.receipts.extend(receipts)

    def _note_keys(self, inbox: Inbox) -> None:
        known = self.town.query("SELECT max(id) FROM attempt")[0][0] or 0
        self.truth.heard_keys.update(
            one.attempt_id for one in inbox.reports if one.outcome == "key_pressed" and one.attempt_id <= known
        )

    def _move_on(self, turned: Turned) -> None:
        town = self.town
        now = town.clock.now()
        if self._inbox.receipts or turned.next_at == now:
            self._at_once += 1
            self._require(self._at_once < TURNS_AT_ONCE, "the engine turns on the spot")
            return
        self._at_once = 0
        moments = [at for at in (turned.next_at, town.network.next_at(), now + SWEEP) if at is not None]
        town.clock.advance_to(max(min(moments), now + (1_000 if self._calm else self.weather.grain)))
        self._listen()

    def _listen(self) -> None:
        """What people and carriers do up to now."""
        for event in self.town.network.advance(self.town.clock.now()):
            match event:
                case Report():
                    self._inbox.reports.append(event)
                case Reply():
                    self._inbox.replies.append(event)
                    self._note_reply(event)
                case Tap():
                    self._inbox.taps.append(event)
                    self.truth.taps.add(event.link)

    def _note_reply(self, reply: Reply) -> None:
        if reply.text in RECEIVED:
            self.truth.replies.add(self._numbers[reply.address])

    # --- what people do -----------------------------------------------------------------------------------

    def _meddle(self) -> None:
        """Officers, answers, messages and outages, each with its chance."""
        weather, draw = self.weather, self._rng.random
        if draw() < weather.act:
            self._act()
        if draw() < weather.answer:
            self._answer()
        if draw() < weather.message:
            self._another_message()
        if draw() < weather.outage:
            self._outage()

    def _act(self) -> None:
        act = self._rng.choices(tuple(ACTS), weights=tuple(ACTS.values()))[0]
        callout = self._rng.randint(1, max(1, self._last("callout")))
        unit = self._rng.choice(self.town.units).code
        if act is Act.OPEN_GATE and self._rng.random() < 0.5:
            unit = ""
        self._tell(f"{act} {unit} of call-out {callout}")
        if act is Act.TOLD_LEADER:
            self.truth.leaders_told.update(self._callees(callout, unit))
        self._survive(lambda: self.town.act(act, callout, unit))

    def _answer(self) -> None:
        """An answer from outside the simulated phones, often a late one."""
        kind = self._rng.choice(("record", "tap", "reply"))
        callout = self._rng.randint(1, max(1, self._last("callout")))
        if kind == "record":
            unit = self._rng.choice(self.town.units).code
            means = self._rng.choice((Means.OPERATOR, Means.SUPERIOR))
            self._tell(f"{means} records {unit} of call-out {callout}")
            if found := self._callees(callout, unit):
                self.truth.recorded.update((one, means.value) for one in found)
                self._survive(lambda: self.town.record_answer(unit, means=means, callout_id=callout))
        elif kind == "tap":
            receiver = int(str(self._rng.choice(self._receivers)[0]))
            token = link_token(self.town.keys.link_key, callout, receiver, Purpose.CALL, 1)
            self._tell(f"receiver {receiver} taps the link of call-out {callout}")
            self.truth.taps.add(token)
            self._survive(lambda: self.town.tap(token))
        else:
            address = self._rng.choice(sorted(self._numbers))
            words = self._rng.choice((*RECEIVED, *OTHER_WORDS))
            self._tell(f"number {self._numbers[address]} writes {words!r}")
            reply = Reply(Channel.SMS, address, words, self.town.clock.now())
            self._inbox.replies.append(reply)
            self._note_reply(reply)

    def _outage(self) -> None:
        channel = self._rng.choice((Channel.VOICE, Channel.SMS))
        outcome = self._rng.choice((None, "provider_down", "balance_exhausted", "number_limited"))
        self._tell(f"{channel.name}: {outcome or 'in order'}")
        self.town.network.set_outage(channel, outcome)

    def _another_message(self) -> None:
        kind = self._rng.choice(("again", "practice", "practice", "cancel", "update", "update", "alert"))
        colour = self._rng.choice(("Red", "Red", "Orange", "Yellow"))
        if kind == "again":
            self._survive(lambda: self._take_in(self._rng.choice(self._sent)))
        elif kind == "practice":
            self._practise(colour)
        elif kind == "cancel":
            self._survive(lambda: self._take_in(self._message("Cancel", colour)))
        else:
            self._survive(lambda: self._take_in(self._message(kind.capitalize(), colour)))

    def _practise(self, colour: str) -> None:
        """Promise 5: whatever its type, a message that is not Actual starts, changes and ends nothing."""
        status = self._rng.choice(PRACTICE)
        raw = self._message(self._rng.choice(("Alert", "Update", "Cancel")), colour, status)
        question = "SELECT id, state, alert_id, voice_until FROM callout ORDER BY id"
        before = self.town.query(question)
        result = self._survive(lambda: self._take_in(raw))
        self._require(result is None or not result.callouts, f"5 practice: {status} concerned call-outs")
        self._require(self.town.query(question) == before, f"5 practice: {status} changed call-outs")

    def _take_in(self, raw: bytes) -> Any:
        self._sent.append(raw)
        result = self.town.take_in(raw)
        self._tell(f"message: {result.disposition} {result.callouts} {result.reasons}")
        return result

    def _message(self, kind: str, colour: str, status: str = "Actual") -> bytes:
        """A message of the plan's issuer; an Update or Cancel refers to an earlier one."""
        name = "12379-county-red-rain.xml" if self.plan == "county" else "12379-red-rain-city.xml"
        text = (SAMPLES / name).read_text(encoding="utf-8").replace("141124", "141121")
        if kind != "Alert" and self._identifiers:
            earlier = self._rng.choice(self._identifiers)
            text = text.replace("<references/>", f"<references>{earlier}</references>")
        text = text.replace("<msgType>Alert<", f"<msgType>{kind}<").replace("<status>Actual<", f"<status>{status}<")
        chinese, grade = COLOURS[colour]
        text = (
            text.replace("<severity>Red<", f"<severity>{colour}<")
            .replace("红色", chinese)
            .replace("Ⅰ级/特别严重", grade)
        )
        if self.plan != "county" and self._rng.random() < 0.4:
            text = text.replace("<geocode>141100000000<", "<geocode>141121000000<")
        if self._rng.random() < 0.4:
            until = self._rng.randint(9, 50)
            text = text.replace("<expires/>", f"<expires>2026-07-22 22:{until:02d}:00+08:00</expires>")
        raw = restamp(text.encode(), self.town.clock.now())
        self._tell(f"{kind} {colour} {status}")
        self._identifiers.append(raw.decode().split("<identifier>")[1].split("<")[0])
        return raw

    # --- the end ------------------------------------------------------------------------------------------

    def _settle_down(self) -> None:
        """The weather clears, every call-out is closed, the wire falls silent; then nothing may be left over."""
        self._calm = True
        town = self.town
        for channel in (Channel.VOICE, Channel.SMS):
            town.network.set_outage(channel, None)
        self._go_on(3 * MINUTE)
        for callout, state in town.query("SELECT id, state FROM callout"):
            if state in LIVE_CALLOUT:
                self._survive(lambda key=callout: town.act(Act.CLOSE, key))
        for _ in range(6):  # a slow SMS route needs its time for the all-clears
            self._go_on(30 * MINUTE)
            if not town.query("SELECT 1 FROM attempt WHERE state = 1 LIMIT 1"):
                break
        with reading(town.database) as connection:
            broken = self._promises.broken_at_the_end(
                connection,
                self.truth,
                town.log.records(),
                {chain.name: chain for chain in town.chains},
                town.keys.link_key,
                town.keys.journal_public,
            )
            broken.extend(self._promises.budget_faults(connection, town.log.records(), town.limits))
        self._require(not broken, "\n  ".join(broken))
        self._require(not town.network.handed_twice, f"4 handed twice: {town.network.handed_twice}")
        self._require(town.network.calls_in_progress == 0, "calls in progress after the end")
        self._require(town.network.rate_violations == 0, "7 limits hold: more messages than the rate allows")

    def _go_on(self, span: int) -> None:
        end = self.town.clock.now() + span
        while self.town.clock.now() < end:
            self._round()

    # --- looking ------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Every promise that can be looked at between two transactions."""
        town = self.town
        with reading(town.database) as connection:
            broken = self._promises.broken_now(connection)
            ringing = town.network.ringing() - self._orphans
            for attempt in sorted(ringing):
                open_for = connection.exec_driver_sql(STILL_WANTED, (attempt,)).fetchone()
                if open_for is None:
                    broken.append(f"3 an answer silences: attempt {attempt} still rings")
        self._require(not broken, "\n  ".join(broken))

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise BrokenPromiseError(self._account(what))

    def _account(self, what: str) -> str:
        """What broke, when, in which storm, what had happened, and how to see it again."""
        weather = replace(self.weather, population=None)  # type: ignore[arg-type] # too long to print
        last = "\n  ".join(self.told[-25:])
        return (
            f"seed={self.seed} plan={self.plan}\n"
            f"  {what}\n"
            f"at {self.town.elapsed:.3f} s after {self.commits} turns; {weather}\n"
            f"  {last}\n"
            f"play it again: pytest tests/scenario/test_storms.py -k {self.plan} --storm-seed {self.seed}"
        )

    def _tell(self, what: str) -> None:
        self.told.append(f"{self.town.elapsed:9.3f} {what}")

    def _last(self, table: str) -> int:
        return int(str(self.town.query(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0]))

    def _callees(self, callout: int, unit: str) -> list[int]:
        sql = "SELECT c.id FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND u.code = ?"
        return [int(str(row[0])) for row in self.town.query(sql, callout, unit)]


STILL_WANTED = """SELECT 1 FROM attempt_callee ac JOIN callee c ON c.id = ac.callee_id
    WHERE ac.attempt_id = ? AND c.voice = 2"""
COLOURS = {
    "Red": ("红色", "Ⅰ级/特别严重"),
    "Orange": ("橙色", "Ⅱ级/严重"),
    "Yellow": ("黄色", "Ⅲ级/较重"),
}
ACTS = {
    Act.RECALL: 4,
    Act.WAIVE: 4,
    Act.OPEN_GATE: 3,
    Act.PAUSE: 2,
    Act.RESUME: 3,
    Act.TOLD_LEADER: 4,
    Act.CANCEL: 1,
    Act.CLOSE: 1,
}


def _chains(configuration: Configuration, plan: str) -> tuple[CallChain, ...]:
    """The chain under test in force; the strict one ships without triggers and takes those of the city's."""
    by_name = {chain.name: chain for chain in configuration.chains}
    if plan == "strict":
        return (replace(by_name["strict"], triggers=by_name["city"].triggers),)
    return (by_name[plan],)
