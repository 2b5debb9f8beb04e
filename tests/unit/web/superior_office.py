"""A double of the two ports of a superior's page: a township with villages, honest in what it hides and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from warning_dispatch.errors import NotFoundError, RefusedError, StoreError
from warning_dispatch.model.feedback import Feedback, FeedbackBrief, FeedbackCount, FeedbackPage, FeedbackRow
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.superior_views import DialledPerson, OwnList, OwnUnit
from warning_dispatch.model.unit import Role

FOUR = "0042"
PASSED = "passed"
PEOPLE = (
    DialledPerson(Role.PRIMARY, "样本甲", "+8610000000001"),
    DialledPerson(Role.DEPUTY, "样本乙", "+8610000000002"),
)


class SuperiorOffice:
    """Both ports. `told_units`: what was recorded, in order; `steps`: what was tried."""

    def __init__(self, office: Any, villages: int = 3) -> None:
        """`office` has the links; every one of them holds the list."""
        self._office = office
        states = (CalleeState.UNANSWERED, CalleeState.UNCALLED, CalleeState.UNCONFIRMED)
        self.units = [
            OwnUnit(number, f"郝家墕{number}村", "临县 白文镇", states[number % 3], PEOPLE)
            for number in range(101, 101 + villages)
        ]
        self.coming = 2
        self.told_units: list[int] = []
        self.steps: list[str] = []
        self.words: list[str] = []
        self.reports: list[Feedback] = []
        self.brief: dict[int, FeedbackBrief] = {}

    def is_link(self, token: str) -> bool:
        """Whether the office has it."""
        return token in self._office.links

    def has_list(self, token: str) -> bool:
        """Whoever has confirmed."""
        return self.is_link(token) and self._office.links[token].last_confirmed is not None

    def own_list(self, token: str, passed: str = "", *, limit: int = 15, offset: int = 0, only: int = 0) -> OwnList:
        """Before the step nothing but counts."""
        if not self.has_list(token):
            raise NotFoundError("no list")
        needed = passed != PASSED
        units = [one for one in self.units if only in (0, one.callee_id)]
        shown = () if needed else tuple(units[offset : offset + limit])
        told = len(self.told_units)
        return OwnList(self._office.links[token], needed, 4, told, len(self.units), self.coming, shown)

    async def pass_step(self, token: str, last_four: str) -> str:
        """One phone."""
        assert self.has_list(token)
        self.steps.append(last_four)
        await asyncio.to_thread(self._open_door)
        if last_four != FOUR:
            raise RefusedError("后四位不对 / wrong")
        return PASSED

    def _open_door(self) -> None:
        """The database is asked, in a thread."""
        if not self._office.database:
            raise StoreError("no database")

    async def told(self, token: str, callee_id: int, passed: str, words: str = "") -> None:
        """Once."""
        self._open_door()
        if self.own_list(token, passed).step_needed or all(one.callee_id != callee_id for one in self.units):
            raise RefusedError("不在名单上 / not on the list")
        self.units = [one for one in self.units if one.callee_id != callee_id]
        self.told_units.append(callee_id)
        self.words.append(words)

    async def feed_back(self, token: str, said: Feedback) -> None:
        """Kept, for whoever has confirmed."""
        if not self.has_list(token):
            raise RefusedError("请先确认 / confirm first")
        if said:
            self.reports.append(said)

    def reported_at(self, token: str) -> int | None:
        """Now, if at all."""
        assert self.is_link(token)
        return self._office.clock.now() if self.reports else None

    def briefs(self, callee_ids: Sequence[int]) -> Mapping[int, FeedbackBrief]:
        """As the test set them."""
        return {key: one for key, one in self.brief.items() if key in callee_ids}

    def feedback(self, callout_id: int, *, county: str = "", limit: int = 100, offset: int = 0) -> FeedbackPage:
        """What was reported, the newest first, each about the township."""
        self._office.callout(callout_id)
        moment = self._office.clock.now()
        rows = [
            FeedbackRow(key, 1, "141124101", "白文镇", "临县", "townships", "141124", moment, said)
            for key, said in list(enumerate(self.reports, 1))[::-1]
            if county in ("", "141124")
        ]
        counts = (FeedbackCount("141124", "临县", "townships", 1, 1, 1, 37, 0),) if rows else ()
        return FeedbackPage(tuple(rows[offset : offset + limit]), len(rows), counts)

    def rename(self, name: str) -> None:
        """The first unit is called otherwise."""
        self.units[0] = replace(self.units[0], name=name)
