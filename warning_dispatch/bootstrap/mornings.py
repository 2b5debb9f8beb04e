"""名册的早晨: looks at the register once a day in the flood season and says what got worse. In a thread beside the engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

import sqlalchemy
import structlog

from warning_dispatch.clock import Clock, beijing_text
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.engine.register_desk import WriterRegisterDays
from warning_dispatch.errors import DispatchError
from warning_dispatch.ports import MorningAccount, RegisterDays
from warning_dispatch.registry.readiness import (
    DAY,
    Evidence,
    Memory,
    Readiness,
    Term,
    in_season,
    readiness,
    remembered,
    worse_than,
)
from warning_dispatch.response.reviews import to_remind
from warning_dispatch.settings import ContactSettings, Settings
from warning_dispatch.store.database import reading
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register_reading import stored_register, stored_units
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

REGISTER_EVERY = 60.0
"""Seconds between two looks at whether the register has something due."""
LASTS = 4 * 3_600_000
"""ms after the hour of the morning in which the look may still be made."""
_MONTH = 30.44
"""Days, on average."""


def term_of(contacts: ContactSettings, now: int) -> Term:
    """What the installation counts as ready at a moment (ms)."""
    today = date.fromisoformat(beijing_text(now, "%Y-%m-%d"))
    stale = today - timedelta(days=round(contacts.verified_months * _MONTH))
    return Term(today.isoformat(), stale.isoformat(), now, now + contacts.roster_days * DAY, contacts.units_per_person)


class RegisterMornings:
    """What the register needs day by day."""

    def __init__(self, settings: Settings, database: sqlalchemy.Engine, sealer: AesSealer, clock: Clock) -> None:
        """`sealer` opens the numbers that are compared; none is shown."""
        self._settings = settings
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._kept = ""
        self._told = ""

    def beside(self, engine: Engine) -> Callable[[Writer], Awaitable[None]]:
        """The look of a running daemon. What fails is said and tried again: a register nobody looked at stops no warning."""

        async def look(writer: Writer) -> None:
            try:
                await asyncio.to_thread(self.look, WriterRegisterDays(engine, writer))
            except DispatchError as error:
                structlog.get_logger("register").error("register.look_failed", error=str(error))

        return look

    def look(self, days: RegisterDays) -> None:
        """What is due now; called every minute.

        1. After midnight the register is brought up to the day. 2. In the morning, in the season, whoever
        claims the look first reads the register, compares with the morning before, and tells. 3. The first look ever
        only remembers: there is nothing to compare with. 4. Of a key unit's review the bureau is reminded in any season.
        """
        contacts, now = self._settings.contacts, self._clock.now()
        day = beijing_text(now, "%Y-%m-%d")
        if self._kept != day:
            days.keep_register(day, now - self._settings.retention.days * DAY)
            self._kept = day
        season = in_season(day, contacts.season_from, contacts.season_until)
        if self._told == day or not self._is_morning(now):
            return
        reviews = self._reviews(day)
        if not season and not reviews:
            self._told = day
            return
        memory = days.claim_morning(day)
        if memory is not None:
            out_of_season = MorningAccount(day, {}, {}, 0, memory)
            account = self._account(day, now, json.loads(memory)) if season else out_of_season
            days.tell_morning(replace(account, reviews=reviews))
            self._told = day

    def _reviews(self, day: str) -> tuple[str, ...]:
        """Names of the key units to be reminded of today."""
        with reading(self._database) as connection:
            units = stored_units(connection)
        return tuple(one.name for one in to_remind(units, day, self._settings.contacts.review_days))

    def _is_morning(self, now: int) -> bool:
        """A daemon that starts in the evening keeps it for tomorrow: nobody is rung at night for a list."""
        begun = beijing_text(now, "%H:%M") >= self._settings.contacts.morning
        earlier = beijing_text(now - LASTS, "%Y-%m-%d %H:%M")
        return begun and earlier < f"{beijing_text(now, '%Y-%m-%d')} {self._settings.contacts.morning}"

    def _account(self, day: str, now: int, before: dict[str, object]) -> MorningAccount:
        found, names = self._read(now)
        memory = json.dumps({"unreachable": list(found.unreachable), "gaps": dict(remembered(found).gaps)})
        if not before:
            return MorningAccount(day, {}, {}, found.score, memory)
        worse = worse_than(Memory(before["unreachable"], before["gaps"]), found)  # type: ignore[arg-type] # our own JSON
        lost = {county: tuple(names[code] for code in codes) for county, codes in worse.lost.items()}
        return MorningAccount(day, lost, {gap.value: count for gap, count in worse.more.items()}, found.score, memory)

    def _read(self, now: int) -> tuple[Readiness, dict[str, str]]:
        with reading(self._database) as connection:
            known = stored_evidence(Sql(connection), self._sealer, now)
            register = stored_register(connection, self._sealer)
        evidence = Evidence(*known.evidence())
        names = {unit.code: unit.name for unit in register.units}
        return readiness(register, term_of(self._settings.contacts, now), evidence), names
