"""What providers call back."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from warning_dispatch.delivery.kinds import HookAnswer, HookRequest
from warning_dispatch.web.guard import masked_path
from warning_dispatch.web.hooks import LIMIT, Hooks


class Provider:
    """A channel that remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[HookRequest] = []
        self.answer: HookAnswer | Exception = HookAnswer(body=b"<Response/>", media_type="text/xml")

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See Hooked."""
        self.heard.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def door(provider: Provider) -> Any:
    """A client before the door, behind a proxy under a path of its own."""
    hooks = Hooks({"twilio": provider}, "https://jy.example.cn/callouts/")
    return TestClient(Starlette(routes=hooks.routes()), base_url="http://127.0.0.1:8411")


def test_a_channel_sees_what_its_provider_signed() -> None:
    """Address as we gave it, query in order and doubled, body byte for byte: a signature is over these."""
    provider = Provider()
    answer = door(provider).post("/hooks/twilio/voice/7%2B8?a=1&b=2&a=3", content=b"x=%20y", headers={"X-Sign": "s"})
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "<Response/>", "text/xml")
    [heard] = provider.heard
    assert heard.url == "https://jy.example.cn/callouts/hooks/twilio/voice/7%2B8?a=1&b=2&a=3"
    assert (heard.method, heard.path, heard.body, heard.headers["x-sign"]) == ("POST", "voice/7+8", b"x=%20y", "s")
    assert heard.query == (("a", "1"), ("b", "2"), ("a", "3"))


def test_an_empty_callback_is_one_too() -> None:
    """Some providers ask by GET."""
    provider = Provider()
    assert door(provider).get("/hooks/twilio/up?ok=1").status_code == 200
    assert provider.heard[0].body == b""


def test_nobody_else_is_let_in() -> None:
    """A route that has no callbacks, or another method: no channel hears of it."""
    provider = Provider()
    client = door(provider)
    assert client.post("/hooks/aliyun/x", content=b"1").status_code == 404
    assert client.put("/hooks/twilio/x", content=b"1").status_code == 405
    assert client.post("/hooks/twilio/x", content=b"1" * (LIMIT + 1)).status_code == 413
    assert provider.heard == []
    assert Hooks({}, "").routes() == []


def test_a_channel_may_refuse_and_its_faults_stay_ours() -> None:
    """A forged callback is refused as the channel says; a fault of ours is no 500, or the provider would go on for hours."""
    provider = Provider()
    provider.answer = HookAnswer(403)
    assert door(provider).post("/hooks/twilio/x", content=b"1").status_code == 403
    provider.answer = ValueError("of ours")
    assert door(provider).post("/hooks/twilio/x", content=b"1").status_code == 200


def test_the_log_never_shows_what_signs_a_callback() -> None:
    """Addresses of providers that sign nothing carry a token of ours."""
    assert masked_path("/hooks/gateway/1234-abcdef/report") == "/hooks/gateway/***"
