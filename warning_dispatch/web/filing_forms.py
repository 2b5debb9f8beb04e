"""更正、换人的表单: what a registrar wrote, kept as it was written, with each error beside its field. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from warning_dispatch.errors import Finding
from warning_dispatch.model.renewal_views import FiledUnit, PersonWords, ShownNumber
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.filing_view import finding_text

MOST_PEOPLE: Final = 30
LONGEST_WHOLE: Final = 15
"""Digits of the longest number that is read: no id, version or page has more, and a database takes no more than 18."""
"""People of one unit that a form takes."""
_SEVERAL: Final = re.compile(r"[\s,，、;；/]+")
_PLACE: Final = re.compile(r"第 (?P<number>\d+) 人[^:]*: \S+ (?P<field>first day|last day|[a-z]+)")
"""How the desk says which person (from 1) and which field a finding is about."""
_FIELDS: Final = {"first day": "serves_from", "last day": "serves_until"}
"""Fields that have another name in the form."""


class Sent(Protocol):
    """What a browser sent (starlette's FormData)."""

    def get(self, key: str) -> object:
        """The last value of a field, None when it was not sent."""
        ...

    def getlist(self, key: str) -> Sequence[object]:
        """Every value of a field."""
        ...


@dataclass(frozen=True, slots=True)
class FormPerson:
    """One person of the form: on file, or (`receiver_id` 0) added on this page. `numbers`: those on file."""

    receiver_id: int
    numbers: tuple[ShownNumber, ...]


@dataclass(slots=True)
class Form:
    """A form as it stands: what is in its fields and what is wrong with them."""

    version: int
    people: Sequence[FormPerson]
    values: dict[str, str]
    kept: dict[str, set[int]]
    errors: dict[str, list[str]] = field(default_factory=dict)
    top: list[str] = field(default_factory=list)

    def value(self, key: str) -> str:
        """What stands in a field."""
        return self.values.get(key, "")

    def keeps(self, prefix: str, number_id: int) -> bool:
        """Whether a number on file is to stay."""
        return number_id in self.kept.get(prefix, set())

    def said(self, key: str) -> Sequence[str]:
        """What is wrong with a field."""
        return self.errors.get(key, [])

    @property
    def wrong(self) -> bool:
        """Whether anything is."""
        return bool(self.errors or self.top)

    def words(self) -> tuple[dict[int, str], list[PersonWords]]:
        """People as they would be, and the prefix of each one's fields; whoever goes and what was left blank is left out."""
        prefixes: dict[int, str] = {}
        people: list[PersonWords] = []
        for index, person in enumerate(self.people):
            prefix = f"p{index}."
            if self.value(f"{prefix}gone") or (not person.receiver_id and self._is_blank(prefix)):
                continue
            prefixes[len(people)] = prefix
            people.append(self._person(prefix, person))
        return prefixes, people

    def successor(self, role: str) -> PersonWords:
        """The one person of the other form."""
        return PersonWords(
            role,
            self.value("name"),
            self.value("post"),
            _several(self.value("phone")),
            _several(self.value("mail")),
            serves_from=self.value("serves_from"),
        )

    def place(self, findings: Sequence[Finding], words: Catalogue, prefixes: Mapping[int, str]) -> None:
        """Put each finding beside its field; on top what has none. `prefixes`: of the fields of each person handed in, from 0."""
        for finding in findings:
            key = _key(finding.where, prefixes)
            if key is None:
                self.top.append(finding_text(finding, words))
            else:
                self.errors.setdefault(key, []).append(finding_text(finding, words))

    def _is_blank(self, prefix: str) -> bool:
        return not any(self.value(prefix + one) for one in ("name", "post", "phone", "mail"))

    def _person(self, prefix: str, person: FormPerson) -> PersonWords:
        return PersonWords(
            self.value(f"{prefix}role"),
            self.value(f"{prefix}name"),
            self.value(f"{prefix}post"),
            _several(self.value(f"{prefix}phone")),
            _several(self.value(f"{prefix}mail")),
            tuple(one.number_id for one in person.numbers if self.keeps(prefix, one.number_id)),
            self.value(f"{prefix}language"),
            person.receiver_id,
            self.value(f"{prefix}serves_from"),
            self.value(f"{prefix}serves_until"),
        )


def filled(unit: FiledUnit) -> Form:
    """The form with what is on file; with room for one person where nobody is."""
    form = Form(unit.version, [], {}, {})
    people: list[FormPerson] = []
    for index, person in enumerate(unit.people):
        prefix = f"p{index}."
        people.append(FormPerson(person.receiver_id, person.numbers))
        facts = {
            "role": person.role.key,
            "name": person.name,
            "post": person.post,
            "language": person.language,
            "serves_from": person.serves_from,
            "serves_until": person.serves_until,
        }
        form.values |= {prefix + key: value for key, value in facts.items()}
        form.kept[prefix] = {one.number_id for one in person.numbers}
    form.people = people or [FormPerson(0, ())]
    return form


def written(unit: FiledUnit, sent: Sent) -> Form:
    """The form as somebody sent it. What it says of language and service days is what is on file, not what was sent."""
    on_file = {person.receiver_id: person for person in unit.people}
    form = Form(whole(sent.get("version"), unit.version), [], {}, {})
    people: list[FormPerson] = []
    while len(people) < MOST_PEOPLE and sent.get(f"p{len(people)}.id") is not None:
        prefix = f"p{len(people)}."
        person = on_file.get(whole(sent.get(f"{prefix}id")))
        people.append(FormPerson(person.receiver_id if person else 0, person.numbers if person else ()))
        form.values |= {
            prefix + key: text(sent, prefix + key) for key in ("role", "name", "post", "phone", "mail", "gone")
        }
        form.kept[prefix] = {whole(one) for one in sent.getlist(f"{prefix}kept")}
        if person is not None:
            facts = {
                "language": person.language,
                "serves_from": person.serves_from,
                "serves_until": person.serves_until,
            }
            form.values |= {prefix + key: value for key, value in facts.items()}
    form.people = people
    return form


def with_room(form: Form) -> Form:
    """The form with room for one more person."""
    prefix = f"p{len(form.people)}."
    form.people = [*form.people, FormPerson(0, ())]
    form.values[f"{prefix}role"] = "deputy"
    return form


def successor_form(unit: FiledUnit, who: str) -> Form:
    """The form for somebody's successor, empty; where one person is on file it is that one who goes."""
    ids = [str(one.receiver_id) for one in unit.people]
    chosen = who if who in ids else ids[0] if len(ids) == 1 else ""
    return Form(unit.version, [], {"who": chosen}, {})


def successor_written(unit: FiledUnit, sent: Sent) -> Form:
    """The successor's form as somebody sent it."""
    keys = ("who", "name", "post", "phone", "mail", "serves_from")
    return Form(whole(sent.get("version"), unit.version), [], {key: text(sent, key) for key in keys}, {})


def pairs(values: Sequence[object]) -> list[tuple[str, int]]:
    """What "code:version" fields name; what has not that form is left out."""
    found = (str(one).rpartition(":") for one in values)
    return [(code, whole(version)) for code, colon, version in found if colon and code and whole(version, -1) >= 0]


def text(sent: Sent, key: str) -> str:
    """A field's text without blanks around it; empty when it is a file or was not sent."""
    value = sent.get(key)
    return value.strip() if isinstance(value, str) else ""


def whole(value: object, otherwise: int = 0) -> int:
    """A field as a whole number; `otherwise` for what is none, or has more digits than any number of ours."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= LONGEST_WHOLE else otherwise


def _several(written: str) -> tuple[str, ...]:
    """Numbers that stand in one field, however they are separated; blanks inside a number are no separators."""
    return tuple(one for one in _SEVERAL.split(_joined(written)) if one)


def _joined(written: str) -> str:
    """138 0013 8000 is one number: digits in groups are put together when they make no more than one."""
    digits = re.sub(r"[\s-]", "", written)
    return digits if re.fullmatch(r"\+?\d{7,15}", digits) else written


def _key(where: str, prefixes: Mapping[int, str]) -> str | None:
    """The form's field that a finding is about; None when there is none."""
    found = _PLACE.match(where)
    prefix = prefixes.get(int(found["number"]) - 1) if found else None
    if found is None or prefix is None:
        return None
    return prefix + _FIELDS.get(found["field"], found["field"])
