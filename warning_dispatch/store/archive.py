"""备份与恢复 on PostgreSQL: the server's own pg_dump and pg_restore, found on PATH, custom format.

The dump is one snapshot of a running database. A password goes to the tool in a file that only we can read: what stands
on a command line or in a process's environment is shown by `ps`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine

from warning_dispatch.errors import RefusedError, StoreError

PACKAGE = "postgresql-client"
"""Of Debian; it must be of the server's version or newer."""
_OURS = {"password", "options", "application_name", "context"}
"""Parameters of our connections that the tools do not get in their connection string."""


def dump(engine: Engine, target: Path) -> None:
    """Write the database into a file, consistent at one moment, and read its table of contents back.

    Raises RefusedError when pg_dump is not there, StoreError with its words when it fails.
    """
    tool, reader = _tool("pg_dump"), _tool("pg_restore")
    what = ["--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s", f"--file={target}"]
    with _connection(engine) as (place, environ):
        _run([tool, *what, "--no-password", f"--dbname={place}"], environ)
    _run([reader, "--list", f"--file={os.devnull}", str(target)], os.environ)


def load(engine: Engine, source: Path) -> None:
    """Fill an empty database from a dump, wholly or not at all. Raises RefusedError, StoreError."""
    tool = _tool("pg_restore")
    what = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    with _connection(engine) as (place, environ):
        _run([tool, *what, "--no-password", f"--dbname={place}", str(source)], environ)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RefusedError(
            f"没有 {name}：请安装 Debian 软件包 {PACKAGE}（版本不低于服务器），再执行一次 / "
            f"{name} is not on PATH: install the Debian package {PACKAGE} (of the server's version or newer), then try again"
        )
    return found


@contextmanager
def _connection(engine: Engine) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The connection string without the password, and an environment in which the tool finds it."""
    _, named = engine.dialect.create_connect_args(engine.url)
    place = make_conninfo(**{key: value for key, value in named.items() if key not in _OURS})
    password = named.get("password")
    if not password:
        yield place, os.environ
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="warning-dispatch-") as file:  # mode 0600
        escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
        file.write(f"*:*:*:*:{escaped}\n")
        file.flush()
        yield place, {**os.environ, "PGPASSFILE": file.name}


def _run(command: Sequence[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - the tool's own path, and arguments that no shell reads
        command, env=dict(environ), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = " ".join(done.stderr.split())
        hint = f" → apt install {PACKAGE}-<版本 / version>" if "version mismatch" in said else ""
        raise StoreError(f"{Path(command[0]).name}: {said}{hint}")
