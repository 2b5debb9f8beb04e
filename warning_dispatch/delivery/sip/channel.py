"""电话: calls over the bureau's own lines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from warning_dispatch.delivery.gateway.numbers import as_e164, number_forms
from warning_dispatch.delivery.kinds import ChannelTools, Probe
from warning_dispatch.delivery.line_tests import LineTest
from warning_dispatch.delivery.sip.course import Course
from warning_dispatch.delivery.sip.line import Call, Line
from warning_dispatch.delivery.sip.lines import Lines
from warning_dispatch.delivery.sip.options import SipOptions
from warning_dispatch.delivery.sip.phrases import phrases
from warning_dispatch.delivery.spoken.scripts import Script, Scripts
from warning_dispatch.delivery.spoken.sound import RATE, SoundError, joined, silence, wav_of
from warning_dispatch.model.states import ASKING
from warning_dispatch.ports import Dispatch, OpenCall, Receipt, Report

LINE_WITHIN_S = 6.0
"""Seconds a call waits for a line: the engine may count one free while it still says thanks."""
LEASE_MARGIN_MS = 4_000
"""What of a lease must be left when a call is dialled: its receipt must come in time."""
NO_LINE, NO_SOUND, NO_NUMBER, DOWN = "no_line", "misconfigured", "invalid_number", "provider_down"
DRAIN_S = 15.0
"""Seconds a stop waits for those who listen: less than systemd waits for us."""
HEARD_SHARE = 0.95
"""Of one reading: who stayed that long has heard it."""
THANKS_AFTER_S = 1.2
TEST_LINE_WITHIN_S = 90.0
"""Seconds a test waits for a line that is in use."""


def _first(told: asyncio.Future[str], outcome: str) -> None:
    if not told.done():
        told.set_result(outcome)


class SipVoice:
    """ChannelPort, Running, Probed, Tested."""

    def __init__(self, options: SipOptions, tools: ChannelTools, lines: Lines, scripts: Scripts, folder: Path) -> None:
        """`folder`: for what all lines play."""
        self._options = options
        self._tools = tools
        self.lines = lines
        self._scripts = scripts
        self._folder = folder
        self._thanks: dict[str, Path] = {}
        self._thanks_lock = asyncio.Lock()
        self._closed = False
        self._started = asyncio.Event()
        self._errands: set[asyncio.Task[None]] = set()
        self._ring_limit_s = float(options.ring_s)
        lines.rings = self._rung

    # --- the port ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """See Running: lines live until `close`, which comes after this has been cancelled and may drain them."""
        await self.lines.start()
        self._started.set()
        await asyncio.Event().wait()

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See the port. As many at once as there are lines; what finds none in time surely did not go."""
        if self._closed:
            return [Receipt(one.attempt_id, accepted=False, outcome=DOWN) for one in batch]
        receipts = await asyncio.gather(*(self._ring(one) for one in batch))
        accepted = sum(one.accepted for one in receipts)
        self._tools.log.info("sip.calls", calls=len(batch), accepted=accepted, lines=len(self.lines.living))
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See the port."""
        for attempt_id in attempt_ids:
            line = self.lines.of(attempt_id)
            if line is not None:
                line.withdraw(attempt_id)

    async def close(self) -> None:
        """What rings is ended and told as lost; who listens may listen to the end."""
        self._closed = True
        for line in self.lines.lines:
            if line.call is not None:
                line.withdraw(line.call.attempt_id)
        await self.lines.drain(DRAIN_S)
        await self.lines.stop()

    async def probe(self) -> Probe:
        """See Probed: are the lines alive, is the trunk there. The balance is how many lines live."""
        living, total = len(self.lines.living), len(self.lines.outgoing)
        balance = f"{living}/{total} 条线可用 / of {total} lines {living} live"
        if down := self._down():
            return Probe(healthy=False, why=down, balance=balance)
        if self._options.ping and not await self.lines.trunk_answers():
            return Probe(healthy=False, why=DOWN, balance=balance)
        dead = [line.place.index + 1 for line in self.lines.outgoing if line.dead]
        return Probe(healthy=True, balance=balance, dead_lines=dead)

    # --- placing a call ---------------------------------------------------------------------------------------

    async def _ring(self, dispatch: Dispatch) -> Receipt:
        """Number, script, line, lease, dial: in this order, because the line may say thanks while the script is made."""
        uri = self.uri_of(dispatch.address)
        down = self._down()
        if not uri or down:
            return Receipt(dispatch.attempt_id, accepted=False, outcome=down or NO_NUMBER)
        try:
            script = await asyncio.to_thread(self._scripts.script, dispatch.text, dispatch.language)
            thanks = await self._thanks_in(dispatch.language)
        except SoundError as error:
            self._tools.log.warning("sip.cannot_speak", attempt=dispatch.attempt_id, error=str(error))
            return Receipt(dispatch.attempt_id, accepted=False, outcome=NO_SOUND)
        line = await self.lines.take(LINE_WITHIN_S)
        if line is None:
            return Receipt(dispatch.attempt_id, accepted=False, outcome=NO_LINE)
        turn = line.turn
        try:
            return await self._ring_on(line, dispatch, self._call(dispatch, script, thanks), uri, script.wav)
        finally:
            line.release(turn)  # unless there is a call on it

    async def _ring_on(self, line: Line, dispatch: Dispatch, call: Call, uri: str, script: bytes) -> Receipt:
        if self._too_late(dispatch) or self._closed:
            return Receipt(dispatch.attempt_id, accepted=False, outcome=NO_LINE)
        taken = await line.dial(call, uri, script)
        if taken:
            return Receipt(dispatch.attempt_id, accepted=True, provider_ref=f"line {line.place.index + 1}")
        return Receipt(dispatch.attempt_id, accepted=False, outcome="line_lost", unsure=taken is None)

    def _down(self) -> str:
        """What it is when no line lives; empty while one does, or is only being started: calls wait for it."""
        down = self.lines.why_all_down
        return down.outcome if down else ""

    def _call(self, dispatch: Dispatch, script: Script, thanks: Path) -> Call:
        course = Course(asks=dispatch.purpose in ASKING, heard_after=round(script.reading_s * HEARD_SHARE * 1000))
        return Call(
            attempt_id=dispatch.attempt_id,
            course=course,
            tell=self._tell,
            ring_s=min(dispatch.ring_for / 1000, self._ring_limit_s),
            talk_s=script.whole_s,
            thanks=thanks,
        )

    def _too_late(self, dispatch: Dispatch) -> bool:
        return bool(dispatch.lease_until) and self._tools.now() > dispatch.lease_until - LEASE_MARGIN_MS

    def _tell(self, attempt_id: int, outcome: str) -> None:
        if outcome == "hung_up_by_us" and self._closed:
            outcome = "line_lost"
        self._tools.hear(Report(attempt_id, outcome, self._tools.now()))

    def uri_of(self, address: str) -> str:
        """The SIP address that is dialled; empty for what is no number. Short codes of our own lines go as they are."""
        number = number_forms(address).get(self._options.numbers, address)
        if not number.removeprefix("+").isdecimal():
            return ""
        return f"sip:{self._options.prefix}{number}@{self._options.trunk}"

    async def _thanks_in(self, language: str) -> Path:
        async with self._thanks_lock:  # ten first calls at once make them once
            if language not in self._thanks:
                self._thanks[language] = await asyncio.to_thread(self._make_thanks, language)
        return self._thanks[language]

    def _make_thanks(self, language: str) -> Path:
        spoken = self._scripts.reading(phrases(language)["thanks"], language)
        path = self._folder / f"thanks-{''.join(filter(str.isalnum, language))}.wav"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}")
        new.write_bytes(wav_of(joined(silence(0.1), spoken, silence(THANKS_AFTER_S))))
        new.replace(path)
        return path

    # --- trying the lines -------------------------------------------------------------------------------------

    @property
    def test_number(self) -> str:
        """See Tested."""
        return self._options.test_number

    async def test_lines(self, number: str) -> Sequence[LineTest]:
        """See Tested."""
        await self._started.wait()
        return [await self._test(line, self.uri_of(number)) for line in self.lines.outgoing]

    async def _test(self, line: Line, uri: str) -> LineTest:
        name, index, at = self._tools.route, line.place.index + 1, self._tools.now()
        words = phrases("zh_CN")["test"].format(line=index)
        script = await asyncio.to_thread(self._scripts.script, words, "zh_CN")
        if not uri or not await self.lines.take_this(line, TEST_LINE_WITHIN_S):
            return LineTest(name, index, at, NO_NUMBER if not uri else self._why(line))
        turn = line.turn
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        course = Course(asks=True, heard_after=round(script.reading_s * 1000))
        call = Call(
            0, course, lambda _id, outcome: _first(told, outcome), self._ring_limit_s, script.whole_s,
            await self._thanks_in("zh_CN"),
        )  # fmt: skip
        try:
            if not await line.dial(call, uri, script.wav):
                return LineTest(name, index, at, "line_lost")
            outcome = await told
        finally:
            line.release(turn)
        return LineTest(name, index, at, outcome, call.rang_after, call.keyed_after, call.sound_came)

    def _why(self, line: Line) -> str:
        return line.down.outcome if line.down else NO_LINE

    # --- calls back -------------------------------------------------------------------------------------------

    def _rung(self, line: Line, number: str) -> None:
        task = asyncio.create_task(self._take_back(line, number))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _take_back(self, line: Line, number: str) -> None:
        """回拨: what is open for the number that rings us is read out, and takes the key; else it is told that nothing is."""
        try:
            known = as_e164(number, "")
            waiting = await self._tools.open_calls(known) if known else ()
            if waiting:
                await self._play_open(line, waiting[0])
            else:
                word = "nothing" if known and await self._tools.knows(known) else "stranger"
                await self._play_word(line, word)
        except Exception as error:  # noqa: BLE001 - a call back must not end the line's life
            self._tools.log.warning("sip.call_back_failed", error=type(error).__name__)
            line.refuse()

    async def _play_open(self, line: Line, one: OpenCall) -> None:
        script = await asyncio.to_thread(self._scripts.script, one.text, one.language)
        thanks = await self._thanks_in(one.language)

        def tell(attempt_id: int, outcome: str) -> None:
            if outcome == "key_pressed":
                self._tools.hear(Report(attempt_id, outcome, self._tools.now(), called_back=True))

        course = Course(asks=True, heard_after=0)
        await line.accept(Call(one.attempt_id, course, tell, 0, script.whole_s, thanks, back=True), script.wav)
        self._tools.log.info("sip.called_back", attempt=one.attempt_id)

    async def _play_word(self, line: Line, word: str) -> None:
        spoken = await asyncio.to_thread(self._scripts.reading, phrases("zh_CN")[word], "zh_CN")
        sound = joined(silence(0.4), spoken, silence(THANKS_AFTER_S))
        course = Course(asks=False, heard_after=0)
        call = Call(0, course, lambda _id, _outcome: None, 0, len(sound) / RATE, Path(), back=True)
        await line.accept(call, wav_of(sound))
        self._tools.log.info("sip.called_back", open=False)
