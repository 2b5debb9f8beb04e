"""The register at its planned size: a workbook read and taken over, exported, checked. Seconds of wall and of CPU, and for how long the writer was held."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.country import START
from benchmarks.databases import Place
from benchmarks.figures import Figures
from warning_dispatch.clock import stopwatch
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import RegisterChanges, changes_between
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.findings import register_findings
from warning_dispatch.registry.readiness import DAY, Evidence, Term, readiness
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.workbook_export import Exported, Stamp, workbook_bytes
from warning_dispatch.registry.workbook_import import merged, read_workbook
from warning_dispatch.store.database import open_database, reading, upgrade
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.register_take_over import RegisterTakeOver
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

TODAY = "2026-07-22"
VILLAGES_PER_TOWNSHIP = 16
TOWNSHIPS_PER_COUNTY = 60


def workbooks(place: Place, *, receivers: int) -> Figures:
    """Import into an empty register, import of the same again, export, check."""
    units = tuple(_units(receivers // 3))
    people = tuple(_people(units, receivers))
    database = open_database(place.url)
    upgrade(database)
    sealer = AesSealer(KeyRing.simulated(1))
    figures: Figures = {"receivers": len(people)}
    keys, held = KeyRing.simulated(1), [0.0]
    journal = Journal(keys.journal_key, silent_logger())
    taking = RegisterTakeOver(database, sealer, journal, keys.link_key, reaches_people=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.xlsx"
        path.write_bytes(workbook_bytes(Exported(Register(units, people)), Stamp("bench", START, "bench")))

        def take_over() -> None:
            with reading(database) as connection:
                before = stored_register(connection, sealer, usable_only=False)
            read = read_workbook(path, units, Rules(TODAY))
            after = merged(before if before.units else Register(units, ()), read, whole=True)
            bring(after, changes_between(before, after))

        def bring(after: Register, changes: RegisterChanges) -> None:
            """As a command hands it to the daemon; `held`: the writer's longest job."""
            taking.carry_out(RegisterImport(after, "bench", changes=changes), START, carried_out)

        def carried_out(work: Callable[[int], Any]) -> Any:
            began = stopwatch()
            done = work(START)
            held[0] = max(held[0], stopwatch() - began)
            return done

        def few() -> None:
            """A county's list: 300 people have a new post."""
            with reading(database) as connection:
                before = stored_register(connection, sealer, usable_only=False)
            named = [replace(one, post="主任") for one in before.receivers[:300]]
            after = Register(before.units, (*named, *before.receivers[300:]))
            bring(after, changes_between(before, after))

        def export() -> None:
            with reading(database) as connection:
                content = Exported(stored_register(connection, sealer, usable_only=False))
            workbook_bytes(content, Stamp("bench", START, "bench"))

        def check() -> None:
            with reading(database) as connection:
                known = stored_evidence(Sql(connection), sealer, START)
                found = stored_register(connection, sealer)
            term = Term(TODAY, "2025-07-22", START, START + 14 * DAY)
            readiness(found, term, Evidence(known.bad, known.proved, known.shifts))
            register_findings(found.units, found.receivers)

        runs = (("import", take_over), ("again", take_over), ("few", few), ("export", export), ("check", check))
        for name, work in runs:
            held[0] = 0.0
            figures |= _measured(place, name, work)
            if held[0]:
                figures[f"{name}_held_s"] = held[0]
    database.dispose()
    return figures


def _measured(place: Place, name: str, work: Callable[[], None]) -> Figures:
    began, cpu = stopwatch(), place.cpu()
    work()
    return {f"{name}_s": stopwatch() - began, f"{name}_cpu_s": place.cpu() - cpu}


def _units(villages: int) -> Iterator[Unit]:
    """A city with so many villages below townships and counties."""
    yield Unit("1411", "基准市", UnitKind.DIVISION, UnitLevel.CITY, "1411", None, callable=False)
    for index in range(-(-villages // VILLAGES_PER_TOWNSHIP)):
        county = f"1411{index // TOWNSHIPS_PER_COUNTY:02d}"
        if index % TOWNSHIPS_PER_COUNTY == 0:
            yield Unit(county, f"县{county}", UnitKind.DIVISION, UnitLevel.COUNTY, county, "1411")
        town = f"{county}{index % TOWNSHIPS_PER_COUNTY:03d}"
        yield Unit(town, f"乡{index}", UnitKind.DIVISION, UnitLevel.TOWNSHIP, town, county)
        for number in range(min(VILLAGES_PER_TOWNSHIP, villages - index * VILLAGES_PER_TOWNSHIP)):
            code = f"{town}{number:03d}"
            yield Unit(code, f"村{index}-{number}", UnitKind.DIVISION, UnitLevel.VILLAGE, code, town)


def _people(units: tuple[Unit, ...], receivers: int) -> Iterator[ReceiverEntry]:
    """A, B and a duty phone for each unit until there are enough; sample numbers that reach nobody."""
    posts = [(unit, role) for unit in units if unit.callable for role in Role]
    for index, (unit, role) in enumerate(posts[:receivers]):
        number = f"+862601{index:07d}"
        endpoints = (EndpointEntry(Channel.VOICE, number), EndpointEntry(Channel.SMS, number))
        yield ReceiverEntry(unit.code, role, f"样本{index}", "书记", "zh_CN", endpoints, sample=True)
