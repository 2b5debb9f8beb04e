"""What a route can take: lines, rate, breaker."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.routes import TOKEN, capacity, next_token_at, refill
from warning_dispatch.escalation.breaker import Breaker, Phase
from warning_dispatch.model.unit import Channel

SMS = RouteRecord("sms", Channel.SMS, None, 600)
PHONES = RouteRecord("phones", Channel.VOICE, 10, None)


@given(
    rate=st.integers(1, 60_000),
    moments=st.lists(st.integers(0, 120_000), min_size=1, max_size=60).map(sorted),
    batch=st.integers(1, 500),
)
def test_the_rate_is_never_exceeded(rate: int, moments: list[int], batch: int) -> None:
    """In any stretch of time at most what the rate gives, and one second's worth saved up."""
    route = replace(SMS, rate=rate, tokens=0, tokens_at=0)
    sent = 0
    for now in moments:
        route = refill(route, now)
        taken = capacity(route, now, batch)
        route = replace(route, tokens=route.tokens - taken * TOKEN)
        sent += taken
    assert sent * 60_000 <= moments[-1] * rate


@given(rate=st.integers(1, 60_000), tokens=st.integers(0, TOKEN - 1), now=st.integers(1, 10**9))
def test_the_next_message_comes_when_it_was_said(rate: int, tokens: int, now: int) -> None:
    """The moment named is the first at which one may go: nobody wakes too early, nothing waits too long."""
    route = replace(SMS, rate=rate, tokens=tokens, tokens_at=now)
    moment = next_token_at(route, now)
    assert moment is not None
    assert capacity(refill(route, moment), moment, 10) >= 1


@given(used=st.integers(0, 20), batch=st.integers(1, 500))
def test_lines_in_use_are_never_exceeded(used: int, batch: int) -> None:
    """Ten lines are ten calls, also when a setting was lowered under way."""
    assert capacity(replace(PHONES, lines_used=used), 0, batch) == max(0, min(batch, 10 - used))


def test_a_route_out_of_service_takes_nothing_until_its_time_and_then_one() -> None:
    """The breaker opens for a while; then exactly one attempt goes, whatever there is room for."""
    down = replace(PHONES, breaker=Breaker(Phase.OPEN, until=1_000))
    assert capacity(down, 999, 500) == 0
    assert capacity(down, 1_000, 500) == 1
    assert capacity(replace(down, lines_used=10), 1_000, 500) == 0


def test_a_clock_set_back_saves_nothing_up() -> None:
    """After a step of the clock no burst goes out."""
    route = refill(replace(SMS, tokens=0, tokens_at=60_000), 30_000)
    assert (route.tokens, route.tokens_at) == (0, 30_000)
