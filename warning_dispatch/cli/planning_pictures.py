"""What planning found, as a terminal and a program see it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.planning.asking import Asked
from warning_dispatch.planning.gains import Change
from warning_dispatch.planning.plot import Words
from warning_dispatch.planning.results import ALL, EVERY, SHARES, Result, Spread

MINUTE = 60_000
SECOND = 1000
GOAL = 0.95


def planning_document(
    results: Sequence[Result], asked: Asked, gained: Sequence[tuple[Change, Result]]
) -> dict[str, Any]:
    """For a program. Seconds after the start; null: not within the validity in the middle of the storms."""
    return {
        "storms": asked.storms,
        "seed": asked.seed,
        "hour": asked.hour,
        "hazard": asked.hazard.key,
        "colour": asked.colour.key,
        "area": list(asked.areas),
        "settings": [_setting(one) for one in results],
        "gains": [
            {"change_zh": change.chinese, "change_en": change.english, **_setting(one)} for change, one in gained
        ],
    }


def _setting(one: Result) -> dict[str, Any]:
    bound, nearly = one.bound(), one.spread(GOAL).middle
    return {
        "chain": one.question.chain.name,
        "lines": one.question.lines.voice,
        "habits": one.question.habits.name,
        "units": one.total,
        "tiers": {
            name or "all": {
                "units": count,
                **{f"t{round(share * 100)}": _spread(one.spread(share, name)) for share in SHARES},
            }
            for name, count in one.units.items()
        },
        "by_machine": round(one.by_machine(), 4),
        "by_superiors": round(one.by_superiors(), 4),
        "line_use": None if (used := one.used()) is None else round(used, 4),
        "calls": round(one.mean("calls"), 1),
        "texts": round(one.mean("texts"), 1),
        "peak_calls": round(one.mean("peak"), 1),
        "bound_seconds": None if bound is None else round(bound / SECOND, 1),
        "times_the_bound": None if not bound or nearly is None else round(nearly / bound, 3),
        "course": {"every_seconds": EVERY // SECOND, "answered": list(one.course())},
    }


def _spread(one: Spread) -> dict[str, float | None]:
    def seconds(ms: int | None) -> float | None:
        return None if ms is None else round(ms / SECOND, 1)

    return {
        "middle": seconds(one.middle),
        "low": seconds(one.low),
        "high": seconds(one.high),
        "reached": round(one.reached, 3),
    }


def planning_pictures(terminal: Terminal, results: Sequence[Result], asked: Asked) -> Iterator[RenderableType]:
    """For a person: the settings side by side, the tiers of each, and what more lines bring in one sentence."""
    yield _headline(terminal, results[0], asked)
    yield _settings_table(terminal, results)
    for one in results:
        yield _tiers_table(terminal, one, several=len(results) > 1)
    yield from (Text(sentence) for sentence in _sentences(terminal, results))


def _headline(terminal: Terminal, one: Result, asked: Asked) -> Text:
    hazard = terminal.say(asked.hazard.name, asked.hazard.english)
    colour = terminal.words.text(f"colour.{asked.colour.key}")
    habits = terminal.say(
        {"default": "默认习惯", "learned": "从历次叫应学到的习惯"}.get(
            one.question.habits.name, one.question.habits.name
        ),
        f"habits: {one.question.habits.name}",
    )
    return Text(
        terminal.say(
            f"{hazard}{colour} {'、'.join(asked.areas)}，{asked.hour} 时发布，{one.total:,} 个单位，{habits}，每种设置 {asked.storms} 场",
            f"{hazard}, {colour}, {', '.join(asked.areas)}, at {asked.hour}:00, {one.total:,} units, {habits}, "
            f"{asked.storms} storms for each setting",
        ),
        style="bold",
    )


def _settings_table(terminal: Terminal, results: Sequence[Result]) -> Table:
    say = terminal.say
    table = Table(
        title=say("多久应答（分钟；括号内为十场中八场）", "Minutes until so many have answered (eight storms in ten)"),
        title_justify="left",
    )
    table.add_column(say("方案 · 线路", "Chain · lines"), no_wrap=True)
    for share in SHARES:
        table.add_column(f"{share:.0%}", justify="right", no_wrap=True)
    for chinese, english in (
        ("机器叫到", "by machine"),
        ("上级落实", "by superiors"),
        ("线路占用", "line use"),
        ("拨打", "calls"),
        ("为线路下限的", "× the bound"),
    ):
        table.add_column(say(chinese, english), justify="right")
    for one in results:
        bound, nearly, used = one.bound(), one.spread(GOAL).middle, one.used()
        table.add_row(
            name_of(terminal, one),
            *(_minutes(one.spread(share)) for share in SHARES),
            f"{one.by_machine():.1%}",
            f"{one.by_superiors():.1%}",
            "—" if used is None else f"{used:.0%}",
            f"{one.mean('calls'):,.0f}",
            "—" if not bound or nearly is None else say(f"{nearly / bound:.2f} 倍", f"{nearly / bound:.2f}"),
        )
    return table


def _tiers_table(terminal: Terminal, one: Result, *, several: bool) -> Table:
    table = Table(title=name_of(terminal, one) if several else None, title_justify="left")
    table.add_column(terminal.say("层级", "Tier"), no_wrap=True)
    table.add_column(terminal.say("单位", "Units"), justify="right")
    for share in SHARES:
        table.add_column(f"{share:.0%}", justify="right", no_wrap=True)
    titles = {tier.name: tier.title for tier in one.question.chain.tiers}
    for name, count in one.units.items():
        if name != ALL:
            spreads = (_minutes(one.spread(share, name)) for share in SHARES)
            table.add_row(terminal.words.of(titles[name]), f"{count:,}", *spreads)
    return table


def gains_table(terminal: Terminal, gained: Sequence[tuple[Change, Result]]) -> Table:
    """What each further line, rung and channel brings."""
    say = terminal.say
    table = Table(
        title=say("每条线、每级呼叫、每个渠道换来多少", "What each line, rung and channel brings"), title_justify="left"
    )
    for chinese, english in (
        ("设置", "Setting"),
        ("95%（分钟）", "95 % (min)"),
        ("差", "difference"),
        ("拨打", "calls"),
    ):
        table.add_column(say(chinese, english), justify="left" if english == "Setting" else "right")
    before = gained[0][1].spread(GOAL).middle
    for change, one in gained:
        middle = one.spread(GOAL).middle
        apart = "" if before is None or middle is None or one is gained[0][1] else f"{(middle - before) / MINUTE:+.1f}"
        table.add_row(
            say(change.chinese, change.english), _minutes(one.spread(GOAL)), apart, f"{one.mean('calls'):,.0f}"
        )
    return table


def _sentences(terminal: Terminal, results: Sequence[Result]) -> Iterator[str]:
    """What more lines bring (10 → 30 条线：95% 应答 52 → 21 分钟), and the same from one chain to the other."""
    for before, after in itertools.pairwise(results):
        first, second = before.spread(GOAL).middle, after.spread(GOAL).middle
        same = before.question.chain.name == after.question.chain.name and before.question.chain == after.question.chain
        if not same or first is None or second is None:
            continue
        change = f"{before.question.lines.voice} → {after.question.lines.voice}"
        minutes = f"{first / MINUTE:.0f} → {second / MINUTE:.0f}"
        yield terminal.say(f"{change} 条线：95% 应答 {minutes} 分钟", f"{change} lines: 95 % after {minutes} min")
    half = len(results) // 2
    for before, after in zip(results[:half], results[half:], strict=False):
        if before.question.chain != after.question.chain and before.question.lines == after.question.lines:
            one, other = _text(before.spread(GOAL).middle), _text(after.spread(GOAL).middle)
            names = f"{before.question.chain.name} → {after.question.chain.name}"
            lines = _lines(terminal, before)
            yield terminal.say(
                f"{names}（{lines}）：95% 应答 {one} → {other} 分钟",
                f"{names} ({lines}): 95 % after {one} → {other} min",
            )


def name_of(terminal: Terminal, one: Result) -> str:
    """A setting in few words."""
    return f"{one.question.chain.name} · {_lines(terminal, one)}"


def _lines(terminal: Terminal, one: Result) -> str:
    lines = one.question.lines.voice
    if lines is None:
        return terminal.say("线路不限", "no limit of lines")
    return terminal.say(f"{lines} 条线", f"{lines} lines")


def plot_words(terminal: Terminal, results: Sequence[Result], asked: Asked) -> tuple[list[str], Words]:
    """The names of the curves, and what the picture says."""
    hazard, colour = terminal.say(asked.hazard.name, f"{asked.hazard.english}, "), asked.colour
    chains = {one.question.chain.name for one in results}
    names = [name_of(terminal, one) if len(chains) > 1 else _lines(terminal, one) for one in results]
    title = terminal.say(
        f"{hazard}{colour.chinese}色预警叫应推演：{results[0].total:,} 个单位，{asked.hour} 时，{asked.storms} 场",
        f"{hazard}{colour.key}: {results[0].total:,} units, {asked.hour}:00, {asked.storms} storms",
    )
    return names, Words(
        title=title,
        time=terminal.say(
            "预警发布后（分钟）；色带：十场中八场", "minutes after the warning; band: eight storms in ten"
        ),
        goal="95%",
        minutes=terminal.say("95% {} 分钟", "95 % {} min"),
    )


def _minutes(one: Spread) -> str:
    """A time and what lies around it: 21.4 (20–23)."""
    if one.middle is None:
        return "—" if one.reached == 0 else f"— ({one.reached:.0%})"
    return f"{one.middle / MINUTE:.1f} ({_text(one.low)}–{_text(one.high)})"


def _text(ms: int | None) -> str:
    return "—" if ms is None else f"{ms / MINUTE:.0f}"
