"""How many messages and calls a second go through the real HTTP adapters, and what a thousand of them cost in CPU.

The provider is another process on loopback that answers each request after 20 ms, as a near cloud does; pacing, filling,
signing, sending, reading and judging are the real ones.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import structlog

from benchmarks.figures import Figures
from warning_dispatch.clock import SystemClock, stopwatch
from warning_dispatch.delivery.gateway.channel import GatewayChannel
from warning_dispatch.delivery.gateway.kind import KIND
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.texts import VALUES
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch

LATENCY = 0.02
BATCH = 500
CONNECTIONS = 64
TAKEN = {
    "aliyun-voice": {"Code": "OK", "CallId": "1166^1"},
    "aliyun-sms": {"Code": "OK", "BizId": "9006^1"},
    "tencent-sms": {"Response": {"SendStatusSet": [{"SerialNo": "1", "Code": "Ok"}]}},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "aliyun-voice": {},
    "aliyun-sms": {"sign_name": "气象"},
    "tencent-sms": {"sign_name": "气象", "app_id": "1"},
}


class _Provider(asyncio.Protocol):
    """Counts requests on a connection and answers each in its turn."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
            body = int(length.partition(b":")[2])
            if len(rest) < body:
                return
            self._buffer = rest[body:]
            asyncio.get_running_loop().call_later(LATENCY, self._say)

    def _say(self) -> None:
        self._transport.write(self._answer)  # type: ignore[attr-defined] # of a stream


def _serve(name: str, tell: Connection) -> None:
    body = json.dumps(TAKEN[name]).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Provider(answer), "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def gateway(*, messages: int) -> Figures:
    """Hand-overs per second and CPU seconds per 1,000, of this process alone; every attempt accepted.

    Per second of CPU as well, because this is what one core can do: on a shared machine the wall measures the others.
    """
    found: Figures = {"messages": messages}
    for name in TAKEN:
        seconds, cpu, accepted = _one(name, messages)
        key = name.replace("-", "_")
        found |= {f"{key}_per_second": messages / seconds, f"{key}_cpu_seconds_per_1000": cpu * 1000 / messages}
        found |= {f"{key}_per_cpu_s": messages / cpu, f"{key}_accepted": accepted}
    return found


def _one(name: str, messages: int) -> tuple[float, float, int]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    provider = context.Process(target=_serve, args=(name, theirs), daemon=True)
    provider.start()
    try:
        return asyncio.run(_hand_over(name, f"http://127.0.0.1:{ours.recv()}", messages))
    finally:
        provider.terminate()
        provider.join()


async def _hand_over(name: str, endpoint: str, messages: int) -> tuple[float, float, int]:
    channel = _channel(name, endpoint)
    await channel.deliver(_batch(name, 0, CONNECTIONS))  # connections are open, as in a running daemon
    began, cpu, accepted = stopwatch(), _cpu(), 0
    for first in range(0, messages, BATCH):
        receipts = await channel.deliver(_batch(name, first, min(BATCH, messages - first)))
        accepted += sum(receipt.accepted for receipt in receipts)
    seconds, used = stopwatch() - began, _cpu() - cpu
    await channel.close()
    return seconds, used, accepted


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _channel(name: str, endpoint: str) -> GatewayChannel:
    channel = _channel_of(name)
    templates = dict.fromkeys(("call", "notice", "all_clear", "self"), "T1")
    raw = {
        "provider": name,
        "endpoint": endpoint,
        "connections": CONNECTIONS,
        "set": {"template": templates, **OPTIONS[name]},
    }
    facts = RouteFacts("bench", channel, "bench", secret=lambda _name: "secret")
    tools = ChannelTools(
        route="bench",
        channel=channel,
        clock=SystemClock(),
        hear=lambda _event: None,
        hook_url="https://jy.example.cn/hooks/bench",
        hook_secret=b"s" * 32,
        secret=facts.secret,
        open_calls=_nothing,
        log=structlog.get_logger("route"),
        alike=[facts],
    )
    return KIND.build(KIND.options.model_validate(raw), tools)


async def _nothing(_number: str) -> Sequence[Any]:
    return ()


def _channel_of(name: str) -> Channel:
    return Channel.VOICE if name.endswith("voice") else Channel.SMS


def _batch(name: str, first: int, count: int) -> list[Dispatch]:
    values = dict.fromkeys(VALUES, "吕梁市气象台") | {"unit": "城北社区", "drill": "", "drill_spoken": ""}
    return [
        Dispatch(
            attempt_id=at + 1,
            callout_id=1,
            channel=_channel_of(name),
            purpose=Purpose.CALL,
            route="bench",
            address=f"+861000{at:07d}",
            language="zh_CN",
            text="暴雨红色预警，收到请按1。",
            link="https://jy.example.cn/r/ABCDEFGHIJKLMNOP",
            values=values,
        )
        for at in range(first, first + count)
    ]
