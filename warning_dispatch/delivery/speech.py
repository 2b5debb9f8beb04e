"""What is read out, written so that a machine says it as people do: times, units, ranges, numbers to call, hard place names.

Machines differ; what they all say rightly ("21时33分", "50毫米") stays as it is. The words of config/messages/{language}/speech.toml
are put in place of characters that a machine reads wrongly (碛口), for want of a way to tell every provider how they sound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from warning_dispatch.errors import Finding
from warning_dispatch.tomlfiles import read_toml

FILE = "speech.toml"
LONGEST_WORD = 20

_DATE = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_CLOCK = re.compile(r"(?<![\d:：之])([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：][0-5]\d)?(?![\d:：])")
_NUMBER = r"(\d+(?:\.\d+)?)"
_PERCENT = re.compile(r"(?<!之)" + _NUMBER + r"\s*[%％]")
_UNITS = (
    (re.compile(_NUMBER + r"\s*(?:mm/h|毫米/小时)", re.IGNORECASE), r"每小时\1毫米"),
    (re.compile(_NUMBER + r"\s*(?:m/s|米/秒)", re.IGNORECASE), r"每秒\1米"),
    (re.compile(_NUMBER + r"\s*(?:km/h|公里/小时)", re.IGNORECASE), r"每小时\1公里"),
    (re.compile(_NUMBER + r"\s*mm(?![A-Za-z])", re.IGNORECASE), r"\1毫米"),
    (re.compile(_NUMBER + r"\s*cm(?![A-Za-z])", re.IGNORECASE), r"\1厘米"),
    (re.compile(_NUMBER + r"\s*km(?![A-Za-z])", re.IGNORECASE), r"\1公里"),
    (re.compile(_NUMBER + r"\s*(?:℃|°C)"), r"\1摄氏度"),
)
_MEASURE = r"(?=(级|小时|分钟|毫米|厘米|米|公里|千米|天|日|时|月|℃|°C|摄氏度|%|％|mm|cm|km|m/s|个|人|户|次))"
_RANGE = re.compile(
    r"(?<![\d.-])(\d{1,4}(?:\.\d+)?)\s*(级|小时|毫米|厘米|米|天|日|时|℃|mm)?\s*[-~～—–－]+\s*(\d{1,4}(?:\.\d+)?)"
    + _MEASURE
)
_BELOW = re.compile(r"(?<![\d)）A-Za-z])[-−](?=\d+(?:\.\d+)?\s*(?:[~～到至]|℃|°C|摄氏度))")
_TWO = re.compile(r"(?<![\d.第年月:：点至到])2(?=个|小时|分钟|天|次|人|户|处|座|条|辆|名|位|千|吨|公里|米|倍|批)")
_PHONE = re.compile(r"(?<![\d.])(?:\d{3,4}-\d{7,8}|\d{7,12})(?![\d.]|-\d)|(?<=[话线打电码])[:：]?\s*\d{3,6}(?![\d-])")
_SLASH = re.compile(r"(?<=[\u4e00-\u9fff])/(?=[\u4e00-\u9fff])")
_TO_SAY = re.compile(r"[\dⅠⅡⅢⅣ/(（]")
"""Without one of these no rule below finds anything."""
_COUNTY = re.compile(r"县[(（]市、区[)）]")
_ROMAN = {"Ⅰ": "一", "Ⅱ": "二", "Ⅲ": "三", "Ⅳ": "四"}
_SAME = {"mm": "毫米", "cm": "厘米", "°C": "℃", "摄氏度": "℃"}
"""Measures that are written in two ways."""
_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))


class Speech:
    """朗读: how things are said, in one language or another."""

    def __init__(self, words: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """`words`: by language, what is written and what is said for it."""
        self._words = {language: dict(sorted(own.items(), key=_longest)) for language, own in (words or {}).items()}
        self.say = lru_cache(maxsize=8_192)(self._say)
        """`say(text, language)`: kept, because names of units come again with every rung."""

    def _say(self, text: str, language: str) -> str:
        for written, said in self._words.get(language, {}).items():
            text = text.replace(written, said)
        return spoken_chinese(text) if language.startswith("zh") else text


def _longest(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]


def spoken_chinese(text: str) -> str:
    """Times, units, ranges and numbers as people say them; everything else as it stands. Said twice, nothing changes."""
    if not _TO_SAY.search(text):  # most names of villages: one look instead of sixteen
        return text
    text = _COUNTY.sub("县市区", text.translate(_ROMAN_TABLE))
    text = _DATE.sub(lambda found: f"{found[1]}年{int(found[2])}月{int(found[3])}日", text)
    text = _CLOCK.sub(lambda found: f"{int(found[1])}时" + (f"{int(found[2])}分" if int(found[2]) else "整"), text)
    text = _BELOW.sub("零下", text)
    text = _RANGE.sub(_range, text)
    text = _PERCENT.sub(r"百分之\1", text)
    for unit, said in _UNITS:
        text = unit.sub(said, text)
    text = _TWO.sub("两", text)
    text = _PHONE.sub(lambda found: "".join(_DIGITS.get(char, "" if char == "-" else char) for char in found[0]), text)
    return _SLASH.sub("，", text)


def _range(found: re.Match[str]) -> str:
    """The measure is said once where both have it, else each its own: 20到30毫米, 20时到23日."""
    first, measure, last, following = found.groups(default="")
    same = _SAME.get(measure, measure) == _SAME.get(following, following)
    return f"{first}{'' if same else measure}到{last}"


_ROMAN_TABLE = str.maketrans(_ROMAN)


def read_speech(folder: Path, place: str, found: list[Finding]) -> Mapping[str, str]:
    """The words of one language; none without the file. What is wrong goes to `found`."""
    path = folder / FILE
    if not path.is_file():
        return {}
    content = read_toml(path, f"{place}/{FILE}", found) or {}
    words: dict[str, str] = {}
    for written, said in content.items():
        if not (
            isinstance(said, str) and said.strip() and written.strip() and max(len(written), len(said)) <= LONGEST_WORD
        ):
            what = f"{written!r}: not a word and how it is said"
            found.append(Finding(f"{place}/{FILE}", what, '"碛口" = "气口"'))
        elif set(written + said) & set("{}<>"):
            found.append(
                Finding(f"{place}/{FILE}", f"{written!r}: may not hold braces or brackets", "write plain words")
            )
        else:
            words[written] = said
    return words
