"""What an installation knows of its sources: settings and certificate files made into what the reader goes by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.source_rules import USUAL, ColourPlace, RadiusUnit, SignatureRule, SourceRules
from warning_dispatch.routing.areas import as_prefix
from warning_dispatch.settings import SETTINGS_FILE, IngestSettings
from warning_dispatch.source_settings import RulesShape
from warning_dispatch.tomlfiles import both


def rules_finder(ingest: IngestSettings) -> Callable[[str], SourceRules]:
    """The rules of a source by what its messages are kept under. ConfigError with every finding.

    "folder:city", "feed:province", "push:gateway" are configured sources; "api" and "file:<name>" go by what stands before
    the first ":", and so does whatever has no rules of its own: as usual.
    """
    findings: list[Finding] = []
    known = {one.tag: _rules(one, one.tag, f"ingest.{one.kind} ({one.name})", findings) for one in ingest.sources}
    for name, said in (("api", ingest.api), ("file", ingest.file)):
        known[name] = _rules(said, name, f"ingest.{name}", findings)
    if findings:
        raise ConfigError(findings)
    return lambda source: known.get(source) or known.get(source.partition(":")[0], USUAL)


def _rules(said: RulesShape, name: str, place: str, findings: list[Finding]) -> SourceRules:
    where = f"{SETTINGS_FILE}: {place}.certificates"
    certificates = [_certificate(Path(one).expanduser(), where, findings) for one in said.certificates]
    pinned = tuple(one for one in certificates if one)
    if pinned:
        from warning_dispatch.ingest.signatures import certificate_findings  # noqa: PLC0415 - few sources sign

        findings.extend(certificate_findings(pinned, where))
    return SourceRules(
        name=name,
        zone=ZoneInfo(said.time_zone),
        encoding=said.encoding,
        mends=said.mends,
        radius=RadiusUnit(said.radius),
        colours=tuple(ColourPlace(one) for one in said.colours),
        signature=SignatureRule(pinned, sha1=said.sha1) if said.certificates else None,
        senders=said.senders,
        areas=tuple(as_prefix(one) for one in said.areas),
        max_age=None if said.max_age_s is None else said.max_age_s * 1000,
    )


def _certificate(path: Path, where: str, findings: list[Finding]) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        what = both("证书文件无法读取", f"the certificate cannot be read ({type(error).__name__})")
        findings.append(Finding(where, f"{path}: {what}", both("核对路径和权限", "check the path and who may read it")))
        return ""
