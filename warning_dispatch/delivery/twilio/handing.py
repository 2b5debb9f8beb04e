"""Handing one message over, once; and asking Twilio what became of it where nobody said.

At most two exchanges, so that a hand-over ends in time: a question and a hand-over, or a hand-over and a question.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from warning_dispatch.delivery.http import HttpTroubleError
from warning_dispatch.delivery.twilio.errors import TwilioRefusedError
from warning_dispatch.ports import Dispatch, Receipt

HandOver = Callable[[Dispatch], Awaitable[str]]
"""Hands one over and gives its SID; TwilioRefusedError, HttpTroubleError."""
LookFor = Callable[[Dispatch, int], Awaitable[str]]
"""The SID under which Twilio has it, taken at a moment (ms) or later; empty when it has not. Errors as above."""
LOOK_BACK = 90_000
"""ms in which whoever died may have handed it over: a lease and a restart."""
CLOCKS_APART = 15_000
"""ms by which Twilio's clock may differ from ours."""


async def receipt_of(dispatch: Dispatch, hand_over: HandOver, look_for: LookFor, now: int) -> Receipt:
    """Hand over once. What rings already must not ring again.

    Whoever repeats what may have gone (its worker died, its receipt was lost) asks first. Where a hand-over leaves it open
    what became of it, Twilio is asked afterwards.
    """
    if dispatch.possible_duplicate and (receipt := await _found(dispatch, look_for, now - LOOK_BACK)):
        return receipt
    try:
        return Receipt(dispatch.attempt_id, accepted=True, provider_ref=await hand_over(dispatch))
    except (TwilioRefusedError, HttpTroubleError) as trouble:
        outcome, unsure = trouble.outcome, trouble.unsure
    if unsure and not dispatch.possible_duplicate:
        receipt = await _found(dispatch, look_for, now - CLOCKS_APART)
        if receipt is not None:
            return receipt
    return Receipt(dispatch.attempt_id, accepted=False, outcome=outcome, unsure=unsure)


async def _found(dispatch: Dispatch, look_for: LookFor, since: int) -> Receipt | None:
    try:
        sid = await look_for(dispatch, since)
    except (TwilioRefusedError, HttpTroubleError):
        return None
    if not sid:
        return None
    structlog.get_logger("delivery.twilio").info("twilio.found_again", attempt=dispatch.attempt_id)
    return Receipt(dispatch.attempt_id, accepted=True, provider_ref=sid)
