"""录音: sentences that people of the bureau recorded, who listened to them, and whether they are used.

Files beside the database: `<folder>/<key>.wav` and `recordings.json`. Nothing is used before somebody has listened to it and said
so; a sentence is known by its words, so a changed text is a new sentence and never said by an old recording.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from warning_dispatch.delivery.spoken.sound import (
    QUIET,
    Samples,
    SoundError,
    levelled,
    loudness,
    read_wav,
    seconds_of,
    wav_of,
)
from warning_dispatch.delivery.spoken.sound import trimmed as without_silence
from warning_dispatch.errors import NotFoundError

INDEX = "recordings.json"
SHORTEST_S, LONGEST_S = 0.3, 20.0


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded sentence, or (`voice`) the site's machine as it sounded when somebody listened to it."""

    key: str
    text: str
    language: str
    seconds: float
    by: str
    at: int
    """When it was taken in, ms."""
    approved_by: str = ""
    approved_at: int = 0


@dataclass(frozen=True, slots=True)
class MachineApproval:
    """Somebody has listened to a machine's sample. `name`: the machine as it was set then."""

    name: str
    by: str
    at: int


_INDEX = TypeAdapter(dict[str, Recording])
_APPROVAL = TypeAdapter(MachineApproval)
MACHINE = "machine.json"


def key_of(text: str, language: str) -> str:
    """By which a sentence is known."""
    return hashlib.sha256(f"{language}\0{text.strip()}".encode()).hexdigest()[:24]


class Recordings:
    """The recordings of a site; safe from several threads and seen by several processes."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not be there."""
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = -1
        self._index: Mapping[str, Recording] = {}
        self._sounds: dict[str, Samples] = {}

    def all(self) -> Sequence[Recording]:
        """Newest first."""
        return sorted(self._read().values(), key=lambda one: -one.at)

    def approved(self, text: str, language: str) -> Samples | None:
        """The recording of a sentence that may be used; None: a machine says it."""
        key = key_of(text, language)
        one = self._read().get(key)
        if one is None or not one.approved_by:
            return None
        with self._lock:
            if key in self._sounds:
                return self._sounds[key]
        with suppress(OSError, SoundError):
            samples = read_wav((self._folder / f"{key}.wav").read_bytes())
            with self._lock:
                self._sounds[key] = samples
            return samples
        return None

    def take(self, text: str, language: str, wav: bytes, by: str, now: int) -> Recording:
        """A new recording of a sentence, to be listened to. SoundError says what is wrong with it."""
        samples = levelled(without_silence(read_wav(wav)))
        seconds = seconds_of(samples)
        if loudness(samples) < QUIET:
            raise SoundError("录音里几乎没有声音 / there is hardly any sound in it")
        if not SHORTEST_S <= seconds <= LONGEST_S:
            raise SoundError(f"{seconds:.1f} 秒，应为 {SHORTEST_S}–{LONGEST_S:.0f} 秒 / lasts {seconds:.1f} s")
        one = Recording(key_of(text, language), text.strip(), language, round(seconds, 2), by, now)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._put(self._folder / f"{one.key}.wav", wav_of(samples))
        self._write({**self._read(), one.key: one})
        return one

    def approve(self, key: str, by: str, now: int) -> Recording:
        """Somebody has listened to it: from now on calls use it. NotFoundError."""
        one = replace(self._known(key), approved_by=by, approved_at=now)
        self._write({**self._read(), key: one})
        return one

    def remove(self, key: str) -> None:
        """A machine says it again. NotFoundError."""
        self._known(key)
        self._write({name: one for name, one in self._read().items() if name != key})
        (self._folder / f"{key}.wav").unlink(missing_ok=True)

    def sound(self, key: str) -> bytes:
        """The file, to be listened to. NotFoundError."""
        self._known(key)
        try:
            return (self._folder / f"{key}.wav").read_bytes()
        except OSError as error:
            raise NotFoundError(f"没有这个录音 / no such recording: {key}") from error

    def machine_approval(self, name: str) -> MachineApproval | None:
        """Who has listened to this machine; None where nobody has, or it is set otherwise now."""
        with suppress(OSError, ValidationError):
            found = _APPROVAL.validate_json((self._folder / MACHINE).read_bytes())
            return found if found.name == name else None
        return None

    def approve_machine(self, name: str, by: str, now: int) -> MachineApproval:
        """Somebody has."""
        one = MachineApproval(name, by, now)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._put(self._folder / MACHINE, _APPROVAL.dump_json(one))
        return one

    def _known(self, key: str) -> Recording:
        found = self._read().get(key)
        if found is None:
            raise NotFoundError(f"没有这个录音 / no such recording: {key}")
        return found

    def _read(self) -> Mapping[str, Recording]:
        """The index as it is now: another process may have written it."""
        path = self._folder / INDEX
        try:
            seen = path.stat().st_mtime_ns
        except OSError:
            return {}
        with self._lock:
            if seen != self._seen:
                with suppress(OSError, ValidationError):
                    self._index = _INDEX.validate_json(path.read_bytes())
                self._seen = seen
                self._sounds.clear()
            return self._index

    def _write(self, index: Mapping[str, Recording]) -> None:
        self._put(self._folder / INDEX, _INDEX.dump_json(dict(index)))
        with self._lock:
            self._seen = -1

    def _put(self, path: Path, content: bytes) -> None:
        new = path.with_name(f".{path.name}")
        new.write_bytes(content)
        new.chmod(0o600)
        new.replace(path)


def document_of(one: Recording) -> dict[str, object]:
    """For a program."""
    return asdict(one)
