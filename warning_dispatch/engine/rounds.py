"""Several warnings at once: after every message the call-outs of a hazard are brought into line with what is in force.

A message changes what its chain holds; `rearrange` then carries out what routing.obligations decides for each unit. It
is the one place where rounds begin, units are lifted, and old rounds give way, whoever issued the warnings: a county's
own red under the city's, a fresh message before the cancel of the old one, an upgrade, a downgrade, an area that moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from warning_dispatch.engine.endings import end, leave_out_the_rest, lift
from warning_dispatch.engine.filling import Filler
from warning_dispatch.engine.launch import Launch, Launcher
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.reading import read_facts
from warning_dispatch.engine.records import CallOutRecord
from warning_dispatch.engine.turn import take_up_again
from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.callout import CallOutEvent
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState, ChainState, Purpose
from warning_dispatch.routing.obligations import Holder, Standing, in_force, in_order, plan_round
from warning_dispatch.routing.selection import TierSelection, fitted

HazardFinder = Callable[[str, str, str], tuple[Hazard | None, bool]]
"""(event code, event name, headline) → the hazard, and whether code and name disagree."""


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What came of it. `started`: the round of each holder (chain) that made one. `attached`: call-outs that carry `first`.

    `lifted`: call-outs that ended because nothing holds their units; `changed`: those that go on without some of them;
    `closed`: call-outs that an officer had closed and whose answers still count for `first`.
    """

    started: Mapping[int, int]
    lifted: tuple[int, ...]
    changed: tuple[int, ...]
    attached: tuple[int, ...]
    closed: tuple[int, ...]

    @property
    def callouts(self) -> tuple[int, ...]:
        """Every call-out concerned, but for those that gave way to one that started."""
        return tuple(dict.fromkeys((*self.lifted, *self.changed, *self.started.values(), *self.attached)))


class Rounds:
    """Brings call-outs into line with the warnings in force."""

    def __init__(
        self,
        launcher: Launcher,
        chains: Sequence[CallChain],
        find_hazard: HazardFinder,
        alert_from_json: Callable[[str], Alert],
        within: str,
        filler: Filler,
    ) -> None:
        """The configured plans and how to read a stored alert. `filler` fills a call-out before others are set beside it."""
        self._filler = filler
        self._launcher = launcher
        self._plans = {chain.name: chain for chain in chains}
        self._find_hazard = find_hazard
        self._alert_from_json = alert_from_json
        self._within = within

    def rearrange(self, ledger: Ledger, hazard: str, *, first: int | None, actor: str, reason: str) -> Rearranged:
        """Bring the call-outs of a hazard into line.

        1. Who holds units, and which call-outs carry them. 2. Units that nothing holds are lifted. 3. Every holder
        with units that are not carried at its colour makes a round; red before orange. 4. Call-outs that carry nobody
        any more give way. 5. Those that remain are valid as long as the warnings that hold their units.
        """
        ledger.settle()
        self._fill(ledger, hazard)
        standing = ledger.tx.callouts.of_hazard(hazard)
        holders = self._in_force(ledger, hazard, standing)
        lifted, changed = self._lift(ledger, standing, holders, actor=actor, reason=reason)
        started: dict[int, int] = {}
        for holder in in_order(holders, first):
            callout_id = self._round(ledger, holder, holders, hazard)
            if callout_id is not None:
                started[holder.chain_id] = callout_id
                self._give_way(ledger, hazard, holders, actor=actor, reason=reason)
        attached, closed = self._follow(ledger, hazard, holders, first, tuple(started.values()))
        return Rearranged(started, tuple(lifted), tuple(changed), attached, closed)

    def set_aside(self, ledger: Ledger, callout_id: int, *, actor: str, reason: str) -> None:
        """An officer lifts a call-out: its own warnings hold nothing any more; those of another issuer still do."""
        callout = ledger.callout(callout_id)
        others = self._put_aside(ledger, callout)
        if others and callout.chain_id in others:
            named = "、".join(str(one) for one in sorted(others.values()))
            raise RefusedError(
                f"叫应 {callout_id} 自己的预警已结束，其单位由另一发布单位的预警管着，请解除叫应 {named} / call-out {callout_id} goes on for "
                f"another issuer's warning: lift call-out {named}"
            )
        self.rearrange(ledger, callout.hazard, first=None, actor=actor, reason=reason)
        if not ledger.tx.rounds.carries(callout_id) and ledger.callout(callout_id).state in (
            *LIVE_CALLOUT,
            CallOutState.COMPLETE,
        ):  # only notices
            end(ledger, callout_id, CallOutEvent.LIFTED, actor=actor, reason=reason)

    def close(self, ledger: Ledger, callout_id: int, *, actor: str, reason: str) -> None:
        """An officer closes a call-out (办结): nobody is told, and the same warning does not begin it again by itself.

        A warning for which another call-out goes on at that colour stays in force for the units that are called there.
        """
        callout = ledger.callout(callout_id)
        if callout.purpose is Purpose.CALL:
            standing = ledger.tx.callouts.of_hazard(callout.hazard)
            live = [one for one in standing if one.id != callout_id and one.state is not CallOutState.CLOSED]
            self._put_aside(ledger, callout, [one for one in live if one.colour is callout.colour])
        end(ledger, callout_id, CallOutEvent.CLOSED, actor=actor, reason=reason)

    @staticmethod
    def _put_aside(ledger: Ledger, callout: CallOutRecord, going_on: Sequence[CallOutRecord] = ()) -> dict[int, int]:
        """Put aside the warnings of its colour whose units the call-out carries, but for those of another issuer.

        What another issuer warns of has a call-out of its own, which is lifted by itself; returned as chain → call-out.
        `going_on`: call-outs whose units keep their warning.
        """
        standing = ledger.tx.callouts.of_hazard(callout.hazard)
        homes = {
            one.chain_id: one.id for one in standing if one.id != callout.id and one.state is not CallOutState.CLOSED
        }
        others: dict[int, int] = {}
        for holder in ledger.tx.alerts.holders(callout.hazard):
            if holder.colour is not callout.colour or not ledger.tx.rounds.covers(callout.id, holder.asking):
                continue
            if any(ledger.tx.rounds.covers(one.id, holder.asking) for one in going_on):
                continue
            own = holder.plan_name == callout.plan_name and holder.issuer_area == callout.issuer_area
            if not own and holder.chain_id in homes:
                others[holder.chain_id] = homes[holder.chain_id]
            else:
                ledger.tx.alerts.update_chain(holder.chain_id, holder.colour, ChainState.SET_ASIDE, ledger.now)
        return others

    def _fill(self, ledger: Ledger, hazard: str) -> None:
        """Call-outs that are not filled to the end: they are now, or nothing holds them and the rest is left out."""
        filling = [one for one in ledger.tx.callouts.of_hazard(hazard) if one.filling]
        held = {one.chain_id for one in ledger.tx.alerts.holders(hazard)} if filling else set()
        for callout in filling:
            if callout.chain_id in held:
                self._filler.finish(ledger, callout.id)
            else:
                leave_out_the_rest(ledger, callout.id)

    # --- inside -------------------------------------------------------------------------------------------

    @staticmethod
    def _in_force(ledger: Ledger, hazard: str, standing: Sequence[CallOutRecord]) -> tuple[Holder, ...]:
        """Warnings that hold units (obligations.in_force)."""

        def holds(holder: Holder) -> bool:
            covering = (_standing(one) for one in standing if ledger.tx.rounds.covers(one.id, holder.asking))
            return in_force(holder, ledger.now, covering)

        return tuple(one for one in ledger.tx.alerts.holders(hazard) if holds(one))

    def _lift(
        self, ledger: Ledger, standing: Sequence[CallOutRecord], holders: Sequence[Holder], *, actor: str, reason: str
    ) -> tuple[list[int], list[int]]:
        """Units that no warning holds any more; (call-outs that end by it, call-outs that go on without them)."""
        ended: list[int] = []
        changed: list[int] = []
        aside = [] if all(one.state is not CallOutState.CLOSED for one in standing) else _valid_aside(ledger, standing)
        for callout in standing:
            view = _standing(callout)
            held_by = list(holders) if view.live else [one for one in (*holders, *aside) if view.carries_for(one)]
            loose = ledger.tx.rounds.uncovered(callout.id, _asking(held_by))
            if not loose:
                continue
            if not view.live:  # closed by an officer: nobody is told, its answers only cease to count
                ledger.tx.rounds.lift(loose)
                if not ledger.tx.rounds.carries(callout.id):
                    ledger.tx.callouts.retire(callout.id)
            elif len(loose) == ledger.tx.rounds.carriers(callout.id):
                end(ledger, callout.id, CallOutEvent.LIFTED, actor=actor, reason=reason)
                ended.append(callout.id)
            else:
                lift(ledger, callout.id, loose, reason=reason)
                changed.append(callout.id)
        return ended, changed

    def _round(self, ledger: Ledger, holder: Holder, holders: Sequence[Holder], hazard: str) -> int | None:
        """A round of the holder, if it wants anybody who is not called at its colour; its id."""
        standing = ledger.tx.callouts.of_hazard(hazard)
        plan = plan_round(holder, holders, [_standing(one) for one in standing])
        if not ledger.tx.rounds.needed(holder.asking, plan):
            return None
        launch = self._launch(ledger, holder, standing)
        if launch is None:
            return None
        counted = [one for one in standing if one.id in plan.counted]
        before = max(counted, key=lambda one: one.id, default=None)
        fitting = replace(holder, coverage=fitted(holder.coverage, launch.plan, holder.colour))
        callout_id = self._launcher.start(ledger, launch, fitting, plan, before)
        if any(one.state is CallOutState.PAUSED for one in counted):
            ledger.alarm("pause_over", "a newer message took over a paused call-out: it is called again", callout_id)
        return callout_id

    def _launch(self, ledger: Ledger, holder: Holder, standing: Sequence[CallOutRecord]) -> Launch | None:
        """What the holder's message asks for, read again from what was stored."""
        facts = read_facts(self._alert_from_json(ledger.tx.alerts.content(holder.alert_id)), self._within)
        hazard, _ = self._find_hazard(facts.event_code, facts.event_name, facts.headline)
        plan = self._plans.get(holder.plan_name) or next(
            (ledger.frozen(one.id).plan for one in reversed(standing) if one.plan_name == holder.plan_name), None
        )
        if hazard is None or plan is None:
            detail = written(chain=holder.chain_id, plan=holder.plan_name)
            ledger.alarm("plan_missing", detail, about=f"chain {holder.chain_id}", warning=holder.colour)
            return None
        return Launch(plan, hazard, holder.colour, facts)

    @staticmethod
    def _give_way(ledger: Ledger, hazard: str, holders: Sequence[Holder], *, actor: str, reason: str) -> None:
        """Call-outs that carry nobody any more: superseded, or lifted where their own warning has ended meanwhile."""
        in_force = {one.chain_id for one in holders}
        for callout in ledger.tx.callouts.of_hazard(hazard):
            if ledger.tx.rounds.carries(callout.id):
                continue
            if callout.state is CallOutState.CLOSED:
                ledger.tx.callouts.retire(callout.id)
                continue
            event = CallOutEvent.SUPERSEDED if callout.chain_id in in_force else CallOutEvent.LIFTED
            end(ledger, callout.id, event, actor=actor, reason=reason)

    @staticmethod
    def _follow(
        ledger: Ledger, hazard: str, holders: Sequence[Holder], first: int | None, started: Sequence[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Validity of what goes on, and the warning it stands for; call-outs that carry units of `first`, live or closed."""
        attached: list[int] = []
        closed: list[int] = []
        for callout in ledger.tx.callouts.of_hazard(hazard):
            own = [one for one in holders if ledger.tx.rounds.covers(callout.id, one.asking)]
            if callout.state is CallOutState.CLOSED:
                closed.extend(callout.id for one in own if one.chain_id == first)
                continue
            begun = callout.id in started
            attached.extend(callout.id for one in own if one.chain_id == first and not begun)
            own = [one for one in own if one.colour is callout.colour]
            if own:
                _stand_for(ledger, callout, own, None if begun else first)
        return tuple(attached), tuple(closed)


def _stand_for(ledger: Ledger, callout: CallOutRecord, holders: Sequence[Holder], first: int | None) -> None:
    """A call-out goes on for the warnings that hold its units."""
    longest = max(holders, key=lambda one: one.valid_until)
    home = next((one for one in holders if one.chain_id == callout.chain_id), longest)
    if (home.chain_id, home.alert_id) != (callout.chain_id, callout.alert_id):
        ledger.tx.callouts.rehome(callout.id, home.chain_id, home.alert_id)
    newest = next((one for one in holders if one.chain_id == first), None)
    if newest is None and longest.valid_until == callout.voice_until:
        return
    ledger.tx.callouts.extend(callout.id, longest.valid_until, guessed=longest.valid_guessed)
    ledger.note(
        callout.id,
        {"k": "attached", "alert": (newest or home).alert_id, "voice_until": longest.valid_until},
    )
    ledger.forget_callout(callout.id)
    if callout.state is CallOutState.AWAITING_LIFT and longest.valid_until > ledger.now:
        take_up_again(ledger, callout.id, f"alert {(newest or home).alert_id}")


def _standing(callout: CallOutRecord) -> Standing:
    closed = callout.state is CallOutState.CLOSED
    return Standing(
        callout_id=callout.id,
        chain_id=callout.chain_id,
        colour=callout.colour,
        issuer_area=callout.issuer_area,
        plan_name=callout.plan_name,
        until=min(callout.ended_at or 0, callout.voice_until) if closed else callout.voice_until,
        live=not closed,
        started_at=callout.started_at,
    )


def _valid_aside(ledger: Ledger, standing: Sequence[CallOutRecord]) -> list[Holder]:
    """Warnings that an officer closed and that are still valid: what they had called still counts against them."""
    found = ledger.tx.alerts.holders(standing[0].hazard, ChainState.SET_ASIDE)
    return [one for one in found if one.valid_until > ledger.now]


def _asking(holders: Sequence[Holder]) -> tuple[TierSelection, ...]:
    return tuple(one for holder in holders for one in holder.asking)
