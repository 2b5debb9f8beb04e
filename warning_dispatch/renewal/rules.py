"""更新备案的规矩: what an installation has decided for its campaigns; frozen into a campaign when it is opened. PURE."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from warning_dispatch.model.renewal import Approval
from warning_dispatch.renewal.changes import Proving
from warning_dispatch.renewal.reminders import Schedule


@dataclass(frozen=True, slots=True)
class RenewalRules:
    """`proof_days`: after so many days without a word a test message counts as unproved."""

    approval: Approval = Approval.NONE
    proving: Proving = Proving.UNPROVED
    schedule: Schedule = field(default_factory=Schedule)
    proof_days: int = 14


def rules_to_json(rules: RenewalRules) -> str:
    """As kept with the campaign."""
    return json.dumps(asdict(rules))


def rules_from_json(text: str) -> RenewalRules:
    """As it was kept."""
    kept = json.loads(text)
    schedule = Schedule(**{**kept["schedule"], "days": tuple(kept["schedule"]["days"])})
    return RenewalRules(Approval(kept["approval"]), Proving(kept["proving"]), schedule, kept["proof_days"])
