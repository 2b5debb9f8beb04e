"""Databases for the contract suites: each suite of a port that stores something runs on every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Unit
from warning_dispatch.store.database import open_database, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer


@pytest.fixture(scope="module")
def database(each_kind: Any, units: tuple[Unit, ...]) -> Engine:
    """A database of each kind with the module's `units` in its register; tests roll back what they write."""
    engine: Engine = each_kind.create()
    with writing(engine) as connection:
        replace_register(connection, AesSealer(KeyRing.simulated(1)), Register(units, ()), 1)
    return engine


@pytest.fixture
def empty(each_kind: Any) -> Engine:
    """An empty database of each kind, with the current schema."""
    engine: Engine = each_kind.create()
    return engine


@pytest.fixture(params=["file", "memory", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A House of house.py on a database of each kind, SQLite in a file as well."""
    if request.param == "file":
        engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
        upgrade(engine)
    else:
        worlds = request.getfixturevalue("worlds_of")
        engine = worlds("sqlite" if request.param == "memory" else "postgresql").create()
    yield request.module.rows_by_hand.House(engine)
    engine.dispose()
