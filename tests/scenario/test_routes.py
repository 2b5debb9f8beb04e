"""Several providers: which one carries what, what happens when one fails, and that no phone rings twice for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.reports import UNSURE_FOR
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.escalation.breaker import FIRST_BACK_OFF
from warning_dispatch.escalation.budgets import DAY, HOUR, Budget, Night, Window, per_number
from warning_dispatch.escalation.operators import Operator
from warning_dispatch.escalation.route_rules import Hours, RouteRule
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Dispatch, Receipt, Report
from warning_dispatch.simulation.faults import Faults, Outage

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"
A, B = Role.PRIMARY, Role.DEPUTY
OPENED = 300
START = 1_784_727_180_000
MINUTE = 60_000


def phones(*names: str, lines: int = 50) -> list[RouteRecord]:
    """Voice routes."""
    return [RouteRecord(name, Channel.VOICE, lines) for name in names]


def ordered(*names: str, **rules: RouteRule) -> dict[str, RouteRule]:
    """Rules of routes in this order."""
    return {name: rules.get(name, RouteRule(order=at)) for at, name in enumerate(names)}


def by_route(place: Any, channel: Channel = Channel.VOICE) -> Counter[str]:
    """How much was handed to each provider."""
    return Counter(one.route for one in place.network.handed if one.channel is channel)


def system(place: Any, kind: str) -> list[dict[str, object]]:
    """What the system's journal says of routes."""
    return [one for one in place.journal_entries("system") if one["k"] == kind]


# --- order and conditions ---------------------------------------------------------------------------------


def test_the_first_route_carries_what_it_has_lines_for(town: Callable[..., Any]) -> None:
    """The next one takes the rest: lines are scarce, and nobody waits for the preferred provider."""
    routes = [RouteRecord("first", Channel.VOICE, 10), RouteRecord("second", Channel.VOICE, 10)]
    place = town(counties=1, townships=1, villages=14, routes=routes, rules=ordered("first", "second"))
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 5)
    assert by_route(place)["second"] == 0
    place.play(seconds=20)
    assert by_route(place)["second"] > 0


def test_routes_of_the_same_order_share(town: Callable[..., Any]) -> None:
    """Two providers of one rank are loaded alike."""
    place = town(counties=1, townships=1, villages=14, routes=phones("one", "two"))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 20)
    assert min(by_route(place)["one"], by_route(place)["two"]) * 2.5 >= sum(by_route(place).values())


def test_an_inner_warning_never_goes_by_a_public_cloud(town: Callable[..., Any]) -> None:
    """Calls and messages of it take the bureau's own routes, whatever comes first for everybody else."""
    routes = [*phones("cloud", "own"), RouteRecord("sms-cloud", Channel.SMS), RouteRecord("sms-own", Channel.SMS)]
    rules = ordered("cloud", "own", cloud=RouteRule(public_cloud=True))
    rules |= ordered("sms-cloud", "sms-own", **{"sms-cloud": RouteRule(public_cloud=True)})
    place = town(counties=1, townships=1, villages=2, routes=routes, rules=rules)
    place.take_in(place.message(RED_CITY, secClassification="Inner"))
    place.play(seconds=OPENED + 20)
    assert set(by_route(place)) == {"own"}
    assert set(by_route(place, Channel.SMS)) == {"sms-own"}
    assert "no_route" not in place.alarms()
    open_to_all = town(counties=1, townships=1, villages=2, routes=routes, rules=rules)
    open_to_all.warning(RED_CITY)
    open_to_all.play(seconds=OPENED + 20)
    assert set(by_route(open_to_all)) == {"cloud"}


def test_what_no_route_may_carry_is_told_to_a_human(town: Callable[..., Any]) -> None:
    """Promise 9: an Inner warning, and voice goes by a cloud alone. Nobody is rung by it, nobody is forgotten."""
    rules = {"cloud": RouteRule(public_cloud=True)}
    place = town(counties=1, townships=1, villages=2, routes=phones("cloud"), rules=rules)
    place.take_in(place.message(RED_CITY, secClassification="Inner"))
    place.play(seconds=OPENED + 700)
    assert by_route(place) == {}
    assert "no_route" in place.alarms()
    assert place.dispatches(VILLAGE, A, Channel.SMS)
    assert place.state(VILLAGE) is CalleeState.UNCALLED


def test_a_number_no_route_reaches_gives_way_to_another_of_the_unit(town: Callable[..., Any]) -> None:
    """The provider rings no such number: the deputy's is dialled, and the unit's other phone."""
    place = town(counties=1, townships=1, villages=1, routes=phones("own"), second_phone=[(VILLAGE, A)])
    prefix = place.numbers[VILLAGE, A]
    others = tuple(number for number in place.numbers.values() if number != prefix)
    place = town(
        counties=1,
        townships=1,
        villages=1,
        routes=phones("own"),
        second_phone=[(VILLAGE, A)],
        rules={"own": RouteRule(countries=others)},
    )
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    assert place.dispatches(VILLAGE, A) == []
    assert len(place.dispatches(f"{VILLAGE}/2", A)) == 1


def test_another_network_is_a_hint(town: Callable[..., Any]) -> None:
    """A route for numbers of another network comes last, and is used all the same when it is the only one."""
    stranger = RouteRule(order=0, operators=frozenset({Operator.BROADCAST}))
    place = town(
        counties=1, townships=1, villages=2, routes=phones("far", "near"), rules={"far": stranger, "near": RouteRule(1)}
    )
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    assert set(by_route(place)) == {"near"}
    alone = town(counties=1, townships=1, villages=2, routes=phones("far"), rules={"far": stranger})
    alone.warning(RED_CITY)
    alone.play(seconds=OPENED + 10)
    assert set(by_route(alone)) == {"far"}


def test_outside_its_hours_a_route_is_passed_over_or_waited_for(town: Callable[..., Any]) -> None:
    """21:33 in Beijing: the one that closes at nine is passed over; were it the only one, its calls wait for the morning."""
    day = RouteRule(order=0, hours=Hours(8 * HOUR, 21 * HOUR))
    both = town(
        counties=1, townships=1, villages=1, routes=phones("day", "night"), rules={"day": day, "night": RouteRule(1)}
    )
    both.warning(RED_CITY)
    both.play(seconds=OPENED + 10)
    assert set(by_route(both)) == {"night"}
    alone = town(
        counties=1,
        townships=1,
        villages=1,
        routes=phones("day"),
        rules={"day": day},
        limits=CallLimits({"day": per_number()}),
    )
    alone.warning(RED_CITY)
    alone.play(seconds=OPENED + 10)
    assert by_route(alone) == {}
    held = [one for one in alone.journal_entries() if one["k"] == "attempt.held"]
    assert {one["why"] for one in held} == {"out_of_hours"}
    morning = (8 * HOUR - (START + 8 * HOUR) % DAY) % DAY
    assert {one["until"] for one in held} == {START + morning}


def test_messages_wait_for_their_hours_too(town: Callable[..., Any]) -> None:
    """A provider that takes nothing at night: the SMS keeps its place, and goes when it opens."""
    opens = START + 10 * MINUTE
    rule = RouteRule(hours=Hours((opens + 8 * HOUR) % DAY, 21 * HOUR))
    place = town(counties=1, townships=1, villages=1, routes=[RouteRecord("sms", Channel.SMS)], rules={"sms": rule})
    place.warning(RED_CITY)
    place.play(seconds=599)
    assert by_route(place, Channel.SMS) == {}
    place.play(seconds=5)
    assert place.dispatches(VILLAGE, A, Channel.SMS)


# --- failover and breaker ---------------------------------------------------------------------------------


def outage(route: str, outcome: str, start: int = 0, end: int = 10**9, channel: Channel = Channel.VOICE) -> Outage:
    """A provider that refuses everything, in seconds after the start."""
    return Outage(channel, START + start * 1_000, START + end * 1_000, outcome, route)


@pytest.mark.parametrize("outcome", ["number_limited", "temporarily_refused", "provider_down", "credentials_refused"])
@pytest.mark.parametrize("count", [2, 3])
def test_a_refused_call_goes_by_the_next_provider_at_once(town: Callable[..., Any], outcome: str, count: int) -> None:
    """All but the last refuse: each is asked once for a call, in order, and the phone rings within seconds."""
    names = [f"p{number}" for number in range(count)]
    faults = Faults(outages=tuple(outage(name, outcome) for name in names[:-1]))
    place = town(counties=1, townships=1, villages=1, routes=phones(*names), rules=ordered(*names), faults=faults)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    asked = [one.route for one in place.dispatches(VILLAGE, A)]
    assert asked[-1] == names[-1]
    assert len(set(asked)) == len(asked)
    assert asked == sorted(asked)
    assert len(place.rang(VILLAGE, A)) == 1
    downs = {entry["route"] for entry in system(place, "route.opened")}
    decisive = outcome in ("provider_down", "credentials_refused")
    assert downs >= set(names[:-1]) if decisive else place.alarms().count("route_down") <= count - 1


@pytest.mark.parametrize("outcome", ["temporarily_refused", "provider_down"])
def test_a_refused_message_goes_by_the_next_provider_at_once(town: Callable[..., Any], outcome: str) -> None:
    """A plain refusal leaves no doubt, so nothing is waited for; with three providers the third gets it."""
    names = ["sms-a", "sms-b", "sms-c"]
    faults = Faults(outages=tuple(outage(name, outcome, channel=Channel.SMS) for name in names[:2]))
    routes = [RouteRecord(name, Channel.SMS) for name in names]
    place = town(counties=1, townships=1, villages=1, routes=routes, rules=ordered(*names), faults=faults)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 5)
    sent = [one.route for one in place.dispatches(VILLAGE, A, Channel.SMS)]
    assert sent[-1] == "sms-c"
    assert len(set(sent)) == len(sent)
    assert not any(one.possible_duplicate for one in place.dispatches(VILLAGE, A, Channel.SMS))


def test_who_opted_out_of_one_route_is_written_to_by_the_other(town: Callable[..., Any]) -> None:
    """Receiving is a duty: STOP closes the route it was sent to, and no other; with one route it is not tried again."""
    for names, taken in ((["sms-a", "sms-b"], ["sms-a", "sms-b"]), (["sms-a"], ["sms-a"])):
        faults = Faults(outages=(outage("sms-a", "opted_out", channel=Channel.SMS),))
        routes = [RouteRecord(name, Channel.SMS) for name in names]
        place = town(counties=1, townships=1, villages=1, routes=routes, rules=ordered(*names), faults=faults)
        place.warning(RED_CITY)
        place.play(seconds=OPENED + 30)
        assert [one.route for one in place.dispatches(VILLAGE, A, Channel.SMS)] == taken
        assert place.rings(VILLAGE, A)


def test_a_provider_that_is_down_is_tried_by_one_call_at_a_time(town: Callable[..., Any]) -> None:
    """An alarm once, however often the trial fails; meanwhile the other one carries; then told that it is back."""
    faults = Faults(outages=(outage("first", "provider_down", 0, 900),))
    place = town(
        counties=2,
        townships=2,
        villages=20,
        routes=phones("first", "second"),
        rules=ordered("first", "second"),
        faults=faults,
    )
    place.warning(RED_CITY)
    place.play(seconds=1_600)
    trials = system(place, "route.trial")
    refused = [one for one in place.log.records() if one.what == "refused provider_down"]
    opened = system(place, "route.opened")
    assert place.alarms().count("route_down") == len(opened) == 1
    assert place.alarms().count("route_back") == 1
    before = [one for one in refused if one.at < opened[0]["until"] - FIRST_BACK_OFF + 1_000]
    assert len(refused) - len(before) == len(system(place, "route.reopened")) == len(trials) - 1
    waits = [one["until"] for one in system(place, "route.reopened")]
    assert all(later - earlier >= 2 * FIRST_BACK_OFF for earlier, later in pairwise(waits))
    assert by_route(place)["first"] > len(refused)


def test_a_trial_survives_a_restart(town: Callable[..., Any]) -> None:
    """Promise 12: the state is in the row. A new process does not ask a dead provider all at once."""
    place = town(counties=1, townships=1, villages=20, routes=phones("only"))
    place.network.set_outage(Channel.VOICE, "provider_down")
    place.warning(RED_CITY)
    place.play(seconds=OPENED)
    asked = len(place.network.handed)
    place.restart()
    place.play(seconds=50)
    calls = [one for one in place.network.handed[asked:] if one.channel is Channel.VOICE]
    assert len(calls) <= 1


# --- unsure hand-overs ------------------------------------------------------------------------------------


def turned(place: Any, seconds: float, inbox: Inbox | None = None) -> Sequence[Dispatch]:
    """What goes on the wire so many seconds later, once this has come."""
    place.clock.advance_to(place.clock.now() + int(seconds * 1_000))
    batch: Sequence[Dispatch] = place.engine.turn(place.clock.now(), inbox or Inbox()).batch
    return batch


def unsure_village(town: Callable[..., Any], **more: Any) -> tuple[Any, Dispatch, list[Dispatch]]:
    """Two providers; the village's first call was handed to the first, which broke before it said anything."""
    place = town(
        counties=1, townships=1, villages=2, routes=phones("first", "second"), rules=ordered("first", "second"), **more
    )
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 1)
    rung = [one for _ in range(3) for one in turned(place, 1)]
    call = next(one for one in rung if one.address == place.numbers[VILLAGE, A] and one.channel is Channel.VOICE)
    taken = [Receipt(one.attempt_id, accepted=True) for one in rung if one is not call]
    broken = Receipt(call.attempt_id, accepted=False, outcome="provider_down", unsure=True)
    return place, call, list(turned(place, 1, Inbox(receipts=[*taken, broken])))


def to(place: Any, batch: Sequence[Dispatch]) -> list[str]:
    """By which routes the village's A is rung."""
    return [one.route for one in batch if one.address == place.numbers[VILLAGE, A] and one.channel is Channel.VOICE]


def test_a_call_that_may_ring_is_not_rung_by_another_provider(town: Callable[..., Any]) -> None:
    """One phone, one call: until it would have rung out nobody else dials the number, then the other provider does."""
    place, _, at_once = unsure_village(town)
    rung = to(place, at_once)
    for _ in range(UNSURE_FOR // 5_000 - 1):
        rung += to(place, turned(place, 5))
    assert rung == []
    later = [route for _ in range(6) for route in to(place, turned(place, 5))]
    assert later == ["second"]
    assert place.alarms().count("route_down") == 1


def test_nor_for_another_unit_behind_the_same_phone(town: Callable[..., Any]) -> None:
    """The number is engaged, whoever wants it: the neighbour's call waits as well."""
    neighbour = "141121100201"
    place, _, at_once = unsure_village(town, same_phone={(neighbour, B): (VILLAGE, A)})
    rung = to(place, at_once)
    for _ in range(UNSURE_FOR // 5_000 - 1):
        rung += to(place, turned(place, 5))
    assert rung == []


def test_a_key_pressed_in_it_counts(town: Callable[..., Any]) -> None:
    """The provider had taken it after all, and tells what became of it: the person has answered, nobody calls again."""
    place, call, _ = unsure_village(town)
    report = Report(call.attempt_id, "key_pressed", place.clock.now())
    turned(place, 20, Inbox(reports=[report]))
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert (Means.KEY, True) in place.answers(VILLAGE)
    rung = [route for _ in range(30) for route in to(place, turned(place, 5))]
    assert rung == []


# --- budgets of messages ----------------------------------------------------------------------------------


def test_a_number_gets_as_many_messages_as_its_provider_allows(town: Callable[..., Any]) -> None:
    """The first route is passed over when it is used up; with no other left the message waits for its window."""
    names = ["sms-a", "sms-b"]
    limits = CallLimits(dict.fromkeys(names, Budget((Window(HOUR, 1),))), Night(12), frozenset(names))
    routes = [RouteRecord(name, Channel.SMS) for name in names]
    place = town(counties=1, townships=1, villages=1, routes=routes, rules=ordered(*names), limits=limits)
    place.warning(RED_CITY)
    place.play(seconds=3 * 3_600)
    sent = [one for one in place.log.records() if one.channel is Channel.SMS and one.what == "handed"]
    for address in {one.address for one in sent}:
        moments = [one.at for one in sent if one.address == address]
        assert all(sum(at <= one < at + HOUR for one in moments) <= 2 for at in moments)
    assert (
        max(Counter((one.route, one.address) for one in place.network.handed if one.channel is Channel.SMS).values())
        <= 3
    )
    assert set(by_route(place, Channel.SMS)) == set(names)
    held = [one for one in place.journal_entries() if one["k"] == "attempt.held"]
    assert {one["why"] for one in held} == {"over_budget"}


def test_without_such_limits_messages_write_nothing_down(town: Callable[..., Any]) -> None:
    """What is not configured costs nothing: no row, no look."""
    place = town(counties=1, townships=1, villages=2, limits=CallLimits({"phones": per_number()}))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 60)
    assert by_route(place, Channel.SMS)["sms"] > 0
    assert {row[0] for row in place.query("SELECT DISTINCT route FROM number_call")} == {"phones"}
