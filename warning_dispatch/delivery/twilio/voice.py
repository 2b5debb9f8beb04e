"""电话: calls over Twilio. Only a pressed key is an answer; whether a machine picked up is kept, and is none."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from warning_dispatch.delivery.http import HttpTroubleError
from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest, Probe
from warning_dispatch.delivery.lengths import speech_seconds
from warning_dispatch.delivery.twilio import twiml
from warning_dispatch.delivery.twilio.client import Twilio
from warning_dispatch.delivery.twilio.errors import TwilioRefusedError, error_table
from warning_dispatch.delivery.twilio.hooks import AHEAD, NOTHING, UNKNOWN, Door, Form, attempt_in, course
from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.delivery.twilio.worklist import over_workers, receipt_of
from warning_dispatch.model.states import ASKING
from warning_dispatch.ports import Dispatch, Receipt, Report

STAGES = {"queued": 0, "initiated": 1, "ringing": 2, "in-progress": 3, "answered": 3}
"""A call only moves forward; what is not here has ended it."""
ENDED = 4
REMEMBERED = 20_000
"""Calls remembered."""
HEARD_SHARE = 0.8
"""Of the time a text takes at the slow speed we reckon with: who stayed that long has heard it."""
CANCEL_TRIES = 2
"""Ending what rings may safely be said twice."""


@dataclass(slots=True)
class _Call:
    """What we know of a call that may still be under way."""

    sid: str = ""
    stage: int = 0
    machine: bool = False
    """A machine picked up, as Twilio took it."""


class TwilioVoice:
    """ChannelPort, Hooked, Probed."""

    def __init__(self, options: TwilioOptions, tools: ChannelTools, twilio: Twilio, token: str) -> None:
        """`token` verifies callbacks."""
        self._options = options
        self._tools = tools
        self._twilio = twilio
        self._door = Door(options.account_sid, token, tools.now)
        self._calls: OrderedDict[int, _Call] = OrderedDict()

    # --- to Twilio --------------------------------------------------------------------------------------------

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See the port."""
        receipts = await over_workers(batch, self._options.connections, self._ring)
        accepted = sum(one.accepted for one in receipts)
        self._tools.log.info("twilio.calls", calls=len(batch), accepted=accepted)
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End what is queued or rings. Twilio itself leaves alone what somebody has picked up in this very moment."""
        for attempt_id in attempt_ids:
            call = self._calls.get(attempt_id)
            if call is not None and call.sid and call.stage < STAGES["in-progress"]:
                await self._cancel(attempt_id, call.sid)

    async def close(self) -> None:
        """See the port."""
        await self._twilio.close()

    async def probe(self) -> Probe:
        """See Probed."""
        return await self._twilio.probe()

    async def _ring(self, dispatch: Dispatch) -> Receipt:
        receipt = await receipt_of(dispatch, self._hand_over, self._look_for, self._tools.now())
        if receipt.accepted:
            self._known(receipt.attempt_id).sid = receipt.provider_ref
        return receipt

    async def _hand_over(self, dispatch: Dispatch) -> str:
        seconds = speech_seconds(dispatch.text, dispatch.language)
        asks = dispatch.purpose in ASKING
        key_url = self._url("key", dispatch.attempt_id) if asks else ""
        return await self._twilio.call(
            to=dispatch.address,
            sender=self._options.sender_for(dispatch.address),
            twiml=twiml.announcement(twiml.Saying(dispatch.text, dispatch.language, key_url), self._options),
            ring_s=max(5, dispatch.ring_for // 1000),
            status_url=self._url("status", dispatch.attempt_id, s=str(round(seconds * HEARD_SHARE))),
            machine_url=self._url("machine", dispatch.attempt_id) if self._options.machine_detection else "",
        )

    async def _look_for(self, dispatch: Dispatch, since: int) -> str:
        """A call to this number that nobody of us knows, made since: it is the one that was not confirmed."""
        known = self._calls.get(dispatch.attempt_id)
        if known is not None and known.sid:  # its first callback was quicker
            return known.sid
        ours = {call.sid for call in self._calls.values()}
        taken = await self._twilio.calls_to(dispatch.address, since - AHEAD)
        return next((one.sid for one in taken if one.sid not in ours), "")

    async def _cancel(self, attempt_id: int, sid: str) -> None:
        for _ in range(CANCEL_TRIES):
            try:
                if await self._twilio.cancel(sid):
                    self._end(attempt_id, "hung_up_by_us", self._tools.now())
            except (TwilioRefusedError, HttpTroubleError) as trouble:
                self._tools.log.warning("twilio.cannot_hang_up", attempt=attempt_id, outcome=trouble.outcome)
            else:
                return

    def _url(self, kind: str, attempt_id: int, **carried: str) -> str:
        query = urlencode({"at": str(self._tools.now()), **carried})
        return f"{self._tools.hook_url}/{kind}/{attempt_id}?{query}"

    def _known(self, attempt_id: int) -> _Call:
        call = self._calls.setdefault(attempt_id, _Call())
        self._calls.move_to_end(attempt_id)
        if len(self._calls) > REMEMBERED:
            self._calls.popitem(last=False)
        return call

    # --- from Twilio ------------------------------------------------------------------------------------------

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See Hooked."""
        form = self._door.read(request)
        if isinstance(form, HookAnswer):
            self._tools.log.warning("twilio.refused_callback", status=form.status)
            return form
        kind, attempt_id = attempt_in(request.path)
        query = dict(request.query)
        if kind == "inbound":
            return await self._rung(form)
        if not attempt_id:
            return UNKNOWN
        if not self._door.is_news(query):
            self._tools.log.info("twilio.old_callback", attempt=attempt_id, kind=kind)
            return NOTHING
        match kind:
            case "status":
                self._status(attempt_id, form, heard_after=int(query.get("s", "0") or 0))
            case "machine":
                self._known(attempt_id).machine = form.one("AnsweredBy").startswith(("machine", "fax"))
            case "key":
                return self._key(attempt_id, form, query)
            case _:
                return UNKNOWN
        return NOTHING

    def _status(self, attempt_id: int, form: Form, heard_after: int) -> None:
        """A call has come a step further, or ended. A step back is late news."""
        call = self._known(attempt_id)
        status = form.one("CallStatus")
        stage = STAGES.get(status, ENDED)
        call.sid = call.sid or form.one("CallSid")
        call.machine = call.machine or form.one("AnsweredBy").startswith(("machine", "fax"))
        if stage <= call.stage:
            return
        call.stage = stage
        if stage == ENDED:
            self._end(attempt_id, self._outcome(call, status, form, heard_after), self._door.moment(form))

    def _outcome(self, call: _Call, status: str, form: Form, heard_after: int) -> str:
        """Of a call that has ended without a key: one that was pressed has been told already."""
        if status != "completed":
            return error_table().unanswered(status, form.number("SipResponseCode"))
        if call.machine:
            return "machine"
        return "heard_no_key" if form.number("CallDuration") >= heard_after else "hung_up_early"

    def _end(self, attempt_id: int, outcome: str, at: int) -> None:
        self._known(attempt_id).stage = ENDED
        self._tools.hear(Report(attempt_id, outcome, at))

    def _key(self, attempt_id: int, form: Form, query: dict[str, str]) -> HookAnswer:
        """1 received, 2 once more, 0 the duty officer; no key at all after the last reading: heard, and no answer."""
        digit = form.one("Digits")
        language = query.get("l", "zh_CN")
        back = "b" in query
        if digit == "1":
            if self._door.first("key", str(attempt_id), form.one("CallSid")):
                self._tools.hear(Report(attempt_id, "key_pressed", self._tools.now()))
            next_url = f"{self._tools.hook_url}/inbound" if back else ""
            return course(twiml.thanks(language, self._options, next_url))
        if not digit:
            if not back:
                self._tools.hear(Report(attempt_id, self._unpressed(attempt_id), self._tools.now()))
            return course(twiml.hang_up())
        saying = twiml.carried(query, self._url("key", attempt_id))
        if digit == "0":
            return course(twiml.connect(saying, self._options))
        before = "" if digit == "2" else twiml.phrases(language)["press"]
        return course(twiml.again(saying, self._options, before))

    def _unpressed(self, attempt_id: int) -> str:
        call = self._calls.get(attempt_id)
        return "machine" if call is not None and call.machine else "heard_no_key"

    async def _rung(self, form: Form) -> HookAnswer:
        """回拨: somebody rings us. What is open for their number is read out, and waits for their key."""
        waiting = await self._tools.open_calls(form.one("From"))
        if not waiting:
            return course(twiml.nothing_open("zh_CN", self._options))
        one = waiting[0]
        saying = twiml.Saying(one.text, one.language, self._url("key", one.attempt_id), back=True)
        return course(twiml.announcement(saying, self._options))
