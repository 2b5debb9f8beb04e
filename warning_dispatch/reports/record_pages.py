"""叫应记录表（A4）: the record form, one page for leaders, and the form of one unit, as pages for paper.

A page refers to nothing outside itself. Its one style is the same for every page, so that a content policy can name it by
its digest; what is drawn has attributes and no styles.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from warning_dispatch.errors import NotFoundError
from warning_dispatch.figures.callout import Figures, Line, figures_of, late_units
from warning_dispatch.model.console_views import UnitStory
from warning_dispatch.model.record_views import RecordForm
from warning_dispatch.model.unit import Channel
from warning_dispatch.reports.record_words import (
    CALLOUT_STATES,
    CITY,
    MEANS,
    SIGNATURES,
    VERDICTS,
    RecordWords,
    act_word,
    clock_time,
    form_number,
    how,
    in_the_end,
    lasted,
    moment,
    named,
    number_of,
    passage,
    percent,
    person_of,
    role_word,
    scope_words,
    signal,
    target_words,
    titles_of,
    who,
)
from warning_dispatch.reports.stamp import Stamp

TEMPLATES = Path(__file__).parent / "templates"
STYLE: Final = (TEMPLATES / "record.css").read_text(encoding="utf-8")
STYLE_DIGEST: Final = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
EVERY_TIER: Final = "all"
"""The unit-by-unit part of all tiers."""
LEFT_SHOWN, DANGERS_SHOWN = 12, 3
_CHANNELS: Final = {Channel.VOICE: "电话", Channel.SMS: "短信", Channel.EMAIL: "邮件", Channel.OPERATOR: "人工"}
_BAR: Final = 480
_MARKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440)
"""Minutes between marks on the time axis."""
_MOST_MARKS: Final = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """The curve of answers, to be drawn: path data, (y, text) across and (x, text) along."""

    line: str
    levels: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A county's bar."""

    name: str
    width: float
    rate: str
    answered: int
    asked: int


class RecordPages:
    """Renders forms. Templates are compiled once."""

    def __init__(self, words: RecordWords) -> None:
        """Undefined names are errors, every value is escaped."""
        self._words = words
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            moment=moment, clock=clock_time, lasted=lasted, percent=percent, named=named, person=person_of, how=how,
            who=who, number=number_of, passage=passage, in_the_end=in_the_end, act=act_word, target=target_words,
            role=role_word, state=attrgetter("chinese"), means=MEANS.__getitem__, channel=_CHANNELS.__getitem__,
            outcome=words.outcome,
        )  # fmt: skip

    def form(self, form: RecordForm, stamp: Stamp, tier: str = "") -> bytes:
        """The record form. `tier`: unit by unit, of one tier or of all. NotFoundError for a tier it has not."""
        figures = self._figures(form)
        tiers, title, listed = figures.tiers, "", form.units
        if tier and tier != EVERY_TIER:
            tiers = tuple(line for line in figures.tiers if line.key == tier)
            if not tiers:
                raise NotFoundError(f"没有层级 {tier} / there is no tier {tier}")
            title = tiers[0].name
            listed = tuple(unit for unit in form.units if form.head.tiers[unit.tier].name == tier)
        elif tier:
            title = "逐单位"
        return self._page(
            "record.html",
            form,
            figures,
            stamp,
            tiers=tiers,
            tier_title=title,
            listed=listed,
            late=late_units(form.units),
            drawn=drawn(figures),
        )

    def summary(self, form: RecordForm, stamp: Stamp) -> bytes:
        """One page for leaders."""
        figures = self._figures(form)
        left = [unit for unit in late_units(form.units) if not unit.answered]
        stopped = [unit for unit in form.units if unit.asked and not unit.answered and unit not in left]
        dangers = [one for one in form.feedback if one.said.dangers]
        return self._page(
            "record_summary.html",
            form,
            figures,
            stamp,
            told=told(form, figures, stamp.at),
            drawn=drawn(figures),
            bars=bars(figures.counties),
            left=[*left, *stopped][:LEFT_SHOWN],
            left_total=len(left) + len(stopped),
            dangers=dangers[-DANGERS_SHOWN:],
            dangers_total=len(dangers),
        )

    def unit(self, form: RecordForm, story: UnitStory, stamp: Stamp) -> bytes:
        """The form of one unit. NotFoundError where the record does not have it."""
        unit = next((one for one in form.units if one.callee_id == story.row.callee_id), None)
        if unit is None:
            raise NotFoundError("记录里没有这个单位 / the record has no such unit")
        tries = sorted(story.tries, key=lambda one: one.handed_at or one.claimed_at or one.due_at)
        return self._page(
            "record_unit.html",
            form,
            None,
            stamp,
            unit=unit,
            story=story,
            tries=tries,
            tier_title=titles_of(form.head)[unit.tier],
        )

    def _figures(self, form: RecordForm) -> Figures:
        return figures_of(form, titles_of(form.head), CITY, self._words.sectors)

    def _page(self, template: str, form: RecordForm, figures: Figures | None, stamp: Stamp, **fields: object) -> bytes:
        common = {
            "form": form,
            "head": form.head,
            "figures": figures,
            "stamp": stamp,
            "style": Markup(STYLE),  # noqa: S704 - our own file, whose digest the page's policy names
            "number": form_number(form.head),
            "organisation": self._words.organisation,
            "signal": signal(form.head),
            "state": CALLOUT_STATES[form.head.state],
            "verdict": _verdict(form),
            "scope": scope_words(form),
            "signatures": SIGNATURES,
            "units": {unit.callee_id: unit for unit in form.units},
        }
        return self._environment.get_template(template).render(**common, **fields).encode()


def _verdict(form: RecordForm) -> str:
    head = form.head
    if head.verdict is None:
        return "未检验"
    return f"{VERDICTS[head.verdict]}（{person_of(head.verdict_by)} {moment(head.verdict_at, '%m-%d %H:%M')}）"


def told(form: RecordForm, figures: Figures, now: int) -> str:
    """The call-out in a paragraph, as it is told to a leader."""
    head, whole = form.head, figures.whole
    practice = "演练：" if head.drill else ""
    parts = [
        (
            f"{practice}{head.issuer}于{moment(head.sent, '%m月%d日%H时%M分')}发布{signal(head)}，"
            f"系统于{moment(head.started_at, '%H时%M分%S秒')}启动叫应。"
        ),
        f"截至{moment(head.ended_at or now, '%m月%d日%H时%M分')}，应叫 {whole.asked} 个单位，应答 {whole.answered} 个，"
        f"叫应率 {percent(whole.rate)}，其中本人应答 {whole.in_person} 个、值班员登记 {whole.recorded} 个、"
        f"上级代报 {whole.relayed} 个" + (f"、上轮带入等 {whole.otherwise} 个。" if whole.otherwise else "。"),
    ]
    last = figures.tiers[-1] if figures.tiers else None
    if last and last.tally.median is not None:
        parts.append(f"{last.name}应答用时中位 {lasted(last.tally.median)}，九成在 {lasted(last.tally.slow)}内应答。")
    if whole.ever_unreached:
        parts.append(f"曾有 {whole.ever_unreached} 个单位到时限未叫应，其中 {whole.reached_late} 个随后叫到。")
    moved = figures.feedback
    if moved.reports:
        parts.append(f"收到 {moved.units} 个单位反馈：转移 {moved.moved} 人，{moved.dangers} 个单位报告险情。")
    return "".join(parts)


def bars(lines: Sequence[Line]) -> tuple[Bar, ...]:
    """The counties, the worst first."""
    ordered = sorted(lines, key=lambda line: (line.tally.rate if line.tally.rate is not None else 2, line.key))
    return tuple(
        Bar(
            line.name,
            round(_BAR * (line.tally.rate or 0), 1),
            percent(line.tally.rate),
            line.tally.answered,
            line.tally.asked,
        )
        for line in ordered
    )


def drawn(figures: Figures) -> Drawn:
    """The curve of answers against everybody who was asked."""
    whole, end = max(1, figures.whole.asked), max(60_000, figures.curve[-1][0] if figures.curve else 0)
    step = next((one for one in _MARKS if end / 60_000 / one <= _MOST_MARKS), _MARKS[-1])

    def across(ms: float) -> float:
        return round(34 + 320 * ms / end, 1)

    def up(units: float) -> float:
        return round(128 - 118 * units / whole, 1)

    path, last = f"M34 {up(0)}", 0
    for at, units in figures.curve:
        path += f"H{across(at)}V{up(units)}"
        last = at
    path += f"H{across(end)}" if last < end else ""
    minutes = range(0, int(end / 60_000) + 1, step)
    return Drawn(
        line=path,
        levels=tuple((up(whole * part), f"{round(100 * part)}%") for part in (0, 0.25, 0.5, 0.75, 1)),
        marks=tuple((across(one * 60_000), f"{one} 分") for one in minutes),
    )
