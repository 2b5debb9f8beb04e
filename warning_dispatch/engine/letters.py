"""函件: how letters of the yearly refresh go out. Beside the call-outs' attempts, and always behind them (ADR 20).

Claims are leases: the transaction that claims commits before the wire, and what is lost in between goes again, marked. By day
only; never while a message of a call-out waits for the channel; and of what a route could take at this moment only half.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.letter_doors import LetterDoors, LetterSettings
from warning_dispatch.engine.records import Address, RouteRecord
from warning_dispatch.engine.renewal_letters import tell_returned
from warning_dispatch.engine.renewing import returned_filing
from warning_dispatch.engine.routes import TOKEN, RouteRoom, refill
from warning_dispatch.engine.storage_renewal import LetterRecord, ProofRecord
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.plan import Next, Outcome
from warning_dispatch.model.renewal import FILING_PATH, LETTERS_FROM, PROOF_PATH, LetterKind, ProofState
from warning_dispatch.model.states import Means, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt, Report
from warning_dispatch.renewal.changes import LETTER_CHANNELS
from warning_dispatch.renewal.filing import FilingEvent
from warning_dispatch.renewal.reminders import days_left
from warning_dispatch.tomlfiles import both

MOST_TRIES = 12
"""How often a letter is tried that every route refuses for its own sake."""
FIRST_PATIENCE, LONGEST_PATIENCE = 60_000, 1_800_000
"""ms between two tries: doubled each time, at most."""
_ROUTE_TROUBLE = (Next.OTHER_ROUTE, Next.ROUTE_DOWN)
_WRONG_NUMBER = (Next.PERMANENT, Next.DOUBTFUL, Next.ROUTE_ONLY)
_NEVER_WENT = ("misconfigured", "hung_up_by_us")
UNKNOWN = "no_report"

ComposeLetter = Callable[[LetterRecord, str, int], tuple[str, str]]
"""(letter, its link, days until it is due) → subject and body."""


class Letters:
    """Claims letters, words them, and takes in what became of them."""

    def __init__(self, settings: LetterSettings, compose: ComposeLetter, outcomes: Mapping[str, Outcome]) -> None:
        """`compose` words a letter; `outcomes` is the outcome table."""
        self._settings = settings
        self._compose = compose
        self._outcomes = outcomes

    def claim(self, ledger: Ledger) -> tuple[Dispatch, ...]:
        """Lease what may go now, channel by channel. Whoever has handed in meanwhile is not written to any more."""
        if not self._settings.schedule.by_day(beijing_text(ledger.now, "%H:%M")):
            return ()
        ledger.tx.letters.end_overdue(ledger.now, UNKNOWN)
        waiting = [channel for channel in LETTER_CHANNELS if ledger.tx.letters.waiting(channel, ledger.now)]
        if not waiting:
            return ()
        by_channel: defaultdict[Channel, list[RouteRecord]] = defaultdict(list)
        for route in ledger.tx.routes.take()[0]:
            by_channel[route.channel].append(refill(route, ledger.now))
        batch: list[Dispatch] = []
        for channel in waiting:
            batch.extend(self._claim_channel(ledger, channel, by_channel[channel]))
        return tuple(batch)

    def _claim_channel(self, ledger: Ledger, channel: Channel, routes: Sequence[RouteRecord]) -> list[Dispatch]:
        """What the routes in service take. One that has just failed is tried again by a warning, not by a letter.

        1. Claim as many as there is room for. 2. Each a route that is open to its number. 3. What has to wait goes back.
        """
        templates = self._settings.value_routes
        routes = [route for route in routes if route.breaker.in_service and route.name not in templates]
        room = RouteRoom([_half_of(route) for route in routes], ledger.now, self._settings.batch, self._settings.rules)
        limit = min(self._settings.batch, room.free)
        if not limit:
            return []
        rows, lease_until = ledger.tx.letters, ledger.now + self._settings.lease
        claimed = rows.claim(channel, limit, ledger.now, lease_until, self._on_the_phone(ledger, channel))
        rows.drop([one.id for one in claimed if not one.wanted], ledger.now)
        wanted = [one for one in claimed if one.wanted]
        if channel is Channel.VOICE:
            wanted = _once_a_phone(ledger, wanted)
        doors = LetterDoors(ledger, self._settings, {route.name for route in routes}, wanted)
        routed: list[tuple[LetterRecord, str]] = []
        for one in wanted:
            route = doors.choose(one, room)
            if route is not None:
                routed.append((one, route))
        doors.write(routed, lease_until)
        counts = Counter(route for _, route in routed)
        whole = {route.name: route for route in routes}
        ledger.tx.routes.save(
            [replace(whole[name], tokens=whole[name].tokens - count * TOKEN) for name, count in counts.items()]
        )
        return [
            self._dispatch(ledger, one, route, doors.addresses[one.number_id], lease_until) for one, route in routed
        ]

    @staticmethod
    def _on_the_phone(ledger: Ledger, channel: Channel) -> frozenset[int]:
        """One phone, one call: whoever is in a call of ours is not rung."""
        if channel is not Channel.VOICE:
            return frozenset()
        return ledger.tx.attempts.live_numbers(ledger.tx.letters.numbers_ready(channel, ledger.now))

    def _dispatch(self, ledger: Ledger, one: LetterRecord, route: str, address: Address, lease_until: int) -> Dispatch:
        path = PROOF_PATH if one.kind is LetterKind.PROVE else FILING_PATH
        link = self._settings.public_url.rstrip("/") + path + one.token
        left = days_left(one.due, beijing_text(ledger.now, "%Y-%m-%d")) if one.due else 0
        subject, body = self._compose(one, link, left)
        number = LETTERS_FROM + one.id
        return Dispatch(
            attempt_id=number,
            callout_id=number,  # a matter of its own: nothing silences it but its answer
            channel=one.channel,
            purpose=Purpose.CAMPAIGN,
            route=route,
            address="" if address.sample and route not in self._settings.simulated_routes else address.clear,
            language=one.language,
            text=body,
            subject=subject,
            link=link,
            possible_duplicate=one.repeat,
            lease_until=lease_until,
        )

    # --- what became of them ------------------------------------------------------------------------------

    def take_receipts(self, ledger: Ledger, receipts: Sequence[Receipt]) -> None:
        """What the carriers said at once."""
        if self._settings.budgets:
            self._count(ledger, receipts)
        handed = [one.attempt_id - LETTERS_FROM for one in receipts if one.accepted]
        ledger.tx.letters.hand(handed, ledger.now, ledger.now + self._settings.report_overdue)
        refused = [one for one in receipts if not one.accepted]
        reports = [Report(one.attempt_id, one.outcome or "provider_down", ledger.now) for one in refused]
        self._end(ledger, reports, frozenset(one.attempt_id for one in refused if one.unsure))

    def _count(self, ledger: Ledger, receipts: Sequence[Receipt]) -> None:
        """The provider has spoken: a message counts from here; one that never reached it is given back."""
        sent = ledger.tx.letters.sent_by([one.attempt_id - LETTERS_FROM for one in receipts])
        reached: list[tuple[int, str, int]] = []
        never: list[tuple[int, str, int]] = []
        for one in receipts:
            number, route = sent.get(one.attempt_id - LETTERS_FROM, (0, ""))
            if route in self._settings.budgets:
                kept = not one.accepted and one.outcome in _NEVER_WENT
                (never if kept else reached).append((number, route, ledger.now))
        ledger.tx.number_calls.reached(reached, ledger.now)
        ledger.tx.number_calls.give_back(never)

    def take_reports(self, ledger: Ledger, reports: Sequence[Report]) -> None:
        """What they tell later."""
        keys = [one for one in reports if self._outcome(one).next is Next.ACKNOWLEDGE]
        if keys:
            asked = ledger.tx.letters.proofs_of([one.attempt_id - LETTERS_FROM for one in keys])
            prove(ledger, ledger.tx.proofs.load(list(asked.values())), Means.KEY)
        delivered = [one for one in reports if self._outcome(one).next is Next.DELIVERED]
        for at in dict.fromkeys(one.at for one in delivered):
            ledger.tx.letters.deliver([one.attempt_id - LETTERS_FROM for one in delivered if one.at == at], at)
        self._end(ledger, [one for one in reports if self._outcome(one).next is not Next.DELIVERED], frozenset())

    def _end(self, ledger: Ledger, reports: Sequence[Report], unsure: frozenset[int]) -> None:
        """A refusal for the route's sake is tried again later; one for the number's sake is a finding, and its proof has failed."""
        if not reports:
            return
        again, ended = [], []
        tries = ledger.tx.letters.tries_of([one.attempt_id - LETTERS_FROM for one in reports])
        for one in reports:
            letter_id, outcome = one.attempt_id - LETTERS_FROM, self._outcome(one)
            tried = tries.get(letter_id, MOST_TRIES)
            if outcome.next in _ROUTE_TROUBLE and tried < MOST_TRIES:
                patience = min(LONGEST_PATIENCE, FIRST_PATIENCE << min(tried, 6))
                again.append((letter_id, ledger.now + patience, one.attempt_id in unsure))
                continue
            ended.append((letter_id, outcome.key))
        ledger.tx.letters.again(again)
        ledger.tx.letters.finish(ended, ledger.now)
        if ended:
            self._failed(ledger, ended)

    def _failed(self, ledger: Ledger, ended: Sequence[tuple[int, str]]) -> None:
        """What never arrived: its proof has failed, and a number that is wrong is a finding for the registrar.

        A call that nobody took may be taken the next time: of calls only what is wrong with the number counts.
        """
        ids = [letter_id for letter_id, _ in ended]
        endpoints = ledger.tx.letters.endpoints_of(ids)
        for letter_id, key in ended:
            outcome = self._outcomes[key]
            for endpoint_id in endpoints.get(letter_id, ()) if outcome.next in _WRONG_NUMBER else ():
                ledger.report_finding(endpoint_id, key, unusable=outcome.next is Next.PERMANENT)
        sent = ledger.tx.letters.sent_by(
            [key for key, outcome in ended if self._outcomes[outcome].next is Next.ROUTE_ONLY]
        )
        for number, route in sent.values():  # told to stop, the provider is not asked again
            ledger.tx.opt_outs.add(number, route, ledger.now)
        calls = ledger.tx.letters.calls_among(ids)
        lost = [key for key, outcome in ended if key not in calls or self._outcomes[outcome].next in _WRONG_NUMBER]
        failed = sorted(ledger.tx.letters.proofs_of(lost).values())
        ledger.tx.proofs.end(failed, ProofState.UNDELIVERED, "", ledger.now)
        ledger.note_register({"k": "letters.undelivered", "letters": ids, "proofs": failed})

    def _outcome(self, report: Report) -> Outcome:
        return self._outcomes.get(report.outcome) or self._outcomes[UNKNOWN]


def _once_a_phone(ledger: Ledger, letters: Sequence[LetterRecord]) -> list[LetterRecord]:
    """Of several calls to one number the first; the others wait until that one has ended."""
    first: dict[int, LetterRecord] = {}
    for one in letters:
        first.setdefault(one.number_id, one)
    ledger.tx.letters.give_back([one.id for one in letters if first[one.number_id] is not one])
    return list(first.values())


def _half_of(route: RouteRecord) -> RouteRecord:
    """The route with as much as letters may use of it: half of its lines, or of what it takes in a second, is for a warning."""
    if route.lines is not None:
        route = replace(route, lines_used=route.lines_used + route.lines // 2)
    if route.rate is None:
        return route
    reserve = route.rate // 60 // 2 * TOKEN
    return replace(route, tokens=max(0, route.tokens - reserve))


# --- what holders say -------------------------------------------------------------------------------------


def prove(ledger: Ledger, proofs: Sequence[ProofRecord], means: str) -> int:
    """The holders confirmed; every endpoint in force of their numbers is proved. How many proofs ended by it."""
    asked = [one for one in proofs if one.state is ProofState.ASKED]
    if not asked:
        return 0
    count = ledger.tx.proofs.end([one.id for one in asked], ProofState.PROVED, means, ledger.now)
    ledger.tx.proofs.prove_numbers([one.number_id for one in asked], ledger.now)
    ledger.note_register({"k": "proof.proved", "proofs": [one.id for one in asked], "means": means})
    return count


def deny(ledger: Ledger, proofs: Sequence[ProofRecord], means: str) -> int:
    """Whoever holds the number says that it is not that person's: the filing goes back, the number stays until it is replaced.

    It stays, for a link may have been forwarded, and a wrong number does less harm than none.
    """
    asked = [one for one in proofs if one.state is ProofState.ASKED]
    count = ledger.tx.proofs.end([one.id for one in asked], ProofState.DENIED, means, ledger.now)
    for one in asked:
        _send_back(ledger, one)
        ledger.note_register({"k": "proof.denied", "proof": one.id, "means": means})
    return count


def _send_back(ledger: Ledger, proof: ProofRecord) -> None:
    note = both("有号码的持有人说不是本人，请核对", "the holder of a number says it is not theirs: look again")
    campaign, returned = ledger.tx.campaigns.open_one(), []
    for record in ledger.tx.campaigns.of_number(proof.number_id):
        try:
            returned.append(returned_filing(record, FilingEvent.DENIED, note, "proof"))
        except RefusedError:
            continue
    ledger.tx.campaigns.save(returned)
    for one in returned:
        if campaign is not None and one.campaign_id == campaign.id:
            tell_returned(ledger, campaign, one)
