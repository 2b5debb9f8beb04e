"""Walking a message's elements by local name, whatever the prefix.

A child counts when it is in its parent's namespace or in none; an extension in a foreign namespace can therefore never
pose as an element of ours.
"""

from __future__ import annotations

from lxml.etree import _Element as Element

__all__ = ["Element", "children", "full_text", "inherits", "local_name", "namespace_of", "path_of"]


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

    None is the document itself.
    """
    steps: list[str] = [name] if name else []
    while element is not None:
        parent = element.getparent()
        step = local_name(element)
        alike = [] if parent is None else children(parent, step)
        numbered = len(alike) > 1 and element in alike
        steps.append(f"{step}[{alike.index(element) + 1}]" if numbered else step)
        element = parent
    return "/" + "/".join(reversed(steps))


def full_text(element: Element) -> str:
    """All text below an element, in document order; never only the part before some markup."""
    if not len(element):
        return element.text or ""
    return "".join(str(part) for part in element.itertext())
