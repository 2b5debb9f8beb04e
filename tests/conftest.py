"""What every test stands on: no network, repeatable randomness, the storm count, the browser's path."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

STORMS = 40
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
    """Add `--storms` and `--storm-seed`."""
    parser.addoption("--storms", type=int, default=STORMS, help="how many storms each promise is put through")
    parser.addoption("--storm-seed", type=int, default=None, help="play this one storm again")


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
