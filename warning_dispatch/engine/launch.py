"""Starting a call-out: area and plan become branches and callees in bulk, texts are frozen, the first gates open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warning_dispatch.engine.frozen import texts_to_json
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.reading import Reading
from warning_dispatch.engine.records import CallOutRecord, FilledBranch, NewCallOut
from warning_dispatch.escalation.callout import CallOutEvent
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Hazard
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.model.texts import AlertFacts, FrozenTexts
from warning_dispatch.routing.areas import Affected, affected_area
from warning_dispatch.routing.selection import TierSelection, select


@dataclass(frozen=True, slots=True)
class Launch:
    """A call-out that a message asks for."""

    plan: CallChain
    hazard: Hazard
    colour: Colour
    facts: Reading
    round: int = 1


class Launcher:
    """Starts call-outs."""

    def __init__(
        self,
        within: str,
        freeze_texts: Callable[[AlertFacts], FrozenTexts],
        plan_to_json: Callable[[CallChain], str],
        default_validity: Callable[[Colour], int],
    ) -> None:
        """`within`: our own area. `freeze_texts` renders the texts; `default_validity` in ms for a colour."""
        self._within = within
        self._freeze_texts = freeze_texts
        self._plan_to_json = plan_to_json
        self._default_validity = default_validity

    def affected(self, ledger: Ledger, facts: Reading) -> Affected:
        """The affected area; without any code of ours, the issuer's own area."""
        known = ledger.tx.endpoints.known_areas()
        area = affected_area(facts.codes, known.__contains__, self._within)
        if not area.roots and not area.above:
            return affected_area([facts.issuer_area], known.__contains__, self._within)
        return area

    def grows(self, ledger: Ledger, running: CallOutRecord, launch: Launch) -> bool:
        """Whether the message concerns units that the running call-out does not call."""
        affected = self.affected(ledger, launch.facts)
        selections = self._selections(launch, affected)
        return ledger.tx.callouts.missing(running.id, selections) > 0

    def _selections(self, launch: Launch, affected: Affected) -> tuple[TierSelection, ...]:
        active = tuple(index for index, tier in enumerate(launch.plan.tiers) if launch.colour in tier.ladders)
        return select(launch.plan, launch.hazard, affected, active)

    def start(
        self,
        ledger: Ledger,
        launch: Launch,
        *,
        alert_id: int | None,
        chain_id: int | None,
        supersedes: int | None = None,
    ) -> int:
        """Start it; its id.

        1. The affected area. 2. The row with plan and texts frozen. 3. Branches and callees of every tier, in bulk.
        4. The journal's account of them. 5. The gates that wait for nothing open, and those open in the round before.
        """
        affected = self.affected(ledger, launch.facts)
        voice_until, guessed = self._validity(launch, ledger.now)
        new = NewCallOut(
            alert_id=alert_id,
            chain_id=chain_id,
            plan_name=launch.plan.name,
            plan=self._plan_to_json(launch.plan),
            texts=texts_to_json(self._freeze_texts(self._alert_facts(ledger, launch, affected))),
            hazard=launch.hazard.key,
            colour=launch.colour,
            issuer_area=launch.facts.issuer_area,
            purpose=Purpose.CALL,
            round=launch.round,
            supersedes_id=supersedes,
            started_at=ledger.now,
            voice_until=voice_until,
            validity_guessed=guessed,
        )
        callout_id = ledger.tx.callouts.insert(new)
        filled = ledger.tx.callouts.fill(callout_id, launch.plan, self._selections(launch, affected))
        self._account(ledger, callout_id, new, filled)
        if not any(branch.total for branch in filled):
            ledger.alarm("nobody_in_area", "the register has nobody to call in the affected area", callout_id)
            ledger.set_callout_state(
                ledger.callout(callout_id), CallOutEvent.ALL_FINISHED, actor="engine", reason="nobody_in_area"
            )
            return callout_id
        for code in affected.unknown:
            ledger.alarm("area_unknown", f"unknown area code {code}: its known superiors are called", callout_id)
        self._open_first(ledger, callout_id, launch.plan)
        if supersedes is not None:
            before = ledger.tx.branches.open_before(callout_id, supersedes)
            ledger.open_branches([(branch, Reason.OPEN_BEFORE) for branch in before])
        return callout_id

    def attach(self, ledger: Ledger, running: CallOutRecord, launch: Launch, alert_id: int) -> None:
        """A newer message of equal colour: its validity counts, nobody is called anew."""
        voice_until, guessed = self._validity(launch, ledger.now)
        ledger.tx.callouts.extend(running.id, alert_id, voice_until, guessed=guessed)
        ledger.note(running.id, {"k": "attached", "alert": alert_id, "voice_until": voice_until})
        if running.state is CallOutState.AWAITING_LIFT:
            ledger.set_callout_state(
                ledger.callout(running.id),
                CallOutEvent.EXTENDED,
                actor="engine",
                reason=f"alert {alert_id}",
                next_at=voice_until,
            )
            ledger.tx.callees.unpark(running.id, ledger.now)

    def _validity(self, launch: Launch, now: int) -> tuple[int, bool]:
        """Until when voice may ring, and whether that is a guess."""
        if launch.facts.expires is not None:
            return launch.facts.expires, False
        guess = launch.hazard.validity.get(launch.colour) or self._default_validity(launch.colour)
        return now + guess, True

    def _alert_facts(self, ledger: Ledger, launch: Launch, affected: Affected) -> AlertFacts:
        facts = launch.facts
        names = facts.area_names or tuple(ledger.tx.endpoints.area_names(affected.roots))
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
        )

    def _account(self, ledger: Ledger, callout_id: int, new: NewCallOut, filled: Sequence[FilledBranch]) -> None:
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

    def _open_first(self, ledger: Ledger, callout_id: int, plan: CallChain) -> None:
        """Open what waits for nothing: the first tiers, and branches whose superior is not called at all."""
        first = ledger.tx.branches.first(callout_id)
        orphans = [
            one for one in first if plan.tiers[one.tier].gate is Gate.BRANCH and plan.tiers[one.tier].opens_after
        ]
        for _ in orphans[:1]:
            ledger.alarm("superior_without_contact", f"{len(orphans)} branches have no superior", callout_id)
        ledger.open_branches(
            [(one, Reason.SUPERIOR_WITHOUT_CONTACT if one in orphans else Reason.FIRST_TIER) for one in first]
        )
