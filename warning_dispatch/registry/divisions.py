"""行政区划: contacts/divisions.csv, read with every problem by row and column."""

from __future__ import annotations

from pathlib import Path

from warning_dispatch.errors import Finding
from warning_dispatch.model.unit import CODE_LENGTH, UnitLevel
from warning_dispatch.registry.tables import Column, Row, place, read_table
from warning_dispatch.registry.units_from_divisions import Division

COLUMNS = (
    Column("code", ("编码", "区划代码")),
    Column("name", ("名称", "区划名称")),
    Column("level", ("层级",)),
    Column("parent_code", ("上级编码", "上级代码")),
)
"""The columns of divisions.csv."""

_LEVELS = {
    **dict.fromkeys(("county", "县级", "县"), UnitLevel.COUNTY),
    **dict.fromkeys(("township", "乡级", "乡"), UnitLevel.TOWNSHIP),
    **dict.fromkeys(("village", "村级", "村"), UnitLevel.VILLAGE),
}
_LENGTHS = "县 county 6, 乡 township 9, 村 village 12"


def read_divisions(path: Path, city: str | None) -> tuple[list[Division], list[Finding]]:
    """Every good division, and every problem.

    `city` is the code (4 digits) above the counties; None when it is not known, which leaves superiors unchecked.
    """
    table = read_table(path, COLUMNS)
    findings = list(table.findings)
    divisions: list[Division] = []
    numbers: dict[str, int] = {}
    for row in table.rows:
        division = _division(path.name, row, findings)
        if division is None:
            continue
        if division.code in numbers:
            what = f"编码重复，第 {numbers[division.code]} 行已有 / duplicate code: {division.code}"
            findings.append(Finding(place(path.name, row.number, "code"), what, "每个编码只能一行 / one row a code"))
            continue
        numbers[division.code] = row.number
        divisions.append(division)
    if city is not None:
        findings += _tree_findings(path.name, divisions, numbers, city)
    return divisions, findings


def _division(file: str, row: Row, findings: list[Finding]) -> Division | None:
    """The row's division; when it has none, the problems are added to `findings`."""
    code, name, level_word = row.cells["code"], row.cells["name"], row.cells["level"]
    level = _LEVELS.get(level_word.lower())
    problems = []
    if not name:
        problems.append(Finding(place(file, row.number, "name"), "没有名称 / no name", "填写名称 / enter the name"))
    if level is None:
        what = f"层级不认识 / unknown level: {level_word!r}"
        problems.append(Finding(place(file, row.number, "level"), what, "county, township, village (县级、乡级、村级)"))
    if not (code.isascii() and code.isdigit()):
        what = f"编码不是数字 / the code is not digits: {code!r}"
        problems.append(Finding(place(file, row.number, "code"), what, _LENGTHS))
    elif level is not None and len(code) != CODE_LENGTH[level]:
        what = f"编码 {len(code)} 位，与层级 {level_word} 不符 / {len(code)} digits do not fit the level: {code}"
        problems.append(Finding(place(file, row.number, "code"), what, _LENGTHS))
    findings += problems
    if problems or level is None:
        return None
    return Division(code, name, level, row.cells["parent_code"])


def _tree_findings(file: str, divisions: list[Division], numbers: dict[str, int], city: str) -> list[Finding]:
    """Orphans, cycles, and parents that are not the code's own group prefix."""
    parents = {division.code: division.parent for division in divisions}
    findings = []
    for division in divisions:
        where = place(file, numbers[division.code], "parent_code")
        expected = division.code[: CODE_LENGTH[UnitLevel(division.level - 1)]]
        if _in_cycle(division.code, parents):
            what = f"上下级成环 / a cycle of superiors: {division.code} → {division.parent}"
            findings.append(Finding(where, what, f"上级应为 / the superior should be {expected}"))
        elif division.parent != city and division.parent not in parents:
            what = f"上级不存在 / no such superior: {division.parent or '（空 empty）'}"
            findings.append(Finding(where, what, f"补上该上级，或改为 / add it, or write {expected}"))
        elif division.parent != expected:
            what = f"上级与编码不符 / the superior does not fit the code: {division.parent}"
            findings.append(Finding(where, what, f"应为 / should be {expected}"))
    return findings


def _in_cycle(code: str, parents: dict[str, str]) -> bool:
    """Whether following superiors from `code` comes back to it."""
    seen = set()
    above = parents.get(code)
    while above is not None and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = parents.get(above)
    return False
