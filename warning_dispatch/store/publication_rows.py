"""What is passed on ↔ rows: publications, and the posts to outlets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from warning_dispatch.engine.storage_sources import NewPublication, Referred, Unpublished
from warning_dispatch.model.alert import AlertStatus, Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import OutletView, Post, Posted, Publication, passed_on_as
from warning_dispatch.model.states import PostState
from warning_dispatch.ports import Sealer
from warning_dispatch.store.alert_rows import ALERT_CONTEXT
from warning_dispatch.store.sql import Sql, marks

LOOKED_BACK = 5_000
"""Alerts looked through for what is new: one that was set aside may be accepted later, but not a season later."""
DAY = 86_400_000
"""ms for which the end of a chain is passed on although nobody is called for it: none of last season's goes out."""
NOT_HOW_IT_GOES_ON = (
    "older_than_its_chain",
    "chain_has_ended",
    "cancel_that_raises",
    "set_aside_by_an_officer",
    "expired_on_arrival",
    "sent_in_the_future",
    "too_old",
)
"""Reasons for which a message was stored that came late or that a human must decide on: it says nothing of its chain."""
LONGEST_RECEIPT = 500
"""Characters kept of an outlet's answer."""


class PublicationTable:
    """engine.storage_sources.PublicationRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def waiting(self, limit: int) -> Sequence[Unpublished]:
        """See the port."""
        undecided = " ".join("AND a.reasons NOT LIKE ?" for _ in NOT_HOW_IT_GOES_ON)
        rows = self._sql.rows(
            f"""SELECT a.id, a.hazard, a.colour, a.sealed, a.chain_id FROM alert a
            WHERE a.id > (SELECT coalesce(max(id), 0) - ? FROM alert) AND a.status = ?
            AND (a.disposition = ? OR (a.disposition = ?
                AND a.received_at > (SELECT max(received_at) - ? FROM alert) {undecided}
                AND EXISTS (SELECT 1 FROM alert b WHERE b.chain_id = a.chain_id AND b.id < a.id
                    AND b.disposition = ? AND b.status = ?)))
            AND NOT EXISTS (SELECT 1 FROM publication p WHERE p.alert_id = a.id) ORDER BY a.id LIMIT ?""",
            LOOKED_BACK,
            AlertStatus.ACTUAL.value,
            Disposition.ACCEPTED.value,
            Disposition.STORED.value,
            DAY,
            *(f'%"{reason}"%' for reason in NOT_HOW_IT_GOES_ON),
            Disposition.ACCEPTED.value,
            AlertStatus.ACTUAL.value,
            limit,
        )
        return [
            Unpublished(
                row[0],
                row[1],
                Colour(row[2]) if row[2] else None,
                self._sealer.unseal(row[3], ALERT_CONTEXT).decode(),
                row[4],
            )
            for row in rows
        ]

    def hearers(self, chains: Sequence[int]) -> Mapping[int, frozenset[str]]:
        """See the port."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        rows = self._sql.rows(
            """SELECT DISTINCT a.chain_id, t.outlet FROM alert a JOIN publication p ON p.alert_id = a.id
            JOIN outlet_post t ON t.publication_id = p.id WHERE a.chain_id IN {ids}""",
            self._sql.ids(chains),
        )
        for chain_id, outlet in rows:
            found[chain_id].add(outlet)
        return {chain_id: frozenset(outlets) for chain_id, outlets in found.items()}

    def referred(self, issuer: str, identifiers: Sequence[str]) -> Sequence[Referred]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT identifier, issuer, max(sent), part FROM alert
            WHERE issuer = ? AND identifier IN ({marks(identifiers)})
            GROUP BY identifier, issuer, part ORDER BY identifier, part""",
            issuer,
            *identifiers,
        )
        return [Referred(row[0], row[1], row[2], row[3]) for row in rows]

    def publish(self, new: Sequence[NewPublication], now: int) -> None:
        """See the port. One statement per kind of row."""
        self._sql.many(
            """INSERT INTO publication (alert_id, published_at, cap) VALUES (?, ?, ?text)
            ON CONFLICT (alert_id) DO NOTHING""",
            [(one.alert_id, now, one.cap) for one in new],
        )
        self._sql.many(
            """INSERT INTO outlet_post (outlet, publication_id, state, next_at)
            SELECT ?text, p.id, ?, ? FROM publication p WHERE p.alert_id = ? ORDER BY p.id
            ON CONFLICT (outlet, publication_id) DO NOTHING""",
            [(outlet, PostState.WAITING.value, now, one.alert_id) for one in new for outlet in one.outlets],
        )

    def claim_posts(self, now: int, until: int, limit: int) -> Sequence[Post]:
        """See the port. By number: whatever is older, of the same outlet and chain, is due too, and in the same claim."""
        due = self._sql.rows(
            f"""SELECT t.id FROM outlet_post t WHERE t.next_at IS NOT NULL AND t.next_at <= ?
            AND NOT EXISTS (SELECT 1 FROM outlet_post o JOIN publication q ON q.id = o.publication_id
                JOIN alert b ON b.id = q.alert_id, publication p JOIN alert a ON a.id = p.alert_id
                WHERE o.outlet = t.outlet AND o.id < t.id AND o.next_at > ? AND p.id = t.publication_id
                AND coalesce(b.chain_id, 0) = coalesce(a.chain_id, 0))
            ORDER BY t.id LIMIT ?{self._sql.for_update}""",
            now,
            now,
            limit,
        )
        ids = self._sql.ids(row[0] for row in due)
        self._sql.run("UPDATE outlet_post SET next_at = ?, tries = tries + 1 WHERE id IN {ids}", until, ids)
        rows = self._sql.rows(
            """SELECT t.id, t.outlet, p.id, a.identifier, p.cap, t.tries, p.published_at, a.part, a.chain_id, a.colour
            FROM outlet_post t
            JOIN publication p ON p.id = t.publication_id JOIN alert a ON a.id = p.alert_id
            WHERE t.id IN {ids} ORDER BY t.id""",
            ids,
        )
        return [
            Post(
                id=row[0],
                outlet=row[1],
                key=f"{row[1]}-{row[2]}",
                identifier=passed_on_as(row[3], row[7]),
                body=row[4] or "",
                tries=row[5],
                since=row[6],
                chain_id=row[8],
                colour=Colour(row[9]) if row[9] else None,
            )
            for row in rows
        ]

    def posted(self, results: Sequence[Posted], now: int) -> None:
        """See the port. A post that another try has already settled stays settled."""
        self._sql.many(
            """UPDATE outlet_post SET state = ?, status = ?, receipt = ?text, next_at = ?, ended_at = ?
            WHERE id = ? AND next_at IS NOT NULL""",
            [
                (
                    _state(one).value,
                    one.status,
                    one.receipt[:LONGEST_RECEIPT].replace("\0", ""),
                    one.again_at,
                    None if one.again_at is not None else now,
                    one.post_id,
                )
                for one in results
            ],
        )

    def next_post(self) -> int | None:
        """See the port. The oldest post of each chain for each outlet says: those behind it wait with it."""
        moment: int | None = self._sql.value(
            """SELECT min(next_at) FROM outlet_post WHERE id IN (SELECT min(t.id) FROM outlet_post t
                JOIN publication p ON p.id = t.publication_id JOIN alert a ON a.id = p.alert_id
                WHERE t.next_at IS NOT NULL GROUP BY t.outlet, coalesce(a.chain_id, 0))"""
        )
        return moment


def _state(result: Posted) -> PostState:
    if result.delivered:
        return PostState.DELIVERED
    return PostState.WAITING if result.again_at is not None else PostState.FAILED


# --- reading ----------------------------------------------------------------------------------------------


def feed_page(sql: Sql, before: int | None, limit: int) -> Sequence[Publication]:
    """The newest entries of the feed below a number; at most `limit`."""
    return _publications(sql, "p.id < ?" if before is not None else "1 = 1", [] if before is None else [before], limit)


def one_publication(sql: Sql, number: int) -> Publication | None:
    """One entry of the feed; None: there is none."""
    found = _publications(sql, "p.id = ?", [number], 1)
    return found[0] if found else None


def _publications(sql: Sql, where: str, values: Sequence[int], limit: int) -> list[Publication]:
    rows = sql.rows(
        f"""SELECT p.id, p.published_at, a.identifier, a.sender, a.sent, a.msg_type, a.headline, a.colour, p.cap, a.part
        FROM publication p JOIN alert a ON a.id = p.alert_id
        WHERE p.cap IS NOT NULL AND {where} ORDER BY p.id DESC LIMIT ?""",
        *values,
        limit,
    )
    return [
        Publication(
            number=row[0],
            published_at=row[1],
            identifier=passed_on_as(row[2], row[9]),
            sender=row[3],
            sent=row[4],
            msg_type=row[5],
            headline=row[6],
            colour=Colour(row[7]) if row[7] else None,
            cap=row[8],
        )
        for row in rows
    ]


def outlet_views(sql: Sql, names: Sequence[str]) -> Sequence[OutletView]:
    """How outlets fare, in the order given; one that was never posted to has zeros."""
    counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for outlet, state, count in sql.rows("SELECT outlet, state, count(*) FROM outlet_post GROUP BY outlet, state"):
        counts[outlet][state] = count
    views = []
    for name in names:
        last = sql.one(
            """SELECT ended_at, receipt, status FROM outlet_post WHERE outlet = ? AND tries > 0 AND receipt <> ''
            ORDER BY id DESC LIMIT 1""",
            name,
        )
        waiting, delivered, failed = (counts[name].get(state.value, 0) for state in PostState)
        last_at, receipt = (last[0], last[1]) if last else (None, "")
        views.append(OutletView(name, waiting, delivered, failed, last_at, receipt))
    return views
