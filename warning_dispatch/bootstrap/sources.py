"""The sources of an installation and what it passes on, as its settings describe them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import structlog

from warning_dispatch.bootstrap.other_sources import read_others
from warning_dispatch.bootstrap.wiring import HOUR, alert_from_json
from warning_dispatch.clock import Clock
from warning_dispatch.engine.outward import Outward
from warning_dispatch.engine.sources import WATCH
from warning_dispatch.errors import ConfigError, Finding, StoreError
from warning_dispatch.ingest.document import MAX_BYTES
from warning_dispatch.ingest.feed_source import FeedPlan, FeedSource
from warning_dispatch.ingest.fetching import Fetcher, FetchRules
from warning_dispatch.ingest.folder import FolderPlan, WatchedFolder
from warning_dispatch.ingest.folder_source import FolderSource
from warning_dispatch.ingest.kinds import LookerTools
from warning_dispatch.ingest.other_source import OtherSource
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import OutletRule, Watched
from warning_dispatch.outward.cap import cap_of
from warning_dispatch.outward.outlets import Outlet, OutletPoster
from warning_dispatch.outward.passing import PassingOn
from warning_dispatch.ports import ReadModels
from warning_dispatch.routing.areas import as_prefix
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.signing import SHORTEST_SECRET
from warning_dispatch.source_desk import WriterSourceDesk
from warning_dispatch.source_settings import FeedSettings, FolderSettings, SourceShape
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.feeds import Feeds
from warning_dispatch.web.push import Pusher

WATCH_EVERY = 5_000
"""ms between looks at how the sources fare."""


def watched(sources: Sequence[SourceShape]) -> list[Watched]:
    """Whose silence is an alarm."""
    return [Watched(one.tag, one.gap_s * 1000 or None, one.quiet_s * 1000 or None) for one in sources]


def holder_name(settings: Settings) -> str:
    """This daemon on leases: the machine and the socket, which no two daemons share."""
    return f"{socket.gethostname()}:{settings.control_socket}"


def folder_plan(source: FolderSettings) -> FolderPlan:
    """A watched folder as configured; relative paths begin at the working directory."""
    return FolderPlan(
        path=Path(source.path).expanduser().absolute(),
        stable=round(source.stable_s * 1000),
        limit=MAX_BYTES,
        receipts=source.receipts,
        receipt_from=source.receipt_from,
        receipt_to=source.receipt_to,
    )


def pushers_of(settings: Settings) -> list[Pusher]:
    """Who may push. ConfigError for a signing one without a usable secret: it could never prove who it is."""
    findings: list[Finding] = []
    found = []
    for one in settings.ingest.push:
        try:
            secret = settings.source_secret(one) if one.auth == "hmac" else ""
        except ConfigError as error:
            findings.extend(error.findings)
            continue
        if one.auth == "hmac" and len(secret) < SHORTEST_SECRET:
            findings.append(short_secret(f"{SETTINGS_FILE}: ingest.push ({one.name})", f"source-{one.name}"))
        found.append(
            Pusher(
                name=one.name,
                tag=one.tag,
                auth=one.auth,
                api_key=one.api_key,
                secret=secret,
                window=one.window_s * 1000,
                proxies=one.proxies,
                subject_header=one.subject_header,
                subjects=one.subjects,
            )
        )
    if findings:
        raise ConfigError(findings)
    return found


def short_secret(where: str, credential: str) -> Finding:
    """A secret that is missing or too short."""
    what = both(
        f"共享密码没有，或不足 {SHORTEST_SECRET} 个字符",
        f"no secret, or one of fewer than {SHORTEST_SECRET} characters",
    )
    remedy = both(f"写 secret_file，或给凭据 {credential}", f"set secret_file or the credential {credential}")
    return Finding(where, what, remedy)


def feeds_of(settings: Settings, read: ReadModels) -> Feeds | None:
    """The feed of what is passed on; None: it is off."""
    if settings.outward.feed == "off":
        return None
    return Feeds(
        read,
        base=settings.web.public_url,
        author=settings.ingest.hand_issuer_name,
        page=settings.outward.feed_page,
        access=settings.outward.feed,
    )


def outward_of(settings: Settings, hazards: Mapping[str, Mapping[str, str]]) -> Outward:
    """What is passed on to whom. `hazards`: names by key and language."""
    rules = [
        OutletRule(one.name, Colour[one.least.upper()], tuple(as_prefix(area) for area in one.areas))
        for one in settings.outward.outlet
    ]
    return Outward(
        rules,
        lambda alert, hazard, colour, referred: cap_of(alert, hazards.get(hazard, {}), colour, referred),
        alert_from_json,
    )


async def pass_on(settings: Settings, desk: WriterSourceDesk, clock: Clock) -> None:
    """Pass warnings on until cancelled."""
    outlets = [
        Outlet(one.name, one.url, settings.outlet_secret(one), one.timeout_s, round(one.give_up_h * HOUR))
        for one in settings.outward.outlet
    ]
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=False) as client:
        poster = OutletPoster(outlets, client, clock, Random()) if outlets else None  # noqa: S311 - spreads the tries
        await PassingOn(desk, poster, clock).run()


def source_loops(settings: Settings, desk: WriterSourceDesk, clock: Clock) -> list[Coroutine[Any, Any, None]]:
    """Everything that brings messages by itself, and the watch over all sources."""
    loops = [_folder(one, desk, clock).run() for one in settings.ingest.folder]
    loops += [_feed(one, desk, clock).run() for one in settings.ingest.feed]
    loops += _others(settings, desk, clock)
    if settings.ingest.sources:
        loops.append(watch_sources(watched(settings.ingest.sources), desk, clock))
    loops.append(pass_on(settings, desk, clock))
    return loops


def _folder(source: FolderSettings, desk: WriterSourceDesk, clock: Clock) -> FolderSource:
    folder = WatchedFolder(folder_plan(source), clock)
    return FolderSource(source.tag, folder, desk, clock, round(source.look_every_s * 1000))


def fetch_rules(source: FeedSettings) -> FetchRules:
    """What may be fetched for a feed."""
    return FetchRules(source.url, source.hosts, source.private, source.limit_kib << 10, source.timeout_s)


def _feed(source: FeedSettings, desk: WriterSourceDesk, clock: Clock) -> FeedSource:
    plan = FeedPlan(source.tag, source.url, source.every_s * 1000, source.prefixes)
    return FeedSource(plan, Fetcher(fetch_rules(source)), desk, clock, Random())  # noqa: S311 - spreads the polls


def _others(settings: Settings, desk: WriterSourceDesk, clock: Clock) -> list[Coroutine[Any, Any, None]]:
    """Sources of other packages' kinds. ConfigError with every finding when one cannot be read."""
    loops = []
    for one in read_others(settings):
        tools = LookerTools(one.source.name, clock, settings.source_secret(one.source))
        looker = one.kind.build(one.options, tools)
        loops.append(OtherSource(one.source.tag, looker, desk, clock, round(one.source.every_s * 1000)).run())
    return loops


async def watch_sources(sources: Sequence[Watched], desk: WriterSourceDesk, clock: Clock) -> None:
    """See to it that silence is told, by one daemon at a time. While the database fails, that is the greater trouble, and told elsewhere."""
    log = structlog.get_logger("source")
    ours = False
    try:
        while True:
            try:
                told = await desk.watch(sources, anew=not ours)
                ours = told is not None
                if told:
                    log.warning("source.silent", count=told)
            except StoreError as error:
                log.warning("source.store", error=str(error))
            await asyncio.sleep(clock.real_seconds(WATCH_EVERY))
    finally:
        if ours:
            with suppress(StoreError):
                await desk.let_go(WATCH)
