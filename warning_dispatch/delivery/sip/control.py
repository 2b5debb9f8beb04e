"""控制连接: a line's process is told what to do, and tells what happens, over one connection: JSON in netstrings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from warning_dispatch.errors import TransportError

LONGEST_LENGTH = 8
"""Digits of a netstring's length at the most."""
LARGEST_FRAME = 1_000_000
ANSWERS_WITHIN_S = 3.0
READ_AT_ONCE = 65_536


class ControlError(TransportError):
    """The process does not answer, or not in the form that we know."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process says to a command."""

    ok: bool
    text: str


def framed(command: str, params: str, token: str) -> bytes:
    """A command as it goes over the connection."""
    content = json.dumps({"command": command, "params": params, "token": token}).encode()
    return b"%d:%s," % (len(content), content)


class Frames:
    """Netstrings out of a stream of bytes, however it is cut."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._rest = b""

    def feed(self, some: bytes) -> list[Mapping[str, Any]]:
        """The documents that are whole now. ControlError where this is no netstring of JSON."""
        self._rest += some
        found = []
        while (frame := self._next()) is not None:
            found.append(_document(frame))
        return found

    def _next(self) -> bytes | None:
        length, colon, rest = self._rest.partition(b":")
        if not colon:
            if len(length) > LONGEST_LENGTH or (length and not length.isdigit()):
                raise ControlError("no netstring")
            return None
        if not length.isdigit() or int(length) > LARGEST_FRAME:
            raise ControlError("no netstring")
        size = int(length)
        if len(rest) <= size:
            return None
        if rest[size : size + 1] != b",":
            raise ControlError("a netstring without its end")
        self._rest = rest[size + 1 :]
        return rest[:size]


def _document(frame: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(frame)
    except ValueError as error:
        raise ControlError("no JSON") from error
    if not isinstance(document, dict):
        raise ControlError("no JSON object")
    return document


class Control:
    """The connection. Whoever opens a second one throws ours out, and we take that for the death of the line."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """`hear`: takes the events, on the loop's thread."""
        self._reader = reader
        self._writer = writer
        self._hear = hear
        self._asked: dict[str, asyncio.Future[Answer]] = {}
        self._count = 0

    @classmethod
    async def open(cls, port: int, hear: Callable[[Mapping[str, Any]], None]) -> Control:
        """Connect to loopback. OSError when nobody listens there (yet)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, hear)

    async def listen(self) -> None:
        """Take in what comes, until the process closes the connection. ControlError for what cannot be read."""
        frames = Frames()
        try:
            while some := await self._reader.read(READ_AT_ONCE):
                for document in frames.feed(some):
                    self._take(document)
        except OSError:
            return
        finally:
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(ControlError("the connection is gone"))
            self._asked.clear()

    async def ask(self, command: str, params: str = "", within_s: float = ANSWERS_WITHIN_S) -> Answer:
        """Tell the process something. ControlError when it does not answer."""
        self._count += 1
        token = str(self._count)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[token] = waiting
        try:
            self._writer.write(framed(command, params, token))
            async with asyncio.timeout(within_s):  # not wait_for: in 3.11 it may swallow a cancel
                return await waiting
        except (TimeoutError, OSError) as error:
            raise ControlError(f"{command}: no answer") from error
        finally:
            self._asked.pop(token, None)

    def close(self) -> None:
        """Let go."""
        with suppress(OSError, RuntimeError):
            self._writer.close()

    def _take(self, document: Mapping[str, Any]) -> None:
        if document.get("event"):
            self._hear(document)
            return
        waiting = self._asked.get(str(document.get("token", "")))
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(bool(document.get("ok")), str(document.get("data", ""))))
