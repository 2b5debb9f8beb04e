"""Signatures against what the providers publish, and against what their own SDKs sign."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.delivery.gateway.outgoing import Outgoing
from warning_dispatch.delivery.gateway.signers import SIGNERS, Credentials, is_wsse

VECTORS: list[dict[str, Any]] = [
    vector
    for name in ("published", "sdk")
    for vector in json.loads((Path(__file__).parent / "vectors" / f"{name}.json").read_text("utf-8"))["vectors"]
]
NOW = 1_795_635_810_000
"""2026-11-25 19:43:30 UTC."""


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["what"] for vector in VECTORS])
def test_a_request_is_signed_as_the_provider_signs_it(vector: dict[str, Any]) -> None:
    """Fixed request, credentials, moment and nonce give the very signature that the provider prints."""
    query = tuple((name, value) for name, value in vector["query"])
    body = vector["body"].encode()
    request = Outgoing(vector["method"], vector["base"], vector["path"], query, vector["headers"], body)
    who = Credentials(vector["id"], vector["key"], vector["extra"])
    signed = SIGNERS[vector["scheme"]](request, who, vector["now"], vector["nonce"])
    assert signed.headers["authorization"] == vector["authorization"]
    assert signed.body == body


def openssl(key: str, text: str) -> str:
    """HMAC-SHA256 in base64 by another program than ours."""
    found = shutil.which("openssl")
    if found is None:
        pytest.skip("no openssl here")
    command = f'"{found}" dgst -sha256 -hmac "$1" -binary | "{found}" base64 -A'
    done = subprocess.run(["/bin/sh", "-c", command, "sh", key], input=text.encode(), capture_output=True, check=True)  # noqa: S603 - a fixed command
    return done.stdout.decode().strip()


def test_huawei_voice_tokens_are_hmacs_of_nonce_and_moment() -> None:
    """PasswordDigest is Base64(HMAC-SHA256(secret, nonce + created)), told by another implementation."""
    who = Credentials("app", "s3cret", {"header": "x-aksk"})
    signed = SIGNERS["wsse"](Outgoing("POST", "https://example.cn", "/"), who, NOW, "66C92B11FF8A")
    digest = openssl("s3cret", "66C92B11FF8A2026-11-25T19:43:30Z")
    assert signed.headers["x-aksk"] == (
        f'UsernameToken Username="app",PasswordDigest="{digest}",Nonce="66C92B11FF8A",Created="2026-11-25T19:43:30Z"'
    )


def test_huawei_callbacks_are_signed_with_their_address() -> None:
    """The token of a callback holds for its own address, user and secret only."""
    url, nonce, created = "https://jy.example.cn/hooks/huawei/status/abc", "n0nce", "2026-11-25T19:43:30Z"
    digest = openssl("s3cret", url + nonce + created)
    value = f'UsernameToken Username="app",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"'
    assert is_wsse(value, Credentials("app", "s3cret"), url)
    assert not is_wsse(value, Credentials("app", "other"), url)
    assert not is_wsse(value, Credentials("another", "s3cret"), url)
    assert not is_wsse(value, Credentials("app", "s3cret"), url + "d")
    assert not is_wsse("", Credentials("app", "s3cret"), url)


def test_dingtalk_signs_moment_and_secret() -> None:
    """The sign parameter is Base64(HMAC-SHA256(secret, timestamp, line end, secret)), percent-encoded."""
    request = Outgoing("POST", "https://example.cn", "/robot/send", (("access_token", "t"),))
    signed = SIGNERS["dingtalk"](request, Credentials("", "SECabc"), NOW, "")
    assert dict(signed.query) == {
        "access_token": "t",
        "timestamp": str(NOW),
        "sign": openssl("SECabc", f"{NOW}\nSECabc"),
    }
    assert not set("+/=") & set(signed.request().target.decode().partition("sign=")[2].partition("&")[0])


def test_basic_is_user_and_password() -> None:
    """RFC 7617's own example."""
    who = Credentials("Aladdin", "open sesame")
    signed = SIGNERS["basic"](Outgoing("GET", "https://example.cn", "/"), who, NOW, "")
    assert signed.headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_credentials_do_not_print_themselves() -> None:
    """Nothing that a log or a traceback may show of them or of a request holds the secret, a number or a text."""
    who = Credentials("AKID-visible", "very-secret")
    request = Outgoing("POST", "https://example.cn", "/", (("n", "+8626012345678"),), {"a": "very-secret"}, b"text")
    assert "secret" not in repr(who) + repr(request)
    assert "AKID" not in repr(who)
    assert "8626" not in repr(request)
