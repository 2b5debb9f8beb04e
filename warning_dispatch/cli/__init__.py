"""The command line."""

from __future__ import annotations

import typer

from warning_dispatch.cli.demo import demo
from warning_dispatch.cli.run import run


def main() -> None:
    """The console script."""
    app = typer.Typer()
    app.command()(demo)
    app.command()(run)
    app()
