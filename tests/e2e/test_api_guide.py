"""The API guide: every example in it is carried out, in order, against a running daemon."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from station import Station, free_ports

from warning_dispatch.clock import SystemClock
from warning_dispatch.ingest.samples import restamp

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("api.zh-CN.md", "api.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAMPLE = ROOT / "config" / "samples" / "12379-red-rain-city.xml"
SECRET = "a secret of the province and us"


def blocks(name: str) -> list[tuple[str, str]]:
    """The fenced blocks of a guide with their language."""
    return FENCE.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An installation with a sender that signs; nothing has come in yet."""
    home = tmp_path_factory.mktemp("guide")
    secret = home / "province.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    (port,) = free_ports(1)
    push = [{"name": "province", "auth": "hmac", "secret_file": str(secret)}]
    station = Station(home, port)
    station.environ |= {
        "WARNING_DISPATCH_LOG__LEVEL": "warning",
        "WARNING_DISPATCH_INGEST__PUSH": json.dumps(push),
    }
    station.command("init", "--sample-register", "1")
    (key,) = [text for language, text in blocks("api.md") if "key add" in text and not language]
    station.key = json.loads(station.command(*key.split()[1:], "--json"))["key"]
    (home / "warning.xml").write_bytes(restamp(SAMPLE.read_bytes(), SystemClock().now()))
    (home / "signed.xml").write_bytes(restamp(SAMPLE.read_bytes(), SystemClock().now() - 7_000))
    station.start()
    yield station
    station.process.send_signal(signal.SIGTERM)
    assert station.process.wait(60) == 0
    assert station.troubles() == []


def carried_out(station: Any, script: str) -> list[str]:
    """What each command of a block prints. Every one must succeed."""
    environ = {**station.environ, "BASE": f"http://127.0.0.1:{station.port}", "KEY": station.key}
    said = []
    for command in re.split(r"\n(?=curl)", script.strip()):
        done = subprocess.run(  # noqa: S603 - the guide's own example
            ["/bin/sh", "-c", command],
            cwd=station.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said.append(done.stdout)
    return said


def require_shape(shown: Any, said: Any, where: str = "") -> None:
    """Whatever the guide shows stands in the answer: keys, kinds of values, and the words that are no placeholders."""
    if isinstance(shown, Mapping):
        assert isinstance(said, Mapping), where
        for key, value in shown.items():
            assert key in said, f"{where}.{key}"
            require_shape(value, said[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(said, list), where
        for one in shown[:1]:
            assert said, where
            require_shape(one, said[0], f"{where}[0]")
    elif where.endswith(
        (".disposition", ".kind", ".colour", ".alert_id", ".callout_id", ".recorded", ".seen", ".source")
    ):
        assert shown == said, where
    elif shown is not None and said is not None:
        assert type(shown) is type(said), where


def test_every_example_is_carried_out(station: Any) -> None:
    """A stranger copies an example and gets what the guide shows."""
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    examples, answered = blocks("api.md"), 0
    for at, (language, text) in enumerate(examples):
        if language != "sh" or "export" in text:
            continue
        said = carried_out(station, text)
        follows = examples[at + 1] if at + 1 < len(examples) else ("", "")
        if follows[0] == "json":
            require_shape(json.loads(follows[1]), json.loads(said[-1]))
            answered += 1
    assert answered == sum(language == "json" for language, _ in examples)


def test_the_signing_program_is_believed(station: Any) -> None:
    """The program of the guide sends a message as the province, and the bureau knows who it was."""
    (program,) = [text for language, text in blocks("api.md") if language == "python"]
    script = station.folder / "send.py"
    script.write_text(program, encoding="utf-8")
    url = f"http://127.0.0.1:{station.port}/api/v1/alerts"
    words = [sys.executable, str(script), url, "province", str(station.folder / "province.secret"), "signed.xml"]
    done = subprocess.run(  # noqa: S603 - the guide's own example
        words, cwd=station.folder, env=station.environ, capture_output=True, text=True, check=True, timeout=60
    )
    status, _, body = done.stdout.partition(" ")
    assert status == "202"
    kept = station.ask(
        "GET", f"/api/v1/alerts/{json.loads(body)['alert_id']}", headers={"Authorization": f"Bearer {station.key}"}
    )
    assert json.loads(kept.body)["identifier"].encode() in (station.folder / "signed.xml").read_bytes()
    assert "province" in station.command("source", "list")


def test_both_languages_give_the_same_examples() -> None:
    """Whoever reads either does the same."""
    assert blocks(GUIDES[0]) == blocks(GUIDES[1])
