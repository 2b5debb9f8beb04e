"""Proofs ↔ rows: test messages and what their holders said; and what real answers prove by the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from warning_dispatch.engine.storage_renewal import ProofRecord
from warning_dispatch.model.masking import mask
from warning_dispatch.model.renewal import ProofState
from warning_dispatch.model.unit import Channel, EndpointEntry
from warning_dispatch.ports import Sealer
from warning_dispatch.store.register import NUMBER_CONTEXT
from warning_dispatch.store.sealing import derived_token, link_hash
from warning_dispatch.store.sql import Sql, marks

PROVED_AGAIN_AFTER = 86_400_000
"""ms: who answers ten times in a night proves it once."""
_ASKED = ProofState.ASKED.value
_COLUMNS = "id, number_id, channel, unit_id, state, campaign_id"


class ProofTable:
    """engine.storage_renewal.ProofRows."""

    def __init__(self, sql: Sql, sealer: Sealer, link_key: bytes) -> None:
        self._sql = sql
        self._sealer = sealer
        self._key = link_key

    def ask(
        self, wanted: Sequence[tuple[int, EndpointEntry, bool]], campaign_id: int | None, now: int
    ) -> Sequence[ProofRecord]:
        """See the port. A number that is not in force yet (it waits for approval) gets its row here."""
        keys = [(unit_id, self._number(one, sample=sample), one.channel) for unit_id, one, sample in wanted]
        self._sql.many(
            f"""INSERT INTO proof (campaign_id, number_id, channel, unit_id, state, asked_at)
            VALUES (?, ?, ?, ?, {_ASKED}, ?) ON CONFLICT DO NOTHING""",
            [(campaign_id, number, channel.value, unit_id, now) for unit_id, number, channel in keys],
        )
        rows = self._sql.rows(
            f"SELECT {_COLUMNS}, hash FROM proof WHERE state = {_ASKED} AND number_id IN {{ids}} ORDER BY id",
            self._sql.ids({number for _, number, _ in keys}),
        )
        fresh = [(link_hash(proof_token(self._key, row[0])), row[0]) for row in rows if row[6] is None]
        self._sql.many("UPDATE proof SET hash = ?bytea WHERE id = ?", fresh)
        asked = {(number, channel.value) for _, number, channel in keys}
        return [replace(_proof(row[:6]), fresh=row[6] is None) for row in rows if (row[1], row[2]) in asked]

    def _number(self, one: EndpointEntry, *, sample: bool) -> int:
        blind = self._sealer.blind_index(one.address)
        found: int | None = self._sql.value("SELECT id FROM number WHERE blind_index = ?", blind)
        if found is not None:
            return found
        key: int = self._sql.value(
            "INSERT INTO number (kind, sealed, blind_index, masked, sample) VALUES (?, ?, ?, ?, ?) RETURNING id",
            "mail" if "@" in one.address else "phone",
            self._sealer.seal(one.address.encode(), NUMBER_CONTEXT),
            blind,
            mask(one.address),
            int(sample),
        )
        return key

    def by_token(self, token: str) -> ProofRecord | None:
        """See the port."""
        row = self._sql.one(f"SELECT {_COLUMNS} FROM proof WHERE hash = ?", link_hash(token))
        return None if row is None else _proof(row)

    def by_numbers(self, blind_indexes: Sequence[bytes]) -> Sequence[ProofRecord]:
        """See the port."""
        found: list[ProofRecord] = []
        for some in _some(list(dict.fromkeys(blind_indexes))):
            rows = self._sql.rows(
                f"""SELECT {_COLUMNS} FROM proof WHERE state = {_ASKED}
                AND number_id IN (SELECT id FROM number WHERE blind_index IN ({marks(some)})) ORDER BY id""",
                *some,
            )
            found += map(_proof, rows)
        return found

    def load(self, proof_ids: Sequence[int]) -> Sequence[ProofRecord]:
        """See the port."""
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM proof WHERE id IN {{ids}} ORDER BY id", self._sql.ids(proof_ids))
        return [_proof(row) for row in rows]

    def end(self, proof_ids: Sequence[int], state: ProofState, means: str, now: int) -> int:
        """See the port."""
        return self._sql.run(
            f"UPDATE proof SET state = ?, means = ?, ended_at = ? WHERE id IN {{ids}} AND state = {_ASKED}",
            state.value,
            means,
            now,
            self._sql.ids(proof_ids),
        )

    def lapse(self, asked_before: int, now: int) -> int:
        """See the port."""
        return self._sql.run(
            f"UPDATE proof SET state = ?, ended_at = ? WHERE state = {_ASKED} AND asked_at < ?",
            ProofState.LAPSED.value,
            now,
            asked_before,
        )

    def left(self, unit_ids: Sequence[int]) -> Mapping[int, str]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT p.id, n.sealed FROM proof p JOIN number n ON n.id = p.number_id
            WHERE p.state = {_ASKED} AND p.unit_id IN {{ids}} AND NOT EXISTS (SELECT 1 FROM endpoint e
              WHERE e.number_id = p.number_id AND e.valid_until IS NULL) ORDER BY p.id""",
            self._sql.ids(unit_ids),
        )
        return {row[0]: self._sealer.unseal(bytes(row[1]), NUMBER_CONTEXT).decode() for row in rows}

    def prove_numbers(self, number_ids: Sequence[int], now: int) -> int:
        """See the port."""
        return self._sql.run(
            "UPDATE endpoint SET proved_at = ? WHERE number_id IN {ids} AND valid_until IS NULL",
            now,
            self._sql.ids(number_ids),
        )

    def carry_over(self, unit_ids: Sequence[int], since: int) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE endpoint SET proved_at = (SELECT max(p.ended_at) FROM proof p
            WHERE p.number_id = endpoint.number_id AND p.state = {ProofState.PROVED.value} AND p.asked_at >= ?)
            WHERE unit_id IN {{ids}} AND valid_until IS NULL AND proved_at IS NULL AND EXISTS (SELECT 1 FROM proof p
            WHERE p.number_id = endpoint.number_id AND p.state = {ProofState.PROVED.value} AND p.asked_at >= ?)""",
            since,
            self._sql.ids(unit_ids),
            since,
        )

    def prove_by_answers(
        self, attempts: Sequence[int], tokens: Sequence[str], blind_indexes: Sequence[bytes], now: int
    ) -> None:
        """See the port. 1. Which numbers. 2. Their endpoints that were not proved lately. 3. One statement."""
        numbers = {row[0] for row in self._sql.rows(_OF_ATTEMPTS, self._sql.ids(attempts))} if attempts else set()
        for some in _some([link_hash(token) for token in tokens]):
            numbers.update(row[0] for row in self._sql.rows(_OF_LINKS.format(marks=marks(some)), *some))
        for some in _some(blind_indexes):
            known = f"SELECT id FROM number WHERE blind_index IN ({marks(some)})"
            numbers.update(row[0] for row in self._sql.rows(known, *some))
        if not numbers:
            return
        rows = self._sql.rows(
            f"""SELECT e.id FROM endpoint e WHERE e.number_id IN {{ids}} AND e.valid_until IS NULL
            AND (e.proved_at IS NULL OR e.proved_at < ?) ORDER BY e.id{self._sql.locking("e", skip=True)}""",
            self._sql.ids(numbers),
            now - PROVED_AGAIN_AFTER,
        )
        if rows:
            self._sql.run(
                "UPDATE endpoint SET proved_at = ? WHERE id IN {ids}", now, self._sql.ids(row[0] for row in rows)
            )


_OF_ATTEMPTS = "SELECT DISTINCT number_id FROM attempt WHERE id IN {ids} AND number_id IS NOT NULL"
_OF_LINKS = """SELECT min(e.number_id) FROM link l JOIN endpoint e ON e.receiver_id = l.receiver_id
 AND e.channel = l.channel AND e.valid_until IS NULL WHERE l.hash IN ({marks})
 GROUP BY l.hash HAVING count(DISTINCT e.number_id) = 1"""
"""Of each link the number it was sent to, where there was only one."""
_AT_ONCE = 500


def _some(values: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def proof_token(link_key: bytes, proof_id: int) -> str:
    """The token in a test message."""
    return derived_token(link_key, f"proof:{proof_id}")


def _proof(row: tuple[int, ...]) -> ProofRecord:
    return ProofRecord(row[0], row[1], Channel(row[2]), row[3], ProofState(row[4]), row[5])
