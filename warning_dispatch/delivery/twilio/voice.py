"""电话: calls over Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from warning_dispatch.delivery.http import HttpTroubleError
from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest, Probe
from warning_dispatch.delivery.lengths import speech_seconds
from warning_dispatch.delivery.twilio import twiml
from warning_dispatch.delivery.twilio.calls import PICKED_UP, STAGES, CallBook
from warning_dispatch.delivery.twilio.client import Twilio
from warning_dispatch.delivery.twilio.errors import TwilioRefusedError
from warning_dispatch.delivery.twilio.handing import receipt_of
from warning_dispatch.delivery.twilio.hooks import Door
from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.delivery.twilio.voice_hooks import VoiceHooks
from warning_dispatch.model.states import ASKING
from warning_dispatch.ports import Dispatch, Receipt

HEARD_SHARE = 0.8
"""Of the time a text takes at the slow speed we reckon with: who stayed that long has heard it."""
SHORTEST_RING_S = 5
CANCEL_TRIES = 2
"""Ending what rings may safely be said twice."""


class TwilioVoice:
    """ChannelPort, Hooked, Probed."""

    def __init__(self, options: TwilioOptions, tools: ChannelTools, twilio: Twilio, token: str) -> None:
        """`token` verifies callbacks."""
        self._options = options
        self._tools = tools
        self._twilio = twilio
        self._workers = options.workers(tools.clock)
        self._book = CallBook(tools)
        self._hooks = VoiceHooks(options, tools, self._book, Door(options.account_sid, token, tools.now))

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See the port."""
        receipts = await self._workers.over(batch, self._ring)
        accepted = sum(one.accepted for one in receipts)
        self._tools.log.info("twilio.calls", calls=len(batch), accepted=accepted)
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End what is queued or rings. Twilio itself leaves alone what somebody has picked up in this very moment."""
        known = [(attempt_id, self._book.find(attempt_id)) for attempt_id in attempt_ids]
        await asyncio.gather(
            *(self._cancel(key, call.sid) for key, call in known if call and call.sid and call.stage < PICKED_UP)
        )

    async def close(self) -> None:
        """See the port."""
        await self._twilio.close()

    async def probe(self) -> Probe:
        """See Probed."""
        return await self._twilio.probe()

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See Hooked."""
        return await self._hooks.answer(request)

    async def _ring(self, dispatch: Dispatch) -> Receipt:
        receipt = await receipt_of(dispatch, self._hand_over, self._look_for, self._tools.now())
        if receipt.accepted:
            self._book.known(receipt.attempt_id).sid = receipt.provider_ref
        return receipt

    async def _hand_over(self, dispatch: Dispatch) -> str:
        heard_after = round(speech_seconds(dispatch.text, dispatch.language) * HEARD_SHARE)
        address, attempt_id = self._book.address, dispatch.attempt_id
        key_url = address("key", attempt_id) if dispatch.purpose in ASKING else ""
        return await self._twilio.call(
            to=dispatch.address,
            sender=self._options.sender_for(dispatch.address),
            twiml=twiml.announcement(twiml.Saying(dispatch.text, dispatch.language, key_url), self._options),
            ring_s=max(SHORTEST_RING_S, dispatch.ring_for // 1000),
            status_url=address("status", attempt_id, s=str(heard_after)),
            machine_url=address("machine", attempt_id) if self._options.machine_detection else "",
        )

    async def _look_for(self, dispatch: Dispatch, since: int) -> str:
        """A call to this number that nobody of us knows, made a moment ago: it is the one that was not confirmed.

        A repeat looks for one that still goes on: what has ended without an answer may be rung again.
        """
        known = self._book.find(dispatch.attempt_id)
        if known is not None and known.sid:  # its first callback was quicker
            return known.sid
        ours = self._book.sids()
        taken = await self._twilio.calls_to(dispatch.address, since)
        found = [one for one in taken if one.sid not in ours]
        if dispatch.possible_duplicate:
            found = [one for one in found if one.status in STAGES]
        return found[0].sid if found else ""

    async def _cancel(self, attempt_id: int, sid: str) -> None:
        for _ in range(CANCEL_TRIES):
            try:
                if await self._twilio.cancel(sid):
                    self._book.end(attempt_id, "hung_up_by_us", self._tools.now())
            except (TwilioRefusedError, HttpTroubleError) as trouble:
                self._tools.log.warning("twilio.cannot_hang_up", attempt=attempt_id, outcome=trouble.outcome)
            else:
                return
