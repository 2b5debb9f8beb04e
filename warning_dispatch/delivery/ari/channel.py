"""电话: calls by the site's own Asterisk.

A call's id says which attempt it is, and whether a key is asked for: what Asterisk tells after a restart of ours is understood like
anything else, and an attempt that is repeated is not rung twice, because Asterisk knows its id already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

from warning_dispatch.delivery.ari.client import Ari
from warning_dispatch.delivery.ari.options import AriOptions
from warning_dispatch.delivery.ari.sounds import SoundFolder
from warning_dispatch.delivery.batches import Workers
from warning_dispatch.delivery.gateway.numbers import number_forms
from warning_dispatch.delivery.http import HttpTroubleError
from warning_dispatch.delivery.kinds import ChannelTools, Probe
from warning_dispatch.delivery.sip.course import Act, Course, Heard, Stage, step
from warning_dispatch.delivery.sip.phrases import phrases
from warning_dispatch.delivery.spoken.scripts import Scripts
from warning_dispatch.delivery.spoken.sound import SoundError, joined, silence, wav_of
from warning_dispatch.model.states import ASKING
from warning_dispatch.ports import Dispatch, Receipt, Report

AGAIN_AFTER_S = 2.0
"""Between two tries to have the events."""
TIDY_EVERY_S = 3_600.0
"""Between two looks for sounds that can go."""
KNOWN_ALREADY, GONE, FIRST_REFUSAL = 409, 404, 400
REFUSALS = {400: "misconfigured", 401: "credentials_refused", 403: "credentials_refused", 404: "misconfigured"}
"""Of a request to ring; what is not here is refused for now, a broken Asterisk is down."""
SERVER_FAULT = 500
HEARD_SHARE = 0.95
DOWN = "provider_down"
UNKNOWN_HEARD_AFTER = 15_000
"""ms after which somebody whose call we know only by its id counts as having heard it."""


@dataclass(slots=True)
class Call:
    """A call at Asterisk."""

    attempt_id: int
    course: Course
    sound: str
    thanks: str
    playing: str = ""


class AriVoice:
    """ChannelPort, Running, Probed."""

    def __init__(self, options: AriOptions, tools: ChannelTools, ari: Ari, scripts: Scripts) -> None:
        """`scripts`: who speaks."""
        self._options = options
        self._tools = tools
        self._ari = ari
        self._scripts = scripts
        self._table = options.table
        self._calls: dict[str, Call] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._workers = Workers(16, options.rules.longest_s + options.speak_within_s, tools.clock)
        self._sounds = SoundFolder(options.sound_folder, options.asterisk_folder)
        self._plays = 0
        self._listening = False
        self._closed = False

    # --- the port ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """See Running: take events in, for as long as the daemon runs; without them nothing can be rung."""
        said = False
        tidying = asyncio.create_task(self._tidy())
        try:
            while True:
                try:
                    await self._listen()
                    said = False
                except (OSError, TimeoutError, aiohttp.ClientError) as error:
                    if not said:
                        self._tools.log.warning("ari.no_events", error=type(error).__name__)
                    said = True
                self._listening = False
                await asyncio.sleep(AGAIN_AFTER_S)
        finally:
            tidying.cancel()

    async def _tidy(self) -> None:
        """Sounds that nobody is played any more go, now and then."""
        while True:
            try:
                removed = await asyncio.to_thread(self._sounds.remove_old, self._tools.now())
            except OSError as error:
                self._tools.log.warning("ari.sounds_stay", error=error.strerror)
            else:
                if removed:
                    self._tools.log.info("ari.sounds_removed", count=removed)
            await asyncio.sleep(TIDY_EVERY_S)

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See the port."""
        if not self._listening or self._closed:
            return [Receipt(one.attempt_id, accepted=False, outcome=DOWN) for one in batch]
        receipts = await self._workers.over(batch, self._ring)
        self._tools.log.info("ari.calls", calls=len(batch), accepted=sum(one.accepted for one in receipts))
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See the port."""
        for attempt_id in attempt_ids:
            for name in (name_of(attempt_id, asks=True), name_of(attempt_id, asks=False)):
                if name in self._calls:
                    self._step(name, Heard.WITHDRAWN)

    async def close(self) -> None:
        """Calls go on at Asterisk; what they tell meanwhile is lost, and their attempts end by their own deadlines."""
        self._closed = True
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self._ari.close()

    async def probe(self) -> Probe:
        """See Probed: do events come."""
        return Probe(healthy=self._listening, why="" if self._listening else DOWN)

    # --- placing a call ---------------------------------------------------------------------------------------

    async def _ring(self, dispatch: Dispatch) -> Receipt:
        number = number_forms(dispatch.address).get(self._options.numbers, dispatch.address)
        if not number.removeprefix("+").isdecimal():
            return Receipt(dispatch.attempt_id, accepted=False, outcome="invalid_number")
        name = name_of(dispatch.attempt_id, asks=dispatch.purpose in ASKING)
        try:
            self._calls[name] = await asyncio.to_thread(self._prepared, dispatch)
            ring_s = min(dispatch.ring_for // 1000, self._options.ring_s)
            answer = await self._ari.originate(name, self._options.prefix + number, self._options.caller_id, ring_s)
        except SoundError as error:
            self._tools.log.warning("ari.cannot_speak", attempt=dispatch.attempt_id, error=str(error))
            return Receipt(dispatch.attempt_id, accepted=False, outcome="misconfigured")
        except HttpTroubleError as trouble:
            return Receipt(dispatch.attempt_id, accepted=False, outcome=trouble.outcome, unsure=trouble.unsure)
        if answer.status < FIRST_REFUSAL or answer.status == KNOWN_ALREADY:
            return Receipt(dispatch.attempt_id, accepted=True, provider_ref=name)
        self._calls.pop(name, None)
        usual = DOWN if answer.status >= SERVER_FAULT else "temporarily_refused"
        return Receipt(dispatch.attempt_id, accepted=False, outcome=REFUSALS.get(answer.status, usual))

    def _prepared(self, dispatch: Dispatch) -> Call:
        script = self._scripts.script(dispatch.text, dispatch.language)
        course = Course(asks=dispatch.purpose in ASKING, heard_after=round(script.reading_s * HEARD_SHARE * 1000))
        return Call(dispatch.attempt_id, course, self._sounds.written(script.wav), self._thanks(dispatch.language))

    def _thanks(self, language: str) -> str:
        spoken = self._scripts.reading(phrases(language)["thanks"], language)
        return self._sounds.written(wav_of(joined(silence(0.1), spoken, silence(0.3))))

    # --- what happens -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        events = await self._ari.events()
        try:
            self._listening = True
            self._errand(self._look_after())
            while (event := await events.next()) is not None:
                self._take(event)
        finally:
            self._listening = False
            await events.close()

    async def _look_after(self) -> None:
        """What ended while no events came is lost: an attempt of which nobody knows goes on by its outcome."""
        for name in list(self._calls):
            with suppress(HttpTroubleError):
                if name in self._calls and not await self._ari.there(name):
                    self._step(name, Heard.LINE_LOST)

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type")
        if kind == "PlaybackFinished":
            self._played(str(_at(event, "playback", "target_uri")), str(_at(event, "playback", "id")))
            return
        name = str(_at(event, "channel", "id"))
        if name not in self._calls and not self._known_by_name(name):
            return
        match kind:
            case "ChannelStateChange" if _at(event, "channel", "state") == "Ringing":
                self._step(name, Heard.RINGING)
            case "StasisStart":
                self._step(name, Heard.PICKED_UP)
                self._play(name, self._calls[name].sound)
            case "ChannelDtmfReceived":
                self._step(name, Heard.KEY, str(event.get("digit", "")))
            case "ChannelDestroyed":
                self._step(name, Heard.CLOSED, str(event.get("cause", "")))

    def _known_by_name(self, name: str) -> bool:
        """A call of ours from before a restart: somebody who presses the key there has answered."""
        attempt_id, asks = attempt_in(name)
        if not attempt_id:
            return False
        since = self._tools.clock.monotonic()
        course = Course(asks=asks, heard_after=UNKNOWN_HEARD_AFTER, stage=Stage.LISTENING, since=since)
        self._calls[name] = Call(attempt_id, course, "", "")
        return True

    def _played(self, target: str, playback: str) -> None:
        """The script or the thanks are over, and no other file has taken its place: so is the call."""
        name = target.removeprefix("channel:")
        call = self._calls.get(name)
        if call is not None and call.playing == playback:
            if call.course.stage is Stage.ANSWERED:
                self._errand(self._hang_up(name))
            else:
                self._step(name, Heard.TALK_LIMIT)

    def _step(self, name: str, heard: Heard, word: str = "") -> None:
        call = self._calls[name]
        one = step(call.course, heard, self._tools.clock.monotonic(), self._table, word)
        call.course = one.course
        for act in one.acts:
            match act:
                case Act.TELL_KEY:
                    self._tell(call, "key_pressed")
                case Act.TELL_END:
                    self._tell(call, one.outcome)
                case Act.THANK:
                    self._play(name, call.thanks)
                case Act.SAY_AGAIN:
                    self._play(name, call.sound)
                case Act.HANG_UP:
                    self._errand(self._hang_up(name))
        if call.course.stage is Stage.OVER:
            self._calls.pop(name, None)

    def _tell(self, call: Call, outcome: str) -> None:
        self._tools.hear(Report(call.attempt_id, outcome, self._tools.now()))

    def _play(self, name: str, sound: str) -> None:
        call = self._calls[name]
        before, self._plays = call.playing, self._plays + 1
        call.playing = f"{name}.{self._plays}"
        self._errand(self._change(name, before, call.playing, sound) if sound else self._hang_up(name))

    async def _change(self, name: str, before: str, playback: str, sound: str) -> None:
        """Another file instead of the one that is played; a call in which nothing can be played is ended."""
        with suppress(HttpTroubleError):
            if before:
                await self._ari.stop(before)
            answer = await self._ari.play(name, playback, sound)
            if answer.status < FIRST_REFUSAL or answer.status == GONE:
                return
        self._tools.log.warning("ari.cannot_play")
        await self._hang_up(name)

    async def _hang_up(self, name: str) -> None:
        with suppress(HttpTroubleError):
            await self._ari.hang_up(name)

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


_ASKS, _TELLS = "wd-a-", "wd-n-"


def name_of(attempt_id: int, *, asks: bool) -> str:
    """A call's id at Asterisk."""
    return f"{_ASKS if asks else _TELLS}{attempt_id}"


def attempt_in(name: str) -> tuple[int, bool]:
    """The attempt of a call, and whether a key is asked for; 0 for what is no call of ours."""
    for prefix in (_ASKS, _TELLS):
        number = name.removeprefix(prefix)
        if number != name and number.isascii() and number.isdecimal():
            return int(number), prefix == _ASKS
    return 0, False


def _at(event: Mapping[str, Any], *path: str) -> object:
    found: object = event
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if found is not None else ""
