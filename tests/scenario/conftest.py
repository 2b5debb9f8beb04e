"""A small prefecture on the simulated network: scenarios are told as rings, keys and gates, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import sqlalchemy
from by_path import loaded
from lxml import etree
from sqlalchemy import Connection

from warning_dispatch.bootstrap import EngineParts, build_engine
from warning_dispatch.bootstrap.wiring import vocabulary_of
from warning_dispatch.clock import VirtualClock, beijing_text
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.filling import PIECE
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.launch import AT_ONCE
from warning_dispatch.engine.observing import Observer, nobody
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.escalation.budgets import Night, per_number
from warning_dispatch.escalation.route_rules import RouteRule
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.response import ResponseBook
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report, Tap
from warning_dispatch.simulation.carrier_log import CarrierLog
from warning_dispatch.simulation.faults import Faults
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, Script, TextHabit, VoiceHabit
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.reading_alarms import listed_alarms
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.storage import TableStorage
from warning_dispatch.web.alarm_words import alarm_detail
from warning_dispatch.web.catalogues import CHINESE, load_catalogues


def _module(name: str) -> ModuleType:
    """A module or package beside this file: tests are no package, so it is loaded by its path."""
    here = Path(__file__).with_name(name)
    return loaded(f"scenario_{name}", here / "__init__.py" if here.is_dir() else here.with_suffix(".py"))


settlement = _module("settlement")
refresh = _module("refresh")
ROOT = Path(__file__).resolve().parents[2]
ROUTES = frozenset({"phones", "spare", "sms", "mail", "operator"})
START = 1_784_727_180_000
"""2026-07-22 21:33:00 in Beijing, in ms."""
SECOND = 1_000
MINUTE = 60_000
SHIPPED_LIMITS = CallLimits({"phones": per_number(), "spare": per_number()}, Night(12))
"""As in config/warning-dispatch.toml."""
SILENT = Population.everyone(VoiceHabit.NEVER, TextHabit.IGNORES)


class Witness(SimulatedNetwork):
    """The network, keeping what was handed over to it (texts and numbers included)."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self.handed: list[Dispatch] = []

    def accept(self, batch: Sequence[Dispatch], now: int) -> list[Receipt]:
        """Take a batch, and keep it."""
        self.handed.extend(batch)
        return super().accept(batch, now)


class Town:
    """Counties, townships and villages with a receiver for each role, an engine, and everybody's phones."""

    usual: ClassVar[Any]
    """The kind of database of towns that name none: see --database."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        counties: int = 2,
        townships: int = 2,
        villages: int = 2,
        lines: int | None = 100,
        seed: int = 1,
        population: Population = SILENT,
        faults: Faults | None = None,
        chains: Sequence[CallChain] | None = None,
        grain: int = SECOND,
        without: Sequence[tuple[str, Role]] = (),
        same_phone: Mapping[tuple[str, Role], tuple[str, Role]] | None = None,
        sms_rate: int | None = None,
        leaders: int = 2,
        clerks: Sequence[str] = (),
        second_phone: Sequence[tuple[str, Role]] = (),
        spare_route: bool = False,
        simulated: bool = True,
        two_of: Sequence[tuple[str, Role]] = (),
        limits: CallLimits | None = None,
        mail: Sequence[tuple[str, Role]] = (),
        only: Sequence[str] = (),
        worlds: Any = None,
        database: sqlalchemy.Engine | None = None,
        statements: Callable[[Connection], Sql] = Sql,
        observe: Observer = nobody,
        bureau: bool = False,
        response: bool = False,
        routes: Sequence[RouteRecord] = (),
        rules: Mapping[str, RouteRule] | None = None,
        value_routes: Sequence[str] = (),
    ) -> None:
        """`same_phone`: one person's post → an earlier post of the same person. `sms_rate`: messages a minute.

        `clerks`: villages that have a duty phone besides A and B. `second_phone`: posts with another number (named
        as `"<code>/2"` in `numbers`). `spare_route`: a second provider for calls. `simulated` False: the routes are
        taken for real ones. `two_of`: posts that two people hold (the other one's number as `"<code>/b"`). `mail`:
        posts with a mail address (as `"<code>@"`). `only`: the register has these units and no others. `worlds`: the kind of database. `database`: one of them that may be filled anew. `statements` and
        `observe` are the storage's and the engine's. `limits`: how often a number may be called; None: as shipped.
        `routes`: instead of the usual ones of their channels; `rules`: their conditions; `value_routes`: that get values.
        `response`: measures are asked as shipped. `bureau`: the weather bureau's own three units are in the register, so that alarms ring them.
        """
        self.configuration = configuration
        self.simulated = simulated
        self.response = configuration.response if response else ResponseBook()
        self.limits = limits or SHIPPED_LIMITS
        self.rules = rules or {}
        self.value_routes = frozenset(value_routes)
        self.own_routes = tuple(routes)
        self.samples = ROOT / "config" / "samples"
        self.chains = tuple(chains or configuration.chains)
        shape = settlement.Shape(
            leaders=leaders,
            counties=counties,
            townships=townships,
            villages=villages,
            clerks=frozenset(clerks),
            without=frozenset(without),
            same_phone=tuple((same_phone or {}).items()),
            second_phone=frozenset(second_phone),
            two_of=tuple(two_of),
            mail=frozenset(mail),
            bureau=bureau,
            only=frozenset(only),
        )
        worlds = worlds or Town.usual
        settled = settlement.settle(shape, worlds)
        self.units, self.numbers = settled.units, settled.numbers
        self.nobody_to_tell: list[Colour] = []
        self.keys = settlement.keys()
        self.sealer = AesSealer(self.keys)
        self.database = database or worlds.create(settled.image)
        if database is not None:
            worlds.fill(database, settled.image)
        self.journal = Journal(self.keys.journal_key, silent_logger())
        self.storage = TableStorage(self.database, self.sealer, self.keys.link_key, self.journal, statements)
        self.texts = _texts()
        self.observe = observe
        self._define_routes(lines, sms_rate, spare_route=spare_route)
        self.clock = VirtualClock(START)
        self.log = CarrierLog(b"scenario", keep=True)
        self.network = Witness(
            seed,
            population,
            lines=2 * lines if lines and spare_route else lines,  # two routes lead to the one network
            sms_per_minute=sms_rate,
            sms_burst=None if sms_rate is None else max(1, sms_rate // 60),  # a second's worth, as the engine saves up
            faults=faults,
            log=self.log,
        )
        self.engine = self.build_engine()
        self.stage = Stage(self.engine, self.network, self.clock, grain=grain)

    # --- building -----------------------------------------------------------------------------------------

    def build_engine(self, batch: int = 500) -> Engine:
        """A fresh engine on the same database: what a restart is. In small batches call-outs are filled in small pieces."""
        parts = EngineParts(
            storage=self.storage,
            sealer=self.sealer,
            chains=self.chains,
            find_hazard=self.configuration.hazards.find,
            outcomes=self.configuration.outcomes,
            freeze_texts=self.texts.freeze,
            hazards=self.configuration.hazards.hazards,
            bureau=self.configuration.bureau,
            response=self.response,
            self_texts=_texts().freeze_self(),
            nobody_to_tell=self.nobody_to_tell.append,
            intake=IntakeSettings(senders=("1411*",), within="1411", max_age=6 * 60 * MINUTE),
            outbox=OutboxSettings(
                batch=batch,
                simulated_routes=(ROUTES | {one.name for one in self.own_routes}) if self.simulated else frozenset(),
                limits=self.limits,
                rules=self.rules,
                value_routes=self.value_routes,
            ),
            observe=self.observe,
            fill_at_once=AT_ONCE if batch >= 500 else batch,
            fill_piece=PIECE if batch >= 500 else batch,
        )
        return build_engine(parts)

    def restart(self, *, phones_lost: bool = False) -> None:
        """Kill the engine and start it again."""
        self.engine = self.stage.engine = self.build_engine()
        self.stage.forget()
        self.engine.recover(self.clock.now(), ("phones",) if phones_lost else ())

    def _define_routes(self, lines: int | None, sms_rate: int | None, *, spare_route: bool) -> None:
        routes = [
            RouteRecord("phones", Channel.VOICE, lines, None),
            RouteRecord("sms", Channel.SMS, None, sms_rate),
            RouteRecord("mail", Channel.EMAIL, None, None),
            RouteRecord("operator", Channel.OPERATOR, None, None),
        ]
        if spare_route:
            routes.append(RouteRecord("spare", Channel.VOICE, lines, None))
        own = {one.channel for one in self.own_routes}
        with self.storage.writing() as tx:
            tx.routes.define([one for one in routes if one.channel not in own] + list(self.own_routes))

    # --- what people do -----------------------------------------------------------------------------------

    def person(self, unit_code: str, role: Role, *voice: VoiceHabit, text: Sequence[TextHabit] = ()) -> None:
        """From now on the person's phone does this, call by call."""
        script = Script(tuple(voice) or (VoiceHabit.NEVER,), tuple(text) or (TextHabit.IGNORES,))
        self.network.set_script(self.numbers[unit_code, role], script)

    def everyone_of(self, level: UnitLevel, role: Role, *voice: VoiceHabit) -> None:
        """All people of a level with a role do the same."""
        for unit in self.units:
            if unit.level is level and (unit.code, role) in self.numbers:
                self.person(unit.code, role, *voice)

    def warning(self, sample: str, *, renamed: dict[str, str] | None = None) -> IntakeResult:
        """A sample message arrives now."""
        raw = (ROOT / "config" / "samples" / sample).read_bytes()
        stamped = restamp(raw, self.clock.now(), renamed)
        return self.take_in(stamped)

    @staticmethod
    def identifier(seconds: float = 0, sender: str = "14110041600000") -> str:
        """The identifier of a sample message that arrived so many seconds after the start."""
        return f"{sender}_{beijing_text(START + int(seconds * SECOND), '%Y%m%d%H%M%S')}"

    def message(self, sample: str, **fields: str) -> bytes:
        """A sample message of this moment with some elements changed: `status="Test"`, `geocode="141124100000"`."""
        root = etree.fromstring(restamp((ROOT / "config" / "samples" / sample).read_bytes(), self.clock.now()))
        for name, text in fields.items():
            next(root.iter("{*}" + name)).text = text
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def take_in(self, raw: bytes) -> IntakeResult:
        """A message arrives now."""
        done = self.engine.take_in(self.clock.now(), raw, "test")
        self.network.hang_up(done.hang_up, self.clock.now())
        return done.result

    def act(self, act: Act, callout_id: int = 1, unit: str = "", reason: str = "test") -> None:
        """An officer acts."""
        done = self.engine.act(self.clock.now(), act, callout_id, actor="officer", reason=reason, unit_code=unit)
        self.network.hang_up(done.hang_up, self.clock.now())

    def record_answer(self, unit_code: str, *, means: Means = Means.OPERATOR, callout_id: int = 1) -> None:
        """An operator or a superior records an answer."""
        done = self.engine.acknowledge(
            self.clock.now(),
            callout_id,
            self.callee_id(unit_code, callout_id),
            actor="officer",
            reason="spoke with them",
            means=means,
        )
        self.network.hang_up(done.hang_up, self.clock.now())

    def tap(self, token: str, shown: int | None = None) -> int:
        """Somebody opens a link and presses the button. `shown`: the newest alarm on the bureau's own page."""
        done = self.engine.answer(self.clock.now(), Inbox(taps=[Tap(token, self.clock.now(), shown)]))
        self.network.hang_up(done.hang_up, self.clock.now())
        return done.result

    def reply(self, unit_code: str, role: Role, text: str, *, ago: int = 0) -> int:
        """A message comes back from a person's mobile, written `ago` seconds before; how many answers counted."""
        reply = Reply(Channel.SMS, self.numbers[unit_code, role], text, self.clock.now() - 1_000 * ago)
        done = self.engine.answer(self.clock.now(), Inbox(replies=[reply]))
        self.network.hang_up(done.hang_up, self.clock.now())
        return done.result

    def report(self, unit_code: str, role: Role, outcome: str, *, channel: Channel = Channel.VOICE) -> None:
        """The carrier reports this of the last call (or message) to a person, now."""
        sql = """SELECT max(a.id) FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id
            WHERE u.code = ? AND a.role = ? AND a.channel = ? AND a.claimed_at IS NOT NULL"""
        attempt_id = int(str(self.query(sql, unit_code, int(role), channel.value)[0][0]))
        self.stage._inbox.reports.append(Report(attempt_id, outcome, self.clock.now()))

    def dispatches(self, unit_code: str, role: Role, channel: Channel = Channel.VOICE) -> list[Dispatch]:
        """What was handed to the carrier for a person's number."""
        number = self.numbers[unit_code, role]
        return [one for one in self.network.handed if one.address == number and one.channel is channel]

    def set_clock(self, minutes: float) -> None:
        """Somebody sets the wall clock forward (or back); no time passes, and the daemon notices."""
        self.clock.step(int(minutes * MINUTE))
        self.stage.mind_the_clock()

    def claim(self, *alarm_ids: int, actor: str = "officer") -> Sequence[int]:
        """Somebody of the bureau says at the keyboard that it is in hand; without ids, all of it."""
        done = self.engine.claim_alarms(self.clock.now(), alarm_ids or None, actor=actor)
        self.network.hang_up(done.hang_up, self.clock.now())
        return done.result

    def source_silent(self, name: str) -> None:
        """Whoever watches a source says that it has fallen silent."""
        self.engine.source_silent(self.clock.now(), name)

    def play(self, *, seconds: float | None = None, over: Callable[[], bool] = lambda: False) -> None:
        """Let time pass: so many seconds, or until `over`."""
        until = None if seconds is None else self.clock.now() + int(seconds * SECOND)
        self.stage.play(over, until)
        if until is not None:
            self.clock.advance_to(until)
            self.stage.listen()

    # --- what can be seen ---------------------------------------------------------------------------------

    @property
    def elapsed(self) -> float:
        """Seconds that have passed since the start, whatever the wall clock says."""
        return self.clock.monotonic() / SECOND

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows straight from the database."""
        with reading(self.database) as connection, connection.begin():
            return [tuple(row) for row in Sql(connection).rows(sql, *values)]

    def change(self, sql: str, *values: object) -> None:
        """Somebody changed a row behind the engine's back."""
        with writing(self.database) as connection:
            Sql(connection).run(sql, *values)

    def callee_id(self, unit_code: str, callout_id: int = 1) -> int:
        """The id of a unit's callee."""
        sql = "SELECT c.id FROM callee c JOIN unit u ON u.id = c.unit_id WHERE u.code = ? AND c.callout_id = ?"
        return int(str(self.query(sql, unit_code, callout_id)[0][0]))

    def state(self, unit_code: str, callout_id: int = 1) -> CalleeState:
        """The state of a unit's callee."""
        sql = "SELECT state FROM callee WHERE id = ?"
        return CalleeState(self.query(sql, self.callee_id(unit_code, callout_id))[0][0])

    def callout_state(self, callout_id: int = 1) -> CallOutState:
        """The state of the call-out."""
        return CallOutState(self.query("SELECT state FROM callout WHERE id = ?", callout_id)[0][0])

    def rings(self, unit_code: str, role: Role | None = None) -> list[float]:
        """When (seconds after the start) a unit's phones began to ring, by role if named."""
        sql = """SELECT a.claimed_at FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id
            WHERE u.code = ? AND a.channel = 1 AND a.claimed_at IS NOT NULL AND (? = 0 OR a.role = ?)
            ORDER BY a.claimed_at"""
        rows = self.query(sql, unit_code, int(role or 0), int(role or 0))
        return [(int(str(row[0])) - START) / SECOND for row in rows]

    def rang(self, unit_code: str, *roles: Role) -> list[float]:
        """When a unit's phones rang as the carrier has it: seconds that have really passed since the start."""
        numbers = {self.numbers.get((unit_code, role), "") for role in roles or tuple(Role)}
        return self._handed({self.log.digest(one) for one in numbers - {""}}, Channel.VOICE)

    def written(self, unit_code: str, *roles: Role) -> list[float]:
        """When messages went to a unit, as the carrier has it."""
        numbers = {self.numbers.get((unit_code, role), "") for role in roles or tuple(Role)}
        return self._handed({self.log.digest(one) for one in numbers - {""}}, Channel.SMS)

    def _handed(self, addresses: set[str], channel: Channel) -> list[float]:
        found = [one for one in self.log.records() if one.what == "handed" and one.channel is channel]
        return [(one.at - START) / SECOND for one in found if one.address in addresses]

    def texts_to(self, unit_code: str) -> list[tuple[float, Role, int]]:
        """(seconds after the start, role, purpose) of messages sent to a unit."""
        sql = """SELECT a.claimed_at, a.role, a.purpose FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id
            WHERE u.code = ? AND a.channel = 2 AND a.claimed_at IS NOT NULL ORDER BY a.claimed_at, a.role"""
        return [
            ((int(str(at)) - START) / SECOND, Role(role), int(str(purpose)))
            for at, role, purpose in self.query(sql, unit_code)
        ]

    def opened(self, unit_code: str, callout_id: int = 1) -> float | None:
        """When (seconds after the start) the unit's gate opened."""
        sql = "SELECT opened_at FROM callee WHERE id = ?"
        at = self.query(sql, self.callee_id(unit_code, callout_id))[0][0]
        return None if at is None else (int(str(at)) - START) / SECOND

    def opened_by(self, unit_code: str, callout_id: int = 1) -> str | None:
        """Why the gate before the unit opened; None while it is shut."""
        sql = "SELECT b.opened_by FROM branch b JOIN callee c ON c.branch_id = b.id WHERE c.id = ?"
        reason = self.query(sql, self.callee_id(unit_code, callout_id))[0][0]
        return None if reason is None else str(reason)

    def outcomes(self, unit_code: str, role: Role | None = None) -> list[str | None]:
        """What became of the calls to a unit, in their order; None while one is under way."""
        sql = """SELECT a.outcome FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id
            WHERE u.code = ? AND a.channel = 1 AND a.claimed_at IS NOT NULL AND (? = 0 OR a.role = ?)
            ORDER BY a.claimed_at, a.id"""
        rows = self.query(sql, unit_code, int(role or 0), int(role or 0))
        return [None if row[0] is None else str(row[0]) for row in rows]

    def answers(self, unit_code: str, callout_id: int = 1) -> list[tuple[Means, bool]]:
        """(how it came, whether it counted) of every answer recorded for a unit."""
        sql = "SELECT means, counted FROM acknowledgement WHERE callee_id = ? ORDER BY id"
        rows = self.query(sql, self.callee_id(unit_code, callout_id))
        return [(Means(means), bool(counted)) for means, counted in rows]

    def queued(self, callout_id: int = 1, *, purpose: Purpose = Purpose.CALL) -> int:
        """How many attempts wait for a line or the rate."""
        sql = "SELECT count(*) FROM attempt WHERE callout_id = ? AND state = 1 AND purpose = ?"
        return int(str(self.query(sql, callout_id, purpose.value)[0][0]))

    def findings(self) -> list[tuple[str, Role, str]]:
        """(unit, role, outcome) of numbers found to be wrong."""
        sql = """SELECT u.code, e.role, e.finding FROM endpoint e JOIN unit u ON u.id = e.unit_id
            WHERE e.finding IS NOT NULL AND e.finding <> '' ORDER BY e.id"""
        return [(str(code), Role(role), str(finding)) for code, role, finding in self.query(sql)]

    def journal_entries(self, stream: str = "callout:1") -> list[dict[str, object]]:
        """Everything a stream of the journal tells, in its order."""
        rows = self.query("SELECT body FROM journal_block WHERE stream = ? ORDER BY seq", stream)
        return [entry for (body,) in rows for entry in json.loads(str(body))]

    def alarms(self) -> list[str]:
        """Kinds of alarm raised so far."""
        return [str(row[0]) for row in self.query("SELECT kind FROM alarm ORDER BY id")]

    def alarm_texts(self, kind: str, language: str = CHINESE) -> list[str]:
        """What the list says of every alarm of a kind, oldest first: the unit, and what is known besides."""
        words = load_catalogues()[language]
        with reading(self.database) as connection:
            rows = listed_alarms(Sql(connection), 1_000, open_only=False, callout_id=None).rows
        return [f"{one.unit_name} {alarm_detail(one, words)}".strip() for one in rows[::-1] if one.kind == kind]

    def token_for(self, unit_code: str, role: Role, callout_id: int = 1) -> str:
        """The link of a person of a unit."""
        sql = """SELECT r.id FROM receiver r JOIN unit u ON u.id = r.unit_id WHERE u.code = ? AND r.role = ?"""
        receiver = int(str(self.query(sql, unit_code, int(role))[0][0]))
        with self.storage.writing() as tx:
            return tx.links.tokens([(callout_id, receiver, Purpose.CALL)])[0]


CITY = "14110041600000"
"""The city's observatory."""


class Forecasters:
    """Forecasters who write messages: of the city or of a county, about some counties, at a colour."""

    def __init__(self, place: Any) -> None:
        self.place = place

    def send(
        self,
        colour: tuple[str, str],
        *areas: str,
        kind: str = "Alert",
        hazard: tuple[str, str] = ("11B03", "暴雨"),
        of: str = CITY,
        references: str = "",
        **more: str,
    ) -> IntakeResult:
        """A message arrives now; `identifier` of the last one is kept."""
        severity, chinese = colour
        sample = "12379-red-rain-city.xml" if of == CITY else "12379-county-red-rain.xml"
        headline = f"气象台发布{hazard[1]}{chinese}预警信号"
        moment = self.place.identifier(self.place.elapsed).split("_")[1]
        self.identifier = f"{of}_{moment}"
        raw = self.place.message(
            sample,
            identifier=self.identifier,
            senderCode=of,
            msgType=kind,
            references=references,
            severity=severity,
            eventType=hazard[0],
            headline=headline,
            geocode=",".join(f"{area:0<12}" for area in areas) or "141100000000",
            **more,
        )
        result: IntakeResult = self.place.take_in(raw)
        return result


@cache
def _texts() -> TextBook:
    """The shipped texts, compiled once for all towns."""
    vocabulary = vocabulary_of(load_configuration(ROOT / "config"))
    return TextBook(ROOT / "config" / "messages", ("zh_CN", "en"), vocabulary)


@pytest.fixture(scope="session", autouse=True)
def usual_worlds(worlds: Any) -> None:
    """Towns are built on what --database says."""
    Town.usual = worlds


@pytest.fixture(scope="session")
def configuration() -> Configuration:
    """The shipped configuration."""
    return load_configuration(ROOT / "config")


@pytest.fixture
def town(configuration: Configuration) -> Callable[..., Town]:
    """Builds a town; keyword arguments as in Town."""

    def build(**changes: object) -> Town:
        return Town(configuration, **changes)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="module")
def large_town(configuration: Configuration) -> Callable[..., Town]:
    """As `town`, for a night that several tests of a module look at."""

    def build(**changes: object) -> Town:
        return Town(configuration, **changes)  # type: ignore[arg-type]

    return build


@pytest.fixture
def storm(town: Callable[..., Town], worlds: Any) -> Callable[..., Any]:
    """Plays one storm (plan, seed) to its end and returns it; see the package storms beside this file."""
    storms = _module("storms")

    def play(plan: str, seed: int, kind: Any = None, *, workers: int = 1, drills: bool = False) -> Any:
        night = storms.Storm(town, plan, seed, kind or worlds, workers, drills=drills)
        night.play()
        return night

    return play


@pytest.fixture
def promises() -> ModuleType:
    """The questions to a finished night; see storms/promises.py."""
    return _module("storms")


@pytest.fixture
def forecasters() -> Callable[[Any], Forecasters]:
    """The observatories of a town."""
    return Forecasters


@pytest.fixture
def kept() -> Callable[[Any], None]:
    """Looks at the promises of a town at this moment, and at whether its journals tell what its rows say."""
    storms = _module("storms")

    def look(place: Any) -> None:
        with reading(place.database) as connection:
            assert storms.promises.broken_now(Sql(connection), storms.promises.Truth()) == []
            assert fold_faults(connection) == []

    return look


__all__ = ["MINUTE", "SECOND", "START", "Town", "replace"]


@pytest.fixture(scope="session")
def make_refresh(worlds: Any) -> Callable[..., Any]:
    """Installations with a campaign to be played: see refresh.py."""

    def make(*parts: Any, **named: Any) -> Any:
        return refresh.Refresh(worlds, *parts, **named)

    return make
