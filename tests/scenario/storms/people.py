"""What people do in a storm besides answering their phones: officers act, answers come by other ways, lines fail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.escalation.callout import OVER
from warning_dispatch.model.states import FINISHED, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, UnitLevel
from warning_dispatch.ports import Reply
from warning_dispatch.store.register import NUMBER_CONTEXT
from warning_dispatch.store.sealing import link_token

from .weather import RECEIVED, REFUSALS

if TYPE_CHECKING:
    from .night import Storm

OTHER_WORDS = ("TD", "不知道", "哪位？", "2", "")
ACTS = {
    Act.RECALL: 12,
    Act.WAIVE: 5,
    Act.OPEN_GATE: 6,
    Act.PAUSE: 3,
    Act.RESUME: 4,
    Act.TOLD_LEADER: 8,
    Act.CANCEL: 1,
    Act.CLOSE: 1,
}
"""What an officer does how often."""
ENDING = (CallOutState.COMPLETE.value, CallOutState.AWAITING_LIFT.value)
AT_THE_END = {Act.CLOSE: 1, Act.CANCEL: 1}
"""With a call-out in which everybody has answered, or whose validity is over."""
OUTAGES = (None, "provider_down", "balance_exhausted", "number_limited")


class People:
    """Officers, villagers at other phones, and the carriers' engineers."""

    def __init__(self, storm: Storm) -> None:
        """`numbers`: address → its id."""
        self._storm = storm
        self._rng = storm.rng
        self._at_the_list = Random(storm.seed)  # beside the storm's own, so that other storms stay what they were
        self._added = 0
        self.numbers: dict[str, int] = {}
        self._look_up()

    def _look_up(self) -> None:
        """Who is in the register now, and on which numbers."""
        storm = self._storm
        unseal = storm.town.sealer.unseal
        found = storm.rows("SELECT id, sealed FROM number WHERE id > ?", max(self.numbers.values(), default=0))
        self.numbers |= {unseal(sealed, NUMBER_CONTEXT).decode(): key for key, sealed in found}
        self._addresses = sorted(self.numbers)
        self._phones = [address for address in self._addresses if "@" not in address]
        self._receivers = storm.rows(
            "SELECT r.id, u.code, r.role FROM receiver r JOIN unit u ON u.id = r.unit_id ORDER BY r.id"
        )

    def meddle(self) -> None:
        """Each with its chance."""
        weather, draw = self._storm.weather, self._rng.random
        if draw() < weather.act:
            self._act()
        if draw() < weather.answer:
            self._answer()
        if draw() < weather.outage:
            self._outage()
        if self._storm.seed % 2 == 1 and draw() < weather.act / 2:
            self.claim()
        if self._storm.seed % 5 == 4 and self._at_the_list.random() < weather.act:
            self._work_the_list()

    def claim(self) -> None:
        """Somebody of the bureau has every alarm in hand."""
        self._storm.tell("claims every alarm")
        self._storm.survive(self._storm.town.claim)

    def _work_the_list(self) -> None:
        """An officer takes a task of the work list, or says what came of one; of any task, also one that is over."""
        storm, town, draw = self._storm, self._storm.town, self._at_the_list
        sql = "SELECT id FROM attempt WHERE channel = ? AND handed_at IS NOT NULL ORDER BY id DESC LIMIT 12"
        tasks = [int(row[0]) for row in storm.rows(sql, Channel.OPERATOR.value)]
        if not tasks:
            return
        task, actor = draw.choice(tasks), draw.choice(("officer", "colleague"))
        if draw.random() < 0.5:
            storm.tell(f"{actor} takes task {task}")
            work = partial(town.engine.tasks.take, attempt_id=task, actor=actor)
        else:
            result = draw.choice(tuple(TaskResult))
            storm.tell(f"task {task}: {result}")
            if result in (TaskResult.ANSWERED, TaskResult.TOLD_DEPUTY):
                sql = "SELECT callee_id FROM attempt_callee WHERE attempt_id = ?"
                storm.truth.recorded.update((row[0], Means.OPERATOR) for row in storm.rows(sql, task))
            work = partial(town.engine.tasks.finish, attempt_id=task, result=result, actor=actor)

        def act() -> None:
            done = town.engine.once(town.clock.now(), work)
            town.network.hang_up(done.hang_up, town.clock.now())

        storm.survive(act)

    def _callout(self) -> int:
        """One of any state alike, so that a rare state meets acts as often as a usual one."""
        found = self._storm.rows("SELECT state, id FROM callout ORDER BY state, id")
        if not found:
            return 1
        state = self._rng.choice(sorted({row[0] for row in found} - set(OVER) or set(OVER)))
        return int(self._rng.choice([row[1] for row in found if row[0] == state] or [row[1] for row in found]))

    def _unit(self, callout: int, act: Act | None = None) -> str:
        """A unit: mostly one of the call-out, again of any state alike."""
        storm = self._storm
        if self._rng.random() < 0.3:
            return str(self._rng.choice(storm.town.units).code)
        sql = (
            "SELECT u.code, c.state FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? ORDER BY c.id"
        )
        found = storm.rows(sql, callout)
        if act is Act.TOLD_LEADER:
            found = [row for row in found if row[1] == CalleeState.DUTY_ANSWERED] or found
        if not found:
            return str(self._rng.choice(storm.town.units).code)
        state = self._rng.choice(sorted({row[1] for row in found}))
        return str(self._rng.choice([row[0] for row in found if row[1] == state]))

    def _act(self) -> None:
        storm = self._storm
        if self._rng.random() < 0.2:
            self._add_somebody()
            return
        callout = self._callout()
        ending = storm.rows("SELECT 1 FROM callout WHERE id = ? AND state IN (?, ?)", callout, *ENDING)
        usual = ACTS if not ending or self._rng.random() < 0.7 else AT_THE_END
        act = self._rng.choices(tuple(usual), weights=tuple(usual.values()))[0]
        unit = self._unit(callout, act)
        if act is Act.OPEN_GATE and self._rng.random() < 0.5:
            unit = ""
        storm.tell(f"{act} {unit} of call-out {callout}")
        if act is Act.TOLD_LEADER:
            storm.truth.leaders_told.update(storm.callees(callout, unit))
        storm.act(act, callout, unit)

    def pause(self) -> None:
        """An officer pauses what is under way."""
        storm = self._storm
        callout = self._callout()
        storm.tell(f"pause of call-out {callout}")
        storm.act(Act.PAUSE, callout)

    def _add_somebody(self) -> None:
        """Somebody who is in no list: with a number of their own, or with one that we know already."""
        storm = self._storm
        callout = self._callout()
        unit = self._unit(callout)
        role = self._rng.choice(tuple(Role))
        number = f"+86260177{self._added:05d}" if self._rng.random() < 0.8 else self._rng.choice(self._phones)
        channels = self._rng.choice(((Channel.VOICE,), (Channel.VOICE, Channel.SMS), (Channel.SMS,)))
        endpoints = tuple(EndpointEntry(channel, number) for channel in channels)
        self._added += 1
        entry = ReceiverEntry(unit, role, f"新增{self._added}", "", "zh_CN", endpoints, sample=True)
        storm.tell(f"somebody is added to {unit} of call-out {callout} as {role.key}")
        town = storm.town
        storm.survive(
            lambda: town.engine.add_receiver(town.clock.now(), callout, entry, actor="officer", reason="test")
        )
        self._look_up()

    def _answer(self) -> None:
        """An answer from outside the simulated phones, often a late one."""
        kind = self._rng.choice(("record", "tap", "tap", "reply", "all"))
        if kind == "record":
            self._record(callout := self._callout(), self._unit(callout))
        elif kind == "all":
            self._call_the_roll()
        elif kind == "tap":
            self._tap()
        else:
            self._write()

    def _call_the_roll(self) -> None:
        """An officer rings up everybody who is still open."""
        if self._rng.random() < 0.7:
            return
        callout = self._callout()
        done = ", ".join(str(state.value) for state in FINISHED)
        open_ = self._storm.rows(
            f"""SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.state NOT IN ({done}) ORDER BY c.id LIMIT 25""",
            callout,
        )
        for (unit,) in open_:
            self._record(callout, unit)

    def _record(self, callout: int, unit: str) -> None:
        storm = self._storm
        means = self._rng.choice((Means.OPERATOR, Means.SUPERIOR))
        storm.tell(f"{means} records {unit} of call-out {callout}")
        if found := storm.callees(callout, unit):
            storm.truth.recorded.update((one, means.value) for one in found)
            storm.survive(lambda: storm.town.record_answer(unit, means=means, callout_id=callout))

    def _tap(self) -> None:
        """A link is opened and the button pressed, by whoever was sent it or was shown it in a chat group."""
        storm = self._storm
        callout = self._callout()
        token = self._rng.choice((self._anybodys_link, self._units_link, self._clerks_link, self._clerks_link))(callout)
        if token is None:
            return
        storm.tell(f"somebody taps a link of call-out {callout}")
        storm.truth.taps.add(token)
        storm.survive(lambda: storm.town.tap(token))

    def _anybodys_link(self, callout: int) -> str:
        """Perhaps never sent, perhaps of a unit that is not called."""
        receiver = self._rng.choice(self._receivers)[0]
        return link_token(self._storm.town.keys.link_key, callout, receiver, Purpose.CALL, 1)

    def _units_link(self, callout: int) -> str | None:
        unit = self._unit(callout)
        return self._link(callout, [(code, role) for _, code, role in self._receivers if code == unit])

    def _clerks_link(self, callout: int) -> str | None:
        """乡镇包村干部: they have received, and do not answer for the village."""
        posts = {(code, role) for _, code, role in self._receivers if role == Role.DUTY}
        sql = """SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.state = ? AND u.level = ? ORDER BY c.id"""
        calling = self._storm.rows(sql, callout, CalleeState.CALLING.value, UnitLevel.VILLAGE.value)
        return self._link(callout, [(code, Role.DUTY) for (code,) in calling if (code, Role.DUTY) in posts])

    def _link(self, callout: int, posts: Sequence[tuple[str, int]]) -> str | None:
        """The link of one of the posts, as it was sent or is sent now."""
        called = [post for post in posts if self._storm.callees(callout, post[0])]
        if not called:
            return None
        unit, role = self._rng.choice(called)
        found: str | None = self._storm.survive(lambda: self._storm.town.token_for(unit, Role(role), callout))
        return found

    def _write(self) -> None:
        storm = self._storm
        address = self._rng.choice(self._addresses)
        words = self._rng.choice((*RECEIVED, *OTHER_WORDS))
        storm.tell(f"number {self.numbers[address]} writes {words!r}")
        channel = Channel.EMAIL if "@" in address else Channel.SMS
        reply = Reply(channel, address, words, storm.town.clock.now())
        storm.inbox.replies.append(reply)
        storm.note_reply(reply)

    def _outage(self) -> None:
        channel = self._rng.choice((Channel.VOICE, Channel.SMS, Channel.EMAIL))
        outcome = self._rng.choice((*OUTAGES, *REFUSALS))
        self._storm.tell(f"{channel.name}: {outcome or 'in order'}")
        self._storm.town.network.set_outage(channel, outcome)
