"""What becomes of messages: sent, delivered or not, answered, opted out of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.population import TextHabit

from .callbacks import Callbacks
from .people import People
from .witness import Witness


@dataclass
class Message:
    """A message that Twilio has taken."""

    sid: str
    to: str
    sender: str
    body: str
    status_url: str
    created_at: int
    status: str = "queued"

    @property
    def attempt(self) -> int:
        """Ours, out of the address that it calls back."""
        return int(urlsplit(self.status_url).path.rpartition("/")[2])


@dataclass
class Post:
    """All messages, and what people wrote back."""

    callbacks: Callbacks
    people: People
    witness: Witness
    reply_url: str
    """Where the bureau has told Twilio to send what comes in."""
    tap: Callable[[str], Awaitable[None]]
    """Somebody opens the link of a message and presses the button."""
    messages: dict[str, Message] = field(default_factory=dict)
    written: list[tuple[int, str, str]] = field(default_factory=list)
    """When, from whom, what."""
    tapped: list[str] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)

    def begin(self, message: Message) -> None:
        """Take a message."""
        self.messages[message.sid] = message
        self._note(message, message.created_at, carrier_log.HANDED)
        self.callbacks.begin(lambda: self._live(message))

    async def write(self, sender: str, body: str, to: str = "", **more: str) -> None:
        """A message comes in."""
        now = self.callbacks.clock.now()
        self.written.append((now, sender, body))
        sid = f"SM{len(self.written):032x}"
        form = {"MessageSid": sid, "From": sender, "To": to or "+12025550100", "Body": body, **more}
        self.callbacks.tell(self.reply_url, form, attempt=len(self.written), step=99, losable=False)

    async def _live(self, message: Message) -> None:
        outcome, told_after, habit, acts_after, words = self.people.texted(message.to)
        self._step(message, "sent", 0)
        await self.callbacks.sleep_until(message.created_at + told_after)
        if outcome == "delivered":
            self._step(message, "delivered", 1)
        else:
            self._step(message, "undelivered", 1, ErrorCode="30003")
            return
        await self.callbacks.sleep_until(message.created_at + acts_after)
        now = self.callbacks.clock.now()
        if habit is TextHabit.REPLIES:
            self._note(message, now, carrier_log.REPLIED)
            await self.write(message.to, words)
        elif habit is TextHabit.OPTS_OUT:
            self.opted_out.add(message.to)
            await self.write(message.to, "STOP", OptOutType="STOP")
        elif habit is TextHabit.TAPS and "http" in message.body:
            link = "http" + message.body.split("http", 1)[1].split()[0].rstrip("。，,.")
            self.tapped.append(link)
            self._note(message, now, carrier_log.TAPPED)
            await self.tap(link)

    def _note(self, message: Message, at: int, what: str) -> None:
        self.witness.note(at, message.attempt, message.to, what, Channel.SMS)

    def _step(self, message: Message, status: str, step: int, **more: str) -> None:
        message.status = status
        form = {"MessageSid": message.sid, "MessageStatus": status, "To": message.to, "From": message.sender, **more}
        self.callbacks.tell(message.status_url, form, attempt=message.attempt, step=10 + step)
