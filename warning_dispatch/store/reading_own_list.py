"""A superior's own list, for the person behind a link: counts before the step, names and numbers in clear after it.

Whoever only has the link sees no number: links are forwarded into chat groups. A village head's page, the most frequent
one, costs a single look-up more: nobody is called below a village.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.feedback import FeedbackBrief, FeedbackPage
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState, Means
from warning_dispatch.model.superior_views import DialledPerson, OwnList, OwnUnit
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.model.views import LinkView, SuperiorList, UnreachedRow
from warning_dispatch.ports import ReadModels, Sealer
from warning_dispatch.store.database import reading
from warning_dispatch.store.link_rows import targets_of
from warning_dispatch.store.reading_feedback import briefs_of, feedback_page
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.renewal_reading import passed_token
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.stood_sql import STOOD

MOST_ROWS = 5_000
"""More than the units of a prefecture: a list is read whole, and shown by the page."""
_ANSWERED = f"({CalleeState.ACKNOWLEDGED.value}, {CalleeState.DUTY_ANSWERED.value})"
_MINE = """SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.id IN {ids} AND EXISTS
 (SELECT 1 FROM callee b JOIN unit v ON v.id = b.unit_id WHERE b.callout_id = c.callout_id AND v.superior_id = u.id)
 ORDER BY u.level, u.code"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is behind a link, and what they hold. `receiver_id`: the person the link was sent to."""

    view: LinkView
    receiver_id: int
    lists: tuple[SuperiorList, ...]
    rows: tuple[UnreachedRow, ...]


class OwnListTables:
    """superior_ports.SuperiorReadings."""

    def __init__(
        self, database: sqlalchemy.Engine, sealer: Sealer, link_key: bytes, read: ReadModels, now: Callable[[], int]
    ) -> None:
        """`read` has the lists of the superiors; `now` in ms."""
        self._database = database
        self._sealer = sealer
        self._key = link_key
        self._read = read
        self._now = now

    def is_link(self, token: str) -> bool:
        """See the port."""
        with reading(self._database) as connection:
            return bool(targets_of(Sql(connection), token))

    def reported_at(self, token: str) -> int | None:
        """See the port."""
        view, receiver_id = self.behind(token)
        with reading(self._database) as connection:
            sql = Sql(connection)
            at: int | None = sql.value(
                "SELECT max(at) FROM feedback WHERE receiver_id = ? AND by_reply = 0 AND callee_id IN {ids}",
                receiver_id,
                sql.ids([unit.callee_id for unit in view.units]),
            )
        return at

    def behind(self, token: str) -> tuple[LinkView, int]:
        """What a link shows, and the person it was sent to. NotFoundError: no such link."""
        view = self._read.link(token)
        with reading(self._database) as connection:
            return view, targets_of(Sql(connection), token)[0].receiver_id

    def has_list(self, token: str) -> bool:
        """See the port."""
        try:
            view = self._read.link(token)
        except NotFoundError:
            return False
        return bool(self._lists(view))

    def own_list(self, token: str, passed: str = "", *, limit: int = 15, offset: int = 0, only: int = 0) -> OwnList:
        """See the port."""
        standing = self.standing(token)
        answered, told = self._answers(standing)
        step_needed = not self.passes(token, passed)
        rows = [row for row in standing.rows if only in (0, row.callee_id)]
        shown = () if step_needed else rows[offset : offset + limit]
        return OwnList(
            link=standing.view,
            step_needed=step_needed,
            answered=answered,
            told=told,
            total=len(standing.rows),
            coming=sum(one.calling + one.waiting for one in standing.lists),
            units=self._in_clear(shown),
            codes=tuple(one.unit_code for one in standing.lists),
        )

    def briefs(self, callee_ids: Sequence[int]) -> Mapping[int, FeedbackBrief]:
        """See the port."""
        with reading(self._database) as connection:
            return briefs_of(Sql(connection), self._sealer, callee_ids)

    def feedback(self, callout_id: int, *, county: str = "", limit: int = 100, offset: int = 0) -> FeedbackPage:
        """See the port."""
        tiers = [tier.name for tier in self._read.callout(callout_id).tiers]
        with reading(self._database) as connection:
            return feedback_page(
                Sql(connection), self._sealer, callout_id, tiers, county=county, limit=limit, offset=offset
            )

    # --- for the desk -------------------------------------------------------------------------------------

    def standing(self, token: str) -> Standing:
        """Who is behind a link and holds a list. NotFoundError: nobody."""
        view = self._read.link(token)
        lists = self._lists(view)
        if not lists:
            raise NotFoundError("这个链接没有下级名单 / this link has no list of units")
        with reading(self._database) as connection:
            receiver_id = targets_of(Sql(connection), token)[0].receiver_id
        return Standing(view, receiver_id, lists, self._rows(view, lists))

    def passes(self, token: str, passed: str) -> bool:
        """Whether the step is behind whoever shows this."""
        return bool(passed) and hmac.compare_digest(passed.encode(), passed_token(self._key, token).encode())

    def passed(self, token: str) -> str:
        """What whoever passes the step gets."""
        return passed_token(self._key, token)

    def last_fours(self, receiver_id: int) -> frozenset[str]:
        """The last four digits of every phone of the person the link was sent to."""
        with reading(self._database) as connection:
            rows = Sql(connection).rows(
                """SELECT DISTINCT n.sealed FROM endpoint e JOIN number n ON n.id = e.number_id
                WHERE e.receiver_id = ? AND e.valid_until IS NULL AND n.kind = 'phone'""",
                receiver_id,
            )
        return frozenset(self._sealer.unseal(row[0], NUMBER_CONTEXT).decode()[-4:] for row in rows)

    def state_of(self, callee_id: int) -> CalleeState | None:
        """How a unit stands, for an act that must not come too late; None: there is no such unit."""
        with reading(self._database) as connection:
            state = Sql(connection).value("SELECT state FROM callee WHERE id = ?", callee_id)
        return None if state is None else CalleeState(state)

    # --- pictures -----------------------------------------------------------------------------------------

    def _lists(self, view: LinkView) -> tuple[SuperiorList, ...]:
        """What the person holds: the lists of their units that they have answered for, and those that rolled up to them."""
        confirmed = [unit.callee_id for unit in view.units if unit.confirmed_at is not None]
        if view.own or view.callout_state not in LIVE_CALLOUT or not confirmed:
            return ()
        with reading(self._database) as connection:
            sql = Sql(connection)
            codes = {row[0] for row in sql.rows(_MINE, sql.ids(confirmed))}
        if not codes:
            return ()
        return tuple(one for one in self._read.superior_lists(view.callout_id) if one.holder_code in codes)

    def _rows(self, view: LinkView, lists: Sequence[SuperiorList]) -> tuple[UnreachedRow, ...]:
        held = {one.unit_code for one in lists}
        found: dict[int, UnreachedRow] = {}
        for holder in sorted({one.holder_code for one in lists}):
            page = self._read.unreached(view.callout_id, now=self._now(), unit_code=holder, limit=MOST_ROWS)
            found.update((row.callee_id, row) for row in page.rows if row.superior_code in held)
        return tuple(found.values())

    def _answers(self, standing: Standing) -> tuple[int, int]:
        """(本人应答, 代报) among the units below; of several answers the first that counted."""
        codes = [one.unit_code for one in standing.lists]
        own = told = 0
        with reading(self._database) as connection:
            for means, count in Sql(connection).rows(
                f"""SELECT x.means, count(*) FROM (SELECT (SELECT a.means FROM acknowledgement a
                WHERE a.callee_id = c.id AND a.counted = 1 ORDER BY a.at, a.id LIMIT 1) AS means
                FROM callee c JOIN unit u ON u.id = c.unit_id JOIN unit s ON s.id = u.superior_id
                WHERE c.callout_id = ? AND {STOOD} IN {_ANSWERED} AND s.code IN ({", ".join("?" * len(codes))})) x
                GROUP BY x.means""",
                standing.view.callout_id,
                *codes,
            ):
                if means == Means.SUPERIOR.value:
                    told += count
                else:
                    own += count
        return own, told

    def _in_clear(self, rows: Sequence[UnreachedRow]) -> tuple[OwnUnit, ...]:
        people = self._people([row.callee_id for row in rows])
        return tuple(
            OwnUnit(row.callee_id, row.unit_name, row.path, row.state, people.get(row.callee_id, ())) for row in rows
        )

    def _people(self, callee_ids: Sequence[int]) -> Mapping[int, tuple[DialledPerson, ...]]:
        """Callee → whom to dial, A before B before the duty phone; numbers that were found bad are left out."""
        found: defaultdict[int, dict[DialledPerson, None]] = defaultdict(dict)
        with reading(self._database) as connection:
            sql = Sql(connection)
            for callee_id, role, name, sealed in sql.rows(
                f"""SELECT c.id, e.role, r.name_sealed, n.sealed FROM callee c JOIN endpoint e ON e.unit_id = c.unit_id
                JOIN number n ON n.id = e.number_id JOIN receiver r ON r.id = e.receiver_id
                WHERE c.id IN {{ids}} AND e.channel = {Channel.VOICE.value} AND e.usable = 1
                AND e.valid_until IS NULL AND r.valid_until IS NULL ORDER BY c.id, e.role, r.rank, e.rank, e.id""",
                sql.ids(callee_ids),
            ):
                person = DialledPerson(
                    Role(role),
                    self._sealer.unseal(name, NAME_CONTEXT).decode(),
                    self._sealer.unseal(sealed, NUMBER_CONTEXT).decode(),
                )
                found[callee_id][person] = None
        return {callee_id: tuple(people) for callee_id, people in found.items()}
