"""名册日常: engine.storage_register.UpkeepRows over the tables."""

from __future__ import annotations

from dataclasses import asdict

from warning_dispatch.engine.records import Entry
from warning_dispatch.ports import Sealer
from warning_dispatch.store.erasure import erase_before
from warning_dispatch.store.register import refresh_reach
from warning_dispatch.store.service_days import settle_service_days
from warning_dispatch.store.sql import Sql


class UpkeepTable:
    """Brings the register up to the day."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def settle(self, now: int) -> Entry | None:
        """See the port."""
        settled = settle_service_days(self._sql, now)
        refresh_reach(self._sql.connection, settled.units)
        if not settled.units:
            return None
        return {"k": "receivers.by_day", "began": list(settled.began), "ended": list(settled.ended)}

    def erase(self, before: int) -> Entry | None:
        """See the port."""
        erased = erase_before(self._sql, self._sealer, before)
        return None if erased.nothing else {"k": "register.erased", "before": before, **asdict(erased)}

    def unit_ids(self, codes: list[str]) -> dict[str, int]:
        """See the port."""
        found = {code: self._sql.value("SELECT id FROM unit WHERE code = ?", code) for code in codes}
        return {code: key for code, key in found.items() if key is not None}
