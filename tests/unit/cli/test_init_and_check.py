"""`init` and `check`: from an empty folder to an installation that is known to be ready."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def areas(document: dict[str, Any]) -> set[str]:
    """Where the findings are."""
    return {finding["area"] for finding in document["findings"]}


def own_config(keyboard: Any) -> Path:
    """A copy of the configuration that the test may break."""
    folder: Path = keyboard.folder / "config"
    shutil.copytree(ROOT / "config", folder)
    keyboard.environ["WARNING_DISPATCH_CONFIG_DIR"] = str(folder)
    return folder


def test_init_makes_everything_and_says_the_password_once(bare: Any) -> None:
    """After one command there are keys, a database and an administrator; only their owner can look at them."""
    document = bare.asked("init", "--admin", "wang")
    state = bare.folder / "state"
    assert (document["keys"], document["database"], document["admin"]) == ("made", "empty", "wang")
    assert len(document["password"]) >= 16
    for path, mode in ((state, 0o700), (state / "keys", 0o700), (bare.database, 0o600)):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    with sqlite3.connect(bare.database) as connection:
        [(name, stored, *granted)] = connection.execute(
            "SELECT name, password_hash, kind, unit_code FROM user_account a JOIN user_grant g ON g.user_id = a.id"
        ).fetchall()
    connection.close()
    assert (name, granted) == ("wang", ["administrator", "1411"])
    assert stored.startswith("$argon2id$")


def test_init_may_be_repeated(keyboard: Any) -> None:
    """A second init keeps keys, database and administrator as they are."""
    before = {path.name: path.read_bytes() for path in (keyboard.folder / "state" / "keys").iterdir()}
    document = keyboard.asked("init")
    assert (document["keys"], document["database"], document["admin_made"]) == ("kept", "current", False)
    assert "password" not in document
    assert before == {path.name: path.read_bytes() for path in (keyboard.folder / "state" / "keys").iterdir()}


def test_init_takes_a_chosen_password_from_standard_input_only(bare: Any) -> None:
    """A password never stands on a command line, and a chosen one is not printed."""
    said = bare.run("init", "--password-stdin", typed="correct horse battery\n")
    assert said.code == 0
    assert "correct horse" not in said.out + said.err
    bare.run("init", "--admin", "li", "--password-stdin", typed="").complained("没有密码")
    bare.run("init", "--admin", "li", "--password-stdin", typed="short\n").complained("至少 12 个字符")


def test_init_ends_with_what_is_still_to_do(bare: Any) -> None:
    """Without a register init is done, and the check at its end says what is missing."""
    document = bare.asked("init")
    assert not document["check"]["ok"]
    assert areas(document["check"]) == {"register"}
    assert "名册为空" in bare.run("init").out


def test_init_writes_a_configuration_to_change(bare: Any) -> None:
    """The shipped files are copied, used from then on, and never overwritten."""
    target = bare.folder / "etc"
    assert bare.asked("init", "--write-config", target)["config_dir"] == str(target)
    assert (target / "chains" / "city.toml").is_file()
    assert (target / "messages" / "zh_CN" / "sms" / "call.j2").is_file()
    bare.run("init", "--write-config", target).complained("不会覆盖")


def test_init_refuses_half_a_key_set(keyboard: Any) -> None:
    """Lost keys are never replaced by new ones, which would open nothing."""
    (keyboard.folder / "state" / "keys" / "data.key").unlink()
    keyboard.run("init").complained("data.key is missing")


def test_check_of_a_ready_installation(keyboard: Any) -> None:
    """No findings; it says when villages ring, and that nobody is really called yet."""
    document = keyboard.asked("check")
    assert document["ok"]
    assert (document["units"], document["receivers"]) == (2868, 6202)
    latest = {(one["chain"], one["colour"]): one["latest_seconds"] for one in document["timings"]}
    assert latest["city", "red"] == 300
    assert latest["city", "orange"] == 900
    assert latest["strict", "red"] is None
    said = keyboard.run("check")
    assert said.code == 0
    for words in ("只有模拟线路", "名册是样本", "没有问题", "村（社区）最迟何时振铃", "5m", "15m"):
        assert words in said.out


def test_check_of_the_folder_for_printable_lists(keyboard: Any) -> None:
    """On the database's disk: worth knowing. Where nothing can be written: to be mended. Looking makes no folder."""
    document = keyboard.asked("check")
    assert [one["where"] for one in document["notices"] if one["area"] == "lists"] == [
        "warning-dispatch.toml: lists.folder"
    ]
    assert not (keyboard.folder / "state" / "lists").exists()
    (keyboard.folder / "file").write_text("no folder")
    said = keyboard.run("check", "--json", WARNING_DISPATCH_LISTS__FOLDER=str(keyboard.folder / "file" / "lists"))
    assert said.code == 1
    assert areas(said.document) == {"lists"}
    assert "打印名单的目录不能写" in said.document["findings"][0]["what"]


def test_check_before_init_says_what_to_do(bare: Any) -> None:
    """Looking makes nothing: no folder, no empty database."""
    said = bare.run("check", "--json")
    assert said.code == 1
    assert areas(said.document) == {"keys", "database"}
    assert not (bare.folder / "state").exists()


def test_check_finds_everything_at_once(keyboard: Any) -> None:
    """Settings, chains and texts that are broken together are reported together."""
    folder = own_config(keyboard)
    (folder / "warning-dispatch.toml").write_text("[web]\nport = 0\n", encoding="utf-8")
    city = folder / "chains" / "city.toml"
    city.write_text(city.read_text(encoding="utf-8").replace('hold = { red = "60s"', 'hold = { red = "soon"'), "utf-8")
    (folder / "messages" / "zh_CN" / "voice" / "call.j2").write_text("{{ nobody }}", encoding="utf-8")
    said = keyboard.run("check", "--json")
    assert said.code == 1
    assert areas(said.document) == {"settings", "configuration", "texts"}


def test_check_says_which_text_is_too_long(keyboard: Any) -> None:
    """A text nobody can listen to is found before the season."""
    call = own_config(keyboard) / "messages" / "zh_CN" / "voice" / "call.j2"
    call.write_text("{{ issuer }}{{ time }}{{ unit }}" + "请注意防范。" * 40, encoding="utf-8")
    said = keyboard.run("check")
    assert said.code == 1
    assert "messages/zh_CN/voice/call.j2" in said.out


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ("[]", "没有 voice 线路"),
        ('[{"name": "mail", "channel": "email", "adapter": "smtp"}]', "样本号码，真实线路拒绝拨打"),
    ],
)
def test_check_looks_at_the_routes(keyboard: Any, routes: str, words: str) -> None:
    """A channel without a route, and a sample register on a real route, are findings."""
    mail = {"WARNING_DISPATCH_SMTP__HOST": "127.0.0.1", "WARNING_DISPATCH_SMTP__SENDER": "a@example.invalid"}
    said = keyboard.run("check", WARNING_DISPATCH_ROUTES=routes, **mail)
    assert said.code == 1
    assert words in said.out


VOICE = {"name": "phones", "channel": "voice", "adapter": "simulated", "lines": 30}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([VOICE | {"countries": ["+852"]}], "没有一条 voice 线路能打 +86 的号码（phones）：谁也叫不到"),
        ([VOICE | {"adapter": "twilio"}], "没有一条 voice 线路能打 +86 的号码（phones）：谁也叫不到"),
        ([VOICE | {"hours": {"from": "08:00", "until": "22:00"}}], "一天有 10 小时没有 voice 线路受理（00:00 等）"),
        ([VOICE | {"public_cloud": True}], "voice 线路都在公有云：内部预警不经它们发出"),
        ([VOICE | {"adapter": "simulatd"}, VOICE | {"name": "b", "adapter": "smtp"}], "没有接法 simulatd"),
        (
            [VOICE | {"adapter": "simulatd"}, VOICE | {"name": "b", "adapter": "smtp"}],
            "smtp 不能用于 voice，只能用于 email",
        ),
    ],
)
def test_check_says_whom_no_route_reaches(keyboard: Any, more: list[dict[str, Any]], words: str) -> None:
    """A plan that can ring nobody here, or not at night, is loud before the season; all of it at once."""
    others = [
        {"name": "sms", "channel": "sms", "adapter": "simulated"},
        {"name": "operator", "channel": "operator", "adapter": "operator"},
        {"name": "mail", "channel": "email", "adapter": "simulated"},
    ]
    said = keyboard.run("check", WARNING_DISPATCH_ROUTES=json.dumps(more + others))
    assert words in said.out.replace("\n", "").replace("    ", "")


def test_check_says_by_which_channels_no_letter_goes(keyboard: Any) -> None:
    """A provider that fills templates of warnings cannot carry the yearly refresh; beside one that sends texts it need not."""
    words = "sms 线路（texts）只填预警模板"
    options = {
        "provider": "aliyun-sms",
        "set": {"sign_name": "吕梁气象", "template": dict.fromkeys(_PURPOSES, "SMS_1")},
    }
    templates = {"name": "texts", "channel": "sms", "adapter": "gateway", "options": options}
    plain = {"name": "plain", "channel": "sms", "adapter": "simulated"}
    for routes, told in (([VOICE, templates], True), ([VOICE, templates, plain], False)):
        said = keyboard.run("check", WARNING_DISPATCH_ROUTES=json.dumps(routes))
        assert (words in said.out.replace("\n", "").replace("    ", "")) is told


_PURPOSES = ("call", "notice", "all_clear", "self")


def test_check_says_how_long_the_largest_call_out_takes(keyboard: Any) -> None:
    """So many units on so many lines: the figure that decides whether lines are enough."""
    assert re.search(r"全市红色：[\d,]+ 个单位、30 条线", keyboard.run("check").out)
    launches = keyboard.run("check", "--json").document["launches"]
    assert {one["chain"] for one in launches} >= {"city"}
    shares = [{share["share"]: share["seconds"] for share in one["shares"]} for one in launches]
    assert all(0 < one[0.5] < one[0.95] for one in shares)


def test_check_tries_the_mail_settings(keyboard: Any) -> None:
    """A sender that is no address is found now, not when the first mail goes out."""
    routes = '[{"name": "mail", "channel": "email", "adapter": "smtp"}]'
    mail = {"WARNING_DISPATCH_SMTP__HOST": "127.0.0.1", "WARNING_DISPATCH_SMTP__SENDER": "nobody"}
    assert "email.sender" in keyboard.run("check", WARNING_DISPATCH_ROUTES=routes, **mail).out


def test_check_notices_the_wrong_keys(keyboard: Any) -> None:
    """Keys of another installation open nothing; the check says so instead of a season doing it."""
    keys = keyboard.folder / "state" / "keys"
    shutil.rmtree(keys)
    other = keyboard.folder / "other"
    keyboard.run("init", WARNING_DISPATCH_STATE_DIR=str(other))
    shutil.copytree(other / "keys", keys)
    said = keyboard.run("check", "--json")
    assert said.code == 1
    assert "database" in areas(said.document)


def test_help_and_version(bare: Any) -> None:
    """Every command of the contract is there and explains itself in both languages."""
    said = bare.run("--help")
    assert said.code == 0
    for name in (
        "demo",
        "run",
        "init",
        "check",
        "alert",
        "alarm",
        "callout",
        "contacts",
        "journal",
        "db",
        "user",
        "key",
    ):
        assert f" {name} " in said.out
        assert bare.run(name, "--help").code == 0
    assert bare.run("--version").out.startswith("warning-dispatch ")
    bare.run("call").misused("No such command")
    bare.run("check", "--lang", "xx").misused("--lang")


def test_english_on_request(keyboard: Any) -> None:
    """--lang or the locale switches the output, not the data."""
    assert "No findings" in keyboard.run("check", "--lang", "en").out
    assert "No findings" in keyboard.run("check", LANG="en_GB.UTF-8").out
    assert "没有问题" in keyboard.run("check", "--lang", "zh", LANG="en_GB.UTF-8").out


def test_a_ladder_that_rings_more_often_than_the_routes_may_is_a_finding(keyboard: Any) -> None:
    """The chain wants five calls an hour of one number; with a route that allows three, rungs would come late."""
    config = own_config(keyboard)
    file = config / "warning-dispatch.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("hour = 5, day = 20, reserve_for_red = 2", "hour = 3, day = 20"), encoding="utf-8")
    found = [one["what"] for one in keyboard.run("check", "--json").document["findings"]]
    assert any("rings one number 5 times in an hour, the voice routes allow 3" in what for what in found)
    assert any("the voice routes allow 1" in what for what in found), "orange has what red's reserve leaves"


def test_two_providers_together_may_carry_a_ladder(keyboard: Any) -> None:
    """Each counts for itself, so what one may not the two of them may."""
    config = own_config(keyboard)
    file = config / "warning-dispatch.toml"
    text = file.read_text(encoding="utf-8").replace(
        "hour = 5, day = 20, reserve_for_red = 2", "hour = 3, reserve_for_red = 1"
    )
    spare = '\n[[routes]]\nname = "spare"\nchannel = "voice"\nadapter = "simulated"\n'
    file.write_text(text + spare, encoding="utf-8")
    assert keyboard.asked("check")["ok"]


def test_check_says_when_the_director_is_called(keyboard: Any) -> None:
    """The bureau's own call has its latest moments too, and they are part of the readiness."""
    document = keyboard.asked("check")
    latest = {(one["chain"], one["colour"]): one["latest_seconds"] for one in document["timings"]}
    assert (latest["bureau", "red"], latest["bureau", "orange"]) == (180, 600)
    said = keyboard.run("check").out
    assert "最迟 3m 叫到局长" in said
    assert "最迟 10m 叫到局长" in said


def test_check_finds_a_bureau_that_nobody_can_tell(keyboard: Any) -> None:
    """A post that is missing, or has no phone, is found before the season; switched off it is only a notice."""
    folder = keyboard.folder / "contacts"
    shutil.copytree(ROOT / "contacts", folder)
    shutil.copy(folder / "receivers.example.csv", folder / "receivers.csv")
    rows = (folder / "receivers.csv").read_text("utf-8")
    (folder / "receivers.csv").write_text(
        rows.replace(
            "1411-shift,A,样本甲0001,带班领导,+8626010000001,,,",
            "1411-shift,A,样本甲0001,带班领导,,,a@example.invalid,",
        ),
        "utf-8",
    )
    keyboard.asked("contacts", "import", folder)
    found = [one["where"] for one in keyboard.run("check", "--json").document["findings"] if one["area"] == "bureau"]
    assert found == ["chains/bureau: shift"]
    own = own_config(keyboard)
    bureau = own / "chains" / "bureau.toml"
    bureau.write_text(bureau.read_text("utf-8").replace('"-director"', '"-boss"'), "utf-8")
    found = [one["where"] for one in keyboard.run("check", "--json").document["findings"] if one["area"] == "bureau"]
    assert found == ["chains/bureau: shift", "chains/bureau: director"]
    bureau.unlink()
    found = [one["where"] for one in keyboard.run("check", "--json").document["findings"] if one["area"] == "bureau"]
    assert found == ["chains/bureau.toml"]
    quiet = keyboard.run("check", "--json", WARNING_DISPATCH_BUREAU__CALL_ITSELF="false").document
    assert "bureau" not in areas(quiet)
    assert "bureau" in {one["area"] for one in quiet["notices"]}


def test_a_source_that_could_not_be_read_is_found_before_the_season(keyboard: Any) -> None:
    """A certificate that is not there is named by `check`, not by the first red warning."""
    folder = own_config(keyboard)
    path = folder / "warning-dispatch.toml"
    rules = '[ingest.file]\ncertificates = ["nowhere.pem"]\n\n[texts]'
    path.write_text(path.read_text("utf-8").replace("[texts]", rules, 1), encoding="utf-8")
    said = keyboard.run("check", "--json")
    assert "sources" in areas(said.document)
    assert "nowhere.pem" in said.out
