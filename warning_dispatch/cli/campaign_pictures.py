"""What the commands of the yearly refresh print: JSON for a program, tables and lines for the registrar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.clock import beijing_text, iso_text
from warning_dispatch.model.renewal import CampaignState
from warning_dispatch.model.renewal_views import (
    AwaitingFiling,
    CampaignView,
    ClosingReport,
    FiledPerson,
    FilingRow,
    HandedIn,
    Progress,
    ProgressRow,
    Tally,
)
from warning_dispatch.registry.filing_sheets import HOW_WORDS, STATE_WORDS, UNREADY_WORDS

SHOWN = 20
"""Units that a picture lists; `--open` lists all."""
_COLUMNS = (
    ("应报", "Units"),
    ("已备案", "Filed"),
    ("逾期报", "Late"),
    ("有变动", "Changed"),
    ("待审", "Waiting"),
    ("未报", "Open"),
    ("退回", "Returned"),
    ("逾期未报", "Lapsed"),
    ("%", "%"),
)


# --- for a program ----------------------------------------------------------------------------------------


def campaign_document(view: CampaignView) -> dict[str, Any]:
    """A campaign."""
    return {
        "id": view.id,
        "title": view.title,
        "due": view.due,
        "state": view.state.name.lower(),
        "opened_at": iso_text(view.opened_at),
        "opened_by": view.opened_by,
        "closed_at": None if view.closed_at is None else iso_text(view.closed_at),
        "approval": view.approval,
        "units": view.total,
        "filed": view.filed,
        "waiting": view.waiting,
        "overdue": view.overdue,
    }


def progress_document(progress: Progress, county: str) -> dict[str, Any]:
    """How far it is; `county`: of the counties only this one."""
    return {
        "campaign": campaign_document(progress.campaign),
        "total": _tally(progress.tally),
        "counties": [_row(one) for one in progress.counties if county in ("", one.key)],
        "lines": [_row(one) for one in progress.lines],
        "levels": [_row(one) for one in progress.levels],
        "proofs": asdict(progress.proofs),
        "letters": {kind.name.lower(): count for kind, count in progress.letters},
        "nobody_to_ask": progress.nobody_to_ask,
        "units_proved": progress.units_proved,
    }


def report_document(report: ClosingReport) -> dict[str, Any]:
    """The closing report."""
    return {
        **progress_document(report.progress, ""),
        "hand_ins": {how.value: count for how, count in report.hand_ins},
        "overdue": [filing_document(one) for one in report.open_units],
        "problems": [filing_document(one) for one in report.problem_units],
    }


def filing_document(row: FilingRow) -> dict[str, Any]:
    """One filing."""
    return {
        "id": row.filing_id,
        "unit": row.unit_code,
        "name": row.name,
        "county": row.county,
        "registrar": row.registrar,
        "state": row.state.name.lower(),
        "how": row.how.value if row.how else None,
        "handed_in_at": None if row.handed_in_at is None else iso_text(row.handed_in_at),
        "filed_at": None if row.filed_at is None else iso_text(row.filed_at),
        "letters": row.letters,
        "proved": row.proved,
        "problems": [one.value for one in row.problems],
    }


def handed_in_document(one: HandedIn) -> dict[str, Any]:
    """What became of a hand-in or a decision."""
    return {
        "unit": one.unit_code,
        "state": one.state.name.lower(),
        "version": one.version,
        "tests": one.tests,
        "refused": one.refused,
    }


def awaiting_document(one: AwaitingFiling) -> dict[str, Any]:
    """What waits for approval; numbers are masked."""
    return {
        "id": one.filing_id,
        "version": one.version,
        "unit": one.unit_code,
        "name": one.name,
        "how": one.how.value,
        "handed_in_at": iso_text(one.handed_in_at),
        "before": [_person(each) for each in one.before],
        "after": [_person(each) for each in one.after],
    }


def _row(row: ProgressRow) -> dict[str, Any]:
    return {"key": row.key, "name": row.name, **_tally(row.tally)}


def _tally(tally: Tally) -> dict[str, int]:
    return {**asdict(tally), "open": tally.open, "percent": tally.percent}


def _person(person: FiledPerson) -> dict[str, Any]:
    numbers = [one.masked for one in person.numbers]
    return {"role": person.role.key, "name": person.name, "post": person.post, "numbers": numbers}


# --- for a person -----------------------------------------------------------------------------------------


def progress_pictures(terminal: Terminal, progress: Progress, county: str) -> Iterator[RenderableType]:
    """A heading, the counties, the lines, and what the letters did."""
    view, say = progress.campaign, terminal.say
    state = say("进行中", "open") if view.state is CampaignState.OPEN else say("已结束", "closed")
    late = say("，已过截止日", ", overdue") if view.overdue else ""
    filed, total = progress.tally.filed, progress.tally.total - progress.tally.withdrawn
    heading = say(f"{view.title}（{state}，截止 {view.due}{late}）", f"{view.title} ({state}, due {view.due}{late})")
    yield Text(f"{heading}  {filed}/{total} = {progress.tally.percent}%", style="bold")
    counties = [one for one in progress.counties if county in ("", one.key)]
    yield _table(terminal, say("县（市、区）", "County"), counties, None if county else progress.tally)
    if not county and progress.lines:
        yield _table(terminal, say("行业", "Line"), progress.lines, None)
    proofs = progress.proofs
    yield Text(
        say(
            f"测试信息 {proofs.asked} 条：已证实 {proofs.proved}，否认 {proofs.denied}，送不到 {proofs.undelivered}；"
            f"有已证实号码的单位 {progress.units_proved} 个。",
            f"{proofs.asked} test messages: {proofs.proved} proved, {proofs.denied} denied, {proofs.undelivered} "
            f"undelivered; {progress.units_proved} units have a proved number.",
        )
    )
    if progress.nobody_to_ask:
        words = say(
            f"有 {progress.nobody_to_ask} 个单位没有能收短信或邮件的登记联系人，请电话联系。",
            f"{progress.nobody_to_ask} units have no registrar who can be written to: call them.",
        )
        yield Text(words, style="yellow")


def filing_lines(terminal: Terminal, rows: Sequence[FilingRow], *, every: bool) -> list[Text]:
    """Units that are not filed."""
    shown = rows if every else rows[:SHOWN]
    lines = [Text(_line(terminal, one), style="red") for one in shown]
    if len(rows) > len(shown):
        more = len(rows) - len(shown)
        lines.append(
            Text(terminal.say(f"  … 另有 {more} 个，--open 全列", f"  … and {more} more: --open"), style="dim")
        )
    return lines


def awaiting_lines(terminal: Terminal, awaiting: Sequence[AwaitingFiling]) -> list[Text]:
    """What waits for approval, before → after."""
    lines = []
    for one in awaiting:
        when = beijing_text(one.handed_in_at, "%m-%d %H:%M")
        sides = " → ".join("；".join(_said(each) for each in side) or "∅" for side in (one.before, one.after))
        lines.append(Text(f"  [{one.filing_id}] {one.unit_code} {one.name}  {when}  {sides}", style="yellow"))
    nothing = Text(terminal.say("没有待审的。", "Nothing waits for approval."))
    return lines or [nothing]


def _table(terminal: Terminal, title: str, rows: Sequence[ProgressRow], total: Tally | None) -> Table:
    table = Table(title_justify="left")
    table.add_column(title, no_wrap=True)
    for chinese, english in _COLUMNS:
        table.add_column(terminal.say(chinese, english), justify="right", no_wrap=True)
    for one in rows:
        done = one.tally.filed + one.tally.withdrawn >= one.tally.total
        table.add_row(one.name, *_cells(one.tally), style="green" if done else "")
    if total is not None:
        table.add_row(terminal.say("合计", "all"), *_cells(total), style="bold")
    return table


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.total, tally.filed, tally.late, tally.changed, tally.handed_in, tally.asked, tally.returned)
    return tuple(map(str, (*counts, tally.lapsed, tally.percent)))


def _line(terminal: Terminal, row: FilingRow) -> str:
    words = (
        terminal.say(STATE_WORDS[row.state], row.state.name.lower()),
        terminal.say(HOW_WORDS[row.how], row.how.value) if row.how else "",
        terminal.say(f"由 {row.registrar} 报送", f"filed by {row.registrar}"),
        terminal.say(f"已发 {row.letters} 封", f"{row.letters} letters"),
        "、".join(terminal.say(UNREADY_WORDS[one], one.value) for one in row.problems),
    )
    return f"  {row.unit_code} {row.name}  " + "  ".join(filter(None, words))


def _said(person: FiledPerson) -> str:
    numbers = "、".join(one.masked for one in person.numbers)
    return " ".join(filter(None, (person.role.chinese, person.name, person.post, numbers)))
