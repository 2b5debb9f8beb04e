"""What `check` looks at of the sources and outlets: that they can work, and that nobody can pretend to be one."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from warning_dispatch.bootstrap.other_sources import other_findings
from warning_dispatch.bootstrap.sources import folder_plan, short_secret
from warning_dispatch.errors import INFORMATION, ConfigError, Finding
from warning_dispatch.ingest.fetching import is_public
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.signing import SHORTEST_SECRET
from warning_dispatch.source_settings import FeedSettings, FolderSettings, OutletSettings, PushSettings
from warning_dispatch.tomlfiles import both

Keys = Mapping[str, frozenset[str]]
"""Names of API keys in force → their scopes."""


def source_findings(settings: Settings, keys: Keys | None) -> Iterator[Finding]:
    """Everything about the sources. `keys` None: the database could not be asked."""
    if not settings.ingest.sources:
        what = both(
            "没有配置来源，只有接口和 alert ingest 能送进预警", "no source: warnings come by the API and `alert ingest`"
        )
        yield Finding(
            f"{SETTINGS_FILE}: ingest", f"{INFORMATION}{what}", both("见设置里的样例", "see the examples there")
        )
    for push in settings.ingest.push:
        yield from _push(push, settings, keys)
    for folder in settings.ingest.folder:
        yield from _folder(folder, settings)
    for feed in settings.ingest.feed:
        yield from _feed(feed)
    yield from other_findings(settings)


def outlet_findings(settings: Settings) -> Iterator[Finding]:
    """Everything about what is passed on."""
    if settings.outward.feed == "open":
        what = both("传播的预警谁都能读", "whoever reaches the web server can read the feed of warnings")
        yield Finding(f"{SETTINGS_FILE}: outward.feed", f"{INFORMATION}{what}")
    for outlet in settings.outward.outlet:
        yield from _outlet(outlet, settings)


# --- senders ----------------------------------------------------------------------------------------------


def _push(source: PushSettings, settings: Settings, keys: Keys | None) -> Iterator[Finding]:
    where = f"{SETTINGS_FILE}: ingest.push ({source.name})"
    if source.auth == "key" and keys is not None and "alerts" not in keys.get(source.api_key, frozenset()):
        what = both(
            f"没有权限为 alerts 的密钥 {source.api_key}", f"there is no key {source.api_key} with the scope alerts"
        )
        yield Finding(where, what, f"warning-dispatch key add {source.api_key} --scope alerts")
    if source.auth == "hmac":
        try:
            secret = settings.source_secret(source)
        except ConfigError as error:
            yield from error.findings
        else:
            if len(secret) < SHORTEST_SECRET:
                yield short_secret(where, f"source-{source.name}")
    if source.auth == "mtls" and any(ipaddress.ip_network(one).prefixlen == 0 for one in source.proxies):
        what = both("proxies 包括所有地址，谁都能冒充", "proxies hold every address: anybody could pretend")
        yield Finding(where, what, both("只写代理自己的地址", "name the proxy's own address"))


# --- folders ----------------------------------------------------------------------------------------------


def _folder(source: FolderSettings, settings: Settings) -> Iterator[Finding]:
    path, where = folder_plan(source).path, f"{SETTINGS_FILE}: ingest.folder ({source.name})"
    if not path.is_dir():
        what = both(f"目录不存在：{path}", f"there is no folder {path}")
        yield Finding(where, what, both("建立目录，或检查是否已挂载", "make it, or see whether it is mounted"))
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        what = both(f"目录不能读写：{path}", f"the folder cannot be read and written: {path}")
        yield Finding(
            where, what, both("收完的文件要移走，给服务的用户写权限", "files are moved away: let the service write")
        )
    others = [folder_plan(one).path for one in settings.ingest.folder if one.name != source.name]
    if any(_overlap(path, other) for other in others):
        what = both("与另一个来源的目录重叠", "it overlaps the folder of another source")
        yield Finding(where, what, both("各用各的目录", "give each its own"))


def _overlap(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


# --- feeds and outlets ------------------------------------------------------------------------------------


def _feed(source: FeedSettings) -> Iterator[Finding]:
    where, parts = f"{SETTINGS_FILE}: ingest.feed ({source.name})", urlsplit(source.url)
    yield from _address(where, source.url)
    if parts.hostname and _is_inside(parts.hostname) and not source.private:
        what = both(f"{parts.hostname} 是内网地址，取不到", f"{parts.hostname} is inside: it will not be fetched from")
        yield Finding(where, what, both("确属内网就写 private = true", "set private = true if that is meant"))
    if parts.scheme == "http" and not source.private:
        what = both("不是 https，路上可能被改", "not https: it can be changed on its way")
        yield Finding(where, f"{INFORMATION}{what}")


def _outlet(outlet: OutletSettings, settings: Settings) -> Iterator[Finding]:
    where = f"{SETTINGS_FILE}: outward.outlet ({outlet.name})"
    yield from _address(where, outlet.url)
    try:
        secret = settings.outlet_secret(outlet)
    except ConfigError as error:
        yield from error.findings
        return
    if not secret:
        what = both("没有共享密码，对方无法辨认真假", "no shared secret: the outlet cannot tell who posts")
        yield Finding(where, f"{INFORMATION}{what}")
    elif len(secret) < SHORTEST_SECRET:
        yield short_secret(where, f"outlet-{outlet.name}")


def _address(where: str, url: str) -> Iterator[Finding]:
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        yield Finding(where, both(f"不是网址：{url}", f"no address: {url}"), "https://…")


def _is_inside(host: str) -> bool:
    """Whether the host is written as an address that is not public; names are looked at when they are resolved."""
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost"
