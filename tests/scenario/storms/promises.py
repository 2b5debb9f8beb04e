"""The promises of the product as questions to the tables, the journal and the carrier's own record.

Each question selects what breaks a promise; an empty answer keeps it. Nothing here calls the engine.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection

from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import (
    ANSWERED,
    FINISHED,
    LIVE_CALLOUT,
    UNREACHED,
    AttemptState,
    BranchState,
    CalleeState,
    CallOutState,
    Means,
    Purpose,
    Voice,
)
from warning_dispatch.model.unit import Channel, Role, UnitKind
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierRecord
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.sealing import link_token
from warning_dispatch.store.snapshot import fold_faults


def _in(states: Sequence[int]) -> str:
    return "(" + ", ".join(str(int(state)) for state in states) + ")"


_DONE, _LIVE = _in(FINISHED), _in(LIVE_CALLOUT)
_OVER = _in((CallOutState.CANCELLED, CallOutState.SUPERSEDED, CallOutState.CLOSED))
_RUNNING = int(CallOutState.RUNNING)
_READY, _WIRE = int(AttemptState.READY), _in((AttemptState.CLAIMED, AttemptState.HANDED))
_VOICE, _SELF = int(Channel.VOICE), int(Purpose.SELF)
_ASKING = _in((Purpose.CALL, Purpose.SELF))
_WAITING, _QUEUED, _RINGING = int(CalleeState.WAITING), int(Voice.QUEUED), int(Voice.LIVE)
_ON_LEASE = "a.lease_until IS NOT NULL"
"""Whatever was claimed in the last transaction is on a lease: between two transactions no other need be looked at."""
_CALLS = f"""WITH live AS (
    SELECT id, 1 AS queued FROM attempt WHERE state = {_READY} AND channel = {_VOICE} AND purpose IN {_ASKING} UNION ALL
    SELECT id, 0 FROM attempt WHERE lease_until IS NOT NULL AND state IN {_WIRE} AND channel = {_VOICE}
      AND purpose IN {_ASKING}),
  served AS (SELECT ac.callee_id, sum(live.queued) AS queued, sum(1 - live.queued) AS wire
    FROM live JOIN attempt_callee ac ON ac.attempt_id = live.id GROUP BY ac.callee_id),
  held AS (SELECT o.id AS callout, o.state AS callout_state, c.*, coalesce(s.queued, 0) AS queued,
      coalesce(s.wire, 0) AS wire
    FROM callout o JOIN callee c ON c.callout_id = o.id LEFT JOIN served s ON s.callee_id = c.id
    WHERE o.state IN {_LIVE})"""
"""`held`: the callees of live call-outs, and how many calls are queued and under way for each."""


_ROUNDS_OF_C = """(WITH RECURSIVE same (id) AS (SELECT c.id UNION ALL SELECT o.id FROM callee o JOIN same s
          ON o.carried_id = s.id) SELECT id FROM same)"""
"""The callee and those of earlier rounds whose answers it took over."""


def _claimed_after_the_answer(where: str) -> str:
    return f"""SELECT a.id, c.id, a.claimed_at - c.answered_at FROM attempt a
        JOIN attempt_callee ac ON ac.attempt_id = a.id JOIN callee c ON c.id = ac.callee_id
        WHERE {where} AND c.state = {int(CalleeState.ACKNOWLEDGED)}
        AND a.purpose IN {_ASKING} AND a.claimed_at > c.answered_at
        AND NOT EXISTS (SELECT 1 FROM attempt_callee x WHERE x.attempt_id = a.id AND x.callee_id <> c.id)
        AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.counted = 1 AND k.callee_id IN {_ROUNDS_OF_C}
          AND (a.claimed_at <= k.at OR k.role = {int(Role.DUTY)}))"""


def _claimed_after_the_end(where: str) -> str:
    return f"""SELECT a.id, a.channel FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE {where} AND o.state IN {_OVER} AND a.claimed_at > o.ended_at AND a.purpose <> {int(Purpose.ALL_CLEAR)}"""


def _claimed_after_the_claim(where: str) -> str:
    return f"""SELECT a.id, a.channel FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE {where} AND o.purpose = {_SELF} AND o.state NOT IN {_LIVE} AND a.claimed_at > o.ended_at"""


def _branch_counts(where: str) -> str:
    return f"""SELECT b.id, b.total, b.answered, b.unreached, b.finished FROM callout o JOIN branch b
          ON b.callout_id = o.id LEFT JOIN (
            SELECT branch_id, count(*) AS total, sum(state IN {_in(ANSWERED)}) AS answered,
              sum(state IN {_in(UNREACHED)}) AS unreached, sum(state IN {_DONE}) AS finished
            FROM callee GROUP BY branch_id) k ON k.branch_id = b.id
        WHERE {where} AND (b.total, b.answered, b.unreached, b.finished) <> (coalesce(k.total, 0),
          coalesce(k.answered, 0), coalesce(k.unreached, 0), coalesce(k.finished, 0))"""


def _callout_counts(where: str) -> str:
    return f"""SELECT o.id, o.total, o.finished, count(c.id), sum(c.state IN {_DONE}) FROM callout o
        LEFT JOIN callee c ON c.callout_id = o.id WHERE {where} GROUP BY o.id
        HAVING o.total <> count(c.id) OR o.finished <> coalesce(sum(c.state IN {_DONE}), 0)"""


AT_ANY_MOMENT: Mapping[str, str] = {
    "1 nobody is forgotten: open, and neither deadline nor voice attempt": f"""{_CALLS}
        SELECT id, state FROM held WHERE callout_state = {_RUNNING} AND state NOT IN {_DONE} AND state <> {_WAITING}
        AND next_at IS NULL AND queued + wire = 0""",
    "1 a callee says QUEUED, and no attempt is in the queue for it": f"""{_CALLS}
        SELECT id, queued FROM held WHERE voice = {_QUEUED} AND queued <> 1""",
    "1 a callee says LIVE, and no call is under way for it": f"""{_CALLS}
        SELECT id, wire FROM held WHERE voice = {_RINGING} AND wire <> 1""",
    "7 one voice attempt at a time": f"""{_CALLS}
        SELECT id, queued, wire FROM held WHERE state NOT IN {_DONE} AND queued + wire > 1""",
    "1 nobody is forgotten: waits behind a gate that nothing will open": f"""
        SELECT c.id, b.id FROM callout o JOIN branch b ON b.callout_id = o.id JOIN callee c ON c.branch_id = b.id
        WHERE o.state = {_RUNNING} AND c.state = {_WAITING}
        AND (b.state = {int(BranchState.OPEN)} OR (b.gate_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM callee s JOIN callout so ON so.id = s.callout_id
          WHERE so.state IN {_LIVE} AND s.state NOT IN {_DONE}
          AND (s.id = b.superior_callee_id OR (b.superior_callee_id IS NULL AND s.branch_id = b.superior_branch_id)))
          AND NOT EXISTS (SELECT 1 FROM branch w WHERE w.id = b.superior_branch_id
            AND w.state = {int(BranchState.WAITING)})))""",
    "1 nobody is forgotten: a call-out that nobody will look at": f"""
        SELECT id, state FROM callout WHERE state IN {_LIVE} AND next_at IS NULL""",
    "1 an attempt on the wire that no lease will end": f"""
        SELECT id, state FROM attempt WHERE lease_until IS NULL
        AND (state = {int(AttemptState.CLAIMED)} OR (state = {int(AttemptState.HANDED)} AND channel = {_VOICE}))""",
    "3 an answer silences: still queued for a unit that has finished": f"""
        SELECT a.id FROM attempt a WHERE a.state = {_READY} AND a.purpose IN {_ASKING}
        AND a.possible_duplicate = 0 AND a.claimed_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM attempt_callee ac JOIN callee c ON c.id = ac.callee_id
          WHERE ac.attempt_id = a.id AND c.state NOT IN {_DONE})""",
    "6 a cancel stops: still queued": f"""
        SELECT a.id, a.channel, a.possible_duplicate FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE o.state IN {_OVER} AND a.state = {_READY} AND a.purpose <> {int(Purpose.ALL_CLEAR)}""",
    "7 one phone, one call": f"""
        SELECT number_id, count(*) FROM attempt a WHERE {_ON_LEASE} AND channel = {_VOICE} AND state IN {_WIRE}
        GROUP BY number_id HAVING count(*) > 1""",
    "7 lines: the count kept differs from the calls, or is above the limit": f"""
        SELECT r.name, r.lines_used, r.lines FROM route r WHERE r.lines IS NOT NULL AND (r.lines_used > r.lines
        OR r.lines_used <> (SELECT count(*) FROM attempt a WHERE {_ON_LEASE} AND a.route = r.name
          AND a.channel = {_VOICE} AND a.state IN {_WIRE}))""",
    "9 what cannot be decided rings a human: an open alarm for which nobody is called": f"""
        SELECT m.id, m.kind, m.self_callout_id FROM alarm m WHERE m.claimed_at IS NULL AND m.colour > 0
        AND EXISTS (SELECT 1 FROM unit u WHERE u.kind = '{UnitKind.BUREAU.value}')
        AND NOT EXISTS (SELECT 1 FROM callout o JOIN callee c ON c.callout_id = o.id WHERE o.id = m.self_callout_id
          AND o.state = {_RUNNING} AND c.state NOT IN {_DONE} AND c.next_at IS NOT NULL)""",
    "9 what cannot be decided rings a human: two self-calls at once": f"""
        SELECT max(id) FROM callout WHERE purpose = {_SELF} AND state IN {_LIVE} GROUP BY purpose HAVING count(*) > 1""",
    "9 a self-call with nothing to tell": f"""
        SELECT o.id FROM callout o WHERE o.purpose = {_SELF} AND o.state IN {_LIVE} AND NOT EXISTS (
          SELECT 1 FROM alarm m WHERE m.self_callout_id = o.id AND m.claimed_at IS NULL)""",
    "9 a claim silences: still queued": f"""
        SELECT a.id FROM attempt a JOIN callout o ON o.id = a.callout_id WHERE a.state = {_READY}
        AND o.purpose = {_SELF} AND o.state NOT IN {_LIVE}""",
    "kept counts of a branch": _branch_counts(f"o.state IN {_LIVE}"),
    "kept counts of a call-out": _callout_counts(f"o.state IN {_LIVE}"),
}
"""What may never be true between two transactions."""

WHILE_THE_CLOCK_IS_TRUE: Mapping[str, str] = {
    "3 an answer silences: claimed after the unit had answered": _claimed_after_the_answer(_ON_LEASE),
    "6 a cancel stops: claimed afterwards": _claimed_after_the_end(_ON_LEASE),
    "9 a claim silences: somebody of the bureau is still called": _claimed_after_the_claim(_ON_LEASE),
}
"""The same, told by times. Where the wall clock is set in mid-storm the order of the journal tells it, at the end."""

WHEN_ALL_IS_OVER: Mapping[str, str] = {
    "4 an attempt was lost: it neither ended nor was dropped": f"""
        SELECT id, state, channel, purpose FROM attempt WHERE state IN ({_READY}, {int(AttemptState.CLAIMED)})
        OR (state = {int(AttemptState.HANDED)} AND channel = {_VOICE})""",
    "5 practice: a call-out of a message that is not Actual": """
        SELECT o.id, a.status FROM callout o JOIN alert a ON a.id = o.alert_id WHERE a.status <> 'Actual'""",
    "lines still taken": "SELECT name, lines_used FROM route WHERE lines_used <> 0",
    "told, and never sent": f"""
        SELECT c.id, a.id, a.outcome FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id
        JOIN attempt a ON a.id = ac.attempt_id WHERE c.state = {int(CalleeState.INFORMED)}
        AND a.purpose = {int(Purpose.NOTICE)} AND a.claimed_at IS NULL AND a.outcome = 'not_wanted'""",
    "kept counts of a branch": _branch_counts("1 = 1"),
    "kept counts of a call-out": _callout_counts("1 = 1"),
}
"""What may not be left when every call-out is closed and the wire is quiet."""

AND_THE_CLOCK_WAS_TRUE: Mapping[str, str] = {
    "3 an answer silences: claimed after the unit had answered": _claimed_after_the_answer("1 = 1"),
    "6 a cancel stops: claimed afterwards": _claimed_after_the_end("1 = 1"),
    "9 a claim silences: somebody of the bureau is still called": _claimed_after_the_claim("1 = 1"),
}


@dataclass(slots=True)
class Truth:
    """What people really did, noted where they did it: by the network or by the one who played them."""

    taps: set[str] = field(default_factory=set)
    """Tokens of links behind which somebody pressed the button."""
    replies: set[int] = field(default_factory=set)
    """Numbers from which somebody wrote back that it was received."""
    recorded: set[tuple[int, str]] = field(default_factory=set)
    """(callee, means) an operator or a superior recorded."""
    leaders_told: set[int] = field(default_factory=set)
    """Callees for which 已报告带班领导 was recorded."""
    heard_keys: set[int] = field(default_factory=set)
    """Attempts whose pressed key was told to the engine in a transaction that was committed."""
    clock_was_set: bool = False
    """Whether the wall clock jumped: times in the tables are then no order."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What is left of a storm: the tables, the carrier's record, and what they are to be judged by."""

    connection: Connection
    truth: Truth
    records: Sequence[CarrierRecord]
    plans: Mapping[str, CallChain]
    link_key: bytes
    public_key: bytes


@dataclass(slots=True)
class _Claims:
    """The units that an attempt named, and the numbers it went to."""

    units: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)


def broken_now(driver: sqlite3.Connection, truth: Truth) -> list[str]:
    """Promises broken at this moment. All questions are put as one; only if one is broken each by itself."""
    questions = AT_ANY_MOMENT if truth.clock_was_set else {**AT_ANY_MOMENT, **WHILE_THE_CLOCK_IS_TRUE}
    broken = driver.execute(_as_one(truth.clock_was_set)).fetchone()[0]
    return list(_ask(driver, questions)) if broken else []


@cache
def _as_one(clock_was_set: bool) -> str:
    questions = AT_ANY_MOMENT if clock_was_set else {**AT_ANY_MOMENT, **WHILE_THE_CLOCK_IS_TRUE}
    plain = [f"EXISTS ({sql})" for sql in questions.values() if not sql.startswith(_CALLS)]
    held = [f"EXISTS ({sql.removeprefix(_CALLS)})" for sql in questions.values() if sql.startswith(_CALLS)]
    return f"{_CALLS} SELECT {' OR '.join(held + plain)}"


def broken_at_the_end(trail: Trail) -> list[str]:
    """Promises broken when all is over."""
    connection, truth = trail.connection, trail.truth
    driver: Any = connection.connection.driver_connection
    questions = WHEN_ALL_IS_OVER if truth.clock_was_set else {**WHEN_ALL_IS_OVER, **AND_THE_CLOCK_WAS_TRUE}
    entries = read_entries(connection)
    return [
        *_ask(driver, questions),
        *(f"8 {fault}" for fault in verify(connection, trail.public_key)),
        *(f"8 {fault}" for fault in fold_faults(connection)),
        *after_the_answer(connection, entries),
        *handed_twice(trail.records),
        *_unreal_answers(trail, _claims(connection, entries)),
        *_unfounded_states(trail),
        *_unheard_keys(connection, truth),
    ]


def _ask(driver: sqlite3.Connection, questions: Mapping[str, str]) -> Iterator[str]:
    for promise, sql in questions.items():
        rows = driver.execute(sql).fetchmany(4)
        if rows:
            yield f"{promise}: {rows}"


Entries = Mapping[str, Sequence[Mapping[str, Any]]]
"""The journal's entries by stream."""


def read_entries(connection: Connection) -> Entries:
    """The journal of all call-outs."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    sql = "SELECT stream, body FROM journal_block WHERE stream LIKE 'callout:%' ORDER BY stream, seq"
    for stream, body in _rows(connection, sql):
        found[stream] += json.loads(body)
    return found


def after_the_answer(connection: Connection, entries: Entries) -> Iterator[str]:
    """Promises 3 and 6 in the order in which things were committed, which times alone cannot show."""
    purposes = dict(_rows(connection, "SELECT id, purpose FROM attempt"))
    for stream, listed in entries.items():
        over = False
        finished: set[int] = set()
        for entry in listed:
            match entry["k"]:
                case "callee" if CalleeState[entry["to"]] in FINISHED:
                    finished.add(entry["id"])
                case "callout" if entry["to"] in ("CANCELLED", "SUPERSEDED", "CLOSED"):
                    over = True
                case "attempt.claimed" | "shared.claimed" if purposes[entry["id"]] in (Purpose.CALL, Purpose.SELF):
                    late = finished.intersection(entry["callees"])
                    if late:
                        yield f"3 an answer silences: attempt {entry['id']} names {sorted(late)}, who had finished"
                    if over:
                        yield f"6 a cancel stops: attempt {entry['id']} claimed after the end of {stream}"
                case "attempt.claimed" if purposes[entry["id"]] == Purpose.NOTICE and over:
                    yield f"6 a cancel stops: notice {entry['id']} claimed after the end of {stream}"


def handed_twice(records: Sequence[CarrierRecord]) -> Iterator[str]:
    """Promise 4, by the carrier's own record."""
    seen: set[int] = set()
    for record in records:
        if record.what == carrier_log.HANDED:
            if record.attempt_id in seen and not record.possible_duplicate:
                yield f"4 never twice by accident: attempt {record.attempt_id} handed over again without saying so"
            seen.add(record.attempt_id)


def _unreal_answers(  # noqa: C901 - one case per means
    trail: Trail, claims: Mapping[int, _Claims]
) -> Iterator[str]:
    """Promise 2: every acknowledgement is something that a person really did, and did for that unit."""
    connection, truth = trail.connection, trail.truth
    pressed = {one.attempt_id for one in trail.records if one.what == carrier_log.PRESSED}
    own = set(_rows(connection, "SELECT unit_id, number_id FROM endpoint"))
    rounds, tapped = _rounds(connection), _tapped(trail)
    for key, callee_id, unit_id, means, receiver_id, attempt_id, receiver_of in _rows(
        connection,
        """SELECT k.id, k.callee_id, c.unit_id, k.means, k.receiver_id, k.attempt_id, r.unit_id
        FROM acknowledgement k JOIN callee c ON c.id = k.callee_id LEFT JOIN receiver r ON r.id = k.receiver_id""",
    ):
        claimed = claims.get(attempt_id, _Claims())
        its_own = {number for number in claimed.numbers if (unit_id, number) in own}
        where = f"2 only a human acknowledges: answer {key} of callee {callee_id} by {means}"
        match Means(means):
            case Means.KEY:
                if attempt_id not in pressed:
                    yield f"{where}: nobody pressed a key in attempt {attempt_id}"
                elif not its_own:
                    yield f"{where}: the phone of attempt {attempt_id} is not one of that unit"
                elif unit_id not in claimed.units:
                    yield f"{where}: attempt {attempt_id} did not name it"
            case Means.LINK:
                if not tapped.intersection((callout, receiver_id) for _, callout in rounds[callee_id]):
                    yield f"{where}: receiver {receiver_id} did not tap"
                elif receiver_of != unit_id:
                    yield f"{where}: receiver {receiver_id} is not of that unit"
            case Means.REPLY | Means.EMAIL:
                if not truth.replies & its_own:
                    yield f"{where}: none of the numbers {claimed.numbers} wrote"
            case Means.OPERATOR | Means.SUPERIOR:
                if not truth.recorded.intersection((callee, means) for callee, _ in rounds[callee_id]):
                    yield f"{where}: nobody recorded it"


def _rounds(connection: Connection) -> Mapping[int, set[tuple[int, int]]]:
    """Callee → itself and the callees of older rounds it took over, each with its call-out."""
    callees = {row[0]: row[1:] for row in _rows(connection, "SELECT id, callout_id, carried_id FROM callee")}
    found: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for key, (callout_id, _) in callees.items():
        newest: int | None = key
        while newest is not None:
            found[newest].add((key, callout_id))
            newest = callees[newest][1]
    return found


def _tapped(trail: Trail) -> set[tuple[int, int]]:
    """(call-out, receiver) for everybody who has the number that a tapped link was sent to."""
    connection, key, taps = trail.connection, trail.link_key, trail.truth.taps
    callouts = [row[0] for row in _rows(connection, "SELECT id FROM callout")]
    holders: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for receiver_id, channel, number_id in _rows(
        connection, "SELECT receiver_id, channel, number_id FROM endpoint WHERE valid_until IS NULL"
    ):
        holders[channel, number_id].add(receiver_id)
    own = [(Channel.SMS, {row[0]}) for row in _rows(connection, "SELECT id FROM receiver")]
    found = set()
    for channel, receivers in (*own, *((Channel(channel), whose) for (channel, _), whose in holders.items())):
        for callout in callouts:
            if any(link_token(key, callout, one, Purpose.CALL, 1, channel) in taps for one in receivers):
                found.update((callout, one) for one in receivers)
    return found


def _claims(connection: Connection, entries: Entries) -> Mapping[int, _Claims]:
    """Attempt → what it was claimed for, over all its claims: a repeat may go to another phone than the first.

    Units, not callees: a round may have taken the callees over since.
    """
    unit_of = dict(_rows(connection, "SELECT id, unit_id FROM callee"))
    number_of = dict(_rows(connection, "SELECT id, number_id FROM endpoint"))
    claims: defaultdict[int, _Claims] = defaultdict(_Claims)
    for listed in entries.values():
        for entry in listed:
            if entry["k"] in ("attempt.claimed", "shared.claimed"):
                claims[entry["id"]].units.update(unit_of[callee] for callee in entry["callees"])
            if entry["k"] == "attempt.claimed":
                claims[entry["id"]].numbers.add(number_of[entry["endpoint"]])
    return claims


def _unfounded_states(trail: Trail) -> Iterator[str]:
    """Promise 2: who is ACKNOWLEDGED has the answers of those who answer for the unit, as many as its tier asks for.

    In this round, or in one whose answers it took over, by the rules of either: who answered a county's warning by its
    plan has answered the city's of the same hazard.
    """
    connection = trail.connection
    answers = _Answers(trail)
    for callee_id, carried_id in _rows(
        connection, "SELECT id, carried_id FROM callee WHERE carried_id IS NOT NULL ORDER BY id"
    ):
        answers.carry(callee_id, carried_id)
    for callee_id, state in _rows(
        connection,
        f"""SELECT id, state FROM callee
        WHERE state IN ({int(CalleeState.ACKNOWLEDGED)}, {int(CalleeState.DUTY_ANSWERED)})""",
    ):
        given = dict(answers.roles[callee_id])
        if state == CalleeState.ACKNOWLEDGED and not answers.enough(callee_id):
            yield f"2 only a human acknowledges: callee {callee_id} is ACKNOWLEDGED by {given}"
        if state == CalleeState.DUTY_ANSWERED and not answers.of_duty(callee_id):
            yield f"2 only a human acknowledges: callee {callee_id} is DUTY_ANSWERED by {given}"


class _Answers:
    """What was answered for each callee, and by which rules that may be judged."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self.roles: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._people: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        self._told = set(trail.truth.leaders_told)
        self._rules: defaultdict[int, list[tuple[int, str, int, int]]] = defaultdict(list)
        rows = _rows(
            trail.connection, "SELECT callee_id, role, receiver_id FROM acknowledgement WHERE counted = 1 ORDER BY id"
        )
        for callee_id, role, receiver_id in rows:
            self.roles[callee_id][role] += 1
            self._people[callee_id].add((role, receiver_id))
        for callee_id, *rules in _rows(
            trail.connection,
            """SELECT c.id, c.unit_id, o.plan_name, c.tier, c.answered_at
            FROM callee c JOIN callout o ON o.id = c.callout_id""",
        ):
            self._rules[callee_id].append(tuple(rules))
        self._holders: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for unit_id, role, since in _rows(
            trail.connection, "SELECT unit_id, role, valid_from FROM receiver WHERE valid_until IS NULL"
        ):
            self._holders[unit_id].append((role, since))

    def carry(self, old: int, new: int) -> None:
        """The newer callee took the older one's answers over."""
        self.roles[new].update(self.roles[old])
        self._people[new] |= self._people[old]
        self._rules[new] += self._rules[old]
        if old in self._told:
            self._told.add(new)

    def enough(self, callee_id: int) -> bool:
        """Whether it may be ACKNOWLEDGED by any of the rules it was called by."""
        told = self.of_duty(callee_id) and callee_id in self._told
        return told or 0 in self.roles[callee_id] or any(self._by(callee_id, *one) for one in self._rules[callee_id])

    def of_duty(self, callee_id: int) -> bool:
        """Whether somebody of a gate role has answered."""
        masks = [self._trail.plans[plan].tiers[tier].gate_roles for _, plan, tier, _ in self._rules[callee_id]]
        return any(role & mask for role in self.roles[callee_id] for mask in masks)

    def _by(self, callee_id: int, unit_id: int, plan: str, tier: int, at: int | None) -> bool:
        rules = self._trail.plans[plan].tiers[tier]
        answering = {receiver for role, receiver in self._people[callee_id] if role & rules.answering}
        since = [then for role, then in self._holders[unit_id] if role & rules.answering]
        first = min(since, default=0)
        known = sum(then <= (first if self._trail.truth.clock_was_set or at is None else at) for then in since)
        there_are = max(1, known)
        return len(answering) >= min(rules.need or there_are, there_are) or (
            rules.notice and bool(self.roles[callee_id])
        )


def _unheard_keys(connection: Connection, truth: Truth) -> Iterator[str]:
    """A key counts whenever it comes: what we were told is in the record."""
    kept = {row[0] for row in _rows(connection, "SELECT attempt_id FROM acknowledgement WHERE means = 'key'")}
    for attempt_id in sorted(truth.heard_keys - kept):
        yield f"2 a pressed key left no answer: attempt {attempt_id}"


def _rows(connection: Connection, sql: str) -> list[Any]:
    return [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
