"""What the records of call-outs stand on in an installation, in the demonstration and behind a command."""

from __future__ import annotations

import sqlalchemy

from warning_dispatch.bootstrap.wiring import REACHED, Product
from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration
from warning_dispatch.ports import Sealer
from warning_dispatch.record_ports import RecordOffice
from warning_dispatch.reports.record_desk import RecordCounter, WriterRecordOffice, Writing
from warning_dispatch.reports.record_press import RecordPress
from warning_dispatch.reports.record_words import RecordWords
from warning_dispatch.settings import Settings
from warning_dispatch.store.records import RecordTables
from warning_dispatch.web.catalogues import CHINESE, load_catalogues
from warning_dispatch.web.console.records import Records

_OUTCOMES = "outcome."


def record_words(settings: Settings, configuration: Configuration | None) -> RecordWords:
    """How forms say things. A broken configuration costs names, nothing else."""
    texts = load_catalogues()[CHINESE].texts
    outcomes = {key.removeprefix(_OUTCOMES): text for key, text in texts.items() if key.startswith(_OUTCOMES)}
    if configuration is None:
        return RecordWords(settings.records.organisation, outcomes)
    outcomes |= {key: one.chinese for key, one in configuration.outcomes.items()}
    sectors = {key: names["zh_CN"] for key, names in configuration.hazards.sectors.items()}
    return RecordWords(settings.records.organisation, outcomes, sectors)


def record_tables(database: sqlalchemy.Engine, sealer: Sealer, configuration: Configuration | None) -> RecordTables:
    """What records are read from."""
    hazards = configuration.hazards.names() if configuration else {}
    return RecordTables(database, sealer, hazards, reached=REACHED)


def record_counter(
    settings: Settings,
    configuration: Configuration | None,
    tables: RecordTables,
    public_key: bytes,
    office: RecordOffice,
    clock: Clock,
) -> RecordCounter:
    """Who makes documents and hands them out."""
    press = RecordPress(tables, record_words(settings, configuration), public_key)
    return RecordCounter(press, tables, office, clock)


def records_of(settings: Settings, product: Product, writing: Writing, clock: Clock) -> Records:
    """What the pages of the records stand on, in a running daemon."""
    tables = record_tables(product.database, product.sealer, product.configuration)
    office = WriterRecordOffice(writing)
    counter = record_counter(settings, product.configuration, tables, product.keys.journal_public, office, clock)
    return Records(
        read=tables,
        desk=counter,
        hazards=product.configuration.hazards.names(),
        sectors=product.configuration.hazards.sectors,
        season=(settings.contacts.season_from, settings.contacts.season_until),
    )
