"""What planning reads: the register as a phone book without names and numbers, a running call-out, what past ones taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.engine.records import BranchRecord, CalleeRecord
from warning_dispatch.escalation.verdicts import HEARD_LIMIT
from warning_dispatch.model.lessons import CallsSeen, Seen, TextsSeen
from warning_dispatch.model.phonebook import Phonebook, stand_in
from warning_dispatch.model.states import UNREACHED, AttemptState, CalleeState, Means, Purpose
from warning_dispatch.model.unit import Channel, EndpointView, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.store.branch_rows import BranchTable
from warning_dispatch.store.callee_rows import callees_of_callout
from warning_dispatch.store.endpoint_rows import EndpointTable
from warning_dispatch.store.register_reading import stored_units
from warning_dispatch.store.sql import Sql, marks

_ENDED = AttemptState.ENDED.value
_ASKING = f"{Purpose.CALL.value}"


@dataclass(frozen=True, slots=True)
class CalledNow:
    """A call-out as it stands: its callees, its branches, and the codes of its units by id."""

    callees: tuple[CalleeRecord, ...]
    branches: tuple[BranchRecord, ...]
    codes: Mapping[int, str]


def stored_phonebook(sql: Sql, sealer: Sealer, now: int) -> Phonebook:
    """The register in force, as of now (ms); the roster of this moment says who is called."""
    units = stored_units(sql.connection)
    ids = dict(sql.rows("SELECT id, code FROM unit WHERE valid_until IS NULL AND callable = 1"))
    details = EndpointTable(sql, sealer).of_units(list(ids), now)
    mobiles = {one.view.number_id for listed in details.values() for one in listed if one.view.channel is Channel.SMS}
    endpoints: dict[str, tuple[EndpointView, ...]] = {}
    numbers: dict[int, str] = {}
    for unit_id, listed in details.items():
        endpoints[ids[unit_id]] = tuple(one.view for one in listed)
        for one in listed:
            number = one.view.number_id
            numbers.setdefault(number, stand_in(number, one.view.channel, mobile=number in mobiles))
    return Phonebook(units, endpoints, numbers)


def called_now(sql: Sql, callout_id: int) -> CalledNow:
    """A call-out on one snapshot."""
    codes = dict(
        sql.rows("SELECT u.id, u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ?", callout_id)
    )
    return CalledNow(tuple(callees_of_callout(sql, callout_id)), tuple(BranchTable(sql).of_callout(callout_id)), codes)


_NIGHT = """CASE WHEN ((a.handed_at + 28800000) / 3600000) % 24 >= 22
 OR ((a.handed_at + 28800000) / 3600000) % 24 < 6 THEN 1 ELSE 0 END"""
"""22:00 to 6:00 in Beijing."""
_OVER = f"o.purpose = {_ASKING} AND o.ended_at IS NOT NULL"
_BY_TEXT = f"('{Means.LINK.value}', '{Means.REPLY.value}', '{Means.EMAIL.value}')"
_CALLS = f"""SELECT landline, night, earlier, outcome, count(*), sum(took) FROM (
 SELECT CASE WHEN EXISTS (SELECT 1 FROM endpoint s WHERE s.number_id = a.number_id
     AND s.channel = {Channel.SMS.value}) THEN 0 ELSE 1 END AS landline,
   {_NIGHT} AS night,
   CASE WHEN EXISTS (SELECT 1 FROM attempt b WHERE b.callout_id = a.callout_id AND b.number_id = a.number_id
     AND b.channel = a.channel AND b.handed_at IS NOT NULL AND b.id < a.id) THEN 1 ELSE 0 END AS earlier,
   a.outcome AS outcome, a.ended_at - a.handed_at AS took
 FROM attempt a JOIN callout o ON o.id = a.callout_id AND {_OVER}
 WHERE a.channel = {Channel.VOICE.value} AND a.state = {_ENDED} AND a.purpose = {_ASKING}
   AND a.handed_at IS NOT NULL AND a.number_id IS NOT NULL AND {{real}}) made
 GROUP BY landline, night, earlier, outcome ORDER BY landline, night, earlier, outcome"""
_TEXTS = f"""SELECT channel, night, count(*), count(answered_at), coalesce(sum(answered_at - handed_at), 0) FROM (
 SELECT a.channel AS channel, a.handed_at AS handed_at, {_NIGHT} AS night,
   (SELECT min(k.at) FROM acknowledgement k JOIN attempt_callee s ON s.callee_id = k.callee_id
     WHERE s.attempt_id = a.id AND k.means IN {_BY_TEXT} AND k.receiver_id = a.receiver_id
     AND k.at >= a.handed_at) AS answered_at
 FROM attempt a JOIN callout o ON o.id = a.callout_id AND {_OVER}
 WHERE a.channel IN ({Channel.SMS.value}, {Channel.EMAIL.value}) AND a.purpose = {_ASKING}
   AND a.handed_at IS NOT NULL AND {{real}}) sent
 GROUP BY channel, night ORDER BY channel, night"""
_UNREACHED = ", ".join(str(state.value) for state in UNREACHED)
_IN_VAIN = f"""c.opened_at IS NOT NULL AND (c.state IN ({_UNREACHED})
 OR c.state = {CalleeState.STOPPED.value} AND (c.cycle > 0 OR c.heard >= {HEARD_LIMIT}))"""
"""Who stood on a superior's list at the end. An end stops whoever is open and leaves how far they were: one whose ladder had
been climbed, or that was heard out, had been there. Whom a newer round took over stands there in that one."""
_TOLD = f"""SELECT count(CASE WHEN k.means = '{Means.SUPERIOR.value}' THEN 1 END), count(DISTINCT c.id)
 FROM callee c JOIN unit u ON u.id = c.unit_id AND u.level >= {UnitLevel.TOWNSHIP.value}
 JOIN callout o ON o.id = c.callout_id AND {_OVER}
 LEFT JOIN acknowledgement k ON k.callee_id = c.id AND k.counted = 1
 WHERE k.id IS NULL AND {_IN_VAIN} OR k.means = '{Means.SUPERIOR.value}'"""


def lessons(sql: Sql, simulated: Sequence[str] = ()) -> Seen:
    """Of real call-outs that are over: every call by its outcome, every message, every unit that a superior recorded.

    `simulated`: routes by which nobody was reached.
    """
    real = f"a.route NOT IN ({marks(simulated)})" if simulated else "1 = 1"
    callouts: int = sql.value(f"SELECT count(*) FROM callout o WHERE {_OVER}")
    calls = sql.rows(_CALLS.replace("{real}", real), *simulated)
    texts = sql.rows(_TEXTS.replace("{real}", real), *simulated)
    told, below = sql.one(_TOLD) if calls or texts else (0, 0)
    return Seen(
        callouts if calls or texts else 0,
        tuple(
            CallsSeen(bool(landline), bool(night), not earlier, outcome, count, int(took or 0))
            for landline, night, earlier, outcome, count, took in calls
        ),
        tuple(
            TextsSeen(channel == Channel.EMAIL.value, bool(night), count, int(answered), int(after))
            for channel, night, count, answered, after in texts
        ),
        told,
        below,
    )
