"""/voice: listened to, recorded, approved by whoever may act in the whole area; what is wrong with a file is said beside its sentence."""

from __future__ import annotations

import io
import math
import re
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.bootstrap.voice import voice_desk
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.model.rights import GrantKind
from warning_dispatch.settings import load_settings
from warning_dispatch.web.application import create_app

CONFIG = Path(__file__).resolve().parents[3] / "config"
ROW = re.compile(r'action="[^"]*voice/([0-9a-f]{24})/record"')


def tone(seconds: float = 1.0) -> bytes:
    """Sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        count = round(seconds * 8_000)
        writer.writeframes(b"".join(struct.pack("<h", round(9_000 * math.sin(at / 3))) for at in range(count)))
    return file.getvalue()


@pytest.fixture
def login(loaded: Any) -> Any:
    """The module with the browser."""
    return loaded("web_test_login", "test_login.py")


@pytest.fixture
def lodge(clock: VirtualClock, login: Any) -> Iterator[Any]:
    """An officer of the whole area, one of a county, and somebody who only looks."""
    lodge = login.load_lodge().make_lodge(clock)
    lodge.add("duty", GrantKind.OFFICER)
    lodge.add("chief", GrantKind.OFFICER)
    lodge.add("lin", GrantKind.OFFICER, "141124")
    lodge.add("looks", GrantKind.VIEWER)
    yield lodge
    lodge.engine.dispose()


@pytest.fixture
def enter(tmp_path: Path, office: Any, clock: VirtualClock, lodge: Any, login: Any) -> Any:
    """A browser in which somebody is logged in, before a site that speaks by a program of its own."""
    (tmp_path / "tone.wav").write_bytes(tone())
    options = {"trunk": "127.0.0.1", "caller_id": "0358", "speak": ["cp", str(tmp_path / "tone.wav"), "{wav_file}"]}
    routes = [{"name": "own", "channel": "voice", "adapter": "sip", "lines": 2, "options": options}]
    settings = load_settings(CONFIG, {}, state_dir=str(tmp_path / "state"), routes=routes)
    voice = voice_desk(settings, load_configuration(CONFIG), clock)
    app = create_app(
        office, office, public_url=login.SITE, live_page=True, body_limit=1_000_000, clock=clock, login=lodge.desk, voice=voice
    )  # fmt: skip

    def logged_in(name: str) -> Any:
        browser = login.Browser(app)
        assert browser.log_in(name).status_code == 303
        return browser

    return logged_in


def hand_in(browser: Any, login: Any, key: str, content: bytes) -> Any:
    """A file by the form."""
    token = login.load_lodge().csrf_in(browser.get("/account").text)
    headers = {"origin": browser.site}
    files = {"file": ("satz.wav", content, "audio/wav")}
    return browser.client.post(f"/voice/{key}/record", data={"csrf": token}, files=files, headers=headers)


def test_a_recording_goes_from_one_hand_to_the_other(enter: Any, login: Any) -> None:
    """The duty officer hands it in, the chief listens and approves, calls use it; removed, the machine says the sentence again."""
    duty, chief = enter("duty"), enter("chief")
    page = duty.get("/voice").text
    assert "还没有人试听确认" in page
    key = ROW.findall(page)[0]
    assert hand_in(duty, login, key, tone(0.8)).headers["location"].endswith("voice?done=taken")
    page = chief.get("/voice").text
    assert "还没有人试听，电话里暂不用" in page
    sound = chief.get(f"/voice/{key}/recording.wav")
    assert (sound.headers["content-type"], sound.content[:4]) == ("audio/wav", b"RIFF")
    assert chief.post(f"/voice/{key}/approve").headers["location"].endswith("done=approved")
    assert "chief 已试听" in duty.get("/voice").text
    assert duty.post(f"/voice/{key}/remove").headers["location"].endswith("done=removed")
    assert chief.get(f"/voice/{key}/recording.wav").status_code == 404


def test_the_sample_is_heard_and_the_machine_approved(enter: Any) -> None:
    """As a village hears it, within twenty seconds; who has listened stands on the page."""
    chief = enter("chief")
    assert chief.get("/voice/sample.wav").content[:4] == b"RIFF"
    assert chief.post("/voice/machine/approve").headers["location"].endswith("done=machine")
    page = chief.get("/voice?done=machine")
    assert "chief 于 " in page.text
    assert "media-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "WAV"), (b"ID3 an mp3", "WAV"), (tone(0.1), "秒"), (tone(21), "秒")]
)
def test_a_file_that_will_not_do_is_told_beside_its_sentence(enter: Any, login: Any, content: bytes, said: str) -> None:
    """Not a WAV, a click, a speech: 422, and nothing is kept."""
    duty = enter("duty")
    key = ROW.findall(duty.get("/voice").text)[1]
    answer = hand_in(duty, login, key, content)
    assert answer.status_code == 422
    row = answer.text.partition('<li class="wrong">')[2].partition("</li>")[0]
    assert said in row.partition('role="alert">')[2]
    assert key in row


def test_only_who_acts_for_the_whole_area(enter: Any, login: Any) -> None:
    """A county's officer and a viewer do not find it; an unknown sentence is nobody's; a foreign form is refused."""
    for name in ("lin", "looks"):
        assert enter(name).get("/voice").status_code == 403
    duty = enter("duty")
    assert hand_in(duty, login, "0" * 24, tone()).status_code == 404
    assert duty.get("/voice/0/call.wav").status_code == 404
    assert duty.post("/voice/machine/approve", origin="https://elsewhere.example").status_code == 403
    assert "/voice" in duty.get("/account").text
    assert '/voice"' not in enter("looks").get("/account").text


def test_in_english(enter: Any) -> None:
    """Every word of the page."""
    page = enter("duty").get("/voice?lang=en").text
    assert "Sentences that stay the same" in page
    assert "电话朗读" not in page
