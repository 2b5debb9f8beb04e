"""年度更新备案 in the daemon: its calendar, and the postman that carries its letters. Both beside the engine's own turning."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog

from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.delivery.configured import reaches_people
from warning_dispatch.engine import renewing
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.letter_doors import LetterSettings
from warning_dispatch.engine.letters import Letters
from warning_dispatch.errors import DispatchError
from warning_dispatch.model.renewal import Approval
from warning_dispatch.ports import ChannelPort, Dispatch, Receipt
from warning_dispatch.renewal.changes import Proving
from warning_dispatch.renewal.reminders import Schedule
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.renewal_desk import DeskSettings, Office, WriterRenewalDesk
from warning_dispatch.settings import Settings
from warning_dispatch.store.renewal_reading import RenewalTables

T = TypeVar("T")

CALENDAR_EVERY = 60.0
"""Seconds between two looks at whether a reminder is due."""
POST_EVERY = 2.0
"""Seconds between two looks at whether a letter can go."""
ROUNDS = 20
"""Batches that one look sends at the most: the next look is soon."""


def renewal_rules(settings: Settings) -> RenewalRules:
    """What the installation has decided; a campaign keeps what it was opened with."""
    renewal = settings.renewal
    schedule = Schedule(tuple(sorted(renewal.reminders)), renewal.hours_from, renewal.hours_until)
    return RenewalRules(Approval(renewal.approval), Proving(renewal.proof), schedule, renewal.proof_days)


def letter_settings(settings: Settings) -> LetterSettings:
    """How letters go."""
    return LetterSettings(public_url=settings.web.public_url, schedule=renewal_rules(settings).schedule)


def calendar(engine: Engine, proof_days: int) -> Callable[[Writer], Awaitable[None]]:
    """The look of a running daemon at the campaign's days; of several daemons one writes each reminder."""

    async def look(writer: Writer) -> None:
        try:
            work = writer.submit(
                Lane.INTAKE, lambda now: engine.once(now, lambda ledger: renewing.look(ledger, proof_days))
            )
            await asyncio.wrap_future(work)
        except DispatchError as error:
            structlog.get_logger("renewal").error("renewal.look_failed", error=str(error))

    return look


class Postman:
    """Claims letters, hands them to the channels, and writes down what the carriers said."""

    def __init__(
        self,
        engine: Engine,
        letters: Letters,
        channels: Mapping[str, ChannelPort],
        clock: Clock,
        letters_wait: Callable[[], bool],
    ) -> None:
        """`channels` by route name. `letters_wait`: a look beside the writer, which is bothered only if there is something."""
        self._letters_wait = letters_wait
        self._engine = engine
        self._letters = letters
        self._channels = channels
        self._clock = clock
        self._log = structlog.get_logger("renewal")

    async def look(self, writer: Writer) -> None:
        """One look. What fails is said, and its letters go again when their lease lapses: none of it stops a warning."""
        try:
            for _ in range(ROUNDS):
                if not await asyncio.to_thread(self._letters_wait) or not await self._round(writer):
                    return
        except DispatchError as error:
            self._log.warning("renewal.post_failed", error=str(error))

    async def _round(self, writer: Writer) -> bool:
        batch = await asyncio.wrap_future(
            writer.submit(Lane.INTAKE, lambda now: self._engine.once(now, self._letters.claim))
        )
        if not batch:
            return False
        by_route: defaultdict[str, list[Dispatch]] = defaultdict(list)
        for one in batch:
            by_route[one.route].append(one)
        said = await asyncio.gather(*(self._deliver(route, some) for route, some in by_route.items()))
        receipts = [receipt for some in said for receipt in some]
        await asyncio.wrap_future(
            writer.submit(
                Lane.INTAKE,
                lambda now: self._engine.once(now, lambda ledger: self._letters.take_receipts(ledger, receipts)),
            )
        )
        return True

    async def _deliver(self, route: str, batch: Sequence[Dispatch]) -> list[Receipt]:
        """A lapsed lease is somebody else's by now; a sample address on a real route goes nowhere."""
        held = [one for one in batch if self._clock.now() < one.lease_until]
        receipts = [Receipt(one.attempt_id, accepted=False, outcome="misconfigured") for one in held if not one.address]
        real = [one for one in held if one.address]
        try:
            receipts.extend(await self._channels[route].deliver(real) if real else ())
        except Exception as error:  # noqa: BLE001 - whatever a channel throws, letters must be accounted for
            self._log.error("renewal.channel_fault", route=route, count=len(real), error=type(error).__name__)
            receipts.extend(
                Receipt(one.attempt_id, accepted=False, outcome="provider_down", unsure=True) for one in real
            )
        self._log.info("renewal.batch", route=route, count=len(batch), accepted=sum(one.accepted for one in receipts))
        return receipts


def renewal_tables(settings: Settings, product: Product, clock: Clock) -> RenewalTables:
    """Pictures of campaigns."""
    return RenewalTables(
        product.database, product.sealer, product.keys.link_key, clock.now, settings.ingest.hand_issuer_name
    )


def renewal_desk(settings: Settings, product: Product, office: Office, clock: Clock) -> WriterRenewalDesk:
    """The desk of campaigns; `office` carries its use cases out."""
    return WriterRenewalDesk(
        office,
        renewal_tables(settings, product, clock),
        product.database,
        product.keys.link_key,
        clock.now,
        DeskSettings(
            renewal_rules(settings),
            not reaches_people(settings),
            settings.contacts.short_codes,
            bool(settings.web.public_url),
        ),
    )


class EngineOffice:
    """renewal_desk.Office where nothing else runs: the caller is the writer."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        """`clock` gives the moment of each use case."""
        self._engine = engine
        self._clock = clock

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """See the port. There is no queue, and so no lane."""
        del lane
        return self._engine.once(self._clock.now(), work).result
