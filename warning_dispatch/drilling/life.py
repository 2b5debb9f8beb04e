"""The life of a drill as one table of moves, and who has to release it. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.drills import DrillKind, DrillState, releases_needed

S = DrillState

ACCOUNT = "user:"
"""Stands before the login of whoever acts on a page."""
LATE = 600_000
"""ms after its hour in which a drill may still begin; after that it was missed, and people have gone home."""


class DrillEvent(StrEnum):
    """What can happen to a drill; the value is the reason that the journal gives."""

    RELEASED = "released"
    BEGUN = "begun"
    FINISHED = "finished"
    """Everybody answered, or its time was over."""
    STOPPED = "stopped"
    REAL_WARNING = "real_warning"
    WITHDRAWN = "withdrawn"
    MISSED = "missed"
    """Its hour passed while nothing ran."""


E = DrillEvent

TABLE: Mapping[tuple[DrillState, DrillEvent], DrillState] = {
    (S.COMPOSED, E.RELEASED): S.RELEASED,
    (S.COMPOSED, E.WITHDRAWN): S.WITHDRAWN,
    (S.RELEASED, E.BEGUN): S.RUNNING,
    (S.RELEASED, E.WITHDRAWN): S.WITHDRAWN,
    (S.RELEASED, E.MISSED): S.WITHDRAWN,
    (S.RELEASED, E.REAL_WARNING): S.INTERRUPTED,
    (S.RUNNING, E.FINISHED): S.DONE,
    (S.RUNNING, E.STOPPED): S.STOPPED,
    (S.RUNNING, E.REAL_WARNING): S.INTERRUPTED,
}


def move(state: DrillState, event: DrillEvent) -> DrillState:
    """The state after the event; RefusedError, in words for a person, for a move that does not exist."""
    try:
        return TABLE[state, event]
    except KeyError:
        chinese, english = _WHY[state]
        raise RefusedError(f"演练{chinese}，不能做这个操作 / the drill {english}: it cannot do that") from None


_WHY: Mapping[DrillState, tuple[str, str]] = {
    S.COMPOSED: ("还没有放行", "has not been released"),
    S.RELEASED: ("已放行、还没有开始", "is released and has not begun"),
    S.RUNNING: ("正在进行", "is under way"),
    S.DONE: ("已结束", "is over"),
    S.STOPPED: ("已停止", "was stopped"),
    S.INTERRUPTED: ("已因真实预警中断", "was ended by a real warning"),
    S.WITHDRAWN: ("已撤销", "was withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Release:
    """Who has released a drill by now. `complete`: nobody is missing any more."""

    first: str
    second: str
    complete: bool


def release(kind: DrillKind, state: DrillState, first: str, actor: str) -> Release:
    """One more person releases it. RefusedError when there is nothing to release, or it was the same person before.

    `first`: who released it before; empty: nobody.
    """
    if state is not S.COMPOSED:
        chinese, english = _WHY[state]
        raise RefusedError(f"演练{chinese}，不用再放行 / the drill {english}: there is nothing to release")
    named = actor.strip()
    if not named:
        raise RefusedError("放行须写明操作人 / a release needs an actor (--actor)")
    if not first:
        return Release(named, "", complete=releases_needed(kind) <= 1)
    if same_person(first, named):
        raise RefusedError(
            f"{named} 已经放行过；全员演练须由另一人再放行一次 / "
            f"{named} has released it already: a drill for everyone needs another person as well"
        )
    return Release(first, named, complete=True)


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: however wide or capital, and by an account ("user:wang") or at the keyboard."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return normalize("NFKC", name).casefold().strip().removeprefix(ACCOUNT).strip()


def is_missed(starts_at: int, now: int) -> bool:
    """Whether its hour has passed so long ago that it does not begin any more."""
    return now - starts_at > LATE
