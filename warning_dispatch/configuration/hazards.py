"""config/hazards.toml: the catalogue of hazards, by key, code and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from warning_dispatch.configuration.words import Bilingual, ColourWord, Filled, Key, SpanMs
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
    colours: Annotated[tuple[ColourWord, ...], Field(min_length=1)]
    validity: dict[ColourWord, SpanMs] = Field(default_factory=dict)
    sectors: tuple[Key, ...]
    advice: Bilingual


class CatalogueShape(Shape):
    """The whole file."""

    sectors: dict[Key, Bilingual]
    hazards: dict[Key, dict[str, object]]


@dataclass(frozen=True, slots=True)
class HazardCatalogue:
    """The catalogue. `sectors` names the lines a hazard may concern, in both languages."""

    hazards: Mapping[str, Hazard]
    sectors: Mapping[str, Mapping[str, str]]
    by_code: Mapping[str, Hazard]
    by_name: Mapping[str, Hazard]

    def find(self, event_code: str, event_name: str, headline: str) -> tuple[Hazard | None, bool]:
        """The hazard a message means, and whether its code says another one: then the name counts.

        The longest name found in the headline wins, so 雷暴大风 is never taken for 大风.
        """
        coded = self.by_code.get(event_code.strip().upper())
        named = self.by_name.get(event_name.strip()) or self._in_text(headline)
        if named is None:
            return coded, False
        return named, coded is not None and coded is not named

    def _in_text(self, text: str) -> Hazard | None:
        found = [name for name in self.by_name if name in text]
        return self.by_name[max(found, key=len)] if found else None

    def names(self) -> Mapping[str, Mapping[str, str]]:
        """Key → names by language, for pages."""
        return {key: {"zh_CN": one.name, "en": one.english} for key, one in self.hazards.items()}


def load_hazards(path: Path, label: str, findings: list[Finding]) -> HazardCatalogue | None:
    """Read the catalogue; None (and findings) when it cannot be used."""
    before = len(findings)
    raw = read_toml(path, label, findings)
    shape = parse(CatalogueShape, raw, label, findings) if raw is not None else None
    if shape is None:
        return None
    hazards: dict[str, Hazard] = {}
    for key, table in shape.hazards.items():
        one = parse(HazardShape, table, f"{label}: hazards.{key}", findings)
        if one is not None:
            hazards[key] = _hazard(key, one)
    findings.extend(_doubled(label, hazards))
    findings.extend(_unknown_sectors(label, hazards, shape))
    if len(findings) > before:
        return None
    return HazardCatalogue(
        hazards=hazards,
        sectors={key: {"zh_CN": one.zh_CN, "en": one.en} for key, one in shape.sectors.items()},
        by_code={code: one for one in hazards.values() for code in one.codes},
        by_name={name: one for one in hazards.values() for name in (one.name, *one.aliases)},
    )


def _hazard(key: str, shape: HazardShape) -> Hazard:
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


def _unknown_sectors(label: str, hazards: Mapping[str, Hazard], shape: CatalogueShape) -> Iterator[Finding]:
    for key, hazard in hazards.items():
        for sector in hazard.sectors:
            if sector not in shape.sectors:
                what = both(f"[sectors] 中没有 {sector}", f"[sectors] has no {sector}")
                remedy = both("应为其中之一:", "expected one of ") + ", ".join(shape.sectors)
                yield Finding(f"{label}: hazards.{key}.sectors", what, remedy)
