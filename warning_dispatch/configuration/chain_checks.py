"""What a call chain must fulfil beyond its shape. Each check takes the pieces and gives findings; none raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from warning_dispatch.configuration.chain_shapes import LadderShape, ParsedChain, RepeatShape, RungShape, TierShape
from warning_dispatch.configuration.hazards import HazardCatalogue
from warning_dispatch.configuration.words import duration_text
from warning_dispatch.errors import Finding
from warning_dispatch.escalation.timing import late_tiers
from warning_dispatch.model.plan import CallChain, Gate, TierRule
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.tomlfiles import both


def structure_findings(chain: ParsedChain) -> list[Finding]:
    """What keeps a chain from being a graph of tiers at all: names that double or lead nowhere, circles."""
    return [*_doubled_names(chain), *_unknown_names(chain), *_circles(chain)]


def detail_findings(chain: ParsedChain, hazards: HazardCatalogue | None) -> list[Finding]:
    """Everything else. Without a catalogue, hazards and sectors are not looked up."""
    found = [*_header_findings(chain, hazards), *_ladder_findings(chain), *_unused_ladders(chain)]
    for index, tier in _tiers(chain):
        for check in _TIER_CHECKS:
            found.extend(check(chain, index, tier))
        if hazards is not None:
            found.extend(_unknown_sectors(chain, index, tier, hazards))
    return found


def target_findings(label: str, chain: CallChain) -> list[Finding]:
    """A chain that may ring later than it promises itself."""
    return [
        Finding(
            f"{label}: target.{colour.key}",
            both(
                f"层级 {late.tier} 最迟 {duration_text(late.latest)} 才呼叫,超过目标 {duration_text(late.target)}",
                f"tier {late.tier} may be called as late as {duration_text(late.latest)}, the target is "
                f"{duration_text(late.target)}",
            ),
            both("缩短其上级各层的 hold,或放宽 target", "shorten the holds above it, or relax the target"),
        )
        for colour in chain.target
        for late in late_tiers(chain, colour)
    ]


def duplicate_trigger_findings(chains: Iterable[ParsedChain]) -> list[Finding]:
    """The same alert must not start two chains, nor one chain twice."""
    seen: dict[tuple[object, ...], str] = {}
    found = []
    for chain in chains:
        if chain.header is None or not chain.header.enabled:
            continue
        for index, trigger in enumerate(chain.header.triggers):
            where = f"{chain.label}: triggers[{index}]"
            for key in (
                (hazard, colour, msg_type, trigger.issuer)
                for hazard in trigger.hazards
                for colour in trigger.colours
                for msg_type in trigger.msg_types
            ):
                first = seen.setdefault(key, where)
                if first != where:
                    text = f"{key[0]} {key[1].key} {key[2].value} {key[3].name.lower()}"
                    found.append(
                        Finding(
                            where,
                            both(f"触发条件 {text} 重复,已见于 {first}", f"trigger {text} is already in {first}"),
                            both("只在一个方案中保留", "keep it in one chain only"),
                        )
                    )
    return found


def duplicate_name_findings(chains: Iterable[ParsedChain]) -> list[Finding]:
    """Chains are known by their names."""
    seen: dict[str, str] = {}
    found = []
    for chain in chains:
        if chain.header is None:
            continue
        first = seen.setdefault(chain.header.name, chain.label)
        if first != chain.label:
            what = both(
                f"名称 {chain.header.name} 与 {first} 重复", f"the name {chain.header.name} is already in {first}"
            )
            found.append(Finding(f"{chain.label}: name", what, both("另取名称", "choose another name")))
    return found


# --- structure --------------------------------------------------------------------------------------------


def _tiers(chain: ParsedChain) -> Iterator[tuple[int, TierShape]]:
    return ((index, tier) for index, tier in enumerate(chain.tiers) if tier is not None)


def _named(chain: ParsedChain, name: str | None) -> TierShape | None:
    return next((tier for _, tier in _tiers(chain) if tier.name == name), None)


def _doubled_names(chain: ParsedChain) -> Iterator[Finding]:
    for name, count in Counter(chain.tier_names).items():
        if name and count > 1:
            what = both(f"层级名称 {name} 出现 {count} 次", f"the tier name {name} occurs {count} times")
            yield Finding(f"{chain.label}: tiers", what, both("每层名称须唯一", "give each tier its own name"))


def _unknown_names(chain: ParsedChain) -> Iterator[Finding]:
    for index, tier in _tiers(chain):
        if tier.opens_after is not None and tier.opens_after not in chain.tier_names:
            what = both(f"没有名为 {tier.opens_after} 的层级", f"there is no tier {tier.opens_after}")
            remedy = both("应为其中之一:", "expected one of ") + ", ".join(chain.tier_names)
            yield Finding(chain.at(index, "opens_after"), what, remedy)
        for colour, ladder in tier.ladders.items():
            if ladder not in chain.ladders:
                what = both(f"没有名为 {ladder} 的呼叫阶梯", f"there is no ladder {ladder}")
                remedy = both("应为其中之一:", "expected one of ") + ", ".join(chain.ladders)
                yield Finding(chain.at(index, f"ladders.{colour.key}"), what, remedy)


def _circles(chain: ParsedChain) -> Iterator[Finding]:
    """Each circle once, at the tier of it that stands first in the file."""
    reported: set[str] = set()
    for index, tier in _tiers(chain):
        path, step = [tier.name], _named(chain, tier.opens_after)
        while step is not None and step.name not in path:
            path.append(step.name)
            step = _named(chain, step.opens_after)
        if step is not None and step.name == tier.name and not reported & set(path):
            reported |= set(path)
            ring = " → ".join([*path, tier.name])
            what = both(f"层级互相等待:{ring}", f"tiers wait for each other: {ring}")
            yield Finding(chain.at(index, "opens_after"), what, both("断开其中一处", "break the circle"))


# --- header and ladders -----------------------------------------------------------------------------------


def _header_findings(chain: ParsedChain, hazards: HazardCatalogue | None) -> Iterator[Finding]:
    if chain.header is None:
        return
    for colour in chain.header.colours():
        if colour not in chain.header.target:
            what = both(f"缺少{colour.chinese}色的目标时间", f"no target for {colour.key}")
            yield Finding(f"{chain.label}: target.{colour.key}", what, both('写时长或 "none"', 'a duration or "none"'))
        if not any(tier is None or tier.is_called_for(colour) for tier in chain.tiers):
            what = both(f"{colour.chinese}色时没有任何层级被呼叫", f"no tier is called for {colour.key}")
            yield Finding(f"{chain.label}: tiers", what, both("检查各层的 colours", "look at the tiers' colours"))
    for index, trigger in enumerate(chain.header.triggers if hazards else ()):
        where = f"{chain.label}: triggers[{index}]"
        for key in trigger.hazards:
            hazard = hazards.hazards.get(key) if hazards else None
            if hazard is None:
                what = both(f"灾种目录中没有 {key}", f"hazards.toml has no hazard {key}")
                yield Finding(f"{where}.hazards", what, both("改名或补入目录", "correct it or add it there"))
                continue
            for colour in trigger.colours:
                if colour not in hazard.colours:
                    what = both(f"{hazard.name}没有{colour.chinese}色预警", f"{key} has no {colour.key} warning")
                    yield Finding(f"{where}.colours", what, both("见 hazards.toml 的 colours", "see its colours there"))


def _ladder_findings(chain: ParsedChain) -> Iterator[Finding]:
    for name, ladder in chain.ladders.items():
        if ladder is None:
            continue
        where = f"{chain.label}: ladders.{name}"
        yield from _rung_findings(f"{where}.rungs", ladder.rungs)
        if ladder.rungs[0].after != 0:
            what = both("第一级应在 0s", "the first rung must stand at 0s")
            yield Finding(f"{where}.rungs[0].after", what, both("开闸即应有动作", "something must happen on opening"))
        yield from _limit_findings(where, ladder)
        for key in ("repeat", "slow"):
            repeat: RepeatShape | None = getattr(ladder, key)
            if repeat is not None:
                yield from _repeat_findings(f"{where}.{key}", repeat)


def _rung_findings(where: str, rungs: tuple[RungShape, ...]) -> Iterator[Finding]:
    """Rungs may share a moment (texts beside a call) but never go back."""
    for index in range(1, len(rungs)):
        before, after = rungs[index - 1].after, rungs[index].after
        if after < before:
            what = both(
                f"时间倒退:{duration_text(after)} 在 {duration_text(before)} 之后",
                f"rungs must rise: {duration_text(after)} follows {duration_text(before)}",
            )
            yield Finding(f"{where}[{index}].after", what, both("按时间先后排列", "order them by time"))


def _limit_findings(where: str, ladder: LadderShape) -> Iterator[Finding]:
    last = ladder.rungs[-1].after
    if ladder.unreached_after < last:
        what = both(
            f"早于最后一级 {duration_text(last)}:阶梯未走完就列为未应答",
            f"ends before the last rung at {duration_text(last)}",
        )
        yield Finding(f"{where}.unreached_after", what, both("不早于最后一级", "not before the last rung"))
    if ladder.voice_for is not None and ladder.voice_for < last:
        what = both(f"早于最后一级 {duration_text(last)}", f"ends before the last rung at {duration_text(last)}")
        yield Finding(f"{where}.voice_for", what, both("不早于最后一级", "not before the last rung"))


def _repeat_findings(where: str, repeat: RepeatShape) -> Iterator[Finding]:
    yield from _rung_findings(f"{where}.rungs", repeat.rungs)
    last = max(rung.after for rung in repeat.rungs)
    if min(repeat.every) <= last:
        what = both(
            f"每轮间隔不长于该轮的最后一级 {duration_text(last)}",
            f"a round begins before the last one's final rung at {duration_text(last)}",
        )
        yield Finding(f"{where}.every", what, both("加长间隔", "lengthen it"))


def _unused_ladders(chain: ParsedChain) -> Iterator[Finding]:
    if None in chain.tiers:
        return
    used = {name for _, tier in _tiers(chain) for name in tier.ladders.values()}
    for name in chain.ladders:
        if name not in used:
            what = both("没有层级使用这个呼叫阶梯", "no tier uses this ladder")
            yield Finding(
                f"{chain.label}: ladders.{name}", what, both("删去或改正引用", "remove it or mend the reference")
            )


# --- tiers ------------------------------------------------------------------------------------------------


def _colours_called(chain: ParsedChain, index: int, tier: TierShape) -> Iterator[Finding]:
    """A tier that is left out for a colour must say so; a forgotten ladder would leave people asleep."""
    for colour in chain.colours():
        if tier.is_called_for(colour) and colour not in tier.ladders:
            what = both(f"缺少{colour.chinese}色的呼叫阶梯", f"no ladder for {colour.key}")
            remedy = both(
                "补上;若该色确实不呼叫,写明 colours", "add it; if the colour is meant to be skipped, say so by colours"
            )
            yield Finding(chain.at(index, f"ladders.{colour.key}"), what, remedy)
    for colour in tier.ladders:
        if not tier.is_called_for(colour):
            what = both(
                f"colours 不含{colour.chinese}色,阶梯不会用到", f"colours leaves {colour.key} out, it is never used"
            )
            yield Finding(chain.at(index, f"ladders.{colour.key}"), what, both("二者取一", "drop one of the two"))


def _waiting(chain: ParsedChain, index: int, tier: TierShape) -> Iterator[Finding]:
    """What a tier waits for must be called, must ask for an answer, and must have a hold."""
    before = _named(chain, tier.opens_after)
    if before is None:
        if tier.gate is Gate.BRANCH and tier.opens_after is None:
            what = both("按分支开闸须写明 opens_after", "a branch gate needs opens_after")
            yield Finding(chain.at(index, "gate"), what, both("写明等待哪一层", "name the tier it waits for"))
        return
    at_before = chain.tiers.index(before)
    if before.notice:
        what = both(f"{before.name} 只告知不求应答,不能等待", f"{before.name} is a notice; nobody answers it")
        yield Finding(chain.at(index, "opens_after"), what, both("改等其他层级", "wait for another tier"))
    for colour in chain.colours():
        if not tier.is_called_for(colour):
            continue
        if not before.is_called_for(colour):
            what = both(
                f"{before.name} 在{colour.chinese}色时不呼叫,本层将永不开闸",
                f"{before.name} is not called for {colour.key}",
            )
            yield Finding(chain.at(index, "opens_after"), what, both("改等其他层级", "wait for another tier"))
        elif colour not in before.hold:
            what = both(
                f"缺少{colour.chinese}色的 hold,{tier.name} 在等它",
                f"no hold for {colour.key}; {tier.name} waits for it",
            )
            yield Finding(
                chain.at(at_before, f"hold.{colour.key}"), what, both('写时长或 "never"', 'a duration or "never"')
            )
    # What is no division stands in one: a mine of a county waits for that county.
    lowest = tier.select.level - (tier.select.kind is UnitKind.DIVISION)
    if tier.gate is Gate.BRANCH and not (before.select.kind is UnitKind.DIVISION and before.select.level <= lowest):
        what = both(
            f"按分支开闸要求 {before.name} 是上级行政区划", f"a branch gate needs {before.name} to be divisions above"
        )
        yield Finding(
            chain.at(index, "gate"), what, both('改为 "tier" 或改等上级区划', 'use "tier", or wait for the divisions')
        )


def _rule(chain: ParsedChain, index: int, tier: TierShape) -> Iterator[Finding]:
    if (tier.rule is TierRule.QUORUM) != (tier.quorum is not None):
        if tier.quorum is None:
            what, remedy = both("rule 为 quorum 须写比例", "rule quorum needs a fraction"), "quorum = 0.8"
        else:
            what, remedy = (
                both("只有 rule 为 quorum 时才写比例", "only rule quorum takes a fraction"),
                'rule = "quorum"',
            )
        yield Finding(chain.at(index, "quorum"), what, remedy)
    if tier.select.sectors and tier.select.of_hazard:
        what = both("sectors 与 of_hazard 只能写一个", "sectors and of_hazard exclude each other")
        yield Finding(chain.at(index, "select.of_hazard"), what, both("删去其一", "drop one"))


def _roles(chain: ParsedChain, index: int, tier: TierShape) -> Iterator[Finding]:
    """Somebody must be able to answer, and every role has one meaning."""
    if not tier.answering_roles and not tier.notice:
        what = both("没有任何角色的应答有效", "nobody's answer counts")
        yield Finding(chain.at(index, "answering_roles"), what, both("至少一个角色", "name at least one role"))
    for role in set(tier.answering_roles) & set(tier.gate_roles):
        what = both(f"{role.key} 不能既是应答角色又是开闸角色", f"{role.key} cannot both answer and only open the gate")
        yield Finding(chain.at(index, "gate_roles"), what, both("删去其一", "drop one"))
    for colour, name in tier.ladders.items():
        ladder = chain.ladders.get(name)
        if ladder is not None:
            yield from _ladder_for(chain.at(index, f"ladders.{colour.key}"), tier, name, ladder)


def _ladder_for(where: str, tier: TierShape, name: str, ladder: LadderShape) -> Iterator[Finding]:
    """Whether a ladder suits the tier that uses it."""
    if tier.notice:
        if ladder.rungs[-1].after > 0 or ladder.repeat or ladder.slow:
            what = both(f"只告知的层级用 {name}:只应有 0s 的一级", f"a notice by {name} may only have rungs at 0s")
            yield Finding(where, what, both("去掉后续各级与重复", "drop later rungs and repeats"))
        return
    rungs = (*ladder.rungs, *(ladder.repeat.rungs if ladder.repeat else ()))
    called = {role for rung in rungs for role in rung.roles}
    if not called & {*tier.answering_roles, *tier.gate_roles}:
        what = both(f"{name} 从不呼叫应答有效的角色", f"{name} never calls anybody whose answer counts")
        yield Finding(where, what, both("补上应答角色的一级", "add a rung for an answering role"))
    if not ladder.repeat:
        what = both(
            f"{name} 没有 repeat:走完后不再呼叫,会有人被遗忘", f"{name} has no repeat: somebody would be forgotten"
        )
        yield Finding(where, what, both("补上 repeat", "add a repeat"))
    if tier.gate_roles and not ladder.slow:
        what = both(
            f"{name} 没有 slow:值班应答后不再呼叫 A 岗", f"{name} has no slow: A is not called after the duty room"
        )
        yield Finding(where, what, both("补上 slow", "add a slow track"))


def _unknown_sectors(chain: ParsedChain, index: int, tier: TierShape, hazards: HazardCatalogue) -> Iterator[Finding]:
    for sector in tier.select.sectors:
        if sector not in hazards.sectors:
            what = both(f"未知的部门行业 {sector}", f"unknown sector {sector}")
            remedy = both("见 hazards.toml 的 [sectors]:", "see [sectors] in hazards.toml: ") + ", ".join(
                hazards.sectors
            )
            yield Finding(chain.at(index, "select.sectors"), what, remedy)


_TIER_CHECKS: tuple[Callable[[ParsedChain, int, TierShape], Iterator[Finding]], ...] = (
    _colours_called,
    _waiting,
    _rule,
    _roles,
)
