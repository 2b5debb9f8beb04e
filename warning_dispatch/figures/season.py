"""季度统计: what a season of call-outs adds up to. PURE.

Answer times are whole seconds here, for a season is read already counted. A unit that a newer round took over is counted in
that round alone, so no unit counts twice for one warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.figures.callout import GOAL
from warning_dispatch.figures.statistics import added, mean, median, quantile, share, total, until_share
from warning_dispatch.model.record_views import Called, SeasonCallOut, SeasonGroup, SeasonReading, Verdict
from warning_dispatch.model.states import ANSWERED, UNREACHED, CalleeState

_NOT_ASKED = (CalleeState.WAIVED, CalleeState.INFORMED)
_ANSWERED = tuple(state for state in ANSWERED if state is not CalleeState.WAIVED)


@dataclass(frozen=True, slots=True)
class Share:
    """Units counted. `asked`, `answered`, `unreached` are sums; times in seconds from gate to answer."""

    asked: int
    answered: int
    unreached: int
    median: int | None
    slow: int | None

    @property
    def rate(self) -> float | None:
        """叫应率."""
        return share(self.answered, self.asked)


@dataclass(frozen=True, slots=True)
class SeasonLine:
    """A row of a table."""

    key: str
    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class CallOutLine:
    """One call-out of the season. `on_time`: whether its last tier was called within its target; None: it has none."""

    callout: SeasonCallOut
    share: Share
    goal_after: int | None
    """After how long (s) 95 % had answered, counted from each unit's gate."""
    on_time: bool | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """检验: 空报率 is of those judged; a mistake counts as false."""

    hits: int
    false: int
    mistakes: int
    open: int
    false_calls: int
    """Calls made for what did not come."""

    @property
    def false_rate(self) -> float | None:
        """空报率."""
        return share(self.false + self.mistakes, self.hits + self.false + self.mistakes)


@dataclass(frozen=True, slots=True)
class Fatigue:
    """打扰: how often people were called in the season. `people`: those called at all."""

    people: int
    calls: int
    mean: float | None
    median: int | None
    often: int | None
    """90 % were called at most so often."""
    most: int
    night_share: float | None
    """Of all calls, those between 22:00 and 06:00."""


@dataclass(frozen=True, slots=True)
class SeasonFigures:
    """Everything that is counted of a season. `months`: (2026-07, …) in their order."""

    whole: Share
    callouts: tuple[CallOutLine, ...]
    tiers: tuple[SeasonLine, ...]
    counties: tuple[SeasonLine, ...]
    departments: tuple[SeasonLine, ...]
    hazards: tuple[SeasonLine, ...]
    months: tuple[SeasonLine, ...]
    verdicts: Verdicts
    fatigue: Fatigue
    on_time: int
    timed: int
    """Call-outs whose plan has a target, and of them those that kept it."""
    met_goal: int
    """Call-outs in which 95 % of those asked answered."""
    most: tuple[Called, ...]
    silent: tuple[Called, ...]
    silent_total: int


@dataclass(frozen=True, slots=True)
class SeasonNames:
    """How things are called in the language that is wanted. `month`: of a moment (ms) as 2026-07."""

    of: Callable[[Mapping[str, str]], str]
    month: Callable[[int], str]
    city: str
    sectors: Mapping[str, str]


def season_figures(reading: SeasonReading, names: SeasonNames) -> SeasonFigures:
    """Count a season."""
    groups = reading.groups
    by_callout = {one.callout_id: one for one in reading.callouts}
    hazards = {one.hazard: names.of(one.hazard_name) for one in reading.callouts}
    lines = tuple(
        _line(one, [group for group in groups if group.callout_id == one.callout_id]) for one in reading.callouts
    )
    timed = [line for line in lines if line.on_time is not None]
    return SeasonFigures(
        whole=share_of(groups),
        callouts=lines,
        tiers=_lines(groups, lambda one: one.tier, {key: names.of(title) for key, title in reading.tiers.items()}),
        counties=_lines(groups, lambda one: one.county, {**reading.counties, "": names.city}),
        departments=_lines([one for one in groups if one.sector], lambda one: one.sector, names.sectors),
        hazards=_lines(groups, lambda one: by_callout[one.callout_id].hazard, hazards),
        months=_lines(groups, lambda one: names.month(by_callout[one.callout_id].started_at), {}),
        verdicts=_verdicts(reading),
        fatigue=_fatigue(reading),
        on_time=sum(line.on_time is True for line in timed),
        timed=len(timed),
        met_goal=sum((line.share.rate or 0) >= GOAL for line in lines),
        most=reading.most,
        silent=reading.silent,
        silent_total=reading.silent_total,
    )


def share_of(groups: Iterable[SeasonGroup]) -> Share:
    """Groups of units counted together."""
    asked = [one for one in groups if one.state not in _NOT_ASKED and not one.unopened]
    answered = [one for one in asked if one.state in _ANSWERED]
    delays = _delays(answered)
    return Share(
        asked=sum(one.units for one in asked),
        answered=sum(one.units for one in answered),
        unreached=sum(one.units for one in asked if one.state in UNREACHED),
        median=median(delays),
        slow=quantile(delays, 0.9),
    )


def _delays(groups: Iterable[SeasonGroup]) -> dict[int, int]:
    return added({one.delay: one.units} for one in groups if one.delay is not None)


def _line(callout: SeasonCallOut, groups: Sequence[SeasonGroup]) -> CallOutLine:
    counted = share_of(groups)
    answered = [one for one in groups if one.state in _ANSWERED]
    on_time = None
    if callout.target is not None and callout.last_opened is not None:
        on_time = callout.last_opened <= callout.target
    return CallOutLine(callout, counted, until_share(_delays(answered), counted.asked, GOAL), on_time)


def _lines(
    groups: Iterable[SeasonGroup], key: Callable[[SeasonGroup], str], names: Mapping[str, str]
) -> tuple[SeasonLine, ...]:
    """By key: in the order in which names are given, what has none by its key, behind them."""
    found: dict[str, list[SeasonGroup]] = {}
    for one in groups:
        found.setdefault(key(one), []).append(one)
    places = {name: place for place, name in enumerate(names)}
    ordered = sorted(found, key=lambda one: (places.get(one, len(places)), one))
    return tuple(SeasonLine(one, names.get(one, one), share_of(found[one])) for one in ordered)


def _verdicts(reading: SeasonReading) -> Verdicts:
    said = [one.verdict for one in reading.callouts]
    return Verdicts(
        hits=said.count(Verdict.HIT),
        false=said.count(Verdict.FALSE),
        mistakes=said.count(Verdict.MISTAKE),
        open=said.count(None),
        false_calls=reading.false_calls,
    )


def _fatigue(reading: SeasonReading) -> Fatigue:
    called = dict(reading.called)
    calls = sum(often * people for often, people in called.items())
    return Fatigue(
        people=total(called),
        calls=calls,
        mean=mean(called),
        median=median(called),
        often=quantile(called, 0.9),
        most=max(called, default=0),
        night_share=share(reading.night_calls, calls),
    )
