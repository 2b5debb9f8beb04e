"""Twilio's library over our own HTTP client: sent once, bounded, and without a word in the log.

The stock client sends a POST again after a 5xx, which rings a person twice, and ignores the time-out it is given.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from warning_dispatch.delivery.http import (
    FIRST_ERROR,
    Cause,
    HttpClient,
    HttpRequest,
    HttpTroubleError,
    Pairs,
)
from warning_dispatch.delivery.kinds import Probe
from warning_dispatch.delivery.twilio.errors import UNSURE, TwilioRefusedError, error_table
from warning_dispatch.delivery.twilio.options import TwilioOptions

T = TypeVar("T")

CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
LATEST = 20
"""Calls or messages to one number that are looked through."""
_KEPT_HEADERS = frozenset({"accept", "content-type"})
_NO_ENVIRONMENT = {"": ""}
"""The library reads os.environ where it is given nothing; settings are the only place that does."""


class TwilioWire(AsyncHttpClient):  # type: ignore[misc]  # the library ships no types
    """Carries the library's requests; what Twilio refuses is a TwilioRefusedError here, before the library reads it."""

    def __init__(self, http: HttpClient, address: str = "") -> None:
        """`address`: scheme and host to go to instead of those that the library names."""
        super().__init__(logging.getLogger("twilio.silent"), is_async=True)
        self._http = http
        self._address = address.rstrip("/")

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the library's signature; ours holds for every exchange
        allow_redirects: bool = False,  # noqa: ARG002 - never
    ) -> Response:
        """Send once. TwilioRefusedError or HttpTroubleError."""
        sent = {name: value for name, value in (headers or {}).items() if name.lower() in _KEPT_HEADERS}
        if auth is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode("ascii")
        request = HttpRequest(method.upper(), self._where(uri), sent, query=_pairs(params), form=_pairs(data))
        answer = await self._http.send(request)
        if answer.status < FIRST_ERROR:
            return Response(answer.status, answer.text, dict(answer.headers))
        document = answer.document()
        code = document.get("code") if isinstance(document, dict) else None
        code = code if isinstance(code, int) else 0
        outcome = error_table().refusal(answer.status, code)
        raise TwilioRefusedError(outcome, status=answer.status, code=code, unsure=answer.status in UNSURE)

    def _where(self, uri: str) -> str:
        if not self._address:
            return uri
        parts = urlsplit(uri)
        return self._address + parts.path + (f"?{parts.query}" if parts.query else "")


def _pairs(values: Mapping[str, object] | None) -> Pairs:
    """A list is its field several times over."""
    pairs: list[tuple[str, str]] = []
    for name, value in (values or {}).items():
        several = value if isinstance(value, (list, tuple)) else (value,)
        pairs.extend((name, str(one)) for one in several)
    return pairs


@dataclass(frozen=True, slots=True)
class Taken:
    """A call or message that Twilio has."""

    sid: str
    created_at: int
    """ms; 0 when Twilio does not say."""
    body: str = ""
    status: str = ""


class Twilio:
    """What we ask of Twilio. Every method may raise TwilioRefusedError or HttpTroubleError, nothing else."""

    def __init__(self, route: str, options: TwilioOptions, token: str, http: HttpClient | None = None) -> None:
        """`token`: the account's secret. `http` replaces the client that the options describe."""
        self._http = http or HttpClient(route, options.rules)
        self._client = Client(
            options.account_sid,
            token,
            region=options.region or None,
            edge=options.edge or None,
            http_client=TwilioWire(self._http, options.address),
            environment=_NO_ENVIRONMENT,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def call(self, to: str, sender: str, twiml: str, ring_s: int, status_url: str, machine_url: str) -> str:
        """Ring somebody; the call's SID. `machine_url` empty: whether a machine answers is not asked."""
        detection = {
            "machine_detection": "Enable",
            "async_amd": "true",
            "async_amd_status_callback": machine_url,
            "async_amd_status_callback_method": "POST",
        }
        made = self._client.calls.create_async(
            to=to,
            from_=sender,
            twiml=twiml,
            timeout=ring_s,
            status_callback=status_url,
            status_callback_event=list(CALL_EVENTS),
            status_callback_method="POST",
            **(detection if machine_url else {}),
        )
        return _sid((await _said(made)).sid)

    async def cancel(self, sid: str) -> bool:
        """End a call that is queued or rings; one that was picked up goes on. Whether it ended by this."""
        call = await _said(self._client.calls(sid).update_async(status="canceled"))
        return bool(call.status == "canceled")

    async def message(self, to: str, body: str, sender: Mapping[str, str], valid_s: int, status_url: str) -> str:
        """Send a text; the message's SID. `sender`: `from_` or `messaging_service_sid`."""
        fields: dict[str, Any] = {"status_callback": status_url} if status_url else {}
        made = self._client.messages.create_async(to=to, body=body, validity_period=valid_s, **sender, **fields)
        return _sid((await _said(made)).sid)

    async def calls_to(self, to: str, since: int) -> Sequence[Taken]:
        """The latest calls to a number, made at `since` (ms) or later."""
        return _since(await _said(self._client.calls.page_async(to=to, page_size=LATEST)), since)

    async def messages_to(self, to: str, since: int) -> Sequence[Taken]:
        """The latest messages to a number, made at `since` (ms) or later."""
        return _since(await _said(self._client.messages.page_async(to=to, page_size=LATEST)), since)

    async def probe(self) -> Probe:
        """Whether we are let in, and what is left of the money."""
        try:
            balance = await _said(self._client.balance.fetch_async())
            left = float(balance.balance)
        except TwilioRefusedError as refusal:
            return Probe(healthy=False, why=refusal.outcome)
        except HttpTroubleError as trouble:
            return Probe(healthy=False, why=trouble.outcome if not trouble.unsure else "provider_down")
        except (TypeError, ValueError):
            return Probe(healthy=True)
        shown = f"{left:.2f} {balance.currency or ''}".strip()
        return Probe(healthy=left > 0, why="" if left > 0 else "balance_exhausted", balance=shown)


async def _said(work: Awaitable[T]) -> T:
    """The library's answer; one that it cannot read leaves open what became of the request."""
    try:
        return await work
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
        raise HttpTroubleError(Cause.UNREADABLE, unsure=True) from None


def _sid(sid: object) -> str:
    if isinstance(sid, str) and sid:
        return sid
    raise HttpTroubleError(Cause.UNREADABLE, unsure=True)


def _since(page: Iterable[Any], since: int) -> Sequence[Taken]:
    """Of the newest page alone: no address that an answer names is followed."""
    taken = [
        Taken(str(one.sid), _moment(one.date_created), str(getattr(one, "body", "") or ""), str(one.status or ""))
        for one in page
    ]
    return [one for one in taken if one.created_at >= since]


def _moment(when: datetime | None) -> int:
    if when is None:
        return 0
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
