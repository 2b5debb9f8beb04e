"""Rules of sources: from the settings to what the reader goes by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from warning_dispatch.bootstrap.source_rules import rules_finder
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.source_rules import USUAL, RadiusUnit
from warning_dispatch.settings import SETTINGS_FILE, load_settings


def written(folder: Path, text: str) -> Path:
    """A configuration folder with this file."""
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return folder


def test_a_source_is_found_by_what_its_messages_are_kept_under(tmp_path: Path) -> None:
    """A configured source by kind and name; the API and `alert ingest` by their word; everybody else is as usual."""
    text = """[[ingest.folder]]
name = "city"
path = "/srv/in"
time_zone = "America/St_Johns"
radius = "m"
mends = true
senders = ["1411*"]
max_age_s = 60
[ingest.file]
areas = ["141124"]
"""
    settings = load_settings(written(tmp_path, text), {})
    find = rules_finder(settings.ingest)
    rules = find("folder:city")
    assert (rules.name, rules.zone, rules.radius) == ("folder:city", ZoneInfo("America/St_Johns"), RadiusUnit.METRES)
    assert (rules.mends, rules.senders, rules.max_age, rules.signature) == (True, ("1411*",), 60_000, None)
    assert find("file:a.xml").areas == ("141124",)
    assert find("feed:city") is find("hand:wang") is find("folder:cities") is USUAL
    assert find("api") == replace(USUAL, name="api", zone=ZoneInfo("Asia/Shanghai"))


def test_every_slip_is_named(tmp_path: Path) -> None:
    """A certificate that is not there or none, of each source: all at once."""
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    text = f'[ingest.api]\ncertificates = ["{junk}"]\n[[ingest.push]]\nname = "a"\napi_key = "a"\n'
    settings = load_settings(written(tmp_path, text + f'certificates = ["{tmp_path}/missing.pem"]\n'), {})
    with pytest.raises(ConfigError) as caught:
        rules_finder(settings.ingest)
    told = str(caught.value)
    assert "ingest.push (a).certificates" in told
    assert "missing.pem" in told
    assert "ingest.api.certificates" in told
    assert "PEM" in told


@pytest.mark.parametrize("line", ['time_zone = "8"', "colours = []", 'encoding = "UTF-7"', 'name = "A B"'])
def test_rules_with_a_slip_of_the_pen(tmp_path: Path, line: str) -> None:
    """The place is named."""
    name = "" if line.startswith("name") else 'name = "a"\n'
    with pytest.raises(ConfigError, match=r"ingest\.feed"):
        load_settings(written(tmp_path, f'[[ingest.feed]]\nurl = "https://x.cn/a"\n{name}{line}\n'), {})


def test_areas_may_be_written_with_their_zeros(tmp_path: Path) -> None:
    """A city or county by its whole code is that city or county, with everything in it."""
    text = '[ingest.file]\nareas = ["141100", "141124000000"]\n'
    rules = rules_finder(load_settings(written(tmp_path, text), {}).ingest)("file")
    assert rules.areas == ("1411", "141124")
    assert rules.covers("141128101")
