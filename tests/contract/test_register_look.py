"""What pages and other departments are told of the register: readiness, and filed changes by pages, masked, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from warning_dispatch.bootstrap import TableRegisterLook
from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import ChangeKind
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.readiness import Gap
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.settings import ContactSettings
from warning_dispatch.store.database import writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register_take_over import RegisterTakeOver
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

KEYS = KeyRing.simulated(3)
SEALER = AesSealer(KEYS)
NOW = 1_785_000_000_000
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)
TOWN = Unit("141124100", "临泉镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, "141124100", "141124")
OTHER = Unit("141125", "柳林县", UnitKind.DIVISION, UnitLevel.COUNTY, "141125", None)


def person(unit: Unit, role: Role, name: str, index: int, post: str = "书记") -> ReceiverEntry:
    """Somebody with a mobile of the sample."""
    endpoints = tuple(EndpointEntry(channel, sample_mobile(index)) for channel in (Channel.VOICE, Channel.SMS))
    return ReceiverEntry(unit.code, role, name, post, "zh_CN", endpoints, sample=True)


@pytest.fixture
def look(empty: Engine) -> TableRegisterLook:
    """A register with a history of three imports."""
    journal = Journal(KEYS.journal_key, structlog.get_logger())
    take = RegisterTakeOver(empty, SEALER, journal, KEYS.link_key, reaches_people=False)
    head, duty = person(TOWN, Role.PRIMARY, "张三", 1), person(COUNTY, Role.DUTY, "值班室", 2, "")
    states = [
        Register((COUNTY, TOWN), (head, duty)),
        Register((COUNTY, TOWN), (replace(person(TOWN, Role.PRIMARY, "张三", 3), post="镇长"), duty)),
        Register((COUNTY, TOWN, OTHER), (duty,)),
    ]
    for index, state in enumerate(states):
        coming = RegisterImport(state, f"登记员{index}", "import", allow_fewer=True)
        take.carry_out(coming, NOW + index * 1_000, lambda work, at=NOW + index * 1_000: work(at))
    return TableRegisterLook(ContactSettings(), empty, SEALER, VirtualClock(NOW + 60_000))


def test_changes_say_who_when_what_and_nothing_in_clear(look: TableRegisterLook) -> None:
    """The newest first; a new number and post of one person is one change, named; a new unit is one too."""
    rows = look.changes()
    told = [(one.actor, one.at - NOW, one.unit_code, one.subject, one.kind) for one in rows]
    assert told[:2] == [
        ("登记员2", 2_000, TOWN.code, "receiver", ChangeKind.REMOVED),
        ("登记员2", 2_000, OTHER.code, "unit", ChangeKind.ADDED),
    ]
    changed = next(one for one in rows if one.kind is ChangeKind.CHANGED)
    assert changed.what == ("post", "numbers")
    assert (changed.before, changed.after) == ("A岗 张* 书记 260****0001", "A岗 张* 镇长 260****0003")
    assert (changed.unit_name, changed.source) == ("临泉镇", "import")
    assert "张三" not in str(rows)
    assert "值班 值班室 260****0002" in {one.after for one in rows}


def test_changes_by_unit_day_and_page(look: TableRegisterLook) -> None:
    """A unit with what lies below it, since a moment, and page by page without a gap or a double."""
    every = look.changes()
    assert {one.unit_code for one in look.changes(unit="141124")} == {"141124", TOWN.code}
    assert [one.actor for one in look.changes(unit="141125")] == ["登记员2"]
    assert {one.actor for one in look.changes(since=NOW + 1_000)} == {"登记员1", "登记员2"}
    pages: list[Any] = []
    before = None
    while page := look.changes(before=before, limit=2):
        pages += page
        before = page[-1].id
    assert pages == list(every)


def test_readiness_is_looked_at_anew_but_not_for_every_browser(look: TableRegisterLook, empty: Engine) -> None:
    """As `contacts check` would say it; within some seconds the same picture is shown, then a fresh one."""
    picture = look.readiness()
    assert picture.found.gaps[TOWN.code] == (Gap.NO_RECEIVER,)
    assert picture.found.unreachable == (TOWN.code, OTHER.code)
    assert picture.receivers == 1
    assert look.readiness() is picture
    with writing(empty) as connection:
        Sql(connection).run("UPDATE endpoint SET usable = 0, finding = 'empty_number' WHERE valid_until IS NULL")
    look._clock.advance_to(NOW + 90_000)  # type: ignore[attr-defined]
    fresh = look.readiness()
    assert set(fresh.found.unreachable) == {COUNTY.code, TOWN.code, OTHER.code}
    assert fresh.bad == {COUNTY.code: (("260****0002", "empty_number"),)}
