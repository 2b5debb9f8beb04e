"""A red area that nobody resolves widens to the whole county: better a county too many than a village asleep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from warning_dispatch.engine.launch import Launch, Launcher
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.reading import Reading, read_facts
from warning_dispatch.engine.records import BY_ITSELF, CallOutRecord, StoredAlarm
from warning_dispatch.engine.rounds import Rounds
from warning_dispatch.escalation.alarms import widened
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Hazard
from warning_dispatch.routing.obligations import Holder


class Widening:
    """Makes the warning hold the whole county of a code that the register does not have."""

    def __init__(
        self,
        launcher: Launcher,
        rounds: Rounds,
        hazards: Mapping[str, Hazard],
        alert_from_json: Callable[[str], Alert],
        within: str,
    ) -> None:
        """`hazards` by key; `within`: our own area code."""
        self._launcher = launcher
        self._rounds = rounds
        self._hazards = hazards
        self._alert_from_json = alert_from_json
        self._within = within

    def __call__(self, ledger: Ledger, alarms: Sequence[StoredAlarm]) -> None:
        """Alarms of unknown areas that nobody claimed in time, all codes of one warning at once."""
        unknown: defaultdict[int, list[str]] = defaultdict(list)
        for alarm in alarms:
            if alarm.fact.callout_id is not None:
                unknown[alarm.fact.callout_id].append(alarm.fact.about)
        for callout_id, codes in unknown.items():
            callout = ledger.callout(callout_id)
            holder = self._in_force(ledger, callout, codes)
            if holder is not None:
                self._widen(ledger, callout, holder, codes)

    def _in_force(self, ledger: Ledger, callout: CallOutRecord, unknown: Sequence[str]) -> Holder | None:
        """The red warning in force whose message names the codes; it may only be attached to the call-out."""
        for holder in ledger.tx.alerts.holders(callout.hazard):
            if holder.colour is Colour.RED and holder.valid_until > ledger.now:
                facts = self._facts(ledger, holder)
                if not set(unknown).isdisjoint(facts.codes):
                    return holder
        return None

    def _facts(self, ledger: Ledger, holder: Holder) -> Reading:
        return read_facts(self._alert_from_json(ledger.tx.alerts.content(holder.alert_id)), self._within)

    def _widen(self, ledger: Ledger, callout: CallOutRecord, holder: Holder, unknown: Sequence[str]) -> None:
        """The chain holds the county from now on, as long as it would have; call-outs are brought into line."""
        hazard = self._hazards.get(callout.hazard)
        facts = self._facts(ledger, holder)
        codes = widened(facts.codes, unknown, ledger.tx.endpoints.known_areas((*facts.codes, *unknown)))
        if hazard is None or codes is None:
            return
        wider: Reading = replace(facts, codes=codes)
        launch = Launch(ledger.frozen(callout.id).plan, hazard, holder.colour, wider)
        hold = self._launcher.hold(launch, self._launcher.affected(ledger, wider), ledger.now)
        hold = replace(hold, valid_until=holder.valid_until, valid_guessed=holder.valid_guessed)
        ledger.note(callout.id, {"k": "widened", "codes": list(codes)})
        ledger.tx.alerts.hold(holder.chain_id, holder.alert_id, hold)
        self._rounds.rearrange(ledger, callout.hazard, first=holder.chain_id, actor=BY_ITSELF, reason="area_unresolved")
