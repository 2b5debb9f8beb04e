"""`simulate` says before a storm what the engine then does on the simulated network: 95 % within a tenth of the time.

Both play the same people; the engine turns on its database, planning on nothing but the machines of the core. Three settings
are played with every run, all ten by `make planning` (`--planning`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from pathlib import Path

import pytest

from warning_dispatch.bootstrap import build_demo
from warning_dispatch.bootstrap.demo import DEMO_NIGHT_CALLS, DEMO_SMS_PER_MINUTE
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.engine import Engine
from warning_dispatch.escalation.budgets import HOUR, Night
from warning_dispatch.ingest.handwritten import Order, compose
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.phonebook import Phonebook, phonebook_of
from warning_dispatch.model.register import Register
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.planning.asking import Asked, Ground, questions_of
from warning_dispatch.planning.crew import one_storm
from warning_dispatch.planning.habits import usual
from warning_dispatch.planning.question import Lines, Question
from warning_dispatch.planning.results import ALL, SHARES
from warning_dispatch.planning.town import town_of
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.simulation import SimulatedNetwork
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.simulation.superiors import NOBODY_WORKS, SuperiorHabit, Superiors
from warning_dispatch.store.readings import TableReadings

ROOT = Path(__file__).parents[2]
WITHIN = "1411"
CITY = "14110041600000"
LOOK_EVERY = 5_000
"""ms between two looks at who has answered."""
NEAR = 0.10
ALREADY = (CalleeState.ACKNOWLEDGED, CalleeState.DUTY_ANSWERED)


@dataclass(frozen=True)
class Setting:
    """One of the ten. `area`: a county's code, or ours; `chain`: by whom the warning is issued."""

    name: str
    area: str
    lines: int
    colour: Colour = Colour.RED
    hour: int = 3
    chain: str = "city"
    seed: int = 1
    superiors: SuperiorHabit = NOBODY_WORKS


SETTINGS = (
    Setting("a county on three lines", "141125", 3),
    Setting("a county on thirty lines by its own warning", "141129", 30, chain="county"),
    Setting("a county whose superiors work", "141127", 4, superiors=SuperiorHabit()),
    Setting("a county on ten lines", "141124", 10, seed=5),
    Setting("an orange warning by day", "141128", 10, colour=Colour.ORANGE, hour=14),
    Setting("a red warning by day", "141121", 8, hour=10, seed=3),
    Setting("a large county on five lines", "141124", 5, seed=7),
    Setting("a county's own warning on few lines", "141130", 4, chain="county", seed=2),
    Setting("the prefecture on a hundred lines", WITHIN, 100),
    Setting("the prefecture on forty lines", WITHIN, 40, seed=9),
)
SHORT = 3
"""So many of them with every run."""


@pytest.fixture(scope="module")
def ground() -> Ground:
    """The demonstration's installation."""
    configuration = load_configuration(ROOT / "config")
    lines = Lines(None, DEMO_SMS_PER_MINUTE, night=Night(DEMO_NIGHT_CALLS))
    return Ground(WITHIN, lines, configuration.outcomes, {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per setting."""
    if "setting" in metafunc.fixturenames:
        chosen = SETTINGS if metafunc.config.getoption("planning") else SETTINGS[:SHORT]
        metafunc.parametrize("setting", chosen, ids=[one.name for one in chosen])


def book_of(seed: int) -> Phonebook:
    """The register that the demonstration makes of a seed, its numbers in clear: the same people pick up."""
    units = read_register(ROOT / "contacts").units
    return phonebook_of(Register(units, sample_receivers(units, seed)), in_clear=True)


def question_of(setting: Setting, ground: Ground, book: Phonebook) -> Question:
    """The setting as planning is asked."""
    configuration = load_configuration(ROOT / "config")
    habits = replace(usual(setting.hour), superiors=setting.superiors)
    asked = Asked(
        chain=configuration.chain(setting.chain),
        hazard=configuration.hazards.hazards["rainstorm"],
        colour=setting.colour,
        areas=(setting.area,),
        lines=(setting.lines,),
        hour=setting.hour,
    )
    return questions_of(asked, ground, habits, book)[0]


class Working:
    """Superiors who go through their lists before the engine, as planning's do."""

    def __init__(self, engine: Engine, read: TableReadings, callout: int, superiors: Superiors) -> None:
        self._engine, self._read, self._callout, self._superiors = engine, read, callout, superiors
        self._begun: set[str] = set()
        self._due: list[tuple[int, str, int, str]] = []
        self._looked = 0

    def look(self, now: int) -> None:
        """Whoever has answered begins in their time; whoever is at it goes on."""
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            for tier in ("counties", "townships"):
                for row in self._read.page(self._callout, CalleeQuery(tier=tier, states=ALREADY, limit=500)).rows:
                    begins = self._superiors.begins(row.unit_code)
                    if row.unit_code not in self._begun and begins is not None and row.answered_at is not None:
                        heappush(self._due, (row.answered_at + begins, row.unit_code, 1, ""))
                    self._begun.add(row.unit_code)
        while self._due and self._due[0][0] <= now:
            self._go_on(*heappop(self._due))

    def _go_on(self, at: int, superior: str, nth: int, told: str) -> None:
        rows = self._open(superior)
        for row in rows:
            if row.unit_code == told and self._superiors.tells(told, nth)[1]:
                self._engine.acknowledge(
                    at, self._callout, row.callee_id, actor=superior, reason="电话告知", means=Means.SUPERIOR
                )
        after = [row for row in rows if row.unit_code > told]
        if after:
            takes, _ = self._superiors.tells(after[0].unit_code, nth)
            heappush(self._due, (at + takes, superior, nth, after[0].unit_code))
        elif nth < self._superiors.habit.passes and rows:
            heappush(self._due, (at + self._superiors.habit.rest, superior, nth + 1, ""))

    def _open(self, superior: str) -> list:
        tier = "townships" if len(superior) == 6 else "villages"
        query = CalleeQuery(tier=tier, area=superior, limit=600)
        waits = (CalleeState.WAITING, *ALREADY)
        return [row for row in self._read.page(self._callout, query).rows if row.state not in waits]


def engine_takes(setting: Setting, question: Question) -> int:
    """How long (ms) the engine takes until 95 % have answered."""
    made = build_demo(
        config=ROOT / "config",
        contacts=ROOT / "contacts",
        database_url=None,
        seed=setting.seed,
        lines=setting.lines,
        now=question.start,
        link_prefix="http://127.0.0.1/r/",
    )
    people = question.habits.people
    network = SimulatedNetwork(setting.seed, people, lines=setting.lines, sms_per_minute=DEMO_SMS_PER_MINUTE)
    engine, read, clock = made.product.engine, made.product.read, VirtualClock(question.start)
    stage = Stage(engine, network, clock)
    order = Order(
        hazard=question.hazard,
        colour=setting.colour,
        areas=((setting.area, "本地"),),
        headline="推演对照",
        description="推演对照",
        instruction="",
        issuer=CITY if setting.chain == "city" else f"{setting.area}41600000",
        issuer_name="气象台",
        actor="test",
        reason="test",
    )
    callout = engine.take_in(question.start, compose(order, question.start), "hand:test").result.callouts[0]
    working = Working(engine, read, callout, Superiors(setting.seed, setting.superiors))
    goal = _goal(read, callout)
    looked = question.start

    def over() -> bool:
        nonlocal looked
        if setting.superiors.works:
            working.look(clock.now())
        if clock.now() - looked < LOOK_EVERY:
            return False
        looked = clock.now()
        return _answered(read, callout) >= goal

    stage.play(over, question.start + question.validity)
    moment = next(point.at for point in read.curve(callout) if point.answered >= goal)
    return moment - question.start


def _answered(read: TableReadings, callout: int) -> int:
    return sum(tier.acknowledged + tier.duty_answered for tier in read.callout(callout).tiers)


def _goal(read: TableReadings, callout: int) -> int:
    told = {tier.name for tier in read.plan(callout).tiers if tier.notice}
    asked = sum(tier.callees for tier in read.callout(callout).tiers if tier.name not in told)
    return -(-asked * 95 // 100)


def test_planning_says_what_the_engine_then_does(
    setting: Setting, ground: Ground, record_property: Callable[[str, object], None]
) -> None:
    """The predicted time until 95 % have answered lies within a tenth of what the engine takes."""
    book = book_of(setting.seed)
    question = question_of(setting, ground, book)
    said = one_storm(question, town_of(question, book), setting.seed).times[ALL][SHARES.index(0.95)]
    did = engine_takes(setting, question)
    record_property("said_and_did", (said, did))
    print(f"{setting.name}: planning {said and said / 60_000:.1f} min, engine {did / 60_000:.1f} min")  # noqa: T201 - the figures
    assert said is not None
    assert abs(said - did) <= NEAR * did
