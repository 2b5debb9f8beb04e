"""单位的责任人: the people of a few units, read in clear and replaced by the same comparison as a whole register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.model.register import PeopleCounts, Register
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.unit import Channel, EndpointEntry, PersonKey, ReceiverEntry, Role
from warning_dispatch.ports import Sealer
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT, replace_people
from warning_dispatch.store.register_history import write_changes
from warning_dispatch.store.roster_rows import follow_people
from warning_dispatch.store.sql import Sql


@dataclass(frozen=True, slots=True)
class StoredEndpoint:
    """An endpoint in force with what is known about it; the address in clear."""

    number_id: int
    entry: EndpointEntry
    masked: str
    proved: bool
    finding: str


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A receiver in force with its endpoints, in the order in which they are tried."""

    receiver_id: int
    unit_id: int
    entry: ReceiverEntry
    endpoints: tuple[StoredEndpoint, ...]


def people_of(sql: Sql, sealer: Sealer, unit_ids: Sequence[int]) -> Mapping[int, tuple[StoredPerson, ...]]:
    """Everybody in force of these units, numbers and names unsealed; bad numbers included, as they stand on file."""
    ids = sql.ids(unit_ids)
    endpoints: defaultdict[int, list[tuple[StoredEndpoint, bool]]] = defaultdict(list)
    clear: dict[int, str] = {}
    for receiver, channel, number, sealed, masked, sample, proved_at, finding in sql.rows(
        """SELECT e.receiver_id, e.channel, e.number_id, n.sealed, n.masked, n.sample, e.proved_at, e.finding
        FROM endpoint e JOIN number n ON n.id = e.number_id WHERE e.unit_id IN {ids} AND e.valid_until IS NULL
        ORDER BY e.rank, e.id""",
        ids,
    ):
        if number not in clear:
            clear[number] = sealer.unseal(sealed, NUMBER_CONTEXT).decode()
        entry = EndpointEntry(Channel(channel), clear[number])
        endpoints[receiver].append(
            (StoredEndpoint(number, entry, masked, proved_at is not None, finding), bool(sample))
        )
    found: defaultdict[int, list[StoredPerson]] = defaultdict(list)
    for key, unit_id, code, role, name, post, language, *days in sql.rows(
        """SELECT r.id, r.unit_id, u.code, r.role, r.name_sealed, r.post, r.language, r.serves_from, r.serves_until,
        r.verified_on, r.verified_how FROM receiver r JOIN unit u ON u.id = r.unit_id
        WHERE r.unit_id IN {ids} AND r.valid_until IS NULL ORDER BY u.id, r.role, r.rank, r.id""",
        ids,
    ):
        own = endpoints[key]
        person = ReceiverEntry(
            code,
            Role(role),
            sealer.unseal(name, NAME_CONTEXT).decode(),
            post,
            language,
            tuple(one.entry for one, _ in own),
            any(sample for _, sample in own),
            *days,
        )
        found[unit_id].append(StoredPerson(key, unit_id, person, tuple(one for one, _ in own)))
    return {unit_id: tuple(found[unit_id]) for unit_id in unit_ids}


class PeopleTable:
    """engine.storage_renewal.PeopleRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def of_units(self, unit_ids: Sequence[int]) -> Mapping[int, tuple[ReceiverEntry, ...]]:
        """See the port."""
        found = people_of(self._sql, self._sealer, unit_ids)
        return {unit_id: tuple(one.entry for one in people) for unit_id, people in found.items()}

    def replace(
        self, people: Mapping[int, tuple[ReceiverEntry, ...]], now: int, *, actor: str, source: str
    ) -> PeopleCounts:
        """See the port. 1. What differs. 2. The rows. 3. The history. 4. Shifts follow their people."""
        before = self.of_units(list(people))
        old = tuple(entry for unit_id in people for entry in before[unit_id])
        new = tuple(entry for entries in people.values() for entry in entries)
        changes = changes_between(Register((), old), Register((), new))
        units = dict(self._sql.rows("SELECT code, id FROM unit WHERE id IN {ids}", self._sql.ids(people)))
        counts = replace_people(self._sql.connection, self._sealer, new, units, now)
        write_changes(self._sql, self._sealer, changes, actor=actor, source=source, now=now)
        if counts.receivers_ended:
            follow_people(self._sql, self._sealer)
        return counts

    def verify(
        self, unit_ids: Sequence[int], since: str, day: str, how: str, *, kept: Collection[PersonKey] = ()
    ) -> None:
        """See the port. The units of those who are kept one person at a time, the others as wholes."""
        kept = frozenset(kept)
        people = self._receivers(unit_ids, kept)
        whole = [unit_id for unit_id in unit_ids if unit_id not in people]
        sure = [key for those in people.values() for key, said in those if said not in kept]
        for column, ids in (("unit_id", whole), ("id", sure)):
            self._sql.run(
                f"""UPDATE receiver SET verified_on = ?, verified_how = ?
                WHERE {column} IN {{ids}} AND valid_until IS NULL AND verified_on < ?""",
                day,
                how,
                self._sql.ids(ids),
                since,
            )

    def _receivers(
        self, unit_ids: Sequence[int], kept: Collection[PersonKey]
    ) -> Mapping[int, list[tuple[int, PersonKey]]]:
        """Everybody in force of those of these units where somebody is kept: receivers, and who each is."""
        if not kept:
            return {}
        codes = {code for code, _, _ in kept}
        rows = self._sql.rows("SELECT id, code FROM unit WHERE id IN {ids}", self._sql.ids(unit_ids))
        found = people_of(self._sql, self._sealer, [unit_id for unit_id, code in rows if code in codes])
        return {
            unit_id: [(one.receiver_id, (one.entry.unit_code, one.entry.role, one.entry.name)) for one in people]
            for unit_id, people in found.items()
        }

    def proved(self, unit_ids: Sequence[int]) -> frozenset[str]:
        """See the port."""
        found = people_of(self._sql, self._sealer, unit_ids)
        return frozenset(
            one.entry.address
            for people in found.values()
            for person in people
            for one in person.endpoints
            if one.proved
        )
