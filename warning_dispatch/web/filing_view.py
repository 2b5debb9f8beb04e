"""What the templates of the yearly refresh say of units, people and numbers. Pure: views and a catalogue in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from warning_dispatch.errors import Finding
from warning_dispatch.model.renewal import TO_HAND_IN, FilingState, ProofState, Unready
from warning_dispatch.model.renewal_views import FiledPerson, FiledUnit, RenewalPage, ShownNumber
from warning_dispatch.web.catalogues import CHINESE, Catalogue

UNITS_A_PAGE: Final = 41
"""A township and forty villages: more are shown on a further page, so that an old phone need not load them all."""
_UNCONFIRMABLE: Final = (Unready.NO_PERSON, Unready.NO_NUMBER)
"""What nobody can confirm to be right as it stands."""


def in_words(text: str, words: Catalogue) -> str:
    """An error's text in one language: ours are written Chinese / English."""
    chinese, slash, english = text.partition(" / ")
    if not slash:
        return text
    head, arrow, remedy = english.partition(" → ")
    told = chinese if words.language == CHINESE else head
    return f"{told} → {in_words(remedy, words)}" if arrow else told


def finding_text(finding: Finding, words: Catalogue) -> str:
    """A finding with its remedy, without its place."""
    remedy = f" → {in_words(finding.remedy, words)}" if finding.remedy else ""
    return in_words(finding.what, words) + remedy


def placed_text(finding: Finding, words: Catalogue) -> str:
    """A finding with its place in a workbook."""
    return words.text("filing.workbook.line", where=finding.where, what=finding_text(finding, words))


def day_text(day: str, words: Catalogue) -> str:
    """A day such as 2027-04-20 as people say it; what is no day stays as it is."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{found.year}年{found.month}月{found.day}日" if words.language == CHINESE else day


def proof_of(number: ShownNumber) -> str:
    """Where its test message stands, as a key of the catalogue; empty when none was sent."""
    return "" if number.proof is None else number.proof.name.lower()


def mark(number: ShownNumber, words: Catalogue) -> str:
    """What is known of a number: confirmed by its holder, out of order, or a test message under way."""
    if number.finding:
        return words.word("outcome", number.finding)
    if number.proved:
        return words.text("filing.proof.proved")
    return words.text(f"filing.proof.{proof_of(number)}") if number.proof is not None else ""


def shown(person: FiledPerson, words: Catalogue) -> str:
    """A person's numbers on one line; what is as it should be is a tick only."""
    parts = []
    for one in person.numbers:
        known = "✓" if one.proved and not one.finding else mark(one, words)
        parts.append(f"{one.masked}{known}" if known == "✓" else f"{one.masked} {known}".strip())
    return " ".join(parts)


def problems(unit: FiledUnit) -> Sequence[str]:
    """What is wrong with a unit beyond what stands beside its numbers already."""
    beside = any(one.finding for person in unit.people for one in person.numbers)
    quiet = {Unready.UNPROVED, *((Unready.BAD_NUMBER,) if beside else ())}
    return [one.value for one in unit.problems if one not in quiet]


def can_confirm(unit: FiledUnit) -> bool:
    """Whether what is on file can be right as it stands: somebody with a number is there."""
    return bool(unit.people) and not set(unit.problems) & set(_UNCONFIRMABLE)


def can_ask(number: ShownNumber) -> bool:
    """Whether a test makes sense: nobody has confirmed or denied it."""
    return not number.proved and number.proof is not ProofState.DENIED


def by_call(number: ShownNumber) -> bool:
    """Whether the test is a call, with a key to press: a landline takes no text."""
    return not (number.mobile or number.mail)


def state_of(unit: FiledUnit) -> str:
    """The filing's state as a key of the catalogue."""
    return unit.state.name.lower()


def list_fields(page: RenewalPage, wanted: int) -> Mapping[str, object]:
    """What the list shows: units to hand in, some forty at a time, and those that are settled."""
    todo = [unit for unit in page.units if unit.state in TO_HAND_IN]
    pages = max(1, -(-len(todo) // UNITS_A_PAGE))
    at = min(max(wanted, 1), pages)
    settled = [unit for unit in page.units if unit.state not in TO_HAND_IN]
    return {
        "todo": todo[(at - 1) * UNITS_A_PAGE : at * UNITS_A_PAGE],
        "pages": pages,
        "at": at,
        "settled": sorted(settled, key=lambda unit: unit.state is FilingState.FILED),
    }
