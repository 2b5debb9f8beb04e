"""The lists of the superiors: who has not answered below whom, who holds the list, and when the machine gets to them.

A few grouped queries whatever the number of units; rows, phones and places in the queue are read for a page only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warning_dispatch.errors import NotFoundError
from warning_dispatch.escalation.waiting import estimate
from warning_dispatch.model.states import LIVE_CALLOUT, AttemptState, CalleeState, CallOutState, Voice
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.model.views import PhoneView, SuperiorList, UnreachedRow, UnreachedView
from warning_dispatch.ports import BUREAU
from warning_dispatch.routing.holders import AT_WORK, Superior, holders
from warning_dispatch.store.sql import Sql

S = CalleeState
_ROLES = {role.value: role for role in Role}
_STATES = {state.value: state for state in CalleeState}
_VOICE, _READY, _ENDED = Channel.VOICE.value, AttemptState.READY.value, AttemptState.ENDED.value
_LISTED = (S.UNCALLED, S.UNANSWERED, S.UNCONFIRMED, S.RELAYED)
_NOBODY_COULD_CALL = f"""(c.state = {S.CALLING.value} AND c.calls = 0
 AND (c.voice = {Voice.QUEUED.value} OR c.retry_at IS NOT NULL))"""
"""A first call is due and has no line (or no provider) yet: 未呼 at once, not only when the limit has passed."""
_SHOWN = f"CASE WHEN {_NOBODY_COULD_CALL} THEN {S.UNCALLED.value} ELSE c.state END"
_ON_A_LIST = f"(c.state IN ({', '.join(str(state.value) for state in _LISTED)}) OR {_NOBODY_COULD_CALL})"
_STANDING = ", ".join(str(state.value) for state in (*LIVE_CALLOUT, CallOutState.COMPLETE))
_WORKING = ", ".join(str(state.value) for state in AT_WORK)
_SUPERIORS = f"""WITH RECURSIVE up(id) AS (
 SELECT DISTINCT u.superior_id FROM callee c JOIN unit u ON u.id = c.unit_id
 WHERE c.callout_id = ? AND u.superior_id IS NOT NULL
 UNION SELECT p.superior_id FROM up JOIN unit p ON p.id = up.id WHERE p.superior_id IS NOT NULL)
 SELECT p.id, p.code, p.name, p.level, p.superior_id,
 (SELECT s.state FROM callee s JOIN callout y ON y.id = s.callout_id JOIN callout o ON o.id = ?
  WHERE s.unit_id = p.id AND (y.id = o.id OR (y.hazard = o.hazard AND y.state IN ({_STANDING})
   AND s.state <> {S.SUPERSEDED.value}))
  ORDER BY CASE WHEN s.state IN ({_WORKING}) THEN 0 ELSE 1 END, CASE WHEN y.id = o.id THEN 0 ELSE 1 END, s.id DESC
  LIMIT 1)
 FROM up JOIN unit p ON p.id = up.id ORDER BY p.code"""
"""Every unit that others of the call-out stand below, with how it stands: here, or in the call-out of the same hazard that
carries it (a unit is called once a hazard, over all warnings)."""
_QUEUE = f"""SELECT a.id, row_number() OVER (ORDER BY a.order_key, a.id) AS place FROM attempt a
 JOIN callout o ON o.id = a.callout_id
 WHERE a.state = {_READY} AND a.channel = {_VOICE} AND o.state <> {CallOutState.PAUSED.value}"""
"""Everything that waits for a line, over all call-outs: lines are shared."""
LastOutcomes = Callable[[Sequence[int]], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class _Node:
    """A unit that others stand below."""

    unit_id: int
    code: str
    name: str
    level: int
    above: int | None
    state: CalleeState | None


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast the queue moves: lines in service (None: no limit, or nothing is dialled), ms of a call so far."""

    lines: int | None
    mean_call: int | None


class SuperiorPictures:
    """Reads on one connection."""

    def __init__(self, sql: Sql, tiers: Callable[[int], Sequence[str]], last_outcomes: LastOutcomes) -> None:
        """`tiers` names the tiers of a call-out (NotFoundError when there is none)."""
        self._sql = sql
        self._tiers = tiers
        self._last_outcomes = last_outcomes

    # --- lists --------------------------------------------------------------------------------------------

    def lists(self, callout_id: int) -> Sequence[SuperiorList]:
        """See ReadModels.superior_lists."""
        self._tiers(callout_id)
        return [one for _, one in self._lists(callout_id, self._nodes(callout_id))]

    def _nodes(self, callout_id: int) -> Mapping[int, _Node]:
        rows = self._sql.rows(_SUPERIORS, callout_id, callout_id)
        return {
            row[0]: _Node(row[0], row[1], row[2], row[3], row[4], None if row[5] is None else _STATES[row[5]])
            for row in rows
        }

    def _lists(self, callout_id: int, nodes: Mapping[int, _Node]) -> list[tuple[int | None, SuperiorList]]:
        """(superior, list) for each unit that others are called below; units without a superior are the bureau's."""
        held = holders([Superior(one.unit_id, one.above, one.state) for one in nodes.values()])
        counts = self._counts(callout_id)
        own: list[tuple[int | None, SuperiorList]] = [
            (unit_id, _list(node, nodes.get(held[unit_id] or 0), _path(node, nodes), counts[unit_id]))
            for unit_id, node in nodes.items()
            if unit_id in counts
        ]
        return [*([(None, _list(None, None, "", counts[None]))] if None in counts else []), *own]

    def _counts(self, callout_id: int) -> Mapping[int | None, Mapping[CalleeState, int]]:
        """Superior → how many of its units are shown in each state."""
        found: defaultdict[int | None, dict[CalleeState, int]] = defaultdict(dict)
        for superior_id, shown, count in self._sql.rows(
            f"""SELECT u.superior_id, {_SHOWN}, count(*) FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.state <> {S.SUPERSEDED.value} GROUP BY 1, 2""",
            callout_id,
        ):
            found[superior_id][_STATES[shown]] = count
        return dict(found)

    # --- rows ---------------------------------------------------------------------------------------------

    def unreached(self, callout_id: int, *, now: int, unit_code: str, limit: int, offset: int) -> UnreachedView:
        """See ReadModels.unreached."""
        tiers, nodes = self._tiers(callout_id), self._nodes(callout_id)
        lists = _chosen(self._lists(callout_id, nodes), callout_id, unit_code)
        scope, values = self._scope([superior_id for superior_id, _ in lists], whole=not unit_code)
        pace = self._pace(callout_id, now)
        rows = self._sql.rows(
            f"""SELECT c.id, u.code, u.name, u.superior_id, c.tier, {_SHOWN}, c.opened_at, c.calls, c.next_at, u.id
            FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND {_ON_A_LIST}{scope}
            ORDER BY u.code LIMIT ? OFFSET ?""",
            callout_id,
            *values,
            limit,
            offset,
        )
        places = self._places([row[0] for row in rows])
        outcomes = self._last_outcomes([row[0] for row in rows])
        phones = self._phones([row[9] for row in rows])
        last = self._sql.value(
            f"""SELECT max(q.place) FROM ({_QUEUE}) q JOIN attempt_callee ac ON ac.attempt_id = q.id
            JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND {_ON_A_LIST}{scope}""",
            callout_id,
            *values,
        )
        return UnreachedView(
            callout_id=callout_id,
            lists=tuple(one for _, one in lists),
            rows=tuple(
                UnreachedRow(
                    callee_id=row[0],
                    unit_code=row[1],
                    unit_name=row[2],
                    path=_way(nodes.get(row[3] or 0), nodes),
                    tier=tiers[row[4]],
                    superior_code=nodes[row[3]].code if row[3] in nodes else "",
                    state=_STATES[row[5]],
                    since=row[6],
                    calls=row[7],
                    last_outcome=outcomes.get(row[0], ""),
                    next_at=row[8],
                    estimate=estimate(places.get(row[0]), pace.lines, pace.mean_call),
                    phones=phones.get(row[9], ()),
                )
                for row in rows
            ),
            total=sum(one.listed for _, one in lists),
            estimate=estimate(last, pace.lines, pace.mean_call),
        )

    def _scope(self, superiors: Sequence[int | None], *, whole: bool) -> tuple[str, list[Any]]:
        """The condition for units below these superiors."""
        if whole:
            return "", []
        ids = [one for one in superiors if one is not None]
        loose = " OR u.superior_id IS NULL" if None in superiors else ""
        return f" AND (u.superior_id IN {{ids}}{loose})", [self._sql.ids(ids)]

    def _pace(self, callout_id: int, now: int) -> _Pace:
        """Nothing moves in a call-out that does not run; a voice route without a limit of lines leaves no queue."""
        state = self._sql.value("SELECT state FROM callout WHERE id = ?", callout_id)
        routes = self._sql.rows(
            "SELECT lines FROM route WHERE channel = ? AND (phase = 0 OR down_until <= ?)", _VOICE, now
        )
        limited = state == CallOutState.RUNNING.value and all(row[0] is not None for row in routes)
        mean = self._sql.value(
            f"""SELECT avg(ended_at - claimed_at) FROM attempt WHERE callout_id = ? AND channel = {_VOICE}
            AND state = {_ENDED} AND handed_at IS NOT NULL""",
            callout_id,
        )
        return _Pace(sum(row[0] for row in routes) if limited else None, None if mean is None else int(mean))

    def _places(self, callee_ids: Sequence[int]) -> Mapping[int, int]:
        """Callee → its place in the queue for a line, from 1."""
        rows = self._sql.rows(
            f"""SELECT ac.callee_id, min(q.place) FROM ({_QUEUE}) q JOIN attempt_callee ac ON ac.attempt_id = q.id
            WHERE ac.callee_id IN {{ids}} GROUP BY ac.callee_id""",
            self._sql.ids(callee_ids),
        )
        return {row[0]: row[1] for row in rows}

    def _phones(self, unit_ids: Sequence[int]) -> Mapping[int, tuple[PhoneView, ...]]:
        """Unit → its phones, masked, A before B before the duty phone."""
        found: defaultdict[int, tuple[PhoneView, ...]] = defaultdict(tuple)
        for unit_id, role, masked in self._sql.rows(
            f"""SELECT e.unit_id, e.role, n.masked FROM endpoint e JOIN number n ON n.id = e.number_id
            JOIN receiver r ON r.id = e.receiver_id
            WHERE e.unit_id IN {{ids}} AND e.channel = {_VOICE} AND e.usable = 1 AND e.valid_until IS NULL
            AND r.valid_until IS NULL ORDER BY e.unit_id, e.role, r.rank, e.rank, e.id""",
            self._sql.ids(unit_ids),
        ):
            found[unit_id] = (*found[unit_id], PhoneView(_ROLES[role], masked))
        return found


def _chosen(
    lists: Sequence[tuple[int | None, SuperiorList]], callout_id: int, unit_code: str
) -> list[tuple[int | None, SuperiorList]]:
    """The lists somebody works through: its own, and those it holds for others."""
    if not unit_code:
        return list(lists)
    holder = "" if unit_code == BUREAU else unit_code
    found = [pair for pair in lists if pair[1].holder_code == holder or pair[1].unit_code == unit_code]
    if not found and unit_code != BUREAU:
        raise NotFoundError(
            f"叫应 {callout_id} 里 {unit_code} 没有下级名单 / in call-out {callout_id} nobody is called below {unit_code}"
        )
    return found


def _list(node: _Node | None, holder: _Node | None, path: str, counts: Mapping[CalleeState, int]) -> SuperiorList:
    return SuperiorList(
        unit_code=node.code if node else "",
        unit_name=node.name if node else "",
        path=path,
        state=node.state if node else None,
        holder_code=holder.code if holder else "",
        holder_name=holder.name if holder else "",
        units=sum(counts.values()),
        uncalled=counts.get(S.UNCALLED, 0),
        unanswered=counts.get(S.UNANSWERED, 0),
        unconfirmed=counts.get(S.UNCONFIRMED, 0),
        relayed=counts.get(S.RELAYED, 0),
        calling=counts.get(S.CALLING, 0),
        waiting=counts.get(S.WAITING, 0),
    )


def _path(node: _Node, nodes: Mapping[int, _Node]) -> str:
    """The superiors of a superior, nearest last, the city left out."""
    return _way(None if node.above is None else nodes.get(node.above), nodes)


def _way(node: _Node | None, nodes: Mapping[int, _Node]) -> str:
    names: list[str] = []
    while node is not None and len(names) < len(UnitLevel):
        if node.level != UnitLevel.CITY:
            names.append(node.name)
        node = None if node.above is None else nodes.get(node.above)
    return " ".join(reversed(names))
