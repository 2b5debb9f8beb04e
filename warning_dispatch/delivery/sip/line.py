"""一条线: one line of the trunk, a supervised process that makes one call at a time.

Its life, again and again until it is stopped (`watch`):
1. What an earlier daemon left there is ended; are its ports free? 2. Files are written, the process started. 3. Its control port is
opened within two seconds, and must be that process's own and on loopback alone. 4. The account is removed from the disk; where the
trunk wants it, the line registers. 5. It is free and takes calls; every ten seconds it must answer a question. 6. It has died: its
call is told as lost, and it is started again, after a wait that grows.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from structlog.typing import FilteringBoundLogger

from warning_dispatch.clock import Clock
from warning_dispatch.delivery.sip import child
from warning_dispatch.delivery.sip.control import Control, ControlError
from warning_dispatch.delivery.sip.course import Act, Course, Heard, Stage, step
from warning_dispatch.delivery.sip.files import LinePlace, forget_account, replace_script, write_files
from warning_dispatch.delivery.sip.options import SipOptions
from warning_dispatch.delivery.sip.sockets import is_free, is_own_on_loopback

CONNECTS_WITHIN_S = 2.0
REGISTERS_WITHIN_S = 8.0
ASK_EVERY_S = 10.0
SILENT_AFTER_S = 6.0
"""Seconds without a word about a dialled call after which the trunk is asked whether it is there."""
SETUP_LIMIT_S = 40.0
"""Seconds until something must ring."""
ENDS_WITHIN_S = 3.0
"""Seconds in which a call that we hang up must have ended; else the process is."""
THANKS_LIMIT_S = 8.0
TALK_MARGIN_S = 10.0
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 15.0
STEADY_S = 30.0
"""Seconds of life after which the next death is the first again."""
DEAD_AFTER_S = 20.0
"""Seconds without coming back after which a line counts as dead, and somebody is told."""
_ACTIVE = re.compile(r"Active calls \((\d+)\)")
_REGISTRATION = re.compile(r"(?<![A-Z])(OK|ERR)\W[^\n]*Expires")
REGISTERED, REFUSED = "OK", "ERR"
_COMMANDS = ("dial", "hangup", "accept", "ausrc", "listcalls", "reginfo")
_USER = re.compile(r"sips?:([^@;>]+)@")


class LineState(Enum):
    """What a line is doing."""

    STARTING = "starting"
    """Its process is being started, or waits to be."""
    FREE = "free"
    ENGAGED = "engaged"
    """Somebody has it for a call."""
    STOPPED = "stopped"


class LineDownError(Exception):
    """Why a line cannot live. `outcome`: what that is to its route, a row of the outcome table."""

    def __init__(self, why: str, outcome: str = "misconfigured") -> None:
        """`why`: a short word for the log."""
        self.why = why
        self.outcome = outcome
        super().__init__(why)


@dataclass(slots=True, eq=False)
class Call:
    """One call on a line. Seconds."""

    attempt_id: int
    course: Course
    tell: Callable[[int, str], None] = field(repr=False)
    """(attempt, outcome), once for its end and once for its key."""
    ring_s: float
    talk_s: float
    thanks: Path
    back: bool = False
    """They ring us."""
    dialled_at: int = 0
    rang_after: int | None = None
    """ms from dialling to the first ring."""
    keyed_after: int | None = None
    """ms from picking up to the key."""
    sound_came: bool = False
    """Whether anything came from the phone."""


class Ears(Protocol):
    """Who hears of lines."""

    def is_free(self, line: Line) -> None:
        """It can take a call now."""
        ...

    def rings(self, line: Line, number: str) -> None:
        """Somebody rings us on it; it is engaged for that until told to accept or refuse."""
        ...

    async def trunk_answers(self) -> bool:
        """Whether the trunk is there at all."""
        ...


class Line:
    """One line."""

    def __init__(
        self, place: LinePlace, options: SipOptions, clock: Clock, ears: Ears, log: FilteringBoundLogger
    ) -> None:
        """Nothing runs yet."""
        self.place = place
        self.state = LineState.STARTING
        self.down: LineDownError | None = None
        self._down_at = 0
        """Why it does not live, as far as is known."""
        self.starts = 0
        self.turn = 0
        """Counts who has had it."""
        self.pid = 0
        self._options = options
        self._table = options.table
        self._clock = clock
        self._ears = ears
        self._log = log.bind(line=place.index)
        self._control: Control | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._call: Call | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._idle_seen = 0
        self._other_sound = False
        """Whether something else than the script was played last."""

    @property
    def call(self) -> Call | None:
        """What goes on on it."""
        return self._call

    # --- its life ---------------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Keep it alive until `stop`."""
        wait = FIRST_WAIT_S
        while not self._is_stopped():
            since = self._clock.monotonic()
            try:
                await self._live()
            except LineDownError as down:
                self._say_down(down)
            except (OSError, ControlError) as error:
                self._say_down(LineDownError(type(error).__name__))
            if self._is_stopped():
                return
            steady = self._clock.monotonic() - since >= STEADY_S * 1000
            wait = FIRST_WAIT_S if steady else wait
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)

    def _is_stopped(self) -> bool:
        return self.state is LineState.STOPPED

    async def stop(self) -> None:
        """End it, and what goes on on it."""
        self.state = LineState.STOPPED
        if self._process is not None:
            await child.end(self._process, at_once=False)
        self._lose_call()

    def kill(self) -> None:
        """The process does not do what it is told: end it; `watch` starts another."""
        if self._process is not None:
            child.send(self._process, signal.SIGKILL)

    async def _live(self) -> None:
        self.state = LineState.STARTING
        self._other_sound = False
        await asyncio.to_thread(self._prepare)
        program = child.program_of(self._options.program)
        if not program:
            raise LineDownError("no_program")
        self._process = await child.start(self.place, program)
        self.starts += 1
        self.pid = self._process.pid
        try:
            self._control = await self._connect(self._process)
            await self._serve(self._control, self._process)
        finally:
            forget_account(self.place)
            await child.end(self._process, at_once=True)
            if self._control is not None:
                self._control.close()
            self._control = None
            if self.state is not LineState.STOPPED:
                self.state = LineState.STARTING
            self._lose_call()

    def _prepare(self) -> None:
        place = self.place
        child.end_leftover(place)
        if not is_free(place.address, place.sip_port):
            raise LineDownError("sip_port_taken")
        if not is_free("127.0.0.1", place.control_port):
            raise LineDownError("control_port_taken")
        write_files(place, self._options)

    async def _connect(self, process: asyncio.subprocess.Process) -> Control:
        """The control connection of this very process. It runs on deaf where it did not get its port: then it must go."""
        end = self._clock.monotonic() + CONNECTS_WITHIN_S * 1000
        while self._clock.monotonic() < end:
            if process.returncode is not None:
                raise LineDownError("process_ended")
            if await asyncio.to_thread(is_own_on_loopback, self.place.control_port, process.pid):
                return await Control.open(self.place.control_port, self._take)
            await asyncio.sleep(0.05)
        raise LineDownError("control_port_not_ours")

    async def _serve(self, control: Control, process: asyncio.subprocess.Process) -> None:
        """Until connection or process end, or it does not answer."""
        ears = asyncio.create_task(control.listen())
        ended = asyncio.create_task(process.wait())
        heart = asyncio.create_task(self._beat(control))
        tasks = [ears, ended, heart]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            raise LineDownError("process_ended" if process.returncode is not None else "connection_lost")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self, control: Control) -> None:
        """Know it first, then ask again and again."""
        known = (await control.ask("help")).text
        if missing := [one for one in _COMMANDS if f"/{one}" not in known]:
            raise LineDownError(f"unknown_program_without_{missing[0]}")
        forget_account(self.place)
        if self._registers:
            await self._register(control)
        self.down = None
        self._free()
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            self._compare(await control.ask("listcalls"))
            if self._registers and self._call is None and await self._registration(control) == REFUSED:
                raise LineDownError("registration_lost", "provider_down")

    @property
    def _registers(self) -> bool:
        return self.place.registers and bool(self._options.register_every_s)

    async def _register(self, control: Control) -> None:
        """Wait for it. The first answer may come before anybody listens for events: the state is asked for.

        Refused by a trunk that is there: our login is wrong. By one that is not there nothing is proved.
        """
        end = self._clock.monotonic() + REGISTERS_WITHIN_S * 1000
        while (state := await self._registration(control)) != REGISTERED:
            if state == REFUSED:
                there = not self._options.ping or await self._ears.trunk_answers()
                raise LineDownError("registration_refused", "credentials_refused" if there else "provider_down")
            if self._clock.monotonic() > end:
                raise LineDownError("registration_unanswered", "provider_down")
            await asyncio.sleep(0.2)

    async def _registration(self, control: Control) -> str:
        found = _REGISTRATION.search((await control.ask("reginfo")).text)
        return found[1] if found else ""

    def _compare(self, answer: Any) -> None:
        """A call of ours that the process does not know any more has ended without a word: seen twice, it is lost."""
        found = _ACTIVE.search(answer.text)
        gone = self._call is not None and found is not None and found[1] == "0"
        self._idle_seen = self._idle_seen + 1 if gone else 0
        if self._idle_seen > 1:
            self._step(Heard.LINE_LOST)

    def _say_down(self, down: LineDownError) -> None:
        if self.state is LineState.STOPPED:
            return
        if self.down is None or self.down.why != down.why:
            self._log.error("sip.line_down", why=down.why)
        if self.down is None:
            self._down_at = self._clock.monotonic()
        self.down = down

    @property
    def dead(self) -> bool:
        """Whether it has not come back for a while: one that is only started anew is not."""
        return self.down is not None and self._clock.monotonic() - self._down_at >= DEAD_AFTER_S * 1000

    def _lose_call(self) -> None:
        if self._call is not None:
            self._step(Heard.LINE_LOST)

    def _free(self) -> None:
        if self._control is not None and self.state is not LineState.STOPPED:
            self.state = LineState.FREE
            self._ears.is_free(self)

    # --- calls ------------------------------------------------------------------------------------------------

    async def dial(self, call: Call, uri: str, script: bytes) -> bool | None:
        """Place a call on an engaged line. Whether the process took it; None: that is not known."""
        if self._control is None:
            return False
        await asyncio.to_thread(replace_script, self.place, script)
        control = self._control
        if control is None:
            return False
        self._begin(call)
        if self._options.ping:  # a trunk that answers no questions proves nothing by its silence
            self._after(SILENT_AFTER_S, self._ask_trunk)
        self._after(SETUP_LIMIT_S, lambda: self._limit(Heard.RING_LIMIT, Stage.DIALLED))
        try:
            await self._play_script(control)
            answer = await control.ask("dial", uri)
        except ControlError:
            self.kill()
            return None
        if not answer.ok:
            self._end_call()
        return answer.ok

    async def accept(self, call: Call, script: bytes) -> None:
        """Pick up what rings us, and play."""
        await asyncio.to_thread(replace_script, self.place, script)
        control = self._control
        if control is None or self.state is not LineState.ENGAGED or self._call is None:
            return
        self._call = call
        try:
            await self._play_script(control)
        except ControlError:
            self.kill()
            return
        self._say("accept")

    async def _play_script(self, control: Control) -> None:
        """The next call plays the script: what was played last in the one before (thanks) stays chosen otherwise."""
        if self._other_sound:
            await control.ask("ausrc", f"aufile,{self.place.script}")
            self._other_sound = False

    def refuse(self) -> None:
        """Do not pick up."""
        self._say("hangup")
        self._end_call()

    def withdraw(self, attempt_id: int) -> None:
        """End this call if it still rings."""
        if self._call is not None and self._call.attempt_id == attempt_id:
            self._step(Heard.WITHDRAWN)

    def engage(self) -> None:
        """Somebody has it."""
        self.state = LineState.ENGAGED
        self.turn += 1

    def release(self, turn: int) -> None:
        """Whoever has had it since that turn has no use for it. Is it another's by now (a busy phone is quick), that stays so."""
        if self.state is LineState.ENGAGED and self._call is None and self.turn == turn:
            self._free()

    def _begin(self, call: Call) -> None:
        self._call, self._idle_seen = call, 0
        call.dialled_at = self._clock.monotonic()

    def _take(self, event: Mapping[str, Any]) -> None:
        """An event of the process."""
        kind, word = str(event.get("type", "")), str(event.get("param", ""))
        if kind == "CALL_INCOMING":
            self._ring_us(str(event.get("peeruri", "")))
        elif self._call is not None and (event.get("direction") == "incoming") == self._call.back:
            self._call.sound_came |= kind == "CALL_RTPESTAB"
            heard = _EVENTS.get(kind)
            if heard is not None:
                self._step(heard, word)

    def _ring_us(self, peer: str) -> None:
        if self.state is not LineState.FREE:
            return
        found = _USER.search(peer)
        self.engage()
        self._begin(_unanswered())
        self._ears.rings(self, found[1] if found else "")

    def _step(self, heard: Heard, word: str = "") -> None:
        call = self._call
        if call is None:
            return
        before, now = call.course.stage, self._clock.monotonic()
        outcome = step(call.course, heard, now, self._table, word)
        call.course = outcome.course
        if call.course.stage is not before:
            self._set_timers(call, now)
        for act in outcome.acts:
            self._do(act, call, outcome.outcome)
        if call.course.stage is Stage.OVER:
            self._end_call()

    def _set_timers(self, call: Call, now: int) -> None:
        self._stop_timers()
        match call.course.stage:
            case Stage.RINGING:
                call.rang_after = now - call.dialled_at
                self._after(call.ring_s, lambda: self._limit(Heard.RING_LIMIT, Stage.RINGING))
            case Stage.LISTENING:
                self._after(call.talk_s + TALK_MARGIN_S, lambda: self._limit(Heard.TALK_LIMIT, Stage.LISTENING))
            case Stage.ANSWERED:
                call.keyed_after = now - call.course.since
                self._after(THANKS_LIMIT_S, lambda: self._limit(Heard.TALK_LIMIT, Stage.ANSWERED))

    def _do(self, act: Act, call: Call, outcome: str) -> None:
        match act:
            case Act.TELL_KEY:
                call.tell(call.attempt_id, "key_pressed")
            case Act.TELL_END:
                call.tell(call.attempt_id, outcome)
            case Act.THANK:
                self._other_sound = True
                self._say("ausrc", f"aufile,{call.thanks}", otherwise="hangup")
            case Act.SAY_AGAIN:
                self._stop_timers()
                self._after(call.talk_s + TALK_MARGIN_S, lambda: self._limit(Heard.TALK_LIMIT, Stage.LISTENING))
                self._say("ausrc", f"aufile,{self.place.script}")
            case Act.HANG_UP:
                self._stop_timers()
                self._after(ENDS_WITHIN_S, self.kill)
                self._say("hangup")

    def _end_call(self) -> None:
        self._stop_timers()
        self._call = None
        if self.state is LineState.ENGAGED:
            self._free()

    def _limit(self, heard: Heard, stage: Stage) -> None:
        if self._call is not None and self._call.course.stage is stage:
            self._step(heard)

    def _ask_trunk(self) -> None:
        call = self._call

        async def ask() -> None:
            if call is None or await self._ears.trunk_answers() or self._call is not call:
                return
            if call.course.stage is Stage.DIALLED:
                self._step(Heard.TRUNK_SILENT)

        if call is not None and call.course.stage is Stage.DIALLED:
            self._errand(ask())

    def _say(self, command: str, params: str = "", otherwise: str = "") -> None:
        """Tell the process, without waiting; one that does not answer is ended by its watch."""
        control = self._control

        async def say() -> None:
            if control is None:
                return
            try:
                answer = await control.ask(command, params)
                if not answer.ok and otherwise:
                    await control.ask(otherwise)
            except ControlError:
                self.kill()

        self._errand(say())

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _after(self, seconds: float, work: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, work))

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


_EVENTS: Mapping[str, Heard] = {
    "CALL_RINGING": Heard.RINGING,
    "CALL_PROGRESS": Heard.RINGING,
    "CALL_ESTABLISHED": Heard.PICKED_UP,
    "CALL_DTMF_START": Heard.KEY,
    "CALL_CLOSED": Heard.CLOSED,
}


def _unanswered() -> Call:
    """A call to us before it is known what to play: its end is told to nobody."""
    return Call(0, Course(asks=False, heard_after=0), lambda _id, _outcome: None, 0, 0, Path(), back=True)
