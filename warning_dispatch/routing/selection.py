"""Whom a tier calls, as a description the store can carry out in one statement. PURE.

`wanted` is the reference meaning of a selection for one unit; the store's statement must agree with it unit by unit
(tests/contract/test_selection.py compares the two on the whole register).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Hazard, Tier
from warning_dispatch.model.unit import CODE_LENGTH, Unit, UnitKind, UnitLevel
from warning_dispatch.routing.areas import Affected


@dataclass(frozen=True, slots=True)
class TierSelection:
    """Everything needed to fill one tier. `tier` is its position; `sectors` empty means any.

    `roots`: affected codes with all below them; `above`: single divisions above an affected one. `notice`: the tier is
    only told.
    """

    tier: int
    kind: UnitKind
    level: UnitLevel
    sectors: tuple[str, ...]
    codes: tuple[str, ...]
    roots: tuple[str, ...]
    above: tuple[str, ...]
    notice: bool = False
    name: str = ""
    """Of the tier: by it a selection finds its place in a plan that was edited since."""
    spared: tuple[str, ...] = ()
    """Lines that are not called, where all others are."""


def select(chain: CallChain, hazard: Hazard, affected: Affected, active: tuple[int, ...]) -> tuple[TierSelection, ...]:
    """The selections of the tiers at positions `active`, in their order."""
    return tuple(_tier_selection(index, chain.tiers[index], hazard, affected) for index in active)


def own_selections(chain: CallChain, within: str) -> tuple[TierSelection, ...]:
    """The selections of the bureau's call to itself: its own units in our own area, whatever the weather."""
    return tuple(
        TierSelection(index, tier.select.kind, tier.select.level, (), tier.select.codes, (), (within,))
        for index, tier in enumerate(chain.tiers)
    )


def _tier_selection(index: int, tier: Tier, hazard: Hazard, affected: Affected) -> TierSelection:
    of_hazard, key_units = tier.select.of_hazard, tier.select.kind is UnitKind.KEY_UNIT
    sectors = hazard.sectors if of_hazard and not key_units else tier.select.sectors
    length = CODE_LENGTH[tier.select.level]
    above = tuple(code for code in (*affected.above, *affected.roots) if len(code) == length)
    cities = tuple({root[: CODE_LENGTH[UnitLevel.CITY]] for root in (*affected.roots, *affected.above)})
    if tier.select.level is UnitLevel.CITY:  # the city is above every affected area
        above = tuple(dict.fromkeys((*above, *cities)))
    return TierSelection(
        tier=index,
        kind=tier.select.kind,
        level=tier.select.level,
        sectors=sectors,
        codes=tier.select.codes,
        roots=affected.roots,
        above=above,
        notice=tier.notice,
        name=tier.name,
        spared=hazard.spared if of_hazard and key_units else (),
    )


def fitted(coverage: tuple[TierSelection, ...], plan: CallChain, colour: Colour) -> tuple[TierSelection, ...]:
    """A stored coverage in the plan as it is now: tiers at their present place; one that is gone or not called is left out."""
    places = {tier.name: index for index, tier in enumerate(plan.tiers) if colour in tier.ladders}
    found = [replace(one, tier=places[one.name]) for one in coverage if one.name in places]
    return tuple(sorted(found, key=lambda one: one.tier))


def wanted(unit: Unit, selection: TierSelection) -> bool:
    """Whether the selection calls this unit."""
    return (
        unit.callable
        and unit.kind is selection.kind
        and unit.level is selection.level
        and (not selection.sectors or unit.sector in selection.sectors)
        and unit.sector not in selection.spared
        and (not selection.codes or any(unit.code.endswith(code) for code in selection.codes))
        and (unit.area in selection.above or any(unit.area.startswith(root) for root in selection.roots))
    )


def superior_code(unit: Unit, tier: Tier, before: Tier | None) -> str | None:
    """The code of the unit a branch-wise gated unit waits for: its division one level up in the tier before."""
    if before is None or tier.gate is not Gate.BRANCH:
        return None
    return unit.area[: CODE_LENGTH[before.select.level]]
