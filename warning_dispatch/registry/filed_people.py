"""报送的责任人: the people of a unit as a form or a command gives them, read with every problem at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from warning_dispatch.errors import Finding, ReceiverError
from warning_dispatch.model.renewal_views import PersonWords
from warning_dispatch.model.unit import EndpointEntry, ReceiverEntry
from warning_dispatch.registry.one_receiver import ReceiverWords, read_one
from warning_dispatch.tomlfiles import both

FIELDS: Mapping[str, str] = {
    "--role": "角色 role",
    "--language": "语言 language",
    "--name": "姓名 name",
    "--phone": "电话 phone",
    "--mail": "邮箱 mail",
    "--post": "职务 post",
}
"""What the options of the command are called on a form."""
MOST_PEOPLE = 20
LONGEST = 100
"""Characters of a post."""


def read_people(
    unit_code: str, people: Sequence[PersonWords], kept: Mapping[int, tuple[EndpointEntry, ...]], *, samples: bool
) -> tuple[ReceiverEntry, ...]:
    """Everybody, in the order A, B, duty phone. ReceiverError with every finding; numbers never stand in one.

    `kept`: number → what is on file for it, which a form refers to. `samples`: whether sample numbers may be used.
    """
    findings: list[Finding] = []
    entries: list[ReceiverEntry] = []
    if not people:
        findings.append(Finding("人员 people", both("至少要有一个责任人", "at least one person is needed")))
    if len(people) > MOST_PEOPLE:
        findings.append(Finding("人员 people", both(f"最多 {MOST_PEOPLE} 人", f"at most {MOST_PEOPLE}")))
    for place, words in enumerate(people[:MOST_PEOPLE], 1):
        where = f"第 {place} 人 / person {place}"
        findings += [_found(f"{where}: 职务 post", "太长", "too long")] if len(words.post) > LONGEST else []
        findings += _days(where, words)
        endpoints: list[EndpointEntry] = []
        for number in words.kept:
            if number not in kept:
                findings.append(
                    _found(f"{where}: 电话 phone", "号码已不在册，请重填", "no longer on file: enter it again")
                )
            endpoints += kept.get(number, ())
        try:
            entry = read_one(_receiver_words(unit_code, words), called=True, samples=samples, kept=tuple(endpoints))
        except ReceiverError as error:
            findings += [replace(one, where=f"{where}: {_field(one.where)}") for one in error.findings]
            continue
        entries.append(replace(entry, serves_from=words.serves_from, serves_until=words.serves_until))
    doubled = len({(one.role, one.name) for one in entries}) < len(entries)
    if doubled:
        findings.append(
            _found("人员 people", "同一人写了两次，请合并", "the same person stands here twice: make it one")
        )
    if findings:
        raise ReceiverError(findings)
    return tuple(sorted(entries, key=lambda one: one.role))


def words_of(entry: ReceiverEntry, numbers: Sequence[int], receiver_id: int) -> PersonWords:
    """Somebody who stays as they are, in words."""
    return PersonWords(
        role=entry.role.key,
        name=entry.name,
        post=entry.post,
        kept=tuple(dict.fromkeys(numbers)),
        language=entry.language,
        receiver_id=receiver_id,
        serves_from=entry.serves_from,
        serves_until=entry.serves_until,
    )


def _receiver_words(unit_code: str, words: PersonWords) -> ReceiverWords:
    return ReceiverWords(
        unit_code=unit_code,
        role=words.role,
        name=words.name,
        phones=tuple(one for one in words.phones if one.strip()),
        mails=tuple(one for one in words.mails if one.strip()),
        post=words.post,
        language=words.language,
    )


def _days(where: str, words: PersonWords) -> list[Finding]:
    found = []
    for field, day in (("任职起 first day", words.serves_from), ("任职止 last day", words.serves_until)):
        try:
            bad = bool(day) and date.fromisoformat(day).isoformat() != day
        except ValueError:
            bad = True
        if bad:
            found.append(_found(f"{where}: {field}", "日期应写作 2027-04-20", "a day is written 2027-04-20"))
    return found


def _field(where: str) -> str:
    option, _, rest = where.partition(" ")
    return " ".join(filter(None, (FIELDS.get(option, option), rest)))


def _found(where: str, chinese: str, english: str) -> Finding:
    return Finding(where, both(chinese, english))
