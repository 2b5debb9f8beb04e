"""Intake: from bytes to a verdict, and to a call-out. Every byte is kept, with the verdict and the reason.

Alert, call-out, callees and journal are one transaction: either the warning is stored and calls are due, or nothing
happened and the sender is told to send again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from warning_dispatch.engine.launch import Launch, Launcher
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.reading import Reading, read_facts
from warning_dispatch.engine.records import ChainRecord, Hold, NewAlert
from warning_dispatch.engine.rounds import HazardFinder, Rearranged, Rounds
from warning_dispatch.errors import UnreadableAlertError
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.alert import Alert, AlertStatus, Disposition, MsgType, ReadAlert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.sources import SourceRules, allows
from warning_dispatch.model.states import ChainState
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.routing.areas import Affected, level_of, trim
from warning_dispatch.routing.obligations import grown
from warning_dispatch.routing.triggers import Match, Verdict, chosen_by_hand, match

COLOURS_DISAGREE = "colour-conflict"
"""The reader's code for colours that contradict each other (ingest.notes.Odd)."""
PRACTICE = (AlertStatus.TEST, AlertStatus.DRAFT, AlertStatus.EXERCISE, AlertStatus.SYSTEM)
"""Messages that say of themselves that they are not meant; one of unknown status may be."""
LONGEST_REASON = 200
"""Characters that an alarm keeps of why a message cannot be read."""
BY_HAND = "hand:"
"""The source of a message that an officer composed (observed rain, a call from upstairs), before the actor."""


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """`senders`: allowed sender codes, exact or as prefix with "*"; empty allows all. `within`: our own area code.

    `max_age`: an Alert older than this (ms) is stored, not dialled. `ahead`: one further in the future is refused.
    `sources`: what single sources may say besides, by their name.
    """

    senders: tuple[str, ...]
    within: str
    max_age: int
    ahead: int = 600_000
    sources: Mapping[str, SourceRules] = field(default_factory=dict)

    def allows(self, issuer: str) -> bool:
        """Whether a sender may start call-outs."""
        return allows(self.senders, issuer)

    def of(self, source: str) -> SourceRules:
        """What a source may say; one without rules of its own may say what the installation allows."""
        return self.sources.get(source) or SourceRules(source)


@dataclass(slots=True)
class _Judged:
    """The verdict on one alert of a message.

    `hazards` are those for which the chain's hold on units changes: their call-outs are rearranged, with `hold` as what
    the chain wants from now on (None: nobody) and `affected` as the area it was derived from.
    """

    disposition: Disposition
    reasons: list[str]
    chain_id: int | None = None
    alarm: str = ""
    hazards: tuple[str, ...] = ()
    hold: Hold | None = None
    affected: Affected | None = None


class Intake:
    """Takes messages in."""

    def __init__(
        self,
        settings: IntakeSettings,
        chains: Sequence[CallChain],
        find_hazard: HazardFinder,
        read_message: Callable[[bytes], Sequence[ReadAlert]],
        launcher: Launcher,
        rounds: Rounds,
        alert_to_json: Callable[[Alert], str],
    ) -> None:
        """The parsers and the configuration are handed in."""
        self._settings = settings
        self._chains = chains
        self._find_hazard = find_hazard
        self._read_message = read_message
        self._launcher = launcher
        self._rounds = rounds
        self._alert_to_json = alert_to_json

    def take_in(self, ledger: Ledger, raw: bytes, source: str) -> IntakeResult:
        """One message, whatever is in it.

        1. Keep the bytes. 2. Read them; what cannot be read is quarantined with its reasons and a human is told.
        3. Judge each alert in it by itself. 4. Store it, then act on the verdict.
        """
        alerts = ledger.tx.alerts
        digest = sha256(raw).hexdigest()
        raw_id = alerts.keep_raw(raw, source, digest, ledger.now)
        try:
            found = self._read_message(raw)
        except UnreadableAlertError as error:
            reasons = [str(finding) for finding in error.findings]
            alerts.judge_raw(raw_id, Disposition.QUARANTINED, reasons)
            ledger.note_system({"k": "message", "raw": raw_id, "disposition": Disposition.QUARANTINED})
            ledger.alarm("quarantined", written(message=raw_id, why=[reasons[0][:LONGEST_REASON]]), about=digest)
            return IntakeResult(None, Disposition.QUARANTINED, tuple(reasons), ())
        rules = self._settings.of(source)
        results = [self._take_one(ledger, raw_id, one, rules, by_hand=source.startswith(BY_HAND)) for one in found]
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

    def _take_one(
        self, ledger: Ledger, raw_id: int, read: ReadAlert, rules: SourceRules, *, by_hand: bool
    ) -> IntakeResult:
        alert = read.alert
        facts = read_facts(alert, self._settings.within)
        hazard, disagree = self._find_hazard(facts.event_code, facts.event_name, facts.headline)
        dumped = self._alert_to_json(alert)
        digest = sha256(dumped.encode()).hexdigest()
        same = ledger.tx.alerts.same_identity(facts.issuer, alert.identifier, alert.sent)
        twin = next((one for one in same if one.content_digest == digest), None)
        if twin is not None and twin.disposition not in _SET_ASIDE:
            return self._duplicate(ledger, twin.id)
        conflict = bool(same) and twin is None
        judged = self._judge(ledger, read, facts, hazard, rules, conflict=conflict, by_hand=by_hand)
        if disagree:
            judged.reasons.append("code_and_name_disagree")
        if twin is not None:
            return self._judged_again(ledger, twin.id, judged, facts)
        alert_id = ledger.tx.alerts.insert(
            NewAlert(
                raw_message_id=raw_id,
                chain_id=judged.chain_id,
                alert=alert,
                issuer=facts.issuer,
                received_at=ledger.now,
                hazard=hazard.key if hazard else "",
                colour=facts.colour,
                headline=facts.headline,
                expires=facts.expires,
                content_digest=digest,
                sealed_json=dumped,
                disposition=judged.disposition,
                reasons=tuple(judged.reasons),
            )
        )
        ledger.note_system(
            {"k": "alert", "id": alert_id, "disposition": judged.disposition, "why": list(judged.reasons)}
        )
        self._tell(ledger, read, facts, judged, digest, alert_id, disagree=disagree)
        callouts = self._carry_out(ledger, judged, alert_id, facts)
        return IntakeResult(alert_id, judged.disposition, tuple(judged.reasons), callouts)

    @staticmethod
    def _tell(
        ledger: Ledger, read: ReadAlert, facts: Reading, judged: _Judged, digest: str, alert_id: int, *, disagree: bool
    ) -> None:
        """What the bureau must know of a message: its verdict, and contradictions in it even when it is acted upon.

        Urgent as the colour it reads as, the higher one where it contradicts itself. Practice rings nobody.
        """
        kinds = [judged.alarm] if judged.alarm else []
        if judged.disposition not in (Disposition.QUARANTINED, Disposition.CONFLICT):
            if any(problem.code == COLOURS_DISAGREE for problem in read.problems):
                kinds.append("colours_disagree")
            if disagree:
                kinds.append("hazard_disagrees")
        detail = written(alert=alert_id, why=judged.reasons)
        for kind in kinds:
            ledger.alarm(kind, detail, about=digest, warning=facts.colour, rings=read.alert.status not in PRACTICE)

    def _duplicate(self, ledger: Ledger, alert_id: int) -> IntakeResult:
        ledger.note_system({"k": "alert", "id": alert_id, "disposition": Disposition.DUPLICATE})
        return IntakeResult(alert_id, Disposition.DUPLICATE, ("duplicate",), ())

    def _judged_again(self, ledger: Ledger, alert_id: int, judged: _Judged, facts: Reading) -> IntakeResult:
        """The same message came again after it had been set aside: the clock or the senders may have been mended."""
        if judged.disposition is not Disposition.ACCEPTED:
            return self._duplicate(ledger, alert_id)
        ledger.tx.alerts.rejudge(alert_id, judged.chain_id, judged.disposition, judged.reasons)
        ledger.note_system(
            {"k": "alert", "id": alert_id, "disposition": judged.disposition, "why": list(judged.reasons)}
        )
        callouts = self._carry_out(ledger, judged, alert_id, facts)
        return IntakeResult(alert_id, judged.disposition, tuple(judged.reasons), callouts)

    # --- judging ------------------------------------------------------------------------------------------

    def _judge(  # noqa: PLR0911 - one return per rule, in the order in which the rules apply
        self,
        ledger: Ledger,
        read: ReadAlert,
        facts: Reading,
        hazard: Hazard | None,
        rules: SourceRules,
        *,
        conflict: bool,
        by_hand: bool,
    ) -> _Judged:
        """The verdict, by the first rule that applies."""
        alert = read.alert
        reasons = [problem.code for problem in read.problems]
        if conflict:
            return _Judged(Disposition.CONFLICT, [*reasons, "same_identity_other_content"], alarm="conflict")
        if refusal := self._not_allowed(facts, rules):
            return _Judged(Disposition.QUARANTINED, [*reasons, refusal], alarm="quarantined")
        if any(problem.essential for problem in read.problems):
            return _Judged(Disposition.QUARANTINED, reasons, alarm="quarantined")
        if not facts.actual:  # practice starts nothing, and it ends nothing either
            return _Judged(Disposition.STORED, [*reasons, f"status_{alert.status.value.lower()}"])
        chain = ledger.tx.alerts.chain_of(facts.issuer, (*alert.references, alert.identifier))
        if alert.msg_type is MsgType.CANCEL:
            return self._judge_cancel(ledger, alert, facts, hazard, chain, reasons)
        issuer_level = level_of(facts.issuer_area)
        if hazard is None or issuer_level is None:
            unknown = "hazard_unknown" if hazard is None else "issuer_level_unknown"
            serious = facts.colour is None or facts.colour >= Colour.ORANGE
            return _Judged(Disposition.STORED, [*reasons, unknown], alarm="untriggered" if serious else "")
        found = match(alert, hazard.key, facts.colour, issuer_level, self._chains)
        if by_hand:
            found = chosen_by_hand(found, facts.colour, issuer_level, self._chains)
        if found.verdict is Verdict.ASK:
            return _Judged(Disposition.STORED, [*reasons, found.reason], alarm="untriggered")
        late = self._too_late(facts, ledger.now, alert, rules)
        if found.verdict is Verdict.START and late:
            return _Judged(Disposition.STORED, [*reasons, late], alarm="untriggered")
        return self._judge_warning(ledger, facts, hazard, chain, found, reasons)

    def _not_allowed(self, facts: Reading, rules: SourceRules) -> str:
        """Why this source may not bring this message; empty when it may."""
        if not (self._settings.allows(facts.issuer) and rules.allows(facts.issuer)):
            return "sender_not_allowed"
        return "" if all(rules.covers(trim(code)) for code in facts.codes) else "area_not_allowed"

    def _too_late(self, facts: Reading, now: int, alert: Alert, rules: SourceRules) -> str:
        """Why a warning is not dialled for its age; empty when it is fresh."""
        if facts.expires is not None and facts.expires <= now:
            return "expired_on_arrival"
        if alert.sent > now + self._settings.ahead:
            return "sent_in_the_future"
        if alert.sent < now - (rules.max_age or self._settings.max_age):
            return "too_old"
        return ""

    def _judge_cancel(
        self,
        ledger: Ledger,
        alert: Alert,
        facts: Reading,
        hazard: Hazard | None,
        chain: ChainRecord | None,
        reasons: list[str],
    ) -> _Judged:
        """A Cancel ends its own chain and nothing else; one that comes first leaves a tombstone."""
        if chain is None:
            root = alert.references[0] if alert.references else alert.identifier
            chain_id = ledger.tx.alerts.new_chain(
                root, facts.issuer, facts.issuer_area, hazard.key if hazard else "", facts.colour or 0, ledger.now
            )
            ledger.tx.alerts.update_chain(chain_id, facts.colour or 0, ChainState.ENDED, ledger.now)
            return _Judged(
                Disposition.STORED, [*reasons, "cancel_of_unknown"], chain_id=chain_id, alarm="cancel_of_unknown"
            )
        held = chain.state is not ChainState.ENDED and bool(chain.coverage)
        ledger.tx.alerts.update_chain(chain.id, chain.colour or 0, ChainState.ENDED, ledger.now)
        return _Judged(
            Disposition.ACCEPTED if held else Disposition.STORED,
            [*reasons, "cancelled"],
            chain_id=chain.id,
            hazards=(chain.hazard,) if held else (),
        )

    def _judge_warning(
        self,
        ledger: Ledger,
        facts: Reading,
        hazard: Hazard,
        chain: ChainRecord | None,
        found: Match,
        reasons: list[str],
    ) -> _Judged:
        """An Alert or Update: from now on its chain holds the units of its area at its colour, or nobody.

        A message older than what its chain already holds came late; it changes nothing any more.
        """
        reasons = [*reasons, found.reason]
        if chain is not None and chain.state is ChainState.ENDED:
            newer = found.verdict is Verdict.START and facts.sent > chain.last_sent  # no late parent: a human decides
            alarm = "untriggered" if newer else ""
            return _Judged(Disposition.STORED, [*reasons, "chain_has_ended"], chain_id=chain.id, alarm=alarm)
        if chain is not None and facts.sent < chain.last_sent:
            return _Judged(Disposition.STORED, [*reasons, "older_than_its_chain"], chain_id=chain.id)
        colour = facts.colour or Colour.BLUE
        if found.verdict is not Verdict.START or found.chain is None:
            return self._lowered(ledger, facts, hazard, colour, chain, reasons)
        launch = Launch(found.chain, hazard, colour, facts)
        affected = self._launcher.affected(ledger, facts)
        hold = self._launcher.hold(launch, affected, ledger.now)
        if chain is not None and chain.state is ChainState.SET_ASIDE and not _reaches_further(chain, colour, hold):
            why = [*reasons, "set_aside_by_an_officer"]
            return _Judged(Disposition.STORED, why, chain_id=chain.id, alarm="untriggered")
        chain_id = self._chain(ledger, facts, hazard, colour, chain)
        return _Judged(
            Disposition.ACCEPTED,
            reasons,
            chain_id=chain_id,
            hazards=tuple(dict.fromkeys((hazard.key, chain.hazard if chain else hazard.key))),
            hold=hold,
            affected=affected,
        )

    def _lowered(
        self,
        ledger: Ledger,
        facts: Reading,
        hazard: Hazard,
        colour: Colour,
        chain: ChainRecord | None,
        reasons: list[str],
    ) -> _Judged:
        """Below every trigger: the chain goes on, but nobody is called for it any more."""
        held = chain is not None and chain.state is ChainState.IN_FORCE and bool(chain.coverage)
        if chain is not None and chain.state is ChainState.SET_ASIDE:  # what an officer lifted stays lifted
            ledger.tx.alerts.update_chain(chain.id, colour, ChainState.SET_ASIDE, ledger.now)
            return _Judged(Disposition.STORED, reasons, chain_id=chain.id)
        chain_id = self._chain(ledger, facts, hazard, colour, chain)
        return _Judged(
            Disposition.ACCEPTED if held else Disposition.STORED,
            [*reasons, "lowered_below_trigger"] if held else reasons,
            chain_id=chain_id,
            hazards=(chain.hazard,) if held and chain else (),
        )

    @staticmethod
    def _chain(ledger: Ledger, facts: Reading, hazard: Hazard, colour: Colour, chain: ChainRecord | None) -> int:
        """The chain in force at this colour, begun if it is new."""
        if chain is None:
            issuer, area = facts.issuer, facts.issuer_area
            return ledger.tx.alerts.new_chain(facts.root, issuer, area, hazard.key, colour, ledger.now)
        ledger.tx.alerts.update_chain(chain.id, colour, ChainState.IN_FORCE, ledger.now)
        if chain.hazard != hazard.key:  # an Update may name another hazard than the message it replaces
            ledger.tx.alerts.change_hazard(chain.id, hazard.key)
        return chain.id

    # --- carrying out -------------------------------------------------------------------------------------

    def _carry_out(self, ledger: Ledger, judged: _Judged, alert_id: int, facts: Reading) -> tuple[int, ...]:
        """What the chain holds from now on, and the call-outs of its hazard brought into line."""
        if not judged.hazards or judged.chain_id is None:
            return ()
        ledger.tx.alerts.hold(judged.chain_id, alert_id, judged.hold)
        done, *others = (
            self._rounds.rearrange(
                ledger, hazard, first=judged.chain_id, actor=facts.issuer, reason=f"alert {alert_id}"
            )
            for hazard in judged.hazards
        )
        started = done.started.get(judged.chain_id)
        if judged.hold is not None and started is None:
            self._nothing_new(ledger, judged, alert_id, done, facts)
        for code in judged.affected.unknown if judged.affected else ():
            at = started or next(iter(done.attached), None)
            ledger.alarm("area_unknown", written(code=code), at, about=code, warning=facts.colour)
        return tuple(dict.fromkeys(one for each in (done, *others) for one in each.callouts))

    @staticmethod
    def _nothing_new(ledger: Ledger, judged: _Judged, alert_id: int, done: Rearranged, facts: Reading) -> None:
        """The warning calls nobody anew: say why, and tell a human unless its units are being called already."""
        why = "attached" if done.attached else "closed_by_an_officer" if done.closed else "nobody_in_area"
        judged.reasons.append(why)
        ledger.tx.alerts.rejudge(alert_id, judged.chain_id or 0, judged.disposition, judged.reasons)
        if done.attached:
            return
        kind = "untriggered" if done.closed else why
        detail = written(alert=alert_id, why=judged.reasons)
        about = f"alert {alert_id}"
        ledger.alarm(kind, detail, next(iter(done.closed), None), about=about, warning=facts.colour)


def _reaches_further(chain: ChainRecord, colour: Colour, hold: Hold) -> bool:
    """Whether a message asks for more than what an officer lifted."""
    return colour > (chain.colour or 0) or grown(chain.coverage, hold.coverage)


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
