"""一个单位: its full story on one screen, and everything an officer can do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from warning_dispatch.clock import Clock
from warning_dispatch.console_ports import ConsoleDesk
from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import FindingsError, ReceiverError, RefusedError
from warning_dispatch.model.console_views import ActLine, AnswerLine, TriedLine, UnitStory
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.response import AskedUnit
from warning_dispatch.model.states import FINISHED, LIVE_CALLOUT, CalleeState, Means
from warning_dispatch.registry.one_receiver import ReceiverWords, read_one
from warning_dispatch.web.console.forms import faults, plain, reason_of
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.visits import Visit

MEANS: Final[Mapping[str, Means]] = {"answered": Means.OPERATOR, "told": Means.SUPERIOR}
"""Answers an officer records: heard himself, and reported by a superior who told them in person."""
UNIT_ACTS: Final = (Act.RECALL, Act.WAIVE, Act.OPEN_GATE, Act.TOLD_LEADER)
REVEAL: Final = "reveal"
MOST_POST: Final = 100
RECEIVER_FORM: Final = ("receiver", ("role", "name", "post", "phone", "reason"))
TICK_FORM: Final = ("tick", ("action", "remark"))
"""Forms of this page: the name, the fields."""
SURE: Final = frozenset({Act.WAIVE.value, Act.OPEN_GATE.value, Act.CANCEL.value, Act.CLOSE.value})
"""Acts that cannot be taken back: they are asked once more, with a reason of their own."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the unit. `what` is a try, an answer, an act, or the key of a sentence."""

    at: int
    kind: str
    what: TriedLine | AnswerLine | ActLine | Feedback | str


@dataclass(frozen=True, slots=True)
class Order:
    """A button of a list: what to do, to whom, and the state in which the officer saw the unit."""

    do: str
    callee_id: int
    seen: CalleeState

    @staticmethod
    def read(written: str) -> Order:
        """As the button has it: "recall:12:6"."""
        do, _, rest = written.partition(":")
        callee_id, _, seen = rest.partition(":")
        if do not in (*MEANS, REVEAL, *UNIT_ACTS) or not (callee_id.isdecimal() and seen.isdecimal()):
            raise RefusedError("没有这个操作 / there is no such act")
        try:
            return Order(do, int(callee_id), CalleeState(int(seen)))
        except ValueError:
            raise RefusedError("没有这个状态 / there is no such state") from None


class UnitPage:
    """One unit of one call-out."""

    def __init__(
        self,
        desk: ConsoleDesk,
        clock: Clock,
        asked: Callable[[int, int], AskedUnit | None] | None = None,
        *,
        samples: bool,
    ) -> None:
        """`samples`: whether sample numbers may be added (no: real routes would have to dial them).

        `asked` gives the measures that a unit of a call-out is asked for.
        """
        self._asked = asked
        self._desk = desk
        self._clock = clock
        self._samples = samples

    def screen(self, visit: Visit, clear: Sequence[object] = ()) -> Screen:
        """The story. `clear`: the people in clear, for this answer alone."""
        callout_id, callee_id = visit.number("callout"), visit.number("callee")
        return Screen(
            template="console/unit.html",
            fragments=("title", "head", "acts", "measures", "people", "story"),
            read=lambda: self._fields(callout_id, callee_id, visit, clear),
            key=("unit", callout_id, callee_id, visit.root),
        )

    def _fields(self, callout_id: int, callee_id: int, visit: Visit, clear: Sequence[object]) -> Mapping[str, object]:
        view = visit.read.callout(callout_id)
        story = visit.read.story(callout_id, callee_id)
        live = view.state in LIVE_CALLOUT
        return {
            "section": "callouts",
            "view": view,
            "story": story,
            "row": story.row,
            "events": events_of(story, view.started_at),
            "live": live,
            "open": live and story.row.state not in FINISHED and not story.row.stopped,
            "clear": clear,
            "mine": callee_id in visit.may_on(callout_id, [callee_id]),
            "asked": self._asked(callout_id, callee_id) if self._asked else None,
            "titles": {tier.name: visit.words.of(tier.title) for tier in view.tiers},
            "colours": {one.callout_id: one.colour for one in story.elsewhere},
        }

    async def act(self, visit: Visit, form: Mapping[str, str], order: Order) -> None:
        """Carry an order out. ChangedError when the unit is not as it was seen."""
        callout_id, actor = visit.number("callout"), visit.officer.actor
        reason = reason_of(form)
        if order.do == REVEAL:
            await self._desk.revealed(callout_id, order.callee_id, actor=actor, reason=reason)
        elif order.do in MEANS:
            await self._desk.acknowledge(
                callout_id, order.callee_id, actor=actor, reason=reason, means=MEANS[order.do], seen=order.seen
            )
        else:
            story = await to_thread.run_sync(visit.acting.story, callout_id, order.callee_id)
            await self._desk.act(
                order.do, callout_id, actor=actor, reason=reason, unit_code=story.row.unit_code, seen=order.seen
            )

    async def in_clear(self, visit: Visit, callee_id: int) -> Sequence[object]:
        """The people of a unit in clear, after the journal has been told."""
        return await to_thread.run_sync(visit.acting.in_clear, visit.number("callout"), callee_id)

    async def add_receiver(self, visit: Visit, form: Mapping[str, str]) -> Response:
        """Somebody new for the unit: in the register from now on, and called at once."""
        callout_id, callee_id = visit.number("callout"), visit.number("callee")
        await visit.require_unit(callee_id)
        story = await to_thread.run_sync(visit.acting.story, callout_id, callee_id)
        found = [*faults(form, "reason"), *faults(form, "post", MOST_POST, needed=False)]
        words = ReceiverWords(
            unit_code=story.row.unit_code,
            role=form.get("role", ""),
            name=form.get("name", ""),
            phones=tuple(form.get("phone", "").replace("，", " ").replace(",", " ").split()),
            post=form.get("post", ""),
        )
        try:
            entry = read_one(words, called=True, samples=self._samples)
        except ReceiverError as error:
            raise FindingsError([*error.findings, *found]) from None
        if found:
            raise FindingsError(found)
        reason = plain(form, "reason")
        await self._desk.add_receiver(callout_id, entry, actor=visit.officer.actor, reason=reason)
        return visit.elsewhere(f"callouts/{callout_id}/units/{callee_id}", done="receiver")


def events_of(story: UnitStory, started_at: int) -> list[Event]:
    """Everything that happened, newest first; what comes at one moment in the order of cause and effect."""
    found: list[Event] = [Event(started_at, "moment", "started")]
    if story.row.opened_at is not None:
        found.append(Event(story.row.opened_at, "moment", "opened"))
    found += [Event(one.claimed_at or one.due_at, "try", one) for one in reversed(story.tries)]
    found += [Event(one.at, "act", one) for one in story.acts]
    found += [Event(one.at, "answer", one) for one in story.answers]
    found += [Event(at, "feedback", said) for at, said in reversed(story.feedback)]
    return sorted(found, key=lambda event: event.at)[::-1]
