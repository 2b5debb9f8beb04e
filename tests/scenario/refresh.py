"""A campaign on the simulated network: a register, an engine, everybody's phones, and registrars who do what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from warning_dispatch.bootstrap import EngineParts, build_engine
from warning_dispatch.bootstrap.renewal import EngineOffice
from warning_dispatch.bootstrap.wiring import vocabulary_of
from warning_dispatch.clock import VirtualClock, beijing_text
from warning_dispatch.configuration import load_configuration
from warning_dispatch.delivery.letter_words import LetterWords
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.engine import renewing
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.letter_doors import LetterSettings
from warning_dispatch.engine.letters import Letters
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.register import Register
from warning_dispatch.model.renewal import FILING_PATH
from warning_dispatch.model.unit import Channel, ReceiverEntry, Role, Unit
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report, Tap
from warning_dispatch.renewal.reminders import day_begins
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.renewal_desk import DeskSettings, WriterRenewalDesk
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, Script, TextHabit, VoiceHabit
from warning_dispatch.store.database import writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.renewal_reading import RenewalTables
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.storage import TableStorage

ROOT = Path(__file__).resolve().parents[2]
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ROUTES = frozenset({"phones", "sms", "mail", "operator"})
T = TypeVar("T")


@dataclass(slots=True)
class Carrier:
    """The network, keeping what was handed over."""

    network: SimulatedNetwork
    handed: list[Dispatch] = field(default_factory=list)

    def accept(self, batch: Sequence[Dispatch], now: int) -> list[Receipt]:
        """Take a batch."""
        self.handed.extend(batch)
        return self.network.accept(batch, now)


class Refresh:
    """One installation with its register, at the beginning of a day."""

    def __init__(
        self,
        worlds: Any,
        units: Sequence[Unit],
        receivers: Iterable[ReceiverEntry],
        *,
        day: str = "2027-04-06",
        rules: RenewalRules | None = None,
        sms_rate: int | None = None,
        text: TextHabit = TextHabit.IGNORES,
        seed: int = 1,
        simulated: bool = True,
        value_routes: frozenset[str] = frozenset(),
    ) -> None:
        """`sms_rate`: messages a minute. `text`: what everybody does with a message unless told otherwise (`says`).

        `value_routes`: those whose providers fill templates of their own.
        """
        self.value_routes = value_routes
        self.keys = KeyRing.simulated(1)
        self.sealer = AesSealer(self.keys)
        self.rules = rules or RenewalRules()
        self.database = worlds.create()
        self.clock = VirtualClock(day_begins(day) + 9 * HOUR)
        self.receivers = tuple(receivers)
        with writing(self.database) as connection:
            replace_register(connection, self.sealer, Register(tuple(units), self.receivers), self.clock.now())
        self.storage = TableStorage(
            self.database, self.sealer, self.keys.link_key, Journal(self.keys.journal_key, silent_logger())
        )
        with self.storage.writing() as tx:
            tx.routes.define(
                [
                    RouteRecord("phones", Channel.VOICE, 100),
                    RouteRecord("sms", Channel.SMS, rate=sms_rate),
                    RouteRecord("mail", Channel.EMAIL),
                    RouteRecord("operator", Channel.OPERATOR),
                ]
            )
        configuration = load_configuration(ROOT / "config")
        self.texts = TextBook(ROOT / "config" / "messages", ("zh_CN", "en"), vocabulary_of(configuration))
        self.configuration = configuration
        self.simulated = simulated
        self.letters = self.make_letters()
        self.engine = build_engine(
            EngineParts(
                storage=self.storage,
                sealer=self.sealer,
                chains=configuration.chains,
                find_hazard=configuration.hazards.find,
                outcomes=configuration.outcomes,
                freeze_texts=self.texts.freeze,
                hazards=configuration.hazards.hazards,
                intake=IntakeSettings(senders=("1411*",), within="1411", max_age=6 * HOUR),
                outbox=OutboxSettings(simulated_routes=ROUTES),
                letters=self.letters,
            )
        )
        self.office = EngineOffice(self.engine, self.clock)
        self.read = RenewalTables(self.database, self.sealer, self.keys.link_key, self.clock.now, "吕梁市气象台")
        self.desk = WriterRenewalDesk(
            self.office,
            self.read,
            self.database,
            self.keys.link_key,
            self.clock.now,
            DeskSettings(self.rules, samples=True),
        )
        network = SimulatedNetwork(seed, Population.everyone(VoiceHabit.NEVER, text))
        self.carrier = Carrier(network)
        self.handed_at: list[tuple[int, Dispatch]] = []
        self.numbers = {
            (one.unit_code, one.role): next((each.address for each in one.endpoints if each.channel is Channel.SMS), "")
            for one in reversed(self.receivers)
        }

    def make_letters(self) -> Letters:
        """Whoever claims and takes in letters; another worker has its own."""
        settings = LetterSettings(
            "https://jy.example.cn",
            schedule=self.rules.schedule,
            simulated_routes=ROUTES if self.simulated else frozenset(),
            value_routes=self.value_routes,
        )
        return Letters(settings, LetterWords(self.texts), self.configuration.outcomes)

    # --- time ---------------------------------------------------------------------------------------------

    def look(self) -> int:
        """What the calendar has due; how many letters it wrote."""
        return self.engine.once(self.clock.now(), renewing.look).result

    def post(self) -> int:
        """Letters go until none can go now; what the phones say is taken in. How many went."""
        count = 0
        while batch := self.engine.once(self.clock.now(), self.letters.claim).result:
            receipts = self.carrier.accept(batch, self.clock.now())
            self.handed_at += [(self.clock.now(), one) for one in batch]
            self.engine.once(self.clock.now(), lambda ledger, some=receipts: self.letters.take_receipts(ledger, some))
            count += len(batch)
        self.listen()
        return count

    def listen(self) -> None:
        """What reaches us by now."""
        events = self.carrier.network.advance(self.clock.now())
        if events:
            self.engine.turn(
                self.clock.now(),
                Inbox(
                    reports=[one for one in events if isinstance(one, Report)],
                    replies=[one for one in events if isinstance(one, Reply)],
                    taps=[one for one in events if isinstance(one, Tap)],
                ),
            )

    def until(self, moment: int, step: int = 10 * MINUTE) -> None:
        """Time passes: by day every step, at night in one leap to the morning and one look an hour."""
        while self.clock.now() < moment:
            by_day = "08:00" <= beijing_text(self.clock.now(), "%H:%M") < "18:30"
            self.clock.advance_to(min(self.clock.now() + (step if by_day else HOUR), moment))
            self.look()
            self.post()

    def until_day(self, day: str, time: str = "09:00") -> None:
        """Time passes until a time of a day in Beijing."""
        hours, minutes = time.split(":")
        self.until(day_begins(day) + int(hours) * HOUR + int(minutes) * MINUTE)

    @property
    def today(self) -> date:
        """The Beijing day."""
        return date.fromisoformat(beijing_text(self.clock.now(), "%Y-%m-%d"))

    # --- people -------------------------------------------------------------------------------------------

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Ask the desk."""
        return asyncio.run(work)

    def says(self, address: str, habit: TextHabit) -> None:
        """What somebody does with a message from now on."""
        self.carrier.network.set_script(address, Script((VoiceHabit.NEVER,), (habit,)))

    def letters_to(self, address: str, kind: str = "") -> list[Dispatch]:
        """What was handed over for an address; `kind`: "/f/" or "/p/", which stands in the link."""
        return [one for one in self.carrier.handed if one.address == address and kind in one.link]

    def token(self, address: str) -> str:
        """Of the filing link that was sent to an address."""
        return self.letters_to(address, FILING_PATH)[-1].link.rsplit("/", 1)[-1]

    def registrar(self, unit_code: str, role: Role = Role.PRIMARY) -> tuple[str, str]:
        """Token and step of whoever answers for a unit, who opens the link on the phone."""
        address = self.numbers[unit_code, role]
        token = self.token(address)
        return token, self.do(self.desk.pass_step(token, address[-4:]))
