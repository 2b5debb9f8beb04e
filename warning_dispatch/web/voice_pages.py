"""/voice 电话朗读: what calls on our own lines say, to be listened to, recorded, and approved before the season.

Recordings are made with whatever the bureau has (a telephone, a recorder) and handed in as WAV: a page that may use the microphone
would have to be trusted with more than this is worth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from warning_dispatch.delivery.lengths import SPEECH_LIMIT
from warning_dispatch.delivery.spoken.desk import VoiceDesk
from warning_dispatch.delivery.spoken.sound import SoundError
from warning_dispatch.errors import DispatchError, NotFoundError, RefusedError
from warning_dispatch.web.access import actor_of
from warning_dispatch.web.bureau import POLICY, BureauPages
from warning_dispatch.web.doors import root_of
from warning_dispatch.web.failures import ApiRefusalError

WITH_SOUND: Final = f"{POLICY}; media-src 'self'"
DONE: Final = ("taken", "approved", "removed", "machine")
LARGEST_RECORDING: Final = 8 << 20
"""Bytes: twenty seconds at any rate that recorders have."""
MACHINE: Final = "machine"


class VoicePages:
    """The sentences."""

    def __init__(self, desk: VoiceDesk, bureau: BureauPages) -> None:
        """The parts are wired in application.py."""
        self._desk = desk
        self._bureau = bureau

    def routes(self) -> list[BaseRoute]:
        """Every page, all behind the door of /voice."""
        one, reads, posts = "/voice/{key:str}", ["GET"], ["POST"]
        return [
            Route("/voice", self.show, methods=reads),
            Route("/voice/sample.wav", self.sample, methods=reads),
            Route(f"{one}/call.wav", self.call, methods=reads),
            Route(f"{one}/recording.wav", self.recording, methods=reads),
            Route(f"{one}/record", self.record, methods=posts),
            Route(f"{one}/approve", self.approve, methods=posts),
            Route(f"{one}/remove", self.remove, methods=posts),
        ]

    async def show(self, request: Request) -> Response:
        """Everything at a glance."""
        return await self._page(request)

    async def sample(self, _request: Request) -> Response:
        """The sample warning as a village hears it."""
        return await _sound(lambda: self._desk.sample()[1].wav)

    async def call(self, request: Request) -> Response:
        """A sentence as calls say it now."""
        return await _sound(lambda: self._desk.heard(request.path_params["key"]))

    async def recording(self, request: Request) -> Response:
        """A recording that nobody has approved yet."""
        return await _sound(lambda: self._desk.recorded(request.path_params["key"]))

    async def record(self, request: Request) -> Response:
        """A file is handed in."""
        key = request.path_params["key"]
        async with request.form(max_files=1, max_part_size=LARGEST_RECORDING) as form:
            file = form.get("file")
            content = await file.read(LARGEST_RECORDING) if isinstance(file, UploadFile) else b""
        return await self._done(request, "taken", lambda: self._desk.take(key, content, actor=actor_of(request)), key)

    async def approve(self, request: Request) -> Response:
        """Somebody has listened."""
        key, actor = request.path_params["key"], actor_of(request)
        if key == MACHINE:
            return await self._done(request, "machine", lambda: self._desk.approve_machine(actor=actor), key)
        return await self._done(request, "approved", lambda: self._desk.approve(key, actor=actor), key)

    async def remove(self, request: Request) -> Response:
        """The machine says it again."""
        key = request.path_params["key"]
        return await self._done(request, "removed", lambda: self._desk.remove(key), key)

    async def _done(self, request: Request, word: str, act: Callable[[], object], key: str) -> Response:
        try:
            await to_thread.run_sync(act)
        except NotFoundError:
            raise ApiRefusalError(404, "not_found") from None
        except (SoundError, RefusedError) as error:
            return await self._page(request, key, error, status=422)
        return RedirectResponse(f"{root_of(request.url.path)}voice?done={word}", status_code=303)

    async def _page(
        self, request: Request, key: str = "", fault: DispatchError | None = None, *, status: int = 200
    ) -> Response:
        sentences = await to_thread.run_sync(self._desk.sentences)
        done = request.query_params.get("done", "")
        fields = {
            "fixed": [one for one in sentences if not one.varies],
            "varying": [one for one in sentences if one.varies],
            "machine": self._desk.machine,
            "approval": self._desk.machine_approval,
            "done": done if done in DONE else "",
            "wrong": key if fault else "",
            "fault": _in(self._bureau.words(request).language, fault),
            **await self._sample(),
        }
        return self._bureau.show(request, "bureau/voice.html", fields, status=status, policy=WITH_SOUND)

    async def _sample(self) -> dict[str, object]:
        """The sample's text and length; a machine that cannot speak is told on the page."""
        try:
            text, script = await to_thread.run_sync(self._desk.sample)
        except SoundError:
            return {"text": "", "seconds": 0.0, "long": False}
        return {"text": text, "seconds": script.reading_s, "long": script.reading_s > SPEECH_LIMIT}


def _in(language: str, fault: DispatchError | None) -> str:
    """Of a sentence in two languages the one that is asked for."""
    chinese, _, english = str(fault or "").partition(" / ")
    return english if english and not language.startswith("zh") else chinese


async def _sound(make: Callable[[], bytes]) -> Response:
    try:
        content = await to_thread.run_sync(make)
    except (NotFoundError, SoundError):
        raise ApiRefusalError(404, "not_found") from None
    return Response(content, media_type="audio/wav")
