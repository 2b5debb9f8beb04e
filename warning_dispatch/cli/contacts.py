"""`contacts`: the register — take it over from files, look for gaps, make a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import sqlalchemy
import structlog
import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason, UnitCode
from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command, finding_document, finding_text
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import Finding, NotFoundError, RefusedError
from warning_dispatch.model.register import Register, RegisterCounts
from warning_dispatch.registry.findings import INFORMATION, register_findings
from warning_dispatch.registry.reading import (
    DIVISIONS_FILE,
    RECEIVERS_FILE,
    read_receivers_file,
    read_register,
)
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import Unusable, replace_register, restore_endpoints, unusable_endpoints
from warning_dispatch.store.register_reading import count_receivers, stored_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both

app = typer.Typer(
    no_args_is_help=True,
    help=both("名册：导入、检查、样本、待核号码", "the register: import, check, sample, numbers in doubt"),
)

STREAM = "register"
"""The journal of the register."""


@app.command("import")
@command
def import_register(
    terminal: Terminal,
    path: Annotated[
        Path, typer.Argument(help=both("名册文件夹，或 receivers.csv", "a register's folder, or a receivers.csv"))
    ],
    allow_fewer: Annotated[
        bool, typer.Option("--allow-fewer", help=both("允许责任人减少一半以上", "even if more than half would go"))
    ] = False,
) -> None:
    """导入名册：全部写入，或者一行不写并列出全部错误。 / Take a register over: all of it, or nothing and every error."""
    register = read_files(path, terminal.settings.contacts_dir)
    counts = take_over(terminal.settings, register, terminal.actor, allow_fewer=allow_fewer)
    terminal.answer(asdict(counts), counts_text(terminal, counts))


@app.command("sample")
@command
def sample(
    terminal: Terminal,
    seed: Annotated[int, typer.Option(min=0, help=both("种子，相同则名册相同", "same seed, same register"))] = 1,
) -> None:
    """生成样本名册：编造的人，叫不到任何人的号码。 / Invented people with numbers that reach nobody."""
    counts = load_sample(terminal.settings, seed, terminal.actor)
    terminal.answer(asdict(counts), counts_text(terminal, counts))


@app.command("check")
@command
def check(
    terminal: Terminal,
    path: Annotated[
        Path | None,
        typer.Argument(
            help=both("只检查这些文件，不写入；不写则检查库中名册", "look at files only; else at the database")
        ),
    ] = None,
) -> None:
    """检查名册：没有责任人、没有 A 岗、没有电话、共用号码。 / Gaps: no receiver, no A, no phone; shared numbers."""
    register = stored(terminal.settings) if path is None else read_files(path, terminal.settings.contacts_dir)
    findings = register_findings(register.units, register.receivers)
    serious = [one for one in findings if not one.what.startswith(INFORMATION)]
    notices = [one for one in findings if one.what.startswith(INFORMATION)]
    document = {
        "units": len(register.units),
        "receivers": len(register.receivers),
        "findings": [finding_document(one) for one in serious],
        "notices": [finding_document(one) for one in notices],
    }
    summary = terminal.say(
        f"{len(register.units)} 个单位，{len(register.receivers)} 个接收责任人：{len(serious)} 个问题，{len(notices)} 条提示。",
        f"{len(register.units)} units, {len(register.receivers)} receivers: {len(serious)} findings, {len(notices)} notices.",
    )
    terminal.answer(document, *_listed(serious, notices), Text(summary, style="bold red" if serious else "bold green"))
    if serious:
        raise typer.Exit(1)


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


def _listed(serious: Sequence[Finding], notices: Sequence[Finding]) -> list[Text]:
    return [*(finding_text(one) for one in serious), *(finding_text(one, "·", "dim") for one in notices)]


# --- used by `init` and `check` as well -------------------------------------------------------------------


def read_files(path: Path, contacts: Path) -> Register:
    """The register of a folder; or the receivers of one file, with the units beside it or else of `contacts`."""
    if path.is_dir():
        return read_register(path)
    if not path.is_file():
        what = both("没有这个文件或文件夹", "there is no such file or folder")
        raise RefusedError(f"{path}: {what}")
    beside = path.parent / DIVISIONS_FILE
    folder = path.parent if beside.is_file() else contacts
    if folder == path.parent and path.name == RECEIVERS_FILE:
        return read_register(folder)
    units = read_register_units(folder)
    return Register(units.units, read_receivers_file(path, units.units))


def read_register_units(folder: Path) -> Register:
    """The units of a folder; whatever receivers lie there are left out."""
    return Register(read_register(folder).units, ())


def take_over(settings: Settings, register: Register, actor: str, *, allow_fewer: bool = False) -> RegisterCounts:
    """Make the database's register this one, with a line in the journal.

    RefusedError where it would lose people: a folder without receivers over a register that has some, a sample over a
    real register, a sample while real routes are configured, and (but for `allow_fewer`) a register less than half as
    long as the real one in force, which is most often a part of it.
    """
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    now = SystemClock().now()
    with opened_database(settings) as database:
        _refuse_loss(settings, database, register, allow_fewer=allow_fewer)
        with writing(database) as connection:
            counts = replace_register(connection, AesSealer(keys), register, now)
            journal = Journal(keys.journal_key, structlog.get_logger("journal"))
            journal.append(connection, STREAM, [{"k": "register.replaced", "actor": actor, **asdict(counts)}], now)
    return counts


def load_sample(settings: Settings, seed: int, actor: str) -> RegisterCounts:
    """Units of the contacts folder with invented receivers."""
    units = read_register_units(settings.contacts_dir).units
    return take_over(settings, Register(units, sample_receivers(units, seed)), actor)


def stored(settings: Settings) -> Register:
    """The register in force."""
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    with opened_database(settings) as database, reading(database) as connection:
        return stored_register(connection, AesSealer(keys))


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
    if not allow_fewer and 2 * len(register.receivers) < real:
        what = both(
            f"责任人将从 {real} 个减到 {len(register.receivers)} 个，请确认文件是全份",
            f"receivers would go from {real} to {len(register.receivers)}; is the file complete?",
        )
        raise RefusedError(f"{what} → --allow-fewer")
    if samples and settings.reaches_people:
        what = both("配置了真实线路，不能用样本名册", "real routes are configured; they refuse a sample register")
        raise RefusedError(f"{what} → warning-dispatch.toml [[routes]]")
