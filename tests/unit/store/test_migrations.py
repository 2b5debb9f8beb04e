"""The migrations and store/schema.py say the same, down to the letter, on every kind of database, empty or lived in."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

import warning_dispatch.store.migrations as migrations_package
from warning_dispatch.errors import StoreError
from warning_dispatch.store.database import (
    BASE,
    HEAD,
    SchemaState,
    is_sqlite,
    migrate,
    open_database,
    reading,
    require_current,
    schema_state,
    upgrade,
    writing,
)
from warning_dispatch.store.schema import metadata

FOLDER = Path(str(migrations_package.__file__)).parent
ONE_MORE = '''"""A change as a later release will have it: a column that is filled, an index on it, one column that goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("unit") as unit:
        unit.add_column(sa.Column("short_name", sa.Text(), nullable=False, server_default=""))
        unit.create_index("ix_unit_short_name", ["short_name"])
    op.execute("UPDATE unit SET short_name = substr(name, 1, 2)")
    with op.batch_alter_table("attempt") as attempt:
        attempt.drop_column("held_why")


def downgrade() -> None:
    with op.batch_alter_table("attempt") as attempt:
        attempt.add_column(sa.Column("held_why", sa.Text(), comment="reason"))
    with op.batch_alter_table("unit") as unit:
        unit.drop_index("ix_unit_short_name")
        unit.drop_column("short_name")
'''


@pytest.fixture
def blank(each_kind: Any) -> Iterator[Engine]:
    """A database of each kind without any table."""
    engine = open_database(each_kind.blank())
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(blank: Engine) -> Engine:
    """A database of each kind that went through every migration."""
    upgrade(blank)
    return blank


@pytest.fixture(params=["ours", "one more"])
def scripts(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Our migrations; and the same with one more, as every release after the first will have it."""
    if request.param == "ours":
        return FOLDER
    folder = tmp_path / "migrations"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    newest = revisions(FOLDER)[-1]
    (folder / "versions" / "v9001_one_more.py").write_text(ONE_MORE.format(before=newest))
    return folder


def revisions(scripts: Path) -> list[str]:
    """All revisions, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def definitions(engine: Engine) -> dict[str, list[str]]:
    """Every table and index with the lines of its definition; the order of constraints means nothing."""
    if engine.dialect.name == "sqlite":
        said = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    else:
        said = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
            UNION ALL SELECT table_name || '.' || column_name,
             concat_ws(' ', data_type, is_nullable, column_default, is_identity)
            FROM information_schema.columns WHERE table_schema = 'public'"""
    with reading(engine) as connection:
        found = connection.exec_driver_sql(said).all()
    return {name: sorted(line.strip(" ,\t").replace('"', "") for line in sql.splitlines()) for name, sql in found}


def contents(engine: Engine) -> Mapping[str, list[dict[str, object]]]:
    """Every row of every table, as far as its columns are of this program."""
    with reading(engine) as connection:
        there = inspect(connection)
        found: dict[str, list[dict[str, object]]] = {}
        for table in metadata.sorted_tables:
            if not there.has_table(table.name):
                continue
            columns = [column["name"] for column in there.get_columns(table.name)]
            known = [name for name in table.columns.keys() if name in columns]  # noqa: SIM118 - a collection of columns
            listed = ", ".join(f'"{name}"' for name in known)
            rows = connection.execute(text(f'SELECT {listed} FROM "{table.name}" ORDER BY 1, 2')).mappings()
            found[table.name] = [dict(row) for row in rows]
    return found


def differences_of(engine: Engine) -> list[Any]:
    """What Alembic would change; references that the schema wants on SQLite only are none elsewhere (ADR 15)."""

    def ours(thing: Any, _name: str, kind: str, _reflected: bool, _compared: Any) -> bool:
        loose = kind == "foreign_key_constraint" and getattr(thing, "_ddl_if", None) is not None
        return is_sqlite(engine) or not loose

    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        return list(compare_metadata(context, metadata))


def test_migrations_leave_nothing_to_compare(migrated: Engine) -> None:
    """Alembic finds no difference between the migrated database and the schema."""
    assert differences_of(migrated) == [], "run python -m warning_dispatch.store.migrations.regenerate"


def test_migrated_and_created_databases_are_the_same(each_kind: Any, migrated: Engine) -> None:
    """Storms run on the tables that production has, partial indices and all."""
    created = open_database(each_kind.blank())
    with writing(created) as connection:
        metadata.create_all(connection)
    ours, theirs = definitions(created), definitions(migrated)
    extra = {name for name in theirs if "alembic_version" in name}
    assert ours == {name: lines for name, lines in theirs.items() if name not in extra}, (
        "run python -m warning_dispatch.store.migrations.regenerate"
    )
    created.dispose()


def test_down_and_up_again(migrated: Engine) -> None:
    """Every migration has its way back."""
    before = definitions(migrated)
    migrate(migrated, BASE)
    with reading(migrated) as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert schema_state(migrated) is SchemaState.EMPTY
    upgrade(migrated)
    assert definitions(migrated) == before


def test_every_step_up_and_down_on_a_database_somebody_lives_in(each_kind: Any, scenes: Any, scripts: Path) -> None:
    """With a register and a call-out under way: no step loses a row or changes what it is not about, and each goes back."""
    town = scenes.Town(scenes.load_configuration(scenes.ROOT / "config"), worlds=each_kind)
    town.warning("12379-red-rain-city.xml")
    town.play(seconds=90)
    before, ladder = contents(town.database), revisions(scripts)
    assert {"unit", "endpoint", "callee", "attempt", "journal_block", "alert"} <= {
        name for name in before if before[name]
    }
    migrate(town.database, HEAD, scripts)
    for revision in [*ladder[-2::-1], *ladder[1:], *ladder[-2::-1]]:
        migrate(town.database, revision, scripts)
        kept = contents(town.database)
        for name, rows in kept.items():
            columns = rows[0].keys() if rows else set()
            assert rows == [{key: row[key] for key in columns} for row in before[name]], (revision, name)
    assert differences_of(town.database) == []
    town.play(
        seconds=30
    )  # the first release's rows are alive in the newest program, as long as that is the same schema
    migrate(town.database, BASE, scripts)
    assert schema_state(town.database) is SchemaState.EMPTY


def test_an_older_database_is_refused_with_the_command_that_mends_it(migrated: Engine, scripts: Path) -> None:
    """A program one release further on says `db upgrade` instead of running on tables it does not know."""
    if len(revisions(scripts)) == len(revisions(FOLDER)):
        require_current(migrated, scripts)
        return
    assert schema_state(migrated, scripts) is SchemaState.OLDER
    with pytest.raises(StoreError, match="warning-dispatch db upgrade"):
        require_current(migrated, scripts)
    migrate(migrated, HEAD, scripts)
    require_current(migrated, scripts)
    with pytest.raises(StoreError, match="newer than the program"):
        require_current(migrated)


def test_file_names_tell_the_revisions() -> None:
    """The program knows its revisions by the names of the files; Alembic must see the same, in one line."""
    scripts = list(ScriptDirectory(str(FOLDER)).walk_revisions())
    by_name = sorted((path.stem[1:].split("_")[0] for path in (FOLDER / "versions").glob("v*.py")), reverse=True)
    assert [script.revision for script in scripts] == by_name


def test_foreign_keys_are_enforced_after_a_migration(migrated: Engine) -> None:
    """They are off only while tables are rebuilt, and only SQLite needs that."""
    said = "PRAGMA foreign_keys" if migrated.dialect.name == "sqlite" else "SHOW session_replication_role"
    with reading(migrated) as connection:
        assert connection.exec_driver_sql(said).scalar() in (1, "origin")


def test_processes_that_upgrade_at_once_take_turns(postgresql: Any) -> None:
    """Four workers of a new release start together: one brings the schema up to date, the others find it done."""
    url, found, faults = postgresql.blank(), [], []
    together = threading.Barrier(4)

    def start() -> None:
        engine = open_database(url)
        together.wait()
        try:
            found.append(upgrade(engine))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            faults.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(found) == [SchemaState.CURRENT] * 3 + [SchemaState.EMPTY]


def test_who_waits_for_an_upgrade_waits_longer_than_for_a_lock(postgresql: Any) -> None:
    """A migration of a large database outlasts the ten seconds that a transaction waits for a row."""
    engine = open_database(postgresql.blank())
    upgrade(engine)
    with engine.connect() as connection, connection.begin():
        from warning_dispatch.store.postgresql import wait_for_turn  # noqa: PLC0415 - PostgreSQL only

        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"
        wait_for_turn(connection)
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"
    engine.dispose()
