"""Deals the turns of a queue between counties; the last turn of each is a row, so a restart changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from warning_dispatch.engine.storage import Transaction
from warning_dispatch.escalation.order import first_turn, order_key, turn_of
from warning_dispatch.model.unit import Channel

Wanted = tuple[Channel, int, str]
"""Channel, rank (escalation.order), county."""


def deal(tx: Transaction, wanted: Sequence[Wanted], now: int) -> list[int]:
    """The order keys of new attempts, in their order. One look at the queue per rank, one statement per rank."""
    keys = {}
    for channel, ranked in sorted({(channel, ranked) for channel, ranked, _ in wanted}):
        counties = Counter(county for *queue, county in wanted if queue == [channel, ranked])
        head = tx.attempts.head(channel, order_key(ranked, 0), order_key(ranked + 1, 0), now)
        last = tx.turns.last(channel, ranked) if head is not None else {}
        first = {one: first_turn(last.get(one, 0), None if head is None else turn_of(head)) for one in counties}
        after = {one: first[one] + count - 1 for one, count in counties.items()}
        tx.turns.keep(channel, ranked, after, afresh=head is None)
        keys.update({(channel, ranked, county): turn for county, turn in first.items()})
    dealt = []
    for one in wanted:
        dealt.append(order_key(one[1], keys[one]))
        keys[one] += 1
    return dealt
