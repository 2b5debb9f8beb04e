"""Branches ↔ rows, and their kept counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import BranchHold, BranchRecord
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import ANSWERED, FINISHED, UNREACHED, BranchState, CalleeState, CallOutState
from warning_dispatch.store.sql import Sql

BRANCH_COLUMNS = """b.id, b.callout_id, b.tier, b.superior_branch_id, b.superior_callee_id, b.state, b.gate_at,
 b.answered_at, b.total, b.needed, b.answered, b.unreached, b.finished"""
_FROM = f"SELECT {BRANCH_COLUMNS} FROM branch b"
_GONE = (CalleeState.STOPPED, CalleeState.SUPERSEDED)
_WAITING = f"b.state = {BranchState.WAITING.value}"
_RUNNING = f"JOIN callout o ON o.id = b.callout_id AND o.state = {CallOutState.RUNNING.value}"


def branch_record(row: Sequence[Any]) -> BranchRecord:
    """A row of BRANCH_COLUMNS."""
    key, callout_id, tier, superior_branch, superior_callee, state, *rest = row
    return BranchRecord(key, callout_id, tier, superior_branch, superior_callee, BranchState(state), *rest)


def _states(states: Sequence[int]) -> str:
    return ", ".join(str(int(state)) for state in states)


class BranchTable:
    """engine.storage.BranchRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def _many(self, rest: str, *parameters: Any) -> Sequence[BranchRecord]:
        return [branch_record(row) for row in self._sql.rows(f"{_FROM} {rest}", *parameters)]

    def due(self, now: int, limit: int) -> Sequence[BranchRecord]:
        """See the port."""
        return self._many(
            f"{_RUNNING} WHERE {_WAITING} AND b.gate_at IS NOT NULL AND b.gate_at <= ? ORDER BY b.gate_at, b.id LIMIT ?"
            + self._sql.locking("b", skip=True),
            now,
            limit,
        )

    def next_due(self) -> int | None:
        """See the port."""
        moment: int | None = self._sql.value(
            f"SELECT b.gate_at FROM branch b {_RUNNING} WHERE {_WAITING} AND b.gate_at IS NOT NULL ORDER BY b.gate_at LIMIT 1"
        )
        return moment

    def first(self, callout_id: int) -> Sequence[BranchRecord]:
        """See the port."""
        return self._many(
            "WHERE b.callout_id = ? AND b.superior_branch_id IS NULL AND b.superior_callee_id IS NULL ORDER BY b.id",
            callout_id,
        )

    def load(self, branch_ids: Sequence[int]) -> Sequence[BranchRecord]:
        """See the port."""
        return self._many("WHERE b.id IN {ids} ORDER BY b.id", self._sql.ids(branch_ids))

    def holds(self, branch_ids: Iterable[int]) -> Mapping[int, BranchHold]:
        """See the port. Of one that opened late by its hold the deadline counts, as in escalation.gate.hold_began."""
        rows = self._sql.rows(
            "SELECT id, tier, opened_at, opened_by, gate_at, answered_at, total FROM branch WHERE id IN {ids}",
            self._sql.ids(sorted(branch_ids)),
        )
        found = {}
        for key, tier, opened_at, opened_by, gate_at, answered_at, total in rows:
            by_hold = opened_by == Reason.HOLD_PASSED and gate_at is not None
            met = Reason.TIER_ANSWERED if total else Reason.TIER_EMPTY
            found[key] = BranchHold(tier, gate_at if by_hold else opened_at, None if answered_at is None else met)
        return found

    def set_gates(self, gates: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        rows = [(gate_at, branch_id) for branch_id, gate_at in gates]
        self._sql.many("UPDATE branch SET gate_at = ? WHERE id = ? AND gate_at IS NULL", rows)

    def of_callout(self, callout_id: int) -> Sequence[BranchRecord]:
        """See the port."""
        return self._many("WHERE b.callout_id = ? ORDER BY b.id", callout_id)

    def below_callees(self, callee_ids: Sequence[int]) -> Sequence[BranchRecord]:
        """See the port."""
        return self._many(
            f"WHERE b.superior_callee_id IN {{ids}} AND {_WAITING} ORDER BY b.id", self._sql.ids(callee_ids)
        )

    def below_branches(self, branch_ids: Sequence[int]) -> Sequence[BranchRecord]:
        """See the port."""
        return self._many(
            f"WHERE b.superior_branch_id IN {{ids}} AND b.superior_callee_id IS NULL AND {_WAITING} ORDER BY b.id",
            self._sql.ids(branch_ids),
        )

    def mark_open(self, reasons: Sequence[tuple[int, str]], now: int) -> frozenset[int]:
        """See the port."""
        changed = self._sql.changed(
            f"""UPDATE branch AS b SET state = {BranchState.OPEN.value}, opened_at = ?, opened_by = ?text
            WHERE b.id = ? AND {_WAITING}""",
            [(now, str(reason), branch_id) for branch_id, reason in reasons],
            "b.id",
        )
        return frozenset(changed)

    def arm(self, superior_branch_id: int, gate_at: int) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE branch SET gate_at = ? WHERE superior_branch_id = ? AND state = ? AND gate_at IS NULL",
            gate_at,
            superior_branch_id,
            BranchState.WAITING.value,
        )

    def set_gate(self, branch_id: int, gate_at: int) -> None:
        """See the port."""
        self._sql.run("UPDATE branch SET gate_at = ? WHERE id = ? AND gate_at IS NULL", gate_at, branch_id)

    def hasten(self, superior_branch_id: int, gate_at: int) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE branch SET gate_at = ? WHERE superior_branch_id = ? AND state = ? AND gate_at > ?",
            gate_at,
            superior_branch_id,
            BranchState.WAITING.value,
            gate_at,
        )

    def add_counts(self, changes: Mapping[int, tuple[int, int, int]]) -> Sequence[BranchRecord]:
        """See the port. Locked one after the other first: what a statement in bulk locks has no order."""
        if self._sql.shared:
            self._sql.rows(
                "SELECT id FROM branch b WHERE id IN {ids} ORDER BY id" + self._sql.locking("b"), self._sql.ids(changes)
            )
        self._sql.many(
            "UPDATE branch SET answered = answered + ?, unreached = unreached + ?, finished = finished + ? WHERE id = ?",
            [(*changes[branch_id], branch_id) for branch_id in sorted(changes)],
        )
        return self._many("WHERE b.id IN {ids} ORDER BY b.id", self._sql.ids(changes))

    def mark_answered(self, branch_id: int, now: int) -> bool:
        """See the port."""
        sql = "UPDATE branch SET answered_at = ? WHERE id = ? AND answered_at IS NULL"
        return self._sql.run(sql, now, branch_id) == 1

    def left(self, callout_id: int) -> Sequence[tuple[BranchRecord, int, int]]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT {BRANCH_COLUMNS}, g.gone, g.answered FROM branch b JOIN (SELECT branch_id,
                sum(CASE WHEN state IN ({_states(_GONE)}) THEN 1 ELSE 0 END) AS gone,
                sum(CASE WHEN carries = 0 AND state IN ({_states(ANSWERED)}) THEN 1 ELSE 0 END) AS answered
              FROM callee WHERE callout_id = ? GROUP BY branch_id) g ON g.branch_id = b.id
            WHERE g.gone > 0 OR g.answered > 0 ORDER BY b.id""",
            callout_id,
        )
        return [(branch_record(row[:-2]), row[-2], row[-1]) for row in rows]

    def set_needed(self, needed: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        self._sql.many("UPDATE branch SET needed = ? WHERE id = ?", needed)

    def recount(self, callout_id: int) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE branch SET
            answered = (SELECT count(*) FROM callee c WHERE c.branch_id = branch.id AND c.state IN ({_states(ANSWERED)})),
            unreached = (SELECT count(*) FROM callee c WHERE c.branch_id = branch.id
              AND c.state IN ({_states(UNREACHED)})),
            finished = (SELECT count(*) FROM callee c WHERE c.branch_id = branch.id
              AND c.state IN ({_states(FINISHED)}))
            WHERE callout_id = ?""",
            callout_id,
        )
        self._sql.run(
            "UPDATE callout SET finished = (SELECT coalesce(sum(finished), 0) FROM branch WHERE callout_id = ?) WHERE id = ?",
            callout_id,
            callout_id,
        )
