"""The index of a feed: where the messages lie, in which order, and that nothing else is believed of it."""

from __future__ import annotations

import pytest

from warning_dispatch.ingest.feed_index import FeedError, read_index

BASE = "https://feeds.example/alerts/index.atom"
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>"""
RSS = """<rss version="2.0"><channel>{}</channel></rss>"""


def entry(number: int, title: str = "暴雨蓝色预警", link: str = "") -> str:
    """An Atom entry."""
    link = link or f'<link type="application/cap+xml" href="{number}.xml"/>'
    return f"<entry><id>{number}</id><title>{title}</title><updated>2026-01-0{number}</updated>{link}</entry>"


def addresses(text: str) -> list[str]:
    """Where the messages of an index lie."""
    return [one.address for one in read_index(text.encode(), BASE)]


def test_red_ones_come_first_then_the_oldest() -> None:
    """Indices begin with the newest; a burst is fetched red first."""
    index = ATOM.format(entry(4) + entry(3, "暴雨红色预警") + entry(2, "暴雨橙色预警") + entry(1))
    base = "https://feeds.example/alerts/"
    assert addresses(index) == [f"{base}{number}.xml" for number in (3, 2, 1, 4)]


def test_the_link_that_is_the_alert_is_chosen() -> None:
    """By its media type, then any XML, then whatever leads on; relative ones are relative to the feed."""
    page = '<link rel="alternate" type="text/html" href="/page"/>'
    assert addresses(
        ATOM.format(entry(1, link=page + '<link rel="related" type="application/cap+xml" href="/a"/>'))
    ) == ["https://feeds.example/a"]
    assert addresses(ATOM.format(entry(1, link=page + '<link rel="enclosure" type="text/xml" href="b"/>'))) == [
        "https://feeds.example/alerts/b"
    ]
    assert addresses(ATOM.format(entry(1, link=page))) == ["https://feeds.example/page"]
    item = '<item><guid>1</guid><link>https://feeds.example/x</link><enclosure type="application/cap+xml" url="/y"/></item>'
    assert addresses(RSS.format(item)) == ["https://feeds.example/y"]
    assert addresses(RSS.format(item.replace("enclosure", "other"))) == ["https://feeds.example/x"]


def test_an_entry_that_carries_the_alert_is_the_alert() -> None:
    """A whole alert in the content needs no fetching; the feed may also be one alert."""
    alert = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A</identifier></alert>'
    for raw in (ATOM.format(f"<entry><id>1</id><content>{alert}</content></entry>"), alert):
        (found,) = read_index(raw.encode(), BASE)
        assert (found.name, found.address) == ("", "") or found.inline.endswith(b"</alert>")
        assert b"<identifier>A</identifier>" in found.inline


def test_an_entry_is_another_one_when_it_changed_and_the_same_when_not() -> None:
    """What is taken in once is the entry as it stands."""
    before, again = (read_index(ATOM.format(entry(1)).encode(), BASE)[0] for _ in range(2))
    changed = read_index(ATOM.format(entry(1).replace("2026-01-01", "2026-01-09")).encode(), BASE)[0]
    assert before.item == again.item != changed.item
    twice = read_index(ATOM.format(entry(1) + entry(1)).encode(), BASE)
    assert len(twice) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"<html><body>Login</body></html>",
        b"<!DOCTYPE html><html><br></html>",
        b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom"/>',
        b"",
        b"\x00\x01",
    ],
)
def test_what_is_no_index_is_trouble_not_silence(raw: bytes) -> None:
    """A login page with status 200 must not pass for a quiet day."""
    with pytest.raises(FeedError):
        read_index(raw, BASE)


def test_an_empty_index_is_a_quiet_day_and_a_broken_link_costs_one_entry() -> None:
    """Absence means nothing; one broken entry does not hide the others."""
    assert addresses(ATOM.format("")) == []
    broken = entry(1, link='<link href="http://[broken"/>') + entry(2) + entry(3, link="<x/>")
    assert addresses(ATOM.format(broken)) == ["https://feeds.example/alerts/2.xml"]


ALERT = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{}</identifier></alert>'


def test_an_entry_that_carries_the_alert_as_text_is_the_alert() -> None:
    """Escaped or in CDATA, with a declaration of its own that no longer holds."""
    declared = '<?xml version="1.0" encoding="GBK"?>\n' + ALERT.format("暴雨")
    for text in (declared.replace("<", "&lt;"), f"<![CDATA[{declared}]]>"):
        (one,) = read_index(RSS.format(f"<item><guid>1</guid><description>{text}</description></item>").encode(), BASE)
        assert one.inline.decode() == ALERT.format("暴雨")
        assert one.address == ""


def test_a_list_of_alerts_is_a_feed_too() -> None:
    """Whatever envelope: every alert in it is an entry, each once."""
    both = ALERT.format(1) + ALERT.format(2) + ALERT.format(1)
    for envelope in ("<alerts>{}</alerts>", "<EDXLDistribution><content>{}</content></EDXLDistribution>"):
        assert sorted(one.name for one in read_index(envelope.format(both).encode(), BASE)) == ["1", "2"]
    one_entry = f"<entry><id>1</id><content>{ALERT.format(1)}{ALERT.format(2)}</content></entry>"
    assert len(read_index(ATOM.format(one_entry).encode(), BASE)) == 2
    with pytest.raises(FeedError):
        read_index(b"<html><body>login</body></html>", BASE)
