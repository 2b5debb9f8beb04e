"""Walking a message's elements by local name, whatever the prefix.

A child counts when it is in its parent's namespace or in none; an extension in a foreign namespace can therefore never
pose as an element of ours.
"""

from __future__ import annotations

from itertools import islice

from lxml.etree import _Element as Element

__all__ = ["Element", "children", "full_text", "inherits", "local_name", "namespace_of", "path_of"]

MOST_NUMBERED = 1_000
"""Elements before one that are looked at to number it; an envelope can have fifty thousand."""


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def namespace_of(element: Element) -> str:
    """The namespace, empty when there is none."""
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""


def children(parent: Element, name: str) -> list[Element]:
    """The child elements of that local name, in document order."""
    own = namespace_of(parent)
    return list(parent.iterchildren(name, f"{{{own}}}{name}") if own else parent.iterchildren(name))


def inherits(element: Element) -> bool:
    """Whether an element only has its envelope's namespace: somebody put it there without giving it its own."""
    parent = element.getparent()
    return parent is not None and bool(namespace_of(element)) and namespace_of(parent) == namespace_of(element)


def path_of(element: Element | None, name: str = "") -> str:
    """Where an element (or its child `name`) stands: /alert/info[2]/area, numbered from 1 among its likes.

    One behind a thousand others is numbered among the last thousand of them, with a plus: /alerts/alert[1001+].

    None is the document itself.
    """
    steps: list[str] = [name] if name else []
    while element is not None:
        steps.append(_step(element))
        element = element.getparent()
    return "/" + "/".join(reversed(steps))


def _step(element: Element) -> str:
    """The name of an element, numbered from 1 where its parent has several of that name."""
    parent, name = element.getparent(), local_name(element)
    if parent is None:
        return name
    likes = {name, f"{{{namespace_of(parent)}}}{name}"}
    if element.tag not in likes:
        return name
    before = [one.tag in likes for one in islice(element.itersiblings(preceding=True), MOST_NUMBERED)]
    if len(before) == MOST_NUMBERED:
        return f"{name}[{sum(before) + 1}+]"
    alone = not any(before) and next(element.itersiblings(*likes), None) is None
    return name if alone else f"{name}[{sum(before) + 1}]"


def full_text(element: Element) -> str:
    """All text below an element, in document order; never only the part before some markup."""
    if not len(element):
        return element.text or ""
    return "".join(str(part) for part in element.itertext())
