"""重点单位清单 from the tables: a few statements for all key units together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy

from warning_dispatch.clock import beijing_text
from warning_dispatch.configuration.response import response_from_json
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.key_units import KeyUnitRow, LastCall
from warning_dispatch.model.response import Action
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Unit, UnitKind
from warning_dispatch.response.reviews import review_of
from warning_dispatch.store.database import reading
from warning_dispatch.store.register_reading import stored_units
from warning_dispatch.store.sql import Sql

_KEY = f"u.kind = '{UnitKind.KEY_UNIT.value}'"
_CALLS = f"""SELECT u.code, o.id, o.hazard, o.colour, o.started_at, c.answered_at FROM callee c
 JOIN unit u ON u.id = c.unit_id JOIN callout o ON o.id = c.callout_id
 WHERE {_KEY} AND o.purpose = ? AND c.answered_at IS NOT NULL ORDER BY c.answered_at"""
_MEASURES = f"""SELECT u.code, a.action, a.at, r.id FROM action_done a JOIN callee c ON c.id = a.callee_id
 JOIN unit u ON u.id = c.unit_id JOIN response r ON r.callout_id = a.callout_id
 JOIN callout o ON o.id = a.callout_id WHERE {_KEY} AND o.purpose = ? ORDER BY a.at, a.id"""


class KeyUnitTables:
    """web.key_units.KeyUnitLook."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        hazards: Mapping[str, Mapping[str, str]],
        now: Callable[[], int],
        soon_days: int,
    ) -> None:
        """`hazards`: names by key; `soon_days`: before a review in which it counts as due soon."""
        self._database = database
        self._hazards = hazards
        self._now = now
        self.soon_days = soon_days

    def key_units(self) -> Sequence[KeyUnitRow]:
        """See the port."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            units = stored_units(connection)
            calls = self._calls(sql)
            drills = {row[0]: row[5] for row in sql.rows(_CALLS, Purpose.DRILL.value)}
            measures = _measures(sql)
        names = {unit.code: unit.name for unit in units if unit.kind is UnitKind.DIVISION}
        today = beijing_text(self._now(), "%Y-%m-%d")
        return [
            KeyUnitRow(
                unit,
                _place(unit, names),
                review_of(unit.review_on, today, self.soon_days),
                calls.get(unit.code),
                measures.get(unit.code),
                drills.get(unit.code),
            )
            for unit in units
            if unit.kind is UnitKind.KEY_UNIT
        ]

    def _calls(self, sql: Sql) -> Mapping[str, LastCall]:
        return {
            code: LastCall(key, self._hazards.get(hazard, {"zh_CN": hazard}), Colour(colour), started_at, answered_at)
            for code, key, hazard, colour, started_at, answered_at in sql.rows(_CALLS, Purpose.CALL.value)
        }


def _measures(sql: Sql) -> Mapping[str, tuple[int, Action]]:
    """Code → when and what the unit last said it carried out; one that its plan does not know is left out."""
    last = {code: (action, at, key) for code, action, at, key in sql.rows(_MEASURES, Purpose.CALL.value)}
    keys = sorted({key for _, _, key in last.values()})
    plans = {
        key: response_from_json(plan)
        for key, plan in sql.rows("SELECT id, plan FROM response WHERE id IN {ids}", sql.ids(keys))
    }
    found = {code: (at, plans[key].action(action)) for code, (action, at, key) in last.items()}
    return {code: (at, action) for code, (at, action) in found.items() if action is not None}


def _place(unit: Unit, names: Mapping[str, str]) -> str:
    return "".join(names.get(unit.area[:length], "") for length in (6, 9) if len(unit.area) >= length)
