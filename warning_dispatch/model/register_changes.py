"""名册变动: what differs between two states of the register. PURE. For the dry run and for the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from warning_dispatch.model.register import Register, ranked_endpoints
from warning_dispatch.model.unit import EndpointEntry, ReceiverEntry, Unit


@dataclass(frozen=True, slots=True)
class UnitChange:
    """单位变动: `before` None is a new one, `after` None one that goes."""

    before: Unit | None
    after: Unit | None

    @property
    def unit_code(self) -> str:
        """Of the unit that is or was."""
        found = self.after or self.before
        return found.code if found else ""


@dataclass(frozen=True, slots=True)
class ReceiverChange:
    """责任人变动: `before` None is a new one, `after` None one that goes."""

    before: ReceiverEntry | None
    after: ReceiverEntry | None

    @property
    def unit_code(self) -> str:
        """Of the unit that the receiver answers or answered for."""
        found = self.after or self.before
        return found.unit_code if found else ""


@dataclass(frozen=True, slots=True)
class RegisterChanges:
    """Everything that differs, in the order of the new state, then of the old.

    `reordered`: codes of units whose people stand in another order, be they the same or not.
    """

    units: tuple[UnitChange, ...]
    receivers: tuple[ReceiverChange, ...]
    reordered: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the two are the same."""
        return not self.units and not self.receivers and not self.reordered


class ChangeKind(StrEnum):
    """What a change did."""

    ADDED = "added"
    """新增."""
    CHANGED = "changed"
    """变更."""
    REMOVED = "removed"
    """撤销."""


@dataclass(frozen=True, slots=True)
class RegisterChangeRow:
    """变动备案: one change as both departments may see it, names and numbers masked.

    `at` in ms. `source`: how it came (import, storm, campaign …). `subject`: unit or receiver. `what`: the fields that differ.
    `before`, `after`: a line each, empty where there was, or is, nothing. `erased`: too old to be kept; that there was a
    change is all that is left.
    """

    id: int
    at: int
    actor: str
    source: str
    unit_code: str
    unit_name: str
    subject: str
    kind: ChangeKind
    what: tuple[str, ...]
    before: str
    after: str
    erased: bool = False


def changes_between(before: Register, after: Register) -> RegisterChanges:
    """What must be added, changed and removed to come from one to the other."""
    receivers = list(_receivers(before, after))
    changes = tuple(change for _, own in receivers for change in own)
    return RegisterChanges(tuple(_units(before.units, after.units)), changes, tuple(code for code, _ in receivers))


def canonical(entry: ReceiverEntry) -> ReceiverEntry:
    """The receiver with endpoints in the order in which they are tried: two that are canonically equal are the same."""
    ranked = sorted(ranked_endpoints(entry), key=lambda one: (one.channel, one.rank))
    return replace(entry, endpoints=tuple(EndpointEntry(one.channel, one.address) for one in ranked))


def _units(before: Sequence[Unit], after: Sequence[Unit]) -> Iterator[UnitChange]:
    stood = {unit.code: unit for unit in before}
    for unit in after:
        old = stood.pop(unit.code, None)
        if old != unit:
            yield UnitChange(old, unit)
    yield from (UnitChange(unit, None) for unit in stood.values())


def _receivers(before: Register, after: Register) -> Iterator[tuple[str, Sequence[ReceiverChange]]]:
    """Each unit whose people differ or stand in another order, with the changes."""
    stood: defaultdict[str, list[ReceiverEntry]] = defaultdict(list)
    for entry in before.receivers:
        stood[entry.unit_code].append(canonical(entry))
    stands: defaultdict[str, list[ReceiverEntry]] = defaultdict(list)
    for entry in after.receivers:
        stands[entry.unit_code].append(canonical(entry))
    for code in dict.fromkeys([*stands, *stood]):
        if stood[code] != stands[code]:
            yield code, tuple(_of_unit(stood[code], stands[code]))


_SAME: tuple[Callable[[ReceiverEntry], object], ...] = (
    lambda one: one,
    lambda one: (one.role, one.name),
    lambda one: one.name,
)
"""What makes two entries of a unit the same person, tried in this order."""


def _of_unit(stood: Sequence[ReceiverEntry], stands: Sequence[ReceiverEntry]) -> Iterator[ReceiverChange]:
    left, new = list(stood), list(stands)
    pairs: dict[int, ReceiverChange] = {}
    for key in _SAME:
        for entry in list(new):
            old = next((one for one in left if key(one) == key(entry)), None)
            if old is not None:
                left.remove(old)
                new.remove(entry)
                pairs[id(entry)] = ReceiverChange(old, entry)
    for entry in stands:
        found = pairs.get(id(entry), ReceiverChange(None, entry))
        if found.before != found.after:
            yield found
    yield from (ReceiverChange(entry, None) for entry in left)
