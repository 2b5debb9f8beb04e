"""Which divisions a shape on the ground touches: by boundaries where the bureau has them, else by positions.

Boundaries have no open licence, so none is shipped; positions of the county towns are. A position stands for its
surroundings, so a shape that comes near it counts: a county too many is asked rather than one left asleep. What
touches nothing of ours is somewhere else.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.alert import AlertArea
from warning_dispatch.tomlfiles import both

POSITIONS_FILE = "positions.csv"
BOUNDARIES_FILE = "boundaries.geojson"
LONGEST_FILE = 200 * 1024 * 1024
LENGTHS = (4, 6, 9, 12)
"""Digits of a division code."""


class Gazetteer:
    """Divisions on the ground. Degrees in, division codes out; the geometry is made at the first shape."""

    def __init__(
        self, positions: Mapping[str, tuple[float, float]], boundaries: Mapping[str, Any] | None = None
    ) -> None:
        """`positions`: code to (longitude, latitude). `boundaries`: code to its outline, which counts before a position."""
        self._positions = dict(positions)
        self._boundaries = dict(boundaries or {})
        self._ground: Any = None

    def __call__(self, area: AlertArea, near: str = "", *, roughly: bool = False) -> Sequence[str] | None:
        """The divisions that an area's shapes touch; none of ours: empty. None when nothing is known of positions.

        With `near`: the county of that area whose position is nearest to the shapes, if that is not far. `roughly`: those
        on the land between its outermost points.
        """
        if not (area.polygons or area.circles) or not (self._positions or self._boundaries):
            return None
        if self._ground is None:
            from warning_dispatch.ingest.ground import Ground  # noqa: PLC0415 - see there

            self._ground = Ground(self._positions, self._boundaries)
        ground = self._ground
        found: Sequence[str] | None = ground.nearest(area, near) if near else ground(area, roughly=roughly)
        return found


# --- files ------------------------------------------------------------------------------------------------


def load_gazetteer(folder: Path) -> Gazetteer:
    """What the folder of the register knows of positions. ConfigError with every finding of both files."""
    findings: list[Finding] = []
    positions = _positions(folder / POSITIONS_FILE, findings)
    boundaries = _boundaries(folder / BOUNDARIES_FILE, findings)
    if findings:
        raise ConfigError(findings)
    return Gazetteer(positions, boundaries)


def _positions(path: Path, findings: list[Finding]) -> dict[str, tuple[float, float]]:
    """positions.csv: code,longitude,latitude. A file that is not there knows nothing."""
    found: dict[str, tuple[float, float]] = {}
    text = _text(path, findings)
    for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff"))):
        code = str(row.get("code") or "").strip()
        where = f"{path.name}: {code or '?'}"
        try:
            longitude, latitude = float(str(row.get("longitude"))), float(str(row.get("latitude")))
        except ValueError:
            longitude = latitude = math.nan
        if len(code) not in LENGTHS or not code.isdigit():
            what = both("编码应为 4、6、9 或 12 位数字", "the code must have 4, 6, 9 or 12 digits")
            findings.append(Finding(where, what))
        elif not (abs(longitude) <= 180 and abs(latitude) <= 90):  # noqa: PLR2004 - degrees
            what = both("经度或纬度不是度数", "longitude or latitude is not in degrees")
            findings.append(
                Finding(where, what, both("列为 code,longitude,latitude", "columns: code,longitude,latitude"))
            )
        else:
            found[code] = (longitude, latitude)
    return found


def _boundaries(path: Path, findings: list[Finding]) -> dict[str, Any]:
    """boundaries.geojson: features with a property `code` (or `adcode`) and a polygon."""
    text = _text(path, findings)
    if not text:
        return {}
    from warning_dispatch.ingest.ground import outline_of  # noqa: PLC0415 - see there

    found: dict[str, Any] = {}
    try:
        features: list[Any] = json.loads(text)["features"]
    except (ValueError, KeyError, TypeError):
        findings.append(
            Finding(
                path.name,
                both("不是 GeoJSON", "not GeoJSON: no features"),
                both("导出为 FeatureCollection", "export it as a FeatureCollection"),
            )
        )
        return {}
    for place, feature in enumerate(features, 1):
        code, outline = outline_of(feature)
        if outline is None or len(code) not in LENGTHS or not code.isdigit():
            what = both("要素没有区划编码或多边形", "a feature without a division code or a polygon")
            findings.append(
                Finding(
                    f"{path.name}: features[{place}]",
                    what,
                    both("属性 code 写 4、6、9 或 12 位编码", "give it a property code"),
                )
            )
        else:
            found[code] = outline
    return found


def _text(path: Path, findings: list[Finding]) -> str:
    if not path.is_file():
        return ""
    try:
        if path.stat().st_size > LONGEST_FILE:
            findings.append(
                Finding(path.name, both("文件过大", "the file is too large"), both("简化边界", "simplify it"))
            )
            return ""
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = both("文件无法读取", f"the file cannot be read ({type(error).__name__})")
        findings.append(Finding(path.name, what, both("存为 UTF-8", "save it as UTF-8")))
        return ""
