"""名册变动历史: who changed what in the register, when, and how it stood before and after. Sealed, for it names people.

The journal says that something changed, by ids and counts, and is kept for ever; this says what, and is destroyed on
schedule (store/erasure.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from warning_dispatch.model.register_changes import RegisterChanges
from warning_dispatch.model.unit import ReceiverEntry, Unit
from warning_dispatch.ports import Sealer
from warning_dispatch.store.sql import Sql

CHANGE_CONTEXT = "register_change"
"""The sealing context of register_change.before and .after."""
_INSERT = """INSERT INTO register_change (at, actor, source, unit_code, subject, "before", "after")
 VALUES (?, ?text, ?text, ?text, ?text, ?bytea, ?bytea)"""


@dataclass(frozen=True, slots=True)
class PastChange:
    """One change. `before` and `after` as the entry's fields, numbers in clear; None: there was, or is, nothing.

    `source`: how it came (import, sample, storm, schedule …). `subject`: unit or receiver. `erased`: it is too old to be
    kept; that there was a change is all that is left.
    """

    at: int
    actor: str
    source: str
    unit_code: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    erased: bool = False


def write_changes(sql: Sql, sealer: Sealer, changes: RegisterChanges, *, actor: str, source: str, now: int) -> None:
    """Account for every difference, in the caller's transaction."""
    rows: list[tuple[Any, ...]] = [
        (now, actor, source, one.unit_code, "unit", _sealed(sealer, one.before), _sealed(sealer, one.after))
        for one in changes.units
    ]
    rows += [
        (now, actor, source, one.unit_code, "receiver", _sealed(sealer, one.before), _sealed(sealer, one.after))
        for one in changes.receivers
    ]
    sql.many(_INSERT, rows)


def changes_of_unit(sql: Sql, sealer: Sealer, unit_code: str) -> Sequence[PastChange]:
    """Every change of a unit and its people, the oldest first. StoreError: wrong keys."""
    rows = sql.rows(
        """SELECT at, actor, source, unit_code, subject, "before", "after" FROM register_change WHERE unit_code = ?
        ORDER BY at, id""",
        unit_code,
    )
    return [
        PastChange(at, actor, source, code, subject, _opened(sealer, old), _opened(sealer, new), b"" in (old, new))
        for at, actor, source, code, subject, old, new in rows
    ]


def _sealed(sealer: Sealer, entry: Unit | ReceiverEntry | None) -> bytes | None:
    if entry is None:
        return None
    text = json.dumps(asdict(entry), ensure_ascii=False, separators=(",", ":"))
    return sealer.seal(text.encode(), CHANGE_CONTEXT)


def _opened(sealer: Sealer, sealed: bytes | None) -> Mapping[str, Any] | None:
    if not sealed:
        return None
    found: Mapping[str, Any] = json.loads(sealer.unseal(bytes(sealed), CHANGE_CONTEXT))
    return found
