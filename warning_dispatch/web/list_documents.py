"""The JSON of the superiors' lists, made from the views; see documents.py."""

from __future__ import annotations

from pydantic import BaseModel

from warning_dispatch.model.views import SuperiorList, UnreachedRow, UnreachedView
from warning_dispatch.web.documents import iso_or_none, key_of


class PhoneDocument(BaseModel):
    """A phone, masked."""

    role: str
    masked: str


class UnreachedUnitDocument(BaseModel):
    """A unit on its superior's list.

    `state` is uncalled also while its first call waits for a line; `estimate_seconds` says about how long it will, null
    when nobody can know.
    """

    callee_id: int
    unit_code: str
    unit_name: str
    path: str
    tier: str
    superior_code: str
    state: str
    since: str | None
    calls: int
    last_outcome: str
    next_at: str | None
    estimate_seconds: int | None
    phones: list[PhoneDocument]


class SuperiorListDocument(BaseModel):
    """The list of one superior and who holds it; an empty `holder_code` is the bureau.

    `superior_state` is null for a unit that is not called itself. `calling` and `waiting` are not on the list yet.
    """

    unit_code: str
    unit_name: str
    path: str
    superior_state: str | None
    holder_code: str
    holder_name: str
    units: int
    uncalled: int
    unanswered: int
    unconfirmed: int
    relayed: int
    calling: int
    waiting: int


class UnreachedDocument(BaseModel):
    """Lists and a page of their units in the order of the codes. `next_offset` is null on the last page."""

    callout_id: int
    unit_code: str
    lists: list[SuperiorListDocument]
    units: list[UnreachedUnitDocument]
    total: int
    estimate_seconds: int | None
    limit: int
    offset: int
    next_offset: int | None


def unreached_document(view: UnreachedView, unit_code: str, *, limit: int, offset: int) -> UnreachedDocument:
    """What somebody has to work through."""
    seen = offset + len(view.rows)
    return UnreachedDocument(
        callout_id=view.callout_id,
        unit_code=unit_code,
        lists=[superior_list_document(one) for one in view.lists],
        units=[unreached_unit_document(row) for row in view.rows],
        total=view.total,
        estimate_seconds=_seconds(view.estimate),
        limit=limit,
        offset=offset,
        next_offset=seen if seen < view.total and view.rows else None,
    )


def superior_list_document(one: SuperiorList) -> SuperiorListDocument:
    """One list with its holder."""
    return SuperiorListDocument(
        unit_code=one.unit_code,
        unit_name=one.unit_name,
        path=one.path,
        superior_state=None if one.state is None else key_of(one.state),
        holder_code=one.holder_code,
        holder_name=one.holder_name,
        units=one.units,
        uncalled=one.uncalled,
        unanswered=one.unanswered,
        unconfirmed=one.unconfirmed,
        relayed=one.relayed,
        calling=one.calling,
        waiting=one.waiting,
    )


def unreached_unit_document(row: UnreachedRow) -> UnreachedUnitDocument:
    """One unit."""
    return UnreachedUnitDocument(
        callee_id=row.callee_id,
        unit_code=row.unit_code,
        unit_name=row.unit_name,
        path=row.path,
        tier=row.tier,
        superior_code=row.superior_code,
        state=key_of(row.state),
        since=iso_or_none(row.since),
        calls=row.calls,
        last_outcome=row.last_outcome,
        next_at=iso_or_none(row.next_at),
        estimate_seconds=_seconds(row.estimate),
        phones=[PhoneDocument(role=phone.role.key, masked=phone.masked) for phone in row.phones],
    )


def _seconds(wait: int | None) -> int | None:
    return None if wait is None else wait // 1000
