"""The shipped plan as the core sees it: ladders, tiers and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.escalation.state import Rules
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Outcome
from warning_dispatch.model.unit import Channel, Role, reach_bit

ROOT = Path(__file__).resolve().parents[3]
FAR = 6 * 3_600_000
"""ms: the validity of the warning in these tests."""


def reach_of(*roles: Role, texts: bool = True) -> int:
    """The reach mask of a unit whose people of these roles have a phone (and take messages)."""
    reach = 0
    for role in roles:
        reach |= reach_bit(role, Channel.VOICE)
        if texts and role is not Role.DUTY:
            reach |= reach_bit(role, Channel.SMS)
    return reach


@pytest.fixture(scope="session")
def configuration() -> Configuration:
    """The shipped configuration."""
    return load_configuration(ROOT / "config")


@pytest.fixture(scope="session")
def outcomes(configuration: Configuration) -> Mapping[str, Outcome]:
    """The shipped outcome table."""
    return configuration.outcomes


@pytest.fixture(scope="session")
def rules_of(configuration: Configuration) -> Callable[..., Rules]:
    """The rules of a tier of the city chain: `rules_of("villages", Colour.RED, Role.PRIMARY, Role.DEPUTY)`."""

    def build(
        tier_name: str, colour: Colour = Colour.RED, *roles: Role, superior: bool = False, need: int = 1
    ) -> Rules:
        tier = configuration.chain("city").tier(tier_name)
        people = roles or (Role.PRIMARY, Role.DEPUTY, Role.DUTY)
        answerers = sum(1 for role in people if role & tier.answering)
        return Rules(
            ladder=tier.ladders[colour],
            answering=tier.answering,
            gate_roles=tier.gate_roles,
            need=need,
            reach=reach_of(*people),
            voice_until=FAR,
            answerers=answerers,
            superior=superior,
        )

    return build
