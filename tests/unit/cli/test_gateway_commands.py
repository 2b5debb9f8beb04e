"""`check` and `route callbacks` of a bureau with cloud providers: what to apply for, what to enter, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEMPLATES = {"call": "T1", "notice": "T2", "all_clear": "T3", "self": "T4"}
SECRET = "aliyun-secret-that-must-not-show"
PUBLIC = {"WARNING_DISPATCH_WEB__CALLBACK_URL": "https://jy.example.cn"}


def routes(folder: Path, **changes: Any) -> dict[str, str]:
    """Two cloud routes, with their secrets in files."""
    for name in ("id", "secret"):
        path = folder / name
        path.write_text(f"{SECRET}-{name}\n", encoding="utf-8")
        path.chmod(0o600)
    files = {"access_key_id_file": str(folder / "id"), "access_key_secret_file": str(folder / "secret")}
    voice = {"provider": "aliyun-voice", "set": {"template": TEMPLATES}, **files, **changes}
    text = {"provider": "aliyun-sms", "set": {"template": TEMPLATES, "sign_name": "气象"}, **files}
    written = [
        {"name": "cloud", "channel": "voice", "adapter": "gateway", "options": voice},
        {"name": "texts", "channel": "sms", "adapter": "gateway", "options": text},
        {"name": "operator", "channel": "operator", "adapter": "operator"},
    ]
    return {"WARNING_DISPATCH_ROUTES": json.dumps(written), **PUBLIC}


def test_check_says_what_must_be_applied_for(keyboard: Any) -> None:
    """Templates, filing and limits of each provider are notices; no secret stands in what is printed."""
    said = keyboard.run("check", "--offline", "--json", **routes(keyboard.folder))
    notices = [one["what"] for one in said.document["notices"]]
    assert any("VoiceReport" in one for one in notices)
    assert any("实名报备" in one for one in notices)
    assert SECRET not in said.out + said.err


def test_check_finds_wrong_options_of_a_provider_all_at_once(keyboard: Any) -> None:
    """A missing template and a file that others may read are found together, with their keys."""
    given = routes(keyboard.folder, set={"template": {"call": "T1"}})
    (keyboard.folder / "secret").chmod(0o644)
    said = keyboard.run("check", "--offline", "--json", **given)
    assert said.code == 1
    places = [one["where"] for one in said.document["findings"]]
    assert "warning-dispatch.toml: routes[0].options.set.template.notice" in places
    assert any(str(keyboard.folder / "secret") in one for one in places)
    assert SECRET not in said.out + said.err


def test_check_counts_with_what_the_provider_documents(keyboard: Any) -> None:
    """A ladder that rings a number more often than the only provider allows is a finding without any per_number."""
    files = {"app_key_file": str(keyboard.folder / "id"), "app_secret_file": str(keyboard.folder / "secret")}
    given = routes(keyboard.folder)
    huawei = {"provider": "huawei-voice", "set": {"template": TEMPLATES, "display_number": "+863580000000"}, **files}
    written = json.loads(given["WARNING_DISPATCH_ROUTES"])
    written[0]["options"] = huawei
    said = keyboard.run("check", "--offline", **{**given, "WARNING_DISPATCH_ROUTES": json.dumps(written)})
    assert "各语音线路合计只许 3 次" in said.out


def test_callback_addresses_are_listed_to_be_entered(keyboard: Any) -> None:
    """One for each callback, the same every time; without a public address it says what to set."""
    given = routes(keyboard.folder)
    said = keyboard.run("route", "callbacks", "--json", **given)
    found = {(one["route"], one["name"]): one["address"] for one in said.document["callbacks"]}
    assert set(found) == {("cloud", "reports"), ("texts", "reports"), ("texts", "replies")}
    assert all(
        address.startswith(f"https://jy.example.cn/hooks/{route}/{name}/") for (route, name), address in found.items()
    )
    assert len({address.rpartition("/")[2] for address in found.values()}) == 3
    assert keyboard.run("route", "callbacks", "--json", **given).document == said.document
    assert (
        "callback_url" in keyboard.run("route", "callbacks", **{**given, "WARNING_DISPATCH_WEB__CALLBACK_URL": ""}).out
    )
    assert "没有需要填写" in keyboard.run("route", "callbacks").out
