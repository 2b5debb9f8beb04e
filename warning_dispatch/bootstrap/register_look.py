"""名册的样子: web.register_look.RegisterLook on an installation's database."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy

from warning_dispatch.bootstrap.mornings import term_of
from warning_dispatch.clock import Clock
from warning_dispatch.model.register_changes import RegisterChangeRow
from warning_dispatch.registry.readiness import Evidence, readiness
from warning_dispatch.settings import ContactSettings
from warning_dispatch.store.database import reading
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register import unusable_endpoints
from warning_dispatch.store.register_history import recent_changes
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.web.register_look import ReadinessPicture

KEPT_FOR = 20_000
"""ms for which a picture is shown again: the whole register is opened for each."""


class TableRegisterLook:
    """Reads, and shows nothing in clear. Safe from any thread: several browsers wait for one look."""

    def __init__(self, contacts: ContactSettings, database: sqlalchemy.Engine, sealer: AesSealer, clock: Clock) -> None:
        """`sealer` opens the numbers that are compared."""
        self._contacts = contacts
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._lock = threading.Lock()
        self._picture: ReadinessPicture | None = None

    def readiness(self) -> ReadinessPicture:
        """See the port."""
        with self._lock:
            now = self._clock.now()
            if self._picture is None or not 0 <= now - self._picture.at < KEPT_FOR:
                self._picture = self._look(now)
            return self._picture

    def _look(self, now: int) -> ReadinessPicture:
        with reading(self._database) as connection:
            known = stored_evidence(Sql(connection), self._sealer, now)
            register = stored_register(connection, self._sealer)
            unusable = unusable_endpoints(connection)
        found = readiness(register, term_of(self._contacts, now), Evidence(*known.evidence()))
        bad: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        for one in unusable:  # once a number, whatever its channels
            bad[one.unit_code][one.masked, one.finding] = None
        units = {unit.code: unit for unit in register.units}
        wrong = {code: tuple(numbers) for code, numbers in bad.items()}
        return ReadinessPicture(now, found, units, len(register.receivers), wrong)

    def changes(
        self, *, since: int = 0, unit: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[RegisterChangeRow]:
        """See the port."""
        with reading(self._database) as connection:
            return recent_changes(Sql(connection), self._sealer, since=since, unit=unit, before=before, limit=limit)
