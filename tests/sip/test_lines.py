"""Lines of our own against telephones on loopback: every way a call can end, and what becomes of a line that dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from warning_dispatch.clock import SystemClock
from warning_dispatch.delivery.kinds import ChannelTools
from warning_dispatch.delivery.sip import line
from warning_dispatch.delivery.sip.channel import SipVoice
from warning_dispatch.delivery.sip.kind import KIND
from warning_dispatch.delivery.sip.sockets import is_own_on_loopback
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, OpenCall, Report

PATIENCE = 20.0
"""Real seconds that anything may take."""
pytestmark = pytest.mark.slow


class Bureau:
    """A SIP route, and what the engine hears of it."""

    def __init__(self, home: Path, trunk: str, phones: Any, speak: Sequence[str], lines: int, **options: Any) -> None:
        self.heard: list[Report] = []
        self.open: dict[str, Sequence[OpenCall]] = {}
        self.ports = phones.free_ports(8 * (lines + 2))
        raw = {
            "trunk": trunk, "caller_id": "03580000000", "speak": speak, "readings": 1, "listen_s": 1.0, "ring_s": 5,
            "rtp_from": 40_000, "rtp_until": 58_000, "sip_port": self.ports, "control_port": self.ports + 4 * (lines + 2), "local": "127.0.0.1", **options,
        }  # fmt: skip
        self.options = KIND.options.model_validate(raw)
        self.channel: SipVoice = KIND.build(
            self.options,
            ChannelTools(
                route="own", channel=Channel.VOICE, clock=SystemClock(), hear=self._hear, hook_url="",
                hook_secret=b"s" * 32, secret=lambda _name: "geheim" if self.options.user else "", open_calls=self._open_calls,
                log=structlog.get_logger("route"), lines=lines, state_dir=home,
            ),
        )  # fmt: skip

    def _hear(self, event: Event) -> None:
        assert isinstance(event, Report)
        self.heard.append(event)

    async def _open_calls(self, number: str) -> Sequence[OpenCall]:
        return self.open.get(number, ())

    @asynccontextmanager
    async def up(self) -> AsyncIterator[SipVoice]:
        """Its lines live."""
        work = asyncio.create_task(self.channel.run())
        try:
            wanted = len(self.channel.lines.outgoing) or self.channel._tools.lines
            await until(lambda: len(self.channel.lines.living) == wanted, "all lines live")
            yield self.channel
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self.channel.close()

    def outcomes(self) -> dict[int, list[str]]:
        """What was told of each attempt, in order."""
        told: dict[int, list[str]] = {}
        for one in self.heard:
            told.setdefault(one.attempt_id, []).append(one.outcome)
        return told


async def until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    while not true():
        if loop.time() > end:
            pytest.fail(f"not within {patience} s: {what}")
        await asyncio.sleep(0.02)


def call(attempt_id: int, address: str, **changes: Any) -> Dispatch:
    """One attempt."""
    fields = {
        "attempt_id": attempt_id, "callout_id": 1, "channel": Channel.VOICE, "purpose": Purpose.CALL, "route": "own",
        "address": address, "language": "zh_CN", "text": "暴雨红色预警，收到请按1。",
    }  # fmt: skip
    return Dispatch(**{**fields, **changes})


@pytest.fixture
def bureau(tmp_path: Path, village: Any, phones: Any, quick_voice: Any) -> Callable[..., Bureau]:
    """Builds a bureau on the village's trunk."""

    def build(lines: int = 1, **options: Any) -> Bureau:
        trunk = options.pop("trunk", f"127.0.0.1:{village.port}")
        return Bureau(tmp_path / "state", trunk, phones, quick_voice(), lines, **options)

    return build


async def test_every_way_a_call_can_end(bureau: Any, village: Any, phones: Any) -> None:
    """Ten phones that do ten things on ten lines: each is told once, as the table says; only the keys acknowledge."""
    house = bureau(lines=10)
    async with house.up() as channel:
        receipts = await channel.deliver([call(1 + kind, phones.number(kind, kind)) for kind in phones.OUTCOMES])
        assert all(one.accepted for one in receipts)
        await until(lambda: len(house.heard) == 10, "all ten are told")
        await until(lambda: all(one.call is None for one in channel.lines.lines), "all lines are free again")
    assert house.outcomes() == {1 + kind: [outcome] for kind, outcome in phones.OUTCOMES.items()}
    assert village.rung() == {phones.number(kind, kind): 1 for kind in phones.OUTCOMES}
    assert village.errors() == ""


async def test_what_rings_is_hung_up_and_who_listens_is_not(bureau: Any, village: Any, phones: Any) -> None:
    """An answer elsewhere ends the ringing at once; somebody who has picked up hears it to the end."""
    house = bureau(lines=2, readings=2)
    async with house.up() as channel:
        rings, listens = phones.number(phones.FOREVER, 1), phones.number(phones.SILENT, 2)
        await channel.deliver([call(1, rings), call(2, listens)])
        await asyncio.sleep(1)
        await channel.hang_up([1, 2, 3])
        await until(lambda: 1 in house.outcomes(), "what rang has ended")
        assert 2 not in house.outcomes()
        await until(lambda: 2 in house.outcomes(), "the other has heard it all")
    assert house.outcomes() == {1: ["hung_up_by_us"], 2: ["heard_no_key"]}
    assert [one.address for one in village.seen("given_up")] == [rings]


async def test_a_dead_line_comes_back_and_its_call_is_told(bureau: Any, phones: Any) -> None:
    """Kill -9 of a line in mid-call: the attempt is told as lost, once; the line lives again and takes the next call."""
    house = bureau()
    async with house.up() as channel:
        await channel.deliver([call(1, phones.number(phones.FOREVER, 1))])
        os.kill(_child_of(channel.lines.lines[0].pid), signal.SIGKILL)
        await until(lambda: house.outcomes() == {1: ["line_lost"]}, "the call is told as lost")
        await until(lambda: len(channel.lines.living) == 1, "the line lives again")
        await channel.deliver([call(2, phones.number(phones.KEY, 2))])
        await until(lambda: house.outcomes().get(2) == ["key_pressed"], "the next call goes as ever")
        assert channel.lines.lines[0].starts == 2


def _child_of(pid: int) -> int:
    """The program runs in the very process that was started: what starts it gives way to it."""
    return pid


async def test_the_control_port_is_ours_and_on_loopback_alone(bureau: Any) -> None:
    """Nobody but this machine can reach a line's control port, and it is the line's own; the password leaves no file."""
    house = bureau(lines=2, user="bureau")
    async with house.up() as channel:
        for line in channel.lines.lines:
            assert is_own_on_loopback(line.place.control_port, line.pid)
            assert not is_own_on_loopback(line.place.control_port, os.getpid())
        kept = [path for path in channel._folder.rglob("*") if path.is_file() and b"geheim" in path.read_bytes()]
        assert kept == []


@pytest.mark.parametrize("which", ["sip", "control"])
async def test_a_taken_port_costs_one_line(
    bureau: Any, phones: Any, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two lines one finds its port taken: it says why and is told as dead, the other calls; when the port is free, both do."""
    house = bureau(lines=2)
    sip_port, control_port = house.options.place(0)
    server = await asyncio.start_server(
        lambda _r, w: w.close(), "127.0.0.1", sip_port if which == "sip" else control_port
    )
    work = asyncio.create_task(house.channel.run())
    try:
        await until(lambda: len(house.channel.lines.living) == 1, "one line lives")
        await until(lambda: house.channel.lines.lines[0].down is not None, "the other says why not")
        assert house.channel.lines.lines[0].down.why == f"{which}_port_taken"
        assert (await house.channel.probe()).dead_lines == []
        monkeypatch.setattr(line, "DEAD_AFTER_S", 0.0)
        assert (await house.channel.probe()).dead_lines == [1]
        [receipt] = await house.channel.deliver([call(1, phones.number(phones.KEY, 1))])
        assert receipt.accepted
        await until(lambda: house.outcomes() == {1: ["key_pressed"]}, "it calls")
        server.close()
        await until(lambda: len(house.channel.lines.living) == 2, "both live")
        assert (await house.channel.probe()).dead_lines == []
    finally:
        server.close()
        work.cancel()
        await house.channel.close()


async def test_no_line_at_all_is_a_route_that_is_down(bureau: Any, phones: Any) -> None:
    """Where no line can live, calls are refused as such at once, and the probe says so."""
    house = bureau(program="no-such-baresip")
    work = asyncio.create_task(house.channel.run())
    try:
        await until(lambda: house.channel.lines.why_all_down is not None, "it says why")
        [receipt] = await house.channel.deliver([call(1, phones.number(phones.KEY, 1))])
        assert (receipt.accepted, receipt.outcome, receipt.unsure) == (False, "misconfigured", False)
        probe = await house.channel.probe()
        assert (probe.healthy, probe.why) == (False, "misconfigured")
        assert probe.balance.startswith("0/1")
    finally:
        work.cancel()
        await house.channel.close()


async def test_a_silent_trunk_is_found_out_while_it_is_dialled(bureau: Any, village: Any, phones: Any) -> None:
    """Nothing rings and nothing answers: the call ends as the provider's trouble in seconds, not after half a minute."""
    house = bureau()
    async with house.up() as channel:
        assert (await channel.probe()).healthy
        village.silence()
        await channel.deliver([call(1, phones.number(phones.KEY, 1))])
        await until(lambda: house.outcomes() == {1: ["provider_down"]}, "it is the trunk")
        assert not (await channel.probe()).healthy


async def test_more_calls_than_lines(bureau: Any, phones: Any) -> None:
    """A call that finds no line in time surely did not go; the others do, and no line has two."""
    house = bureau(lines=2, readings=3, listen_s=6.0)
    async with house.up() as channel:
        batch = [call(at, phones.number(phones.SILENT, at)) for at in (1, 2, 3)]
        receipts = await channel.deliver(batch)
        assert sorted((one.accepted, one.outcome, one.unsure) for one in receipts) == [
            (False, "no_line", False), (True, "", False), (True, "", False),
        ]  # fmt: skip


async def test_who_is_only_told_needs_no_key(bureau: Any, phones: Any) -> None:
    """A notice is played; a key that is pressed there answers nothing."""
    house = bureau()
    async with house.up() as channel:
        await channel.deliver([call(1, phones.number(phones.KEY, 1), purpose=Purpose.NOTICE, text="请知悉。")])
        await until(lambda: bool(house.heard), "it has ended")
    assert house.outcomes() == {1: ["heard_no_key"]}


async def test_a_stop_lets_listeners_listen(bureau: Any, phones: Any) -> None:
    """What rings at a stop is told as lost and comes again after the restart; who listens may press the key."""
    house = bureau(lines=2)
    async with house.up() as channel:
        await channel.deliver([call(1, phones.number(phones.FOREVER, 1)), call(2, phones.number(phones.KEY, 2))])
        await until(
            lambda: any(str(one.call and one.call.course.stage.value) == "listening" for one in channel.lines.lines),
            "picked up",
        )
    assert house.outcomes() == {1: ["line_lost"], 2: ["key_pressed"]}


async def test_a_quick_end_does_not_give_the_line_away_twice(bureau: Any, phones: Any) -> None:
    """Busy phones end before their receipts are written: whoever has the line next keeps it, and no two calls are mixed up."""
    house = bureau(lines=2)
    kinds = [phones.BUSY, phones.EMPTY, phones.UNAVAILABLE, phones.TROUBLE] * 6
    async with house.up() as channel:
        await asyncio.gather(
            *(channel.deliver([call(1 + at, phones.number(kind, at))]) for at, kind in enumerate(kinds))
        )
        await until(lambda: len(house.heard) == len(kinds), "all are told")
    assert house.outcomes() == {1 + at: [phones.OUTCOMES[kind]] for at, kind in enumerate(kinds)}


async def test_who_rings_back_hears_what_is_open_and_may_press_the_key(
    bureau: Any, phones: Any, tmp_path: Path
) -> None:
    """回拨 on a line kept for it: the caller's open warning is played and the key answers that attempt; nobody else's number does."""
    house = bureau(lines=1, inbound=1)
    known = phones.number(phones.KEY, 7)
    house.open[known] = [OpenCall(41, 1, "zh_CN", "暴雨红色预警，收到请按1。")]
    async with house.up() as channel:
        line = channel.lines.lines[1]
        await until(lambda: line.state.value == "free", "the inbound line lives")
        first = await asyncio.to_thread(
            phones.call_back, tmp_path / "caller", known.removeprefix("+86"), line.place.sip_port
        )
        assert (first, house.outcomes()) == (0, {41: ["key_pressed"]})
        assert house.heard[0].called_back
        stranger = phones.number(phones.KEY, 8).removeprefix("+86")
        second = await asyncio.to_thread(phones.call_back, tmp_path / "caller", stranger, line.place.sip_port)
        assert (second, house.outcomes()) == (0, {41: ["key_pressed"]})


async def test_each_line_is_tried_by_a_call_of_its_own(bureau: Any, phones: Any) -> None:
    """线路测试: every line rings the bureau's own telephone in turn; set-up, sound and key are told, and a phone that does not answer too."""
    house = bureau(lines=2)
    async with house.up() as channel:
        results = await channel.test_lines(phones.number(phones.KEY, 1))
        assert [(one.line, one.good, one.outcome) for one in results] == [
            (1, True, "key_pressed"),
            (2, True, "key_pressed"),
        ]
        assert all(one.rang_after is not None and one.key_after is not None for one in results)
        [busy, _] = await channel.test_lines(phones.number(phones.BUSY, 1))
        assert (busy.good, busy.outcome, busy.rang_after) == (False, "busy", None)
    assert house.heard == []


async def test_a_registration_with_the_right_password(bureau: Any, registrar: Callable[[str], int]) -> None:
    """The registrar asks, the line answers with the digest of its password, and is free when it is registered."""
    house = bureau(trunk=f"127.0.0.1:{registrar('geheim')}", user="bureau", register_every_s=60, ping=False)
    async with house.up() as channel:
        assert channel.lines.lines[0].down is None
