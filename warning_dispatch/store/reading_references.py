"""Which attempt a provider means by its own name of it. Through the number: so it needs no index over all names.

A name that nobody has told us yet (its batch is still under way, at another daemon) or never will (the request got no answer, and
the phone rings all the same) can only mean the one call to that number that has none: no phone is ever in two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from warning_dispatch.model.states import AttemptState
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.sql import Sql

_BY_NUMBER = """SELECT a.provider_ref, a.id FROM number n JOIN attempt a ON a.number_id = n.id
 WHERE n.blind_index = ? AND a.route = ? AND a.provider_ref IS NOT NULL"""
_NAMELESS = f"""SELECT a.id FROM number n JOIN attempt a ON a.number_id = n.id WHERE n.blind_index = ? AND a.route = ?
 AND a.channel = {Channel.VOICE.value} AND a.state IN ({AttemptState.CLAIMED.value}, {AttemptState.HANDED.value})
 AND a.claimed_at >= ? AND coalesce(a.provider_ref, '') = ''"""


def attempts_by_reference(sql: Sql, route: str, asked: Sequence[tuple[str, bytes]], since: int) -> Mapping[str, int]:
    """The attempts that are known, by the provider's name. `asked`: (name, blind index of the number).

    `since`: a call without a name counts when it was claimed then or later (ms).
    """
    names: dict[bytes, set[str]] = {}
    for ref, index in asked:
        names.setdefault(index, set()).add(ref)
    found: dict[str, int] = {}
    for index, wanted in names.items():
        found |= {ref: attempt_id for ref, attempt_id in sql.rows(_BY_NUMBER, index, route) if ref in wanted}
    unknown = {ref: index for ref, index in asked if ref not in found}
    times = Counter(unknown.values())
    for ref, index in unknown.items():
        nameless = sql.rows(_NAMELESS, index, route, since) if times[index] == 1 else ()
        if len(nameless) == 1:
            found[ref] = nameless[0][0]
    return found
