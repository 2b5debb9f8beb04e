"""Who started this process, and what it was given: the words of a supervisor, and a folder of credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def supervisor_address(environ: Mapping[str, str] | None = None) -> str:
    """The socket on which whoever started this process wants to hear from it (sd_notify); empty: nobody does.

    It is taken out of the environment: a program that we start must not speak for us.
    """
    return (os.environ if environ is None else dict(environ)).pop("NOTIFY_SOCKET", "")


def name_credentials(folder: Path) -> None:
    """From now on secrets are looked for here first, as under systemd."""
    os.environ["CREDENTIALS_DIRECTORY"] = str(folder)


def name_home(folder: str) -> None:
    """From now on libraries look here for the files of whoever we are: libpq for ~/.pgpass, and pg_dump after it."""
    os.environ["HOME"] = folder
