"""The engine and what it stands on, by plain constructor calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import sqlalchemy
from pydantic import TypeAdapter
from structlog.typing import FilteringBoundLogger

from warning_dispatch.clock import Clock, ServedClock, SystemClock
from warning_dispatch.configuration import Configuration
from warning_dispatch.configuration.freezing import chain_from_json, chain_to_json
from warning_dispatch.delivery.drill_words import announcement
from warning_dispatch.delivery.letter_words import LetterWords
from warning_dispatch.delivery.naming import Composer
from warning_dispatch.delivery.templates import Vocabulary
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.delivery.ways import Ways
from warning_dispatch.engine.acts import Acts
from warning_dispatch.engine.bureau import Bureau, BureauPlan
from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.engine.drill_composing import Composer as DrillComposer
from warning_dispatch.engine.drill_composing import DrillSettings
from warning_dispatch.engine.drills import DrillParts, Drills
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.filling import PIECE, Filler
from warning_dispatch.engine.frozen import FrozenPlans, texts_to_json
from warning_dispatch.engine.intake import Intake, IntakeSettings, RulesFinder, usual_rules
from warning_dispatch.engine.launch import AT_ONCE, Launcher
from warning_dispatch.engine.letter_doors import LetterSettings
from warning_dispatch.engine.letters import Letters
from warning_dispatch.engine.locating import ShapeFinder, no_positions
from warning_dispatch.engine.observing import Observer, nobody
from warning_dispatch.engine.outbox import Compose, Outbox, OutboxSettings
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.reports import Reports
from warning_dispatch.engine.responding import Responding
from warning_dispatch.engine.rounds import HazardFinder, Rounds
from warning_dispatch.engine.turn import Turn
from warning_dispatch.engine.widening import Widening
from warning_dispatch.escalation.blackout import BlackoutRule
from warning_dispatch.escalation.budgets import Budget, Night
from warning_dispatch.escalation.route_rules import ANYTHING, RouteRule
from warning_dispatch.ingest import read_parts
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard, Outcome
from warning_dispatch.model.response import ResponseBook
from warning_dispatch.model.texts import AlertFacts, FrozenTexts
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Sealer
from warning_dispatch.store.database import server_time
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.storage import TableStorage
from warning_dispatch.store.workers import Workers
from warning_dispatch.watching.meters import ProcessMeters

HOUR = 3_600_000
_ALERTS = TypeAdapter(Alert)


def alert_to_json(alert: Alert) -> str:
    """The parsed alert as kept in the database."""
    return _ALERTS.dump_json(alert).decode()


def alert_from_json(text: str) -> Alert:
    """The parsed alert as it was kept."""
    return _ALERTS.validate_json(text)


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What the engine is made of: configuration already read, adapters already built. Times in ms."""

    storage: TableStorage
    sealer: Sealer
    chains: Sequence[CallChain]
    find_hazard: HazardFinder
    outcomes: Mapping[str, Outcome]
    freeze_texts: Callable[[AlertFacts], FrozenTexts]
    intake: IntakeSettings
    hazards: Mapping[str, Hazard] = field(default_factory=dict)
    bureau: CallChain | None = None
    """The chain by which the bureau calls itself; None: it does not."""
    self_texts: FrozenTexts = field(default_factory=lambda: FrozenTexts({}))
    nobody_to_tell: Callable[[Colour], None] = lambda _colour: None
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    compose: Compose = field(default_factory=Composer)
    pause_max: int = 600_000
    blackout: BlackoutRule = field(default_factory=BlackoutRule)
    validity: Mapping[Colour, int] = field(default_factory=lambda: {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR})
    observe: Observer = nobody
    rules_of: RulesFinder = usual_rules
    find_shape: ShapeFinder = no_positions
    fill_at_once: int = AT_ONCE
    fill_piece: int = PIECE
    issuer_name: str = ""
    """In whose name a drill is that goes by no message."""
    announce: Callable[[AlertFacts, int], FrozenTexts] = lambda facts, at: announcement(facts, at, ("zh_CN",))
    response: ResponseBook = field(default_factory=ResponseBook)
    """What is asked of whom in which stage."""
    letters: Letters | None = None
    """Who sends the yearly refresh's letters, and takes in what carriers tell of them."""


def build_engine(parts: EngineParts) -> Engine:
    """Wire the engine."""
    plans = FrozenPlans(chain_from_json)
    reports = Reports(
        parts.outcomes,
        parts.sealer.blind_index,
        parts.outbox.report_overdue,
        parts.blackout,
        counted=parts.outbox.limits.texts,
        letters=parts.letters,
    )
    outbox = Outbox(parts.outbox, parts.compose)
    responding = Responding(parts.response)
    launcher = Launcher(
        within=parts.intake.within,
        freeze_texts=parts.freeze_texts,
        plan_to_json=chain_to_json,
        default_validity=lambda colour: parts.validity.get(colour, 12 * HOUR),
        at_once=parts.fill_at_once,
        responding=responding,
    )
    filler = Filler(parts.fill_piece)
    rounds = Rounds(launcher, parts.chains, parts.find_hazard, alert_from_json, parts.intake.within, filler)
    within = parts.intake.within
    plan = _bureau_plan(parts.bureau, within, parts.self_texts) if parts.bureau else None
    bureau = Bureau(plan, parts.nobody_to_tell)
    return Engine(
        storage=parts.storage,
        plans=plans,
        turn=Turn(
            parts.storage,
            plans,
            outbox,
            reports,
            parts.outbox.batch,
            bell=bureau,
            widen=Widening(launcher, rounds, parts.hazards, alert_from_json, within),
            observe=parts.observe,
            responding=responding,
        ),
        intake=Intake(
            settings=parts.intake,
            chains=parts.chains,
            find_hazard=parts.find_hazard,
            read_message=read_parts,
            launcher=launcher,
            rounds=rounds,
            alert_to_json=alert_to_json,
            alert_from_json=alert_from_json,
            rules_of=parts.rules_of,
            find_shape=parts.find_shape,
        ),
        acts=Acts(parts.pause_max, rounds, filler, responding),
        reports=reports,
        bureau=bureau,
        filler=filler,
        drills=_drills(parts),
        observe=parts.observe,
        in_hand=parts.outbox.in_hand,
    )


def _drills(parts: EngineParts) -> Drills:
    settings = DrillSettings(
        chains=parts.chains,
        hazards=parts.hazards,
        find_hazard=parts.find_hazard,
        within=parts.intake.within,
        issuer_name=parts.issuer_name,
        plan_to_json=chain_to_json,
        alert_from_json=alert_from_json,
        validity=lambda colour: parts.validity.get(colour, 12 * HOUR),
    )
    return Drills(
        DrillParts(
            compose=DrillComposer(settings),
            freeze_texts=parts.freeze_texts,
            announce=parts.announce,
            plan_from_json=chain_from_json,
            plan_to_json=chain_to_json,
            at_once=parts.fill_at_once,
        )
    )


def vocabulary_of(configuration: Configuration) -> Vocabulary:
    """What templates may be named after: hazards, and the tiers of all chains."""
    tiers = {tier.name for chain in configuration.chains for tier in chain.tiers}
    return Vocabulary(frozenset(configuration.hazards.hazards), frozenset(tiers))


def _bureau_plan(chain: CallChain, within: str, texts: FrozenTexts) -> BureauPlan:
    return BureauPlan(chain, within, chain_to_json(chain), texts_to_json(texts))


REACHED = frozenset({"key_pressed", "heard_no_key", "hung_up_early"})
"""Outcomes of a call that prove that it got through to a person (传得到)."""


@dataclass(frozen=True, slots=True)
class Product:
    """Everything wired but not running."""

    engine: Engine
    database: sqlalchemy.Engine
    storage: TableStorage
    sealer: AesSealer
    keys: KeyRing
    read: TableReadings
    configuration: Configuration
    letters: Letters
    meters: ProcessMeters

    def crew(self) -> Workers | None:
        """This process among others on its database, from now on; None where it has the database to itself."""
        if not self.storage.many_writers:
            return None
        workers = Workers(self.database)
        self.storage.worker = workers.id
        return workers

    def clock(self) -> Clock:
        """The clock to go by: the machine's, or where several machines may work that of the database."""
        if not self.storage.many_writers:
            return SystemClock()
        return ServedClock(partial(server_time, self.database))

    def close(self) -> None:
        """Let go of the database."""
        self.database.dispose()


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A configured route: its adapter, its limits and conditions. `rate` per minute; `signature`: in front of an SMS."""

    name: str
    channel: Channel
    simulated: bool
    lines: int | None = None
    rate: int | None = None
    per_number: Budget | None = None
    values: bool = False
    """Whether its provider fills templates of its own."""
    rule: RouteRule = ANYTHING
    signature: str = ""


def _limits(routes: Sequence[RoutePlan], night: Night | None) -> CallLimits:
    texts = frozenset(one.name for one in routes if one.per_number and one.channel is not Channel.VOICE)
    return CallLimits({one.name: one.per_number for one in routes if one.per_number}, night, texts)


def wire_product(
    *,
    database: sqlalchemy.Engine,
    keys: KeyRing,
    configuration: Configuration,
    messages: Path,
    languages: Sequence[str],
    routes: Sequence[RoutePlan],
    intake: IntakeSettings,
    outbox: OutboxSettings,
    log: FilteringBoundLogger,
    pause_max: int = 600_000,
    blackout: BlackoutRule | None = None,
    validity: Mapping[Colour, int] | None = None,
    night: Night | None = None,
    call_itself: bool = True,
    rules_of: RulesFinder = usual_rules,
    find_shape: ShapeFinder = no_positions,
    letters: LetterSettings | None = None,
    ways: Ways | None = None,
    issuer_name: str = "",
) -> Product:
    """Constructor calls for the engine and what it stands on. The schema of `database` must be current."""
    sealer = AesSealer(keys)
    storage = TableStorage(database, sealer, keys.link_key, Journal(keys.journal_key, log))
    texts = TextBook(messages, tuple(languages), vocabulary_of(configuration), ways)
    letter_office = _letter_office(letters, routes, texts, configuration)
    meters = ProcessMeters()
    parts = EngineParts(
        storage=storage,
        sealer=sealer,
        chains=configuration.chains,
        find_hazard=configuration.hazards.find,
        outcomes=configuration.outcomes,
        freeze_texts=texts.freeze,
        intake=intake,
        hazards=configuration.hazards.hazards,
        bureau=configuration.bureau if call_itself else None,
        self_texts=texts.freeze_self(),
        nobody_to_tell=lambda colour: log.error("bureau.nobody_to_tell", colour=colour.key),
        outbox=_with_routes(outbox, routes, night),
        compose=Composer(texts.speech, {one.name: one.signature for one in routes if one.signature}),
        pause_max=pause_max,
        blackout=blackout or BlackoutRule(),
        validity=validity or {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR},
        rules_of=rules_of,
        find_shape=find_shape,
        response=configuration.response,
        letters=letter_office,
        issuer_name=issuer_name,
        announce=partial(announcement, languages=tuple(languages)),
        observe=meters.observe,
    )
    if call_itself and configuration.bureau is None:
        log.error("bureau.no_chain")
    _define(storage, routes)
    read = TableReadings(database, sealer, configuration.hazards.names(), reached=REACHED)
    return Product(build_engine(parts), database, storage, sealer, keys, read, configuration, letter_office, meters)


def _letter_office(
    letters: LetterSettings | None, routes: Sequence[RoutePlan], texts: TextBook, configuration: Configuration
) -> Letters:
    """Who sends the letters of the yearly refresh."""
    simulated = frozenset(one.name for one in routes if one.simulated)
    budgets = {one.name: one.per_number for one in routes if one.per_number}
    settings = replace(
        letters or LetterSettings(),
        simulated_routes=simulated,
        value_routes=_value_routes(routes),
        budgets=budgets,
        rules={one.name: one.rule for one in routes},
    )
    return Letters(settings, LetterWords(texts), configuration.outcomes)


def _with_routes(outbox: OutboxSettings, routes: Sequence[RoutePlan], night: Night | None) -> OutboxSettings:
    """What the outbox must know of the routes."""
    return replace(
        outbox,
        simulated_routes=frozenset(one.name for one in routes if one.simulated),
        value_routes=_value_routes(routes),
        limits=_limits(routes, night),
        rules={one.name: one.rule for one in routes},
    )


def _value_routes(routes: Sequence[RoutePlan]) -> frozenset[str]:
    return frozenset(one.name for one in routes if one.values)


def _define(storage: TableStorage, routes: Sequence[RoutePlan]) -> None:
    """The rows of the routes are those of the configuration."""
    with storage.writing() as tx:
        tx.routes.define([RouteRecord(one.name, one.channel, one.lines, one.rate) for one in routes])
