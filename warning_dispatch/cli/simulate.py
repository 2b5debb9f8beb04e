"""`simulate`: how long it takes until 95 % have answered, before there is a storm: lines, chains, hours, habits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import resvg_py
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from warning_dispatch.bootstrap.installation import planning_ground
from warning_dispatch.bootstrap.planning import habits_by_name, phonebook, sample_phonebook, seen
from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.planning_pictures import gains_table, planning_document, planning_pictures, plot_words
from warning_dispatch.cli.terminal import Terminal, command, plain_console
from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.configuration.chains import load_chain
from warning_dispatch.delivery.configured import simulated_routes
from warning_dispatch.errors import ConfigError, Finding, StoreError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.lessons import Seen
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.planning.asking import Asked, Ground, questions_of
from warning_dispatch.planning.crew import play_all
from warning_dispatch.planning.gains import Change, changes
from warning_dispatch.planning.habits import DEFAULT
from warning_dispatch.planning.plot import plot
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import Result
from warning_dispatch.settings import Settings
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both

STORED, SAMPLE = "stored", "sample"
CITY = "city"
"""The chain that is played when none is named, where there is one of that name."""
PNG_ZOOM = 2.0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where storms are played: the register, what past call-outs taught, and which of the two it is."""

    book: Phonebook
    past: Seen
    register: str


ChainOption = Annotated[
    str, typer.Option("--chain", help=both("方案名称或文件", "chain, by name or file"), metavar="NAME|FILE")
]
AgainstOption = Annotated[
    str, typer.Option("--against", help=both("与之比较的方案", "a chain to compare with"), metavar="NAME|FILE")
]
HazardOption = Annotated[str, typer.Option(help=both("灾种", "hazard, by key or Chinese name"))]
ColourOption = Annotated[Literal["orange", "red"], typer.Option(help=both("颜色", "colour"))]
AreaOption = Annotated[
    list[str] | None, typer.Option(help=both("区划编码，可重复，默认全市", "division code, repeatable"))
]
LinesOption = Annotated[
    str, typer.Option(help=both("线路数，如 10,30,100；默认按配置", "lines, such as 10,30,100; else as configured"))
]
HourOption = Annotated[int, typer.Option(help=both("几点发布（北京时间）", "hour of the day, Beijing"))]
HabitsOption = Annotated[
    str, typer.Option(help=both("应答习惯：default、learned 或文件", "habits: default, learned, or a file"))
]
StormsOption = Annotated[int, typer.Option(help=both("每种设置推演多少场", "storms for each setting"))]
SeedOption = Annotated[int, typer.Option(help=both("随机种子", "same seed, same result"))]
JobsOption = Annotated[int, typer.Option(min=0, help=both("进程数，0 为每核一个", "processes, 0 for one per core"))]
RegisterOption = Annotated[
    Literal["stored", "sample", "auto"],
    typer.Option(help=both("名册：库中或样本", "register: the stored one, or the sample")),
]
GainsOption = Annotated[
    bool,
    typer.Option(
        "--gains", help=both("再算每条线、每级呼叫、每个渠道换来多少", "also what each line, rung and channel brings")
    ),
]
PlotOption = Annotated[
    Path | None, typer.Option("--plot", help=both("曲线图存为 .svg 或 .png", "the plot, as .svg or .png"))
]


@command
def simulate(
    terminal: Terminal,
    chain: ChainOption = "",
    against: AgainstOption = "",
    hazard: HazardOption = "rainstorm",
    colour: ColourOption = "red",
    area: AreaOption = None,
    lines: LinesOption = "",
    hour: HourOption = 3,
    habits: HabitsOption = DEFAULT,
    storms: StormsOption = 200,
    seed: SeedOption = 1,
    jobs: JobsOption = 0,
    register: RegisterOption = "auto",
    gains: GainsOption = False,
    plot_file: PlotOption = None,
) -> None:
    """推演：多少条线、哪个方案、几点钟，多久 95% 应答。不拨任何电话。 / How long until 95 % have answered; nobody is called."""
    terminal.quiet_logs()
    settings = terminal.settings
    configuration = load_configuration(settings.config_dir)
    place = _place(settings, register)
    findings: list[Finding] = []
    asked = Asked(
        chain=_chain(configuration, chain, "--chain", findings) or _usual_chain(configuration),
        hazard=_hazard(configuration, hazard, findings),
        colour=Colour[colour.upper()],
        areas=tuple(area or [settings.ingest.within]),
        lines=_numbers(lines, findings),
        hour=hour,
        storms=storms,
        seed=seed,
        against=_chain(configuration, against, "--against", findings) if against else None,
    )
    findings += _plot_findings(plot_file)
    questions = _questions(asked, planning_ground(settings, configuration), habits, place, findings)
    results, gained = _played(terminal, asked, questions, place, jobs or None, gains=gains)
    if place.register == SAMPLE != register:
        terminal.remark(
            "名册尚未导入，按样本名册推演。", "No register has been imported: played on the sample register."
        )
    document = planning_document(results, asked, gained)
    pictures = [*planning_pictures(terminal, results, asked), *([gains_table(terminal, gained)] if gained else [])]
    terminal.answer({**document, "register": place.register}, *pictures)
    if plot_file is not None:
        _save_plot(terminal, results, asked, plot_file)


def _played(
    terminal: Terminal,
    asked: Asked,
    questions: Sequence[Question],
    place: _Place,
    jobs: int | None,
    *,
    gains: bool,
) -> tuple[list[Result], list[tuple[Change, Result]]]:
    """The questions, and what differs from the first of them in one thing, if that is asked."""
    with _progress(terminal) as told:
        results = play_all(questions, place.book, storms=asked.storms, seed=asked.seed, jobs=jobs, told=told)
        found = changes(questions[0], place.book) if gains else []
        differing = [one.question for one in found]
        gained = (
            play_all(differing, place.book, storms=asked.storms, seed=asked.seed, jobs=jobs, told=told) if found else []
        )
    return results, list(zip(found, gained, strict=True))


def _questions(asked: Asked, ground: Ground, habits: str, place: _Place, findings: list[Finding]) -> list[Question]:
    """The questions, or everything that is wrong with them at once."""
    questions: list[Question] = []
    try:
        chosen = habits_by_name(habits, asked.hour % 24, place.past)
    except ConfigError as error:
        findings.extend(error.findings)
        chosen = habits_by_name(DEFAULT, asked.hour % 24, place.past)
    try:
        questions = questions_of(asked, ground, chosen, place.book)
    except ConfigError as error:
        findings.extend(error.findings)
    if findings:
        raise ConfigError(findings)
    return questions


def _place(settings: Settings, register: str) -> _Place:
    """The stored register if there is one, else the sample; what past call-outs taught stands beside the stored one."""
    if register != SAMPLE:
        try:
            with opened_database(settings) as database:
                sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
                book = phonebook(database, sealer, SystemClock().now())
                if book.endpoints or register == STORED:
                    return _Place(book, seen(database, tuple(simulated_routes(settings))), STORED)
        except StoreError:
            if register == STORED:
                raise
    return _Place(sample_phonebook(settings.contacts_dir), Seen(), SAMPLE)


def _usual_chain(configuration: Configuration) -> CallChain:
    return next((one for one in configuration.chains if one.name == CITY), configuration.chains[0])


def _chain(configuration: Configuration, asked: str, option: str, findings: list[Finding]) -> CallChain | None:
    """The chain of that name or file; None, perhaps with a finding, when there is none."""
    if not asked:
        return None
    found = next((one for one in configuration.chains if one.name == asked), None)
    if found is not None:
        return found
    if Path(asked).is_file():
        try:
            chain = load_chain(Path(asked), configuration.hazards)
            return replace(chain, name=Path(asked).stem)  # a copy that was edited has the name of its file
        except ConfigError as error:
            findings.extend(error.findings)
            return None
    known = ", ".join(one.name for one in configuration.chains)
    findings.append(Finding(option, both(f"没有方案或文件 {asked}", f"there is no chain and no file {asked}"), known))
    return None


def _hazard(configuration: Configuration, asked: str, findings: list[Finding]) -> Hazard:
    hazards = configuration.hazards
    found = hazards.hazards.get(asked) or hazards.by_name.get(asked)
    if found is None:
        known = ", ".join(hazards.hazards)
        findings.append(Finding("--hazard", both(f"灾种目录中没有 {asked}", f"there is no hazard {asked}"), known))
        return next(iter(hazards.hazards.values()))
    return found


def _numbers(text: str, findings: list[Finding]) -> tuple[int, ...]:
    """Numbers with commas between them."""
    numbers = []
    for part in text.replace("，", ",").split(",") if text.strip() else ():
        word = part.strip()
        if word.isascii() and word.removeprefix("-").isdigit() and len(word) < 9:  # noqa: PLR2004 - more are no lines
            numbers.append(int(word))
        else:
            findings.append(
                Finding("--lines", both(f"“{word}”不是线路数", f"“{word}” is no number of lines"), "10,30,100")
            )
    return tuple(dict.fromkeys(numbers))


def _plot_findings(file: Path | None) -> list[Finding]:
    """Before minutes are spent: the kind of picture is known, and its folder is there."""
    if file is None:
        return []
    found = []
    if file.suffix.lower() not in (".svg", ".png"):
        found.append(Finding("--plot", both(f"不认识 {file.suffix}", f"no picture {file.suffix}"), ".svg, .png"))
    if not file.parent.is_dir():
        what = both(f"没有文件夹 {file.parent}", f"there is no folder {file.parent}")
        found.append(Finding("--plot", what, both("先建文件夹", "make it first")))
    return found


def _save_plot(terminal: Terminal, results: Sequence[Result], asked: Asked, file: Path) -> None:
    names, words = plot_words(terminal, results, asked)
    svg = plot(results, names, words)
    if file.suffix.lower() == ".svg":
        file.write_text(svg, encoding="utf-8")
    else:
        file.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=PNG_ZOOM)))
    terminal.remark(f"曲线图：{file}", f"The plot: {file}")


@contextmanager
def _progress(terminal: Terminal) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while somebody looks; nothing when the output goes elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _played, _all: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=plain_console(error=True), transient=True) as bar:
        task = bar.add_task(terminal.say("推演", "Storms"), total=None)
        yield lambda played, of_all: bar.update(task, completed=played, total=of_all)
