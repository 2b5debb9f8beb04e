"""脱敏: how a number or an address looks on pages, in logs and in print."""

from __future__ import annotations

_COUNTRY = "+86"
_MOBILE_LENGTH = 11


def mask_phone(number: str) -> str:
    """First three and last four digits of an E.164 number without +86: 138****5678.

    Of a shorter number a quarter at each end at most, of four digits or fewer nothing.
    """
    digits = number.removeprefix(_COUNTRY).removeprefix("+")
    length = len(digits)
    head, tail = (3, 4) if length >= _MOBILE_LENGTH else (length // 4, (length + 2) // 4)
    if length <= head + tail + 2:
        return "****"
    return f"{digits[:head]}****{digits[length - tail :]}"


def mask_mail(address: str) -> str:
    """First character and the host: a***@host."""
    local, _, host = address.rpartition("@")
    return f"{local[:1]}***@{host}"


def mask(address: str) -> str:
    """Whichever of the two the address is."""
    return mask_mail(address) if "@" in address else mask_phone(address)


def mask_name(name: str) -> str:
    """The first character of a person's name: 张*; nothing of none."""
    return f"{name[:1]}*" if name else ""
