"""The sources of other packages' kinds: what stands in [[ingest.other]], read through the kind that each names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from warning_dispatch.errors import ConfigError, Finding, FindingsError
from warning_dispatch.ingest.kinds import SourceKind, known_source_kinds, source_kind
from warning_dispatch.installed import KindNotFoundError, no_such_kind
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.source_settings import OtherSettings
from warning_dispatch.tomlfiles import parse


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source, the kind it names, and its options as the kind reads them."""

    source: OtherSettings
    kind: SourceKind
    options: BaseModel


def read_others(settings: Settings) -> list[ConfiguredSource]:
    """In the order of the file. ConfigError with every finding."""
    findings: list[Finding] = []
    found = _read(settings, findings)
    if findings:
        raise ConfigError(findings)
    return found


def other_findings(settings: Settings) -> Sequence[Finding]:
    """Everything wrong with them, and what the kinds foresee of the others."""
    findings: list[Finding] = []
    for one in _read(settings, findings):
        try:
            settings.source_secret(one.source)
            findings.extend(one.kind.check(one.options, _where(one.source)))
        except FindingsError as error:
            findings.extend(error.findings)
    return findings


def _where(source: OtherSettings) -> str:
    return f"{SETTINGS_FILE}: ingest.other ({source.name})"


def _read(settings: Settings, findings: list[Finding]) -> list[ConfiguredSource]:
    found = []
    for source in settings.ingest.other:
        try:
            kind = source_kind(source.adapter)
        except KindNotFoundError as error:
            findings.append(no_such_kind(_where(source), source.adapter, known_source_kinds(), error))
            continue
        options = parse(kind.options, source.options, f"{_where(source)}.options", findings)
        if options is not None:
            found.append(ConfiguredSource(source, kind, options))
    return found
