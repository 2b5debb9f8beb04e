"""The shipped configuration, and copies of it with something broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.errors import ConfigError, Finding

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shipped() -> Configuration:
    """The shipped configuration."""
    return load_configuration(ROOT / "config")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration that a test may break."""
    copy = tmp_path / "config"
    copy.mkdir()
    for name in ("hazards.toml", "outcomes.toml"):
        shutil.copy(ROOT / "config" / name, copy / name)
    shutil.copytree(ROOT / "config" / "chains", copy / "chains")
    return copy


@pytest.fixture
def findings_of() -> Callable[[Path], tuple[Finding, ...]]:
    """The findings of a folder that must be refused: each complete, in both languages."""

    def load(folder: Path) -> tuple[Finding, ...]:
        with pytest.raises(ConfigError) as refused:
            load_configuration(folder)
        for finding in refused.value.findings:
            assert finding.where
            assert " / " in finding.what, f"not in both languages: {finding}"
            assert str(finding) in str(refused.value)
        return refused.value.findings

    return load


@pytest.fixture
def broken(
    folder: Path, findings_of: Callable[[Path], tuple[Finding, ...]]
) -> Callable[[str, str, str], tuple[Finding, ...]]:
    """The findings after the first `old` of a file became `new`; called again, it breaks one thing more."""

    def spoil(file: str, old: str, new: str) -> tuple[Finding, ...]:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} no longer has {old!r}: mend this test"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return findings_of(folder)

    return spoil
