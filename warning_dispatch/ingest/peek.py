"""A look at the bytes of a message that has not been read yet: only to put a flood in order, never to decide anything."""

from __future__ import annotations

import re

from warning_dispatch.model.colour import Colour

_LOOKED_AT = 262_144
_WORDS = {
    Colour.RED: ("red", "extreme", "红"),
    Colour.ORANGE: ("orange", "severe", "橙"),
    Colour.YELLOW: ("yellow", "moderate", "黄"),
    Colour.BLUE: ("blue", "minor", "蓝"),
}
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")


def _pattern(words: tuple[str, ...]) -> re.Pattern[bytes]:
    """The words as a value, or before 色: the letters alone stand in many other words."""
    forms: set[bytes] = set()
    for word in words:
        for encoding in _ENCODINGS:
            written = f">{word}<" if word.isascii() else f"{word}色"
            try:
                forms.add(re.escape(written.encode(encoding)))
            except UnicodeEncodeError:  # a simplified character that Big5 does not have
                continue
    return re.compile(b"|".join(sorted(forms)), re.IGNORECASE)


_PATTERNS = {colour: _pattern(words) for colour, words in _WORDS.items()}


def peek_colour(raw: bytes) -> Colour | None:
    """The highest colour that the bytes seem to speak of; None when they speak of none."""
    head = raw[:_LOOKED_AT]
    for colour in sorted(_PATTERNS, reverse=True):
        if _PATTERNS[colour].search(head):
            return colour
    return None
