"""Provider files and the options of a route: every mistake is a finding with file and key, all at once, before the season."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.delivery.gateway.files import load_provider, shipped_folder
from warning_dispatch.delivery.gateway.kind import KIND
from warning_dispatch.delivery.gateway.plan import GatewayOptions, Plan, folders_of, make_plan
from warning_dispatch.delivery.kinds import RouteFacts
from warning_dispatch.errors import INFORMATION, ConfigError, Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.tomlfiles import parse

SHIPPED = sorted(path.stem for path in shipped_folder().glob("*.toml"))
OUTCOMES = frozenset({"no_answer", "busy", "temporarily_refused", "number_limited", "heard_no_key", "key_pressed"})
OWN = """
channel = "voice"
title = { zh_CN = "本局网关", en = "our gateway" }
secrets = { token = { zh_CN = "令牌", en = "token" } }
options = { line = { zh_CN = "线路", en = "line" } }
answer = { success = { ok = "true" } }
[request]
url = "https://gw.example.cn/call"
headers = { authorization = "Bearer {secret.token}" }
json = { to = "{number.e164}", say = "{text}", id = "{attempt}", line = "{option.line}" }
"""


def wrong(folder: Path, text: str) -> list[str]:
    """Where the findings of a file stand."""
    (folder / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_provider("own", [folder], OUTCOMES)
    return [finding.where for finding in error.value.findings]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_says_what_must_be_applied_for(name: str) -> None:
    """It can be read, names the documents it was written from, and what to register in both languages."""
    shape = load_provider(name, [shipped_folder()]).shape
    assert shape.documents
    assert shape.to_register
    assert shape.secrets
    assert shape.public_cloud


def test_a_site_describes_a_provider_of_its_own(tmp_path: Path) -> None:
    """A file of its own is found first by its name, or by its path; nothing but what it says is needed."""
    (tmp_path / "providers").mkdir()
    path = tmp_path / "providers" / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    by_name = load_provider("own", folders_of(tmp_path))
    assert by_name.shape == load_provider(str(path), []).shape
    assert not by_name.wants_values
    assert load_provider("aliyun-voice", folders_of(tmp_path)).wants_values


def test_a_file_that_is_not_there_names_those_that_are() -> None:
    """A slip of the pen is told with the names there are."""
    with pytest.raises(ConfigError, match="aliyun-voice") as error:
        load_provider("aliyun-voise", [shipped_folder()])
    assert "providers/aliyun-voise.toml" in str(error.value)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("json = {", "jsn = {"), "request.jsn"),
        (("{text}", "{words}"), "request.json.say"),
        (('say = "{text}", ', ""), "request"),
        (("{secret.token}", "{text}"), "request.headers.authorization"),
        (("https://gw", "gw"), "request.url"),
        (('channel = "voice"', 'channel = "fax"'), "channel"),
        (("[request]", 'errors = { X = "no_such" }\n[request]'), "errors.X"),
        (("[request]", 'errors = { X = "key_pressed" }\n[request]'), "errors.X"),
        (("[request]", '[request]\nsigner = { scheme = "md5" }'), "request.signer.scheme"),
        (("[request]", '[request]\nsigner = { scheme = "acs3", id = "token", key = "tokn" }'), "request.signer.key"),
        (("[request]", '[request]\nsigner = { scheme = "tc3", key = "token" }'), "request.signer.extra.service"),
    ],
)
def test_a_wrong_key_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], where: str) -> None:
    """Misspelt keys, unknown marks and outcomes, a drill that would look real, a signature that cannot be made."""
    assert f"providers/own.toml: {where}" in wrong(tmp_path, OWN.replace(*change))


@pytest.mark.parametrize(
    ("readings", "where"),
    [
        ('[{ code = "s", outcomes = { "1" = "busy" } }]', "readings[0]"),
        ('[{ attempt = "id" }]', "readings[0]"),
        ('[{ attempt = "id", code = "s", outcomes = { "1" = "key_pressed" } }]', "readings[0].outcomes.1"),
        ('[{ attempt = "id", outcomes = { "1" = "busy" } }]', "readings[0]"),
        ('[{ attempt = "id", key = "k", began = "b" }]', "readings[0]"),
        ('[{ tells = "reply", number = "n" }]', "readings[0]"),
        ("[]", "readings"),
    ],
)
def test_a_callback_that_tells_nothing_is_a_finding(tmp_path: Path, readings: str, where: str) -> None:
    """Whose call, what of it, and never an answer by a status: each is asked for."""
    places = wrong(tmp_path, OWN + f"\n[callbacks.state]\nreadings = {readings}\n")
    assert f"providers/own.toml: callbacks.state.{where}" in places


def test_all_findings_come_at_once(tmp_path: Path) -> None:
    """A file with four mistakes is mended in one go; one that is no TOML says so."""
    broken = (
        OWN.replace("{text}", "{words}").replace("{attempt}", "{atempt}").replace("{secret.token}", "{secret.tokn}")
    )
    assert len(wrong(tmp_path, broken)) == 4
    assert wrong(tmp_path, "channel = ") == ["providers/own.toml"]


# --- the options of a route ---------------------------------------------------------------------------------

FULL: Mapping[str, Any] = {
    "provider": "aliyun-voice",
    "set": {"template": {"call": "T1", "notice": "T2", "all_clear": "T3", "self": "T4"}},
}
SECRETS = {"access_key_id": "id", "access_key_secret": " hush-hush\n"}


def options(**changes: Any) -> GatewayOptions:
    """The options of an Aliyun route."""
    return GatewayOptions.model_validate({**FULL, **changes})


def plan(secrets: Mapping[str, str] = SECRETS, **changes: Any) -> Plan:
    """The plan of an Aliyun route."""
    return make_plan(options(**changes), lambda name: secrets.get(name, ""), "x.toml: routes[0]", folders_of(None))


def test_options_are_chosen_by_purpose() -> None:
    """Each purpose has its own template; what is not set is the default; secrets lose their line ends."""
    made = plan()
    assert {purpose: chosen["template"] for purpose, chosen in made.chosen.items()} == FULL["set"]["template"]
    assert made.chosen["call"]["show_number"] == ""
    assert made.secrets["access_key_secret"] == "hush-hush"
    assert "hush" not in repr(made) + repr(made.credentials(made.provider.shape.request.signer))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"set": {}}, "options.set.template.call"),
        ({"set": {"template": {"call": "T"}}}, "options.set.template.notice"),
        ({"set": {"template": "T"}}, "options.set.template"),
        ({"set": {"template": {**FULL["set"]["template"], "drill": "T"}}}, "options.set.template.drill"),
        ({"set": {**FULL["set"], "templat": "T"}}, "options.set.templat"),
        ({"access_kay_id_file": "/x"}, "options.access_kay_id_file"),
    ],
)
def test_a_wrong_option_is_told_with_its_place(changes: Mapping[str, Any], where: str) -> None:
    """What is missing, misspelt, or one for all where each purpose needs its own."""
    with pytest.raises(ConfigError) as error:
        plan(**changes)
    assert f"x.toml: routes[0].{where}" in [finding.where for finding in error.value.findings]


def test_missing_secrets_are_told_without_their_neighbours() -> None:
    """Which secret is missing and where to put it; what the others hold stands nowhere."""
    with pytest.raises(ConfigError) as error:
        plan({"access_key_id": "LTAI-visible"})
    assert [finding.where for finding in error.value.findings] == ["x.toml: routes[0].options.access_key_secret_file"]
    assert "LTAI-visible" not in str(error.value)


def test_unknown_option_keys_are_findings() -> None:
    """Only `<secret>_file` may stand beside the known keys."""
    findings: list[Finding] = []
    assert parse(GatewayOptions, {**FULL, "endpont": "https://x"}, "routes[0].options", findings) is None
    assert findings[0].where == "routes[0].options: endpont"
    assert options(access_key_id_file="/etc/x").files == {"access_key_id": "/etc/x"}


def facts(channel: Channel = Channel.VOICE, **changes: Any) -> RouteFacts:
    """A route as a kind is told of it."""
    given = {"hook_url": "https://jy.example.cn/hooks/aliyun", "secret": SECRETS.get, **changes}
    return RouteFacts("aliyun", channel, "x.toml: routes[0]", **given)


def test_check_says_what_must_be_registered_and_what_is_beyond_the_documented() -> None:
    """Notices, not faults: what to apply for, and limits that the provider must have raised."""
    findings = KIND.check(options(provider="huawei-voice", set={"template": FULL["set"]["template"], "display_number": "+86"}),
                          facts(lines=30, secret=lambda _name: "s"))  # fmt: skip
    assert all(finding.what.startswith(INFORMATION) for finding in findings)
    assert any("lines = 30" in finding.what for finding in findings)
    assert sum("huawei-voice" in finding.where for finding in findings) == 4


def test_a_voice_route_without_a_public_address_is_a_finding() -> None:
    """Without callbacks no key ever arrives: that is found in spring, not at 3 a.m."""
    serious = [one for one in KIND.check(options(), facts(hook_url="")) if not one.what.startswith(INFORMATION)]
    assert [finding.where for finding in serious] == ["warning-dispatch.toml: web.callback_url"]
    long = KIND.check(options(), facts(hook_url="https://" + "a" * 90 + "/hooks/aliyun"))
    assert any("96" in finding.what for finding in long)


def test_a_provider_of_another_channel_is_refused() -> None:
    """An SMS route cannot be given a provider of calls."""
    with pytest.raises(ConfigError, match=r"routes\[0\]\.options\.provider"):
        KIND.check(options(), facts(Channel.SMS))


def test_documented_limits_and_the_cloud_are_known_without_secrets() -> None:
    """Whoever only reads the database may not read the secrets, and still knows the route."""
    known = KIND.limits(options(), facts(secret=lambda _name: ""))
    assert known.per_number == (1, 5, 20)
    assert known.public_cloud
    assert KIND.wants_values(options(), facts(secret=lambda _name: ""))


def test_the_shipped_settings_example_is_true() -> None:
    """The routes that stand commented in the shipped settings can be read as they stand, secrets aside."""
    text = (shipped_folder().parent / "warning-dispatch.toml").read_text("utf-8")
    example = text.partition("# --- 云通信线路示例")[2].partition("\n")[2].partition("# --- 示例完")[0]
    lines = [line.removeprefix("#").removeprefix(" ") for line in example.splitlines()]
    written = tomllib.loads("\n".join(lines))
    shown = [*written["routes"], *({**one, "channel": "group"} for one in written["robots"])]
    assert {route["options"]["provider"] for route in shown} == set(SHIPPED)
    for route in shown:
        made = make_plan(GatewayOptions.model_validate(route["options"]), lambda _name: "s", "x", folders_of(None))
        assert made.provider.shape.channel == route["channel"]
