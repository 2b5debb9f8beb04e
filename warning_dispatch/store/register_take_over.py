"""名册接收入库: a register that comes becomes the database's, all or nothing, and the writer is held for its own rows only.

What takes long is done beside the writer: reading what stands, comparing, sealing. The writer gets short jobs: the new
numbers, some hundreds at a time (a number that nobody holds rings nowhere), and then one that looks whether the
register is still the one that was compared with, and writes what differs, its history and the journal together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from warning_dispatch.engine.renewal_import import file_by_import
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.register import Register, RegisterCounts, below
from warning_dispatch.model.register_changes import RegisterChanges, changes_between
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.ports import Sealer
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.register import Reach, new_numbers, replace_register
from warning_dispatch.store.register_history import Account, account_of, write_account
from warning_dispatch.store.register_reading import count_receivers, real_receivers, stored_register, stored_units
from warning_dispatch.store.roster_rows import follow_people, save_shifts
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.storage import TableTransaction
from warning_dispatch.tomlfiles import both

STREAM = "register"
"""The journal of the register."""

T = TypeVar("T")


class Write(Protocol):
    """Carries out a short job as the one writer: with the moment, and waited for."""

    def __call__(self, work: Callable[[int], T], /) -> T:
        """The job's result, or its error."""
        ...


@dataclass(frozen=True, slots=True)
class _Ready:
    """Everything that could be done before the writer is asked."""

    coming: RegisterImport
    changes: RegisterChanges
    account: Account
    seen: int | None
    now: int


class RegisterTakeOver:
    """Takes registers over into one database."""

    def __init__(
        self, database: Engine, sealer: Sealer, journal: Journal, link_key: bytes, *, reaches_people: bool
    ) -> None:
        """`link_key` for the test messages of a campaign; `reaches_people`: real routes are configured, so that a sample is refused."""
        self._link_key = link_key
        self._database = database
        self._sealer = sealer
        self._journal = journal
        self._reaches_people = reaches_people

    def carry_out(self, coming: RegisterImport, now: int, write: Write) -> RegisterCounts:
        """Make the database's register this one, with its history and a line in the journal. `now` in ms.

        RefusedError where it would lose people: a folder without receivers over a register that has some, a sample over
        a real register, a sample while real routes are configured, (but for `allow_fewer`) less than half of the
        real register in force, be it of its receivers or its units, altogether or below the unit it is about, which is
        most often a part of it; and when the register has changed meanwhile.
        """
        changes, seen = self._compared(coming)
        account = account_of(self._sealer, changes, actor=coming.actor, source=coming.source, now=now)
        people = [one.after for one in changes.receivers if one.after is not None]
        ready = _Ready(coming, changes, account, seen, now)
        for insert in new_numbers(self._database, self._sealer, people):
            write(lambda _now, insert=insert: insert())  # type: ignore[misc] # the piece of this moment
        return write(lambda moment: self._save(ready, moment))

    def _compared(self, coming: RegisterImport) -> tuple[RegisterChanges, int | None]:
        """Refuse what would lose people; what differs (found out where whoever brings it has not), from which state."""
        with reading(self._database) as connection:
            self._refuse_loss(connection, coming)
            if coming.changes is not None:
                return coming.changes, coming.seen
            seen = register_state(Sql(connection)) if coming.seen is None else coming.seen
            stands = stored_register(connection, self._sealer, usable_only=False)
        return changes_between(stands, coming.register), seen

    def _save(self, ready: _Ready, moment: int) -> RegisterCounts:
        coming = ready.coming
        with writing(self._database) as connection:
            sql = Sql(connection)
            _refuse_late(sql, ready.seen)
            reach = Reach.of(ready.changes)
            counts = replace_register(connection, self._sealer, coming.register, ready.now, reach)
            write_account(sql, ready.account)
            follow_people(sql, self._sealer)
            save_shifts(sql, self._sealer, coming.shifts)
            entry = {"k": "register.replaced", "actor": coming.actor, "source": coming.source, **asdict(counts)}
            more: dict[str, Any] = {"shifts": len(coming.shifts), "accepted": list(coming.accepted)}
            tx = TableTransaction(sql, self._sealer, self._link_key, self._journal)
            filed = file_by_import(
                tx,
                moment,
                coming.named,
                ready.changes,
                coming.actor,
                partly=coming.partly,
                kept=coming.kept,
                days_stand=coming.days_stand,
            )
            self._journal.append(connection, STREAM, [{**entry, **more}, *([filed] if filed else [])], moment)
        return counts

    def _refuse_loss(self, connection: Connection, coming: RegisterImport) -> None:
        (real, invented), register = count_receivers(connection), coming.register
        if not register.receivers and real + invented:
            what = both(
                f"文件夹里没有责任人，导入会撤销现有的 {real + invented} 个",
                f"there are no receivers here; this would end the {real + invented} that are in force",
            )
            raise RefusedError(f"{what} → receivers.csv")
        self._refuse_sample(register, real)
        if real and not coming.allow_fewer:
            for within in dict.fromkeys(("", coming.within)):
                _refuse_fewer(connection, register, within)

    def _refuse_sample(self, register: Register, real: int) -> None:
        """Invented people stand among themselves only, and never before real routes."""
        if not any(entry.sample for entry in register.receivers):
            return
        if real:
            raise RefusedError(
                both("库中是真实名册，不能用样本覆盖", "the register is real; a sample may not replace it")
            )
        if not all(entry.sample for entry in register.receivers):
            what = both(
                "名册里是样本，真实的人不能混在里面", "the register is a sample; real people may not stand among it"
            )
            raise RefusedError(f"{what} → --whole")
        if self._reaches_people:
            what = both("配置了真实线路，不能用样本名册", "real routes are configured; they refuse a sample register")
            raise RefusedError(f"{what} → warning-dispatch.toml [[routes]]")


def _refuse_fewer(connection: Connection, register: Register, within: str) -> None:
    """RefusedError when more than half of the real receivers, or of the units, below `within` would go."""
    units = stored_units(connection)
    scope = below((*units, *register.units), within)
    receivers = sum(count for code, count in real_receivers(connection).items() if code in scope)
    fewer = [
        (receivers, sum(one.unit_code in scope for one in register.receivers), "责任人", "receivers"),
        (sum(one.code in scope for one in units), sum(one.code in scope for one in register.units), "单位", "units"),
    ]
    place = (f"{within} 的", f" of {within}") if within else ("", "")
    for stands, left, chinese, english in fewer:
        if 2 * left < stands:
            what = both(
                f"{place[0]}{chinese}将从 {stands} 个减到 {left} 个，请确认文件是全份",
                f"{english}{place[1]} would go from {stands} to {left}; is the file complete?",
            )
            raise RefusedError(f"{what} → --allow-fewer")


def register_state(sql: Sql) -> int:
    """Where the register's journal stands: it moves with every change."""
    return int(sql.value("SELECT seq FROM journal_head WHERE stream = ?", STREAM) or 0)


def _refuse_late(sql: Sql, seen: int | None) -> None:
    """What was compared with an older state would undo what somebody has done meanwhile. Nobody else writes after this look."""
    stands = int(sql.value("SELECT seq FROM journal_head WHERE stream = ?" + sql.for_update, STREAM) or 0)
    if seen is not None and stands != seen:
        what = both(
            "名册刚刚有变动，没有写入，请再执行一次", "the register has just changed; nothing was written, try again"
        )
        raise RefusedError(what)
