"""`contacts`: the register comes in whole or not at all, and is never lost by a slip."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
CONTACTS = ROOT / "contacts"
HEAD = "unit_code,role,name,post,mobile,landline,email,language,sample\n"


def receivers(keyboard: Any, *rows: str) -> Path:
    """A receivers.csv with these rows."""
    path: Path = keyboard.folder / "receivers.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def mails(count: int) -> list[str]:
    """Rows that are no sample, for as many departments; RFC 2606 keeps their addresses from reaching anybody."""
    counties = (code for code in range(141121, 141131))
    offices = [f"{code}-{sector}" for code in counties for sector in ("water", "emergency", "housing", "health")]
    return [f"{code},A,村{position},,,,a{position}@example.org,," for position, code in enumerate(offices[:count])]


def test_the_sample_follows_from_its_seed(bare: Any) -> None:
    """The same seed gives the same register; taking it over again changes nothing."""
    bare.asked("init")
    first = bare.asked("contacts", "sample", "--seed", 7)
    assert (first["units"], first["units_added"]) == (2868, 2868)
    again = bare.asked("contacts", "sample", "--seed", 7)
    assert (again["receivers"], again["receivers_added"], again["endpoints_ended"]) == (first["receivers"], 0, 0)


def test_import_of_a_file_beside_known_units(keyboard: Any) -> None:
    """A receivers.csv alone takes its units from the configured contacts."""
    counts = keyboard.asked("contacts", "import", CONTACTS / "receivers.example.csv", "--whole", "--allow-fewer")
    assert (counts["receivers"], counts["units"], counts["units_ended"]) == (12, 2868, 0)


def test_import_of_a_folder(keyboard: Any) -> None:
    """A folder is units and receivers together."""
    folder = keyboard.folder / "register"
    folder.mkdir()
    for name in ("divisions.csv", "offices.toml"):
        shutil.copy(CONTACTS / name, folder)
    shutil.copy(CONTACTS / "receivers.example.csv", folder / "receivers.csv")
    said = keyboard.run("contacts", "import", folder)
    assert said.code == 0
    assert "12 个接收责任人" in said.out
    assert "register.replaced" in keyboard.run("journal", "export", "register").out


def test_every_error_of_a_file_and_nothing_written(keyboard: Any) -> None:
    """All or nothing: row and column of each error, and the register as it was."""
    path = receivers(keyboard, "999,A,甲,,,,,,", "141124100,X,乙,,123,,,,", "141124100,A,丙,,,,not-a-mail,,")
    said = keyboard.run("contacts", "import", path, "--json")
    assert said.code == 1
    assert said.document["kind"] == "RegisterError"
    assert len(said.document["findings"]) >= 4
    keyboard.run("contacts", "import", path).complained("999", "receivers.csv")
    assert keyboard.asked("check")["receivers"] == 6202


def test_a_folder_without_receivers_ends_nobody(keyboard: Any) -> None:
    """The easy slip: importing the shipped folder, which has no receivers."""
    keyboard.run("contacts", "import", CONTACTS).complained("6202")
    keyboard.run("contacts", "import", keyboard.folder / "nowhere").complained("没有这个文件或文件夹")


def test_numbers_that_may_reach_somebody_are_checked(keyboard: Any) -> None:
    """A sample number in a real row is refused, with its row and column."""
    path = receivers(keyboard, "141124100,A,甲,,+8626010000001,,,,")
    keyboard.run("contacts", "import", path).complained("样本", "mobile")


def test_check_of_files_writes_nothing(keyboard: Any) -> None:
    """A file can be looked at before it is taken over: what would be missing then is a finding."""
    path = receivers(keyboard, "141124100,B,样本甲,,+8626010000001,,,,yes")
    said = keyboard.run("contacts", "check", path, "--json")
    assert said.code == 1
    (found,) = said.document["findings"]
    assert "没有 A 岗" in found["what"]
    assert keyboard.asked("contacts", "check")["receivers"] == 6202


def test_check_of_the_register_in_force(keyboard: Any) -> None:
    """The sample has no gaps, but phones that stand for several units; numbers are masked."""
    document = keyboard.asked("contacts", "check")
    assert document["findings"] == []
    assert len(document["notices"]) > 50
    out = keyboard.run("contacts", "check").out
    assert "units share this number" in out
    assert "+8626" not in out


def test_a_sample_is_refused_where_people_can_be_reached(keyboard: Any) -> None:
    """With a real route configured nobody replaces the register by invented people."""
    environ = {
        "WARNING_DISPATCH_ROUTES": '[{"name": "mail", "channel": "email", "adapter": "smtp"}]',
        "WARNING_DISPATCH_SMTP__HOST": "127.0.0.1",
        "WARNING_DISPATCH_SMTP__SENDER": "a@example.invalid",
    }
    keyboard.run("contacts", "sample", **environ).complained("真实线路")


def test_a_real_register_is_not_lost_by_a_slip(keyboard: Any) -> None:
    """A part of the file, and a sample, are refused over a real register; the first only until one insists."""
    whole = receivers(keyboard, *mails(30))
    assert keyboard.asked("contacts", "import", whole, "--whole")["receivers"] == 30
    part = receivers(keyboard, *mails(10))
    assert keyboard.asked("contacts", "import", part)["receivers"] == 30
    keyboard.run("contacts", "import", part, "--whole").complained("从 30 个减到 10 个", "--allow-fewer")
    assert keyboard.asked("contacts", "import", part, "--whole", "--allow-fewer")["receivers_ended"] == 20
    keyboard.run("contacts", "sample").complained("真实名册")


def test_numbers_out_of_use_are_listed_and_restored(keyboard: Any) -> None:
    """A registrar sees what the storms found, masked, and takes a right number back with a reason, on the record."""
    assert keyboard.asked("contacts", "findings") == {"findings": []}
    with closing(sqlite3.connect(keyboard.database)) as database, database:
        (code,) = database.execute(
            "SELECT code FROM unit WHERE level = 4 AND reach <> 0 ORDER BY id LIMIT 1"
        ).fetchone()
        database.execute(
            """UPDATE endpoint SET usable = 0, finding = 'empty_number' WHERE channel = 1 AND role = 1
            AND unit_id = (SELECT id FROM unit WHERE code = ?)""",
            (code,),
        )
    (found,) = keyboard.asked("contacts", "findings")["findings"]
    assert (found["unit"], found["why"]) == (code, "empty_number")
    assert "****" in found["number"]
    said = keyboard.run("contacts", "findings").out
    assert "A岗 语音" in said
    assert "空号" in said
    assert not re.search(r"primary|voice|empty_number", said)
    assert "empty number" in keyboard.run("contacts", "findings", "--lang", "en").out
    keyboard.run("contacts", "restore", code, "--reason", " ").misused("--reason")
    keyboard.run("contacts", "restore", code).misused("--reason")
    restored = keyboard.asked("contacts", "restore", code, "--reason", "called, right", "--actor", "王登记员")
    assert restored["restored"] == 1
    assert keyboard.asked("contacts", "findings") == {"findings": []}
    keyboard.run("contacts", "restore", code, "--reason", "again").complained("没有停用的号码")
    keyboard.run("contacts", "restore", "999", "--reason", "again").complained("名册里没有单位 999")
    exported = keyboard.run("journal", "export", "register").out
    assert "endpoints.restored" in exported
    assert "王登记员" in exported
