"""The officers' console over a full storm: server time of each page, and how soon an answer is on an open page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

from starlette.requests import Request
from starlette.testclient import TestClient

from benchmarks.consoles import PartEntrance, console_app
from benchmarks.databases import Place
from benchmarks.figures import START, Figures, open_everything, percentile, product_on, red_warning
from warning_dispatch.bootstrap import Product
from warning_dispatch.clock import VirtualClock, stopwatch
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.web.console.console import Console, ConsoleParts
from warning_dispatch.web.pages import Pages

ROUNDS = 15


def console(place: Place, *, villages: int) -> Figures:
    """Each page whole (ms), the bureau's and a county's, rendered anew every time; the time from an answer's commit to its event on the stream (ms)."""
    product = product_on(place.url, villages)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    product.engine.turn(START + 1_000)
    clock = VirtualClock(START + 60_000)
    parts = ConsoleParts(product.read, cast("Any", None), PartEntrance())
    client = TestClient(console_app(parts, clock))
    row = product.read.page(1, CalleeQuery(limit=1)).rows[0]
    addresses = {
        "now": "/console/",
        "callout": "/console/callouts/1?show=calling",
        "unit": f"/console/callouts/1/units/{row.callee_id}",
        "warnings": "/console/warnings",
    }
    found: dict[str, float | int] = {"callees": villages}
    county = product.read.divisions(UnitLevel.COUNTY)[0][0]
    for part, prefix in (("whole", ""), (county, "county_")):
        if prefix:
            found["county_callees"] = product.read.within((county,)).page(1, CalleeQuery(limit=1)).total
            addresses["unit"] = f"/console/callouts/1/units/{_first(product, county)}"
        for name, address in addresses.items():
            spans = [_span(client, address, part) for _ in range(ROUNDS + 1)]
            spans = spans[1:]  # the first one compiles template and statements
            found |= {f"{prefix}{name}_p50_ms": percentile(spans, 0.5), f"{prefix}{name}_max_ms": max(spans)}
    updates = asyncio.run(_updates(product, parts, clock))
    product.close()
    return {**found, "live_update_p50_ms": percentile(updates, 0.5), "live_update_max_ms": max(updates)}


def _first(product: Product, county: str) -> int:
    return product.read.within((county,)).page(1, CalleeQuery(limit=1)).rows[0].callee_id


def _span(client: TestClient, address: str, part: str) -> float:
    began = stopwatch()
    answer = client.get(address, headers={"x-part": part})
    assert answer.status_code == 200, address  # noqa: S101 - a figure of an error page means nothing
    return (stopwatch() - began) * 1000


async def _updates(product: Any, parts: ConsoleParts, clock: VirtualClock) -> list[float]:
    """Answers one by one, each when the one before is on the page."""
    pages = Console(parts, Pages(), clock, secure=False)
    route = next(one for one in pages.routes() if getattr(one, "path", "") == "/console/events")
    scope = {"type": "http", "method": "GET", "path": "/console/events", "headers": [], "path_params": {}}
    request = Request({**scope, "query_string": b"root=../", "scheme": "http", "server": ("x", 80)})
    events = aiter((await cast("Any", route).endpoint(request)).body_iterator)
    await anext(events)
    await _next_change(events)
    asked = CalleeQuery(states=(CalleeState.CALLING,), tier="villages", limit=ROUNDS)
    spans = []
    for row in product.read.page(1, asked).rows:
        await asyncio.to_thread(
            product.engine.acknowledge, clock.now(), 1, row.callee_id, actor="x", reason="x", means=Means.OPERATOR
        )
        began = stopwatch()
        await _next_change(events)
        spans.append((stopwatch() - began) * 1000)
    return spans


async def _next_change(events: AsyncIterator[Any]) -> None:
    while True:
        lines = dict(line.split(": ", 1) for line in bytes(await anext(events)).decode().strip().splitlines())
        if "cards" in json.loads(lines["data"]):
            return
