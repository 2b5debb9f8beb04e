"""名册体检: what is wrong with a register that could be read. Shown by `check`; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from warning_dispatch.errors import INFORMATION, Finding
from warning_dispatch.model.masking import mask_phone
from warning_dispatch.model.unit import Channel, ReceiverEntry, Role, Unit

_NAMED = 5
"""So many units of a shared number are named."""


def register_findings(units: Sequence[Unit], receivers: Sequence[ReceiverEntry]) -> list[Finding]:
    """Units that cannot be called as they should be, then the numbers that several units share.

    In the order of `units`: no receiver at all, no A, no phone; receivers of a unit that is never called.
    Numbers are masked.
    """
    by_unit: dict[str, list[ReceiverEntry]] = defaultdict(list)
    for entry in receivers:
        by_unit[entry.unit_code].append(entry)
    findings = []
    for unit in units:
        findings += _unit_findings(unit, by_unit.get(unit.code, []))
    return findings + _shared(units, receivers)


def _unit_findings(unit: Unit, receivers: list[ReceiverEntry]) -> list[Finding]:
    where = f"{unit.code} {unit.name}"
    if not unit.callable:
        if not receivers:
            return []
        what = f"{INFORMATION}该单位不叫应，却有责任人 / is never called, yet has receivers"
        return [Finding(where, what, "改挂到上级单位 / move them to the unit above")]
    if not receivers:
        return [Finding(where, "没有接收责任人 / has no receiver", "补报 A 岗 / name an A")]
    findings = []
    if all(entry.role is not Role.PRIMARY for entry in receivers):
        findings.append(Finding(where, "没有 A 岗 / has no A", "补报 A 岗 / name an A"))
    if all(endpoint.channel is not Channel.VOICE for entry in receivers for endpoint in entry.endpoints):
        findings.append(Finding(where, "没有任何电话 / has no phone at all", "补报电话 / enter a phone"))
    return findings


def _shared(units: Sequence[Unit], receivers: Sequence[ReceiverEntry]) -> list[Finding]:
    names = {unit.code: unit.name for unit in units}
    holders: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in receivers:
        for endpoint in entry.endpoints:
            if endpoint.channel is Channel.VOICE:
                holders[endpoint.address][entry.unit_code] = None
    findings = []
    for address, codes in holders.items():
        if len(codes) > 1:
            listed = "、".join(f"{names.get(code, '')}（{code}）" for code in list(codes)[:_NAMED])
            more = " …" if len(codes) > _NAMED else ""
            what = f"{INFORMATION}{len(codes)} 个单位共用一个号码 / units share this number: {listed}{more}"
            findings.append(Finding(mask_phone(address), what))
    return findings
