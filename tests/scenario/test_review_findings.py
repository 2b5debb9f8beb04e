"""What a review of the whole engine brought to light, each as the smallest night in which it happens again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import Configuration
from warning_dispatch.daemon import ChannelWire
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.escalation.callee import step
from warning_dispatch.escalation.ladder import Position
from warning_dispatch.escalation.moves import CalleeEvent, Dialled, Due, Ended, NotDialled
from warning_dispatch.escalation.state import Callee, Rules
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, Purpose, Voice
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.simulation.faults import Faults, Outage

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"
FOREVER = 10**15


def _one_village(town: Callable[..., Any], **more: object) -> Any:
    return town(counties=1, townships=1, villages=1, leaders=1, **more)


class Quiet:
    """An engine, a wire and a watch of which a test needs only that they are there."""

    def __init__(self) -> None:
        self.broken_by: list[Exception] = []
        self.taken: list[Inbox] = []
        self.turns = 0

    def turn(self, _now: int, _inbox: Inbox | None = None) -> Turned:
        """Nothing is due."""
        self.turns += 1
        return Turned((), (), None, 0, 0, 0, 0)

    def answer(self, _now: int, inbox: Inbox) -> Done[int]:
        """Note what was taken in."""
        self.taken.append(inbox)
        return Done(len(inbox.taps))

    def send(self, batch: Sequence[Dispatch]) -> None:
        """Nothing goes out here."""

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Nothing rings here."""

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """Not looked at."""

    def beat(self) -> None:
        """Not looked at."""

    def failed(self, error: Exception) -> None:
        """Not looked at."""

    def broke(self, error: Exception) -> None:
        """Note it."""
        self.broken_by.append(error)


class SlowCarrier:
    """A channel that answers when the test lets it."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.handed: list[int] = []
        self.hung_up: list[int] = []

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Take everything, and say so late."""
        self.handed.extend(one.attempt_id for one in batch)
        await self.go.wait()
        return [Receipt(one.attempt_id, accepted=True) for one in batch]

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Note it."""
        self.hung_up.extend(attempt_ids)

    async def close(self) -> None:
        """Nothing to let go of."""


def _dispatch(attempt_id: int) -> Dispatch:
    return Dispatch(attempt_id, 1, Channel.VOICE, Purpose.CALL, "phones", "+8626010000001", "zh_CN", "")


def test_whoever_closes_the_page_does_not_stop_the_engine() -> None:
    """Promise 1: a browser that goes away while its tap waits ends neither the engine nor the answers beside it."""
    quiet = Quiet()
    writer = Writer(quiet, VirtualClock(0), quiet, quiet, 1_000)  # type: ignore[arg-type]
    gone, stays = writer.confirm("a" * 16), writer.confirm("b" * 16)
    gone.cancel()
    writer.start()
    assert stays.result(timeout=5) == 2
    writer.stop()
    assert quiet.broken_by == []


def test_a_daemon_that_winds_up_claims_nothing_more() -> None:
    """Promise 4: while the wire drains its words are taken in, but no turn claims what could not go any more."""
    quiet = Quiet()
    writer = Writer(quiet, VirtualClock(0), quiet, quiet, 1_000)  # type: ignore[arg-type]
    writer.hold()
    writer.start()
    writer.receive(receipts=[Receipt(7, accepted=True)])
    writer.stop()
    assert quiet.turns == 0
    assert [one.attempt_id for inbox in quiet.taken for one in inbox.receipts] == [7]


def test_a_message_that_breaks_the_engine_is_kept_all_the_same(town: Callable[..., Any]) -> None:
    """Promise 10: the sender is told to send again, and the bytes are there with a reason and an alarm."""
    place = town()
    place.texts = Broken()
    place.engine = place.stage.engine = place.build_engine()
    with pytest.raises(KeyError):
        place.warning(RED_CITY)
    assert place.query("SELECT disposition, reasons FROM raw_message") == [("quarantined", '["fault_KeyError"]')]
    assert place.query("SELECT count(*) FROM callout") == [(0,)]
    assert place.alarms() == ["quarantined"]


class Broken:
    """Texts that cannot be rendered."""

    def freeze(self, _facts: object) -> object:
        """Fail as a template does."""
        raise KeyError("village")


def test_an_update_of_a_lifted_warning_is_put_before_a_human(town: Callable[..., Any]) -> None:
    """Promise 9: red that refers to a cancelled warning calls nobody by itself, but is not passed over in silence."""
    place = town()
    first = place.message(RED_CITY)
    identifier = first.decode().split("<identifier>")[1].split("<")[0]
    place.take_in(first)
    place.play(seconds=60)
    place.take_in(place.message(RED_CITY, msgType="Cancel", references=identifier, identifier=f"{identifier}C"))
    place.play(seconds=60)
    before = place.alarms()
    late = place.message(RED_CITY, msgType="Update", references=identifier, identifier=f"{identifier}U")
    assert "chain_has_ended" in place.take_in(late).reasons
    assert place.alarms() == [*before, "untriggered"]


def test_two_providers_that_limit_a_number_do_not_play_it_back_and_forth(town: Callable[..., Any]) -> None:
    """Promise 7: each provider is asked once; then the next rung, and not the next millisecond."""
    everywhere = Faults(outages=(Outage(Channel.VOICE, 0, FOREVER, "number_limited"),))
    place = _one_village(town, spare_route=True, faults=everywhere)
    place.warning(RED_CITY)
    calls = [one for _ in range(30) for one in place.stage.round().batch if one.channel is Channel.VOICE]
    assert sorted(one.route for one in calls) == ["phones", "spare"]


def test_a_phone_that_never_rang_was_not_called_in_vain(town: Callable[..., Any]) -> None:
    """未呼 and 未应答 are two facts: with no provider in service the village stands on the list as never called."""
    place = _one_village(town)
    place.network.set_outage(Channel.VOICE, "provider_down")
    place.warning(RED_CITY)
    place.play(seconds=1_000)
    assert place.state(VILLAGE) is CalleeState.UNCALLED


def test_a_reply_that_overtakes_the_receipt_counts(town: Callable[..., Any]) -> None:
    """Promise 1: the message is out, the carrier's word is not stored yet, and the person has answered."""
    place = _one_village(town)
    place.warning(RED_CITY)
    place.engine.turn(place.clock.now())
    assert place.reply("1411-L1", Role.PRIMARY, "收到") == 1
    assert place.state("1411-L1") is CalleeState.ACKNOWLEDGED


def test_a_reply_after_a_lost_claim_counts(town: Callable[..., Any]) -> None:
    """Promise 4: killed between carrier and commit, the message is to be repeated; the first one was read meanwhile."""
    place = _one_village(town)
    place.warning(RED_CITY)
    place.engine.turn(place.clock.now())
    place.restart()
    assert place.reply("1411-L1", Role.PRIMARY, "收到") == 1
    assert place.queued() == 0


def test_an_engaged_phone_at_the_head_of_the_queue_keeps_no_line_idle(town: Callable[..., Any]) -> None:
    """Scarce lines: two warnings want the same villages; while one rings for the first, the others are called."""
    place = town(counties=1, townships=1, villages=6, leaders=1, lines=3)
    place.warning(RED_CITY)
    county = (place.samples / "12379-county-red-rain.xml").read_text(encoding="utf-8").replace("141124", "141121")
    place.take_in(restamp(county.encode(), place.clock.now()))
    idle = []
    while place.elapsed < 1_200:
        place.play(seconds=5)
        turned = place.engine.turn(place.clock.now())
        place.stage._inbox.receipts.extend(place.network.accept(turned.batch, place.clock.now()))
        if _free_lines(place) and _callable_now(place):
            idle.append(place.elapsed)
    assert idle == []


def _free_lines(place: Any) -> int:
    with place.storage.writing() as tx:
        (phones,) = (one for one in tx.routes.load() if one.name == "phones")
    return int(phones.lines - phones.lines_used)


def _callable_now(place: Any) -> int:
    """Queued calls to units none of whose phones is in a call; who is held for its budget may not be called."""
    (row,) = place.query(
        """SELECT count(*) FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
        JOIN callee c ON c.id = ac.callee_id WHERE a.state = 1 AND a.channel = 1 AND a.due_at <= ? AND NOT EXISTS
        (SELECT 1 FROM endpoint e JOIN attempt b ON b.number_id = e.number_id AND b.state IN (2, 3) AND b.channel = 1
        WHERE e.unit_id = c.unit_id)""",
        place.clock.now(),
    )
    return int(row[0])


def test_a_retry_is_not_lost_to_another_one_that_came_first(configuration: Configuration) -> None:
    """A is engaged, B is off: A's retry comes first, and B's own, five minutes after, comes all the same."""
    tier = next(one for one in configuration.chains if one.name == "city").tier("villages")
    both = Role.PRIMARY | Role.DEPUTY  # of the reach mask the first three bits are the roles with a phone
    rules = Rules(tier.ladders[Colour.RED], tier.answering, 0, 1, both, voice_until=FOREVER)
    outcomes = configuration.outcomes
    callee = Callee(CalleeState.UNANSWERED, 0, 0, Position(1, 0), calls=2, voice=Voice.QUEUED, wanted=both)
    nights: list[tuple[int, CalleeEvent]] = [
        (0, Dialled(Role.PRIMARY, 1, "phones")),
        (5_000, Ended(outcomes["busy"], Role.PRIMARY, 1)),
        (5_000, Dialled(Role.DEPUTY, 2, "phones")),
        (10_000, Ended(outcomes["switched_off"], Role.DEPUTY, 2)),
        (65_000, Due()),
        (65_000, Dialled(Role.PRIMARY, 1, "phones")),
        (100_000, Ended(outcomes["no_answer"], Role.PRIMARY, 1)),
        (100_000, NotDialled()),
    ]
    for now, event in nights:
        callee = step(callee, event, now, rules).callee
    assert callee.next_at == 310_000
    again = step(callee, Due(), 310_000, rules).callee
    assert (again.voice, again.wanted) == (Voice.QUEUED, Role.DEPUTY)


async def test_a_slow_server_is_not_given_the_same_message_twice() -> None:
    """Promise 4: the lease lapsed while the server worked the batch off; the repeat waits for the first one's receipt."""
    carrier, told = SlowCarrier(), []
    wire = ChannelWire({"phones": carrier}, VirtualClock(0), asyncio.get_running_loop())
    wire.receive = told.extend
    wire.send([_dispatch(1)])
    await asyncio.sleep(0.01)
    wire.send([_dispatch(1)])
    await asyncio.sleep(0.01)
    carrier.go.set()
    await wire.drain()
    assert carrier.handed == [1]
    assert [one.accepted for one in told] == [True]


async def test_a_call_withdrawn_while_it_is_handed_over_is_hung_up() -> None:
    """Promise 3: the answer came when the carrier had the call but had not said so; it does not ring on."""
    carrier = SlowCarrier()
    wire = ChannelWire({"phones": carrier}, VirtualClock(0), asyncio.get_running_loop())
    wire.send([_dispatch(1)])
    await asyncio.sleep(0.01)
    wire.hang_up([1])
    await asyncio.sleep(0.01)
    carrier.hung_up.clear()  # it did not know the call yet
    carrier.go.set()
    await wire.drain()
    await asyncio.sleep(0.01)
    assert carrier.hung_up == [1]
