"""The outbox: from what is due to what goes. Claims are leases; the wire comes after the commit.

Order is decided late: an attempt waits in the queue of its channel, and the endpoint, the number and the route are
chosen only when a line (or the rate) is free. The claim looks once more at the call-out and the callee, so whoever has
answered meanwhile is not called. Who is chosen, and who is named together: voice_picking.py and text_picking.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from warning_dispatch.engine.all_clears import still_lifted
from warning_dispatch.engine.breakers import Breakers
from warning_dispatch.engine.causes import with_causes
from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.picking import Chosen, Terms, Wish
from warning_dispatch.engine.records import Address, Claim, RouteRecord
from warning_dispatch.engine.routes import RouteRoom, next_token_at, refill
from warning_dispatch.engine.text_picking import TextPicker
from warning_dispatch.engine.voice_picking import VoicePicker
from warning_dispatch.escalation.alarms import Cause, told_up_to
from warning_dispatch.escalation.route_rules import RouteRule
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.texts import (
    CAUSES_MARK,
    COUNT_MARK,
    NAMES_BETWEEN,
    SIGNAL,
    TIMES,
    FrozenText,
    NamedUnit,
    TextPart,
)
from warning_dispatch.model.unit import CHANNELS, Channel
from warning_dispatch.ports import Dispatch

SPARE = 50
"""Attempts looked at beyond twice the free lines: those whose phone is engaged by us keep no line idle."""
SOON = 5
"""ms until a channel is looked at again in which another worker is claiming."""
FURTHEST = 4_000
"""Attempts looked at beyond that at the most, when lines are free although everybody in front has to wait."""

TEMPLATES_IN = "zh_CN"
"""The language of templates that providers approve."""

Compose = Callable[[Sequence[TextPart], str, Channel, str, str], tuple[str, str]]
"""(what each call-out says, most urgent first; language; channel; link; route) → subject and body for one receiver."""


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """`batch`: attempts claimed per turn and channel. Leases in ms. `link_prefix`: what a token is appended to.

    `linked` False: there is no address to open, so no message carries a link.
    """

    batch: int = 500
    claim_lease: int = 30_000
    report_overdue: int = 180_000
    ring_for: int = 35_000
    link_prefix: str = ""
    linked: bool = True
    in_hand: int = 120_000
    """ms for which the machine leaves alone whom somebody is dialling by hand."""
    simulated_routes: frozenset[str] = frozenset()
    value_routes: frozenset[str] = frozenset()
    """Routes whose providers fill templates of their own: they get what the text says by name too."""
    limits: CallLimits = field(default_factory=CallLimits)
    rules: Mapping[str, RouteRule] = field(default_factory=dict)
    """What routes ask of what goes by them, and in which order they are taken."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What goes on the wire, and when a rate-limited channel may go on."""

    batch: tuple[Dispatch, ...]
    next_at: int | None


@dataclass(frozen=True, slots=True)
class _Saying:
    """What a claimed batch needs to be worded: units named together, and the causes of the bureau's own call."""

    places: Mapping[int, NamedUnit]
    causes: Mapping[int, Sequence[Cause]]


class Outbox:
    """Claims attempts and turns them into dispatches."""

    def __init__(self, settings: OutboxSettings, compose: Compose) -> None:
        """Sizes, leases and the prefix of links; `compose` words a message that names several units."""
        self._settings = settings
        self._compose = compose
        self._further: dict[Channel, int] = dict.fromkeys(CHANNELS, 0)

    def claim(self, ledger: Ledger) -> Claimed:
        """Lease what may go now, channel by channel.

        1. What each route can take. 2. The first attempts in order. 3. Endpoint and route of each, or why not.
        4. Leases, limits and callee states are written; the addresses are unsealed for the wire.
        """
        chosen: list[Chosen] = []
        known: dict[int, Address] = {}
        wake: list[int] = []
        by_channel: defaultdict[Channel, list[RouteRecord]] = defaultdict(list)
        routes, all_of_them = ledger.tx.routes.take()
        if not all_of_them:  # whoever claims there has not seen the lines that came free since it looked
            wake.append(ledger.now + SOON)
        for route in Breakers(ledger).look(routes):
            by_channel[route.channel].append(refill(route, ledger.now))
        for channel in CHANNELS:
            room = RouteRoom(by_channel.get(channel, []), ledger.now, self._settings.batch, self._settings.rules)
            downs = [one.breaker for one in room.routes.values() if not one.breaker.in_service]
            wake.extend(at for one in downs if (at := one.trial_at(alone=room.alone)) > ledger.now)
            picked = self._claim_channel(ledger, channel, room, known) if room.free else []
            chosen.extend(picked)
            counts: defaultdict[str, int] = defaultdict(int)
            for one in picked:
                counts[one.route] += 1
            if counts:
                ledger.tx.routes.save(room.used(counts))
                _try_again(ledger, room, picked)
            if picked or not room.free:
                after = room.used(counts) + [r for n, r in room.routes.items() if n not in counts]
                wake.extend(at for at in (next_token_at(route, ledger.now) for route in after) if at is not None)
        return Claimed(self._dispatches(ledger, chosen, known), min(wake, default=None))

    def _claim_channel(
        self, ledger: Ledger, channel: Channel, room: RouteRoom, known: dict[int, Address]
    ) -> list[Chosen]:
        """What goes now on a channel; numbers that were opened on the way are `known` afterwards."""
        narrow = min(self._settings.batch, 2 * room.free + SPARE)
        limit = narrow + self._further[channel]
        ready = ledger.tx.attempts.ready(channel, limit, ledger.now)
        seen = len(ready)
        records = ledger.tx.callees.load(list({callee for one in ready for callee in one.callee_ids}), free=True)
        ready = still_lifted(ledger, [one for one in ready if records.keys() >= set(one.callee_ids)])
        if not ready:
            return []
        records = {key: ledger.current(record) for key, record in records.items()}
        homes = [one.callout_id for one in ready]
        ledger.load_callouts([*homes, *(record.callout_id for record in records.values())])
        endpoints = ledger.tx.endpoints.of_units(list({record.unit_id for record in records.values()}), ledger.now)
        terms = Terms(self._settings.limits, self._settings.rules, self._settings.claim_lease)
        picker: VoicePicker | TextPicker = (VoicePicker if channel is Channel.VOICE else TextPicker)(
            ledger, room, records, endpoints, terms
        )
        picked = picker.pick(ready)
        if picker.budget is not None:
            known.update(picker.budget.doors.addresses)
        self._look_further(ledger, channel, room, seen=seen, narrow=narrow, limit=limit)
        return picked

    def _look_further(
        self, ledger: Ledger, channel: Channel, room: RouteRoom, *, seen: int, narrow: int, limit: int
    ) -> None:
        """Free lines are for whoever stands behind those who cannot use them.

        In front somebody may wait for one phone, or for the one provider that has calls left for it: the next look goes
        further then, and comes back when it need not.
        """
        further = self._further[channel]
        if room.free and seen == limit and further < FURTHEST:
            self._further[channel] = min(FURTHEST, further + limit)
            ledger.wake_at(ledger.now + 1)
        elif seen <= narrow or not room.free:
            self._further[channel] = further // 2

    # --- on the wire --------------------------------------------------------------------------------------

    def _dispatches(
        self, ledger: Ledger, chosen: Sequence[Chosen], known: Mapping[int, Address]
    ) -> tuple[Dispatch, ...]:
        if not chosen:
            return ()
        tx = ledger.tx
        lease_until = ledger.now + self._settings.claim_lease
        own = {one.attempt.callout_id for one in chosen if one.attempt.purpose is Purpose.SELF}
        causes = tx.alarms.causes(sorted(own)) if own else {}
        tx.attempts.claim([_claim(one, ledger.now, lease_until, causes) for one in chosen])
        numbers = {one.endpoint.view.number_id for one in chosen}
        addresses = {**known, **tx.endpoints.addresses(list(numbers - known.keys()))}
        links = self._links(ledger, chosen)
        several = {wish.record.unit_id for one in chosen if len(one.wishes) > 1 for wish in one.wishes}
        places = tx.endpoints.places(list(several)) if several else {}
        for one in chosen:
            _note_claim(ledger, one)
            ledger.counted.claims[one.route, one.attempt.purpose] += 1
        saying = _Saying(places, causes)
        return tuple(
            self._dispatch(ledger, one, addresses[one.endpoint.view.number_id], links.get(one.attempt.id, ""), saying)
            for one in chosen
        )

    def _links(self, ledger: Ledger, chosen: Sequence[Chosen]) -> Mapping[int, str]:
        """Attempt → link. A link answers for whoever is behind the number it was sent to, so each channel has its own."""
        links = {}
        for channel in (Channel.SMS, Channel.EMAIL) if self._settings.linked else ():
            linked = [one for one in chosen if one.attempt.channel is channel]
            wanted = [(one.attempt.callout_id, one.endpoint.view.receiver_id, Purpose.CALL) for one in linked]
            tokens = ledger.tx.links.tokens(wanted, channel) if wanted else ()
            for one, token in zip(linked, tokens, strict=True):
                links[one.attempt.id] = self._settings.link_prefix + token
        return links

    def _dispatch(self, ledger: Ledger, one: Chosen, address: Address, link: str, saying: _Saying) -> Dispatch:
        attempt = one.attempt
        subject, body = self._text(ledger, one, link, saying)
        real = one.route not in self._settings.simulated_routes
        return Dispatch(
            attempt_id=attempt.id,
            callout_id=attempt.callout_id,
            channel=attempt.channel,
            purpose=attempt.purpose,
            route=one.route,
            address="" if real and address.sample else address.clear,
            language=one.endpoint.language,
            text=body,
            subject=subject,
            link=link,
            ring_for=self._settings.ring_for,
            possible_duplicate=one.repeat,
            lease_until=ledger.now + self._settings.claim_lease,
            values=self._values(ledger, one, saying) if one.route in self._settings.value_routes else {},
        )

    def _values(self, ledger: Ledger, one: Chosen, saying: _Saying) -> dict[str, str]:
        """What the text says, by name; in Chinese, as the approved templates are."""
        callouts = list(_by_callout(one.wishes))
        frozen = [ledger.frozen(callout_id).texts for callout_id in callouts]
        values = joined_values(
            {callout: texts.values_in(TEMPLATES_IN) for callout, texts in zip(callouts, frozen, strict=True)}
        )
        named = dict.fromkeys(wish.record.unit_id for wish in one.wishes)
        one_unit = len(one.wishes) == 1
        names = [one.endpoint.unit_name] if one_unit else [saying.places[unit].name for unit in named]
        values["unit"] = NAMES_BETWEEN.join(names)
        if one.attempt.purpose is Purpose.SELF:
            causes = saying.causes.get(one.attempt.callout_id, ())
            mark = FrozenText(COUNT_MARK, CAUSES_MARK)
            said = with_causes(mark, frozen[0], TEMPLATES_IN, one.attempt.channel, causes)
            values |= {"count": said.subject, "causes": said.body}
        return values

    def _text(self, ledger: Ledger, one: Chosen, link: str, saying: _Saying) -> tuple[str, str]:
        """What is said: the text of each call-out with its units, one after the other."""
        language, channel = one.endpoint.language, one.attempt.channel
        parts = []
        for callout_id, wishes in _by_callout(one.wishes).items():
            text = _frozen_text(ledger, one, callout_id, wishes, saying)
            if len(one.wishes) == 1:
                parts.append(TextPart(text, (NamedUnit(one.endpoint.unit_name, None),)))
                break
            units = dict.fromkeys(wish.record.unit_id for wish in wishes)
            parts.append(TextPart(text, tuple(saying.places[unit] for unit in units)))
        return self._compose(parts, language, channel, link, one.route)


def joined_values(said: Mapping[int, Mapping[str, str]]) -> dict[str, str]:
    """What several warnings say, each value once, the most urgent first: so it stands in `said`, by call-out.

    Which colour is whose shows in the signals alone. Of several times the newest warning's: a variable of a provider holds one.
    """
    several = [*said.values()]
    signals = [each.get("hazard", "") + each.get("colour", "") for each in several]
    values = {name: _listed(each.get(name, "") for each in several) for name in several[0]}
    newest = said[max(said)]
    return values | {name: newest[name] for name in TIMES if name in newest} | {SIGNAL: _listed(signals)}


def _listed(words: Iterable[str]) -> str:
    return NAMES_BETWEEN.join(dict.fromkeys(filter(None, words)))


def _try_again(ledger: Ledger, room: RouteRoom, picked: Sequence[Chosen]) -> None:
    """Routes that are tried again: their one attempt is the trial."""
    for one in picked:
        breaker = room.routes[one.route].breaker
        if not breaker.in_service:
            Breakers(ledger).try_again(one.route, breaker, one.attempt.id)


def _frozen_text(ledger: Ledger, one: Chosen, callout_id: int, wishes: Sequence[Wish], saying: _Saying) -> FrozenText:
    """The call-out's text for whom it is; of the bureau's own call with what happened as it stands now.

    A message to somebody of several tiers or roles says what holds for all of them.
    """
    frozen = ledger.frozen(callout_id)
    texts = frozen.texts
    language, channel = one.endpoint.language, one.attempt.channel
    tiers, roles = {wish.record.tier for wish in wishes}, {wish.detail.view.role for wish in wishes}
    tier = frozen.plan.tiers[tiers.pop()].name if len(tiers) == 1 else ""
    role = roles.pop().key if len(roles) == 1 else ""
    text = texts.get(language, channel.key, _TEXT_OF[one.attempt.purpose], tier, role)
    if one.attempt.purpose is Purpose.SELF:
        return with_causes(text, texts, language, channel, saying.causes.get(callout_id, ()))
    return text


def _by_callout(wishes: Sequence[Wish]) -> dict[int, list[Wish]]:
    found: defaultdict[int, list[Wish]] = defaultdict(list)
    for wish in wishes:
        found[wish.record.callout_id].append(wish)
    return found


def _note_claim(ledger: Ledger, one: Chosen) -> None:
    """The home's journal tells of the attempt; every other call-out whose units it names, of the part it has in it."""
    home, view = one.attempt.callout_id, one.endpoint.view
    by_callout = _by_callout(one.wishes)
    named = _ids(by_callout.pop(home, ()))
    ledger.note(
        home,
        {
            "k": "attempt.claimed",
            "id": one.attempt.id,
            "endpoint": view.endpoint_id,
            "route": one.route,
            "callees": named,
            "repeat": one.repeat,
        },
    )
    for callout_id, wishes in by_callout.items():
        entry = {"k": "shared.claimed", "id": one.attempt.id, "home": home, "callees": _ids(wishes)}
        ledger.note(callout_id, {**entry, "repeat": one.repeat})


def _ids(wishes: Sequence[Wish]) -> list[int]:
    return list(dict.fromkeys(wish.record.id for wish in wishes))


_TEXT_OF = {
    Purpose.CALL: "call",
    Purpose.DRILL: "call",
    Purpose.NOTICE: "notice",
    Purpose.ALL_CLEAR: "all_clear",
    Purpose.CAMPAIGN: "call",
    Purpose.SELF: "self",
    Purpose.STAGE: "stage",
}


def _claim(one: Chosen, now: int, lease_until: int, causes: Mapping[int, Sequence[Cause]]) -> Claim:
    view = one.endpoint.view
    own = one.attempt.purpose is Purpose.SELF
    return Claim(
        attempt_id=one.attempt.id,
        route=one.route,
        endpoint_id=view.endpoint_id,
        receiver_id=view.receiver_id,
        number_id=view.number_id,
        role=view.role,
        claimed_at=now,
        lease_until=lease_until,
        avoid=",".join(sorted(one.avoid)),
        possible_duplicate=one.repeat,
        told_alarm=told_up_to(causes.get(one.attempt.callout_id, ())) if own else None,
    )
