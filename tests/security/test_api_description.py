"""The API keeps its published description under schemathesis: no 500, no undocumented answer, no key no entry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = 25
"""Per operation and phase; `make fuzz` asks for more."""


def test_the_api_keeps_its_description(station: Any, pytestconfig: pytest.Config) -> None:
    """Every operation with data that fits and data that does not, each answer held against the description."""
    examples = EXAMPLES * max(1, round(pytestconfig.getoption("--fuzz")))
    words = [
        *(
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(Path(__file__).with_name("schemathesis.toml")),
            "run",
        ),
        f"http://127.0.0.1:{station.port}/api/openapi.json",
        *("--header", f"Authorization: Bearer {station.key}"),
        *("--max-examples", str(examples), "--seed", str(pytestconfig.getoption("--fuzz-seed"))),
        *("--checks", "all", "--generation-database", "none", "--no-color"),
    ]
    done = subprocess.run(words, cwd=station.folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert station.troubles() == []
