"""For the night the server dies: everybody on paper, right after the start, without delaying the first ring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.bootstrap import build_demo, demo_warning
from warning_dispatch.clock import VirtualClock
from warning_dispatch.engine.list_accounts import EngineAccounts
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Role
from warning_dispatch.reports.folder import ListFolder
from warning_dispatch.reports.lists import PrintableLists
from warning_dispatch.store.database import reading
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.snapshot import fold_faults

ROOT = Path(__file__).resolve().parents[2]
RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
VILLAGE = "141121100200"
START = 1_784_727_180_000


@pytest.fixture
def lists_of(tmp_path: Path) -> Callable[..., PrintableLists]:
    """The printable lists of a town."""

    def build(place: Any, folder: Path = tmp_path / "lists") -> PrintableLists:
        read = TableReadings(place.database, place.sealer, place.configuration.hazards.names())
        return PrintableLists(read.printed, lambda: read.callouts(live_only=True), ListFolder(folder, 30), place.clock)

    return build


def accounts(place: Any) -> EngineAccounts:
    """The town's own journal."""
    return EngineAccounts(place.engine, place.clock)


def page(folder: Path, callout_id: int = 1) -> str:
    """The page of a call-out."""
    [path] = folder.glob(f"*_callout-{callout_id}_*.html")
    return path.read_text(encoding="utf-8")


def test_everybody_is_on_it_in_clear(
    town: Callable[..., Any], lists_of: Callable[..., PrintableLists], tmp_path: Path
) -> None:
    """Each unit with its people's numbers as a human dials them; the journal knows counts and no name."""
    place = town(counties=1, townships=1, villages=2)
    place.warning(RED_CITY)
    lists_of(place).write_by_itself(1, accounts(place))
    text = page(tmp_path / "lists")
    for code, name in place.query("SELECT u.code, u.name FROM callee c JOIN unit u ON u.id = c.unit_id"):
        assert str(code) in text
        assert str(name) in text
    number = place.numbers[VILLAGE, Role.PRIMARY].removeprefix("+86")
    assert f"{number[:3]} {number[3:7]} {number[7:]}" in text
    (entry,) = [one for one in place.journal_entries() if one["k"] == "list.written"]
    assert (entry["actor"], entry["units"], entry["round"]) == ("engine", 8, 1)
    assert entry["phones"] == 22
    assert "样本" not in str(place.journal_entries())
    with reading(place.database) as connection:
        assert fold_faults(connection) == []


def test_a_new_round_has_a_list_of_its_own(
    town: Callable[..., Any], lists_of: Callable[..., PrintableLists], tmp_path: Path
) -> None:
    """Orange becomes red: the second list says which round it is; the engine names both starts."""
    place = town()
    first = place.engine.take_in(place.clock.now(), place.message(ORANGE), "test")
    assert first.started == (1,)
    place.play(seconds=60)
    red = place.message(RED_CITY, msgType="Update", references=place.identifier())
    second = place.engine.take_in(place.clock.now(), red, "test")
    assert len(second.started) == 1
    [callout_id] = second.started
    lists_of(place).write_by_itself(callout_id, accounts(place))
    assert "第 2 轮" in page(tmp_path / "lists", callout_id)


def test_what_starts_nothing_writes_nothing(town: Callable[..., Any]) -> None:
    """A duplicate, a test, an act: no list."""
    place = town()
    raw = place.message(RED_CITY)
    assert place.engine.take_in(place.clock.now(), raw, "test").started == (1,)
    assert place.engine.take_in(place.clock.now(), raw, "test").started == ()
    exercise = place.message(RED_CITY, status="Exercise")
    assert place.engine.take_in(place.clock.now() + 1, exercise, "test").started == ()


def test_a_folder_that_is_full_or_shut_raises_an_alarm_and_the_calls_go_out(
    town: Callable[..., Any], lists_of: Callable[..., PrintableLists], tmp_path: Path
) -> None:
    """Paper is a second line; the first one rings."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    (tmp_path / "file").write_text("no folder")
    lists_of(place, tmp_path / "file" / "lists").write_by_itself(1, accounts(place))
    assert "list_not_written" in place.alarms()
    place.play(seconds=310)
    assert place.rings(VILLAGE)


def test_after_a_crash_the_missing_list_is_written(
    town: Callable[..., Any], lists_of: Callable[..., PrintableLists], tmp_path: Path
) -> None:
    """Killed between the start and the paper: the next daemon makes up for it, once, with the answers so far."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.record_answer("141121")
    place.restart()
    for _ in range(2):
        lists_of(place).write_missing(accounts(place))
    assert "重启后补写" in page(tmp_path / "lists")
    assert "已应答 21:33" in page(tmp_path / "lists")
    assert len([one for one in place.journal_entries() if one["k"] == "list.written"]) == 1
    assert place.state("141121") is CalleeState.ACKNOWLEDGED


@pytest.mark.slow
def test_the_whole_prefecture(tmp_path: Path) -> None:
    """2,651 units, 5,500 phones: read, unsealed, written, accounted for."""
    contacts, config = ROOT / "contacts", ROOT / "config"
    demo = build_demo(
        config=config, contacts=contacts, database_url=None, seed=1, lines=100, now=START, link_prefix="/r/"
    )
    product = demo.product
    [callout_id] = product.engine.take_in(START, demo_warning(config, START), "test").started
    clock = VirtualClock(START)
    lists = PrintableLists(product.read.printed, lambda: (), ListFolder(tmp_path, 30), clock)
    written = lists.write(callout_id, EngineAccounts(product.engine, clock), actor="a", reason="b")
    assert written.units == 2_651
    assert written.phones > 5_000
