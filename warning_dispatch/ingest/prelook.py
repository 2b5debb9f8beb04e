"""A glance at bytes or a file name for the colour, before anything is parsed: only the order of a burst hangs on it.

It may be wrong in either direction and costs microseconds. What a message means is decided by reading it.
"""

from __future__ import annotations

import re

from warning_dispatch.model.colour import Colour

LOOKED_AT = 65_536
"""Bytes of a message that the glance takes in."""
_WORDS = {
    Colour.RED: (b"red", b"extreme"),
    Colour.ORANGE: (b"orange", b"severe"),
    Colour.YELLOW: (b"yellow", b"moderate"),
    Colour.BLUE: (b"blue", b"minor"),
}
_BY_WORD = {word: colour for colour, words in _WORDS.items() for word in words}
_SEVERITY = re.compile(rb"<(?:[a-z0-9_.-]+:)?severity>\s*([a-z]+)\s*<")
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le")
_WORDS_IN_CHINESE = {Colour.RED: ("红色", "紅色"), Colour.ORANGE: ("橙色",)}
_CHINESE = {
    colour: re.compile(b"|".join(re.escape(word.encode(name)) for word in words for name in _ENCODINGS))
    for colour, words in _WORDS_IN_CHINESE.items()
}
_IN_NAME = re.compile(r"(?<![A-Za-z])(red|orange|yellow|blue)(?![A-Za-z])", re.IGNORECASE)


def colour_at_a_glance(raw: bytes) -> Colour | None:
    """The highest colour that the beginning of a message seems to speak of; None when it seems to speak of none."""
    beginning = raw[:LOOKED_AT]
    found = {_BY_WORD.get(word) for word in _SEVERITY.findall(beginning.lower())}
    found |= {colour for colour, words in _CHINESE.items() if words.search(beginning)}
    return max((colour for colour in found if colour is not None), default=None)


def colour_of_name(name: str) -> Colour | None:
    """The colour in a file name of the 12379 form (…_11B03_RED_ALERT.xml); None when there is none."""
    words = _IN_NAME.findall(name)
    return max((Colour[word.upper()] for word in words), default=None)
