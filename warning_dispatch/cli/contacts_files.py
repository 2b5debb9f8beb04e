"""`contacts import | export | template`: the register and the offices' own workbooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
import typer
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason
from warning_dispatch.cli.contacts import counts_text, read_register_units, take_over
from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command, finding_document, finding_text, plain_console
from warning_dispatch.clock import SystemClock, beijing_text
from warning_dispatch.errors import Finding, NotFoundError, RefusedError, RegisterError
from warning_dispatch.model.masking import mask
from warning_dispatch.model.register import Register, RegisterCounts, below
from warning_dispatch.model.register_changes import RegisterChanges, UnitChange, changes_between
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import PersonKey, ReceiverEntry
from warning_dispatch.registry.change_lines import changed_fields, mark_of, person_line, unit_line
from warning_dispatch.registry.problems import ACCEPTED, Problem, Problems, counted, require_names, standing
from warning_dispatch.registry.reading import DIVISIONS_FILE, RECEIVERS_FILE, read_folder
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.sectors import sector_words
from warning_dispatch.registry.workbook_export import (
    Exported,
    Stamp,
    by_unit,
    csv_bytes,
    template_bytes,
    workbook_bytes,
    write_new,
)
from warning_dispatch.registry.workbook_import import (
    WorkbookRead,
    merged,
    people_kept,
    placed_shifts,
    read_workbook,
    tell_held,
)
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import unusable_endpoints
from warning_dispatch.store.register_reading import stored_register, stored_units
from warning_dispatch.store.register_take_over import STREAM, register_state
from warning_dispatch.store.roster_rows import stored_shifts
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.tomlfiles import both

app = typer.Typer()

SHOWN = 20
"""Changes and problems of each kind that a picture shows; `--all` shows every one."""

Within = Annotated[
    str,
    typer.Option("--within", metavar="UNIT", help=both("只限该单位及其下级", "only this unit and what lies below it")),
]
All = Annotated[bool, typer.Option("--all", help=both("逐条列全", "list every one"))]


# --- import -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. `seen`: the state of the register it was compared with."""

    before: Register
    after: Register
    changes: RegisterChanges
    shifts: Sequence[Shift]
    problems: Sequence[Problem]
    notices: Sequence[Finding]
    seen: int | None
    named: frozenset[str] = frozenset()
    """Units whose people the file lists."""
    partly: frozenset[str] = frozenset()
    kept: tuple[PersonKey, ...] = ()
    days_stand: bool = False
    """See RegisterImport."""

    @property
    def compared(self) -> RegisterChanges | None:
        """The changes, where they are those against what is stored (and not against the units of a folder)."""
        return self.changes if self.seen else None


@app.command("import")
@command
def import_register(
    terminal: Terminal,
    path: Annotated[
        Path,
        typer.Argument(help=both("工作簿 .xlsx .xls .csv，或名册文件夹", "a workbook, a CSV, or a register's folder")),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=both("只看会怎样，不写入", "show it, write nothing"))
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="NAME",
            help=both("接受这种问题，可写多次；名称@行号只接受该行", "accept this problem; NAME@ROW of one row"),
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help=both("文件是全份：没有写到的单位和人都撤销", "the file is complete: what it leaves out goes"),
        ),
    ] = False,
    within: Within = "",
    allow_fewer: Annotated[
        bool, typer.Option("--allow-fewer", help=both("允许责任人减少一半以上", "even if more than half would go"))
    ] = False,
    show_all: All = False,
    actor: Actor = "",
) -> None:
    """导入名册：全部写入，或者一行不写并列出全部问题。 / Take a register over: all of it, or nothing and every problem."""
    accepted = tuple(accept or ())
    require_names(accepted)
    plan = make_plan(terminal, path, whole=whole, within=within)
    standing_ = standing(plan.problems, accepted)
    if dry_run:
        terminal.answer(_plan_document(plan, standing_), *_plan_picture(terminal, plan, standing_, every=show_all))
        if standing_:
            raise typer.Exit(1)
        return
    if standing_:
        raise RegisterError([_with_name(one) for one in standing_])
    fewer = allow_fewer or "fewer" in accepted
    coming = RegisterImport(
        plan.after,
        terminal.asked_actor(actor),
        "import",
        fewer,
        seen=plan.seen,
        shifts=tuple(plan.shifts),
        accepted=accepted,
        changes=plan.compared,
        named=tuple(sorted(plan.named)),
        within=within,
        partly=tuple(sorted(plan.partly)),
        kept=plan.kept,
        days_stand=plan.days_stand,
    )
    _taken_over(terminal, plan, take_over(terminal.settings, coming), every=show_all)


def _taken_over(terminal: Terminal, plan: Plan, counts: RegisterCounts, *, every: bool) -> None:
    """What an import has done."""
    document = {
        **asdict(counts),
        "shifts": len(plan.shifts),
        "notices": [finding_document(one) for one in plan.notices],
    }
    said = [counts_text(terminal, counts)]
    if plan.shifts:
        said.append(Text(terminal.say(f"  值班表：{len(plan.shifts)} 班", f"  roster: {len(plan.shifts)} shifts")))
    terminal.answer(document, *_notices(terminal, plan.notices, every=every), *said)


def make_plan(terminal: Terminal, path: Path, *, whole: bool = False, within: str = "") -> Plan:
    """Read what is there against the register in force (or, while that is empty, the units of the contacts folder)."""
    settings = terminal.settings
    folder = _as_folder(path)
    today = beijing_text(SystemClock().now(), "%Y-%m-%d")
    rules = Rules(today, settings.contacts.short_codes, sector_words(settings.config_dir))
    if folder is not None:
        read_in = read_folder(folder, rules)
        register = read_in.register
        before, seen = _before(settings)
        named = frozenset(entry.unit_code for entry in register.receivers)
        changes = changes_between(before, register)
        return Plan(before, register, changes, (), (), read_in.notices, seen, named, days_stand=True)
    if not path.is_file():
        raise RefusedError(f"{path}: {both('没有这个文件或文件夹', 'there is no such file or folder')}")
    before, seen = _before(settings)
    if not before.units:
        before = read_register_units(settings.contacts_dir)
    if within and within not in {unit.code for unit in before.units}:
        raise NotFoundError(both(f"名册里没有单位 {within}", f"the register has no unit {within}"))
    with progress_bar(terminal, "读入", "Reading") as progress:
        read = read_workbook(path, before.units, rules, within, progress)
    return _compared(before, read, seen, whole=whole, within=within)


def _compared(before: Register, read: WorkbookRead, seen: int | None, *, whole: bool, within: str) -> Plan:
    after = merged(before, read, whole=whole, within=within)
    problems = Problems(list(read.problems), list(read.notices))
    if whole:
        tell_held(before, read, within, problems)
    shifts = placed_shifts(read, after, problems)
    changes = changes_between(before, after)
    kept = people_kept(before, read)
    return Plan(before, after, changes, shifts, problems.found, problems.notices, seen, read.named, read.partly, kept)


def _as_folder(path: Path) -> Path | None:
    """The folder, also when its receivers.csv was named; None for a workbook of an office."""
    if path.is_dir():
        return path
    beside = path.name == RECEIVERS_FILE and (path.parent / DIVISIONS_FILE).is_file()
    return path.parent if beside else None


def _before(settings: Settings) -> tuple[Register, int | None]:
    """The register in force as it stands on file, and the state of its journal."""
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    with opened_database(settings) as database, reading(database) as connection:
        return stored_register(connection, AesSealer(keys), usable_only=False), register_state(Sql(connection))


@contextmanager
def progress_bar(terminal: Terminal, chinese: str, english: str) -> Iterator[Callable[[int], Callable[[], None]]]:
    """A bar on standard error while somebody looks; what it gives is told the total and gives what to call per row."""
    console = plain_console(error=True)
    bar = Progress(
        TextColumn(terminal.say(chinese, english)),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or terminal.as_json,
    )

    def begin(total: int) -> Callable[[], None]:
        task = bar.add_task("", total=total)
        return lambda: bar.advance(task)

    with bar:
        yield begin


# --- the plan in words ------------------------------------------------------------------------------------


def _with_name(problem: Problem) -> Finding:
    """The finding with the name by which it can be accepted."""
    found = problem.finding
    if not problem.kind:
        return found
    chinese, english = ACCEPTED[problem.kind]
    accepting = both(f"或 --accept {problem.kind}（{chinese}）", f"or accept it ({english})")
    return Finding(found.where, found.what, f"{found.remedy}；{accepting}")


def _plan_document(plan: Plan, standing_: Sequence[Problem]) -> dict[str, Any]:
    """For a program. Numbers are masked."""
    return {
        "ok": not standing_,
        "units": {
            "added": _count(plan.changes.units, 0),
            "changed": _count(plan.changes.units, 1),
            "removed": _count(plan.changes.units, 2),
        },
        "receivers": {
            "added": _count(plan.changes.receivers, 0),
            "changed": _count(plan.changes.receivers, 1),
            "removed": _count(plan.changes.receivers, 2),
        },
        "shifts": len(plan.shifts),
        "problems": [
            {"name": one.kind, "row": one.row, "accepted": one not in standing_, **finding_document(one.finding)}
            for one in plan.problems
        ],
        "notices": [finding_document(one) for one in plan.notices],
        "changes": [
            {"unit": one.unit_code, "before": _person(one.before), "after": _person(one.after)}
            for one in plan.changes.receivers
        ],
        "unit_changes": [_unit_document(one) for one in plan.changes.units],
    }


def _count(changes: Sequence[Any], which: int) -> int:
    """How many are new (0), changed (1), gone (2)."""
    wanted = ((True, False), (False, False), (False, True))[which]
    return sum(1 for one in changes if (one.before is None, one.after is None) == wanted)


def _plan_picture(
    terminal: Terminal, plan: Plan, standing_: Sequence[Problem], *, every: bool
) -> Iterator[RenderableType]:
    """For the registrar: notices, changes, problems, and what follows."""
    yield from _notices(terminal, plan.notices, every=every)
    yield from _changes(terminal, plan, every=every)
    yield from _problems(terminal, plan, standing_, every=every)
    people, units = plan.changes.receivers, plan.changes.units
    sums = [_count(people, which) for which in range(3)] + [_count(units, which) for which in range(3)]
    yield Text(
        terminal.say(
            f"责任人：新增 {sums[0]}，变更 {sums[1]}，撤销 {sums[2]}；单位：新增 {sums[3]}，变更 {sums[4]}，撤销 {sums[5]}；班次 {len(plan.shifts)}。",
            f"Receivers: {sums[0]} new, {sums[1]} changed, {sums[2]} gone; units: {sums[3]} new, {sums[4]} changed, "
            f"{sums[5]} gone; {len(plan.shifts)} shifts.",
        )
    )
    if standing_:
        yield Text(
            terminal.say(
                f"✗ 有 {len(standing_)} 个问题未解决，导入时一行也不会写。",
                f"✗ {len(standing_)} problems stand: nothing would be written.",
            ),
            style="bold red",
        )
        for kind, count in counted(standing_):
            if kind:
                yield Text(f"    --accept {kind}  ×{count}  {terminal.say(*ACCEPTED[kind])}", style="dim")
    else:
        said = terminal.say("✓ 可以导入（去掉 --dry-run）。", "✓ It can be imported (without --dry-run).")
        yield Text(said, style="bold green")


def _notices(terminal: Terminal, notices: Sequence[Finding], *, every: bool) -> Iterator[Text]:
    shown = notices if every else notices[:SHOWN]
    yield from (finding_text(one, "·", "dim") for one in shown)
    yield from _rest(terminal, len(notices) - len(shown))


def _problems(terminal: Terminal, plan: Plan, standing_: Sequence[Problem], *, every: bool) -> Iterator[Text]:
    still = {id(one) for one in standing_}
    shown = plan.problems if every else plan.problems[: 2 * SHOWN]
    for one in shown:
        style, mark = ("red", "✗") if id(one) in still else ("yellow", "√")
        name = f"[{one.kind}] " if one.kind else ""
        found = one.finding
        yield finding_text(Finding(found.where, f"{name}{found.what}", found.remedy), mark, style)
    yield from _rest(terminal, len(plan.problems) - len(shown))


def _changes(terminal: Terminal, plan: Plan, *, every: bool) -> Iterator[Text]:
    """What would be new (+), changed (~), gone (-); the first of many are of every kind."""
    names = {unit.code: unit.name for unit in (*plan.before.units, *plan.after.units)}
    word = partial(terminal.words.word, "changes.what")
    for unit in plan.changes.units if every else plan.changes.units[:SHOWN]:
        said = f"  {mark_of(unit)} {unit.unit_code} {names.get(unit.unit_code, '')}  {unit_line(unit, word)}"
        yield Text(said.rstrip(), style=_STYLES[mark_of(unit)])
    yield from _rest(terminal, 0 if every else len(plan.changes.units) - SHOWN)
    sorted_ = sorted(plan.changes.receivers, key=lambda one: "-~+".index(mark_of(one)))
    for one in sorted_ if every else sorted_[:SHOWN]:
        said = f"  {mark_of(one)} {one.unit_code} {names.get(one.unit_code, '')}  {person_line(one, word)}"
        yield Text(said, style=_STYLES[mark_of(one)])
    yield from _rest(terminal, 0 if every else len(sorted_) - SHOWN)


_STYLES = {"+": "green", "~": "yellow", "-": "red"}


def _person(entry: ReceiverEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    numbers = list(dict.fromkeys(mask(one.address) for one in entry.endpoints))
    facts = ("language", "serves_from", "serves_until", "verified_on", "verified_how")
    said = {"role": entry.role.key, "name": entry.name, "post": entry.post, "numbers": numbers}
    return {**said, **{key: getattr(entry, key) for key in facts}}


def _unit_document(change: UnitChange) -> dict[str, Any]:
    """A unit that changes: only what differs, before and after; one that is new or goes has no such fields."""
    before, after = change.before, change.after
    what = list(changed_fields(before, after)) if before is not None and after is not None else []
    sides = {"before": before, "after": after}
    return {
        "unit": change.unit_code,
        **{side: one and {key: getattr(one, key) for key in what} for side, one in sides.items()},
    }


def _rest(terminal: Terminal, more: int) -> Iterator[Text]:
    if more > 0:
        yield Text(terminal.say(f"  … 另有 {more} 条，--all 全列", f"  … and {more} more: --all"), style="dim")


# --- export and template ----------------------------------------------------------------------------------


@app.command("export")
@command
def export_register(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(help=both("新文件 .xlsx 或 .csv；不会覆盖", "a new .xlsx or .csv file"))],
    within: Within = "",
    masked: Annotated[
        bool, typer.Option("--masked", help=both("号码掩码，不能再导入", "numbers masked; cannot be imported again"))
    ] = False,
    encoding: Annotated[
        Literal["utf-8", "gb18030"], typer.Option("--encoding", help=both(".csv 的编码", "of a .csv"))
    ] = "utf-8",
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """导出名册（明文，记入记录，带导出人水印）。 / Export the register: in clear, on the record, stamped with who and when."""
    refuse_target(file, (".xlsx", ".csv"))
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    settings = terminal.settings
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    now = SystemClock().now()
    with opened_database(settings) as database:
        with reading(database) as connection:
            content = _exported(Sql(connection), AesSealer(keys), terminal, within, now, masked=masked)
        stamp = Stamp(actor, now, reason)
        if file.suffix.lower() == ".csv":
            made = csv_bytes(content, stamp, "gb18030" if encoding == "gb18030" else "utf-8-sig")
        else:
            with progress_bar(terminal, "写出", "Writing") as progress:
                made = workbook_bytes(content, stamp, progress(len(content.register.receivers)))
        people = len(content.register.receivers)
        entry = {
            "k": "register.exported",
            "actor": actor,
            "why": reason,
            "within": within,
            "masked": masked,
            "receivers": people,
        }
        with writing(database) as connection:  # on the record before there is anything to carry away
            Journal(keys.journal_key, structlog.get_logger("journal")).append(connection, STREAM, [entry], now)
    write_file(file, made)
    words = terminal.say(
        f"已导出 {people} 个责任人到 {file}，已记入记录。", f"{people} receivers exported to {file}; on the record."
    )
    terminal.answer({"file": str(file), "receivers": people, "masked": masked}, Text(words))


def _exported(sql: Sql, sealer: AesSealer, terminal: Terminal, within: str, now: int, *, masked: bool) -> Exported:
    """What goes into the file: the unit and all below it, or everything."""
    register = stored_register(sql.connection, sealer, usable_only=False)
    if within:
        codes = below(register.units, within)
        if within not in {unit.code for unit in register.units}:
            raise NotFoundError(both(f"名册里没有单位 {within}", f"the register has no unit {within}"))
        units = tuple(unit for unit in register.units if unit.code in codes)
        register = Register(units, by_unit(register.receivers, codes))
    wanted = {unit.code for unit in register.units}
    shifts = [one for one in stored_shifts(sql, sealer, now) if one.unit_code in wanted]
    bad = {
        (one.unit_code, one.role, one.masked): f"{one.masked} {terminal.words.word('outcome', one.finding)}"
        for one in unusable_endpoints(sql.connection)
    }
    return Exported(register, shifts, bad, masked)


@app.command("template")
@command
def template(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(help=both("新文件 .xlsx；不会覆盖", "a new .xlsx file"))],
    within: Within = "",
) -> None:
    """生成登记表模板，带下拉列表和填表说明；--within 预填单位。 / An empty form with lists; --within fills in the units."""
    refuse_target(file, (".xlsx",))
    settings = terminal.settings
    with opened_database(settings) as database, reading(database) as connection:
        tree = stored_units(connection) or read_register_units(settings.contacts_dir).units
    codes = below(tree, within) if within else set()
    if within and within not in {unit.code for unit in tree}:
        raise NotFoundError(both(f"名册里没有单位 {within}", f"the register has no unit {within}"))
    units = [unit for unit in tree if unit.code in codes]
    write_file(file, template_bytes(units, tree))
    words = terminal.say(
        f"模板已写到 {file}，预填 {len(units)} 个单位。", f"The form is in {file}, {len(units)} units filled in."
    )
    terminal.answer({"file": str(file), "units": len(units)}, Text(words))


def refuse_target(file: Path, suffixes: Sequence[str]) -> None:
    """RefusedError for a file that exists, or whose name ends otherwise."""
    if file.suffix.lower() not in suffixes:
        what = both(f"文件名要以 {' 或 '.join(suffixes)} 结尾", f"the file must end in {' or '.join(suffixes)}")
        raise RefusedError(f"{file}: {what}")
    if file.exists():
        raise RefusedError(f"{file}: {both('文件已存在，不会覆盖', 'the file exists and is not overwritten')}")


def write_file(file: Path, content: bytes) -> None:
    """Write a new file at once or not at all. RefusedError where that cannot be."""
    try:
        write_new(file, content)
    except OSError as error:
        what = both("写不了", f"cannot be written: {error.strerror}")
        raise RefusedError(f"{file}: {what}") from None
