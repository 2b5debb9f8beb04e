"""应急联动 as use cases: a call-out begins with a stage, officers move it, units tick measures, silent counties alarm."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.configuration.response import response_from_json, response_to_json
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.storage_response import AskedCallee, ResponseRecord
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.response import REMARK_LENGTH, Action, ResponseBook, Who, who_is
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose, Stage
from warning_dispatch.model.unit import Channel, UnitKind
from warning_dispatch.response.counties import silent
from warning_dispatch.response.measures import asked_of, begins_in, new_in, refusal_of, refusal_of_tick
from warning_dispatch.routing.obligations import Round
from warning_dispatch.tomlfiles import both

COUNTY_UNREPORTED = "county_unreported"
"""The alarm when a county under a red warning has reported nothing (`report_after` in config/response.toml)."""
_KINDS = {
    Who.LEADER: UnitKind.LEADER,
    Who.DEPARTMENT: UnitKind.DEPARTMENT,
    Who.KEY_UNIT: UnitKind.KEY_UNIT,
}
"""Every other kind of addressee is a division."""
_TELLS = frozenset({CalleeState.CALLING, CalleeState.WAITING, CalleeState.UNCALLED})
"""Whoever is still to be called gets the list with the call; nobody is told twice."""
NO_MORE_TICKS = (CallOutState.SUPERSEDED,)


class Responding:
    """Carries the response of call-outs out."""

    def __init__(self, book: ResponseBook) -> None:
        """`book`: what is configured; a call-out keeps what it began with."""
        self._book = book

    def begin(self, ledger: Ledger, callout_id: int, round_: Round, supersedes: int | None) -> None:
        """1. Freeze what is asked. 2. The stage: an officer's of the round before stands. 3. What was done there goes over."""
        callout = ledger.callout(callout_id)
        plan = self._book.plan(callout.hazard, callout.colour)
        if plan is not None:
            before = ledger.tx.response.load(supersedes) if supersedes is not None else None
            stage = begins_in(plan, before.stage if before else Stage.NONE)
            look_at = None if plan.report_after is None else ledger.now + plan.report_after
            ledger.tx.response.begin(callout_id, response_to_json(plan), stage, ledger.now, look_at)
            ledger.note(callout_id, {"k": "stage", "to": stage.key, "actor": "", "why": "by_colour"})
        if round_.moved:
            ticks, feedback = ledger.tx.response.carry_over(callout_id, round_.moved)
            if ticks or feedback:
                ledger.note(callout_id, {"k": "actions.carried", "ticks": ticks, "feedback": feedback})

    def tiers_asked(self, chain: CallChain, hazard: str, colour: Colour) -> tuple[str, ...]:
        """Tiers of a chain whose units may have measures to tick: their texts say so."""
        plan = self._book.plan(hazard, colour)
        asked = {who for one in plan.actions for who in one.who} if plan else set()
        return tuple(one.name for one in chain.tiers if who_is(one.select.kind, one.select.level) in asked)

    def move(self, ledger: Ledger, callout_id: int, stage: Stage, *, actor: str, reason: str) -> None:
        """An officer moves the response. Whoever has answered and is asked something new is told so by SMS."""
        record = ledger.tx.response.load(callout_id)
        before = record.stage if record else Stage.NONE
        if (refusal := refusal_of(before, stage)) is not None:
            chinese, english = refusal
            raise RefusedError(f"{chinese} / {english}")
        if record is None:
            return
        ledger.tx.response.enter(callout_id, stage, ledger.now, actor, reason)
        ledger.note(callout_id, {"k": "stage", "to": stage.key, "actor": actor, "why": reason})
        self._tell(ledger, record, new_in(response_from_json(record.plan), before, stage))

    def _tell(self, ledger: Ledger, record: ResponseRecord, actions: Sequence[Action]) -> None:
        if not actions:
            return
        kinds = {_KINDS.get(who, UnitKind.DIVISION) for one in actions for who in one.who}
        asked = ledger.tx.response.asked(record.callout_id, sorted(kinds))
        wanted = [unit.callee_id for unit in asked if any(_is_for(one, unit) for one in actions)]
        records = ledger.tx.callees.load(wanted)
        told = [one for one in wanted if one in records and records[one].callee.state not in _TELLS]
        for callee_id, role in ledger.tx.attempts.contacted(told):
            ledger.queue_text(records[callee_id], Channel.SMS, role, Purpose.STAGE)

    def tick(
        self,
        ledger: Ledger,
        callout_id: int,
        ticks: Sequence[tuple[int, str, str]],
        *,
        receiver_id: int | None = None,
        actor: str = "",
    ) -> int:
        """(callee, measure, remark): carried out; how many of them are new. All or nothing.

        RefusedError: a measure that does not exist or is not asked of the unit, a unit that has not answered (an
        officer may tick for it all the same), a call-out that a newer round has replaced.
        """
        record = ledger.tx.response.load(callout_id)
        if record is None:
            raise NotFoundError(both(f"叫应 {callout_id} 没有应急联动", f"call-out {callout_id} has no response"))
        if ledger.callout(callout_id).state in NO_MORE_TICKS:
            what = both(
                "已有新的预警，请在新短信的链接中勾选", "there is a newer warning: use the link of the newer message"
            )
            raise RefusedError(what)
        callees = list(dict.fromkeys(callee for callee, _, _ in ticks))
        records = ledger.tx.callees.load(callees)
        units = {one.callee_id: one for one in ledger.tx.response.units(callees)}
        plan = response_from_json(record.plan)
        for callee_id, action_id, _ in ticks:
            if callee_id not in units or records[callee_id].callout_id != callout_id:
                raise NotFoundError(both(f"没有叫应对象 {callee_id}", f"there is no callee {callee_id}"))
            unit = units[callee_id]
            owed = {one.id for one in asked_of(plan, record.stage, unit.kind, unit.level, unit.sector)}
            refusal = refusal_of_tick(plan, action_id, owed)
            if refusal is not None:
                chinese, english = refusal
                raise RefusedError(f"{chinese} / {english}")
        done = ledger.tx.response.done(callees)
        fresh = [
            (callee, action, said[:REMARK_LENGTH]) for callee, action, said in ticks if (callee, action) not in done
        ]
        ledger.tx.response.tick(callout_id, fresh, ledger.now, receiver_id=receiver_id, actor=actor)
        for callee_id, action_id, _ in fresh:
            entry = {"k": "action.done", "callee": callee_id, "action": action_id, "receiver": receiver_id}
            ledger.note(callout_id, {**entry, "actor": actor})
        return len(fresh)

    def look(self, ledger: Ledger) -> None:
        """Counties that should have reported by now alarm, once each; the others are looked at when they would be late."""
        for callout_id in ledger.tx.response.due(ledger.now):
            record = ledger.tx.response.load(callout_id)
            after = response_from_json(record.plan).report_after if record else None
            if after is None:
                ledger.tx.response.look_again(callout_id, None)
                continue
            late, again = silent(ledger.tx.response.counties(callout_id), ledger.now, after)
            told = ledger.tx.alarms.last_alarms(COUNTY_UNREPORTED, late)
            for unit_id in late:
                if (callout_id, unit_id) not in told:
                    ledger.alarm(COUNTY_UNREPORTED, "", callout_id, unit_id)
            ledger.tx.response.look_again(callout_id, again)


def _is_for(action: Action, unit: AskedCallee) -> bool:
    return who_is(unit.kind, unit.level) in action.who and (not action.sectors or unit.sector in action.sectors)
