"""应答习惯文件: the habits of a bureau's own choosing, from a TOML file. Every finding at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.planning.habits import is_night, usual
from warning_dispatch.planning.question import Habits
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit
from warning_dispatch.tomlfiles import Shape, both, parse, read_toml


class _Band(Shape):
    """Shares of first calls and messages; a table that is left out stays as documented."""

    mobile: dict[VoiceHabit, float] | None = None
    landline: dict[VoiceHabit, float] | None = None
    sms: dict[TextHabit, float] | None = None
    mail: dict[TextHabit, float] | None = None
    comes_round: dict[VoiceHabit, float] | None = None


class _Superiors(Shape):
    """What superiors do with their lists."""

    works: float | None = Field(default=None, ge=0, le=1)
    reaches: float | None = Field(default=None, ge=0, le=1)
    passes: int | None = Field(default=None, ge=1, le=20)


class _File(Shape):
    """The file: [night.…], [day.…], [superiors]."""

    night: _Band = _Band()
    day: _Band = _Band()
    superiors: _Superiors = _Superiors()


def read_habits(path: Path, hour: int) -> Habits:
    """The habits of an hour by a file; what it does not name is as documented. ConfigError with every finding."""
    findings: list[Finding] = []
    raw = read_toml(path, str(path), findings)
    file = parse(_File, raw, str(path), findings) if raw is not None else None
    if file is None:
        raise ConfigError(findings)
    for name, band, at in (("night", file.night, 0), ("day", file.day, 12)):
        findings += _checked(f"{path}: {name}", band, usual(at).people)[1]
    if findings:
        raise ConfigError(findings)
    before = usual(hour)
    people, _ = _checked(str(path), file.night if is_night(hour) else file.day, before.people)
    named = {name: value for name, value in file.superiors.model_dump().items() if value is not None}
    return Habits(people, replace(before.superiors, **named), path.name)


def _checked(where: str, band: _Band, before: Population) -> tuple[Population, list[Finding]]:
    """The people of a band, and what is wrong with their shares."""
    named = {name: value for name, value in band.model_dump().items() if value is not None}
    try:
        return replace(before, **named), []
    except ConfigError as error:
        remedy = both("各项之和必须为 1，概率在 0 到 1 之间", "shares sum to 1, chances lie between 0 and 1")
        return before, [Finding(f"{where} {one.where}", one.what, one.remedy or remedy) for one in error.findings]
