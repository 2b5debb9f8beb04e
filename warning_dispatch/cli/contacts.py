"""`contacts`: the register — make a sample, mend what calls found; and how a register is taken over."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.text import Text

from warning_dispatch.bootstrap import take_over_of
from warning_dispatch.cli.callout import Actor, Reason, UnitCode
from warning_dispatch.cli.office import asked_daemon, daemon_answers, opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.register import Register, RegisterCounts
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_key_units, sample_receivers
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import Unusable, restore_endpoints, unusable_endpoints
from warning_dispatch.store.register_take_over import STREAM
from warning_dispatch.store.rotation import require_indexed
from warning_dispatch.tomlfiles import both

app = typer.Typer()


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


def take_over(settings: Settings, coming: RegisterImport) -> RegisterCounts:
    """Make the database's register this one: the running daemon does it if there is one, else this command.

    RefusedError where it would lose people, see store/register_take_over.py.
    """
    if daemon_answers(settings.control_socket):
        with asked_daemon(settings) as daemon:
            return daemon.take_over(coming)
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    clock = SystemClock()
    with opened_database(settings) as database:
        require_indexed(database, keys.index_key_id)
        return take_over_of(settings, database, keys).carry_out(coming, clock.now(), lambda work: work(clock.now()))


def load_sample(settings: Settings, seed: int, actor: str) -> RegisterCounts:
    """Units of the contacts folder with invented receivers."""
    units = read_register_units(settings.contacts_dir).units
    units = (*units, *sample_key_units(units))
    return take_over(settings, RegisterImport(Register(units, sample_receivers(units, seed)), actor, "sample"))


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
