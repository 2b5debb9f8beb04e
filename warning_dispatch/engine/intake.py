"""Intake: from bytes to a verdict, and to a call-out. Every byte is kept, with the verdict and the reason.

Alert, call-out, callees and journal are one transaction: either the warning is stored and calls are due, or nothing
happened and the sender is told to send again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

from warning_dispatch.engine.drill_interrupts import interrupt
from warning_dispatch.engine.events import MOST_EVENTS, events_of
from warning_dispatch.engine.judging import OTHER_CONTENT, Case, IntakeSettings, Judge, Judged, renamed
from warning_dispatch.engine.launch import Launcher
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.linking import NO_KIN, Kin, kin_without_linking, rank
from warning_dispatch.engine.locating import Locator, ShapeFinder, no_positions
from warning_dispatch.engine.reading import read_facts
from warning_dispatch.engine.records import KeptAlert, NewAlert, StoredAlert
from warning_dispatch.engine.rounds import HazardFinder, Rearranged, Rounds
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.alert import (
    Alert,
    AlertStatus,
    Disposition,
    MsgType,
    Problem,
    ReadAlert,
    ReadMessage,
    Unread,
)
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.source_rules import USUAL, SourceRules
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.routing.areas import level_of
from warning_dispatch.routing.triggers import Verdict, match

__all__ = ["BY_HAND", "Intake", "IntakeSettings"]

COLOURS_DISAGREE = "colour-conflict"
"""The reader's code for colours that contradict each other (ingest.notes.Odd)."""
AREA_UNNAMED = "area_unnamed"
"""The alarm of a warning that names places which cannot be told."""
PRACTICE = (AlertStatus.TEST, AlertStatus.DRAFT, AlertStatus.EXERCISE, AlertStatus.SYSTEM)
"""Messages that say of themselves that they are not meant; one of unknown status may be."""
LONGEST_REASON = 200
"""Characters that an alarm keeps of why a message cannot be read."""
BY_HAND = "hand:"
"""The source of a message that an officer composed (observed rain, a call from upstairs), before the actor."""

MessageReader = Callable[[bytes, SourceRules], ReadMessage]
RulesFinder = Callable[[str], SourceRules]
"""What is known of a source, by its name."""


def usual_rules(_source: str) -> SourceRules:
    """Nothing is known of any source."""
    return USUAL


class Intake:
    """Takes messages in."""

    def __init__(
        self,
        settings: IntakeSettings,
        chains: Sequence[CallChain],
        find_hazard: HazardFinder,
        read_message: MessageReader,
        launcher: Launcher,
        rounds: Rounds,
        alert_to_json: Callable[[Alert], str],
        alert_from_json: Callable[[str], Alert],
        rules_of: RulesFinder = usual_rules,
        find_shape: ShapeFinder = no_positions,
    ) -> None:
        """The parsers and the configuration are handed in."""
        self._settings = settings
        self._chains = chains
        self._find_hazard = find_hazard
        self._read_message = read_message
        self._rounds = rounds
        self._alert_to_json = alert_to_json
        self._alert_from_json = alert_from_json
        self._rules_of = rules_of
        self._locate = Locator(settings.within, find_shape)
        self._judge = Judge(settings, chains, launcher)

    def take_in(self, ledger: Ledger, raw: bytes, source: str) -> IntakeResult:
        """One message, whatever is in it.

        1. Keep the bytes. 2. Read them; what cannot be read is quarantined with its reasons and a human is told.
        3. Judge each event of each alert in it by itself. 4. Store it, then act on the verdict.
        """
        alerts = ledger.tx.alerts
        digest = sha256(raw).hexdigest()
        raw_id = alerts.keep_raw(raw, source, digest, ledger.now)
        rules = self._rules_of(source)
        found = self._read_message(raw, rules)
        results = [
            result
            for read in found.alerts
            for result in self._take_alert(ledger, raw_id, read, rules, by_hand=source.startswith(BY_HAND))
        ]
        if found.unread:
            results.append(self._refuse(ledger, raw_id, digest, found.unread))
        worst = min((result.disposition for result in results), key=_SEVERITY.index)
        reasons = list(dict.fromkeys(reason for result in results for reason in result.reasons))
        alerts.judge_raw(raw_id, worst, reasons)
        callouts = tuple(dict.fromkeys(callout for result in results for callout in result.callouts))
        return IntakeResult(results[0].alert_id, worst, tuple(reasons), callouts)

    @staticmethod
    def keep(ledger: Ledger, raw: bytes, source: str, reason: str) -> None:
        """Keep a message that could not be judged, and tell a human."""
        digest = sha256(raw).hexdigest()
        raw_id = ledger.tx.alerts.keep_raw(raw, source, digest, ledger.now)
        ledger.tx.alerts.judge_raw(raw_id, Disposition.QUARANTINED, [reason])
        ledger.note_system({"k": "message", "raw": raw_id, "disposition": Disposition.QUARANTINED})
        ledger.alarm("quarantined", written(message=raw_id, why=[reason]), about=digest)

    def release(self, ledger: Ledger, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """An officer has read a message that did not call by itself, with all its problems, and takes it upon himself.

        It is judged anew without regard to who sent it, what is odd about it, or its age. RefusedError when it is in
        force already or cannot call even so (practice, expired, no area); NotFoundError when there is none.
        """
        if not actor.strip() or not reason.strip():
            raise RefusedError("须写明操作人和理由 / an act needs an actor and a reason (--actor, --reason)")
        kept = ledger.tx.alerts.kept(alert_id)
        if kept is None:
            raise NotFoundError(f"没有消息 {alert_id} / there is no alert {alert_id} → alert list")
        alert = self._alert_from_json(ledger.tx.alerts.content(alert_id))
        _require_releasable(kept, alert)
        case = self._case(ledger, ReadAlert(alert, kept.problems), USUAL, released=True)
        judged = self._judge(ledger, case)
        if judged.disposition is not Disposition.ACCEPTED and not case.lifts:
            raise RefusedError(
                f"释放后仍不能叫应（{', '.join(judged.reasons)}），请用 callout start / "
                f"it cannot be called even when released ({', '.join(judged.reasons)}) → callout start"
            )
        judged.reasons.append("released_by_an_officer")
        ledger.note_system({"k": "alert.released", "id": alert_id, "actor": actor, "why": reason})
        self._store_again(ledger, alert_id, judged)
        return IntakeResult(
            alert_id, judged.disposition, tuple(judged.reasons), self._carry_out(ledger, judged, alert_id, case)
        )

    # --- one alert ----------------------------------------------------------------------------------------

    @staticmethod
    def _refuse(ledger: Ledger, raw_id: int, digest: str, unread: Sequence[Unread]) -> IntakeResult:
        """What could not be read: its reasons are kept with the bytes, a human is told."""
        reasons = [str(finding) for part in unread for finding in part.findings]
        ledger.note_system({"k": "message", "raw": raw_id, "disposition": Disposition.QUARANTINED})
        ledger.alarm("quarantined", written(message=raw_id, why=[reasons[0][:LONGEST_REASON]]), about=digest)
        return IntakeResult(None, Disposition.QUARANTINED, tuple(reasons), ())

    def _take_alert(
        self, ledger: Ledger, raw_id: int, read: ReadAlert, rules: SourceRules, *, by_hand: bool
    ) -> list[IntakeResult]:
        """Every event of an alert; an Update that speaks of one event less lets go of that one."""
        events = events_of(read.alert, self._find_hazard)
        if len(events) > MOST_EVENTS:
            events, read = (read.alert,), replace(read, problems=(*read.problems, _TOO_MANY))
        results = []
        others: set[str] = set()
        for event in events:
            part = replace(read, alert=event)
            case = self._case(ledger, part, rules, by_hand=by_hand)
            result, kin = self._take_one(ledger, raw_id, case, event)
            results.append(result)
            others.update(one.part for one in kin.all if one.coverage)
        if others - {one.part for one in events}:
            self._let_go(ledger, events)
        return results

    def _case(
        self,
        ledger: Ledger,
        read: ReadAlert,
        rules: SourceRules,
        *,
        by_hand: bool = False,
        released: bool = False,
    ) -> Case:
        """An event on the table: where it is, what it warns of."""
        within = self._settings.within
        facts = read_facts(read.alert, within)
        located = self._locate(ledger, read.alert, facts.issuer_area, rules.covers)
        hazard, disagree = self._find_hazard(facts.event_code, facts.event_name, facts.headline)
        problems = read.problems
        if disagree and hazard is not None:
            coded, _ = self._find_hazard(facts.event_code, "", "")
            hazard = self._higher(located.alert, hazard, coded)
            located = replace(located, alert=renamed(located.alert, hazard))
            problems = (*problems, _DISAGREE)
        if located.alert is not read.alert:
            facts = read_facts(located.alert, within)
        return Case(located.alert, problems, facts, hazard, located, rules, by_hand=by_hand, released=released)

    def _higher(self, alert: Alert, named: Hazard, coded: Hazard | None) -> Hazard:
        """Of two hazards that a message names, the one that calls; else the one by its name."""
        if coded is None:
            return named
        facts = read_facts(alert, self._settings.within)
        level = level_of(facts.issuer_area)
        if level is None:
            return named
        calls = [
            one
            for one in (named, coded)
            if match(alert, one.key, facts.colour, level, self._chains).verdict is Verdict.START
        ]
        return calls[0] if calls else named

    def _take_one(self, ledger: Ledger, raw_id: int, case: Case, as_read: Alert) -> tuple[IntakeResult, Kin]:
        """One event: known already, judged again, or judged and stored; and what it hangs together with."""
        dumped = self._alert_to_json(as_read)
        digest = sha256(dumped.encode()).hexdigest()
        same = ledger.tx.alerts.same_identity(case.facts.issuer, as_read.identifier, as_read.sent, as_read.part)
        twin = self._twin(ledger, same, digest, case)
        if twin is not None and twin.disposition not in _SET_ASIDE:
            return self._duplicate(ledger, twin.id), NO_KIN
        acted = any(one.disposition is Disposition.ACCEPTED for one in same)
        judged = self._judge(ledger, replace(case, conflict=acted))
        if twin is not None:
            return self._judged_again(ledger, twin.id, judged, case, digest), judged.kin
        if same and not acted:  # nothing is done for the copy that came first, so it holds nothing back
            judged.reasons.append(OTHER_CONTENT)
            judged.alarms.append("conflict")
        alert_id = ledger.tx.alerts.insert(
            NewAlert(
                raw_message_id=raw_id,
                chain_id=judged.chain_id,
                alert=case.alert,
                issuer=case.facts.issuer,
                received_at=ledger.now,
                hazard=case.hazard.key if case.hazard else "",
                colour=case.facts.colour,
                headline=case.facts.headline,
                expires=case.facts.expires,
                content_digest=digest,
                sealed_json=dumped if case.alert is as_read else self._alert_to_json(case.alert),
                disposition=judged.disposition,
                reasons=tuple(judged.reasons),
                problems=case.problems,
            )
        )
        ledger.note_system(
            {"k": "alert", "id": alert_id, "disposition": judged.disposition, "why": list(judged.reasons)}
        )
        self._tell(ledger, case, judged, digest, alert_id)
        callouts = self._carry_out(ledger, judged, alert_id, case)
        return IntakeResult(alert_id, judged.disposition, tuple(judged.reasons), callouts), judged.kin

    def _twin(self, ledger: Ledger, same: Sequence[StoredAlert], digest: str, case: Case) -> StoredAlert | None:
        """The message that this one repeats: the same content, or the same warning from another feed in another dialect."""
        exact = next((one for one in same if one.content_digest == digest), None)
        if exact is not None:
            return exact
        for one in same:
            if one.dialect != case.alert.dialect:
                other = self._alert_from_json(ledger.tx.alerts.content(one.id))
                if self._gist(other) == self._gist(case.alert):
                    return one
        return None

    def _gist(self, alert: Alert) -> object:
        """What a message comes to, whatever its dialect."""
        facts = read_facts(alert, self._settings.within)
        hazard, _ = self._find_hazard(*_event_of(alert, self._settings.within))
        return alert.status, alert.msg_type, facts.colour, hazard and hazard.key, frozenset(facts.codes)

    def _tell(self, ledger: Ledger, case: Case, judged: Judged, digest: str, alert_id: int) -> None:
        """What the bureau must know of a message: its verdict, and contradictions in it even when it is acted upon.

        Urgent as the colour it reads as, the higher one where it contradicts itself. Practice rings nobody, nor does a
        stranger's warning for somewhere else.
        """
        kinds = [judged.alarm] if judged.alarm else []
        kinds += judged.alarms
        if judged.disposition not in (Disposition.QUARANTINED, Disposition.CONFLICT) and not case.located.elsewhere:
            codes = {problem.code for problem in case.problems}
            kinds += ["colours_disagree"] if COLOURS_DISAGREE in codes else []
            kinds += ["hazard_disagrees"] if _DISAGREE.code in codes else []
        stranger = case.located.elsewhere and not self._judge.allows(case)
        rings = case.alert.status not in PRACTICE and not stranger
        if rings and kinds and _may_be_urgent(case):
            interrupt(ledger, case.facts.colour)
        names = list(case.located.to_look_at)
        for kind in dict.fromkeys(kinds):
            detail = written(alert=alert_id, why=names if names and kind == AREA_UNNAMED else judged.reasons)
            ledger.alarm(kind, detail, about=digest, warning=case.facts.colour, rings=rings)

    @staticmethod
    def _duplicate(ledger: Ledger, alert_id: int) -> IntakeResult:
        ledger.note_system({"k": "alert", "id": alert_id, "disposition": Disposition.DUPLICATE})
        return IntakeResult(alert_id, Disposition.DUPLICATE, ("duplicate",), ())

    def _judged_again(self, ledger: Ledger, alert_id: int, judged: Judged, case: Case, digest: str) -> IntakeResult:
        """The same message came again after it had been set aside: the clock or the senders may have been mended.

        Where another message of its name was acted upon meanwhile, it counts if its colour is higher.
        """
        raises = judged.disposition is Disposition.CONFLICT and judged.hold is not None
        if judged.disposition is not Disposition.ACCEPTED and not raises:
            return self._duplicate(ledger, alert_id)
        self._store_again(ledger, alert_id, judged)
        if raises:
            self._tell(ledger, case, judged, digest, alert_id)
        callouts = self._carry_out(ledger, judged, alert_id, case)
        return IntakeResult(alert_id, judged.disposition, tuple(judged.reasons), callouts)

    @staticmethod
    def _store_again(ledger: Ledger, alert_id: int, judged: Judged) -> None:
        ledger.tx.alerts.rejudge(alert_id, judged.chain_id, judged.disposition, judged.reasons)
        ledger.note_system(
            {"k": "alert", "id": alert_id, "disposition": judged.disposition, "why": list(judged.reasons)}
        )

    # --- carrying out -------------------------------------------------------------------------------------

    def _carry_out(self, ledger: Ledger, judged: Judged, alert_id: int, case: Case) -> tuple[int, ...]:
        """What the chain holds from now on, and the call-outs of its hazard brought into line."""
        if judged.hold is not None:
            interrupt(ledger, case.facts.colour)
        hazards = tuple(dict.fromkeys((*judged.hazards, *judged.freed)))
        if judged.hazards and judged.chain_id is not None:
            ledger.tx.alerts.hold(judged.chain_id, alert_id, judged.hold)
        done = [
            self._rounds.rearrange(
                ledger, hazard, first=judged.chain_id, actor=case.facts.issuer, reason=f"alert {alert_id}"
            )
            for hazard in hazards
        ]
        if not done:
            return ()
        started = done[0].started.get(judged.chain_id) if judged.chain_id is not None else None
        if judged.hold is not None and started is None:
            self._nothing_new(ledger, judged, alert_id, done[0], case)
        for code in judged.affected.unknown if judged.affected else ():
            at = started or next(iter(done[0].attached), None)
            ledger.alarm("area_unknown", written(code=code), at, about=code, warning=case.facts.colour)
        return tuple(dict.fromkeys(one for each in done for one in each.callouts))

    @staticmethod
    def _nothing_new(ledger: Ledger, judged: Judged, alert_id: int, done: Rearranged, case: Case) -> None:
        """The warning calls nobody anew: say why, and tell a human unless its units are being called already."""
        why = "attached" if done.attached else "closed_by_an_officer" if done.closed else "nobody_in_area"
        judged.reasons.append(why)
        ledger.tx.alerts.rejudge(alert_id, judged.chain_id or 0, judged.disposition, judged.reasons)
        if done.attached:
            return
        kind = "untriggered" if done.closed else why
        detail = written(alert=alert_id, why=judged.reasons)
        about = f"alert {alert_id}"
        ledger.alarm(kind, detail, next(iter(done.closed), None), about=about, warning=case.facts.colour)

    def _let_go(self, ledger: Ledger, events: Sequence[Alert]) -> None:
        """Chains of events that the newest message of a chain no longer speaks of hold nobody any more."""
        alert = events[0]
        if alert.status is not AlertStatus.ACTUAL or alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE):
            return
        issuer = read_facts(alert, self._settings.within).issuer
        kin = kin_without_linking(ledger, alert, issuer)
        if rank(alert) != kin.newest:  # it came late, or it is for a human and has changed nothing
            return
        parts = {one.part for one in events}
        for chain in kin.all:
            if chain.part not in parts and chain.coverage:
                ledger.tx.alerts.hold(chain.id, ledger.tx.alerts.head(chain.id), None)
                self._rounds.rearrange(ledger, chain.hazard, first=None, actor=issuer, reason="no longer spoken of")


def _may_be_urgent(case: Case) -> bool:
    """Whether what a human is told of may be an orange or red warning: then nobody is busy with a drill."""
    colour = case.facts.colour
    warns = case.alert.msg_type in (MsgType.ALERT, MsgType.UPDATE)
    return warns and (colour is None or colour >= Colour.ORANGE)


def _event_of(alert: Alert, within: str) -> tuple[str, str, str]:
    facts = read_facts(alert, within)
    return facts.event_code, facts.event_name, facts.headline


def _require_releasable(kept: KeptAlert, alert: Alert) -> None:
    if kept.disposition not in (*_SET_ASIDE, Disposition.CONFLICT):
        raise RefusedError(
            f"消息 {kept.id} 已在叫应 / alert {kept.id} is being acted upon already → alert show {kept.id}"
        )
    if alert.status is not AlertStatus.ACTUAL:
        raise RefusedError(
            f"状态是 {alert.status.value}，不能叫应（请用 callout start） / "
            f"its status is {alert.status.value}, which never calls → callout start"
        )
    if alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL):
        raise RefusedError(
            f"类型是 {alert.msg_type.value}，不能叫应（请用 callout start） / "
            f"its type is {alert.msg_type.value}, which never calls → callout start"
        )


_TOO_MANY = Problem(
    "too-many-events", "/alert/info", "一份报文里事件太多，请人判断 / too many events in one message", essential=True
)
_DISAGREE = Problem(
    "code_and_name_disagree",
    "/alert/info",
    "灾种编码与名称不一致，取会叫应的一个，否则以名称为准 / code and name disagree: the one that calls counts, else the name",
)
_SET_ASIDE = (Disposition.STORED, Disposition.QUARANTINED)
"""Verdicts that a second arrival of the same message may change."""
_SEVERITY = (
    Disposition.QUARANTINED,
    Disposition.CONFLICT,
    Disposition.ACCEPTED,
    Disposition.STORED,
    Disposition.DUPLICATE,
)
"""Of several alerts in one message, which verdict stands for the whole."""
