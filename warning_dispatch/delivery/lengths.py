"""How long a text is: for a phone that counts segments, and for an ear that waits for the key.

Speech is estimated, not measured: speeds are those of ordinary text-to-speech voices, taken on the slow side so that
a text which passes here is not too long on the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38 basic alphabet: one septet each."""
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""GSM 03.38 extension table: an escape and a septet, two in all."""
SEGMENT_UNITS: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units in a message alone, and in each part of a longer one (the rest is the part's header)."""

SYLLABLES_PER_SECOND = 4.5
"""Chinese: one character is one syllable."""
LETTERS_PER_SECOND = 14.0
"""English: about 150 words a minute, spaces counted."""
LETTERS_PER_DIGIT = 5.0
"""English: "22" is spoken as ten letters."""
SHORT_PAUSE = 0.15
"""Seconds after a comma."""
LONG_PAUSE = 0.3
"""Seconds after a full stop."""
SPEECH_LIMIT = 20.0
"""Seconds a spoken text may last, the unit's name included."""
KEY_LIMIT = 5.0
"""Seconds within which a call has said which key to press."""
BREATH_LIMIT = 8.0
"""Seconds of speech without a pause: longer sentences are not understood on a bad line."""
SEGMENT_LIMIT = {"zh_CN": 2}
OTHER_SEGMENT_LIMIT = 3
"""English texts carry Chinese names, so they are long and cost 70 characters a part all the same."""
_PAUSES: dict[str | None, float] = {"short": SHORT_PAUSE, "long": LONG_PAUSE}

_TOKEN = re.compile(
    r"(?P<number>[0-9]+)"
    r"|(?P<han>[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
    r"|(?P<long>[。！？!?；;\n]|\.(?!\d))"
    r"|(?P<short>[，、：,]|:(?!\d))"
    r"|(?P<letter>[^\W\d_])"
    r"|(?P<space>\s)"
)
_KEY = re.compile(r"按\s*[1一]|press\s+(?:1|one)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SmsLength:
    """`characters` in units of the encoding (septets, or UTF-16 units: a rare character outside the BMP is two)."""

    characters: int
    segments: int
    encoding: Encoding


def sms_segments(text: str) -> SmsLength:
    """How many parts a text message is sent in; a two-unit character is never cut between two parts."""
    gsm = all(char in GSM_BASIC or char in GSM_EXTENSION for char in text)
    encoding: Encoding = "GSM-7" if gsm else "UCS-2"
    widths = [_width(char, encoding) for char in text]
    single, part = SEGMENT_UNITS[encoding]
    total = sum(widths)
    if total <= single:
        return SmsLength(total, 1, encoding)
    segments, room = 1, part
    for width in widths:
        if width > room:
            segments, room = segments + 1, part
        room -= width
    return SmsLength(total, segments, encoding)


def segment_limit(language: str) -> int:
    """How many parts a text message in this language may take."""
    return SEGMENT_LIMIT.get(language, OTHER_SEGMENT_LIMIT)


def _width(char: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if char in GSM_EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1  # noqa: PLR2004 - the end of the basic multilingual plane


def speech_seconds(text: str, language: str) -> float:
    """Seconds to read `text` aloud: 4.5 Chinese syllables or 14 English letters a second, and the pauses."""
    chinese = language.startswith("zh")
    return sum(_spoken(match, chinese=chinese) for match in _TOKEN.finditer(text))


def longest_breath(text: str, language: str) -> float:
    """Seconds of the longest stretch between two pauses."""
    chinese, longest, now = language.startswith("zh"), 0.0, 0.0
    for match in _TOKEN.finditer(text):
        now = 0.0 if match.lastgroup in _PAUSES else now + _spoken(match, chinese=chinese)
        longest = max(longest, now)
    return longest


def fits_segments(text: str, limit: int) -> bool:
    """Whether a message takes at most so many parts; quick for what is plainly short enough."""
    rest = SEGMENT_UNITS["UCS-2"]
    room = rest[0] if limit == 1 else rest[1] * limit
    return len(text.encode("utf-16-le")) // 2 < room or sms_segments(text).segments <= limit


def first_key_second(text: str, language: str) -> float | None:
    """When "按1" or "press 1" has been said for the first time; None when it never is."""
    match = _KEY.search(text)
    return None if match is None else speech_seconds(text[: match.end()], language)


def _spoken(match: re.Match[str], *, chinese: bool) -> float:
    """Seconds of one token; in Chinese a Latin letter is a syllable and a space is nothing."""
    kind, token = match.lastgroup, match[0]
    if kind in _PAUSES:
        return _PAUSES[kind]
    if kind == "han" or (chinese and kind == "letter"):
        return 1 / SYLLABLES_PER_SECOND
    if chinese:
        return _number_syllables(token) / SYLLABLES_PER_SECOND if kind == "number" else 0.0
    return (len(token) * LETTERS_PER_DIGIT if kind == "number" else 1.0) / LETTERS_PER_SECOND


def _number_syllables(digits: str) -> int:
    """22 is 二十二, three syllables; 10 is 十; 05 is 零五; longer numbers are taken at their longest reading."""
    if len(digits) == 1:
        return 1
    if len(digits) > 2:  # noqa: PLR2004 - two digits are the case just below
        return 2 * len(digits) - 1
    if digits[0] == "0":
        return 2
    return 1 + (digits[0] != "1") + (digits[1] != "0")
