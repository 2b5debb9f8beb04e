"""/api/v1/callouts/{id}/feedback: 反馈 as JSON, every report and the counts by county; see documents.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from warning_dispatch.clock import iso_text
from warning_dispatch.model.feedback import FeedbackBrief, FeedbackCount, FeedbackPage, FeedbackRow
from warning_dispatch.superior_ports import FeedbackReadings

CountyCode = Annotated[str, Query(max_length=6, description="code of a county (141124): only what is reported there")]


class FeedbackBriefDocument(BaseModel):
    """What all reports about a unit come to; the words themselves are in /callouts/{id}/feedback.

    `on_post` 在岗, `dangers` 险情, `told` 代报说明, `replied` 回复: some report says so. `moved` 转移人数: what the newest says that speaks of it.
    """

    reports: int
    reported_at: str
    on_post: bool
    moved: int | None
    dangers: bool
    told: bool
    replied: bool


class FeedbackDocument(BaseModel):
    """One report about one unit. Its words were written by a receiver and may name people.

    `county` is empty for units above the counties. `told`: what a superior added about a unit it has told in person.
    """

    id: int
    callee_id: int
    unit_code: str
    unit_name: str
    path: str
    tier: str
    county: str
    reported_at: str
    on_post: bool = Field(description="在岗")
    measures: str = Field(description="采取的措施")
    moved: int | None = Field(description="转移人数; null: nothing was said of it")
    dangers: str = Field(description="险情和困难")
    told: str = Field(description="上级代报时的说明")
    replied: str = Field(description="短信、邮件回复的原文; it is no report and not in the counts")


class FeedbackCountDocument(BaseModel):
    """The units of one tier in one county. `dangers`: how many speak of dangers.

    `moved` counts a person who reports for several units in one go once. A township's number may hold that of its villages:
    do not add different tiers.
    """

    county: str
    county_name: str
    tier: str
    callees: int
    reported: int
    on_post: int
    moved: int
    dangers: int


class FeedbackList(BaseModel):
    """Reports, the newest first, and counts by county and tier. `next_offset` is null on the last page."""

    callout_id: int
    counts: list[FeedbackCountDocument]
    feedback: list[FeedbackDocument]
    total: int
    limit: int
    offset: int
    next_offset: int | None


class FeedbackApi:
    """The endpoint."""

    def __init__(self, read: FeedbackReadings) -> None:
        """`read` has the reports."""
        self._read = read

    def feedback(
        self,
        callout_id: int,
        county: CountyCode = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> FeedbackList:
        """What receivers have reported after their answer: on post, people moved, measures, dangers.

        Needs a key of scope feedback, because the words may name people.
        """
        page = self._read.feedback(callout_id, county=county, limit=limit, offset=offset)
        return feedback_list(callout_id, page, limit=limit, offset=offset)


def feedback_list(callout_id: int, page: FeedbackPage, *, limit: int, offset: int) -> FeedbackList:
    """A page as JSON tells it."""
    seen = offset + len(page.rows)
    return FeedbackList(
        callout_id=callout_id,
        counts=[_count_document(one) for one in page.counts],
        feedback=[_document(one) for one in page.rows],
        total=page.total,
        limit=limit,
        offset=offset,
        next_offset=seen if page.rows and seen < page.total else None,
    )


def brief_document(brief: FeedbackBrief | None) -> FeedbackBriefDocument | None:
    """What a list of units says of it; None: nothing was reported."""
    if brief is None:
        return None
    return FeedbackBriefDocument(
        reports=brief.reports,
        reported_at=iso_text(brief.reported_at),
        on_post=brief.on_post,
        moved=brief.moved,
        dangers=brief.dangers,
        told=brief.told,
        replied=brief.replied,
    )


def _document(row: FeedbackRow) -> FeedbackDocument:
    return FeedbackDocument(
        id=row.id,
        callee_id=row.callee_id,
        unit_code=row.unit_code,
        unit_name=row.unit_name,
        path=row.path,
        tier=row.tier,
        county=row.county,
        reported_at=iso_text(row.at),
        on_post=row.said.on_post,
        measures=row.said.measures,
        moved=row.said.moved,
        dangers=row.said.dangers,
        told=row.said.told,
        replied=row.said.replied,
    )


def _count_document(one: FeedbackCount) -> FeedbackCountDocument:
    return FeedbackCountDocument(
        county=one.county,
        county_name=one.county_name,
        tier=one.tier,
        callees=one.callees,
        reported=one.reported,
        on_post=one.on_post,
        moved=one.moved,
        dangers=one.dangers,
    )
