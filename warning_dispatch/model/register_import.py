"""名册接收: a register on its way into the database, with who brings it. Crosses the daemon's local socket as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import RegisterChanges
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import PersonKey


@dataclass(frozen=True, slots=True)
class RegisterImport:
    """How a register comes: who brings it and from where.

    `seen`: the state of the register's journal it was made from; None: that of the moment. `changes`: what differs from the
    state that was `seen`; None: it is found out. `shifts`: of the roster. `accepted`: names of problems that the
    registrar accepted. `allow_fewer`: even if more than half of the receivers would go. `named`: codes of the units that
    were listed: while a campaign is open they have handed in by it. `within`: code of the unit it is about; empty: all.
    `partly`: those of them of which a row was left out: they have not. `kept`: people of theirs of whom the list does not
    speak: nobody has made sure of them. `days_stand`: what it says of when somebody was made sure of holds.
    """

    register: Register
    actor: str
    source: str = "import"
    allow_fewer: bool = False
    seen: int | None = None
    shifts: tuple[Shift, ...] = ()
    accepted: tuple[str, ...] = ()
    changes: RegisterChanges | None = None
    named: tuple[str, ...] = ()
    within: str = ""
    partly: tuple[str, ...] = ()
    kept: tuple[PersonKey, ...] = ()
    days_stand: bool = False
