"""What a route that plays sound says of how its texts are spoken: part of [routes.options]."""

from __future__ import annotations

from pydantic import Field

from warning_dispatch.tomlfiles import Shape


class SpokenOptions(Shape):
    """朗读: who reads, how fast, how often."""

    speak: tuple[str, ...] = ()
    """The site's own text-to-speech: a program and its arguments; {text_file}, {wav_file} and {language} are filled in. Empty: espeak-ng."""
    speak_within_s: float = Field(default=20.0, gt=0, le=120)
    """Seconds that it may take for one sentence."""
    speed: int = Field(default=175, ge=80, le=260)
    """espeak-ng: words a minute."""
    readings: int = Field(default=2, ge=1, le=3)
    """How often a call reads its text to somebody who presses nothing."""
    pause_s: float = Field(default=0.8, ge=0, le=5)
    """Between two readings."""
    listen_s: float = Field(default=5.0, ge=1, le=20)
    """Silence after the last reading, in which a key is still waited for."""
