"""录音稿: what a call plays, made of sentences. Each sentence is spoken once, kept, and used by every call that says it.

A text names the unit, so no two villages hear quite the same; but only one of its sentences does. The others are the call-out's,
and rendered with its first call. A recording that an officer made of a sentence goes before any machine. Between the readings is a
pause, after the last one the line listens for a key.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.delivery.spoken.recordings import Recordings
from warning_dispatch.delivery.spoken.sound import (
    Samples,
    SoundError,
    joined,
    levelled,
    read_wav,
    seconds_of,
    silence,
    trimmed,
    wav_of,
)
from warning_dispatch.delivery.spoken.voices import Voice

SENTENCE_PAUSE_S = 0.25
LEAD_IN_S = 0.4
"""Before the first word: an ear has to get to the phone."""
AFTER_S = 1.0
"""The player stops up to a second before the end of a file; this much is never missed."""
KEPT_IN_MEMORY = 400
"""Sentences of about three seconds: some 20 MB."""
_CHINESE_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_ENGLISH_SENTENCE = re.compile(r"[^.!?\n]+(?:\.(?=\S)[^.!?\n]*)*[.!?]*")


def sentences_of(text: str, language: str) -> list[str]:
    """The sentences of a text, as they are spoken and kept."""
    pattern = _CHINESE_SENTENCE if language.startswith("zh") else _ENGLISH_SENTENCE
    return [found for one in pattern.findall(text) if (found := one.strip())]


@dataclass(frozen=True, slots=True)
class Script:
    """What a call plays. `reading_s`: one reading; `whole_s`: all of it."""

    wav: bytes
    reading_s: float
    whole_s: float


class Scripts:
    """Makes scripts; safe from several threads. Sentences are kept in `folder` by what was said and who said it."""

    def __init__(self, options: SpokenOptions, voice: Voice, folder: Path, recordings: Recordings) -> None:
        """`folder`: the site's own, for sentences that were spoken."""
        self._options = options
        self._voice = voice
        self._folder = folder
        self._recordings = recordings
        self._kept: OrderedDict[str, Samples] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}

    @property
    def voice_name(self) -> str:
        """Who says what nobody has recorded."""
        return self._voice.name

    def script(self, text: str, language: str) -> Script:
        """A call's script. SoundError when it cannot be made."""
        options = self._options
        reading = self.reading(text, language)
        parts = [silence(LEAD_IN_S), reading]
        for _ in range(options.readings - 1):
            parts += [silence(options.pause_s), reading]
        whole = joined(*parts, silence(options.listen_s + AFTER_S))
        return Script(wav_of(whole), LEAD_IN_S + seconds_of(reading), seconds_of(whole))

    def reading(self, text: str, language: str) -> Samples:
        """The text once."""
        parts = list[Samples]()
        for sentence in sentences_of(text, language):
            parts += [self.sentence(sentence, language), silence(SENTENCE_PAUSE_S)]
        return joined(*parts[:-1])

    def sentence(self, text: str, language: str) -> Samples:
        """One sentence: recorded, kept, or spoken now."""
        recorded = self._recordings.approved(text, language)
        if recorded is not None:
            return recorded
        key = self._key(text, language)
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:  # thirty first calls at once have it spoken once
                return self._kept_or_spoken(key, text, language)
        finally:
            with self._lock:
                self._making.pop(key, None)

    def _kept_or_spoken(self, key: str, text: str, language: str) -> Samples:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        samples = self._from_disk(key)
        if samples is None:
            samples = levelled(trimmed(self._voice.speak(text, language)))
            self._to_disk(key, samples)
        with self._lock:
            self._kept[key] = samples
            if len(self._kept) > KEPT_IN_MEMORY:
                self._kept.popitem(last=False)
        return samples

    def spoken_by(self, text: str, language: str) -> Iterator[tuple[str, bool]]:
        """The sentences of a text, and whether each is a recording."""
        for sentence in sentences_of(text, language):
            yield sentence, self._recordings.approved(sentence, language) is not None

    def _key(self, text: str, language: str) -> str:
        said = self._voice.fed(text, language)
        return hashlib.sha256(f"{self._voice.name}\0{language}\0{said}".encode()).hexdigest()[:40]

    def _from_disk(self, key: str) -> Samples | None:
        path = self._folder / f"{key}.wav"
        with suppress(OSError, SoundError):
            return read_wav(path.read_bytes())
        return None

    def _to_disk(self, key: str, samples: Samples) -> None:
        """A disk that is full costs the keeping, not the call."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = self._folder / f".{key}-{threading.get_ident()}"
            new.write_bytes(wav_of(samples))
            new.replace(self._folder / f"{key}.wav")
