"""导入时的问题: what is wrong with a workbook, each with its place, a remedy, and a name by which it can be accepted.

Nothing is written while a problem stands that nobody accepted. What accepting one means is said in `ACCEPTED`; a
problem without a name there cannot be accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from warning_dispatch.errors import Finding, RefusedError
from warning_dispatch.tomlfiles import both

ACCEPTED: Mapping[str, tuple[str, str]] = {
    "unknown-unit": ("该行不导入", "the row is left out"),
    "bad-number": ("该号码不导入，其余照收", "the number is left out, the rest is taken"),
    "extension": ("按总机号码登记，机器不拨分机", "the main number is taken, its extension never dialled"),
    "bad-mail": ("该邮箱不导入，其余照收", "the address is left out, the rest is taken"),
    "no-number": ("该行不导入", "the row is left out"),
    "no-name": ("该行不导入", "the row is left out"),
    "unknown-role": ("该行不导入", "the row is left out"),
    "bad-day": ("该日期不导入，其余照收", "the day is left out, the rest is taken"),
    "same-person": ("合并为一人，号码都收", "they are one person with all the numbers"),
    "role-by-order": ("按次序：第一人 A 岗，其余 B 岗", "by order: the first is A, the others B"),
    "code-and-name": ("以编码为准", "the code counts"),
    "unknown-column": ("该列不导入", "the column is left out"),
    "unknown-sheet": ("该工作表不导入", "the sheet is left out"),
    "unknown-person": ("该班次不导入", "the shift is left out"),
    "bad-shift": ("该班次不导入", "the shift is left out"),
    "bad-unit": ("该单位不导入", "the unit is left out"),
    "unlisted-unit": ("该单位保留", "the unit stays"),
    "fewer": ("照删", "they are removed"),
}
"""What the registrar may accept by name, and what is done then."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `kind` is a key of ACCEPTED, or empty for what cannot be accepted."""

    kind: str
    finding: Finding
    row: int = 0


@dataclass(slots=True)
class Problems:
    """Collects what is wrong (`found`) and what is only told (`notices`)."""

    found: list[Problem] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)

    def add(self, kind: str, where: str, what: str, remedy: str, row: int = 0) -> None:
        """Something that must be mended or accepted."""
        self.found.append(Problem(kind, Finding(where, what, remedy), row))

    def tell(self, where: str, what: str, remedy: str = "") -> None:
        """Something to know."""
        self.notices.append(Finding(where, what, remedy))


def standing(problems: Iterable[Problem], accepted: Collection[str]) -> list[Problem]:
    """The problems that nobody accepted. `accepted`: names, or name@row for one row."""
    return [one for one in problems if not one.kind or not {one.kind, f"{one.kind}@{one.row}"} & set(accepted)]


def require_names(accepted: Collection[str]) -> None:
    """RefusedError for a name that nothing goes by: a slip there must not pass for an acceptance."""
    for name in accepted:
        kind, _, row = name.partition("@")
        if kind not in ACCEPTED or (row and not row.isdigit()):
            what = both(f"没有这种问题：{name}", f"there is no such problem: {name}")
            raise RefusedError(f"{what} → {', '.join(ACCEPTED)}")


def counted(problems: Sequence[Problem]) -> list[tuple[str, int]]:
    """How many of each name, the most frequent first."""
    return Counter(one.kind for one in problems).most_common()
