"""谁来报: which unit is asked for another one's filing, and who of it. PURE.

Villages have no registrar of their own: their township files for all of them on one page. A leader's office is filed by the
division it belongs to. Everybody else files for themselves, and so do those whose superior cannot be written to. Has a unit no
address that takes text either, the one above is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from warning_dispatch.model.unit import ROLES, Channel, Role, Unit, UnitKind, UnitLevel, reach_bit

BY_THE_SUPERIOR = ((UnitKind.DIVISION, UnitLevel.VILLAGE), (UnitKind.LEADER, None))
"""Kind and level (None: any) of units for which the unit above files."""
REACHED_BY_TEXT = sum(reach_bit(role, channel) for role in ROLES for channel in (Channel.SMS, Channel.EMAIL))
"""Bits of a unit's `reach` mask that mean: somebody can be written to."""
MOST_STEPS = 3
"""How far up somebody with an address is looked for: township, county, city."""


def by_the_superior(kind: UnitKind, level: UnitLevel) -> bool:
    """Whether the unit above files for it."""
    return (kind, level) in BY_THE_SUPERIOR or (kind, None) in BY_THE_SUPERIOR


def takes_text(reach: int) -> bool:
    """Whether somebody of the unit has an SMS number or a mail address that works."""
    return bool(reach & REACHED_BY_TEXT)


def registrar(unit: Unit, units: Mapping[str, Unit], reach: Mapping[str, int]) -> str:
    """The code of the unit that is asked for this one."""
    found, above = unit, units.get(unit.superior or "")
    if by_the_superior(unit.kind, unit.level) and above is not None and takes_text(reach.get(above.code, 0)):
        found = above
    for _ in range(MOST_STEPS):
        above = units.get(found.superior or "")
        if takes_text(reach.get(found.code, 0)) or above is None:
            break
        found = above
    return found.code


def asked_roles(present: Collection[Role], *, overdue: bool) -> tuple[Role, ...]:
    """Who of a registrar's unit is written to, of the roles that have an address: A, else B, else the duty phone.

    What is overdue goes to B as well: A may be away for longer than anybody thought.
    """
    order = [role for role in (Role.PRIMARY, Role.DEPUTY, Role.DUTY) if role in present]
    wanted = 2 if overdue else 1
    people = [role for role in order if role is not Role.DUTY][:wanted]
    return tuple(people or order[:1])
