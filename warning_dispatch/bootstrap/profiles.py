"""Source profiles of an installation: settings and certificate files made into what the reader goes by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.source import USUAL, ColourPlace, RadiusUnit, SignatureRule, SourceProfile
from warning_dispatch.settings import SETTINGS_FILE, ProfileSettings
from warning_dispatch.tomlfiles import both


def profile_finder(profiles: Sequence[ProfileSettings]) -> Callable[[str], SourceProfile]:
    """The profile of a source by its name, which is what stands before the first ":". ConfigError with every finding."""
    findings: list[Finding] = []
    known = {one.name: _profile(one, findings) for one in profiles}
    if len(known) < len(profiles):
        what = both("来源名称重复", "a source's name stands twice")
        findings.append(Finding(f"{SETTINGS_FILE}: ingest.profiles", what, both("只保留一处", "keep one of them")))
    if findings:
        raise ConfigError(findings)
    return lambda source: known.get(source.partition(":")[0], USUAL)


def _profile(said: ProfileSettings, findings: list[Finding]) -> SourceProfile:
    where = f"{SETTINGS_FILE}: ingest.profiles[{said.name}].certificates"
    certificates = [_certificate(Path(one).expanduser(), where, findings) for one in said.certificates]
    pinned = tuple(one for one in certificates if one)
    if pinned:
        from warning_dispatch.ingest.signatures import certificate_findings  # noqa: PLC0415 - few sources sign

        findings.extend(certificate_findings(pinned, where))
    return SourceProfile(
        name=said.name,
        zone_minutes=said.zone_minutes,
        encoding=said.encoding,
        mends=said.mends,
        radius=RadiusUnit(said.radius),
        colours=tuple(ColourPlace(one) for one in said.colours),
        signature=SignatureRule(pinned, sha1=said.sha1) if said.certificates else None,
        senders=said.senders,
        areas=said.areas,
        max_age=None if said.max_age_s is None else said.max_age_s * 1000,
    )


def _certificate(path: Path, where: str, findings: list[Finding]) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        what = both("证书文件无法读取", f"the certificate cannot be read ({type(error).__name__})")
        findings.append(Finding(where, f"{path}: {what}", both("核对路径和权限", "check the path and who may read it")))
        return ""
