"""The folder of sounds for Asterisk: a text is written once, and goes when no call has used it for a day."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from warning_dispatch.clock import SystemClock
from warning_dispatch.delivery.ari.sounds import KEPT, SoundFolder
from warning_dispatch.delivery.spoken.sound import SoundError


def aged(path: Path) -> None:
    """As if it was last used two days ago."""
    then = SystemClock().now() / 1000 - 2 * KEPT / 1000
    os.utime(path, (then, then))


def test_sounds_of_past_nights_go(tmp_path: Path) -> None:
    """Two old ones and a new one; what is somebody else's stays, however old."""
    folder = SoundFolder(str(tmp_path), "")
    for wav in (b"one", b"two"):
        aged(Path(f"{folder.written(wav)}.wav"))
    others = [tmp_path / "music.wav", tmp_path / "wd-notes.txt"]
    for other in others:
        other.touch()
        aged(other)
    unfinished = tmp_path / ".wd-0123-1"
    unfinished.touch()
    aged(unfinished)
    new = Path(f"{folder.written(b'three')}.wav")
    assert folder.remove_old(SystemClock().now()) == 3
    assert sorted(tmp_path.iterdir()) == sorted([new, *others])
    assert stat.S_IMODE(new.stat().st_mode) == 0o644


def test_a_sound_that_is_used_again_stays(tmp_path: Path) -> None:
    """The same words tonight as last month: the file that is there is played, and must not go meanwhile."""
    folder = SoundFolder(str(tmp_path), "/at/asterisk/")
    name = folder.written(b"one")
    [path] = tmp_path.iterdir()
    assert name == f"/at/asterisk/{path.stem}"
    aged(path)
    assert folder.written(b"one") == name
    assert folder.remove_old(SystemClock().now()) == 0
    assert path.read_bytes() == b"one"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Nothing is there to be removed; what cannot be written is said."""
    assert SoundFolder(str(tmp_path / "none"), "").remove_old(SystemClock().now()) == 0
    (tmp_path / "file").touch()
    with pytest.raises(SoundError, match="file"):
        SoundFolder(str(tmp_path / "file"), "").written(b"one")
