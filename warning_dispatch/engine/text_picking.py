"""SMS, e-mail, operator tasks: to every receiver of the role who has not answered.

Messages of one call-out and purpose that go to the same number in the same breath are one message that names all their
units. A task stays by itself: the officer records each unit apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warning_dispatch.engine.dialling_budget import DiallingBudget, routes_to_avoid
from warning_dispatch.engine.picking import Chosen, Picker, Wish
from warning_dispatch.engine.queueing import queued_entry
from warning_dispatch.engine.records import CalleeRecord, EndpointDetail, ReadyAttempt
from warning_dispatch.escalation.endpoints import text_endpoints
from warning_dispatch.model.states import FINISHED, CallOutState, Purpose
from warning_dispatch.model.unit import Channel, EndpointView

_MERGED = (Channel.SMS, Channel.EMAIL)
_TELLING = (Purpose.ALL_CLEAR, Purpose.NOTICE, Purpose.STAGE)
"""Texts that ask for no answer go to those who have answered as well."""
_Key = tuple[int, Purpose, Channel, int]
"""(call-out, purpose, channel, number): what is one message."""


class TextPicker(Picker):
    """Chooses endpoint and route of messages."""

    budget: DiallingBudget | None = None
    """What a number may be sent; None where no route of the channel limits or asks anything: then nothing is looked up."""
    _ours: frozenset[int] | None = None

    def pick(self, ready: Sequence[ReadyAttempt]) -> list[Chosen]:
        """The messages that go now, in order."""
        chosen: list[Chosen] = []
        messages: dict[_Key, Chosen] = {}
        copies: list[list[Wish]] = []
        if ready:
            self._prepare(ready[0].channel)
        for attempt in ready:
            targets = self._first_those_that_may(attempt, self._targets(attempt))
            if not targets:
                continue
            if self.budget is not None and self.budget.waits_for_another(attempt, self.room, targets[0][0].number):
                continue
            if not self._merge(messages, targets[0]):
                route = self._take(attempt, targets[0][0], routes_to_avoid(attempt))
                if route is None:
                    if self.room.free:
                        continue
                    break
                chosen.append(self._message(attempt, targets[0], route))
                if not attempt.possible_duplicate:  # what is repeated after a lost claim goes as it was
                    messages.setdefault(_key(targets[0][0]), chosen[-1])
            copies.extend(targets[1:])
        self._copy(copies, chosen, messages)
        self.write()
        if self.budget is not None:
            self.budget.write()
        return chosen

    # --- what routes and budgets say ----------------------------------------------------------------------

    def _prepare(self, channel: Channel) -> None:
        """Where a route has a condition or a budget, the numbers of the batch are looked up, in one statement each."""
        limits, routes = self.terms.limits, self.room.routes
        limited = any(name in limits.by_route for name in routes)
        conditional = any(rule.conditional for name, rule in self.terms.rules.items() if name in routes)
        if not limited and not conditional and not self.ledger.tx.opt_outs.any():
            return
        numbers = self.numbers(channel)
        self._ours = frozenset(self.ledger.tx.number_calls.lock(numbers)) if limited else None
        self.budget = self.allowance(channel, numbers)

    def _first_those_that_may(self, attempt: ReadyAttempt, targets: list[list[Wish]]) -> list[list[Wish]]:
        """Whoever may be written to now comes first. Empty when the attempt waits: for a budget, for its hours."""
        if self.budget is None or not targets:
            return targets
        if self._ours is not None:  # another claim has the others in hand
            targets = [wishes for wishes in targets if wishes[0].number in self._ours]
        numbers = [wishes[0].number for wishes in targets]
        barred = self.budget.barred(numbers, attempt)
        if numbers and barred.issuperset(numbers):
            self.budget.hold(attempt, numbers)
            return []
        return sorted(targets, key=lambda wishes: wishes[0].number in barred)

    def _take(self, attempt: ReadyAttempt, wish: Wish, avoid: frozenset[str]) -> str | None:
        """A route for a message to this number."""
        if self.budget is None:
            return self.room.take(avoid)
        unliked = self.budget.doors.of(wish.number, attempt).unliked
        route = self.room.take(avoid, self.budget.spent(wish.number, attempt), unliked)
        if route is not None:
            self.budget.begin(attempt, wish.number, route, wish.detail.unit_id)
        return route

    # --- for whom, and where ------------------------------------------------------------------------------

    def _wanted(self, attempt: ReadyAttempt) -> list[CalleeRecord]:
        """The callees the message still makes sense for; none where its call-out is over."""
        found = self.callees(attempt)
        if attempt.purpose is Purpose.ALL_CLEAR:
            return found
        if attempt.purpose in (
            Purpose.NOTICE,
            Purpose.STAGE,
        ):  # whoever is only told is not waited for: the rest may be complete
            return found if self.ledger.goes_on(attempt.callout_id, attempt.purpose) else []
        if self.ledger.callout(attempt.callout_id).state not in (CallOutState.RUNNING, CallOutState.AWAITING_LIFT):
            return []
        return [record for record in found if record.callee.state not in FINISHED]

    def _targets(self, attempt: ReadyAttempt) -> list[list[Wish]]:
        """One list per receiver: the callees that a message to them is about. Empty when the attempt was dropped."""
        records = self._wanted(attempt)
        if len(records) > 1:
            targets = self._again(attempt, records)
        else:
            targets = [[Wish(attempt, one, detail)] for one in records for detail in self._receivers(attempt, one)]
        if not targets:
            self.drop(attempt, "no_endpoint" if records else "not_wanted")
        return targets

    def _again(self, attempt: ReadyAttempt, records: Sequence[CalleeRecord]) -> list[list[Wish]]:
        """A message for several units that must be repeated: to the same number, for those who are still behind it."""
        by_id = {one.view.endpoint_id: one for record in records for one in self.endpoints_of(record)}
        first = by_id.get(attempt.endpoint_id or 0) or next(iter(self._receivers(attempt, records[0])), None)
        if first is None:
            return []
        wishes = []
        for record in records:
            own = [one for one in self.endpoints_of(record) if one.view.channel is attempt.channel]
            detail = next((one for one in own if one.view.number_id == first.view.number_id), None)
            if detail is not None:
                wishes.append(Wish(attempt, record, detail))
                continue
            self.parted.append((attempt.id, record.id))
            self.ledger.queue_text(record, attempt.channel, attempt.roles, attempt.purpose)
            self.ledger.wake_at(self.ledger.now + 1)
        return [wishes] if wishes else []

    def _receivers(self, attempt: ReadyAttempt, record: CalleeRecord) -> list[EndpointDetail]:
        details = self.endpoints_of(record)
        answers = () if attempt.purpose in _TELLING else record.callee.answers
        views = text_endpoints(attempt.channel, attempt.roles, [one.view for one in details], answers)
        if attempt.endpoint_id is not None:  # a repeat after a lost lease goes to the same endpoint
            views = [view for view in views if view.endpoint_id == attempt.endpoint_id] or views[:1]
        by_view = {one.view.endpoint_id: one for one in details}
        return [by_view[view.endpoint_id] for view in self._reachable(attempt, record, views)]

    def _reachable(
        self, attempt: ReadyAttempt, record: CalleeRecord, views: Sequence[EndpointView]
    ) -> Sequence[EndpointView]:
        """Without those that no route can ever write to; where that leaves nobody, a human is told."""
        if self.budget is None:
            return views
        doors = self.budget.doors
        within = [one for one in views if not doors.of(one.number_id, attempt).nowhere]
        if views and not within and not any(doors.has_opted_out(one.number_id) for one in views):
            doors.tell_nowhere(attempt.callout_id, record.unit_id, attempt.channel.key)
        return within

    # --- one message --------------------------------------------------------------------------------------

    def _merge(self, messages: dict[_Key, Chosen], wishes: Sequence[Wish], *, copy: bool = False) -> bool:
        """Name these units in a message that goes to the same number anyway; False when there is none.

        `copy`: the attempt itself goes to somebody else.
        """
        attempt = wishes[0].attempt
        same = messages.get(_key(wishes[0]))
        if same is None or attempt.channel not in _MERGED or attempt.possible_duplicate:
            return False
        same.wishes.extend(wishes)
        for wish in wishes:
            self.join(same.attempt, wish)
        if not copy:
            self.merge(attempt, same.attempt)
        return True

    def _message(self, attempt: ReadyAttempt, wishes: list[Wish], route: str) -> Chosen:
        return Chosen(attempt, wishes[0].detail, route, wishes, routes_to_avoid(attempt), attempt.possible_duplicate)

    def _copy(self, copies: Sequence[list[Wish]], chosen: list[Chosen], messages: dict[_Key, Chosen]) -> None:
        """A role held by several: an attempt for each; those that the rate has no room for wait their turn."""
        copies = [wishes for wishes in copies if not self._merge(messages, wishes, copy=True)]
        if not copies:
            return
        ids = self.ledger.tx.attempts.take_ids(len(copies))
        rows = []
        for key, wishes in zip(ids, copies, strict=True):
            attempt, record = wishes[0].attempt, wishes[0].record
            rows.append((attempt.id, key, wishes[0].detail.view.endpoint_id))
            entry = queued_entry(key, record.id, attempt.channel, attempt.roles, attempt.purpose)
            self.ledger.note(attempt.callout_id, entry)
            barred = self.budget is not None and self.budget.barred([wishes[0].number], attempt)
            route = None if barred else self._take(attempt, wishes[0], frozenset())
            if route is not None:
                chosen.append(self._message(replace(attempt, id=key), wishes, route))
        self.ledger.tx.attempts.add_copies(rows)


def _key(wish: Wish) -> _Key:
    attempt = wish.attempt
    return attempt.callout_id, attempt.purpose, attempt.channel, wish.number
