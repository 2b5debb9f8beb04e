"""传播: accepted warnings are passed on, each once, to the feed and to the outlets.

Passing on is decided beside the intake, in a transaction of its own that looks for what is accepted and not yet passed on:
a crash between the two costs nothing, a message that an officer releases later goes out like any other, and the intake knows
nothing of outlets. One transaction for all warnings and all outlets that wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.storage_sources import NewPublication, Referred, Unpublished
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import OutletRule, Post, Posted
from warning_dispatch.routing.areas import overlap, trim

AT_ONCE = 200
"""Warnings passed on in one transaction."""
TOLD_AFTER, TOLD_UNTIL = 300_000, 1_500_000
"""ms after it was passed on in which an orange or red that is not delivered is told: at least one try falls between them."""

Render = Callable[[Alert, str, Colour | None, Sequence[Referred]], str]
"""Alert, hazard key, colour, warnings referred to → CAP 1.2."""


class Outward:
    """Passes warnings on."""

    def __init__(self, outlets: Sequence[OutletRule], render: Render, alert_from_json: Callable[[str], Alert]) -> None:
        """What makes CAP of an alert is handed in."""
        self._outlets = tuple(outlets)
        self._render = render
        self._alert_from_json = alert_from_json

    def publish(self, ledger: Ledger) -> int:
        """Pass on what was accepted; how many. Call again while it gives AT_ONCE."""
        waiting = ledger.tx.publications.waiting(AT_ONCE)
        if waiting:
            chains = [one.chain_id for one in waiting if one.chain_id is not None]
            heard = dict(ledger.tx.publications.hearers(list(dict.fromkeys(chains))))
            made = []
            for one in waiting:
                made.append(self._made(ledger, one, heard.get(one.chain_id or 0, frozenset())))
                if one.chain_id is not None:
                    heard[one.chain_id] = heard.get(one.chain_id, frozenset()) | frozenset(made[-1].outlets)
            ledger.tx.publications.publish(made, ledger.now)
            ledger.note_system({"k": "published", "alerts": [one.alert_id for one in waiting]})
        return len(waiting)

    def _made(self, ledger: Ledger, one: Unpublished, heard: frozenset[str]) -> NewPublication:
        """`heard`: the outlets that know an earlier message of its chain, and must know how it goes on."""
        alert = self._alert_from_json(one.content)
        if not alert.public:
            return NewPublication(one.alert_id, None)
        issuer = alert.sender_code or alert.sender
        referred = ledger.tx.publications.referred(issuer, alert.references) if alert.references else ()
        referred = [one for one in referred if one.part == alert.part] or referred
        cap = self._render(alert, one.hazard, one.colour, referred)
        return NewPublication(one.alert_id, cap, tuple(self._wanting(alert, one.colour, heard)))

    def _wanting(self, alert: Alert, colour: Colour | None, heard: frozenset[str]) -> Sequence[str]:
        areas = {trim(code) for info in alert.infos for area in info.areas for code in area.codes}
        return [rule.name for rule in self._outlets if rule.name in heard or wants(rule, colour, areas)]


def wants(rule: OutletRule, colour: Colour | None, areas: set[str]) -> bool:
    """Whether an outlet asked for it. What cannot be told (no colour, no area: a Cancel often has none) is posted."""
    if colour is not None and colour < rule.least:
        return False
    if not rule.areas or not areas:
        return True
    return any(overlap(area, wanted) for area in areas for wanted in rule.areas)


def settle(ledger: Ledger, posts: Sequence[tuple[Post, Posted]]) -> None:
    """Store what became of posts; one that is given up is an alarm, and so is a grave one that is late."""
    ledger.tx.publications.posted([result for _, result in posts], ledger.now)
    for post, result in posts:
        if not result.delivered and (result.again_at is None or _late(post, ledger.now)):
            facts = written(outlet=post.outlet, identifier=post.identifier, receipt=result.receipt[:120])
            ledger.alarm("outlet_failed", facts, about=post.key)


def _late(post: Post, now: int) -> bool:
    grave = post.colour is not None and post.colour >= Colour.ORANGE
    return grave and TOLD_AFTER <= now - post.since < TOLD_UNTIL
