"""变动的样子: a change of the register on one line, numbers masked, so that its two sides show what differs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from enum import Enum

from warning_dispatch.model.masking import mask
from warning_dispatch.model.register_changes import ReceiverChange, UnitChange
from warning_dispatch.model.unit import ReceiverEntry, Unit

Word = Callable[[str], str]
"""The name of what changed: term, verified, language, sector …"""
NOTHING = "∅"
_WORDS = {"name": "unit_name", "certified_on": "review", "review_on": "review"}


def mark_of(change: ReceiverChange | UnitChange) -> str:
    """New, gone, or changed: "+", "-", "~"."""
    return "+" if change.before is None else "-" if change.after is None else "~"


def person_line(change: ReceiverChange, word: Word) -> str:
    """Before → after; term, verification and language only where they differ."""
    sides = [one for one in (change.before, change.after) if one is not None]
    facts = [_facts(one) for one in sides]
    differs = [key for key in facts[0] if len({one[key] for one in facts}) > 1]
    lines = []
    for entry, said in zip(sides, facts, strict=True):
        numbers = "、".join(dict.fromkeys(mask(one.address) for one in entry.endpoints))
        more = [f"{word(key)} {said[key] or NOTHING}" for key in differs]
        lines.append(" ".join(filter(None, (entry.role.chinese, entry.name, entry.post, numbers, *more))))
    return " → ".join(lines)


def unit_line(change: UnitChange, word: Word) -> str:
    """Each field that differs; empty for a unit that is new or goes."""
    if change.before is None or change.after is None:
        return ""
    return "  ".join(
        f"{word(_WORDS.get(key, key))} {_shown(getattr(change.before, key))} → {_shown(getattr(change.after, key))}"
        for key in changed_fields(change.before, change.after)
    )


def changed_fields(before: Unit, after: Unit) -> Iterator[str]:
    """Names of what differs between two states of a unit."""
    return (one.name for one in fields(Unit) if getattr(before, one.name) != getattr(after, one.name))


def _facts(entry: ReceiverEntry) -> dict[str, str]:
    term = f"{entry.serves_from or '…'}—{entry.serves_until or '…'}" if entry.serves_from or entry.serves_until else ""
    return {
        "term": term,
        "verified": f"{entry.verified_on} {entry.verified_how}".strip(),
        "language": entry.language,
    }


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(getattr(value, "chinese", value.value) if isinstance(value, Enum) else value or "") or NOTHING
