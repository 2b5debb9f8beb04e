"""一个接收责任人: one receiver as an officer gives it in mid-storm, read with every problem at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from warning_dispatch.errors import Finding, ReceiverError
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role
from warning_dispatch.registry.addresses import AddressRefusedError, read_mail, read_phone
from warning_dispatch.registry.receivers import LANGUAGES_BY_WORD, LONGEST_NAME, ROLES_BY_WORD
from warning_dispatch.registry.sample_block import is_sample
from warning_dispatch.tomlfiles import both

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ReceiverWords:
    """What the officer wrote, as it was written."""

    unit_code: str
    role: str
    name: str
    phones: tuple[str, ...]
    mails: tuple[str, ...] = ()
    post: str = ""
    language: str = ""


def read_one(
    words: ReceiverWords, *, called: bool, samples: bool, kept: tuple[EndpointEntry, ...] = ()
) -> ReceiverEntry:
    """The receiver. ReceiverError with every finding; numbers never stand in one.

    `called`: whether the call-out calls the unit. `samples`: whether sample numbers may be used. `kept`: what is on file
    and stays, before what is new.
    """
    reader = _Reader(samples)
    role = reader.choice("--role", words.role, ROLES_BY_WORD, "primary, deputy, duty (A, B, 值班)")
    language = reader.choice("--language", words.language, LANGUAGES_BY_WORD, "zh_CN, en")
    name = reader.name(words.name, role)
    unit_code = words.unit_code.strip()
    if not called:
        chinese, english = f"本次叫应没有单位 {unit_code}", f"this call-out does not call a unit {unit_code}"
        reader.found("--unit", chinese, english, both("编码见 callout show", "codes are in `callout show`"))
    endpoints = reader.endpoints(words, kept)
    if reader.findings or role is None or language is None:
        raise ReceiverError(reader.findings)
    sample = any(is_sample(one.address) for one in endpoints)
    return ReceiverEntry(unit_code, role, name, words.post.strip(), language, endpoints, sample=sample)


@dataclass(slots=True)
class _Reader:
    """Reads word by word and collects what is wrong."""

    samples: bool
    findings: list[Finding] = field(default_factory=list)

    def found(self, where: str, chinese: str, english: str, remedy: str) -> None:
        self.findings.append(Finding(where, both(chinese, english), remedy))

    def choice(self, where: str, written: str, choices: dict[str, _T], remedy: str) -> _T | None:
        chosen = choices.get(written.strip().lower())
        if chosen is None:
            self.found(where, f"不认识 {written!r}", f"unknown: {written!r}", remedy)
        return chosen

    def name(self, written: str, role: Role | None) -> str:
        """A duty room needs no name of a person."""
        name = written.strip() or ("值班室" if role is Role.DUTY else "")
        if not name:
            self.found("--name", "没有姓名", "no name", both("填写姓名", "enter the name"))
        if len(name) > LONGEST_NAME:
            self.found("--name", f"姓名超过 {LONGEST_NAME} 字", "too long", both("只写姓名", "the name only"))
        return name

    def endpoints(self, words: ReceiverWords, kept: tuple[EndpointEntry, ...]) -> tuple[EndpointEntry, ...]:
        entries: dict[EndpointEntry, None] = dict.fromkeys(kept)
        for place, written in enumerate(words.phones, 1):
            phone = self._address(_nth("--phone", place, words.phones), written, read_phone)
            if phone is not None:
                channels = (Channel.VOICE, Channel.SMS) if phone[1] else (Channel.VOICE,)
                entries.update(dict.fromkeys(EndpointEntry(channel, phone[0]) for channel in channels))
        for place, written in enumerate(words.mails, 1):
            mail = self._address(_nth("--mail", place, words.mails), written, read_mail)
            if mail is not None:
                entries[EndpointEntry(Channel.EMAIL, mail)] = None
        if not words.phones and not words.mails and not kept:
            remedy = both("至少填一个电话", "give at least one phone")
            self.found("--phone", "没有任何联系方式", "no way to reach this receiver", remedy)
        self._one_kind([entry.address for entry in entries])
        return tuple(entries)

    def _address(self, where: str, written: str, reader: Callable[[str], _T]) -> _T | None:
        try:
            return reader(written)
        except AddressRefusedError as refused:
            self.findings.append(Finding(where, str(refused), refused.remedy))
            return None

    def _one_kind(self, addresses: list[str]) -> None:
        """Sample numbers reach nobody: never beside real ones, and never where real routes would have to dial them."""
        sample = [is_sample(address) for address in addresses]
        if any(sample) and not (self.samples and all(sample)):
            remedy = both("填真实号码", "enter a real one")
            self.found("--phone", "是样本号码，打不通任何人", "a sample, which cannot reach anybody", remedy)


def _nth(option: str, place: int, given: tuple[str, ...]) -> str:
    return option if len(given) == 1 else f"{option} ({place})"
