"""授权与权限: who may do what, and on which units. Pure; the whole of it is the table `RIGHTS_OF`.

A person holds grants. A grant is a kind and a unit, and holds for that unit and all that lies below it: thirteen county
officers work the same storm as the city's, each on the units of their own county. (`Role` is another thing: what somebody
is to a unit that is called.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class GrantKind(StrEnum):
    """授权类别: what somebody is to the bureau."""

    VIEWER = "viewer"
    """查看: looks, and never acts."""
    OFFICER = "officer"
    """值班员: works the storm."""
    REGISTRAR = "registrar"
    """名册员: keeps the register and runs the yearly refresh."""
    ADMINISTRATOR = "administrator"
    """管理员: keeps the accounts, and does nothing with warnings."""


class Right(StrEnum):
    """权限: what a page or an act asks for."""

    SEE = "see"
    """看: call-outs, lists and readiness; numbers stay masked."""
    ACT = "act"
    """处置: answers recorded, call-outs paused, lifted, closed, alarms claimed, numbers seen in clear."""
    REGISTER = "register"
    """名册: units, receivers and numbers changed, the yearly refresh opened and closed."""
    ACCOUNTS = "accounts"
    """账号: people added, granted, ended, unlocked."""


RIGHTS_OF: Final[Mapping[GrantKind, frozenset[Right]]] = {
    GrantKind.VIEWER: frozenset({Right.SEE}),
    GrantKind.OFFICER: frozenset({Right.SEE, Right.ACT}),
    GrantKind.REGISTRAR: frozenset({Right.SEE, Right.REGISTER}),
    GrantKind.ADMINISTRATOR: frozenset({Right.SEE, Right.ACCOUNTS}),
}
"""Who may do what. Somebody who is two things holds two grants."""


@dataclass(frozen=True, slots=True)
class Grant:
    """授权: a kind, for a unit and what lies below it."""

    kind: GrantKind
    unit_code: str


def units_with(grants: Iterable[Grant], right: Right) -> tuple[str, ...]:
    """The units on which, and below which, the grants give a right; sorted, each once."""
    return tuple(sorted({grant.unit_code for grant in grants if right in RIGHTS_OF[grant.kind]}))


def may(grants: Iterable[Grant], right: Right, path: Collection[str]) -> bool:
    """Whether the grants give a right on a unit. `path`: the codes of the unit and of all its superiors.

    An empty path is a unit that nobody knows: nobody may.
    """
    return any(code in path for code in units_with(grants, right))


def covers(grants: Sequence[Grant], right: Right, paths: Iterable[Collection[str]]) -> bool:
    """Whether the grants give a right on every one of these units, of which there must be one."""
    listed = list(paths)
    return bool(listed) and all(may(grants, right, path) for path in listed)
