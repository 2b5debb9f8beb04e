"""What Twilio tells of a call, and what the call does next. Only a pressed key is an answer.

Whether a machine picked up is kept until the call ends, and is none: whom Twilio takes for a machine may still press 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest
from warning_dispatch.delivery.twilio import twiml
from warning_dispatch.delivery.twilio.calls import ENDINGS, STAGES, Call, CallBook
from warning_dispatch.delivery.twilio.errors import error_table
from warning_dispatch.delivery.twilio.hooks import NOTHING, UNKNOWN, Door, Form, attempt_in, course
from warning_dispatch.delivery.twilio.options import TwilioOptions

_NO_PERSON = ("machine", "fax")
"""How the verdicts begin that say so."""


class VoiceHooks:
    """Takes the callbacks of calls."""

    def __init__(self, options: TwilioOptions, tools: ChannelTools, book: CallBook, door: Door) -> None:
        """`book`: what is known of the calls; `door`: who may come in."""
        self._options = options
        self._tools = tools
        self._book = book
        self._door = door

    async def answer(self, request: HookRequest) -> HookAnswer:
        """Take one in: status, machine and key of an attempt, or somebody who rings us."""
        form = self._door.read(request)
        if isinstance(form, HookAnswer):
            self._tools.log.warning("twilio.refused_callback", status=form.status)
            return form
        kind, attempt_id = attempt_in(request.path)
        if kind == "inbound":
            return await self._rung(form)
        query = dict(request.query)
        if kind not in ("status", "machine", "key") or not attempt_id:
            return UNKNOWN
        if not self._door.is_news(query):
            self._tools.log.info("twilio.old_callback", attempt=attempt_id, kind=kind)
        elif kind == "key":
            return self._key(attempt_id, form, query)
        elif kind == "machine":
            self._book.known(attempt_id).machine = form.one("AnsweredBy").startswith(_NO_PERSON)
        else:
            self._status(attempt_id, form, query)
        return NOTHING

    # --- how far it came --------------------------------------------------------------------------------------

    def _status(self, attempt_id: int, form: Form, query: Mapping[str, str]) -> None:
        """A call has come a step further, or ended. A step back is late news, and a word that we do not know is none."""
        call = self._book.known(attempt_id)
        status = form.one("CallStatus")
        call.sid = call.sid or form.one("CallSid")
        call.machine = call.machine or form.one("AnsweredBy").startswith(_NO_PERSON)
        if status in ENDINGS:
            self._book.end(attempt_id, _outcome(call, status, form, query), self._door.moment(form))
        else:
            call.stage = max(call.stage, STAGES.get(status, 0))

    # --- keys -------------------------------------------------------------------------------------------------

    def _key(self, attempt_id: int, form: Form, query: Mapping[str, str]) -> HookAnswer:
        """1 received, 2 once more, 0 the duty officer; no key at all after the last reading: heard, and no answer."""
        digit, language, back = form.one("Digits"), query.get("l", "zh_CN"), "b" in query
        if digit == "1":
            if self._door.first("key", str(attempt_id), form.one("CallSid")):
                self._book.pressed(attempt_id, called_back=back)
            next_url = f"{self._tools.hook_url}/inbound" if back else ""
            return course(twiml.thanks(language, self._options, next_url))
        if not digit:
            if not back:  # of somebody who rang us, the attempt is another call
                self._unpressed(attempt_id)
            return course(twiml.hang_up())
        saying = twiml.carried(query, self._book.address("key", attempt_id))
        if digit == "0":
            return course(twiml.connect(saying, self._options))
        before = "" if digit == "2" else twiml.phrases(language)["press"]
        return course(twiml.again(saying, self._options, before))

    def _unpressed(self, attempt_id: int) -> None:
        call = self._book.known(attempt_id)
        self._book.end(attempt_id, "machine" if call.machine else "heard_no_key", self._tools.now())

    async def _rung(self, form: Form) -> HookAnswer:
        """回拨: what is open for the number of somebody who rings us is read out, and waits for their key."""
        waiting = await self._tools.open_calls(form.one("From"))
        if not waiting and not await self._tools.knows(form.one("From")):
            return course(twiml.stranger("zh_CN", self._options))
        if not waiting:
            return course(twiml.nothing_open("zh_CN", self._options))
        one = waiting[0]
        saying = twiml.Saying(one.text, one.language, self._book.address("key", one.attempt_id), back=True)
        return course(twiml.announcement(saying, self._options))


def _outcome(call: Call, status: str, form: Form, query: Mapping[str, str]) -> str:
    """Of a call that has ended without a key: one that was pressed has been told already."""
    if status != "completed":
        return error_table().unanswered(status, form.number("SipResponseCode"))
    if call.machine:
        return "machine"
    text = query.get("s", "")
    heard_after = int(text[:6]) if text.isascii() and text.isdecimal() else 0
    return "heard_no_key" if form.number("CallDuration") >= heard_after else "hung_up_early"
