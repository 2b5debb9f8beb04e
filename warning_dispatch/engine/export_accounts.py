"""Exports and judgements on the record: what is noted of a call-out after it was called, as use cases of the one writer."""

from __future__ import annotations

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import CallOutRecord, Entry
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.record_views import Verdict
from warning_dispatch.model.states import LIVE_CALLOUT, Purpose
from warning_dispatch.record_ports import ExportAccount
from warning_dispatch.tomlfiles import both


def note_export(ledger: Ledger, account: ExportAccount) -> None:
    """An export is about to be handed out: who, of what, how much, and why where it is in clear."""
    if not account.actor.strip():
        raise RefusedError(both("导出须写明操作人", "an export needs an actor (--actor)"))
    if account.clear and not account.reason.strip():
        raise RefusedError(both("含姓名、号码的导出须写明理由", "an export in clear needs a reason (--reason)"))
    within = {} if account.within is None else {"within": list(account.within)}
    entry: Entry = {
        "k": "record.exported",
        "kind": account.kind.value,
        "actor": account.actor,
        "why": account.reason,
        "units": account.units,
        "clear": account.clear,
        **within,
    }
    if account.callout_id is None:
        ledger.note_system(entry)
        return
    _require(ledger, account.callout_id)
    ledger.note(account.callout_id, entry)


def judge(ledger: Ledger, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
    """检验结论: what became of a warning. Only of a call-out that is over; a later judgement replaces it."""
    if not actor.strip() or not reason.strip():
        raise RefusedError(both("须写明操作人和理由", "an act needs an actor and a reason (--actor, --reason)"))
    callout = _require(ledger, callout_id)
    if callout.state in LIVE_CALLOUT:
        raise RefusedError(both("叫应还在进行，结束后再检验", "the call-out is under way: judge it when it is over"))
    ledger.tx.callouts.judge(callout_id, verdict, ledger.now, actor)
    ledger.note(callout_id, {"k": "callout.judged", "verdict": verdict.value, "actor": actor, "why": reason})


def _require(ledger: Ledger, callout_id: int) -> CallOutRecord:
    """A call-out that has a record: not the bureau's call to itself."""
    found = ledger.tx.callouts.load([callout_id]).get(callout_id)
    if found is None or found.purpose is Purpose.SELF:
        raise NotFoundError(both(f"没有叫应 {callout_id}", f"there is no call-out {callout_id}"))
    return found
