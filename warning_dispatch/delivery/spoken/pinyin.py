"""读音: Chinese text as tone-numbered pinyin, for a machine that reads pinyin well and characters badly.

The usual reading is pypinyin's; the site's table (config/pinyin.toml) goes before it, longest words first, because names of places
are read as their people read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from warning_dispatch.delivery.spoken.numerals import read_figures
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.tomlfiles import both, read_toml

FILE = "pinyin.toml"
SYLLABLE = re.compile(r"[a-z]{1,6}[1-5]")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_ENDS = "。！？!?；;\n"
_PAUSES = "，,、：:（）()《》“”—…·"


class Readings:
    """The table, and what it does not know as usual."""

    def __init__(self, table: Mapping[str, str] | None = None) -> None:
        """`table`: word → syllables, one for each character."""
        self._table = dict(table or {})
        longest = sorted(self._table, key=lambda word: (-len(word), word))
        self._words = re.compile("|".join(map(re.escape, longest))) if longest else None
        self.pinyin = lru_cache(maxsize=4_096)(self._pinyin)

    @property
    def table(self) -> Mapping[str, str]:
        """As it was given."""
        return self._table

    def syllables(self, text: str) -> list[str]:
        """The syllables of characters alone: one for each."""
        found: list[str] = []
        at = 0
        for word in self._words.finditer(text) if self._words else ():
            found += _usual(text[at : word.start()]) + self._table[word[0]].split()
            at = word.end()
        return found + _usual(text[at:])

    def _pinyin(self, text: str) -> str:
        """A sentence: syllables, pauses and ends; what is neither stays out, but for Latin words."""
        return " ".join(self._parts(read_figures(text))).replace(" ,", ",").replace(" .", ".")

    def _parts(self, text: str) -> Iterator[str]:
        at = 0
        for run in _HAN.finditer(text):
            yield from _between(text[at : run.start()])
            yield from self.syllables(run[0])
            at = run.end()
        yield from _between(text[at:])


def _between(text: str) -> Iterator[str]:
    for part in re.findall(r"[A-Za-z]+|.", text):
        if part in _ENDS:
            yield "."
        elif part in _PAUSES:
            yield ","
        elif part.isascii() and part.isalpha():
            yield part


def _usual(text: str) -> list[str]:
    if not text:
        return []
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its dictionaries are large, and most installations never need them

    return [str(one) for one in lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")]


def read_pinyin(folder: Path | None, found: list[Finding] | None = None) -> Readings:
    """The site's table; an empty one without the file. ConfigError with every finding, unless `found` collects them."""
    findings: list[Finding] = [] if found is None else found
    path = folder / FILE if folder else None
    content = (read_toml(path, FILE, findings) or {}) if path and path.is_file() else {}
    table: dict[str, str] = {}
    for word, said in content.items():
        syllables = said.split() if isinstance(said, str) else []
        if not _HAN.fullmatch(word) or len(syllables) != len(word) or not all(map(SYLLABLE.fullmatch, syllables)):
            what = both(
                f"“{word}”：应为一字一个带声调的音节", f"{word!r}: one syllable with its tone for each character"
            )
            findings.append(Finding(FILE, what, '"碛口" = "qi4 kou3"'))
        else:
            table[word] = " ".join(syllables)
    if findings and found is None:
        raise ConfigError(findings)
    return Readings(table)
