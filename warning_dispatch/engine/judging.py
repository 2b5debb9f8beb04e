"""The verdict on one event of a message, by the first rule that applies.

1. The same identity as a message that was acted upon, with other content: kept, a human is told; a higher colour is
   acted upon at once as well. A copy that nothing was done for (practice, a stranger's, one in doubt) holds nothing back.
2. A sender that is not allowed, and whatever a reader calls essential: quarantined, a human is told.
3. What is not Actual, and Acks and Errors: stored. They end nothing either.
4. A Cancel, and an all-clear under any other name: the end of its chain.
5. What is plainly elsewhere: stored; a chain of ours that moved there is let go.
6. An unknown hazard or issuer, a colour without a trigger, too late, an area that nobody can tell: a human decides.
7. Everything else holds the units of its area from now on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from warning_dispatch.engine.events import over
from warning_dispatch.engine.launch import Launch, Launcher
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.linking import NO_KIN, Kin, kin_of, kin_without_linking, rank
from warning_dispatch.engine.locating import Located, touches
from warning_dispatch.engine.reading import Reading
from warning_dispatch.engine.records import ChainRecord, Hold
from warning_dispatch.model.alert import Alert, Disposition, MsgType, Problem
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.source_rules import SourceRules, allows
from warning_dispatch.model.states import ChainState
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.routing.areas import Affected, level_of, trim
from warning_dispatch.routing.obligations import grown
from warning_dispatch.routing.triggers import Match, Verdict, chosen_by_hand, match

CANCEL_CONTRADICTS = "cancel-contradicts"
"""The reader's code for a Cancel that says that its event is happening (ingest.notes.Odd)."""

OTHER_CONTENT = "same_identity_other_content"
"""The reason of a message whose name another message bears."""


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """`senders`: allowed sender codes, exact or as prefix with "*"; empty allows all. `within`: our own area code.

    `max_age`: an Alert older than this (ms) is stored, not dialled. `ahead`: one further in the future is refused.
    """

    senders: tuple[str, ...]
    within: str
    max_age: int
    ahead: int = 600_000

    def allows(self, issuer: str) -> bool:
        """Whether a sender may start call-outs."""
        return allows(self.senders, issuer)


@dataclass(frozen=True, slots=True)
class Case:
    """One event of a message. `conflict`: the same identity was acted upon with other content.

    `hazard`: what it warns of, None when the catalogue does not have it. `by_hand`: an officer composed it.
    `released`: an officer has read it with all its problems and takes it upon himself.
    """

    alert: Alert
    problems: tuple[Problem, ...]
    facts: Reading
    hazard: Hazard | None
    located: Located
    rules: SourceRules
    conflict: bool = False
    by_hand: bool = False
    released: bool = False

    @property
    def lifts(self) -> bool:
        """Whether it is the end of its chain, under whatever type."""
        if self.alert.msg_type is MsgType.CANCEL:
            return True
        return over(self.alert)


@dataclass(slots=True)
class Judged:
    """The verdict.

    `hazards` are those for which the chain's hold on units changes: their call-outs are rearranged, with `hold` as what
    the chain wants from now on (None: nobody) and `affected` as the area it was derived from. `freed`: hazards in which
    another chain gave way. `alarms`: what a human must be told, by kind. `kin`: what it hangs together with.
    """

    disposition: Disposition
    reasons: list[str]
    chain_id: int | None = None
    alarm: str = ""
    hazards: tuple[str, ...] = ()
    hold: Hold | None = None
    affected: Affected | None = None
    freed: tuple[str, ...] = ()
    alarms: list[str] = field(default_factory=list)
    kin: Kin = NO_KIN


class Judge:
    """Knows the rules; changes the chain that a message belongs to, and nothing else."""

    def __init__(self, settings: IntakeSettings, chains: Sequence[CallChain], launcher: Launcher) -> None:
        """`chains`: the configured plans."""
        self._settings = settings
        self._chains = chains
        self._launcher = launcher

    def __call__(self, ledger: Ledger, case: Case) -> Judged:
        """The verdict on a case."""
        reasons = list(dict.fromkeys((*(problem.code for problem in case.problems), *case.located.how)))
        if case.conflict and not case.released and not self._raises(ledger, case):
            return Judged(Disposition.CONFLICT, [*reasons, OTHER_CONTENT], alarm="conflict")
        if not case.released and (refusal := self._not_allowed(case)):
            return Judged(Disposition.QUARANTINED, [*reasons, refusal], alarm="quarantined")
        if not case.released and any(problem.essential for problem in case.problems):
            return Judged(Disposition.QUARANTINED, reasons, alarm="quarantined")
        if not case.facts.actual:  # practice starts nothing, and it ends nothing either
            return Judged(Disposition.STORED, [*reasons, f"status_{case.alert.status.value.lower()}"])
        if case.alert.msg_type in (MsgType.ACK, MsgType.ERROR):
            return Judged(Disposition.STORED, [*reasons, f"msg_type_{case.alert.msg_type.value.lower()}"])
        kin = kin_of(ledger, case.alert, case.facts.issuer)
        judged = self._judge_counting(ledger, case, kin, reasons)
        judged.kin, judged.freed = kin, kin.freed
        if case.conflict and not case.released:
            judged.reasons.append(OTHER_CONTENT)
            judged.disposition, judged.alarm = Disposition.CONFLICT, "conflict"
        return judged

    def allows(self, case: Case) -> bool:
        """Whether its sender may speak, to us and by this way, of this place."""
        return not self._not_allowed(case)

    def _not_allowed(self, case: Case) -> str:
        """Why its sender may not; empty when it may."""
        issuer = case.facts.issuer
        if not (self._settings.allows(issuer) and case.rules.allows(issuer)):
            return "sender_not_allowed"
        return "" if all(case.rules.covers(trim(code)) for code in case.facts.codes) else "area_not_allowed"

    def _raises(self, ledger: Ledger, case: Case) -> bool:
        """Whether a conflicting message is of a higher colour than what is in force, from somebody who may say so."""
        if not self.allows(case) or any(problem.essential for problem in case.problems) or not case.facts.actual:
            return False
        if case.lifts or case.alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE):
            return False
        chain = kin_without_linking(ledger, case.alert, case.facts.issuer).chain
        return (
            chain is not None and chain.state is ChainState.IN_FORCE and (case.facts.colour or 0) > (chain.colour or 0)
        )

    def _judge_counting(self, ledger: Ledger, case: Case, kin: Kin, reasons: list[str]) -> Judged:
        """The verdict on a message that means something for its chain."""
        if case.lifts:
            return self._end(ledger, case, kin, reasons)
        if case.located.elsewhere:
            return self._elsewhere(case, kin, reasons)
        facts, hazard = case.facts, case.hazard
        level = level_of(facts.issuer_area)
        if hazard is None or level is None:
            unknown = "hazard_unknown" if hazard is None else "issuer_level_unknown"
            serious = facts.colour is None or facts.colour >= Colour.ORANGE
            return Judged(Disposition.STORED, [*reasons, unknown], alarm="untriggered" if serious else "")
        found = match(case.alert, hazard.key, facts.colour, level, self._chains)
        if case.by_hand or case.released:
            found = chosen_by_hand(found, facts.colour, level, self._chains)
        if found.verdict is Verdict.ASK:
            return Judged(Disposition.STORED, [*reasons, found.reason], alarm="untriggered")
        if found.verdict is Verdict.START:
            why_not = self._too_late(case, ledger.now) or self._nowhere(case, level)
            if why_not:
                return Judged(Disposition.STORED, [*reasons, why_not], alarm="untriggered")
        return self._judge_warning(ledger, case, hazard, kin, found, reasons)

    # --- when and where -----------------------------------------------------------------------------------

    def _too_late(self, case: Case, now: int) -> str:
        """Why a warning is not dialled for its age; empty when it is fresh. An officer who releases it knows its age."""
        if case.facts.expires is not None and case.facts.expires <= now:
            return "expired_on_arrival"
        if case.released:
            return ""
        if case.alert.sent > now + self._settings.ahead:
            return "sent_in_the_future"
        max_age = self._settings.max_age if case.rules.max_age is None else case.rules.max_age
        return "too_old" if case.alert.sent < now - max_age else ""

    def _nowhere(self, case: Case, level: UnitLevel) -> str:
        """Why nobody can tell whom it concerns; a county's own warning is about the county at least."""
        if not touches(case.facts.issuer_area, self._settings.within):
            return "issuer_elsewhere"
        if not case.facts.codes and level is UnitLevel.CITY:
            return "area_unresolved"
        return ""

    def _elsewhere(self, case: Case, kin: Kin, reasons: list[str]) -> Judged:
        """A warning for other places: its chain lets go of ours. One of our own issuers that says so contradicts itself."""
        reasons = [*reasons, "elsewhere"]
        ours = bool(case.alert.sender_code) and touches(case.facts.issuer_area, self._settings.within)
        serious = case.facts.colour is None or case.facts.colour >= Colour.ORANGE
        alarm = "untriggered" if ours and serious else ""
        chain = kin.chain
        if chain is None or chain.state is not ChainState.IN_FORCE or rank(case.alert) < kin.newest:
            return Judged(Disposition.STORED, reasons, chain_id=chain.id if chain else None, alarm=alarm)
        return Judged(
            Disposition.ACCEPTED if chain.coverage else Disposition.STORED,
            reasons,
            chain_id=chain.id,
            alarm=alarm,
            hazards=(chain.hazard,) if chain.coverage else (),
        )

    # --- the end of a chain -------------------------------------------------------------------------------

    def _end(self, ledger: Ledger, case: Case, kin: Kin, reasons: list[str]) -> Judged:
        """A Cancel ends its own chain, all events of it, and nothing else; one that comes first leaves a tombstone."""
        facts, colour = case.facts, case.facts.colour or 0
        told = [] if case.alert.msg_type is MsgType.CANCEL else ["lifted_without_cancel"]
        if not kin.all and case.located.elsewhere:
            return Judged(Disposition.STORED, [*reasons, "elsewhere"])
        if not kin.all:
            hazard = case.hazard.key if case.hazard else ""
            root = case.alert.references[0] if case.alert.references else case.alert.identifier
            chain_id = ledger.tx.alerts.new_chain(root, facts.issuer, facts.issuer_area, hazard, colour, ledger.now)
            ledger.tx.alerts.update_chain(chain_id, colour, ChainState.ENDED, ledger.now)
            why = [*reasons, "cancel_of_unknown"]
            return Judged(Disposition.STORED, why, chain_id=chain_id, alarm="cancel_of_unknown", alarms=told)
        highest = max(one.colour or 0 for one in kin.all)
        if any(one.code == CANCEL_CONTRADICTS for one in case.problems) and colour > highest and not case.released:
            chain_id = kin.all[0].id
            return Judged(
                Disposition.STORED, [*reasons, "cancel_that_raises"], chain_id=chain_id, alarm="contradicts_itself"
            )
        held = tuple(one.hazard for one in kin.all if one.state is not ChainState.ENDED and one.coverage)
        for one in kin.all:
            ledger.tx.alerts.update_chain(one.id, one.colour or 0, ChainState.ENDED, ledger.now)
        newer = bool(held) and rank(case.alert) < kin.newest  # it ends what was said after it: a human decides
        return Judged(
            Disposition.ACCEPTED if held else Disposition.STORED,
            [*reasons, "cancelled"],
            chain_id=(kin.chain or kin.all[0]).id,
            alarm="untriggered" if newer else "",
            hazards=tuple(dict.fromkeys(held)),
            alarms=told if held else [],
        )

    # --- a warning in force -------------------------------------------------------------------------------

    def _judge_warning(
        self, ledger: Ledger, case: Case, hazard: Hazard, kin: Kin, found: Match, reasons: list[str]
    ) -> Judged:
        """An Alert or Update: from now on its chain holds the units of its area at its colour, or nobody.

        A message older than what its chain already holds came late; it changes nothing any more. Where its colour is
        higher, its sender's clock may be behind: a human decides.
        """
        facts, chain = case.facts, kin.chain
        reasons = [*reasons, found.reason]
        if kin.ended:
            newer = found.verdict is Verdict.START and rank(case.alert) > kin.newest  # no late parent: a human decides
            alarm = "untriggered" if newer else ""
            chain_id = (chain or kin.all[0]).id
            return Judged(Disposition.STORED, [*reasons, "chain_has_ended"], chain_id=chain_id, alarm=alarm)
        if kin.all and rank(case.alert) < kin.newest:
            said = chain.colour if chain else max(one.colour or 0 for one in kin.all)
            raises = found.verdict is Verdict.START and (facts.colour or 0) > (said or 0)
            return Judged(
                Disposition.STORED,
                [*reasons, "older_than_its_chain"],
                chain_id=(chain or kin.all[0]).id,
                alarm="untriggered" if raises else "",
            )
        colour = facts.colour or Colour.BLUE
        if found.verdict is not Verdict.START or found.chain is None:
            return self._lowered(ledger, case, hazard, colour, chain, reasons)
        affected = self._launcher.affected(ledger, facts)
        hold = self._launcher.hold(Launch(found.chain, hazard, colour, facts), affected, ledger.now)
        aside = chain is not None and chain.state is ChainState.SET_ASIDE and not case.released
        if chain is not None and aside and not reaches_further(chain, colour, hold):
            why = [*reasons, "set_aside_by_an_officer"]
            return Judged(Disposition.STORED, why, chain_id=chain.id, alarm="untriggered")
        return Judged(
            Disposition.ACCEPTED,
            reasons if facts.codes else [*reasons, "area_of_issuer"],
            chain_id=_chain(ledger, case, hazard, colour, chain),
            hazards=tuple(dict.fromkeys((hazard.key, chain.hazard if chain else hazard.key))),
            hold=hold,
            affected=affected,
            alarms=["area_unnamed"] if case.located.to_look_at or not facts.codes else [],
        )

    def _lowered(
        self, ledger: Ledger, case: Case, hazard: Hazard, colour: Colour, chain: ChainRecord | None, reasons: list[str]
    ) -> Judged:
        """Below every trigger: the chain goes on, but nobody is called for it any more."""
        held = chain is not None and chain.state is ChainState.IN_FORCE and bool(chain.coverage)
        if chain is not None and chain.state is ChainState.SET_ASIDE:  # what an officer lifted stays lifted
            ledger.tx.alerts.update_chain(chain.id, colour, ChainState.SET_ASIDE, ledger.now)
            return Judged(Disposition.STORED, reasons, chain_id=chain.id)
        chain_id = _chain(ledger, case, hazard, colour, chain)
        return Judged(
            Disposition.ACCEPTED if held else Disposition.STORED,
            [*reasons, "lowered_below_trigger"] if held else reasons,
            chain_id=chain_id,
            hazards=(chain.hazard,) if held and chain else (),
        )


def _chain(ledger: Ledger, case: Case, hazard: Hazard, colour: Colour, chain: ChainRecord | None) -> int:
    """The chain in force at this colour, begun if it is new."""
    facts = case.facts
    if chain is None:
        return ledger.tx.alerts.new_chain(
            facts.root, facts.issuer, facts.issuer_area, hazard.key, colour, ledger.now, case.alert.part
        )
    ledger.tx.alerts.update_chain(chain.id, colour, ChainState.IN_FORCE, ledger.now)
    if chain.hazard != hazard.key:  # an Update may name another hazard than the message it replaces
        ledger.tx.alerts.change_hazard(chain.id, hazard.key)
    return chain.id


def reaches_further(chain: ChainRecord, colour: Colour, hold: Hold) -> bool:
    """Whether a message asks for more than what an officer lifted."""
    return colour > (chain.colour or 0) or grown(chain.coverage, hold.coverage)


def renamed(alert: Alert, hazard: Hazard) -> Alert:
    """The alert with its events named as the hazard that counts, where its code and its name disagree."""
    return replace(alert, infos=tuple(replace(info, event_name=hazard.name) for info in alert.infos))
