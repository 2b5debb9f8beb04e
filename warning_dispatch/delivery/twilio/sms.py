"""短信: messages over Twilio, what becomes of them, and what people write back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest, Probe
from warning_dispatch.delivery.twilio.client import Twilio
from warning_dispatch.delivery.twilio.errors import error_table
from warning_dispatch.delivery.twilio.handing import receipt_of
from warning_dispatch.delivery.twilio.hooks import NOTHING, UNKNOWN, Door, Form, attempt_in
from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report

LONGEST = 1_600
"""Characters of a message."""


class TwilioSms:
    """ChannelPort, Hooked, Probed."""

    def __init__(self, options: TwilioOptions, tools: ChannelTools, twilio: Twilio, token: str) -> None:
        """`token` verifies callbacks."""
        self._options = options
        self._tools = tools
        self._twilio = twilio
        self._workers = options.workers(tools.clock)
        self._door = Door(options.account_sid, token, tools.now)

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See the port."""
        receipts = await self._workers.over(batch, self._send)
        accepted = sum(one.accepted for one in receipts)
        self._tools.log.info("twilio.messages", messages=len(batch), accepted=accepted)
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """A message does not ring."""

    async def close(self) -> None:
        """See the port."""
        await self._twilio.close()

    async def probe(self) -> Probe:
        """See Probed."""
        return await self._twilio.probe()

    async def _send(self, dispatch: Dispatch) -> Receipt:
        return await receipt_of(dispatch, self._hand_over, self._look_for, self._tools.now())

    async def _hand_over(self, dispatch: Dispatch) -> str:
        return await self._twilio.message(
            to=dispatch.address,
            body=dispatch.text[:LONGEST],
            sender=self._sender(dispatch.address),
            valid_s=self._options.message_valid_s,
            status_url=self._status_url(dispatch.attempt_id),
        )

    async def _look_for(self, dispatch: Dispatch, since: int) -> str:
        """The very same text to this number, taken a moment ago: it is the one that was not confirmed."""
        taken = await self._twilio.messages_to(dispatch.address, since)
        return next((one.sid for one in taken if one.body == dispatch.text[:LONGEST]), "")

    def _sender(self, address: str) -> Mapping[str, str]:
        if self._options.messaging_service:
            return {"messaging_service_sid": self._options.messaging_service}
        return {"from_": self._options.sender_for(address)}

    def _status_url(self, attempt_id: int) -> str:
        """Empty where Twilio cannot reach us: the message goes, and we do not hear what became of it."""
        if not self._tools.hook_url:
            return ""
        return f"{self._tools.hook_url}/status/{attempt_id}?{urlencode({'at': str(self._tools.now())})}"

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See Hooked."""
        form = self._door.read(request)
        if isinstance(form, HookAnswer):
            self._tools.log.warning("twilio.refused_callback", status=form.status)
            return form
        kind, attempt_id = attempt_in(request.path)
        if kind == "reply":
            self._reply(form)
        elif kind != "status" or not attempt_id:
            return UNKNOWN
        elif self._door.is_news(dict(request.query)):
            self._status(attempt_id, form)
        return NOTHING

    def _status(self, attempt_id: int, form: Form) -> None:
        """Delivered, or given up; what lies between is no news."""
        match form.one("MessageStatus") or form.one("SmsStatus"):
            case "delivered" | "read":
                outcome = "delivered"
            case "undelivered" | "failed":
                outcome = error_table().undelivered(form.number("ErrorCode"))
            case _:
                return
        if self._door.first("status", str(attempt_id), form.one("MessageSid"), outcome):
            self._tools.hear(Report(attempt_id, outcome, self._tools.now()))

    def _reply(self, form: Form) -> None:
        """What somebody wrote: passed on once, since a copy might answer for a warning that came after it.

        Where Twilio itself has taken it for STOP or START that is said as well: a "yes" may be START and an answer.
        """
        sender, sid = form.one("From"), form.one("MessageSid")
        if not (sender and sid and self._door.first("reply", sid)):
            return
        said = dict.fromkeys(
            (form.one("Body"), *(one for one in (form.one("OptOutType"),) if one in ("STOP", "START")))
        )
        for text in said:
            self._tools.hear(Reply(Channel.SMS, sender, text, self._tools.now(), route=self._tools.route))
