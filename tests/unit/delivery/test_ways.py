"""By which ways people can answer, as the configured routes have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from warning_dispatch.delivery.configured import readable_routes, signature_of
from warning_dispatch.delivery.ways import Ways, in_words, ways_of
from warning_dispatch.model.unit import Channel
from warning_dispatch.settings import Settings, load_settings

TWILIO = """[routes.options]
account_sid = "AC00000000000000000000000000000000"
from_numbers = ["+12025550100"]
hears = true
"""


def settings(folder: Path, *routes: str, callback: str = "", more: str = "") -> Settings:
    """An installation with these routes."""
    text = f'[web]\ncallback_url = "{callback}"\n{more}' + "".join(routes)
    (folder / "warning-dispatch.toml").write_text(text, encoding="utf-8")
    return load_settings(folder, {})


def route(name: str, channel: str, adapter: str, more: str = "") -> str:
    """One of them."""
    return f'[[routes]]\nname = "{name}"\nchannel = "{channel}"\nadapter = "{adapter}"\n{more}'


def ways(read: Settings, *, linked: bool = True) -> Ways:
    """What works there."""
    return ways_of(readable_routes(read), linked=linked)


def test_the_simulated_ones_reply_and_ring_nobody_back(tmp_path: Path) -> None:
    """The demonstration says nothing of calling back."""
    read = settings(tmp_path, route("v", "voice", "simulated"), route("s", "sms", "simulated"))
    assert ways(read) == Ways(linked=True, replies=frozenset({Channel.SMS}), call_back=None)


@pytest.mark.parametrize(("callback", "heard"), [("", False), ("https://jy.example.cn", True)])
def test_a_provider_that_calls_back_needs_an_address(tmp_path: Path, callback: str, heard: bool) -> None:
    """Replies and calls back of Twilio come by callback: without an address neither is promised."""
    routes = (route("v", "voice", "twilio", TWILIO), route("s", "sms", "twilio", TWILIO))
    found = ways(settings(tmp_path, *routes, callback=callback))
    assert (Channel.SMS in found.replies, found.call_back) == (heard, heard)


def test_a_way_that_only_some_routes_have_is_not_promised(tmp_path: Path) -> None:
    """A message may take any of them."""
    read = settings(tmp_path, route("s", "sms", "simulated"), route("t", "sms", "twilio", TWILIO))
    assert Channel.SMS not in ways(read).replies


@pytest.mark.parametrize(("box", "heard"), [("", False), ('imap_host = "imap.b.cn"\n', True)])
def test_mail_is_answered_where_a_mailbox_is_read(tmp_path: Path, box: str, heard: bool) -> None:
    """回复邮件: asked for only where somebody reads it."""
    smtp = f'[smtp]\nhost = "mail.b.cn"\nsender = "a@b.cn"\n{box}'
    found = ways(settings(tmp_path, route("m", "email", "smtp"), more=smtp))
    assert (Channel.EMAIL in found.replies) == heard


def test_a_provider_s_file_that_cannot_be_read_promises_nothing(tmp_path: Path) -> None:
    """Its findings are told where routes are checked; commands go on working."""
    broken = '[routes.options]\nprovider = "nowhere"\n'
    read = settings(tmp_path, route("s", "sms", "gateway", broken), route("v", "voice", "gateway", broken))
    assert ways(read) == Ways(linked=True, replies=frozenset(), call_back=False)


def test_what_works_in_words() -> None:
    """As `check` says it, in both languages, of the channels that there are."""
    chinese, english = in_words(Ways(linked=False, replies=frozenset(), call_back=False), [Channel.SMS])
    assert (
        chinese
        == "链接：不写（没有公网地址 web.public_url）；短信回复：收不到，文中不请人回复；回拨：接不到，短信写明勿回拨"
    )
    assert english.count(";") == 2
    assert "mail" not in english


def test_a_route_s_signature(tmp_path: Path) -> None:
    """As it stands in the settings, with or without its brackets; a route without one has none."""
    read = settings(
        tmp_path,
        route("s", "sms", "simulated", 'signature = "【吕梁气象】"\n'),
        route("t", "sms", "simulated", 'signature = "吕梁气象"\n'),
        route("u", "sms", "simulated"),
    )
    readable = readable_routes(read)
    assert [signature_of(one, readable) for one in read.routes] == ["【吕梁气象】", "【吕梁气象】", ""]
