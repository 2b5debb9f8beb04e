"""The Atom feed of what was passed on: one entry per warning, newest first, entries never change.

Pages after RFC 5005: `next` leads to older entries. An entry links to the warning as CAP and repeats nothing that is
needed to act: whoever acts fetches the warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from lxml import etree

from warning_dispatch.clock import iso_text
from warning_dispatch.model.sources import Publication
from warning_dispatch.outward.cap import MEDIA_TYPE, token

NAMESPACE = "http://www.w3.org/2005/Atom"
TITLE = "气象灾害预警 / weather warnings"


def feed_of(entries: Sequence[Publication], *, base: str, author: str, before: int | None, more: bool) -> bytes:
    """A page of the feed. `base`: the public address without a slash at its end; `more`: there are older entries."""
    feed = etree.Element(f"{{{NAMESPACE}}}feed", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the default namespace
    address = f"{base}/feeds/alerts.atom"
    _add(feed, "id", address)
    _add(feed, "title", TITLE)
    _add(feed, "updated", iso_text(max((one.published_at for one in entries), default=0)))
    _add(etree.SubElement(feed, f"{{{NAMESPACE}}}author"), "name", author)
    _link(feed, "self", address if before is None else f"{address}?before={before}", "application/atom+xml")
    _link(feed, "first", address, "application/atom+xml")
    if more:
        _link(feed, "next", f"{address}?before={entries[-1].number}", "application/atom+xml")
    for one in entries:
        _add_entry(feed, one, base)
    return etree.tostring(feed, encoding="UTF-8", xml_declaration=True)


def _add_entry(feed: etree._Element, one: Publication, base: str) -> None:
    entry = etree.SubElement(feed, f"{{{NAMESPACE}}}entry")
    triple = f"{token(one.sender)},{token(one.identifier)},{iso_text(one.sent)}"
    _add(entry, "id", f"urn:cap:{quote(triple, safe=',:+.-_')}")
    _add(entry, "title", one.headline or one.identifier)
    _add(entry, "updated", iso_text(one.published_at))
    _add(entry, "published", iso_text(one.sent))
    _add(etree.SubElement(entry, f"{{{NAMESPACE}}}author"), "name", one.sender)
    _category(entry, "msgType", one.msg_type)
    if one.colour is not None:
        _category(entry, "colour", one.colour.key)
    _link(entry, "alternate", f"{base}/feeds/alerts/{one.number}.xml", MEDIA_TYPE)


def _category(entry: etree._Element, scheme: str, term: str) -> None:
    etree.SubElement(entry, f"{{{NAMESPACE}}}category", term=term, scheme=f"urn:warning-dispatch:{scheme}")


def _link(parent: etree._Element, relation: str, address: str, kind: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}link", rel=relation, href=address, type=kind)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text
