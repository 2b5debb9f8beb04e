"""谁来读: one sentence becomes sound, by the site's own program or by espeak-ng. Each is a program that is run; none is linked in."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Protocol

from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.delivery.spoken.pinyin import Readings
from warning_dispatch.delivery.spoken.sound import QUIET, Samples, SoundError, loudness, read_wav

ESPEAK = "espeak-ng"
ESPEAK_WITHIN_S = 20.0
PROGRAMS = "/usr/local/bin:/usr/bin:/bin"
_ENVIRONMENT = {"PATH": PROGRAMS, "LC_ALL": "C.UTF-8"}


class SpeakError(SoundError):
    """A sentence could not be spoken."""


class Voice(Protocol):
    """Who reads."""

    @property
    def name(self) -> str:
        """What makes its sound: another name, another sound."""
        ...

    def fed(self, text: str, language: str) -> str:
        """What it is given to read: another reading, another sound."""
        ...

    def speak(self, text: str, language: str) -> Samples:
        """One sentence. SpeakError when it cannot be."""
        ...


class EspeakVoice:
    """espeak-ng: for Chinese over pinyin, because characters it reads by their English names."""

    def __init__(self, readings: Readings, speed: int) -> None:
        """`speed`: words a minute."""
        self._readings = readings
        self._speed = speed

    @property
    def name(self) -> str:
        """See Voice."""
        return f"{ESPEAK} {self._speed}"

    def fed(self, text: str, language: str) -> str:
        """See Voice."""
        return self._readings.pinyin(text) if language.startswith("zh") else text

    def speak(self, text: str, language: str) -> Samples:
        """See Voice."""
        voice = "cmn-latn-pinyin" if language.startswith("zh") else "en-us"
        said = self.fed(text, language)
        command = [ESPEAK, "-v", voice, "-s", str(self._speed), "--stdout", "--stdin"]
        return heard(_run(command, said.encode(), ESPEAK_WITHIN_S))


class CommandVoice:
    """The site's own text-to-speech, run for each sentence: it reads a text file and writes a WAV."""

    def __init__(self, options: SpokenOptions) -> None:
        """`options.speak`: program and arguments."""
        self._command = options.speak
        self._within_s = options.speak_within_s

    @property
    def name(self) -> str:
        """See Voice."""
        return " ".join(self._command)

    def fed(self, text: str, language: str) -> str:  # noqa: ARG002 - see Voice
        """See Voice: the text as it is."""
        return text

    def speak(self, text: str, language: str) -> Samples:
        """See Voice."""
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            text_file, wav_file = Path(folder) / "text.txt", Path(folder) / "speech.wav"
            text_file.write_text(text, encoding="utf-8")
            places = {"{text_file}": str(text_file), "{wav_file}": str(wav_file), "{language}": language}
            command = [_filled(one, places) for one in self._command]
            _run(command, text.encode(), self._within_s)
            if not wav_file.is_file():
                raise SpeakError("朗读程序没有写出 WAV / the program wrote no WAV")
            return heard(wav_file.read_bytes())


def _filled(word: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        word = word.replace(place, value)
    return word


def _run(command: list[str], fed: bytes, within_s: float) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, or the one that the site's settings name
            command, input=fed, capture_output=True, timeout=within_s, check=False, env=_ENVIRONMENT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeakError(f"{command[0]}: {type(error).__name__}") from error
    if done.returncode:
        raise SpeakError(f"{command[0]}: {done.returncode}")
    return done.stdout


def heard(wav: bytes) -> Samples:
    """A program's WAV as we play it; SpeakError for one in which nobody would hear anything.

    espeak-ng writes to a pipe with lengths that it does not know yet: they are mended from what came.
    """
    samples = read_wav(_mended(wav))
    if loudness(samples) < QUIET:
        raise SpeakError("朗读程序只给出静音 / the program gave silence")
    return samples


def _mended(wav: bytes) -> bytes:
    at = wav.find(b"data", 12, 200)
    if at < 0 or wav[:4] != b"RIFF":
        return wav
    size = len(wav) - at - 8
    told = int.from_bytes(wav[at + 4 : at + 8], "little")
    if told <= size:
        return wav
    return wav[:4] + (len(wav) - 8).to_bytes(4, "little") + wav[8 : at + 4] + size.to_bytes(4, "little") + wav[at + 8 :]


def voice_of(options: SpokenOptions, readings: Readings) -> Voice:
    """Who reads for a route."""
    return CommandVoice(options) if options.speak else EspeakVoice(readings, options.speed)


def missing_program(options: SpokenOptions) -> str:
    """The program that is not there; empty when it is."""
    program = options.speak[0] if options.speak else ESPEAK
    return "" if shutil.which(program, path=PROGRAMS) else program
