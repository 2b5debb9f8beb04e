"""号码的写法: a number as it stands in a cell that is read again, and as a person of the mainland writes it. Pure."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException

from warning_dispatch.model.unit import Channel, ReceiverEntry
from warning_dispatch.registry.sample_block import is_sample

_COUNTRY = "+86"
_MOBILE_DIGITS = 11


def written(address: str) -> str:
    """+8613… → 13…, +86358XXXXXXX → 0358-XXXXXXX; samples, short codes and mail addresses as they are."""
    digits = address.removeprefix(_COUNTRY)
    if digits == address or is_sample(address):
        return address
    if len(digits) == _MOBILE_DIGITS and digits.startswith("1"):
        return digits
    try:
        length = phonenumbers.length_of_geographical_area_code(phonenumbers.parse(address))
    except NumberParseException:
        length = 0
    return f"0{digits[:length]}-{digits[length:]}" if length else f"0{digits}"


def addresses_of(entry: ReceiverEntry) -> tuple[list[str], list[str], list[str]]:
    """(mobiles, landlines, mail addresses) of a receiver, each once, in their order: what takes texts is a mobile."""
    mobiles = [one.address for one in entry.endpoints if one.channel is Channel.SMS]
    phones = [one.address for one in entry.endpoints if one.channel is Channel.VOICE]
    mails = [one.address for one in entry.endpoints if one.channel is Channel.EMAIL]
    return _once(mobiles), [one for one in _once(phones) if one not in mobiles], _once(mails)


def _once(addresses: list[str]) -> list[str]:
    return list(dict.fromkeys(addresses))
