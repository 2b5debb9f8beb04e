"""What the database knows of how sure the register is: bad numbers, numbers that their holders have proved, the roster."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.renewal import TO_HAND_IN, FilingState, ProofState
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.states import Means
from warning_dispatch.ports import Sealer
from warning_dispatch.renewal.reminders import day_ends
from warning_dispatch.store.roster_rows import stored_shifts
from warning_dispatch.store.service_days import NOT_YET
from warning_dispatch.store.sql import Sql, marks

_BY_THE_HOLDER = (Means.KEY.value, Means.LINK.value, Means.REPLY.value, Means.EMAIL.value)
"""Answers that only whoever holds the number can have given."""


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Codes of units with a bad number, of units with a proved one, and the shifts to come; who is overdue, what is denied."""

    bad: frozenset[str]
    proved: frozenset[str]
    shifts: tuple[Shift, ...]
    unfiled: frozenset[str]
    denied: frozenset[str]

    def evidence(self) -> tuple[frozenset[str], frozenset[str], tuple[Shift, ...], frozenset[str], frozenset[str]]:
        """In the order in which registry.readiness.Evidence takes it."""
        return self.bad, self.proved, self.shifts, self.unfiled, self.denied


def stored_evidence(sql: Sql, sealer: Sealer, now: int) -> StoredEvidence:
    """As of now (ms)."""
    bad = sql.rows(
        """SELECT DISTINCT u.code FROM endpoint e JOIN unit u ON u.id = e.unit_id
        WHERE e.usable = 0 AND e.finding <> ? AND e.valid_until IS NULL""",
        NOT_YET,
    )
    proved = sql.rows(
        """SELECT DISTINCT u.code FROM endpoint e JOIN unit u ON u.id = e.unit_id
        WHERE e.usable = 1 AND e.valid_until IS NULL AND e.proved_at IS NOT NULL"""
    )
    answered = sql.rows(
        f"""SELECT DISTINCT u.code FROM acknowledgement k JOIN attempt a ON a.id = k.attempt_id
        JOIN attempt_callee ac ON ac.attempt_id = a.id AND ac.callee_id = k.callee_id
        JOIN endpoint e ON e.id = COALESCE(ac.endpoint_id, a.endpoint_id) JOIN unit u ON u.id = e.unit_id
        WHERE e.usable = 1 AND e.valid_until IS NULL AND k.means IN ({marks(_BY_THE_HOLDER)})""",
        *_BY_THE_HOLDER,
    )
    return StoredEvidence(
        frozenset(row[0] for row in bad),
        frozenset(row[0] for row in (*proved, *answered)),
        tuple(stored_shifts(sql, sealer, now)),
        _unfiled(sql, now),
        frozenset(
            row[0]
            for row in sql.rows(
                f"""SELECT DISTINCT u.code FROM proof p JOIN endpoint e ON e.number_id = p.number_id JOIN unit u ON u.id = e.unit_id
                WHERE p.state = {ProofState.DENIED.value} AND e.valid_until IS NULL AND e.proved_at IS NULL"""
            )
        ),
    )


def _unfiled(sql: Sql, now: int) -> frozenset[str]:
    """Units whose filing of the newest campaign has lapsed, or is overdue, and that nobody has filed since."""
    newest = sql.one("SELECT id, due FROM campaign ORDER BY id DESC LIMIT 1")
    if newest is None:
        return frozenset()
    late = (FilingState.LAPSED, *TO_HAND_IN) if now >= day_ends(newest[1]) else (FilingState.LAPSED,)
    rows = sql.rows(
        f"""SELECT u.code FROM filing f JOIN unit u ON u.id = f.unit_id WHERE f.campaign_id = ?
        AND f.state IN ({marks(late)}) AND u.valid_until IS NULL AND NOT EXISTS (SELECT 1 FROM filing g
        WHERE g.unit_id = f.unit_id AND g.id > f.id AND g.state = {FilingState.FILED.value})""",
        newest[0],
        *(state.value for state in late),
    )
    return frozenset(row[0] for row in rows)
