"""退信回调: bounces that the bureau's own relay posts to /hooks/<route>/bounce, signed as in signing.py.

The body is the report as the relay has it (Content-Type: message/rfc822), or JSON:

    {"message_id": "<…>", "action": "failed", "status": "5.1.1", "diagnostic": "smtp; 550 5.1.1 no such user"}

Only bounces come in this way: an answer is a person's, and comes from a mailbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warning_dispatch.delivery.email.incoming import DELIVERED, Bounce, Incoming, Passed, failure, read_incoming
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.delivery.kinds import HookAnswer, HookRequest
from warning_dispatch.ports import Event, Report
from warning_dispatch.signing import SIGNATURE, TIMESTAMP, is_signed

PATH = "bounce"
WINDOW = 300_000
"""ms a signature may be old or early."""
_LONGEST_TIMESTAMP = 11


class BounceShape(BaseModel):
    """What a relay says of one mail."""

    model_config = ConfigDict(extra="ignore")

    message_id: str = Field(min_length=1, max_length=500)
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"] = "failed"
    status: str = Field(default="", max_length=20)
    diagnostic: str = Field(default="", max_length=2_000)


@dataclass(frozen=True, slots=True)
class BounceDoor:
    """Lets in what bears the right signature. Telling the same bounce twice does no harm."""

    secret: str = field(repr=False)
    tokens: Tokens = field(repr=False)
    now: Callable[[], int]
    hear: Callable[[Event], None]

    async def answer(self, request: HookRequest) -> HookAnswer:
        """404 where nothing is expected, 401 for what is not signed, 400 for what cannot be read, else 200 and a word."""
        if request.path != PATH or request.method != "POST" or not self.secret:
            return HookAnswer(404)
        if not self._signed(request):
            return HookAnswer(401, b"signature")
        found = self._read(request)
        if found is None:
            return HookAnswer(400, b"message/rfc822 or JSON with message_id, action, status, diagnostic")
        if not isinstance(found, Bounce):
            return HookAnswer(200, (found.why if isinstance(found, Passed) else "no_bounce").encode())
        self.hear(Report(found.attempt_id, found.outcome, self.now()))
        return HookAnswer(200, found.outcome.encode())

    def _signed(self, request: HookRequest) -> bool:
        said = request.headers.get(TIMESTAMP.lower(), "").strip()
        if not (said.isascii() and said.isdecimal() and len(said) <= _LONGEST_TIMESTAMP):
            return False
        if abs(int(said) * 1000 - self.now()) > WINDOW:
            return False
        return is_signed(self.secret, int(said), request.body, request.headers.get(SIGNATURE.lower(), ""))

    def _read(self, request: HookRequest) -> Incoming | None:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "message/rfc822":
            return read_incoming(request.body, self.tokens)
        try:
            said = BounceShape.model_validate_json(request.body)
        except ValidationError:
            return None
        attempt_id = next(self.tokens.attempts(said.message_id), None)
        if attempt_id is None:
            return Passed("not_ours")
        match said.action:
            case "delivered":
                return Bounce(attempt_id, DELIVERED)
            case "failed":
                return Bounce(attempt_id, failure(f"{said.diagnostic} {said.status}"))
            case _:
                return Passed("delayed" if said.action == "delayed" else "unclear")
