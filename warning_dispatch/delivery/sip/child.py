"""The process of a line: started so that it cannot outlive us, found again when it did, and ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from warning_dispatch.delivery.sip.files import LinePlace

PATH = "/usr/local/bin:/usr/bin:/bin"
ENDS_WITHIN_S = 2.0
PID = "pid"


def program_of(name: str) -> str:
    """Where the program lies; empty when it is not there."""
    return shutil.which(name, path=PATH) or ""


async def start(place: LinePlace, program: str) -> asyncio.subprocess.Process:
    """Start it. OSError where it cannot be.

    When we die without a word, the kernel tells it to end: it then hangs up as it should. What it prints names numbers, so
    nobody keeps it.
    """
    command = [program, "-f", str(place.folder)]
    if setpriv := program_of("setpriv"):
        command = [setpriv, "--pdeathsig", "TERM", "--", *command]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": PATH, "HOME": str(place.folder), "LC_ALL": "C"},
        start_new_session=True,  # a Ctrl-C at our terminal is ours: calls are drained first
    )
    (place.folder / PID).write_text(str(process.pid), encoding="ascii")
    return process


def end_leftover(place: LinePlace) -> bool:
    """End what an earlier daemon left on this place, if it is really ours; whether there was anything."""
    pid = _number(place.folder / PID)
    if not pid or not _is_ours(pid, place.folder):
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    return True


async def end(process: asyncio.subprocess.Process, *, at_once: bool) -> None:
    """End it; `at_once`: without a last word to whoever is on the phone."""
    if not at_once:
        send(process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN_S):
                await process.wait()
    send(process, signal.SIGKILL)
    await process.wait()


def send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """A signal, if it lives. Not by the process object, which would look whether it has ended and so take the news from the loop."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _number(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _is_ours(pid: int, folder: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(folder).encode() in words
