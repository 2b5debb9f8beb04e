"""What a line costs, as JSON: CPU and memory of its process while somebody listens, dialling to ringing, CPU for a thousand calls.

PYTHONPATH=. python tests/sip --lines 30        on a quiet machine; phones and lines share its cores
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import struct
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parent))

import village as phones

from warning_dispatch.clock import SystemClock, stopwatch
from warning_dispatch.delivery.kinds import ChannelTools
from warning_dispatch.delivery.sip.channel import SipVoice
from warning_dispatch.delivery.sip.kind import KIND
from warning_dispatch.delivery.sip.line import Call
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, OpenCall, Report

TICKS = os.sysconf("SC_CLK_TCK")
HOLD_S = 15.0


def cpu_of(pids: Sequence[int]) -> float:
    """CPU seconds of processes so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_of(pid: int) -> int:
    """KiB that nobody else has (Pss): the program's code is shared by all lines."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


class Stand:
    """So many lines before the village, and what they tell."""

    def __init__(self, folder: Path, count: int) -> None:
        self.told: list[str] = []
        self.count = count
        self.village = phones.Village(folder / "village")
        tone = folder / "tone.wav"
        with wave.open(str(tone), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8_000)
            file.writeframes(b"".join(struct.pack("<h", round(9_000 * math.sin(at / 3))) for at in range(16_000)))
        first = phones.free_ports(6 * (count + 2))
        raw = {
            "trunk": f"127.0.0.1:{self.village.port}", "caller_id": "03580000000", "speak": ["cp", str(tone), "{wav_file}"],
            "readings": 3, "pause_s": 5.0, "listen_s": 10.0, "sip_port": first, "control_port": first + 4 * (count + 2), "local": "127.0.0.1",
            "rtp_from": 33_000, "rtp_until": 60_000,
        }  # fmt: skip
        self.channel: SipVoice = KIND.build(
            KIND.options.model_validate(raw),
            ChannelTools(
                route="own", channel=Channel.VOICE, clock=SystemClock(), hear=self._hear, hook_url="", hook_secret=b"",
                secret=lambda _name: "", open_calls=_nothing, log=silent_logger(), lines=count, state_dir=folder / "state",
            ),
        )  # fmt: skip

    def _hear(self, event: Event) -> None:
        if isinstance(event, Report):
            self.told.append(event.outcome)

    async def call(self, kind: int, first: int, count: int) -> list[int]:
        """Calls to phones of a kind, as many at once as there are lines; ms from dialling to ringing of each."""
        seen: dict[int, Call] = {}
        wanted = len(self.told)
        for begin in range(0, count, self.count):
            size = min(self.count, count - begin)
            batch = [
                Dispatch(
                    attempt_id=first + at, callout_id=1, channel=Channel.VOICE, purpose=Purpose.CALL, route="own",
                    address=phones.number(kind, (first + at) % 1_000), language="zh_CN", text="请按1。",
                )
                for at in range(begin, begin + size)
            ]  # fmt: skip
            wanted += sum(one.accepted for one in await self.channel.deliver(batch))
            while len(self.told) < wanted:
                seen |= {one.call.attempt_id: one.call for one in self.channel.lines.lines if one.call}
                await asyncio.sleep(0.02)
        return [one.rang_after for one in seen.values() if one.rang_after is not None]


async def _nothing(_number: str) -> Sequence[OpenCall]:
    return ()


async def measured(folder: Path, count: int) -> dict[str, Any]:
    """The figures."""
    stand = Stand(folder, count)
    stand.village.open()
    work = asyncio.create_task(stand.channel.run())
    try:
        while len(stand.channel.lines.living) < count:  # noqa: ASYNC110 - a script that waits for its lines
            await asyncio.sleep(0.1)
        pids = [one.pid for one in stand.channel.lines.lines]
        idle = cpu_of(pids)
        await asyncio.sleep(3)
        idle = (cpu_of(pids) - idle) / 3
        holding = asyncio.create_task(stand.call(phones.SILENT, 1, count))
        await asyncio.sleep(3)
        before, own, began = cpu_of(pids), cpu_of([os.getpid()]), stopwatch()
        await asyncio.sleep(HOLD_S)
        seconds = stopwatch() - began
        talking, driver = (cpu_of(pids) - before) / seconds, (cpu_of([os.getpid()]) - own) / seconds
        memory = [memory_of(pid) for pid in pids]
        await holding
        before, own = cpu_of(pids), cpu_of([os.getpid()])
        calls = 4 * count
        rang = sorted(await stand.call(phones.KEY, 2_000, calls))
        spent, spent_here = cpu_of(pids) - before, cpu_of([os.getpid()]) - own
        return {
            "lines": count,
            "idle_percent_of_a_core_per_line": round(100 * idle / count, 3),
            "talking_percent_of_a_core_per_line": round(100 * talking / count, 3),
            "driver_percent_while_all_talk": round(100 * driver, 2),
            "memory_kib_per_line": round(sum(memory) / count),
            "calls_answered": calls,
            "cpu_s_per_1000_calls_lines": round(1_000 * spent / calls, 2),
            "cpu_s_per_1000_calls_driver": round(1_000 * spent_here / calls, 2),
            "dial_to_ring_ms": {"p50": rang[len(rang) // 2], "p99": rang[int(len(rang) * 0.99)], "calls": len(rang)},
        }
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await stand.channel.close()
        stand.village.close()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=30)
    count = parser.parse_args().lines
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory(prefix="wd-lines-") as folder:
        print(json.dumps(asyncio.run(measured(Path(folder), count)), indent=1))


if __name__ == "__main__":
    main()
