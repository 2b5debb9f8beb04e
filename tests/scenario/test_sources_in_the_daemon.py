"""The whole daemon between a feed, a folder, a sender and an outlet, all real and on loopback, on a clock that runs faster."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from warning_dispatch.bootstrap import build_daemon, open_product, serve
from warning_dispatch.clock import Clock, ScaledClock, SystemClock, beijing_text, iso_text
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.signing import is_signed, signature
from warning_dispatch.store.accounts import add_key
from warning_dispatch.store.database import open_database, reading, upgrade, writing
from warning_dispatch.store.keys import KeyRing

ROOT = Path(__file__).resolve().parents[2]
RED = ROOT / "config" / "samples" / "12379-red-rain-counties.xml"
SECRET = "a secret of two systems"
SPEED = 30
PATIENCE = 10.0
"""Real seconds that anything may take."""


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def message(number: int = 0, sample: Path = RED) -> bytes:
    """A red warning of an identity of its own, sent a moment ago."""
    return restamp(sample.read_bytes(), SystemClock().now() - number * 1_000)


async def until(true: Callable[[], Awaitable[bool] | bool], what: str) -> None:
    """Wait until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while loop.time() < end:
        found = true()
        if found is True or (not isinstance(found, bool) and await found):
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"not within {PATIENCE} s: {what}")


class Bureau:
    """An installation in a folder, and its daemon as often as it is started."""

    def __init__(self, home: Path, *, shared: dict[str, Any] | None = None, **sections: Any) -> None:
        """`shared`: settings of a place that several daemons have in common."""
        self.port = free_port()
        (home / "state").mkdir(parents=True)
        secret = home / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.settings: Settings = load_settings(
            ROOT / "config", {}, state_dir=str(home / "state"), web={"port": self.port}, **sections, **(shared or {})
        )
        if not self.settings.keys_dir.exists():
            KeyRing.create(self.settings.keys_dir)
        database = open_database(self.settings.database_url)
        upgrade(database)
        with writing(database) as connection:
            self.key = add_key(connection, f"gateway{self.port}" if shared else "gateway", ["alerts", "feed"], 1)[1]
        database.dispose()
        self.clock: Clock = ScaledClock(SystemClock().now(), SPEED)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[EngineDesk]:
        """Its daemon, up and then drained."""
        product = open_product(self.settings)
        daemon = build_daemon(self.settings, product, self.clock)
        up: asyncio.Future[EngineDesk] = asyncio.get_running_loop().create_future()

        async def started(desk: EngineDesk) -> None:
            up.set_result(desk)

        work = asyncio.create_task(daemon.run(started))
        try:
            yield await up
        finally:
            daemon.stop()
            await work
            product.close()

    def rows(self, sql: str) -> list[Any]:
        """What is stored."""
        database = open_database(self.settings.database_url)
        with reading(database) as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
        database.dispose()
        return found

    def alarms(self) -> list[str]:
        """Kinds of all alarms about sources and outlets."""
        sql = "SELECT kind FROM alarm WHERE substr(kind, 1, 6) IN ('source', 'outlet') ORDER BY id"
        return [kind for (kind,) in self.rows(sql)]

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A program that talks to it with its key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        base = f"http://127.0.0.1:{self.port}"
        async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:

            async def answers() -> bool:
                with suppress(httpx2.TransportError):
                    return (await client.get("/healthz")).status_code == 200
                return False

            await until(answers, "the web server answers")
            yield client


@asynccontextmanager
async def served(port: int, *routes: Route) -> AsyncIterator[None]:
    """Somebody else's server."""
    work = asyncio.create_task(serve(Starlette(routes=list(routes)), host="127.0.0.1", port=port))  # type: ignore[arg-type]
    await asyncio.sleep(0.1)
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


class Province:
    """A feed with messages behind it, and what was asked of it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.messages: dict[str, bytes] = {}
        self.asked: list[tuple[str, int]] = []
        self.works = True

    def routes(self) -> list[Route]:
        """The index and the messages."""
        return [Route("/alerts.atom", self.index), Route("/{name}.xml", self.one)]

    async def index(self, request: Request) -> Response:
        """Conditional, as good feeds are."""
        tag = f'"{len(self.messages)}"'
        status = 304 if request.headers.get("if-none-match") == tag else 200
        status = status if self.works else 500
        self.asked.append(("index", status))
        entries = "".join(
            f"<entry><id>urn:x:{name}</id><link type='application/cap+xml' href='{name}.xml'/></entry>"
            for name in reversed(self.messages)
        )
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>" if status == 200 else ""
        return Response(body, status, {"ETag": tag}, media_type="application/atom+xml")

    async def one(self, request: Request) -> Response:
        """A message."""
        name = request.path_params["name"]
        self.asked.append((name, 200))
        return Response(self.messages[name], media_type="application/cap+xml")


async def test_a_feed_is_read_once_and_its_silence_is_told(tmp_path: Path) -> None:
    """Each message is fetched and taken in once over restarts, nothing new costs a 304, and a feed that fails is an alarm."""
    province = Province()
    feed = {
        "name": "province",
        "url": f"http://127.0.0.1:{province.port}/alerts.atom",
        "every_s": 10,
        "private": True,
        "prefixes": ["1411"],
        "gap_s": 60,
    }
    bureau = Bureau(tmp_path, ingest={"feed": [feed]})
    province.messages = {"14110041600000_1": message(2), "14110041600000_2": message(1), "37060041600000_9": message(9)}
    async with served(province.port, *province.routes()):
        async with bureau.running():
            await until(lambda: ("index", 304) in province.asked, "the feed is polled again and nothing is new")
        async with bureau.running():
            province.messages["14110041600000_3"] = message()
            await until(lambda: ("14110041600000_3", 200) in province.asked, "the new message is fetched")
            await until(lambda: len(bureau.rows("SELECT id FROM raw_message")) == 3, "it is taken in")
            assert bureau.alarms() == []
            province.works = False
            await until(lambda: bureau.alarms() == ["source_unreachable"], "the gap is told")
            province.works = True
            await until(lambda: bureau.rows("SELECT gap_told FROM source") == [(0,)], "it is heard of again")
    fetched = [name for name, _ in province.asked if name != "index"]
    assert sorted(fetched) == ["14110041600000_1", "14110041600000_2", "14110041600000_3"]
    verdicts = bureau.rows("SELECT source, disposition FROM raw_message")
    assert verdicts == [("feed:province", "accepted")] * 3
    assert len(bureau.rows("SELECT item FROM source_item")) == 3


async def test_a_folder_that_goes_away_is_told_and_comes_back(tmp_path: Path) -> None:
    """The share is not mounted: an alarm after the gap, /readyz stays green; when it is back it is read on."""
    folder = tmp_path / "in"
    folder.mkdir()
    source = {"name": "city", "path": str(folder), "look_every_s": 0.5, "gap_s": 20}
    bureau = Bureau(tmp_path, ingest={"folder": [source]})
    async with bureau.running(), bureau.asking() as client:
        (folder / "a.xml").write_bytes(message())
        await until(lambda: not (folder / "a.xml").exists(), "the file is put away")
        away = folder.rename(tmp_path / "away")
        await until(lambda: bureau.alarms() == ["source_unreachable"], "the gap is told")
        assert (await client.get("/readyz")).status_code == 200
        away.rename(folder)
        (folder / "b.xml").write_bytes(message(1))
        await until(lambda: not (folder / "b.xml").exists(), "the folder is read on")
        await until(lambda: bureau.rows("SELECT trouble FROM source") == [("",)], "nothing troubles it any more")
    assert bureau.alarms() == ["source_unreachable"]


def two_events() -> bytes:
    """A CAP message of a moment ago: rainstorm red in one county, orange in another; its times name no zone."""
    root = etree.fromstring(message(3, ROOT / "config" / "samples" / "cap12-red-rain-city.xml"))
    name = "{urn:oasis:names:tc:emergency:cap:1.2}"
    english, chinese = root.findall(f"{name}info")
    root.remove(english)
    for event, severity, word, code in (
        ("暴雨", "Severe", "橙色", "141122000000"),
        ("暴雨", "Extreme", "红色", "141121000000"),
    ):
        info = etree.fromstring(etree.tostring(chinese))
        for one in (*info.findall(f"{name}parameter"), *info.findall(f"{name}eventCode")):
            info.remove(one)
        texts = {"event": event, "severity": severity, "headline": f"吕梁市气象台发布暴雨{word}预警信号"}
        for tag, text in texts.items():
            next(info.iter(name + tag)).text = text
        next(info.iter(f"{name}geocode"))[1].text = code
        root.append(info)
    root.remove(chinese)
    moment = SystemClock().now() - 3_000
    for sent in root.iter(f"{name}sent"):
        sent.text = iso_text(moment - 12 * 3_600_000).removesuffix(
            "+08:00"
        )  # as a clock in New York in summer shows it
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


async def test_several_events_in_one_file_each_call_and_each_go_on(tmp_path: Path) -> None:
    """One file, one item, one receipt; two chains in force, two warnings in the feed under two names; in the source's own time zone."""
    folder = tmp_path / "in"
    folder.mkdir()
    source = {"name": "city", "path": str(folder), "look_every_s": 0.5, "time_zone": "Etc/GMT+4"}
    bureau = Bureau(tmp_path, ingest={"folder": [source]})
    async with bureau.running(), bureau.asking() as client:
        (folder / "two.xml").write_bytes(two_events())
        await until(lambda: not (folder / "two.xml").exists(), "the file is put away")
        await until(lambda: len(bureau.rows("SELECT id FROM publication")) == 2, "both are passed on")
        feed = etree.fromstring((await client.get("/feeds/alerts.atom")).content)
    assert [tuple(row) for row in bureau.rows("SELECT disposition, colour, part FROM alert ORDER BY id")] == [
        ("accepted", 4, ""),
        ("accepted", 3, "rainstorm/3"),
    ]
    assert bureau.rows("SELECT colour FROM alert_chain WHERE state = 1 AND plan_name <> '' ORDER BY id") == [(4,), (3,)]
    assert len(bureau.rows("SELECT item FROM source_item")) == 1
    (receipt,) = (folder / "receipts").iterdir()
    assert etree.parse(receipt).findtext("data/rows/status") == "0"
    names = [one.text or "" for one in feed.iter("{*}id")][1:]
    assert len(set(names)) == 2


async def test_a_login_page_is_trouble_of_the_feed_and_no_warning(tmp_path: Path) -> None:
    """Where a message should be there is a page that asks for a password: nothing is taken in, it is fetched again later."""
    province = Province()
    feed = {
        "name": "province",
        "url": f"http://127.0.0.1:{province.port}/alerts.atom",
        "every_s": 10,
        "private": True,
        "gap_s": 0,
    }
    bureau = Bureau(tmp_path, ingest={"feed": [feed]})
    province.messages = {"14110041600000_1": b"<!DOCTYPE html><html><body>login</body></html>"}
    async with served(province.port, *province.routes()), bureau.running():
        await until(lambda: "login" in str(bureau.rows("SELECT trouble FROM source")), "the trouble is kept")
        assert bureau.rows("SELECT id FROM raw_message") == []
        assert bureau.rows("SELECT id FROM alarm WHERE kind = 'quarantined'") == []
        province.messages = {"14110041600000_1": message()}
        await until(lambda: bureau.rows("SELECT disposition FROM raw_message") == [("accepted",)], "it is taken in")


async def test_a_sender_that_falls_silent_is_told(tmp_path: Path) -> None:
    """Heartbeats keep it quiet; when they stop the bureau is told, once."""
    source = {"name": "gw", "auth": "key", "api_key": "gateway", "gap_s": 60}
    bureau = Bureau(tmp_path, ingest={"push": [source]})
    async with bureau.running(), bureau.asking() as client:
        beating = bureau.clock.now() + 120_000
        while bureau.clock.now() < beating:
            assert (await client.post("/api/v1/heartbeats")).status_code == 200
            await asyncio.sleep(0.2)
        assert bureau.alarms() == []
        await until(lambda: bureau.alarms() == ["source_unreachable"], "its silence is told")


async def test_what_a_source_may_not_say_is_quarantined(tmp_path: Path) -> None:
    """A source for one county brings a warning for others: kept, told, nobody called; an allowed one is called."""
    source = {"name": "county", "auth": "hmac", "secret_file": str(tmp_path / "secret"), "areas": ["141124"]}
    bureau = Bureau(tmp_path, ingest={"push": [source]})

    def headers(body: bytes) -> dict[str, str]:
        seconds = bureau.clock.now() // 1000
        signed = {"X-Warning-Timestamp": str(seconds), "X-Warning-Signature": signature(SECRET, seconds, body)}
        return {"X-Warning-Source": "county"} | signed

    async with bureau.running(), bureau.asking() as client:
        wide, own = message(), message(1, ROOT / "config" / "samples" / "12379-county-red-rain.xml")
        answer = await client.post("/api/v1/alerts", content=wide, headers=headers(wide))
        assert (answer.status_code, answer.json()["reasons"][-1]) == (422, "area_not_allowed")
        answer = await client.post("/api/v1/alerts", content=own, headers=headers(own))
        assert answer.status_code == 202, answer.text


async def test_two_daemons_on_one_database_do_each_thing_once(tmp_path: Path, postgresql: Any) -> None:
    """One folder, one outlet, two daemons: a file is one message and one receipt, a warning one post; one goes, the other goes on."""
    station, folder = Station(), tmp_path / "in"
    station.status = 200
    folder.mkdir()
    source = {"name": "city", "path": str(folder), "look_every_s": 0.5, "gap_s": 60}
    outlet = {"name": "tv", "url": f"http://127.0.0.1:{station.port}/w", "secret_file": str(tmp_path / "secret")}
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    shared = {"database_url": postgresql.blank(), "keys_dir": str(tmp_path / "keys")}
    sections = {"ingest": {"folder": [source]}, "outward": {"outlet": [outlet]}, "shared": shared}
    first, second = Bureau(tmp_path / "1", **sections), Bureau(tmp_path / "2", **sections)
    holders = "SELECT name, holder FROM lease ORDER BY name"
    async with served(station.port, Route("/w", station.take, methods=["POST"])), second.running():
        async with first.running():
            for number in range(6):
                (folder / f"{number}.xml").write_bytes(message(20 - number))
            await until(lambda: not list(folder.glob("*.xml")), "all files are put away")
            await until(lambda: len(station.taken) == 6, "all are posted")
            before = dict(second.rows(holders))
            assert set(before) == {"folder:city", "outward", "watch"}
        (folder / "last.xml").write_bytes(message(1))
        await until(lambda: len(station.taken) == 7, "whoever is left takes in and passes on")
        assert {holder.rpartition("/")[0] for holder in dict(second.rows(holders)).values()} <= {
            f"{socket.gethostname()}:{tmp_path}/1/state",
            f"{socket.gethostname()}:{tmp_path}/2/state",
        }
    assert second.rows("SELECT count(*), count(DISTINCT item) FROM source_item") == [(7, 7)]
    assert second.rows("SELECT count(*) FROM raw_message") == [(7,)]
    assert len({key for key, _ in station.came}) == len(station.came) == 7
    assert len(list((folder / "receipts").iterdir())) == 7
    assert second.alarms() == []


class Station:
    """A broadcaster that takes warnings when it feels like it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.status = 503
        self.came: list[tuple[str, bytes]] = []
        self.taken: list[bytes] = []

    async def take(self, request: Request) -> Response:
        """Checks who posts; a receipt when it takes it."""
        body = await request.body()
        seconds = int(request.headers["X-Warning-Timestamp"])
        assert is_signed(SECRET, seconds, body, request.headers["X-Warning-Signature"])
        self.came.append((request.headers["X-Warning-Delivery"], body))
        if self.status == 200:
            self.taken.append(body)
        return Response(f"receipt {len(self.taken)}", self.status)


async def test_what_is_accepted_reaches_the_outlet_and_the_feed(tmp_path: Path) -> None:
    """Posted until the outlet takes it, over a restart, under one key, never again; and in the feed without anybody's name."""
    station = Station()
    outlet = {"name": "tv", "url": f"http://127.0.0.1:{station.port}/w", "secret_file": str(tmp_path / "secret")}
    wants_red_elsewhere = outlet | {"name": "other", "areas": ["1401"]}
    bureau = Bureau(tmp_path, outward={"outlet": [outlet, wants_red_elsewhere]})
    route = Route("/w", station.take, methods=["POST"])
    raw = message()
    async with served(station.port, route):
        async with bureau.running(), bureau.asking() as client:
            assert (await client.post("/api/v1/alerts", content=raw)).status_code == 202
            await until(lambda: len(station.came) >= 2, "it is posted again")
        station.status = 200
        async with bureau.running(), bureau.asking() as client:
            await until(lambda: bool(station.taken), "the outlet takes it")
            await until(lambda: bureau.rows("SELECT state FROM outlet_post") == [(2,)], "its receipt is stored")
            assert (await client.post("/api/v1/alerts", content=raw)).json()["disposition"] == "duplicate"
            feed = etree.fromstring((await client.get("/feeds/alerts.atom")).content)
            links = [one.get("href") or "" for one in feed.iter("{*}link") if one.get("type") == "application/cap+xml"]
            assert len(links) == 1
            published = (await client.get(httpx2.URL(links[0]).path)).content
            await asyncio.sleep(0.3)
    assert len(station.taken) == 1
    assert len({key for key, _ in station.came}) == 1
    assert bureau.rows("SELECT status, receipt FROM outlet_post") == [(200, "receipt 1")]
    assert etree.fromstring(published).findtext("{*}identifier") == f"14110041600000_{_stamp(raw)}"
    assert "张某" in raw.decode()
    assert "张某" not in published.decode() + station.taken[0].decode()


def _stamp(raw: bytes) -> str:
    identifier = etree.fromstring(raw).findtext("identifier") or ""
    stamp = identifier.partition("_")[2]
    assert stamp <= beijing_text(SystemClock().now(), "%Y%m%d%H%M%S")
    return stamp


async def test_an_outlet_that_refuses_is_told_to_a_human(tmp_path: Path) -> None:
    """What the outlet will never take is not posted for ever: an alarm says to phone them."""
    station = Station()
    station.status = 422
    outlet = {"name": "tv", "url": f"http://127.0.0.1:{station.port}/w", "secret_file": str(tmp_path / "secret")}
    bureau = Bureau(tmp_path, outward={"outlet": [outlet]})
    async with (
        served(station.port, Route("/w", station.take, methods=["POST"])),
        bureau.running(),
        bureau.asking() as client,
    ):
        await client.post("/api/v1/alerts", content=message())
        await until(lambda: bureau.alarms() == ["outlet_failed"], "it is told")
    assert len(station.came) == 1
