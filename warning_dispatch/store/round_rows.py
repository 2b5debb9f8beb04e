"""What a new round takes over, and what no warning holds any more: set-based, for thousands at once.

The meaning of each statement for one unit is routing.obligations.fate. A callee that gives way keeps its row: `next_id`
points to the callee of the newer round, `carried_id` too where that one took over state and answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from warning_dispatch.engine.records import AwaitedSuperior, BranchRecord, LeftCallees, MovedAttempt, TakenOver
from warning_dispatch.model.states import ANSWERED, FINISHED, AttemptState, BranchState, CalleeState, Voice
from warning_dispatch.model.unit import Channel
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.branch_rows import BRANCH_COLUMNS, branch_record
from warning_dispatch.store.selection_sql import among, any_of, theirs, where
from warning_dispatch.store.sql import Sql

_FINISHED = among(FINISHED)
_ANSWERED = among(ANSWERED)
_SUPERSEDED = CalleeState.SUPERSEDED.value
_WAITING = CalleeState.WAITING.value
_INFORMED = CalleeState.INFORMED.value
_DUTY = CalleeState.DUTY_ANSWERED.value
_LIVE_VOICE = Voice.LIVE.value
_READY, _CLAIMED, _HANDED = AttemptState.READY.value, AttemptState.CLAIMED.value, AttemptState.HANDED.value
_CHANNELS = {channel.value: channel for channel in Channel}
_STATES = {state.value: state for state in CalleeState}
_OPEN_NOW = f"o.state NOT IN {_FINISHED} AND o.state <> {_WAITING}"


class RoundTable:
    """engine.storage.RoundRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    # --- questions ----------------------------------------------------------------------------------------

    def needed(self, asking: Sequence[TierSelection], plan: Round) -> bool:
        """See the port."""
        higher, higher_values = theirs(plan.higher, plan.above)
        carried = among((*plan.stays, *plan.carried))
        for selection in asking:
            condition, values = where(selection)
            found = self._sql.value(
                f"""SELECT 1 FROM unit u WHERE {condition} AND NOT {higher} AND NOT EXISTS (SELECT 1 FROM callee c
                WHERE c.unit_id = u.id AND c.carries = 1 AND c.callout_id IN {carried}) LIMIT 1""",
                *values,
                *higher_values,
            )
            if found is not None:
                return True
        return False

    def covers(self, callout_id: int, asking: Sequence[TierSelection]) -> bool:
        """See the port."""
        condition, values = any_of(asking)
        found = self._sql.value(
            f"""SELECT 1 FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.carries = 1 AND {condition} LIMIT 1""",
            callout_id,
            *values,
        )
        return found is not None

    def carriers(self, callout_id: int) -> int:
        """See the port."""
        count: int = self._sql.value("SELECT count(*) FROM callee WHERE callout_id = ? AND carries = 1", callout_id)
        return count

    def carries(self, callout_id: int) -> bool:
        """See the port."""
        found = self._sql.value("SELECT 1 FROM callee WHERE callout_id = ? AND carries = 1 LIMIT 1", callout_id)
        return found is not None

    def held_again(self, callee_ids: Sequence[int]) -> frozenset[int]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT DISTINCT o.id FROM callee o JOIN callout x ON x.id = o.callout_id
            JOIN callee n ON n.unit_id = o.unit_id AND n.carries = 1 AND n.callout_id <> o.callout_id
            JOIN callout y ON y.id = n.callout_id AND y.hazard = x.hazard AND y.purpose = x.purpose
            WHERE o.id IN {ids}""",
            self._sql.ids(callee_ids),
        )
        return frozenset(row[0] for row in rows)

    def uncovered(self, callout_id: int, asking: Sequence[TierSelection]) -> Sequence[int]:
        """See the port."""
        condition, values = any_of(asking)
        rows = self._sql.rows(
            f"""SELECT c.id FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.carries = 1 AND NOT {condition} ORDER BY c.id""",
            callout_id,
            *values,
        )
        return [row[0] for row in rows]

    # --- a round takes over -------------------------------------------------------------------------------

    def take_over(self, callout_id: int, plan: Round, now: int) -> TakenOver:
        """See the port.

        1. Members take state, rung and answers over from call-outs of their colour. 2. From a higher colour they take
        the state, and begin the lower one's ladder. 3. Notices already given stay given. 4. The old rows point to
        the new ones. 5. What was still open in them gives way.
        """
        self._sql.run(_CARRY.format(old=among(plan.carried)), now, callout_id)
        self._sql.run(_LOWER.format(old=among(plan.lowered)), now, now, now, callout_id)
        self._sql.run(_NOTICES.format(old=among(plan.carried)), callout_id)
        self._sql.run(_NEXT.format(old=among(plan.moved)), callout_id)
        self._sql.run(_CARRIED.format(old=among((*plan.carried, *plan.lowered))), callout_id)
        left = self._left(callout_id)
        self._sql.run(
            f"""UPDATE callee SET state = {_SUPERSEDED}, next_at = NULL, unreached_at = NULL, retry_at = NULL,
            retry_roles = 0, wanted = 0, voice = 0 WHERE state NOT IN {_FINISHED}
            AND next_id IN (SELECT id FROM callee WHERE callout_id = ?)""",
            callout_id,
        )
        states: defaultdict[int, dict[CalleeState, list[int]]] = defaultdict(dict)
        for branch_id, key, state in self._sql.rows(
            f"SELECT branch_id, id, state FROM callee WHERE callout_id = ? AND state <> {_WAITING} ORDER BY id",
            callout_id,
        ):
            states[branch_id].setdefault(_STATES[state], []).append(key)
        return TakenOver(left, states)

    def _left(self, callout_id: int) -> Sequence[LeftCallees]:
        """Who gives way, per old call-out."""
        rows = self._sql.rows(
            f"""WITH {_NEWEST_ONES} SELECT o.callout_id, o.id, o.state, o.carried_id FROM n CROSS JOIN callee o
            WHERE o.next_id = n.id ORDER BY o.callout_id, o.id""",
            callout_id,
        )
        finished = frozenset(int(state) for state in FINISHED)
        return [
            LeftCallees(
                callout_id=old,
                gone=[row[1] for row in group],
                unfinished=[row[1] for row in group if row[2] not in finished],
                replaced=[row[1] for row in group if row[3] is None],
            )
            for old, group in ((key, list(found)) for key, found in groupby(rows, key=lambda row: row[0]))
        ]

    def rehome_attempts(self, callout_id: int, lowered: Sequence[int]) -> Sequence[MovedAttempt]:
        """See the port."""
        rows = self._sql.rows(
            f"""WITH {_NEWEST_ONES} SELECT a.id, a.callout_id, a.channel, a.state, o.id, o.callout_id, n.id
            FROM n CROSS JOIN callee o CROSS JOIN attempt_callee ac CROSS JOIN attempt a
            WHERE o.next_id = n.id AND o.carried_id = n.id AND ac.callee_id = o.id AND a.id = ac.attempt_id AND (a.state = {_READY} AND o.callout_id NOT IN {among(lowered)}
              OR a.state = {_CLAIMED} OR a.state = {_HANDED} AND a.channel = {Channel.VOICE.value})
            ORDER BY a.id, o.id""",
            callout_id,
        )
        self._sql.many(
            "UPDATE attempt_callee SET callee_id = ? WHERE attempt_id = ? AND callee_id = ?",
            [(new, attempt_id, old) for attempt_id, _, _, _, old, _, new in rows],
        )
        moved: dict[int, MovedAttempt] = {}
        for attempt_id, home, channel, state, _, left, new in rows:
            if state == _READY and home == left:  # a merged one may be at home elsewhere: there it stays
                moved.setdefault(attempt_id, MovedAttempt(attempt_id, home, _CHANNELS[channel], new))
        self._sql.many("UPDATE attempt SET callout_id = ? WHERE id = ?", [(callout_id, key) for key in moved])
        return list(moved.values())

    def leave_queue(self, callee_ids: Sequence[int]) -> None:
        """See the port."""
        self._sql.run(
            f"""DELETE FROM attempt_callee WHERE callee_id IN {{ids}}
            AND attempt_id IN (SELECT id FROM attempt WHERE state = {_READY})""",
            self._sql.ids(callee_ids),
        )

    def lift(self, callee_ids: Sequence[int]) -> Sequence[int]:
        """See the port."""
        ids = self._sql.ids(callee_ids)
        rows = self._sql.rows(
            f"SELECT id FROM callee WHERE id IN {{ids}} AND state NOT IN {_FINISHED} ORDER BY id", ids
        )
        self._sql.run(
            f"""UPDATE callee SET carries = 0, state = CASE WHEN state IN {_FINISHED} THEN state
            ELSE {CalleeState.STOPPED.value} END, next_at = NULL, unreached_at = NULL, retry_at = NULL, retry_roles = 0,
            wanted = 0, voice = 0 WHERE id IN {{ids}}""",
            ids,
        )
        return [row[0] for row in rows]

    # --- gates of the new round ---------------------------------------------------------------------------

    def relink(self, callout_id: int) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE branch SET superior_branch_id = (SELECT n.branch_id FROM callee o JOIN callee n ON n.id = o.next_id
              WHERE o.id = branch.superior_callee_id),
            superior_callee_id = (SELECT o.next_id FROM callee o WHERE o.id = branch.superior_callee_id)
            WHERE state = {BranchState.WAITING.value} AND superior_callee_id IN
              (SELECT o.id FROM callee o JOIN callee n ON n.id = o.next_id WHERE n.callout_id = ?)""",
            callout_id,
        )
        self._sql.run(
            f"""UPDATE branch SET superior_branch_id = (SELECT min(n.branch_id) FROM callee o
              JOIN callee n ON n.id = o.next_id WHERE o.branch_id = branch.superior_branch_id AND n.callout_id = ?)
            WHERE state = {BranchState.WAITING.value} AND superior_callee_id IS NULL AND callout_id <> ?
            AND superior_branch_id IN (SELECT o.branch_id FROM callee o JOIN callee n ON n.id = o.next_id
              WHERE n.callout_id = ?)
            AND NOT EXISTS (SELECT 1 FROM callee x WHERE x.branch_id = branch.superior_branch_id AND x.carries = 1)""",
            callout_id,
            callout_id,
            callout_id,
        )
        self._sql.run(
            """UPDATE callee SET superior = 1 WHERE callout_id = ? AND superior = 0
            AND id IN (SELECT superior_callee_id FROM branch WHERE superior_callee_id IS NOT NULL)""",
            callout_id,
        )

    def open_before(self, callout_id: int, counted: Sequence[int]) -> Sequence[BranchRecord]:
        """See the port."""
        return self._branches(
            f"""b.callout_id = ? AND EXISTS (SELECT 1 FROM callee n JOIN callee o ON o.next_id = n.id
            WHERE n.branch_id = b.id AND o.opened_at IS NOT NULL AND o.callout_id IN {among(counted)})""",
            callout_id,
        )

    def answered_lately(self, callout_id: int, counted: Sequence[int], since: int) -> Sequence[BranchRecord]:
        """See the port."""
        old = f"""(SELECT 1 FROM callee o WHERE o.next_id = n.id AND o.state IN {_ANSWERED} AND o.answered_at >= ?
            AND o.callout_id IN {among(counted)})"""
        return self._branches(
            f"""b.callout_id = ? AND (EXISTS (SELECT 1 FROM callee n WHERE n.id = b.superior_callee_id AND EXISTS {old})
            OR (b.superior_callee_id IS NULL AND EXISTS (SELECT 1 FROM branch s WHERE s.id = b.superior_branch_id
              AND s.needed > 0 AND s.needed <= (SELECT count(*) FROM callee n WHERE n.branch_id = s.id AND EXISTS {old}))))""",
            callout_id,
            since,
            since,
        )

    def superiors(self, callout_id: int) -> Sequence[tuple[BranchRecord, AwaitedSuperior]]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT {BRANCH_COLUMNS}, s.callout_id, s.state, s.opened_at FROM branch b
            JOIN callee s ON s.id = b.superior_callee_id
            WHERE (b.callout_id = ? OR s.callout_id = ?) AND b.state = {BranchState.WAITING.value} ORDER BY b.id""",
            callout_id,
            callout_id,
        )
        return [(branch_record(row[:-3]), AwaitedSuperior(row[-3], _STATES[row[-2]], row[-1])) for row in rows]

    def inherit_gates(self, callout_id: int) -> None:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT b.id, b.gate_at, min(ob.gate_at) FROM branch b JOIN callee n ON n.branch_id = b.id
            JOIN callee o ON o.next_id = n.id JOIN branch ob ON ob.id = o.branch_id
            WHERE b.callout_id = ? AND b.state = {BranchState.WAITING.value}
            AND ob.state = {BranchState.WAITING.value} AND ob.gate_at IS NOT NULL GROUP BY b.id, b.gate_at""",
            callout_id,
        )
        earlier = [(old, key) for key, own, old in rows if own is None or old < own]
        self._sql.many("UPDATE branch SET gate_at = ? WHERE id = ?", earlier)

    def _branches(self, condition: str, *values: Any) -> Sequence[BranchRecord]:
        rows = self._sql.rows(
            f"""SELECT {BRANCH_COLUMNS} FROM branch b WHERE b.state = {BranchState.WAITING.value}
            AND {condition} ORDER BY b.id""",
            *values,
        )
        return [branch_record(row) for row in rows]

    def waiting_on(self, callout_id: int) -> Sequence[BranchRecord]:
        """See the port."""
        return self._branches(
            """b.callout_id <> ? AND EXISTS (SELECT 1 FROM callee s WHERE s.id = b.superior_callee_id AND s.callout_id = ?)""",
            callout_id,
            callout_id,
        )

    # --- whom to tell -------------------------------------------------------------------------------------

    def answered_from(self, callout_id: int, old: Sequence[int]) -> Sequence[int]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT n.id FROM callee n JOIN callee o ON o.next_id = n.id AND o.carried_id = n.id
            WHERE n.callout_id = ? AND n.state IN {_ANSWERED} AND o.callout_id IN {among(old)} ORDER BY n.id""",
            callout_id,
        )
        return [row[0] for row in rows]

    def answered_above_new(self, callout_id: int) -> Sequence[int]:
        """See the port."""
        news = {
            row[0]
            for row in self._sql.rows(
                """SELECT DISTINCT u.area FROM callee n JOIN unit u ON u.id = n.unit_id WHERE n.callout_id = ?
                AND n.carries = 1 AND NOT EXISTS (SELECT 1 FROM callee o WHERE o.next_id = n.id)""",
                callout_id,
            )
        }
        above = {area[:length] for area in news for length in (4, 6, 9) if length < len(area)}
        rows = self._sql.rows(
            f"""SELECT n.id, u.area FROM callee n JOIN callee o ON o.next_id = n.id AND o.carried_id = n.id JOIN unit u ON u.id = n.unit_id
            WHERE n.callout_id = ? AND n.state IN {_ANSWERED} AND u.level < 4 ORDER BY n.id""",
            callout_id,
        )
        return [row[0] for row in rows if row[1] in above]


_NEWEST_ONES = "n AS MATERIALIZED (SELECT id FROM callee WHERE callout_id = ?)"
"""The members of the new round, read first: from the old ones on, all that ever gave way would be read."""
_PAIR = """n.callout_id = ? AND n.carries = 1 AND o.unit_id = n.unit_id AND o.carries = 1 AND o.id <> n.id
 AND o.callout_id IN {old}"""
"""A member `n` of the new round and the callee `o` that carried its unit until now."""
_CARRY = f"""UPDATE callee AS n SET state = o.state, opened_at = o.opened_at, origin = o.origin, cycle = o.cycle,
 rung = o.rung, next_at = CASE WHEN {_OPEN_NOW} THEN ? ELSE NULL END, unreached_at = o.unreached_at,
 retry_at = o.retry_at, retry_roles = o.retry_roles, wanted = o.wanted, voice = o.voice, calls = o.calls,
 heard = o.heard, memory = o.memory, answered_at = o.answered_at FROM callee o WHERE {_PAIR}"""
_LOWER = f"""UPDATE callee AS n SET state = o.state, opened_at = CASE WHEN {_OPEN_NOW} THEN ? ELSE o.opened_at END,
 origin = CASE WHEN o.state = {_WAITING} THEN NULL ELSE ? END, cycle = CASE WHEN o.state = {_DUTY} THEN 1 ELSE 0 END,
 rung = 0, next_at = CASE WHEN {_OPEN_NOW} THEN ? ELSE NULL END, unreached_at = o.unreached_at,
 voice = CASE WHEN o.voice = {_LIVE_VOICE} THEN o.voice ELSE 0 END, calls = o.calls, heard = o.heard,
 memory = o.memory, answered_at = o.answered_at FROM callee o WHERE {_PAIR}"""
_NOTICES = f"""UPDATE callee AS n SET state = o.state, opened_at = o.opened_at, origin = o.origin, cycle = o.cycle,
 rung = o.rung FROM callee o WHERE n.callout_id = ? AND n.carries = 0 AND o.unit_id = n.unit_id AND o.carries = 0
 AND o.tier = n.tier AND o.state = {_INFORMED} AND o.next_id IS NULL AND o.callout_id IN {{old}}"""
_NEXT = f"""UPDATE callee AS o SET next_id = n.id, carries = 0 FROM callee n
 WHERE n.callout_id = ? AND n.unit_id = o.unit_id AND n.id <> o.id AND o.callout_id IN {{old}} AND o.next_id IS NULL
 AND n.carries = o.carries AND (o.carries = 1 OR (n.state = o.state AND n.state = {_INFORMED}))"""
_CARRIED = """UPDATE callee SET carried_id = next_id WHERE callout_id IN {old}
 AND next_id IN (SELECT id FROM callee WHERE callout_id = ?)"""
