"""`contacts check`: could everybody be reached today, and how sure is that? A score by county, and every gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.bootstrap import term_of
from warning_dispatch.cli.contacts_files import All, make_plan
from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command, finding_document, finding_text
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import INFORMATION, Finding, RegisterError
from warning_dispatch.model.register import Register
from warning_dispatch.registry.findings import register_findings
from warning_dispatch.registry.readiness import SERIOUS, CountyReadiness, Evidence, Gap, Readiness, readiness
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register import Unusable, unusable_endpoints
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.alarm_words import GAPS, pick

app = typer.Typer()

SHOWN = 12
"""Lines of each kind that a picture shows; `--all` shows every one."""
_COLUMNS = (
    ("县（市、区）", "County"),
    ("单位", "Units"),
    ("叫不到", "Lost"),
    ("坏号码", "Bad"),
    ("未证实", "Unproved"),
    ("单渠道", "1 channel"),
    ("超期", "Stale"),
    ("得分", "Score"),
)
_IN_TABLE = (Gap.BAD_NUMBER, Gap.UNPROVED, Gap.ONE_CHANNEL, Gap.STALE)
_GOOD, _FAIR = 85, 60


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at and found."""

    register: Register
    found: Readiness
    serious: Sequence[Finding]
    notices: Sequence[Finding]


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
    show_all: All = False,
) -> None:
    """检查名册：今天谁叫不到、哪里不牢靠，各县得分。 / Who could not be reached today, what is weak, a score by county."""
    checked = look(terminal, path)
    terminal.answer(_document(checked, every=show_all), *_picture(terminal, checked, every=show_all))
    if checked.serious:
        raise typer.Exit(1)


def look(terminal: Terminal, path: Path | None) -> Checked:
    """The register in force, or the one that a file would make; RegisterError when the file has problems."""
    settings, now = terminal.settings, SystemClock().now()
    if path is None:
        register, evidence, bad = _stored(settings, now)
    else:
        plan = make_plan(terminal, path)
        if plan.problems:
            raise RegisterError([one.finding for one in plan.problems])
        register, evidence, bad = plan.after, Evidence(shifts=plan.shifts), ()
    found = readiness(register, term_of(settings.contacts, now), evidence)
    findings = register_findings(register.units, register.receivers)
    serious = [one for one in findings if not one.what.startswith(INFORMATION)]
    serious += [_bad(terminal, one) for one in bad]
    notices = [one for one in findings if one.what.startswith(INFORMATION)]
    return Checked(register, found, serious, [*_sums(found), *notices])


def _stored(settings: Settings, now: int) -> tuple[Register, Evidence, Sequence[Unusable]]:
    sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
    with opened_database(settings) as database, reading(database) as connection:
        known = stored_evidence(Sql(connection), sealer, now)
        register = stored_register(connection, sealer)
        return register, Evidence(*known.evidence()), unusable_endpoints(connection)


def _bad(terminal: Terminal, one: Unusable) -> Finding:
    """A number that a call found to be wrong, as a finding."""
    words = terminal.words
    role, why = words.text(f"role.{one.role.key}"), words.word("outcome", one.finding)
    what = both(
        f"{role}号码 {one.masked}：{why}", f"number {one.masked} is out of use ({one.finding.replace('_', ' ')})"
    )
    remedy = both("换号后导入，或核实无误：contacts restore", "import the new one, or contacts restore")
    return Finding(f"{one.unit_code} {one.unit_name}", what, remedy)


def _sums(found: Readiness) -> Iterator[Finding]:
    """One line for each weakness that is not a finding of its own, over the whole register."""
    counts = found.counted()
    for gap in Gap:
        if counts.get(gap) and gap not in SERIOUS:
            chinese, english = GAPS[gap.value]
            what = f"{INFORMATION}{both(f'{counts[gap]} 个单位：{chinese}', f'{counts[gap]} units: {english}')}"
            yield Finding(gap.value, what, both("逐个看：contacts check --all", "one by one: contacts check --all"))


# --- in words ---------------------------------------------------------------------------------------------


def _document(checked: Checked, *, every: bool) -> dict[str, Any]:
    """For a program."""
    document: dict[str, Any] = {
        "units": len(checked.register.units),
        "receivers": len(checked.register.receivers),
        "score": checked.found.score,
        "gaps": {gap.value: count for gap, count in checked.found.counted().items()},
        "counties": [_county_document(one) for one in checked.found.counties],
        "findings": [finding_document(one) for one in checked.serious],
        "notices": [finding_document(one) for one in checked.notices],
    }
    if every:
        document["by_unit"] = {code: [gap.value for gap in gaps] for code, gaps in checked.found.gaps.items() if gaps}
    return document


def _county_document(one: CountyReadiness) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "units": one.units,
        "score": one.score,
        "unreachable": list(one.unreachable),
        "gaps": {gap.value: count for gap, count in one.gaps.items()},
    }


def _picture(terminal: Terminal, checked: Checked, *, every: bool) -> Iterator[RenderableType]:
    """For the registrar: scores, what it means tonight, what must be mended, what is weak."""
    yield _table(terminal, checked.found)
    yield from _effects(terminal, checked.found)
    yield from _cut(terminal, checked.serious, "•", "red", every=every)
    yield from _cut(terminal, checked.notices, "·", "dim", every=every)
    if every:
        yield from _by_unit(terminal, checked)
    units, people = len(checked.register.units), len(checked.register.receivers)
    count, notices = len(checked.serious), len(checked.notices)
    yield Text(
        terminal.say(
            f"{units} 个单位，{people} 个接收责任人，完好度 {checked.found.score} 分：{count} 个问题，{notices} 条提示。",
            f"{units} units, {people} receivers, score {checked.found.score}: {count} findings, {notices} notices.",
        ),
        style="bold red" if count else "bold green",
    )


def _table(terminal: Terminal, found: Readiness) -> Table:
    table = Table(title=terminal.say("名册完好度", "How ready the register is"), title_justify="left")
    for position, column in enumerate(_COLUMNS):
        table.add_column(terminal.say(*column), justify="right" if position else "left", no_wrap=True)
    for one in found.counties:
        gaps = [_number(one.gaps.get(gap, 0)) for gap in _IN_TABLE]
        style = "green" if one.score >= _GOOD else "yellow" if one.score >= _FAIR else "red"
        lost = Text(_number(len(one.unreachable)), style="red" if one.unreachable else "")
        table.add_row(one.name, str(one.units), lost, *gaps, Text(str(one.score), style=style))
    return table


def _number(count: int) -> str:
    return str(count) if count else "—"


def _effects(terminal: Terminal, found: Readiness) -> Iterator[Text]:
    """What it would mean if a warning came now."""
    for one in found.counties:
        others = len(one.unreachable) - one.villages
        counts = [(one.villages, "个村（社区）", "village"), (others, "个其他单位", "other unit")]
        chinese = "、".join(f"{count} {word}" for count, word, _ in counts if count)
        english = " and ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, _, word in counts if count)
        if chinese:
            said = terminal.say(
                f"{one.name}：{chinese}今天叫不到", f"{english} of {one.name} could not be reached today"
            )
            yield Text(f"✗ {said}", style="bold red")


def _cut(terminal: Terminal, findings: Sequence[Finding], mark: str, style: str, *, every: bool) -> Iterator[Text]:
    shown = findings if every else findings[:SHOWN]
    yield from (finding_text(one, mark, style) for one in shown)
    if len(shown) < len(findings):
        more = len(findings) - len(shown)
        yield Text(terminal.say(f"  … 另有 {more} 条，--all 全列", f"  … and {more} more: --all"), style="dim")


def _by_unit(terminal: Terminal, checked: Checked) -> Iterator[Text]:
    """Every unit with what is weak about it."""
    names: Mapping[str, str] = {unit.code: unit.name for unit in checked.register.units}
    for code, gaps in checked.found.gaps.items():
        if gaps:
            said = "，".join(pick(GAPS[gap.value], terminal.language) for gap in gaps)
            yield Text(f"  {code} {names[code]}  {said}", style="dim")
