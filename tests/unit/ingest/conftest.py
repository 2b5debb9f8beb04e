"""Sample messages, whole and altered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "config" / "samples"

Sample = Callable[..., bytes]


@pytest.fixture(scope="session")
def sample() -> Sample:
    """A sample by name, with each (old, new) text replaced; an old text that is not there is a mistake in the test."""

    def load(name: str, *changes: tuple[str, str]) -> bytes:
        text = (SAMPLES / f"{name}.xml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return text.encode()

    return load
