"""Where a site's sounds lie, and who speaks for a route."""

from __future__ import annotations

from pathlib import Path

from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.delivery.spoken.pinyin import read_pinyin
from warning_dispatch.delivery.spoken.recordings import Recordings
from warning_dispatch.delivery.spoken.scripts import Scripts
from warning_dispatch.delivery.spoken.voices import voice_of

SPEECH_FOLDER, RECORDINGS_FOLDER = "speech", "recordings"


def scripts_in(options: SpokenOptions, config_dir: Path | None, state_dir: Path) -> Scripts:
    """Who speaks for a route."""
    voice = voice_of(options, read_pinyin(config_dir))
    return Scripts(options, voice, state_dir / SPEECH_FOLDER, recordings_in(state_dir))


def recordings_in(state_dir: Path) -> Recordings:
    """The site's recordings."""
    return Recordings(state_dir / RECORDINGS_FOLDER)
