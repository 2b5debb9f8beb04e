"""The response ↔ rows (engine.storage_response.ResponseRows). Remarks are sealed, because they may name people."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.storage_response import AskedCallee, ResponseRecord
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState, CallOutState, Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.response.counties import CountyStanding
from warning_dispatch.store.sql import Sql, marks

REMARK_CONTEXT = "action.remark"
OFFICES = (UnitKind.DIVISION, UnitKind.LEADER, UnitKind.DEPARTMENT)
"""Who speaks for a county."""
_OFF = ", ".join(
    str(state.value)
    for state in (
        CalleeState.WAITING,
        CalleeState.WAIVED,
        CalleeState.STOPPED,
        CalleeState.SUPERSEDED,
        CalleeState.INFORMED,
    )
)
_NO_LONGER = ", ".join(str(state.value) for state in (CalleeState.WAIVED, CalleeState.STOPPED, CalleeState.SUPERSEDED))
_LIVE = ", ".join(str(state.value) for state in (*LIVE_CALLOUT, CallOutState.COMPLETE))
_UNITS = "SELECT c.id, u.kind, u.level, u.sector FROM callee c JOIN unit u ON u.id = c.unit_id"


class ResponseTable:
    """engine.storage_response.ResponseRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def begin(self, callout_id: int, plan: str, stage: Stage, now: int, look_at: int | None) -> None:
        """See the port."""
        self._sql.run(
            "INSERT INTO response (callout_id, plan, stage, next_at) VALUES (?, ?, ?, ?)",
            callout_id,
            plan,
            stage.value,
            look_at,
        )
        self._step(callout_id, stage, now, "", "")

    def load(self, callout_id: int) -> ResponseRecord | None:
        """See the port."""
        row = self._sql.one("SELECT callout_id, plan, stage FROM response WHERE callout_id = ?", callout_id)
        return None if row is None else ResponseRecord(row[0], row[1], Stage(row[2]))

    def enter(self, callout_id: int, stage: Stage, now: int, actor: str, reason: str) -> None:
        """See the port."""
        self._sql.run("UPDATE response SET stage = ? WHERE callout_id = ?", stage.value, callout_id)
        self._step(callout_id, stage, now, actor, reason)

    def _step(self, callout_id: int, stage: Stage, now: int, actor: str, reason: str) -> None:
        self._sql.run(
            "INSERT INTO response_step (callout_id, stage, at, actor, reason) VALUES (?, ?, ?, ?, ?)",
            callout_id,
            stage.value,
            now,
            actor,
            reason,
        )

    def asked(self, callout_id: int, kinds: Sequence[UnitKind]) -> Sequence[AskedCallee]:
        """See the port."""
        rows = self._sql.rows(
            f"{_UNITS} WHERE c.callout_id = ? AND u.kind IN ({marks(kinds)}) AND c.state NOT IN ({_OFF}) ORDER BY c.id",
            callout_id,
            *(kind.value for kind in kinds),
        )
        return [AskedCallee(key, UnitKind(kind), UnitLevel(level), sector) for key, kind, level, sector in rows]

    def units(self, callee_ids: Sequence[int]) -> Sequence[AskedCallee]:
        """See the port."""
        rows = self._sql.rows(f"{_UNITS} WHERE c.id IN {{ids}} ORDER BY c.id", self._sql.ids(callee_ids))
        return [AskedCallee(key, UnitKind(kind), UnitLevel(level), sector) for key, kind, level, sector in rows]

    def done(self, callee_ids: Sequence[int]) -> frozenset[tuple[int, str]]:
        """See the port."""
        rows = self._sql.rows(
            "SELECT callee_id, action FROM action_done WHERE callee_id IN {ids}", self._sql.ids(callee_ids)
        )
        return frozenset((row[0], row[1]) for row in rows)

    def tick(
        self, callout_id: int, ticks: Sequence[tuple[int, str, str]], now: int, *, receiver_id: int | None, actor: str
    ) -> None:
        """See the port."""
        for callee_id, action, remark in ticks:  # a person's few, in the one transaction of its act
            self._sql.run(
                """INSERT INTO action_done (callout_id, callee_id, action, at, receiver_id, actor, sealed)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
                callout_id,
                callee_id,
                action,
                now,
                receiver_id,
                actor,
                self._sealer.seal(remark.encode(), REMARK_CONTEXT) if remark else None,
            )

    def carry_over(self, callout_id: int, before: Sequence[int]) -> tuple[int, int]:
        """See the port."""
        earlier = self._sql.ids(before)
        ticks = self._sql.run(
            """INSERT INTO action_done (callout_id, callee_id, action, at, receiver_id, actor, sealed)
            SELECT n.callout_id, n.id, a.action, a.at, a.receiver_id, a.actor, a.sealed FROM action_done a
            JOIN callee o ON o.id = a.callee_id JOIN callee n ON n.id = o.carried_id
            WHERE a.callout_id IN {ids} AND n.callout_id = ? ON CONFLICT DO NOTHING""",
            earlier,
            callout_id,
        )
        feedback = self._sql.run(
            """INSERT INTO feedback (callee_id, receiver_id, at, on_post, moved, danger, by_reply, sealed)
            SELECT n.id, f.receiver_id, f.at, f.on_post, f.moved, f.danger, f.by_reply, f.sealed FROM callee n
            JOIN callee o ON o.carried_id = n.id JOIN feedback f ON f.callee_id = o.id
            WHERE o.callout_id IN {ids} AND n.callout_id = ?""",
            earlier,
            callout_id,
        )
        return ticks, feedback

    def counties(self, callout_id: int) -> Sequence[CountyStanding]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT u.id, c.opened_at, EXISTS (SELECT 1 FROM unit v JOIN callee x ON x.unit_id = v.id
              WHERE v.area = u.area AND v.kind IN ({marks(OFFICES)}) AND x.callout_id = c.callout_id
              AND (EXISTS (SELECT 1 FROM feedback f WHERE f.callee_id = x.id AND f.by_reply = 0)
                OR EXISTS (SELECT 1 FROM action_done a WHERE a.callee_id = x.id)))
            FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND u.kind = ? AND u.level = ?
            AND c.state NOT IN ({_NO_LONGER}) ORDER BY u.code""",
            *(kind.value for kind in OFFICES),
            callout_id,
            UnitKind.DIVISION.value,
            UnitLevel.COUNTY.value,
        )
        return [CountyStanding(unit_id, opened_at, bool(reported)) for unit_id, opened_at, reported in rows]

    def look_again(self, callout_id: int, at: int | None) -> None:
        """See the port."""
        self._sql.run("UPDATE response SET next_at = ? WHERE callout_id = ?", at, callout_id)

    def due(self, now: int) -> Sequence[int]:
        """See the port. What is over is looked at no more."""
        rows = self._sql.rows(
            f"""SELECT r.callout_id FROM response r JOIN callout o ON o.id = r.callout_id
            WHERE r.next_at IS NOT NULL AND r.next_at <= ? AND o.state IN ({_LIVE}) ORDER BY r.callout_id""",
            now,
        )
        return [row[0] for row in rows]

    def next_due(self) -> int | None:
        """See the port."""
        moment: int | None = self._sql.value(
            f"""SELECT min(r.next_at) FROM response r JOIN callout o ON o.id = r.callout_id
            WHERE r.next_at IS NOT NULL AND o.state IN ({_LIVE})"""
        )
        return moment
