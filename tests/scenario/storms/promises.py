"""The promises of the product as questions to the tables, the journal and the carrier's own record.

Each question selects what breaks a promise; an empty answer keeps it. Nothing here calls the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from warning_dispatch.model.states import (
    ANSWERED,
    FINISHED,
    LIVE_CALLOUT,
    UNREACHED,
    AttemptState,
    BranchState,
    CalleeState,
    CallOutState,
    Purpose,
    Voice,
)
from warning_dispatch.model.unit import Channel, Role, UnitKind
from warning_dispatch.store.sql import Sql


def _in(states: Sequence[int]) -> str:
    return "(" + ", ".join(str(int(state)) for state in states) + ")"


_DONE, _LIVE = _in(FINISHED), _in(LIVE_CALLOUT)
_OVER = _in((CallOutState.CANCELLED, CallOutState.SUPERSEDED, CallOutState.CLOSED))
_RUNNING = int(CallOutState.RUNNING)
_READY, _WIRE = int(AttemptState.READY), _in((AttemptState.CLAIMED, AttemptState.HANDED))
_VOICE, _SELF = int(Channel.VOICE), int(Purpose.SELF)
_ASKING = _in((Purpose.CALL, Purpose.DRILL, Purpose.SELF))
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


def claimed_after_the_answer(where: str) -> str:
    """Calls that named one unit and were claimed after it had answered, of the attempts `where`."""
    return f"""SELECT a.id, c.id, a.claimed_at - c.answered_at FROM attempt a
        JOIN attempt_callee ac ON ac.attempt_id = a.id JOIN callee c ON c.id = ac.callee_id
        WHERE {where} AND c.state = {int(CalleeState.ACKNOWLEDGED)}
        AND a.purpose IN {_ASKING} AND a.claimed_at > c.answered_at
        AND NOT EXISTS (SELECT 1 FROM attempt_callee x WHERE x.attempt_id = a.id AND x.callee_id <> c.id)
        AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.counted = 1 AND k.callee_id IN {_ROUNDS_OF_C}
          AND (a.claimed_at <= k.at OR k.role = {int(Role.DUTY)}))"""


def claimed_after_the_end(where: str) -> str:
    """Attempts claimed for a call-out that was over."""
    return f"""SELECT a.id, a.channel FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE {where} AND o.state IN {_OVER} AND a.claimed_at > o.ended_at AND a.purpose <> {int(Purpose.ALL_CLEAR)}"""


def claimed_after_the_claim(where: str) -> str:
    """Calls to the bureau's own people after somebody had claimed the alarm."""
    return f"""SELECT a.id, a.channel FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE {where} AND o.purpose = {_SELF} AND o.state NOT IN {_LIVE} AND a.claimed_at > o.ended_at"""


def branch_counts(where: str) -> str:
    """Branches whose kept counts are not what their callees say, of the call-outs `where`."""
    return f"""SELECT b.id, b.total, b.answered, b.unreached, b.finished FROM callout o JOIN branch b
          ON b.callout_id = o.id LEFT JOIN (
            SELECT branch_id, count(*) AS total, count(*) FILTER (WHERE state IN {_in(ANSWERED)}) AS answered,
              count(*) FILTER (WHERE state IN {_in(UNREACHED)}) AS unreached, count(*) FILTER (WHERE state IN {_DONE}) AS finished
            FROM callee GROUP BY branch_id) k ON k.branch_id = b.id
        WHERE {where} AND (b.total, b.answered, b.unreached, b.finished) <> (coalesce(k.total, 0),
          coalesce(k.answered, 0), coalesce(k.unreached, 0), coalesce(k.finished, 0))"""


def callout_counts(where: str) -> str:
    """The same for call-outs."""
    return f"""SELECT o.id, o.total, o.finished, count(c.id), count(*) FILTER (WHERE c.state IN {_DONE}) FROM callout o
        LEFT JOIN callee c ON c.callout_id = o.id WHERE {where} GROUP BY o.id
        HAVING o.total <> count(c.id) OR o.finished <> count(*) FILTER (WHERE c.state IN {_DONE})"""


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
    "7 lines: more calls than a route has": f"""
        SELECT r.name, r.lines FROM route r WHERE r.lines < (SELECT count(*) FROM attempt a
          WHERE {_ON_LEASE} AND a.route = r.name AND a.channel = {_VOICE} AND a.state IN {_WIRE})""",
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
    "kept counts of a branch": branch_counts(f"o.state IN {_LIVE}"),
    "kept counts of a call-out": callout_counts(f"o.state IN {_LIVE}"),
}
"""What may never be true between two transactions."""

WHILE_THE_CLOCK_IS_TRUE: Mapping[str, str] = {
    "3 an answer silences: claimed after the unit had answered": claimed_after_the_answer(_ON_LEASE),
    "6 a cancel stops: claimed afterwards": claimed_after_the_end(_ON_LEASE),
    "9 a claim silences: somebody of the bureau is still called": claimed_after_the_claim(_ON_LEASE),
}
"""The same, told by times. Where the wall clock is set in mid-storm the order of the journal tells it, at the end."""


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
    step_was_lost: bool = False
    """Whether the process died over such a jump: the next one takes it for a stop (ADR 0010), and what lies in a budget's
    window is then off by the jump. Storms city-4101, strict-2247, both-2532, both-3186."""


def broken_now(sql: Sql, truth: Truth) -> list[str]:
    """Promises broken at this moment. All questions are put as one; only if one is broken each by itself."""
    questions = AT_ANY_MOMENT if truth.clock_was_set else {**AT_ANY_MOMENT, **WHILE_THE_CLOCK_IS_TRUE}
    broken = sql.value(_as_one(truth.clock_was_set))
    return list(ask(sql, questions)) if broken else []


@cache
def _as_one(clock_was_set: bool) -> str:
    questions = AT_ANY_MOMENT if clock_was_set else {**AT_ANY_MOMENT, **WHILE_THE_CLOCK_IS_TRUE}
    plain = [f"EXISTS ({sql})" for sql in questions.values() if not sql.startswith(_CALLS)]
    held = [f"EXISTS ({sql.removeprefix(_CALLS)})" for sql in questions.values() if sql.startswith(_CALLS)]
    return f"{_CALLS} SELECT {' OR '.join(held + plain)}"


def ask(sql: Sql, questions: Mapping[str, str]) -> Iterator[str]:
    """Each question by itself: what breaks a promise."""
    for promise, question in questions.items():
        rows = sql.rows(question)[:4]
        if rows:
            yield f"{promise}: {rows}"
