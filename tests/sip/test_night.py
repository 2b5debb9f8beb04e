"""A night on real lines: the daemon's own process calls a township up over SIP, and every phone does what phones do.

make sip            ten lines and thirty
pytest tests/sip    ten lines
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
USE_WANTED = 0.98
"""Of the lines, while somebody waits who has not been called yet."""


@pytest.fixture
def night(tmp_path: Path, village: Any, phones: Any, bureaus: Any, quick_voice: Any) -> Iterator[Callable[..., Any]]:
    """Builds an installation whose lines lead into the village."""
    built = []

    def build(numbers: Mapping[str, str], lines: int, more: Sequence[Mapping[str, Any]] = (), **options: Any) -> Any:
        first = phones.free_ports(6 * (lines + 2))
        route = {
            "name": "own", "channel": "voice", "adapter": "sip", "lines": lines,
            "options": {
                "trunk": f"127.0.0.1:{village.port}", "caller_id": "03580000000", "speak": quick_voice(), "readings": 1,
                "listen_s": 2.0, "ring_s": 8, "rtp_from": 33_000, "rtp_until": 60_000, "local": "127.0.0.1",
                "sip_port": first, "control_port": first + 4 * (lines + 2), **options,
            },
        }  # fmt: skip
        built.append(bureaus.Night(tmp_path, [route, *more], numbers, phones.free_port()))
        return built[-1]

    yield build
    for one in built:
        one.stop()


def town(phones: Any, bureaus: Any, kinds: Sequence[int]) -> dict[str, str]:
    """Unit → number: everybody above the villages presses 1, each village does what its kind of phone does."""
    codes = [bureaus.LEADER, bureaus.COUNTY, bureaus.TOWNSHIP]
    numbers = {code: phones.number(phones.KEY, 900 + at) for at, code in enumerate(codes)}
    return numbers | {bureaus.village_code(at): phones.number(kind, at) for at, kind in enumerate(kinds)}


def mixed(phones: Any, count: int) -> list[int]:
    """What the phones of a township do: most answer, every other thing happens too."""
    others = [phones.FOREVER, phones.WRONG, phones.INFO, phones.SILENT, phones.QUICK, phones.BUSY,
              phones.UNAVAILABLE, phones.EMPTY, phones.TROUBLE]  # fmt: skip
    return [others[at // 2 % len(others)] if at % 2 else phones.KEY for at in range(count)]


@pytest.mark.parametrize("lines", [10, 30])
def test_a_township_is_called_up(
    night: Any, village: Any, phones: Any, bureaus: Any, lines: int, request: pytest.FixtureRequest
) -> None:
    """153 callees: every outcome right, every answer counted once, nobody rung who had answered, no line too many or idle."""
    if lines > 10 and not request.config.getoption("--all-lines"):
        pytest.skip("thirty lines: make sip")
    numbers = town(phones, bureaus, mixed(phones, 150))
    house = night(numbers, lines)
    house.start()
    house.warn()
    kinds = {number: phones.behaviour_of(number) for number in numbers.values()}
    house.until(lambda: set(village.rung()) == set(kinds), "everybody has been rung", 300)
    house.until(lambda: not [1 for (state,) in house.rows(_UNDER_WAY) if state], "the calls of a moment have ended", 60)
    answering = {number for number, kind in kinds.items() if phones.OUTCOMES[kind] == "key_pressed"}
    house.until(lambda: house.answered() == len(answering), "every answer counts, once", 30)
    _outcomes_are_right(house, phones)
    _nobody_was_rung_again(village, answering)
    _lines_were_used(village, lines, len(kinds))
    assert house.stop() == 0
    assert house.said("sip.line_down") == 0
    assert village.errors() == ""


_UNDER_WAY = "SELECT count(*) FROM attempt WHERE channel = 1 AND state IN (1, 2) AND claimed_at < (SELECT max(claimed_at) FROM attempt) - 30000"
_ENDED = """SELECT u.code, a.outcome FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
 JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id WHERE a.channel = 1 AND a.outcome <> ''"""


def _outcomes_are_right(house: Any, phones: Any) -> None:
    """What each phone did is what the journal's attempts say of it."""
    numbers = house.numbers
    wrong = [
        (code, outcome)
        for code, outcome in house.rows(_ENDED)
        if outcome not in (phones.OUTCOMES[phones.behaviour_of(numbers[code])], "hung_up_by_us")
    ]
    assert wrong == []


def _nobody_was_rung_again(village: Any, answering: set[str]) -> None:
    """Who has pressed the key is left alone."""
    pressed = {one.address: one.at for one in reversed(village.seen("pressed"))}
    assert set(pressed) == answering
    assert [one for one in village.seen("rung") if one.at > pressed.get(one.address, one.at)] == []


def _lines_were_used(village: Any, lines: int, callees: int) -> None:
    """Never more calls at once than lines; and while somebody waited for the first call, hardly a line idle."""
    steps = sorted([(one.at, 1) for one in village.seen("rung")] + [(one.at, -1) for one in village.seen("over")])
    now, most, used, begun, before = 0, 0, 0.0, 0.0, 0.0
    firsts = {one.address: one.at for one in reversed(village.seen("rung"))}
    assert len(firsts) == callees
    last_first = max(firsts.values())
    for at, step in steps:
        if begun and before < last_first:
            used += now * (min(at, last_first) - before)
        now += step
        most = max(most, now)
        if now == lines and not begun:
            begun = at
        before = at
    share = used / (lines * (last_first - begun))
    print(f"{lines} lines, {callees} callees: in use {share:.3f} of {last_first - begun:.0f} s")  # noqa: T201 - shown with -s
    assert most <= lines
    assert share >= USE_WANTED
