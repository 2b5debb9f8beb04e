"""The promises at the end of a storm: what may not be left over, and what every answer and hand-over is traced to."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from warning_dispatch.model.plan import CallChain, Tier
from warning_dispatch.model.states import ASKING, FINISHED, AttemptState, CalleeState, Means, Purpose
from warning_dispatch.model.unit import ALL_ROLES, Channel
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierRecord
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.sealing import link_token
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql

from .promises import (
    Truth,
    ask,
    branch_counts,
    callout_counts,
    claimed_after_the_answer,
    claimed_after_the_claim,
    claimed_after_the_end,
)

_READY, _VOICE = int(AttemptState.READY), int(Channel.VOICE)

WHEN_ALL_IS_OVER: Mapping[str, str] = {
    "4 an attempt was lost: it neither ended nor was dropped": f"""
        SELECT id, state, channel, purpose FROM attempt WHERE state IN ({_READY}, {int(AttemptState.CLAIMED)})
        OR (state = {int(AttemptState.HANDED)} AND channel = {_VOICE})""",
    "5 practice: a call-out of a message that is not Actual": """
        SELECT o.id, a.status FROM callout o JOIN alert a ON a.id = o.alert_id WHERE a.status <> 'Actual'""",
    "told, and never sent": f"""
        SELECT c.id, a.id, a.outcome FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id
        JOIN attempt a ON a.id = ac.attempt_id WHERE c.state = {int(CalleeState.INFORMED)}
        AND a.purpose = {int(Purpose.NOTICE)} AND a.claimed_at IS NULL AND a.outcome = 'not_wanted'""",
    "kept counts of a branch": branch_counts("1 = 1"),
    "kept counts of a call-out": callout_counts("1 = 1"),
}
"""What may not be left when every call-out is closed and the wire is quiet."""

AND_THE_CLOCK_WAS_TRUE: Mapping[str, str] = {
    "3 an answer silences: claimed after the unit had answered": claimed_after_the_answer("1 = 1"),
    "6 a cancel stops: claimed afterwards": claimed_after_the_end("1 = 1"),
    "9 a claim silences: somebody of the bureau is still called": claimed_after_the_claim("1 = 1"),
}


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


def broken_at_the_end(trail: Trail) -> list[str]:
    """Promises broken when all is over."""
    connection, truth = trail.connection, trail.truth
    questions = WHEN_ALL_IS_OVER if truth.clock_was_set else {**WHEN_ALL_IS_OVER, **AND_THE_CLOCK_WAS_TRUE}
    entries = read_entries(connection)
    return [
        *ask(Sql(connection), questions),
        *(f"8 {fault}" for fault in verify(connection, trail.public_key)),
        *(f"8 {fault}" for fault in fold_faults(connection)),
        *after_the_answer(connection, entries),
        *handed_twice(trail.records),
        *_unreal_answers(trail, _claims(connection, entries)),
        *_unfounded_states(trail),
        *_unheard_keys(connection, truth),
    ]


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
                case "attempt.claimed" | "shared.claimed" if purposes[entry["id"]] in ASKING:
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


def _tiers(shipped: CallChain, own: str | None) -> Sequence[Tier]:
    """The tiers by which a call-out is judged: the shipped ones. `own`: the plan of a drill for a named list.

    Of that only which tiers stand in it is believed, by their names. Whom no tier of the plan calls may stand on the list
    all the same, and answers for himself whatever his role (storms 150, 153 and 185 with drills).
    """
    if own is None:
        return shipped.tiers
    known = {tier.name: tier for tier in shipped.tiers}
    besides = replace(shipped.tiers[0], need=1, answering=ALL_ROLES, gate_roles=0, notice=False)
    return [
        besides if name.startswith("staff_") else known[name]
        for name in (tier["name"] for tier in json.loads(own)["tiers"])
    ]


class _Answers:
    """What was answered for each callee, and by which rules that may be judged."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self.roles: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._people: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        self._told = set(trail.truth.leaders_told)
        self._rules: defaultdict[int, list[tuple[int, Tier, int | None]]] = defaultdict(list)
        rows = _rows(
            trail.connection, "SELECT callee_id, role, receiver_id FROM acknowledgement WHERE counted = 1 ORDER BY id"
        )
        for callee_id, role, receiver_id in rows:
            self.roles[callee_id][role] += 1
            self._people[callee_id].add((role, receiver_id))
        tiers = {
            key: _tiers(trail.plans[name], own)
            for key, name, own in _rows(
                trail.connection, "SELECT id, plan_name, CASE WHEN named IS NOT NULL THEN plan END FROM callout"
            )
        }
        for callee_id, callout_id, unit_id, tier, at in _rows(
            trail.connection, "SELECT id, callout_id, unit_id, tier, answered_at FROM callee"
        ):
            self._rules[callee_id].append((unit_id, tiers[callout_id][tier], at))
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
        masks = [tier.gate_roles for _, tier, _ in self._rules[callee_id]]
        return any(role & mask for role in self.roles[callee_id] for mask in masks)

    def _by(self, callee_id: int, unit_id: int, rules: Tier, at: int | None) -> bool:
        answering = {receiver for role, receiver in self._people[callee_id] if role & rules.answering}
        since = [then for role, then in self._holders[unit_id] if role & rules.answering]
        first = min(since, default=0)
        timed = at is not None and not self._trail.truth.clock_was_set
        # Who was added in the very millisecond of the answer may have come before or after it (storm city-904).
        known = sum(then <= first or (timed and then < at) for then in since)
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
    return [tuple(row) for row in Sql(connection).rows(sql)]
