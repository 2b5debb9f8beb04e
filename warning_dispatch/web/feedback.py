"""/r/{token}/feedback: a few words after the answer, all of them optional. GET shows the form, POST keeps what was written.

What cannot be read is told beside its field, with everything else as it was written, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.feedback import LONGEST, Feedback
from warning_dispatch.ports import ReadModels
from warning_dispatch.superior_ports import SuperiorDesk, SuperiorReadings
from warning_dispatch.web.filing_forms import text, whole
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.link_door import WARNING, LinkDoor

MOST_MOVED: Final = 999_999
TEXTS: Final = ("measures", "dangers")
FIELDS: Final = ("on_post", "moved", *TEXTS)


class FeedbackPage:
    """For whoever has confirmed; everybody else is sent to the page of the warning."""

    def __init__(self, read: ReadModels, after: SuperiorReadings, desk: SuperiorDesk, door: LinkDoor) -> None:
        """`read` has the link, `after` when it was last used to report."""
        self._read = read
        self._after = after
        self._desk = desk
        self._door = door

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST keeps."""
        return await self._door.answer(request, WARNING, self._show, self._keep)

    async def _show(self, visit: Visit) -> Response:
        return await self._form(visit, dict.fromkeys(FIELDS, ""), {})

    async def _form(
        self, visit: Visit, values: Mapping[str, str], faults: Mapping[str, str], notice: str = "", status: int = 200
    ) -> Response:
        """The form with what is in its fields; `faults`: names of the words about a field. NotFoundError: no such link."""
        view = await to_thread.run_sync(self._read.link, visit.token)
        back = f"{visit.home}{visit.query}"
        confirmed = not view.own and any(unit.confirmed_at is not None for unit in view.units)
        if not confirmed and not notice:
            return RedirectResponse(back, status_code=303)
        words = self._door.pages.words_for(visit.request, view.language)
        reported_at = await to_thread.run_sync(self._after.reported_at, visit.token)
        fields = {
            "reported_at": reported_at,
            "back": back,
            "query": visit.query,
            "values": values,
            "faults": {key: words.text(name, most=LONGEST) for key, name in faults.items()},
            "most": LONGEST,
            "notice": words.text(notice if confirmed else "feedback.first") if notice else "",
        }
        return self._door.pages.styled("receiver_feedback.html", words, fields, status=status)

    async def _keep(self, visit: Visit) -> Response:
        """What is refused is told by the form itself, and nothing of it is lost."""
        form = await form_of(visit.request)
        values = {key: text(form, key).replace("\r\n", "\n") for key in FIELDS}
        faults = faults_in(values)
        if faults:
            return await self._form(visit, values, faults, status=422)
        said = said_in(values)
        if not said:
            return await self._form(visit, values, {}, "feedback.empty", 422)
        try:
            await self._desk.feed_back(visit.token, said)
        except RefusedError:
            return await self._form(visit, values, {}, "feedback.refused", 409)
        return RedirectResponse(f"feedback{visit.query}", status_code=303)


def faults_in(values: Mapping[str, str]) -> dict[str, str]:
    """Names of the words about each field that cannot be kept as it stands."""
    faults = {key: "feedback.too_long" for key in TEXTS if len(values[key]) > LONGEST}
    moved = values["moved"]
    if moved and not 0 <= whole(moved, -1) <= MOST_MOVED:
        faults["moved"] = "feedback.not_whole"
    return faults


def said_in(values: Mapping[str, str]) -> Feedback:
    """What a form without faults says."""
    return Feedback(
        on_post=bool(values["on_post"]),
        measures=values["measures"],
        moved=whole(values["moved"]) if values["moved"] else None,
        dangers=values["dangers"],
    )
