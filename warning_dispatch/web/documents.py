"""The JSON of the API, as pydantic models (they are its documentation too), made from the views.

Times are ISO 8601 with +08:00; enums are their lower-case names.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Final

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from warning_dispatch.clock import iso_text
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.feedback import FeedbackBrief
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.views import AlertRow, CalleeRow, CallOutView, IntakeResult, TierView
from warning_dispatch.web.feedback_documents import FeedbackBriefDocument, brief_document

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"\S")]
"""Words a person must give: an actor, a reason."""
MOST: Final = 2**63 - 1
"""What a database can count to."""
Id = Annotated[int, Path(ge=1, le=MOST)]
"""The number of a row, in an address."""


class RefusalDocument(BaseModel):
    """Why a request was refused and what to do about it. `kind` is stable, for programs."""

    error: str
    remedy: str
    kind: str


class IntakeDocument(BaseModel):
    """What became of a message that came in."""

    alert_id: int | None
    disposition: Disposition
    reasons: list[str]
    callouts: list[int]


class ProblemDocument(BaseModel):
    """Something odd about a message; an essential one keeps it from calling by itself."""

    code: str
    path: str
    detail: str
    essential: bool


class HeartbeatDocument(BaseModel):
    """The source was heard of."""

    source: str
    seen: bool = True


class AlertDocument(BaseModel):
    """A warning as received."""

    id: int
    received_at: str
    identifier: str
    sender: str
    status: str
    msg_type: str
    hazard: str
    colour: str | None
    headline: str
    disposition: Disposition
    reasons: list[str]
    problems: list[ProblemDocument]
    callouts: list[int]


class TierDocument(BaseModel):
    """One tier with its counts; `unreached` is uncalled + unanswered + unconfirmed."""

    name: str
    title: Mapping[str, str]
    opened_at: str | None
    callees: int
    waiting: int
    calling: int
    relayed: int
    duty_answered: int
    acknowledged: int
    unreached: int
    uncalled: int
    unanswered: int
    unconfirmed: int
    waived: int
    informed: int
    stopped: int


class CallOutDocument(BaseModel):
    """A call-out at one glance. `handed` and `delivered` count attempts."""

    id: int
    alert_id: int | None
    plan: str
    hazard: str
    hazard_name: Mapping[str, str]
    colour: str
    issuer: str
    headline: str
    state: str
    purpose: str
    round: int
    started_at: str
    ended_at: str | None
    voice_until: str
    validity_guessed: bool
    first_attempt_at: str | None
    callees: int
    acknowledged: int
    duty_answered: int
    unreached: int
    attempts: int
    handed: int
    delivered: int
    tiers: list[TierDocument]


class CallOutList(BaseModel):
    """Call-outs, newest first."""

    callouts: list[CallOutDocument]


class CalleeDocument(BaseModel):
    """One unit of a call-out."""

    id: int
    unit_code: str
    unit_name: str
    path: str
    tier: str
    state: str
    calls: int
    last_outcome: str
    opened_at: str | None
    next_at: str | None
    answered_at: str | None
    held: str
    held_until: str | None
    feedback: FeedbackBriefDocument | None = Field(default=None, description="what was reported; null: nothing")


class CalleeList(BaseModel):
    """Callees in the order of their division codes. `next_offset` is null on the last page."""

    callees: list[CalleeDocument]
    limit: int
    offset: int
    next_offset: int | None


class AckRequest(BaseModel):
    """Who records an answer, and why it counts ("told by phone at 03:12")."""

    model_config = ConfigDict(extra="forbid")

    actor: Said
    reason: Said


class AckDocument(BaseModel):
    """The answer was recorded."""

    callout_id: int
    callee_id: int
    recorded: bool = True


def key_of(member: IntEnum) -> str:
    """An enum's member as files, JSON and catalogues write it."""
    return member.name.lower()


def state_named(name: str) -> CalleeState | None:
    """The state of a callee that a parameter names; None when there is none."""
    return CalleeState.__members__.get(name.upper())


def intake_document(result: IntakeResult) -> IntakeDocument:
    """The answer to a message."""
    return IntakeDocument(
        alert_id=result.alert_id,
        disposition=result.disposition,
        reasons=list(result.reasons),
        callouts=list(result.callouts),
    )


def alert_document(row: AlertRow) -> AlertDocument:
    """A warning."""
    return AlertDocument(
        id=row.id,
        received_at=iso_text(row.received_at),
        identifier=row.identifier,
        sender=row.sender,
        status=row.status,
        msg_type=row.msg_type,
        hazard=row.hazard,
        colour=row.colour.key if row.colour else None,
        headline=row.headline,
        disposition=row.disposition,
        reasons=list(row.reasons),
        problems=[
            ProblemDocument(code=one.code, path=one.path, detail=one.detail, essential=one.essential)
            for one in row.problems
        ],
        callouts=list(row.callouts),
    )


def tier_document(tier: TierView) -> TierDocument:
    """A tier with its counts."""
    return TierDocument(
        name=tier.name,
        title=dict(tier.title),
        opened_at=iso_or_none(tier.opened_at),
        callees=tier.callees,
        waiting=tier.waiting,
        calling=tier.calling,
        relayed=tier.relayed,
        duty_answered=tier.duty_answered,
        acknowledged=tier.acknowledged,
        unreached=tier.unreached,
        uncalled=tier.uncalled,
        unanswered=tier.unanswered,
        unconfirmed=tier.unconfirmed,
        waived=tier.waived,
        informed=tier.informed,
        stopped=tier.stopped,
    )


def callout_document(view: CallOutView) -> CallOutDocument:
    """A call-out with its tiers and sums."""
    return CallOutDocument(
        id=view.id,
        alert_id=view.alert_id,
        plan=view.plan_name,
        hazard=view.hazard,
        hazard_name=dict(view.hazard_name),
        colour=view.colour.key,
        issuer=view.issuer,
        headline=view.headline,
        state=key_of(view.state),
        purpose=key_of(view.purpose),
        round=view.round,
        started_at=iso_text(view.started_at),
        ended_at=iso_or_none(view.ended_at),
        voice_until=iso_text(view.voice_until),
        validity_guessed=view.validity_guessed,
        first_attempt_at=iso_or_none(view.first_attempt_at),
        callees=sum(tier.callees for tier in view.tiers),
        acknowledged=sum(tier.acknowledged for tier in view.tiers),
        duty_answered=sum(tier.duty_answered for tier in view.tiers),
        unreached=sum(tier.unreached for tier in view.tiers),
        attempts=view.attempts,
        handed=view.handed,
        delivered=view.delivered,
        tiers=[tier_document(tier) for tier in view.tiers],
    )


def callee_document(row: CalleeRow, brief: FeedbackBrief | None = None) -> CalleeDocument:
    """One unit of a call-out. `brief`: what was reported about it."""
    return CalleeDocument(
        id=row.callee_id,
        unit_code=row.unit_code,
        unit_name=row.unit_name,
        path=row.path,
        tier=row.tier,
        state=key_of(row.state),
        calls=row.calls,
        last_outcome=row.last_outcome,
        opened_at=iso_or_none(row.opened_at),
        next_at=iso_or_none(row.next_at),
        answered_at=iso_or_none(row.answered_at),
        held=row.held,
        held_until=iso_or_none(row.held_until),
        feedback=brief_document(brief),
    )


def iso_or_none(moment: int | None) -> str | None:
    """A moment as ISO 8601; None when there is none."""
    return None if moment is None else iso_text(moment)
