"""样本号段: the numbers and addresses of the sample register, which cannot reach anybody.

`+86 26 0…`: 026 is an area code that was never put in service on the mainland, no subscriber number begins
with 0, and 11 digits after +86 fit no numbering plan but a mobile's, which begins with 1. phonenumbers accepts
none of them as valid (tests/unit/registry/test_sample.py proves it). The blocks that begin with 1 and look
free are not: 100… holds the carriers' hotlines, 11… and 12… the emergency numbers, and a switch that stops
reading early would ring there.
"""

from __future__ import annotations

SAMPLE_PREFIX = "+86260"
"""Every sample number begins so."""
SAMPLE_MOBILE = "+862601"
SAMPLE_LANDLINE = "+862602"
SAMPLE_DIGITS = 7
"""Digits after SAMPLE_MOBILE or SAMPLE_LANDLINE."""
SAMPLE_HOST = "example.invalid"
"""RFC 2606: resolves nowhere."""


def sample_mobile(index: int) -> str:
    """The mobile number of that index (0 to 9,999,999)."""
    return f"{SAMPLE_MOBILE}{index:0{SAMPLE_DIGITS}d}"


def sample_landline(index: int) -> str:
    """The landline of that index (0 to 9,999,999)."""
    return f"{SAMPLE_LANDLINE}{index:0{SAMPLE_DIGITS}d}"


def sample_mail(local: str) -> str:
    """An address that no mail server can find."""
    return f"{local}@{SAMPLE_HOST}"


def is_sample(address: str) -> bool:
    """Whether a number or mail address belongs to the sample block."""
    if "@" in address:
        return address.lower().endswith((f"@{SAMPLE_HOST}", ".invalid"))
    return address.startswith(SAMPLE_PREFIX)
