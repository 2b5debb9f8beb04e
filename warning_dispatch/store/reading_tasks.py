"""人工叫应: the duty officer's work list, as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from warning_dispatch.engine.frozen import texts_from_json
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import FINISHED, LIVE_CALLOUT, Purpose
from warning_dispatch.model.texts import FrozenTexts
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.model.views import TaskRow
from warning_dispatch.store.schema import A_TASK
from warning_dispatch.store.scope_sql import EVERYTHING, Scope
from warning_dispatch.store.sql import Sql

_TASKS = f"""SELECT a.id, a.callout_id, o.hazard, o.colour, a.role, n.masked, a.purpose, r.language, a.handed_at, a.taken_until,
 a.taken_by, c.next_at, c.tier, u.name, s.name, o.texts
 FROM attempt a JOIN callout o ON o.id = a.callout_id JOIN attempt_callee ac ON ac.attempt_id = a.id
 JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id LEFT JOIN unit s ON s.id = u.superior_id
 LEFT JOIN number n ON n.id = a.number_id LEFT JOIN receiver r ON r.id = a.receiver_id
 WHERE a.{A_TASK.replace(" AND ", " AND a.")} AND o.state IN ({", ".join(str(one.value) for one in LIVE_CALLOUT)})
 AND c.state NOT IN ({", ".join(str(one.value) for one in FINISHED)})"""
"""By the partial index of tasks: what waits for a human is never many."""
_ORDER = " ORDER BY o.colour DESC, a.order_key, a.id, u.code"
_OTHERS = "SELECT 1 FROM attempt_callee oa JOIN callee oc ON oc.id = oa.callee_id WHERE oa.attempt_id"
_SAID = {Purpose.NOTICE: "notice", Purpose.ALL_CLEAR: "all_clear"}


def work_list(
    sql: Sql,
    limit: int,
    hazard_name: Callable[[str], Mapping[str, str]],
    tiers: Callable[[int], Sequence[str]],
    scope: Scope = EVERYTHING,
) -> list[TaskRow]:
    """Every task with somebody still to be rung; `tiers` names those of a call-out.

    Of a `scope`: those that name its units and no other. What is said on the phone answers for every unit that is named.
    """
    by_task: dict[int, list[Sequence[Any]]] = {}
    foreign = "" if scope.whole else f" AND NOT EXISTS ({_OTHERS} = a.id AND {scope.off('oc.unit_id')})"
    for row in sql.rows(f"{_TASKS}{foreign}{_ORDER}", *scope.values):
        if row[0] in by_task or len(by_task) < limit:
            by_task.setdefault(row[0], []).append(row)
    texts = {row[1]: texts_from_json(row[15]) for rows in by_task.values() for row in rows[:1]}
    names = {callout_id: tiers(callout_id) for callout_id in texts}
    return [_task(rows, hazard_name, texts[rows[0][1]], names[rows[0][1]]) for rows in by_task.values()]


def is_task_of(sql: Sql, scope: Scope, attempt_id: int) -> bool:
    """Whether an attempt is a task that names units of the scope and no other."""
    if scope.whole:
        return True
    named = sql.one(
        f"SELECT 1 FROM attempt_callee oa JOIN attempt a ON a.id = oa.attempt_id "
        f"WHERE oa.attempt_id = ? AND a.channel = {Channel.OPERATOR.value}",
        attempt_id,
    )
    return bool(named) and not sql.one(
        f"{_OTHERS} = ? AND {scope.off('oc.unit_id')} LIMIT 1", attempt_id, *scope.values
    )


def _task(
    rows: Sequence[Sequence[Any]],
    hazard_name: Callable[[str], Mapping[str, str]],
    texts: FrozenTexts,
    tiers: Sequence[str],
) -> TaskRow:
    first = rows[0]
    units = tuple(dict.fromkeys(row[13] for row in rows))
    role = Role(first[4]) if first[4] else None
    language = first[7] or "zh_CN"
    purpose = _SAID.get(Purpose(first[6]), "call")
    text = texts.get(language, Channel.OPERATOR.key, purpose, tiers[first[12]], role.key if role else "")
    return TaskRow(
        attempt_id=first[0],
        callout_id=first[1],
        hazard_name=hazard_name(first[2]),
        colour=Colour(first[3]),
        units=units,
        path=first[14] or "",
        role=role,
        phone=first[5] or "",
        script=text.fill("、".join(units), "")[1],
        language=language,
        since=first[8],
        taken_until=first[9],
        taken_by=first[10] or "",
        next_at=min((row[11] for row in rows if row[11] is not None), default=None),
    )
