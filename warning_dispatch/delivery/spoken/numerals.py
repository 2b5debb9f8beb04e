"""数字的读法: figures in a Chinese sentence as they are read: 21时 二十一时, 2026年 二零二六年, 50毫米 五十毫米, 0.5 零点五. Pure."""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_YEAR = re.compile(r"\d{4}(?=年)")
_PLACES = ("", "十", "百", "千")
_LONGEST = 8


def read_figures(text: str) -> str:
    """Every figure in words."""
    text = _YEAR.sub(lambda found: _one_by_one(found[0]), text)
    return _FIGURES.sub(lambda found: _read(found[0]), text)


def _read(figure: str) -> str:
    whole, point, rest = figure.partition(".")
    if len(whole) > _LONGEST or (len(whole) > 1 and whole[0] == "0" and not point):
        words = _one_by_one(whole)
    else:
        words = number_words(int(whole))
    return words + (f"点{_one_by_one(rest)}" if rest else "")


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(one)] for one in digits)


def number_words(number: int) -> str:
    """A whole number below a hundred million."""
    if number == 0:
        return _DIGITS[0]
    upper, lower = divmod(number, 10_000)
    if upper:
        gap = _DIGITS[0] if 0 < lower < 1_000 else ""  # noqa: PLR2004 - a missing thousand is said
        return f"{number_words(upper)}万{gap}{number_words(lower) if lower else ''}"
    words, wait = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            wait = bool(words)
            continue
        words += (_DIGITS[0] if wait else "") + _DIGITS[digit] + _PLACES[place]
        wait = False
    return words.removeprefix("一") if words.startswith("一十") else words
