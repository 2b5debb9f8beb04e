"""What calls say, who says it, and who has listened: the command's and the page's common ground."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path

import pytest

from warning_dispatch.bootstrap.voice import voice_desk
from warning_dispatch.cli.spoken_inspection import spoken_findings
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.delivery.kinds import RouteFacts
from warning_dispatch.delivery.line_tests import LineTest, keep_results, last_results
from warning_dispatch.delivery.sip.kind import KIND
from warning_dispatch.delivery.spoken.desk import VoiceDesk
from warning_dispatch.errors import INFORMATION, NotFoundError, RefusedError
from warning_dispatch.model.unit import Channel
from warning_dispatch.settings import load_settings

CONFIG = Path(__file__).resolve().parents[4] / "config"


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
def desk(tmp_path: Path) -> VoiceDesk:
    """A site whose own program always says the same tone."""
    (tmp_path / "tone.wav").write_bytes(tone())
    options = {"trunk": "127.0.0.1", "caller_id": "0358", "speak": ["cp", str(tmp_path / "tone.wav"), "{wav_file}"]}
    routes = [{"name": "own", "channel": "voice", "adapter": "sip", "lines": 2, "options": options}]
    settings = load_settings(CONFIG, {}, state_dir=str(tmp_path / "state"), routes=routes)
    found = voice_desk(settings, load_configuration(CONFIG), VirtualClock(1_784_727_180_000))
    assert found is not None
    return found


def test_what_stays_the_same_can_be_recorded_and_what_changes_cannot(desk: VoiceDesk) -> None:
    """The key and the hazard are the same every night; time, area and unit are not, and nobody records those in vain."""
    rows = {one.text: one for one in desk.sentences()}
    assert not rows["请按1。"].varies
    assert not rows["暴雨红色预警，收到请按1。"].varies
    changing = [one for one in rows.values() if one.varies and one.language == "zh_CN"]
    assert len(changing) == 2
    with pytest.raises(RefusedError):
        desk.take(changing[0].key, tone(), actor="值班员")
    with pytest.raises(NotFoundError):
        desk.take("0" * 24, tone(), actor="值班员")


def test_a_recording_is_used_from_its_approval_on(desk: VoiceDesk) -> None:
    """Taken, heard, approved, removed: who says the sentence follows."""
    key = next(one.key for one in desk.sentences() if one.text == "请按1。")
    desk.take(key, tone(), actor="值班员")
    assert desk.sentence(key).by_machine
    assert desk.recorded(key) == desk.recorded(key)
    desk.approve(key, actor="科长")
    one = desk.sentence(key)
    assert not one.by_machine
    assert one.recording is not None
    assert (one.recording.by, one.recording.approved_by) == ("值班员", "科长")
    desk.remove(key)
    assert desk.sentence(key).by_machine


def test_the_machine_is_approved_as_it_is_set_now(desk: VoiceDesk, tmp_path: Path) -> None:
    """Somebody listened to it; with another program or speed nobody has."""
    assert desk.machine_approval is None
    text, script = desk.sample()
    assert "按1" in text
    assert script.reading_s > 1
    assert desk.approve_machine(actor="科长") == desk.machine_approval
    facts = RouteFacts("own", Channel.VOICE, "w", 2, config_dir=CONFIG, state_dir=tmp_path / "state")
    other = KIND.options.model_validate({"trunk": "127.0.0.1", "caller_id": "0358", "speed": 140})
    assert any(one.what.startswith(INFORMATION) and "140" in one.what for one in KIND.check(other, facts))


def test_check_tells_of_lines_that_were_not_good(tmp_path: Path) -> None:
    """Never tried is for knowing, not good is a finding; the newest result of each line counts."""
    facts = RouteFacts("own", Channel.VOICE, "w", 2, config_dir=CONFIG, state_dir=tmp_path)
    options = KIND.options.model_validate({"trunk": "127.0.0.1", "caller_id": "0358"})

    def told() -> list[str]:
        return [one.what for one in KIND.check(options, facts) if "试拨" in one.what]

    assert [one.startswith(INFORMATION) for one in told()] == [True]
    keep_results(tmp_path, [LineTest("own", 1, 1, "busy"), LineTest("own", 2, 1, "key_pressed", 300, 900)])
    assert [one.startswith(INFORMATION) for one in told()] == [False]
    keep_results(tmp_path, [LineTest("own", 1, 2, "key_pressed", 300, 900)])
    assert told() == []
    assert [(one.line, one.good) for one in last_results(tmp_path)] == [(1, True), (2, True)]


def test_check_hears_what_a_village_hears(tmp_path: Path) -> None:
    """A program that is mute, and a reading beyond twenty seconds, are found before the season; a good one is not told."""
    tone_file = tmp_path / "tone.wav"
    tone_file.write_bytes(tone())
    configuration = load_configuration(CONFIG)

    def told(home: str, *speak: str) -> list[str]:
        options = {"trunk": "127.0.0.1", "caller_id": "0358", "speak": speak}
        routes = [{"name": "own", "channel": "voice", "adapter": "sip", "lines": 2, "options": options}]
        settings = load_settings(CONFIG, {}, state_dir=str(tmp_path / home), routes=routes)
        return [one.what for one in spoken_findings(settings, configuration)]

    assert told("good", "cp", str(tone_file), "{wav_file}") == []
    assert "读不出声音" in told("mute", "false")[0]
    long = tmp_path / "long.wav"
    with wave.open(str(long), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        writer.writeframes(struct.pack("<hh", 9_000, -9_000) * 28_000)
    assert "超过 20 秒" in told("long", "cp", str(long), "{wav_file}")[0]


def test_a_site_without_such_lines_has_no_voice(tmp_path: Path) -> None:
    """Where a cloud or nobody speaks there is nothing to record."""
    settings = load_settings(CONFIG, {}, state_dir=str(tmp_path))
    assert voice_desk(settings, load_configuration(CONFIG), VirtualClock(1)) is None
