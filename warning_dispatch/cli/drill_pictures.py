"""What the commands of drills print for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.clock import beijing_text
from warning_dispatch.model.drills import CalleeFact, Comparison, DrillDay, DrillReport, DrillView, NumberFact

SHOWN = 20
"""Units and numbers that a picture lists; --json has all."""
MINUTE = 60_000


def drills_table(terminal: Terminal, views: Sequence[DrillView]) -> Table:
    """A list of drills."""
    t = terminal.words.text
    table = Table(box=None, pad_edge=False)
    for name in ("number", "what", "when", "score"):
        table.add_column(t(f"drill.{name}"))
    for view in views:
        table.add_row(
            str(view.id), heading(terminal, view), _when(view), "–" if view.score is None else str(view.score)
        )
    return table


def heading(terminal: Terminal, view: DrillView) -> str:
    """A drill in one line: 吕梁市暴雨红色全员演练 · 待放行."""
    return f"{view.title} · {terminal.words.text(f'drill.state.{view.state.key}')}"


def drill_lines(terminal: Terminal, view: DrillView) -> Iterator[RenderableType]:
    """One drill."""
    t = terminal.words.text
    yield Text(f"{t('drill.one.heading', id=view.id)}  {heading(terminal, view)}", style="bold")
    lines = [
        (t("drill.one.kind"), t(f"drill.kind.{view.kind.key}")),
        (t("drill.one.signal"), terminal.words.signal(view.hazard_name, view.colour)),
        (t("drill.one.area"), "、".join(view.area_names)),
        (t("drill.one.tiers"), "、".join(terminal.words.of(tier.title) for tier in view.tiers)),
        (t("drill.one.valid"), t("drill.one.minutes", count=view.valid // MINUTE)),
        (t("drill.one.starts"), t("drill.one.at_once") if view.starts_at is None else _at(view.starts_at)),
        (t("drill.one.announced"), t("drill.one.unannounced") if view.announce_at is None else _at(view.announce_at)),
        (t("drill.one.composed"), f"{view.created_by} {_at(view.created_at)}"),
    ]
    if view.people:
        lines.insert(3, (t("drill.one.people"), t("drill.one.people_count", count=view.people)))
    released = [f"{by} {_at(at)}" for by, at in _releases(view)]
    if released:
        lines.append((t("drill.one.released"), "、".join(released)))
    if view.ended_at is not None:
        why = terminal.words.word("drill.why", view.why)
        lines.append((t("drill.one.ended"), f"{_at(view.ended_at)} {why}".strip()))
    for name, value in lines:
        yield Text.assemble((f"  {name}  ", "dim"), value)


def report_lines(
    terminal: Terminal, view: DrillView, found: DrillReport, before: Comparison | None
) -> Iterator[RenderableType]:
    """A report: the score, the tiers, who did not answer, what is to be mended, and the last drill."""
    t = terminal.words.text
    yield Text(f"{t('drill.report.title')}  {heading(terminal, view)}", style="bold")
    score = t("drill.report.no_score") if found.score is None else str(found.score)
    yield Text.assemble((f"  {t('drill.report.score')}  ", "dim"), (score, "bold"))
    counts = [(name, getattr(found, name)) for name in ("asked", "in_time", "late", "silent", "uncalled", "unopened")]
    yield Text("  " + "   ".join(f"{t(f'drill.report.{name}')} {count:,}" for name, count in counts))
    spans = [(name, _span(terminal, getattr(found, name))) for name in ("median", "slowest")]
    yield Text("  " + "   ".join(f"{t(f'drill.report.{name}')} {span}" for name, span in spans))
    yield _tiers(terminal, view, found)
    yield from _shares(terminal, "by_role", "drill.role", found.roles)
    yield from _shares(terminal, "by_means", "drill.means", found.means)
    yield from _units(terminal, "failed", found.failed)
    yield from _numbers(terminal, found.mend)
    yield from _units(terminal, "without", found.without)
    yield Text(t("drill.report.compare"), style="bold")
    yield from _compared(terminal, found, before)


def days_table(terminal: Terminal, days: Sequence[DrillDay]) -> Table:
    """The calendar."""
    t = terminal.words.text
    table = Table(box=None, pad_edge=False)
    table.add_column("#")
    for name in ("day", "name", "kind", "yearly", "held", "note"):
        table.add_column(t(f"drill.calendar.{name}"))
    for day in days:
        held = "–" if day.drill_id is None else str(day.drill_id)
        yearly = "✓" if day.yearly else ""
        table.add_row(str(day.id), day.day, day.title, t(f"drill.kind.{day.kind.key}"), yearly, held, day.note)
    return table


def _releases(view: DrillView) -> list[tuple[str, int]]:
    both_of_them = ((view.first_by, view.first_at), (view.second_by, view.second_at))
    return [(by, at) for by, at in both_of_them if by and at is not None]


def _tiers(terminal: Terminal, view: DrillView, found: DrillReport) -> Table:
    t = terminal.words.text
    titles = {tier.name: terminal.words.of(tier.title) for tier in view.tiers}
    table = Table(box=None, pad_edge=False)
    for name in ("tier", "asked", "in_time", "late", "silent", "median"):
        table.add_column(t(f"drill.report.{name}"))
    for one in found.tiers:
        numbers = (f"{count:,}" for count in (one.asked, one.in_time, one.late, one.silent))
        table.add_row(titles.get(one.name, one.name), *numbers, _span(terminal, one.median))
    return table


def _shares(terminal: Terminal, title: str, group: str, counts: Mapping[str, int]) -> Iterator[Text]:
    if counts:
        said = "   ".join(f"{terminal.words.word(group, key)} {count:,}" for key, count in counts.items())
        yield Text.assemble((f"{terminal.words.text(f'drill.report.{title}')}  ", "bold"), said)


def _units(terminal: Terminal, title: str, listed: Sequence[CalleeFact]) -> Iterator[Text]:
    if not listed:
        return
    yield Text(f"{terminal.words.text(f'drill.report.{title}')} ({len(listed):,})", style="bold")
    for one in listed[:SHOWN]:
        outcome = terminal.words.word("outcome", one.outcome)
        yield Text(f"  {one.unit_code}  {one.path} {one.unit_name}  {outcome}".rstrip())
    yield from _more(len(listed))


def _numbers(terminal: Terminal, listed: Sequence[NumberFact]) -> Iterator[Text]:
    if not listed:
        return
    yield Text(f"{terminal.words.text('drill.report.mend')} ({len(listed):,})", style="bold")
    for one in listed[:SHOWN]:
        role, wrong = terminal.words.word("drill.role", one.role), terminal.words.word("outcome", one.outcome)
        yield Text(f"  {one.unit_code}  {one.path} {one.unit_name}  {role}  {one.masked}  {wrong}")
    yield from _more(len(listed))


def _more(count: int) -> Iterator[Text]:
    if count > SHOWN:
        yield Text(f"  … +{count - SHOWN:,} (--json)", style="dim")


def _compared(terminal: Terminal, found: DrillReport, before: Comparison | None) -> Iterator[Text]:
    t = terminal.words.text
    if before is None:
        yield Text(f"  {t('drill.report.first')}")
        return
    at = "" if before.began_at is None else _at(before.began_at)
    yield Text(f"  {t('drill.report.last_drill', title=before.title, at=at)}")
    for name, now, then in (
        ("score", found.score, before.score),
        ("in_time", f"{found.in_time:,}/{found.asked:,}", f"{before.in_time:,}/{before.asked:,}"),
        ("median", _span(terminal, found.median), _span(terminal, before.median)),
    ):
        yield Text(f"  {t(f'drill.report.{name}')}  {_or_dash(then)} → {_or_dash(now)}")
    for name, units in (("worse", before.worse), ("better", before.better)):
        if units:
            listed = "、".join(list(units.values())[:SHOWN])
            yield Text(f"  {t(f'drill.report.{name}')} ({len(units):,})  {listed}")


def _or_dash(value: object) -> str:
    return "–" if value is None else str(value)


def _span(terminal: Terminal, ms: int | None) -> str:
    if ms is None:
        return "–"
    long = 2 * MINUTE
    if ms < long:
        return terminal.words.text("drill.report.seconds", count=round(ms / 1000))
    return terminal.words.text("drill.report.minutes", count=f"{ms / MINUTE:.1f}")


def _at(moment: int) -> str:
    return beijing_text(moment, "%Y-%m-%d %H:%M")


def _when(view: DrillView) -> str:
    return _at(view.began_at or view.starts_at or view.created_at)
