"""Which attempt a provider means by its own name of it. Through the number: so it needs no index over all names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warning_dispatch.store.sql import Sql

_BY_NUMBER = """SELECT a.provider_ref, a.id FROM number n JOIN attempt a ON a.number_id = n.id
 WHERE n.blind_index = ? AND a.route = ? AND a.provider_ref IS NOT NULL"""


def attempts_by_reference(sql: Sql, route: str, asked: Sequence[tuple[str, bytes]]) -> Mapping[str, int]:
    """The attempts that are known, by the provider's name. `asked`: (name, blind index of the number)."""
    names: dict[bytes, set[str]] = {}
    for ref, index in asked:
        names.setdefault(index, set()).add(ref)
    found: dict[str, int] = {}
    for index, wanted in names.items():
        found |= {ref: attempt_id for ref, attempt_id in sql.rows(_BY_NUMBER, index, route) if ref in wanted}
    return found
