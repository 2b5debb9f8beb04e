"""值班表怎么用: who of a unit is called while its roster says who is on duty. PURE.

Roles decide whom a rung wants; the roster decides who of several in one role. The rule, role by role:

    somebody of the role is on duty now  →  the others of the role who stand in the roster are not called
    nobody of the role is on duty now    →  the roster says nothing: roles decide, all of the role are called

Whoever does not stand in the roster at all (a duty room's phone, the head of an office) is called by role as ever. A
roster can therefore never make a unit unreachable: with a gap in it, or with the number of the one on duty out of use,
the unit is called as if it had none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

ROSTER_BACK = 7 * 86_400_000
"""ms: who last stood in the roster longer ago does not stand in it any more."""


@dataclass(frozen=True, slots=True)
class Rostered:
    """A receiver who stands in the unit's roster (of the last week or to come); `on`: on duty at this moment."""

    receiver_id: int
    on: bool


def off_duty(holders: Iterable[tuple[int, int]], roster: Iterable[Rostered]) -> frozenset[int]:
    """Receivers who are not called now. `holders`: (receiver, role) of everybody who can be reached on a channel."""
    standing = {one.receiver_id: one.on for one in roster}
    if not standing:
        return frozenset()
    by_role: defaultdict[int, set[int]] = defaultdict(set)
    for receiver, role in holders:
        by_role[role].add(receiver)
    off: set[int] = set()
    for people in by_role.values():
        if any(standing.get(one) for one in people):
            off |= {one for one in people if standing.get(one) is False}
    return frozenset(off)
