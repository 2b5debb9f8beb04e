"""The sources of other packages' kinds: what stands in [[ingest.other]], read through the kind that each names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from warning_dispatch.errors import ConfigError, Finding, FindingsError
from warning_dispatch.ingest.kinds import SourceKind, SourceKindNotFoundError, known_source_kinds, source_kind
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.source_settings import OtherSettings
from warning_dispatch.tomlfiles import both, parse


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
        except SourceKindNotFoundError as error:
            findings.append(_unknown(source, error))
            continue
        options = parse(kind.options, source.options, f"{_where(source)}.options", findings)
        if options is not None:
            found.append(ConfiguredSource(source, kind, options))
    return found


def _unknown(source: OtherSettings, error: SourceKindNotFoundError) -> Finding:
    known = known_source_kinds()
    if error.fault:
        what = both(
            f"接法 {source.adapter} 的程序包装不进来：{error.fault}",
            f"the package of {source.adapter} cannot be imported: {error.fault}",
        )
    else:
        what = both(f"没有接法 {source.adapter}", f"there is no adapter {source.adapter}")
    near = difflib.get_close_matches(source.adapter, known, n=1)
    guess = both(f"是否应为 {near[0]}？", f"did you mean {near[0]}? ") if near and not error.fault else ""
    names = ", ".join(known) or both("一个也没有装", "none is installed")
    return Finding(f"{_where(source)}.adapter", what, f"{guess}{both('已有的接法：', 'known: ')}{names}")
