"""单位对号: which unit of the register an office means by a code, or by names as people write them. Pure.

Names repeat (188 village names of 吕梁 do), so a name is looked for below what the row, the sheet or the command says of
its county and township. One unit found is it; several are put before the registrar with their codes.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from warning_dispatch.model.unit import CODE_LENGTH, Unit, UnitKind, UnitLevel
from warning_dispatch.tomlfiles import both

_ENDS = (
    "村民委员会",
    "社区居民委员会",
    "社区居委会",
    "居民委员会",
    "街道办事处",
    "人民政府",
    "村委会",
    "居委会",
    "政府",
    "社区",
    "街道",
    "村委",
    "村",
    "镇",
    "乡",
    "县",
    "区",
    "市",
)
"""Endings that people add or leave out, the longest first."""
_KINDS = {
    "村": ("村", "村委会", "村民委员会"),
    "村委会": ("村委会",),
    "社区": ("社区", "居委会"),
    "居委会": ("居委会",),
    "镇": ("镇",),
    "乡": ("乡",),
    "街道": ("街道", "办事处"),
    "县": ("县",),
}
"""Endings that tell two units of one name apart: 白文村 is the 村委会 and neither the 居委会 nor 白文镇."""
_SHORTEST = 2
"""Characters that a name keeps at least."""
_NAMED = 4
"""So many candidates are named."""


@dataclass(frozen=True, slots=True)
class UnitWords:
    """What a row says of its unit, each as written; empty where it says nothing."""

    code: str = ""
    unit: str = ""
    county: str = ""
    township: str = ""
    village: str = ""

    @property
    def nothing(self) -> bool:
        """Whether the row does not say at all."""
        return not (self.code or self.unit or self.county or self.township or self.village)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Why no unit was found."""

    what: str
    remedy: str


class UnitIndex:
    """Finds units. `within`: code of the unit that the workbook is about; only it and what lies below are looked at."""

    def __init__(self, units: Sequence[Unit], within: str = "") -> None:
        """`units`: the whole tree."""
        self._units = {unit.code: unit for unit in units}
        self._within = within
        self._below = {code for code in self._units if not within or within in self._line(code)}
        self._plain: defaultdict[str, list[str]] = defaultdict(list)
        for code in (unit.code for unit in units if unit.code in self._below):
            for name in self._names(self._units[code]):
                self._plain[name].append(code)
        self._memory: dict[tuple[UnitWords, str], Unit | Unplaced] = {}

    def named_by(self, title: str) -> str:
        """The code of the one unit that a sheet's name means; empty when it means none or several."""
        found = self._plain.get(plain(title)) or self._plain.get(short(title)) or []
        divisions = [code for code in found if self._units[code].kind is UnitKind.DIVISION]
        return divisions[0] if len(divisions) == 1 else ""

    def place(self, words: UnitWords, below: str = "") -> Unit | Unplaced:
        """The unit that is meant. `below`: what the sheet is about; a name that is not found there is looked for everywhere."""
        key = (words, below)
        if key not in self._memory:
            self._memory[key] = self._place(words, below)
        return self._memory[key]

    def _place(self, words: UnitWords, below: str) -> Unit | Unplaced:
        if words.code:
            return self._by_code(words.code)
        target = words.unit or words.village or words.township or words.county
        above = [one for one in (words.county, words.township, words.village) if one and one != target]
        codes = self._found(target, above) or self._own(target, below)
        found = _likely([self._units[code] for code in codes], target, _level(words))
        if below and len(found) != 1:
            found = [code for code in found if below in self._line(code)] or found
        if len(found) == 1:
            return self._units[found[0]]
        return self._several(target, found) if found else self._unknown(target, above, below)

    def _by_code(self, written: str) -> Unit | Unplaced:
        code = unicodedata.normalize("NFKC", written).strip()
        trimmed = next(
            (
                code[:length]
                for length in sorted(CODE_LENGTH.values())
                if code[:length] in self._units and not code[length:].strip("0")
            ),
            "",
        )
        unit = self._units.get(code) or self._units.get(trimmed)
        if unit is None:
            what = both(f"单位编码不存在：{code}", f"unknown unit code: {code}")
            return Unplaced(what, both("核对编码，或补进单位表", "check the code, or add the unit"))
        if unit.code not in self._below:
            what = both(f"单位 {code} 不在本次导入的范围内", f"unit {code} is outside of what is imported")
            return Unplaced(what, "--within")
        return unit

    def _found(self, target: str, above: Sequence[str]) -> list[str]:
        """Codes of everything that goes by the name below all that is said to be above."""
        joined = ["".join(plain(one) for one in (*above[start:], target)) for start in range(len(above) + 1)]
        for name in dict.fromkeys([*joined, short(target), *(short(one) for one in joined)]):
            codes = [code for code in self._plain.get(name, ()) if self._lies_below(code, above)]
            if codes:
                return list(dict.fromkeys(codes))
        return []

    def _own(self, target: str, below: str) -> list[str]:
        """An office writes 水利局 for its own: the sheet's or the command's place stands in front of it."""
        for code in (below, self._within):
            name = self._units[code].name if code in self._units else ""
            found = self._plain.get(plain(name) + plain(target), ()) if name else ()
            if found:
                return list(found)
        return []

    def _lies_below(self, code: str, above: Sequence[str]) -> bool:
        line = [self._units[one] for one in self._line(code)]
        return all(
            any({plain(one), short(one)} & {plain(unit.name), short(unit.name)} for unit in line) for one in above
        )

    def _line(self, code: str) -> list[str]:
        """The unit and everything above it."""
        line, at = [], self._units.get(code)
        while at is not None and at.code not in line:
            line.append(at.code)
            at = self._units.get(at.superior or "")
        return line

    def _names(self, unit: Unit) -> set[str]:
        """What the unit goes by: its name, with and without its ending, alone and behind its superiors'."""
        names = {plain(unit.name)}
        if unit.kind is UnitKind.DIVISION:
            names.add(short(unit.name))
        above = [self._units[code].name for code in self._line(unit.code)[1:]]
        found = set(names)
        for count in range(1, len(above) + 1):
            for prefix in ("".join(plain(one) for one in reversed(above[:count])), short_path(above[:count])):
                found |= {prefix + name for name in names}
        return found

    def _several(self, target: str, codes: Sequence[str]) -> Unplaced:
        listed = "、".join(f"{self._path(code)} {code}" for code in codes[:_NAMED])
        more = " …" if len(codes) > _NAMED else ""
        what = both(f"“{target}”有 {len(codes)} 个：{listed}{more}", f"{len(codes)} units are called {target!r}")
        return Unplaced(what, both("写明县、乡镇，或填单位编码", "say county and township, or give the unit's code"))

    def _unknown(self, target: str, above: Sequence[str], below: str) -> Unplaced:
        near = (
            difflib.get_close_matches(short(target), list(self._plain), n=6 * _NAMED, cutoff=0.5) if target[1:] else []
        )
        likely = [code for name in near for code in self._plain[name] if self._lies_below(code, above)]
        likely = [code for code in likely if below in self._line(code)] or likely
        where = "".join(above)
        what = both(f"名册里没有“{where}{target}”", f"the register has no {where}{target}")
        if not likely:
            return Unplaced(what, both("核对名称，或填单位编码", "check the name, or give the unit's code"))
        listed = "、".join(f"{self._path(code)} {code}" for code in list(dict.fromkeys(likely))[:_NAMED])
        return Unplaced(what, both(f"是否为 {listed}", "did you mean one of these"))

    def _path(self, code: str) -> str:
        """The unit as a person finds it: its superiors' names in front, but for the city's and those it begins with."""
        line = [self._units[one] for one in self._line(code)]
        above = [unit.name for unit in reversed(line[1:]) if unit.level is not UnitLevel.CITY]
        return "".join(name for name in above if not line[0].name.startswith(name)) + line[0].name


def _level(words: UnitWords) -> UnitLevel | None:
    """The level of what the row names, where its columns say so."""
    if words.unit:
        return None
    return UnitLevel.VILLAGE if words.village else UnitLevel.TOWNSHIP if words.township else UnitLevel.COUNTY


def _likely(units: Sequence[Unit], target: str, level: UnitLevel | None) -> list[str]:
    """Of several units that go by the name those of the level and the kind that the name's ending speaks of."""
    if len(units) > 1 and level is not None:
        units = [unit for unit in units if unit.level is level] or units
    for end, kind in _KINDS.items():
        if len(units) > 1 and plain(target).endswith(end):
            units = [unit for unit in units if plain(unit.name).endswith(kind)] or units
    return [unit.code for unit in units]


def plain(name: str) -> str:
    """A name as it is compared: without blanks and brackets."""
    return re.sub(r"[\s()（）·,，、]", "", unicodedata.normalize("NFKC", name))


def short(name: str) -> str:
    """The name without its ending: 白文镇 → 白文, 赵家庄村民委员会 → 赵家庄."""
    text = plain(name)
    for end in _ENDS:
        if text.endswith(end) and len(text) - len(end) >= _SHORTEST:
            return text[: -len(end)]
    return text


def short_path(above: Sequence[str]) -> str:
    """Superiors' names without endings, the highest first."""
    return "".join(short(one) for one in reversed(above))
