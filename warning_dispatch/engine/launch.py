"""Starting a call-out: area and plan become branches and callees in bulk, texts are frozen, the first gates open.

A round takes over from the call-outs that carried its units until now (routing/obligations.py); the first call-out of a
hazard is a round that finds nobody to take over from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warning_dispatch.engine.drill_interrupts import interrupt
from warning_dispatch.engine.endings import recount, stop, unqueue
from warning_dispatch.engine.frozen import texts_to_json
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.ranges import to_ranges
from warning_dispatch.engine.reading import Reading
from warning_dispatch.engine.records import (
    BranchRecord,
    CallOutRecord,
    FilledBranch,
    Hold,
    LeftCallees,
    MovedAttempt,
    NewCallOut,
    TakenOver,
)
from warning_dispatch.engine.responding import Responding
from warning_dispatch.escalation.gate import gate_deadline
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Hazard
from warning_dispatch.model.response import ResponseBook
from warning_dispatch.model.states import ANSWERED, FINISHED, CalleeState, Purpose
from warning_dispatch.model.texts import AlertFacts, FrozenTexts
from warning_dispatch.model.unit import Channel
from warning_dispatch.routing.areas import Affected, affected_area
from warning_dispatch.routing.obligations import LATELY, Holder, Round
from warning_dispatch.routing.selection import select

AT_ONCE = 5_000
"""Callees: some fifty milliseconds. A city is filled whole, of a country the levels above its townships."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A call-out that a message asks for."""

    plan: CallChain
    hazard: Hazard
    colour: Colour
    facts: Reading


class Launcher:
    """Starts call-outs."""

    def __init__(
        self,
        within: str,
        freeze_texts: Callable[[AlertFacts], FrozenTexts],
        plan_to_json: Callable[[CallChain], str],
        default_validity: Callable[[Colour], int],
        at_once: int = AT_ONCE,
        responding: Responding | None = None,
    ) -> None:
        """`within`: our own area. `freeze_texts` renders the texts; `default_validity` in ms for a colour.

        `at_once`: callees that a call-out begins with at the most, if its uppermost tier has no more. `responding`: what
        is asked of whom besides the answer.
        """
        self._responding = responding or Responding(ResponseBook())
        self._at_once = at_once
        self._within = within
        self._freeze_texts = freeze_texts
        self._plan_to_json = plan_to_json
        self._default_validity = default_validity

    def affected(self, ledger: Ledger, facts: Reading) -> Affected:
        """The affected area; without any code of ours, the issuer's own area."""
        known = ledger.tx.endpoints.known_areas((*facts.codes, facts.issuer_area))
        area = affected_area(facts.codes, known.__contains__, self._within)
        if not area.roots and not area.above:
            return affected_area([facts.issuer_area], known.__contains__, self._within)
        return area

    def hold(self, launch: Launch, affected: Affected, now: int) -> Hold:
        """What the message wants called, by which plan, and how long it is valid."""
        active = tuple(index for index, tier in enumerate(launch.plan.tiers) if launch.colour in tier.ladders)
        coverage = select(launch.plan, launch.hazard, affected, active)
        if launch.facts.expires is not None:
            return Hold(launch.plan.name, coverage, launch.facts.expires, valid_guessed=False)
        guess = launch.hazard.validity.get(launch.colour) or self._default_validity(launch.colour)
        return Hold(launch.plan.name, coverage, now + guess, valid_guessed=True)

    def start(self, ledger: Ledger, launch: Launch, holder: Holder, round_: Round, before: CallOutRecord | None) -> int:
        """Start a round; its id. `before`: the newest call-out that it takes over from.

        0. What is being drilled is over. 1. The row with plan and texts frozen. 2. Branches and callees in bulk, of a
        large call-out those of the upper tiers (engine/filling.py). 3. What it takes over, and the response (responding.py).
        4. The journal's account of both. 5. Gates: those that wait for nothing, and those that an earlier round or
        answer opens. 6. The call-outs it took over from are counted anew.
        """
        interrupt(ledger, launch.colour)
        new = NewCallOut(
            alert_id=holder.alert_id,
            chain_id=holder.chain_id,
            plan_name=launch.plan.name,
            plan=self._plan_to_json(launch.plan),
            texts=texts_to_json(self._freeze_texts(self._alert_facts(ledger, launch, holder))),
            hazard=launch.hazard.key,
            colour=launch.colour,
            issuer_area=launch.facts.issuer_area,
            purpose=Purpose.CALL,
            round=1 + (before.round if before else 0),
            supersedes_id=before.id if before else None,
            started_at=ledger.now,
            voice_until=holder.valid_until,
            validity_guessed=holder.valid_guessed,
            confidential=launch.facts.confidential,
        )
        callout_id = ledger.tx.callouts.insert(new)
        filled = ledger.tx.callouts.fill(callout_id, launch.plan, holder.coverage, round_, self._at_once)
        note_start(ledger, callout_id, new, filled)
        left = _take_over(ledger, callout_id, round_) if round_.moved else ()
        self._responding.begin(ledger, callout_id, round_, new.supersedes_id)
        _open_first(ledger, callout_id, launch.plan)
        _open_more(ledger, callout_id, launch.plan, round_)
        for one in left:
            if ledger.tx.rounds.carries(one.callout_id):
                recount(ledger, one.callout_id)
            else:  # it gives way as a whole; nothing of it is complete by that
                ledger.tx.branches.recount(one.callout_id)
        _tell_answered(ledger, callout_id, round_)
        ledger.begun.append(callout_id)
        if ledger.callout(callout_id).filling:
            ledger.filling = True
        else:
            ledger.started.append(callout_id)
        return callout_id

    def _alert_facts(self, ledger: Ledger, launch: Launch, holder: Holder) -> AlertFacts:
        facts = launch.facts
        roots = dict.fromkeys(root for one in holder.coverage for root in one.roots)
        names = facts.area_names or tuple(ledger.tx.endpoints.area_names(tuple(roots)))
        return AlertFacts(
            issuer=facts.issuer_name,
            sent=facts.sent,
            hazard=launch.hazard.name,
            hazard_english=launch.hazard.english,
            colour=launch.colour,
            msg_type=MsgType(facts.msg_type),
            headline=facts.headline,
            description=facts.description,
            instruction=facts.instruction,
            advice=launch.hazard.advice,
            area_names=names,
            expires=facts.expires,
            hazard_key=launch.hazard.key,
            measures_for=self._responding.tiers_asked(launch.plan, launch.hazard.key, launch.colour),
        )


def note_start(ledger: Ledger, callout_id: int, new: NewCallOut, filled: Sequence[FilledBranch]) -> None:
    """The journal's account of what a call-out begins with."""
    ledger.note(
        callout_id,
        {
            "k": "callout.started",
            "id": callout_id,
            "plan": new.plan_name,
            "hazard": new.hazard,
            "colour": new.colour.name,
            "alert": new.alert_id,
            "purpose": new.purpose.name,
            "round": new.round,
            "supersedes": new.supersedes_id,
        },
    )
    ledger.note_system({"k": "callout.started", "id": callout_id})
    note_filled(ledger, callout_id, filled)


def note_filled(ledger: Ledger, callout_id: int, filled: Sequence[FilledBranch]) -> None:
    """One entry per branch: the count and a digest of its units."""
    for branch in filled:
        ledger.note(
            callout_id,
            {
                "k": "branch.filled",
                "id": branch.id,
                "tier": branch.tier,
                "superior_callee": branch.superior_callee_id,
                "superior_branch": branch.superior_branch_id,
                "total": branch.total,
                "first": branch.first_callee,
                "last": branch.last_callee,
                "digest": branch.digest,
            },
        )


def _open_first(ledger: Ledger, callout_id: int, plan: CallChain) -> None:
    """Open what waits for nothing: the first tiers, and branches whose superior is not called at all."""
    open_orphans(ledger, callout_id, plan, ledger.tx.branches.first(callout_id))


def open_orphans(ledger: Ledger, callout_id: int, plan: CallChain, branches: Sequence[BranchRecord]) -> None:
    """Of these branches those that wait for nothing, with an alarm where a superior should have been called."""
    first = [one for one in branches if one.superior_branch_id is None and one.superior_callee_id is None]
    orphans = [one for one in first if plan.tiers[one.tier].gate is Gate.BRANCH and plan.tiers[one.tier].opens_after]
    for _ in orphans[:1]:
        ledger.alarm("superior_without_contact", written(branches=len(orphans)), callout_id)
    ledger.open_branches(
        [(one, Reason.SUPERIOR_WITHOUT_CONTACT if one in orphans else Reason.FIRST_TIER) for one in first]
    )


def _take_over(ledger: Ledger, callout_id: int, round_: Round) -> Sequence[LeftCallees]:
    """State, answers and calls under way go over to the members of the new round; what gives way falls silent."""
    taken = ledger.tx.rounds.take_over(callout_id, round_, ledger.now)
    moved = ledger.tx.rounds.rehome_attempts(callout_id, round_.lowered)
    for one in taken.left:
        stop(ledger, one.replaced, why="superseded")
        lowered = [key for key in one.gone if one.callout_id in round_.lowered and key not in set(one.replaced)]
        unqueue(ledger, lowered, why="superseded")  # they begin a lower ladder
    _account_of_taking_over(ledger, callout_id, taken, moved)
    ledger.tx.rounds.relink(callout_id)
    ledger.tx.branches.recount(callout_id)
    return taken.left


def _account_of_taking_over(ledger: Ledger, callout_id: int, taken: TakenOver, moved: Sequence[MovedAttempt]) -> None:
    for branch_id, states in taken.states.items():
        told = {state.name: to_ranges(ids) for state, ids in states.items()}
        ledger.note(callout_id, {"k": "callees.taken_over", "branch": branch_id, "states": told})
    for one in taken.left:
        into = CalleeState.SUPERSEDED.name
        ids = to_ranges(one.unfinished)
        ledger.note(
            one.callout_id, {"k": "callees.left", "into": into, "ids": ids, "to": callout_id, "why": "superseded"}
        )
    for attempt in moved:
        ledger.note(attempt.from_callout, {"k": "attempt.left", "id": attempt.attempt_id, "to": callout_id})
        ledger.note(
            callout_id,
            {
                "k": "attempt.queued",
                "id": attempt.attempt_id,
                "callee": attempt.callee_id,
                "on": attempt.channel.key,
                "roles": 0,
                "from": attempt.from_callout,
            },
        )


def _open_more(ledger: Ledger, callout_id: int, plan: CallChain, round_: Round) -> None:
    """Gates that an earlier round or an answer opens.

    1. Whoever was being called already goes on: an upgrade must never reach a village later. 2. A superior that has
    answered within the hour need not be waited for again. 3. A superior carried by another call-out has answered
    there, or its hold counts from there. 4. A tier whose answers were taken over has answered. 5. No gate opens later
    than it would have in the round before.
    """
    rows = ledger.tx.rounds
    if round_.counted:
        ledger.open_branches([(one, Reason.OPEN_BEFORE) for one in rows.open_before(callout_id, round_.counted)])
        lately = rows.answered_lately(callout_id, round_.counted, ledger.now - LATELY)
        ledger.open_branches([(one, Reason.ANSWERED_LATELY) for one in lately])
    if round_.moved or round_.stays or round_.above:
        _follow_superiors(ledger, callout_id, plan)
    if round_.moved:
        ledger.follow_counts(callout_id)
        rows.inherit_gates(callout_id)


def _follow_superiors(ledger: Ledger, callout_id: int, plan: CallChain) -> None:
    """Branches whose superior has answered already, or is being called by another call-out."""
    opening = []
    colour = ledger.callout(callout_id).colour
    for branch, superior in ledger.tx.rounds.superiors(callout_id):
        if superior.state in ANSWERED:
            opening.append((branch, Reason.SUPERIOR_ANSWERED))
        elif superior.state in FINISHED:
            opening.append((branch, Reason.SUPERIOR_NOT_CALLED))
        elif superior.callout_id != callout_id and branch.callout_id == callout_id and superior.opened_at is not None:
            before = plan.tiers[branch.tier].opens_after
            gate_at = gate_deadline(superior.opened_at, plan.tier(before).hold.get(colour)) if before else None
            if gate_at is not None:
                ledger.tx.branches.set_gate(branch.id, gate_at)
    ledger.open_branches(opening)


def _tell_answered(ledger: Ledger, callout_id: int, round_: Round) -> None:
    """Who answered the higher colour, or a smaller area, gets the new text without being asked again."""
    told = set(ledger.tx.rounds.answered_from(callout_id, round_.lowered)) if round_.lowered else set()
    if round_.carried:
        told.update(ledger.tx.rounds.answered_above_new(callout_id))
    if not told:
        return
    records = ledger.tx.callees.load(sorted(told))
    for callee_id, role in ledger.tx.attempts.contacted(sorted(told)):
        ledger.queue_text(records[callee_id], Channel.SMS, role, Purpose.NOTICE)
