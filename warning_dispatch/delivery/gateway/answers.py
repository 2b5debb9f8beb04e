"""What comes back at once: accepted, or which row of the outcome table. A provider's table first, the HTTP status last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from warning_dispatch.delivery.gateway.description import BY_STATUS, UNSURE_STATUSES, AnswerShape
from warning_dispatch.delivery.http import HttpAnswer

ANY = "*"
OK_STATUSES = range(200, 300)
_PLAIN_CODE = re.compile(r"[\w.\-]{1,64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome` empty: the provider took it. `code`: the provider's word, for the log; never a text of its own."""

    outcome: str = ""
    ref: str = ""
    unsure: bool = False
    code: str = ""


def judge(answer: HttpAnswer, shape: AnswerShape, errors: Mapping[str, str], unknown: str) -> Verdict:
    """The verdict on an answer.

    1. Taken: a good status and every value of `success`. 2. A code that the provider's table knows. 3. A bad status.
    4. A good status with an unknown code: refused for now. With no code at all the answer says nothing: unsure.
    """
    document = answer.document()
    good = answer.status in OK_STATUSES
    if good and all(_is(text_at(document, path), wanted) for path, wanted in shape.success.items()):
        return Verdict(ref=text_at(document, shape.ref) if shape.ref else "")
    code = next((found for path in shape.code if (found := text_at(document, path))), "")
    named = code if _PLAIN_CODE.fullmatch(code) else ""
    outcome = look_up(errors, code) if code else ""
    unsure = answer.status in UNSURE_STATUSES or (good and not code)
    if not outcome:
        outcome = unknown if good else BY_STATUS.get(answer.status, unknown)
    return Verdict(outcome, unsure=unsure, code=named)


def _is(text: str, wanted: str) -> bool:
    return bool(text) if wanted == ANY else text == wanted


def look_up(table: Mapping[str, str], code: str) -> str:
    """The row of a code: by itself, by the longest beginning ("AuthFailure*"), else nothing."""
    if code in table:
        return table[code]
    fitting = [key for key in table if key.endswith("*") and code.startswith(key[:-1])]
    return table[max(fitting, key=len)] if fitting else ""


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


def value_at(document: object, path: str) -> object:
    """What stands at a path ("SendStatusSet.0.Code"); None when there is nothing."""
    for step in _steps(path):
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def text_at(document: object, path: str) -> str:
    """The same as text; empty when it is neither text, number nor truth value."""
    found = value_at(document, path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found).strip() if isinstance(found, str | int | float) else ""
