"""`check --lines` as it is typed: with the daemon running, which has the lines, and without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path, village: Any, phones: Any, bureaus: Any, quick_voice: Any) -> Iterator[Any]:
    """A bureau with two lines and a telephone of its own that presses 1."""
    first = phones.free_ports(30)
    options = {
        "trunk": f"127.0.0.1:{village.port}", "caller_id": "03580000000", "speak": quick_voice(), "readings": 1, "listen_s": 2.0,
        "ring_s": 8, "rtp_from": 33_000, "rtp_until": 60_000, "local": "127.0.0.1", "sip_port": first, "control_port": first + 20,
        "test_number": phones.number(phones.KEY, 777),
    }  # fmt: skip
    route = {"name": "own", "channel": "voice", "adapter": "sip", "lines": 2, "options": options}
    codes = [bureaus.LEADER, bureaus.COUNTY, bureaus.TOWNSHIP]
    numbers = {code: phones.number(phones.KEY, at) for at, code in enumerate(codes)}
    built = bureaus.Night(tmp_path, [route], numbers, phones.free_port())
    yield built
    built.stop()


def test_lines_are_tried_with_and_without_a_daemon(house: Any, village: Any, phones: Any) -> None:
    """Each line rings the bureau's telephone once; a phone that is busy is a test that failed; results are kept."""
    alone = house.command("check", "--lines")
    assert alone["ok"]
    assert [(one["line"], one["outcome"], one["good"]) for one in alone["lines"]] == [
        (1, "key_pressed", True),
        (2, "key_pressed", True),
    ]
    house.start()
    through = house.command("check", "--lines")
    assert [one["good"] for one in through["lines"]] == [True, True]
    assert village.rung() == {phones.number(phones.KEY, 777): 4}
    busy = house.command("check", "--lines", "--number", phones.number(phones.BUSY, 1), code=1)
    assert {one["outcome"] for one in busy["lines"]} == {"busy"}
    assert len((house.home / "state" / "line-tests.jsonl").read_text(encoding="utf-8").splitlines()) == 6
    assert house.stop() == 0
