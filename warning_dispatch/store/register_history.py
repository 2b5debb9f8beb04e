"""名册变动历史: who changed what in the register, when, and how it stood before and after. Sealed, for it names people.

The journal says that something changed, by ids and counts, and is kept for ever; this says what, and is destroyed on
schedule: what is sealed on the day (store/erasure.py), the rows with whoever is named in them by the next run of retention.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from warning_dispatch.model.masking import mask, mask_name
from warning_dispatch.model.register_changes import ChangeKind, RegisterChangeRow, RegisterChanges
from warning_dispatch.model.unit import ReceiverEntry, Role, Unit
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


Account = Sequence[tuple[Any, ...]]
"""Rows of changes, sealed and ready to be written."""


def account_of(sealer: Sealer, changes: RegisterChanges, *, actor: str, source: str, now: int) -> Account:
    """Seal every difference: of a whole register a second's work, to be done before the transaction."""
    rows: list[tuple[Any, ...]] = [
        (now, actor, source, one.unit_code, "unit", _sealed(sealer, one.before), _sealed(sealer, one.after))
        for one in changes.units
    ]
    rows += [
        (now, actor, source, one.unit_code, "receiver", _sealed(sealer, one.before), _sealed(sealer, one.after))
        for one in changes.receivers
    ]
    return rows


def write_account(sql: Sql, account: Account) -> None:
    """Write it in the transaction of the changes."""
    sql.many(_INSERT, account)


def write_changes(sql: Sql, sealer: Sealer, changes: RegisterChanges, *, actor: str, source: str, now: int) -> None:
    """Account for every difference at once, where there are few."""
    write_account(sql, account_of(sealer, changes, actor=actor, source=source, now=now))


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


def recent_changes(
    sql: Sql, sealer: Sealer, *, since: int = 0, unit: str = "", before: int | None = None, limit: int = 100
) -> Sequence[RegisterChangeRow]:
    """Changes since a moment (ms), the newest first, masked; `unit`: of it and what lies below. `before`: an id, for the next page."""
    rows = sql.rows(
        """SELECT c.id, c.at, c.actor, c.source, c.unit_code, u.name, c.subject, c."before", c."after"
        FROM register_change c LEFT JOIN unit u ON u.code = c.unit_code
        WHERE c.id < ? AND c.at >= ? AND (? = '' OR c.unit_code = ? OR c.unit_code LIKE ?) ORDER BY c.id DESC LIMIT ?""",
        _LAST if before is None else before,
        since,
        unit,
        unit,
        f"{unit}%",
        limit,
    )
    return [_row(sealer, row) for row in rows]


def _row(sealer: Sealer, row: Sequence[Any]) -> RegisterChangeRow:
    key, at, actor, source, code, name, subject, sealed_before, sealed_after = row
    erased = b"" in (sealed_before, sealed_after)
    before, after = _opened(sealer, sealed_before), _opened(sealer, sealed_after)
    kind = ChangeKind.CHANGED
    if sealed_before is None:
        kind = ChangeKind.ADDED
    elif sealed_after is None:
        kind = ChangeKind.REMOVED
    what = () if erased or kind is not ChangeKind.CHANGED else _what(before or {}, after or {})
    return RegisterChangeRow(
        key, at, actor, source, code, name or "", subject, kind, what, _line(before), _line(after), erased
    )


def _what(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the fields that differ; days of service and of verification as one each."""
    differs = [key for key in after if before.get(key) != after[key]]
    return tuple(dict.fromkeys(_TOGETHER.get(key, key) for key in differs))


_TOGETHER = {
    "serves_from": "term",
    "serves_until": "term",
    "verified_on": "verified",
    "verified_how": "verified",
    "endpoints": "numbers",
    "certified_on": "review",
    "review_on": "review",
}
_LAST = (1 << 63) - 1
_DUTY_ROOM = "值班"


def _line(fields: Mapping[str, Any] | None) -> str:
    """One side of a change, names and numbers masked."""
    if fields is None:
        return ""
    if "endpoints" not in fields:
        return " ".join(filter(None, (str(fields["name"]), str(fields.get("measures", "")))))
    role = Role(fields["role"])
    name = str(fields["name"])
    if not (role is Role.DUTY and _DUTY_ROOM in name):  # a room, not a person
        name = mask_name(name)
    numbers = " ".join(dict.fromkeys(mask(str(one["address"])) for one in fields["endpoints"]))
    return " ".join(filter(None, (role.chinese, name, str(fields["post"]), numbers)))


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
