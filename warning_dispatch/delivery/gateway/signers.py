"""签名: how providers want a request signed. Pure functions of request, credentials, moment and nonce.

Each follows its provider's published description and is tested against the provider's own vectors or its SDK
(tests/unit/delivery/gateway/vectors). None is a copy of an SDK.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from warning_dispatch.delivery.gateway.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs. `id` is public, `key` the secret; `extra` are the scheme's own parameters from the provider's file."""

    id: str = field(repr=False)
    key: str = field(repr=False)
    extra: Mapping[str, str] = field(default_factory=dict)


Signer = Callable[[Outgoing, Credentials, int, str], Outgoing]
"""(request, credentials, now in ms, nonce) → the signed request."""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _utc(now: int, pattern: str) -> str:
    return datetime.fromtimestamp(now // 1000, UTC).strftime(pattern)


def _canonical(request: Outgoing, path: str, headers: Mapping[str, str], digest: str) -> tuple[str, str]:
    """The form that three schemes share: the canonical request, and the names of the headers in it."""
    signed = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    return f"{request.method}\n{path}\n{request.line}\n{lines}\n{signed}\n{digest}", signed


def acs3(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:
    """阿里云《V3版本请求体&签名机制》: ACS3-HMAC-SHA256 over all x-acs headers and the host."""
    digest = _digest(request.body)
    request = request.with_line().with_headers(
        x_acs_date=_utc(now, "%Y-%m-%dT%H:%M:%SZ"), x_acs_signature_nonce=nonce, x_acs_content_sha256=digest
    )
    headers = {
        name: value for name, value in request.headers.items() if name.startswith("x-acs-") or name == "content-type"
    }
    canonical, signed = _canonical(request, request.path, headers | {"host": request.host}, digest)
    signature = _mac(who.key.encode(), f"ACS3-HMAC-SHA256\n{_digest(canonical.encode())}").hex()
    return request.with_headers(
        authorization=f"ACS3-HMAC-SHA256 Credential={who.id},SignedHeaders={signed},Signature={signature}"
    )


def tc3(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:  # noqa: ARG001 - one shape for all
    """腾讯云《签名方法 v3》: TC3-HMAC-SHA256 with a key of the day. Extra: `service` ("sms", "vms")."""
    seconds, day, service = str(now // 1000), _utc(now, "%Y-%m-%d"), who.extra["service"]
    request = request.with_line().with_headers(x_tc_timestamp=seconds)
    headers = {"content-type": request.headers["content-type"], "host": request.host}
    canonical, signed = _canonical(request, "/", headers, _digest(request.body))
    scope = f"{day}/{service}/tc3_request"
    key = f"TC3{who.key}".encode()
    for part in (day, service, "tc3_request"):
        key = _mac(key, part)
    signature = _mac(key, f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{_digest(canonical.encode())}").hex()
    credential = f"Credential={who.id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    return request.with_headers(authorization=f"TC3-HMAC-SHA256 {credential}")


def sdk_hmac(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:  # noqa: ARG001 - one shape for all
    """华为云《AK/SK 签名认证》: SDK-HMAC-SHA256 over date, host and content type."""
    moment = _utc(now, "%Y%m%dT%H%M%SZ")
    request = request.with_line().with_headers(x_sdk_date=moment)
    headers = {name: value for name, value in request.headers.items() if name in ("x-sdk-date", "content-type")}
    path = request.path if request.path.endswith("/") else f"{request.path}/"
    canonical, signed = _canonical(request, path, headers | {"host": request.host}, _digest(request.body))
    signature = _mac(who.key.encode(), f"SDK-HMAC-SHA256\n{moment}\n{_digest(canonical.encode())}").hex()
    credential = f"Access={who.id}, SignedHeaders={signed}, Signature={signature}"
    return request.with_headers(authorization=f"SDK-HMAC-SHA256 {credential}")


def wsse(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:
    """华为云语音通话、短信《X-AKSK 鉴权》: a UsernameToken in a header of its own.

    Extra: `header`; `digest`: "hmac" (语音通话, HMAC-SHA256 keyed with the secret) or "sha256" (短信, secret appended).
    """
    created = _utc(now, "%Y-%m-%dT%H:%M:%SZ")
    token = wsse_digest(who, nonce + created)
    value = f'UsernameToken Username="{who.id}",PasswordDigest="{token}",Nonce="{nonce}",Created="{created}"'
    return request.with_header(who.extra["header"], value)


def wsse_digest(who: Credentials, text: str) -> str:
    """The PasswordDigest over a text: nonce and moment, in callbacks with the address in front."""
    if who.extra.get("digest") == "sha256":
        raw = hashlib.sha256(f"{text}{who.key}".encode()).digest()
    else:
        raw = _mac(who.key.encode(), text)
    return base64.b64encode(raw).decode()


_TOKEN = re.compile(r'(\w+)="([^"]*)"')


def is_wsse(value: str, who: Credentials, url: str) -> bool:
    """Whether the UsernameToken of a callback to `url` is right; takes as long for a wrong one."""
    token = dict(_TOKEN.findall(value))
    text = f"{url}{token.get('Nonce', '')}{token.get('Created', '')}"
    right = hmac.compare_digest(wsse_digest(who, text).encode(), token.get("PasswordDigest", "").encode())
    return right and hmac.compare_digest(token.get("Username", "").encode(), who.id.encode())


def dingtalk(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:  # noqa: ARG001 - one shape for all
    """钉钉《自定义机器人安全设置》加签: timestamp and its HMAC, keyed with the secret, in the query."""
    signature = base64.b64encode(_mac(who.key.encode(), f"{now}\n{who.key}")).decode()
    return request.with_query(("timestamp", str(now)), ("sign", signature))


def basic(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:  # noqa: ARG001 - one shape for all
    """HTTP Basic, RFC 7617."""
    return request.with_headers(authorization="Basic " + base64.b64encode(f"{who.id}:{who.key}".encode()).decode())


def unsigned(request: Outgoing, who: Credentials, now: int, nonce: str) -> Outgoing:  # noqa: ARG001 - one shape for all
    """Nothing: what proves us stands in the request itself."""
    return request


SIGNERS: Mapping[str, Signer] = {
    "none": unsigned,
    "basic": basic,
    "acs3": acs3,
    "tc3": tc3,
    "sdk_hmac": sdk_hmac,
    "wsse": wsse,
    "dingtalk": dingtalk,
}
"""The schemes a provider's file may name."""
NEEDS: Mapping[str, tuple[str, ...]] = {"tc3": ("service",), "wsse": ("header",)}
"""Parameters without which a scheme cannot sign."""
