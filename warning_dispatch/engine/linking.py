"""预警链: which messages hang together, whatever the order in which they come.

A message belongs with those it refers to, with those that refer to it, and with whatever hangs on them: 12379 names
the first message of a chain, CAP the last or all of them, and any of them may come late or never. The newest message
of a chain (by time of sending; of one second an Update after its Alert, then by identifier) says what it holds; a
Cancel ends it for good. So any order of arrival comes to the same state. Where a late message shows that two chains
are one, the one with the newest message goes on and the other gives way (MERGED).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import ChainRecord
from warning_dispatch.model.alert import Alert, MsgType
from warning_dispatch.model.states import ChainState

Rank = tuple[int, int, str]


def rank(alert: Alert) -> Rank:
    """The place of a message in its chain."""
    return alert.sent, 0 if alert.msg_type is MsgType.ALERT else 1, alert.identifier


@dataclass(frozen=True, slots=True)
class Kin:
    """What hangs together with a message. `chain`: that of its own event; None: there is none yet.

    `all`: the chains of every event. `newest`: the place of their newest message. `freed`: hazards in which a chain
    that held units has given way.
    """

    chain: ChainRecord | None
    all: tuple[ChainRecord, ...]
    newest: Rank
    freed: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether a Cancel has ended it, before or after its Alert came."""
        return any(one.state is ChainState.ENDED for one in self.all)


NO_KIN = Kin(None, (), (0, 0, ""))
"""Of a message that hangs together with nothing, or may not."""


def kin_of(ledger: Ledger, alert: Alert, issuer: str) -> Kin:
    """The message's chains, made one for each event where it shows that they are."""
    alerts = ledger.tx.alerts
    alerts.link(issuer, alert.identifier, alert.references)
    found = list(alerts.linked(issuer, (alert.identifier, *alert.references)))
    freed: list[str] = []
    kept: list[ChainRecord] = []
    for part in dict.fromkeys(one.part for one in found):
        same = [one for one in found if one.part == part]
        kept.append(_merged(ledger, same, freed) if len(same) > 1 else same[0])
    return _kin(kept, alert.part, freed)


def kin_without_linking(ledger: Ledger, alert: Alert, issuer: str) -> Kin:
    """The same for a message that may not change anything yet."""
    found = ledger.tx.alerts.linked(issuer, (alert.identifier, *alert.references))
    return _kin(found, alert.part, ())


def _kin(chains: Iterable[ChainRecord], part: str, freed: Iterable[str]) -> Kin:
    every = tuple(chains)
    chain = next((one for one in reversed(every) if one.part == part), None)
    newest = max((one.newest for one in every), default=(0, 0, ""))
    return Kin(chain, every, newest, tuple(dict.fromkeys(freed)))


def _merged(ledger: Ledger, chains: list[ChainRecord], freed: list[str]) -> ChainRecord:
    """One chain out of several: the one with the newest message, ended when any of them was."""
    survivor = max(chains, key=lambda one: one.newest)
    for chain in chains:
        if chain.id == survivor.id:
            continue
        ledger.tx.alerts.merge(chain.id, survivor.id, ledger.now)
        ledger.note_system({"k": "chain.merged", "id": chain.id, "into": survivor.id})
        if chain.coverage:
            freed.append(chain.hazard)
    if survivor.state is not ChainState.ENDED and any(one.state is ChainState.ENDED for one in chains):
        ledger.tx.alerts.update_chain(survivor.id, survivor.colour or 0, ChainState.ENDED, ledger.now)
        if survivor.coverage:
            freed.append(survivor.hazard)
        survivor = replace(survivor, state=ChainState.ENDED)
    return survivor
