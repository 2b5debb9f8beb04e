"""叫应记录: record_ports.RecordReadings over the tables, each call on one snapshot of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import Engine

from warning_dispatch.configuration.freezing import chain_from_json
from warning_dispatch.model.console_views import UnitStory
from warning_dispatch.model.record_views import RecordForm, SeasonQuery, SeasonReading
from warning_dispatch.model.views import CallOutView
from warning_dispatch.ports import Sealer
from warning_dispatch.record_ports import Within
from warning_dispatch.store.database import reading
from warning_dispatch.store.feedback_rows import feedback_of
from warning_dispatch.store.journal_check import export
from warning_dispatch.store.reading_callouts import CallOutPictures
from warning_dispatch.store.reading_console import ConsolePictures
from warning_dispatch.store.reading_records import RecordPictures
from warning_dispatch.store.reading_season import SeasonPictures
from warning_dispatch.store.sql import Sql

PLANS_KEPT = 64


class RecordTables:
    """Safe from any thread: it keeps nothing but plans it has read, which never change."""

    def __init__(
        self, engine: Engine, sealer: Sealer, hazards: Mapping[str, Mapping[str, str]], *, reached: Collection[str]
    ) -> None:
        """`hazards` names what the configuration knows; `reached`: outcomes that prove a call got through."""
        self._engine = engine
        self._sealer = sealer
        self._hazards = hazards
        self._reached = frozenset(reached)
        self._plan = lru_cache(maxsize=PLANS_KEPT)(chain_from_json)

    def _hazard_name(self, key: str) -> Mapping[str, str]:
        return self._hazards.get(key) or {"zh_CN": key, "en": key}

    def record(self, callout_id: int, *, within: Within = None, clear: bool = False) -> RecordForm:
        """See the port."""
        with reading(self._engine) as connection:
            pictures = RecordPictures(Sql(connection), self._sealer, self._plan, self._hazard_name, self._reached)
            return pictures.one(callout_id, within, clear=clear)

    def story(self, callout_id: int, callee_id: int) -> UnitStory:
        """See the port."""
        with reading(self._engine) as connection:
            sql = Sql(connection)
            callouts = CallOutPictures(sql, self._plan, self._hazard_name, self._reached)
            story = ConsolePictures(sql, callouts.row).story(callout_id, callee_id)
            return replace(story, feedback=tuple(feedback_of(sql, self._sealer, callee_id)))

    def record_list(self, *, limit: int = 50, offset: int = 0, drills: bool = False) -> Sequence[CallOutView]:
        """See the port."""
        with reading(self._engine) as connection:
            pictures = CallOutPictures(Sql(connection), self._plan, self._hazard_name, self._reached)
            return pictures.ended(limit=limit, offset=offset, drills=drills)

    def season(self, query: SeasonQuery) -> SeasonReading:
        """See the port."""
        with reading(self._engine) as connection:
            return SeasonPictures(Sql(connection), self._plan, self._hazard_name, self._reached).season(query)

    def journal_lines(self, callout_id: int) -> Sequence[str]:
        """See the port."""
        with reading(self._engine) as connection:
            return list(export(connection, f"callout:{callout_id}"))
