"""Whose turn it is when lines are scarce. PURE.

An order key is a number, the smallest first: the bureau's call to itself before everything, practice after earnest,
red before orange, upper level before lower, never called before called in vain, and last the turn within that rank,
which is shared out between counties.

The level counts, not the tier's position in its plan: the villages of a county's own warning stand beside those of the
city's, and its leaders before both, whatever the two plans look like. Tiers of one plan at the same level (two sorts of
departments) keep their order.

Turns are dealt like this (start-time fair queueing): the next turn of a county is the one after its last, but never
before the turn that is being served. So counties that wait alternate one by one, however many villages they have; and
one that comes late joins in at the turn being served: neither behind the 504 villages that were there before, nor with
all of its own ahead of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Tier
from warning_dispatch.model.unit import UnitKind

TURN_BITS = 24
AHEAD = 1 << 12
"""More than any rank: what is taken off it goes before every queue."""
_TURNS = 1 << TURN_BITS
_KINDS = {UnitKind.LEADER: 0, UnitKind.DIVISION: 1, UnitKind.DEPARTMENT: 2}
_OTHER = 3
_SAME = 4


def place(tiers: Sequence[Tier], position: int) -> int:
    """Where a tier stands among all plans: level, then leaders, divisions, departments, others; 0 to 63."""
    select = tiers[position].select
    before = sum(1 for one in tiers[:position] if (one.select.level, one.select.kind) == (select.level, select.kind))
    return ((select.level - 1) * 4 + _KINDS.get(select.kind, _OTHER)) * _SAME + min(before, _SAME - 1)


def rank(colour: Colour, at: int, *, tried: bool, practice: bool, own: bool = False) -> int:
    """What comes before the turn. `at`: the place of the tier; `tried`: called before, in vain; `own`: the bureau itself."""
    ranked = ((int(practice) * 4 + (Colour.RED - colour)) * 64 + at) * 2 + int(tried)
    return ranked - AHEAD if own else ranked


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a key says of whoever waits with it. `place`: see `place`; meaningless where it is the bureau's `own` call."""

    own: bool
    practice: bool
    colour: Colour
    place: int
    tried: bool

    @property
    def level(self) -> int:
        """The administrative level, 1 for the city's."""
        return self.place // (4 * _SAME) + 1


def ranked_by(ranked: int) -> Ranked:
    """What `rank` was told."""
    own = ranked < 0
    at = ranked + AHEAD if own else ranked
    practice, at = divmod(at, 4 * 64 * 2)
    steps, at = divmod(at, 64 * 2)
    return Ranked(own, bool(practice), Colour(Colour.RED - steps), at // 2, bool(at % 2))


def order_key(ranked: int, turn: int) -> int:
    """The key of a turn within a rank."""
    return (ranked << TURN_BITS) | min(turn, _TURNS - 1)


def turn_of(key: int) -> int:
    """The turn within its rank."""
    return key % _TURNS


def first_turn(last: int, served: int | None) -> int:
    """The next turn of a county whose last was `last` (0: none). `served`: the first that waits; None: nobody does."""
    return 1 if served is None else max(last + 1, served)
