"""What the outside told: receipts at once, reports later, replies and taps. Late, doubled, out of order.

An attempt only moves forward. A report for one that has ended changes nothing, except that a pressed key counts
whenever it comes; a report that arrives before the receipt, or after a lost lease, is as good as any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from warning_dispatch.engine.answers import Answer, is_opt_in, is_opt_out, is_positive, plain_reply, take_answers
from warning_dispatch.engine.blackouts import Blackouts
from warning_dispatch.engine.breakers import Breakers, Failure
from warning_dispatch.engine.dialling_budget import NEVER_WENT, settle_calls
from warning_dispatch.engine.free_words import keep_to_read
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.letters import Letters, deny, prove
from warning_dispatch.engine.opt_outs import keep_opt_outs, take_opt
from warning_dispatch.engine.records import (
    AttemptRecord,
    Behind,
    CalleeRecord,
    EndpointDetail,
    Entry,
    LinkTarget,
    RouteRecord,
)
from warning_dispatch.engine.sharing import sharers_of, tell, write_anew
from warning_dispatch.escalation.blackout import BlackoutRule
from warning_dispatch.escalation.endpoints import all_dead, other_roles
from warning_dispatch.escalation.moves import Ended
from warning_dispatch.model.plan import Next, Outcome
from warning_dispatch.model.renewal import LETTERS_FROM
from warning_dispatch.model.states import FINISHED, AttemptState, CalleeState, Means, Purpose, Voice
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Receipt, Reply, Report, Tap
from warning_dispatch.renewal.changes import NEGATIVE_REPLIES

UNSURE_FOR = 75_000
"""ms that a call may ring and be listened to of which its carrier did not say that it took it; then it goes on."""
LONGEST_PATIENCE = 1_800_000
"""ms between two tries of a text at the most."""
GIVE_UP_AFTER = 3_600_000
"""ms after the validity at which a text that was refused all along is given up."""
CLOCKS_APART = 120_000
"""ms by which a carrier's clock may be behind ours: a reply written earlier than that before a message does not answer it."""
SOONEST_READ = 15_000
"""ms in which nobody receives a message, reads it and writes back: a reply of so soon answers the one before."""
NO_REPORT = "no_report"
PROVIDER_DOWN = "provider_down"
"""What a refusal means that names no outcome we know."""
UNKNOWN_OUTCOME = "no_report"


class Reports:
    """Turns what the outside tells into steps of callees."""

    def __init__(
        self,
        outcomes: Mapping[str, Outcome],
        blind_index: Callable[[str], bytes],
        report_overdue: int,
        blackout: BlackoutRule | None = None,
        counted: AbstractSet[str] = frozenset(),
        letters: Letters | None = None,
    ) -> None:
        """`outcomes` is the outcome table; `report_overdue` ms after hand-over a final report is missed.

        `counted`: routes of texts that may send a number only so many. `letters`: who takes in what is told of the
        yearly refresh's letters.
        """
        self._counted_texts = counted
        self._letters = letters
        self._outcomes = outcomes
        self._blackouts = Blackouts(blackout or BlackoutRule(), outcomes)
        self._blind_index = blind_index
        self._report_overdue = report_overdue

    def take_receipts(self, ledger: Ledger, receipts: Sequence[Receipt]) -> None:
        """CLAIMED → HANDED, or the refusal as an outcome.

        A call of which its carrier did not say that it took it may be ringing: it counts as handed over until that would
        be over, so that no other provider rings the same phone meanwhile; then it goes on as its carrier said.
        """
        letters = [one for one in receipts if one.attempt_id >= LETTERS_FROM]
        if letters and self._letters is not None:
            self._letters.take_receipts(ledger, letters)
        attempts = ledger.tx.attempts.load([one.attempt_id for one in receipts])
        sharers = sharers_of(ledger, list(attempts.values()))
        handed: list[tuple[int, str, int | None]] = []
        doubted: list[tuple[int, str, int]] = []
        refused: list[Report] = []
        unsure: set[int] = set()
        expected: list[tuple[AttemptRecord, Receipt]] = []
        for one in {one.attempt_id: one for one in receipts}.values():
            receipt = one if one.accepted or one.outcome in self._outcomes else replace(one, outcome=PROVIDER_DOWN)
            attempt = attempts.get(receipt.attempt_id)
            if attempt is None or attempt.state is not AttemptState.CLAIMED:
                continue
            expected.append((attempt, receipt))
            if receipt.accepted:
                due = ledger.now + self._report_overdue if attempt.channel is Channel.VOICE else None
                handed.append((attempt.id, receipt.provider_ref, due))
                tell(ledger, attempt, "handed", sharers)
            elif _in_doubt(attempt, receipt):
                doubted.append((attempt.id, receipt.outcome, ledger.now + UNSURE_FOR))
                tell(ledger, attempt, "handed", sharers, unsure=True)
            else:
                refused.append(Report(attempt.id, receipt.outcome, ledger.now))
                if receipt.unsure:
                    unsure.add(attempt.id)
        settle_calls(ledger, expected, self._counted_texts)
        self._judge_receipts(ledger, expected)
        if handed:
            ledger.tx.attempts.hand(handed, ledger.now)
        if doubted:
            ledger.tx.attempts.doubt(doubted, ledger.now)
        if refused:
            self.take_reports(ledger, refused, unsure)

    def take_reports(self, ledger: Ledger, reports: Sequence[Report], unsure: AbstractSet[int] = frozenset()) -> None:
        """Final reports end attempts; delivery reports are noted; a pressed key is an answer.

        `unsure`: attempts that a carrier may have taken although it did not say so.
        """
        letters = [one for one in reports if one.attempt_id >= LETTERS_FROM]
        if letters and self._letters is not None:
            self._letters.take_reports(ledger, letters)
        attempts = ledger.tx.attempts.load(list({one.attempt_id for one in reports}))
        ledger.tx.callees.hold(callees_of(attempts.values()))
        ended: dict[int, tuple[AttemptRecord, Outcome, int]] = {}
        answers: list[AttemptRecord] = []
        delivered: dict[int, int] = {}
        for report in reports:
            attempt = attempts.get(report.attempt_id)
            if attempt is None:
                continue
            outcome = self._outcomes.get(report.outcome) or self._outcomes[UNKNOWN_OUTCOME]
            if outcome.next is Next.DELIVERED:
                delivered.setdefault(attempt.id, report.at)
                ledger.counted.outcomes[outcome.key, None] += 1
                continue
            if outcome.next is Next.ACKNOWLEDGE and (attempt.channel is Channel.VOICE or report.called_back):
                answers.append(attempt)
            if attempt.state in _UNDER_WAY:  # READY after a lost lease: it is repeated anyway, and reported again
                ended.setdefault(attempt.id, (attempt, outcome, report.at))
        if delivered:
            ledger.tx.attempts.deliver(list(delivered.items()))
        self._answer(ledger, answers)
        self._end(ledger, list(ended.values()), unsure)

    def take_overdue(self, ledger: Ledger, attempts: Sequence[AttemptRecord]) -> None:
        """HANDED attempts without a final report in time: as if not answered; or as their carrier said in doubt."""
        late = [(one, self._outcomes.get(one.outcome) or self._outcomes[NO_REPORT], ledger.now) for one in attempts]
        self._end(ledger, late, heard=False)

    def take_replies(self, ledger: Ledger, replies: Sequence[Reply]) -> int:
        """A reply acknowledges what was open and had been sent to that number. Returns how many counted.

        One that names the message it answers acknowledges what that message was about. It also says whose the number is:
        "received" proves it, "not me" denies the test message that waits for an answer. Free words are kept to be read.
        """
        answers: list[Answer] = []
        said: defaultdict[Means, list[bytes]] = defaultdict(list)
        for reply in replies:
            blind, means = self._blind_index(reply.address), _MEANS.get(reply.channel, Means.REPLY)
            if is_opt_out(reply.text) or is_opt_in(reply.text):
                take_opt(ledger, reply, blind)
                continue
            if plain_reply(reply.text) in NEGATIVE_REPLIES and deny(
                ledger, ledger.tx.proofs.by_numbers([blind]), means
            ):
                continue
            if not is_positive(reply.text):
                keep_to_read(ledger, reply, blind)
                continue
            said[means].append(blind)
            ledger.proved_by(blind=blind)
            for attempt_id, target in self._open_for(ledger, reply):
                told = _read_by(ledger, reply, target.callout_id, attempt_id)
                answers.append(
                    Answer(target.callee_id, means, target.role, target.receiver_id, attempt_id, told_alarm=told)
                )
        for means, numbers in said.items():
            prove(ledger, ledger.tx.proofs.by_numbers(numbers), means)
        return take_answers(ledger, answers) if answers else 0

    def take_taps(self, ledger: Ledger, taps: Sequence[Tap]) -> int:
        """Links confirmed (by the web, or by simulated people): each for every unit on its page. How many counted."""
        answers = []
        for tap in taps:
            token = tap.link.rsplit("/", 1)[-1]
            targets = ledger.tx.links.target(token)
            if targets:
                ledger.proved_by(token=token)
            elif (proof := ledger.tx.proofs.by_token(token)) is not None:
                prove(ledger, [proof], Means.LINK)
            answers += [
                Answer(one.callee_id, Means.LINK, one.role, one.receiver_id, told_alarm=tap.shown) for one in targets
            ]
        return take_answers(ledger, answers) if answers else 0

    def _open_for(self, ledger: Ledger, reply: Reply) -> Sequence[tuple[int, LinkTarget]]:
        if reply.attempt_id is None:
            called = reply.channel is Channel.VOICE
            blind = self._blind_index(reply.address)
            found = ledger.tx.attempts.open_for_number(blind, reply.at + CLOCKS_APART, ledger.now, called=called)
            if not found and reply.at + CLOCKS_APART < ledger.now:
                late = ledger.tx.attempts.open_for_number(blind, ledger.now, ledger.now, called=called)
                if late:
                    ledger.note_system({"k": "reply.late", "on": reply.channel.key})
            return found
        return ledger.tx.attempts.open_for_attempt(reply.attempt_id)

    # --- inside -------------------------------------------------------------------------------------------

    def _answer(self, ledger: Ledger, attempts: Sequence[AttemptRecord]) -> None:
        """One key acknowledges exactly the units of that call for which the person answers, by their role in each."""
        attempts = list(dict.fromkeys(attempts))
        behind = behind_the_phones(ledger, attempts)
        answers = [
            Answer(callee_id, Means.KEY, own.role, own.receiver_id, attempt.id)
            for attempt in attempts
            for callee_id in attempt.callee_ids
            if (own := behind.get((attempt.id, callee_id))) is not None
        ]
        if answers:
            take_answers(ledger, answers)
        for attempt in attempts:
            ledger.proved_by(attempt=attempt.id)

    def _end(
        self,
        ledger: Ledger,
        ended: Sequence[tuple[AttemptRecord, Outcome, int]],
        unsure: AbstractSet[int] = frozenset(),
        *,
        heard: bool = True,
    ) -> None:
        """Write the outcomes, which frees the lines, and let the voice ones move their callees.

        `heard` False: nobody said so now, so it tells nothing of the route.
        """
        if not ended:
            return
        sharers = sharers_of(ledger, [attempt for attempt, _, _ in ended])
        for attempt, outcome, _at in ended:
            ledger.counted.ends[attempt.route or "", outcome.key] += 1
            tell(ledger, attempt, "ended", sharers, outcome=outcome.key)
        ledger.tx.attempts.finish([(attempt.id, outcome.key, at) for attempt, outcome, at in ended])
        if heard:
            self._judge_ends(ledger, ended)
        self._requeue_texts(ledger, ended, unsure)
        voice = [one for one in ended if one[0].channel is Channel.VOICE]
        self._step_callees(ledger, voice)
        dark = [attempt for attempt, outcome, _ in voice if outcome.next is Next.OTHER_ENDPOINT]
        if dark:
            self._blackouts.look(ledger, [callee for attempt in dark for callee in attempt.callee_ids])

    def _judge_receipts(self, ledger: Ledger, answered: Sequence[tuple[AttemptRecord, Receipt]]) -> None:
        """What receipts tell of their routes. Of a call it proves little that it was taken; of a text it is all we hear.

        A text that is refused for its own or its receiver's sake proves that the route works.
        """
        took = [(one.route, one.id) for one, receipt in answered if receipt.accepted and one.channel is Channel.VOICE]
        never = [(one.route, one.id) for one, receipt in answered if receipt.outcome in NEVER_WENT]
        texts = [
            (one.route, one.id, failures[0] if (failures := self._against(one, receipt)) else None)
            for one, receipt in answered
            if one.channel is not Channel.VOICE and receipt.outcome not in NEVER_WENT
        ]
        breakers = Breakers(ledger)
        breakers.well(took=took, never=never)
        breakers.in_turn(texts)
        doubted = [(one, receipt.outcome) for one, receipt in answered if _in_doubt(one, receipt)]
        breakers.ill([failure for one, outcome in doubted for failure in _failure(one, self._outcomes[outcome])])

    def _against(self, attempt: AttemptRecord, receipt: Receipt) -> Sequence[Failure]:
        return () if receipt.accepted else _failure(attempt, self._outcomes[receipt.outcome])

    def _judge_ends(self, ledger: Ledger, ended: Sequence[tuple[AttemptRecord, Outcome, int]]) -> None:
        """What ends tell of their routes: a call that reached a phone, whatever came of it there, got through.

        Of a text that its provider refused at once the receipts have told already.
        """
        told = (AttemptState.CLAIMED,)
        later = [one for one in ended if one[0].channel is Channel.VOICE or one[0].state not in told]
        ill = [failure for attempt, outcome, _ in later for failure in _failure(attempt, outcome)]
        failing = {one.attempt_id for one in ill}
        through = [
            (attempt.route, attempt.id)
            for attempt, outcome, _ in ended
            if attempt.channel is Channel.VOICE and attempt.id not in failing and outcome.key not in _SAYS_NOTHING
        ]
        breakers = Breakers(ledger)
        breakers.well(through=through)
        breakers.ill(ill)

    def _requeue_texts(
        self, ledger: Ledger, ended: Sequence[tuple[AttemptRecord, Outcome, int]], unsure: AbstractSet[int]
    ) -> None:
        """A text that could not go for the provider's sake waits for another route or the same one later.

        So does one whose receiver has opted out, where there is another: that closes one route, and receiving is a duty.
        One that may have gone after all is marked. A call is not repeated as it was: the ladder makes another attempt.
        """
        candidates = [
            (attempt, outcome)
            for attempt, outcome, _ in ended
            if attempt.channel is not Channel.VOICE and outcome.next in (*_ROUTE_TROUBLE, Next.ROUTE_ONLY)
        ]
        routes = ledger.tx.routes.load() if candidates else ()
        refused = [
            (attempt, outcome)
            for attempt, outcome in candidates
            if outcome.next in _ROUTE_TROUBLE or _another(attempt, routes)
        ]
        keep_opt_outs(ledger, [attempt for attempt, outcome in candidates if outcome.next is Next.ROUTE_ONLY])
        records = ledger.tx.callees.load(list({callee for attempt, _ in refused for callee in attempt.callee_ids}))
        others = {
            attempt.id: write_anew(ledger, attempt, records, repeat=attempt.id in unsure) for attempt, _ in refused
        }
        again = [
            (attempt.id, *self._elsewhere(ledger, attempt, outcome, routes, unsure=attempt.id in unsure))
            for attempt, outcome in refused
            if len(others[attempt.id]) < len(attempt.callee_ids)
            and ledger.goes_on(attempt.callout_id, attempt.purpose)
            and ledger.now < ledger.callout(attempt.callout_id).voice_until + GIVE_UP_AFTER
        ]
        if again:
            ledger.tx.attempts.leave([(one[0], callee) for one in again for callee in others[one[0]]])
            ledger.tx.attempts.requeue(again)
        for attempt_id, avoid, repeat, not_before in again:
            ledger.wake_at(not_before)
            entry: Entry = {"k": "attempt.requeued", "id": attempt_id, "avoid": avoid}
            ledger.note(_callout_of(ended, attempt_id), {**entry, "repeat": True} if repeat else entry)
        for attempt, outcome, _ in ended:
            text = attempt.channel is not Channel.VOICE
            ledger.counted.outcomes[outcome.key, None] += text
            if text and outcome.next in (Next.PERMANENT, Next.ROUTE_ONLY) and attempt.endpoint_id is not None:
                ledger.report_finding(attempt.endpoint_id, outcome.key, unusable=outcome.next is Next.PERMANENT)

    def _elsewhere(
        self,
        ledger: Ledger,
        attempt: AttemptRecord,
        outcome: Outcome,
        routes: Sequence[RouteRecord],
        *,
        unsure: bool,
    ) -> tuple[str, bool, int]:
        """(routes to avoid, whether it is marked, not before) of a text that was refused.

        By another provider at once while one is left that has not refused it; one that may have gone waits its gap. When all
        have, it waits its patience, and begins anew with any but the last.
        """
        if not _another(attempt, routes):
            return attempt.route, unsure, ledger.now + self._patience(ledger, attempt, outcome)
        return ",".join(sorted(_refused_by(attempt))), unsure, ledger.now + (outcome.gap if unsure else 0)

    @staticmethod
    def _patience(ledger: Ledger, attempt: AttemptRecord, outcome: Outcome) -> int:
        """How long a refused text waits: its gap, and the longer the night the longer, so that it never hammers."""
        elapsed = ledger.now - ledger.callout(attempt.callout_id).started_at
        return max(outcome.gap, min(elapsed // 8, LONGEST_PATIENCE))

    def _step_callees(self, ledger: Ledger, ended: Sequence[tuple[AttemptRecord, Outcome, int]]) -> None:
        records = ledger.tx.callees.load(list({callee for attempt, _, _ in ended for callee in attempt.callee_ids}))
        ledger.load_callouts([record.callout_id for record in records.values()])
        behind = behind_the_phones(ledger, [attempt for attempt, _, _ in ended])
        details: Mapping[int, Sequence[EndpointDetail]] = {}
        if any(outcome.next in _NEEDS_OTHERS for _, outcome, _ in ended):
            details = ledger.tx.endpoints.of_units(list({record.unit_id for record in records.values()}), ledger.now)
        routes = ledger.tx.routes.load() if any(o.next in _NEEDS_ROUTES for _, o, _ in ended) else ()
        voice = [one for one in routes if one.channel is Channel.VOICE]
        in_service = {one.name for one in voice if one.breaker.in_service}
        for attempt, outcome, _at in ended:
            for callee_id in attempt.callee_ids:
                if callee_id in records:
                    ledger.counted.outcomes[outcome.key, ledger.current(records[callee_id]).callee.state] += 1
            # A call that ended with an answer: a unit it did not finish (duty room, one of several) may be called again.
            meaning = self._outcomes[NO_REPORT] if outcome.next is Next.ACKNOWLEDGE else outcome
            for callee_id in attempt.callee_ids:
                if callee_id not in records:
                    continue
                record = ledger.current(records[callee_id])
                if record.callee.state in FINISHED or record.callee.voice is not Voice.LIVE:
                    continue
                own = behind.get((attempt.id, callee_id)) or _of_the_attempt(attempt)
                others = details.get(record.unit_id, ())
                self._end_one(ledger, record, attempt, own, meaning, others, in_service, alone=len(voice) == 1)

    def _end_one(
        self,
        ledger: Ledger,
        record: CalleeRecord,
        attempt: AttemptRecord,
        own: Behind,
        outcome: Outcome,
        details: Sequence[EndpointDetail],
        in_service: set[str],
        *,
        alone: bool,
    ) -> None:
        rules = ledger.rules(record)
        views = [one.view for one in details]
        duty_done = record.callee.state is CalleeState.DUTY_ANSWERED  # it has answered: only A and B are still wanted
        roles = rules.answering if duty_done else rules.answering | rules.gate_roles
        refused_by = _refused_by(attempt)
        event = Ended(
            outcome=outcome,
            role=own.role,
            endpoint_id=own.endpoint_id,
            route=attempt.route,
            others=other_roles(record.callee, views, own.endpoint_id, roles, ledger.now),
            other_route=bool(in_service - refused_by),
            hopeless=outcome.next in _NEEDS_OTHERS and all_dead(record.callee, views, own.endpoint_id),
            alone=alone,
        )
        trouble = outcome.next in _ROUTE_TROUBLE
        ledger.take(record, event, avoid=",".join(sorted(refused_by)) if trouble and event.other_route else "")


def _refused_by(attempt: AttemptRecord) -> set[str]:
    """The routes that have refused it so far."""
    return {*filter(None, attempt.avoid.split(",")), attempt.route}


def _another(attempt: AttemptRecord, routes: Sequence[RouteRecord]) -> bool:
    """Whether a route of its channel is in service that has not refused it."""
    refused_by = _refused_by(attempt)
    return any(
        one.channel is attempt.channel and one.breaker.in_service and one.name not in refused_by for one in routes
    )


def _in_doubt(attempt: AttemptRecord, receipt: Receipt) -> bool:
    """Whether a phone may be ringing although nobody says so."""
    return receipt.unsure and not receipt.accepted and attempt.channel is Channel.VOICE


def _failure(attempt: AttemptRecord, outcome: Outcome) -> Sequence[Failure]:
    """What the outcome says against the route, if anything."""
    decisive = outcome.next is Next.ROUTE_DOWN
    return [Failure(attempt.route, attempt.id, outcome.key, decisive)] if decisive or outcome.failure else ()


def callees_of(attempts: Iterable[AttemptRecord]) -> list[int]:
    """Whom they serve, each once, in the order of locks."""
    return sorted({callee for one in attempts for callee in one.callee_ids})


def behind_the_phones(ledger: Ledger, attempts: Sequence[AttemptRecord]) -> Mapping[tuple[int, int], Behind]:
    """(attempt, callee) → the callee's own receiver behind the number that was called, for calls that are made.

    Who is behind a call for one unit stands in its row; those that name several are looked up at once.
    """
    several = [one.id for one in attempts if len(one.callee_ids) > 1]
    behind = dict(ledger.tx.attempts.behind(several)) if several else {}
    for one in attempts:
        if len(one.callee_ids) == 1 and one.role is not None:
            behind[one.id, one.callee_ids[0]] = _of_the_attempt(one)
    return behind


def _of_the_attempt(attempt: AttemptRecord) -> Behind:
    return Behind(attempt.endpoint_id or 0, attempt.receiver_id or 0, attempt.role or Role.PRIMARY)


def _callout_of(ended: Sequence[tuple[AttemptRecord, Outcome, int]], attempt_id: int) -> int:
    return next(attempt.callout_id for attempt, _, _ in ended if attempt.id == attempt_id)


def _read_by(ledger: Ledger, reply: Reply, callout_id: int, attempt_id: int) -> int | None:
    """Of the bureau's own call: the newest alarm whoever wrote back can have read of by then; None: as the attempt says.

    What carriers' clocks are apart is no matter here: too little claimed rings once more, too much leaves a red to nobody.
    """
    known = reply.attempt_id is not None or reply.channel is Channel.VOICE
    if known or ledger.callout(callout_id).purpose is not Purpose.SELF:
        return None
    return ledger.tx.alarms.told_before(attempt_id, min(reply.at, ledger.now) - SOONEST_READ)


_MEANS = {Channel.EMAIL: Means.EMAIL, Channel.VOICE: Means.KEY}
_UNDER_WAY = (AttemptState.CLAIMED, AttemptState.HANDED)
_ROUTE_TROUBLE = (Next.OTHER_ROUTE, Next.ROUTE_DOWN)
_SAYS_NOTHING = (NO_REPORT, "line_lost", *NEVER_WENT)
"""Ends of a call that prove nothing of its route."""
_NEEDS_ROUTES = (*_ROUTE_TROUBLE, Next.DOUBTFUL)
_NEEDS_OTHERS = (Next.OTHER_ENDPOINT, Next.DOUBTFUL, Next.PERMANENT)
