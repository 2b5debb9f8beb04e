"""The stored state of a call-out in the shape that folding its journal gives, and the comparison of the two."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from hashlib import sha256

from sqlalchemy import Connection

from warning_dispatch.engine.fold import (
    Answer,
    Folded,
    FoldedAttempt,
    FoldedBranch,
    FoldError,
    differences,
    fold,
)
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.states import AttemptState, BranchState, CalleeState, CallOutState
from warning_dispatch.store.journal_rows import blocks_of, head_of
from warning_dispatch.store.sql import Sql

_CALLEE_STATES = {state.value: state for state in CalleeState}
_ATTEMPT_STATES = {state.value: state for state in AttemptState}


def snapshot(connection: Connection, callout_id: int) -> Folded:
    """What the rows of a call-out say; counts as they are kept. NotFoundError when there is none.

    Read within the transaction of `connection`, so it is one moment.
    """
    sql = Sql(connection)
    row = sql.one("SELECT state, total, finished FROM callout WHERE id = ?", callout_id)
    if row is None:
        raise NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
    states: dict[int, CalleeState] = {}
    units: defaultdict[int, list[int]] = defaultdict(list)
    for key, branch_id, unit_id, state in sql.rows(
        "SELECT id, branch_id, unit_id, state FROM callee WHERE callout_id = ? ORDER BY branch_id, id", callout_id
    ):
        states[key] = _CALLEE_STATES[state]
        units[branch_id].append(unit_id)
    return Folded(
        state=CallOutState(row[0]),
        total=row[1],
        finished=row[2],
        branches=_branches(sql, callout_id, units),
        callees=states,
        attempts={
            key: FoldedAttempt(_ATTEMPT_STATES[state], outcome)
            for key, state, outcome in sql.rows(
                "SELECT id, state, outcome FROM attempt WHERE callout_id = ?", callout_id
            )
        },
        answers=_answers(sql, callout_id),
    )


def _branches(sql: Sql, callout_id: int, units: Mapping[int, list[int]]) -> dict[int, FoldedBranch]:
    rows = sql.rows(
        "SELECT id, state, answered_at, total, answered, unreached, finished FROM branch WHERE callout_id = ?",
        callout_id,
    )
    return {
        row[0]: FoldedBranch(
            open=row[1] == BranchState.OPEN.value,
            met=row[2] is not None,
            total=row[3],
            answered=row[4],
            unreached=row[5],
            finished=row[6],
            digest=sha256(",".join(map(str, units.get(row[0], ()))).encode()).hexdigest(),
        )
        for row in rows
    }


def _answers(sql: Sql, callout_id: int) -> tuple[Answer, ...]:
    rows = sql.rows("SELECT callee_id, means, counted FROM acknowledgement WHERE callout_id = ?", callout_id)
    return tuple(sorted((callee_id, means, bool(counted)) for callee_id, means, counted in rows))


def entries_of(connection: Connection, stream: str) -> Iterator[Mapping[str, object]]:
    """The entries of a stream in their order. FoldError at a block that cannot be read."""
    position = 0
    for block in blocks_of(connection, stream):
        try:
            entries = json.loads(block.body)
        except ValueError:
            entries = None
        if not isinstance(entries, list):
            raise FoldError(position + 1, f"block {block.seq} cannot be read")
        for entry in entries:
            position += 1
            if not isinstance(entry, dict):
                raise FoldError(position, f"block {block.seq} holds something that is no entry")
            yield entry


def fold_faults(connection: Connection, callout_id: int | None = None) -> list[str]:
    """Every difference between journal and rows, of one call-out or of all; an empty list means that they agree.

    Whether a journal is as it was written is another question: see store/journal_check.py. A journal that retention
    has buried has nothing left to fold.
    """
    if callout_id is None:
        wanted = [row[0] for row in Sql(connection).rows("SELECT id FROM callout ORDER BY id")]
    else:
        wanted = [callout_id]
    return [fault for each in wanted for fault in _faults_of(connection, each)]


def _faults_of(connection: Connection, callout_id: int) -> Iterator[str]:
    stream = f"callout:{callout_id}"
    head = head_of(connection, stream)
    if head is not None and head.tombstone:
        return
    try:
        stored = snapshot(connection, callout_id)
    except (KeyError, ValueError) as error:
        yield f"{stream}: a row holds a state that does not exist: {error}"
        return
    try:
        told = fold(entries_of(connection, stream))
    except FoldError as error:
        yield f"{stream}: {error}"
        return
    for difference in differences(told, stored):
        yield f"{stream}: {difference}"
