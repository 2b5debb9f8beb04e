"""函件让路: letters of a campaign beside a real warning, with limits that are kept, and after every kind of death."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.renewal import LETTERS_FROM
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def world(make_refresh: Callable[..., Any]) -> Any:
    """The whole prefecture, an SMS route of ten a second, and a campaign that has just begun."""
    units = read_register(ROOT / "contacts").units
    world = make_refresh(units, sample_receivers(units, 1), sms_rate=600)
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    return world


def second(world: Any) -> tuple[int, int, int]:
    """A second passes: the engine turns, then letters go. Messages of the warning, letters, messages of it left waiting."""
    world.clock.advance_to(world.clock.now() + 1_000)
    now = world.clock.now()
    turned = world.engine.turn(now)
    calls = [one for one in turned.batch if one.channel is Channel.SMS]
    with world.storage.writing() as tx:
        waiting = tx.letters._sql.value("SELECT count(*) FROM attempt WHERE state = 1 AND channel = 2")
    letters = world.engine.once(now, world.letters.claim).result
    for batch in (turned.batch, letters):
        world.handed_at += [(now, one) for one in batch]
    world.engine.once(now, lambda ledger: world.letters.take_receipts(ledger, world.carrier.accept(letters, now)))
    receipts = world.carrier.accept(turned.batch, now)
    world.engine.turn(now, Inbox(receipts=list(receipts)))
    return len(calls), sum(one.channel is Channel.SMS for one in letters), waiting


def test_letters_leave_half_of_every_second_to_whatever_may_come(world: Any) -> None:
    """Ten a second can go: five letters do, so that a warning finds a free way at once."""
    went = [second(world)[1] for _ in range(30)]
    assert max(went) <= 5
    assert sum(went) >= 100


def test_a_real_warning_goes_first(world: Any) -> None:
    """While a message of the warning waits no letter goes by SMS; when they have gone letters go on, all of them, once."""
    for _ in range(5):
        second(world)
    raw = (ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes()
    world.engine.take_in(world.clock.now(), restamp(raw, world.clock.now()), "test")
    seconds = [second(world) for _ in range(90)]
    assert sum(calls for calls, _, _ in seconds) > 50
    assert all(calls + letters <= 11 for calls, letters, _ in seconds)  # ten a second, and what was saved up
    behind = [letters for _, letters, waiting in seconds if waiting]
    assert behind
    assert not any(behind)
    sent = Counter(one.attempt_id for _, one in world.handed_at if one.attempt_id >= LETTERS_FROM)
    assert max(sent.values()) == 1
    assert all(one.purpose is Purpose.CAMPAIGN for _, one in world.handed_at if one.attempt_id in sent)


def test_no_letter_at_night_and_none_lost(make_refresh: Callable[..., Any]) -> None:
    """Opened in the evening: the letters wait for the morning, and go then."""
    units = read_register(ROOT / "contacts").units[:60]
    world = make_refresh(units, sample_receivers(units, 1))
    world.until_day("2027-04-06", "20:00")
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    assert world.post() == 0
    world.until_day("2027-04-07", "09:00")
    assert world.handed_at
    assert all(beijing_text(at, "%m-%d %H:%M") >= "04-07 08:30" for at, _ in world.handed_at)


def test_what_died_between_carrier_and_commit_goes_again_and_is_marked(make_refresh: Callable[..., Any]) -> None:
    """Claimed, handed to the carrier, and the process is gone: after the lease it is repeated as a possible duplicate."""
    units = read_register(ROOT / "contacts").units[:60]
    world = make_refresh(units, sample_receivers(units, 1))
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    lost = world.engine.once(world.clock.now(), world.letters.claim).result
    assert lost
    assert world.engine.once(world.clock.now(), world.letters.claim).result == ()
    world.clock.advance_to(world.clock.now() + 120_000)
    again = world.engine.once(world.clock.now(), world.make_letters().claim).result
    assert {one.attempt_id for one in again} == {one.attempt_id for one in lost}
    assert all(one.possible_duplicate for one in again)
    assert {one.link for one in again} == {one.link for one in lost}


def test_a_provider_that_is_down_is_tried_again_and_nothing_is_lost(make_refresh: Callable[..., Any]) -> None:
    """Refused for the route's sake: later again, ever more patiently, and in the end each letter once."""
    units = read_register(ROOT / "contacts").units[:60]
    world = make_refresh(units, sample_receivers(units, 1))
    world.carrier.network.set_outage(Channel.SMS, "provider_down")
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    world.until_day("2027-04-06", "10:00")
    with world.storage.writing() as tx:
        assert tx.letters._sql.value("SELECT count(*) FROM letter WHERE channel = 2 AND handed_at IS NOT NULL") == 0
    world.carrier.network.set_outage(Channel.SMS, None)
    world.until_day("2027-04-06", "12:00")
    with world.storage.writing() as tx:
        assert tx.letters._sql.value("SELECT count(*) FROM letter WHERE handed_at IS NULL") == 0


def test_a_sample_number_never_goes_to_a_real_route(make_refresh: Callable[..., Any]) -> None:
    """The address is left empty: whoever delivers has nothing to dial."""
    units = read_register(ROOT / "contacts").units[:60]
    world = make_refresh(units, sample_receivers(units, 1), simulated=False)
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    batch = world.engine.once(world.clock.now(), world.letters.claim).result
    assert batch
    assert {one.address for one in batch} == {""}


def test_no_letter_goes_by_a_route_that_fills_templates_of_warnings(make_refresh: Callable[..., Any]) -> None:
    """It would read “a warning of nothing for nobody”. Mail goes; the messages wait for a route that sends texts."""
    units = read_register(ROOT / "contacts").units[:60]
    world = make_refresh(units, sample_receivers(units, 1), value_routes=frozenset({"sms"}))
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    world.post()
    assert not [one for one in world.carrier.handed if one.channel is Channel.SMS]
    world.value_routes = frozenset()
    world.letters = world.make_letters()
    world.post()
    assert [one for one in world.carrier.handed if one.channel is Channel.SMS]
