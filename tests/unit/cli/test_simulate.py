"""`simulate`: what an officer reads, what a program reads, the plot, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

COUNTY = ("--area", "141129", "--register", "sample", "--storms", "3", "--jobs", "1")
PNG = b"\x89PNG\r\n\x1a\n"


def test_lines_side_by_side(keyboard: Any) -> None:
    """A row for each number of lines, the tiers of each, and in one sentence what more of them bring; nobody is called."""
    said = keyboard.run("simulate", *COUNTY, "--lines", "3,12")
    assert said.code == 0, said
    assert "city · 3 条线" in said.out
    assert "city · 12 条线" in said.out
    assert re.search(r"3 → 12 条线：95% 应答 \d+ → \d+ 分钟", said.out)
    assert said.out.count("村(社区)") == 2
    assert keyboard.asked("alert", "list")["alerts"] == []


def test_for_a_program(keyboard: Any) -> None:
    """Seconds by tier and share, who reached how many, line use, the bound; the same for the same seed."""
    words = ("simulate", *COUNTY, "--lines", "4", "--json")
    found = keyboard.run(*words).document
    assert keyboard.run(*words).document == found
    (setting,) = found["settings"]
    whole = setting["tiers"]["all"]
    assert whole["units"] == setting["units"] == 116
    assert whole["t50"]["middle"] < whole["t90"]["middle"] <= whole["t95"]["middle"]
    assert 0 < setting["by_superiors"] < setting["by_machine"] < 1
    assert setting["line_use"] <= 1
    assert setting["bound_seconds"] <= whole["t95"]["middle"]
    assert found["register"] == "sample"


def test_a_chain_and_an_edited_copy_of_it(keyboard: Any, tmp_path: Path) -> None:
    """Two files side by side: the copy goes by the name of its file."""
    shipped = Path(__file__).parents[3] / "config" / "chains" / "city.toml"
    copy = tmp_path / "slower.toml"
    copy.write_text(shipped.read_text(encoding="utf-8").replace('red = "120s"', 'red = "20s"'), encoding="utf-8")
    said = keyboard.run("simulate", *COUNTY, "--lines", "6", "--chain", str(shipped), "--against", str(copy))
    assert said.code == 0, said
    assert "slower · 6 条线" in said.out
    assert re.search(r"city → slower（6 条线）：95% 应答 \d+ → \d+ 分钟", said.out)


def test_what_each_thing_brings(keyboard: Any) -> None:
    """Lines, rungs, channels, superiors: each left out once."""
    found = keyboard.run("simulate", *COUNTY, "--lines", "4", "--gains", "--json").document["gains"]
    changes = [one["change_en"] for one in found]
    assert changes[0] == "as it is"
    assert {"8 lines", "no SMS", "no calls", "superiors leave their lists alone"} <= set(changes)


@pytest.mark.parametrize("kind", [".svg", ".png"])
def test_the_plot(keyboard: Any, tmp_path: Path, kind: str) -> None:
    """As a picture of either kind."""
    file = tmp_path / f"plot{kind}"
    assert keyboard.run("simulate", *COUNTY, "--lines", "4,8", "--plot", str(file)).code == 0
    content = file.read_bytes()
    assert content.startswith(PNG) if kind == ".png" else "8 条线" in content.decode()


def test_habits_of_a_file(keyboard: Any, tmp_path: Path) -> None:
    """Nobody answers a text: it takes longer than by the documented habits."""
    file = tmp_path / "habits.toml"
    file.write_text("[night.sms]\nignores = 1.0\n[superiors]\nworks = 0.0\n", encoding="utf-8")
    words = ("simulate", *COUNTY, "--lines", "4", "--json")
    documented = keyboard.run(*words).document["settings"][0]
    own = keyboard.run(*words, "--habits", str(file)).document["settings"][0]
    assert own["tiers"]["all"]["t95"]["middle"] > documented["tiers"]["all"]["t95"]["middle"]
    assert own["by_superiors"] == 0
    assert own["habits"] == "habits.toml"
    assert keyboard.run(*words, "--habits", "learned").document["settings"][0]["habits"] == "default"


def test_everything_wrong_at_once(keyboard: Any) -> None:
    """Each with what is accepted; nothing is played."""
    said = keyboard.run(
        "simulate",
        "--lines",
        "0,x",
        "--chain",
        "nope",
        "--hazard",
        "sandsturm",
        "--area",
        "9999",
        "--storms",
        "0",
        "--hour",
        "24",
    )
    assert said.code == 1
    for word in ("nope", "sandsturm", "“x”", "0 条线路", "9999", "0 超出范围", "24 超出范围"):
        assert word in said.err, word


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--plot", "plot.bmp"), ".svg, .png"),
        (("--plot", "no/such/folder/plot.svg"), "no/such/folder"),
        (("--habits", "no-such-file.toml"), "文件不存在"),
        (("--colour", "blue"), "--colour"),
    ],
)
def test_refused_before_anything_is_played(keyboard: Any, words: tuple[str, ...], complaint: str) -> None:
    """A picture of no kind, a folder that is not there, habits that cannot be read."""
    said = keyboard.run("simulate", *COUNTY, *words)
    assert said.code in (1, 2)
    assert complaint in said.err


def test_a_chain_file_with_findings(keyboard: Any, tmp_path: Path) -> None:
    """They are said with the rest."""
    file = tmp_path / "broken.toml"
    file.write_text('name = "x"\n', encoding="utf-8")
    said = keyboard.run("simulate", *COUNTY, "--chain", str(file), "--lines", "0")
    assert said.code == 1
    assert "broken.toml" in said.err
    assert "0 条线路" in said.err
