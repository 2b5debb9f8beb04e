"""/api/v1/register/changes: what was filed as changed in the register, for the other department's systems. Masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, BeforeValidator

from warning_dispatch.clock import day_begins, iso_text
from warning_dispatch.model.register_changes import ChangeKind, RegisterChangeRow
from warning_dispatch.web.documents import MOST
from warning_dispatch.web.register_look import RegisterLook


class ChangeDocument(BaseModel):
    """One change: who made it, when, of which unit, and what; `what` names the fields that differ. Names and numbers are masked.

    `erased`: too old to be kept; that there was a change is all that is left.
    """

    id: int
    at: str
    actor: str
    source: str
    unit: str
    unit_name: str
    subject: str
    kind: ChangeKind
    what: list[str]
    before: str
    after: str
    erased: bool


class ChangeList(BaseModel):
    """The newest first. `next_before`: the value of `before` for the next page, null on the last."""

    changes: list[ChangeDocument]
    next_before: int | None


def _a_day(given: object) -> object:
    """A bare number would be read as seconds since 1970."""
    if isinstance(given, str) and "-" not in given.lstrip("-"):
        raise ValueError("a day is written 2027-04-01")
    return given


class RegisterApi:
    """The endpoint."""

    def __init__(self, look: RegisterLook) -> None:
        """`look` reads the register."""
        self._look = look

    def register_changes(
        self,
        since: Annotated[date | None, BeforeValidator(_a_day), Query(description="first day, 2027-04-01")] = None,
        unit: Annotated[str, Query(max_length=40, description="code: the unit and what lies below")] = "",
        before: Annotated[int | None, Query(ge=1, le=MOST, description="next_before of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> ChangeList:
        """Changes filed in the register, the newest first; names and numbers masked."""
        start = day_begins(since.isoformat()) if since else 0
        rows = self._look.changes(since=start, unit=unit, before=before, limit=limit + 1)
        more = rows[limit - 1].id if len(rows) > limit else None
        return ChangeList(changes=change_documents(rows[:limit]), next_before=more)


def change_documents(rows: Sequence[RegisterChangeRow]) -> list[ChangeDocument]:
    """Rows as JSON tells them."""
    return [
        ChangeDocument(
            id=one.id,
            at=iso_text(one.at),
            actor=one.actor,
            source=one.source,
            unit=one.unit_code,
            unit_name=one.unit_name,
            subject=one.subject,
            kind=one.kind,
            what=list(one.what),
            before=one.before,
            after=one.after,
            erased=one.erased,
        )
        for one in rows
    ]
