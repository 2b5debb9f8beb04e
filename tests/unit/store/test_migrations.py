"""The migrations and store/schema.py say the same, down to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

import warning_dispatch.store.migrations as migrations_package
from warning_dispatch.store.database import (
    SchemaState,
    create_in_memory,
    migrate,
    open_database,
    reading,
    schema_state,
    upgrade,
)
from warning_dispatch.store.schema import metadata

FOLDER = Path(str(migrations_package.__file__)).parent


@pytest.fixture
def migrated() -> Iterator[Engine]:
    """A database that went through every migration."""
    engine = open_database("sqlite://")
    upgrade(engine)
    yield engine
    engine.dispose()


def definitions(engine: Engine) -> dict[str, list[str]]:
    """Every table and index with the lines of its definition; the order of constraints means nothing."""
    with reading(engine) as connection:
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {name: sorted(line.strip(" ,\t") for line in sql.splitlines()) for name, sql in found}


def test_migrations_leave_nothing_to_compare(migrated: Engine) -> None:
    """Alembic finds no difference between the migrated database and the schema."""
    with reading(migrated) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == [], "run python -m warning_dispatch.store.migrations.regenerate"


def test_migrated_and_created_databases_are_the_same(migrated: Engine) -> None:
    """Storms run on the tables that production has, partial indices and all."""
    created = create_in_memory()
    assert definitions(created) == definitions(migrated), "run python -m warning_dispatch.store.migrations.regenerate"
    created.dispose()


def test_down_and_up_again(migrated: Engine) -> None:
    """Every migration has its way back."""
    before = definitions(migrated)
    migrate(migrated, "base")
    with reading(migrated) as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert schema_state(migrated) is SchemaState.EMPTY
    upgrade(migrated)
    assert definitions(migrated) == before


def test_file_names_tell_the_revisions() -> None:
    """The program knows its revisions by the names of the files; Alembic must see the same, in one line."""
    scripts = list(ScriptDirectory(str(FOLDER)).walk_revisions())
    by_name = sorted((path.stem[1:].split("_")[0] for path in (FOLDER / "versions").glob("v*.py")), reverse=True)
    assert [script.revision for script in scripts] == by_name


def test_foreign_keys_are_enforced_after_a_migration(migrated: Engine) -> None:
    """They are off only while tables are rebuilt."""
    with reading(migrated) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
