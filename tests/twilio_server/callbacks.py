"""How Twilio tells us: signed forms, sent as its network has it: late, twice, out of order, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import urlencode, urlsplit

import httpx2
from twilio.request_validator import RequestValidator

from warning_dispatch.clock import Clock
from warning_dispatch.simulation.faults import Faults, FaultyLine

ACCOUNT = "AC" + "5e" * 16
TOKEN = "the-auth-token-of-the-tests"


@dataclass
class Told:
    """One callback as it was sent: where, what, and how we answered."""

    at: int
    url: str
    form: Mapping[str, str]
    status: int = 0
    body: str = ""


@dataclass
class Callbacks:
    """Sends callbacks to a daemon. `public` is the address it gave us, `local` where it really listens."""

    clock: Clock
    public: str
    local: str
    faults: Faults = field(default_factory=Faults)
    seed: int = 1
    told: list[Told] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Statuses of callbacks that we did not take."""

    def __post_init__(self) -> None:
        self._line = FaultyLine(self.seed, self.faults)
        self._client = httpx2.AsyncClient(trust_env=False, timeout=10)
        self._validator = RequestValidator(TOKEN)
        self._under_way: set[asyncio.Task[object]] = set()
        self._posting = 0
        self._closed = False

    def begin(self, work: Callable[[], object]) -> None:
        """Do something beside everything else."""
        task = asyncio.ensure_future(work())  # type: ignore[arg-type]
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Nothing more is told; what is on the wire arrives."""
        self._closed = True
        async with asyncio.timeout(10):
            while self._posting:  # noqa: ASYNC110 - a cancelled request would leave its socket behind
                await asyncio.sleep(0.01)
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._client.aclose()

    async def sleep_until(self, moment: int) -> None:
        """In the time of the clock."""
        seconds = self.clock.real_seconds(moment - self.clock.now())
        if seconds > 0:
            await asyncio.sleep(seconds)

    def tell(self, url: str, form: Mapping[str, str], *, attempt: int, step: int, losable: bool = True) -> None:
        """A status callback: as late and as often as the faults have it."""
        now = self.clock.now()
        if not url:
            return
        form = {**form, "Timestamp": formatdate(now / 1000, usegmt=True)}
        for moment in self._line.arrivals(attempt, step, now, losable=losable):
            self.begin(lambda moment=moment: self._later(moment, url, form))  # type: ignore[misc]

    async def ask(self, url: str, form: Mapping[str, str]) -> str:
        """A request whose answer the call waits for: what it is to do next."""
        told = await self._post(url, form)
        return told.body if told.status == 200 else "<Response><Hangup/></Response>"

    async def again(self, told: Told) -> Told:
        """Somebody who has overheard a callback sends it once more, signature and all."""
        return await self._post(told.url, told.form)

    async def _later(self, moment: int, url: str, form: Mapping[str, str]) -> None:
        await self.sleep_until(moment)
        await self._post(url, form)

    async def _post(self, url: str, form: Mapping[str, str]) -> Told:
        form = {"AccountSid": ACCOUNT, **form}
        told = Told(self.clock.now(), url, form)
        if self._closed:
            return told
        self.told.append(told)
        headers = {
            "X-Twilio-Signature": self._validator.compute_signature(url, form),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        where = self.local + url.removeprefix(self.public)
        assert urlsplit(where).hostname == "127.0.0.1"
        self._posting += 1
        try:
            answer = await self._client.post(where, content=urlencode(form), headers=headers)
        except httpx2.HTTPError:
            self.refused.append(0)
            return told
        finally:
            self._posting -= 1
        told.status, told.body = answer.status_code, answer.text
        if answer.status_code != 200:
            self.refused.append(answer.status_code)
        return told
