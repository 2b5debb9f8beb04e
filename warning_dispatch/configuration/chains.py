"""config/chains/*.toml: read piece by piece, checked as a whole, made into call chains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from warning_dispatch.configuration.chain_checks import (
    detail_findings,
    duplicate_name_findings,
    duplicate_trigger_findings,
    structure_findings,
    target_findings,
)
from warning_dispatch.configuration.chain_shapes import (
    ChainHeader,
    LadderShape,
    ParsedChain,
    RepeatShape,
    RungShape,
    TierShape,
)
from warning_dispatch.configuration.hazards import HazardCatalogue
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.plan import CallChain, Ladder, Repeat, Rung, Selection, Tier, Trigger
from warning_dispatch.model.unit import Role
from warning_dispatch.tomlfiles import both, parse, read_toml

NO_REPEAT = Repeat((), ())


def load_chains(folder: Path, hazards: HazardCatalogue | None, findings: list[Finding]) -> tuple[CallChain, ...]:
    """Every chain of the folder, by file name. With findings the result is not to be used."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        what = both("没有叫应方案", "there is no call chain")
        findings.append(Finding("chains", what, both("从随附的默认配置复制", "copy the shipped ones")))
    parsed = [one for one in (_read(file, findings) for file in files) if one is not None]
    findings.extend(duplicate_name_findings(parsed))
    findings.extend(duplicate_trigger_findings(parsed))
    return tuple(chain for one in parsed if (chain := _build(one, hazards, findings)) is not None)


def load_chain(file: Path, hazards: HazardCatalogue) -> CallChain:
    """One chain by itself, wherever its file lies (planning). ConfigError with every finding."""
    findings: list[Finding] = []
    parsed = _read(file, findings)
    chain = _build(parsed, hazards, findings) if parsed is not None else None
    if findings or chain is None:
        raise ConfigError(findings)
    return chain


def _read(file: Path, findings: list[Finding]) -> ParsedChain | None:
    """The pieces of one file."""
    label = f"chains/{file.name}"
    raw = read_toml(file, label, findings)
    if raw is None:
        return None
    tiers, ladders = raw.pop("tiers", []), raw.pop("ladders", {})
    header = parse(ChainHeader, raw, label, findings)
    if not isinstance(tiers, list) or not isinstance(ladders, dict) or not tiers:
        what = both("须有 [[tiers]] 与 [ladders.…]", "needs [[tiers]] and [ladders.…]")
        findings.append(Finding(label, what, both("参照随附方案", "see the shipped chains")))
        return None
    return ParsedChain(
        label=label,
        header=header,
        tiers=tuple(parse(TierShape, one, f"{label}: tiers[{index}]", findings) for index, one in enumerate(tiers)),
        tier_names=tuple(_name(one) for one in tiers),
        ladders={name: parse(LadderShape, one, f"{label}: ladders.{name}", findings) for name, one in ladders.items()},
    )


def _name(table: Any) -> str:
    return str(table.get("name", "")) if isinstance(table, dict) else ""


def _build(one: ParsedChain, hazards: HazardCatalogue | None, findings: list[Finding]) -> CallChain | None:
    """The chain, if nothing is wrong with it."""
    structure = structure_findings(one)
    findings.extend(structure)
    findings.extend(detail_findings(one, hazards))
    if structure or one.header is None or None in one.tiers or None in one.ladders.values():
        return None
    chain = CallChain(
        name=one.header.name,
        title={"zh_CN": one.header.title.zh_CN, "en": one.header.title.en},
        triggers=tuple(
            Trigger(each.hazards, tuple(each.colours), tuple(each.msg_types), each.issuer)
            for each in one.header.triggers
            if one.header.enabled
        ),
        tiers=tuple(_tier(tier, one) for tier in one.tiers if tier is not None),
        target=one.header.target,
    )
    findings.extend(target_findings(one.label, chain))
    return chain


def _tier(tier: TierShape, chain: ParsedChain) -> Tier:
    ladders = {
        colour: _ladder(shape)
        for colour, name in tier.ladders.items()
        if tier.is_called_for(colour) and (shape := chain.ladders.get(name)) is not None
    }
    return Tier(
        name=tier.name,
        title={"zh_CN": tier.title.zh_CN, "en": tier.title.en},
        opens_after=tier.opens_after,
        gate=tier.gate,
        select=Selection(
            tier.select.kind, tier.select.level, tier.select.sectors, tier.select.of_hazard, tier.select.codes
        ),
        rule=tier.rule,
        quorum=tier.quorum or 1.0,
        need=tier.need,
        answering=_mask(tier.answering_roles),
        gate_roles=_mask(tier.gate_roles),
        hold=tier.hold,
        ladders=ladders,
        notice=tier.notice,
    )


def _mask(roles: tuple[Role, ...]) -> int:
    return sum(set(roles))


def _ladder(shape: LadderShape) -> Ladder:
    return Ladder(
        rungs=_rungs(shape.rungs),
        repeat=_repeat(shape.repeat),
        slow=_repeat(shape.slow),
        unreached_after=shape.unreached_after,
        voice_for=shape.voice_for,
    )


def _rungs(shapes: tuple[RungShape, ...]) -> tuple[Rung, ...]:
    return tuple(Rung(one.after, _mask(one.roles), tuple(one.channels)) for one in shapes)


def _repeat(shape: RepeatShape | None) -> Repeat:
    return NO_REPEAT if shape is None else Repeat(tuple(shape.every), _rungs(shape.rungs))
