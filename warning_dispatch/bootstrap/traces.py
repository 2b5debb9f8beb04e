"""Who exports traces, where the settings name a collector. The libraries are an extra: pip install "warning-dispatch[traces]"."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Final

import structlog

from warning_dispatch.bootstrap.channels import Asking
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.daemon import Regular
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.tomlfiles import both

TRACES_EVERY: Final = 5.0
"""Seconds between two looks at the journal."""
TIMEOUT_S: Final = 5
LIBRARY: Final = "opentelemetry"


def traces_of(settings: Settings, product: Product, holder: str, clock: Clock) -> list[Regular]:
    """Of several daemons one follows the journal. ConfigError when the libraries are not installed."""
    if not settings.watch.traces_url:
        return []
    if find_spec(LIBRARY) is None or find_spec(f"{LIBRARY}.exporter") is None:
        what = both("没有安装 OpenTelemetry", "OpenTelemetry is not installed")
        raise ConfigError(
            [Finding(f"{SETTINGS_FILE}: watch.traces_url", what, 'pip install "warning-dispatch[traces]"')]
        )
    asking = Asking(product.engine, clock, holder, "traces", TRACES_EVERY)
    return [Regular("traces", TRACES_EVERY, asking.beside(_looking(settings, product)))]


def _looking(settings: Settings, product: Product) -> Callable[[Writer], Awaitable[None]]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra

    from warning_dispatch.watching.traces import JournalFollower  # noqa: PLC0415 - stands on the extra

    read = product.read
    exporter = OTLPSpanExporter(settings.watch.traces_url, timeout=TIMEOUT_S)
    follower = JournalFollower(read.journal_after, read.journal_ends, read.alert_received_at, exporter)
    log = structlog.get_logger("watching")

    async def look(_writer: Writer) -> None:
        lost = follower.lost
        await asyncio.to_thread(follower.look)
        if follower.lost > lost:
            log.warning("traces.lost", spans=follower.lost - lost)

    return look
