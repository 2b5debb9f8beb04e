"""保存期限: what is older than the days it is kept is destroyed, piece by piece, and the journal says so for ever.

A call-out goes with all that is connected with it: other rounds of its warning, call-outs that took its units over,
calls that named units of both, the bureau's call about it. Such a family goes as a whole, and only when every member is
over and none was written about since; so nothing goes that an open call-out refers to.

1. Its links go, so that nobody can answer any more. 2. Its journal is buried: blocks removed, a signed tombstone left.
3. Its rows go, those that refer before those referred to. 4. Messages and warnings go that nothing is left of, then old
alarms that were claimed, then shifts of the roster, accounts of changes in the register (the journal's counts stay), people
and numbers that are not in force and that nothing names.

Every step is one short transaction on a bounded number of rows. Whoever stops in between leaves a whole database: a
buried journal has nothing to fold, and the next run goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState, ChainState, Purpose
from warning_dispatch.store.chore_rows import ChoreTable
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.sql import Sql

ROWS = 1_000
"""Rows removed in one transaction: some tens of milliseconds."""
DAY = 86_400_000
LEAST_DAYS = 180
"""Kept at least so long, whatever is asked."""
CHORE = "retention"
"""Its name in `lease`: the day on which a run was last begun, by whichever daemon."""

_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)
_OPEN = f"""(o.state IN ({_LIVE}) OR o.state = {CallOutState.COMPLETE.value} AND o.purpose <> {Purpose.SELF.value}
 OR EXISTS (SELECT 1 FROM alert_chain k WHERE k.id = o.chain_id AND k.state = {ChainState.IN_FORCE.value}
   AND (k.valid_until IS NULL OR k.valid_until >= ?))
 OR EXISTS (SELECT 1 FROM alarm m WHERE m.claimed_at IS NULL AND (m.colour > 0 OR m.next_at IS NOT NULL)
   AND (m.callout_id = o.id OR m.self_callout_id = o.id)))"""
_LAST_WORD = """(SELECT max(h.sealed_at) FROM journal_head h WHERE h.tombstone = 0 AND h.stream = 'callout:' || o.id)"""
_IS_HELD = f"""CASE WHEN {_OPEN} OR o.started_at >= ? OR o.voice_until >= ?
 OR coalesce({_LAST_WORD}, 0) >= ? THEN 1 ELSE 0 END"""
_STATES = f"SELECT o.id, {_IS_HELD} FROM callout o ORDER BY o.id"
_HELD = f"SELECT {_IS_HELD} FROM callout o WHERE o.id = ?"

_TIES: Sequence[str] = (
    "SELECT a.id, b.id FROM callout a JOIN callout b ON b.chain_id = a.chain_id AND b.id > a.id",
    "SELECT id, supersedes_id FROM callout WHERE supersedes_id IS NOT NULL",
    """SELECT DISTINCT o.callout_id, n.callout_id FROM callee o JOIN callee n ON n.id = o.next_id
     WHERE o.next_id IS NOT NULL""",
    """SELECT DISTINCT a.callout_id, c.callout_id FROM attempt a JOIN attempt_callee s ON s.attempt_id = a.id
     JOIN callee c ON c.id = s.callee_id WHERE a.callout_id <> c.callout_id""",
    """SELECT DISTINCT a.callout_id, b.callout_id FROM attempt a JOIN attempt b ON b.id = a.merged_id
     WHERE a.merged_id IS NOT NULL AND a.callout_id <> b.callout_id""",
    """SELECT DISTINCT b.callout_id, c.callout_id FROM branch b JOIN callee c ON c.id = b.superior_callee_id
     WHERE b.callout_id <> c.callout_id""",
    """SELECT DISTINCT b.callout_id, s.callout_id FROM branch b JOIN branch s ON s.id = b.superior_branch_id
     WHERE b.callout_id <> s.callout_id""",
    """SELECT DISTINCT callout_id, self_callout_id FROM alarm
     WHERE callout_id IS NOT NULL AND self_callout_id IS NOT NULL""",
)
"""Pairs of call-outs that go together or not at all."""

_LINKS = "DELETE FROM link WHERE hash IN (SELECT hash FROM link WHERE callout_id = ? LIMIT ?)"
_ITEMS = """DELETE FROM source_item WHERE (source, item) IN
 (SELECT source, item FROM source_item WHERE at < ? LIMIT ?)"""
_LINKED = """DELETE FROM alert_link WHERE (issuer, identifier, other) IN (SELECT l.issuer, l.identifier, l.other
 FROM alert_link l WHERE NOT EXISTS (SELECT 1 FROM alert m
   WHERE m.issuer = l.issuer AND m.identifier IN (l.identifier, l.other))
 AND NOT EXISTS (SELECT 1 FROM alert_chain k WHERE k.issuer = l.issuer AND k.root IN (l.identifier, l.other)) LIMIT ?)"""
_OF_CALLOUT: Sequence[tuple[str, str]] = (
    (
        "feedback",
        "SELECT f.id FROM feedback f JOIN callee c ON c.id = f.callee_id WHERE c.callout_id = ? LIMIT ?",
    ),
    ("action_done", "SELECT id FROM action_done WHERE callout_id = ? LIMIT ?"),
    ("response_step", "SELECT id FROM response_step WHERE callout_id = ? LIMIT ?"),
    ("response", "SELECT id FROM response WHERE callout_id = ? LIMIT ?"),
    ("acknowledgement", "SELECT id FROM acknowledgement WHERE callout_id = ? LIMIT ?"),
    ("attempt", "SELECT id FROM attempt WHERE callout_id = ? LIMIT ?"),
    ("callee", "SELECT id FROM callee WHERE callout_id = ? LIMIT ?"),
    ("branch", "SELECT id FROM branch WHERE callout_id = ? LIMIT ?"),
)
"""Table → the next rows of a call-out, those that refer before those referred to."""
_UNSERVED = "DELETE FROM attempt_callee WHERE attempt_id IN {ids}"
_UNATTEMPTED = "DELETE FROM attempt_callee WHERE callee_id IN {ids}"

_LOOSE: Sequence[tuple[str, str]] = (
    (
        "alert",
        f"""SELECT m.id FROM alert m LEFT JOIN alert_chain k ON k.id = m.chain_id WHERE m.received_at < ?
        AND NOT EXISTS (SELECT 1 FROM callout o WHERE o.alert_id = m.id OR o.chain_id = m.chain_id)
        AND (k.id IS NULL OR (k.state <> {ChainState.IN_FORCE.value} OR k.plan_name = '' OR k.valid_until < ?)
          AND NOT EXISTS (SELECT 1 FROM alert y WHERE y.chain_id = k.id AND y.received_at >= ?)) LIMIT ?""",
    ),
    (
        "alert_chain",
        """SELECT k.id FROM alert_chain k WHERE k.began_at < ? AND k.raised_at < ? AND coalesce(k.ended_at, 0) < ?
        AND NOT EXISTS (SELECT 1 FROM alert m WHERE m.chain_id = k.id)
        AND NOT EXISTS (SELECT 1 FROM callout o WHERE o.chain_id = k.id) LIMIT ?""",
    ),
    (
        "raw_message",
        """SELECT r.id FROM raw_message r WHERE r.received_at < ?
        AND NOT EXISTS (SELECT 1 FROM alert m WHERE m.raw_message_id = r.id) LIMIT ?""",
    ),
    (
        "alarm",
        f"""SELECT id FROM alarm WHERE at < ? AND (claimed_at < ? OR claimed_at IS NULL AND next_at IS NULL
        AND self_callout_id IS NULL AND colour < {Colour.ORANGE.value}) LIMIT ?""",
    ),
    (
        "endpoint",
        """SELECT e.id FROM endpoint e WHERE e.valid_until < ?
        AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.number_id = e.number_id) LIMIT ?""",
    ),
    ("duty_shift", "SELECT id FROM duty_shift WHERE ends_at < ? LIMIT ?"),
    ("register_change", "SELECT id FROM register_change WHERE at < ? LIMIT ?"),
    (
        "letter",
        """SELECT l.id FROM letter l LEFT JOIN campaign c ON c.id = l.campaign_id WHERE l.due_at < ?
        AND (c.id IS NULL OR c.closed_at < ?) LIMIT ?""",
    ),
    (
        "proof",
        """SELECT p.id FROM proof p WHERE p.ended_at < ?
        AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.proof_id = p.id) LIMIT ?""",
    ),
    (
        "renewal_link",
        """SELECT x.id FROM renewal_link x WHERE x.expired_at < ?
        AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.link_id = x.id) LIMIT ?""",
    ),
    ("filing", "SELECT id FROM filing WHERE campaign_id IS NULL AND filed_at < ? AND proposed IS NULL LIMIT ?"),
    (
        "receiver",
        """SELECT r.id FROM receiver r WHERE r.valid_until < ?
        AND NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.receiver_id = r.id)
        AND r.id NOT IN (SELECT receiver_id FROM duty_shift)
        AND r.id NOT IN (SELECT receiver_id FROM link)
        AND r.id NOT IN (SELECT receiver_id FROM renewal_link)
        AND r.id NOT IN (SELECT receiver_id FROM acknowledgement WHERE receiver_id IS NOT NULL)
        AND r.id NOT IN (SELECT receiver_id FROM feedback WHERE receiver_id IS NOT NULL)
        AND r.id NOT IN (SELECT receiver_id FROM action_done WHERE receiver_id IS NOT NULL)
        AND r.id NOT IN (SELECT receiver_id FROM attempt WHERE receiver_id IS NOT NULL) LIMIT ?""",
    ),
    (
        "number",
        """SELECT n.id FROM number n WHERE NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.number_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.number_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.number_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM proof p WHERE p.number_id = n.id)
        AND n.id NOT IN (SELECT number_id FROM renewal_link)
        AND NOT EXISTS (SELECT 1 FROM number_call c WHERE c.number_id = n.id) LIMIT ?""",
    ),
)
"""Table → rows that are old and that nothing names any more; every `?` but the last is the moment before which is old."""


@dataclass(slots=True)
class Removed:
    """What a run removed, table by table; `callouts` by their numbers."""

    before: int
    callouts: list[int] = field(default_factory=list)
    rows: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def anything(self) -> bool:
        """Whether anything went."""
        return bool(self.callouts or any(self.rows.values()))

    def document(self) -> dict[str, object]:
        """For a program and the journal: counts, and the numbers of the call-outs."""
        return {"before": self.before, "callouts": self.callouts, "rows": {k: n for k, n in self.rows.items() if n}}


def cutoff(now: int, days: int) -> int:
    """The moment (ms) before which things are old. Less than LEAST_DAYS are taken for LEAST_DAYS."""
    return now - max(days, LEAST_DAYS) * DAY


def old_callouts(connection: Connection, before: int) -> list[int]:
    """Call-outs that are over since before the moment, and everybody they are connected with as well; by number."""
    sql = Sql(connection)
    kept = {row[0]: bool(row[1]) for row in sql.rows(_STATES, before, before, before, before)}
    if all(kept.values()):
        return []
    ties: defaultdict[int, set[int]] = defaultdict(set)
    for statement in _TIES:
        for one, other in sql.rows(statement):
            if one is not None and one != other:
                ties[one].add(other)
                ties[other].add(one)
    return _not_reached_from([key for key, held in kept.items() if held], ties, kept)


def _not_reached_from(held: Sequence[int], ties: Mapping[int, set[int]], every: Mapping[int, bool]) -> list[int]:
    reached, waiting = set(held), list(held)
    while waiting:
        for other in ties.get(waiting.pop(), ()):
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return sorted(set(every) - reached)


def claim_run(engine: Engine, now: int) -> bool:
    """Whether this process does the run of the day (in Beijing): of several that ask, one is told yes.

    Nobody is while a call-out is RUNNING: a run is for a quiet hour.
    """
    with writing(engine) as connection:
        sql = Sql(connection)
        if sql.value("SELECT 1 FROM callout WHERE state = ? LIMIT 1", CallOutState.RUNNING.value) is not None:
            return False
        chores, day = ChoreTable(sql), beijing_text(now, "%Y-%m-%d")
        return chores.claim(CHORE, day, now, now) is not None and chores.finish(CHORE, day, "{}")


class Retention:
    """One run over one database, step by step."""

    def __init__(self, engine: Engine, journal: Journal, days: int) -> None:
        """`days` things are kept, LEAST_DAYS at the least."""
        self._engine = engine
        self._journal = journal
        self.days = days

    def claim(self, now: int) -> bool:
        """See claim_run."""
        return claim_run(self._engine, now)

    def old(self, now: int) -> list[int]:
        """The call-outs a run would remove now."""
        with reading(self._engine) as connection:
            return old_callouts(connection, cutoff(now, self.days))

    def steps(self, now: int, callouts: Sequence[int], removed: Removed) -> Generator[None, None, None]:
        """Remove these call-outs (of `old`) and what nothing needs any more.

        Each step is one short transaction; between two of them others write. What went is counted in `removed`.
        """
        for callout_id in callouts:
            yield from self._callout(callout_id, now, removed)
        for table, statement in _LOOSE:
            moments = [removed.before] * (statement.count("?") - 1)
            yield from self._batches(table, statement, moments, removed)
        for table, statement, old in (("source_item", _ITEMS, (removed.before,)), ("alert_link", _LINKED, ())):
            while self._delete(statement, *old, ROWS, counted=removed, table=table) == ROWS:
                yield
        if removed.anything:
            with writing(self._engine) as connection:
                entry = {"k": "retention.removed", **removed.document()}
                self._journal.append(connection, "system", [entry], now)
            yield

    def _callout(self, callout_id: int, now: int, removed: Removed) -> Iterator[None]:
        while self._delete(_LINKS, callout_id, ROWS, counted=removed, table="link") == ROWS:
            yield
        with writing(self._engine) as connection:
            if not self._bury(connection, callout_id, now, removed.before):
                return
        yield
        for table, statement in _OF_CALLOUT:
            yield from self._batches(table, statement, [callout_id], removed)
        with writing(self._engine) as connection:
            sql = Sql(connection)
            sql.run("DELETE FROM alarm WHERE callout_id = ? AND claimed_at IS NOT NULL", callout_id)
            sql.run("UPDATE callout SET supersedes_id = NULL WHERE supersedes_id = ?", callout_id)  # of its family
            sql.run("DELETE FROM estimate WHERE callout_id = ?", callout_id)
            sql.run("DELETE FROM callout WHERE id = ?", callout_id)
        removed.callouts.append(callout_id)
        yield

    def _bury(self, connection: Connection, callout_id: int, now: int, before: int) -> bool:
        """Whether the call-out may go on going: it is looked at again, under the lock of its journal."""
        sql, stream = Sql(connection), f"callout:{callout_id}"
        head = sql.one("SELECT tombstone FROM journal_head WHERE stream = ?" + sql.for_update, stream)
        if sql.value(_HELD, *[before] * 4, callout_id) != 0:
            return False
        if head is not None and not head[0]:  # else a run was interrupted here
            self._journal.bury(connection, stream, now)
        return True

    def _batches(self, table: str, statement: str, parameters: Sequence[int], removed: Removed) -> Iterator[None]:
        """Remove what the statement finds, ROWS at a time."""
        count = ROWS
        while count == ROWS:
            with writing(self._engine) as connection:
                sql = Sql(connection)
                found = [row[0] for row in sql.rows(statement, *parameters, ROWS)]
                count = len(found)
                for first in _BEFORE.get(table, ()) if found else ():
                    sql.run(first, sql.ids(found))
                if found:
                    sql.run(f"DELETE FROM {table} WHERE id IN {{ids}}", sql.ids(found))
            removed.rows[table] += count
            if count:
                yield

    def _delete(self, statement: str, *parameters: int, counted: Removed, table: str) -> int:
        with writing(self._engine) as connection:
            count = Sql(connection).run(statement, *parameters)
        counted.rows[table] += count
        return count


_BEFORE: Mapping[str, Sequence[str]] = {
    "attempt": (_UNSERVED,),
    "callee": (_UNATTEMPTED,),
    "renewal_link": ("DELETE FROM renewal_link_unit WHERE link_id IN {ids}",),
    "number": ("DELETE FROM opt_out WHERE number_id IN {ids}",),
    "alert": (
        "DELETE FROM outlet_post WHERE publication_id IN (SELECT id FROM publication WHERE alert_id IN {ids})",
        "DELETE FROM publication WHERE alert_id IN {ids}",
        "DELETE FROM alert_area WHERE alert_id IN {ids}",
        "UPDATE alert_chain SET alert_id = NULL WHERE alert_id IN {ids}",
    ),
}
"""Table → what goes first of the rows that are removed. A publication goes with its warning: without it that would be passed on again."""


def remove_old(retention: Retention, now: int) -> Removed:
    """A whole run at once, for a command; what it removed."""
    removed = Removed(cutoff(now, retention.days))
    for _ in retention.steps(now, retention.old(now), removed):
        pass
    return removed
