"""Letters and registrars' links ↔ rows: whom they go to, and how they are claimed. Links are derived; their hash is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from warning_dispatch.engine.storage_renewal import LetterRecord, LinkHolder, NewLetter, Recipient
from warning_dispatch.model.renewal import TO_HAND_IN, FilingState, LetterKind, LetterState, ProofState
from warning_dispatch.model.states import AttemptState
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.renewal.registrars import asked_roles
from warning_dispatch.store.proof_rows import proof_token
from warning_dispatch.store.sealing import derived_token, link_hash
from warning_dispatch.store.sql import Sql

_OPEN = ", ".join(str(state.value) for state in TO_HAND_IN)
_DOUBTED = f"{ProofState.DENIED.value}, {ProofState.UNDELIVERED.value}"
"""Nobody is reminded at a number that its holder has denied, or at which nothing arrives."""
HANDED_OVER_FOR = 86_400_000
"""ms: so long whoever has named a successor on the page may finish it."""
_READY, _CLAIMED = LetterState.READY.value, LetterState.CLAIMED.value
_RECIPIENTS = f"""SELECT e.unit_id, e.receiver_id, e.role, e.channel, e.number_id, r.language FROM endpoint e
 JOIN receiver r ON r.id = e.receiver_id
 WHERE e.channel IN ({Channel.SMS.value}, {Channel.EMAIL.value}) AND e.usable = 1 AND e.valid_until IS NULL
 AND r.valid_until IS NULL AND (e.proved_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM proof p
   WHERE p.number_id = e.number_id AND p.channel = e.channel AND p.state IN ({_DOUBTED})))
 AND e.unit_id IN ({{asked}}) ORDER BY e.unit_id, e.role, r.rank, r.id, e.rank, e.id"""
_REGISTRARS = f"SELECT f.registrar_id FROM filing f WHERE f.campaign_id = ? AND f.state IN ({_OPEN})"
_APPROVERS = f"""SELECT r.superior_id FROM filing f JOIN unit r ON r.id = f.registrar_id
 WHERE f.campaign_id = ? AND f.state = {FilingState.HANDED_IN.value} AND r.superior_id IS NOT NULL"""
_AWAITED = f"""(SELECT count(*) FROM renewal_link_unit x JOIN unit r ON r.superior_id = x.unit_id
 JOIN filing f ON f.registrar_id = r.id AND f.campaign_id = l.campaign_id
 WHERE x.link_id = l.link_id AND f.state = {FilingState.HANDED_IN.value})"""


class LetterTable:
    """engine.storage_renewal.LetterRows."""

    def __init__(self, sql: Sql, link_key: bytes) -> None:
        self._sql = sql
        self._key = link_key

    # --- whom to ------------------------------------------------------------------------------------------

    def recipients(self, campaign_id: int, unit_ids: Sequence[int] | None, *, overdue: bool) -> Sequence[Recipient]:
        """See the port."""
        if unit_ids is None:
            return self._people_of(_REGISTRARS, campaign_id, overdue=overdue)
        asked = f"{_REGISTRARS} AND f.unit_id IN {{ids}}"
        return self._people_of(asked, campaign_id, self._sql.ids(unit_ids), overdue=overdue)

    def approvers(self, campaign_id: int) -> Sequence[Recipient]:
        """See the port."""
        return self._people_of(_APPROVERS, campaign_id, overdue=False)

    def _people_of(self, asked: str, *values: object, overdue: bool) -> Sequence[Recipient]:
        """Of a unit the roles to be written to, of a role the first person, of a person the first address of each channel."""
        rows = self._sql.rows(_RECIPIENTS.replace("{asked}", asked), *values)
        by_unit: defaultdict[int, dict[Role, list[tuple[int, int, int, str]]]] = defaultdict(lambda: defaultdict(list))
        for unit_id, receiver, role, channel, number, language in rows:
            by_unit[unit_id][Role(role)].append((receiver, channel, number, language))
        found: dict[tuple[int, int], Recipient] = {}
        for unit_id, people in by_unit.items():
            for role in asked_roles(people.keys(), overdue=overdue):
                for receiver, channel, number, language in _first_of_each(people[role]):
                    before = found.get((number, channel))
                    units = (*before.units, unit_id) if before else (unit_id,)
                    found[number, channel] = Recipient(number, Channel(channel), receiver, language, units)
        return list(found.values())

    def links(self, campaign_id: int, recipients: Sequence[Recipient], now: int) -> Sequence[int]:
        """See the port."""
        tokens = [filing_token(self._key, campaign_id, one.number_id, one.channel) for one in recipients]
        hashes = [link_hash(token) for token in tokens]
        self._sql.many(
            """INSERT INTO renewal_link (hash, campaign_id, number_id, channel, receiver_id, made_at)
            VALUES (?bytea, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
            [
                (digest, campaign_id, one.number_id, one.channel.value, one.receiver_id, now)
                for digest, one in zip(hashes, recipients, strict=True)
            ],
        )
        rows = self._sql.rows("SELECT id, number_id, channel FROM renewal_link WHERE campaign_id = ?", campaign_id)
        ids = {(number, channel): key for key, number, channel in rows}
        found = [ids[one.number_id, one.channel.value] for one in recipients]
        self._sql.many(
            "INSERT INTO renewal_link_unit (link_id, unit_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(key, unit_id) for key, one in zip(found, recipients, strict=True) for unit_id in one.units],
        )
        return found

    def of_link(self, link_id: int, now: int) -> Recipient | None:
        """See the port."""
        row = self._sql.one(
            """SELECT l.number_id, l.channel, l.receiver_id, r.language FROM renewal_link l
            JOIN receiver r ON r.id = l.receiver_id WHERE l.id = ? AND l.expired_at IS NULL""",
            link_id,
        )
        units = _answers_for(self._sql, link_id, now)
        if row is None or not units:
            return None
        return Recipient(row[0], Channel(row[1]), row[2], row[3], units)

    def add(self, letters: Sequence[NewLetter]) -> int:
        """See the port. The number's day decides, whoever else adds one at this moment."""
        before = int(self._sql.value("SELECT count(*) FROM letter"))
        self._sql.many(
            f"""INSERT INTO letter (campaign_id, kind, channel, number_id, link_id, proof_id, unit_id, language, once, state,
            due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?text, ?text, {_READY}, ?) ON CONFLICT DO NOTHING""",
            [
                (
                    one.campaign_id,
                    one.kind.value,
                    one.channel.value,
                    one.number_id,
                    one.link_id,
                    one.proof_id,
                    one.unit_id,
                    one.language,
                    f"{one.campaign_id or 0}:{one.day}",  # one that is opened anew on a day asks anew
                    one.due_at,
                )
                for one in letters
            ],
        )
        return int(self._sql.value("SELECT count(*) FROM letter")) - before

    # --- on their way -------------------------------------------------------------------------------------

    def waiting(self, channel: Channel, now: int) -> int:
        """See the port."""
        calls = "SELECT 1 FROM attempt WHERE channel = ? AND state = ? LIMIT 1"
        if self._sql.value(calls, channel.value, AttemptState.READY.value):
            return 0
        return int(
            self._sql.value(
                f"""SELECT count(*) FROM letter WHERE channel = ? AND (state = {_READY} AND due_at <= ?
                OR state = {_CLAIMED} AND lease_until <= ?)""",
                channel.value,
                now,
                now,
            )
        )

    def numbers_ready(self, channel: Channel, now: int) -> Sequence[int]:
        """See the port."""
        rows = self._sql.rows(
            f"SELECT DISTINCT number_id FROM letter WHERE channel = ? AND state = {_READY} AND due_at <= ?",
            channel.value,
            now,
        )
        return [row[0] for row in rows]

    def claim(
        self, channel: Channel, limit: int, now: int, lease_until: int, but: Collection[int] = ()
    ) -> Sequence[LetterRecord]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT id, state FROM letter WHERE channel = ? AND number_id NOT IN {{ids}} AND (state = {_READY}
            AND due_at <= ? OR state = {_CLAIMED} AND lease_until <= ?) ORDER BY due_at, id LIMIT ?{self._sql.for_update}""",
            channel.value,
            self._sql.ids(but),
            now,
            now,
            limit,
        )
        self._sql.many(
            f"""UPDATE letter SET possible_duplicate = CASE WHEN state = {_CLAIMED} THEN 1 ELSE possible_duplicate END,
            state = {_CLAIMED}, lease_until = ?, tries = tries + 1 WHERE id = ?""",
            [(lease_until, row[0]) for row in rows],
        )
        return self._records([row[0] for row in rows])

    def _records(self, letter_ids: Sequence[int]) -> list[LetterRecord]:
        rows = self._sql.rows(
            f"""SELECT l.id, l.kind, l.channel, l.number_id, l.language, l.campaign_id, l.proof_id, u.name, c.title, c.due,
            l.route, l.tries, l.possible_duplicate, p.state,
            (SELECT count(*) FROM renewal_link_unit x JOIN filing f ON f.registrar_id = x.unit_id
              AND f.campaign_id = l.campaign_id WHERE x.link_id = l.link_id AND f.state IN ({_OPEN})),
            CASE WHEN l.kind = {LetterKind.APPROVE.value} THEN {_AWAITED} ELSE 0 END
            FROM letter l JOIN unit u ON u.id = l.unit_id LEFT JOIN campaign c ON c.id = l.campaign_id
            LEFT JOIN proof p ON p.id = l.proof_id WHERE l.id IN {{ids}} ORDER BY l.due_at, l.id""",
            self._sql.ids(letter_ids),
        )
        found = []
        for row in rows:
            kind, channel = LetterKind(row[1]), Channel(row[2])
            proves = kind is LetterKind.PROVE
            token = proof_token(self._key, row[6]) if proves else filing_token(self._key, row[5] or 0, row[3], channel)
            count = row[15] if kind is LetterKind.APPROVE else row[14]
            wanted = row[13] == ProofState.ASKED.value if proves else count > 0
            found.append(
                LetterRecord(
                    id=row[0],
                    kind=kind,
                    channel=channel,
                    number_id=row[3],
                    language=row[4],
                    token=token,
                    unit_name=row[7],
                    units=count,
                    title=row[8] or "",
                    due=row[9] or "",
                    wanted=wanted,
                    route=row[10] or "",
                    tries=row[11],
                    repeat=bool(row[12]),
                )
            )
        return found

    def set_route(self, routes: Sequence[tuple[int, str]]) -> None:
        """See the port."""
        self._sql.many("UPDATE letter SET route = ?text WHERE id = ?", [(route, key) for key, route in routes])

    def give_back(self, letter_ids: Sequence[int]) -> None:
        """See the port."""
        self._sql.many(
            f"UPDATE letter SET state = {_READY}, lease_until = NULL, tries = tries - 1 WHERE id = ?",
            [(key,) for key in letter_ids],
        )

    def drop(self, letter_ids: Sequence[int], now: int) -> None:
        """See the port."""
        self._sql.many(
            f"UPDATE letter SET state = {LetterState.DROPPED.value}, lease_until = NULL, ended_at = ? WHERE id = ?",
            [(now, key) for key in letter_ids],
        )

    def hand(self, letter_ids: Sequence[int], now: int, report_by: int) -> None:
        """See the port. A late receipt of a claim that lapsed counts as well: it did go."""
        self._sql.many(
            f"""UPDATE letter SET state = {LetterState.HANDED.value},
            lease_until = CASE WHEN channel = {Channel.VOICE.value} THEN ? ELSE NULL END, handed_at = ?
            WHERE id = ? AND state IN ({_READY}, {_CLAIMED})""",
            [(report_by, now, key) for key in letter_ids],
        )

    def end_overdue(self, now: int, outcome: str) -> int:
        """See the port."""
        return self._sql.run(
            f"""UPDATE letter SET state = {LetterState.ENDED.value}, lease_until = NULL, ended_at = ?, outcome = ?
            WHERE lease_until <= ? AND (state = {LetterState.HANDED.value}
            OR state = {_CLAIMED} AND channel = {Channel.VOICE.value})""",
            now,
            outcome,
            now,
        )

    def finish(self, outcomes: Sequence[tuple[int, str]], now: int) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE letter SET state = {LetterState.ENDED.value}, lease_until = NULL, ended_at = ?, outcome = ?text
            WHERE id = ? AND state IN ({_READY}, {_CLAIMED}, {LetterState.HANDED.value})""",
            [(now, outcome, key) for key, outcome in outcomes],
        )

    def deliver(self, letter_ids: Sequence[int], at: int) -> None:
        """See the port."""
        self._sql.many(
            "UPDATE letter SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL",
            [(at, key) for key in letter_ids],
        )

    def again(self, letters: Sequence[tuple[int, int, bool]]) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE letter SET state = {_READY}, lease_until = NULL, due_at = ?,
            possible_duplicate = CASE WHEN ? = 1 THEN 1 ELSE possible_duplicate END WHERE id = ? AND state = {_CLAIMED}""",
            [(at, int(unsure), key) for key, at, unsure in letters],
        )

    def tries_of(self, letter_ids: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        return dict(self._sql.rows("SELECT id, tries FROM letter WHERE id IN {ids}", self._sql.ids(letter_ids)))

    def calls_among(self, letter_ids: Sequence[int]) -> frozenset[int]:
        """See the port."""
        rows = self._sql.rows(
            "SELECT id FROM letter WHERE id IN {ids} AND channel = ?", self._sql.ids(letter_ids), Channel.VOICE.value
        )
        return frozenset(row[0] for row in rows)

    def sent_by(self, letter_ids: Sequence[int]) -> Mapping[int, tuple[int, str]]:
        """See the port."""
        rows = self._sql.rows("SELECT id, number_id, route FROM letter WHERE id IN {ids}", self._sql.ids(letter_ids))
        return {row[0]: (row[1], row[2] or "") for row in rows}

    def endpoints_of(self, letter_ids: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        """See the port."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for letter_id, endpoint_id in self._sql.rows(
            """SELECT l.id, e.id FROM letter l JOIN endpoint e ON e.number_id = l.number_id AND e.channel = l.channel
            AND e.valid_until IS NULL WHERE l.id IN {ids} ORDER BY e.id""",
            self._sql.ids(letter_ids),
        ):
            found[letter_id].append(endpoint_id)
        return {key: tuple(ids) for key, ids in found.items()}

    def proofs_of(self, letter_ids: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        rows = self._sql.rows(
            "SELECT id, proof_id FROM letter WHERE id IN {ids} AND proof_id IS NOT NULL", self._sql.ids(letter_ids)
        )
        return {row[0]: row[1] for row in rows}

    # --- links --------------------------------------------------------------------------------------------

    def holder(self, token: str, now: int) -> LinkHolder | None:
        """See the port."""
        return link_holder(self._sql, token, now)

    def note_try(self, link_id: int) -> int:
        """See the port."""
        counted = "UPDATE renewal_link SET wrong_tries = wrong_tries + 1 WHERE id = ? RETURNING wrong_tries"
        return int(self._sql.value(counted, link_id) or 0)

    def note_use(self, link_id: int, now: int) -> None:
        """See the port."""
        self._sql.run("UPDATE renewal_link SET used_at = ?, wrong_tries = 0 WHERE id = ?", now, link_id)


def _first_of_each(entries: Sequence[tuple[int, int, int, str]]) -> list[tuple[int, int, int, str]]:
    """Of the first person the first address of each channel."""
    first = entries[0][0]
    found: dict[int, tuple[int, int, int, str]] = {}
    for one in entries:
        if one[0] == first:
            found.setdefault(one[1], one)
    return list(found.values())


def filing_token(link_key: bytes, campaign_id: int, number_id: int, channel: Channel, generation: int = 1) -> str:
    """The token of a registrar's link, one for each number and channel of a campaign."""
    return derived_token(link_key, f"renewal:{campaign_id}:{number_id}:{channel.value}:{generation}")


def any_letter_waits(sql: Sql, now: int) -> bool:
    """Whether any could go, or was claimed by somebody who has died."""
    ready = f"SELECT 1 FROM letter WHERE channel = ? AND state = {_READY} AND due_at <= ? LIMIT 1"
    lapsed = "SELECT 1 FROM letter WHERE lease_until IS NOT NULL AND lease_until <= ? LIMIT 1"
    found = (sql.value(ready, one.value, now) for one in (Channel.SMS, Channel.EMAIL, Channel.VOICE))
    return any(found) or sql.value(lapsed, now) is not None


def link_holder(sql: Sql, token: str, now: int) -> LinkHolder | None:
    """Who is behind a link at a moment (ms); None: there is no such link."""
    row = sql.one(
        """SELECT id, campaign_id, number_id, channel, receiver_id, expired_at FROM renewal_link
        WHERE hash = ?""",
        link_hash(token),
    )
    if row is None:
        return None
    units = _answers_for(sql, row[0], now)
    expired = row[5] is not None or not units
    return LinkHolder(row[0], row[1], row[2], Channel(row[3]), row[4], expired, frozenset(units))


def _answers_for(sql: Sql, link_id: int, now: int) -> tuple[int, ...]:
    """The units that a link still answers for: those at which its number is in force. Whoever was replaced sees nothing more.

    But for who named the successor by this very link: that page may be finished, and what comes of it be mended.
    """
    rows = sql.rows(
        f"""SELECT x.unit_id FROM renewal_link_unit x JOIN renewal_link l ON l.id = x.link_id
        LEFT JOIN filing f ON f.campaign_id = l.campaign_id AND f.unit_id = x.unit_id AND f.handed_in_by = ?
        WHERE l.id = ? AND EXISTS (SELECT 1 FROM endpoint e WHERE e.number_id = l.number_id AND e.unit_id = x.unit_id
          AND (e.valid_until IS NULL OR f.state = {FilingState.RETURNED.value} OR f.id IS NOT NULL AND e.valid_until > ?))
        ORDER BY x.unit_id""",
        f"link:{link_id}",
        link_id,
        now - HANDED_OVER_FOR,
    )
    return tuple(row[0] for row in rows)
