"""Promise 7 by the providers' own record: several routes, limits of every kind, outages; nothing is ever exceeded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.escalation.budgets import DAY, HOUR, Budget, Night, Window
from warning_dispatch.escalation.route_rules import Hours, RouteRule
from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierRecord
from warning_dispatch.simulation.faults import Faults, Outage
from warning_dispatch.simulation.population import Population

RED_CITY = "12379-red-rain-city.xml"
START = 1_784_727_180_000
MINUTE = 60_000
OUTCOMES = ["provider_down", "balance_exhausted", "temporarily_refused", "number_limited", "over_concurrency"]


@dataclass(frozen=True)
class Market:
    """The providers of a night."""

    routes: tuple[RouteRecord, ...]
    budgets: Mapping[str, Budget]
    rules: Mapping[str, RouteRule]
    outages: tuple[Outage, ...]
    night: Night | None
    restarts: tuple[int, ...]

    @property
    def limits(self) -> CallLimits:
        """As the engine takes them."""
        texts = frozenset(one.name for one in self.routes if one.channel is Channel.SMS and one.name in self.budgets)
        return CallLimits(self.budgets, self.night, texts)


budget = st.builds(
    lambda minute, hour, day: Budget(
        tuple(Window(span, count) for span, count in ((MINUTE, minute), (HOUR, hour), (DAY, day)) if count)
    ),
    st.integers(0, 2),
    st.integers(0, 5),
    st.integers(0, 9),
)
hours = st.builds(
    lambda start, length: Hours(
        (START + 8 * HOUR + start * MINUTE) % DAY, (START + 8 * HOUR + (start + length) * MINUTE) % DAY
    ),
    st.integers(-5, 20),
    st.integers(5, 40),
)


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """One to three providers of calls, one or two of messages."""
    voice = [
        RouteRecord(f"voice-{number}", Channel.VOICE, draw(st.sampled_from([1, 2, 5, 20, None])))
        for number in range(draw(st.integers(1, 3)))
    ]
    texts = [
        RouteRecord(f"sms-{number}", Channel.SMS, None, draw(st.sampled_from([None, 6, 30, 600])))
        for number in range(draw(st.integers(1, 2)))
    ]
    routes = (*voice, *texts)
    budgets = {one.name: draw(budget) for one in routes if draw(st.booleans())}
    rules = {
        one.name: RouteRule(order=draw(st.integers(0, 2)), hours=draw(st.one_of(st.none(), st.none(), hours)))
        for one in routes
    }
    outages = []
    for _ in range(draw(st.integers(0, 4))):
        route = draw(st.sampled_from(routes))
        begin = START + draw(st.integers(0, 30)) * MINUTE
        end = begin + draw(st.integers(1, 15)) * MINUTE
        outages.append(Outage(route.channel, begin, end, draw(st.sampled_from(OUTCOMES)), route.name))
    night = draw(st.sampled_from([None, Night(3), Night(12)]))
    restarts = draw(st.lists(st.integers(1, 39), max_size=2, unique=True))
    return Market(routes, budgets, rules, tuple(outages), night, tuple(sorted(restarts)))


def faults_of(market: Market, records: Sequence[CarrierRecord]) -> Iterator[str]:
    """Every limit that was exceeded, in words."""
    by_route: defaultdict[str, list[CarrierRecord]] = defaultdict(list)
    for record in records:
        by_route[record.route].append(record)
    for route in market.routes:
        own = by_route[route.name]
        yield from _lines(route, own)
        yield from _rate(route, own)
        yield from _windows(route.name, own, market.budgets.get(route.name))
        window = market.rules[route.name].hours
        for record in own:
            if window and _asked(record) and not window.hold(record.at):
                yield f"{route.name} was asked at {record.at}, outside its hours"
    night = market.night
    if night is not None:
        calls = [one for one in records if one.channel is Channel.VOICE and night.around(one.at)]
        yield from _windows("a night's calls", calls, Budget((Window(DAY, night.calls),)))


def _asked(record: CarrierRecord) -> bool:
    return record.what == carrier_log.HANDED or record.what.startswith(carrier_log.REFUSED)


def _lines(route: RouteRecord, records: Sequence[CarrierRecord]) -> Iterator[str]:
    talking: set[int] = set()
    for record in records:
        if record.what == carrier_log.HANDED:
            talking.add(record.attempt_id)
        elif record.what == carrier_log.HUNG_UP or record.what.startswith(carrier_log.ENDED):
            talking.discard(record.attempt_id)
        if route.lines is not None and len(talking) > route.lines:
            yield f"{route.name} has {route.lines} lines, {len(talking)} calls at {record.at}"


def _rate(route: RouteRecord, records: Sequence[CarrierRecord]) -> Iterator[str]:
    if route.rate is None:
        return
    moments = [record.at for record in records if _asked(record)]
    saved = max(1, route.rate // 60)
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            most = saved + (moments[last] - begin) * route.rate // MINUTE
            if last - first + 1 > most:
                yield f"{route.name}: {last - first + 1} messages from {begin} to {moments[last]}, {most} are allowed"
                return


def _windows(name: str, records: Sequence[CarrierRecord], limit: Budget | None) -> Iterator[str]:
    by_phone: defaultdict[str, list[int]] = defaultdict(list)
    for record in records:
        if _asked(record):
            by_phone[record.address].append(record.at)
    for window in limit.windows if limit else ():
        for phone, moments in by_phone.items():
            for at in moments:
                count = sum(at <= one < at + window.span for one in moments)
                if count > window.calls:
                    yield f"{name}: {phone} {count} times in {window.span} ms, {window.calls} are allowed"
                    break


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(market=markets(), seed=st.integers(0, 99))
def test_no_provider_sees_more_than_it_was_promised(town: Callable[..., Any], market: Market, seed: int) -> None:
    """Lines, rate, hours, windows per number and the night, over forty minutes with outages and restarts in between."""
    place = town(
        counties=1,
        townships=1,
        villages=6,
        lines=None,
        seed=seed,
        population=Population(),
        routes=market.routes,
        rules=market.rules,
        limits=market.limits,
        faults=Faults(outages=market.outages),
    )
    place.warning(RED_CITY)
    for minute in (*market.restarts, 40):
        place.play(seconds=minute * 60 - place.elapsed)
        place.restart()
    assert list(faults_of(market, place.log.records())) == []
    assert place.network.clashes == 0
    assert place.network.handed_twice == []
