"""Where a site's sounds lie, and who speaks for a route."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from warning_dispatch.delivery.kinds import RouteFacts
from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.delivery.spoken.pinyin import Readings, read_pinyin
from warning_dispatch.delivery.spoken.recordings import Recordings
from warning_dispatch.delivery.spoken.scripts import Scripts
from warning_dispatch.delivery.spoken.voices import voice_of
from warning_dispatch.errors import INFORMATION, Finding
from warning_dispatch.tomlfiles import both

SPEECH_FOLDER, RECORDINGS_FOLDER = "speech", "recordings"


def scripts_in(options: SpokenOptions, config_dir: Path | None, state_dir: Path) -> Scripts:
    """Who speaks for a route."""
    voice = voice_of(options, read_pinyin(config_dir))
    return Scripts(options, voice, state_dir / SPEECH_FOLDER, recordings_in(state_dir))


def unheard(options: SpokenOptions, route: RouteFacts) -> Iterator[Finding]:
    """A machine that speaks to villages, and to which nobody of the bureau has listened."""
    name = voice_of(options, Readings()).name
    if route.state_dir is not None and recordings_in(route.state_dir).machine_approval(name) is None:
        what = both(f"机器朗读（{name}）还没有人试听确认", f"nobody has listened to the machine's voice ({name})")
        yield Finding(route.where, INFORMATION + what, "warning-dispatch voice sample")


def recordings_in(state_dir: Path) -> Recordings:
    """The site's recordings."""
    return Recordings(state_dir / RECORDINGS_FOLDER)
