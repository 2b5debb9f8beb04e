"""Where commands act and look: through the running daemon if there is one, else on the database itself.

One writer at a time is the rule of the house, so a command that writes first knocks at the daemon's local socket. When
nobody answers, the command is the writer: it takes the message or the act in, and the daemon goes on from there when it
is started. Reading never disturbs anybody and needs no daemon.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx2
import sqlalchemy
from pydantic import TypeAdapter
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from warning_dispatch.bootstrap import Product, open_product, printable_lists
from warning_dispatch.bootstrap.wiring import REACHED
from warning_dispatch.clock import Clock, SystemClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.delivery.configured import reaches_people
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.list_accounts import EngineAccounts
from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.errors import (
    ConfigError,
    DispatchError,
    Finding,
    NotFoundError,
    ReceiverError,
    RefusedError,
    StoreError,
    UnreachableError,
)
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.register import RegisterCounts
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.states import Means
from warning_dispatch.model.views import AddedReceiver, IntakeResult
from warning_dispatch.ports import ListAccount
from warning_dispatch.registry.one_receiver import ReceiverWords, read_one
from warning_dispatch.reports.lists import PrintableLists
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import open_database, require_current
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.called import callee_of

T = TypeVar("T")
"""Callees read at a time while looking for a unit's."""
PATIENCE = 30.0
"""Seconds the daemon may take for one act."""
PATIENCE_WITH_A_REGISTER = 600.0
"""Seconds it may take for a register of a whole prefecture."""
_IMPORTS = TypeAdapter(RegisterImport)
_KINDS: Mapping[str, type[DispatchError]] = {
    one.__name__: one for one in (NotFoundError, RefusedError, StoreError, UnreachableError)
}


class Office(Protocol):
    """Where acts are carried out."""

    @property
    def daemon(self) -> bool:
        """Whether a running daemon does it, so that calls go out at once."""
        ...

    def take_in(self, raw: bytes, source: str) -> IntakeResult:
        """A message has arrived; returns after it is durably stored."""
        ...

    def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """Let a message that was set aside call after all."""
        ...

    def act(self, act: Act, callout_id: int, *, actor: str, reason: str, unit_code: str = "") -> None:
        """An officer's act."""
        ...

    def acknowledge(self, callout_id: int, unit_code: str, *, actor: str, reason: str, means: Means) -> None:
        """Record an answer of a unit."""
        ...

    def add_receiver(self, callout_id: int, words: ReceiverWords, *, actor: str, reason: str) -> AddedReceiver:
        """Add somebody to a unit. ReceiverError with every finding changes nothing."""
        ...

    def list_written(self, account: ListAccount) -> None:
        """Account for a printable list that is about to be written."""
        ...

    def claim(self, alarm_ids: Sequence[int] | None, *, actor: str) -> Sequence[int]:
        """Claim alarms (None: all) with all that ring with them; the ids claimed."""
        ...

    def take_task(self, attempt_id: int, *, actor: str) -> int:
        """An officer dials a task by hand; until when (ms) the machine waits."""
        ...

    def task_number(self, attempt_id: int, *, actor: str) -> str:
        """The number of a task in clear."""
        ...

    def finish_task(self, attempt_id: int, result: TaskResult, *, actor: str, note: str) -> None:
        """What came of it."""
        ...


# --- the daemon's socket ----------------------------------------------------------------------------------


class DaemonOffice:
    """The daemon does it, asked over its local socket."""

    daemon = True

    def __init__(self, client: httpx2.Client) -> None:
        """`client` reaches web.control."""
        self._client = client

    def take_in(self, raw: bytes, source: str) -> IntakeResult:
        """See the port."""
        return _intake_result(self._ask("/alerts", content=raw, params={"source": source}))

    def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """See the port."""
        return _intake_result(self._ask(f"/alerts/{alert_id}/release", json={"actor": actor, "reason": reason}))

    def act(self, act: Act, callout_id: int, *, actor: str, reason: str, unit_code: str = "") -> None:
        """See the port."""
        body = {"callout_id": callout_id, "actor": actor, "reason": reason, "unit_code": unit_code}
        self._ask(f"/acts/{act}", json=body)

    def acknowledge(self, callout_id: int, unit_code: str, *, actor: str, reason: str, means: Means) -> None:
        """See the port."""
        body = {"callout_id": callout_id, "unit_code": unit_code, "actor": actor, "reason": reason, "means": means}
        self._ask("/ack", json=body)

    def add_receiver(self, callout_id: int, words: ReceiverWords, *, actor: str, reason: str) -> AddedReceiver:
        """See the port."""
        said = self._ask(
            "/receivers", json={"callout_id": callout_id, **asdict(words), "actor": actor, "reason": reason}
        )
        return AddedReceiver(said["receiver_id"], said["endpoints"], tuple(said["called"]))

    def list_written(self, account: ListAccount) -> None:
        """See the port."""
        self._ask("/lists", json=asdict(account))

    def claim(self, alarm_ids: Sequence[int] | None, *, actor: str) -> Sequence[int]:
        """See the port."""
        said = self._ask("/alarms/claim", json={"alarm_ids": alarm_ids and list(alarm_ids), "actor": actor})
        return [int(one) for one in said["claimed"]]

    def take_over(self, coming: RegisterImport) -> RegisterCounts:
        """Hand a register over. RefusedError, and nothing is written."""
        said = self._ask("/register", content=_IMPORTS.dump_json(coming), timeout=PATIENCE_WITH_A_REGISTER)
        return RegisterCounts(**said)

    def ask(self, path: str, document: Mapping[str, object], patience: float = PATIENCE) -> dict[str, Any]:
        """Another act of the local socket; what is refused comes as an error of ours."""
        return self._ask(path, json=document, timeout=patience)

    def take_task(self, attempt_id: int, *, actor: str) -> int:
        """See the port."""
        return int(self._ask(f"/tasks/{attempt_id}/take", json={"actor": actor})["until"])

    def task_number(self, attempt_id: int, *, actor: str) -> str:
        """See the port."""
        return str(self._ask(f"/tasks/{attempt_id}/number", json={"actor": actor})["number"])

    def finish_task(self, attempt_id: int, result: TaskResult, *, actor: str, note: str) -> None:
        """See the port."""
        self._ask(f"/tasks/{attempt_id}/results/{result}", json={"actor": actor, "note": note})

    def _ask(self, path: str, **content: Any) -> dict[str, Any]:
        """One request. A message that was quarantined is an answer; every other refusal is an error of ours."""
        try:
            response = self._client.post(path, **content)
        except httpx2.HTTPError as error:
            what = f"the daemon did not answer, whether it acted is unknown ({type(error).__name__})"
            raise StoreError(both("运行中的程序没有应答，是否已执行不明，请先查看再重试", what)) from error
        try:
            said = response.json()
        except json.JSONDecodeError:
            said = {}
        if isinstance(said, dict) and (response.is_success or "disposition" in said):
            return said
        raise _refusal(said if isinstance(said, dict) else {}, response.status_code)


def _intake_result(said: Mapping[str, Any]) -> IntakeResult:
    return IntakeResult(
        said["alert_id"], Disposition(said["disposition"]), tuple(said["reasons"]), tuple(said["callouts"])
    )


def _refusal(said: Mapping[str, Any], status: int) -> DispatchError:
    findings = [Finding(**one) for one in said.get("findings", ())]
    if findings:
        return ReceiverError(findings)
    kind = _KINDS.get(str(said.get("kind", "")), RefusedError)
    return kind(str(said.get("error") or both(f"程序拒绝了请求({status})", f"the daemon refused ({status})")))


def daemon_answers(path: Path) -> bool:
    """Whether a daemon listens behind the socket's file. RefusedError when we may not ask it."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(str(path))
        except PermissionError:
            what = both("没有权限操作正在运行的程序", "you may not act through the running daemon")
            remedy = both("用服务的用户执行", "run the command as the service's user")
            raise RefusedError(f"{path}: {what} → {remedy}") from None
        except OSError:
            return False
    return True


# --- the database itself ----------------------------------------------------------------------------------


class DirectOffice:
    """The command does it itself: no daemon runs."""

    daemon = False

    def __init__(self, product: Product, clock: Clock, lists: PrintableLists, *, samples: bool) -> None:
        """`product` is wired and not running. `samples`: whether sample numbers may be added."""
        self._lists = lists
        self._accounts = EngineAccounts(product.engine, clock)
        self._product = product
        self._clock = clock
        self._samples = samples

    def take_in(self, raw: bytes, source: str) -> IntakeResult:
        """See the port. Nobody else is there to write the printable list of what begins."""
        return self._listed(self._product.engine.take_in(self._clock.now(), raw, source))

    def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """See the port."""
        return self._listed(self._product.engine.release(self._clock.now(), alert_id, actor=actor, reason=reason))

    def _listed(self, done: Done[IntakeResult]) -> IntakeResult:
        for callout_id in done.started:
            self._lists.write_by_itself(callout_id, self._accounts)
        return done.result

    def act(self, act: Act, callout_id: int, *, actor: str, reason: str, unit_code: str = "") -> None:
        """See the port."""
        self._product.engine.act(self._clock.now(), act, callout_id, actor=actor, reason=reason, unit_code=unit_code)

    def acknowledge(self, callout_id: int, unit_code: str, *, actor: str, reason: str, means: Means) -> None:
        """See the port."""
        callee_id = callee_of(self._product.read, callout_id, unit_code)
        self._product.engine.acknowledge(
            self._clock.now(), callout_id, callee_id, actor=actor, reason=reason, means=means
        )

    def add_receiver(self, callout_id: int, words: ReceiverWords, *, actor: str, reason: str) -> AddedReceiver:
        """See the port."""
        entry = read_one(words, called=self._is_called(callout_id, words.unit_code.strip()), samples=self._samples)
        return self._product.engine.add_receiver(
            self._clock.now(), callout_id, entry, actor=actor, reason=reason
        ).result

    def list_written(self, account: ListAccount) -> None:
        """See the port."""
        self._accounts.list_written(account)

    def once(self, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        return self._product.engine.once(self._clock.now(), work).result

    def _is_called(self, callout_id: int, unit_code: str) -> bool:
        try:
            callee_of(self._product.read, callout_id, unit_code)
        except NotFoundError:
            return False
        return True

    def claim(self, alarm_ids: Sequence[int] | None, *, actor: str) -> Sequence[int]:
        """See the port."""
        return self._product.engine.claim_alarms(self._clock.now(), alarm_ids, actor=actor).result

    def take_task(self, attempt_id: int, *, actor: str) -> int:
        """See the port."""
        engine = self._product.engine
        return engine.once(self._clock.now(), lambda led: engine.tasks.take(led, attempt_id, actor=actor)).result

    def task_number(self, attempt_id: int, *, actor: str) -> str:
        """See the port."""
        engine = self._product.engine
        return engine.once(self._clock.now(), lambda led: engine.tasks.number(led, attempt_id, actor=actor)).result

    def finish_task(self, attempt_id: int, result: TaskResult, *, actor: str, note: str) -> None:
        """See the port."""
        engine = self._product.engine
        engine.once(self._clock.now(), lambda led: engine.tasks.finish(led, attempt_id, result, actor=actor, note=note))


# --- opening ----------------------------------------------------------------------------------------------


@contextmanager
def open_office(settings: Settings) -> Iterator[Office]:
    """The daemon if it answers, else the database. Errors of ours say what is missing."""
    if daemon_answers(settings.control_socket):
        with asked_daemon(settings) as daemon:
            yield daemon
        return
    require_database(settings)
    product = open_product(settings)
    try:
        lists = printable_lists(settings, product, SystemClock())
        yield DirectOffice(product, SystemClock(), lists, samples=not reaches_people(settings))
    finally:
        product.close()


@contextmanager
def asked_daemon(settings: Settings) -> Iterator[DaemonOffice]:
    """The daemon that answers behind the local socket."""
    transport = httpx2.HTTPTransport(uds=str(settings.control_socket))
    with httpx2.Client(transport=transport, base_url="http://daemon", timeout=PATIENCE) as client:
        yield DaemonOffice(client)


@contextmanager
def open_reading(settings: Settings) -> Iterator[TableReadings]:
    """Pictures of what is stored. A broken configuration costs the names of hazards, nothing else."""
    with opened_database(settings) as database:
        sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
        yield TableReadings(database, sealer, hazard_names(settings), reached=REACHED)


def hazard_names(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Key → names by language; empty when the configuration is broken."""
    try:
        return load_configuration(settings.config_dir).hazards.names()
    except ConfigError:
        return {}


@contextmanager
def opened_database(settings: Settings) -> Iterator[sqlalchemy.Engine]:
    """The installation's database with the current schema. StoreError, with what to do, when there is none."""
    require_database(settings)
    database = open_database(settings.database_url)
    try:
        require_current(database)
        yield database
    finally:
        database.dispose()


def require_database(settings: Settings) -> None:
    """Refuse a file that is not there: looking must not make an empty database."""
    path = database_file(settings.database_url)
    if path is not None and not path.is_file():
        what = both("没有数据库", "there is no database")
        raise StoreError(f"{path}: {what} → warning-dispatch init")


def database_file(url: str) -> Path | None:
    """The file of an SQLite database; None for other databases, in memory, and for what is no URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:") or "uri" in parsed.query:
        return None
    return Path(str(parsed.database))
