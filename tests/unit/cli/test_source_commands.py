"""`source list`, `outlet list` and what `check` says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def configure(keyboard: Any, section: str, name: str, *things: dict[str, Any]) -> None:
    """Sources or outlets in the environment of the keyboard."""
    keyboard.environ[f"WARNING_DISPATCH_{section.upper()}__{name.upper()}"] = json.dumps(things)


def found(document: dict[str, Any], area: str, kind: str = "findings") -> list[str]:
    """The findings of an area."""
    return [one["what"] for one in document[kind] if one["area"] == area]


def test_sources_are_listed_before_any_daemon_has_watched_them(keyboard: Any, tmp_path: Path) -> None:
    """The officer sees what is configured and that nothing is known of it yet."""
    configure(keyboard, "ingest", "folder", {"name": "city", "path": str(tmp_path)})
    configure(keyboard, "ingest", "feed", {"name": "province", "url": "https://feeds.example/a.atom"})
    document = keyboard.asked("source", "list")
    assert [(one["name"], one["kind"], one["state"]) for one in document["sources"]] == [
        ("city", "folder", "unwatched"),
        ("province", "feed", "unwatched"),
    ]
    assert document["sources"][0]["seen_at"] is None
    assert keyboard.asked("outlet", "list") == {"outlets": []}


def test_check_finds_what_would_not_work_all_at_once(keyboard: Any, tmp_path: Path) -> None:
    """A folder that is not there, a key nobody made, a missing secret, an address inside, a proxy that is everybody."""
    configure(keyboard, "ingest", "folder", {"name": "gone", "path": str(tmp_path / "gone")})
    configure(
        keyboard,
        "ingest",
        "push",
        {"name": "gw", "api_key": "nobody"},
        {"name": "signed", "auth": "hmac"},
        {"name": "proxied", "auth": "mtls", "proxies": ["0.0.0.0/0"], "subjects": ["CN=a"]},
    )
    configure(keyboard, "ingest", "feed", {"name": "inside", "url": "http://10.0.0.1/a.atom"})
    configure(keyboard, "outward", "outlet", {"name": "tv", "url": "https://tv.example/w"})
    document = keyboard.run("check", "--offline", "--json").document
    said = "\n".join(found(document, "sources"))
    for word in ("gone", "nobody", "共享密码", "谁都能冒充", "10.0.0.1"):
        assert word in said
    assert len(found(document, "sources")) == 5
    assert len(found(document, "outlets", "notices")) == 1


def test_check_is_content_with_sources_that_work(keyboard: Any, tmp_path: Path) -> None:
    """A folder that can be written, a key that exists, a secret that is long enough and nobody else's."""
    secret = tmp_path / "secret"
    secret.write_text("a secret of two systems")
    secret.chmod(0o600)
    (tmp_path / "in").mkdir()
    keyboard.asked("key", "add", "gw", "--scope", "alerts")
    configure(keyboard, "ingest", "folder", {"name": "city", "path": str(tmp_path / "in")})
    configure(
        keyboard,
        "ingest",
        "push",
        {"name": "gw", "api_key": "gw"},
        {"name": "signed", "auth": "hmac", "secret_file": str(secret)},
    )
    assert found(keyboard.run("check", "--offline", "--json").document, "sources") == []
    secret.chmod(0o644)
    (finding,) = found(keyboard.run("check", "--offline", "--json").document, "sources")
    assert "其他用户可以读" in finding


def test_names_of_sources_are_unlike_each_other(keyboard: Any, tmp_path: Path) -> None:
    """Health and what was taken in hang on the name."""
    configure(keyboard, "ingest", "folder", {"name": "a", "path": str(tmp_path)})
    configure(keyboard, "ingest", "feed", {"name": "a", "url": "https://feeds.example/"})
    assert "a" in found(keyboard.run("check", "--offline", "--json").document, "settings")[0]
