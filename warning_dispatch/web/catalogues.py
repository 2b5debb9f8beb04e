"""The words of the pages: one catalogue per language, the same keys in each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from warning_dispatch.model.colour import Colour

CHINESE: Final = "zh_CN"
ENGLISH: Final = "en"
LANGUAGES: Final = (CHINESE, ENGLISH)
FOLDER: Final = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every string of one language by its dotted key ("receiver.button")."""

    language: str
    texts: Mapping[str, str]

    def text(self, key: str, /, **fields: object) -> str:
        """The string with its {fields} filled in. KeyError for an unknown key: a page never shows a gap."""
        return self.texts[key].format(**fields)

    def word(self, group: str, key: str) -> str:
        """The word for a value of an open set (an outcome of the configuration); the value itself when unknown."""
        return self.texts.get(f"{group}.{key}", key)

    def of(self, names: Mapping[str, str]) -> str:
        """This language's entry of a name given per language, else the Chinese one, else any."""
        return names.get(self.language) or names.get(CHINESE) or next(iter(names.values()), "")

    def signal(self, hazard_name: Mapping[str, str], colour: Colour) -> str:
        """A warning signal as a person says it: 暴雨红色预警, Red rainstorm warning."""
        hazard = self.of(hazard_name)
        name = hazard.lower() if self.language == ENGLISH else hazard
        said = self.text("signal", hazard=name, colour=self.text(f"colour.{colour.key}"))
        return said[:1].upper() + said[1:]


def load_catalogues(folder: Path = FOLDER) -> dict[str, Catalogue]:
    """Read the catalogue of every language, keyed by language: zh_CN.toml and whatever stands beside it as part.zh_CN.toml."""
    return {language: Catalogue(language, dict(_of_language(folder, language))) for language in LANGUAGES}


def _of_language(folder: Path, language: str) -> Iterator[tuple[str, str]]:
    for path in (folder / f"{language}.toml", *sorted(folder.glob(f"*.{language}.toml"))):
        yield from _flat(_read(path))


def _read(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def asked_language(value: str | None) -> str | None:
    """The language a `lang` parameter names (zh, zh-CN, zh_CN, en …); None when it names none of ours."""
    head = (value or "").replace("_", "-").lower().split("-")[0]
    return {"zh": CHINESE, "en": ENGLISH}.get(head)


def preferred_language(accept: str | None) -> str:
    """The language an Accept-Language header puts first; Chinese when it says nothing we know."""
    for entry in (accept or "").split(","):
        found = asked_language(entry.split(";")[0].strip())
        if found:
            return found
    return CHINESE
