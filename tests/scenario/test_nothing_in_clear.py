"""Promise 11: a database file that leaks shows no number; nor do the logs and the journal of a whole storm."""

from __future__ import annotations

import io
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from warning_dispatch.bootstrap import RoutePlan, wire_product
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import configure_logging
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, UnitLevel
from warning_dispatch.ports import Reply
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import open_database, reading, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_history import write_changes
from warning_dispatch.store.rotation import reseal, sealed_otherwise
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.upkeep import compact

ROOT = Path(__file__).resolve().parents[2]
START = 1_784_727_180_000
HOUR = 3_600_000
TOWNSHIP = "141124101"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, down to debug."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging("debug", json=True, stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def small_register() -> Register:
    """One township of the real tree with what is above it, and its invented people."""
    units = tuple(
        unit
        for unit in read_register(ROOT / "contacts").units
        if unit.level <= UnitLevel.COUNTY or unit.area.startswith(TOWNSHIP)
    )
    return Register(units, sample_receivers(units, 11))


def storm(folder: Path, keys: KeyRing, register: Register) -> None:
    """A red warning, an hour of calls, replies, an added person, an officer's acts, a cancel, and the history of it all."""
    database = open_database(f"sqlite:///{folder / 'store.db'}")
    upgrade(database)
    sealer = AesSealer(keys)
    with writing(database) as connection:
        replace_register(connection, sealer, register, START)
        changes = changes_between(Register((), ()), register)
        write_changes(Sql(connection), sealer, changes, actor="王登记员", source="import", now=START)
    product = wire_product(
        database=database,
        keys=keys,
        configuration=load_configuration(ROOT / "config"),
        messages=ROOT / "config" / "messages",
        languages=("zh_CN", "en"),
        routes=[RoutePlan(one.key, one, simulated=True) for one in Channel],
        intake=IntakeSettings(senders=("1411*",), within="1411", max_age=HOUR),
        outbox=OutboxSettings(link_prefix="http://127.0.0.1/r/"),
        log=structlog.get_logger("journal"),
    )
    clock = VirtualClock(START)
    stage = Stage(product.engine, SimulatedNetwork(5, Population()), clock)
    message = (ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes()
    done = product.engine.take_in(START, restamp(message, START), "test").result
    stage.play(lambda: False, START + HOUR // 2)
    phone = next(one.address for one in register.receivers[-1].endpoints if one.channel is Channel.SMS)
    words = [Reply(Channel.SMS, phone, text, clock.now()) for text in ("收到", "收到，样本老赵受伤，快来人")]
    product.engine.answer(clock.now(), Inbox(replies=words))
    added = ReceiverEntry(
        TOWNSHIP, Role.DEPUTY, "样本新来", "", "zh_CN", (EndpointEntry(Channel.VOICE, "+8626017777777"),), sample=True
    )
    product.engine.add_receiver(clock.now(), done.callouts[0], added, actor="officer", reason="new number")
    stage.play(lambda: False, START + HOUR)
    product.engine.act(clock.now(), Act.CANCEL, done.callouts[0], actor="officer", reason="over")
    stage.play(lambda: False, START + 2 * HOUR)
    with reading(database) as connection:
        ended = Sql(connection).value("SELECT count(*) FROM attempt WHERE ended_at IS NOT NULL")
        kept = Sql(connection).value("SELECT count(*) FROM feedback")
    assert ended > 100
    assert kept
    product.close()


def in_clear(content: bytes, register: Register) -> list[str]:
    """Every number, address and name of the register that stands in some bytes, in any of the usual spellings."""
    wanted: set[str] = {"17777777", "样本新来", "样本老赵", "快来人"}
    for entry in register.receivers:
        wanted.add(entry.name)
        for one in entry.endpoints:
            digits = one.address.removeprefix("+86")
            wanted |= {digits, f"{digits[:3]} {digits[3:7]} {digits[7:]}", f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"}
    wanted.discard("值班室")
    forms = [(word, word.encode(form)) for word in wanted for form in ("utf-8", "utf-16-le")]
    return sorted({word for word, raw in forms if raw in content})


def test_database_logs_and_journal_of_a_storm_show_nobody(tmp_path: Path, log: io.StringIO) -> None:
    """Every byte of the file and its log, every line that was logged, every entry of the journal."""
    keys, register = KeyRing.simulated(7), small_register()
    storm(tmp_path, keys, register)
    for file in tmp_path.iterdir():
        assert in_clear(file.read_bytes(), register) == [], file.name
    assert len(log.getvalue()) > 10_000
    assert in_clear(log.getvalue().encode(), register) == []
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with reading(database) as connection:
        bodies = Sql(connection).rows("SELECT body FROM journal_block")
    assert in_clear("".join(row[0] for row in bodies).encode(), register) == []
    database.dispose()


def test_after_a_change_of_keys_nothing_of_the_old_one_is_left(tmp_path: Path, log: io.StringIO) -> None:
    """Who has the old key and a copy of the new file opens nothing; who has both opens everything."""
    folder = tmp_path / "keys"
    keys = KeyRing.create(folder)
    storm(tmp_path, keys, small_register())
    assert log.getvalue()
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    old = sealed_values(database)
    newer = keys.with_new_data_key(folder)
    assert KeyRing.load(folder) == newer
    assert sealed_otherwise(database, newer.data_key_id) == len(old)
    counts = reseal(database, AesSealer(newer))
    assert sum(counts.values()) == len(old)
    assert all(counts[one] for one in ("number.sealed", "receiver.name_sealed", "raw_message.sealed", "alert.sealed"))
    assert sealed_otherwise(database, newer.data_key_id) == 0
    compact(database)
    database.dispose()
    content = (tmp_path / "store.db").read_bytes()
    assert [one for one in old[:200] if one in content] == []
    shutil.rmtree(folder)


def sealed_values(database: Any) -> list[bytes]:
    """Everything that is sealed."""
    with reading(database) as connection:
        sql = Sql(connection)
        found = [sql.rows(f'SELECT "{column}" FROM {table} WHERE length("{column}") > 0') for table, column in SEALED]
    return [bytes(row[0]) for rows in found for row in rows]


SEALED = (
    ("number", "sealed"),
    ("receiver", "name_sealed"),
    ("raw_message", "sealed"),
    ("alert", "sealed"),
    ("register_change", "before"),
    ("register_change", "after"),
    ("filing", "note"),
    ("filing", "proposed"),
    ("feedback", "sealed"),
    ("user_account", "full_name_sealed"),
    ("user_account", "code_sealed"),
    ("user_account", "code_pending"),
    ("user_session", "origin_sealed"),
)
