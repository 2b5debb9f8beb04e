"""`contacts import | export | template | show | history | verify` and `db rotate-key`, as a registrar types them."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.store.keys import KeyRing

HEAD = "单位编码,姓名,角色,职务,手机,样本\n"
TOWNSHIP = "141124101"


def sheet(keyboard: Any, *rows: str, name: str = "office.csv") -> Path:
    """An office's CSV."""
    path: Path = keyboard.folder / name
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def phone(index: int) -> str:
    """A sample mobile."""
    return f"+862601{index:07d}"


def test_a_dry_run_shows_and_writes_nothing(keyboard: Any) -> None:
    """Added, changed, removed, masked; the register as it was."""
    path = sheet(keyboard, f"{TOWNSHIP},样本新,A岗,书记,{phone(9)},是")
    document = keyboard.asked("contacts", "import", path, "--dry-run")
    assert document["receivers"] == {"added": 1, "changed": 0, "removed": 3}
    assert document["ok"]
    assert phone(9)[3:] not in str(document)
    said = keyboard.run("contacts", "import", path, "--dry-run")
    assert "+ 141124101 白文镇  A岗 样本新 书记 260****0009" in said.out
    assert "新增 1，变更 0，撤销 3" in said.out
    assert keyboard.asked("contacts", "check")["receivers"] == 6202


def test_a_dry_run_names_the_fields_of_a_unit_that_change(keyboard: Any) -> None:
    """A sheet without the line's column changes no line; one that has it says from what to what."""
    path = keyboard.folder / "units.csv"
    path.write_text("单位编码,单位名称,类别\n141124-water,临县水利局,部门\n", encoding="utf-8")
    assert keyboard.asked("contacts", "import", path, "--dry-run")["unit_changes"] == []
    path.write_text("单位编码,单位名称,类别,行业\n141124-water,临县水利局,部门,\n", encoding="utf-8")
    said = keyboard.run("contacts", "import", path, "--dry-run").out
    assert "~ 141124-water 临县水利局  行业 water → ∅" in said
    assert keyboard.asked("contacts", "import", path, "--dry-run")["unit_changes"] == [
        {"unit": "141124-water", "before": {"sector": "water"}, "after": {"sector": ""}}
    ]


def test_only_the_units_named_change(keyboard: Any) -> None:
    """One township's list: three people there become one, and 2,856 units are left alone."""
    path = sheet(keyboard, f"{TOWNSHIP},样本新,A岗,书记,{phone(9)},是")
    counts = keyboard.asked("contacts", "import", path)
    assert (counts["receivers"], counts["receivers_ended"], counts["units_ended"]) == (6200, 3, 0)


def test_problems_stand_until_they_are_accepted_by_name(keyboard: Any) -> None:
    """What accepting means is said beside; a slip in the name is wrong usage, not an acceptance."""
    path = sheet(keyboard, f"{TOWNSHIP},样本新,A岗,书记,{phone(9)}、12345,是", f"999,样本乙,A岗,,{phone(8)},是")
    said = keyboard.run("contacts", "import", path)
    said.complained("第 2 行", "--accept bad-number", "其余照收", "--accept unknown-unit")
    keyboard.run("contacts", "import", path, "--accept", "bad-number").complained("unknown-unit")
    keyboard.run("contacts", "import", path, "--accept", "bad-numbers").complained("没有这种问题")
    shown = keyboard.run("contacts", "import", path, "--dry-run", "--accept", "bad-number@2")
    assert shown.code == 1
    assert "--accept unknown-unit  ×1" in shown.out
    counts = keyboard.asked("contacts", "import", path, "--accept", "bad-number@2", "--accept", "unknown-unit")
    assert counts["receivers_added"] == 1
    entry = keyboard.run("journal", "export", "register").out
    assert "bad-number@2" in entry


def test_export_and_import_again_changes_nothing(keyboard: Any) -> None:
    """In clear for the owner only, on the record with its reason, stamped; and not a row differs."""
    path = keyboard.folder / "all.xlsx"
    keyboard.run("contacts", "export", path).misused("--reason")
    said = keyboard.asked("contacts", "export", path, "--reason", "年度核对")
    assert said["receivers"] == 6202
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = keyboard.asked("contacts", "import", path, "--dry-run", "--whole")
    assert document["receivers"] == document["units"] == {"added": 0, "changed": 0, "removed": 0}
    exported = keyboard.run("journal", "export", "register").out
    assert "register.exported" in exported
    assert "年度核对" in exported
    keyboard.run("contacts", "export", path, "--reason", "again").complained("不会覆盖")
    keyboard.run("contacts", "export", keyboard.folder / "a.pdf", "--reason", "x").complained(".xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_part_as_csv_comes_back_the_same(keyboard: Any, encoding: str) -> None:
    """One county for its own office."""
    path = keyboard.folder / "county.csv"
    keyboard.asked("contacts", "export", path, "--within", "141124", "--encoding", encoding, "--reason", "下发临县")
    document = keyboard.asked("contacts", "import", path, "--dry-run", "--whole", "--within", "141124")
    assert document["receivers"] == {"added": 0, "changed": 0, "removed": 0}
    assert "zhiban" in path.read_text(encoding="gb18030" if encoding == "gb18030" else "utf-8-sig").splitlines()[0]


def test_what_is_outside_of_the_office_is_refused(keyboard: Any) -> None:
    """A county's workbook cannot change another county."""
    path = sheet(keyboard, f"141125,样本新,A岗,书记,{phone(9)},是")
    keyboard.run("contacts", "import", path, "--within", "141124").complained("范围", "--within")


def test_the_template_of_a_township(keyboard: Any) -> None:
    """Filled in with its units; brought back empty it changes nothing."""
    path = keyboard.folder / "form.xlsx"
    assert keyboard.asked("contacts", "template", path, "--within", TOWNSHIP)["units"] > 10
    document = keyboard.asked("contacts", "import", path, "--dry-run")
    assert document["receivers"] == {"added": 0, "changed": 0, "removed": 0}
    keyboard.run("contacts", "template", keyboard.folder / "b.xlsx", "--within", "999").complained("没有单位 999")


def test_numbers_are_masked_until_somebody_says_why(keyboard: Any) -> None:
    """In clear only with a reason, and then it is on the record."""
    masked = keyboard.run("contacts", "show", TOWNSHIP).out
    assert "****" in masked
    assert "+86260" not in masked
    keyboard.run("contacts", "show", TOWNSHIP, "--clear").misused("--reason")
    clear = keyboard.run("contacts", "show", TOWNSHIP, "--clear", "--reason", "值班员人工叫").out
    numbers = re.findall(r"\+86(26\d{9})", clear)
    assert numbers
    exported = keyboard.run("journal", "export", "register").out
    assert "register.shown" in exported
    assert "值班员人工叫" in exported
    assert not [one for one in numbers if one in exported]


def test_the_history_says_who_when_before_and_after(keyboard: Any) -> None:
    """Masked as everything; a unit nobody touched has its first day only."""
    keyboard.asked(
        "contacts", "import", sheet(keyboard, f"{TOWNSHIP},样本新,A岗,书记,{phone(9)},是"), "--actor", "王登记员"
    )
    changes = keyboard.asked("contacts", "history", TOWNSHIP)["changes"]
    assert [(one["actor"], one["source"]) for one in changes[-4:]] == [("王登记员", "import")] * 4
    new = next(one for one in changes if one["before"] is None and one["after"]["name"] == "样本新")
    assert new["after"]["endpoints"][0]["address"] == "260****0009"
    assert "∅" in keyboard.run("contacts", "history", TOWNSHIP).out
    keyboard.run("contacts", "history", "999").complained("没有变动记录")


def test_verified_today(keyboard: Any) -> None:
    """The registrar has called them: on the record, and the unit is fresh again."""
    assert keyboard.asked("contacts", "verify", TOWNSHIP, "--how", "电话")["verified"] == 3
    shown = keyboard.asked("contacts", "show", TOWNSHIP)["receivers"]
    assert {one["verified_how"] for one in shown} == {"电话"}
    keyboard.run("contacts", "verify", "999", "--how", "电话").complained("999")
    stale = keyboard.asked("contacts", "check", "--all")["by_unit"]
    assert "stale" not in stale.get(TOWNSHIP, [])
    assert "stale" in stale["141124102"]


def test_check_tells_the_effect_by_county(keyboard: Any) -> None:
    """No number left in one village of 临县."""
    path = sheet(keyboard, "141124101200,样本甲,A岗,,,是").with_suffix(".csv")
    path.write_text("单位编码,姓名,角色,邮箱,样本\n141124101200,样本甲,A岗,a@example.invalid,是\n", encoding="utf-8")
    keyboard.asked("contacts", "import", path)
    said = keyboard.run("contacts", "check")
    assert said.code == 1
    assert "临县：1 个村（社区）今天叫不到" in said.out
    english = keyboard.run("contacts", "check", "--lang", "en").out
    assert "1 village of 临县 could not be reached today" in english


def test_a_new_data_key(keyboard: Any) -> None:
    """Everything opens as before; the old key stays for old backups; the act is on the record."""
    before = keyboard.asked("contacts", "show", TOWNSHIP, "--clear", "--reason", "x")
    keyboard.run("db", "rotate-key").misused("--reason")
    assert keyboard.asked("db", "rotate-key", "--reason", "例行")["key"] == 2
    assert keyboard.asked("contacts", "show", TOWNSHIP, "--clear", "--reason", "x") == before
    keys = {path.name for path in (keyboard.folder / "state" / "keys").iterdir()}
    assert {"data.key", "data-2.key"} <= keys
    assert keyboard.run("journal", "verify").code == 0
    assert "key.rotated" in keyboard.run("journal", "export", "system").out


def test_a_new_index_key(keyboard: Any) -> None:
    """Numbers are found as before; cut short, nothing else works until the same command has finished; on the record."""
    before = keyboard.asked("contacts", "show", TOWNSHIP, "--clear", "--reason", "x")
    keyboard.run("db", "rotate-index-key").misused("--reason")
    done = keyboard.asked("db", "rotate-index-key", "--reason", "例行")
    assert done["key"] == 2
    assert done["numbers"] > 6_000
    path = sheet(keyboard, f"{TOWNSHIP},样本新,A岗,书记,{phone(9)},是")
    keyboard.asked("contacts", "import", path)
    KeyRing.load(keyboard.folder / "state" / "keys").with_new_index_key(keyboard.folder / "state" / "keys")
    keyboard.run("contacts", "import", path).complained("没有做完", "rotate-index-key")
    keyboard.run("alert", "ingest", keyboard.warning()).complained("没有做完", "rotate-index-key")
    assert keyboard.asked("db", "rotate-index-key", "--reason", "接着做")["key"] == 3
    keyboard.ingested()
    assert keyboard.run("journal", "verify").code == 0
    assert "index_key.rotated" in keyboard.run("journal", "export", "system").out
    assert before["receivers"]


def test_filed_changes_are_listed_for_the_other_department(keyboard: Any) -> None:
    """Who, when, which unit, what: masked, since a day, below a unit, as text and as JSON."""
    path = sheet(keyboard, f"{TOWNSHIP},样本新,A岗,书记,{phone(9)},是")
    keyboard.asked("contacts", "import", path, "--actor", "王登记员")
    said = keyboard.run("contacts", "changes", "--within", TOWNSHIP, "--limit", 3).out
    assert "王登记员" in said
    assert "白文镇" in said
    assert "样*" in said
    assert "260****0009" in keyboard.run("contacts", "changes", "--within", TOWNSHIP).out
    document = keyboard.asked("contacts", "changes", "--within", TOWNSHIP, "--limit", 100)
    kinds = {(one["kind"], one["actor"]) for one in document["changes"]}
    assert ("removed", "王登记员") in kinds
    assert phone(9)[3:] not in str(document)
    assert keyboard.asked("contacts", "changes", "--since", "2999-01-01")["changes"] == []
    keyboard.run("contacts", "changes", "--since", "昨天").misused("2027-04-01")
