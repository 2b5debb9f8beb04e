"""回拨: what a number that rings us has been called for (or written to) and not answered yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from warning_dispatch.engine.causes import with_causes
from warning_dispatch.engine.frozen import texts_from_json
from warning_dispatch.model.states import FINISHED, LIVE_CALLOUT, CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import OpenCall
from warning_dispatch.store.alarm_rows import open_causes
from warning_dispatch.store.callee_rows import newest_of
from warning_dispatch.store.sql import Sql

_ASKS = (Purpose.CALL, Purpose.DRILL, Purpose.SELF)
_CALLED = """SELECT a.id, a.callout_id, r.language, a.purpose, c.id, u.name, o.texts FROM number n
 JOIN attempt a ON a.number_id = n.id AND a.channel IN (?, ?) AND a.claimed_at IS NOT NULL
 JOIN attempt_callee ac ON ac.attempt_id = a.id JOIN callee c ON c.id = ac.callee_id
 JOIN callout o ON o.id = c.callout_id JOIN unit u ON u.id = c.unit_id JOIN receiver r ON r.id = a.receiver_id
 WHERE n.blind_index = ? ORDER BY a.channel, a.id DESC, c.id"""
_KNOWN = """SELECT 1 FROM number n JOIN endpoint e ON e.number_id = n.id AND e.valid_until IS NULL
 WHERE n.blind_index = ? LIMIT 1"""
_STATES = "SELECT c.id, c.state, o.state FROM callee c JOIN callout o ON o.id = c.callout_id WHERE c.id IN {ids}"


def open_calls(sql: Sql, blind_index: bytes) -> Sequence[OpenCall]:
    """The last call about each unit that is still open, newest first; a unit taken over by a newer round counts as it.

    Where a number has not been called yet, what was written to it: whoever rings us then need not wait for the call.
    """
    rows = sql.rows(_CALLED, Channel.VOICE.value, Channel.SMS.value, blind_index)
    rows = [row for row in rows if Purpose(row[3]) in _ASKS]
    newest = newest_of(sql, [row[4] for row in rows]) if rows else {}
    now = {row[4]: newest.get(row[4], row[4]) for row in rows}
    is_open = _open(sql, list(now.values()))
    told = set[int]()
    found: defaultdict[int, list[Sequence[Any]]] = defaultdict(list)
    for row in rows:
        unit = now[row[4]]
        if unit in is_open and unit not in told:
            found[row[0]].append(row)
            told.add(unit)
    return [_one(sql, attempt_id, named) for attempt_id, named in found.items()]


def is_known(sql: Sql, blind_index: bytes) -> bool:
    """Whether a number stands in the register."""
    return sql.value(_KNOWN, blind_index) is not None


def _open(sql: Sql, callee_ids: Sequence[int]) -> frozenset[int]:
    if not callee_ids:
        return frozenset()
    rows = sql.rows(_STATES, sql.ids(callee_ids))
    return frozenset(
        row[0] for row in rows if CalleeState(row[1]) not in FINISHED and CallOutState(row[2]) in LIVE_CALLOUT
    )


def _one(sql: Sql, attempt_id: int, named: Sequence[Sequence[Any]]) -> OpenCall:
    """What was read out, for the units that are still open; of the bureau's own call as it stands now."""
    callout_id, language, purpose, texts = named[0][1], named[0][2], Purpose(named[0][3]), texts_from_json(named[0][6])
    text = texts.get(language, Channel.VOICE.key, "self" if purpose is Purpose.SELF else "call")
    if purpose is Purpose.SELF:
        text = with_causes(text, texts, language, Channel.VOICE, open_causes(sql, [callout_id]).get(callout_id, ()))
    _, body = text.fill("、".join(dict.fromkeys(row[5] for row in named)), "")
    return OpenCall(attempt_id, callout_id, language, body)
