"""A village to ring, and a voice that needs no time to speak."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def _village_module() -> Any:
    """The module village.py beside this file; the tests are no package."""
    name = "sip_village"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("village.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what rings where nothing can."""
    why = _village_module().absent()
    for item in items:
        if why and "village" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def phones() -> Any:
    """The module village.py."""
    return _village_module()


@pytest.fixture
def village(tmp_path: Path, phones: Any) -> Iterator[Any]:
    """Ten kinds of telephones, plugged in."""
    place = phones.Village(tmp_path / "village")
    place.open()
    yield place
    place.close()


@pytest.fixture
def quick_voice(tmp_path: Path) -> Callable[[], list[str]]:
    """A site's own text-to-speech that says a short tone: the words of [routes.options] speak."""
    program = tmp_path / "speak.py"
    program.write_text(_SPEAKS, encoding="utf-8")
    return lambda: [sys.executable, str(program), "{text_file}", "{wav_file}"]


_SPEAKS = """
import math, struct, sys, wave
with wave.open(sys.argv[2], "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(16000)
    file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(at * 0.15))) for at in range(19200)))
"""
