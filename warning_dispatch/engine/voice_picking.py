"""Voice: the endpoint is what the callee wants now, and one phone is in one call, over all call-outs.

An attempt waits in the queue for one callee. Whoever would ring the same number is named in the same call, wherever
in the queue and of whichever call-out: the first of them by order gives the call its home, the others are merged into
it. The bureau's call to itself and a drill stay by themselves: practice never rings with a warning.
Whom the duty officer is dialling by hand the machine leaves alone, for so long and no longer.

A call that is repeated because its claim was lost goes as it was. Its first hand-over may be ringing, and a key that is
pressed there must not answer for a unit that was not named; so nobody is merged into it, and it into no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from warning_dispatch.engine.dialling_budget import DiallingBudget, routes_to_avoid
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.picking import Chosen, Picker, Terms, Wish
from warning_dispatch.engine.records import CalleeRecord, EndpointDetail, ReadyAttempt
from warning_dispatch.engine.routes import RouteRoom
from warning_dispatch.escalation.endpoints import dialable
from warning_dispatch.escalation.moves import Dialled, NotDialled
from warning_dispatch.escalation.state import DISTRUSTED
from warning_dispatch.model.states import CallOutState, Purpose, Voice
from warning_dispatch.model.unit import Channel

IN_HAND = "in_hand"
"""Why an attempt waits: somebody is dialling by hand."""
_Key = tuple[Purpose, int, bool]
"""(purpose of the call-out, number, whether it is kept from some route): what may be said in one call."""


class VoicePicker(Picker):
    """Chooses endpoint, number and route of calls; one phone is in one call, and has so many calls an hour."""

    def __init__(
        self,
        ledger: Ledger,
        room: RouteRoom,
        records: Mapping[int, CalleeRecord],
        endpoints: Mapping[int, Sequence[EndpointDetail]],
        terms: Terms,
    ) -> None:
        """See Picker."""
        super().__init__(ledger, room, records, endpoints, terms)
        self._ours: frozenset[int] = frozenset()
        self._over: list[tuple[ReadyAttempt, list[Wish]]] = []
        self._waits: list[tuple[int, int, str]] = []

    @cached_property
    def _in_hand(self) -> Mapping[int, int]:
        """Callees whom somebody is dialling by hand, and until when that is waited for."""
        return self.ledger.tx.attempts.in_hand(self.ledger.now)

    @cached_property
    def budget(self) -> DiallingBudget:
        """Over every number that this claim could dial; locked first, so that no other claim dials them meanwhile."""
        numbers = self.numbers(Channel.VOICE)
        self._ours = frozenset(self.ledger.tx.number_calls.lock(numbers))
        return self.allowance(Channel.VOICE, numbers)

    def pick(self, ready: Sequence[ReadyAttempt]) -> list[Chosen]:
        """The calls that go now.

        1. Whom each attempt would ring. 2. Numbers that are in a call of ours wait. 3. One statement finds who else
        waits for these numbers. 4. In order: a free number, a route with room, and everybody it concerns.
        """
        calls = [wishes for attempt in ready if (wishes := self._wishes(attempt))]
        calls = [wishes for wishes in calls if wishes[0].number in self._ours]  # another claim has the others in hand
        busy = self.ledger.tx.attempts.live_numbers([wishes[0].number for wishes in calls])
        calls = [wishes for wishes in calls if wishes[0].number not in busy]  # READY until that call has ended
        waiting = self._waiting(ready, calls)
        chosen: dict[int, Chosen] = {}
        merged: set[int] = set()
        for wishes in calls:
            first = wishes[0]
            if first.attempt.id in merged or first.number in chosen:
                continue
            also = [] if first.attempt.repeated else waiting[self._key(first)]
            named = [*wishes, *(one for one in also if one.attempt.id != first.attempt.id)]
            if self.budget.waits_for_another(first.attempt, self.room, first.number):
                continue
            spent = self.budget.spent(first.number, first.attempt)
            unliked = self.budget.doors.of(first.number, first.attempt).unliked
            route = self.room.take(self._avoid(named), spent, unliked)
            if route is None:
                if self.room.free:
                    continue
                break
            self.budget.begin(first.attempt, first.number, route, first.detail.unit_id)
            chosen[first.number] = self._call(named, route)
            merged.update(one.attempt.id for one in named)
        for attempt, wishes in self._over:
            if attempt.id not in merged:
                self.budget.hold(attempt, {one.number for one in wishes})
        self.write()
        self.budget.write()
        if self._waits:
            self.ledger.tx.attempts.hold(self._waits)
        return list(chosen.values())

    # --- whom it would ring -------------------------------------------------------------------------------

    def _wishes(self, attempt: ReadyAttempt) -> list[Wish]:
        """Whom the attempt would ring now, all at one number; empty when it waits or was dropped, with the reason."""
        if any(callee in self._in_hand for callee in attempt.callee_ids):
            self._leave_to_hand(attempt)
            return []
        queued = [one for one in self.callees(attempt) if one.callee.voice is Voice.QUEUED]
        paused = [one for one in queued if self._callout_state(one) is CallOutState.PAUSED]
        going = [one for one in queued if one not in paused]
        wishes: list[Wish] = []
        over: list[Wish] = []
        for record in going:
            found = self._dialable(attempt, record)
            barred = self.budget.barred([one.number for one in found], attempt)
            best = next((one for one in found if one.number not in barred), None)
            if best is not None:
                wishes.append(best)
            elif found:
                over.extend(found)
            else:
                self.ledger.take(record, NotDialled())
        if wishes and attempt.repeated and not self._rang(attempt, wishes[0].number):
            self._call_anew(attempt, queued)
            return []
        together = [one for one in wishes if one.number == wishes[0].number]
        named = {one.record.id for one in together or over}
        self._part(attempt, [one for one in queued if one.id not in named and self._queued(one)])
        if over and not together:  # budgets alone are in the way: it waits for the first number that is free again
            self._over.append((attempt, over))
        elif not together:
            self.drop(attempt, "no_endpoint" if going else "not_wanted")
        return together

    def _leave_to_hand(self, attempt: ReadyAttempt) -> None:
        """It waits until the officer has said what came of it, or the limit is over."""
        until = max(self._in_hand[one] for one in attempt.callee_ids if one in self._in_hand)
        self._waits.append((attempt.id, until, IN_HAND))
        self.ledger.wake_at(until)
        if attempt.held_until != until:
            entry = {"k": "attempt.held", "id": attempt.id, "until": until, "why": IN_HAND}
            self.ledger.note(attempt.callout_id, entry)

    def _queued(self, record: CalleeRecord) -> bool:
        return self.ledger.current(record).callee.voice is Voice.QUEUED

    def _dialable(self, attempt: ReadyAttempt, record: CalleeRecord) -> list[Wish]:
        """Where the callee could be rung now, the best first, whatever the budgets say.

        Where no route can ever ring any of its numbers, a human is told.
        """
        if self.ledger.now >= self.ledger.callout(record.callout_id).voice_until:
            return []
        by_view = {one.view.endpoint_id: one for one in self.endpoints_of(record)}
        views = dialable(record.callee, [one.view for one in by_view.values()], self.ledger.now)
        doors = self.budget.doors
        within = [one for one in views if not doors.for_callout(one.number_id, record.callout_id).nowhere]
        if views and not within:
            doors.tell_nowhere(record.callout_id, record.unit_id, Channel.VOICE.key)
        return [Wish(attempt, record, by_view[view.endpoint_id]) for view in within]

    def _rang(self, attempt: ReadyAttempt, number: int) -> bool:
        """Whether a repeat goes to the number of the call of unknown fate that it repeats."""
        details = (one for record in self.callees(attempt) for one in self.endpoints_of(record))
        return any(one.view.endpoint_id == attempt.endpoint_id and one.view.number_id == number for one in details)

    def _call_anew(self, attempt: ReadyAttempt, records: Sequence[CalleeRecord]) -> None:
        """One attempt, one number: a key pressed in the first call may still be told, and must find its phone."""
        for record in records:
            if self._queued(record):
                self.ledger.queue_voice(record, repeat=True)
        self.ledger.wake_at(self.ledger.now + 1)
        self.drop(attempt, "other_phone")

    def _part(self, attempt: ReadyAttempt, records: Sequence[CalleeRecord]) -> None:
        """Who cannot be named in the repeat of a merged call (another phone by now, a pause) gets a call of their own."""
        for record in records:
            self.parted.append((attempt.id, record.id))
            self.ledger.queue_voice(record, repeat=attempt.possible_duplicate)
            self.ledger.wake_at(self.ledger.now + 1)

    def _callout_state(self, record: CalleeRecord) -> CallOutState:
        return self.ledger.callout(record.callout_id).state

    def _key(self, wish: Wish) -> _Key:
        callout_id = wish.record.callout_id
        return self.ledger.callout(callout_id).purpose, wish.number, self.budget.doors.confidential(callout_id)

    # --- one phone, one call ------------------------------------------------------------------------------

    def _waiting(self, ready: Sequence[ReadyAttempt], calls: Sequence[Sequence[Wish]]) -> Mapping[_Key, list[Wish]]:
        """Who may be named in one call: of the batch, and whoever else in the queue would ring one of its numbers.

        A number that is over the budget of a callee by itself is called anyway: then that callee is named too.
        """
        found: defaultdict[_Key, list[Wish]] = defaultdict(list)
        for wishes in calls:
            if not wishes[0].attempt.repeated:
                found[self._key(wishes[0])].extend(wishes)
        numbers = {number for _, number, _ in found}
        others = self.ledger.tx.attempts.waiting(list(numbers), [one.id for one in ready], self.ledger.now)
        held = [wishes[0] for attempt, wishes in self._over if not attempt.repeated]
        for wish in (*held, *self._of_others(others)):
            if wish.number in numbers:
                found[self._key(wish)].append(wish)
        return found

    def _of_others(self, others: Sequence[ReadyAttempt]) -> list[Wish]:
        """Whom they would ring; whoever would ring nobody is left in the queue until its turn comes."""
        if not others:
            return []
        loaded = self.ledger.tx.callees.load([callee for one in others for callee in one.callee_ids], free=True)
        others = [one for one in others if loaded.keys() >= set(one.callee_ids)]
        self.ledger.load_callouts([record.callout_id for record in loaded.values()])
        self.records.update(loaded)
        units = {record.unit_id for record in loaded.values()} - self.endpoints.keys()
        self.endpoints.update(self.ledger.tx.endpoints.of_units(list(units), self.ledger.now))
        return [
            best
            for attempt in others
            for record in self.callees(attempt)
            if record.callee.voice is Voice.QUEUED and record.id not in self._in_hand
            for best in self._dialable(attempt, record)[:1]
        ]

    def _avoid(self, named: Sequence[Wish]) -> frozenset[str]:
        """Routes not to use if another is there: asked for, or the one that called this number empty."""
        avoid = set[str]()
        for wish in named:
            avoid |= routes_to_avoid(wish.attempt)
            memory = wish.record.callee.memory_of(wish.detail.view.endpoint_id)
            if memory.verdict in DISTRUSTED and memory.route:
                avoid.add(memory.route)
        return frozenset(avoid)

    def _call(self, named: list[Wish], route: str) -> Chosen:
        """One call for all of them: its home is the first one's, the others' attempts are merged into it."""
        attempt = named[0].attempt
        for wish in named:
            self.ledger.take(wish.record, Dialled(wish.detail.view.role, wish.detail.view.endpoint_id, route))
            if len(named) > 1:
                self.join(attempt, wish)
            if wish.attempt.id != attempt.id:
                self.merge(wish.attempt, attempt)
        asked = frozenset[str]().union(*(routes_to_avoid(wish.attempt) for wish in named))
        repeat = any(wish.attempt.possible_duplicate for wish in named)
        return Chosen(attempt, named[0].detail, route, named, asked, repeat)
