"""疑似断网: after a batch of reports, the townships it touched are looked at, and the officer is told.

One statement per batch, and a second one when a township is under suspicion; none per person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import Township
from warning_dispatch.escalation.blackout import PROOFS, BlackoutRule, Heard, Silence, suspected, worth_saying
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.plan import Next, Outcome
from warning_dispatch.model.states import Purpose

KIND = "blackout_suspected"


class Blackouts:
    """Watches townships."""

    def __init__(self, rule: BlackoutRule, outcomes: Mapping[str, Outcome]) -> None:
        """`outcomes`: the outcome table; "another endpoint" is what it says of a phone that is off."""
        self._rule = rule
        self._dark = tuple(sorted(key for key, one in outcomes.items() if one.next is Next.OTHER_ENDPOINT))
        self._proofs = tuple(sorted(PROOFS & outcomes.keys()))

    def look(self, ledger: Ledger, callee_ids: Sequence[int]) -> None:
        """These callees were just reported dark: their townships, once each.

        1. The last words about every unit of those townships. 2. Which are under suspicion. 3. When that was last said.
        4. The alarm, where it is news.
        """
        since = ledger.now - max(self._rule.window, self._rule.again)
        townships: defaultdict[Township, list[Heard]] = defaultdict(list)
        for township, dark_at, proof_at in ledger.tx.attempts.last_words(callee_ids, self._dark, self._proofs, since):
            if ledger.goes_on(township.callout_id, Purpose.CALL):
                townships[township].append(Heard(dark_at, proof_at))
        found = [(one, silence) for one, units in townships.items() if (silence := self._suspected(ledger, units))]
        if not found:
            return
        said = ledger.tx.alarms.last_alarms(KIND, [one.unit_id for one, _ in found])
        for township, silence in found:
            said_at = said.get((township.callout_id, township.unit_id))
            if worth_saying(self._rule, townships[township], ledger.now, said_at):
                facts, about = self._facts(silence), str(ledger.now)  # the rule says when it is news again
                ledger.alarm(KIND, facts, township.callout_id, township.unit_id, about=about)

    def _suspected(self, ledger: Ledger, units: Sequence[Heard]) -> Silence | None:
        return suspected(self._rule, units, ledger.now)

    def _facts(self, silence: Silence) -> str:
        minutes = round(self._rule.window / 60_000)
        return written(minutes=minutes, units=silence.heard_of, dark=silence.dark)
