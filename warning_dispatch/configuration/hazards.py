"""config/hazards.toml: the catalogue of hazards, by key, code and name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from warning_dispatch.configuration.words import KEY_PATTERN, Bilingual, ColourWord, Filled, Key, Some, SpanMs
from warning_dispatch.errors import Finding
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Hazard
from warning_dispatch.tomlfiles import Shape, both, parse, read_toml


class HazardShape(Shape):
    """[hazards.KEY]."""

    name: Filled
    english: Filled
    codes: tuple[Filled, ...]
    aliases: tuple[Filled, ...] = ()
    colours: Annotated[tuple[ColourWord, ...], Some]
    validity: dict[ColourWord, SpanMs] = Field(default_factory=dict)
    sectors: tuple[Key, ...]
    key_sectors: tuple[Key, ...] = ()
    advice: Bilingual


class CatalogueShape(Shape):
    """The whole file. What stands below is read one by one, so that one slip does not hide the next."""

    sectors: dict[str, object]
    hazards: dict[str, object]
    key_sectors: dict[str, object] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HazardCatalogue:
    """The catalogue. `sectors` and `key_sectors` name the lines of departments and of key units, in both languages."""

    hazards: Mapping[str, Hazard]
    sectors: Mapping[str, Mapping[str, str]]
    by_code: Mapping[str, Hazard]
    by_name: Mapping[str, Hazard]
    key_sectors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def find(self, event_code: str, event_name: str, headline: str) -> tuple[Hazard | None, bool]:
        """The hazard a message means, and whether its code says another one: then the name counts.

        The longest name found in the headline wins, so 雷暴大风 is never taken for 大风. When the headline names
        several hazards and the code is one of them, code and name agree.
        """
        coded = self.by_code.get(event_code.strip().upper())
        named = self.by_name.get(event_name.strip())
        if named is None:
            mentioned = self._in_text(headline)
            if not mentioned or any(one is coded for one in mentioned):
                return coded, False
            named = mentioned[0]
        return named, coded is not None and coded is not named

    def _in_text(self, text: str) -> list[Hazard]:
        """The hazards a text names, longest name first; a name inside a longer one does not count."""
        found = []
        for name in sorted(self.by_name, key=len, reverse=True):
            if name in text:
                found.append(self.by_name[name])
                text = text.replace(name, "\n")
        return found

    def names(self) -> Mapping[str, Mapping[str, str]]:
        """Key → names by language, for pages."""
        return {key: {"zh_CN": one.name, "en": one.english} for key, one in self.hazards.items()}


def load_hazards(path: Path, label: str, findings: list[Finding]) -> HazardCatalogue | None:
    """Read the catalogue; None (and findings) when it cannot be used."""
    before = len(findings)
    raw = read_toml(path, label, findings)
    if raw is None:
        return None
    parse(CatalogueShape, raw, label, findings)
    sector_tables, hazard_tables = _tables(raw, "sectors"), _tables(raw, "hazards")
    key_tables = _tables(raw, "key_sectors")
    for part, tables in (("sectors", sector_tables), ("key_sectors", key_tables), ("hazards", hazard_tables)):
        findings.extend(_bad_keys(label, part, tables))
    sectors, key_sectors = (
        _names(label, part, tables, findings)
        for part, tables in (("sectors", sector_tables), ("key_sectors", key_tables))
    )
    hazards = {
        key: _hazard(key, shape, key_tables)
        for key, table in hazard_tables.items()
        if (shape := parse(HazardShape, table, f"{label}: hazards.{key}", findings)) is not None
    }
    findings.extend(_doubled(label, hazards))
    findings.extend(_unknown_sectors(label, hazards, sector_tables, key_tables))
    if len(findings) > before:
        return None
    return HazardCatalogue(
        hazards=hazards,
        sectors=sectors,
        by_code={code: one for one in hazards.values() for code in one.codes},
        by_name={name: one for one in hazards.values() for name in (one.name, *one.aliases)},
        key_sectors=key_sectors,
    )


def _names(
    label: str, part: str, tables: Mapping[str, Any], findings: list[Finding]
) -> Mapping[str, Mapping[str, str]]:
    """Lines with their names in both languages."""
    shapes = {key: parse(Bilingual, table, f"{label}: {part}.{key}", findings) for key, table in tables.items()}
    return {key: {"zh_CN": one.zh_CN, "en": one.en} for key, one in shapes.items() if one is not None}


def _tables(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The tables of a part of the file; empty when it is missing or no table (a finding already)."""
    part = raw.get(name)
    return part if isinstance(part, dict) else {}


def _bad_keys(label: str, part: str, keys: Iterable[str]) -> Iterator[Finding]:
    for key in keys:
        if not re.fullmatch(KEY_PATTERN, key):
            what = both("名称只能用小写字母、数字、_ 和 -", "a key has lower-case letters, digits, _ and - only")
            yield Finding(f"{label}: {part}.{key}", what, both("改名", "rename it"))


def _hazard(key: str, shape: HazardShape, key_sectors: Iterable[str]) -> Hazard:
    return Hazard(
        key=key,
        name=shape.name,
        english=shape.english,
        codes=tuple(code.upper() for code in shape.codes),
        aliases=shape.aliases,
        colours=tuple(Colour(one) for one in shape.colours),
        validity=shape.validity,
        sectors=shape.sectors,
        advice={"zh_CN": shape.advice.zh_CN, "en": shape.advice.en},
        key_sectors=shape.key_sectors,
        spared=tuple(one for one in key_sectors if one not in shape.key_sectors) if shape.key_sectors else (),
    )


def _doubled(label: str, hazards: Mapping[str, Hazard]) -> Iterator[Finding]:
    """A code or name must mean one hazard."""
    seen: dict[str, str] = {}
    for key, hazard in hazards.items():
        for word in (*hazard.codes, hazard.name, *hazard.aliases):
            first = seen.setdefault(word, key)
            if first != key:
                what = both(f"{word} 已属于 {first}", f"{word} already belongs to {first}")
                yield Finding(f"{label}: hazards.{key}", what, both("只在一处保留", "keep it in one place"))


def _unknown_sectors(
    label: str, hazards: Mapping[str, Hazard], sectors: Iterable[str], key_sectors: Iterable[str]
) -> Iterator[Finding]:
    """A sector that [sectors] names but describes wrongly is there all the same."""
    for part, known in (("sectors", tuple(sectors)), ("key_sectors", tuple(key_sectors))):
        for key, hazard in hazards.items():
            for sector in hazard.sectors if part == "sectors" else hazard.key_sectors:
                if sector not in known:
                    what = both(f"[{part}] 中没有 {sector}", f"[{part}] has no {sector}")
                    remedy = both("应为其中之一:", "expected one of ") + ", ".join(known)
                    yield Finding(f"{label}: hazards.{key}.{part}", what, remedy)
