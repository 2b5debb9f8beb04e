"""反馈: what a receiver reports after the answer or writes back, and what a superior adds. It may name people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 200
"""Characters of a text: a few words from a phone in the rain."""
MOST = 20
"""Reports of one person about one unit: more is somebody at play with a forwarded link."""
LONGEST_REPLY = 2_000
"""Characters of a message that came back: more than any phone sends in one."""
MOST_REPLIES = 100
"""Messages of one person about one unit that are kept."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """All of it is optional. `moved`: people moved to safety, None when nothing was said. `told`: a superior's words.

    `replied`: a message in free words that came back, as it was written. It is no report: nobody has read it yet.
    """

    on_post: bool = False
    measures: str = ""
    moved: int | None = None
    dangers: str = ""
    told: str = ""
    replied: str = ""

    @property
    def words(self) -> str:
        """What stands beside the fields of the form."""
        return self.told or self.replied

    def __bool__(self) -> bool:
        """Whether anything was said."""
        return bool(self.on_post or self.measures or self.moved is not None or self.dangers or self.words)


@dataclass(frozen=True, slots=True)
class FeedbackBrief:
    """What all reports about one unit come to, without a word that could name a person.

    `on_post`, `dangers`, `told`, `replied`: some report says so; `moved`: what the newest says that speaks of it.
    """

    reports: int
    reported_at: int
    on_post: bool
    moved: int | None
    dangers: bool
    told: bool
    replied: bool = False


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One report about one unit. `path` names the unit's superiors, nearest last; `county` its code, empty above a county."""

    id: int
    callee_id: int
    unit_code: str
    unit_name: str
    path: str
    tier: str
    county: str
    at: int
    said: Feedback


@dataclass(frozen=True, slots=True)
class FeedbackCount:
    """The units of one tier in one county: how many are called and have reported, and what they say together.

    A message that came back is no report.

    `moved`: a person who reports for several units in one go is counted once. A township's number may hold that of its
    villages: numbers of different tiers are not added.
    """

    county: str
    county_name: str
    tier: str
    callees: int
    reported: int
    on_post: int
    moved: int
    dangers: int


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """Reports, the newest first, of `total`; counts by county and tier."""

    rows: tuple[FeedbackRow, ...]
    total: int
    counts: tuple[FeedbackCount, ...]


def brief_of(reports: Sequence[tuple[int, Feedback]]) -> FeedbackBrief:
    """(moment, what was said), the newest first and at least one, as one."""
    said = [one for _, one in reports]
    return FeedbackBrief(
        reports=len(reports),
        reported_at=reports[0][0],
        on_post=any(one.on_post for one in said),
        moved=next((one.moved for one in said if one.moved is not None), None),
        dangers=any(one.dangers for one in said),
        told=any(one.told for one in said),
        replied=any(one.replied for one in said),
    )
