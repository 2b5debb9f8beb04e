"""Transactions over the tables: engine.storage.Storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine

from warning_dispatch.engine.records import Entry
from warning_dispatch.ports import Sealer
from warning_dispatch.store.alarm_rows import AlarmTable
from warning_dispatch.store.alert_rows import AlertTable
from warning_dispatch.store.attempt_rows import AttemptTable
from warning_dispatch.store.branch_rows import BranchTable
from warning_dispatch.store.callee_rows import CalleeTable
from warning_dispatch.store.callout_rows import CallOutTable
from warning_dispatch.store.chore_rows import ChoreTable
from warning_dispatch.store.clock_rows import ClockTable
from warning_dispatch.store.database import is_sqlite, writing
from warning_dispatch.store.drill_rows import DrillTable
from warning_dispatch.store.endpoint_rows import EndpointTable
from warning_dispatch.store.feedback_rows import FeedbackTable
from warning_dispatch.store.filing_rows import FilingTable
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.letter_rows import LetterTable
from warning_dispatch.store.link_rows import LinkTable
from warning_dispatch.store.locks import take_turns
from warning_dispatch.store.number_calls import NumberCallTable
from warning_dispatch.store.opt_out_rows import OptOutTable
from warning_dispatch.store.people_rows import PeopleTable
from warning_dispatch.store.proof_rows import ProofTable
from warning_dispatch.store.publication_rows import PublicationTable
from warning_dispatch.store.register_upkeep import UpkeepTable
from warning_dispatch.store.response_rows import ResponseTable
from warning_dispatch.store.round_rows import RoundTable
from warning_dispatch.store.route_rows import RouteTable
from warning_dispatch.store.source_rows import LeaseTable, SourceTable
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.turn_rows import TurnTable


class JournalTable:
    """engine.storage.JournalRows."""

    def __init__(self, sql: Sql, journal: Journal) -> None:
        self._sql = sql
        self._journal = journal

    def append(self, stream: str, entries: Sequence[Entry], now: int) -> None:
        """See the port."""
        self._journal.write(self._sql, stream, entries, now)


class TableTransaction:
    """engine.storage.Transaction: everything that commits together."""

    def __init__(self, sql: Sql, sealer: Sealer, link_key: bytes, journal: Journal, worker: int = 0) -> None:
        """One per transaction; the connection is in it already. `worker`: whose claims are made in it."""
        self.alone = not sql.shared
        self.callees = CalleeTable(sql)
        self.branches = BranchTable(sql)
        self.callouts = CallOutTable(sql)
        self.rounds = RoundTable(sql)
        self.attempts = AttemptTable(sql, worker)
        self.endpoints = EndpointTable(sql, sealer)
        self.routes = RouteTable(sql)
        self.number_calls = NumberCallTable(sql)
        self.opt_outs = OptOutTable(sql)
        self.turns = TurnTable(sql)
        self.alerts = AlertTable(sql, sealer)
        self.alarms = AlarmTable(sql)
        self.sources = SourceTable(sql)
        self.leases = LeaseTable(sql)
        self.publications = PublicationTable(sql, sealer)
        self.links = LinkTable(sql, link_key)
        self.feedback = FeedbackTable(sql, sealer)
        self.response = ResponseTable(sql, sealer)
        self.clock = ClockTable(sql)
        self.chores = ChoreTable(sql)
        self.upkeep = UpkeepTable(sql, sealer)
        self.campaigns = FilingTable(sql, sealer)
        self.people = PeopleTable(sql, sealer)
        self.letters = LetterTable(sql, link_key)
        self.proofs = ProofTable(sql, sealer, link_key)
        self.drills = DrillTable(sql)
        self.journal = JournalTable(sql, journal)


class TableStorage:
    """engine.storage.Storage on a database."""

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        link_key: bytes,
        journal: Journal,
        statements: Callable[..., Sql] = Sql,
    ) -> None:
        """`engine` is open and its schema current. `statements` (connection, shared=) runs those of a transaction."""
        self._engine = engine
        self._sealer = sealer
        self._link_key = link_key
        self._journal = journal
        self._statements = statements
        self.many_writers = not is_sqlite(engine)
        self.worker = 0
        """Who claims; see store/workers.py."""

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[TableTransaction]:
        """See the port."""
        with writing(self._engine) as connection:
            sql = self._statements(connection, shared=shared and self.many_writers)
            take_turns(sql)
            yield TableTransaction(sql, self._sealer, self._link_key, self._journal, self.worker)
