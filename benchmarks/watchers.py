"""Open consoles: `python -m benchmarks.watchers PORT PART…` keeps a stream open for each, and says at its end what came.

A process of its own, so that what browsers do is not counted as ours. A part is a county's code, or "whole".
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

PATHS = ("/console/events?root=../", "/console/callouts/1/events?root=../../&show=open")
"""What is looked at by turns: the duty desk, and the call-out with its list."""


async def watch(port: int, part: str, path: str, seen: list[int]) -> None:
    """One browser: reads until it is stopped."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nX-Part: {part}\r\nAccept: text/event-stream\r\n\r\n".encode())
    while piece := await reader.read(1 << 16):
        seen[0] += piece.count(b"event: fragments")
        seen[1] += len(piece)


async def main(port: int, parts: list[str]) -> None:
    """Until SIGTERM."""
    seen, stopped = [0, 0], asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    tasks = [
        asyncio.create_task(watch(port, part, PATHS[number % len(PATHS)], seen)) for number, part in enumerate(parts)
    ]
    await stopped.wait()
    for task in tasks:
        task.cancel()
    print(json.dumps({"events": seen[0], "bytes": seen[1]}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
