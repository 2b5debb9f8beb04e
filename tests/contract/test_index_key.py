"""换索引密钥: every number is found under the new key and only under it, whatever came in between and whenever it was cut short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.store import rotation
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.erasure import erase_before
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.rotation import indexed_with, note_indexed, reindex, require_indexed
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

NOW = 1_785_000_000_000
OLD = KeyRing.simulated(1)
NEW = replace(OLD, index_key=bytes(range(32)), index_key_id=2)
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)


def person(index: int) -> ReceiverEntry:
    """Somebody with a mobile of the sample."""
    endpoints = tuple(EndpointEntry(channel, sample_mobile(index)) for channel in (Channel.VOICE, Channel.SMS))
    return ReceiverEntry("141124", Role.PRIMARY, f"样本{index}", "", "zh_CN", endpoints, sample=True)


def register(*indices: int) -> Register:
    """The county with these people."""
    return Register((COUNTY,), tuple(person(index) for index in indices))


def written(engine: Engine, keys: KeyRing, *indices: int) -> None:
    """Import a register."""
    with writing(engine) as connection:
        replace_register(connection, AesSealer(keys), register(*indices), NOW)


def found(engine: Engine, keys: KeyRing, index: int) -> int | None:
    """The number's key, looked up as a reply is."""
    digest = AesSealer(keys).blind_index(sample_mobile(index))
    with reading(engine) as connection:
        key: int | None = Sql(connection).value("SELECT id FROM number WHERE blind_index = ?", digest)
    return key


def test_every_number_is_found_under_the_new_key(empty: Engine) -> None:
    """In batches; the people stand as they stood, an import of the same changes nothing, and the old key finds nobody."""
    written(empty, OLD, *range(2_500))
    ticks: list[int] = []
    assert reindex(empty, AesSealer(NEW), lambda: ticks.append(1)) == 2_500
    assert len(ticks) == 2_500
    assert found(empty, OLD, 7) is None
    assert found(empty, NEW, 7) is not None
    with writing(empty) as connection:
        assert stored_register(connection, AesSealer(NEW)) == register(*range(2_500))
        counts = replace_register(connection, AesSealer(NEW), register(*range(2_500)), NOW + 1)
    assert (counts.receivers_added, counts.endpoints_added, counts.endpoints_ended) == (0, 0, 0)


def test_until_it_is_finished_nothing_works_on_it(empty: Engine) -> None:
    """Half of the numbers could not be found: daemon and import refuse, and say which command goes on."""
    written(empty, OLD, 1)
    require_indexed(empty, 1)
    with pytest.raises(RefusedError, match="rotate-index-key"):
        require_indexed(empty, 2)
    reindex(empty, AesSealer(NEW))
    with writing(empty) as connection:
        note_indexed(Sql(connection), 2)
        note_indexed(Sql(connection), 2)
        assert indexed_with(Sql(connection)) == 2
    require_indexed(empty, 2)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_cut_short_it_goes_on(empty: Engine, after: int) -> None:
    """Killed after any batch, it is begun again and ends as if nothing had been."""
    written(empty, OLD, *range(3_000))
    batches = [0]

    def die() -> None:
        batches[0] += 1
        if batches[0] > after * rotation.AT_ONCE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(empty, AesSealer(NEW), die)
    done = (after + 1) * rotation.AT_ONCE
    assert reindex(empty, AesSealer(NEW)) == 3_000 - done
    assert reindex(empty, AesSealer(NEW)) == 0
    assert None not in {found(empty, NEW, index) for index in range(0, 3_000, 100)}


def test_what_came_in_twice_becomes_one(empty: Engine) -> None:
    """A number entered anew under the new key before the old row was done: the older row has its endpoints, no error, no loss."""
    written(empty, OLD, 1, 2)
    old = found(empty, OLD, 1)
    written(empty, NEW, 1, 2, 3)
    assert found(empty, NEW, 1) not in (None, old)
    reindex(empty, AesSealer(NEW))
    assert found(empty, NEW, 1) == old
    wanted = {found(empty, NEW, index) for index in (1, 2, 3)}
    with reading(empty) as connection:
        held = Sql(connection).rows("SELECT DISTINCT number_id FROM endpoint WHERE valid_until IS NULL")
        assert {row[0] for row in held} == wanted
        assert stored_register(connection, AesSealer(NEW)) == register(1, 2, 3)


def test_an_erased_number_stays_erased(empty: Engine) -> None:
    """What was destroyed on schedule is not made findable again."""
    written(empty, OLD, 1, 2)
    written(empty, OLD, 2)
    with writing(empty) as connection:
        erase_before(Sql(connection), AesSealer(OLD), NOW + 1)
    assert reindex(empty, AesSealer(NEW)) == 1
    with reading(empty) as connection:
        rows: Any = Sql(connection).rows("SELECT masked FROM number ORDER BY id")
    assert next(row[0] for row in rows) == "****"
