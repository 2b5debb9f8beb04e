"""Source profiles: from the settings to what the reader goes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from warning_dispatch.bootstrap.profiles import profile_finder
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.source import USUAL, RadiusUnit
from warning_dispatch.settings import SETTINGS_FILE, load_settings


def written(folder: Path, text: str) -> Path:
    """A configuration folder with this file."""
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return folder


def test_a_source_is_found_by_its_name(tmp_path: Path) -> None:
    """What stands before the first colon of where a message came from; everybody else is as usual."""
    text = """[[ingest.profiles]]
name = "spool"
zone = "-03:30"
radius = "m"
mends = true
senders = ["1411*"]
max_age_s = 60
"""
    settings = load_settings(written(tmp_path, text), {})
    find = profile_finder(settings.ingest.profiles)
    profile = find("spool:a.xml")
    assert (profile.zone_minutes, profile.radius, profile.mends) == (-210, RadiusUnit.METRES, True)
    assert (profile.senders, profile.max_age, profile.signature) == (("1411*",), 60_000, None)
    assert find("api") is find("spooler:x") is USUAL


def test_every_slip_is_named(tmp_path: Path) -> None:
    """A certificate that is not there or none, and a name that stands twice: all at once."""
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    one = f'[[ingest.profiles]]\nname = "a"\ncertificates = ["{junk}", "{tmp_path}/missing.pem"]\n'
    settings = load_settings(written(tmp_path, one + one), {})
    with pytest.raises(ConfigError) as caught:
        profile_finder(settings.ingest.profiles)
    told = str(caught.value)
    assert "missing.pem" in told
    assert "PEM" in told
    assert "stands twice" in told


@pytest.mark.parametrize("line", ['zone = "8"', "colours = []", 'encoding = "UTF-7"', 'name = "A B"'])
def test_a_profile_with_a_slip_of_the_pen(tmp_path: Path, line: str) -> None:
    """The place is named."""
    name = "" if line.startswith("name") else 'name = "a"\n'
    with pytest.raises(ConfigError, match=r"profiles"):
        load_settings(written(tmp_path, f"[[ingest.profiles]]\n{name}{line}\n"), {})
