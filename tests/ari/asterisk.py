"""A stand-in for Asterisk that knows only what Asterisk's own description knows: any other path, parameter, value or event is a fault."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

FILES = ("channels", "playbacks", "events")
NOW = "2026-07-22T21:33:00.000+0800"


class Description:
    """Operations and models of rest-api/api-docs (Swagger 1.1)."""

    def __init__(self, folder: Path) -> None:
        self.operations: list[tuple[str, re.Pattern[str], Mapping[str, Any]]] = []
        self.models: dict[str, Any] = {}
        for name in FILES:
            document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            self.models |= document["models"]
            for api in document["apis"]:
                pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", api["path"]) + "$")
                self.operations += [(one["httpMethod"], pattern, one) for one in api["operations"]]

    def faults(self, method: str, path: str, query: list[tuple[str, str]]) -> list[str]:
        """What is wrong with a request."""
        found = [
            (pattern.match(path), one)
            for verb, pattern, one in self.operations
            if verb == method and pattern.match(path)
        ]
        if not found:
            return [f"no operation {method} {path}"]
        # "/channels/create" is named as well as "/channels/{channelId}": the one with the fewest parts left open is meant
        _, operation = min(found, key=lambda pair: len(pair[0].groupdict()) if pair[0] else 9)
        known = {one["name"]: one for one in operation.get("parameters", []) if one["paramType"] == "query"}
        faults = [f"unknown parameter {name}" for name, _ in query if name not in known]
        faults += [
            f"{name} is missing" for name, one in known.items() if one.get("required") and name not in dict(query)
        ]
        for name, value in query:
            one = known.get(name)
            if one is None:
                continue
            allowed = one.get("allowableValues", {}).get("values")
            if allowed and value not in allowed:
                faults.append(f"{name}={value} is not allowed")
            if one["dataType"] in ("int", "long") and not re.fullmatch(r"-?\d+", value):
                faults.append(f"{name}={value} is no number")
        return faults

    def event_faults(self, event: Mapping[str, Any]) -> list[str]:
        """What is wrong with an event of ours: the tests must not make up what Asterisk never says."""
        name = event["type"]
        properties = dict(self.models.get(name, {}).get("properties", {}))
        if not properties:
            return [f"no event {name}"]
        for parent in ("Event", "Message"):
            properties |= self.models[parent]["properties"]
        faults = [f"{name}.{key} is not there" for key in event if key not in properties]
        faults += [
            f"{name}.{key} is missing" for key, one in properties.items() if one.get("required") and key not in event
        ]
        for key in ("channel", "playback"):
            if key in event:
                model = self.models[key.capitalize()]["properties"]
                faults += [f"{key}.{one} is not there" for one in event[key] if one not in model]
                faults += [
                    f"{key}.{one} is missing"
                    for one, what in model.items()
                    if what.get("required") and one not in event[key]
                ]
        return faults


class Asterisk:
    """One PBX; `phones`: what happens to a number: "key", "wrong", "silent", "busy", "empty", "unanswered", "refused".

    "unanswered_unsaid": as releases before the mending of asterisk#1660 tell it, without a cause.
    """

    def __init__(self, folder: Path, phones: Mapping[str, str]) -> None:
        self.description = Description(folder)
        self.phones = phones
        self.faults: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.channels: dict[str, str] = {}
        self.played: list[tuple[str, str]] = []
        self.port = 0
        self._socket: web.WebSocketResponse | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_route("*", "/ari/{rest:.*}", self._request)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def close(self) -> None:
        """Gone."""
        for task in self._tasks:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def say(self, kind: str, name: str, **more: Any) -> None:
        """An event about a channel."""
        event = {"type": kind, "application": "warning-dispatch", "timestamp": NOW, **more}
        if kind != "PlaybackFinished":
            event["channel"] = self._channel(name, str(more.pop("state", "Up")))
            event.pop("state", None)
        self.faults += self.description.event_faults(event)
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_json(event)

    def _channel(self, name: str, state: str) -> dict[str, Any]:
        party = {"name": "", "number": ""}
        plan = {"context": "default", "exten": "s", "priority": 1, "app_name": "Stasis", "app_data": "warning-dispatch"}
        return {
            "id": name, "protocol_id": "1", "name": f"PJSIP/trunk-{name}", "state": state, "caller": party, "connected": party,
            "accountcode": "", "dialplan": plan, "creationtime": NOW, "language": "en",
        }  # fmt: skip

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        self._check(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket = socket
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        return socket

    def _check(self, request: web.Request) -> str:
        path = request.path.removeprefix("/ari")
        right = "Basic " + base64.b64encode(b"bureau:geheim").decode()
        if request.headers.get("Authorization") != right:
            raise web.HTTPUnauthorized
        self.faults += self.description.faults(request.method, path, list(request.query.items()))
        self.asked.append((request.method, path))
        return path

    async def _request(self, request: web.Request) -> web.Response:
        path = self._check(request)
        parts = path.strip("/").split("/")
        if parts[0] == "playbacks":
            return web.Response(status=204)
        name = parts[1]
        if request.method == "POST" and len(parts) == 2:
            return self._originate(name, request.query)
        if name not in self.channels:
            return web.json_response({"message": "Channel not found"}, status=404)
        if request.method == "DELETE":
            self._soon(self._end(name, 16))
            return web.Response(status=204)
        if request.method == "GET":
            return web.json_response(self._channel(name, "Up"))
        playback = {
            "id": parts[3],
            "media_uri": request.query["media"],
            "target_uri": f"channel:{name}",
            "state": "queued",
            "language": "en",
        }
        self.played.append((name, request.query["media"]))
        self._soon(self._play(name, playback))
        return web.json_response(playback, status=201)

    def _originate(self, name: str, query: Mapping[str, str]) -> web.Response:
        if name in self.channels:
            return web.json_response({"message": "Channel with given unique ID already exists"}, status=409)
        number = re.search(r"PJSIP/(\d+)@trunk", query["endpoint"])
        what = self.phones[number[1]] if number else "refused"
        if what == "refused":
            return web.json_response({"message": "Allocation failed"}, status=500)
        self.channels[name] = what
        self._soon(self._live(name, what, int(query["timeout"])))
        return web.json_response(self._channel(name, "Down"))

    async def _live(self, name: str, what: str, ring_s: int) -> None:
        await asyncio.sleep(0.02)
        endings = {"busy": 17, "empty": 1, "off": 20}
        if what in endings:
            await self._end(name, endings[what])
            return
        await self.say("ChannelStateChange", name, state="Ringing")
        if what in ("unanswered", "unanswered_unsaid"):
            await asyncio.sleep(ring_s)
            await self._end(name, 19 if what == "unanswered" else 0)
            return
        await asyncio.sleep(0.05)
        await self.say("StasisStart", name, args=[])
        await asyncio.sleep(0.1)
        if what in ("key", "wrong"):
            await self.say("ChannelDtmfReceived", name, digit="1" if what == "key" else "5", duration_ms=120)

    async def _play(self, name: str, playback: Mapping[str, Any]) -> None:
        await asyncio.sleep(0.4)
        await self.say("PlaybackFinished", name, playback={**playback, "state": "done"})

    async def _end(self, name: str, cause: int) -> None:
        if self.channels.pop(name, None) is not None:
            await self.say("ChannelDestroyed", name, cause=cause, cause_txt="", state="Down")

    def _soon(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
