"""Credentials never in logs, errors, `check` output or the journal: canaries in every secret, and nobody sings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
CANARY = "canary-8f3c-{}-of-the-bureau"
ROUTES = """
[[routes]]
name = "mail"
channel = "email"
adapter = "smtp"

[[routes]]
name = "far-voice"
channel = "voice"
adapter = "twilio"
[routes.options]
account_sid = "AC00000000000000000000000000000000"
from_numbers = ["+12025550100"]
auth_token_file = "{folder}/auth_token"
address = "http://127.0.0.1:9"

[[routes]]
name = "sms-simulated"
channel = "sms"
adapter = "simulated"

[[routes]]
name = "operator"
channel = "operator"
adapter = "operator"
"""
SECRETS = ("password", "imap_password", "bounce_secret", "auth_token", "push_secret")


@pytest.fixture
def canaries(keyboard: Any) -> Any:
    """An installation whose every secret is a canary, in files and in the environment."""
    config = keyboard.folder / "config"
    shutil.copytree(ROOT / "config", config)
    for name in SECRETS:
        (keyboard.folder / name).write_text(CANARY.format(name))
        (keyboard.folder / name).chmod(0o600)
    shipped = (config / "warning-dispatch.toml").read_text(encoding="utf-8")
    head = shipped[: shipped.index("\n[[routes]]") + 1]
    files = {
        'host = "" # 空：没有': 'host = "127.0.0.1" # ',
        'sender = "" #': 'sender = "alert@example.cn" #',
        'username = "" # 空：不登录': 'username = "duty" # ',
        'password_file = "" # 只含': f'password_file = "{keyboard.folder}/password" # ',
        'bounce_secret_file = ""': f'bounce_secret_file = "{keyboard.folder}/bounce_secret"',
        'imap_host = ""': 'imap_host = "127.0.0.1"',
        'imap_password_file = ""': f'imap_password_file = "{keyboard.folder}/imap_password"',
    }
    for before, after in files.items():
        assert before in head, before
        head = head.replace(before, after, 1)
    push = f'\n[[ingest.push]]\nname = "city"\nauth = "hmac"\nsecret_file = "{keyboard.folder}/push_secret"\n'
    text = head + push + ROUTES.replace("{folder}", str(keyboard.folder))
    (config / "warning-dispatch.toml").write_text(text, encoding="utf-8")
    keyboard.environ["WARNING_DISPATCH_CONFIG_DIR"] = str(config)
    keyboard.environ["WARNING_DISPATCH_ROUTE__FAR_VOICE__AUTH_TOKEN"] = CANARY.format("environment")
    return keyboard


def sung(*said: str) -> list[str]:
    """What of a canary can be found."""
    return [one for one in said if "canary-8f3c" in one]


def test_no_command_sings(canaries: Any) -> None:
    """`check` in both forms, lists, an ingest that calls: neither output nor error holds a secret."""
    for words in (
        ("check",),
        ("check", "--json"),
        ("route", "callbacks"),
        ("source", "list"),
        ("alert", "ingest", canaries.warning()),
        ("alarm", "list", "--json"),
        ("journal", "verify"),
    ):
        said = canaries.run(*words)
        assert said.code in (0, 1), said
        assert sung(said.out, said.err) == [], words


@pytest.mark.parametrize("spoil", ["mode", "gone", "bytes", "value"])
def test_no_error_sings(canaries: Any, spoil: str) -> None:
    """A secret that others can read, that is gone, broken, or written where it does not belong: named, never repeated."""
    path = canaries.folder / "password"
    config = Path(canaries.environ["WARNING_DISPATCH_CONFIG_DIR"]) / "warning-dispatch.toml"
    match spoil:
        case "mode":
            path.chmod(0o644)
        case "gone":
            path.unlink()
        case "bytes":
            path.write_bytes(CANARY.format("x").encode() + b"\xff\xfe")
        case _:
            text = config.read_text(encoding="utf-8")
            wrong = f'auth_token = "{CANARY.format("in the file")}"\n'
            config.write_text(text.replace("auth_token_file", f"{wrong}auth_token_file"), encoding="utf-8")
    said = canaries.run("check")
    assert said.code == 1
    assert sung(said.out, said.err) == []


def test_neither_the_database_nor_the_journal_keeps_one(canaries: Any) -> None:
    """What has been called and told is stored without the keys it was done with."""
    canaries.run("alert", "ingest", canaries.warning())
    canaries.run("check")
    kept = [path for path in (canaries.folder / "state").rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in kept)
    assert [path.name for path in kept if b"canary-8f3c" in path.read_bytes()] == []
