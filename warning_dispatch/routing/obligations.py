"""叫应义务: one obligation per unit and hazard, over several warnings at once. PURE.

Theory of operation
-------------------
A warning in force (an alert chain whose colour triggers a plan) is a *holder*: its coverage says which units it wants
called. A call-out of the hazard is a *standing* one: each of its callees carries the obligation of a unit until a newer
round takes over or nothing holds the unit any more. At any moment a unit has at most one callee that carries, and it
is called at the highest colour of all holders that cover it, whoever issued them.

Nothing of this is a row per person: obligations are derived from the coverage of the few warnings in force and from
the callees that carry (ADR 11). When a message changes what is held, every unit meets one of these fates:

- STOPPED: no holder covers it any more. It is told if it had been contacted.
- STAYS: it is carried at the colour wanted. Equal or lower colour from anywhere calls nobody who has answered.
- NEW: nobody carries it. RENEWED: it is carried at a lower colour; whoever had answered the lower one is asked again.
- LOWERED: it is carried at a higher colour than anything in force. It goes on with the ladder and text of the lower one.
- CARRIED: the holder makes a new round for other units' sake; state, rung and answers go over to it, because a round is
  the union of its units.

`fate` is the reference meaning for one unit; the statements of the store must agree with it unit by unit
(tests/contract/test_obligations.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.colour import Colour
from warning_dispatch.routing.selection import TierSelection

LATELY = 3_600_000
"""ms: a superior that answered within the last hour need not be waited for again by an upgrade."""


class Fate(StrEnum):
    """What a holder's round means for one unit; see the theory above."""

    NEW = "new"
    RENEWED = "renewed"
    LOWERED = "lowered"
    CARRIED = "carried"
    STAYS = "stays"
    HIGHER = "higher"
    """Another warning of a higher colour wants it, and it is called at that colour: not this holder's."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A warning in force that wants units called. `began_at`: when its first message came (ms).

    `raised_at`: when it came to its present colour; 0 stands for its beginning.
    `valid_until`: its (guessed) validity. `alert_id`: the message that counts now.
    """

    chain_id: int
    alert_id: int
    colour: Colour
    began_at: int
    issuer_area: str
    plan_name: str
    coverage: tuple[TierSelection, ...]
    valid_until: int
    valid_guessed: bool
    raised_at: int = 0

    @property
    def asking(self) -> tuple[TierSelection, ...]:
        """Its tiers that ask for an answer; a notice is no obligation."""
        return tuple(one for one in self.coverage if not one.notice)


@dataclass(frozen=True, slots=True)
class Standing:
    """A call-out of the hazard whose callees may carry obligations.

    `until`: its validity (ms), or the moment an officer closed it. `live`: False when an officer closed it; its answers
    still count against warnings that were there then. `started_at` in ms.
    """

    callout_id: int
    chain_id: int | None
    colour: Colour
    issuer_area: str
    plan_name: str
    until: int
    live: bool
    started_at: int = 0

    def carries_for(self, holder: Holder) -> bool:
        """Whether its callees count for the holder.

        A warning that came after the validity begins anew. What an officer closed counts only against what was asked
        then: a warning raised since asks for more.
        """
        if not self.live and holder.raised_at > self.until:
            return False
        return self.chain_id == holder.chain_id or holder.began_at <= self.until

    def precedes(self, holder: Holder) -> bool:
        """Whether a new round of the holder is the union with this one: same issuer, same plan, same colour."""
        return (
            self.live
            and self.colour is holder.colour
            and self.plan_name == holder.plan_name
            and self.issuer_area == holder.issuer_area
            and self.carries_for(holder)
        )


def fate(holder: Holder, wanted: Colour, carrier: Standing | None) -> Fate:
    """What a round of the holder means for a unit that it covers.

    `wanted`: the highest colour of all holders that cover the unit. `carrier`: the call-out whose callee carries it.
    """
    if carrier is None or not carrier.carries_for(holder):
        return Fate.NEW  # also where a higher warning formally stands whose call-out is over: it rings nobody any more
    if wanted > holder.colour and carrier.colour > holder.colour:
        return Fate.HIGHER
    if carrier.precedes(holder):
        return Fate.CARRIED
    if carrier.colour is holder.colour:
        return Fate.STAYS
    if carrier.colour < holder.colour:
        return Fate.RENEWED
    return Fate.LOWERED if carrier.live else Fate.STAYS


@dataclass(frozen=True, slots=True)
class Round:
    """What the store needs to make a round of a holder, as ids of standing call-outs.

    `higher`: selections of warnings of a higher colour; whom they cover is theirs, if a call-out of `above` carries it.
    `stays`: call-outs whose callees keep their units. `carried`, `lowered`, `renewed`: those whose callees move, and how. `stale`: those that count no
    more; their callees only give way.
    """

    higher: tuple[TierSelection, ...] = ()
    above: tuple[int, ...] = ()
    stays: tuple[int, ...] = ()
    carried: tuple[int, ...] = ()
    lowered: tuple[int, ...] = ()
    renewed: tuple[int, ...] = ()
    stale: tuple[int, ...] = ()

    @property
    def counted(self) -> tuple[int, ...]:
        """Call-outs whose opened gates and late answers count for the new round."""
        return (*self.carried, *self.lowered, *self.renewed)

    @property
    def moved(self) -> tuple[int, ...]:
        """Call-outs whose callees give way to members of the new round."""
        return (*self.counted, *self.stale)


def plan_round(holder: Holder, holders: Iterable[Holder], standings: Sequence[Standing]) -> Round:
    """How each standing call-out meets a round of the holder, in the words of `fate`."""
    higher = tuple(one for other in holders if other.colour > holder.colour for one in other.asking)
    by_fate: dict[Fate | None, list[int]] = {}
    for standing in standings:
        met = fate(holder, holder.colour, standing)
        by_fate.setdefault(met, []).append(standing.callout_id)
    return Round(
        higher=higher,
        above=tuple(one.callout_id for one in standings if one.colour > holder.colour and one.carries_for(holder)),
        stays=tuple(by_fate.get(Fate.STAYS, ())),
        carried=tuple(by_fate.get(Fate.CARRIED, ())),
        lowered=tuple(by_fate.get(Fate.LOWERED, ())),
        renewed=tuple(by_fate.get(Fate.RENEWED, ())),
        stale=tuple(by_fate.get(Fate.NEW, ())),
    )


def in_force(holder: Holder, now: int, covering: Iterable[Standing]) -> bool:
    """Whether a warning that nobody has lifted still holds its units.

    While it is valid; and after that, because a signal stands until it is lifted, as long as a call-out that was begun
    in its validity still carries some of them (`covering`).
    """
    return holder.valid_until > now or any(one.live and one.started_at <= holder.valid_until for one in covering)


def in_order(holders: Iterable[Holder], first: int | None) -> tuple[Holder, ...]:
    """The order in which holders make their rounds: higher colour first, then the chain `first`, then the oldest."""
    return tuple(sorted(holders, key=lambda one: (-one.colour, one.chain_id != first, one.chain_id)))


def grown(before: Sequence[TierSelection], after: Sequence[TierSelection]) -> bool:
    """Whether an area reaches beyond what it was: some root of `after` lies below no root of `before`."""
    old = tuple({root for one in before for root in one.roots})
    return any(not root.startswith(old) for one in after for root in one.roots)
