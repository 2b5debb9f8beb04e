"""导入即报送: what an import of the register means for the campaign that is open, in the import's own transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.records import Entry
from warning_dispatch.engine.renewal_letters import ask_proofs, end_idle_proofs
from warning_dispatch.engine.storage import Transaction
from warning_dispatch.engine.storage_renewal import FilingRecord
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.register_changes import ReceiverChange, RegisterChanges
from warning_dispatch.model.renewal import HandIn
from warning_dispatch.model.unit import PersonKey, ReceiverEntry
from warning_dispatch.renewal.filing import FilingEvent, move

_NO_DAY = "0"
"""Since then everybody was made sure of who has a day at all."""


def follow_register(tx: Transaction, campaign_id: int, now: int) -> tuple[int, int]:
    """Units that have left are not asked any more, those that are back are asked again; how many of each."""
    gone = tx.campaigns.move_all(campaign_id, FilingEvent.UNIT_GONE, now)
    return gone, tx.campaigns.move_all(campaign_id, FilingEvent.UNIT_BACK, now)


def file_by_import(
    tx: Transaction,
    now: int,
    named: Collection[str],
    changes: RegisterChanges,
    actor: str,
    *,
    partly: Collection[str] = (),
    kept: Collection[PersonKey] = (),
    days_stand: bool = False,
) -> Entry | None:
    """Units that the import names have handed in by it: the bureau has taken it, so nothing waits for approval.

    To be called when the register has been replaced. The journal's entry; None: no campaign is open. New numbers get
    their test message; units that have left are not asked any more, and those that are back can be filed. Who is filed is
    made sure of by it, as by the form.

    Of a unit of `partly` the list is not whole: it is asked on, and only those whom the list gives (not the `kept`) are made
    sure of. `days_stand`: whoever has a day keeps it.
    """
    campaign = tx.campaigns.open_one()
    if campaign is None:
        return None
    gone, back = follow_register(tx, campaign.id, now)
    filings = tx.campaigns.filings_of(campaign.id, sorted(named))
    people = tx.people.of_units([one.unit_id for one in filings.values()])
    by_unit: defaultdict[str, list[ReceiverChange]] = defaultdict(list)
    for change in changes.receivers:
        by_unit[change.unit_code].append(change)
    filed: list[FilingRecord] = []
    half: list[FilingRecord] = []
    for code, filing in filings.items():
        if not people[filing.unit_id]:
            continue
        try:
            state = move(filing.state, FilingEvent.TAKEN_OVER)
        except RefusedError:
            continue
        if code in partly:
            half.append(filing)
            continue
        filed.append(_handed_in(replace(filing, state=state), actor, now, changed=code in by_unit))
    tx.campaigns.save(filed)
    spoken = [*filed, *half]
    units = [one.unit_id for one in spoken]
    end_idle_proofs(tx, units, now)
    since = _NO_DAY if days_stand else _day(campaign.opened_at)
    tx.people.verify(units, since, _day(now), campaign.title, kept=kept)
    wanted = [
        (one.unit_id, _before(people[one.unit_id], by_unit[one.unit_code]), people[one.unit_id]) for one in spoken
    ]
    tests = ask_proofs(tx, now, wanted, campaign.rules, campaign.id)
    counts = {"filed": len(filed), "units_gone": gone, "units_back": back, "tests": sum(tests.values())}
    return {"k": "filing.imported", "campaign": campaign.id, "actor": actor, **counts}


def _handed_in(filing: FilingRecord, actor: str, now: int, *, changed: bool) -> FilingRecord:
    return replace(
        filing,
        version=filing.version + 1,
        how=HandIn.WORKBOOK,
        changed=filing.changed or changed,
        handed_in_at=now,
        handed_in_by=actor,
        filed_at=now,
        note="",
        proposed=None,
        compared=None,
    )


def _day(at: int) -> str:
    return beijing_text(at, "%Y-%m-%d")


def _before(after: tuple[ReceiverEntry, ...], changes: list[ReceiverChange]) -> tuple[ReceiverEntry, ...]:
    """Who stood there before: those that did not change, and what the changes came from."""
    changed = {(one.after.role, one.after.name) for one in changes if one.after is not None}
    same = [entry for entry in after if (entry.role, entry.name) not in changed]
    return (*same, *(one.before for one in changes if one.before is not None))
