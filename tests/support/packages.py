"""A kind of channel from another package, as if that package were installed here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from warning_dispatch import installed
from warning_dispatch.delivery import kinds


@dataclass(frozen=True)
class _Point:
    """What `importlib.metadata` tells of one entry point, as far as anybody asks."""

    name: str
    kind: object

    def load(self) -> object:
        return self.kind


@contextmanager
def installed_kind(name: str, kind: object) -> Iterator[None]:
    """As long as this lasts, `kind` goes by that name, and no other package is installed."""
    point = _Point(name, kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "entry_points", lambda group: [point] if group == kinds.GROUP else [])
        kinds.kind_of.cache_clear()
        yield
    kinds.kind_of.cache_clear()
