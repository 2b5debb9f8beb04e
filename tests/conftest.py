"""What every test stands on: no network, repeatable randomness, the storm count, the browser's path."""

from __future__ import annotations

import importlib
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from hypothesis import HealthCheck, settings

STORMS = 480
FUZZ = 1.5
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = f"no Chromium found (looked for {', '.join(CHROMIUM_NAMES)}); Debian: apt-get install chromium"

# A deadline in wall time only measures the machine. CI derandomises: the same commit gives the same verdict.
settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=50,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--storms`, `--storm-seed` and `--database`, `--fuzz` and `--fuzz-seed`, and `--write-golden`."""
    parser.addoption("--fuzz", type=float, default=FUZZ, help="seconds of mutated messages for each way in")
    parser.addoption("--fuzz-seed", type=int, default=1, help="where the mutations begin")
    parser.addoption("--write-golden", action="store_true", help="write the corpus' table anew, to read its diff")
    parser.addoption("--planning", action="store_true", help="planning against the engine in all ten settings")
    parser.addoption("--storms", type=int, default=STORMS, help="how many storms each promise is put through")
    parser.addoption("--storm-seed", type=int, default=None, help="play this one storm again")
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what scenarios run on")


def pytest_configure(config: pytest.Config) -> None:
    """Count what storms visit, in the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(StormReport())


class StormReport:
    """What all storms of a run visited together, printed at its end; a gap fails the run if there were enough storms."""

    def __init__(self) -> None:
        """No storm has been played."""
        self._packed: list[str] = []
        self._lines: list[str] = []
        self._faults: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A storm's visits come with its test's report, from whichever process played it."""
        if report.when == "call":
            self._packed += [str(value) for name, value in report.user_properties if name == "storm"]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge the run."""
        if not self._packed:
            return
        storms = storms_package()
        visits = storms.Visits.of(self._packed)
        self._lines = list(visits.tables())
        self._faults = visits.faults() if len(self._packed) >= storms.ENOUGH else []
        if self._faults and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the tables."""
        if self._packed:
            terminalreporter.section(f"what {len(self._packed)} storms visited")
        for line in self._lines:
            terminalreporter.write_line(line)
        for fault in self._faults:
            terminalreporter.write_line(fault, red=True)


def storms_package() -> Any:
    """The package scenario/storms; the process that prints need not have played any."""
    return loaded("scenario_storms", Path(__file__).with_name("scenario") / "storms" / "__init__.py")


def databases() -> Any:
    """The module databases.py beside this file."""
    return loaded("tests_databases", Path(__file__).with_name("databases.py"))


def pytest_unconfigure() -> None:
    """Databases on a server that goes on are dropped; a server of our own is stopped."""
    if "tests_databases" in sys.modules:
        databases().close()


@pytest.fixture(scope="session")
def worlds(request: pytest.FixtureRequest) -> Any:
    """The kind of database that scenarios run on, see `--database`."""
    return databases().worlds(request.config.getoption("database"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def each_kind(request: pytest.FixtureRequest) -> Any:
    """Both kinds of database, one after the other: what a port promises holds on each."""
    return databases().worlds(request.param)


@pytest.fixture(scope="session")
def worlds_of() -> Callable[[str], Any]:
    """Databases of a kind that a test names."""
    return lambda kind: databases().worlds(kind)


@pytest.fixture(scope="session")
def postgresql() -> Any:
    """Databases on a real PostgreSQL."""
    return databases().worlds("postgresql")


@pytest.fixture
def mortal_server() -> Iterator[tuple[Any, str]]:
    """A PostgreSQL of the test's own that it may stop and start, and its URL (port and all are its socket's folder)."""
    ours = databases()
    with tempfile.TemporaryDirectory(prefix="wd-mortal-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server may run as another user
        server = ours.own_server(Path(folder) / "server")
        yield server, ours.address(server)
        server.cleanup()


@pytest.fixture
def postgresql_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version come first on PATH."""
    folder = databases().tools()
    if folder is not None:
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


@pytest.fixture(scope="session")
def scenes() -> Any:
    """The module of the scenarios' Town, for tests elsewhere that need a database somebody lives in."""
    return loaded("scenario_scenes", Path(__file__).with_name("scenario") / "conftest.py")


@pytest.fixture(scope="session")
def fault_runs() -> Callable[[str], Any]:
    """A module of the package faults by its name, as `python -m faults` knows it."""
    loaded("faults", Path(__file__).with_name("faults") / "__init__.py")
    return lambda name: importlib.import_module(f"faults.{name}")


@pytest.fixture(scope="session")
def loaded_module() -> Callable[[str, Path], Any]:
    """A module that lies beside a test: by a name of its own and its path."""
    return loaded


@pytest.fixture(scope="session")
def twilio_server() -> Callable[[str], Any]:
    """A module of the package twilio_server by its name."""
    loaded("twilio_server", Path(__file__).with_name("twilio_server") / "__init__.py")
    return lambda name: importlib.import_module(f"twilio_server.{name}")


@pytest.fixture(scope="session")
def storms() -> Any:
    """The promises as the storms look at them: the package scenario/storms."""
    return storms_package()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no browser, and say so."""
    if find_chromium() is not None:
        return
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def find_chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser, for tests marked `browser`."""
    path = find_chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


def stays_here(host: object) -> bool:
    """Whether a host is this machine: a loopback address, localhost, or none at all (listen on any)."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def refuse(what: str) -> None:
    """Fail the test in a way that no `except Exception` of the code under test can swallow."""
    pytest.fail(f"tests do not reach the network: {what}")


def check_target(family: int, address: object) -> None:
    """Refuse every address but unix sockets and loopback."""
    if family == socket.AF_UNIX:
        return
    host = address[0] if isinstance(address, tuple) and address else address
    if not stays_here(host):
        refuse(f"connect to {host}")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Close the ways out of a process: connect, connect_ex, sendto and the resolver."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    resolve = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check_target(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check_target(self.family, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, payload: bytes, *rest: Any) -> int:
        check_target(self.family, rest[-1])
        return sendto(self, payload, *rest)

    def guarded_resolve(host: bytes | str | None, *rest: Any, **named: Any) -> object:
        if not stays_here(host):
            refuse(f"resolve {host!r}")
        return resolve(host, *rest, **named)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket.socket, "sendto", guarded_sendto)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield
    patch.undo()
