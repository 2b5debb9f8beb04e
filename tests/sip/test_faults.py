"""What goes wrong on a real night, on the daemon's real process and real lines: nobody is lost, and somebody is told."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
_ALARMS = "SELECT count(*) FROM alarm WHERE kind = 'route_down'"


@pytest.fixture
def night(tmp_path: Path, village: Any, phones: Any, bureaus: Any, quick_voice: Any) -> Iterator[Callable[..., Any]]:
    """Builds an installation; `routes`: name, lines and options of each, the first is taken first."""
    built = []

    def build(numbers: Mapping[str, str], routes: Sequence[tuple[str, int, Mapping[str, Any]]]) -> Any:
        words = []
        for name, lines, changes in routes:
            first = phones.free_ports(6 * (lines + 2))
            options = {
                "trunk": f"127.0.0.1:{village.port}", "caller_id": "03580000000", "speak": quick_voice(), "readings": 1,
                "listen_s": 2.0, "ring_s": 8, "rtp_from": 33_000, "rtp_until": 60_000, "local": "127.0.0.1",
                "sip_port": first, "control_port": first + 4 * (lines + 2), **changes,
            }  # fmt: skip
            words.append({"name": name, "channel": "voice", "adapter": "sip", "lines": lines, "options": options})
        built.append(bureaus.Night(tmp_path, words, numbers, phones.free_port()))
        return built[-1]

    yield build
    for one in built:
        one.stop()


def answering(phones: Any, bureaus: Any, villages: int) -> dict[str, str]:
    """A town in which everybody presses 1."""
    codes = [bureaus.LEADER, bureaus.COUNTY, bureaus.TOWNSHIP, *map(bureaus.village_code, range(villages))]
    return {code: phones.number(phones.KEY, at) for at, code in enumerate(codes)}


def processes_of(folder: Path) -> list[int]:
    """The line processes that live below a folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            words = (one / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"baresip") and any(word.startswith(str(folder).encode()) for word in words):
            found.append(int(one.name))
    return found


def test_the_daemon_and_single_lines_are_killed(night: Any, village: Any, phones: Any, bureaus: Any) -> None:
    """Kill -9 of lines in mid-call, then of the daemon: its lines end with it, it starts again, and everybody answers once."""
    numbers = answering(phones, bureaus, 40)
    house = night(numbers, [("own", 4, {})])
    house.start()
    lines = house.home / "state" / "lines"
    house.until(lambda: len(processes_of(lines)) == 4, "four lines live", 20)
    house.warn()
    house.until(lambda: len(village.rung()) >= 12, "the villages ring", 60)
    for pid in processes_of(lines)[:2]:
        os.kill(pid, signal.SIGKILL)
    house.until(lambda: len(processes_of(lines)) == 4, "all lines live again", 20)
    house.until(lambda: len(village.rung()) >= 24, "the villages go on", 60)
    house.kill()
    house.until(lambda: not processes_of(lines), "no line outlives its daemon", 10)
    house.start()
    house.until(lambda: house.answered() == len(numbers), "everybody has answered, nobody is lost", 300)
    pressed = {one.address: one.at for one in reversed(village.seen("pressed"))}
    assert set(pressed) == set(numbers.values())
    assert house.stop() == 0


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        ("silent", {"trunk": "127.0.0.1:9"}),
        ("no_program", {"program": "no-such-program"}),
        ("unreachable", {"trunk": "127.0.0.1:9", "transport": "tcp"}),
    ],
)
def test_a_trunk_in_trouble_gives_way_to_the_next_route(
    night: Any, phones: Any, bureaus: Any, fault: str, changes: Mapping[str, Any]
) -> None:
    """The first trunk is silent, refuses, or cannot be dialled at all: an alarm, the next route rings, nobody is lost."""
    numbers = answering(phones, bureaus, 6)
    house = night(numbers, [("first", 2, changes), ("second", 3, {})])
    house.start()
    house.warn()
    house.until(lambda: house.answered() == len(numbers), f"everybody has answered ({fault})", 150)
    assert house.rows(_ALARMS)[0][0] >= 1
    assert house.stop() == 0


def test_a_wrong_password_is_told(
    night: Any, tmp_path: Path, phones: Any, bureaus: Any, registrar: Callable[[str], int]
) -> None:
    """The registrar refuses the password: no line of that route takes a call, an alarm says so, the next route rings."""
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    trunk = {"trunk": f"127.0.0.1:{registrar('right')}", "user": "bureau", "password_file": str(secret)}
    numbers = answering(phones, bureaus, 4)
    house = night(numbers, [("first", 2, {**trunk, "register_every_s": 60}), ("second", 3, {})])
    house.start()
    house.warn()
    house.until(lambda: house.answered() == len(numbers), "everybody has answered", 150)
    house.until(lambda: house.rows(_ALARMS)[0][0] >= 1, "an alarm", 90)
    [(why,)] = house.rows("SELECT down_why FROM route WHERE name = 'first'")
    assert why.removeprefix("probe:") == "credentials_refused"
    assert '"registration_refused"' in (house.home / "daemon.log").read_text()
    assert house.stop() == 0
