"""`contacts`: the register — make a sample, mend what calls found; and how a register is taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import sqlalchemy
import structlog
import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason, UnitCode
from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.delivery.configured import reaches_people
from warning_dispatch.engine.renewal_import import file_by_import
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.register import Register, RegisterCounts
from warning_dispatch.model.register_changes import RegisterChanges, changes_between
from warning_dispatch.model.roster import Shift
from warning_dispatch.registry.reading import RECEIVERS_FILE, read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import Unusable, replace_register, restore_endpoints, unusable_endpoints
from warning_dispatch.store.register_history import account_of, write_account
from warning_dispatch.store.register_reading import count_receivers, stored_register
from warning_dispatch.store.roster_rows import follow_people, save_shifts
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.storage import TableTransaction
from warning_dispatch.tomlfiles import both

app = typer.Typer()

STREAM = "register"
"""The journal of the register."""


@app.command("sample")
@command
def sample(
    terminal: Terminal,
    seed: Annotated[int, typer.Option(min=0, help=both("种子，相同则名册相同", "same seed, same register"))] = 1,
) -> None:
    """生成样本名册：编造的人，叫不到任何人的号码。 / Invented people with numbers that reach nobody."""
    counts = load_sample(terminal.settings, seed, terminal.actor)
    terminal.answer(asdict(counts), counts_text(terminal, counts))


@app.command("findings")
@command
def findings(terminal: Terminal) -> None:
    """呼叫中查明的坏号码（空号、停机、无效、退信）：不再使用，等核实。 / Numbers found to be wrong; not used any more."""
    with opened_database(terminal.settings) as database, reading(database) as connection:
        found = unusable_endpoints(connection)
    document = [
        {
            "unit": one.unit_code,
            "role": one.role.key,
            "channel": one.channel.key,
            "number": one.masked,
            "why": one.finding,
        }
        for one in found
    ]
    summary = terminal.say(
        f"{len(found)} 个号码停用。核实无误：contacts restore 单位编码；换号：改名册后 contacts import。",
        f"{len(found)} numbers are out of use. Right after all: contacts restore UNIT; a new one: contacts import.",
    )
    terminal.answer({"findings": document}, *(_bad_number(terminal, one) for one in found), Text(summary))


@app.command("restore")
@command
def restore(
    terminal: Terminal,
    unit: UnitCode,
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """核实过号码没错：恢复使用，从下一次叫应起。 / The unit's numbers are right after all: used again from the next call-out."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    keys = KeyRing.load(terminal.settings.keys_dir, terminal.settings.credentials_dir)
    now = SystemClock().now()
    with opened_database(terminal.settings) as database, writing(database) as connection:
        restored = restore_endpoints(connection, unit)
        if not restored:
            what = both(f"{unit} 没有停用的号码", f"no number of {unit} is out of use")
            raise NotFoundError(f"{what} → contacts findings")
        journal = Journal(keys.journal_key, structlog.get_logger("journal"))
        entry = {"k": "endpoints.restored", "endpoints": restored, "actor": actor, "why": reason}
        journal.append(connection, STREAM, [entry], now)
    words = terminal.say(f"{unit}：恢复了 {len(restored)} 条联系方式。", f"{unit}: {len(restored)} restored.")
    terminal.answer({"unit": unit, "restored": len(restored)}, Text(words))


def _bad_number(terminal: Terminal, one: Unusable) -> Text:
    """A number that is out of use, as the registrar reads it."""
    words = terminal.words
    role, channel = words.text(f"role.{one.role.key}"), words.text(f"channel.{one.channel.key}")
    return Text(f"{one.unit_code} {one.unit_name}  {role} {channel} {one.masked}  {words.word('outcome', one.finding)}")


# --- used by `init` and `check` as well -------------------------------------------------------------------


def read_register_units(folder: Path) -> Register:
    """The units of a folder; whatever receivers lie there are left out."""
    return Register(read_register(folder).units, ())


@dataclass(frozen=True, slots=True)
class TakeOver:
    """How a register comes: who brings it and from where; `seen`: the state of the register's journal it was made from.

    `shifts`: of the roster. `accepted`: names of problems that the registrar accepted. `allow_fewer`: even if more than half of the receivers would go.
    """

    actor: str
    source: str = "import"
    allow_fewer: bool = False
    seen: int | None = None
    shifts: Sequence[Shift] = ()
    accepted: Sequence[str] = ()
    changes: RegisterChanges | None = None
    """What differs from the state that was `seen`; None: it is found out."""
    named: frozenset[str] = frozenset()
    """Codes of the units that were listed: while a campaign is open they have handed in by it."""


def take_over(settings: Settings, register: Register, how: TakeOver) -> RegisterCounts:
    """Make the database's register this one, with its history and a line in the journal.

    RefusedError where it would lose people: a folder without receivers over a register that has some, a sample over a
    real register, a sample while real routes are configured, (but for `allow_fewer`) a register less than half as
    long as the real one in force, which is most often a part of it; and when the register has changed since `seen`.
    """
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    sealer = AesSealer(keys)
    now = SystemClock().now()
    with opened_database(settings) as database:
        _refuse_loss(settings, database, register, allow_fewer=how.allow_fewer)
        changes, seen = how.changes, how.seen
        if changes is None:
            with reading(database) as connection:
                seen = register_state(Sql(connection)) if seen is None else seen
                changes = changes_between(stored_register(connection, sealer, usable_only=False), register)
        account = account_of(sealer, changes, actor=how.actor, source=how.source, now=now)
        with writing(database) as connection:
            sql = Sql(connection)
            _refuse_late(sql, seen)
            counts = replace_register(connection, sealer, register, now)
            write_account(sql, account)
            follow_people(sql, sealer)
            save_shifts(sql, sealer, how.shifts)
            journal = Journal(keys.journal_key, structlog.get_logger("journal"))
            entry = {"k": "register.replaced", "actor": how.actor, "source": how.source, **asdict(counts)}
            more = {"shifts": len(how.shifts), "accepted": list(how.accepted)}
            tx = TableTransaction(sql, sealer, keys.link_key, journal)
            filed = file_by_import(tx, now, how.named, changes, how.actor)
            journal.append(connection, STREAM, [{**entry, **more}, *([filed] if filed else [])], now)
    return counts


def _refuse_late(sql: Sql, seen: int | None) -> None:
    """What was compared with an older state would undo what somebody has done meanwhile."""
    if seen is not None and register_state(sql) != seen:
        what = both(
            "名册刚刚有变动，没有写入，请再执行一次", "the register has just changed; nothing was written, try again"
        )
        raise RefusedError(what)


def register_state(sql: Sql) -> int:
    """Where the register's journal stands: it moves with every change."""
    return int(sql.value("SELECT seq FROM journal_head WHERE stream = ?", STREAM) or 0)


def load_sample(settings: Settings, seed: int, actor: str) -> RegisterCounts:
    """Units of the contacts folder with invented receivers."""
    units = read_register_units(settings.contacts_dir).units
    return take_over(settings, Register(units, sample_receivers(units, seed)), TakeOver(actor, "sample"))


def counts_text(terminal: Terminal, counts: RegisterCounts) -> Text:
    """What taking over did, in words."""
    return Text(
        terminal.say(
            f"名册已入库：{counts.units} 个单位，{counts.receivers} 个接收责任人，{counts.numbers} 个号码和邮箱。\n"
            f"  单位：新增 {counts.units_added}，变更 {counts.units_changed}，撤销 {counts.units_ended}\n"
            f"  责任人：新增 {counts.receivers_added}，撤销 {counts.receivers_ended}\n"
            f"  联系方式：新增 {counts.endpoints_added}，撤销 {counts.endpoints_ended}",
            f"Taken over: {counts.units} units, {counts.receivers} receivers, {counts.numbers} numbers and addresses.\n"
            f"  units: {counts.units_added} new, {counts.units_changed} changed, {counts.units_ended} ended\n"
            f"  receivers: {counts.receivers_added} new, {counts.receivers_ended} ended\n"
            f"  ways to reach them: {counts.endpoints_added} new, {counts.endpoints_ended} ended",
        )
    )


def _refuse_loss(settings: Settings, database: sqlalchemy.Engine, register: Register, *, allow_fewer: bool) -> None:
    samples = any(entry.sample for entry in register.receivers)
    with reading(database) as connection:
        real, invented = count_receivers(connection)
    if not register.receivers and real + invented:
        what = both(
            f"文件夹里没有责任人，导入会撤销现有的 {real + invented} 个",
            f"there are no receivers here; this would end the {real + invented} that are in force",
        )
        raise RefusedError(f"{what} → {RECEIVERS_FILE}")
    if samples and real:
        raise RefusedError(both("库中是真实名册，不能用样本覆盖", "the register is real; a sample may not replace it"))
    if samples and not all(entry.sample for entry in register.receivers):
        what = both(
            "名册里是样本，真实的人不能混在里面", "the register is a sample; real people may not stand among it"
        )
        raise RefusedError(f"{what} → --whole")
    if not allow_fewer and 2 * len(register.receivers) < real:
        what = both(
            f"责任人将从 {real} 个减到 {len(register.receivers)} 个，请确认文件是全份",
            f"receivers would go from {real} to {len(register.receivers)}; is the file complete?",
        )
        raise RefusedError(f"{what} → --allow-fewer")
    if samples and reaches_people(settings):
        what = both("配置了真实线路，不能用样本名册", "real routes are configured; they refuse a sample register")
        raise RefusedError(f"{what} → warning-dispatch.toml [[routes]]")
