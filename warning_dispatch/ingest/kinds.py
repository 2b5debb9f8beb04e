"""来源的接法: kinds of source that other packages bring, found by the word after `adapter =` in [[ingest.other]].

A kind is an entry point of the group `warning_dispatch.sources`. It says what its options look like and builds a looker: what
waits at the source now. Whose turn it is, that a message is taken in once, what trouble there is, and the alarms are
not its affair (other_source.py). A kind is imported when a source names it, not before; one that breaks is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from pydantic import BaseModel

from warning_dispatch.clock import Clock
from warning_dispatch.errors import Finding
from warning_dispatch.installed import loaded_from, names_in

GROUP = "warning_dispatch.sources"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message that waits. `item`: the source's own name for it, under which it is taken in once; `raw` as it is there."""

    item: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LookerTools:
    """What a looker is given."""

    source: str
    """The name in the settings."""
    clock: Clock
    secret: str = field(repr=False)
    """From the credential source-NAME or `secret_file`; empty: none."""


class Looker(Protocol):
    """Looks into one source. An exception is trouble of the source: it is told, and tried again."""

    async def look(self) -> Sequence[Incoming]:
        """What waits now. What was told before may be told again: it is taken in once."""
        ...

    async def taken(self, items: Sequence[str]) -> None:
        """These are durably stored: they may be marked or removed at the source."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class SourceKind(Protocol):
    """接法: one way to get at warnings."""

    @property
    def name(self) -> str:
        """The word after `adapter =`."""
        ...

    @property
    def options(self) -> type[BaseModel]:
        """Its own keys, [ingest.other.options]: a tomlfiles.Shape, so that an unknown key is a finding."""
        ...

    def check(self, options: Any, where: str) -> Sequence[Finding]:
        """What would fail at 3 a.m.; `where` is how findings name the source."""
        ...

    def build(self, options: Any, tools: LookerTools) -> Looker:
        """The looker of a source. Nothing is opened yet."""
        ...


def known_source_kinds() -> Sequence[str]:
    """The names of all kinds that are installed, without importing them."""
    return sorted(names_in(GROUP))


@cache
def source_kind(name: str) -> SourceKind:
    """The kind by its name. KindNotFoundError when there is none, or when its package is broken."""
    kind: SourceKind = loaded_from(GROUP, name)
    return kind
