"""Numbers in the forms that providers want: E.164 inside, outside as each of them says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

CHINA = "86"
_MOBILE = re.compile(r"1\d{10}")
_LONG = re.compile(r"\+\d{8,15}")
_LONGEST_OWN = 11
"""Digits of a Chinese number without country code."""


def number_forms(address: str) -> Mapping[str, str]:
    """`e164` +8613…, `plain` 8613…, `domestic` 13… or 0358… for China and 852… for others; empty when it is no number."""
    if not _LONG.fullmatch(address):
        return {}
    plain = address[1:]
    domestic = plain
    if plain.startswith(CHINA):
        own = plain.removeprefix(CHINA)
        domestic = own if _MOBILE.fullmatch(own) else f"0{own}"
    return {"e164": address, "plain": plain, "domestic": domestic}


def is_served(address: str, serves: Sequence[str]) -> bool:
    """Whether a number begins with one of the country codes; every number where none are named."""
    return not serves or address.startswith(tuple(f"+{code}" for code in serves))


def as_e164(number: str, country: str) -> str:
    """A number as a provider reports it, in our form; empty when it is none. `country` without plus; empty: China."""
    digits = re.sub(r"[\s-]", "", number)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+"):
        return digits if _LONG.fullmatch(digits) else ""
    if not digits.isdecimal():
        return ""
    code = country.lstrip("+0") or CHINA
    own = digits.removeprefix(code) if code == CHINA and len(digits) > _LONGEST_OWN else digits
    number = f"+{code}{own.lstrip('0')}"
    return number if _LONG.fullmatch(number) else ""
