"""An installation on a temporary folder, and a keyboard in front of it."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from warning_dispatch.cli import build_app
from warning_dispatch.clock import SystemClock
from warning_dispatch.ingest.samples import restamp

ROOT = Path(__file__).resolve().parents[3]
ONE_COUNTY = "12379-county-red-rain.xml"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered. `document` is its JSON, None when it printed something else."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output read as one JSON value."""
        return json.loads(self.out)

    def complained(self, *words: str) -> None:
        """The command refused, in these words, without a traceback."""
        assert self.code == 1, self
        assert "Traceback" not in self.out + self.err
        for word in words:
            assert word in self.err

    def misused(self, *words: str) -> None:
        """The command was used wrongly: exit code 2 and a hint."""
        assert self.code == 2, self
        assert "Traceback" not in self.out + self.err
        for word in words:
            assert word in self.err


class Keyboard:
    """Runs commands as the operator of one installation."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the state; the configuration is the shipped one."""
        self.folder = folder
        self.environ = {
            "WARNING_DISPATCH_CONFIG_DIR": str(ROOT / "config"),
            "WARNING_DISPATCH_CONTACTS_DIR": str(ROOT / "contacts"),
            "WARNING_DISPATCH_STATE_DIR": str(folder / "state"),
            "SUDO_USER": "zhiban",
            "LANG": "C.UTF-8",
            "LC_ALL": "",
            "COLUMNS": "132",
        }

    def run(self, *words: object, typed: str | bytes | None = None, **environ: str) -> Said:
        """One command; `typed` goes to its standard input."""
        done = CliRunner().invoke(
            build_app(), [str(word) for word in words], input=typed, env={**self.environ, **environ}
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def asked(self, *words: object, typed: str | None = None) -> Any:
        """The JSON of a command that must succeed."""
        said = self.run(*words, "--json", typed=typed)
        assert said.code == 0, said
        return said.document

    def warning(self, sample: str = ONE_COUNTY, name: str = "red.xml") -> Path:
        """A sample message issued now, as a file."""
        path = self.folder / name
        path.write_bytes(restamp((ROOT / "config" / "samples" / sample).read_bytes(), SystemClock().now()))
        return path

    def ingested(self) -> int:
        """A red warning for one county has come in; its call-out."""
        number: int = self.asked("alert", "ingest", self.warning())["results"][0]["callouts"][0]
        return number

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "state" / "warning-dispatch.db"


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command sets logging up on a stream that is gone afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def bare(tmp_path: Path) -> Keyboard:
    """Nothing is installed yet."""
    return Keyboard(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of an installation with the sample register, made once."""
    folder = tmp_path_factory.mktemp("installation")
    said = Keyboard(folder).run("init", "--sample-register", 1, "--json")
    assert said.code == 0, said
    return folder / "state"


@pytest.fixture
def keyboard(tmp_path: Path, template: Path) -> Keyboard:
    """An installation with the sample register."""
    shutil.copytree(template, tmp_path / "state")
    return Keyboard(tmp_path)
