"""The life of a call: queued, rings, is picked up, follows its TwiML, ends; and who was rung when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml import etree

from warning_dispatch.delivery.lengths import speech_seconds
from warning_dispatch.simulation import carrier_log

from .callbacks import ACCOUNT, Callbacks
from .people import People, Pick
from .witness import Witness

ORDER = ("queued", "initiated", "ringing", "in-progress")


@dataclass
class Call:
    """A call that Twilio has taken."""

    sid: str
    to: str
    sender: str
    twiml: str
    ring_ms: int
    status_url: str
    machine_url: str
    created_at: int
    status: str = "queued"
    rang_at: int = 0
    picked_up_at: int = 0
    talked: int = 0
    """ms since it was picked up, by what was said and done: how busy this machine is does not count."""
    ended_at: int = 0
    pressed: list[tuple[int, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)

    @property
    def attempt(self) -> int:
        """Ours, out of the address that it calls back."""
        return int(urlsplit(self.status_url).path.rpartition("/")[2])

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status not in ORDER


class Lines:
    """All calls. One task each: this is a telephone network, not the product."""

    def __init__(self, callbacks: Callbacks, people: People, witness: Witness) -> None:
        """Who tells us, who picks up, and who writes down what happened."""
        self.calls: dict[str, Call] = {}
        self._callbacks = callbacks
        self._people = people
        self._witness = witness
        self._ended: dict[str, asyncio.Event] = {}

    def begin(self, call: Call) -> None:
        """Take a call."""
        self._witness.rings(call.created_at, call.attempt, call.to)
        self.calls[call.sid] = call
        self._ended[call.sid] = asyncio.Event()
        self._callbacks.begin(lambda: self._live(call))

    def cancel(self, call: Call) -> None:
        """Status=canceled: ends what is queued or rings, and nothing else."""
        if call.status in ("queued", "initiated", "ringing"):
            self._end(call, "canceled")

    async def _live(self, call: Call) -> None:
        self._step(call, "initiated")
        self._step(call, "ringing")
        call.rang_at = self._callbacks.clock.now()
        pick = self._people.called(call.to, call.ring_ms)
        waits = pick.leaves if pick.picks_up is None else pick.picks_up
        if await self._cut_off(call, min(waits, call.ring_ms)):
            return
        if pick.picks_up is None or pick.picks_up >= call.ring_ms:
            self._end(call, pick.ending or "no-answer", sip=pick.sip)
            return
        call.picked_up_at = self._callbacks.clock.now()
        self._step(call, "in-progress", said="in-progress")
        if call.machine_url:
            form = {"CallSid": call.sid, "AnsweredBy": "machine_start" if pick.machine else "human"}
            self._callbacks.tell(call.machine_url, form, attempt=call.attempt, step=9)
        await self._follow(call, pick)
        if not call.over:
            self._end(call, "completed")

    async def _cut_off(self, call: Call, ms: int) -> bool:
        """Let time pass; whether the call was ended meanwhile."""
        try:
            await asyncio.wait_for(self._ended[call.sid].wait(), max(0.0, self._callbacks.clock.real_seconds(ms)))
        except TimeoutError:
            return call.over
        return True

    # --- what is said and pressed -----------------------------------------------------------------------------

    async def _follow(self, call: Call, pick: Pick) -> None:
        """The verbs one after the other, until one ends the call or the person does."""
        keys = list(pick.keys)
        verbs = _verbs(call.twiml)
        while (verb := next(verbs, None)) is not None:
            match verb.tag:
                case "Say":
                    left = await self._say(call, pick, verb)
                case "Gather":
                    left, course = await self._gather(call, pick, verb, keys)
                    verbs = _verbs(course) if course else verbs
                case "Dial":
                    call.dialled.extend(str(number.text) for number in verb.iter("Number"))
                    left = await self._pass(call, pick, 5_000)
                case "Redirect":
                    left, verbs = False, _verbs(await self._callbacks.ask(str(verb.text), self._form(call)))
                case "Hangup":
                    return
                case _:
                    left = await self._pass(call, pick, 1_000)
            if left:
                return

    async def _say(self, call: Call, pick: Pick, verb: etree._Element) -> bool:
        text = str(verb.text or "")
        call.said.append(text)
        return await self._pass(call, pick, round(speech_seconds(text, "zh_CN") * 900))

    async def _gather(
        self, call: Call, pick: Pick, verb: etree._Element, keys: list[tuple[int, str]]
    ) -> tuple[bool, str]:
        """Whether the person has left, and the course that a key (or its absence) leads to."""
        texts = [str(one.text or "") for one in verb.iter("Say")]
        call.said.extend(texts)
        wait = sum(speech_seconds(text, "zh_CN") * 900 for text in texts) + 1_000 * int(verb.get("timeout", "5"))
        at = call.talked
        if keys and keys[0][0] <= at + wait:
            after, digit = keys.pop(0)
            if await self._pass(call, pick, max(0, after - at)):
                return True, ""
            call.pressed.append((self._callbacks.clock.now(), digit))
            if digit == "1":
                self._witness.note(self._callbacks.clock.now(), call.attempt, call.to, carrier_log.PRESSED)
            return False, await self._callbacks.ask(str(verb.get("action")), {**self._form(call), "Digits": digit})
        if await self._pass(call, pick, round(wait)):
            return True, ""
        if verb.get("actionOnEmptyResult") == "true":
            return False, await self._callbacks.ask(str(verb.get("action")), {**self._form(call), "Digits": ""})
        return False, ""

    async def _pass(self, call: Call, pick: Pick, ms: int) -> bool:
        """Let time pass in the call; whether the person has hung up."""
        left = pick.leaves - call.talked
        call.talked += max(0, min(ms, left))
        await self._callbacks.sleep_until(call.picked_up_at + call.talked)
        return left <= ms

    # --- telling ----------------------------------------------------------------------------------------------

    def _step(self, call: Call, status: str, said: str = "") -> None:
        call.status = status
        form = {**self._form(call), "CallStatus": said or status}
        self._callbacks.tell(call.status_url, form, attempt=call.attempt, step=ORDER.index(status))

    def _end(self, call: Call, status: str, sip: int = 0) -> None:
        call.status, call.ended_at = status, self._callbacks.clock.now()
        self._witness.ends(call.ended_at, call.attempt, call.to, status)
        self._ended[call.sid].set()
        form = {**self._form(call), "CallStatus": status}
        if status == "completed":
            form["CallDuration"] = str(round(call.talked / 1000))
        if sip and status == "failed":
            form["SipResponseCode"] = str(sip)
        self._callbacks.tell(call.status_url, form, attempt=call.attempt, step=len(ORDER))

    @staticmethod
    def _form(call: Call) -> dict[str, str]:
        return {
            "CallSid": call.sid,
            "AccountSid": ACCOUNT,
            "From": call.sender,
            "To": call.to,
            "CallStatus": call.status,
            "Direction": "outbound-api",
        }


def _verbs(twiml: str) -> Iterator[etree._Element]:
    """What a course says, verb by verb."""
    root = etree.fromstring(twiml.encode())
    assert root.tag == "Response"
    return iter(list(root))
