"""Sound as telephones play it: right format, right length, not silent; scripts made of sentences, recordings before machines."""

from __future__ import annotations

import io
import math
import shutil
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.lengths import SPEECH_LIMIT
from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.delivery.spoken.pinyin import read_pinyin
from warning_dispatch.delivery.spoken.recordings import Recordings
from warning_dispatch.delivery.spoken.scripts import Scripts, sentences_of
from warning_dispatch.delivery.spoken.sound import (
    RATE,
    Samples,
    SoundError,
    levelled,
    loudness,
    read_wav,
    seconds_of,
    silence,
    trimmed,
    wav_of,
)
from warning_dispatch.delivery.spoken.voices import CommandVoice, EspeakVoice, SpeakError
from warning_dispatch.errors import NotFoundError

ROOT = Path(__file__).resolve().parents[4]
SAMPLE = "暴雨红色预警，收到请按1。吕梁市气象台7月22日21时33分发布，影响离石区等13个县市区。请兔坂镇任家塔村立即防范。请按1。"
NO_ESPEAK = "no espeak-ng here: sh tests/sip/install.sh"


def tone(seconds: float, rate: int = RATE, width: int = 2, channels: int = 1, hertz: float = 440.0) -> bytes:
    """A WAV of any format."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        values = [0.3 * math.sin(2 * math.pi * hertz * at / rate) for at in range(round(seconds * rate))]
        pack = {
            1: lambda one: struct.pack("B", round(128 + 127 * one)),
            2: lambda one: struct.pack("<h", round(32_767 * one)),
            3: lambda one: struct.pack("<i", round(8_388_607 * one))[:3],
            4: lambda one: struct.pack("<i", round(2_147_483_647 * one)),
        }[width]
        writer.writeframes(b"".join(pack(one) * channels for one in values))
    return file.getvalue()


class Humming:
    """A voice that hums, and counts what it was asked for."""

    name = "humming"

    def __init__(self) -> None:
        self.said: list[str] = []

    def fed(self, text: str, _language: str) -> str:
        """See Voice."""
        return text

    def speak(self, text: str, _language: str) -> Samples:
        """See Voice."""
        self.said.append(text)
        return read_wav(tone(0.1 * len(text)))


def scripts(home: Path, voice: Humming) -> Scripts:
    """Scripts of that voice."""
    return Scripts(SpokenOptions(), voice, home / "speech", Recordings(home / "recordings"))


@pytest.mark.parametrize(("rate", "width", "channels"), [(8_000, 1, 1), (16_000, 2, 2), (22_050, 2, 1), (44_100, 3, 2), (48_000, 4, 1)])  # fmt: skip
def test_whatever_a_recorder_makes_becomes_telephone_sound(rate: int, width: int, channels: int) -> None:
    """As long, as loud and as high as it was."""
    samples = read_wav(tone(1.0, rate, width, channels))
    assert seconds_of(samples) == pytest.approx(1.0, abs=0.01)
    assert loudness(samples) == pytest.approx(0.3 * 32_767 / math.sqrt(2), rel=0.05)
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    assert np.argmax(spectrum) * RATE / len(samples) == pytest.approx(440, abs=3)


def test_what_a_telephone_cannot_carry_does_not_hiss() -> None:
    """A whistle above four kilohertz is filtered out, not folded into what is heard."""
    assert loudness(read_wav(tone(0.5, 44_100, hertz=6_500))) < 300


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 not a wave file at all", tone(0.1)[:30]])
def test_what_is_no_sound_is_told_in_words(content: bytes) -> None:
    """An MP3, an empty or a broken file is refused with what is wanted."""
    with pytest.raises(SoundError, match="WAV"):
        read_wav(content)


@given(st.lists(st.integers(min_value=-32_768, max_value=32_767), max_size=400))
def test_a_file_gives_back_what_was_put_in(values: list[int]) -> None:
    """Writing and reading changes nothing."""
    samples = np.array(values, dtype=np.int16)
    assert np.array_equal(read_wav(wav_of(samples)), samples)


def test_silence_around_a_sentence_goes_and_loudness_fits() -> None:
    """What was recorded quietly, with a pause before it, plays like everything else."""
    quiet = (read_wav(tone(0.5)) // 12).astype(np.int16)
    padded = np.concatenate([silence(1), quiet, silence(1)])
    heard = levelled(trimmed(padded))
    assert seconds_of(heard) == pytest.approx(0.6, abs=0.05)
    assert loudness(heard) > 4 * loudness(quiet)


def test_a_sentence_is_spoken_once(tmp_path: Path) -> None:
    """Two villages share all sentences but one; after a restart nothing is spoken again."""
    voice = Humming()
    first = scripts(tmp_path, voice)
    first.script(SAMPLE, "zh_CN")
    assert len(voice.said) == 4
    first.script(SAMPLE.replace("任家塔村", "兔坂村"), "zh_CN")
    assert voice.said[4:] == ["请兔坂镇兔坂村立即防范。"]
    scripts(tmp_path, voice).script(SAMPLE, "zh_CN")
    assert len(voice.said) == 5


def test_a_script_is_read_twice_and_then_listens(tmp_path: Path) -> None:
    """Two readings with a pause between, and silence behind them that is longer than the player's haste."""
    made = scripts(tmp_path, Humming()).script(SAMPLE, "zh_CN")
    samples = read_wav(made.wav)
    assert made.whole_s == pytest.approx(seconds_of(samples), abs=0.01)
    assert made.whole_s > 2 * made.reading_s + 5
    assert loudness(samples[-5 * RATE :]) == 0


def test_an_approved_recording_goes_before_the_machine(tmp_path: Path) -> None:
    """A recorded sentence is used when somebody has listened to it and said so, by its exact words, and until it is removed."""
    voice, sentence = Humming(), "请按1。"
    made, kept = scripts(tmp_path, voice), Recordings(tmp_path / "recordings")
    one = kept.take(sentence, "zh_CN", tone(0.8, 44_100), by="值班员", now=1)
    made.sentence(sentence, "zh_CN")
    assert voice.said == [sentence]
    kept.approve(one.key, by="科长", now=2)
    assert seconds_of(made.sentence(sentence, "zh_CN")) == pytest.approx(0.8, abs=0.1)
    assert dict(made.spoken_by("请注意。请按1。", "zh_CN")) == {"请注意。": False, "请按1。": True}
    kept.take(sentence, "zh_CN", tone(0.9), by="值班员", now=3)
    assert kept.approved(sentence, "zh_CN") is None
    kept.remove(one.key)
    assert kept.all() == []
    with pytest.raises(NotFoundError):
        kept.approve(one.key, by="科长", now=4)


@pytest.mark.parametrize("content", [wav_of(silence(2)), tone(0.1), tone(25.0)])
def test_a_recording_must_be_heard_and_be_a_sentence(tmp_path: Path, content: bytes) -> None:
    """Silence, a click and a speech are refused."""
    with pytest.raises(SoundError):
        Recordings(tmp_path).take("请按1。", "zh_CN", content, by="值班员", now=1)


def test_the_sites_own_program_speaks(tmp_path: Path) -> None:
    """It is given a text file and writes a WAV; one that fails or says nothing is told."""
    made = tmp_path / "made.wav"
    made.write_bytes(tone(1.0, 22_050))
    voice = CommandVoice(SpokenOptions(speak=("cp", str(made), "{wav_file}")))
    assert seconds_of(voice.speak("请按1。", "zh_CN")) == pytest.approx(1.0, abs=0.01)
    for command in (("false",), ("true",), ("no-such-program",)):
        with pytest.raises(SpeakError):
            CommandVoice(SpokenOptions(speak=command)).speak("请按1。", "zh_CN")


def test_sentences_of_two_languages() -> None:
    """A text falls into the sentences that are spoken and kept; a dot inside a number ends none."""
    assert sentences_of(SAMPLE, "zh_CN")[-1] == "请按1。"
    assert sentences_of("Press 1. Gusts of 24.5 m/s.", "en") == ["Press 1.", "Gusts of 24.5 m/s."]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason=NO_ESPEAK)
def test_the_sample_warning_as_a_village_hears_it() -> None:
    """Rendered by the fallback: 8 kHz, mono, 16 bit, within twenty seconds a reading, not silent; kept in build/speech to be heard."""
    home = ROOT / "build" / "speech"
    shutil.rmtree(home, ignore_errors=True)
    options = SpokenOptions()
    voice = EspeakVoice(read_pinyin(ROOT / "config"), options.speed)
    made = Scripts(options, voice, home / "sentences", Recordings(home / "recordings")).script(SAMPLE, "zh_CN")
    (home / "sample-warning.wav").write_bytes(made.wav)
    with wave.open(str(home / "sample-warning.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 1, 2)
        assert file.getnframes() / RATE == pytest.approx(made.whole_s, abs=0.01)
    assert 10 < made.reading_s <= SPEECH_LIMIT
    samples = read_wav(made.wav)
    for second in range(1, int(made.reading_s) - 1):
        assert loudness(samples[second * RATE : (second + 1) * RATE]) > 500
