"""保存期限 of the register's own rows: shifts and accounts of changes stay for their days and are gone after them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import structlog
from sqlalchemy import Engine

from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_history import recent_changes, write_changes
from warning_dispatch.store.register_upkeep import UpkeepTable
from warning_dispatch.store.retention import DAY, LEAST_DAYS, Removed, Retention, remove_old
from warning_dispatch.store.roster_rows import save_shifts
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

KEYS = KeyRing.simulated(1)
SEALER = AesSealer(KEYS)
NOW = 1_785_000_000_000
OLD, RECENT = NOW - (LEAST_DAYS + 1) * DAY, NOW - (LEAST_DAYS - 1) * DAY
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)


def person(name: str, index: int) -> ReceiverEntry:
    """Somebody with a mobile of the sample."""
    return ReceiverEntry(
        "141124", Role.DUTY, name, "", "zh_CN", (EndpointEntry(Channel.VOICE, sample_mobile(index)),), sample=True
    )


def imported(engine: Engine, before: Sequence[ReceiverEntry], after: Sequence[ReceiverEntry], at: int) -> None:
    """An import with its history."""
    stood, stands = Register((COUNTY,), tuple(before)), Register((COUNTY,), tuple(after))
    with writing(engine) as connection:
        replace_register(connection, SEALER, stands, at)
        changes = changes_between(stood, stands)
        write_changes(Sql(connection), SEALER, changes, actor="王登记员", source="import", now=at)


@pytest.fixture
def lived(empty: Engine) -> Engine:
    """A register that somebody left long ago, with shifts long past, of half a year ago and to come."""
    gone, stays = person("样本甲", 1), person("样本乙", 2)
    imported(empty, (), (gone, stays), OLD - DAY)
    shifts = [
        Shift("141124", name, at, at + DAY // 2) for name in ("样本甲", "样本乙") for at in (OLD - DAY, RECENT, NOW)
    ]
    with writing(empty) as connection:
        save_shifts(Sql(connection), SEALER, shifts)
    imported(empty, (gone, stays), (stays,), OLD)
    imported(empty, (stays,), (stays, person("样本丙", 3)), RECENT)
    return empty


def count(engine: Engine, table: str) -> int:
    """Rows of a table."""
    with reading(engine) as connection:
        return int(Sql(connection).value(f"SELECT count(*) FROM {table}"))


def run(engine: Engine) -> Removed:
    """A run of retention, now."""
    return remove_old(Retention(engine, Journal(KEYS.journal_key, structlog.get_logger()), LEAST_DAYS), NOW)


def test_shifts_go_when_they_are_over_for_half_a_year(lived: Engine) -> None:
    """Those of half a year ago less a day stay, and so do those to come, whosever they are."""
    assert count(lived, "duty_shift") == 6
    assert run(lived).rows["duty_shift"] == 2
    with reading(lived) as connection:
        ends = [row[0] for row in Sql(connection).rows("SELECT ends_at FROM duty_shift ORDER BY ends_at")]
    assert min(ends) == RECENT + DAY // 2
    assert len(ends) == 4
    assert run(lived).rows["duty_shift"] == 0


def test_accounts_of_changes_go_with_whoever_is_named_in_them(lived: Engine) -> None:
    """Also the name of who entered them; what is younger stays as it is, and the journal says how many went."""
    assert run(lived).rows["register_change"] == 3
    with reading(lived) as connection:
        [left] = recent_changes(Sql(connection), SEALER)
        told = Sql(connection).rows("SELECT body FROM journal_block WHERE stream = 'system'")
    assert (left.at, left.after) == (RECENT, "值班 样* 260****0003")
    assert not left.erased
    assert any("retention.removed" in str(row[0]) and "register_change" in str(row[0]) for row in told)


def test_before_the_run_the_day_has_blanked_them(lived: Engine) -> None:
    """While a call-out keeps the run waiting nothing personal stays readable: what is sealed goes on its day by itself."""
    with writing(lived) as connection:
        UpkeepTable(Sql(connection), SEALER).erase(NOW - LEAST_DAYS * DAY)
    with reading(lived) as connection:
        rows = recent_changes(Sql(connection), SEALER)
    assert [one.erased for one in rows] == [False, True, True, True]
    assert {(one.before, one.after) for one in rows[1:]} == {("", "")}
    assert run(lived).rows["register_change"] == 3
