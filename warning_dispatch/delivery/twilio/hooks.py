"""What Twilio calls back: who it is from, what it says, and whether it was heard before.

1. The signature is Twilio's over the public address and the form; the account is ours. 2. The address holds when the
attempt was handed over: what comes a day later is no news. 3. Every word is taken once. Only then is it believed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator, get_signature_algorithm

from warning_dispatch.delivery.kinds import HookAnswer, HookRequest

SIGNATURE: Final = "x-twilio-signature"
SETTINGS: Final = "x-twilio-webhooks-signature-settings"
OLD: Final = 86_400_000
"""ms after its hand-over at which nothing about an attempt is news any more."""
AHEAD: Final = 60_000
"""ms by which Twilio's clock may be before ours."""
REMEMBERED: Final = 20_000
"""Words remembered, so that one that comes again changes nothing."""
XML: Final = "text/xml; charset=utf-8"
NOTHING: Final = HookAnswer(200, b"<?xml version='1.0' encoding='UTF-8'?><Response/>", XML)
FORGED: Final = HookAnswer(403)
UNKNOWN: Final = HookAnswer(404)
WRONG_METHOD: Final = HookAnswer(405)
_MOST_FIELDS: Final = 200


class Form(dict[str, list[str]]):
    """A posted form: a field may stand several times."""

    def getlist(self, name: str) -> list[str]:
        """How Twilio's validator asks."""
        return self[name]

    def one(self, name: str) -> str:
        """The first value of a field; empty when there is none."""
        return self.get(name, [""])[0]

    def number(self, name: str) -> int:
        """A field as a whole number; 0 when it is none."""
        text = self.one(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0  # noqa: PLR2004 - no number of theirs is longer


class Door:
    """Lets in what is Twilio's, and each word once."""

    def __init__(self, account_sid: str, token: str, now: Callable[[], int]) -> None:
        """`token`: the account's secret, with which Twilio signs."""
        self._account_sid = account_sid
        self._validator = RequestValidator(token) if token else None
        self._now = now
        self._heard: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def read(self, request: HookRequest) -> Form | HookAnswer:
        """The form of a callback that is genuine; else the answer to one that is not."""
        if request.method != "POST":
            return WRONG_METHOD
        form = _form(request.body)
        signature = request.headers.get(SIGNATURE, "")
        if form is None or self._validator is None or not signature.isascii():
            return FORGED
        algorithm = get_signature_algorithm(request.headers.get(SETTINGS, ""))
        if algorithm not in ("HMAC_SHA1", "HMAC_SHA256"):
            return FORGED
        genuine = self._validator.validate(request.url, form, signature, algorithm)
        return form if genuine and form.one("AccountSid") == self._account_sid else FORGED

    def is_news(self, query: Mapping[str, str]) -> bool:
        """Whether an attempt was handed over lately enough for anything about it to matter."""
        at = query.get("at", "")
        return at.isdecimal() and -AHEAD <= self._now() - int(at[:16]) <= OLD

    def first(self, *word: str) -> bool:
        """Whether this is heard for the first time."""
        if word in self._heard:
            return False
        self._heard[word] = None
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        return True

    def moment(self, form: Form) -> int:
        """When it happened, as Twilio says it in `Timestamp`; now, where that cannot be."""
        now = self._now()
        try:
            at = int(parsedate_to_datetime(form.one("Timestamp")).timestamp() * 1000)
        except (TypeError, ValueError, OverflowError):
            return now
        return at if now - OLD <= at <= now else now


def _form(body: bytes) -> Form | None:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    form = Form()
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def course(twiml: str) -> HookAnswer:
    """What the call is to do next."""
    return HookAnswer(200, twiml.encode(), XML)


def attempt_in(path: str) -> tuple[str, int]:
    """`status/17` → what it is about and the attempt; attempt 0 when it names none."""
    kind, _, attempt = path.strip("/").partition("/")
    return kind, int(attempt) if attempt.isascii() and attempt.isdecimal() and len(attempt) < 19 else 0  # noqa: PLR2004 - of a 64-bit key
