"""What config/chains/*.toml must look like. Pieces are read one by one, so that one slip does not hide the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from warning_dispatch.configuration.words import (
    Bilingual,
    ChannelWord,
    ColourWord,
    DurationMs,
    GateWord,
    HoldMs,
    IssuerWord,
    Key,
    KindWord,
    LevelWord,
    MsgTypeWord,
    NeedWord,
    RoleWord,
    RuleWord,
    Some,
    SpanMs,
    TargetMs,
)
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Gate, TierRule
from warning_dispatch.tomlfiles import Shape


class TriggerShape(Shape):
    """[[triggers]]: every combination of its lists starts the chain."""

    hazards: Annotated[tuple[Key, ...], Some]
    colours: Annotated[tuple[ColourWord, ...], Some]
    msg_types: Annotated[tuple[MsgTypeWord, ...], Some]
    issuer: IssuerWord


class RungShape(Shape):
    """One rung: when, whom, by what."""

    after: DurationMs
    roles: Annotated[tuple[RoleWord, ...], Some]
    channels: Annotated[tuple[ChannelWord, ...], Some]


class RepeatShape(Shape):
    """How a track goes on."""

    every: Annotated[tuple[SpanMs, ...], Some]
    rungs: Annotated[tuple[RungShape, ...], Some]


class LadderShape(Shape):
    """[ladders.NAME]."""

    rungs: Annotated[tuple[RungShape, ...], Some]
    unreached_after: SpanMs
    voice_for: SpanMs | None = None
    repeat: RepeatShape | None = None
    slow: RepeatShape | None = None


class SelectShape(Shape):
    """[tiers.select]: whom a tier calls."""

    kind: KindWord
    level: LevelWord
    sectors: tuple[Key, ...] = ()
    of_hazard: bool = False
    codes: tuple[str, ...] = ()


class TierShape(Shape):
    """[[tiers]]. `colours` None: called for every colour of the chain."""

    name: Key
    title: Bilingual
    select: SelectShape
    opens_after: str | None = None
    gate: GateWord = Gate.TIER
    rule: RuleWord = TierRule.ALL
    quorum: Annotated[float, Field(gt=0, le=1)] | None = None
    need: NeedWord = 1
    answering_roles: tuple[RoleWord, ...] = ()
    gate_roles: tuple[RoleWord, ...] = ()
    colours: tuple[ColourWord, ...] | None = None
    hold: dict[ColourWord, HoldMs] = Field(default_factory=dict)
    ladders: dict[ColourWord, str]
    notice: bool = False

    def is_called_for(self, colour: Colour) -> bool:
        """Whether a call-out of this colour calls the tier."""
        return self.colours is None or colour in self.colours


class ChainHeader(Shape):
    """What stands above the tiers."""

    name: Key
    title: Bilingual
    enabled: bool = True
    target: dict[ColourWord, TargetMs]
    triggers: tuple[TriggerShape, ...] = ()

    def colours(self) -> tuple[Colour, ...]:
        """Every colour this chain can be started for."""
        triggered = {colour for trigger in self.triggers for colour in trigger.colours}
        return tuple(sorted(triggered | set(self.target)))


@dataclass(frozen=True, slots=True)
class ParsedChain:
    """One chain file in pieces. None stands for a piece that could not be read (its findings are noted).

    `tier_names` and the keys of `ladders` are complete, so that nobody hears of a name that is there after all.
    """

    label: str
    header: ChainHeader | None
    tiers: tuple[TierShape | None, ...]
    tier_names: tuple[str, ...]
    ladders: dict[str, LadderShape | None]

    def colours(self) -> tuple[Colour, ...]:
        """Every colour this chain can be started for; empty when that is unknown."""
        return self.header.colours() if self.header else ()

    def at(self, index: int, key: str = "") -> str:
        """Where a tier stands."""
        return f"{self.label}: tiers[{index}]" + (f".{key}" if key else "")
