"""Kinds of channel: how they are found, and what is said when a route names one wrongly."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from warning_dispatch import installed as packages
from warning_dispatch.delivery import kinds
from warning_dispatch.delivery.configured import reaches_people, read_routes, route_findings, simulated_routes
from warning_dispatch.delivery.kinds import GROUP, OURS, kind_of, known_kinds
from warning_dispatch.errors import ConfigError
from warning_dispatch.installed import KindNotFoundError
from warning_dispatch.model.unit import Channel
from warning_dispatch.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
MAIL = '[smtp]\nhost = "127.0.0.1"\nsender = "a@example.cn"\n'


def settings(folder: Path, text: str) -> Settings:
    """An installation with this file."""
    (folder / "warning-dispatch.toml").write_text(text, encoding="utf-8")
    return load_settings(folder, {})


def route(adapter: str, channel: str = "voice", more: str = "") -> str:
    """A route in the file."""
    return f'[[routes]]\nname = "{adapter}-{channel}"\nchannel = "{channel}"\nadapter = "{adapter}"\n{more}'


def test_our_kinds_are_declared_like_anybody_elses() -> None:
    """What the code names itself stands in pyproject.toml, word for word: a package from outside is no second-class kind."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][GROUP] == dict(OURS)


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_kind_goes_by_its_own_name(name: str) -> None:
    """The word in the settings leads to the kind that calls itself so, and it carries something."""
    kind = kind_of(name)
    assert kind.name == name
    assert kind.channels
    assert kind.options.model_config["extra"] == "forbid"


def installed(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    """These entry points are installed, and no others."""
    monkeypatch.setattr(packages, "entry_points", lambda group: [one for one in points if one.group == group])
    kind_of.cache_clear()


FOREIGN = SimpleNamespace(name="pigeon", simulated=False)


def test_another_package_brings_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is declared in the group is known; a name of ours stays ours, whoever else claims it."""
    monkeypatch.setattr(kinds, "FOREIGN", FOREIGN, raising=False)
    value = "warning_dispatch.delivery.kinds:FOREIGN"
    installed(monkeypatch, EntryPoint("pigeon", value, GROUP), EntryPoint("operator", value, GROUP))
    assert kind_of("pigeon") is FOREIGN
    assert "pigeon" in known_kinds()
    assert kind_of("operator").name == "operator"


def test_a_broken_package_is_a_finding_and_no_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A kind that cannot be imported is told with its place, beside everything else that is wrong."""
    installed(monkeypatch, EntryPoint("pigeon", "no_such_package.at_all:KIND", GROUP))
    with pytest.raises(KindNotFoundError, match="no such kind"):
        kind_of("pigeon")
    said = "\n".join(map(str, route_findings(settings(tmp_path, route("pigeon") + route("carrier", "sms")))))
    assert "routes[0].adapter: 接法 pigeon 的程序包装不进来：no_such_package.at_all:KIND: ModuleNotFoundError" in said
    assert "routes[1].adapter: 没有接法 carrier" in said
    kind_of.cache_clear()


def test_every_route_is_told_at_once(tmp_path: Path) -> None:
    """An unknown adapter names the known ones; a channel it does not carry, an unknown option, a missing host come with it."""
    text = route("simulatd") + route("smtp", "sms") + route("simulated", "sms", "[routes.options]\nsead = 2\n")
    found = route_findings(settings(tmp_path, text + route("smtp", "email")))
    said = "\n".join(map(str, found))
    assert "routes[0].adapter: 没有接法 simulatd" in said
    assert "did you mean simulated?" in said
    assert ", ".join(sorted(OURS)) in said
    assert "routes[1].adapter: smtp 不能用于 sms，只能用于 email" in said
    assert "routes[2].options.sead: 未知的键" in said
    assert "did you mean seed?" in said
    assert "smtp.host: 有 smtp 线路时必须填写" in said
    with pytest.raises(ConfigError, match="simulatd"):
        read_routes(settings(tmp_path, text))


def test_a_section_lies_under_the_options_of_its_routes(tmp_path: Path) -> None:
    """[smtp] holds for every mail route that says nothing else of its own."""
    own = '[routes.options]\nhost = "mail.example.cn"\n'
    text = MAIL + route("smtp", "email") + route("smtp", "email", own).replace("smtp-email", "other")
    first, second = read_routes(settings(tmp_path, text))
    assert (first.options.host, second.options.host) == ("127.0.0.1", "mail.example.cn")  # type: ignore[attr-defined] # smtp's
    assert (first.options.sender, second.options.sender) == ("a@example.cn", "a@example.cn")  # type: ignore[attr-defined] # smtp's


def test_callbacks_need_a_public_address(tmp_path: Path) -> None:
    """Without one no channel is told an address at which nobody would be."""
    [without] = read_routes(settings(tmp_path, route("simulated")))
    assert without.facts.hook_url == ""
    public = '[web]\ncallback_url = "https://jy.example.cn/x/"\n'
    [with_one] = read_routes(settings(tmp_path, public + route("simulated")))
    assert with_one.facts.hook_url == "https://jy.example.cn/x/hooks/simulated-voice"
    assert with_one.facts.channel is Channel.VOICE


def test_who_is_real(tmp_path: Path) -> None:
    """A route of an unknown kind may be real: it must not make a sample register look harmless."""
    harmless = settings(tmp_path, route("simulated") + route("operator", "operator"))
    assert (reaches_people(harmless), len(simulated_routes(harmless))) == (False, 2)
    assert reaches_people(settings(tmp_path, route("simulated") + route("pigeon", "sms")))
    assert reaches_people(settings(tmp_path, MAIL + route("smtp", "email")))
