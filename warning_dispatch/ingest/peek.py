"""A look at bytes or a file name that has not been read yet: only to put a flood in order, never to decide anything.

It may be wrong in either direction and costs microseconds. What a message means is decided by reading it.
"""

from __future__ import annotations

import re

from warning_dispatch.model.colour import Colour

_LOOKED_AT = 65_536
"""Bytes of a message that are looked at: this is done for each, before it waits its turn."""
_BEGINNING = 200
"""Bytes that show whether each character takes two."""
_WORDS = {
    Colour.RED: ("red", "extreme", "红", "紅"),
    Colour.ORANGE: ("orange", "severe", "橙"),
    Colour.YELLOW: ("yellow", "moderate", "黄", "黃"),
    Colour.BLUE: ("blue", "minor", "蓝", "藍"),
}
_NARROW, _WIDE = ("utf-8", "gb18030", "big5"), ("utf-16-le", "utf-16-be")
_BY_WORD = {word.encode(): colour for colour, words in _WORDS.items() for word in words if word.isascii()}
_VALUE = re.compile(rb">\s*(" + b"|".join(_BY_WORD) + rb")\s*<")
_IN_NAME = re.compile(r"(?<![A-Za-z])(red|orange|yellow|blue)(?![A-Za-z])", re.IGNORECASE)


def _forms(words: tuple[str, ...], encodings: tuple[str, ...]) -> tuple[bytes, ...]:
    """The words as bytes, as a value or before 色: the letters alone stand in many other words."""
    forms: dict[bytes, None] = {}
    for word in words:
        if word.isascii() and encodings is _NARROW:
            continue  # found by _VALUE
        for encoding in encodings:
            try:
                forms[(f">{word}<" if word.isascii() else f"{word}色").encode(encoding)] = None
            except UnicodeEncodeError:  # a simplified character that Big5 does not have
                continue
    return tuple(forms)


_FORMS = {
    encodings: {colour: _forms(words, encodings) for colour, words in sorted(_WORDS.items(), reverse=True)}
    for encodings in (_NARROW, _WIDE)
}


def peek_colour(raw: bytes) -> Colour | None:
    """The highest colour that the beginning of a message seems to speak of; None when it speaks of none."""
    plain = raw[:_LOOKED_AT]
    lower = plain.lower()
    said = max((_BY_WORD[word] for word in _VALUE.findall(lower)), default=None)
    wide = b"\0" in plain[:_BEGINNING]
    for colour, forms in _FORMS[_WIDE if wide else _NARROW].items():
        if said == colour or any(form in plain or (wide and form in lower) for form in forms):
            return colour
    return None


def colour_of_name(name: str) -> Colour | None:
    """The colour in a file name of the 12379 form (…_11B03_RED_ALERT.xml); None when there is none."""
    words = _IN_NAME.findall(name)
    return max((Colour[word.upper()] for word in words), default=None)
