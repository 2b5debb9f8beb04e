"""The database: transactions that begin when they say so, and a schema whose state is known."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from warning_dispatch.errors import StoreError
from warning_dispatch.store.database import (
    SchemaState,
    after_commit,
    create_in_memory,
    fill_in_memory,
    image_of,
    is_in_memory,
    open_database,
    reading,
    require_current,
    schema_state,
    upgrade,
    writing,
)
from warning_dispatch.store.schema import callout, installation, receiver

ROW = {"name": "a", "value": "1"}


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Engine]:
    """A current database in a file."""
    engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["file", "memory", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A current database of each kind."""
    if request.param == "file":
        made = open_database(f"sqlite:///{tmp_path / 'store.db'}")
        upgrade(made)
    else:
        worlds_of = request.getfixturevalue("worlds_of")
        made = worlds_of("sqlite" if request.param == "memory" else request.param).create()
    yield made
    made.dispose()


def rows(engine: Engine) -> int:
    """How many facts are committed."""
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(installation)).scalar_one()


def test_every_connection_is_safe_against_power_cuts(on_disk: Engine) -> None:
    """WAL, every commit on the disk, references enforced, and a wait instead of an error."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "temp_store": 2}
    with reading(on_disk) as first, reading(on_disk) as second:
        for connection in (first, second):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
            assert found == wanted


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Promise 11: the database, its log and its index are not left open to other users."""
    engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    engine.dispose()


def test_writing_commits_and_an_error_takes_everything_back(engine: Engine) -> None:
    """A transaction is whole or not at all."""
    with writing(engine) as connection:
        connection.execute(insert(installation), [ROW])

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(insert(installation), [{"name": "b", "value": "2"}])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert rows(engine) == 1


def test_ddl_is_taken_back_too(engine: Engine) -> None:
    """The driver does not commit behind our back: a migration that fails leaves nothing."""

    def fail() -> None:
        with writing(engine) as connection:
            connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with reading(engine) as connection:
        assert "half" not in inspect(connection).get_table_names()


def test_a_reader_neither_waits_nor_sees_half(on_disk: Engine) -> None:
    """While a writer holds its transaction a reader goes on with the state before it, and keeps it to its end."""
    with reading(on_disk) as reader:
        counted = select(func.count()).select_from(installation)
        assert reader.execute(counted).scalar() == 0
        with writing(on_disk) as connection:
            connection.execute(insert(installation), [ROW])
            assert rows(on_disk) == 0
        assert reader.execute(counted).scalar() == 0
    assert rows(on_disk) == 1


def test_reading_cannot_write(engine: Engine) -> None:
    """A reader that would write fails at once, and the connection is fit to write afterwards."""
    with pytest.raises(StoreError, match="only"), reading(engine) as connection:
        connection.execute(insert(installation), [ROW])
    with writing(engine) as connection:
        connection.execute(insert(installation), [ROW])
    assert rows(engine) == 1


def test_writers_take_turns(engine: Engine) -> None:
    """Threads that read and then write in one transaction never lose an update and never fail as busy."""
    with writing(engine) as connection:
        connection.execute(insert(installation), [{"name": "count", "value": "0"}])

    def add() -> None:
        for _ in range(20):
            with writing(engine) as connection:
                value = int(connection.execute(select(installation.c.value).with_for_update()).scalar_one())
                connection.execute(installation.update().values(value=str(value + 1)))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.execute(select(installation.c.value)).scalar_one() == "80"


def test_references_are_enforced(engine: Engine) -> None:
    """A receiver of no unit is refused, as the constraint it is."""
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(insert(receiver), [{"unit_id": 99, "role": 1, "name_sealed": b""}])


def test_after_commit_runs_only_when_committed(engine: Engine) -> None:
    """Promise 8: no seal is printed for a block that was taken back."""
    done: list[str] = []
    with writing(engine) as connection:
        after_commit(connection, lambda: done.append("first"))
        assert done == []
    assert done == ["first"]

    def fail() -> None:
        with writing(engine) as connection:
            after_commit(connection, lambda: done.append("second"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with writing(engine):
        pass
    assert done == ["first"]
    with engine.begin() as connection:
        after_commit(connection, lambda: done.append("at once"))
        assert done == ["first", "at once"]


def test_databases_in_memory_are_strangers() -> None:
    """Each storm has a database of its own, current, and empty."""
    first, second = create_in_memory(), create_in_memory()
    with writing(first) as connection:
        connection.execute(insert(installation), [ROW])
    assert (rows(first), rows(second)) == (1, 0)
    assert schema_state(second) is SchemaState.CURRENT
    assert is_in_memory(first)
    first.dispose()
    second.dispose()


def test_an_empty_database_is_brought_up_to_date(each_kind: Any) -> None:
    """`db upgrade` on nothing, and again on what it made."""
    engine = open_database(each_kind.blank())
    assert schema_state(engine) is SchemaState.EMPTY
    with pytest.raises(StoreError, match="init"):
        require_current(engine)
    assert upgrade(engine) is SchemaState.EMPTY
    assert upgrade(engine) is SchemaState.CURRENT
    require_current(engine)
    engine.dispose()


def test_a_newer_database_is_left_alone(engine: Engine) -> None:
    """After a program was set back it says so instead of guessing."""
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert schema_state(engine) is SchemaState.NEWER
    for act in (upgrade, require_current):
        with pytest.raises(StoreError, match="newer than the program"):
            act(engine)


def test_a_database_of_somebody_else_is_refused(each_kind: Any) -> None:
    """A wrong URL must not fill another program's database with our tables."""
    engine = open_database(each_kind.blank())
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(StoreError, match="not of this program"):
        upgrade(engine)
    engine.dispose()


def test_what_is_no_database_is_told_in_plain_words(tmp_path: Path) -> None:
    """A damaged file, a missing folder, a mistyped URL: each has its sentence."""
    (tmp_path / "text.db").write_text("this is a letter, not a database" * 100)
    engine = open_database(f"sqlite:///{tmp_path / 'text.db'}")
    with pytest.raises(StoreError, match="damaged"):
        schema_state(engine)
    engine.dispose()
    with pytest.raises(StoreError, match="folder"):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")
    with pytest.raises(StoreError, match="not the URL"):
        open_database("store.db")
    with pytest.raises(StoreError, match="not the URL"):
        open_database("nonsense://store")


def test_an_error_shows_no_values(engine: Engine) -> None:
    """Promise 11: what was to be written does not stand in the traceback."""
    with pytest.raises(IntegrityError) as caught, writing(engine) as connection:
        connection.execute(insert(callout), [{"alert_id": 99, "plan_name": "secret-value"} | dict.fromkeys(NEEDED, 1)])
    assert "secret-value" not in str(caught.value)


NEEDED = (
    "plan",
    "texts",
    "hazard",
    "colour",
    "issuer_area",
    "purpose",
    "state",
    "started_at",
    "voice_until",
    "validity_guessed",
)


def test_a_database_in_memory_is_filled_from_an_image() -> None:
    """Many small worlds are copies of one: the image holds everything, and filling anew forgets what was there."""
    first, second = create_in_memory(), create_in_memory()
    with writing(first) as connection:
        connection.exec_driver_sql("INSERT INTO installation (name, value) VALUES ('a', '1')")
    with writing(second) as connection:
        connection.exec_driver_sql("INSERT INTO installation (name, value) VALUES ('b', '2')")
    fill_in_memory(second, image_of(first))
    third = create_in_memory(image_of(first))
    for engine in (second, third):
        with reading(engine) as connection:
            assert connection.exec_driver_sql("SELECT name, value FROM installation").fetchall() == [("a", "1")]
        engine.dispose()
    first.dispose()
