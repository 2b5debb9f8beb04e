"""声音目录: what Asterisk plays, in a folder that it reads too. Each text is one file; who is named by it is called within the hour."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

from warning_dispatch.delivery.spoken.sound import SoundError

KEPT = 86_400_000
"""ms after its last call for which a sound is kept: no call lasts so long, and the sounds of a red night fill gigabytes."""
_OURS = "wd-*.wav"
_UNFINISHED = ".wd-*"


class SoundFolder:
    """Where we write, and what that is called at Asterisk. Safe from any thread."""

    def __init__(self, folder: str, at_asterisk: str) -> None:
        """`at_asterisk`: the same folder as Asterisk sees it; empty: the same path."""
        self._here = Path(folder)
        self._there = (at_asterisk or folder).rstrip("/")
        self._using = Lock()

    def written(self, wav: bytes) -> str:
        """Where Asterisk finds the sound, without its ending, which Asterisk chooses. SoundError."""
        name = f"wd-{hashlib.sha256(wav).hexdigest()[:24]}"
        path = self._here / f"{name}.wav"
        try:
            if not self._used_again(path):
                self._here.mkdir(parents=True, exist_ok=True)
                new = self._here / f".{name}-{id(wav)}"
                new.write_bytes(wav)
                new.chmod(0o644)  # Asterisk is another user
                new.replace(path)
        except OSError as error:
            raise SoundError(f"{self._here}: {error.strerror}") from error
        return f"{self._there}/{name}"

    def remove_old(self, now: int) -> int:
        """Remove sounds that no call has used for a day; how many. Nothing else in the folder is touched. Raises OSError."""
        removed = 0
        for path in [*self._here.glob(_OURS), *self._here.glob(_UNFINISHED)]:
            with self._using, suppress(FileNotFoundError):
                if path.stat().st_mtime_ns // 1_000_000 < now - KEPT:
                    path.unlink()
                    removed += 1
        return removed

    def _used_again(self, path: Path) -> bool:
        """Whether it is there; if so its day begins anew."""
        with self._using, suppress(FileNotFoundError):
            os.utime(path)
            return True
        return False
