"""The command line: one file per group of commands. Exit codes: 0 done, 1 refused or findings, 2 wrong usage."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

import typer

import warning_dispatch
from warning_dispatch.cli import (
    accounts,
    alarm,
    alert,
    callout,
    callout_lists,
    callout_people,
    callout_response,
    campaign,
    contacts,
    contacts_change,
    contacts_check,
    contacts_files,
    contacts_key_units,
    contacts_people,
    db,
    drill,
    journal,
    report,
    route,
    source,
    task,
)
from warning_dispatch.cli.check import check
from warning_dispatch.cli.demo import demo
from warning_dispatch.cli.init import init
from warning_dispatch.cli.run import run
from warning_dispatch.cli.service_user import become_service_user
from warning_dispatch.cli.simulate import simulate
from warning_dispatch.cli.terminal import with_plain_errors
from warning_dispatch.cli.usage import Commands
from warning_dispatch.tomlfiles import both

__all__ = ["build_app", "main"]

OF_ROOT = ("init", "demo")
"""Commands that root may run as itself: `init` becomes the service's account when it has written the configuration."""


def main() -> None:
    """The console script."""
    build_app()(prog_name="warning-dispatch")


def build_app() -> typer.Typer:
    """Every command of the contract that works."""
    app = typer.Typer(
        name="warning-dispatch",
        cls=Commands,
        help=both("气象灾害预警叫应：叫到有人应答为止", "a warning is answered, not only sent"),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    app.command("demo")(_plain(demo))
    app.command("run")(_plain(run))
    app.command("init")(init)
    app.command("check")(check)
    app.command("simulate")(simulate)
    for name, group in (
        ("alert", alert.app),
        ("alarm", alarm.app),
        ("callout", _callouts()),
        ("task", task.app),
        ("contacts", _contacts()),
        ("campaign", campaign.app),
        ("drill", drill.app),
        ("journal", journal.app),
        ("report", report.app),
        ("db", db.app),
        ("route", route.app),
        ("source", source.sources),
        ("outlet", source.outlets),
        ("route", route.app),
        ("user", accounts.users),
        ("key", accounts.keys),
    ):
        app.add_typer(group, name=name)
    return app


def _contacts() -> typer.Typer:
    """The group `contacts`, whose commands stand in several files."""
    group = typer.Typer(
        no_args_is_help=True,
        help=both(
            "名册：导入、导出、检查、查看、待核号码", "the register: import, export, check, look, numbers in doubt"
        ),
    )
    for part in (
        contacts_files.app,
        contacts_check.app,
        contacts.app,
        contacts_people.app,
        contacts_change.app,
        contacts_key_units.app,
    ):
        group.add_typer(part)
    return group


def _callouts() -> typer.Typer:
    """The group `callout`, whose commands stand in several files."""
    group = typer.Typer(no_args_is_help=True, help=both("叫应：查看与处置", "call-outs: look and act"))
    for part in (callout.app, callout_lists.app, callout_people.app, callout_response.app):
        group.add_typer(part)
    return group


def _plain(function: Callable[..., None]) -> Callable[..., None]:
    """The command with errors of ours in plain words."""

    @functools.wraps(function)
    def wrapped(*given: Any, **named: Any) -> None:
        with_plain_errors(lambda: function(*given, **named), as_json=bool(named.get("as_json")))

    return wrapped


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"warning-dispatch {warning_dispatch.__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has answered by now
        bool, typer.Option("--version", callback=_version, is_eager=True, help=both("版本", "show the version"))
    ] = False,
) -> None:
    """气象灾害预警叫应：叫到有人应答为止。 / A warning is answered, not only sent."""
    if ctx.invoked_subcommand not in OF_ROOT:
        become_service_user()
