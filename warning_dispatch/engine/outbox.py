"""The outbox: from what is due to what goes. Claims are leases; the wire comes after the commit.

Order is decided late: an attempt waits in the queue of its channel, and the endpoint, the number and the route are
chosen only when a line (or the rate) is free. The claim looks once more at the call-out and the callee, so whoever has
answered meanwhile is not called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from warning_dispatch.engine.causes import with_causes
from warning_dispatch.engine.dialling_budget import CallLimits, DiallingBudget
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import (
    Address,
    CalleeRecord,
    Claim,
    EndpointDetail,
    ReadyAttempt,
    RouteRecord,
)
from warning_dispatch.escalation.alarms import Cause
from warning_dispatch.escalation.endpoints import choose, dialable, text_endpoints
from warning_dispatch.escalation.moves import Dialled, NotDialled
from warning_dispatch.escalation.state import DISTRUSTED, Callee
from warning_dispatch.model.states import FINISHED, CallOutState, Purpose, Voice
from warning_dispatch.model.unit import CHANNELS, Channel
from warning_dispatch.ports import Dispatch

TOKEN = 1000
"""Tokens are kept in thousandths of a message."""
SPARE = 50
"""Attempts looked at beyond twice the free lines: those whose phone is engaged by us keep no line idle."""
FURTHEST = 4_000
"""Attempts looked at beyond that at the most, when lines are free although everybody in front has to wait."""
MERGE_SEPARATOR = "、"


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """`batch`: attempts claimed per turn and channel. Leases in ms. `link_prefix`: what a token is appended to."""

    batch: int = 500
    claim_lease: int = 30_000
    report_overdue: int = 180_000
    ring_for: int = 35_000
    link_prefix: str = ""
    simulated_routes: frozenset[str] = frozenset()
    limits: CallLimits = field(default_factory=CallLimits)


@dataclass(slots=True)
class _Chosen:
    """One attempt on its way: for whom, to which endpoint, by which route."""

    attempt: ReadyAttempt
    endpoint: EndpointDetail
    route: str
    records: list[CalleeRecord]


def refill(route: RouteRecord, now: int) -> RouteRecord:
    """Add the tokens of the time that has passed; at most one second's worth is saved up."""
    if route.rate is None:
        return route
    per_second = max(TOKEN, route.rate * TOKEN // 60)
    gained = (now - route.tokens_at) * route.rate * TOKEN // 60_000
    if gained <= 0:
        return route if route.tokens_at <= now else replace(route, tokens_at=now)
    return replace(route, tokens=min(per_second, route.tokens + gained), tokens_at=now)


def capacity(route: RouteRecord, now: int, batch: int) -> int:
    """How many attempts the route takes now."""
    if route.down_until > now:
        return 0
    free = batch
    if route.lines is not None:
        free = min(free, route.lines - route.lines_used)
    if route.rate is not None:
        free = min(free, route.tokens // TOKEN)
    return max(0, free)


def next_token_at(route: RouteRecord, now: int) -> int | None:
    """When the rate gives the next message; None when it is not the rate that is short."""
    if route.rate is None or route.down_until > now or route.tokens >= TOKEN:
        return None
    missing = TOKEN - route.tokens
    return now + max(1, -(-missing * 60_000 // (route.rate * TOKEN)))


class _Lanes:
    """The routes of one channel with what is left of them in this claim."""

    def __init__(self, routes: Sequence[RouteRecord], now: int, batch: int) -> None:
        self._left = {route.name: capacity(route, now, batch) for route in routes}
        self.routes = {route.name: route for route in routes}
        self._in_service = frozenset(route.name for route in routes if route.down_until <= now)

    @property
    def free(self) -> int:
        return sum(self._left.values())

    def take(self, avoid: frozenset[str], spent: frozenset[str] = frozenset()) -> str | None:
        """The route with most room; None when the attempt has to wait. `spent`: over the budget of its number.

        One to be avoided only if no other is in service: another that is merely full is waited for, or a provider
        that has just refused would be asked again on the spot, and again.
        """
        open_routes = [name for name, left in self._left.items() if left > 0 and name not in spent]
        preferred = [name for name in open_routes if name not in avoid]
        if not open_routes or (not preferred and self._in_service - avoid - spent):
            return None
        name = max(preferred or open_routes, key=lambda one: self._left[one])
        self._left[name] -= 1
        return name

    def give_back(self, name: str) -> None:
        self._left[name] += 1

    def used(self, batch_of: Mapping[str, int]) -> list[RouteRecord]:
        """The routes with lines and tokens taken off."""
        changed = []
        for name, count in batch_of.items():
            route = self.routes[name]
            lines = route.lines_used + count if route.lines is not None else route.lines_used
            tokens = route.tokens - count * TOKEN if route.rate is not None else route.tokens
            changed.append(replace(route, lines_used=lines, tokens=tokens))
        return changed


@dataclass(frozen=True, slots=True)
class Claimed:
    """What goes on the wire, and when a rate-limited channel may go on."""

    batch: tuple[Dispatch, ...]
    next_at: int | None


class Outbox:
    """Claims attempts and turns them into dispatches."""

    def __init__(self, settings: OutboxSettings) -> None:
        """Sizes, leases and the prefix of links."""
        self._settings = settings
        self._further: dict[Channel, int] = dict.fromkeys(CHANNELS, 0)

    def claim(self, ledger: Ledger) -> Claimed:
        """Lease what may go now, channel by channel.

        1. What each route can take. 2. The first attempts in order. 3. Endpoint and route of each, or why not.
        4. Leases, limits and callee states are written; the addresses are unsealed for the wire.
        """
        chosen: list[_Chosen] = []
        wake: list[int] = []
        by_channel: defaultdict[Channel, list[RouteRecord]] = defaultdict(list)
        for route in ledger.tx.routes.load():
            by_channel[route.channel].append(refill(route, ledger.now))
            if route.down_until > ledger.now:
                wake.append(route.down_until)
        for channel in CHANNELS:
            lanes = _Lanes(by_channel.get(channel, []), ledger.now, self._settings.batch)
            picked = self._claim_channel(ledger, channel, lanes) if lanes.free else []
            chosen.extend(picked)
            counts: defaultdict[str, int] = defaultdict(int)
            for one in picked:
                counts[one.route] += 1
            if counts:
                ledger.tx.routes.save(lanes.used(counts))
            if picked or not lanes.free:
                after = lanes.used(counts) + [r for n, r in lanes.routes.items() if n not in counts]
                wake.extend(at for at in (next_token_at(route, ledger.now) for route in after) if at is not None)
        return Claimed(self._dispatches(ledger, chosen), min(wake, default=None))

    def _claim_channel(self, ledger: Ledger, channel: Channel, lanes: _Lanes) -> list[_Chosen]:
        narrow = min(self._settings.batch, 2 * lanes.free + SPARE)
        limit = narrow + self._further[channel]
        ready = ledger.tx.attempts.ready(channel, limit, ledger.now)
        if not ready:
            return []
        ledger.load_callouts([one.callout_id for one in ready])
        records = ledger.tx.callees.load(list({callee for one in ready for callee in one.callee_ids}))
        records = {key: ledger.current(record) for key, record in records.items()}
        endpoints = ledger.tx.endpoints.of_units(list({record.unit_id for record in records.values()}))
        picker = _Voice if channel is Channel.VOICE else _Text
        picked = picker(ledger, lanes, records, endpoints, self._settings).pick(ready)
        self._look_further(ledger, channel, lanes, seen=len(ready), narrow=narrow, limit=limit)
        return picked

    def _look_further(
        self, ledger: Ledger, channel: Channel, lanes: _Lanes, *, seen: int, narrow: int, limit: int
    ) -> None:
        """Free lines are for whoever stands behind those who cannot use them.

        In front somebody may wait for one phone, or for the one provider that has calls left for it: the next look goes
        further then, and comes back when it need not.
        """
        further = self._further[channel]
        if lanes.free and seen == limit and further < FURTHEST:
            self._further[channel] = min(FURTHEST, further + limit)
            ledger.wake_at(ledger.now + 1)
        elif seen <= narrow or not lanes.free:
            self._further[channel] = further // 2

    def _dispatches(self, ledger: Ledger, chosen: Sequence[_Chosen]) -> tuple[Dispatch, ...]:
        if not chosen:
            return ()
        tx = ledger.tx
        lease_until = ledger.now + self._settings.claim_lease
        tx.attempts.claim([_claim(one, ledger.now, lease_until) for one in chosen])
        addresses = tx.endpoints.addresses(list({one.endpoint.view.number_id for one in chosen}))
        linked = [one for one in chosen if one.attempt.channel in (Channel.SMS, Channel.EMAIL)]
        tokens = tx.links.tokens(
            [(one.attempt.callout_id, one.endpoint.view.receiver_id, Purpose.CALL) for one in linked]
        )
        links = {one.attempt.id: self._settings.link_prefix + token for one, token in zip(linked, tokens, strict=True)}
        for one in chosen:
            ledger.note(
                one.attempt.callout_id,
                {
                    "k": "attempt.claimed",
                    "id": one.attempt.id,
                    "endpoint": one.endpoint.view.endpoint_id,
                    "route": one.route,
                    "callees": [record.id for record in one.records],
                    "repeat": one.attempt.possible_duplicate,
                },
            )
        own = {one.attempt.callout_id for one in chosen if one.attempt.purpose is Purpose.SELF}
        causes = tx.alarms.causes(sorted(own)) if own else {}
        return tuple(
            self._dispatch(ledger, one, addresses[one.endpoint.view.number_id], links.get(one.attempt.id, ""), causes)
            for one in chosen
        )

    def _dispatch(
        self, ledger: Ledger, one: _Chosen, address: Address, link: str, causes: Mapping[int, Sequence[Cause]]
    ) -> Dispatch:
        attempt, endpoint = one.attempt, one.endpoint
        texts = ledger.frozen(attempt.callout_id).texts
        text = texts.get(endpoint.language, attempt.channel.key, _TEXT_OF[attempt.purpose])
        if attempt.purpose is Purpose.SELF:  # what happened is told as it stands now
            open_now = causes.get(attempt.callout_id, ())
            text = with_causes(text, texts, endpoint.language, attempt.channel, open_now)
        names = dict.fromkeys(self._unit_name(ledger, record, endpoint) for record in one.records)
        subject, body = text.fill(MERGE_SEPARATOR.join(names), link)
        real = one.route not in self._settings.simulated_routes
        return Dispatch(
            attempt_id=attempt.id,
            callout_id=attempt.callout_id,
            channel=attempt.channel,
            purpose=attempt.purpose,
            route=one.route,
            address="" if real and address.sample else address.clear,
            language=endpoint.language,
            text=body,
            subject=subject,
            link=link,
            ring_for=self._settings.ring_for,
            possible_duplicate=attempt.possible_duplicate,
            lease_until=ledger.now + self._settings.claim_lease,
        )

    def _unit_name(self, ledger: Ledger, record: CalleeRecord, endpoint: EndpointDetail) -> str:
        if record.unit_id == endpoint.unit_id:
            return endpoint.unit_name
        details = ledger.tx.endpoints.of_units([record.unit_id]).get(record.unit_id, ())
        return details[0].unit_name if details else endpoint.unit_name


_TEXT_OF = {
    Purpose.CALL: "call",
    Purpose.DRILL: "call",
    Purpose.NOTICE: "notice",
    Purpose.ALL_CLEAR: "all_clear",
    Purpose.CAMPAIGN: "call",
    Purpose.SELF: "self",
}


def _claim(one: _Chosen, now: int, lease_until: int) -> Claim:
    view = one.endpoint.view
    return Claim(
        attempt_id=one.attempt.id,
        route=one.route,
        endpoint_id=view.endpoint_id,
        receiver_id=view.receiver_id,
        number_id=view.number_id,
        role=view.role,
        claimed_at=now,
        lease_until=lease_until,
    )


class _Picker:
    """Chooses endpoint and route for the attempts of one channel."""

    def __init__(
        self,
        ledger: Ledger,
        lanes: _Lanes,
        records: Mapping[int, CalleeRecord],
        endpoints: Mapping[int, Sequence[EndpointDetail]],
        settings: OutboxSettings,
    ) -> None:
        self.ledger = ledger
        self.lanes = lanes
        self.records = records
        self.endpoints = endpoints
        self.settings = settings
        self.drops: list[tuple[int, str]] = []
        self.parted: list[tuple[int, int]] = []

    def wanted(self, attempt: ReadyAttempt) -> list[CalleeRecord]:
        """The callees the attempt still makes sense for; none where its call-out is over."""
        callout = self.ledger.callout(attempt.callout_id)
        found = [self.ledger.current(self.records[one]) for one in attempt.callee_ids]
        if attempt.purpose is Purpose.ALL_CLEAR:
            return found
        if attempt.purpose is Purpose.NOTICE:  # whoever is only told is not waited for: the rest may be complete
            return found if self.ledger.goes_on(attempt.callout_id, attempt.purpose) else []
        if callout.state not in (CallOutState.RUNNING, CallOutState.AWAITING_LIFT):
            return []
        return [record for record in found if record.callee.state not in FINISHED]

    def drop(self, attempt: ReadyAttempt, why: str) -> None:
        """Take an attempt out of the queue for good."""
        self.drops.append((attempt.id, why))
        self.ledger.note(attempt.callout_id, {"k": "attempt.dropped", "id": attempt.id, "why": why})

    def write_drops(self) -> None:
        """Write what was dropped."""
        if self.drops:
            self.ledger.tx.attempts.drop(self.drops, self.ledger.now)
        if self.parted:
            self.ledger.tx.attempts.leave(self.parted)


class _Voice(_Picker):
    """Voice: the endpoint is what the callee wants now; one phone is in one call, and has so many calls an hour."""

    @cached_property
    def budget(self) -> DiallingBudget:
        """Over every number that this claim could dial."""
        numbers = {
            one.view.number_id
            for details in self.endpoints.values()
            for one in details
            if one.view.channel is Channel.VOICE
        }
        routes = self.lanes.routes.values()
        return DiallingBudget(self.ledger, self.settings.limits, routes, numbers, self.settings.claim_lease)

    def pick(self, ready: Sequence[ReadyAttempt]) -> list[_Chosen]:
        by_number: dict[tuple[int, int], _Chosen] = {}
        joined: list[tuple[int, int]] = []
        candidates = self._candidates(ready)
        busy = self.ledger.tx.attempts.live_numbers([detail.view.number_id for _, _, detail in candidates])
        in_batch: set[int] = set()
        for attempt, records, detail in candidates:
            number = detail.view.number_id
            if number in busy:
                continue  # stays READY; it goes when that call has ended
            same = by_number.get((number, attempt.callout_id))
            if same is not None:  # one phone, one call: name this unit in the call that goes anyway
                joined.extend((same.attempt.id, record.id) for record in records)
                same.records.extend(records)
                self._dialled(records, detail, same.route)
                self.drop(attempt, "merged")
                continue
            if number in in_batch:
                continue
            spent = self.budget.spent(number, attempt)
            route = self.lanes.take(self._avoid(attempt, records[0].callee, detail), spent)
            if route is None:
                if self.lanes.free:
                    continue
                break
            in_batch.add(number)
            self.budget.begin(attempt, number, route, detail.unit_id)
            by_number[number, attempt.callout_id] = _Chosen(attempt, detail, route, list(records))
            self._dialled(records, detail, route)
        if joined:
            self.ledger.tx.attempts.join(joined)
        self.write_drops()
        self.budget.write()
        return list(by_number.values())

    def _candidates(
        self, ready: Sequence[ReadyAttempt]
    ) -> list[tuple[ReadyAttempt, list[CalleeRecord], EndpointDetail]]:
        """Attempts with somebody to dial; the others are dropped here, with the reason."""
        found = []
        for attempt in ready:
            records = [one for one in self.wanted(attempt) if one.callee.voice is Voice.QUEUED]
            if not records:
                self.drop(attempt, "not_wanted")
                continue
            if self.ledger.now >= self.ledger.callout(attempt.callout_id).voice_until:
                detail = None
            else:
                detail = self._within_budget(attempt, records)
                if detail is None and self._hold(attempt, records):
                    continue
            if detail is None:
                for record in records:
                    self.ledger.take(record, NotDialled())
                self.drop(attempt, "no_endpoint")
                continue
            if self._rang_elsewhere(attempt, detail):
                self._call_anew(attempt, records)
                continue
            found.append((attempt, self._of_that_phone(attempt, records, detail), detail))
        return found

    def _rang_elsewhere(self, attempt: ReadyAttempt, detail: EndpointDetail) -> bool:
        """Whether a repeat would go to another number than the call of unknown fate that it repeats."""
        if not attempt.possible_duplicate or attempt.endpoint_id is None:
            return False
        number = detail.view.number_id
        return all(
            one.view.endpoint_id != attempt.endpoint_id or one.view.number_id != number
            for details in self.endpoints.values()
            for one in details
        )

    def _call_anew(self, attempt: ReadyAttempt, records: Sequence[CalleeRecord]) -> None:
        """One attempt, one number: a key pressed in the first call may still be told, and must find its phone."""
        for record in records:
            self.ledger.queue_voice(record)
        self.ledger.wake_at(self.ledger.now + 1)
        self.drop(attempt, "other_phone")

    def _of_that_phone(
        self, attempt: ReadyAttempt, records: Sequence[CalleeRecord], detail: EndpointDetail
    ) -> list[CalleeRecord]:
        """Whom the call names.

        The repeat of a merged call may go to another phone than the first: units that nobody answers for there get a
        call of their own.
        """
        apart = [one for one in records if self._behind(detail, one) is None]
        for record in apart:
            self.parted.append((attempt.id, record.id))
            self.ledger.queue_voice(record)
            self.ledger.wake_at(self.ledger.now + 1)
        return [one for one in records if one not in apart]

    def _behind(self, detail: EndpointDetail, record: CalleeRecord) -> EndpointDetail | None:
        """The unit's own endpoint behind the number that is dialled."""
        if record.unit_id == detail.unit_id:
            return detail
        number = detail.view.number_id
        own = self.endpoints.get(record.unit_id, ())
        return next((one for one in own if one.view.number_id == number and one.view.channel is Channel.VOICE), None)

    def _within_budget(self, attempt: ReadyAttempt, records: Sequence[CalleeRecord]) -> EndpointDetail | None:
        """The best endpoint whose number has calls left."""
        for record in records:
            details = self.endpoints.get(record.unit_id, ())
            barred = self.budget.barred([one.view.number_id for one in details], attempt)
            view = choose(record.callee, [one.view for one in details], self.ledger.now, barred)
            if view is not None:
                return next(one for one in details if one.view is view)
        return None

    def _hold(self, attempt: ReadyAttempt, records: Sequence[CalleeRecord]) -> bool:
        """Whether budgets alone are in the way: then the attempt waits for the first number that is free again."""
        numbers = {
            view.number_id
            for record in records
            for view in dialable(
                record.callee, [one.view for one in self.endpoints.get(record.unit_id, ())], self.ledger.now
            )
        }
        if numbers:
            self.budget.hold(attempt, numbers)
        return bool(numbers)

    def _avoid(self, attempt: ReadyAttempt, callee: Callee, detail: EndpointDetail) -> frozenset[str]:
        """Routes not to use if another is there: asked for, or the one that called this number empty."""
        avoid = set(filter(None, attempt.avoid.split(",")))
        memory = callee.memory_of(detail.view.endpoint_id)
        if memory.verdict in DISTRUSTED and memory.route:
            avoid.add(memory.route)
        return frozenset(avoid)

    def _dialled(self, records: Sequence[CalleeRecord], detail: EndpointDetail, route: str) -> None:
        for record in records:
            view = (self._behind(detail, record) or detail).view
            self.ledger.take(record, Dialled(view.role, view.endpoint_id, route))


_TELLING = (Purpose.ALL_CLEAR, Purpose.NOTICE)
"""Texts that ask for no answer go to those who have answered as well."""


class _Text(_Picker):
    """SMS, e-mail, operator tasks: to every receiver of the role who has not answered."""

    def pick(self, ready: Sequence[ReadyAttempt]) -> list[_Chosen]:
        chosen: list[_Chosen] = []
        copies: list[tuple[ReadyAttempt, EndpointDetail, list[CalleeRecord]]] = []
        for attempt in ready:
            records = self.wanted(attempt)
            targets = self._targets(attempt, records[0]) if records else []
            if not targets:
                self.drop(attempt, "no_endpoint" if records else "not_wanted")
                continue
            route = self.lanes.take(frozenset(filter(None, attempt.avoid.split(","))))
            if route is None:
                if self.lanes.free:
                    continue
                break
            chosen.append(_Chosen(attempt, targets[0], route, records))
            copies.extend((attempt, target, records) for target in targets[1:])
        chosen.extend(self._copies(copies))
        self.write_drops()
        return chosen

    def _targets(self, attempt: ReadyAttempt, record: CalleeRecord) -> list[EndpointDetail]:
        details = self.endpoints.get(record.unit_id, ())
        answers = () if attempt.purpose in _TELLING else record.callee.answers
        views = text_endpoints(attempt.channel, attempt.roles, [one.view for one in details], answers)
        if attempt.endpoint_id is not None:  # a repeat after a lost lease goes to the same endpoint
            views = [view for view in views if view.endpoint_id == attempt.endpoint_id] or views[:1]
        by_view = {one.view.endpoint_id: one for one in details}
        return [by_view[view.endpoint_id] for view in views]

    def _copies(self, copies: Sequence[tuple[ReadyAttempt, EndpointDetail, list[CalleeRecord]]]) -> list[_Chosen]:
        """A role held by several receivers: an attempt for each; those that the rate has no room for wait their turn."""
        if not copies:
            return []
        first = self.ledger.tx.attempts.take_ids(len(copies))
        made = []
        rows = []
        for key, (attempt, target, records) in enumerate(copies, first):
            rows.append((attempt.id, key, target.view.endpoint_id))
            self.ledger.note(
                attempt.callout_id,
                {
                    "k": "attempt.queued",
                    "id": key,
                    "callee": records[0].id,
                    "on": attempt.channel.key,
                    "roles": attempt.roles,
                },
            )
            route = self.lanes.take(frozenset())
            if route is not None:
                made.append(_Chosen(replace(attempt, id=key), target, route, records))
        self.ledger.tx.attempts.add_copies(rows)
        return made
