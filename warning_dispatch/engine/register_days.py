"""名册的每一天: the register's upkeep after midnight, and what the duty officer is told of it in the morning.

The words of a morning are two alarms: units that nobody can reach any more ring the duty officer, county by county; what
else got worse only stands on the list.
"""

from __future__ import annotations

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.ports import MorningAccount

UPKEEP, MORNING = "register-upkeep", "register-morning"
"""Names of the two chores."""
CLAIM_FOR = 600_000
"""ms in which whoever has claimed the morning must have told it; then another daemon may."""


def keep_up(ledger: Ledger, day: str, erase_before: int) -> bool:
    """Bring the register up to the day, once; whether it was this call that did it."""
    chores = ledger.tx.chores
    if chores.claim(UPKEEP, day, ledger.now, ledger.now) is None or not chores.finish(UPKEEP, day, "{}"):
        return False
    for entry in (ledger.tx.upkeep.settle(ledger.now), ledger.tx.upkeep.erase(erase_before)):
        if entry is not None:
            ledger.note_register(entry)
    return True


def tell(ledger: Ledger, account: MorningAccount) -> bool:
    """Raise the morning's alarms and close the chore, in one transaction: never told twice, never lost."""
    if not ledger.tx.chores.finish(MORNING, account.day, account.memory):
        return False
    counties = ledger.tx.upkeep.unit_ids(list(account.lost))
    for code, names in account.lost.items():
        detail = written(units=len(names), names=list(names))
        ledger.alarm("units_unreachable", detail, unit_id=counties.get(code), about=account.day)
    if account.more:
        ledger.alarm("register_worse", written(gaps=dict(account.more), score=account.score), about=account.day)
    if account.reviews:
        detail = written(units=len(account.reviews), names=list(account.reviews))
        ledger.alarm("review_near", detail, about=account.day)
    said = {
        "day": account.day,
        "score": account.score,
        "lost": {code: len(names) for code, names in account.lost.items()},
    }
    ledger.note_register({"k": "register.morning", **said, "more": dict(account.more)})
    return True
