"""Promise 8: the journal is complete and tamper-evident. Whatever is done to it, `verify` finds it and names the place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.exc import DBAPIError

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.store.database import is_sqlite, reading, writing
from warning_dispatch.store.journal import GENESIS, Journal, block_hash, seals
from warning_dispatch.store.journal_check import (
    MOST_FAULTS,
    FaultKind,
    JournalFault,
    OutsideSeal,
    export,
    seals_from_log,
    verify,
)
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.schema import callout

KEYS = KeyRing.simulated(1)
JOURNAL = Journal(KEYS.journal_key, silent_logger())
STREAM = "callout:1"
ENTRY = st.fixed_dictionaries(
    {"kind": st.sampled_from(["rung", "answer", "gate"]), "callee": st.integers(0, 9999), "reason": st.text(max_size=5)}
)
STORY = st.lists(st.lists(ENTRY, min_size=1, max_size=4), min_size=2, max_size=7)


Written = Callable[[Sequence[Sequence[dict[str, object]]]], AbstractContextManager[Engine]]


@pytest.fixture(scope="module")
def written(each_kind: Any) -> Written:
    """Makes a database whose call-out 1 has a block per list of entries, beside an innocent stream."""
    free: list[Engine] = []

    @contextmanager
    def make(story: Sequence[Sequence[dict[str, object]]]) -> Iterator[Engine]:
        engine = free.pop() if free else each_kind.create()
        each_kind.fill(engine)
        with writing(engine) as connection:
            add_callout(connection, 1)
            JOURNAL.append(connection, "register", [{"kind": "import", "rows": 3}], 5)
            for position, entries in enumerate(story):
                JOURNAL.append(connection, STREAM, entries, 1000 + position)
        try:
            yield engine
        finally:
            free.append(engine)

    return make


def add_callout(connection: Connection, number: int) -> None:
    """A call-out that is only there."""
    numbers = dict.fromkeys(("colour", "purpose", "state", "started_at", "voice_until", "validity_guessed"), 1)
    words = dict.fromkeys(("plan_name", "plan", "texts", "hazard", "issuer_area"), "x")
    connection.execute(insert(callout), [{"id": number, **numbers, **words}])


NOISE = {"sqlite": "randomblob(32)", "postgresql": "sha256(CAST(CAST(random() AS text) AS bytea))"}
ZERO = {"sqlite": "x'00'", "postgresql": "decode('00', 'hex')"}


def tamper(engine: Engine, statement: str, **values: object) -> None:
    """Somebody with access to the database, and without the key. `{noise}` is 32 bytes of it, `{zero}` one byte."""
    words = statement.replace("{noise}", NOISE[engine.dialect.name]).replace("{zero}", ZERO[engine.dialect.name])
    with writing(engine) as connection:
        connection.execute(text(words), {"stream": STREAM, **values})


def check(engine: Engine, stream: str | None = None, outside: Sequence[OutsideSeal] = ()) -> list[JournalFault]:
    """Verify with the public key."""
    with reading(engine) as connection:
        return verify(connection, KEYS.journal_public, stream, outside)


def places(faults: Sequence[JournalFault]) -> list[tuple[str, FaultKind, int | None]]:
    """Faults without their words."""
    return [(fault.stream, fault.kind, fault.seq) for fault in faults]


def remembered(engine: Engine) -> list[OutsideSeal]:
    """What the log would have of the stream."""
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT seq, hash FROM journal_block WHERE stream = :of"), {"of": STREAM}).all()
    return [OutsideSeal(STREAM, seq, hash_.hex()[:16]) for seq, hash_ in rows]


def recompute(engine: Engine, first: int, last: int) -> None:
    """Rewrite blocks `first` to `last` so that they are whole in themselves, as anybody can who read the recipe."""
    with writing(engine) as connection:
        rows = connection.execute(
            text("SELECT seq, at, body, previous FROM journal_block WHERE stream = :of ORDER BY seq"), {"of": STREAM}
        ).all()
        previous = rows[first - 1].previous
        for seq, at, body, _ in rows[first - 1 : last]:
            digest = block_hash(STREAM, seq, at, previous, sha256(body.encode()).digest())
            connection.execute(
                text("UPDATE journal_block SET previous = :p, hash = :h WHERE stream = :of AND seq = :seq"),
                {"p": previous, "h": digest, "of": STREAM, "seq": seq},
            )
            previous = digest


# --- as it was written ------------------------------------------------------------------------------------


@given(STORY)
def test_an_honest_journal_has_no_faults(written: Written, story: list[list[dict[str, object]]]) -> None:
    """What was written verifies, as a whole, stream by stream, and against the log."""
    with written(story) as engine:
        assert check(engine) == []
        assert check(engine, STREAM) == []
        assert check(engine, None, remembered(engine)) == []
        with reading(engine) as connection:
            heads = {seal.stream: (seal.seq, seal.entries) for seal in seals(connection)}
        assert heads == {STREAM: (len(story), sum(map(len, story))), "register": (1, 1)}


@given(STORY)
def test_an_export_can_be_verified_by_hand(written: Written, story: list[list[dict[str, object]]]) -> None:
    """From the lines alone, by the recipe in the module's head, every hash can be computed again."""
    with written(story) as engine, reading(engine) as connection:
        lines = [json.loads(line) for line in export(connection, STREAM)]
    previous = GENESIS
    for header in [line for line in lines if "previous" in line]:
        entries = [line["entry"] for line in lines if line.get("block") == header["block"] and "entry" in line]
        body = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
        assert sha256(body).hexdigest() == header["body"]
        previous = block_hash(STREAM, header["block"], header["at"], previous, sha256(body).digest())
        assert previous.hex() == header["hash"]
    assert lines[-1]["hash"] == previous.hex()
    assert [line["entry"] for line in lines if "entry" in line] == [entry for entries in story for entry in entries]


def test_enums_are_written_as_their_values(written: Written) -> None:
    """The journal can be read without our code."""
    with (
        written([[{"state": CalleeState.ACKNOWLEDGED, "means": Means.KEY}]] * 2) as engine,
        reading(engine) as connection,
    ):
        body = connection.execute(text("SELECT body FROM journal_block WHERE seq = 2")).scalar_one()
    assert body == '[{"state":8,"means":"key"}]'


def test_no_entries_no_block(written: Written) -> None:
    """A turn that decided nothing leaves nothing."""
    with written([[{"a": 1}]] * 2) as engine:
        with writing(engine) as connection:
            JOURNAL.append(connection, STREAM, [], 2000)
        with reading(engine) as connection:
            assert {seal.stream: seal.seq for seal in seals(connection)} == {STREAM: 2, "register": 1}


def test_a_rolled_back_block_leaves_no_trace(written: Written) -> None:
    """The next block takes its place, and no seal of it was printed."""
    out = StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(20),
    )
    loud = Journal(KEYS.journal_key, log)

    def fail(engine: Engine) -> None:
        with writing(engine) as connection:
            loud.append(connection, STREAM, [{"lost": 1}], 2000)
            raise KeyError

    with written([[{"a": 1}]] * 2) as engine:
        with pytest.raises(KeyError):
            fail(engine)
        assert out.getvalue() == ""
        with writing(engine) as connection:
            loud.append(connection, STREAM, [{"kept": 1}], 2001)
            loud.append(connection, STREAM, [{"kept": 2}], 2002)
        assert check(engine) == []
        printed = list(seals_from_log(out.getvalue().splitlines()))
        assert printed == remembered(engine)[2:]


def test_seals_are_found_in_a_log_among_other_things() -> None:
    """A line of the journal daemon, another event, half a line: only seals count."""
    lines = [
        '<30>host warning-dispatch: {"event":"journal_sealed","stream":"callout:1","seq":3,"hash":"00ff"}',
        '{"event":"turn","says":"journal_sealed"}',
        '{"event":"journal_sealed","stream":',
        "journal_sealed",
    ]
    assert list(seals_from_log(lines)) == [OutsideSeal("callout:1", 3, "00ff")]


# --- one tampering at a time ------------------------------------------------------------------------------


@given(STORY, st.data())
def test_any_edit_of_a_block_is_found_at_its_place(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """Body, time, hash, predecessor, count: exactly one fault, in exactly that block."""
    seq = data.draw(st.integers(1, len(story)))
    change = data.draw(
        st.sampled_from(
            [
                "body = replace(body, '{', '{ ')",
                "body = substr(body, 1, length(body) - 2)",
                "body = '[]'",
                "at = at + 1",
                "hash = {noise}",
                "previous = {noise}",
                "entries = entries + 1",
            ]
        )
    )
    with written(story) as engine:
        tamper(engine, f"UPDATE journal_block SET {change} WHERE stream = :stream AND seq = :seq", seq=seq)
        assert places(check(engine)) == [(STREAM, FaultKind.EDITED, seq)]


def test_a_value_of_the_wrong_kind_is_an_edit(written: Written) -> None:
    """SQLite keeps whatever is put into a column, and the check must not stumble over it; PostgreSQL refuses it."""
    changes = ["body = CAST(x'fffe' AS TEXT)", "body = x'00'", "at = 'noon'", "hash = 'none'", "previous = 1"]
    place = "WHERE stream = :stream AND seq = 1"
    with written([[{"a": 1}]] * 2) as engine:
        if not is_sqlite(engine):
            with pytest.raises(DBAPIError):
                tamper(engine, f"UPDATE journal_block SET at = 'noon' {place}")
            return
    for change in changes:
        with written([[{"a": 1}]] * 2) as engine:
            tamper(engine, f"UPDATE journal_block SET {change} {place}")
            assert places(check(engine)) == [(STREAM, FaultKind.EDITED, 1)], change


@given(STORY, st.data())
def test_a_deleted_block_is_found_at_its_place(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """One from the middle is missing; the last one is a cut tail."""
    seq = data.draw(st.integers(1, len(story)))
    with written(story) as engine:
        tamper(engine, "DELETE FROM journal_block WHERE stream = :stream AND seq = :seq", seq=seq)
        kind = FaultKind.CUT_TAIL if seq == len(story) else FaultKind.MISSING
        assert places(check(engine)) == [(STREAM, kind, seq)]


@given(STORY, st.data())
def test_closing_the_gap_does_not_hide_it(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """A block is deleted and those behind it move up: the missing one is named, the others as moved."""
    seq = data.draw(st.integers(1, len(story) - 1))
    with written(story) as engine:
        tamper(engine, "DELETE FROM journal_block WHERE stream = :stream AND seq = :seq", seq=seq)
        tamper(engine, "UPDATE journal_block SET seq = -seq WHERE stream = :stream AND seq > :seq", seq=seq)
        tamper(engine, "UPDATE journal_block SET seq = -seq - 1 WHERE stream = :stream AND seq < 0")
        found = places(check(engine))
    moved = [(STREAM, FaultKind.REORDERED, place) for place in range(seq, len(story))]
    assert sorted(found) == sorted([*moved, (STREAM, FaultKind.MISSING, seq)])


@given(STORY, st.data())
def test_swapped_blocks_are_found_at_both_places(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """Two blocks change places: each is named where it stands, and nothing is said to be missing."""
    one, two = data.draw(st.lists(st.integers(1, len(story)), min_size=2, max_size=2, unique=True))
    with written(story) as engine:
        for old, new in ((one, -1), (two, one), (-1, two)):
            tamper(
                engine, "UPDATE journal_block SET seq = :new WHERE stream = :stream AND seq = :old", old=old, new=new
            )
        assert places(check(engine)) == [(STREAM, FaultKind.REORDERED, place) for place in sorted((one, two))]


@given(STORY, st.data())
def test_a_cut_tail_is_found_where_it_was_cut(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """The head still says how far the journal went."""
    kept = data.draw(st.integers(0, len(story) - 1))
    with written(story) as engine:
        tamper(engine, "DELETE FROM journal_block WHERE stream = :stream AND seq > :kept", kept=kept)
        assert places(check(engine)) == [(STREAM, FaultKind.CUT_TAIL, kept + 1)]


@given(STORY, st.data())
def test_a_head_moved_back_has_no_valid_seal(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """Cutting the tail and correcting the head needs the key."""
    kept = data.draw(st.integers(1, len(story) - 1))
    total = sum(map(len, story[:kept]))
    with written(story) as engine:
        tamper(engine, "DELETE FROM journal_block WHERE stream = :stream AND seq > :kept", kept=kept)
        tamper(
            engine,
            "UPDATE journal_head SET seq = :kept, entries = :total, hash = (SELECT hash FROM journal_block "
            "WHERE stream = :stream AND seq = :kept) WHERE stream = :stream",
            kept=kept,
            total=total,
        )
        assert places(check(engine)) == [(STREAM, FaultKind.BAD_SEAL, kept)]


@given(STORY, st.data())
def test_a_recomputed_chain_is_found(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """Rewritten to the end it stops at another hash than the sealed one; the log tells from where; a new head is no way out."""
    seq = data.draw(st.integers(1, len(story)))
    with written(story) as engine:
        log = remembered(engine)
        tamper(engine, "UPDATE journal_block SET at = at + 1 WHERE stream = :stream AND seq = :seq", seq=seq)
        recompute(engine, seq, len(story))
        assert places(check(engine)) == [(STREAM, FaultKind.RECOMPUTED, len(story))]
        assert places(check(engine, STREAM, log)) == [(STREAM, FaultKind.RECOMPUTED, seq)]
        tamper(
            engine,
            "UPDATE journal_head SET hash = (SELECT hash FROM journal_block WHERE stream = :stream AND seq = :last) "
            "WHERE stream = :stream",
            last=len(story),
        )
        assert places(check(engine)) == [(STREAM, FaultKind.BAD_SEAL, len(story))]


@given(STORY, st.data())
def test_a_chain_recomputed_half_way_is_found_where_it_breaks(
    written: Written, story: list[list[dict[str, object]]], data: st.DataObject
) -> None:
    """A single block rewritten with its own hash is named itself; of several the last."""
    first = data.draw(st.integers(1, len(story) - 1))
    last = data.draw(st.integers(first, len(story) - 1))
    with written(story) as engine:
        tamper(engine, "UPDATE journal_block SET at = at + 1 WHERE stream = :stream AND seq = :seq", seq=first)
        recompute(engine, first, last)
        assert places(check(engine)) == [(STREAM, FaultKind.EDITED, last)]


@pytest.mark.parametrize("column", ["seq", "entries", "hash", "sealed_at", "seal", "tombstone"])
def test_every_field_of_the_head_is_sealed(written: Written, column: str) -> None:
    """Nothing in the head can be changed without the key."""
    value = {"hash": "{zero}", "seal": "{zero}", "tombstone": "1"}.get(column, f"{column} + 1")
    with written([[{"a": 1}]] * 3) as engine:
        tamper(engine, f"UPDATE journal_head SET {column} = {value} WHERE stream = :stream")
        assert FaultKind.BAD_SEAL in {fault.kind for fault in check(engine)}


def test_another_installation_s_seal_is_no_seal(written: Written) -> None:
    """A journal written with another key is found out, although it is whole."""
    with written([[{"a": 1}]] * 2) as engine, reading(engine) as connection:
        faults = verify(connection, KeyRing.simulated(2).journal_public, STREAM)
    assert places(faults) == [(STREAM, FaultKind.BAD_SEAL, 2)]


def test_a_block_added_behind_the_end_is_found(written: Written) -> None:
    """Appending without the key leaves a block behind the sealed head."""
    with written([[{"a": 1}]] * 2) as engine:
        tamper(
            engine,
            "INSERT INTO journal_block SELECT stream, 3, at, entries, body, hash, {noise} FROM journal_block "
            "WHERE stream = :stream AND seq = 2",
        )
        assert places(check(engine)) == [(STREAM, FaultKind.ADDED, 3)]
        if is_sqlite(engine):  # which keeps words in a column of numbers
            tamper(engine, "UPDATE journal_block SET seq = 'three' WHERE seq = 3")
            assert (STREAM, FaultKind.ADDED, 0) in places(check(engine))


def test_a_stream_without_its_head_is_found(written: Written) -> None:
    """Taking the head away does not make the blocks their own witness."""
    with written([[{"a": 1}]] * 2) as engine:
        tamper(engine, "DELETE FROM journal_head WHERE stream = :stream")
        assert places(check(engine)) == [(STREAM, FaultKind.UNKNOWN_STREAM, None)]


def test_a_callout_without_its_journal_is_found(written: Written) -> None:
    """Removing a whole stream is no way out either: the call-out is still there."""
    with written([[{"a": 1}]] * 2) as engine:
        tamper(engine, "DELETE FROM journal_head WHERE stream = :stream")
        tamper(engine, "DELETE FROM journal_block WHERE stream = :stream")
        assert places(check(engine)) == [(STREAM, FaultKind.NO_STREAM, None)]
        assert places(check(engine, STREAM)) == [(STREAM, FaultKind.NO_STREAM, None)]


def test_a_journal_without_its_callout_is_found(written: Written) -> None:
    """A call-out cannot vanish from the tables while its journal speaks of it."""
    with written([[{"a": 1}]] * 2) as engine:
        tamper(engine, "DELETE FROM callout")
        assert places(check(engine)) == [(STREAM, FaultKind.UNKNOWN_STREAM, None)]


def test_a_stream_under_another_name_is_found(written: Written) -> None:
    """The journal of one call-out cannot pass for that of another."""
    with written([[{"a": 1}]] * 2) as engine:
        with writing(engine) as connection:
            add_callout(connection, 2)
        for table in ("journal_block", "journal_head"):
            tamper(engine, f"UPDATE {table} SET stream = 'callout:2' WHERE stream = :stream")
        found = places(check(engine))
        assert (STREAM, FaultKind.NO_STREAM, None) in found
        assert ("callout:2", FaultKind.BAD_SEAL, 2) in found


def test_a_database_set_back_as_a_whole_is_found_by_the_log(written: Written) -> None:
    """The one thing the database cannot show by itself: the log has seals it does not know."""
    with written([[{"a": 1}]] * 2) as older, written([[{"a": 1}]] * 4) as newer:
        log = remembered(newer)
        assert check(older) == []
        assert places(check(older, None, log)) == [(STREAM, FaultKind.CUT_TAIL, 3)]
        with writing(older) as connection:
            for moment in (5000, 5001, 5002):
                JOURNAL.append(connection, STREAM, [{"another": 1}], moment)
        assert check(older) == []
        assert places(check(older, None, log)) == [(STREAM, FaultKind.RECOMPUTED, 3)]


def test_a_stream_only_the_log_knows_is_found(written: Written) -> None:
    """Even the register's journal, which no row of another table asks for."""
    with written([[{"a": 1}]] * 2) as engine:
        outside = [OutsideSeal("register", 1, "00"), OutsideSeal("system", 1, "00")]
        assert places(check(engine, None, outside)) == [
            ("register", FaultKind.RECOMPUTED, 1),
            ("system", FaultKind.NO_STREAM, None),
        ]


def test_a_broken_entry_is_named(written: Written) -> None:
    """Where the text itself is damaged, the entry can be told."""
    with written([[{"a": 1}, {"b": 2}, {"c": 3}]] * 2) as engine:
        tamper(
            engine,
            """UPDATE journal_block SET body = replace(body, '"b"', '"b') WHERE stream = :stream AND seq = 1""",
        )
        (fault,) = check(engine)
    assert (fault.seq, fault.entry) == (1, 2)
    assert str(fault) == "callout:1, block 1, entry 2: edited: the block is not what was written, and no JSON"


def test_the_list_of_faults_ends(written: Written) -> None:
    """A journal that was destroyed is not answered with a million lines, and the check says that it stopped."""
    with written([[{"a": 1}]] * (MOST_FAULTS + 50)) as engine:
        tamper(engine, "UPDATE journal_block SET body = '[]' WHERE stream = :stream")
        faults = check(engine)
    assert len(faults) == MOST_FAULTS + 1
    assert "ended here" in faults[-1].what


def test_an_export_survives_a_damaged_block(written: Written) -> None:
    """Evidence is handed out as it is."""
    with written([[{"a": 1}]] * 2) as engine:
        tamper(engine, "UPDATE journal_block SET body = '[{' WHERE stream = :stream AND seq = 1")
        with reading(engine) as connection:
            lines = [json.loads(line) for line in export(connection, STREAM)]
    assert lines[1] == {"block": 1, "unreadable": "[{"}
    assert lines[3] == {"block": 2, "position": 1, "entry": {"a": 1}}


def test_an_unknown_stream_cannot_be_asked_for(written: Written) -> None:
    """A mistyped number is no clean journal."""
    with written([[{"a": 1}]] * 2) as engine, reading(engine) as connection:
        with pytest.raises(NotFoundError, match="callout:7"):
            verify(connection, KEYS.journal_public, "callout:7")
        with pytest.raises(NotFoundError, match="callout:7"):
            list(export(connection, "callout:7"))


# --- retention --------------------------------------------------------------------------------------------


def test_retention_leaves_a_sealed_tombstone(written: Written) -> None:
    """A buried stream verifies, takes nothing more, and cannot be dug up or forged."""
    with written([[{"a": 1}]] * 3) as engine:
        log = remembered(engine)
        with writing(engine) as connection:
            JOURNAL.bury(connection, STREAM, 9000)
        assert check(engine, None, log) == []
        with pytest.raises(RefusedError), writing(engine) as connection:
            JOURNAL.append(connection, STREAM, [{"late": 1}], 9001)
        with pytest.raises(RefusedError), writing(engine) as connection:
            JOURNAL.bury(connection, STREAM, 9001)
        tamper(engine, "INSERT INTO journal_block VALUES (:stream, 1, 1, 0, '[]', {zero}, {zero})")
        assert places(check(engine)) == [(STREAM, FaultKind.ADDED, 1)]


def test_a_forged_tombstone_has_no_valid_seal(written: Written) -> None:
    """Dropping a stream in retention's name needs the key."""
    with written([[{"a": 1}]] * 3) as engine:
        tamper(engine, "DELETE FROM journal_block WHERE stream = :stream")
        tamper(engine, "UPDATE journal_head SET tombstone = 1 WHERE stream = :stream")
        assert places(check(engine)) == [(STREAM, FaultKind.BAD_SEAL, 3)]
