"""Every request we send to Twilio, held to Twilio's own description of its interface; and its refusals, as it words them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import which
from typing import Any

import httpx2
import pytest
import structlog

from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.delivery.http import HttpClient, HttpRequest, HttpRules
from warning_dispatch.delivery.kinds import ChannelTools
from warning_dispatch.delivery.twilio.client import Twilio
from warning_dispatch.delivery.twilio.errors import TwilioRefusedError
from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.delivery.twilio.sms import TwilioSms
from warning_dispatch.delivery.twilio.voice import TwilioVoice
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event

ROOT = Path(__file__).resolve().parents[2]
PRISM = ROOT / "build" / "prism"
PROGRAM = PRISM / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
ABSENT = "Prism is not installed here (sh tests/conformance/install.sh; needs Node, npm and a package registry)"
START_WITHIN = 60.0
ACCOUNT = "AC" + "5e" * 16
TOKEN = "the-auth-token"
CALL = Dispatch(
    1,
    1,
    Channel.VOICE,
    Purpose.CALL,
    "voice",
    "+12025550123",
    "zh_CN",
    "暴雨红色预警，收到请按1。<气象台> & “22点”发布。请石盘村防范。请按1。",
)
TEXT = replace(CALL, channel=Channel.SMS, route="sms")


@dataclass
class Prefer(httpx2.AsyncBaseTransport):
    """The wire, on which the mock is told how to answer; keeps what went over it."""

    inner: httpx2.AsyncBaseTransport
    prefer: str = ""
    statuses: list[int] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See httpx2."""
        if self.prefer:
            request.headers["Prefer"] = self.prefer
        response = await self.inner.handle_async_request(request)
        self.statuses.append(response.status_code)
        return response

    async def aclose(self) -> None:
        """See httpx2."""
        await self.inner.aclose()


@dataclass
class Mock:
    """Prism at work."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory, loaded_module: Any) -> Iterator[Mock]:
    """Prism over Twilio's description."""
    node = which("node")
    if node is None or not (PRISM / ".installed").exists():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("prism")
    described = folder / "twilio.json"
    description = loaded_module("conformance_description", Path(__file__).with_name("description.py"))
    described.write_text(description.fitted(PRISM / "twilio.json"), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    log = folder / "log"
    with log.open("wb") as output:
        command = [node, str(PROGRAM), "mock", "-h", "127.0.0.1", "-p", str(port), str(described)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 - Prism, by its path
    try:
        _wait_for(port, process, log)
        yield Mock(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    waited = 0.0
    while waited < START_WITHIN and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            pause(0.05)
            waited += 0.05
        else:
            return
    pytest.fail(f"Prism did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@asynccontextmanager
async def talking(mock: Mock, prefer: str = "", **options: Any) -> AsyncIterator[tuple[Twilio, TwilioOptions, Prefer]]:
    """Our client, its options and the wire."""
    given = {"account_sid": ACCOUNT, "from_numbers": ("+12025550100",), "address": mock.address, **options}
    read = TwilioOptions.model_validate(given)
    wire = Prefer(httpx2.AsyncHTTPTransport(trust_env=False), prefer)
    twilio = Twilio("voice", read, TOKEN, HttpClient("voice", HttpRules(timeout_s=read.timeout_s), transport=wire))
    try:
        yield twilio, read, wire
    finally:
        await twilio.close()


def tools(
    channel: Channel, heard: list[Event], hook_url: str = "https://jiaoying.example.cn/hooks/voice"
) -> ChannelTools:
    """What a channel is given."""

    async def nothing(_number: str) -> Sequence[Any]:
        return ()

    return ChannelTools(
        route="voice",
        channel=channel,
        clock=SystemClock(),
        hear=heard.append,
        hook_url=hook_url,
        hook_secret=b"x" * 32,
        secret=lambda _name: TOKEN,
        open_calls=nothing,
        log=structlog.get_logger("test"),
    )


@pytest.mark.parametrize("machine_detection", [True, False])
@pytest.mark.parametrize("purpose", [Purpose.CALL, Purpose.ALL_CLEAR])
async def test_a_call_is_asked_for_as_described(mock: Mock, purpose: Purpose, machine_detection: bool) -> None:
    """With and without a key to press, with and without asking for machines: and the call can be ended again."""
    async with talking(mock, machine_detection=machine_detection) as (twilio, options, wire):
        channel = TwilioVoice(options, tools(Channel.VOICE, []), twilio, TOKEN)
        [receipt] = await channel.deliver([replace(CALL, purpose=purpose)])
        await channel.hang_up([CALL.attempt_id])
    assert receipt.accepted
    assert wire.statuses == [201, 200]


@pytest.mark.parametrize("pool", [{}, {"messaging_service": "MG" + "1a" * 16}, {"from_numbers": ("Jiaoying",)}])
@pytest.mark.parametrize("hook_url", ["", "https://jiaoying.example.cn/hooks/sms"])
async def test_a_message_is_asked_for_as_described(mock: Mock, pool: dict[str, Any], hook_url: str) -> None:
    """From a number, a name, a pool; with and without callbacks."""
    async with talking(mock, **pool) as (twilio, options, wire):
        channel = TwilioSms(options, tools(Channel.SMS, [], hook_url), twilio, TOKEN)
        [receipt] = await channel.deliver([TEXT])
    assert receipt.accepted
    assert wire.statuses == [201]


async def test_what_is_asked_without_ringing_is_asked_as_described(mock: Mock) -> None:
    """The lists that find a lost call or message again, and the balance."""
    async with talking(mock) as (twilio, _options, wire):
        await twilio.calls_to(CALL.address, 0)
        await twilio.messages_to(CALL.address, 0)
        probe = await twilio.probe()
    assert wire.statuses == [200, 200, 200]
    assert probe.why in ("", "balance_exhausted")


@pytest.mark.parametrize(
    ("prefer", "outcome", "unsure"),
    [
        ("code=400, example=21211", "invalid_number", False),
        ("code=400, example=21610", "opted_out", False),
        ("code=401", "credentials_refused", False),
        ("code=429", "over_concurrency", False),
        ("code=500", "temporarily_refused", True),
    ],
)
@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
async def test_each_refusal_has_its_outcome_and_is_sent_once(
    mock: Mock, channel: Channel, prefer: str, outcome: str, unsure: bool
) -> None:
    """As the error table says; where it is open whether it rang, Twilio is asked, and only asked."""
    async with talking(mock, prefer) as (twilio, options, wire):
        kind = TwilioVoice if channel is Channel.VOICE else TwilioSms
        [receipt] = await kind(options, tools(channel, []), twilio, TOKEN).deliver(
            [CALL if channel is Channel.VOICE else TEXT]
        )
    assert (receipt.accepted, receipt.outcome, receipt.unsure) == (False, outcome, unsure)
    assert len(wire.statuses) == (2 if unsure else 1)


async def test_a_server_that_does_not_answer_leaves_it_open(mock: Mock) -> None:
    """Nothing comes back in time: handed over once, and open what became of it."""
    async with talking(mock, timeout_s=0.4) as (twilio, options, wire):
        channel = TwilioVoice(options, tools(Channel.VOICE, []), twilio, TOKEN)
        os.kill(mock.process.pid, signal.SIGSTOP)
        try:
            [receipt] = await channel.deliver([CALL])
        finally:
            os.kill(mock.process.pid, signal.SIGCONT)
    assert (receipt.accepted, receipt.outcome, receipt.unsure) == (False, "temporarily_refused", True)
    assert wire.statuses == []


@pytest.mark.parametrize(
    "form",
    [
        [("To", "+12025550123"), ("From", "+12025550100"), ("Timeout", "long"), ("Twiml", "<Response/>")],
        [("To", "+12025550123"), ("From", "+12025550100"), ("StatusCallback", "not an address")],
    ],
)
async def test_the_description_refuses_what_is_not_as_described(mock: Mock, form: list[tuple[str, str]]) -> None:
    """The tests above could fail: a field of another type is refused."""
    async with talking(mock) as (twilio, _options, wire):
        request = HttpRequest("POST", f"{mock.address}/2010-04-01/Accounts/{ACCOUNT}/Calls.json", form=form)
        await twilio._http.send(request)
    assert wire.statuses[0] in (400, 401, 422)
    assert issubclass(TwilioRefusedError, Exception)
