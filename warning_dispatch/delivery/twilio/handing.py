"""Handing one message over, once; and asking Twilio what became of it where it did not say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from warning_dispatch.delivery.http import HttpTroubleError
from warning_dispatch.delivery.twilio.errors import TwilioRefusedError
from warning_dispatch.ports import Dispatch, Receipt

HandOver = Callable[[Dispatch], Awaitable[str]]
"""Hands one over and gives its SID; TwilioRefusedError, HttpTroubleError."""
LookFor = Callable[[Dispatch, int], Awaitable[str]]
"""The SID of what was handed over at a moment or later without an answer; empty when Twilio does not have it."""


async def receipt_of(dispatch: Dispatch, hand_over: HandOver, look_for: LookFor, now: int) -> Receipt:
    """Hand over once.

    Where it is open what became of it, Twilio is asked once whether it has it: what rings already must not ring again.
    """
    try:
        return Receipt(dispatch.attempt_id, accepted=True, provider_ref=await hand_over(dispatch))
    except (TwilioRefusedError, HttpTroubleError) as trouble:
        outcome, unsure = trouble.outcome, trouble.unsure
    if unsure:
        try:
            found = await look_for(dispatch, now)
        except (TwilioRefusedError, HttpTroubleError):
            found = ""
        if found:
            structlog.get_logger("delivery.twilio").info("twilio.found_again", attempt=dispatch.attempt_id)
            return Receipt(dispatch.attempt_id, accepted=True, provider_ref=found)
    return Receipt(dispatch.attempt_id, accepted=False, outcome=outcome, unsure=unsure)
