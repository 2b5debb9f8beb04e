"""预警来源: their health within one transaction, and that a message is taken in once.

A source is silent in two ways. The way to it is closed (a folder that is not there, a feed that does not answer, a sender
whose heartbeat stopped): `source_unreachable`. Or the way is open and nothing comes, for longer than it should:
`source_silent`. Either is told once, until the source is heard of again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import SourceHealth, Watched
from warning_dispatch.model.views import IntakeResult

MINUTE = 60_000
WATCH = "watch"
"""The lease of whoever watches over the sources."""
LONGEST_TROUBLE = 200
"""Characters kept of why a source could not be looked at."""


def take_once(
    ledger: Ledger, source: str, item: str, work: Callable[[], IntakeResult], *, heard: bool = True
) -> IntakeResult:
    """Take a message in unless the source's `item` was before; what it is called is written in the same transaction.

    `item` empty: the source gives its messages no name, each is taken in. `heard` False: the message could not be judged.
    """
    if item:
        before = ledger.tx.sources.taken(source, item)
        if before is not None:
            return before
    result = work()
    ledger.counted.arrived[source, result.disposition.value] += 1
    if heard:
        ledger.tx.sources.heard(source, ledger.now)
    if item:
        ledger.tx.sources.take(source, item, ledger.now, result)
    return result


def attend(ledger: Ledger, name: str, holder: str, lease: int, trouble: str | None) -> bool:
    """Hold a source for `lease` ms and say how it fares; False: another daemon has it.

    `trouble` None: nothing is known of it yet; empty: the way to it is open.
    """
    if not ledger.tx.leases.claim(name, holder, ledger.now, ledger.now + lease):
        return False
    if trouble:
        ledger.tx.sources.troubled(name, trouble[:LONGEST_TROUBLE])
    elif trouble is not None:
        ledger.tx.sources.seen(name, ledger.now)
    return True


def missing(ledger: Ledger, name: str, entry: str, trouble: str, count: int, rank: int) -> None:
    """Tell of messages that a source announces and nobody can fetch. `rank`: the colour that the gravest seems to have, 0 for none."""
    facts = written(source=name, entry=entry, count=count, trouble=trouble[:LONGEST_TROUBLE])
    ledger.alarm("message_missing", facts, about=f"{name} {entry}", warning=Colour(rank) if rank else None)
    ledger.note_system({"k": "source.missing", "source": name, "count": count})


def keep_watch(ledger: Ledger, sources: Sequence[Watched], holder: str, lease: int, *, anew: bool) -> int | None:
    """Watch the sources, as the one daemon that does; None: another one does.

    `anew`: this daemon did not watch until now; what was silent before it began is no silence of the source.
    """
    if not ledger.tx.leases.claim(WATCH, holder, ledger.now, ledger.now + lease):
        return None
    if anew:
        ledger.tx.sources.define([one.name for one in sources], ledger.now)
        return 0
    return watch(ledger, sources)


def watch(ledger: Ledger, sources: Sequence[Watched]) -> int:
    """Raise an alarm for each source that has been silent for too long and was not told of yet; how many."""
    health = {one.name: one for one in ledger.tx.sources.health([one.name for one in sources])}
    told = 0
    for one in sources:
        found = health.get(one.name)
        if found is not None:
            told += _tell_gap(ledger, one, found) + _tell_quiet(ledger, one, found)
    return told


def tell_gap_again(ledger: Ledger, names: Sequence[str]) -> None:
    """Alarms for those of these sources that are still as unreachable as they were told to be."""
    for one in ledger.tx.sources.health(names):
        if one.gap_told:
            _alarm_gap(ledger, one)


def tell_quiet_again(ledger: Ledger, names: Sequence[str]) -> None:
    """Alarms for those of these sources that have still sent nothing."""
    for one in ledger.tx.sources.health(names):
        if one.quiet_told:
            _alarm_quiet(ledger, one.name)


def _tell_gap(ledger: Ledger, source: Watched, health: SourceHealth) -> bool:
    over = source.gap is not None and ledger.now - health.seen_at > source.gap
    if not over or health.gap_told or not ledger.tx.sources.tell_gap(source.name):
        return False
    _alarm_gap(ledger, health)
    ledger.note_system({"k": "source.gap", "source": source.name})
    return True


def _alarm_gap(ledger: Ledger, health: SourceHealth) -> None:
    minutes = max(1, (ledger.now - health.seen_at) // MINUTE)
    facts = written(source=health.name, minutes=minutes, trouble=health.trouble or "—")
    ledger.alarm("source_unreachable", facts, about=health.name)


def _tell_quiet(ledger: Ledger, source: Watched, health: SourceHealth) -> bool:
    over = source.quiet is not None and ledger.now - health.message_at > source.quiet
    if not over or health.quiet_told or not ledger.tx.sources.tell_quiet(source.name):
        return False
    _alarm_quiet(ledger, source.name)
    ledger.note_system({"k": "source.quiet", "source": source.name})
    return True


def _alarm_quiet(ledger: Ledger, name: str) -> None:
    ledger.alarm("source_silent", written(source=name), about=name)
