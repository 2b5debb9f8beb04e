"""A campaign on a file: nobody's name or number in clear in the database, its log, the program's log or the journal; and retention."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import structlog

from warning_dispatch.engine.turn import Inbox
from warning_dispatch.logs import configure_logging, silent_logger
from warning_dispatch.model.renewal import PROOF_PATH, Approval
from warning_dispatch.model.renewal_views import PersonWords
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.ports import Reply
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.simulation.population import TextHabit
from warning_dispatch.store.database import open_database, reading, upgrade
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.references import broken_references
from warning_dispatch.store.retention import DAY, LEAST_DAYS, Retention, remove_old
from warning_dispatch.store.sql import Sql

ROOT = Path(__file__).resolve().parents[2]
TOWNSHIP = "141124101"
NEW_NUMBER, NEW_NAME = sample_mobile(5_550_001), "样本报来的"


class InAFile:
    """Databases in a file, as `worlds` gives them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.db"

    def create(self) -> sqlalchemy.Engine:
        """The database, with the current schema."""
        engine = open_database(f"sqlite:///{self.path}")
        upgrade(engine)
        return engine


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


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Any]:
    """A county's register in a file; refresh.py is loaded by the scenarios' conftest."""
    import sys  # noqa: PLC0415 - where conftest has put it

    refresh = sys.modules["scenario_refresh"]
    units = [
        unit
        for unit in read_register(ROOT / "contacts").units
        if unit.level <= UnitLevel.COUNTY or unit.area.startswith(TOWNSHIP)
    ]
    return lambda **named: refresh.Refresh(InAFile(tmp_path), units, sample_receivers(units, 11), **named)


def play(world: Any) -> None:
    """Asked, proposed, returned, approved, proved, denied, a sheet, reminders, closed."""
    do, desk = world.do, world.desk
    do(desk.open_campaign("officer", "", "2027-04-20"))
    world.until_day("2027-04-07")
    token, passed = world.registrar(TOWNSHIP)
    units = world.read.renewal_page(token, passed).units
    world.says(NEW_NUMBER, TextHabit.REPLIES)
    words = PersonWords("A", NEW_NAME, phones=(NEW_NUMBER,))
    for unit in units[:2]:
        leaving = unit.people[0].receiver_id
        do(desk.name_successor(token, unit.unit_code, unit.version, leaving, words, passed=passed))
    first, second = world.read.awaiting()
    do(desk.send_back_as("officer", first.filing_id, first.version, f"请核对{NEW_NAME}的号码"))
    do(desk.approve_as("officer", [(second.filing_id, second.version)]))
    do(desk.confirm_as_is(token, [(one.unit_code, one.version) for one in units[2:]], passed=passed))
    world.until_day("2027-04-08")
    other = next(one for one in world.carrier.handed if PROOF_PATH in one.link and one.address != NEW_NUMBER)
    reply = Reply(Channel.SMS, other.address, "不是我", world.clock.now())
    world.engine.answer(world.clock.now(), Inbox(replies=[reply]))
    do(desk.own_sheet(token, TOWNSHIP, passed=passed))
    world.until_day("2027-04-22")
    do(desk.close_campaign("officer", "over"))


def test_database_log_and_journal_of_a_campaign_show_nobody(
    tmp_path: Path, log: io.StringIO, make: Callable[..., Any]
) -> None:
    """Every byte of the file, every line logged, every entry of the journal, the closing report."""
    world = make(rules=RenewalRules(Approval.NEW_NUMBERS))
    play(world)
    wanted = {NEW_NAME, NEW_NUMBER.removeprefix("+86")}
    for entry in world.receivers:
        wanted |= {entry.name, *(one.address.removeprefix("+86") for one in entry.endpoints)}
    with reading(world.database) as connection:
        journal = "".join(str(row[0]) for row in Sql(connection).rows("SELECT body FROM journal_block"))
    world.database.dispose()
    places = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    places |= {"log": log.getvalue().encode(), "journal": journal.encode()}
    for name, content in places.items():
        assert [word for word in wanted if word.encode() in content] == [], name
    assert "filing.handed_in" in journal
    assert "proof.denied" in journal
    tokens = {one.link.rsplit("/", 1)[-1] for one in world.carrier.handed}
    assert not [token for token in tokens if token.encode() in places["store.db"]]


def test_what_a_campaign_leaves_behind_goes_on_schedule(make: Callable[..., Any]) -> None:
    """After its days: letters, proofs, links and notes; the filings and the report stay, and nothing refers to nothing."""
    world = make(rules=RenewalRules(Approval.NEW_NUMBERS))
    play(world)
    retention = Retention(world.database, Journal(world.keys.journal_key, silent_logger()), LEAST_DAYS)
    later = world.clock.now() + (LEAST_DAYS + 1) * DAY
    removed = remove_old(retention, later)
    assert all(removed.rows[name] > 0 for name in ("letter", "proof", "renewal_link"))
    with world.storage.writing() as tx:
        tx.upkeep.erase(later - LEAST_DAYS * DAY)
    with reading(world.database) as connection:
        sql = Sql(connection)
        assert sql.value("SELECT count(*) FROM letter") == sql.value("SELECT count(*) FROM renewal_link_unit") == 0
        assert sql.value("SELECT count(*) FROM filing WHERE note IS NOT NULL OR proposed IS NOT NULL") == 0
        assert broken_references(connection) == []
    assert world.read.closing_report().progress.tally.total == world.read.progress().tally.total
    assert world.numbers[TOWNSHIP, Role.PRIMARY]
