"""A look at bytes or a file name that has not been read yet: only to put a flood in order, never to decide anything.

It may be wrong in either direction and costs microseconds. What a message means is decided by reading it.
"""

from __future__ import annotations

import re

from warning_dispatch.model.colour import Colour

_LOOKED_AT = 65_536
"""Bytes of a message that are looked at: this is done for each, before it waits its turn."""
_WORDS = {
    Colour.RED: ("red", "extreme", "红", "紅"),
    Colour.ORANGE: ("orange", "severe", "橙"),
    Colour.YELLOW: ("yellow", "moderate", "黄", "黃"),
    Colour.BLUE: ("blue", "minor", "蓝", "藍"),
}
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")
_IN_NAME = re.compile(r"(?<![A-Za-z])(red|orange|yellow|blue)(?![A-Za-z])", re.IGNORECASE)


def _pattern(words: tuple[str, ...]) -> re.Pattern[bytes]:
    """The words as a value, or before 色: the letters alone stand in many other words."""
    forms: set[bytes] = set()
    for word in words:
        if word.isascii():
            forms.add(rb">\s*" + word.encode() + rb"\s*<")
        for encoding in _ENCODINGS:
            written = f">{word}<" if word.isascii() else f"{word}色"
            try:
                forms.add(re.escape(written.encode(encoding)))
            except UnicodeEncodeError:  # a simplified character that Big5 does not have
                continue
    return re.compile(b"|".join(sorted(forms)))


_PATTERNS = {colour: _pattern(words) for colour, words in sorted(_WORDS.items(), reverse=True)}


def peek_colour(raw: bytes) -> Colour | None:
    """The highest colour that the beginning of a message seems to speak of; None when it speaks of none."""
    plain = raw[:_LOOKED_AT]
    head = plain.lower()
    for colour, pattern in _PATTERNS.items():
        if pattern.search(head) or pattern.search(plain):  # in GBK and Big5 a second byte can look like a capital
            return colour
    return None


def colour_of_name(name: str) -> Colour | None:
    """The colour in a file name of the 12379 form (…_11B03_RED_ALERT.xml); None when there is none."""
    words = _IN_NAME.findall(name)
    return max((Colour[word.upper()] for word in words), default=None)
