"""Call-outs ↔ rows, and the bulk statements that fill one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

from warning_dispatch.engine.records import CallOutRecord, FilledBranch, NewCallOut
from warning_dispatch.escalation.gate import needed
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Tier, TierRule
from warning_dispatch.model.states import LIVE_CALLOUT, BranchState, CalleeState, CallOutState, Purpose
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.selection_sql import Condition, among, theirs, where
from warning_dispatch.store.sql import Sql

_COLUMNS = """id, alert_id, chain_id, hazard, colour, purpose, round, state, started_at, voice_until, validity_guessed,
 next_at, total, finished, plan_name, issuer_area, ended_at"""
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
        *row[11:],
    )


class CallOutTable:
    """engine.storage.CallOutRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def insert(self, new: NewCallOut) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO callout (alert_id, chain_id, plan_name, plan, texts, hazard, colour, issuer_area, purpose,
            round, supersedes_id, started_at, voice_until, validity_guessed, state, next_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
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
        )
        return key

    def fill(
        self, callout_id: int, plan: CallChain, selections: Sequence[TierSelection], round_: Round
    ) -> Sequence[FilledBranch]:
        """See the port. One INSERT … SELECT of branches and one of callees per tier; a unit stays in its first tier."""
        with self._sql.in_bulk():
            self._fill(callout_id, plan, selections, round_)
            return self._filled(callout_id)

    def _fill(self, callout_id: int, plan: CallChain, selections: Sequence[TierSelection], round_: Round) -> None:
        positions = {tier.name: index for index, tier in enumerate(plan.tiers)}
        active = {selection.tier for selection in selections}
        for selection in selections:
            tier = plan.tiers[selection.tier]
            before = positions.get(tier.opens_after) if tier.opens_after else None
            if before is not None and before not in active:
                before = None
            if tier.gate is Gate.BRANCH and before is not None:
                self._fill_by_superior(callout_id, selection, before, round_)
            else:
                self._fill_as_one(callout_id, selection, before, round_)
            self._set_totals(callout_id, selection.tier, tier)
        self._sql.run(
            """UPDATE callee SET superior = 1 WHERE id IN
            (SELECT superior_callee_id FROM branch WHERE callout_id = ? AND superior_callee_id IS NOT NULL)""",
            callout_id,
        )
        self._sql.run(
            "UPDATE callout SET total = (SELECT count(*) FROM callee WHERE callout_id = ?) WHERE id = ?",
            callout_id,
            callout_id,
        )

    def _fill_as_one(self, callout_id: int, selection: TierSelection, before: int | None, round_: Round) -> None:
        """One branch for the whole tier; it waits for the (one) branch of the tier before."""
        branch_id = self._sql.value(
            """INSERT INTO branch (callout_id, tier, superior_branch_id, state)
            VALUES (?, ?, (SELECT min(id) FROM branch WHERE callout_id = ? AND tier = ?), ?) RETURNING id""",
            callout_id,
            selection.tier,
            callout_id,
            before,
            BranchState.WAITING.value,
        )
        members, values = _members(selection, round_)
        self._sql.run(
            f"""INSERT INTO callee (callout_id, branch_id, unit_id, tier, state, carries)
            SELECT ?, ?, u.id, ?, {CalleeState.WAITING.value}, {int(not selection.notice)}
            FROM unit u WHERE {members} AND {_NEW_UNIT} ORDER BY u.code""",
            callout_id,
            branch_id,
            selection.tier,
            *values,
            callout_id,
        )

    def _fill_by_superior(self, callout_id: int, selection: TierSelection, before: int, round_: Round) -> None:
        """One branch per superior; units whose superior is not called get one of their own.

        The superior is a callee of the tier before, or the one that carries it in another call-out.
        """
        called = "s.callout_id = ? AND s.tier = ?"
        elsewhere = (*round_.stays, *round_.above)
        if elsewhere:
            called = f"""({called} OR s.carries = 1 AND s.callout_id IN {among(elsewhere)} AND NOT EXISTS
              (SELECT 1 FROM callee m WHERE m.callout_id = {int(callout_id)} AND m.unit_id = s.unit_id))"""
        members, values = _members(selection, round_)
        self._sql.run(
            f"""INSERT INTO branch (callout_id, tier, superior_branch_id, superior_unit_id, superior_callee_id, state)
            SELECT ?, ?, s.branch_id, u.superior_id, s.id, {BranchState.WAITING.value}
            FROM unit u LEFT JOIN callee s ON s.unit_id = u.superior_id AND {called}
            WHERE {members} AND {_NEW_UNIT}
            GROUP BY u.superior_id, s.branch_id, s.id ORDER BY min(u.code)""",
            callout_id,
            selection.tier,
            callout_id,
            before,
            *values,
            callout_id,
        )
        self._sql.run(
            f"""INSERT INTO callee (callout_id, branch_id, unit_id, tier, state, carries)
            SELECT ?, b.id, u.id, ?, {CalleeState.WAITING.value}, {int(not selection.notice)}
            FROM unit u JOIN branch b ON b.callout_id = ? AND b.tier = ? AND b.superior_unit_id = u.superior_id
            WHERE {members} AND {_NEW_UNIT} ORDER BY b.id, u.code""",
            callout_id,
            selection.tier,
            callout_id,
            selection.tier,
            *values,
            callout_id,
        )

    def _set_totals(self, callout_id: int, position: int, tier: Tier) -> None:
        self._sql.run(
            """UPDATE branch SET total = (SELECT count(*) FROM callee c WHERE c.branch_id = branch.id)
            WHERE callout_id = ? AND tier = ?""",
            callout_id,
            position,
        )
        if tier.rule is TierRule.ALL:
            self._sql.run("UPDATE branch SET needed = total WHERE callout_id = ? AND tier = ?", callout_id, position)
            return
        totals = self._sql.rows("SELECT id, total FROM branch WHERE callout_id = ? AND tier = ?", callout_id, position)
        rows = [(needed(total, tier.rule, tier.quorum), branch_id) for branch_id, total in totals]
        self._sql.many("UPDATE branch SET needed = ? WHERE id = ?", rows)

    def _filled(self, callout_id: int) -> Sequence[FilledBranch]:
        branches = self._sql.rows(
            "SELECT id, tier, superior_callee_id, superior_branch_id FROM branch WHERE callout_id = ? ORDER BY id",
            callout_id,
        )
        callees = self._sql.stream(
            "SELECT branch_id, id, unit_id FROM callee WHERE callout_id = ? ORDER BY branch_id, id", callout_id
        )
        members = {key: _members_of(group) for key, group in groupby(callees, key=lambda row: row[0])}
        return [FilledBranch(row[0], row[1], row[2], row[3], *members.get(row[0], _NOBODY)) for row in branches]

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


_NEW_UNIT = "NOT EXISTS (SELECT 1 FROM callee x WHERE x.callout_id = ? AND x.unit_id = u.id)"


def _members(selection: TierSelection, round_: Round) -> Condition:
    """The units of a selection that are members of the round; whoever is only told is told in any case."""
    condition, values = where(selection)
    if selection.notice:
        return condition, values
    if round_.higher and round_.above:
        higher, higher_values = theirs(round_.higher, round_.above)
        condition, values = f"{condition} AND NOT {higher}", [*values, *higher_values]
    if round_.stays:
        carried = f"""EXISTS (SELECT 1 FROM callee k WHERE k.unit_id = u.id AND k.carries = 1
          AND k.callout_id IN {among(round_.stays)})"""
        condition = f"{condition} AND NOT {carried}"
    return condition, values


def _members_of(rows: Iterable[Sequence[int]]) -> tuple[int, int, int, str]:
    """Rows (branch, callee, unit) of one branch: how many, the first and the last callee, the digest of the units."""
    _, callees, units = zip(*rows, strict=True)
    return len(callees), callees[0], callees[-1], sha256(",".join(map(str, units)).encode()).hexdigest()


_NOBODY = (0, 0, 0, sha256(b"").hexdigest())
