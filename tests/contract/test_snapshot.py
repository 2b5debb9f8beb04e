"""Promise 8: folding the journal gives the stored state, and whatever differs is named."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from sqlalchemy import text

from warning_dispatch.errors import NotFoundError
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.states import (
    CalleeState,
    Means,
)
from warning_dispatch.store import schema
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.snapshot import fold_faults, snapshot

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
"""The class of that name in house.py."""
START = rows_by_hand.START
WATER = rows_by_hand.WATER
VILLAGES = rows_by_hand.VILLAGES
KEYS = rows_by_hand.KEYS


def _journalled(house: House) -> tuple[int, int, int]:
    """A call-out whose journal and rows agree: (call-out, branch, callee that has answered)."""
    callout = house.callout(total=2, finished=1)
    branch = house.branch(callout, VILLAGES, START, total=2, needed=2, answered=1, finished=1)
    units = [house.village(1), house.village(2)]
    first = house.callee(callout, branch, units[0], VILLAGES, CalleeState.ACKNOWLEDGED)
    last = house.callee(callout, branch, units[1], VILLAGES)
    attempt = house.attempt(callout, first, outcome="key_pressed")
    house.answer(callout, first, START, counted=True, receiver=1, means=Means.KEY)
    digest = sha256(",".join(map(str, units)).encode()).hexdigest()
    filled = {"tier": VILLAGES, "total": 2, "first": first, "last": last, "digest": digest}
    entries: list[dict[str, object]] = [
        {"k": "callout.started", "id": callout},
        {"k": "branch.filled", "id": branch, **filled},
        {"k": "branch.opened", "branch": branch, "tier": VILLAGES, "count": 2, "why": "first_tier"},
        {"k": "attempt.queued", "id": attempt, "callee": first, "on": "voice", "roles": 0},
        {"k": "attempt.claimed", "id": attempt},
        {"k": "attempt.ended", "id": attempt, "outcome": "key_pressed"},
        {"k": "callee", "id": first, "from": "CALLING", "to": "ACKNOWLEDGED", "why": "answered"},
        {"k": "answer", "callee": first, "means": "key", "counted": True},
    ]
    journal = Journal(KEYS.journal_key, silent_logger())
    with writing(house.engine) as connection:
        journal.append(connection, f"callout:{callout}", entries[:3], START)
        journal.append(connection, f"callout:{callout}", entries[3:], START + 1)
    return callout, branch, first


def faults(house: House, callout: int | None = None) -> list[str]:
    """What journal and rows differ in."""
    with reading(house.engine) as connection:
        return fold_faults(connection, callout)


def test_the_rows_are_what_the_journal_folds_to(house: House) -> None:
    """Promise 8: folding the journal gives the stored state, block by block."""
    callout, _, first = _journalled(house)
    assert faults(house) == faults(house, callout) == []
    with reading(house.engine) as connection:
        assert snapshot(connection, callout).callees[first] is CalleeState.ACKNOWLEDGED
        with pytest.raises(NotFoundError):
            snapshot(connection, callout + 1)


def test_every_row_that_was_changed_behind_the_journal_is_named(house: House) -> None:
    """Whoever edits a table instead of the journal is found: states, kept counts, units, outcomes, answers."""
    callout, branch, first = _journalled(house)
    house.change(schema.callee, first + 1, state=CalleeState.ACKNOWLEDGED.value)
    house.change(schema.branch, branch, answered=2)
    house.change(schema.attempt, 1, outcome="no_answer")
    house.change(schema.acknowledgement, 1, means="operator")
    assert [fault.split(": ")[1] for fault in faults(house)] == [
        f"branch {branch}",
        f"callee {first + 1}",
        "attempt 1",
        f"answers of callee {first} by key, counted",
        f"answers of callee {first} by operator, counted",
    ]
    assert all(fault.startswith(f"callout:{callout}: ") for fault in faults(house))


def test_a_unit_put_in_anothers_place_is_found(house: House) -> None:
    """The set of units is frozen: the digest of the start tells that a callee stands for another village now."""
    _, branch, first = _journalled(house)
    house.change(schema.callee, first, unit_id=WATER)
    assert [fault.split(": ")[1] for fault in faults(house)] == [f"branch {branch}"]


def test_what_cannot_be_folded_is_one_fault_of_its_callout(house: House) -> None:
    """A call-out without a journal, an unreadable block and an impossible state do not hide the other call-outs."""
    house.callout()
    readable, _, _ = _journalled(house)
    broken = _broken(house)
    assert faults(house) == [
        "callout:1: the journal does not tell of the start",
        f"callout:{broken}: entry 1: block 1 cannot be read",
    ]
    house.change(schema.callout, readable, state=99)
    assert any(fault.startswith(f"callout:{readable}: a row holds a state") for fault in faults(house))


def _broken(house: House) -> int:
    callout = house.callout()
    stream = f"callout:{callout}"
    with writing(house.engine) as connection:
        Journal(KEYS.journal_key, silent_logger()).append(connection, stream, [{"k": "callout.started"}], START)
        connection.execute(text("UPDATE journal_block SET body = '[' WHERE stream = :stream"), {"stream": stream})
    return callout


def test_a_buried_journal_has_nothing_left_to_fold(house: House) -> None:
    """What retention removed leaves a tombstone, not a fault."""
    callout, _, _ = _journalled(house)
    with writing(house.engine) as connection:
        Journal(KEYS.journal_key, silent_logger()).bury(connection, f"callout:{callout}", START + 9)
    assert faults(house) == []
