"""Group robots: told in time, merged rather than queued, never more than is allowed, and nothing internal is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from by_path import loaded

from warning_dispatch.bootstrap.robots import AlarmTeller, alarm_message, robot_findings
from warning_dispatch.clock import SystemClock, VirtualClock
from warning_dispatch.delivery.gateway.plan import GatewayOptions, folders_of, make_plan
from warning_dispatch.delivery.gateway.robot import MUTED_FOR, GroupRobot
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.views import AlarmRow
from warning_dispatch.settings import load_settings
from warning_dispatch.web.catalogues import CHINESE, load_catalogues

NOW = 1_784_727_300_000
CONFIG = Path(__file__).resolve().parents[2] / "config"
SECRETS = {"key": "wecom-key-that-must-not-show", "access_token": "dingtalk-token", "sign_secret": "SECnot-real"}
ROBOTS = ["wecom-robot", "dingtalk-robot"]


@pytest.fixture(scope="module")
def stand() -> Any:
    """The module provider_stand.py."""
    return loaded("contract_provider_stand", Path(__file__).with_name("provider_stand.py"))


def robot(provider: str, endpoint: str, clock: VirtualClock, **options: Any) -> GroupRobot:
    """A robot of a group on loopback."""
    given = GatewayOptions.model_validate({"provider": provider, "endpoint": endpoint, "timeout_s": 0.2, **options})
    plan = make_plan(given, lambda name: SECRETS[name], "x", folders_of(None))
    return GroupRobot(plan, "duty", clock.now, structlog.get_logger("robot"))


def alarm(key: int, at: int, kind: str = "route_down", colour: Colour | None = Colour.ORANGE) -> AlarmRow:
    """An alarm about something internal."""
    return AlarmRow(key, at, kind, '{"route": "secret-route"}', 7, "某村", colour)


def said(seen: Any) -> str:
    """What a message says."""
    return str(seen.document["text"]["content"])


def answer(code: int) -> bytes:
    """An answer of either robot."""
    return json.dumps({"errcode": code, "errmsg": "x"}).encode()


@pytest.mark.parametrize("provider", ROBOTS)
async def test_a_message_is_posted_in_the_providers_words(stand: Any, provider: str) -> None:
    """Text type, the secret in the query, DingTalk signed with moment and secret."""
    async with stand.standing(lambda _seen: stand.Says(body=answer(0))) as group:
        one = robot(provider, group.endpoint, VirtualClock(NOW))
        assert await one.post("新告警")
    (seen,) = group.seen
    assert seen.document == {"msgtype": "text", "text": {"content": "新告警"}}
    wanted: Mapping[str, str] = {"wecom-robot": SECRETS["key"], "dingtalk-robot": SECRETS["access_token"]}
    assert wanted[provider] in seen.query.values()
    assert ("sign" in seen.query) == (provider == "dingtalk-robot")


@pytest.mark.parametrize(("provider", "code"), [("wecom-robot", 45009), ("dingtalk-robot", 130101)])
async def test_a_robot_that_was_told_too_much_is_left_alone(stand: Any, provider: str, code: int) -> None:
    """For ten minutes nothing is sent; what came meanwhile is one message afterwards, and nothing is lost."""
    clock, alarms = VirtualClock(NOW), [alarm(1, NOW)]
    async with stand.standing(lambda _seen: stand.Says(body=answer(code))) as group:
        one = robot(provider, group.endpoint, clock)
        teller = AlarmTeller(one, lambda: alarms, clock.now)
        await teller.look()
        group.script = lambda _seen: stand.Says(body=answer(0))
        for key in range(2, 60):
            clock.advance_to(clock.now() + 10_000)
            alarms.append(alarm(key, clock.now()))
            await teller.look()
        assert len(group.seen) == 1
        clock.advance_to(NOW + MUTED_FOR)
        await teller.look()
        await teller.look()
    assert len(group.seen) == 2
    assert "新告警 59 项" in said(group.seen[1])


async def test_a_storm_of_alarms_never_exceeds_what_is_allowed(stand: Any) -> None:
    """An alarm a second for ten minutes, a look every ten seconds: six messages a minute, every alarm told once."""
    clock, alarms = VirtualClock(NOW), list[AlarmRow]()
    async with stand.standing(lambda _seen: stand.Says(body=answer(0))) as group:
        one = robot("wecom-robot", group.endpoint, clock)
        teller = AlarmTeller(one, lambda: alarms, clock.now)
        for second in range(600):
            clock.advance_to(NOW + second * 1_000)
            alarms.append(alarm(second + 1, clock.now()))
            if second % 10 == 9:
                await teller.look()
    told = sum(int(said(seen).partition("新告警 ")[2].partition(" 项")[0]) for seen in group.seen)
    assert (len(group.seen), told) == (60, 600)


@pytest.mark.parametrize("way", ["silent", "error", "cut"])
async def test_a_message_that_was_not_taken_is_told_with_the_next(stand: Any, way: str) -> None:
    """Silence, an error and a cut connection lose nothing."""
    clock, alarms = VirtualClock(NOW), [alarm(1, NOW)]
    says = {"silent": stand.Says(silent=True), "error": stand.Says(500), "cut": stand.Says(cut=3)}[way]
    async with stand.standing(lambda _seen: says) as group:
        one = robot("wecom-robot", group.endpoint, clock)
        teller = AlarmTeller(one, lambda: alarms, clock.now)
        await teller.look()
        group.script = lambda _seen: stand.Says(body=answer(0))
        alarms.append(alarm(2, NOW))
        await teller.look()
    assert "新告警 2 项" in said(group.seen[-1])


def test_only_kinds_and_numbers_are_said() -> None:
    """A group lies in a public cloud: no unit, no route, no call-out; the urgent kinds first; answers there claim nothing."""
    words = load_catalogues()[CHINESE]
    rows = [alarm(1, NOW, "pause_over", None), alarm(2, NOW), alarm(3, NOW, "county_silent", Colour.RED), alarm(4, NOW)]
    text = alarm_message(rows, words)
    assert text.startswith("【气象叫应】新告警 4 项：红色预警无人应答、线路停用 2、")
    assert not any(word in text for word in ("某村", "secret-route", "7"))
    assert "不算认领" in text


async def test_what_was_told_before_a_restart_is_not_told_again(stand: Any) -> None:
    """A daemon that begins to tell leaves old alarms; those of the last minute it tells, perhaps a second time."""
    clock = VirtualClock(NOW)
    alarms = [alarm(1, NOW - 3_600_000), alarm(2, NOW - 30_000)]
    async with stand.standing(lambda _seen: stand.Says(body=answer(0))) as group:
        one = robot("wecom-robot", group.endpoint, clock)
        teller = AlarmTeller(one, lambda: alarms, clock.now)
        await teller.look()
        await teller.look()
    assert [said(seen).partition("项")[0] for seen in group.seen] == ["【气象叫应】新告警 1 "]


def test_wrong_robots_are_findings(tmp_path: Path) -> None:
    """A provider of calls is no robot; a missing secret is told with its key, and no secret is."""
    key = tmp_path / "key"
    key.write_text("id")
    key.chmod(0o600)
    robots = [
        {"name": "one", "options": {"provider": "wecom-robot"}},
        {"name": "two", "options": {"provider": "aliyun-sms", "access_key_id_file": str(key)}},
        {"name": "three", "options": {"provider": "wecom-robot", "key_file": str(key), "colour": "red"}},
        {"name": "four", "options": {"provider": "wecom-robot", "key_file": str(key)}},
    ]
    settings = load_settings(CONFIG, {}, state_dir=str(tmp_path / "state"), robots=robots)
    places = [finding.where for finding in robot_findings(settings, SystemClock())]
    assert "warning-dispatch.toml: robots[0].options.key_file" in places
    assert any(place.startswith("warning-dispatch.toml: robots[1]") for place in places)
    assert "warning-dispatch.toml: robots[2].options.colour" in places
    assert not any("robots[3]" in place for place in places)
