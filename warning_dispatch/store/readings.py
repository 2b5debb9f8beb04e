"""Pictures for pages, API and commands: ports.ReadModels over the tables, each call on one snapshot of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Engine

from warning_dispatch.configuration.freezing import chain_from_json
from warning_dispatch.console_ports import ConsoleView
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.alert import Alert, Disposition
from warning_dispatch.model.console_views import (
    ArrivedPage,
    ArrivedStory,
    CalleePage,
    CalleeQuery,
    ClearLine,
    OwnCallee,
    ShareRow,
    UnitStory,
)
from warning_dispatch.model.estimate import JudgedShare, KeptEstimate, judged
from warning_dispatch.model.journal_views import JournalBlock, JournalEnds
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.printed import PrintedCallOut
from warning_dispatch.model.sources import OutletView, Publication, SourceHealth
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.model.views import (
    AlarmList,
    AlertRow,
    AttemptRow,
    CalleeRow,
    CallOutView,
    CurvePoint,
    LinkView,
    RouteView,
    SuperiorList,
    TaskRow,
    UnreachedView,
)
from warning_dispatch.model.watch_views import WatchFigures
from warning_dispatch.ports import OpenCall, Sealer
from warning_dispatch.store.database import reading
from warning_dispatch.store.estimate_rows import kept_estimates
from warning_dispatch.store.feedback_rows import feedback_of
from warning_dispatch.store.journal_following import journal_after, journal_ends
from warning_dispatch.store.publication_rows import feed_page, one_publication, outlet_views
from warning_dispatch.store.reading_alarms import listed_alarms
from warning_dispatch.store.reading_alerts import (
    QuarantinedRow,
    alert_in_full,
    latest_alerts,
    latest_quarantined,
    one_alert,
    one_message,
)
from warning_dispatch.store.reading_arrived import arrived_page, arrived_story
from warning_dispatch.store.reading_callouts import CallOutPictures
from warning_dispatch.store.reading_console import ConsolePictures, division_names, own_callees, seen_by
from warning_dispatch.store.reading_links import LinkPictures
from warning_dispatch.store.reading_open_calls import is_known, open_calls
from warning_dispatch.store.reading_printed import PrintedPictures
from warning_dispatch.store.reading_references import attempts_by_reference
from warning_dispatch.store.reading_superiors import SuperiorPictures
from warning_dispatch.store.reading_tasks import is_task_of, work_list
from warning_dispatch.store.reading_watch import watch_figures
from warning_dispatch.store.route_rows import route_views
from warning_dispatch.store.scope_sql import EVERYTHING, Scope
from warning_dispatch.store.source_rows import health_of
from warning_dispatch.store.sql import Sql

HazardNames = Mapping[str, Mapping[str, str]]
"""Hazard key → language → name, from the configuration."""
PLANS_KEPT = 64
"""Frozen plans kept as read: most call-outs share a few texts."""


class TableReadings:
    """ports.ReadModels. Safe from any thread: it keeps nothing but plans it has read, which never change."""

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        hazards: HazardNames,
        *,
        reached: Collection[str] = frozenset(),
        scope: Scope = EVERYTHING,
    ) -> None:
        """`hazards` names what the configuration knows; a hazard it does not know goes by its key.

        `reached`: outcomes of a call that prove that it got through (传得到), beside delivery reports.
        """
        self._engine = engine
        self._sealer = sealer
        self._hazards = hazards
        self._reached = frozenset(reached)
        self._scope = scope
        self._plan = lru_cache(maxsize=PLANS_KEPT)(chain_from_json)

    def within(self, units: Sequence[str]) -> ConsoleView:
        """See ConsoleReadings: it shows what ConsoleView has, of these units and all below them."""
        narrow = TableReadings(
            self._engine, self._sealer, self._hazards, reached=self._reached, scope=Scope(tuple(units))
        )
        narrow._plan = self._plan
        return narrow

    @contextmanager
    def _reading(self) -> Iterator[Sql]:
        with reading(self._engine) as connection:
            yield Sql(connection)

    @contextmanager
    def _pictures(self) -> Iterator[CallOutPictures]:
        with self._reading() as sql:
            yield self._callouts(sql)

    def _callouts(self, sql: Sql) -> CallOutPictures:
        return CallOutPictures(sql, self._plan, self._hazard_name, self._reached, self._scope)

    @contextmanager
    def _console(self) -> Iterator[ConsolePictures]:
        with self._reading() as sql:
            yield ConsolePictures(sql, self._callouts(sql).row, self._scope)

    @contextmanager
    def _superiors(self) -> Iterator[SuperiorPictures]:
        with self._reading() as sql:
            callouts = self._callouts(sql)
            yield SuperiorPictures(sql, callouts.tiers, callouts.last_outcomes)

    def _hazard_name(self, key: str) -> Mapping[str, str]:
        return self._hazards.get(key) or {"zh_CN": key, "en": key}

    def callouts(self, *, live_only: bool = False, limit: int = 100) -> Sequence[CallOutView]:
        """See the port."""
        with self._pictures() as pictures:
            return pictures.latest(live_only=live_only, limit=limit)

    def callout(self, callout_id: int) -> CallOutView:
        """See the port."""
        with self._pictures() as pictures:
            return pictures.one(callout_id)

    def callees(
        self, callout_id: int, *, states: Sequence[CalleeState] = (), tier: str = "", limit: int = 100, offset: int = 0
    ) -> Sequence[CalleeRow]:
        """See the port. NotFoundError when there is no such call-out."""
        with self._pictures() as pictures:
            return pictures.callees(callout_id, states=states, tier=tier, limit=limit, offset=offset)

    def page(self, callout_id: int, query: CalleeQuery) -> CalleePage:
        """See ConsoleView."""
        with self._pictures() as pictures:
            return CalleePage(tuple(pictures.page(callout_id, query)), pictures.how_many(callout_id, query))

    def shares(self, callout_id: int, below: str = "") -> Sequence[ShareRow]:
        """See ConsoleView."""
        with self._console() as console:
            return console.shares(callout_id, below)

    def plan(self, callout_id: int) -> CallChain:
        """See ConsoleView."""
        with self._pictures() as pictures:
            return pictures.plan(callout_id)

    def reached(self, callout_id: int) -> Mapping[str, tuple[int, int]]:
        """See ConsoleView."""
        with self._reading() as sql:
            callouts = self._callouts(sql)
            tiers = callouts.tiers(callout_id)
            found = ConsolePictures(sql, callouts.row, self._scope).reached(callout_id, sorted(self._reached))
            return {tiers[index]: counts for index, counts in found.items()}

    def story(self, callout_id: int, callee_id: int) -> UnitStory:
        """See ConsoleView."""
        with self._console() as console:
            story = console.story(callout_id, callee_id)
        with self._reading() as sql:
            return replace(story, feedback=tuple(feedback_of(sql, self._sealer, callee_id)))

    def in_clear(self, callout_id: int, callee_id: int) -> Sequence[ClearLine]:
        """See ConsoleView."""
        with self._console() as console:
            return console.in_clear(callout_id, callee_id, self._sealer)

    def arrived(
        self, *, dispositions: Sequence[Disposition] = (), words: str = "", limit: int = 50, offset: int = 0
    ) -> ArrivedPage:
        """See ConsoleView."""
        with self._reading() as sql:
            return arrived_page(sql, self._scope, dispositions=dispositions, words=words, limit=limit, offset=offset)

    def arrived_story(self, raw_id: int) -> ArrivedStory:
        """See ConsoleView."""
        with self._reading() as sql:
            return arrived_story(sql, self._sealer, self._scope, raw_id)

    def seen_by(self, callout_ids: Sequence[int]) -> Mapping[int, tuple[int, str]]:
        """See ConsoleView."""
        with self._reading() as sql:
            return seen_by(sql, callout_ids)

    def own(self, callout_ids: Sequence[int]) -> Mapping[int, tuple[OwnCallee, ...]]:
        """See ConsoleView."""
        with self._reading() as sql:
            return own_callees(sql, self._scope, callout_ids)

    def size(self, callout_id: int) -> int:
        """See ConsoleView."""
        with self._reading() as sql:
            return int(sql.value("SELECT total FROM callout WHERE id = ?", callout_id) or 0)

    def mine(self, callout_id: int, callee_ids: Sequence[int]) -> frozenset[int]:
        """See ConsoleView."""
        with self._pictures() as pictures:
            return pictures.mine(callout_id, callee_ids)

    def divisions(self, level: UnitLevel, below: str = "") -> Sequence[tuple[str, str]]:
        """See ConsoleView."""
        with self._reading() as sql:
            return division_names(sql, self._scope, level, below)

    def superior_lists(self, callout_id: int) -> Sequence[SuperiorList]:
        """See the port."""
        with self._superiors() as pictures:
            return pictures.lists(callout_id)

    def unreached(
        self, callout_id: int, *, now: int, unit_code: str = "", limit: int = 100, offset: int = 0
    ) -> UnreachedView:
        """See the port."""
        with self._superiors() as pictures:
            return pictures.unreached(callout_id, now=now, unit_code=unit_code, limit=limit, offset=offset)

    def latest_attempts(self, callout_id: int, *, limit: int = 20) -> Sequence[AttemptRow]:
        """See the port."""
        with self._pictures() as pictures:
            return pictures.latest_attempts(callout_id, limit)

    def curve(self, callout_id: int) -> Sequence[CurvePoint]:
        """See the port. At most one point a second, at most some 300 in all."""
        with self._pictures() as pictures:
            return pictures.curve(callout_id)

    def alarms(self, *, limit: int = 50, open_only: bool = False, callout_id: int | None = None) -> AlarmList:
        """See the port."""
        with self._reading() as sql:
            return listed_alarms(sql, limit, open_only=open_only, callout_id=callout_id, scope=self._scope)

    def alerts(self, *, limit: int = 100) -> Sequence[AlertRow]:
        """See the port. What could not be read at all is no alert: see `quarantined`."""
        with self._reading() as sql:
            return latest_alerts(sql, limit)

    def alert(self, alert_id: int) -> AlertRow:
        """See the port."""
        with self._reading() as sql:
            return one_alert(sql, alert_id)

    def alert_in_full(self, alert_id: int) -> Alert:
        """What a message says, as it was read. NotFoundError when there is none."""
        with self._reading() as sql:
            return alert_in_full(sql, self._sealer, alert_id)

    def quarantined(self, *, limit: int = 100) -> Sequence[QuarantinedRow]:
        """Messages that could not be read as a warning, newest first, with the reasons."""
        with self._reading() as sql:
            return latest_quarantined(sql, limit)

    def message(self, raw_id: int) -> tuple[QuarantinedRow, bytes]:
        """A message as it came, with its bytes, in clear. NotFoundError when there is none."""
        with self._reading() as sql:
            return one_message(sql, self._sealer, raw_id)

    def link(self, token: str) -> LinkView:
        """See the port."""
        with self._reading() as sql:
            return LinkPictures(sql, self._sealer, self._hazard_name).show(token)

    def tasks(self, *, limit: int = 100) -> Sequence[TaskRow]:
        """See the port."""
        with self._reading() as sql:
            return work_list(sql, limit, self._hazard_name, self._callouts(sql).tiers, self._scope)

    def holds_task(self, attempt_id: int) -> bool:
        """See ConsoleView."""
        with self._reading() as sql:
            return is_task_of(sql, self._scope, attempt_id)

    def open_calls(self, number: str) -> Sequence[OpenCall]:
        """回拨: what is open for a number (E.164) that rings us, newest first."""
        with self._reading() as sql:
            return open_calls(sql, self._sealer.blind_index(number))

    def attempts_of(self, route: str, asked: Sequence[tuple[str, str]], since: int) -> Mapping[str, int]:
        """Attempts of a route by (provider's name, number in E.164); by the name where there is one, else a call claimed `since`."""
        named = [(ref, self._sealer.blind_index(number)) for ref, number in asked]
        with self._reading() as sql:
            return attempts_by_reference(sql, route, named, since)

    def knows(self, number: str) -> bool:
        """Whether a number (E.164) is anybody's of the register."""
        with self._reading() as sql:
            return is_known(sql, self._sealer.blind_index(number))

    def scopes_of_key(self, key: str) -> frozenset[str]:
        """See the port."""
        with self._reading() as sql:
            scopes = sql.value(
                "SELECT scopes FROM api_key WHERE hash = ? AND revoked_at IS NULL", sha256(key.encode()).digest()
            )
        return frozenset(part.strip() for part in (scopes or "").split(",") if part.strip())

    def name_of_key(self, key: str) -> str:
        """See the port."""
        with self._reading() as sql:
            name = sql.value(
                "SELECT name FROM api_key WHERE hash = ? AND revoked_at IS NULL", sha256(key.encode()).digest()
            )
        return name or ""

    def publications(self, *, before: int | None = None, limit: int = 50) -> Sequence[Publication]:
        """See the port."""
        with self._reading() as sql:
            return feed_page(sql, before, limit)

    def publication(self, number: int) -> Publication:
        """See the port."""
        with self._reading() as sql:
            found = one_publication(sql, number)
        if found is None:
            raise NotFoundError(f"没有传播 {number} / there is no publication {number}")
        return found

    def sources(self, names: Sequence[str]) -> Sequence[SourceHealth]:
        """How sources fare, as far as they were watched."""
        with self._reading() as sql:
            return health_of(sql, names)

    def routes(self) -> Sequence[RouteView]:
        """How the routes fare, by name."""
        with self._reading() as sql:
            return route_views(sql)

    def watch(self) -> WatchFigures:
        """What monitoring asks for."""
        with self._reading() as sql:
            return watch_figures(sql, self._plan)

    def journal_ends(self) -> JournalEnds:
        """Where the journals of all call-outs end now."""
        with self._reading() as sql:
            return journal_ends(sql)

    def journal_after(self, ends: JournalEnds) -> tuple[Sequence[JournalBlock], JournalEnds]:
        """What was committed behind these ends, and where that stopped."""
        with self._reading() as sql:
            return journal_after(sql, ends)

    def alert_received_at(self, alert_id: int) -> int | None:
        """When a message came in; None: there is none."""
        with self._reading() as sql:
            received: int | None = sql.value("SELECT received_at FROM alert WHERE id = ?", alert_id)
            return received

    def outlets(self, names: Sequence[str]) -> Sequence[OutletView]:
        """How outlets fare."""
        with self._reading() as sql:
            return outlet_views(sql, names)

    def estimates(self, callout_ids: Sequence[int]) -> Mapping[int, KeptEstimate]:
        """See planning_ports.EstimateReadings."""
        with self._reading() as sql:
            return kept_estimates(sql, callout_ids)

    def judged(self, callout_id: int) -> Sequence[JudgedShare]:
        """See planning_ports.EstimateReadings."""
        kept = self.estimates([callout_id]).get(callout_id)
        if kept is None or not self._scope.whole:  # what was said was said of all
            return ()
        answers = [(point.at, point.answered) for point in self.curve(callout_id)]
        return judged(kept.launch, answers, self.callout(callout_id).started_at)

    def printed(self, callout_id: int) -> PrintedCallOut:
        """A call-out with names and numbers in clear, for the printable list alone. NotFoundError when there is none."""
        with self._reading() as sql:
            return PrintedPictures(sql, self._sealer, self._plan, self._hazard_name).one(callout_id)

    def sample_numbers(self) -> bool:
        """Whether the register holds numbers that cannot reach anybody."""
        with self._reading() as sql:
            found = sql.value(
                "SELECT 1 FROM endpoint e JOIN number n ON n.id = e.number_id "
                "WHERE n.sample = 1 AND e.valid_until IS NULL LIMIT 1"
            )
        return found is not None
