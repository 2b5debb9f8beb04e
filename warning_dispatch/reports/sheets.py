"""The printable list as files: one self-contained page for paper, one table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.records import BY_ITSELF
from warning_dispatch.model.printed import PrintedCallOut, PrintedPerson, PrintedUnit
from warning_dispatch.model.states import ANSWERED, CalleeState, Purpose
from warning_dispatch.model.texts import LINK_MARK, UNIT_MARK
from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.reports.arrangement import Arrangement, arranged, in_calling_order
from warning_dispatch.reports.dialling import in_a_cell, on_paper

TEMPLATES = Path(__file__).parent / "templates"
ROLE_SIGNS = {Role.PRIMARY: "A", Role.DEPUTY: "B", Role.DUTY: "值"}
COLUMNS = (
    "层级 tier",
    "县(市、区) county",
    "乡镇(街道) township",
    "单位 unit",
    "编码 code",
    "角色 role",
    "姓名 name",
    "职务 post",
    "号码 number",
    "样本 sample",
    "已应答 answered",
    "应答时间 time",
    "备注 remark",
)
"""The columns of the table; the last three are for the pen unless the unit had answered when it was written."""
_UNIT_BLANK = "【单位】"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the start of a cell."""
_WITHDRAWN = {CalleeState.WAIVED: "免叫", CalleeState.STOPPED: "已停止", CalleeState.SUPERSEDED: "转入新一轮"}


@dataclass(frozen=True, slots=True)
class Printed:
    """Who had the list written, when (ms), and why."""

    actor: str
    at: int
    reason: str

    @property
    def who(self) -> str:
        """The actor in words for paper."""
        return "系统自动" if self.actor == BY_ITSELF else self.actor


class Sheets:
    """Renders lists. The template is compiled once."""

    def __init__(self) -> None:
        """Undefined names are errors, every value is escaped."""
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            phone=on_paper,
            moment=beijing_text,
            people=in_calling_order,
            sign=ROLE_SIGNS.__getitem__,
            answer=answer_text,
        )
        self._template = environment.get_template("list.html")

    def page(self, callout: PrintedCallOut, printed: Printed) -> bytes:
        """The page, UTF-8. It refers to nothing outside itself."""
        return self._template.render(
            callout=callout,
            list=arranged(callout),
            printed=printed,
            scripts=list(_scripts(callout)),
            drill=callout.purpose is Purpose.DRILL,
            sample=any(person.sample for unit in callout.units for person in unit.people),
        ).encode()

    @staticmethod
    def table(callout: PrintedCallOut, printed: Printed) -> bytes:
        """The table: UTF-8 with the mark by which a spreadsheet knows it. The first row is the stamp."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([_cell(stamp(callout, printed))])
        writer.writerow(COLUMNS)
        writer.writerows(_rows(callout, arranged(callout)))
        return out.getvalue().encode("utf-8-sig")


def stamp(callout: PrintedCallOut, printed: Printed) -> str:
    """Which call-out, which round, by whom and when: on every page and on top of every table."""
    at = beijing_text(printed.at, "%Y-%m-%d %H:%M:%S")
    return f"叫应 {callout.callout_id} 第 {callout.round} 轮 · {printed.who} · {at} · 内部资料 注意保密"


def answer_text(unit: PrintedUnit) -> str:
    """How far a unit had come when the list was written; empty for one that is still to be called."""
    if unit.state in _WITHDRAWN:
        return _WITHDRAWN[unit.state]
    if unit.state not in ANSWERED or unit.answered_at is None:
        return ""
    word = "值班已应答" if unit.state is CalleeState.DUTY_ANSWERED else "已应答"
    return f"{word} {beijing_text(unit.answered_at, '%H:%M')}"


def _scripts(callout: PrintedCallOut) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What to say, line by line: in Chinese, and in the other languages of the people on this list."""
    spoken = {person.language for unit in callout.units for person in unit.people}
    for language, text in callout.scripts.items():
        if language == "zh_CN" or language in spoken:
            filled = text.replace(UNIT_MARK, _UNIT_BLANK).replace(LINK_MARK, "")
            yield language, tuple(line.strip() for line in filled.splitlines() if line.strip())


def _rows(callout: PrintedCallOut, plan: Arrangement) -> Iterator[list[str]]:
    for _, units in plan.front:
        for unit in units:
            yield from _unit_rows(callout, unit)
    for county in plan.counties:
        for group in county.groups:
            for unit in ([group.head] if group.head else []) + list(group.units):
                yield from _unit_rows(callout, unit)


def _unit_rows(callout: PrintedCallOut, unit: PrintedUnit) -> Iterator[list[str]]:
    """A row for each number; one without a number for whoever has none."""
    names = [name for _, name in unit.superiors]
    county = unit.name if unit.level is UnitLevel.COUNTY else next(iter(names), "")
    township = unit.name if unit.level is UnitLevel.TOWNSHIP else next(iter(names[1:]), "")
    head = [_title(callout.tiers[unit.tier]), county, township, unit.name, unit.code]
    answered, _, at = answer_text(unit).partition(" ")
    for person, number in _numbers(unit):
        who = [person.role.chinese, person.name, person.post] if person else ["", "", ""]
        sample = "样本" if person and person.sample else ""
        yield [_cell(cell) for cell in (*head, *who, in_a_cell(number), sample, answered, at, "")]


def _numbers(unit: PrintedUnit) -> Iterator[tuple[PrintedPerson | None, str]]:
    for person in in_calling_order(unit):
        for number in person.phones or ("",):
            yield person, number
    if not unit.people:
        yield None, ""


def _title(titles: Mapping[str, str]) -> str:
    return titles.get("zh_CN") or next(iter(titles.values()), "")


def _cell(text: str) -> str:
    """A cell that no spreadsheet computes."""
    return f"'{text}" if text.startswith(_FORMULA) else text
