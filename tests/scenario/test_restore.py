"""Backup and restore: a copy taken in mid call-out is one whole moment, and the call-out goes on from it."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store import archive
from warning_dispatch.store.database import open_database, reading, require_current, upgrade, writing
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.storage import TableStorage
from warning_dispatch.store.upkeep import backup, integrity_faults, restore

CITY = "12379-red-rain-city.xml"
Places = tuple[str, Callable[[], Engine], Engine]


pytestmark = pytest.mark.usefixtures("postgresql_tools")


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path, worlds_of: Any) -> Iterator[Places]:
    """For each kind: its name, a maker of blank databases, and one that is current; files on SQLite."""
    made: list[Engine] = []

    def blank() -> Engine:
        url = (
            f"sqlite:///{tmp_path / f'{len(made)}.db'}"
            if request.param == "sqlite"
            else worlds_of(request.param).blank()
        )
        made.append(open_database(url))
        return made[-1]

    first = blank()
    upgrade(first)
    yield request.param, blank, first
    for engine in made:
        engine.dispose()


def faults(town: Any) -> list[str]:
    """What `db check` finds."""
    with reading(town.database) as connection:
        told = [str(one) for one in verify(connection, town.keys.journal_public)] + fold_faults(connection)
    return integrity_faults(town.database) + told


def moved_to(town: Any, database: Engine) -> None:
    """The machine is another one now, and its engine begins from what was restored."""
    town.database = database
    town.storage = TableStorage(database, town.sealer, town.keys.link_key, town.journal)
    town.restart(phones_lost=True)


def test_a_call_out_goes_on_from_a_backup(
    places: Places, town: Callable[..., Any], worlds_of: Any, tmp_path: Path
) -> None:
    """Taken in mid call-out, restored into an empty database: the check finds nothing and everybody is called up."""
    kind, blank, first = places
    night = town(worlds=worlds_of(kind), database=first)
    night.everyone_of(UnitLevel.CITY, Role.PRIMARY, VoiceHabit.ANSWERS)
    night.warning(CITY)
    night.play(seconds=130)
    copy = tmp_path / "copy.backup"
    assert backup(first, copy) == copy.stat().st_size > 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    then = night.query("SELECT id, state, next_at FROM callee ORDER BY id")
    night.play(seconds=20)  # what is lost with the first machine

    second = blank()
    restore(second, copy)
    require_current(second)
    night.database = second
    assert faults(night) == []
    assert night.query("SELECT id, state, next_at FROM callee ORDER BY id") == then
    moved_to(night, second)
    for level in UnitLevel:
        for role in Role:
            night.everyone_of(level, role, VoiceHabit.ANSWERS)
    night.play(seconds=1800)
    states = {row[0] for row in night.query("SELECT state FROM callee")}
    assert states == {CalleeState.ACKNOWLEDGED.value}
    assert faults(night) == []


def test_a_backup_is_one_moment_while_others_write(
    places: Places, town: Callable[..., Any], worlds_of: Any, tmp_path: Path
) -> None:
    """Counts, journal and rows of the copy belong together although the call-out went on meanwhile."""
    kind, blank, first = places
    night = town(worlds=worlds_of(kind), database=first)
    night.warning(CITY)
    copy, done = tmp_path / "copy.backup", threading.Event()

    def take() -> None:
        try:
            backup(first, copy)
        finally:
            done.set()

    taking = threading.Thread(target=take)
    taking.start()
    while not done.is_set():
        night.play(seconds=2)
    taking.join()
    second = blank()
    restore(second, copy)
    night.database = second
    assert faults(night) == []


def test_nothing_is_overwritten(places: Places, tmp_path: Path) -> None:
    """Neither a file by a backup nor a database by a restore; what is no backup leaves an empty database empty."""
    _, blank, first = places
    copy, letter = tmp_path / "copy.backup", tmp_path / "letter"
    backup(first, copy)
    with pytest.raises(RefusedError, match="not overwritten"):
        backup(first, copy)
    with pytest.raises(RefusedError, match="not empty"):
        restore(first, copy)
    letter.write_text("this is a letter, not a backup" * 50)
    second = blank()
    with pytest.raises(StoreError, match="restore failed"):
        restore(second, letter)
    restore(second, copy)
    require_current(second)


def test_every_finding_of_a_check(places: Places, town: Callable[..., Any], worlds_of: Any) -> None:
    """A count that is not the rows', a row changed behind the journal, a journal that was cut: all are listed at once."""
    kind, _, first = places
    night = town(worlds=worlds_of(kind), database=first)
    night.warning(CITY)
    night.play(seconds=30)
    assert faults(night) == []
    night.change("UPDATE branch SET finished = finished + 7 WHERE id = (SELECT min(id) FROM branch)")
    night.change("UPDATE callout SET total = total + 1")
    night.change("UPDATE callee SET state = 8 WHERE id = (SELECT max(id) FROM callee)")
    night.change("DELETE FROM journal_block WHERE stream = 'system' AND seq = 1")
    found = "\n".join(faults(night))
    for words in ("finished is kept as", "total is kept as", "the journal says", "system"):
        assert words in found


def test_a_missing_pg_dump_is_named_with_its_package(
    postgresql: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback and no half a file: which Debian package to install."""
    engine = postgresql.create()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError, match="Debian package postgresql-client"):
        backup(engine, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_on_the_command_line(
    postgresql: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 11's neighbour: whoever may list processes does not read the database's password."""
    seen = tmp_path / "seen"
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("pg_dump", "pg_restore"):
        script = tools / name
        script.write_text(
            f'#!/bin/sh\n{{ echo "$@"; env; stat -c %a "$PGPASSFILE"; cat "$PGPASSFILE"; }} >> {seen}\nexit 1\n'
        )
        script.chmod(0o700)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    url = make_url(postgresql.blank()).set(password="geheim:x", username="warning")
    with pytest.raises(StoreError, match="backup failed"):
        backup(open_database(url.render_as_string(hide_password=False)), tmp_path / "copy")
    said = seen.read_text()
    *before, mode, last = said.splitlines()
    assert (mode, last) == ("600", "*:*:*:*:geheim\\:x")
    assert not any("geheim" in line for line in before)
    assert "warning" in before[0]


def test_archives_are_checked(postgresql: Any, tmp_path: Path) -> None:
    """A restore is whole or nothing: a torn archive leaves the empty database empty."""
    engine = postgresql.create()
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO installation (name, value) VALUES ('a', '1')")
    backup(engine, tmp_path / "copy")
    torn = tmp_path / "torn"
    torn.write_bytes((tmp_path / "copy").read_bytes()[:-400])
    second = open_database(postgresql.blank())
    with pytest.raises(StoreError):
        archive.load(second, torn)
    restore(second, tmp_path / "copy")
    second.dispose()
