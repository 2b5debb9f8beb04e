"""Calls by a site's own Asterisk, held to Asterisk's own description: originate, play, key, hang up, causes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration.outcomes import load_outcomes
from warning_dispatch.delivery.ari.causes import shipped_causes
from warning_dispatch.delivery.ari.channel import AriVoice, attempt_in, name_of
from warning_dispatch.delivery.ari.kind import KIND
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, Report

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "build" / "ari"
PASSWORD = "geheim"
PATIENCE = 10.0
described = pytest.mark.skipif(
    not all((DESCRIPTION / f"{one}.json").is_file() for one in ("channels", "playbacks", "events")),
    reason="no description of Asterisk here: sh tests/ari/install.sh",
)
PHONES = {
    "10000001001": "key", "10000001002": "wrong", "10000001003": "silent", "10000001004": "busy", "10000001005": "empty",
    "10000001006": "unanswered", "10000001007": "refused", "10000001008": "off",
    "10000001009": "unanswered_unsaid",
}  # fmt: skip
OUTCOMES = {
    "key": "key_pressed", "wrong": "heard_no_key", "silent": "heard_no_key", "busy": "busy", "empty": "empty_number",
    "unanswered": "no_answer", "unanswered_unsaid": "no_answer", "off": "out_of_coverage",
}  # fmt: skip


@pytest.fixture
def asterisk(loaded_module: Callable[[str, Path], Any]) -> Any:
    """The module asterisk.py."""
    return loaded_module("ari_asterisk", Path(__file__).with_name("asterisk.py"))


class Bureau:
    """An ARI route, and what the engine hears of it."""

    def __init__(self, home: Path, port: int, password: str = PASSWORD, **options: Any) -> None:
        tone = home / "tone.wav"
        _write_tone(tone)
        self.heard: list[tuple[int, str]] = []
        raw = {
            "url": f"http://127.0.0.1:{port}/ari", "user": "bureau", "speak": ["cp", str(tone), "{wav_file}"],
            "sound_folder": str(home / "sounds"), "ring_s": 5, "caller_id": "03580000000", **options,
        }  # fmt: skip
        self.options = KIND.options.model_validate(raw)
        self.channel: AriVoice = KIND.build(
            self.options,
            ChannelTools(
                route="pbx", channel=Channel.VOICE, clock=SystemClock(), hear=self._hear, hook_url="", hook_secret=b"",
                secret=lambda _name: password, open_calls=_nothing, log=structlog.get_logger("route"), lines=10, state_dir=home,
            ),
        )  # fmt: skip

    def _hear(self, event: Event) -> None:
        assert isinstance(event, Report)
        self.heard.append((event.attempt_id, event.outcome))

    @asynccontextmanager
    async def up(self) -> AsyncIterator[AriVoice]:
        """Its events come."""
        work = asyncio.create_task(self.channel.run())
        try:
            await until(lambda: self.channel._listening)
            yield self.channel
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self.channel.close()


async def _nothing(_number: str) -> tuple[()]:
    return ()


def _write_tone(path: Path) -> None:
    import wave  # noqa: PLC0415 - of this alone

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\x00\x20\x00\xe0" * 3_000)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not true():
        assert loop.time() < end
        await asyncio.sleep(0.02)


def call(attempt_id: int, number: str, **changes: Any) -> Dispatch:
    """One attempt."""
    fields = {
        "attempt_id": attempt_id, "callout_id": 1, "channel": Channel.VOICE, "purpose": Purpose.CALL, "route": "pbx",
        "address": f"+86{number}", "language": "zh_CN", "text": "请按1。",
    }  # fmt: skip
    return Dispatch(**{**fields, **changes})


@asynccontextmanager
async def standing(asterisk: Any, phones: Mapping[str, str] = PHONES) -> AsyncIterator[Any]:
    """Asterisk's stand-in; whatever it found wrong with us fails the test."""
    pbx = asterisk.Asterisk(DESCRIPTION, phones)
    await pbx.open()
    try:
        yield pbx
    finally:
        await pbx.close()
    assert pbx.faults == []


@described
async def test_every_way_a_call_can_end(tmp_path: Path, asterisk: Any) -> None:
    """Key, wrong key, silence, busy, empty, unanswered, off: each told once; a PBX that cannot is told at once."""
    async with standing(asterisk) as pbx:
        house = Bureau(tmp_path, pbx.port, ring_s=5)
        async with house.up() as channel:
            numbers = dict(enumerate(PHONES, 1))
            receipts = await channel.deliver([call(at, number) for at, number in numbers.items()])
            refused = [(one.attempt_id, one.outcome, one.unsure) for one in receipts if not one.accepted]
            assert refused == [(7, "provider_down", False)]
            await until(lambda: len(house.heard) == 8)
    assert dict(house.heard) == {at: OUTCOMES[PHONES[number]] for at, number in numbers.items() if at != 7}
    assert all(sound.startswith(f"sound:{tmp_path}/sounds/wd-") for _, sound in pbx.played)


@described
async def test_a_repeat_does_not_ring_twice(tmp_path: Path, asterisk: Any) -> None:
    """After a crash in the gap the same attempt is handed over again: Asterisk knows its id, and nobody rings a second time."""
    async with standing(asterisk, {"10000001003": "silent"}) as pbx:
        house = Bureau(tmp_path, pbx.port)
        async with house.up() as channel:
            one = call(5, "10000001003")
            first, second = [*await channel.deliver([one]), *await channel.deliver([one])]
            assert first.accepted
            assert second.accepted
            await until(lambda: bool(house.heard))
        assert house.heard == [(5, "heard_no_key")]


@described
async def test_what_rings_is_hung_up_by_an_answer_elsewhere(tmp_path: Path, asterisk: Any) -> None:
    """The channel is deleted, and told as ended by us; unknown calls are nobody's affair."""
    async with standing(asterisk, {"10000001006": "unanswered"}) as pbx:
        house = Bureau(tmp_path, pbx.port, ring_s=30)
        async with house.up() as channel:
            await channel.deliver([call(6, "10000001006")])
            await channel.hang_up([6, 77])
            await until(lambda: bool(house.heard))
        assert house.heard == [(6, "hung_up_by_us")]


@described
async def test_a_key_after_our_restart_counts(tmp_path: Path, asterisk: Any) -> None:
    """A call that an earlier daemon made tells its attempt by its name: the key is an answer, a stranger's call is not."""
    async with standing(asterisk, {}) as pbx:
        house = Bureau(tmp_path, pbx.port)
        pbx.channels[name_of(41, asks=True)] = "key"
        async with house.up():
            await pbx.say("ChannelDtmfReceived", name_of(41, asks=True), digit="1", duration_ms=100)
            await pbx.say("ChannelDtmfReceived", "somebody-elses", digit="1", duration_ms=100)
            await until(lambda: bool(house.heard))
        assert house.heard == [(41, "key_pressed")]


@described
async def test_without_events_nothing_is_rung(tmp_path: Path, asterisk: Any) -> None:
    """A wrong password or a dead Asterisk: no key could come back, so no call goes out; the probe says so."""
    async with standing(asterisk) as pbx:
        house = Bureau(tmp_path, pbx.port, password="wrong")
        work = asyncio.create_task(house.channel.run())
        await asyncio.sleep(0.3)
        [receipt] = await house.channel.deliver([call(1, "10000001001")])
        assert (receipt.accepted, receipt.outcome) == (False, "provider_down")
        assert not (await house.channel.probe()).healthy
        work.cancel()
        await house.channel.close()
        assert pbx.asked == []


def test_names_tell_the_attempt() -> None:
    """There and back; what is not ours is nothing."""
    assert attempt_in(name_of(12, asks=True)) == (12, True)
    assert attempt_in(name_of(12, asks=False)) == (12, False)
    assert [attempt_in(one)[0] for one in ("wd-a-", "wd-a-1x", "1784727300.1", "wd-a-²")] == [0, 0, 0, 0]


def test_causes_are_rows_of_the_outcome_table() -> None:
    """Every cause means something that the engine knows; none acknowledges; a site's own table goes first."""
    known = load_outcomes(ROOT / "config" / "outcomes.toml", "outcomes.toml", [])
    assert known is not None
    table = shipped_causes()
    assert table.named() <= set(known)
    assert "key_pressed" not in table.named()
    assert (table.outcome("17"), table.outcome("999")) == ("busy", "temporarily_refused")
    assert not known[table.outcome("0")].failure  # a phone that nobody picks up says nothing against the PBX
    assert table.changed({"19": "switched_off"}).outcome("19") == "switched_off"


def test_check_tells_what_would_fail(tmp_path: Path) -> None:
    """No lines, no password, http over the network, a row that is not there."""
    options = KIND.options.model_validate(
        {
            "url": "http://10.0.0.4:8088/ari",
            "user": "bureau",
            "sound_folder": str(tmp_path),
            "speak": ["cp"],
            "causes": {"16": "nothing"},
        }
    )
    found = KIND.check(options, RouteFacts("pbx", Channel.VOICE, "w", config_dir=ROOT / "config"))
    assert [one.where for one in found] == [
        "w.lines",
        "w.options.password_file",
        "w.options.url",
        "w.options.causes.16",
    ]
