"""A carrier that answers too late, or breaks in the middle: it may have taken what it did not confirm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt

RED_CITY = "12379-red-rain-city.xml"


def turned(place: Any, seconds: float, receipts: Sequence[Receipt] = ()) -> Sequence[Dispatch]:
    """What goes on the wire so many seconds later, once these receipts have come."""
    place.clock.advance_to(place.clock.now() + int(seconds * 1_000))
    batch: Sequence[Dispatch] = place.engine.turn(place.clock.now(), Inbox(receipts=list(receipts))).batch
    return batch


def refused(batch: Sequence[Dispatch], *, unsure: bool) -> tuple[set[int], list[Receipt]]:
    """The carrier of messages did not say that it took them, that of calls did."""
    texts = {one.attempt_id for one in batch if one.channel is Channel.SMS}
    receipts = [
        Receipt(one.attempt_id, accepted=False, outcome="temporarily_refused", unsure=unsure)
        if one.attempt_id in texts
        else Receipt(one.attempt_id, accepted=True)
        for one in batch
    ]
    return texts, receipts


def test_a_message_that_may_have_gone_goes_again_as_a_possible_duplicate(town: Callable[..., Any]) -> None:
    """Never twice by accident (promise 4): the same attempt is handed over again, and says so."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    texts, receipts = refused(turned(place, 0), unsure=True)
    turned(place, 1, receipts)
    again = [one for one in turned(place, 90) if one.attempt_id in texts]
    assert {one.attempt_id for one in again} == texts != set()
    assert all(one.possible_duplicate for one in again)


def test_a_message_that_certainly_did_not_go_is_no_duplicate(town: Callable[..., Any]) -> None:
    """A plain refusal leaves no doubt: the repeat is the first one that anybody hears of."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    texts, receipts = refused(turned(place, 0), unsure=False)
    turned(place, 1, receipts)
    again = [one for one in turned(place, 90) if one.attempt_id in texts]
    assert {one.attempt_id for one in again} == texts != set()
    assert not any(one.possible_duplicate for one in again)
