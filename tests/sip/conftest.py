"""A village to ring, and a voice that needs no time to speak."""

from __future__ import annotations

import math
import struct
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded


def _module(word: str) -> Any:
    """A module beside this file; the tests are no package."""
    return loaded(f"sip_{word}", Path(__file__).with_name(f"{word}.py"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what rings where nothing can."""
    why = _module("village").absent()
    for item in items:
        if why and "village" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def phones() -> Any:
    """The module village.py."""
    return _module("village")


@pytest.fixture(scope="session")
def bureaus() -> Any:
    """The module bureau.py."""
    return _module("bureau")


@pytest.fixture
def village(tmp_path: Path, phones: Any) -> Iterator[Any]:
    """Ten kinds of telephones, plugged in."""
    place = phones.Village(tmp_path / "village")
    place.open()
    yield place
    place.close()


@pytest.fixture
def quick_voice(tmp_path: Path) -> Callable[[], list[str]]:
    """A site's own text-to-speech that says the same tone to everything: the words of [routes.options] speak."""
    tone = tmp_path / "tone.wav"
    with wave.open(str(tone), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(struct.pack("<h", int(9_000 * math.sin(at * 0.15))) for at in range(19_200)))
    return lambda: ["cp", str(tone), "{wav_file}"]


@pytest.fixture
def registrar(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """A registrar that wants a password (SIPp verifies the digest): its port."""
    village = _module("village")
    opened: list[subprocess.Popen[bytes]] = []

    def open_it(password: str) -> int:
        folder = tmp_path / "registrar"
        folder.mkdir()
        text = Path(__file__).with_name("registrar.xml").read_text(encoding="utf-8").replace("PASSWORD", password)
        (folder / "registrar.xml").write_text(text, encoding="utf-8")
        port = village.free_ports(2)
        command = ["sipp", "-sf", "registrar.xml", "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-nd", "-aa"]
        opened.append(
            subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - a fixed program
        )
        return int(port)

    yield open_it
    for one in opened:
        one.kill()
        one.wait()
