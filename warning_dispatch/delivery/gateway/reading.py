"""A callback's or a poll's content, read by the rules of a provider's file into what was told. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from warning_dispatch.clock import BEIJING
from warning_dispatch.delivery.gateway.answers import look_up, text_at, value_at
from warning_dispatch.delivery.gateway.description import Moment, ReadingShape
from warning_dispatch.delivery.gateway.numbers import as_e164

KEY_PRESSED, HEARD, HUNG_UP = "key_pressed", "heard_no_key", "hung_up_early"
_ZONES: Mapping[Moment, tzinfo] = {"beijing": BEIJING, "utc": UTC}
_DONE_KEYS = "#*"
"""What people press to end an entry."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report: about our attempt, or about a call by the provider's own name. `weak_s`: how long something better may come."""

    outcome: str
    at: int | None
    attempt_id: int = 0
    ref: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    weak_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """A reply from a number in E.164."""

    number: str = field(repr=False)
    text: str = field(repr=False)
    at: int | None


class Reader:
    """Several readings of one document, in the order of the file."""

    def __init__(self, shapes: Sequence[ReadingShape]) -> None:
        """Readings that do not apply are passed over."""
        self._shapes = tuple(shapes)

    @property
    def by_reference(self) -> bool:
        """Whether calls are told by the provider's own names."""
        return any(shape.ref for shape in self._shapes)

    def read(self, document: object, bound: int = 0) -> list[Told | Said]:
        """Everything that was told; what makes no sense is passed over. `bound`: the attempt that the address names."""
        return [told for shape in self._shapes if _applies(shape, document) for told in _read(shape, document, bound)]


def _applies(shape: ReadingShape, document: object) -> bool:
    return all(
        text_at(document, path) in ((wanted,) if isinstance(wanted, str) else wanted)
        for path, wanted in shape.where.items()
    )


def _read(shape: ReadingShape, document: object, bound: int) -> Iterator[Told | Said]:
    found = value_at(document, shape.items)
    for item in found if isinstance(found, list) else (found,):
        if isinstance(item, Mapping):
            told = _reply(shape, item) if shape.tells == "reply" else _report(shape, item, bound)
            if told is not None:
                yield told


def _reply(shape: ReadingShape, item: object) -> Said | None:
    number = as_e164(text_at(item, shape.number), text_at(item, shape.country) if shape.country else "")
    return Said(number, text_at(item, shape.text), _moment(shape, item, shape.at)) if number else None


def _report(shape: ReadingShape, item: object, bound: int) -> Told | None:
    """A key that acknowledges first, else the status; nothing when neither says anything."""
    attempt = text_at(item, shape.attempt) if shape.attempt else ""
    ref = text_at(item, shape.ref) if shape.ref else ""
    attempt_id = bound or as_id(attempt)
    outcome = _outcome(shape, item)
    if not outcome or not (attempt_id or ref):
        return None
    number = ""
    if shape.number:
        number = as_e164(text_at(item, shape.number), text_at(item, shape.country) if shape.country else "")
    weak = 0.0 if outcome == KEY_PRESSED else shape.weak_s
    return Told(outcome, _moment(shape, item, shape.at), attempt_id, ref, number, weak)


_LONGEST_ID = 18
"""Digits of an id in the database at the most."""


def as_id(text: str) -> int:
    """An attempt's id; 0 when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else 0


def _outcome(shape: ReadingShape, item: object) -> str:
    keys = text_at(item, shape.key).strip(_DONE_KEYS) if shape.key else ""
    if keys and set(keys) == set(shape.acknowledges):
        return KEY_PRESSED
    code = text_at(item, shape.code) if shape.code else "*"
    outcome = look_up(shape.outcomes, code) if code else shape.outcomes.get("*", "")
    if outcome == HEARD and shape.heard_s:
        seconds = _seconds(shape, item)
        if seconds is not None and seconds < shape.heard_s:
            return HUNG_UP
    return outcome


def _seconds(shape: ReadingShape, item: object) -> float | None:
    """How long a call lasted, if it is told."""
    if shape.seconds:
        text = text_at(item, shape.seconds)
        return float(text) if text.isascii() and text.isdecimal() else None
    if not shape.began:
        return None
    began, ended = _moment(shape, item, shape.began), _moment(shape, item, shape.ended)
    return None if began is None or ended is None else max(0, ended - began) / 1000


def _moment(shape: ReadingShape, item: object, path: str) -> int | None:
    """A moment in ms; None where there is none that can be read."""
    text = text_at(item, path) if path else ""
    if not text:
        return None
    try:
        if shape.moment in _ZONES:
            return round(datetime.fromisoformat(text).replace(tzinfo=_ZONES[shape.moment]).timestamp() * 1000)
        return int(text) * (1000 if shape.moment == "epoch_s" else 1)
    except (ValueError, OverflowError):
        return None
