"""The index of a feed, Atom or RSS: which messages there are, and where each of them lies. PURE.

The index is only an index: nothing of a warning is taken from it. Its entries are fetched; only an entry that carries whole
alerts, as elements or as text, is those alerts; so is a document that is none of the known indices. Titles are looked at for the order of fetching, and absence from the index means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urljoin

from lxml import etree

from warning_dispatch.errors import DispatchError
from warning_dispatch.ingest.peek import peek_colour
from warning_dispatch.tomlfiles import both

MOST_ENTRIES = 20_000
LONGEST_ITEM = 300
_CAP = "application/cap+xml"
_ESCAPED = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?=<(?:[\w.-]+:)?alert[\s>])")
"""The beginning of a text that is an alert, without its declaration: it is no longer in that encoding."""
_INDICES = ("feed", "rss", "RDF")


class FeedError(DispatchError):
    """The feed cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of the index. `address` where it is fetched, or `inline` the alert itself.

    `item`: what it is called, the same at every poll until the entry changes. `rank`: its colour at a glance.
    """

    name: str
    item: str
    address: str
    inline: bytes
    rank: int


def read_index(raw: bytes, base: str) -> list[Entry]:
    """The entries, urgent ones first, then the oldest (indices begin with the newest). FeedError: this is no index.

    `base`: the address of the feed, for addresses that are relative to it.
    """
    root = _parsed(raw)
    if _name(root) not in _INDICES:
        whole = [_entry_of_alert(one) for one in _alerts_in(root)]
        if whole:
            return _in_order(whole)
        raise FeedError(both(f"不是 Atom 或 RSS：{_name(root)[:40]}", f"neither Atom nor RSS: {_name(root)[:40]}"))
    found = [one for one in root.iter() if _name(one) in ("entry", "item")]
    if len(found) > MOST_ENTRIES:
        raise FeedError(both(f"超过 {MOST_ENTRIES} 条", f"more than {MOST_ENTRIES} entries"))
    return _in_order([entry for one in reversed(found) for entry in _entries(one, base)])


def _in_order(entries: list[Entry]) -> list[Entry]:
    """Each once, urgent ones first."""
    unlike = {entry.item: entry for entry in entries}
    return sorted(unlike.values(), key=lambda entry: -entry.rank)


def _parsed(raw: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise FeedError(
            both("不是合格的 XML（是登录页？）", f"not XML (a login page?): {type(error).__name__}")
        ) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise FeedError(both("含 DOCTYPE", "it has a DOCTYPE"))
    return root


def _entries(element: etree._Element, base: str) -> list[Entry]:
    """What one entry comes to: the alerts inside it, as elements or as text, else the one that it leads to."""
    whole = [_entry_of_alert(one) for one in _alerts_in(element)]
    if whole:
        return whole
    texts = [one.text for one in element.iter() if not len(one) and one.text and _ESCAPED.match(one.text)]
    if texts:
        return [_inline("", _ESCAPED.sub("", text, count=1).encode()) for text in texts]
    leads = _entry(element, base)
    return [leads] if leads is not None else []


def _alerts_in(element: etree._Element) -> list[etree._Element]:
    """The topmost alerts at or below an element."""
    found = [one for one in element.iter() if _name(one) == "alert"]
    return [one for one in found if not any(_name(above) == "alert" for above in one.iterancestors())]


def _entry(element: etree._Element, base: str) -> Entry | None:
    """None for an entry that leads nowhere."""
    address = _address(element)
    try:
        address = urljoin(base, address) if address else ""
    except ValueError:
        return None
    if not address:
        return None
    name = _text(element, "id") or _text(element, "guid") or address
    changed = _text(element, "updated") or _text(element, "pubDate") or _text(element, "date")
    item = f"{name}|{changed}|{address}"
    rank = peek_colour((_text(element, "title") + _text(element, "summary")).encode())
    return Entry(name, _short(item), address, b"", int(rank or 0))


def _entry_of_alert(alert: etree._Element) -> Entry:
    raw = etree.tostring(alert, with_tail=False, encoding="UTF-8", xml_declaration=True)
    return _inline(_text(alert, "identifier"), raw)


def _inline(name: str, raw: bytes) -> Entry:
    digest = sha256(raw).hexdigest()
    return Entry(name or digest, digest, "", raw, int(peek_colour(raw) or 0))


def _address(element: etree._Element) -> str:
    """The link that most probably is the alert: by its media type, then an enclosure, then any other."""
    links = list(_links(element))
    for fits in (
        lambda link: link[1].startswith(_CAP),
        lambda link: "xml" in link[1],
        lambda link: link[0] in ("alternate", "enclosure"),
    ):
        chosen = next((link[2] for link in links if link[2] and fits(link)), "")
        if chosen:
            return chosen
    return ""


def _links(element: etree._Element) -> Iterator[tuple[str, str, str]]:
    """Relation, media type, address."""
    for one in element:
        if _name(one) == "enclosure":
            yield "enclosure", one.get("type", "").lower(), one.get("url", "").strip()
        elif _name(one) == "link":
            address = one.get("href") or one.text or ""
            yield one.get("rel", "alternate"), one.get("type", "").lower(), address.strip()


def _text(element: etree._Element, name: str) -> str:
    found = next((one for one in element if _name(one) == name), None)
    return "".join(map(str, found.itertext())).strip() if found is not None else ""


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _short(item: str) -> str:
    """A name as it is, as long as it is short enough to be a key."""
    return item if len(item) <= LONGEST_ITEM else sha256(item.encode()).hexdigest()
