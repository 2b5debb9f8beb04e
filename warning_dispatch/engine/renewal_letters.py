"""函件的由来: who is written to in a campaign, and which numbers get a test message. How letters go: letters.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.storage import Transaction
from warning_dispatch.engine.storage_renewal import CampaignRecord, FilingRecord, NewLetter, Recipient
from warning_dispatch.model.renewal import LetterKind, ProofState
from warning_dispatch.model.unit import EndpointEntry, ReceiverEntry
from warning_dispatch.renewal.changes import to_prove
from warning_dispatch.renewal.rules import RenewalRules


def write_to(
    ledger: Ledger,
    campaign: CampaignRecord,
    kind: LetterKind,
    unit_ids: Sequence[int] | None = None,
    *,
    overdue: bool = False,
) -> int:
    """A letter with their link to everybody whose filings are open (of these units), one for each number; how many are new."""
    return _write(ledger, campaign, kind, ledger.tx.letters.recipients(campaign.id, unit_ids, overdue=overdue))


def tell_approvers(ledger: Ledger, campaign: CampaignRecord) -> int:
    """Superiors below whom something waits for approval are told, once a day each."""
    return _write(ledger, campaign, LetterKind.APPROVE, ledger.tx.letters.approvers(campaign.id))


def tell_returned(ledger: Ledger, campaign: CampaignRecord, filing: FilingRecord) -> int:
    """Whoever handed it in is told that it came back; where the bureau did, the registrar."""
    kind, _, link = filing.handed_in_by.partition(":")
    sender = ledger.tx.letters.of_link(int(link), ledger.now) if kind == "link" and link.isdigit() else None
    if sender is None:
        return write_to(ledger, campaign, LetterKind.RETURN, [filing.unit_id])
    return _write(ledger, campaign, LetterKind.RETURN, [sender])


def _write(ledger: Ledger, campaign: CampaignRecord, kind: LetterKind, recipients: Sequence[Recipient]) -> int:
    links = ledger.tx.letters.links(campaign.id, recipients, ledger.now)
    day = beijing_text(ledger.now, "%Y-%m-%d")
    return ledger.tx.letters.add(
        [
            NewLetter(
                campaign_id=campaign.id,
                kind=kind,
                channel=one.channel,
                number_id=one.number_id,
                unit_id=one.units[0],
                language=one.language,
                day=day,
                due_at=ledger.now,
                link_id=link_id,
            )
            for one, link_id in zip(recipients, links, strict=True)
        ]
    )


def ask_proofs(
    tx: Transaction,
    now: int,
    wanted: Sequence[tuple[int, tuple[ReceiverEntry, ...], tuple[ReceiverEntry, ...]]],
    rules: RenewalRules,
    campaign_id: int | None,
) -> Mapping[int, int]:
    """(unit, people before, people after): test messages to what must be proved; how many by unit."""
    proved = tx.people.proved([unit_id for unit_id, _, _ in wanted])
    asked: list[tuple[int, EndpointEntry, bool]] = []
    language: dict[EndpointEntry, str] = {}
    for unit_id, before, after in wanted:
        samples = {one for entry in after if entry.sample for one in entry.endpoints}
        language.update((one, entry.language) for entry in after for one in entry.endpoints)
        asked.extend((unit_id, one, one in samples) for one in to_prove(rules.proving, before, after, proved))
    return send_tests(tx, now, asked, language, campaign_id)


def end_idle_proofs(tx: Transaction, unit_ids: Sequence[int], now: int) -> None:
    """Of numbers that these units had and nobody has any more, nor proposes: what a stranger says to them is nobody's matter."""
    left = tx.proofs.left(unit_ids)
    if left:
        awaited = tx.campaigns.proposed()
        idle = [proof_id for proof_id, address in left.items() if address not in awaited]
        tx.proofs.end(idle, ProofState.LAPSED, "", now)


def send_tests(
    tx: Transaction,
    now: int,
    asked: Sequence[tuple[int, EndpointEntry, bool]],
    language: Mapping[EndpointEntry, str],
    campaign_id: int | None,
    *,
    again: bool = False,
) -> Mapping[int, int]:
    """A test message to each (unit, channel and address, sample) that has none under way. How many of each unit's.

    `again`: also where one has been sent and nobody has answered yet; one for a number a day.
    """
    if not asked:
        return {}
    proofs = tx.proofs.ask(asked, campaign_id, now)
    languages: defaultdict[int, set[str]] = defaultdict(set)
    for unit_id, one, _ in asked:
        languages[unit_id].add(language.get(one, "zh_CN"))
    day = beijing_text(now, "%Y-%m-%d")
    tx.letters.add(
        [
            NewLetter(
                campaign_id=campaign_id,
                kind=LetterKind.PROVE,
                channel=one.channel,
                number_id=one.number_id,
                unit_id=one.unit_id,
                language="en" if languages[one.unit_id] == {"en"} else "zh_CN",
                day=day,
                due_at=now,
                proof_id=one.id,
            )
            for one in proofs
            if one.fresh or again
        ]
    )
    counts: defaultdict[int, int] = defaultdict(int)
    for unit_id, _, _ in asked:
        counts[unit_id] += 1
    return counts
