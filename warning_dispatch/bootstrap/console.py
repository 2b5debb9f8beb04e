"""What the officers' console stands on in an installation and in the demonstration."""

from __future__ import annotations

import re
from pathlib import Path

from warning_dispatch.configuration import Configuration
from warning_dispatch.console_ports import ConsoleDesk, ConsoleReadings
from warning_dispatch.delivery.configured import reaches_people
from warning_dispatch.drill_ports import Drilling
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.response_ports import ResponseParts
from warning_dispatch.settings import Settings
from warning_dispatch.tomlfiles import both, read_toml
from warning_dispatch.web.console.atlas import Atlas, load_outlines
from warning_dispatch.web.console.console import ConsoleParts
from warning_dispatch.web.console.door import Entrance
from warning_dispatch.web.console.drills import DrillDeskParts
from warning_dispatch.web.console.planning import PlanningOffice
from warning_dispatch.web.console.records import Records
from warning_dispatch.web.console.warnings import Hand

TILES_FILE = "tiles.toml"
_CODE = re.compile(r"[0-9]{6}")
MOST = 40
"""Columns and rows of a grid."""


def console_parts(
    settings: Settings,
    configuration: Configuration,
    read: ConsoleReadings,
    desk: ConsoleDesk,
    entrance: Entrance,
    response: ResponseParts | None = None,
    drilling: Drilling | None = None,
    records: Records | None = None,
    planning: PlanningOffice | None = None,
) -> ConsoleParts:
    """The console of an installation. ConfigError when its map cannot be used."""
    return ConsoleParts(
        read=read,
        desk=desk,
        entrance=entrance,
        atlas=atlas_of(settings),
        hand=Hand(
            configuration=configuration,
            issuer=settings.ingest.hand_issuer,
            issuer_name=settings.ingest.hand_issuer_name,
            within=settings.ingest.within,
        ),
        response=response,
        samples=not reaches_people(settings),
        drills=DrillDeskParts(drilling, configuration, settings.ingest.within) if drilling else None,
        records=records,
        planning=planning,
        bureau=settings.ingest.hand_issuer_name,
    )


def atlas_of(settings: Settings) -> Atlas:
    """The configured outlines, else the grid of config/tiles.toml, else a grid in the order of the codes."""
    if settings.web.map:
        return load_outlines(settings.map_file)
    return Atlas(tiles=read_tiles(settings.config_dir / TILES_FILE))


def read_tiles(file: Path) -> dict[str, tuple[int, int]]:
    """The grid. ConfigError with every finding; no file is an empty grid."""
    if not file.is_file():
        return {}
    findings: list[Finding] = []
    content = read_toml(file, TILES_FILE, findings) or {}
    tiles = {}
    for code, spot in content.items():
        if _CODE.fullmatch(code) and isinstance(spot, list) and len(spot) == 2 and all(_fits(one) for one in spot):  # noqa: PLR2004 - column and row
            tiles[code] = (spot[0], spot[1])
        else:
            what = both("应为 6 位区划代码 = [列, 行]", "expected a county's 6 digits = [column, row]")
            findings.append(Finding(f"{TILES_FILE}: {code}", what))
    if findings:
        raise ConfigError(findings)
    return tiles


def _fits(number: object) -> bool:
    return isinstance(number, int) and 0 <= number < MOST
