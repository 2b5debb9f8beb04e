"""The simulated telephone network: phones ring, people do what they do, and the carrier reports it.

Theory of operation. Nothing here reads a clock: every method is told `now`, and `next_at` says when the
network wants to be asked again. Two queues make up its state. The *agenda* holds what will happen (a call
ends, a message arrives, a person acts); what happens at one moment is decided by the seed, the address and
how many calls that address has had, so it does not matter in which batches the calls came. The *outbox*
holds what will be reported, and when it reaches us: at once, unless a fault delays, doubles or loses it.
Both are ordered by (moment, attempt, hand-over, step), a total order that repeats.

Rules:
1. `accept` and `hang_up` first let happen what was due by `now`; a person therefore acts before a call that
   is handed over at the same moment.
2. A phone is in one call. A second call of ours to it gets `busy` and counts as a clash.
3. Whoever has picked up is not cut off: `hang_up` ends only what still rings, reported as `hung_up_by_us`.
4. A refusal and a clash leave no trace in anybody's habits: only calls that got through count as the n-th.
5. The network's own time is never set: when the caller's wall clock is, `move_along` says so, calls and messages go on
   as they were, and the carrier's log keeps the network's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from warning_dispatch.model.states import ASKING, Means
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, Receipt, Reply, Report, Tap
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.answers import Answer, Answers, RangAfterAnswer
from warning_dispatch.simulation.carrier_log import CarrierLog, CarrierRecord
from warning_dispatch.simulation.faults import Faults, FaultyLine
from warning_dispatch.simulation.habits import Habits, TextTurn, VoiceTurn
from warning_dispatch.simulation.population import Population, Script, TextHabit
from warning_dispatch.simulation.rate import Rate

OVER_CONCURRENCY = "over_concurrency"
OPTED_OUT = "opted_out"
HUNG_UP_BY_US = "hung_up_by_us"
BUSY_TONE = 2_000
"""How long the busy tone of a clash lasts, in ms."""

_END, _ACT = 0, 1
"""Steps of an item: a call ends or a message arrives; then a person acts on it."""


@dataclass(slots=True)
class _Call:
    """A call in progress."""

    dispatch: Dispatch
    serial: int
    outcome: str
    picked_up_at: int | None
    over: bool = False


@dataclass(slots=True)
class _Message:
    """An SMS or mail under way."""

    dispatch: Dispatch
    serial: int
    accepted_at: int
    turn: TextTurn


class SimulatedNetwork:
    """One carrier and everybody's phones. Not for several threads at once.

    `lines`: calls in progress at most. `sms_per_minute`: with a burst of `sms_burst` messages (a minute's
    worth when None). `grace` (ms), `remembers`: see `Answers`. What tests look at:
    `clashes`, `line_violations`, `rate_violations`: how often a limit would have been broken;
    `handed_twice`: attempts handed over again without the mark "possible duplicate";
    `rang_after_answer`: see `RangAfterAnswer`; `peak_calls`: most calls at once; `accepted`: hand-overs taken.
    """

    def __init__(
        self,
        seed: int,
        population: Population | None = None,
        *,
        lines: int | None = None,
        sms_per_minute: int | None = None,
        sms_burst: int | None = None,
        faults: Faults | None = None,
        log: CarrierLog | None = None,
        grace: int = 1_000,
        remembers: int | None = None,
    ) -> None:
        """None means: the documented default population, no such limit, no faults, no log."""
        self._habits = Habits(seed, population or Population())
        self._line = FaultyLine(seed, faults or Faults())
        self._lines = lines
        self._rate = (
            None if sms_per_minute is None else Rate(sms_per_minute, sms_per_minute if sms_burst is None else sms_burst)
        )
        self._log = log
        self._now = 0
        self._set_by = 0
        self._serial = 0
        self._agenda: list[tuple[int, int, int, int, _Call | _Message]] = []
        self._outbox: list[tuple[int, int, int, int, int, Event, Answer | None]] = []
        self._calls: dict[int, list[_Call]] = {}
        self._on_phone: dict[str, _Call] = {}
        self._in_progress = 0
        self._seen: set[int] = set()
        self._heard_of: dict[tuple[Channel, str], int] = {}
        self._opted_out: set[str] = set()
        self._answers = Answers(grace, remembers)
        self.clashes = 0
        self.line_violations = 0
        self.rate_violations = 0
        self.handed_twice: list[int] = []
        self.peak_calls = 0
        self.accepted = 0

    @property
    def rang_after_answer(self) -> list[RangAfterAnswer]:
        """Hand-overs to people who had answered that call-out before."""
        return self._answers.rang_after_answer

    @property
    def calls_in_progress(self) -> int:
        """Lines in use since the last method was called."""
        return self._in_progress

    def set_script(self, address: str, script: Script | None) -> None:
        """From now on one address does what the script says; None gives it back to the population."""
        self._habits.set_script(address, script)

    def set_outage(self, channel: Channel, outcome: str | None) -> None:
        """Switch an outage of a channel on, refusing with `outcome`, or off with None."""
        self._line.set_outage(channel, outcome)

    def move_along(self, by: int) -> None:
        """The caller's wall clock was set `by` ms forward (or back): every `now` from here on is that much more."""
        self._set_by += by

    def accept(self, batch: Sequence[Dispatch], now: int) -> list[Receipt]:
        """Take a batch at `now`; one receipt per dispatch, in the batch's order."""
        now = self._settle(now)
        receipts = [self._take(dispatch, now) for dispatch in batch]
        self._flush()
        return receipts

    def hang_up(self, attempt_ids: Iterable[int], now: int) -> None:
        """End what still rings at `now`; whoever listens is left alone, unknown ids are ignored."""
        now = self._settle(now)
        for attempt_id in attempt_ids:
            for call in tuple(self._calls.get(attempt_id, ())):
                if _rings(call, now):
                    self._release(call)
                    self._note(call.dispatch, now, carrier_log.HUNG_UP)
                    self._post(call, _END, now, Report(attempt_id, HUNG_UP_BY_US, now))
        self._flush()

    def ringing(self) -> frozenset[int]:
        """Attempts whose phone rings and nobody has picked up, since the last method was called."""
        return frozenset(
            attempt_id for attempt_id, calls in self._calls.items() if any(_rings(call, self._now) for call in calls)
        )

    def next_at(self) -> int | None:
        """The next moment (ms) at which `advance` may have something to tell; None when all is quiet."""
        agenda = self._agenda
        while agenda and isinstance(call := agenda[0][4], _Call) and call.over:
            heappop(agenda)
        moments = [queue[0][0] + self._set_by for queue in (agenda, self._outbox) if queue]
        return min(moments, default=None)

    def advance(self, now: int) -> list[Event]:
        """Let happen what is due by `now`, and return what reaches us by then, in the order it reaches us.

        An event's `at` is when it happened; a late one is returned long after.
        """
        now = self._settle(now)
        events: list[Event] = []
        outbox = self._outbox
        while outbox and outbox[0][0] <= now:
            *_, event, answer = heappop(outbox)
            if answer is not None and answer.told_at is None:
                answer.told_at = now
            events.append(replace(event, at=event.at + self._set_by) if self._set_by else event)
        self._flush()
        return events

    # --- taking over ------------------------------------------------------------------------------------

    def _take(self, dispatch: Dispatch, now: int) -> Receipt:
        """One hand-over: refused, or under way."""
        refusal = self._line.refusal(dispatch, now) or self._limit(dispatch, now)
        if refusal:
            self._note(dispatch, now, carrier_log.REFUSED + refusal)
            return Receipt(dispatch.attempt_id, accepted=False, outcome=refusal)
        self._serial += 1
        self.accepted += 1
        self._watch_for_repeats(dispatch)
        self._answers.handed(dispatch, now)
        self._note(dispatch, now, carrier_log.HANDED)
        match dispatch.channel:
            case Channel.VOICE:
                self._ring(dispatch, now)
            case Channel.SMS | Channel.EMAIL:
                self._send(dispatch, now)
            case Channel.OPERATOR:
                pass  # a task on a person's list; what the duty officer does with it is not simulated
        return Receipt(dispatch.attempt_id, accepted=True, provider_ref=f"sim-{self._serial}")

    def _limit(self, dispatch: Dispatch, now: int) -> str:
        """The outcome with which the carrier's own limits refuse a hand-over; empty when they do not."""
        if dispatch.channel is Channel.VOICE:
            if self._lines is not None and self._in_progress >= self._lines:
                self.line_violations += 1
                return OVER_CONCURRENCY
        elif dispatch.channel is Channel.SMS:
            if dispatch.address in self._opted_out:
                return OPTED_OUT
            if self._rate is not None and not self._rate.take(now):
                self.rate_violations += 1
                return OVER_CONCURRENCY
        return ""

    def _watch_for_repeats(self, dispatch: Dispatch) -> None:
        """Note an attempt that is handed over a second time without saying so."""
        if dispatch.attempt_id in self._seen:
            if not dispatch.possible_duplicate:
                self.handed_twice.append(dispatch.attempt_id)
        else:
            self._seen.add(dispatch.attempt_id)

    def _nth(self, dispatch: Dispatch) -> int:
        """Which call or message to this address this is, from 1."""
        key = (dispatch.channel, dispatch.address)
        nth = self._heard_of.get(key, 0) + 1
        self._heard_of[key] = nth
        return nth

    def _ring(self, dispatch: Dispatch, now: int) -> None:
        """Begin a call."""
        clash = dispatch.address in self._on_phone
        if clash:
            turn = VoiceTurn("busy", None, BUSY_TONE)
            self.clashes += 1
            self._note(dispatch, now, carrier_log.CLASH)
        else:
            turn = self._habits.call(dispatch.address, self._nth(dispatch), dispatch.ring_for)
        picked_up_at = None if turn.picked_up_after is None else now + turn.picked_up_after
        outcome = turn.outcome
        if outcome == "key_pressed" and dispatch.purpose not in ASKING:
            outcome = "heard_no_key"
        call = _Call(dispatch, self._serial, outcome, picked_up_at)
        self._calls.setdefault(dispatch.attempt_id, []).append(call)
        if not clash:
            self._on_phone[dispatch.address] = call
        self._in_progress += 1
        self.peak_calls = max(self.peak_calls, self._in_progress)
        heappush(self._agenda, (now + turn.ends_after, dispatch.attempt_id, call.serial, _END, call))

    def _send(self, dispatch: Dispatch, now: int) -> None:
        """Put a message under way."""
        turn = self._habits.message(dispatch.channel, dispatch.address, self._nth(dispatch))
        message = _Message(dispatch, self._serial, now, turn)
        heappush(self._agenda, (now + turn.told_after, dispatch.attempt_id, message.serial, _END, message))

    # --- what happens -----------------------------------------------------------------------------------

    def _settle(self, now: int) -> int:
        """Let everything happen that is due by `now`; time never goes back. Returns the network's time."""
        self._now = now = max(now - self._set_by, self._now)
        agenda = self._agenda
        while agenda and agenda[0][0] <= now:
            at, _, _, step, item = heappop(agenda)
            if isinstance(item, _Call):
                if not item.over:
                    self._end_call(item, at)
            elif step == _END:
                self._arrive(item, at)
            else:
                self._act(item, at)
        return now

    def _end_call(self, call: _Call, at: int) -> None:
        """The last moment of a call, and its report."""
        self._release(call)
        dispatch = call.dispatch
        answer = None
        if call.outcome == "key_pressed":
            answer = self._answers.by_word(dispatch, at, Means.KEY)
            self._note(dispatch, at, carrier_log.PRESSED)
        self._note(dispatch, at, carrier_log.ENDED + call.outcome)
        self._post(call, _END, at, Report(dispatch.attempt_id, call.outcome, at), answer)

    def _release(self, call: _Call) -> None:
        """Free the line and the phone."""
        call.over = True
        self._in_progress -= 1
        attempt_id = call.dispatch.attempt_id
        calls = self._calls[attempt_id]
        calls.remove(call)
        if not calls:
            del self._calls[attempt_id]
        if self._on_phone.get(call.dispatch.address) is call:
            del self._on_phone[call.dispatch.address]

    def _arrive(self, message: _Message, at: int) -> None:
        """A message reaches the phone or the mailbox, or is given up."""
        turn = message.turn
        attempt_id = message.dispatch.attempt_id
        self._note(message.dispatch, at, carrier_log.ENDED + turn.outcome)
        self._post(message, _END, at, Report(attempt_id, turn.outcome, at))
        if turn.habit in (TextHabit.REPLIES, TextHabit.TAPS, TextHabit.OPTS_OUT):
            acts_at = at + turn.acts_after - turn.told_after
            heappush(self._agenda, (acts_at, attempt_id, message.serial, _ACT, message))

    def _act(self, message: _Message, at: int) -> None:
        """A person does something about a message, unless the matter is settled already."""
        dispatch = message.dispatch
        habit = message.turn.habit
        if habit is TextHabit.OPTS_OUT:
            self._opted_out.add(dispatch.address)
            self._post_reply(message, at, None)
        elif not self._answers.wants(dispatch, message.accepted_at):
            return
        elif habit is TextHabit.REPLIES:
            self._post_reply(message, at, self._answers.by_word(dispatch, at, _means(dispatch.channel)))
        elif dispatch.link:
            self._note(dispatch, at, carrier_log.TAPPED)
            answer = self._answers.by_link(dispatch, at)
            heappush(self._outbox, (at, dispatch.attempt_id, message.serial, _ACT, 0, Tap(dispatch.link, at), answer))

    def _post_reply(self, message: _Message, at: int, answer: Answer | None) -> None:
        """Send a written answer on its way to us."""
        dispatch = message.dispatch
        self._note(dispatch, at, carrier_log.REPLIED)
        self._post(message, _ACT, at, Reply(dispatch.channel, dispatch.address, message.turn.words, at), answer)

    def _post(
        self, item: _Call | _Message, step: int, at: int, event: Report | Reply, answer: Answer | None = None
    ) -> None:
        """Put an event into the outbox, as often and as late as the faults have it."""
        attempt_id = item.dispatch.attempt_id
        arrivals = self._line.arrivals(attempt_id, step, at, losable=isinstance(item, _Call))
        for copy, arrival in enumerate(arrivals):
            heappush(self._outbox, (arrival, attempt_id, item.serial, step, copy, event, answer))

    # --- the witness ------------------------------------------------------------------------------------

    def _note(self, dispatch: Dispatch, at: int, what: str) -> None:
        """Tell the carrier's log."""
        log = self._log
        if log is not None:
            log.add(
                CarrierRecord(
                    at=at,
                    attempt_id=dispatch.attempt_id,
                    callout_id=dispatch.callout_id,
                    channel=dispatch.channel,
                    address=log.digest(dispatch.address),
                    what=what,
                    possible_duplicate=dispatch.possible_duplicate,
                    route=dispatch.route,
                )
            )

    def _flush(self) -> None:
        """Make the log durable against the death of this process before the caller hears of it."""
        if self._log is not None:
            self._log.flush()


def _rings(call: _Call, now: int) -> bool:
    """Whether nobody has picked up yet."""
    return call.picked_up_at is None or call.picked_up_at > now


def _means(channel: Channel) -> Means:
    """How a written answer counts."""
    return Means.EMAIL if channel is Channel.EMAIL else Means.REPLY
