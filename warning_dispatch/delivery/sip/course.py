"""一次通话的过程: what a call on a line is at, and what is done when something happens. Pure.

    DIALLED ──> RINGING ──> LISTENING ──(key 1)──> ANSWERED ──> over
       └───────────┴────────────┴───────────────────────────────> over

Only a key answers, and only of somebody who picked up. That a phone was picked up proves nothing: networks play
announcements as if somebody had answered. Whatever ends a call, it is told once; after a key nothing more is told, because the
key has been. What rings may be ended by us, what is listened to may not, but by its own length and by a stop that waited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

KEY = "1"
MOST_READINGS_MORE = 3
"""How often keys may ask to hear it again."""


class EndingTable(Protocol):
    """What the words mean with which a carrier ends a call that nobody picked up."""

    def outcome(self, told: str) -> str:
        """A row of the outcome table."""
        ...


class Stage(Enum):
    """How far a call has come."""

    DIALLED = "dialled"
    """The trunk has been asked; nothing rings yet."""
    RINGING = "ringing"
    """The network says that it rings, or plays something."""
    LISTENING = "listening"
    """Picked up; the script is read."""
    ANSWERED = "answered"
    """Key 1 was pressed; thanks are said."""
    OVER = "over"
    """Ended, and told."""


class Heard(Enum):
    """What can happen to a call."""

    RINGING = "ringing"
    PICKED_UP = "picked_up"
    KEY = "key"
    CLOSED = "closed"
    """The program says that the call has ended."""
    RING_LIMIT = "ring_limit"
    """It has rung long enough."""
    TALK_LIMIT = "talk_limit"
    """The script must have ended long ago."""
    WITHDRAWN = "withdrawn"
    """The unit has answered elsewhere."""
    TRUNK_SILENT = "trunk_silent"
    """Nothing rings, and the trunk answers no question either."""
    LINE_LOST = "line_lost"
    """The line's process died."""


class Act(Enum):
    """What is to be done."""

    TELL_KEY = "tell_key"
    THANK = "thank"
    SAY_AGAIN = "say_again"
    HANG_UP = "hang_up"
    TELL_END = "tell_end"


@dataclass(frozen=True, slots=True)
class Course:
    """Where a call is. `asks`: whether a key is asked for. `heard_after`: ms after which one reading has been heard."""

    asks: bool
    heard_after: int
    stage: Stage = Stage.DIALLED
    since: int = 0
    """When it was picked up."""
    ended_by: Heard | None = None
    """Why we ended it, while the end has not been confirmed."""
    again: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """The course after something happened. `outcome`: of TELL_END."""

    course: Course
    acts: tuple[Act, ...] = ()
    outcome: str = ""


OURS = {
    Heard.RING_LIMIT: "no_answer",
    Heard.TALK_LIMIT: "heard_no_key",
    Heard.WITHDRAWN: "hung_up_by_us",
    Heard.TRUNK_SILENT: "provider_down",
    Heard.LINE_LOST: "line_lost",
}
"""What it is when we ended it."""
BEFORE_IT_IS_PICKED_UP = frozenset({Stage.DIALLED, Stage.RINGING})


def step(course: Course, heard: Heard, now: int, endings: EndingTable, word: str = "") -> Step:  # noqa: PLR0911 - one return for each thing that can happen
    """What happens next. `word`: the digit of a KEY, what the program says of a CLOSED."""
    match heard:
        case Heard.RINGING if course.stage is Stage.DIALLED:
            return Step(replace(course, stage=Stage.RINGING))
        case Heard.PICKED_UP if course.stage in BEFORE_IT_IS_PICKED_UP:
            return Step(replace(course, stage=Stage.LISTENING, since=now))
        case Heard.KEY:
            return _key(course, word)
        case Heard.CLOSED | Heard.LINE_LOST if course.stage is not Stage.OVER:
            return _closed(course, heard, now, endings, word)
        case Heard.RING_LIMIT | Heard.WITHDRAWN | Heard.TRUNK_SILENT if course.stage in BEFORE_IT_IS_PICKED_UP:
            return _hang_up(course, heard)
        case Heard.TALK_LIMIT if course.stage in (Stage.LISTENING, Stage.ANSWERED):
            return _hang_up(course, heard)
    return Step(course)


def _key(course: Course, digit: str) -> Step:
    """1 is the answer, whenever somebody listens; any other key, and 2, is read to again."""
    if course.stage is not Stage.LISTENING or not course.asks:
        return Step(course)
    if digit == KEY:
        return Step(replace(course, stage=Stage.ANSWERED), (Act.TELL_KEY, Act.THANK))
    if course.again >= MOST_READINGS_MORE or course.ended_by is not None:
        return Step(course)
    return Step(replace(course, again=course.again + 1), (Act.SAY_AGAIN,))


def _hang_up(course: Course, why: Heard) -> Step:
    """Asked for once; its end is told when it is confirmed."""
    if course.ended_by is not None:
        return Step(course)
    return Step(replace(course, ended_by=why), (Act.HANG_UP,))


def _closed(course: Course, heard: Heard, now: int, endings: EndingTable, word: str) -> Step:
    over = replace(course, stage=Stage.OVER)
    if course.stage is Stage.ANSWERED:
        return Step(over)
    return Step(over, (Act.TELL_END,), _outcome(course, heard, now, endings, word))


def _outcome(course: Course, heard: Heard, now: int, endings: EndingTable, word: str) -> str:
    if course.ended_by is not None and not (course.ended_by in _MAY_CROSS and course.stage is Stage.LISTENING):
        return OURS[course.ended_by]
    if course.stage is Stage.LISTENING:
        if now - course.since >= course.heard_after:
            return "heard_no_key"
        return OURS[heard] if heard is Heard.LINE_LOST else "hung_up_early"
    return OURS[heard] if heard is Heard.LINE_LOST else endings.outcome(word)


_MAY_CROSS = frozenset({Heard.RING_LIMIT, Heard.WITHDRAWN, Heard.TRUNK_SILENT})
"""We ended what rang, and in that very moment somebody picked up."""
