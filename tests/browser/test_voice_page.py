"""/voice in a real browser, at the desk and on a phone: nothing is cut, nothing bars anybody, a file goes in by keyboard and mouse."""

from __future__ import annotations

import io
import math
import os
import struct
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Page, expect

from warning_dispatch.bootstrap.voice import voice_desk
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.model.rights import GrantKind
from warning_dispatch.settings import load_settings
from warning_dispatch.web.application import create_app

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[1]
LAPTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


def tone() -> bytes:
    """A second of sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        writer.writeframes(b"".join(struct.pack("<h", round(9_000 * math.sin(at / 3))) for at in range(8_000)))
    return file.getvalue()


@pytest.fixture
def site() -> Any:
    """As in conftest.py, but that the server is made by `address`, when the accounts are there."""
    conftest = sys.modules.get("web_login_conftest") or loaded(
        "web_login_conftest", Path(__file__).with_name("conftest.py")
    )
    doubles = conftest.load_office()
    clock = VirtualClock(doubles.START)
    return conftest.Site(doubles.Office(clock), clock, "", [], doubles.TOKEN)


@pytest.fixture
def address(site: Any, tmp_path: Path) -> Iterator[str]:
    """A running server, behind its login, of a site that speaks by a program of its own."""
    conftest, clock, office = sys.modules["web_login_conftest"], site.clock, site.office
    lodge = loaded("web_lodge", ROOT / "unit" / "web" / "lodge.py").make_lodge(clock)
    lodge.add("duty", GrantKind.OFFICER)
    (tmp_path / "tone.wav").write_bytes(tone())
    options = {"trunk": "127.0.0.1", "caller_id": "0358", "speak": ["cp", str(tmp_path / "tone.wav"), "{wav_file}"]}
    routes = [{"name": "own", "channel": "voice", "adapter": "sip", "lines": 2, "options": options}]
    config = ROOT.parent / "config"
    settings = load_settings(config, {}, state_dir=str(tmp_path / "state"), routes=routes)
    voice = voice_desk(settings, load_configuration(config), clock)
    app = create_app(
        office, office, public_url="http://127.0.0.1", live_page=True, body_limit=1_000_000, clock=clock, login=lodge.desk, voice=voice
    )  # fmt: skip
    server = conftest.Server(app)
    site.address = f"http://127.0.0.1:{server.port}"
    yield site.address
    server.stop()
    lodge.engine.dispose()


def picture(page: Page, name: str) -> None:
    """A picture for whoever asked for pictures."""
    folder = os.environ.get("WARNING_DISPATCH_TEST_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def check_page(page: Page) -> None:
    """Nothing scrolls sideways; whatever is pressed is large enough for a thumb."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.evaluate("[...document.querySelectorAll('main button, main audio, main summary')].filter(e => e.offsetParent).map(e => e.getBoundingClientRect().height)")  # fmt: skip
    assert all(height >= 44 for height in heights)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["1366", "360"])
def test_a_recording_is_handed_in_and_approved(
    visit: Any, barriers: Callable[[Page], list[str]], address: str, tmp_path: Path, size: Any, language: str
) -> None:
    """Without a script: the sample, a wrong file beside its sentence, a right one, the approval."""
    page = visit(**size, java_script_enabled=True).new_page()
    shot = f"{language}-{size['viewport']['width']}"
    page.goto(f"{address}/login?lang={language}")
    page.locator("#name").fill("duty")
    page.locator("#password").fill(sys.modules["web_lodge"].PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/voice")
    check_page(page)
    assert barriers(page) == []
    picture(page, f"voice-{shot}")
    right, wrong = tmp_path / "right.wav", tmp_path / "wrong.wav"
    right.write_bytes(tone())
    wrong.write_bytes(b"ID3")
    for file, seen in ((wrong, ".fault"), (right, ".notice.good")):
        row = page.locator(".rows li").first
        if not row.locator("input[type=file]").is_visible():
            row.locator("summary").click()
        row.locator("input[type=file]").set_input_files(str(file))
        row.locator("details button").click()
        expect(page.locator(seen)).to_be_visible()
        check_page(page)
        assert barriers(page) == []
        picture(page, f"voice-{file.stem}-{shot}")
    page.locator(".rows li").first.locator("button.chief").click()
    expect(page.locator(".rows li").first.locator("small.good")).to_be_visible()
    check_page(page)
