"""How a number stands on paper: as a human dials it on the mainland, in groups that can be read aloud."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException

_COUNTRY = "+86"
_MOBILE = 11


def on_paper(number: str) -> str:
    """+8613800001111 → 138 0000 1111, +863588220000 → 0358-8220000; anything else as it is."""
    digits = number.removeprefix(_COUNTRY)
    if digits == number or not digits.isdigit():
        return number
    if len(digits) == _MOBILE:
        return f"{digits[:3]} {digits[3:7]} {digits[7:]}"
    return _landline(number) or f"0{digits}"


def in_a_cell(number: str) -> str:
    """The same without blanks, for a spreadsheet: a mobile has few enough digits to stay what it is."""
    return on_paper(number).replace(" ", "")


def _landline(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ""
    area = phonenumbers.length_of_geographical_area_code(parsed)
    digits = number.removeprefix(_COUNTRY)
    return f"0{digits[:area]}-{digits[area:]}" if area else ""
