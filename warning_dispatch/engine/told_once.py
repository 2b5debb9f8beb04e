"""What is told once when it begins: told again where it has begun anew within the quiet after a claim, and stands.

Which kinds these are, and when they are looked at: escalation/alarms.py (`TOLD_ONCE`, `looked_at_again`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from warning_dispatch.engine.breakers import Breakers
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.sources import tell_gap_again, tell_quiet_again
from warning_dispatch.escalation.alarms import Fact


def tell_again(ledger: Ledger, facts: Sequence[Fact]) -> None:
    """Raise alarms anew for those of these facts that stand now; in words of now."""
    abouts: defaultdict[str, list[str]] = defaultdict(list)
    for fact in facts:
        abouts[fact.kind].append(fact.about)
    breakers = Breakers(ledger)
    for kind, about in abouts.items():
        match kind:
            case "route_down":
                breakers.tell_again(about)
            case "lines_dead":
                for one in about:
                    breakers.tell_lines_again(one)
            case "source_unreachable":
                tell_gap_again(ledger, about)
            case "source_silent":
                tell_quiet_again(ledger, about)
