"""增加接收责任人: one receiver added to the register in mid-storm, in the transaction of the act.

A person of the same unit, role and name is the same person: only the number is added. What is new comes first
among those of the role, since whoever adds it in a storm knows that it is the one to use. Nothing is taken away.
"""

from __future__ import annotations

from warning_dispatch.engine.records import AddedContact
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.masking import mask
from warning_dispatch.model.register import RankedEndpoint, ranked_endpoints
from warning_dispatch.model.register_changes import ReceiverChange, RegisterChanges
from warning_dispatch.model.renewal import CampaignState
from warning_dispatch.model.unit import ReceiverEntry, Role
from warning_dispatch.ports import Sealer
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT, refresh_reach
from warning_dispatch.store.register_history import write_changes
from warning_dispatch.store.sql import Sql


def add_receiver(sql: Sql, sealer: Sealer, unit_id: int, entry: ReceiverEntry, now: int, *, actor: str) -> AddedContact:
    """See engine.storage.EndpointRows.add_receiver.

    1. A registrar's page of before is stale. 2. The person, known or new. 3. The numbers, known or new. 4. Endpoints that
    are not there yet. 5. The unit's reach. 6. The history.
    """
    _overtake(sql, unit_id)
    reach_before = sql.value("SELECT reach FROM unit WHERE id = ?", unit_id)
    receiver_id = _known(sql, sealer, unit_id, entry)
    wanted = [(one, _number(sql, sealer, one.address, sample=entry.sample)) for one in ranked_endpoints(entry)]
    fresh = _fresh(sql, receiver_id, unit_id, entry.role, wanted)
    if not fresh:
        raise RefusedError("该责任人和号码已在名册中 / this receiver is in the register with these numbers already")
    if receiver_id is None:
        receiver_id = _new(sql, sealer, unit_id, entry, now)
    made = tuple((_endpoint(sql, receiver_id, unit_id, entry, one, number_id), one.channel) for one, number_id in fresh)
    refresh_reach(sql.connection, [unit_id])
    changes = RegisterChanges((), (ReceiverChange(None, entry),))
    write_changes(sql, sealer, changes, actor=actor, source="storm", now=now)
    return AddedContact(receiver_id, unit_id, made, first=reach_before == 0)


def _overtake(sql: Sql, unit_id: int) -> None:
    """Whoever has the unit's filing before them must look again, or their people would end the one that is added here.

    Before all else: a hand-in takes the filing first, too, and then the rows of its people.
    """
    sql.run(
        """UPDATE filing SET version = version + 1 WHERE unit_id = ?
        AND campaign_id IN (SELECT id FROM campaign WHERE state = ?)""",
        unit_id,
        CampaignState.OPEN.value,
    )


def _known(sql: Sql, sealer: Sealer, unit_id: int, entry: ReceiverEntry) -> int | None:
    """The receiver in force of that role and name; names are sealed, so those of the unit are opened one by one."""
    rows = sql.rows(
        "SELECT id, name_sealed FROM receiver WHERE unit_id = ? AND role = ? AND valid_until IS NULL ORDER BY id",
        unit_id,
        int(entry.role),
    )
    named = (key for key, sealed in rows if sealer.unseal(sealed, NAME_CONTEXT).decode() == entry.name)
    return next(named, None)


def _new(sql: Sql, sealer: Sealer, unit_id: int, entry: ReceiverEntry, now: int) -> int:
    """A new receiver, after those of the same role."""
    key: int = sql.value(
        """INSERT INTO receiver (unit_id, role, name_sealed, post, language, rank, valid_from)
        SELECT ?, ?, ?, ?, ?, coalesce(max(rank) + 1, 0), ? FROM receiver
        WHERE unit_id = ? AND role = ? AND valid_until IS NULL RETURNING id""",
        unit_id,
        int(entry.role),
        sealer.seal(entry.name.encode(), NAME_CONTEXT),
        entry.post,
        entry.language,
        now,
        unit_id,
        int(entry.role),
    )
    return key


def _number(sql: Sql, sealer: Sealer, address: str, *, sample: bool) -> int:
    """The key of an address; one of several units is one row."""
    blind = sealer.blind_index(address)
    found: int | None = sql.value("SELECT id FROM number WHERE blind_index = ?", blind)
    if found is not None:
        return found
    key: int = sql.value(
        "INSERT INTO number (kind, sealed, blind_index, masked, sample) VALUES (?, ?, ?, ?, ?) RETURNING id",
        "mail" if "@" in address else "phone",
        sealer.seal(address.encode(), NUMBER_CONTEXT),
        blind,
        mask(address),
        int(sample),
    )
    return key


def _fresh(
    sql: Sql, receiver_id: int | None, unit_id: int, role: Role, wanted: list[tuple[RankedEndpoint, int]]
) -> list[tuple[RankedEndpoint, int]]:
    """(endpoint, number) pairs that the person does not have yet, ranked before all others of the unit's role."""
    rows = sql.rows(
        """SELECT receiver_id, channel, number_id, rank FROM endpoint
        WHERE unit_id = ? AND role = ? AND valid_until IS NULL AND usable = 1""",
        unit_id,
        int(role),
    )
    there = {(channel, number_id) for holder, channel, number_id, _ in rows if holder == receiver_id}
    fresh = [(one, number_id) for one, number_id in wanted if (one.channel.value, number_id) not in there]
    before = min((rank for _, _, _, rank in rows), default=len(fresh))
    return [
        (RankedEndpoint(one.channel, one.address, before - len(fresh) + place), number_id)
        for place, (one, number_id) in enumerate(sorted(fresh, key=lambda pair: pair[0].rank))
    ]


def _endpoint(
    sql: Sql, receiver_id: int, unit_id: int, entry: ReceiverEntry, one: RankedEndpoint, number_id: int
) -> int:
    key: int = sql.value(
        """INSERT INTO endpoint (receiver_id, unit_id, role, channel, number_id, rank)
        VALUES (?, ?, ?, ?, ?, ?) RETURNING id""",
        receiver_id,
        unit_id,
        int(entry.role),
        one.channel.value,
        number_id,
        one.rank,
    )
    return key
