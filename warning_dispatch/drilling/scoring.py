"""评分: what a drill was worth, from how each unit fared; and how it compares with the last one. PURE.

The score is one number that an officer can work out by hand: of a hundred, the share of units that answered within
their limit, and half of the share that answered after it. What was interrupted says nothing about people, and has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from warning_dispatch.model.drills import CalleeFact, Comparison, DrillReport, NumberFact, TierScore
from warning_dispatch.model.states import Means

LATE_WORTH = 0.5
"""Of an answer after the limit: the village knows, but the township had to be told that it did not."""


def is_in_time(fact: CalleeFact) -> bool:
    """Whether the unit answered within its limit (or before its gate opened)."""
    if fact.answered_at is None:
        return False
    return fact.opened_at is None or fact.answered_at - fact.opened_at <= fact.limit


def score(in_time: int, late: int, asked: int) -> int | None:
    """0 … 100; None where nobody was asked."""
    return None if asked == 0 else round(100 * (in_time + LATE_WORTH * late) / asked)


def report(
    facts: Sequence[CalleeFact], numbers: Sequence[NumberFact], *, interrupted: bool, finished_at: int = 0
) -> DrillReport:
    """The whole report. Who was only told is not among `facts`."""
    asked = [one for one in facts if one.opened_at is not None or one.answered_at is not None]
    answered = [one for one in asked if one.answered_at is not None]
    in_time = sum(map(is_in_time, asked))
    silent = [one for one in asked if one.answered_at is None]
    waits = sorted(map(_waited, answered))
    return DrillReport(
        asked=len(asked),
        in_time=in_time,
        late=len(answered) - in_time,
        silent=len(silent),
        uncalled=sum(not one.calls and not one.texts for one in silent),
        unopened=len(facts) - len(asked),
        means=_counted(one.means for one in answered),
        roles=_counted(one.role for one in answered),
        reported=sum(one.means == Means.SUPERIOR for one in answered),
        tiers=tuple(_tier(name, group) for name, group in _by_tier(asked).items()),
        failed=tuple(sorted(silent, key=lambda one: one.unit_code)),
        mend=tuple(sorted(numbers, key=lambda one: (one.unit_code, one.role, one.channel))),
        without=tuple(sorted((one for one in facts if not one.contact), key=lambda one: one.unit_code)),
        median=_middle(waits),
        slowest=_share(waits, 0.95),
        score=None if interrupted else score(in_time, len(answered) - in_time, len(asked)),
        finished_at=finished_at,
        answered=tuple(sorted({one.unit_code for one in answered})),
    )


def compare(new: DrillReport, old: DrillReport, *, drill_id: int, title: str, began_at: int | None) -> Comparison:
    """What changed since the last drill; `drill_id`, `title` and `began_at` are the old one's."""
    now, then = _silent(new), _silent(old)
    answered_now, answered_then = frozenset(new.answered), frozenset(old.answered)
    return Comparison(
        drill_id=drill_id,
        title=title,
        began_at=began_at,
        score=old.score,
        in_time=old.in_time,
        asked=old.asked,
        median=old.median,
        worse={code: name for code, name in now.items() if code in answered_then},
        better={code: name for code, name in then.items() if code in answered_now},
    )


def _silent(of: DrillReport) -> Mapping[str, str]:
    return {one.unit_code: f"{one.path} {one.unit_name}".strip() for one in of.failed}


def _waited(fact: CalleeFact) -> int:
    """Milliseconds from the gate to the answer; who answered before the gate opened has not waited."""
    return max(0, (fact.answered_at or 0) - (fact.opened_at or fact.answered_at or 0))


def _by_tier(facts: Iterable[CalleeFact]) -> Mapping[str, list[CalleeFact]]:
    found: dict[str, list[CalleeFact]] = {}
    for one in facts:
        found.setdefault(one.tier, []).append(one)
    return found


def _tier(name: str, facts: Sequence[CalleeFact]) -> TierScore:
    answered = [one for one in facts if one.answered_at is not None]
    silent = [one for one in facts if one.answered_at is None]
    in_time = sum(map(is_in_time, facts))
    return TierScore(
        name=name,
        asked=len(facts),
        in_time=in_time,
        late=len(answered) - in_time,
        silent=len(silent),
        uncalled=sum(not one.calls and not one.texts for one in silent),
        median=_middle(sorted(map(_waited, answered))),
    )


def _middle(waits: Sequence[int]) -> int | None:
    return round(median(waits)) if waits else None


def _share(waits: Sequence[int], share: float) -> int | None:
    """The moment by which so many of them had answered; `waits` rising."""
    return waits[min(len(waits) - 1, int(share * len(waits)))] if waits else None


def _counted(words: Iterable[str]) -> Mapping[str, int]:
    return dict(Counter(one for one in words if one).most_common())
