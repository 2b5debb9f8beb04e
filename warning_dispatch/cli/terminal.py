"""What every command has in common: its language, its settings, JSON or a picture, and errors in plain words.

A command is a function of a `Terminal` and its own parameters. `command` adds --config, --lang and --json to them and
turns errors of ours into one clear message and exit code 1; wrong usage is typer's, and 2.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from warning_dispatch.errors import DispatchError, Finding, FindingsError
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import Settings, load_settings, operator_name, prefers_english
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.catalogues import CHINESE, ENGLISH, Catalogue, asked_language, load_catalogues

WIDE = 132
"""Columns when the output goes to a file or another program: nothing is folded that need not be."""

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help=both("配置目录", "configuration folder"), metavar="DIR")
]
LangOption = Annotated[
    str,
    typer.Option(
        "--lang", help=both("输出语言 zh 或 en，默认看 LANG", "zh or en, by LANG when left out"), metavar="LANG"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help=both("输出 JSON", "print JSON"))]
_SHARED = (("config", ConfigOption, None), ("lang", LangOption, ""), ("as_json", JsonOption, False))


class Terminal:
    """The person (or program) a command answers."""

    def __init__(self, config: Path | None = None, language: str = CHINESE, *, as_json: bool = False) -> None:
        """`config` as given by --config."""
        self.config = config
        self.language = language
        self.as_json = as_json

    @cached_property
    def settings(self) -> Settings:
        """The installation's settings; logging is set up quietly. ConfigError with every finding."""
        settings = load_settings(self.config)
        self.quiet_logs("debug" if settings.log.level == "debug" else "warning")
        return settings

    @cached_property
    def words(self) -> Catalogue:
        """The words of the pages, which are the words of the commands."""
        return load_catalogues()[self.language]

    def quiet_logs(self, level: str = "warning") -> None:
        """A command's own output is what it has to say; its log only speaks of trouble."""
        configure_logging(level, json=False)

    def say(self, chinese: str, english: str) -> str:
        """The sentence in the terminal's language."""
        return english if self.language == ENGLISH else chinese

    def answer(self, document: object, *drawn: RenderableType) -> None:
        """The result: the document for a program, or the pictures for a person."""
        if self.as_json:
            typer.echo(json.dumps(document, ensure_ascii=False))
            return
        console = plain_console()
        for one in drawn:
            console.print(one, soft_wrap=isinstance(one, str | Text))

    def remark(self, chinese: str, english: str) -> None:
        """Something beside the result: on standard error, so that it never mixes with it."""
        plain_console(error=True).print(self.say(chinese, english), soft_wrap=True)

    @property
    def width(self) -> int:
        """Columns of the output."""
        return plain_console().width

    @property
    def actor(self) -> str:
        """Who is acting, when nobody says so."""
        return operator_name()

    def asked_reason(self, reason: str) -> str:
        """The reason of an act: as given, else asked for when somebody sits here, else wrong usage."""
        if not reason.strip() and sys.stdin.isatty():
            reason = str(typer.prompt(self.say("理由", "Reason")))
        if not reason.strip():
            raise typer.BadParameter(both("必须写明理由", "a reason is needed"), param_hint="--reason")
        return reason.strip()

    def asked_actor(self, actor: str) -> str:
        """Who acts: as given, else whoever is logged in, else wrong usage."""
        found = actor.strip() or self.actor
        if not found:
            raise typer.BadParameter(both("请写明操作人", "say who acts"), param_hint="--actor")
        return found


def command(
    function: Callable[..., None],
) -> Callable[..., None]:
    """A typer command from a function whose first parameter is a Terminal: shared options, and errors in plain words."""

    @functools.wraps(function)
    def run(**named: Any) -> None:
        config, lang, as_json = (named.pop(name) for name, _, _ in _SHARED)
        terminal = Terminal(config, chosen_language(lang), as_json=as_json)
        with_plain_errors(lambda: function(terminal, **named), as_json=as_json)

    hints = get_type_hints(function, include_extras=True)
    own = [
        one.replace(annotation=hints[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for one in list(inspect.signature(function).parameters.values())[1:]
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in _SHARED
    ]
    parameters = [*own, *shared]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # functions take one
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    del run.__wrapped__  # typer would follow it to the bare function
    return run


def chosen_language(asked: str) -> str:
    """The language of the output. Wrong usage for one we do not speak."""
    if not asked:
        return ENGLISH if prefers_english() else CHINESE
    found = asked_language(asked)
    if found is None:
        raise typer.BadParameter(both(f"没有语言 {asked}", f"no language {asked}; zh or en"), param_hint="--lang")
    return found


def with_plain_errors(work: Callable[[], None], *, as_json: bool) -> None:
    """Do the work; an error of ours becomes a message and exit code 1, never a traceback."""
    try:
        work()
    except DispatchError as error:
        report_error(error, as_json=as_json)
        raise typer.Exit(1) from None


def report_error(error: DispatchError, *, as_json: bool) -> None:
    """The error for a person on standard error; for a program an object on standard output as well."""
    findings = error.findings if isinstance(error, FindingsError) else ()
    if as_json:
        document = {
            "error": str(error),
            "kind": type(error).__name__,
            "findings": [finding_document(one) for one in findings],
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
    console = plain_console(error=True)
    if not findings:
        console.print(Text.assemble(("✗ ", "bold red"), str(error)), soft_wrap=True)
        return
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    console.print(Text.assemble(("✗ ", "bold red"), f"{both('未执行', title)} ({len(findings)})"), soft_wrap=True)
    for one in findings:
        console.print(finding_text(one), soft_wrap=True)


def finding_document(finding: Finding) -> dict[str, str]:
    """A finding for a program."""
    return {"where": finding.where, "what": finding.what, "remedy": finding.remedy}


def finding_text(finding: Finding, mark: str = "•", style: str = "red") -> Text:
    """A finding for a person, on one line that the terminal may wrap."""
    remedy = (("  → ", "dim"), (finding.remedy, "dim")) if finding.remedy else ()
    return Text.assemble((f"  {mark} ", style), (finding.where, "bold"), f"  {finding.what}", *remedy)


def plain_console(*, error: bool = False) -> Console:
    """A console that prints what it is given: brackets are brackets. Wide when nobody looks."""
    stream = sys.stderr if error else sys.stdout
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    return console
