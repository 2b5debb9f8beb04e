"""名册入库: taking a register over into the database, all or nothing, in the caller's transaction.

A second import is a comparison by unit code. What is unchanged keeps its row (and with it what the storm has
learnt about it), what is changed or gone gets `valid_until`, what is new gets a new row. A unit is changed in
place, since call-outs under way refer to it; receivers and endpoints never are, since records refer to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, bindparam, select, update

from warning_dispatch.errors import Finding, NotFoundError, RegisterError
from warning_dispatch.model.masking import mask
from warning_dispatch.model.register import PeopleCounts, Register, RegisterCounts, ranked_endpoints
from warning_dispatch.model.register_changes import RegisterChanges
from warning_dispatch.model.unit import Channel, ReceiverEntry, Role, Unit, reach_bit
from warning_dispatch.ports import Sealer
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.register_writing import insert_rows
from warning_dispatch.store.schema import endpoint as endpoint_table
from warning_dispatch.store.schema import number as number_table
from warning_dispatch.store.schema import receiver as receiver_table
from warning_dispatch.store.schema import unit as unit_table
from warning_dispatch.store.service_days import NOT_YET, settle_service_days
from warning_dispatch.store.sql import Sql

NUMBER_CONTEXT = "number"
"""The sealing context of number.sealed."""
NAME_CONTEXT = "receiver.name"
"""The sealing context of receiver.name_sealed."""
_CHUNK = 500
"""Ids in one IN list: SQLite takes no more than 32,766 parameters, and short lists are planned faster."""
_MANY = 2_000
"""More digests than this are looked up by reading all."""

_Record = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a replacement looks at: codes of the units that differ, and of those whose people do."""

    units: frozenset[str]
    people: frozenset[str]

    @classmethod
    def of(cls, changes: RegisterChanges) -> Reach:
        """What these changes touch."""
        units = frozenset(one.unit_code for one in changes.units)
        return cls(units, units.union(changes.reordered, (one.unit_code for one in changes.receivers)))


def replace_register(
    connection: Connection, sealer: Sealer, register: Register, now: int, only: Reach | None = None
) -> RegisterCounts:
    """Make the database's register this one. `now` in ms UTC.

    `only`: all else is known to be the same, and is not looked at: a county's list holds the writer no longer than its
    own rows take. None: everything is compared.

    1. units, superiors first; those that are gone are ended and no longer callable
    2. numbers, one row for each distinct address
    3. receivers, compared by unit, role, name, post and language
    4. endpoints, compared by receiver, channel and number
    5. who does not serve yet, or no longer (see store/service_days.py)
    6. the `reach` mask of every unit whose endpoints changed

    Raises RegisterError, having written nothing, when a superior or a receiver's unit is not in the register.
    """
    generations = _generations(register.units)
    _refuse_strangers(register)
    people = [one for one in register.receivers if only is None or one.unit_code in only.people]
    units = _save_units(connection, generations, now, None if only is None else only.units)
    scope = None if only is None else frozenset(units.ids[code] for code in only.people if code in units.ids)
    numbers = _save_numbers(connection, sealer, people)
    receivers = _save_receivers(connection, sealer, people, units.ids, now, scope)
    endpoints = _save_endpoints(connection, receivers, numbers, now, scope)
    settled = settle_service_days(Sql(connection), now)
    refresh_reach(connection, endpoints.touched | settled.units)
    return RegisterCounts(
        units=len(register.units),
        receivers=len(register.receivers),
        endpoints=sum(len(set(one.endpoints)) for one in register.receivers),
        numbers=len({each.address for one in register.receivers for each in one.endpoints}),
        units_added=units.added,
        units_changed=units.changed,
        units_ended=units.ended,
        receivers_added=receivers.added,
        receivers_ended=receivers.ended,
        endpoints_added=endpoints.added,
        endpoints_ended=endpoints.ended,
    )


def replace_people(
    connection: Connection, sealer: Sealer, receivers: Sequence[ReceiverEntry], units: Mapping[str, int], now: int
) -> PeopleCounts:
    """Make these the people of some units (code → key), by the same comparison as `replace_register`; others stay as they are."""
    scope = frozenset(units.values())
    numbers = _save_numbers(connection, sealer, receivers)
    saved = _save_receivers(connection, sealer, receivers, units, now, scope)
    endpoints = _save_endpoints(connection, saved, numbers, now, scope)
    settled = settle_service_days(Sql(connection), now)
    refresh_reach(connection, endpoints.touched | settled.units)
    return PeopleCounts(saved.added, saved.ended, endpoints.added, endpoints.ended)


def refresh_reach(connection: Connection, unit_ids: Iterable[int]) -> None:
    """Recompute `unit.reach` of these units from their usable endpoints in force."""
    for chunk in _chunks(sorted(set(unit_ids))):
        found = connection.execute(
            select(endpoint_table.c.unit_id, endpoint_table.c.role, endpoint_table.c.channel)
            .distinct()
            .where(
                endpoint_table.c.unit_id.in_(chunk),
                endpoint_table.c.usable == 1,
                endpoint_table.c.valid_until.is_(None),
            )
        )
        reach = dict.fromkeys(chunk, 0)
        for unit_id, role, channel in found:
            reach[unit_id] |= reach_bit(Role(role), Channel(channel))
        _update_rows(connection, unit_table, [{"row_id": key, "reach": mask_} for key, mask_ in reach.items()])


@dataclass(frozen=True, slots=True)
class Unusable:
    """An endpoint that calls and messages no longer use. `masked`: its number."""

    unit_code: str
    unit_name: str
    role: Role
    channel: Channel
    masked: str
    finding: str


def unusable_endpoints(connection: Connection) -> list[Unusable]:
    """What the storms have found to be wrong and nobody has mended, by unit."""
    rows = connection.execute(
        select(
            unit_table.c.code,
            unit_table.c.name,
            endpoint_table.c.role,
            endpoint_table.c.channel,
            number_table.c.masked,
            endpoint_table.c.finding,
        )
        .join(unit_table, unit_table.c.id == endpoint_table.c.unit_id)
        .join(number_table, number_table.c.id == endpoint_table.c.number_id)
        .where(
            endpoint_table.c.usable == 0, endpoint_table.c.finding != NOT_YET, endpoint_table.c.valid_until.is_(None)
        )
        .order_by(unit_table.c.code, endpoint_table.c.id)
    )
    return [Unusable(row[0], row[1], Role(row[2]), Channel(row[3]), row[4], row[5]) for row in rows]


def restore_endpoints(connection: Connection, unit_code: str) -> list[int]:
    """Use every number of a unit again (a registrar has called it); the endpoints it concerned, also at other units.

    NotFoundError for a unit that the register does not have.
    """
    known = select(unit_table.c.id).where(unit_table.c.code == unit_code, unit_table.c.valid_until.is_(None))
    if connection.execute(known).first() is None:
        raise NotFoundError(f"名册里没有单位 {unit_code} / the register has no unit {unit_code}")
    own = (
        select(endpoint_table.c.number_id)
        .join(unit_table, unit_table.c.id == endpoint_table.c.unit_id)
        .where(
            unit_table.c.code == unit_code,
            endpoint_table.c.usable == 0,
            endpoint_table.c.finding != NOT_YET,
            endpoint_table.c.valid_until.is_(None),
        )
    )
    found = connection.execute(
        select(endpoint_table.c.id, endpoint_table.c.unit_id).where(
            endpoint_table.c.number_id.in_(own),
            endpoint_table.c.usable == 0,
            endpoint_table.c.finding != NOT_YET,
            endpoint_table.c.valid_until.is_(None),
        )
    ).all()
    _update_rows(connection, endpoint_table, [{"row_id": row.id, "usable": 1, "finding": ""} for row in found])
    refresh_reach(connection, {row.unit_id for row in found})
    return [row.id for row in found]


# --- units ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _SavedUnits:
    ids: Mapping[str, int]
    added: int
    changed: int
    ended: int


def _generations(units: Sequence[Unit]) -> list[list[Unit]]:
    """Units by depth: each superior stands in an earlier list."""
    placed: set[str | None] = {None}
    waiting = list(units)
    generations = []
    while waiting:
        ready = [unit for unit in waiting if unit.superior in placed]
        if not ready:
            what = "上级不存在或成环 / its superior does not exist, or they form a cycle"
            raise RegisterError([Finding(unit.code, f"{what}: {unit.superior}") for unit in waiting])
        generations.append(ready)
        waiting = [unit for unit in waiting if unit.superior not in placed]
        placed.update(unit.code for unit in ready)
    return generations


def _refuse_strangers(register: Register) -> None:
    codes = {unit.code for unit in register.units}
    if len(codes) < len(register.units):
        raise RegisterError([Finding("units", "编码重复 / a code stands twice")])
    strangers = sorted({entry.unit_code for entry in register.receivers} - codes)
    if strangers:
        raise RegisterError([Finding(code, "单位编码不存在 / unknown unit code") for code in strangers])


def _save_units(
    connection: Connection, generations: list[list[Unit]], now: int, only: frozenset[str] | None
) -> _SavedUnits:
    ids: dict[str, int] = dict(Sql(connection).rows("SELECT code, id FROM unit"))
    stored = {row.code: row for row in _stored_units(connection, None if only is None else sorted(only & ids.keys()))}
    added = changed = 0
    for every in generations:
        generation = [unit for unit in every if only is None or unit.code in only]
        fresh = [unit for unit in generation if unit.code not in stored]
        keys = insert_rows(connection, unit_table, [{**_unit_values(unit, ids), "valid_from": now} for unit in fresh])
        ids.update(zip((unit.code for unit in fresh), keys, strict=True))
        added += len(fresh)
        changed += _change_units(connection, [unit for unit in generation if unit.code in stored], stored, ids, now)
    kept = {unit.code for generation in generations for unit in generation}
    gone = [row.id for code, row in stored.items() if code not in kept and row.valid_until is None]
    _update_rows(connection, unit_table, [{"row_id": key, "callable": 0, "valid_until": now} for key in gone])
    return _SavedUnits(ids, added, changed, len(gone))


def _stored_units(connection: Connection, codes: list[str] | None) -> Iterator[Any]:
    """Rows of these units, ended ones too; of all when None."""
    if codes is None:
        yield from connection.execute(select(unit_table))
        return
    for chunk in _chunks(codes):
        yield from connection.execute(select(unit_table).where(unit_table.c.code.in_(chunk)))


def _unit_values(unit: Unit, ids: Mapping[str, int]) -> _Record:
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind.value,
        "level": unit.level.value,
        "area": unit.area,
        "superior_id": None if unit.superior is None else ids[unit.superior],
        "sector": unit.sector,
        "callable": int(unit.callable),
        "certified_on": unit.certified_on,
        "review_on": unit.review_on,
        "measures": unit.measures,
        "certificate": unit.certificate,
    }


def _change_units(
    connection: Connection, units: list[Unit], stored: Mapping[str, Any], ids: Mapping[str, int], now: int
) -> int:
    """Units that differ, or come back after they were ended; how many."""
    changes = []
    for unit in units:
        before = stored[unit.code]
        values = _unit_values(unit, ids)
        back = before.valid_until is not None
        if back or any(before._mapping[key] != value for key, value in values.items()):  # noqa: SLF001 - Row's public API
            valid_from = now if back else before.valid_from
            changes.append({"row_id": before.id, **values, "valid_from": valid_from, "valid_until": None})
    _update_rows(connection, unit_table, changes)
    return len(changes)


# --- numbers ----------------------------------------------------------------------------------------------


def new_numbers(engine: Engine, sealer: Sealer, receivers: Sequence[ReceiverEntry]) -> Iterator[Callable[[], None]]:
    """Short jobs for the writer that store the numbers that are new: those that nobody holds yet do not ring.

    Sealing them is most of the work of a first import, and is done here, where nobody waits for it.
    """
    samples = {each.address: entry.sample for entry in receivers for each in entry.endpoints}
    blind = {address: sealer.blind_index(address) for address in samples}
    with reading(engine) as connection:
        known = _known_numbers(connection, list(blind.values()))
    for chunk in _chunks(one for one in samples if blind[one] not in known):
        yield partial(_store_numbers, engine, [_number_values(sealer, one, blind[one], samples[one]) for one in chunk])


def _store_numbers(engine: Engine, rows: Sequence[_Record]) -> None:
    """Insert those that nobody else has meanwhile."""
    with writing(engine) as connection:
        known = _known_numbers(connection, [row["blind_index"] for row in rows])
        _insert_numbers(connection, [row for row in rows if row["blind_index"] not in known])


def _save_numbers(connection: Connection, sealer: Sealer, receivers: Sequence[ReceiverEntry]) -> dict[str, int]:
    """The key of each address. Numbers in no endpoint any more stay: old attempts refer to them."""
    samples = {each.address: entry.sample for entry in receivers for each in entry.endpoints}
    blind = {address: sealer.blind_index(address) for address in samples}
    known = _known_numbers(connection, list(blind.values()))
    fresh = [address for address in samples if blind[address] not in known]
    known |= _insert_numbers(connection, [_number_values(sealer, one, blind[one], samples[one]) for one in fresh])
    return {address: known[blind[address]] for address in samples}


def _known_numbers(connection: Connection, blind: Sequence[bytes]) -> dict[bytes, int]:
    """Keys of the numbers that are stored, by their blind index; for many of them, simply of all."""
    if len(blind) > _MANY:
        return {bytes(row[0]): row[1] for row in Sql(connection).rows("SELECT blind_index, id FROM number")}
    known: dict[bytes, int] = {}
    for chunk in _chunks(blind):
        wanted = select(number_table.c.blind_index, number_table.c.id).where(number_table.c.blind_index.in_(chunk))
        known |= {bytes(digest): key for digest, key in connection.execute(wanted)}
    return known


def _number_values(sealer: Sealer, address: str, blind: bytes, sample: bool) -> _Record:
    return {
        "kind": "mail" if "@" in address else "phone",
        "sealed": sealer.seal(address.encode(), NUMBER_CONTEXT),
        "blind_index": blind,
        "masked": mask(address),
        "sample": int(sample),
    }


def _insert_numbers(connection: Connection, rows: list[_Record]) -> dict[bytes, int]:
    """Insert numbers that are new; the key of each by its blind index."""
    keys = insert_rows(connection, number_table, rows)
    return dict(zip((row["blind_index"] for row in rows), keys, strict=True))


# --- receivers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placed:
    """A receiver of the register with the row that stands for it."""

    receiver_id: int
    unit_id: int
    entry: ReceiverEntry


@dataclass(frozen=True, slots=True)
class _SavedReceivers:
    """`names` of everybody who was in force before, by receiver."""

    placed: list[_Placed]
    names: Mapping[int, str]
    added: int
    ended: int


@dataclass(frozen=True, slots=True)
class _Stored:
    """A receiver's row: what may change in it without another person standing there."""

    id: int
    name: str
    facts: tuple[object, ...]


def _save_receivers(
    connection: Connection,
    sealer: Sealer,
    receivers: Sequence[ReceiverEntry],
    ids: Mapping[str, int],
    now: int,
    scope: frozenset[int] | None = None,
) -> _SavedReceivers:
    """`scope`: only the people of these units are compared; None: everybody."""
    stored = _stored_receivers(connection, sealer, scope)
    names = {one.id: one.name for same in stored.values() for one in same}
    ranks: dict[tuple[str, Role], int] = defaultdict(int)
    placed: list[_Placed] = []
    fresh: list[tuple[ReceiverEntry, int]] = []
    changed: list[_Record] = []
    for entry in receivers:
        rank = ranks[entry.unit_code, entry.role]
        ranks[entry.unit_code, entry.role] += 1
        unit_id = ids[entry.unit_code]
        same = stored.get((unit_id, entry.role.value, entry.name, entry.post, entry.language))
        if not same:
            fresh.append((entry, rank))
            continue
        before = same.pop(0)
        placed.append(_Placed(before.id, unit_id, entry))
        facts = _facts(entry, rank)
        if before.facts != tuple(facts.values()):
            changed.append({"row_id": before.id, **facts})
    rows = [_receiver_values(sealer, entry, rank, ids[entry.unit_code], now) for entry, rank in fresh]
    keys = insert_rows(connection, receiver_table, rows)
    placed += [_Placed(key, ids[entry.unit_code], entry) for key, (entry, _) in zip(keys, fresh, strict=True)]
    gone = [one.id for left in stored.values() for one in left]
    _update_rows(connection, receiver_table, changed)
    _update_rows(connection, receiver_table, [{"row_id": key, "valid_until": now} for key in gone])
    return _SavedReceivers(placed, names, len(fresh), len(gone))


def _stored_receivers(
    connection: Connection, sealer: Sealer, scope: frozenset[int] | None
) -> dict[tuple[object, ...], list[_Stored]]:
    """Each receiver in force, by what makes it the same receiver."""
    stored: dict[tuple[object, ...], list[_Stored]] = defaultdict(list)
    sql = Sql(connection)
    rows = sql.rows(
        f"""SELECT id, unit_id, role, name_sealed, post, language, rank, serves_from, serves_until, verified_on,
        verified_how FROM receiver WHERE valid_until IS NULL{"" if scope is None else " AND unit_id IN {ids}"} ORDER BY id""",
        *(() if scope is None else (sql.ids(scope),)),
    )
    for key, unit_id, role, sealed, post, language, *facts in rows:
        name = sealer.unseal(sealed, NAME_CONTEXT).decode()
        stored[unit_id, role, name, post, language].append(_Stored(key, name, tuple(facts)))
    return stored


def _facts(entry: ReceiverEntry, rank: int) -> _Record:
    """What is written over in place; the history keeps what stood there."""
    return {
        "rank": rank,
        "serves_from": entry.serves_from,
        "serves_until": entry.serves_until,
        "verified_on": entry.verified_on,
        "verified_how": entry.verified_how,
    }


def _receiver_values(sealer: Sealer, entry: ReceiverEntry, rank: int, unit_id: int, now: int) -> _Record:
    return {
        "unit_id": unit_id,
        "role": entry.role.value,
        "name_sealed": sealer.seal(entry.name.encode(), NAME_CONTEXT),
        "post": entry.post,
        "language": entry.language,
        **_facts(entry, rank),
        "valid_from": now,
    }


# --- endpoints --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _SavedEndpoints:
    touched: set[int]
    added: int
    ended: int


def _save_endpoints(
    connection: Connection,
    receivers: _SavedReceivers,
    numbers: Mapping[str, int],
    now: int,
    scope: frozenset[int] | None = None,
) -> _SavedEndpoints:
    """Rows that are the same stay. A new row of a known number keeps what was found out about it, the same person's its proof."""
    in_force = select(endpoint_table).where(endpoint_table.c.valid_until.is_(None))
    parts = [in_force]
    if scope is not None:
        parts = [in_force.where(endpoint_table.c.unit_id.in_(some)) for some in _chunks(sorted(scope))]
    stored = [row for part in parts for row in connection.execute(part)]
    left = {(row.receiver_id, row.channel, row.number_id, row.rank): row for row in stored}
    verdicts = {
        (row.unit_id, row.channel, row.number_id): (row.usable, row.finding)
        for row in stored
        if not row.usable and row.finding != NOT_YET
    }
    proofs = {
        (row.unit_id, row.number_id, receivers.names.get(row.receiver_id)): row.proved_at
        for row in stored
        if row.proved_at is not None
    }
    fresh: list[_Record] = []
    for each in receivers.placed:
        for ranked in ranked_endpoints(each.entry):
            number_id = numbers[ranked.address]
            if left.pop((each.receiver_id, ranked.channel.value, number_id, ranked.rank), None) is not None:
                continue
            usable, finding = verdicts.get((each.unit_id, ranked.channel.value, number_id), (1, ""))
            fresh.append(
                {
                    "receiver_id": each.receiver_id,
                    "unit_id": each.unit_id,
                    "role": each.entry.role.value,
                    "channel": ranked.channel.value,
                    "number_id": number_id,
                    "rank": ranked.rank,
                    "usable": usable,
                    "finding": finding,
                    "proved_at": proofs.get((each.unit_id, number_id, each.entry.name)),
                }
            )
    insert_rows(connection, endpoint_table, fresh)
    _update_rows(connection, endpoint_table, [{"row_id": row.id, "valid_until": now} for row in left.values()])
    touched = {row["unit_id"] for row in fresh} | {row.unit_id for row in left.values()}
    return _SavedEndpoints(touched, len(fresh), len(left))


# --- rows -------------------------------------------------------------------------------------------------


def _update_rows(connection: Connection, table: Table, rows: list[_Record]) -> None:
    """Update in bulk; each row has `row_id` and the same columns."""
    if not rows:
        return
    values: _Record = {key: bindparam(f"new_{key}") for key in rows[0] if key != "row_id"}
    renamed = [{key if key == "row_id" else f"new_{key}": value for key, value in row.items()} for row in rows]
    connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(values), renamed)


def _chunks(keys: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(keys)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
