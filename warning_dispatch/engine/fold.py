"""Folding a call-out's journal: from what was written down to the state that must lie in the tables. PURE.

Theory of operation
-------------------
A stream `callout:<id>` begins with the account of what was filled (a branch and its contiguous callee ids, all
WAITING) and goes on with one entry per move of a callee, an attempt, a branch or the call-out. Two kinds speak of
many at once and are worked out from the state folded so far: a branch that opens takes its WAITING callees to
CALLING, and an end or a pause drops whatever attempt is READY. A call that also names units of other call-outs has its
life in its home's stream; theirs tell whom of them it named and what became of it ("shared"), which moves nothing.
Counts are not taken over but counted from the callees, so a kept count that drifted shows as a difference.

Folding is strict: an entry that contradicts what was folded before (another state than it says it came from, another
count, a move that does not exist) is an error with its position, as is a kind this file does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from warning_dispatch.engine.ranges import from_ranges
from warning_dispatch.errors import DispatchError
from warning_dispatch.model.states import (
    ANSWERED,
    FINISHED,
    UNREACHED,
    AttemptState,
    CalleeState,
    CallOutState,
    Purpose,
)
from warning_dispatch.model.unit import Channel

Answer = tuple[int, str, bool]
"""(callee, means, whether it counted)."""


@dataclass(frozen=True, slots=True)
class FoldedBranch:
    """One branch. `met`: its rule was met. `digest` is over its unit ids in the order of its callees."""

    open: bool
    met: bool
    total: int
    answered: int
    unreached: int
    finished: int
    digest: str


@dataclass(frozen=True, slots=True)
class FoldedAttempt:
    """One attempt. `outcome` also says why one was dropped; None while it is under way."""

    state: AttemptState
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Folded:
    """A call-out at the end of its journal, or as its rows say: both in this one shape, to be compared.

    `total` and `finished` count callees. Branches, callees and attempts by id; `answers` sorted.
    """

    state: CallOutState
    total: int
    finished: int
    branches: Mapping[int, FoldedBranch]
    callees: Mapping[int, CalleeState]
    attempts: Mapping[int, FoldedAttempt]
    answers: tuple[Answer, ...]


class FoldError(DispatchError):
    """The journal contradicts itself."""

    def __init__(self, position: int, what: str) -> None:
        """`position` of the entry in its stream, from 1; 0 when it is the whole."""
        self.position = position
        super().__init__(f"entry {position}: {what}" if position else what)


def fold(entries: Iterable[Mapping[str, object]]) -> Folded:
    """The state a call-out's journal tells of. FoldError for an unknown kind, a contradiction, or no start."""
    folding = _Folding()
    for position, entry in enumerate(entries, 1):
        kind = str(entry.get("k"))
        try:
            if kind in NEUTRAL:
                continue
            _HANDLERS[kind](folding, entry)
        except _ContradictionError as error:
            raise FoldError(position, f"{kind}: {error}") from None
        except KeyError as error:
            unknown = kind not in _HANDLERS
            raise FoldError(position, f"unknown kind {kind!r}" if unknown else f"{kind}: no {error}") from None
    return folding.result()


def differences(journal: Folded, rows: Folded) -> Iterator[str]:
    """Every difference between what the journal tells and what the rows say, in words, things in the order of ids."""
    for name in ("state", "total", "finished"):
        yield from _differ(f"the call-out's {name}", getattr(journal, name), getattr(rows, name))
    for thing in ("branches", "callees", "attempts"):
        told, stored = getattr(journal, thing), getattr(rows, thing)
        for key in sorted(told.keys() | stored.keys()):
            yield from _differ(f"{_ONE[thing]} {key}", told.get(key), stored.get(key))
    told_answers, stored_answers = Counter(journal.answers), Counter(rows.answers)
    for answer in sorted((told_answers | stored_answers).keys()):
        callee, means, counted = answer
        words = f"answers of callee {callee} by {means}, {'counted' if counted else 'not counted'}"
        yield from _differ(words, told_answers[answer], stored_answers[answer])


_ONE = {"branches": "branch", "callees": "callee", "attempts": "attempt"}


def _differ(what: str, told: object, stored: object) -> Iterator[str]:
    if told != stored:
        yield f"{what}: the journal says {_words(told)}, the rows say {_words(stored)}"


def _words(value: object) -> str:
    match value:
        case None:
            return "nothing of it"
        case CallOutState() | CalleeState():
            return value.name
        case FoldedAttempt(state, outcome):
            return f"{state.name} ({outcome})" if outcome else state.name
        case FoldedBranch():
            gate = ("open" if value.open else "shut") + (", answered" if value.met else "")
            counts = f"{value.answered} answered, {value.unreached} unreached, {value.finished} finished"
            return f"{gate}, {counts} of {value.total} (units {value.digest[:8]})"
        case _:
            return str(value)


# --- folding ----------------------------------------------------------------------------------------------


class _ContradictionError(Exception):
    """An entry that cannot follow what came before."""


@dataclass(slots=True)
class _Branch:
    members: range
    digest: str
    open: bool = False
    met: bool = False


@dataclass(slots=True)
class _Attempt:
    channel: str
    all_clear: bool = False
    state: AttemptState = AttemptState.READY
    outcome: str | None = None


_A = AttemptState
_CHANNELS = frozenset(channel.key for channel in Channel)


@dataclass(slots=True)
class _Folding:
    """What has been folded so far."""

    state: CallOutState | None = None
    branches: dict[int, _Branch] = field(default_factory=dict)
    callees: dict[int, CalleeState] = field(default_factory=dict)
    attempts: dict[int, _Attempt] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def result(self) -> Folded:
        if self.state is None:
            raise FoldError(0, "the journal does not tell of the start")
        return Folded(
            state=self.state,
            total=len(self.callees),
            finished=sum(state in FINISHED for state in self.callees.values()),
            branches={key: self._folded(branch) for key, branch in self.branches.items()},
            callees=self.callees,
            attempts={key: FoldedAttempt(one.state, one.outcome) for key, one in self.attempts.items()},
            answers=tuple(sorted(self.answers)),
        )

    def _folded(self, branch: _Branch) -> FoldedBranch:
        states = Counter(self.callees[callee] for callee in branch.members)
        return FoldedBranch(
            open=branch.open,
            met=branch.met,
            total=len(branch.members),
            answered=sum(states[state] for state in ANSWERED),
            unreached=sum(states[state] for state in UNREACHED),
            finished=sum(states[state] for state in FINISHED),
            digest=branch.digest,
        )

    # --- the call-out and its branches --------------------------------------------------------------------

    def started(self, _entry: Mapping[str, object]) -> None:
        _require(self.state is None, "a second start")
        self.state = CallOutState.RUNNING

    def filled(self, entry: Mapping[str, object]) -> None:
        key, total = _number(entry, "id"), _number(entry, "total")
        members = range(_number(entry, "first"), _number(entry, "last") + 1) if total else range(0)
        _require(key not in self.branches, f"a second branch {key}")
        _require(len(members) == total, f"{total} callees do not have the ids {members.start} to {members.stop - 1}")
        _require(not any(callee in self.callees for callee in members), f"branch {key} shares callees with another")
        self.branches[key] = _Branch(members, _text(entry, "digest"))
        self.callees.update(dict.fromkeys(members, CalleeState.WAITING))

    def moved(self, entry: Mapping[str, object]) -> None:
        before = CallOutState[_text(entry, "from")]
        found = self.state.name if self.state else "not started"
        _require(self.state is before, f"from {before.name}, but it is {found}")
        self.state = CallOutState[_text(entry, "to")]

    def opened(self, entry: Mapping[str, object]) -> None:
        branch = self._branch(entry)
        _require(not branch.open, "the branch is open already")
        waiting = [callee for callee in branch.members if self.callees[callee] is CalleeState.WAITING]
        _require_count(entry, len(waiting))
        branch.open = True
        self.callees.update(dict.fromkeys(waiting, CalleeState.CALLING))

    def met(self, entry: Mapping[str, object]) -> None:
        branch = self._branch(entry)
        _require(not branch.met, "the branch has answered already")
        branch.met = True

    def _branch(self, entry: Mapping[str, object]) -> _Branch:
        key = _number(entry, "branch")
        _require(key in self.branches, f"there is no branch {key}")
        return self.branches[key]

    # --- callees ------------------------------------------------------------------------------------------

    def stepped(self, entry: Mapping[str, object]) -> None:
        key, before = _number(entry, "id"), CalleeState[_text(entry, "from")]
        found = self._callee(key)
        _require(found is before, f"callee {key} from {before.name}, but it is {found.name}")
        self.callees[key] = CalleeState[_text(entry, "to")]

    def withdrawn(self, entry: Mapping[str, object]) -> None:
        into = CalleeState[_text(entry, "into")]
        unfinished = [callee for callee, state in self.callees.items() if state not in FINISHED]
        _require_count(entry, len(unfinished))
        self.callees.update(dict.fromkeys(unfinished, into))

    def taken_over(self, entry: Mapping[str, object]) -> None:
        """Callees that begin in the state they had in the round before."""
        members = self._branch(entry).members
        states = entry["states"]
        if not isinstance(states, dict):
            raise _ContradictionError("states is no table")
        for name, ranges in states.items():
            for key in from_ranges(ranges):
                _require(key in members, f"callee {key} is not of that branch")
                found = self._callee(key)
                _require(found is CalleeState.WAITING, f"callee {key} is {found.name} already")
                self.callees[key] = CalleeState[name]

    def left(self, entry: Mapping[str, object]) -> None:
        """Some callees leave: to a newer round, or because no warning holds them any more."""
        into = CalleeState[_text(entry, "into")]
        ranges = entry["ids"]
        if not isinstance(ranges, list):
            raise _ContradictionError("ids are no ranges")
        for key in from_ranges(ranges):
            found = self._callee(key)
            _require(found not in FINISHED, f"callee {key} is {found.name} and cannot leave")
            self.callees[key] = into

    def answered(self, entry: Mapping[str, object]) -> None:
        key = _number(entry, "callee")
        self._callee(key)
        self.answers.append((key, _text(entry, "means"), bool(entry["counted"])))

    def _callee(self, key: int) -> CalleeState:
        _require(key in self.callees, f"there is no callee {key}")
        return self.callees[key]

    # --- attempts -----------------------------------------------------------------------------------------

    def queued(self, entry: Mapping[str, object]) -> None:
        key, channel = _number(entry, "id"), _text(entry, "on")
        _require(key not in self.attempts, f"a second attempt {key}")
        _require(channel in _CHANNELS, f"unknown channel {channel!r}")
        self._callee(_number(entry, "callee"))
        self.attempts[key] = _Attempt(channel, entry.get("for") == Purpose.ALL_CLEAR.name)

    def went(self, entry: Mapping[str, object]) -> None:
        """A queued attempt goes over to a newer round with its callee."""
        key = _number(entry, "id")
        _require(key in self.attempts, f"there is no attempt {key}")
        _require(self.attempts[key].state is _A.READY, f"attempt {key} does not wait")
        del self.attempts[key]

    def claimed(self, entry: Mapping[str, object]) -> None:
        self._move(entry, (_A.READY,), _A.CLAIMED)

    def handed(self, entry: Mapping[str, object]) -> None:
        # A receipt that came twice in one batch is told twice.
        self._move(entry, (_A.CLAIMED, _A.HANDED), _A.HANDED)

    def ended(self, entry: Mapping[str, object]) -> None:
        # From READY: a report that came after the claim was lost and the attempt queued again.
        self._move(entry, (_A.READY, _A.CLAIMED, _A.HANDED), _A.ENDED, _text(entry, "outcome"))

    def requeued(self, entry: Mapping[str, object]) -> None:
        self._move(entry, (_A.CLAIMED, _A.HANDED, _A.ENDED), _A.READY)

    def dropped(self, entry: Mapping[str, object]) -> None:
        self._move(entry, (_A.READY,), _A.DROPPED, _text(entry, "why"))

    def all_dropped(self, entry: Mapping[str, object]) -> None:
        """Everything READY but all-clears: of the voice channel only, or of all."""
        only = Channel.VOICE.key if entry["voice_only"] else None
        waiting = (one for one in self.attempts.values() if one.state is _A.READY and not one.all_clear)
        ready = [one for one in waiting if only in (None, one.channel)]
        _require_count(entry, len(ready))
        why = _text(entry, "why")
        for one in ready:
            one.state, one.outcome = _A.DROPPED, why

    def shares(self, entry: Mapping[str, object]) -> None:
        """A call of another call-out names callees of this one."""
        key, callees = _number(entry, "id"), entry["callees"]
        _require(key not in self.attempts, f"attempt {key} is this call-out's own")
        _require(isinstance(callees, list) and bool(callees), "it names nobody")
        for callee in callees if isinstance(callees, list) else ():
            self._callee(callee)

    def _move(
        self, entry: Mapping[str, object], before: tuple[AttemptState, ...], after: AttemptState, outcome: str = ""
    ) -> None:
        key = _number(entry, "id")
        _require(key in self.attempts, f"there is no attempt {key}")
        attempt = self.attempts[key]
        _require(attempt.state in before, f"attempt {key} is {attempt.state.name} and cannot become {after.name}")
        attempt.state, attempt.outcome = after, outcome or None


NEUTRAL = frozenset(
    {
        "act",
        "action.done",
        "actions.carried",
        "alarm",
        "attached",
        "attempt.held",
        "callout.judged",
        "claimed",
        "clock.stepped",
        "feedback",
        "finding",
        "joined",
        "list.opened",
        "list.written",
        "receiver.added",
        "record.exported",
        "reply.kept",
        "response.exported",
        "revealed",
        "seen",
        "shared.ended",
        "shared.handed",
        "shared.requeued",
        "stage",
        "task.number",
        "task.result",
        "task.taken",
        "widened",
    }
)
"""Kinds that tell of causes and consequences and move nothing by themselves."""

_HANDLERS: Mapping[str, Callable[[_Folding, Mapping[str, object]], None]] = {
    "callout.started": _Folding.started,
    "branch.filled": _Folding.filled,
    "callout": _Folding.moved,
    "branch.opened": _Folding.opened,
    "branch.answered": _Folding.met,
    "callee": _Folding.stepped,
    "callees.withdrawn": _Folding.withdrawn,
    "callees.taken_over": _Folding.taken_over,
    "callees.left": _Folding.left,
    "answer": _Folding.answered,
    "attempt.queued": _Folding.queued,
    "attempt.left": _Folding.went,
    "attempt.claimed": _Folding.claimed,
    "attempt.handed": _Folding.handed,
    "attempt.ended": _Folding.ended,
    "attempt.requeued": _Folding.requeued,
    "attempt.dropped": _Folding.dropped,
    "attempts.dropped": _Folding.all_dropped,
    "shared.claimed": _Folding.shares,
}


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise _ContradictionError(what)


def _require_count(entry: Mapping[str, object], found: int) -> None:
    said = _number(entry, "count")
    _require(said == found, f"it speaks of {said}, there were {found}")


def _number(entry: Mapping[str, object], name: str) -> int:
    value = entry[name]
    if not isinstance(value, int):
        raise _ContradictionError(f"{name} is no number")
    return value


def _text(entry: Mapping[str, object], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str):
        raise _ContradictionError(f"{name} is no text")
    return str(value)
