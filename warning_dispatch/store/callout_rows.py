"""Call-outs ↔ rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import CallOutRecord, FilledBranch, NewCallOut
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.record_views import Verdict
from warning_dispatch.model.states import ANSWERED, LIVE_CALLOUT, CalleeState, CallOutState, Purpose
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.filling import Filling
from warning_dispatch.store.sql import Sql

_COLUMNS = """id, alert_id, chain_id, hazard, colour, purpose, round, state, started_at, voice_until, validity_guessed,
 next_at, total, finished, plan_name, issuer_area, ended_at, coalesce(length(filling), 0) > 0, confidential, named"""
"""The last but two: `filling IS NOT NULL` is true of every row in the RETURNING of an UPDATE in SQLite 3.40."""
_DONE = ", ".join(str(state.value) for state in (*ANSWERED, CalleeState.INFORMED))
_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)


def _record(row: Sequence[Any]) -> CallOutRecord:
    return CallOutRecord(
        row[0],
        row[1],
        row[2],
        row[3],
        Colour(row[4]),
        Purpose(row[5]),
        row[6],
        CallOutState(row[7]),
        row[8],
        row[9],
        bool(row[10]),
        row[11],
        row[12],
        row[13],
        row[14],
        row[15],
        row[16],
        bool(row[17]),
        bool(row[18]),
        None if row[19] is None else frozenset(json.loads(row[19])),
    )


class CallOutTable:
    """engine.storage.CallOutRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def insert(self, new: NewCallOut) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO callout (alert_id, chain_id, plan_name, plan, texts, hazard, colour, issuer_area, purpose,
            round, supersedes_id, started_at, voice_until, validity_guessed, state, next_at, confidential, named)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            new.alert_id,
            new.chain_id,
            new.plan_name,
            new.plan,
            new.texts,
            new.hazard,
            new.colour.value,
            new.issuer_area,
            new.purpose.value,
            new.round,
            new.supersedes_id,
            new.started_at,
            new.voice_until,
            int(new.validity_guessed),
            CallOutState.RUNNING.value,
            new.voice_until,
            int(new.confidential),
            None if new.named is None else json.dumps(sorted(new.named)),
        )
        return key

    def fill(
        self, callout_id: int, plan: CallChain, selections: Sequence[TierSelection], round_: Round, at_once: int
    ) -> Sequence[FilledBranch]:
        """See the port."""
        return Filling(self._sql, callout_id, plan).begin(selections, round_, at_once)

    def fill_on(self, callout_id: int, plan: CallChain, about: int) -> Sequence[FilledBranch]:
        """See the port."""
        return Filling(self._sql, callout_id, plan).go_on(about)

    def take_note(self, callout_id: int, at: int, by: str) -> bool:
        """See the port."""
        changed = self._sql.run(
            "UPDATE callout SET seen_at = ?, seen_by = ? WHERE id = ? AND seen_at IS NULL", at, by, callout_id
        )
        return bool(changed)

    def judge(self, callout_id: int, verdict: Verdict, at: int, by: str) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE callout SET verdict = ?, verdict_at = ?, verdict_by = ? WHERE id = ?",
            verdict.value,
            at,
            by,
            callout_id,
        )

    def still_to_answer(self, callout_id: int) -> Sequence[tuple[int, int, int]]:
        """See the port. A notice carries nobody."""
        return [
            (tier, units, int(without))
            for tier, units, without in self._sql.rows(
                f"""SELECT c.tier, count(*), sum(CASE WHEN u.reach = 0 THEN 1 ELSE 0 END) FROM callee c
                JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND c.carries = 1 AND c.state NOT IN ({_DONE})
                GROUP BY c.tier ORDER BY c.tier""",
                callout_id,
            )
        ]

    def filling(self) -> Sequence[int]:
        """See the port. The index on what is due holds every live call-out."""
        lock = "" if self._sql.is_sqlite else " FOR UPDATE SKIP LOCKED"
        rows = self._sql.rows(
            f"SELECT id FROM callout WHERE next_at IS NOT NULL AND filling IS NOT NULL ORDER BY id{lock}"
        )
        return [row[0] for row in rows]

    def stop_filling(self, callout_id: int) -> None:
        """See the port."""
        self._sql.run("UPDATE callout SET filling = NULL WHERE id = ?", callout_id)

    def load(self, callout_ids: Sequence[int]) -> Mapping[int, CallOutRecord]:
        """See the port."""
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM callout WHERE id IN {{ids}}", self._sql.ids(callout_ids))
        return {row[0]: _record(row) for row in rows}

    def frozen(self, callout_id: int) -> tuple[str, str]:
        """See the port."""
        row = self._sql.one("SELECT plan, texts FROM callout WHERE id = ?", callout_id)
        return row[0], row[1]

    def of_hazard(self, hazard: str) -> Sequence[CallOutRecord]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT {_COLUMNS} FROM callout WHERE hazard = ? AND standing = 1 AND purpose = {Purpose.CALL.value}
            ORDER BY id""",
            hazard,
        )
        return [_record(row) for row in rows]

    def retire(self, callout_id: int) -> None:
        """See the port."""
        self._sql.run("UPDATE callee SET carries = 0 WHERE callout_id = ? AND carries = 1", callout_id)
        self._sql.run("UPDATE callout SET standing = 0 WHERE id = ?", callout_id)

    def rehome(self, callout_id: int, chain_id: int, alert_id: int) -> None:
        """See the port."""
        self._sql.run("UPDATE callout SET chain_id = ?, alert_id = ? WHERE id = ?", chain_id, alert_id, callout_id)

    def live_self(self) -> CallOutRecord | None:
        """See the port. The index on what is due holds every live call-out and nothing else."""
        row = self._sql.one(
            f"SELECT {_COLUMNS} FROM callout WHERE next_at IS NOT NULL AND purpose = ? AND state IN ({_LIVE}) ORDER BY id",
            Purpose.SELF.value,
        )
        return None if row is None else _record(row)

    def set_colour(self, callout_id: int, colour: Colour) -> None:
        """See the port."""
        self._sql.run("UPDATE callout SET colour = ? WHERE id = ?", colour.value, callout_id)

    def set_state(self, callout_id: int, state: CallOutState, *, next_at: int | None, ended_at: int | None) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE callout SET state = ?, next_at = ?, ended_at = ? WHERE id = ?",
            state.value,
            next_at,
            ended_at,
            callout_id,
        )

    def extend(self, callout_id: int, voice_until: int, *, guessed: bool) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE callout SET voice_until = ?, validity_guessed = ?,
            next_at = CASE WHEN state = {CallOutState.RUNNING.value} THEN ? ELSE next_at END WHERE id = ?""",
            voice_until,
            int(guessed),
            voice_until,
            callout_id,
        )

    def due(self, now: int) -> Sequence[CallOutRecord]:
        """See the port."""
        rows = self._sql.rows(
            f"SELECT {_COLUMNS} FROM callout WHERE next_at IS NOT NULL AND next_at <= ? AND state IN ({_LIVE}) ORDER BY id",
            now,
        )
        return [_record(row) for row in rows]

    def next_due(self) -> int | None:
        """See the port."""
        moment: int | None = self._sql.value(
            f"SELECT min(next_at) FROM callout WHERE next_at IS NOT NULL AND state IN ({_LIVE})"
        )
        return moment

    def add_finished(self, callout_id: int, count: int) -> CallOutRecord:
        """See the port."""
        row = self._sql.one(
            f"UPDATE callout SET finished = finished + ? WHERE id = ? RETURNING {_COLUMNS}", count, callout_id
        )
        return _record(row)
