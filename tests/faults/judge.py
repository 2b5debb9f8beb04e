"""What is left of a night is judged by its database and by the carrier's own log; the daemon is not asked."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection

from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierLog, CarrierRecord, read_carrier_log
from warning_dispatch.store.database import open_database, reading
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import NUMBER_CONTEXT
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql

from .night import Night
from .places import SEED
from .watch import LINES

STALE = 60_000
"""ms after which a claim must have ended one way or the other."""


@dataclass(slots=True)
class Verdict:
    """What a night amounts to. Everything that is not as promised is a sentence in `broken`."""

    callees: int = 0
    answered: int = 0
    handed: int = 0
    lost: int = 0
    called_after_answer: int = 0
    repeated: int = 0
    unmarked: int = 0
    broken: list[str] = field(default_factory=list)


def judge(night: Night) -> Verdict:
    """The verdict on a night that is over."""
    records = list(read_carrier_log(night.carrier_log)) if night.carrier_log.exists() else []
    database = open_database(night.url)
    try:
        with reading(database) as connection:
            return judged(connection, records, night.place.keys, clock_was_set=night.clock_was_set)
    finally:
        database.dispose()


def judged(
    connection: Connection, records: Sequence[CarrierRecord], keys: KeyRing, *, clock_was_set: bool = False
) -> Verdict:
    """The same of any database of a call-out that is over."""
    sql, storms, verdict = Sql(connection), _storms(), Verdict()
    verdict.callees = sql.value("SELECT count(*) FROM callee WHERE callout_id = 1")
    verdict.answered = sql.value("SELECT count(*) FROM callee WHERE callout_id = 1 AND answered_at IS NOT NULL")
    truth = storms.promises.Truth(clock_was_set=clock_was_set)
    verdict.broken += storms.promises.broken_now(sql, truth)
    _nobody_lost(sql, verdict)
    _an_answer_silences(connection, records, verdict, times=not clock_was_set)
    _repeats_are_marked(sql, records, verdict)
    verdict.broken += _answers_are_somebodys(sql, records, keys)
    verdict.broken += _limits_hold(records)
    verdict.broken += [f"8 {fault}" for fault in verify(connection, keys.journal_public)]
    verdict.broken += [f"8 {fault}" for fault in fold_faults(connection)]
    verdict.broken += storms.aftermath.ask(sql, {"5 practice": _PRACTICE, "10 thrown away": _KEPT})
    return verdict


_PRACTICE = "SELECT o.id FROM callout o JOIN alert a ON a.id = o.alert_id WHERE a.status <> 'Actual'"
_KEPT = "SELECT a.id FROM alert a LEFT JOIN raw_message m ON m.id = a.raw_message_id WHERE m.id IS NULL OR a.disposition = ''"


def _nobody_lost(sql: Sql, verdict: Verdict) -> None:
    """Promise 1: everybody has answered or is on the list of the unreached; no claim is stuck."""
    waiting = sql.rows("SELECT id, state FROM callee WHERE callout_id = 1 AND state IN (1, 2, 3)")
    stuck = sql.rows(
        "SELECT id FROM attempt WHERE state = 2 AND claimed_at < (SELECT max(claimed_at) FROM attempt) - ?", STALE
    )
    verdict.lost = len(waiting) + len(stuck)
    if waiting:
        verdict.broken.append(f"1 nobody is forgotten: neither answered nor on the list: {waiting[:4]}")
    if stuck:
        verdict.broken.append(f"4 never lost: claims that nobody repeats: {stuck[:4]}")


def _an_answer_silences(
    connection: Connection, records: Sequence[CarrierRecord], verdict: Verdict, *, times: bool
) -> None:
    """Promise 3: in the order of commits; and by the carrier's record against the answers of the database."""
    aftermath = _storms().aftermath
    late = list(aftermath.after_the_answer(connection, aftermath.read_entries(connection)))
    handed = {one.attempt_id for one in records if one.what == carrier_log.HANDED}
    found = Sql(connection).rows(_storms().promises.claimed_after_the_answer("1 = 1")) if times else ()
    late += [f"3 an answer silences: {row}" for row in found if row[0] in handed]
    verdict.called_after_answer = len(late)
    verdict.broken += late


def _repeats_are_marked(sql: Sql, records: Sequence[CarrierRecord], verdict: Verdict) -> None:
    """Promise 4: handed over twice only as a possible duplicate, in the carrier's record and in ours."""
    handed = Counter(one.attempt_id for one in records if one.what == carrier_log.HANDED)
    twice = {attempt for attempt, count in handed.items() if count > 1}
    marked = {row[0] for row in sql.rows("SELECT id FROM attempt WHERE possible_duplicate = 1")}
    known = {row[0] for row in sql.rows("SELECT id FROM attempt WHERE claimed_at IS NOT NULL")}
    unsaid = list(_storms().aftermath.handed_twice(records))
    verdict.handed, verdict.repeated = sum(handed.values()), sum(handed[one] - 1 for one in twice)
    verdict.unmarked = len(unsaid) + len(twice - marked)
    verdict.broken += unsaid
    if twice - marked:
        verdict.broken.append(
            f"4 never twice by accident: repeats that our tables do not mark: {sorted(twice - marked)[:4]}"
        )
    if set(handed) - known:
        verdict.broken.append(f"4 handed over, and never claimed: {sorted(set(handed) - known)[:4]}")


def _answers_are_somebodys(sql: Sql, records: Sequence[CarrierRecord], keys: KeyRing) -> Iterator[str]:
    """Promise 2: behind each answer by key stands a key at the carrier, behind each other one a reply or a tap."""
    sealer, log = AesSealer(keys), CarrierLog(str(SEED).encode())
    did: defaultdict[str, set[str]] = defaultdict(set)
    for one in records:
        did[one.what].add(one.address)
    pressed = {one.attempt_id for one in records if one.what == carrier_log.PRESSED}
    answers = sql.rows("SELECT means, attempt_id, receiver_id FROM acknowledgement")
    phones = sql.rows("SELECT e.receiver_id, n.sealed FROM endpoint e JOIN number n ON n.id = e.number_id")
    wanted = {receiver for _, _, receiver in answers}
    held: defaultdict[int, set[str]] = defaultdict(set)
    for receiver, sealed in phones:
        if receiver in wanted:
            held[receiver].add(log.digest(sealer.unseal(bytes(sealed), NUMBER_CONTEXT).decode()))
    for means, attempt, receiver in answers:
        what = _DID.get(means)
        if means == "key" and attempt not in pressed:
            yield f"2 only a human acknowledges: nobody pressed a key in attempt {attempt}"
        elif what and not did[what] & held[receiver]:
            yield f"2 only a human acknowledges: receiver {receiver} never {what}"


_DID: Mapping[str, str] = {
    "reply": carrier_log.REPLIED,
    "email": carrier_log.REPLIED,
    "link": carrier_log.TAPPED,
}


def _limits_hold(records: Sequence[CarrierRecord]) -> Iterator[str]:
    """Promise 7, by calls of which the carrier saw beginning and end: one phone one call, and no more calls than lines.

    A call whose end nobody saw died with the worker whose network it was.
    """
    begun: dict[int, int] = {}
    moments: list[tuple[int, int, str, int]] = []
    for one in records:
        if one.channel is not Channel.VOICE:
            continue
        if one.what == carrier_log.HANDED:
            begun[one.attempt_id] = one.at
        elif one.what.startswith((carrier_log.ENDED, carrier_log.HUNG_UP)) and one.attempt_id in begun:
            moments += [
                (begun.pop(one.attempt_id), 1, one.address, one.attempt_id),
                (one.at, 0, one.address, one.attempt_id),
            ]
    talking: Counter[str] = Counter()
    for at, begins, address, attempt in sorted(moments):
        talking[address] += 1 if begins else -1
        if begins and talking[address] > 1:
            yield f"7 one phone, one call: attempt {attempt} at {at}"
        if begins and talking.total() > LINES:
            yield f"7 lines: {talking.total()} calls at {at}"
    for one in records:
        if one.what == carrier_log.CLASH:
            yield f"7 one phone, one call: attempt {one.attempt_id} met another one at {one.at}"


def _storms() -> Any:
    """The promises as the storms look at them."""
    path = Path(__file__).resolve().parents[1] / "scenario" / "storms"
    name = "scenario_storms"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, path / "__init__.py", submodule_search_locations=[str(path)]
        )
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
