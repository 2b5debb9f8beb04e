"""报送的四位验证: a registrar's link is guessed at; eight tries, however they come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel

COUNTY = "141124"
PHONE = "+8626010000003"
RIGHT = PHONE[-4:]


@pytest.fixture
def world(make_refresh: Callable[..., Any]) -> Any:
    """A campaign has begun, and the county's registrar has got a link."""
    unit = Unit(COUNTY, "临县", UnitKind.DIVISION, UnitLevel.COUNTY, COUNTY, None)
    endpoints = tuple(EndpointEntry(channel, PHONE) for channel in (Channel.VOICE, Channel.SMS))
    world = make_refresh((unit,), (ReceiverEntry(COUNTY, Role.PRIMARY, "县甲", "", "zh_CN", endpoints, sample=True),))
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    world.post()
    return world


def test_guessing_at_once_is_guessing_all_the_same(world: Any) -> None:
    """Fifty at the same moment: eight are looked at, and then the right one is not either."""
    token = world.token(PHONE)

    async def all_at_once() -> list[str | BaseException]:
        steps = [world.desk.pass_step(token, f"{four}") for four in range(9_000, 9_050)]
        return await asyncio.gather(*steps, return_exceptions=True)

    said = world.do(all_at_once())
    assert all(isinstance(one, RefusedError) for one in said)
    assert Counter("不对" in str(one) for one in said) == {True: 8, False: 42}
    with pytest.raises(RefusedError, match="太多"):
        world.do(world.desk.pass_step(token, RIGHT))


def test_the_right_digits_forget_the_wrong_ones(world: Any) -> None:
    """Seven wrong ones and then the right ones, twice: whoever mistypes is not sent to the bureau."""
    token = world.token(PHONE)
    for _ in range(2):
        for _ in range(7):
            with pytest.raises(RefusedError, match="不对"):
                world.do(world.desk.pass_step(token, "9999"))
        assert world.do(world.desk.pass_step(token, RIGHT))
