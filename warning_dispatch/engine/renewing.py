"""年度更新备案: a campaign is opened, filings are handed in, approved, returned, and the campaign is closed.

What is handed in by a page, a workbook or a command takes one way: it is compared with what is on file, waits for approval
where that is asked for, and is taken over with its history. Every use case is one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import Entry
from warning_dispatch.engine.renewal_import import follow_register
from warning_dispatch.engine.renewal_letters import ask_proofs, end_idle_proofs, tell_approvers, tell_returned, write_to
from warning_dispatch.engine.storage_renewal import CampaignRecord, FilingRecord
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.renewal import FilingState, HandIn, LetterKind
from warning_dispatch.model.renewal_views import HandedIn
from warning_dispatch.model.unit import ReceiverEntry
from warning_dispatch.renewal.changes import differs, needs_approval, plain
from warning_dispatch.renewal.filing import FilingEvent, move, stale
from warning_dispatch.renewal.reminders import is_overdue, step_due
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.tomlfiles import both

NOTE_LIMIT = 200
"""Characters of why a filing is returned."""


@dataclass(frozen=True, slots=True)
class HandInOrder:
    """What somebody hands in for a unit. `people` None: as it stands; `version` None: whatever the filing's is."""

    unit_code: str
    how: HandIn
    people: tuple[ReceiverEntry, ...] | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts. `by`: link:<id> or the actor. `units`: registrars' units that a link answers for; None: the bureau.

    `campaign_id`: of the link. `why`: the reason an officer gave.
    """

    by: str
    units: frozenset[int] | None = None
    campaign_id: int | None = None
    why: str = ""


# --- opening, reminding, closing --------------------------------------------------------------------------


def open_campaign(ledger: Ledger, title: str, due: str, rules: RenewalRules, actor: str) -> int:
    """Every unit gets its filing, every registrar a letter. RefusedError: one is open already, or the day is over."""
    rows, today = ledger.tx.campaigns, day_of(ledger)
    if rows.open_one() is not None:
        raise RefusedError(both("已有一次更新备案在进行", "a campaign is open already") + " → campaign status")
    if is_overdue(due, today):
        raise RefusedError(both(f"{due} 已经过去", f"the day {due} is over") + " → --due")
    campaign = rows.add(title, due, rules, ledger.now, actor)
    units = rows.ask_all(campaign.id)
    letters = write_to(ledger, campaign, LetterKind.ASK)
    ledger.note_register(
        {"k": "campaign.opened", "id": campaign.id, "due": due, "actor": actor, "units": units, "letters": letters}
    )
    return campaign.id


def remind_now(ledger: Ledger, actor: str, unit_codes: Sequence[str]) -> int:
    """Remind by hand; a number gets one reminder a day. How many letters."""
    campaign = require_open(ledger)
    units = None if not unit_codes else list(_known(ledger, unit_codes).values())
    overdue = is_overdue(campaign.due, day_of(ledger))
    letters = write_to(ledger, campaign, LetterKind.REMIND, units, overdue=overdue)
    ledger.note_register({"k": "campaign.reminded", "id": campaign.id, "actor": actor, "letters": letters})
    return letters


def look(ledger: Ledger, proof_days: int = 14) -> int:
    """What the calendar has due now; how many letters it wrote. Asked every minute, by every daemon.

    `proof_days`: of test messages where no campaign is open. 1. A reminder whose day has come, once, and never at night. 2. Units that have left the register, or are back. 3. Test messages that
    nobody answered in time.
    """
    campaign = ledger.tx.campaigns.open_one()
    days = campaign.rules.proof_days if campaign else proof_days
    lapsed = ledger.tx.proofs.lapse(ledger.now - days * 86_400_000, ledger.now)
    if campaign is None:
        return 0
    schedule = campaign.rules.schedule
    if not schedule.by_day(beijing_text(ledger.now, "%H:%M")):
        return 0
    gone, back = follow_register(ledger.tx, campaign.id, ledger.now)
    if gone or back or lapsed:
        kept = {"units_gone": gone, "units_back": back, "proofs_lapsed": lapsed}
        ledger.note_register({"k": "campaign.kept", "id": campaign.id, **kept})
    today = day_of(ledger)
    opened = beijing_text(campaign.opened_at, "%Y-%m-%d")
    step = step_due(schedule, campaign.due, opened, today, campaign.reminded)
    if step is None or not ledger.tx.campaigns.set_reminded(campaign.id, step):
        return 0
    letters = write_to(ledger, campaign, LetterKind.REMIND, overdue=is_overdue(campaign.due, today))
    letters += tell_approvers(ledger, campaign)
    ledger.note_register({"k": "campaign.reminded", "id": campaign.id, "step": step, "letters": letters})
    return letters


def close_campaign(ledger: Ledger, actor: str, reason: str) -> int:
    """Freeze it: what is open lapses, links expire, the report is kept. Its id. RefusedError: none is open."""
    campaign = require_open(ledger)
    rows = ledger.tx.campaigns
    follow_register(ledger.tx, campaign.id, ledger.now)
    lapsed = rows.move_all(campaign.id, FilingEvent.CLOSED, ledger.now)
    rows.close(campaign.id, ledger.now, actor)
    rows.write_report(campaign.id, day_of(ledger))
    ledger.note_register({"k": "campaign.closed", "id": campaign.id, "actor": actor, "why": reason, "lapsed": lapsed})
    return campaign.id


# --- handing in -------------------------------------------------------------------------------------------


def hand_in(
    ledger: Ledger, orders: Sequence[HandInOrder], who: Who, rules: RenewalRules, *, source: str
) -> list[HandedIn]:
    """Take hand-ins, in bulk. What is refused of one unit hinders no other.

    1. Each unit's filing. 2. Whether it may be taken: fresh, the registrar's own, not empty. 3. What differs, and whether
    that waits for approval. 4. What does not is in force, its new numbers get a test message. `rules`: where no campaign
    is open. RefusedError: the link's campaign is over.
    """
    campaign = _campaign_for(ledger, who)
    rules = campaign.rules if campaign else rules
    filings = ledger.tx.campaigns.filings_of(campaign.id if campaign else None, [one.unit_code for one in orders])
    on_file = ledger.tx.people.of_units([one.unit_id for one in filings.values()])
    results: dict[str, HandedIn] = {}
    taken: list[FilingRecord] = []
    in_force: dict[int, tuple[ReceiverEntry, ...]] = {}
    for order in orders:
        filing = filings.get(order.unit_code)
        refused = _refusal(order, filing, who, on_file)
        if filing is None or refused:
            state = filing.state if filing else FilingState.WITHDRAWN
            results[order.unit_code] = HandedIn(
                order.unit_code, state, filing.version if filing else 0, refused=refused
            )
            continue
        before = on_file[filing.unit_id]
        after = before if order.people is None else order.people
        waits = who.units is not None and needs_approval(rules.approval, before, after)
        taken.append(_handed_in(ledger, filing, order, who, before, after, waits=waits))
        if not waits:
            in_force[filing.unit_id] = _verified(ledger, after, campaign)
    ledger.tx.campaigns.save(taken)
    _take_over(ledger, taken, in_force, who, source)
    wanted = [
        (one.unit_id, on_file[one.unit_id], one.proposed if one.proposed is not None else in_force[one.unit_id])
        for one in taken
    ]
    tests = ask_proofs(ledger.tx, ledger.now, wanted, rules, campaign.id if campaign else None)
    for one in taken:
        results[one.unit_code] = HandedIn(one.unit_code, one.state, one.version, tests.get(one.unit_id, 0))
    if campaign is not None and any(one.proposed is not None for one in taken):
        tell_approvers(ledger, campaign)
    _note(ledger, "filing.handed_in", taken, who)
    return [results[order.unit_code] for order in orders]


def _refusal(
    order: HandInOrder, filing: FilingRecord | None, who: Who, on_file: Mapping[int, tuple[ReceiverEntry, ...]]
) -> str:
    """Why it is not taken; empty: it is."""
    if filing is None:
        return both(f"名册里没有单位 {order.unit_code}", f"the register has no unit {order.unit_code}")
    if who.units is not None and filing.registrar_id not in who.units:
        return both("该单位不归这个链接报送", "this link does not file for this unit")
    event = FilingEvent.TAKEN_OVER
    try:
        move(filing.state, event)
    except RefusedError as refused:
        return str(refused)
    if order.version is not None:
        by = (
            both("登记联系人", "a registrar")
            if filing.handed_in_by.startswith("link:")
            else both("气象局", "the bureau")
        )
        at = beijing_text(filing.handed_in_at, "%m-%d %H:%M") if filing.handed_in_at else ""
        late = stale(order.version, filing.version, filing.how, by, at)
        if late:
            return late
    people = on_file[filing.unit_id] if order.people is None else order.people
    if not any(entry.endpoints for entry in people):
        return both("没有任何能联系的人，请先填写", "nobody there can be reached: enter somebody first")
    return ""


def _handed_in(
    ledger: Ledger,
    filing: FilingRecord,
    order: HandInOrder,
    who: Who,
    before: tuple[ReceiverEntry, ...],
    after: tuple[ReceiverEntry, ...],
    *,
    waits: bool,
) -> FilingRecord:
    event = FilingEvent.PROPOSED if waits else FilingEvent.TAKEN_OVER
    return replace(
        filing,
        state=move(filing.state, event),
        version=filing.version + 1,
        how=order.how,
        changed=differs(before, after),
        handed_in_at=ledger.now,
        handed_in_by=who.by,
        filed_at=filing.filed_at if waits else ledger.now,
        note="",
        proposed=after if waits else None,
        compared=digest_of(before) if waits else None,
    )


def _take_over(
    ledger: Ledger,
    filings: Sequence[FilingRecord],
    in_force: Mapping[int, tuple[ReceiverEntry, ...]],
    who: Who,
    source: str,
) -> None:
    if not in_force:
        return
    counts = ledger.tx.people.replace(in_force, ledger.now, actor=who.by, source=source)
    earliest = min((one.handed_in_at or ledger.now for one in filings if one.unit_id in in_force), default=ledger.now)
    ledger.tx.proofs.carry_over(list(in_force), earliest)
    end_idle_proofs(ledger.tx, list(in_force), ledger.now)
    entry = {"k": "register.people", "actor": who.by, "source": source, "units": len(in_force)}
    ledger.note_register({**entry, **asdict(counts)})


def _verified(
    ledger: Ledger, people: tuple[ReceiverEntry, ...], campaign: CampaignRecord | None
) -> tuple[ReceiverEntry, ...]:
    """Whoever files says of each of these people that it is still so."""
    how = campaign.title if campaign else "日常变更"
    return tuple(replace(one, verified_on=day_of(ledger), verified_how=how) for one in people)


# --- approval ---------------------------------------------------------------------------------------------


def approve(ledger: Ledger, filings: Sequence[tuple[int, int]], who: Who) -> list[HandedIn]:
    """Take over what was proposed. Has the register changed since, it is refused: somebody must look again."""
    campaign = _campaign_for(ledger, who)
    records = ledger.tx.campaigns.filings([key for key, _ in filings])
    on_file = ledger.tx.people.of_units([one.unit_id for one in records.values()])
    results: list[HandedIn] = []
    done: list[FilingRecord] = []
    in_force: dict[int, tuple[ReceiverEntry, ...]] = {}
    for key, version in filings:
        record = _require(records, key)
        refused = _not_to_decide(ledger, record, version, who, FilingEvent.APPROVED)
        if not refused and digest_of(on_file[record.unit_id]) != record.compared:
            refused = both("报送之后名册又有变动，请退回重报", "the register has changed since: send it back")
        if refused:
            results.append(HandedIn(record.unit_code, record.state, record.version, refused=refused))
            continue
        in_force[record.unit_id] = _verified(ledger, record.proposed or (), campaign)
        done.append(
            replace(
                record,
                state=move(record.state, FilingEvent.APPROVED),
                version=record.version + 1,
                filed_at=ledger.now,
                decided_by=who.by,
                proposed=None,
                compared=None,
            )
        )
        results.append(HandedIn(record.unit_code, done[-1].state, done[-1].version))
    ledger.tx.campaigns.save(done)
    _take_over(ledger, done, in_force, who, "approval")
    _note(ledger, "filing.approved", done, who)
    return results


def send_back(ledger: Ledger, filing_id: int, version: int, note: str, who: Who) -> HandedIn:
    """Return it to its registrar, who is written to. RefusedError: it does not wait for approval."""
    _campaign_for(ledger, who)
    record = _require(ledger.tx.campaigns.filings([filing_id]), filing_id)
    refused = _not_to_decide(ledger, record, version, who, FilingEvent.SENT_BACK)
    if refused:
        raise RefusedError(refused)
    if not note.strip():
        raise RefusedError(both("请写明退回原因", "say what must be mended"))
    returned = returned_filing(record, FilingEvent.SENT_BACK, note, who.by)
    ledger.tx.campaigns.save([returned])
    _note(ledger, "filing.sent_back", [returned], who)
    campaign = ledger.tx.campaigns.open_one()
    if campaign is not None and record.campaign_id == campaign.id:
        tell_returned(ledger, campaign, record)
    return HandedIn(record.unit_code, returned.state, returned.version)


def returned_filing(record: FilingRecord, event: FilingEvent, note: str, by: str) -> FilingRecord:
    """The filing as it goes back."""
    return replace(
        record,
        state=move(record.state, event),
        version=record.version + 1,
        decided_by=by,
        note=note.strip()[:NOTE_LIMIT],
        filed_at=None,
        proposed=None,
        compared=None,
    )


def _not_to_decide(ledger: Ledger, record: FilingRecord, version: int, who: Who, event: FilingEvent) -> str:
    """Why this person may not decide about it, or not now; empty: they may."""
    if who.units is not None:
        above = ledger.tx.campaigns.superiors([record.registrar_id]).get(record.registrar_id)
        if above not in who.units or record.registrar_id in who.units:
            return both("该单位不由本单位审核", "this unit is not yours to approve")
    try:
        move(record.state, event)
    except RefusedError as refused:
        return str(refused)
    if version != record.version:
        return both("该报送刚刚有变动，请刷新后再看", "it has just changed: reload and look again")
    return ""


# --- what both need ---------------------------------------------------------------------------------------


def require_open(ledger: Ledger) -> CampaignRecord:
    """The open campaign. RefusedError: there is none."""
    campaign = ledger.tx.campaigns.open_one()
    if campaign is None:
        raise RefusedError(both("没有进行中的更新备案", "no campaign is open") + " → campaign open --due 2027-04-20")
    return campaign


def digest_of(people: Sequence[ReceiverEntry]) -> bytes:
    """What tells whether these people are still the same; the day of verification does not matter."""
    facts = [asdict(plain(one)) for one in people]
    return sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).digest()


def day_of(ledger: Ledger) -> str:
    """The Beijing day of this transaction."""
    return beijing_text(ledger.now, "%Y-%m-%d")


def require_day(text: str) -> str:
    """A day as 2027-04-20. RefusedError: it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise RefusedError(both(f"不是日期：{text}", f"not a day: {text}") + " → --due 2027-04-20") from None


def _campaign_for(ledger: Ledger, who: Who) -> CampaignRecord | None:
    campaign = ledger.tx.campaigns.open_one()
    if who.units is not None and (campaign is None or campaign.id != who.campaign_id):
        raise RefusedError(
            both("本次更新备案已结束，变动请联系气象局", "this campaign is over; tell the bureau about changes")
        )
    return campaign


def _require(records: Mapping[int, FilingRecord], key: int) -> FilingRecord:
    if key not in records:
        raise NotFoundError(both(f"没有备案 {key}", f"there is no filing {key}"))
    return records[key]


def _known(ledger: Ledger, codes: Sequence[str]) -> Mapping[str, int]:
    known = ledger.tx.campaigns.unit_ids(codes)
    missing = [code for code in codes if code not in known]
    if missing:
        named = "、".join(missing[:5])
        raise NotFoundError(both(f"名册里没有单位 {named}", f"the register has no unit {named}"))
    return known


def _note(ledger: Ledger, kind: str, filings: Sequence[FilingRecord], who: Who) -> None:
    if filings:
        into = {state.name: [one.id for one in filings if one.state is state] for state in FilingState}
        entry: Entry = {"k": kind, "by": who.by, "filings": {name: ids for name, ids in into.items() if ids}}
        ledger.note_register({**entry, "why": who.why} if who.why else entry)
