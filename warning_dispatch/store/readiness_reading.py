"""What the database knows of how sure the register is: bad numbers, numbers that their holders have proved, the roster."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.roster import Shift
from warning_dispatch.model.states import Means
from warning_dispatch.ports import Sealer
from warning_dispatch.store.roster_rows import stored_shifts
from warning_dispatch.store.service_days import NOT_YET
from warning_dispatch.store.sql import Sql, marks

_BY_THE_HOLDER = (Means.KEY.value, Means.LINK.value, Means.REPLY.value, Means.EMAIL.value)
"""Answers that only whoever holds the number can have given."""


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Codes of units with a bad number, of units with a proved one, and the shifts to come."""

    bad: frozenset[str]
    proved: frozenset[str]
    shifts: tuple[Shift, ...]


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
    )
