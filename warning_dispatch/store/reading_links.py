"""The page behind a receiver's link: the warning, and every unit for which the person answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from warning_dispatch.engine.causes import sentences
from warning_dispatch.engine.frozen import texts_from_json
from warning_dispatch.engine.records import LinkTarget
from warning_dispatch.errors import NotFoundError
from warning_dispatch.escalation.alarms import Cause, told_up_to
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.model.views import LinkUnit, LinkView
from warning_dispatch.ports import Sealer
from warning_dispatch.store.alarm_rows import open_causes
from warning_dispatch.store.alert_rows import ALERT_CONTEXT
from warning_dispatch.store.callee_rows import newest_of
from warning_dispatch.store.link_rows import targets_of
from warning_dispatch.store.reading_alerts import Content, area_names, content_of
from warning_dispatch.store.reading_callouts import superior_path
from warning_dispatch.store.sql import Sql

_ALERT = TypeAdapter(Alert)
_CALLOUT = """SELECT o.id, o.hazard, o.colour, o.purpose, o.state, o.started_at, a.sender, a.sent, a.headline, a.expires,
 a.sealed, i.name FROM callee c JOIN callout o ON o.id = c.callout_id
 LEFT JOIN alert a ON a.id = o.alert_id LEFT JOIN unit i ON i.code = o.issuer_area WHERE c.id = ?"""
_UNITS = """SELECT c.id, c.callout_id, o.state, c.state, u.name, u.kind, s.name, s.level, t.name, t.level, v.name,
 v.level FROM callee c JOIN callout o ON o.id = c.callout_id JOIN unit u ON u.id = c.unit_id LEFT JOIN unit s ON s.id = u.superior_id
 LEFT JOIN unit t ON t.id = s.superior_id LEFT JOIN unit v ON v.id = t.superior_id WHERE c.id IN {ids}"""


class LinkPictures:
    """Reads on one connection."""

    def __init__(self, sql: Sql, sealer: Sealer, hazard_name: Callable[[str], Mapping[str, str]]) -> None:
        """`sealer` opens the stored alert."""
        self._sql = sql
        self._sealer = sealer
        self._hazard_name = hazard_name

    def show(self, token: str) -> LinkView:
        """See ReadModels.link.

        The link of an old round shows the newest round that took over its receiver's units: that is what the button
        confirms.
        """
        targets = targets_of(self._sql, token)
        if not targets:
            raise NotFoundError("没有这个链接 / there is no such link")
        newest = newest_of(self._sql, [one.callee_id for one in targets])
        receivers = {newest.get(one.callee_id, one.callee_id): one.receiver_id for one in targets}
        rows = self._standing(receivers)
        row = self._sql.one(_CALLOUT, rows[0][0])
        language = self._language(targets[0])
        content = self._content(row, language)
        own = row[3] == Purpose.SELF.value
        causes = open_causes(self._sql, [row[0]]).get(row[0], ()) if own else ()
        return LinkView(
            callout_id=row[0],
            units=self._units(rows, receivers),
            language=language,
            hazard_name=self._hazard_name(row[1]),
            colour=Colour(row[2]),
            issuer=row[6] or row[11] or "",
            sent=row[5] if row[7] is None else row[7],
            headline=content.headline,
            description=content.description,
            instruction=content.instruction,
            area_names=content.area_names or area_names(self._sql, content.geocodes),
            expires=content.expires,
            drill=row[3] == Purpose.DRILL.value,
            callout_state=CallOutState(row[4]),
            own=own,
            causes=self._in_words(row[0], language, causes) if own else (),
            told_alarm=told_up_to(causes),
        )

    def _in_words(self, callout_id: int, language: str, causes: Sequence[Cause]) -> tuple[str, ...]:
        """What the bureau calls itself for, as it stands now."""
        texts = texts_from_json(self._sql.value("SELECT texts FROM callout WHERE id = ?", callout_id))
        return tuple(sentences(texts, language, causes))

    def _language(self, target: LinkTarget) -> str:
        language: str = self._sql.value("SELECT language FROM receiver WHERE id = ?", target.receiver_id)
        return language

    def _standing(self, receivers: Mapping[int, int]) -> Sequence[Any]:
        """The callees of the call-out that is shown, and of others that took over too; all of them when none is live."""
        found = {row[0]: row for row in self._sql.rows(_UNITS, self._sql.ids(receivers))}
        rows = [found[key] for key in receivers]
        return [row for row in rows if CallOutState(row[2]) in LIVE_CALLOUT] or rows

    def _units(self, rows: Sequence[Any], receivers: Mapping[int, int]) -> tuple[LinkUnit, ...]:
        """In the order of `rows`. `receivers`: callee → the person behind the link."""
        states = {row[0]: CalleeState(row[3]) for row in rows}
        confirmed = self._confirmations(states, receivers)
        units = []
        for row in rows:
            at, means = confirmed.get(row[0], (None, None))
            path = superior_path(row[6:]) if row[5] == UnitKind.DIVISION else ""  # an office's name says where it is
            units.append(LinkUnit(row[0], path, row[4], states[row[0]], at, Means(means) if means else None))
        return tuple(units)

    def _content(self, row: Sequence[Any], language: str) -> Content:
        """What the alert says; nothing for a call-out that was begun by hand."""
        headline, expires, sealed = row[8:11]
        if sealed is None:
            return Content()
        alert = _ALERT.validate_json(self._sealer.unseal(sealed, ALERT_CONTEXT))
        return content_of(alert, language) or Content(headline=headline, expires=expires)

    def _confirmations(
        self, states: Mapping[int, CalleeState], receivers: Mapping[int, int]
    ) -> Mapping[int, tuple[int, str]]:
        """Callee → when and how it has nothing more to confirm.

        By the receiver's own word, whatever it was worth; or, once the unit is acknowledged, by the first answer
        that counted. While an answer of somebody else leaves the unit open (the duty room of an office, one of
        several who must answer), this receiver is still asked.
        """
        found: dict[int, tuple[int, str]] = {}
        for callee_id, receiver_id, counted, at, means in self._sql.rows(
            """SELECT callee_id, receiver_id, counted, at, means FROM acknowledgement
            WHERE callee_id IN {ids} ORDER BY at, id""",
            self._sql.ids(states),
        ):
            if receiver_id == receivers[callee_id] or (counted and states[callee_id] is CalleeState.ACKNOWLEDGED):
                found.setdefault(callee_id, (at, means))
        return found
