"""The bulk statements that fill a call-out: one INSERT … SELECT of branches and one of callees per tier.

A large one is filled in pieces (ADR 14): the upper tiers when it begins, what is below them by and by. A piece is all
units whose superiors' ids lie in a range, so a branch is there with everybody in it or not at all. What is left stands
in `callout.filling`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import groupby
from typing import Any

from warning_dispatch.engine.records import FilledBranch
from warning_dispatch.escalation.gate import needed
from warning_dispatch.model.plan import CallChain, Gate, TierRule
from warning_dispatch.model.states import BranchState, CalleeState
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.selection_sql import Condition, among, theirs, where
from warning_dispatch.store.sql import Sql

_NEW_UNIT = "NOT EXISTS (SELECT 1 FROM callee x WHERE x.callout_id = ? AND x.unit_id = u.id)"
_NEW_BRANCH = "id > ? AND +callout_id = ?"
"""The plus keeps both databases to the keys: by the call-out they would read all that was filled before."""
_WAITING = CalleeState.WAITING.value
Range = tuple[int, int]
"""Ids of superiors, (after, up to)."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left to fill: the selections from the position `at` on; of that one, superiors with an id above `after`."""

    selections: tuple[TierSelection, ...]
    at: int = 0
    after: int = 0

    def to_json(self) -> str:
        return json.dumps(
            {"selections": [asdict(one) for one in self.selections], "at": self.at, "after": self.after},
            ensure_ascii=False,
            separators=(",", ":"),
        )


def _rest_from_json(text: str) -> _Rest:
    found = json.loads(text)
    return _Rest(tuple(_selection(one) for one in found["selections"]), found["at"], found["after"])


def _selection(fields: dict[str, Any]) -> TierSelection:
    lists = {name: tuple(fields[name]) for name in ("sectors", "codes", "roots", "above", "spared")}
    return TierSelection(**{**fields, **lists, "kind": UnitKind(fields["kind"]), "level": UnitLevel(fields["level"])})


class Filling:
    """Fills one call-out."""

    def __init__(self, sql: Sql, callout_id: int, plan: CallChain) -> None:
        self._sql = sql
        self._id = callout_id
        self._plan = plan
        self._positions = {tier.name: index for index, tier in enumerate(plan.tiers)}

    def begin(self, selections: Sequence[TierSelection], round_: Round, at_once: int) -> Sequence[FilledBranch]:
        """Tier by tier, the uppermost in any case, until more than `at_once` callees would be written.

        A round that takes over from others is filled as a whole: whoever it takes over must not be left out for a moment.
        """
        rest = _Rest(tuple(selections))
        fresh = not (round_.moved or round_.stays or round_.above)
        last_branch, last_callee = self._last("branch"), self._last("callee")
        with self._sql.in_bulk():
            while rest.at < len(rest.selections):
                selection = rest.selections[rest.at]
                room = at_once - self._total()
                if fresh and rest.at and self._more_than(room, selection):
                    break
                self._fill_tier(rest, selection, round_, None)
                rest = replace(rest, at=rest.at + 1)
        self._sql.run(
            """UPDATE callee SET superior = 1 WHERE superior = 0 AND id IN
            (SELECT superior_callee_id FROM branch WHERE callout_id = ? AND superior_callee_id IS NOT NULL)""",
            self._id,
        )
        self._mark_superiors(rest, {one.tier for one in rest.selections[: rest.at]}, last_callee)
        return self._filled(last_branch, rest)

    def go_on(self, about: int) -> Sequence[FilledBranch]:
        """One piece of about so many units; nothing is left when `callout.filling` is none afterwards."""
        text = self._sql.value("SELECT filling FROM callout WHERE id = ?", self._id)
        if text is None:
            return ()
        rest = _rest_from_json(text)
        selection = rest.selections[rest.at]
        last_branch, last_callee = self._last("branch"), self._last("callee")
        by_superior = self._by_superior(rest, selection) is not None
        upto = self._end_of_piece(rest.after, about) if by_superior else None
        with self._sql.in_bulk():
            piece = (rest.after, _ALL if upto is None else upto) if by_superior else None
            self._fill_tier(rest, selection, _ALONE, piece)
            rest = replace(rest, at=rest.at + 1, after=0) if upto is None else replace(rest, after=upto)
        self._mark_superiors(rest, {selection.tier}, last_callee)
        return self._filled(last_branch, rest)

    # --- how much -----------------------------------------------------------------------------------------

    def _total(self) -> int:
        total: int = self._sql.value("SELECT total FROM callout WHERE id = ?", self._id)
        return total

    def _more_than(self, room: int, selection: TierSelection) -> bool:
        """Whether a tier has more units than there is room for; not counted any further."""
        condition, values = where(selection)
        found = self._sql.value(
            f"SELECT count(*) FROM (SELECT 1 FROM unit u WHERE {condition} LIMIT ?) counted", *values, max(0, room) + 1
        )
        return int(found) > max(0, room)

    def _end_of_piece(self, after: int, about: int) -> int | None:
        """The superior with which about so many units are together; none when it is the last piece."""
        upto: int | None = self._sql.value(
            "SELECT superior_id FROM unit WHERE superior_id > ? ORDER BY superior_id LIMIT 1 OFFSET ?", after, about
        )
        return upto

    # --- a tier, or a piece of it -------------------------------------------------------------------------

    def _before(self, rest: _Rest, selection: TierSelection) -> int | None:
        """The tier that this one waits for, if anybody is called there."""
        tier = self._plan.tiers[selection.tier]
        before = self._positions.get(tier.opens_after) if tier.opens_after else None
        return before if before in {one.tier for one in rest.selections} else None

    def _by_superior(self, rest: _Rest, selection: TierSelection) -> int | None:
        """The tier before, where each of its callees has a branch of its own below it."""
        gate = self._plan.tiers[selection.tier].gate
        return self._before(rest, selection) if gate is Gate.BRANCH else None

    def _fill_tier(self, rest: _Rest, selection: TierSelection, round_: Round, piece: Range | None) -> None:
        last = self._last("branch")
        if self._by_superior(rest, selection) is None:
            self._fill_as_one(selection, self._before(rest, selection), round_)
        else:
            self._fill_by_superior(rest, selection, round_, piece)
        self._set_totals(selection, last)

    def _fill_as_one(self, selection: TierSelection, before: int | None, round_: Round) -> None:
        """One branch for the whole tier; it waits for the (one) branch of the tier before."""
        branch_id = self._sql.value(
            """INSERT INTO branch (callout_id, tier, superior_branch_id, state)
            VALUES (?, ?, (SELECT min(id) FROM branch WHERE callout_id = ? AND tier = ?), ?) RETURNING id""",
            self._id,
            selection.tier,
            self._id,
            before,
            BranchState.WAITING.value,
        )
        members, values = _members(selection, round_)
        self._sql.run(
            f"""INSERT INTO callee (callout_id, branch_id, unit_id, tier, state, carries)
            SELECT ?, ?, u.id, ?, {_WAITING}, {int(not selection.notice)}
            FROM unit u WHERE {members} AND {_NEW_UNIT} ORDER BY u.code""",
            self._id,
            branch_id,
            selection.tier,
            *values,
            self._id,
        )

    def _fill_by_superior(self, rest: _Rest, selection: TierSelection, round_: Round, piece: Range | None) -> None:
        """One branch per superior; units whose superior is not called get one of their own.

        The superior is a callee of the tier before, or the one that carries it in another call-out. Of a piece each
        table is read in its range only, or the last one would cost what all before it did together.
        """
        called = f"s.callout_id = ? AND s.tier = ?{self._read_within(piece, 's.unit_id')}"
        elsewhere = (*round_.stays, *round_.above)
        if elsewhere:
            called = f"""({called} OR s.carries = 1 AND s.callout_id IN {among(elsewhere)} AND NOT EXISTS
              (SELECT 1 FROM callee m WHERE m.callout_id = {int(self._id)} AND m.unit_id = s.unit_id))"""
        part = _part(piece)
        members, values = _members(selection, round_)
        new, new_values = self._new(rest, selection)
        self._sql.run(
            f"""INSERT INTO branch (callout_id, tier, superior_branch_id, superior_unit_id, superior_callee_id, state)
            {part.with_units} SELECT ?, ?, s.branch_id, u.superior_id, s.id, {BranchState.WAITING.value}
            FROM {part.units} u LEFT JOIN callee s ON s.unit_id = u.superior_id AND {called}
            WHERE {members} AND {new}
            GROUP BY u.superior_id, s.branch_id, s.id ORDER BY min(u.code)""",
            self._id,
            selection.tier,
            self._id,
            self._before(rest, selection),
            *values,
            *new_values,
        )
        self._sql.run(
            f"""INSERT INTO callee (callout_id, branch_id, unit_id, tier, state, carries)
            {part.with_units} SELECT ?, b.id, u.id, ?, {_WAITING}, {int(not selection.notice)}
            FROM {part.units} u CROSS JOIN branch b WHERE b.callout_id = ? AND b.tier = ?
            AND b.superior_unit_id = u.superior_id{self._read_within(piece, "b.superior_unit_id")} AND {members} AND {new} ORDER BY b.id, u.code""",
            self._id,
            selection.tier,
            self._id,
            selection.tier,
            *values,
            *new_values,
        )

    def _read_within(self, piece: Range | None, column: str) -> str:
        """For hashing: of what is joined only the range is read. SQLite looks each up, and a range would mislead it."""
        return "" if self._sql.is_sqlite else _within(piece, column)

    def _new(self, rest: _Rest, selection: TierSelection) -> Condition:
        """That a unit is no callee yet: it stays in its first tier. Not asked where no earlier tier has such units."""
        earlier = {(one.kind, one.level) for one in rest.selections[: rest.at]}
        return (_NEW_UNIT, [self._id]) if (selection.kind, selection.level) in earlier else ("1 = 1", [])

    def _set_totals(self, selection: TierSelection, after: int) -> None:
        """Of the branches with a higher id than `after`, all of one tier; and of the call-out."""
        tier = self._plan.tiers[selection.tier]
        new = (after, self._id)
        self._sql.run(
            f"""UPDATE branch SET (total, needed) = (SELECT count(*), count(*) FROM callee c WHERE c.branch_id = branch.id)
            WHERE {_NEW_BRANCH}""",
            *new,
        )
        totals = self._sql.rows(f"SELECT id, total FROM branch WHERE {_NEW_BRANCH}", *new)
        if tier.rule is not TierRule.ALL:
            rows = [(needed(total, tier.rule, tier.quorum), branch_id) for branch_id, total in totals]
            self._sql.many("UPDATE branch SET needed = ? WHERE id = ?", rows)
        added = sum(total for _, total in totals)
        self._sql.run("UPDATE callout SET total = total + ? WHERE id = ?", added, self._id)

    def _last(self, table: str) -> int:
        """Whatever is filled from now on has a higher id."""
        last: int | None = self._sql.value(f"SELECT max(id) FROM {table}")
        return last or 0

    # --- what came of it ----------------------------------------------------------------------------------

    def _mark_superiors(self, rest: _Rest, tiers: AbstractSet[int], last_callee: int) -> None:
        """Of the new callees those below whom a branch is still to be filled: they know it from the start."""
        for selection in rest.selections[rest.at :]:
            before = self._by_superior(rest, selection)
            if before is None or before not in tiers:
                continue
            condition, values = where(selection)
            condition = condition.replace("u.kind = ?", "u.kind || '' = ?")  # not by its index: by that of superiors
            self._sql.run(
                f"""UPDATE callee SET superior = 1 WHERE +callout_id = ? AND tier = ? AND id > ? AND superior = 0
                AND EXISTS (SELECT 1 FROM unit u WHERE u.superior_id = callee.unit_id AND {condition} AND {_NEW_UNIT})""",
                self._id,
                before,
                last_callee,
                *values,
                self._id,
            )

    def _filled(self, after: int, rest: _Rest) -> Sequence[FilledBranch]:
        """The branches with a higher id than `after`; what is left is written down."""
        left = rest.to_json() if rest.at < len(rest.selections) else None
        self._sql.run("UPDATE callout SET filling = ? WHERE id = ?", left, self._id)
        branches = self._sql.rows(
            f"""SELECT id, tier, superior_callee_id, superior_branch_id FROM branch
            WHERE {_NEW_BRANCH} ORDER BY id""",
            after,
            self._id,
        )
        callees = self._sql.stream(
            "SELECT branch_id, id, unit_id FROM callee WHERE branch_id IN {ids} ORDER BY branch_id, id",
            self._sql.ids(row[0] for row in branches),
        )
        members = {key: _members_of(group) for key, group in groupby(callees, key=lambda row: row[0])}
        return [FilledBranch(row[0], row[1], row[2], row[3], *members.get(row[0], _NOBODY)) for row in branches]


_ALL = 2**62
"""Every id there can be."""
_ALONE = Round()
"""A round that takes over nobody."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Where the units of a statement come from."""

    with_units: str
    units: str


def _part(piece: Range | None) -> _Part:
    """All units; or those of a piece, picked out first by their superiors, whatever else is asked of them."""
    if piece is None:
        return _Part("", "unit")
    return _Part(
        f"""WITH part AS MATERIALIZED (SELECT id, code, kind, level, area, sector, callable, superior_id FROM unit u
        WHERE {_within(piece, "u.superior_id")[5:]})""",
        "part",
    )


def _within(piece: Range | None, column: str) -> str:
    return "" if piece is None else f" AND {column} > {int(piece[0])} AND {column} <= {int(piece[1])}"


def _members(selection: TierSelection, round_: Round) -> Condition:
    """The units of a selection that are members of the round; whoever is only told is told in any case."""
    condition, values = where(selection)
    if selection.notice:
        return condition, values
    if round_.higher and round_.above:
        higher, higher_values = theirs(round_.higher, round_.above)
        condition, values = f"{condition} AND NOT {higher}", [*values, *higher_values]
    if round_.stays:
        carried = f"""EXISTS (SELECT 1 FROM callee k WHERE k.unit_id = u.id AND k.carries = 1
          AND k.callout_id IN {among(round_.stays)})"""
        condition = f"{condition} AND NOT {carried}"
    return condition, values


def _members_of(rows: Iterable[Sequence[int]]) -> tuple[int, int, int, str]:
    """Rows (branch, callee, unit) of one branch: how many, the first and the last callee, the digest of the units."""
    _, callees, units = zip(*rows, strict=True)
    return len(callees), callees[0], callees[-1], sha256(",".join(map(str, units)).encode()).hexdigest()


_NOBODY = (0, 0, 0, sha256(b"").hexdigest())
