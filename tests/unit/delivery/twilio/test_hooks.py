"""Callbacks that are genuine and make no sense, and others that are not genuine: nothing is raised, nothing is believed twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from twilio.request_validator import RequestValidator

from warning_dispatch.clock import VirtualClock
from warning_dispatch.delivery.kinds import ChannelTools, HookRequest, kind_of
from warning_dispatch.delivery.twilio.hooks import OLD, Door
from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Event, Report

ACCOUNT, TOKEN = "AC" + "0" * 32, "token"
BASE = "https://jiaoying.example.cn/hooks/voice"
NOW = 1_784_727_180_000
OPTIONS = TwilioOptions(account_sid=ACCOUNT, from_numbers=("+12025550100",))
FIELDS = ("CallSid", "CallStatus", "Digits", "AnsweredBy", "CallDuration", "SipResponseCode", "Timestamp", "From")
WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "1",
            "2",
            "#",
            "completed",
            "ringing",
            "failed",
            "machine_start",
            "12",
            "-1",
            "1e9",
            "CA1",
            "٣",
            "9" * 40,
        ]
    ),
    st.text(max_size=20),
)
FORMS = st.dictionaries(
    st.sampled_from((*FIELDS, "MessageSid", "MessageStatus", "ErrorCode", "Body", "OptOutType")), WORDS
)
PATHS = st.one_of(
    st.sampled_from(["status/1", "key/1", "machine/1", "inbound", "reply", "status/", "key/0", "key/-1", "x/1", ""]),
    st.text(max_size=12),
)
QUERIES = st.dictionaries(st.sampled_from(("at", "s", "l", "t", "b")), WORDS)


@cache
def channel(kind: Channel) -> tuple[Any, list[Event]]:
    """A channel that never gets as far as Twilio, and what it has heard."""
    heard: list[Event] = []

    async def nothing(_number: str) -> Sequence[Any]:
        return ()

    tools = ChannelTools(
        route="voice",
        channel=kind,
        clock=VirtualClock(NOW),
        hear=heard.append,
        hook_url=BASE,
        hook_secret=b"x" * 32,
        secret=lambda _name: TOKEN,
        open_calls=nothing,
        log=silent_logger(),
    )
    return kind_of("twilio").build(OPTIONS, tools), heard


def signed(path: str, query: dict[str, str], form: dict[str, str]) -> HookRequest:
    """What Twilio would send."""
    form = {"AccountSid": ACCOUNT, **form}
    url = f"{BASE}/{quote(path)}" + (f"?{urlencode(query)}" if query else "")
    headers = {"x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, form)}
    return HookRequest("POST", path, tuple(query.items()), headers, urlencode(form).encode(), url)


@given(st.sampled_from((Channel.VOICE, Channel.SMS)), PATHS, QUERIES, FORMS)
def test_whatever_is_signed_is_answered(kind: Channel, path: str, query: dict[str, str], form: dict[str, str]) -> None:
    """No word of theirs raises, the answer is well-formed, and a key is heard only where key 1 was pressed just now."""
    ours, heard = channel(kind)
    heard.clear()
    answer = asyncio.run(ours.hook(signed(path, query, form)))
    assert answer.status in (200, 404)
    if answer.body:
        assert etree.fromstring(answer.body).tag == "Response"
    keys = [one for one in heard if isinstance(one, Report) and one.outcome == "key_pressed"]
    assert not keys or (form.get("Digits") == "1" and path.startswith("key/"))
    assert all(NOW - OLD <= one.at <= NOW for one in heard)


@given(st.binary(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_not_signed_is_refused(body: bytes, signature: str, settings: str) -> None:
    """Any bytes, any header: no."""
    door = Door(ACCOUNT, TOKEN, lambda: NOW)
    headers = {"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": settings}
    answer = door.read(HookRequest("POST", "key/1", (), headers, body, f"{BASE}/key/1"))
    assert getattr(answer, "status", 200) == 403


def test_without_a_token_nobody_is_let_in() -> None:
    """An empty secret signs nothing: what it signed is forged."""
    request = signed("key/1", {"at": str(NOW)}, {"Digits": "1"})
    form = {"AccountSid": ACCOUNT, "Digits": "1"}
    empty = RequestValidator("").compute_signature(request.url, form)
    door = Door(ACCOUNT, "", lambda: NOW)
    answer = door.read(
        HookRequest("POST", "key/1", request.query, {"x-twilio-signature": empty}, request.body, request.url)
    )
    assert getattr(answer, "status", 200) == 403


def test_news_is_of_the_last_day() -> None:
    """What lies a day back, or ahead, or says nothing of its time, is none."""
    door = Door(ACCOUNT, TOKEN, lambda: NOW)
    for at, news in (
        (NOW, True),
        (NOW + 30_000, True),
        (NOW + 90_000, False),
        (NOW - OLD, True),
        (NOW - OLD - 1, False),
    ):
        assert door.is_news({"at": str(at)}) is news
    assert not any(door.is_news({"at": text}) for text in ("", "x", "-1", "9" * 30))
    assert not door.is_news({})
