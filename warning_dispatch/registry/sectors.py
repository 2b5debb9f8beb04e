"""行业: the lines of departments and key units as a registrar may write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from warning_dispatch.configuration.hazards import load_hazards
from warning_dispatch.errors import Finding
from warning_dispatch.model.unit import UnitKind

FILE = "hazards.toml"


def sector_names(config: Path) -> Mapping[UnitKind, Mapping[str, Mapping[str, str]]]:
    """By kind of unit, key of a line → its names. Empty where the catalogue cannot be read: `check` says why."""
    findings: list[Finding] = []
    hazards = load_hazards(config / FILE, FILE, findings)
    if hazards is None:
        return {}
    return {UnitKind.DEPARTMENT: hazards.sectors, UnitKind.KEY_UNIT: hazards.key_sectors}


def sector_words(config: Path) -> Mapping[UnitKind, Mapping[str, str]]:
    """By kind of unit, key or name of a line → its key."""
    return {
        kind: {word: key for key, names in lines.items() for word in (key, *names.values())}
        for kind, lines in sector_names(config).items()
    }
