"""Write migration 0001 anew from store/schema.py. For the time before the first release only.

    python -m warning_dispatch.store.migrations.regenerate

From the first release on 0001 is frozen and every change of the schema is a migration of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateTableOp, MigrateOperation, ModifyTableOps, UpgradeOps
from sqlalchemy import create_engine

from warning_dispatch.store.schema import metadata

TARGET = Path(__file__).parent / "versions" / "v0001_initial.py"

_KEY = "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
_HEADER = '''"""The first schema. Written by regenerate.py until the first release, frozen from then on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    """An index of the rows for which `where` holds, on either dialect."""
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _refers(column: str, table: str, name: str) -> sa.ForeignKeyConstraint:
    """A reference that is enforced on SQLite only: from a table with a row for every callee or attempt."""
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(name)).ddl_if(dialect="sqlite")
'''
_QUOTED = r"(?:'[^']*'|\"[^\"]*\")"
_PARTIAL = re.compile(
    rf"op\.create_index\((?P<name>.*?), (?P<table>{_QUOTED}), (?P<columns>\[[^\]]*\]), (?:unique=False, )?"
    rf"sqlite_where=sa\.text\((?P<where>{_QUOTED})\), postgresql_where=sa\.text\((?P=where)\)\)"
)
_REFERENCE = re.compile(
    r"sa\.ForeignKeyConstraint\(\['(?P<column>\w+)'\], \['(?P<table>\w+)\.id'\], name=op\.f\('(?P<name>\w+)'\)\)"
)


def source() -> str:
    """Python source of migration 0001 for the schema as it stands, not yet formatted: one function per table."""
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection)
        operations = produce_migrations(context, metadata).upgrade_ops
        if operations is None:
            raise RuntimeError("Alembic found nothing to create.")
        bodies: dict[str, list[str]] = {}
        for operation in operations.ops:
            bodies.setdefault(_table(operation), []).append(_rendered(operation, context))
    parts = [_HEADER]
    parts += [f"\n\ndef _create_{name}() -> None:\n" + "\n".join(lines) + "\n" for name, lines in bodies.items()]
    parts.append("\n\ndef upgrade() -> None:\n" + "".join(f"    _create_{name}()\n" for name in bodies))
    parts.append(
        "\n\ndef downgrade() -> None:\n" + "".join(f"    op.drop_table({name!r})\n" for name in reversed(bodies))
    )
    return "".join(parts)


def _table(operation: MigrateOperation) -> str:
    if isinstance(operation, CreateTableOp | ModifyTableOps):
        return operation.table_name
    raise TypeError(f"A first migration only creates tables, not {type(operation).__name__}.")


def _rendered(operation: MigrateOperation, context: MigrationContext) -> str:
    code = render_python_code(UpgradeOps(ops=[operation]), migration_context=context)
    lines = ("    " + line.strip() for line in code.splitlines() if not line.lstrip().startswith("# ###"))
    text = "\n".join(lines)
    text = _PARTIAL.sub(r"_partial_index(\g<name>, \g<table>, \g<columns>, \g<where>)", text)
    text = _REFERENCE.sub(_reference, text)
    return text.replace(_KEY, "KEY").replace(", nullable=True", "").replace(", unique=False", "")


def _reference(found: re.Match[str]) -> str:
    """A reference as it stands, or as one that SQLite alone enforces."""
    return (
        f"_refers({found['column']!r}, {found['table']!r}, {found['name']!r})" if found["name"] in _LOOSE else found[0]
    )


_LOOSE = {
    str(constraint.name)
    for table in metadata.tables.values()
    for constraint in table.foreign_key_constraints
    if constraint._ddl_if is not None  # noqa: SLF001 - there is no public question for it
}
"""References that PostgreSQL does not enforce (ADR 15)."""


def main() -> None:
    """Write the file and let ruff format it."""
    TARGET.write_text(source(), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(TARGET)], check=True)  # noqa: S603 - fixed words
    print(f"wrote {TARGET.name}")  # noqa: T201 - a script of the workshop


if __name__ == "__main__":
    main()
