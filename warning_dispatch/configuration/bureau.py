"""config/chains/bureau.toml: what the bureau's call to itself must fulfil beyond what every chain does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from warning_dispatch.errors import Finding
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Tier
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.tomlfiles import both

BUREAU = "bureau"
"""The name of the chain, whatever its file is called."""
_COLOURS = (Colour.ORANGE, Colour.RED)


def bureau_findings(chains: Sequence[CallChain]) -> Iterator[Finding]:
    """No warning starts it, it calls nobody but the bureau, for both colours, and it never ends by itself."""
    for chain in chains:
        if chain.name == BUREAU:
            if chain.triggers:
                what = both("值班叫应不能由预警触发", "no warning may start the bureau's own call")
                yield Finding(f"chains/{BUREAU}: triggers", what, both("删去 [[triggers]]", "remove them"))
            for tier in chain.tiers:
                yield from _tier_findings(tier)


def _tier_findings(tier: Tier) -> Iterator[Finding]:
    where = f"chains/{BUREAU}: {tier.name}"
    if tier.select.kind is not UnitKind.BUREAU:
        what = both("值班叫应只能叫气象局的单位", "the bureau's own call may only call units of the bureau")
        yield Finding(f"{where}.select", what, 'kind = "bureau"')
    if tier.notice or tier.gate_roles:
        what = both("须有人认领：不能只告知，也不能有开闸角色", "somebody must claim it: no notice, no gate roles")
        yield Finding(where, what, both("删去 notice、gate_roles", "remove notice and gate_roles"))
    for colour in _COLOURS:
        ladder = tier.ladders.get(colour)
        if ladder is None:
            what = both(f"缺少{colour.chinese}色的呼叫阶梯", f"no ladder for {colour.key}")
            yield Finding(f"{where}.ladders.{colour.key}", what, both("补上", "add it"))
        elif ladder.voice_for is not None:
            what = both("会自行停止：没有人认领就必须一直叫", "ends by itself: it must go on until somebody claims it")
            yield Finding(f"{where}.ladders.{colour.key}", what, both("删去 voice_for", "remove voice_for"))
