"""The promises of the product as questions to the tables, the journal and the carrier's own record.

Each question selects what breaks a promise; an empty answer keeps it. Nothing here calls the engine.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.escalation.budgets import Night, Window
from warning_dispatch.model.colour import Colour
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
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierRecord
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.sealing import link_token
from warning_dispatch.store.snapshot import fold_faults


def _in(states: Sequence[int]) -> str:
    return "(" + ", ".join(str(int(state)) for state in states) + ")"


_DONE, _LIVE = _in(FINISHED), _in(LIVE_CALLOUT)
_OVER = _in((CallOutState.CANCELLED, CallOutState.SUPERSEDED, CallOutState.CLOSED))
_READY, _WIRE = int(AttemptState.READY), _in((AttemptState.CLAIMED, AttemptState.HANDED))
_VOICE = int(Channel.VOICE)
_SERVED = f"""FROM attempt_callee ac JOIN attempt a ON a.id = ac.attempt_id
    WHERE ac.callee_id = c.id AND a.channel = {_VOICE} AND a.purpose = {int(Purpose.CALL)}"""
_QUEUED_FOR_IT = f"(SELECT count(*) {_SERVED} AND a.state = {_READY})"
_CALLS_FOR_IT = f"(SELECT count(*) {_SERVED} AND a.state IN {_WIRE})"

AT_ANY_MOMENT: Mapping[str, str] = {
    "1 nobody is forgotten: open, and neither deadline nor voice attempt": f"""
        SELECT c.id, c.state FROM callee c JOIN callout o ON o.id = c.callout_id
        WHERE o.state = {int(CallOutState.RUNNING)} AND c.state NOT IN {_DONE} AND c.state <> {int(CalleeState.WAITING)}
        AND c.next_at IS NULL AND {_QUEUED_FOR_IT} + {_CALLS_FOR_IT} = 0""",
    "1 nobody is forgotten: waits behind a gate that nothing will open": f"""
        SELECT c.id, b.id FROM callee c JOIN callout o ON o.id = c.callout_id JOIN branch b ON b.id = c.branch_id
        WHERE o.state = {int(CallOutState.RUNNING)} AND c.state = {int(CalleeState.WAITING)}
        AND (b.state = {int(BranchState.OPEN)} OR (b.gate_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM callee s JOIN callout so ON so.id = s.callout_id WHERE so.state IN {_LIVE}
          AND s.state NOT IN {_DONE} AND (s.id = b.superior_callee_id OR (b.superior_callee_id IS NULL AND s.branch_id = b.superior_branch_id)))
          AND NOT EXISTS (SELECT 1 FROM branch w WHERE w.id = b.superior_branch_id
            AND w.state = {int(BranchState.WAITING)})))""",
    "1 nobody is forgotten: a call-out that nobody will look at": f"""
        SELECT id, state FROM callout WHERE state IN {_LIVE} AND next_at IS NULL""",
    "1 a callee says QUEUED, and no attempt is in the queue for it": f"""
        SELECT c.id FROM callee c JOIN callout o ON o.id = c.callout_id WHERE o.state IN {_LIVE}
        AND c.voice = {int(Voice.QUEUED)} AND {_QUEUED_FOR_IT} <> 1""",
    "1 a callee says LIVE, and no call is under way for it": f"""
        SELECT c.id FROM callee c JOIN callout o ON o.id = c.callout_id WHERE o.state IN {_LIVE}
        AND c.voice = {int(Voice.LIVE)} AND {_CALLS_FOR_IT} <> 1""",
    "1 an attempt on the wire that no lease will end": f"""
        SELECT id, state FROM attempt WHERE lease_until IS NULL
        AND (state = {int(AttemptState.CLAIMED)} OR (state = {int(AttemptState.HANDED)} AND channel = {_VOICE}))""",
    "3 an answer silences: claimed after the unit had answered": f"""
        SELECT a.id, c.id, a.claimed_at - c.answered_at FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id
        JOIN attempt a ON a.id = ac.attempt_id WHERE c.state = {int(CalleeState.ACKNOWLEDGED)}
        AND a.purpose = {int(Purpose.CALL)} AND a.claimed_at > c.answered_at
        AND NOT EXISTS (SELECT 1 FROM attempt_callee x WHERE x.attempt_id = a.id AND x.callee_id <> c.id)
        AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.callee_id = c.id AND k.counted = 1
          AND (a.claimed_at <= k.at OR k.role = {int(Role.DUTY)}))""",
    "3 an answer silences: still queued for a unit that has finished": f"""
        SELECT a.id FROM attempt a WHERE a.state = {_READY} AND a.purpose = {int(Purpose.CALL)}
        AND a.possible_duplicate = 0 AND a.claimed_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM attempt_callee ac JOIN callee c ON c.id = ac.callee_id
          WHERE ac.attempt_id = a.id AND c.state NOT IN {_DONE})""",
    "6 a cancel stops: still queued": f"""
        SELECT a.id, a.channel, a.possible_duplicate FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE o.state IN {_OVER} AND a.state = {_READY} AND a.purpose <> {int(Purpose.ALL_CLEAR)}""",
    "6 a cancel stops: claimed afterwards": f"""
        SELECT a.id, a.channel FROM attempt a JOIN callout o ON o.id = a.callout_id
        WHERE o.state IN {_OVER} AND a.claimed_at > o.ended_at AND a.purpose <> {int(Purpose.ALL_CLEAR)}""",
    "7 one voice attempt at a time": f"""
        SELECT c.id, {_QUEUED_FOR_IT}, {_CALLS_FOR_IT} FROM callee c JOIN callout o ON o.id = c.callout_id
        WHERE o.state IN {_LIVE} AND c.state NOT IN {_DONE} AND {_QUEUED_FOR_IT} + {_CALLS_FOR_IT} > 1""",
    "7 one phone, one call": f"""
        SELECT number_id, count(*) FROM attempt WHERE channel = {_VOICE} AND state IN {_WIRE}
        GROUP BY number_id HAVING count(*) > 1""",
    "7 lines: the count kept differs from the calls, or is above the limit": f"""
        SELECT r.name, r.lines_used, r.lines FROM route r WHERE r.lines IS NOT NULL AND (r.lines_used > r.lines
        OR r.lines_used <> (SELECT count(*) FROM attempt a WHERE a.route = r.name AND a.channel = {_VOICE}
          AND a.state IN {_WIRE}))""",
    "kept counts of a branch": f"""
        SELECT b.id, b.total, b.answered, b.unreached, b.finished FROM branch b LEFT JOIN (
          SELECT branch_id, count(*) AS total, sum(state IN {_in(ANSWERED)}) AS answered,
            sum(state IN {_in(UNREACHED)}) AS unreached, sum(state IN {_DONE}) AS finished
          FROM callee GROUP BY branch_id) k ON k.branch_id = b.id
        WHERE (b.total, b.answered, b.unreached, b.finished) <> (coalesce(k.total, 0), coalesce(k.answered, 0),
          coalesce(k.unreached, 0), coalesce(k.finished, 0))""",
    "kept counts of a call-out": f"""
        SELECT o.id, o.total, o.finished FROM callout o WHERE
        o.total <> (SELECT count(*) FROM callee c WHERE c.callout_id = o.id)
        OR o.finished <> (SELECT count(*) FROM callee c WHERE c.callout_id = o.id AND c.state IN {_DONE})""",
}
"""What may never be true between two transactions."""

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
}
"""What may not be left when every call-out is closed and the wire is quiet."""


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


def broken_now(connection: Connection) -> list[str]:
    """Promises broken at this moment."""
    return list(_ask(connection, AT_ANY_MOMENT))


def broken_at_the_end(
    connection: Connection,
    truth: Truth,
    records: Sequence[CarrierRecord],
    plans: Mapping[str, CallChain],
    link_key: bytes,
    public_key: bytes,
) -> list[str]:
    """Promises broken when all is over."""
    return [
        *_ask(connection, WHEN_ALL_IS_OVER),
        *(f"8 {fault}" for fault in verify(connection, public_key)),
        *(f"8 {fault}" for fault in fold_faults(connection)),
        *_after_the_answer(connection),
        *_handed_twice(records),
        *_unreal_answers(connection, truth, records, link_key),
        *_unfounded_states(connection, truth, plans),
        *_unheard_keys(connection, truth),
    ]


def _ask(connection: Connection, questions: Mapping[str, str]) -> Iterator[str]:
    driver: Any = connection.connection.driver_connection  # a third of a storm's time is these questions
    for promise, sql in questions.items():
        rows = driver.execute(sql).fetchmany(4)
        if rows:
            yield f"{promise}: {rows}"


def _after_the_answer(connection: Connection) -> Iterator[str]:
    """Promises 3 and 6 in the order in which things were committed, which times alone cannot show."""
    purposes = dict(_rows(connection, "SELECT id, purpose FROM attempt"))
    finished: set[int] = set()
    over: set[str] = set()
    sql = "SELECT stream, body FROM journal_block WHERE stream LIKE 'callout:%' ORDER BY stream, seq"
    for stream, body in _rows(connection, sql):
        for entry in json.loads(body):
            match entry["k"]:
                case "callee" if CalleeState[entry["to"]] in FINISHED:
                    finished.add(entry["id"])
                case "callout" if entry["to"] in ("CANCELLED", "SUPERSEDED", "CLOSED"):
                    over.add(stream)
                case "attempt.claimed" if purposes[entry["id"]] == Purpose.CALL:
                    late = finished.intersection(entry["callees"])
                    if late:
                        yield f"3 an answer silences: attempt {entry['id']} names {sorted(late)}, who had finished"
                    if stream in over:
                        yield f"6 a cancel stops: attempt {entry['id']} claimed after the end of {stream}"
                case "attempt.claimed" if purposes[entry["id"]] == Purpose.NOTICE and stream in over:
                    yield f"6 a cancel stops: notice {entry['id']} claimed after the end of {stream}"


def _handed_twice(records: Sequence[CarrierRecord]) -> Iterator[str]:
    """Promise 4, by the carrier's own record."""
    seen: set[int] = set()
    for record in records:
        if record.what == carrier_log.HANDED:
            if record.attempt_id in seen and not record.possible_duplicate:
                yield f"4 never twice by accident: attempt {record.attempt_id} handed over again without saying so"
            seen.add(record.attempt_id)


def _unreal_answers(  # noqa: C901 - one case per means
    connection: Connection, truth: Truth, records: Sequence[CarrierRecord], link_key: bytes
) -> Iterator[str]:
    """Promise 2: every acknowledgement is something that a person really did, and did for that unit."""
    pressed = {(one.attempt_id) for one in records if one.what == carrier_log.PRESSED}
    own = set(_rows(connection, "SELECT unit_id, number_id FROM endpoint"))
    named = _named(connection)
    for key, callout_id, callee_id, unit_id, means, receiver_id, attempt_id, number_id, number_of in _rows(
        connection,
        """SELECT k.id, k.callout_id, k.callee_id, c.unit_id, k.means, k.receiver_id, k.attempt_id, a.number_id,
        r.unit_id FROM acknowledgement k JOIN callee c ON c.id = k.callee_id
        LEFT JOIN attempt a ON a.id = k.attempt_id LEFT JOIN receiver r ON r.id = k.receiver_id""",
    ):
        where = f"2 only a human acknowledges: answer {key} of callee {callee_id} by {means}"
        match Means(means):
            case Means.KEY:
                if attempt_id not in pressed:
                    yield f"{where}: nobody pressed a key in attempt {attempt_id}"
                elif (unit_id, number_id) not in own:
                    yield f"{where}: the phone of attempt {attempt_id} is not one of that unit"
                elif unit_id not in named[attempt_id]:
                    yield f"{where}: attempt {attempt_id} did not name it"
            case Means.LINK:
                if link_token(link_key, callout_id, receiver_id, Purpose.CALL, 1) not in truth.taps:
                    yield f"{where}: receiver {receiver_id} did not tap"
                elif number_of != unit_id:
                    yield f"{where}: receiver {receiver_id} is not of that unit"
            case Means.REPLY | Means.EMAIL:
                if number_id not in truth.replies or (unit_id, number_id) not in own:
                    yield f"{where}: number {number_id} did not write"
            case Means.OPERATOR | Means.SUPERIOR:
                if (callee_id, means) not in truth.recorded:
                    yield f"{where}: nobody recorded it"


def _named(connection: Connection) -> Mapping[int, set[int]]:
    """Attempt → the units that its calls named, over all its claims (a round may have taken its callees over since)."""
    units = dict(_rows(connection, "SELECT id, unit_id FROM callee"))
    named: defaultdict[int, set[int]] = defaultdict(set)
    for (body,) in _rows(connection, "SELECT body FROM journal_block WHERE stream LIKE 'callout:%'"):
        for entry in json.loads(body):
            if entry["k"] == "attempt.claimed":
                named[entry["id"]].update(units[callee] for callee in entry["callees"])
    return named


def _unfounded_states(connection: Connection, truth: Truth, plans: Mapping[str, CallChain]) -> Iterator[str]:
    """Promise 2: who is ACKNOWLEDGED was answered for, in this round or one whose answers it took over."""
    roles: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for callee_id, role in _rows(connection, "SELECT callee_id, role FROM acknowledgement WHERE counted = 1"):
        roles[callee_id][role] += 1
    leaders_told = set(truth.leaders_told)
    for old, new in _rows(connection, "SELECT id, carried_id FROM callee WHERE carried_id IS NOT NULL ORDER BY id"):
        roles[new].update(roles[old])
        leaders_told.update({new} if old in leaders_told else ())
    for callee_id, state, tier, name in _rows(
        connection,
        f"""SELECT c.id, c.state, c.tier, o.plan_name FROM callee c JOIN callout o ON o.id = c.callout_id
        WHERE c.state IN ({int(CalleeState.ACKNOWLEDGED)}, {int(CalleeState.DUTY_ANSWERED)})""",
    ):
        rules = plans[name].tiers[tier]
        masks = roles[callee_id]
        answering = any(role == 0 or role & rules.answering for role in masks)
        duty = any(role & rules.gate_roles for role in masks)
        told = callee_id in leaders_told
        if state == CalleeState.ACKNOWLEDGED and not answering and not (duty and told):
            yield f"2 only a human acknowledges: callee {callee_id} is ACKNOWLEDGED by {dict(masks)}"
        if state == CalleeState.DUTY_ANSWERED and not duty:
            yield f"2 only a human acknowledges: callee {callee_id} is DUTY_ANSWERED by {dict(masks)}"


def _unheard_keys(connection: Connection, truth: Truth) -> Iterator[str]:
    """A key counts whenever it comes: what we were told is in the record."""
    kept = {row[0] for row in _rows(connection, "SELECT attempt_id FROM acknowledgement WHERE means = 'key'")}
    for attempt_id in sorted(truth.heard_keys - kept):
        yield f"2 a pressed key left no answer: attempt {attempt_id}"


def _rows(connection: Connection, sql: str) -> list[Any]:
    return [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]


def budget_faults(connection: Connection, records: Sequence[CarrierRecord], limits: CallLimits) -> Iterator[str]:
    """Promise 7, by the carrier's own record and by our rows: no number is called more often than its budgets say.

    Windows are laid to end at each call, which finds every window that holds too many. A call is red when it was
    claimed for somebody of a red call-out; a refused one counts.
    """
    by_route: defaultdict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    by_address: defaultdict[str, list[int]] = defaultdict(list)
    claims = _claims(connection)
    for record in records:
        if record.channel is Channel.VOICE and _rang_or_was_refused(record.what):
            route, red, purpose = _claim_of(claims[record.attempt_id], record.at)
            by_route[f"the phone {record.address}", route].append((record.at, red))
            if purpose != Purpose.SELF:
                by_address[record.address].append(record.at)
    for number, route, at in _rows(connection, "SELECT number_id, route, at FROM number_call"):
        by_route[f"number_call of {number}", route].append((at, True))
    for (whose, route), calls in by_route.items():
        for window in limits.by_route[route].windows if route in limits.by_route else ():
            yield from _too_many(f"7 budget: {whose} by {route}", calls, window)
    if limits.night is not None:
        yield from _sleepless(by_address, limits.night)


def _sleepless(by_address: Mapping[str, Sequence[int]], night: Night) -> Iterator[str]:
    for address, moments in by_address.items():
        for (start, _), count in Counter(filter(None, map(night.around, moments))).items():
            if count > night.calls:
                yield f"7 a night may bear {night.calls} calls: the phone {address} had {count} from {start}"


def _rang_or_was_refused(what: str) -> bool:
    return what == carrier_log.HANDED or what.startswith(carrier_log.REFUSED)


def _claims(connection: Connection) -> Mapping[int, list[tuple[int, str, bool, int]]]:
    """Attempt → its claims in their order: moment, route, whether anybody of a red call-out is named, purpose."""
    sql = "SELECT c.id, o.colour FROM callee c JOIN callout o ON o.id = c.callout_id"
    red = {callee for callee, colour in _rows(connection, sql) if colour == Colour.RED}
    purposes = dict(_rows(connection, "SELECT id, purpose FROM attempt"))
    found: defaultdict[int, list[tuple[int, str, bool, int]]] = defaultdict(list)
    for at, body in _rows(connection, "SELECT at, body FROM journal_block WHERE stream LIKE 'callout:%' ORDER BY at"):
        for entry in json.loads(body):
            if entry["k"] == "attempt.claimed":
                practice = purposes[entry["id"]] in (Purpose.DRILL, Purpose.CAMPAIGN)
                may = not practice and not red.isdisjoint(entry["callees"])
                found[entry["id"]].append((at, entry["route"], may, purposes[entry["id"]]))
    return found


def _claim_of(claims: Sequence[tuple[int, str, bool, int]], at: int) -> tuple[str, bool, int]:
    """The claim that a hand-over at this moment belongs to: the last before it."""
    return next(claim[1:] for claim in reversed(claims) if claim[0] <= at)


def _too_many(what: str, calls: Sequence[tuple[int, bool]], window: Window) -> Iterator[str]:
    ordered = sorted(calls)
    for index, (at, red) in enumerate(ordered):
        inside = sum(1 for one, _ in ordered[: index + 1] if one > at - window.span)
        most = window.calls if red else window.calls - window.reserved
        if inside > most:
            yield f"{what}: {inside} in {window.span} ms before {at}, {most} are allowed{'' if red else ' if not red'}"
