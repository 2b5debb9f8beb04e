"""A bureau for the console's tests: the demonstration's whole product on the virtual clock, played turn by turn."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import uvicorn

from warning_dispatch.bootstrap import build_demo, console_parts, demo_warning, records_of
from warning_dispatch.bootstrap.demo import DEMO_ROUTES, demo_planning
from warning_dispatch.bootstrap.drills import drill_tables
from warning_dispatch.bootstrap.estimating import estimator_of
from warning_dispatch.bootstrap.installation import drill_parts
from warning_dispatch.bootstrap.planning_office import planning_office
from warning_dispatch.clock import VirtualClock, pause
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.drills import DrillKind, DrillRequest
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.lockout import LoginRules
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.model.states import CalleeState, Means, Purpose
from warning_dispatch.model.unit import Role
from warning_dispatch.model.views import Health
from warning_dispatch.ports import Tap
from warning_dispatch.response_desk import WriterResponseDesk
from warning_dispatch.response_ports import ResponseParts
from warning_dispatch.settings import load_settings
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.accounts import hash_password
from warning_dispatch.store.database import reading
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.people import NewAccount, PeopleBook
from warning_dispatch.store.reading_drills import REPORT
from warning_dispatch.store.reading_own_list import OwnListTables
from warning_dispatch.store.reading_response import ResponseTables
from warning_dispatch.store.sessions import SessionBook
from warning_dispatch.store.sql import Sql
from warning_dispatch.superior_desk import WriterSuperiorDesk
from warning_dispatch.web.access import Access
from warning_dispatch.web.application import create_app
from warning_dispatch.web.console.door import LoggedIn, OpenEntrance
from warning_dispatch.web.login_desk import LoginDesk

START = 1_785_000_000_000
OPERATOR = Means.OPERATOR
OFFICER = "王值班"
OF_A_COUNTY = "12379-county-red-rain.xml"
"""Below config/samples/."""
PASSWORD = "the mulberry on the roof"
ROOT = Path(__file__).parents[1]


class Desk:
    """ports.Desk straight into the engine: one thing at a time, as the writer does it."""

    def __init__(self, engine: Any, clock: VirtualClock) -> None:
        """The engine is called in whichever thread asks."""
        self._engine = engine
        self._clock = clock
        self.lock = threading.RLock()
        self.tasks = Tasks(self, engine)

    async def _done(self, name: str, *arguments: object, **named: object) -> Any:
        def work() -> Any:
            with self.lock:
                return getattr(self._engine, name)(self._clock.now(), *arguments, **named)

        return await asyncio.to_thread(work)

    async def take_in(self, raw: bytes, source: str, item: str = "") -> Any:
        """See the port."""
        return (await self._done("take_in", raw, source, item)).result

    async def release(self, alert_id: int, **named: object) -> Any:
        """See the port."""
        return (await self._done("release", alert_id, **named)).result

    async def acknowledge(self, callout_id: int, callee_id: int, **named: object) -> None:
        """See the port."""
        await self._done("acknowledge", callout_id, callee_id, **named)

    async def act(self, act: str, callout_id: int, **named: object) -> None:
        """See the port."""
        await self._done("act", Act(act), callout_id, **named)

    async def add_receiver(self, callout_id: int, entry: object, **named: object) -> Any:
        """See the port."""
        return (await self._done("add_receiver", callout_id, entry, **named)).result

    async def claim_alarms(self, alarm_ids: object, **named: object) -> Any:
        """See the port."""
        return (await self._done("claim_alarms", alarm_ids, **named)).result

    async def take_note(self, callout_id: int, **named: object) -> None:
        """See the port."""
        await self._done("take_note", callout_id, **named)

    async def revealed(self, callout_id: int, callee_id: int, **named: object) -> None:
        """See the port."""
        await self._done("revealed", callout_id, callee_id, **named)

    async def preview(self, raw: bytes, source: str) -> Any:
        """See the port."""
        return await self._done("preview", raw, source)

    async def confirm_link(self, token: str, shown: int | None = None) -> Any:
        """See the port."""
        with self.lock:
            now = self._clock.now()
            return self._engine.answer(now, Inbox(taps=[Tap(token, now, shown)])).result

    async def once(self, lane: object, work: Callable[[Any], Any]) -> Any:
        """A use case in a transaction of its own."""
        del lane
        return (await self._done("once", work)).result

    def health(self) -> Health:
        """See the port."""
        return Health(self._clock.now(), database=True)


class Tasks:
    """ports.TaskDesk straight into the engine."""

    def __init__(self, desk: Desk, engine: Any) -> None:
        """`desk` does one thing at a time."""
        self._desk = desk
        self._tasks = engine.tasks

    async def take(self, attempt_id: int, *, actor: str) -> int:
        """See the port."""
        return int(await self._desk.once(None, lambda ledger: self._tasks.take(ledger, attempt_id, actor=actor)))

    async def number(self, attempt_id: int, *, actor: str) -> str:
        """See the port."""
        return str(await self._desk.once(None, lambda ledger: self._tasks.number(ledger, attempt_id, actor=actor)))

    async def finish(self, attempt_id: int, result: str, *, actor: str, note: str = "") -> None:
        """See the port."""
        came = TaskResult(result)
        await self._desk.once(None, lambda ledger: self._tasks.finish(ledger, attempt_id, came, actor=actor, note=note))


class Bureau:
    """Everything wired but the daemon: tests play time themselves."""

    def __init__(self, folder: Path, *, lines: int = 120) -> None:
        """On a database in a file: pages read it from their own threads."""
        self.clock = VirtualClock(START)
        self.settings = load_settings(ROOT / "config", {})
        self.demo = build_demo(
            config=ROOT / "config",
            contacts=ROOT / "contacts",
            database_url=f"sqlite:///{folder / 'bureau.db'}",
            seed=7,
            lines=lines,
            now=START,
            link_prefix="http://127.0.0.1/r/",
        )
        self.product = self.demo.product
        self.engine = self.product.engine
        self.read = self.product.read
        self.stage = Stage(self.engine, self.demo.network, self.clock)
        self.desk = Desk(self.engine, self.clock)
        ground = demo_planning(self.demo, self.settings, lines)
        self.planning = planning_office(self.product, ground, DEMO_ROUTES, self.clock)
        self.estimator = estimator_of(self.product, ground, DEMO_ROUTES, self.clock)
        product = self.product
        own = OwnListTables(product.database, product.sealer, product.keys.link_key, self.read, self.clock.now)
        tables = ResponseTables(product.database, product.sealer, self.read, self.clock.now)
        self.response = ResponseParts(tables, WriterResponseDesk(self.desk, own))
        self._superiors = WriterSuperiorDesk(self.desk, own)

    def app(self, officer: str = OFFICER) -> Any:
        """The application with the console, before whoever is called so."""
        entrance = OpenEntrance(officer)
        configuration, drilling = self.product.configuration, drill_parts(self.product, self.desk)
        parts = console_parts(
            self.settings,
            configuration,
            self.read,
            self.desk,
            entrance,
            response=self.response,
            records=records_of(self.settings, self.product, self.desk, self.clock),
            planning=self.planning,
            drilling=drilling,
        )
        return create_app(
            self.read,
            self.desk,
            public_url="http://127.0.0.1",
            live_page=False,
            body_limit=8 << 20,
            clock=self.clock,
            console=parts,
            response=self.response,
        )

    def login(self, **officers: str) -> LoginDesk:
        """A real login: name → the unit that whoever is called so is an officer of. One password for all."""
        database, sealer = self.product.database, self.product.sealer
        journal = Journal(self.product.keys.journal_key, silent_logger())
        people = PeopleBook(database, sealer, journal)
        sessions = SessionBook(database, sealer, journal, LoginRules())
        for name, unit in officers.items():
            grant = Grant(GrantKind.OFFICER, unit)
            people.add(
                NewAccount(name, hash_password(PASSWORD), grant, f"{name}某某"), actor="test", now=self.clock.now()
            )

        async def write(work: Any) -> Any:
            def locked() -> Any:
                with self.desk.lock:
                    return work(self.clock.now())

            return await asyncio.to_thread(locked)

        return LoginDesk(people, sessions, self.clock, write, "1411")

    def gated(self, login: LoginDesk, public_url: str = "http://127.0.0.1") -> Any:
        """The whole application behind its login."""
        door = LoggedIn(Access(login.paths_of), "1411")
        return create_app(
            self.read,
            self.desk,
            public_url=public_url,
            live_page=True,
            body_limit=8 << 20,
            clock=self.clock,
            console=console_parts(
                self.settings,
                self.product.configuration,
                self.read,
                self.desk,
                door,
                response=self.response,
                records=records_of(self.settings, self.product, self.desk, self.clock),
            ),
            response=self.response,
            login=login,
        )

    def warn(self) -> int:
        """The red rainstorm over the whole prefecture comes in; its call-out."""
        with self.desk.lock:
            raw = demo_warning(self.settings.config_dir, self.clock.now())
            return int(self.engine.take_in(self.clock.now(), raw, "demo").result.callouts[0])

    def drill(self, area: str = "141124") -> int:
        """A drill for everyone of an area, released by two; its number."""
        asked = DrillRequest(DrillKind.EVERYONE, hazard="暴雨", colour="red", areas=(area,), valid=3_600_000)
        key = int(self.once(lambda ledger: self.engine.drills.compose(ledger, asked, OFFICER)))
        for who in (OFFICER, "李值班"):
            self.once(lambda ledger, who=who: self.engine.drills.release(ledger, key, who))
        return key

    def end_drill(self, key: int) -> None:
        """An officer stops it, and the daemon keeps its report."""
        self.once(lambda ledger: self.engine.drills.stop(ledger, key, OFFICER, "演练结束"))
        found = drill_tables(self.product).report(key)
        text = REPORT.dump_json(found).decode()
        self.once(lambda ledger: self.engine.drills.keep_report(ledger, key, text, found.score))

    def once(self, work: Any) -> Any:
        """A use case in a transaction of its own."""
        with self.desk.lock:
            done = self.engine.once(self.clock.now(), work)
            self.demo.network.hang_up(done.hang_up, self.clock.now())
            return done.result

    def one_that_is_over(self) -> int:
        """A county's own red rainstorm is taken in, called for three minutes and lifted; its call-out."""
        with self.desk.lock:
            raw = restamp((self.settings.config_dir / "samples" / OF_A_COUNTY).read_bytes(), self.clock.now())
            callout = int(self.engine.take_in(self.clock.now(), raw, "demo").result.callouts[0])
        self.play(180)
        with self.desk.lock:
            self.engine.act(self.clock.now(), Act.CANCEL, callout, actor=OFFICER, reason="雨势减弱")
        self.play(3)
        return callout

    def play(self, seconds: float) -> None:
        """So much time goes by."""
        end = self.clock.now() + int(seconds * 1000)
        with self.desk.lock:
            self.stage.play(lambda: self.clock.now() >= end, end)

    def link(self, unit: str, callout: int, role: Role = Role.PRIMARY) -> str:
        """The link of a unit's person."""
        sql = "SELECT r.id FROM receiver r JOIN unit u ON u.id = r.unit_id WHERE u.code = ? AND r.role = ?"
        with self.desk.lock, reading(self.product.database) as connection:
            receiver = Sql(connection).value(sql, unit, role.value)
        with self.desk.lock, self.product.storage.writing() as tx:
            return str(tx.links.tokens([(callout, receiver, Purpose.CALL)])[0])

    def reports(self, callout: int) -> None:
        """What comes back from a county that works: villages and offices of 临县 tick and report, others only a little."""
        asyncio.run(self._reports(callout))

    async def _reports(self, callout: int) -> None:
        rows = [one for one in self.read.callees(callout, limit=5_000) if one.state is CalleeState.ACKNOWLEDGED]
        for number, row in enumerate(rows):
            village, own = row.tier == "villages", row.unit_code.startswith("141124")
            if (village and not own) or (not village and number % 3 == 2):
                continue
            token = self.link(row.unit_code, callout)
            asked = self.response.read.asked(token)
            if asked is None or not asked.answered or (village and number % 4 == 3):
                continue
            items = [(one.callee_id, item.action.id, "") for one in asked.units for item in one.items]
            await self.response.desk.tick(token, items[: 1 + number % 3])
            if village and number % 5 == 0:
                said = Feedback(on_post=True, moved=number % 40, dangers="桥头进水，路已封" if number % 25 == 0 else "")
                await self._superiors.feed_back(token, said)

    def quarantined(self) -> int:
        """A red warning that contradicts itself is set aside; the number of its message."""
        twice = b"<severity>Red</severity><severity>Orange</severity>"
        raw = demo_warning(self.settings.config_dir, self.clock.now()).replace(b"<severity>Red</severity>", twice)
        with self.desk.lock:
            self.engine.take_in(self.clock.now(), raw, "folder")
        return int(self.read.arrived(limit=1).rows[0].raw_id)

    def close(self) -> None:
        """Let go of the database."""
        self.product.close()


class Served:
    """An application on a free port of the loopback address, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        """Nothing listens yet."""
        self._app = app
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])

    def __enter__(self) -> Self:
        """Start, and wait until it listens."""
        self._thread.start()
        for _ in range(200):
            if self._server.started:
                return self
            pause(0.05)
        raise TimeoutError("the server did not start")

    def __exit__(self, *_: object) -> None:
        """End the streams, then the server."""
        self._loop.call_soon_threadsafe(self._app.state.close)
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
