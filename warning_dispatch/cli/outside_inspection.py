"""What `check` asks of the world outside, without ringing anybody: providers, addresses, the loop over the public network.

Everything is asked at once and each answer waited for a few seconds; `check --offline` leaves all of it out.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from warning_dispatch.bootstrap.channels import probed_routes
from warning_dispatch.bootstrap.installation import LOOP
from warning_dispatch.cli.machine_inspection import Looked, ending
from warning_dispatch.cli.office import daemon_answers
from warning_dispatch.clock import SystemClock
from warning_dispatch.delivery.configured import simulated_routes
from warning_dispatch.delivery.kinds import Probe
from warning_dispatch.errors import INFORMATION, DispatchError, Finding
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.loop import HOOK_LOOP, LINK_LOOP, answer_to

PATIENCE = 6.0
"""Seconds that one answer may take."""
PROBES = 20.0
"""Seconds that all providers together may take."""


def outside_findings(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """Everything about the world outside, by area. Without keys nothing can be asked: that is a finding of its own."""
    try:
        keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    except DispatchError:
        return
    yield from (("routes", one) for one in _routes(settings, keys))
    yield from (("callbacks", one) for one in _loops(settings, keys))
    yield from ((one.area, one.finding) for one in _addresses(settings))


# --- providers --------------------------------------------------------------------------------------------


def _routes(settings: Settings, keys: KeyRing) -> Iterator[Finding]:
    """Each provider is asked how it fares: address, login, balance. No call, no message."""
    try:
        found = asyncio.run(asyncio.wait_for(probed_routes(settings, keys, SystemClock()), PROBES))
    except TimeoutError:
        what = both("线路探测没有在限时内完成", "the providers did not answer in time")
        yield Finding(f"{SETTINGS_FILE}: routes", what, both("检查网络后再查", "look at the network, then check again"))
        return
    except DispatchError:
        return  # what is wrong with the settings is said already
    for name, probe in found.items():
        yield from _probe(f"{SETTINGS_FILE}: routes ({name})", probe)


def _probe(where: str, probe: Probe | None) -> Iterator[Finding]:
    if probe is None:
        what = f"{INFORMATION}" + both("这种线路不拨号就试不了", "this kind of route cannot be tried without ringing")
        yield Finding(where, what, both("用演练或自己的号码试一次", "try it once with a number of your own"))
    elif not probe.healthy:
        what = both(f"服务商不受理：{probe.why}", f"the provider does not serve us: {probe.why}")
        yield Finding(where, what, both("核对地址、口令、余额和网络", "look at address, password, balance, network"))
    elif probe.balance:
        yield Finding(where, f"{INFORMATION}" + both(f"正常，余额 {probe.balance}", f"well, balance {probe.balance}"))


# --- the loop ---------------------------------------------------------------------------------------------


def _loops(settings: Settings, keys: KeyRing) -> Iterator[Finding]:
    """From here out to the public address and back in: what receivers and providers will do."""
    doors = [("web.public_url", settings.web.public_url, LINK_LOOP)]
    doors += [("web.callback_url", settings.web.callback_url, HOOK_LOOP)]
    doors = [one for one in doors if one[1]]
    try:
        running = daemon_answers(settings.control_socket)
    except DispatchError:
        running = True
    if doors and not running:
        what = f"{INFORMATION}" + both(
            "程序没有运行，没有试公网地址", "the daemon does not run: public addresses were not tried"
        )
        yield Finding(f"{SETTINGS_FILE}: web", what, both("起动后再查一次", "check again when it runs"))
        return
    secret = keys.hook_secret(LOOP)
    for name, base, path in doors:
        word = secrets.token_hex(16)
        fault = _around(f"{base.rstrip('/')}{path}{word}", answer_to(secret, word))
        if fault:
            where = f"{SETTINGS_FILE}: {name}"
            what = both(f"从 {base} 绕不回本程序：{fault}", f"{base} does not lead back to this program: {fault}")
            remedy = both(
                "核对域名、端口映射和反向代理（分几个进程时 /hooks/ 归 engine 的端口）；本机到不了自己公网地址的，用手机流量打开一条链接试",
                "look at DNS, port forwarding and proxy (with several processes /hooks/ belongs to the engine's port); "
                "where this machine cannot reach its own public address, try by phone",
            )
            yield Finding(where, what, remedy)


def _around(url: str, expected: str) -> str:
    """What went wrong on the way; empty when the answer is ours."""
    try:
        with httpx2.Client(timeout=PATIENCE, trust_env=False, verify=ssl.create_default_context()) as client:
            answer = client.get(url)
    except httpx2.HTTPError as error:
        return type(error).__name__
    if answer.status_code != httpx2.codes.OK:
        return f"HTTP {answer.status_code}"
    return "" if answer.text.strip() == expected else both("那边是另一个程序", "something else answers there")


# --- certificates of addresses ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Address:
    """Somewhere that talks TLS from the first byte."""

    where: str
    host: str
    port: int


def _addresses(settings: Settings) -> list[Looked]:
    """Every address that shows a certificate, asked at once."""
    asked = list(_talking_tls(settings))
    if not asked:
        return []
    with ThreadPoolExecutor(max_workers=8) as pool:
        return [one for found in pool.map(_certificate, asked) for one in found]


def _talking_tls(settings: Settings) -> Iterator[_Address]:
    urls: list[tuple[str, object]] = [
        ("web.public_url", settings.web.public_url),
        ("web.callback_url", settings.web.callback_url),
    ]
    urls += [(f"ingest.feed ({one.name})", one.url) for one in settings.ingest.feed]
    urls += [(f"outward.outlet ({one.name})", one.url) for one in settings.outward.outlet]
    simulated = simulated_routes(settings)
    for route in settings.routes:
        if route.name not in simulated:
            urls += [(f"routes ({route.name})", value) for value in _values(route.options)]
    seen: dict[tuple[str, int], str] = {}
    for name, url in urls:
        if isinstance(url, str) and url.startswith("https://"):
            parts = urlsplit(url)
            if parts.hostname:
                seen.setdefault((parts.hostname, parts.port or 443), name)
    smtp = settings.smtp
    if smtp.host and smtp.security == "tls":
        seen.setdefault((smtp.host, smtp.port), "smtp")
    if smtp.imap_host and smtp.imap_security == "tls":
        seen.setdefault((smtp.imap_host, smtp.imap_port), "smtp.imap_host")
    for (host, port), name in seen.items():
        yield _Address(f"{SETTINGS_FILE}: {name}: {host}", host, port)


def _values(options: Mapping[str, object] | Sequence[object]) -> Iterator[object]:
    for value in options.values() if isinstance(options, Mapping) else options:
        if isinstance(value, Mapping | list | tuple):
            yield from _values(value)
        else:
            yield value


def _certificate(address: _Address) -> list[Looked]:
    """What its certificate says; a machine that does not trust it will not send there either."""
    try:
        ends = ssl.cert_time_to_seconds(_ends(address))
    except (OSError, ValueError) as error:
        reason = getattr(error, "verify_message", "") or type(error).__name__
        what = both(f"连不上或证书不被接受：{reason}", f"not reached, or its certificate is not accepted: {reason}")
        finding = Finding(address.where, what, both("核对地址、端口、证书链", "look at address, port and certificates"))
        return [Looked("certificates", finding, serious=True)]
    return list(ending(address.where, int(ends) * 1000))


def _ends(address: _Address) -> str:
    context = ssl.create_default_context()
    with (
        socket.create_connection((address.host, address.port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as secured,
    ):
        return str((secured.getpeercert() or {})["notAfter"])
