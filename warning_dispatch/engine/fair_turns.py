"""Deals the turns of a queue between counties; the last turn of each is a row, so a restart changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from warning_dispatch.engine.storage import Transaction
from warning_dispatch.escalation.order import first_turn, order_key, turn_of
from warning_dispatch.model.unit import Channel

Wanted = tuple[Channel, int, str]
"""Channel, rank (escalation.order), county."""


def deal(tx: Transaction, wanted: Sequence[Wanted], now: int) -> list[int]:
    """The order keys of new attempts, in their order. One look at the queue per rank, one statement per rank."""
    queues: defaultdict[tuple[Channel, int], dict[str, int]] = defaultdict(dict)
    for (channel, ranked, county), count in Counter(wanted).items():
        queues[channel, ranked][county] = count
    turns: dict[Wanted, int] = {}
    for (channel, ranked), counties in sorted(queues.items()):
        head = tx.attempts.head(channel, order_key(ranked, 0), order_key(ranked + 1, 0), now)
        last = tx.turns.last(channel, ranked) if head is not None else {}
        served = None if head is None else turn_of(head)
        first = {county: first_turn(last.get(county, 0), served) for county in counties}
        after = {county: first[county] + count - 1 for county, count in counties.items()}
        tx.turns.keep(channel, ranked, after, afresh=head is None)
        turns.update({(channel, ranked, county): turn for county, turn in first.items()})
    dealt = []
    for one in wanted:
        dealt.append(order_key(one[1], turns[one]))
        turns[one] += 1
    return dealt
