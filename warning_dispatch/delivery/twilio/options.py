"""What a Twilio route may say: [routes.options]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from warning_dispatch.clock import Clock
from warning_dispatch.delivery.batches import Workers
from warning_dispatch.delivery.http import HttpRules
from warning_dispatch.tomlfiles import Shape

E164 = r"^\+[1-9]\d{6,14}$"
SENDER = r"^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10})$"
"""A number, a short code or a name of letters."""


class VoiceOptions(Shape):
    """Who reads the text: names of Twilio's <Say>."""

    language: str = Field(min_length=2)
    voice: str = Field(min_length=1)


VOICES: Mapping[str, VoiceOptions] = {
    "zh_CN": VoiceOptions(language="cmn-CN", voice="Polly.Zhiyu"),
    "en": VoiceOptions(language="en-US", voice="Polly.Joanna"),
}


class TwilioOptions(Shape):
    """Twilio 线路. The secret `auth_token` comes from the environment, a credential or `auth_token_file`."""

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token_file: str = ""
    from_numbers: tuple[Annotated[str, Field(pattern=SENDER)], ...] = ()
    """Whom a call or message comes from; of several, one receiver always sees the same."""
    messaging_service: str = Field(default="", pattern=r"^(MG[0-9a-fA-F]{32})?$")
    """Messages only: Twilio's own pool of senders, instead of `from_numbers`."""
    voices: dict[str, VoiceOptions] = Field(default_factory=dict)
    """By language; what is left out is read as shipped."""
    readings: int = Field(default=2, ge=1, le=3)
    """How often a call reads its text to somebody who presses nothing."""
    key_wait_s: int = Field(default=6, ge=2, le=20)
    """Seconds after the text in which a key is still waited for."""
    duty_number: str = Field(default="", pattern=rf"({E164}|^$)")
    """Whom key 0 connects with; empty: nobody."""
    machine_detection: bool = True
    hears: bool = False
    """Whether our addresses are entered at Twilio for what comes in to the numbers: replies, calls back."""
    message_valid_s: int = Field(default=14_400, ge=60, le=36_000)
    """How long Twilio may hold a message back before it is worth nothing."""
    region: str = Field(default="", pattern=r"^[a-z0-9-]*$")
    edge: str = Field(default="", pattern=r"^[a-z0-9-]*$")
    address: str = ""
    """Another server than Twilio's own, scheme and host: for trials."""
    proxy: str = Field(default="", repr=False)
    timeout_s: float = Field(default=6.0, gt=0, le=30)
    connections: int = Field(default=16, ge=1, le=64)

    @property
    def rules(self) -> HttpRules:
        """How Twilio is talked to."""
        connect_s = min(2.0, self.timeout_s)
        return HttpRules(self.timeout_s, connect_s, self.connections, proxy=self.proxy)

    def workers(self, clock: Clock) -> Workers:
        """Who hands over. The longest hand-over is a request without an answer and the question what became of it."""
        return Workers(self.connections, 2 * self.rules.longest_s, clock)

    def voice_of(self, language: str) -> VoiceOptions:
        """Who reads a text in this language; one that nobody reads is read by the Chinese voice."""
        return self.voices.get(language) or VOICES.get(language) or self.voices.get("zh_CN") or VOICES["zh_CN"]

    def sender_for(self, address: str) -> str:
        """Of several numbers the same for one receiver, whoever asks and whenever; empty when there is none."""
        numbers = self.from_numbers
        return numbers[sum(map(ord, address)) % len(numbers)] if numbers else ""
