"""一场暴雨: one call-out in virtual time, on the machines of the core and with the people of the simulated network.

Theory of operation. A storm is what the engine does with one call-out, without rows: every callee is the core's own value
(`escalation.callee.step` decides every move), gates open by the rules of `escalation.gate`, whose turn it is `queues` deals
by `escalation.order`, the endpoint is `escalation.endpoints`' choice. Who picks up, presses, taps is drawn by
`simulation.habits`, what superiors do by `simulation.superiors`. What is left out: restarts, faults, routes beside each other,
several warnings at once, and the second in which a daemon gathers what comes together.

Events stand in a heap by (moment, serial): a storm of one seed is one storm, however many processes play others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, TypeVar

from warning_dispatch.escalation.callee import opened, step
from warning_dispatch.escalation.endpoints import all_dead, dialable, other_roles, text_endpoints
from warning_dispatch.escalation.gate import gate_deadline, rule_met
from warning_dispatch.escalation.moves import (
    Action,
    Answered,
    CalleeEvent,
    Dialled,
    Due,
    Ended,
    NotDialled,
    OpenBelow,
    QueueText,
    QueueVoice,
    Silence,
)
from warning_dispatch.escalation.order import rank
from warning_dispatch.escalation.state import Callee, Rules
from warning_dispatch.model.plan import Next, Outcome
from warning_dispatch.model.states import ANSWERED, FINISHED, CalleeState, Means, Voice
from warning_dispatch.model.unit import Channel, EndpointView, Role
from warning_dispatch.planning.question import RING_FOR, Question
from warning_dispatch.planning.queues import CallLog, CallQueue
from warning_dispatch.planning.town import Seat, Town
from warning_dispatch.simulation.habits import Habits
from warning_dispatch.simulation.population import TextHabit
from warning_dispatch.simulation.superiors import Superiors

ONE, TICK = 60_000, 1_000
"""One message in ms of a minute; ms between two looks at what the rate lets go."""
ROUTE = "phones"
NO_REPORT = "no_report"
HUNG_UP = "hung_up_by_us"
_ACTS = (TextHabit.TAPS, TextHabit.REPLIES)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """When a unit had answered (ms after the start), and how."""

    seat: int
    after: int
    means: Means


@dataclass(frozen=True, slots=True)
class Played:
    """What one storm came to. `calls`, `texts`: how many were made; `peak`: most calls at once; `ends`: ms after the start."""

    answers: tuple[Answer, ...]
    calls: int
    texts: int
    peak: int
    busy_until: tuple[int, ...]
    """For each answer, in their order, the ms of lines that had been busy until then."""
    needed: tuple[int, ...]
    """For each answer the ms of the calls that were made for its unit alone (shared calls in parts)."""
    ends: int


@dataclass(slots=True)
class _Call:
    """A call under way."""

    seats: tuple[tuple[int, EndpointView], ...]
    number: int
    began: int
    picked_up: int | None
    outcome: str
    over: bool = False


@dataclass(slots=True)
class _Message:
    """A text that somebody will act upon."""

    number: int
    channel: Channel
    seats: list[tuple[int, EndpointView]]
    means: Means


@dataclass(frozen=True, slots=True)
class Standing:
    """From where a storm goes on: the state of each seat, and of each branch whether it is open and its deadline (ms)."""

    callees: tuple[Callee, ...]
    wings: tuple[tuple[bool, int | None], ...]
    now: int


@dataclass(slots=True)
class _Wing:
    """How a branch stands."""

    open: bool = False
    gate_at: int | None = None
    answered: int = 0
    met: bool = False


@dataclass(slots=True)
class _Sums:
    """What is counted on the way."""

    calls: int = 0
    texts: int = 0
    peak: int = 0
    answers: list[Answer] = field(default_factory=list)
    busy: int = 0
    busy_since: int = 0
    busy_until: list[int] = field(default_factory=list)
    spent: dict[int, int] = field(default_factory=dict)


class Storm:
    """Plays one storm. Not to be played twice."""

    def __init__(self, question: Question, town: Town, seed: int, standing: Standing | None = None) -> None:
        """The same question, town and seed make the same storm. `standing`: it goes on from there."""
        self._q, self._town = question, town
        self._habits = Habits(seed, question.habits.people)
        self._superiors = Superiors(seed, question.habits.superiors)
        self._start = question.start
        self.now = question.start if standing is None else standing.now
        self._until = self._start + question.validity
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._serial = 0
        self._callees: list[Callee] = [Callee()] * len(town.seats)
        self._wings = [_Wing() for _ in town.wings]
        self._below: dict[int, list[int]] = {}
        for number, wing in enumerate(town.wings):
            if wing.before is not None:
                self._below.setdefault(wing.before, []).append(number)
        self._queue = CallQueue()
        self._log = CallLog(question.lines, question.colour)
        self._live: dict[int, _Call] = {}
        self._behind: dict[int, list[int]] = {}
        """Number in a call → seats that wait for its end."""
        self._texts: deque[tuple[int, Channel, Role]] = deque()
        self._mails: deque[tuple[int, Channel, Role]] = deque()
        self._tokens = self._tokens_at = 0
        self._ticking = False
        self._heard: dict[tuple[Channel, int], int] = {}
        self._sent: dict[int, dict[int, EndpointView]] = {}
        """Number → the seats that something was sent to there."""
        self._open = sum(1 for _ in town.seats)
        self._rules: dict[tuple[int, int, bool, int], Rules] = {}
        self._calls: dict[int, _Call] = {}
        self._sums = _Sums()
        if standing is not None:
            self._take_up(standing)

    def play(self) -> Played:
        """The whole storm, until everybody has answered or its validity is over."""
        if self.now == self._start:
            for number, wing in enumerate(self._town.wings):
                if wing.superior is None and wing.before is None:
                    self._open_wing(number)
        self._carry_on()
        heap = self._heap
        while heap and self._open:
            at = heap[0][0]
            if at > self._until:
                break
            self.now = at
            while heap and heap[0][0] <= at:
                _, _, happens, what = heappop(heap)
                happens(what)
            self._carry_on()
        return self._result()

    def _result(self) -> Played:
        sums = self._sums
        return Played(
            answers=tuple(sums.answers),
            calls=sums.calls,
            texts=sums.texts,
            peak=sums.peak,
            busy_until=tuple(sums.busy_until),
            needed=tuple(sums.spent.get(one.seat, 0) for one in sums.answers),
            ends=self.now - self._start,
        )

    def _at(self, moment: int, happens: Callable[[T], None], what: T) -> None:
        self._serial += 1
        heappush(self._heap, (moment, self._serial, happens, what))

    def _due(self, index: int) -> None:
        if self._callees[index].next_at == self.now:
            self._take(index, Due())

    def _gate(self, number: int) -> None:
        if not self._wings[number].open and self._wings[number].gate_at == self.now:
            self._open_wing(number, self.now)

    def _tick(self, _nobody: None) -> None:
        self._ticking = False

    def _carry_on(self) -> None:
        """What may go now."""
        if self._mails or (self._texts and not self._ticking):
            self._send()
        self._dial()

    # --- moves --------------------------------------------------------------------------------------------

    def _rules_of(self, seat: Seat) -> Rules:
        key = (seat.tier, seat.reach, bool(seat.below), seat.answerers)
        rules = self._rules.get(key)
        if rules is None:
            tier = self._q.chain.tiers[seat.tier]
            rules = self._rules[key] = Rules(
                ladder=tier.ladders[self._q.colour],
                answering=tier.answering,
                gate_roles=tier.gate_roles,
                need=tier.need,
                reach=seat.reach,
                voice_until=self._until,
                answerers=seat.answerers,
                superior=bool(seat.below),
            )
        return rules

    def _take(self, index: int, event: CalleeEvent, means: Means = Means.KEY) -> None:
        """One move of one callee, and what it sets going."""
        seat, before = self._town.seats[index], self._callees[index]
        decision = step(before, event, self.now, self._rules_of(seat))
        after = self._callees[index] = decision.callee
        if after.next_at is not None and after.next_at != before.next_at:
            self._at(max(after.next_at, self.now), self._due, index)
        if before.state is not after.state and after.state in ANSWERED and before.state not in ANSWERED:
            self._answered(index, means)
        for action in decision.actions:
            self._set_going(index, seat, after, action)
        if after.voice is not Voice.QUEUED:
            self._queue.leave(index)
        elif isinstance(event, Due) and before.voice is Voice.QUEUED and after.wanted != before.wanted:
            self._queue.back(index)  # a rung may want somebody whose phone has calls left

    def _set_going(self, index: int, seat: Seat, after: Callee, action: Action) -> None:
        match action:
            case QueueVoice():
                self._queue.add(index, self._rank(seat, after), seat.county)
            case QueueText(channel, role, _):
                if channel is not Channel.OPERATOR:  # nobody at the work list is simulated
                    (self._texts if channel is Channel.SMS else self._mails).append((index, channel, role))
            case Silence():
                self._silence(index)
            case OpenBelow():
                for wing in seat.below:
                    self._open_wing(wing)
            case _:
                pass  # alarms and findings are for people

    def _rank(self, seat: Seat, callee: Callee) -> int:
        return rank(self._q.colour, self._town.places[seat.tier], tried=callee.calls > 0, practice=False)

    def _answered(self, index: int, means: Means) -> None:
        sums, seat = self._sums, self._town.seats[index]
        self._open -= 1
        sums.answers.append(Answer(index, self.now - self._start, means))
        sums.busy_until.append(self._busy())
        begins = self._superiors.begins(seat.unit) if seat.below else None
        if begins is not None:
            self._at(self.now + begins, self._begin_list, index)
        standing, wing = self._wings[seat.wing], self._town.wings[seat.wing]
        standing.answered += 1
        if rule_met(standing.answered, wing.needed):
            self._met(seat.wing)

    def _silence(self, index: int) -> None:
        """Hang up what still rings for nobody else; whoever listens is not cut off."""
        call = self._calls.get(index)
        if call is None or call.over or (call.picked_up is not None and call.picked_up <= self.now):
            return
        if all(self._callees[one].state in (*FINISHED, CalleeState.DUTY_ANSWERED) for one, _ in call.seats):
            call.outcome = HUNG_UP
            self._end(call)

    # --- gates --------------------------------------------------------------------------------------------

    def _open_wing(self, number: int, began: int | None = None) -> None:
        """Open a gate, and arm what waits below it. `began`: the deadline that opens it."""
        standing, wing = self._wings[number], self._town.wings[number]
        if standing.open:
            return
        standing.open = True
        for index in wing.seats:
            if self._callees[index].state is CalleeState.WAITING:
                old = self._callees[index]
                fresh = opened(self.now, self._rules_of(self._town.seats[index]))
                self._callees[index] = replace(fresh, tried=old.tried, answers=old.answers)
                self._at(self.now, self._due, index)
        hold = self._q.chain.tiers[wing.tier].hold.get(self._q.colour)
        gate_at = gate_deadline(self.now if began is None else began, hold)
        for below in self._below.get(number, ()):
            if gate_at is not None and self._wings[below].gate_at is None:
                self._wings[below].gate_at = gate_at
                self._at(gate_at, self._gate, below)
        if rule_met(standing.answered, wing.needed):
            self._met(number)

    def _met(self, number: int) -> None:
        """A branch has answered as a whole: what waits for it as a whole opens."""
        standing = self._wings[number]
        if standing.met:
            return
        standing.met = True
        for below in self._below.get(number, ()):
            if self._town.wings[below].superior is None:
                self._open_wing(below)

    # --- calls --------------------------------------------------------------------------------------------

    def _busy(self) -> int:
        return self._sums.busy + len(self._live) * self.now - self._sums.busy_since

    def _dial(self) -> None:
        """Lines that are free go to whoever is first and can be rung."""
        most = self._q.lines.voice
        if most is not None and len(self._live) >= most:
            return
        waits: list[int] = []
        for index in self._queue.draw():
            if not self._ring(index):
                waits.append(index)
            if most is not None and len(self._live) >= most:
                break

    def _ring(self, index: int) -> bool:
        """Ring a seat's best number now, with everybody who waits for it; False: it waits, or nobody can be rung."""
        best, opens = self._best(index)
        if best is None:
            if opens is None:
                self._take(index, NotDialled())
            else:
                self._at(opens, self._queue.back, index)
            return False
        number = best.number_id
        if number in self._live:
            self._behind.setdefault(number, []).append(index)
            return False
        named = [(index, best)]
        for other in self._town.by_number[number]:
            if other != index and self._callees[other].voice is Voice.QUEUED:
                view, _ = self._best(other)
                if view is not None and view.number_id == number:
                    named.append((other, view))
        self._call(number, tuple(named))
        return True

    def _best(self, index: int) -> tuple[EndpointView | None, int | None]:
        """The endpoint to dial; else when the first of those over their budget may be called (None: nobody at all)."""
        opens: int | None = None
        for view in dialable(self._callees[index], self._town.seats[index].endpoints, self.now):
            at = self._log.opens(view.number_id, self.now)
            if at <= self.now:
                return view, None
            opens = at if opens is None else min(opens, at)
        return None, opens

    def _call(self, number: int, named: tuple[tuple[int, EndpointView], ...]) -> None:
        sums = self._sums
        nth = self._log.add(number, self.now)
        turn = self._habits.call(self._town.numbers[number], nth, RING_FOR)
        picked_up = None if turn.picked_up_after is None else self.now + turn.picked_up_after
        call = _Call(named, number, self.now, picked_up, turn.outcome)
        self._live[number] = call
        sums.calls += 1
        sums.peak = max(sums.peak, len(self._live))
        sums.busy_since += self.now
        for index, view in named:
            self._sent.setdefault(number, {})[index] = view
            self._calls[index] = call
            self._take(index, Dialled(view.role, view.endpoint_id, ROUTE))
        self._at(self.now + turn.ends_after, self._run_out, call)

    def _run_out(self, call: _Call) -> None:
        if not call.over:
            self._end(call)

    def _end(self, call: _Call) -> None:
        """A call is over: the key first, then what is left of it for each unit."""
        call.over = True
        del self._live[call.number]
        sums, took = self._sums, self.now - call.began
        sums.busy += took
        sums.busy_since -= call.began
        for index, _ in call.seats:
            sums.spent[index] = sums.spent.get(index, 0) + took // len(call.seats)
        outcome = self._q.outcomes[call.outcome]
        if outcome.next is Next.ACKNOWLEDGE:
            for index, view in call.seats:
                self._answer(index, view, Means.KEY)
            outcome = self._q.outcomes[NO_REPORT]
        for index, view in call.seats:
            if self._calls.get(index) is call:
                del self._calls[index]
            callee = self._callees[index]
            if callee.state not in FINISHED and callee.voice is Voice.LIVE:
                self._take(index, self._ended(index, view, outcome))
        for index in self._behind.pop(call.number, ()):
            self._queue.back(index)

    def _ended(self, index: int, view: EndpointView, outcome: Outcome) -> Ended:
        seat, callee = self._town.seats[index], self._callees[index]
        rules = self._rules_of(seat)
        duty_done = callee.state is CalleeState.DUTY_ANSWERED
        roles = rules.answering if duty_done else rules.answering | rules.gate_roles
        return Ended(
            outcome=outcome,
            role=view.role,
            endpoint_id=view.endpoint_id,
            route=ROUTE,
            others=other_roles(callee, seat.endpoints, view.endpoint_id, roles, self.now),
            hopeless=all_dead(callee, seat.endpoints, view.endpoint_id),
        )

    def _answer(self, index: int, view: EndpointView, means: Means) -> None:
        if self._callees[index].state not in FINISHED:
            self._take(index, Answered(means, view.role, view.receiver_id), means)

    # --- texts --------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Messages that the rate lets go; what is left waits for the next second."""
        self._refill()
        said: dict[tuple[Channel, int], _Message] = {}
        rated = self._q.lines.texts is not None
        while self._mails:
            self._send_one(*self._mails.popleft(), said)
        while self._texts and (not rated or self._tokens >= ONE):
            self._tokens -= ONE * self._send_one(*self._texts.popleft(), said)
        for message in said.values():
            for index, view in message.seats:
                self._sent.setdefault(message.number, {})[index] = view
        if self._texts and not self._ticking:
            self._ticking = True
            self._at(self.now + TICK, self._tick, None)

    def _refill(self) -> None:
        """The rate's tokens, counted in ms of a minute; at most one second's worth is saved up (engine/routes.py)."""
        rate = self._q.lines.texts
        if rate is not None:
            self._tokens = min(max(ONE, rate * TICK), self._tokens + (self.now - self._tokens_at) * rate)
            self._tokens_at = self.now

    def _send_one(self, index: int, channel: Channel, role: Role, said: dict[tuple[Channel, int], _Message]) -> int:
        """A message to everybody of a role who has not answered; how many messages it took. One number, one message."""
        callee, took = self._callees[index], 0
        if callee.state in FINISHED:
            return 0
        for view in text_endpoints(channel, role, self._town.seats[index].endpoints, callee.answers):
            same = said.get((channel, view.number_id))
            if same is not None:
                same.seats.append((index, view))
                continue
            said[channel, view.number_id] = self._write(index, view, channel)
            took += 1
        return took

    def _write(self, index: int, view: EndpointView, channel: Channel) -> _Message:
        number = view.number_id
        nth = self._heard[channel, number] = self._heard.get((channel, number), 0) + 1
        turn = self._habits.message(channel, self._town.numbers[number], nth)
        self._sums.texts += 1
        email = channel is Channel.EMAIL
        replied = Means.EMAIL if email else Means.REPLY
        message = _Message(number, channel, [(index, view)], replied if turn.habit is TextHabit.REPLIES else Means.LINK)
        if turn.habit in _ACTS:
            self._at(self.now + turn.acts_after, self._act, message)
        return message

    def _act(self, message: _Message) -> None:
        """A reply answers for all that had been sent to the number, a tap for the units behind it."""
        for index, view in list(self._sent.get(message.number, {}).items()):
            self._answer(index, view, message.means)

    # --- superiors ----------------------------------------------------------------------------------------

    def _begin_list(self, superior: int) -> None:
        self._next_on_list(superior, -1, 1)

    def _next_on_list(self, superior: int, after: int, nth: int) -> None:
        """The next of its own that has not answered; after the last the list is gone through once more."""
        habit = self._superiors.habit
        for index in self._list_of(superior):
            if index > after and self._on_list(index):
                takes, told = self._superiors.tells(self._town.seats[index].unit, nth)
                self._at(self.now + takes, self._tell, (superior, index, nth, told))
                return
        if nth < habit.passes and any(self._callees[index].state not in FINISHED for index in self._list_of(superior)):
            self._at(self.now + habit.rest, self._tell, (superior, len(self._town.seats), nth, False))

    def _list_of(self, superior: int) -> Sequence[int]:
        wings = [self._town.wings[number] for number in self._town.seats[superior].below]
        return [index for wing in wings for index in wing.seats]

    def _on_list(self, index: int) -> bool:
        state = self._callees[index].state
        return state not in FINISHED and state not in (CalleeState.WAITING, CalleeState.DUTY_ANSWERED)

    def _tell(self, tried: tuple[int, int, int, bool]) -> None:
        superior, index, nth, told = tried
        if index >= len(self._town.seats):
            self._next_on_list(superior, -1, nth + 1)
            return
        if told and self._on_list(index):
            self._take(index, Answered(Means.SUPERIOR, None), Means.SUPERIOR)
        self._next_on_list(superior, index, nth)

    # --- going on from where a call-out stands ------------------------------------------------------------

    def _take_up(self, standing: Standing) -> None:
        """The states as they are; calls under way are taken as lost, their fate is not known."""
        before = [
            (one.answered_at or self.now, index) for index, one in enumerate(standing.callees) if one.state in ANSWERED
        ]
        for at, index in sorted(before):
            self._sums.answers.append(Answer(index, max(0, at - self._start), Means.KEY))
            self._sums.busy_until.append(0)
        for number, (is_open, gate_at) in enumerate(standing.wings):
            self._wings[number].open, self._wings[number].gate_at = is_open, gate_at
            if not is_open and gate_at is not None:
                self._at(max(gate_at, self.now), self._gate, number)
                self._wings[number].gate_at = max(gate_at, self.now)
        for index, callee in enumerate(standing.callees):
            self._callees[index] = self._taken_up(index, callee)
        for number, wing in enumerate(self._town.wings):
            self._wings[number].met = self._wings[number].open and rule_met(self._wings[number].answered, wing.needed)

    def _taken_up(self, index: int, callee: Callee) -> Callee:
        seat, mine = self._town.seats[index], callee
        if callee.state in ANSWERED or callee.state in FINISHED:
            self._open -= 1
            self._wings[seat.wing].answered += callee.state in ANSWERED
        if callee.voice is not Voice.NONE and callee.state not in FINISHED:
            wanted = callee.wanted or self._rules_of(seat).answering
            mine = replace(callee, voice=Voice.QUEUED, wanted=wanted)
            self._queue.add(index, self._rank(seat, mine), seat.county)
        if mine.next_at is not None:
            mine = replace(mine, next_at=max(mine.next_at, self.now))
            self._at(max(mine.next_at or 0, self.now), self._due, index)
        if seat.below and callee.state in ANSWERED:
            begins = self._superiors.begins(seat.unit)
            if begins is not None:
                since = self.now if callee.answered_at is None else callee.answered_at
                self._at(max(self.now, since + begins), self._begin_list, index)
        return mine


def play(question: Question, town: Town, seed: int, standing: Standing | None = None) -> Played:
    """One storm."""
    return Storm(question, town, seed, standing).play()
