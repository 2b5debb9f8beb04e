"""范围: the units that somebody may be shown, and all that lies below them by the tree of superiors, as a condition.

The tree is walked by the index of superiors inside the statement itself, so that a county's page costs what the county has,
not what the call-out has, and nothing is read that must be thrown away afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.errors import NotYoursError
from warning_dispatch.store.sql import marks
from warning_dispatch.tomlfiles import both


@dataclass(frozen=True, slots=True)
class Scope:
    """Units with all below them; `codes` None: everything there is, and none at all: nothing."""

    codes: tuple[str, ...] | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.codes is None

    @property
    def values(self) -> tuple[str, ...]:
        """What every condition of this scope takes, once for each time it stands in a statement."""
        return self.codes or ()

    def on(self, column: str) -> str:
        """A condition on a column of unit ids, to stand behind another one; empty when nothing is left out."""
        return "" if self.whole else f" AND {column} IN ({self.units()})"

    def off(self, column: str) -> str:
        """The condition that a column of unit ids lies outside; never, when nothing is left out."""
        return "1 = 0" if self.whole else f"{column} NOT IN ({self.units()})"

    def units(self) -> str:
        """The ids of the units, as a statement inside another one."""
        return f"""WITH RECURSIVE mine(id) AS (SELECT id FROM unit WHERE code IN ({marks(self.values)})
         UNION SELECT below.id FROM mine JOIN unit below ON below.superior_id = mine.id) SELECT id FROM mine"""

    def callouts(self) -> str:
        """The ids of the call-outs that call any of the units, as a statement inside another one."""
        return f"SELECT theirs.callout_id FROM callee theirs WHERE theirs.unit_id IN ({self.units()})"


EVERYTHING = Scope()


def not_yours() -> NotYoursError:
    """What is told whoever asks for a unit outside their own."""
    return NotYoursError(
        both(
            "这个单位不在您的范围内，没有显示，也没有操作",
            "this unit is not one of yours; nothing was shown and nothing was done",
        )
    )
