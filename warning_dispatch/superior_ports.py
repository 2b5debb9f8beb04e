"""What receivers' pages need from outside after the answer: feedback, and for a superior its own list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from warning_dispatch.model.feedback import Feedback, FeedbackBrief, FeedbackPage
from warning_dispatch.model.superior_views import OwnList


class FeedbackReadings(Protocol):
    """What was reported, for other systems. Safe from any thread."""

    def briefs(self, callee_ids: Sequence[int]) -> Mapping[int, FeedbackBrief]:
        """What was reported about each of these units of which anything was."""
        ...

    def feedback(self, callout_id: int, *, county: str = "", limit: int = 100, offset: int = 0) -> FeedbackPage:
        """Every report of a call-out, with counts by county. `county`: only of that one. NotFoundError: no such call-out."""
        ...


class SuperiorReadings(FeedbackReadings, Protocol):
    """Pictures of a superior's list. Safe from any thread; reading never changes anything."""

    def is_link(self, token: str) -> bool:
        """Whether a link is anybody's."""
        ...

    def reported_at(self, token: str) -> int | None:
        """When the person behind a link last gave feedback (ms); None: not yet. NotFoundError: no such link."""
        ...

    def has_list(self, token: str) -> bool:
        """Whether the person behind a link has answered for a unit that others are called below. False for no link."""
        ...

    def own_list(self, token: str, passed: str = "", *, limit: int = 15, offset: int = 0, only: int = 0) -> OwnList:
        """The lists that the person holds; `passed`: what `SuperiorDesk.pass_step` gave. `only`: that callee, if it is listed.

        NotFoundError: no such link, or nobody stands below the person, or they have not answered themselves.
        """
        ...


class SuperiorDesk(Protocol):
    """What a superior does on the page. Carried out by the one writer; RefusedError says why not."""

    async def pass_step(self, token: str, last_four: str) -> str:
        """The last four digits of the phone: gives `passed`, for a cookie. The journal notes that the list was opened."""
        ...

    async def told(self, token: str, callee_id: int, passed: str, words: str = "") -> None:
        """代报: the superior has told one unit of the list in person. Who answered meanwhile is not on it any more.

        `words` are kept as feedback about that unit.
        """
        ...

    async def feed_back(self, token: str, said: Feedback) -> None:
        """反馈 for every unit of the person that is confirmed. RefusedError: none is, or there are too many reports."""
        ...
