"""The handbook's worked examples of a channel and a source: installed as packages from outside, found by their entry points, run."""

from __future__ import annotations

import asyncio
import importlib
import re
import socket
import sqlite3
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.bootstrap import build_daemon, open_product
from warning_dispatch.bootstrap.other_sources import other_findings
from warning_dispatch.clock import ScaledClock, SystemClock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.delivery import kinds as channel_kinds
from warning_dispatch.delivery.configured import route_findings
from warning_dispatch.ingest import kinds as source_kinds
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Reply
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.store.database import open_database, reading, upgrade
from warning_dispatch.store.keys import KeyRing

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RED = ROOT / "config" / "samples" / "12379-red-rain-counties.xml"
PATIENCE = 20.0
"""Real seconds that anything may take."""
SPEED = 20


def blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page that have a language."""
    return FENCE.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def installed(page: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The package of a page as pip would leave it: its module, and metadata with its entry points. Returns its settings."""
    (project, settings), (code,) = ([text for kind, text in blocks(page) if kind == one] for one in ("toml", "python"))
    described = tomllib.loads(project)["project"]
    points = "\n".join(
        f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
        for group, entries in described["entry-points"].items()
    )
    ((_, entries),) = described["entry-points"].items()
    ((_, value),) = entries.items()
    module = value.partition(":")[0]
    (site / f"{module}.py").write_text(code, encoding="utf-8")
    info = site / f"{described['name'].replace('-', '_')}-{described['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: {described['version']}\n"
    )
    (info / "entry_points.txt").write_text(points + "\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.invalidate_caches()
    return settings


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Kinds are remembered by name: not from one test to the next."""
    yield
    channel_kinds.kind_of.cache_clear()
    source_kinds.source_kind.cache_clear()


def installation(home: Path, **sections: Any) -> Settings:
    """An installation on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = load_settings(ROOT / "config", {}, state_dir=str(home / "state"), web={"port": port}, **sections)
    KeyRing.create(settings.keys_dir)
    database = open_database(settings.database_url)
    upgrade(database)
    database.dispose()
    return settings


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[None]:
    """Its daemon, up and then drained."""
    product = open_product(settings)
    daemon = build_daemon(settings, product, ScaledClock(SystemClock().now(), SPEED))
    up: asyncio.Future[EngineDesk] = asyncio.get_running_loop().create_future()

    async def started(desk: EngineDesk) -> None:
        up.set_result(desk)

    work = asyncio.create_task(daemon.run(started))
    try:
        await asyncio.wait([up, work], return_when=asyncio.FIRST_COMPLETED)
        assert up.done(), work.exception()
        yield
    finally:
        daemon.stop()
        await work
        product.close()


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while loop.time() < end:
        if await true():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"not within {PATIENCE} s: {what}")


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """What is stored."""
    database = open_database(settings.database_url)
    with reading(database) as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
    database.dispose()
    return found


@pytest.mark.parametrize("page", ["adding-a-source", "adding-a-channel"])
def test_both_languages_show_the_same_package(page: str) -> None:
    """Whoever copies from either page gets what is tested here."""
    assert blocks(f"{page}.md") == blocks(f"{page}.zh-CN.md")


# --- the source -------------------------------------------------------------------------------------------


def table(path: Path, *messages: bytes) -> None:
    """What the forecasters' system leaves."""
    with closing(sqlite3.connect(path)) as made, made:
        made.execute(
            "CREATE TABLE IF NOT EXISTS outgoing (id INTEGER PRIMARY KEY, message BLOB, taken INTEGER DEFAULT 0)"
        )
        made.executemany("INSERT INTO outgoing (message) VALUES (?)", [(one,) for one in messages])


def untaken(path: Path) -> int:
    """How many wait."""
    with closing(sqlite3.connect(path)) as made:
        return int(made.execute("SELECT count(*) FROM outgoing WHERE taken = 0").fetchone()[0])


def source_sections(page_settings: str, path: Path) -> dict[str, Any]:
    """The page's settings with the path of this machine."""
    (other,) = tomllib.loads(page_settings)["ingest"]["other"]
    return {"ingest": {"other": [{**other, "every_s": 2, "gap_s": 30, "options": {"path": str(path)}}]}}


async def test_the_source_brings_a_warning_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the table is taken in and marked, a broken one too; what was taken before a restart is not taken again."""
    path = tmp_path / "outgoing.db"
    table(path, restamp(RED.read_bytes(), SystemClock().now()), b"not a message")
    page = installed("adding-a-source.md", tmp_path, monkeypatch)
    settings = installation(tmp_path, **source_sections(page, path))
    assert list(other_findings(settings)) == []
    for _ in range(2):
        async with running(settings):
            await until(lambda: _true(untaken(path) == 0), "both are taken")
        with closing(sqlite3.connect(path)) as made, made:
            made.execute("UPDATE outgoing SET taken = 0")
    assert rows(settings, "SELECT source, count(*) FROM raw_message GROUP BY source") == [("other:middle", 2)]
    assert rows(settings, "SELECT count(*) FROM alert") == [(1,)]


async def _true(value: bool) -> bool:
    return value


async def test_trouble_of_the_source_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away is a finding of `check`, and at night trouble of the source and an alarm; the daemon lives."""
    path = tmp_path / "outgoing.db"
    page = installed("adding-a-source.md", tmp_path, monkeypatch)
    settings = installation(tmp_path, **source_sections(page, path))
    (finding,) = other_findings(settings)
    assert "ingest.other (middle)" in finding.where
    async with running(settings):
        await until(lambda: _true(bool(rows(settings, "SELECT 1 FROM alarm WHERE kind LIKE 'source%'"))), "an alarm")
        table(path, restamp(RED.read_bytes(), SystemClock().now()))
        await until(lambda: _true(untaken(path) == 0), "it is taken when the database is back")


def test_an_unknown_or_broken_kind_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the pen names the nearest kind; a package that cannot be imported is named with its fault; both at once."""
    page = installed("adding-a-source.md", tmp_path, monkeypatch)
    sections = source_sections(page, tmp_path / "outgoing.db")
    (other,) = sections["ingest"]["other"]
    sections["ingest"]["other"] = [
        {**other, "adapter": "midle-table"},
        {**other, "name": "two", "options": {"pfad": "x"}},
    ]
    found = list(other_findings(load_settings(ROOT / "config", {}, state_dir=str(tmp_path / "s"), **sections)))
    assert any("middle-table" in one.remedy for one in found)
    assert any("options.pfad" in one.where for one in found)
    (tmp_path / "middle_table.py").write_text("raise RuntimeError('broken')", encoding="utf-8")
    sys.modules.pop("middle_table", None)
    source_kinds.source_kind.cache_clear()
    found = list(
        other_findings(
            load_settings(ROOT / "config", {}, state_dir=str(tmp_path / "s"), **source_sections(page, tmp_path / "o"))
        )
    )
    assert any("RuntimeError" in one.what for one in found)


# --- the channel ------------------------------------------------------------------------------------------


async def test_the_channel_sends_and_hears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by its word, checked, built: a text becomes a file of the modem, a reply is heard, a full disk is an outcome."""
    page = installed("adding-a-channel.md", tmp_path, monkeypatch)
    spool = tmp_path / "spool"
    (route,) = tomllib.loads(page)["routes"]
    route["options"] = {"spool": str(spool), "look_every_s": 0.01}
    settings = load_settings(ROOT / "config", {}, state_dir=str(tmp_path / "state"), routes=[route])
    assert sum("spool" in one.what for one in route_findings(settings)) == 2
    for name in ("outgoing", "incoming"):
        (spool / name).mkdir(parents=True)
    assert [one for one in route_findings(settings) if "spool" in one.what] == []

    heard: list[Any] = []
    kind: Any = channel_kinds.kind_of("smstools")
    options = kind.options.model_validate(route["options"])
    tools = channel_kinds.ChannelTools(
        route="modem", channel=Channel.SMS, clock=SystemClock(), hear=heard.append, hook_url="", hook_secret=b"",
        secret=lambda _name: "", open_calls=_nobody, log=_Log(),
    )  # fmt: skip
    channel = kind.build(options, tools)
    dispatch = Dispatch(
        7, 1, Channel.SMS, Purpose.CALL, "modem", "+8626000000001", "zh_CN", "暴雨红色预警，收到请回复1"
    )
    (receipt,) = await channel.deliver([dispatch])
    assert (receipt.attempt_id, receipt.accepted) == (7, True)
    assert (spool / "outgoing" / "attempt-7").read_text(encoding="utf-8").endswith("\n\n暴雨红色预警，收到请回复1")

    (spool / "incoming" / "GSM1.abc").write_text("From: 8626000000001\nAlphabet: UTF-8\n\n收到", encoding="utf-8")
    work = asyncio.create_task(channel.run())
    await until(lambda: _true(bool(heard)), "the reply is heard")
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    (reply,) = heard
    assert isinstance(reply, Reply)
    assert (reply.address, reply.text) == ("+8626000000001", "收到")

    (spool / "outgoing" / "attempt-7").unlink()
    (spool / "outgoing").rmdir()
    (receipt,) = await channel.deliver([dispatch])
    assert (receipt.accepted, receipt.outcome) == (False, "provider_down")


async def _nobody(_number: str) -> list[Any]:
    return []


class _Log:
    def warning(self, event: str, **facts: object) -> None:
        """Nothing of a person may be in it."""
        assert "address" not in facts
        assert event
