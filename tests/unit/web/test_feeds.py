"""/feeds: what is passed on, for machines that read it again and again."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import Publication
from warning_dispatch.web.application import create_app
from warning_dispatch.web.feeds import Feeds

ATOM = "{http://www.w3.org/2005/Atom}"
TV = {"Authorization": "Bearer tv"}


def published(number: int, at: int) -> Publication:
    """One entry."""
    return Publication(
        number,
        at,
        f"14110041600000_{number:014}",
        "吕梁市气象台",
        at,
        "Alert",
        "暴雨 & 红色预警",
        Colour.RED,
        "<alert/>",
    )


def client_of(office: Any, clock: VirtualClock, access: str = "key") -> TestClient:
    """A reader of a bureau whose pages have two entries."""
    feeds = Feeds(office, base="https://bureau.example/", author="吕梁市气象台", page=2, access=access)
    app = create_app(
        office, office, public_url="https://bureau.example", live_page=False, body_limit=1, clock=clock, feeds=feeds
    )
    return TestClient(app)


@pytest.fixture
def client(office: Any, clock: VirtualClock) -> Iterator[TestClient]:
    """A reader, and five warnings that were passed on."""
    office.published = [published(number, clock.now() + number * 1_000) for number in range(1, 6)]
    with client_of(office, clock) as client:
        yield client


def entries(answer: Any) -> list[str]:
    """The links to the warnings of a page."""
    root = etree.fromstring(answer.content)
    return [one.find(f"{ATOM}link").get("href") for one in root.iter(f"{ATOM}entry")]


def link(answer: Any, relation: str) -> str | None:
    """Where a page leads."""
    root = etree.fromstring(answer.content)
    return next((one.get("href") for one in root.findall(f"{ATOM}link") if one.get("rel") == relation), None)


def test_pages_lead_from_the_newest_to_the_oldest(client: TestClient) -> None:
    """Every entry once, newest first, and the last page leads nowhere."""
    seen, address = [], "https://bureau.example/feeds/alerts.atom"
    while address:
        answer = client.get(address, headers=TV)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        seen += entries(answer)
        address = link(answer, "next") or ""
    assert seen == [f"https://bureau.example/feeds/alerts/{number}.xml" for number in (5, 4, 3, 2, 1)]


def test_what_has_not_changed_costs_nothing(client: TestClient, office: Any, clock: VirtualClock) -> None:
    """304 by tag and by date, until there is a new entry; an old page never changes by it."""
    first = client.get("/feeds/alerts.atom", headers=TV)
    by_tag = TV | {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    by_date = TV | {"If-Modified-Since": first.headers["last-modified"]}
    for conditional in (by_tag, by_date):
        answer = client.get("/feeds/alerts.atom", headers=conditional)
        assert (answer.status_code, answer.content) == (304, b"")
    office.published.append(published(6, clock.now() + 60_000))
    for conditional in (by_tag, by_date):
        assert client.get("/feeds/alerts.atom", headers=conditional).status_code == 200
    assert client.get("/feeds/alerts.atom", headers=TV | {"If-Modified-Since": "yesterday"}).status_code == 200


def test_a_warning_is_given_as_cap(client: TestClient) -> None:
    """By its number, conditionally; another number is a clean 404."""
    answer = client.get("/feeds/alerts/3.xml", headers=TV)
    assert answer.headers["content-type"].startswith("application/cap+xml")
    assert etree.fromstring(answer.content).tag == "alert"
    assert client.get("/feeds/alerts/3.xml", headers=TV | {"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert client.get("/feeds/alerts/9.xml", headers=TV).json()["kind"] == "NotFoundError"


def test_only_a_key_for_feeds_opens_them(client: TestClient) -> None:
    """Bearer, or the password of Basic; a key that reads call-outs is not one for the media, nor the other way."""
    basic = {"Authorization": "Basic " + b64encode(b"anybody:tv").decode()}
    assert client.get("/feeds/alerts.atom", headers=basic).status_code == 200
    assert client.get("/feeds/alerts.atom").status_code == 401
    assert client.get("/feeds/alerts/1.xml", headers={"Authorization": "Basic ???"}).status_code == 401
    assert client.get("/feeds/alerts.atom", headers={"Authorization": "Bearer reader"}).status_code == 403
    assert client.get("/api/v1/callouts", headers=TV).status_code == 403


def test_the_feed_can_be_open_or_off(office: Any, clock: VirtualClock, client: TestClient) -> None:
    """As the bureau decides; an empty feed is a feed."""
    office.published = []
    with client_of(office, clock, "open") as reader:
        answer = reader.get("/feeds/alerts.atom")
        assert (answer.status_code, entries(answer)) == (200, [])
    without = create_app(office, office, public_url="http://a.b", live_page=False, body_limit=1, clock=clock)
    with TestClient(without) as reader:
        assert reader.get("/feeds/alerts.atom", headers=TV).status_code == 404
    assert client is not None
