"""When the wall clock is set: what moves along, what stays, and that every moment in the schema is decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import BigInteger, Engine, insert, select

from warning_dispatch.model.states import AttemptState, BranchState, CalleeState, CallOutState, ChainState
from warning_dispatch.store import schema
from warning_dispatch.store.clock_rows import MOVE, STAY, ClockTable
from warning_dispatch.store.database import writing
from warning_dispatch.store.schema import metadata
from warning_dispatch.store.sql import Sql

NOW = 1_785_000_000_000
BY = 3_600_000
_NOT_MOMENTS = {"next", "tokens", "entries", "order_key"}


def moments() -> set[tuple[str, str]]:
    """Every column that holds a moment: big integers that are neither a key nor a count."""
    return {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if type(column.type) is BigInteger and column.name not in _NOT_MOMENTS and not column.name.endswith("id")
    }


def test_every_moment_of_the_schema_is_decided() -> None:
    """A new column with a time in it must be called a deadline or a fact, or this fails."""
    moving = {(rows.split()[0], column) for rows, columns in MOVE.items() for column in columns}
    staying = {(table, column) for table, columns in STAY.items() for column in columns}
    assert moving | staying == moments()
    assert not moving & staying


class Night:
    """One call-out with a branch, a callee and an attempt, all with moments around NOW."""

    def __init__(self, engine: Engine, state: CallOutState = CallOutState.RUNNING, *, guessed: bool = True) -> None:
        self.engine = engine
        self.add(
            "callout",
            id=1,
            plan_name="city",
            plan="{}",
            texts="{}",
            hazard="rainstorm",
            colour=4,
            issuer_area="1411",
            purpose=1,
            state=state.value,
            started_at=NOW - 60,
            voice_until=NOW + 50,
            validity_guessed=int(guessed),
            next_at=NOW + 50,
        )
        self.add("unit", id=1, code="1", name="u", kind="division", level=1, area="1")
        self.add("branch", id=1, callout_id=1, tier=0, state=BranchState.WAITING.value, gate_at=NOW + 1, opened_at=NOW)
        self.callee(1, CalleeState.CALLING)

    def add(self, table: str, **values: object) -> None:
        """A row."""
        with writing(self.engine) as connection:
            connection.execute(insert(metadata.tables[table]).values(**values))

    def callee(self, key: int, state: CalleeState, memory: str | None = None) -> None:
        """A callee with every moment set."""
        if key > 1:
            self.add("unit", id=key, code=str(key), name="u", kind="division", level=1, area="1")
        times = {"opened_at": NOW, "origin": NOW, "next_at": NOW + 2, "unreached_at": NOW + 3, "retry_at": NOW + 4}
        self.add(
            "callee",
            id=key,
            callout_id=1,
            branch_id=1,
            unit_id=key,
            tier=0,
            state=state.value,
            memory=memory,
            answered_at=NOW,
            **times,
        )

    def step(self, by: int = BY) -> list[int]:
        """The clock is set; the live call-outs."""
        with writing(self.engine) as connection:
            return list(ClockTable(Sql(connection)).move(by))

    def row(self, table: str, key: int = 1) -> dict[str, int]:
        """The row."""
        found = metadata.tables[table]
        with self.engine.connect() as connection:
            return dict(connection.execute(select(found).where(found.c.id == key)).mappings().one())  # type: ignore[arg-type]


Make = Callable[..., Night]


@pytest.fixture
def make(each_kind: Any) -> Make:
    """A night, each on a database of its own."""
    return lambda *given, **named: Night(each_kind.create(), *given, **named)


def test_deadlines_of_a_live_callout_move_and_facts_stay(make: Make) -> None:
    """Gate, ladder, limit, retry and leases; when it started and who answered when is not rewritten."""
    night = make()
    night.add("attempt", id=1, channel=1, purpose=1, roles=0, order_key=0, state=AttemptState.READY.value, due_at=NOW)
    night.add(
        "attempt",
        id=2,
        channel=1,
        purpose=1,
        roles=0,
        order_key=0,
        state=AttemptState.CLAIMED.value,
        due_at=NOW,
        claimed_at=NOW,
        lease_until=NOW + 5,
    )
    assert night.step() == [1]
    callee, branch, callout = night.row("callee"), night.row("branch"), night.row("callout")
    assert [callee[one] for one in ("opened_at", "origin", "next_at", "unreached_at", "retry_at")] == [
        NOW + BY,
        NOW + BY,
        NOW + BY + 2,
        NOW + BY + 3,
        NOW + BY + 4,
    ]
    assert (callee["answered_at"], branch["opened_at"], callout["started_at"]) == (NOW, NOW, NOW - 60)
    assert branch["gate_at"] == NOW + BY + 1
    assert night.row("attempt", 1)["due_at"] == NOW + BY
    claimed = night.row("attempt", 2)
    assert (claimed["due_at"], claimed["claimed_at"], claimed["lease_until"]) == (NOW, NOW, NOW + BY + 5)


def test_a_guessed_validity_moves_and_one_that_the_message_names_does_not(make: Make) -> None:
    """`expires` is wall time: the right clock decides whether it is over."""
    guessed, named = make(), make(guessed=False)
    guessed.step()
    named.step()
    assert (guessed.row("callout")["voice_until"], guessed.row("callout")["next_at"]) == (NOW + BY + 50,) * 2
    assert (named.row("callout")["voice_until"], named.row("callout")["next_at"]) == (NOW + 50,) * 2


def test_a_pause_and_a_reminder_are_intervals_of_ours(make: Make) -> None:
    """They move whether the validity is guessed or named."""
    for state in (CallOutState.PAUSED, CallOutState.AWAITING_LIFT):
        night = make(state, guessed=False)
        night.step(-BY)
        assert night.row("callout")["next_at"] == NOW - BY + 50
        assert night.row("callout")["voice_until"] == NOW + 50


def test_the_validity_of_a_chain_moves_if_it_is_a_guess(make: Make) -> None:
    """And only while the warning is in force."""
    night = make()
    chains = [(1, ChainState.IN_FORCE, 1), (2, ChainState.IN_FORCE, 0), (3, ChainState.ENDED, 1)]
    for key, state, guessed in chains:
        night.add(
            "alert_chain",
            id=key,
            root=str(key),
            issuer="i",
            issuer_area="1411",
            hazard="rainstorm",
            colour=4,
            state=state.value,
            valid_until=NOW,
            valid_guessed=guessed,
        )
    night.step()
    assert [night.row("alert_chain", key)["valid_until"] for key, _, _ in chains] == [NOW + BY, NOW, NOW]


def test_what_is_remembered_of_a_number_moves_in_its_moments_only(make: Make) -> None:
    """Held back for ten minutes is ten minutes still; "never" (0) stays never, and who answered stays."""
    night = make()
    night.callee(2, CalleeState.UNANSWERED, json.dumps([[[7, 1, 1, NOW + 9, "a"], [8, 2, 0, 0, ""]], [5]]))
    night.callee(3, CalleeState.CALLING, json.dumps([[[9, 1, 3, 0, "b"]], []]))
    night.step(-BY)
    memory = json.loads(str(night.row("callee", 2)["memory"]))
    assert memory == [[[7, 1, 1, NOW + 9 - BY, "a"], [8, 2, 0, 0, ""]], [5]]
    assert json.loads(str(night.row("callee", 3)["memory"])) == [[[9, 1, 3, 0, "b"]], []]


def test_who_has_finished_and_what_is_over_is_left_alone(make: Make) -> None:
    """The record of the past is not touched."""
    night = make()
    night.callee(2, CalleeState.ACKNOWLEDGED)
    night.step()
    assert night.row("callee", 2)["opened_at"] == NOW
    over = make(CallOutState.CLOSED)
    assert over.step() == []
    assert over.row("callee")["next_at"] == NOW + 2
    assert over.row("branch")["gate_at"] == NOW + 1
    assert over.row("callout")["voice_until"] == NOW + 50


def test_windows_and_breakers_move_so_that_no_limit_is_exceeded(make: Make) -> None:
    """Calls of the last hour are still calls of the last hour, and a bucket does not fill by a set clock."""
    night = make()
    night.add("number_call", id=1, number_id=1, route="phones", at=NOW)
    with writing(night.engine) as connection:
        connection.execute(insert(schema.route).values(name="sms", channel=2, tokens_at=NOW, down_until=NOW + 7))
        connection.execute(insert(schema.route).values(name="new", channel=2))
    night.step()
    assert night.row("number_call")["at"] == NOW + BY
    with night.engine.connect() as connection:
        rows = connection.execute(select(schema.route.c.tokens_at, schema.route.c.down_until)).all()
    assert sorted(map(tuple, rows)) == [(0, 0), (NOW + BY, NOW + BY + 7)]


def test_the_last_reading_is_kept(make: Make) -> None:
    """One row, written over."""
    night = make()
    with writing(night.engine) as connection:
        table = ClockTable(Sql(connection))
        assert table.last_reading() is None
        table.keep_reading(NOW)
        table.keep_reading(NOW + 1)
        assert table.last_reading() == NOW + 1
