"""What `check` says of how calls on our own lines sound: the sample is spoken, and must not last too long."""

from __future__ import annotations

from collections.abc import Iterator

from warning_dispatch.bootstrap.voice import voice_desk
from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration import Configuration
from warning_dispatch.delivery.lengths import SPEECH_LIMIT
from warning_dispatch.delivery.spoken.sound import SoundError
from warning_dispatch.errors import DispatchError, Finding
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.tomlfiles import both

WHERE = f"{SETTINGS_FILE}: routes"


def spoken_findings(settings: Settings, configuration: Configuration | None) -> Iterator[Finding]:
    """A machine that says nothing, or a reading beyond twenty seconds with the longest name of a unit."""
    if configuration is None:
        return
    try:
        desk = voice_desk(settings, configuration, SystemClock())
    except DispatchError:  # texts or readings that cannot be read are told where they are looked at
        return
    if desk is None:
        return
    try:
        _, script = desk.sample()
    except SoundError as error:
        yield Finding(
            WHERE, both("电话朗读读不出声音", f"calls have no voice: {error}"), "warning-dispatch voice sample"
        )
        return
    if script.reading_s > SPEECH_LIMIT:
        what = both(
            f"样例预警读一遍要 {script.reading_s:.1f} 秒，超过 {SPEECH_LIMIT:.0f} 秒",
            f"the sample warning takes {script.reading_s:.1f} s a reading, more than {SPEECH_LIMIT:.0f}",
        )
        yield Finding(WHERE, what, both("调快 speed，或缩短模板", "raise speed, or shorten the template"))
