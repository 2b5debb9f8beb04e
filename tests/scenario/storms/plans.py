"""The chains that a storm is put through: the shipped ones, now and then with a rule that no shipped one uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from warning_dispatch.configuration import Configuration
from warning_dispatch.model.plan import CallChain, Gate, Ladder, Repeat, Rung, Tier, TierRule
from warning_dispatch.model.unit import Channel, Role, UnitLevel

from .weather import Weather

Change = Callable[[Tier], Tier]


def chains_of(configuration: Configuration, plan: str, weather: Weather, rng: Random) -> tuple[CallChain, ...]:
    """The chains in force: of the plan's name; "both" city and county; "strict" with the triggers of the city's.

    The weather's theme may ask for a rule in every tier.
    """
    by_name = {chain.name: chain for chain in configuration.chains}
    notice = by_name["county"].tier("city_notice")
    if plan == "both":
        chosen = (by_name["city"], by_name["county"])
    elif plan == "strict":
        chosen = (replace(by_name["strict"], triggers=by_name["city"].triggers),)
    else:
        chosen = (by_name[plan],)
    for_all = OF_THEME.get(weather.theme)
    if for_all is not None:
        chosen = tuple(replace(chain, tiers=tuple(map(for_all, chain.tiers))) for chain in chosen)
    if rng.random() < 0.5:
        chosen = tuple(_changed(chain, rng) for chain in chosen)
    # the oracle of several warnings asks all departments
    if plan != "both" and rng.random() < (0.1 if weather.surge is None else 0.5):
        chosen = tuple(_departments_told(chain, notice) for chain in chosen)
    return chosen


def _changed(chain: CallChain, rng: Random) -> CallChain:
    """One to three small changes, each of some tiers."""
    tiers = list(chain.tiers)
    for change in rng.sample(sorted(CHANGES), rng.randint(1, 3)):
        for position in rng.sample(range(len(tiers)), rng.randint(1, 3)):
            tiers[position] = CHANGES[change](tiers[position])
    return replace(chain, tiers=tuple(tiers))


def _departments_told(chain: CallChain, notice: Tier) -> CallChain:
    """Nothing waits for the departments, so they may be told without being asked."""
    tiers = [
        replace(tier, notice=True, ladders=notice.ladders) if tier.name == "departments" else tier
        for tier in chain.tiers
    ]
    return replace(chain, tiers=tuple(tiers))


def _all_answer(tier: Tier) -> Tier:
    return replace(tier, need=0)


def _two_answer(tier: Tier) -> Tier:
    return replace(tier, need=2)


def _only_the_head(tier: Tier) -> Tier:
    """The deputy's answer makes the unit RELAYED then."""
    return replace(tier, answering=int(Role.PRIMARY))


def _half_of_them(tier: Tier) -> Tier:
    return replace(tier, rule=TierRule.QUORUM, quorum=0.5)


def _with_mail(tier: Tier) -> Tier:
    return _with(tier, Channel.EMAIL)


def _with_operator(tier: Tier) -> Tier:
    return _with(tier, Channel.OPERATOR)


def _with(tier: Tier, channel: Channel) -> Tier:
    """Whoever is written to is written to on this channel as well."""

    def rung(one: Rung) -> Rung:
        return replace(one, channels=(*one.channels, channel)) if Channel.SMS in one.channels else one

    def ladder(one: Ladder) -> Ladder:
        repeat = Repeat(one.repeat.every, tuple(map(rung, one.repeat.rungs)))
        return replace(one, rungs=tuple(map(rung, one.rungs)), repeat=repeat)

    return replace(tier, ladders={colour: ladder(one) for colour, one in tier.ladders.items()})


def _short_voice(tier: Tier) -> Tier:
    """Voice ends a quarter of an hour after the gate has opened, not after two hours."""
    ladders = {colour: replace(ladder, voice_for=900_000) for colour, ladder in tier.ladders.items()}
    return replace(tier, ladders=ladders)


def _one_gate(tier: Tier) -> Tier:
    """One gate for the whole tier where the shipped chain has one per superior."""
    below = tier.select.level in (UnitLevel.TOWNSHIP, UnitLevel.VILLAGE)
    return replace(tier, gate=Gate.TIER) if below and tier.opens_after else tier


OF_THEME: Mapping[str, Change] = {"relays": _only_the_head, "few lines": _all_answer}
"""What a theme of the weather asks of every tier."""
CHANGES: Mapping[str, Change] = {
    "all": _all_answer,
    "n": _two_answer,
    "head": _only_the_head,
    "quorum": _half_of_them,
    "mail": _with_mail,
    "operator": _with_operator,
    "voice": _short_voice,
    "gate": _one_gate,
}
