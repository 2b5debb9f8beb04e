"""Templates of requests: values stay values, whatever is in them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from warning_dispatch.delivery.gateway.description import ProviderShape, RequestShape
from warning_dispatch.delivery.gateway.files import load_provider, shipped_folder
from warning_dispatch.delivery.gateway.filling import RequestForm, compile_request, cut
from warning_dispatch.delivery.gateway.outgoing import Outgoing
from warning_dispatch.delivery.text_samples import SAMPLE_UNIT, sample_facts
from warning_dispatch.delivery.texts import _named_values
from warning_dispatch.delivery.wording import placeholder_values
from warning_dispatch.engine.outbox import joined_values
from warning_dispatch.errors import Finding
from warning_dispatch.model.colour import Colour

KNOWN = frozenset({"text", "unit", "attempt", "option.a", "option.b", "secret.key", "purpose", "number.e164"})
SHIPPED = sorted(path.stem for path in shipped_folder().glob("*.toml"))
HOSTILE = st.text(max_size=120) | st.sampled_from([
    '"}],"x":1', "{text}", "{{unit}}", "a&b=c#d?e", "\r\nX-Evil: 1", "%0d%0a", "\\u0022", "${jndi}", "{secret.key}", "\ud800",
])  # fmt: skip


def compiled(findings: list[Finding] | None = None, **request: Any) -> RequestForm:
    """A request of one's own."""
    found: list[Finding] = []
    shape = RequestShape.model_validate({"url": "https://example.cn/send", **request})
    form = compile_request(shape, "x.toml: request", KNOWN, found if findings is None else findings)
    assert findings is not None or not found
    return form


def test_values_are_put_where_their_marks_stand() -> None:
    """Query, form and JSON keep their shape; numbers and truth values stay what they are."""
    form = compiled(
        query={"n": "{number.e164}", "times": 3},
        json={"a": ["{unit}", "say {{{text}}}"], "b": {"yes": True, "n": {"to_integer": "{attempt}"}}},
    )
    request = form.fill({"number.e164": "+8610000000001", "unit": "临县", "text": "t", "attempt": "17"})
    assert request.query == (("n", "+8610000000001"), ("times", "3"))
    assert json.loads(request.body) == {"a": ["临县", "say {t}"], "b": {"yes": True, "n": 17}}
    assert request.headers["content-type"] == "application/json; charset=utf-8"


def test_json_and_base64_within_text() -> None:
    """A table in a text parameter is written by the serialiser, an address in base64 by the library."""
    form = compiled(form={"P": {"to_json": {"unit": "{unit}"}}, "u": {"to_base64": "{text}"}})
    request = form.fill({"unit": '"},{"', "text": "https://x/"})
    fields = dict(parse_qsl(request.body.decode()))
    assert json.loads(fields["P"]) == {"unit": '"},{"'}
    assert fields["u"] == "aHR0cHM6Ly94Lw=="


def test_an_option_left_empty_is_left_out() -> None:
    """The parameter of a mode that the site does not use is not sent at all, not even empty."""
    form = compiled(query={"A": "{option.a}", "B": "{option.b}", "C": "x{option.a}"})
    assert form.fill({"option.a": "", "option.b": "b"}).query == (("B", "b"), ("C", "x"))


def test_each_purpose_has_its_own_table() -> None:
    """The bureau's own call fills other variables; what is not named is filled as a call."""
    form = compiled(json={"p": {"by_purpose": {"call": ["{text}"], "self": ["{unit}"]}}})
    assert json.loads(form.fill({"purpose": "self", "unit": "u", "text": "t"}).body) == {"p": ["u"]}
    assert json.loads(form.fill({"purpose": "notice", "unit": "u", "text": "t"}).body) == {"p": ["t"]}


def test_a_long_text_is_divided_and_its_last_piece_cut() -> None:
    """Variables of limited length carry a text piece by piece; what does not fit shows that it was cut."""
    form = compiled(json={"p": ["{text:4#1}", "{text:4#2}", "{text:4#3}"]})
    assert json.loads(form.fill({"text": "一二三四五六"}).body)["p"] == ["一二三四", "五六", ""]
    assert json.loads(form.fill({"text": "一二三四五六七八九十11213"}).body)["p"] == ["一二三四", "五六七八", "九十1…"]


@given(st.lists(st.text("甲乙丙丁戊己", min_size=1, max_size=8), min_size=1, max_size=9), st.integers(6, 40))
def test_a_list_that_is_cut_keeps_whole_names(names: list[str], limit: int) -> None:
    """Never longer than allowed; either whole names and how many there are, or one name cut."""
    text = "、".join(names)
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith(("等" + str(len(names)) + "个", "…"))


@pytest.mark.parametrize(
    ("request_shape", "where"),
    [
        ({"json": {"a": "{nobody}"}}, "x.toml: request.json.a"),
        ({"query": {"a": "open { brace"}}, "x.toml: request.query.a"),
        ({"headers": {"x-text": "{text}"}}, "x.toml: request.headers.x-text"),
        ({"headers": {"x-unit": "{unit:3}"}}, "x.toml: request.headers.x-unit"),
        ({"json": {"p": {"by_purpose": {"drill": ["{text}"]}}}}, "x.toml: request.json.p"),
        ({"form": {"a": "b"}, "json": {"a": "b"}}, "x.toml: request.form"),
    ],
)
def test_what_is_wrong_is_a_finding_with_its_key(request_shape: dict[str, Any], where: str) -> None:
    """Unknown names, stray braces, foreign text in a header: found when the file is read, never at night."""
    findings: list[Finding] = []
    compiled(findings, **request_shape)
    assert where in [finding.where for finding in findings]


def filled(name: str, hostile: str) -> tuple[Outgoing, ProviderShape]:
    """A shipped provider's request in which every foreign value is hostile."""
    provider = load_provider(name, [shipped_folder()])
    ours = {mark: "ours" for mark in provider.request.used if mark.startswith(("option.", "secret.", "hook."))}
    foreign = dict.fromkeys(provider.request.used - ours.keys(), hostile)
    numbers = {"number.e164": "+8610000000001", "number.plain": "8610000000001", "number.domestic": "10000000001"}
    values = foreign | ours | numbers | {"attempt": "4711", "purpose": "call", "drill": ""}
    return provider.request.fill(values), provider.shape


def structure(value: Any) -> Any:
    """The shape of a document: keys and lengths, no texts."""
    if isinstance(value, dict):
        return {key: structure(inner) for key, inner in value.items()}
    return [structure(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def documents(request: Outgoing) -> list[Any]:
    """Everything in a request that is JSON."""
    texts = [value for name, value in request.query if name.endswith("Param")]
    texts += [request.body.decode()] if request.body else []
    return [json.loads(text) for text in texts]


@pytest.mark.parametrize("name", SHIPPED)
@given(HOSTILE)
@example('","admin":true,"x":"')
def test_no_text_changes_a_request_beyond_its_own_place(name: str, hostile: str) -> None:
    """Whatever a message says, keys, structure, headers and address of the request are those of a harmless one."""
    request, _ = filled(name, hostile)
    harmless, _ = filled(name, "ok")
    assert (request.method, request.base, request.path) == (harmless.method, harmless.base, harmless.path)
    assert request.headers == harmless.headers
    assert [key for key, _ in request.query] == [key for key, _ in harmless.query]
    assert [structure(one) for one in documents(request)] == [structure(one) for one in documents(harmless)]
    sent = request.request()
    assert sent.url == harmless.request().url
    target = sent.target.decode("ascii")
    assert not {"\r", "\n", " "} & set(target)
    query = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    assert sorted(key for key, _ in query) == sorted(key for key, _ in harmless.query)


def test_values_that_share_a_place_share_its_length() -> None:
    """The mark of a drill stays whole, what follows it is cut; without a drill all the place is for the rest."""
    form = compiled(json={"p": "{text+unit:10}", "q": "{text+unit}"})
    for text, unit, said in (
        ("演练。", "甲村、乙村、丙村", "演练。甲村等3个"),
        ("", "甲村、乙村、丙村", "甲村、乙村、丙村"),
    ):
        body = json.loads(form.fill({"text": text, "unit": unit}).body)
        assert (body["p"], body["q"]) == (said, text + unit)


LONGEST = {"aliyun-voice": 20, "huawei-voice": 32, "tencent-voice": 40, "aliyun-sms": 35, "tencent-sms": 12}
"""Characters that one variable takes, as the provider documents it or the file asks for."""


@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("name", [name for name in SHIPPED if not name.endswith("-robot")])
def test_a_call_about_several_warnings_fits_the_provider(name: str, count: int, drill: bool) -> None:
    """Otherwise it would be refused for ever. Each hazard has its own colour; the time is the newest warning's."""
    warnings = [
        (("暴雨", "Rain"), Colour.RED),
        (("雷暴大风", "Gale"), Colour.ORANGE),
        (("冰雹", "Hail"), Colour.ORANGE),
    ]
    said = {}
    for at, (hazard, colour) in enumerate(warnings[:count]):
        facts = sample_facts(hazard, colour)
        facts = replace(facts, sent=facts.sent + at * 32 * 60_000, drill=drill)
        said[at + 1] = _named_values(placeholder_values(facts, "zh_CN"), "zh_CN", drill=drill)
    values = joined_values(said)
    marked = values["drill_spoken" if name.endswith("-voice") else "drill"]
    link = {"link": "" if name.endswith("-voice") else "L"}
    provider = load_provider(name, [shipped_folder()])
    request = provider.request.fill({**values, **link, "drill": marked, "unit": SAMPLE_UNIT, "purpose": "call"})
    (variables,) = [found for one in documents(request) if (found := _variables(one))]
    assert all(len(one) <= LONGEST[name] for one in variables)
    assert any(one.startswith(f"{marked}暴雨红色") for one in variables)
    if count == 2 and not drill:
        assert "暴雨红色、雷暴大风橙色" in variables
    times = [one for one in variables if one.startswith("7月22日")]
    assert times == [values["time"] if values["time"] in times else values["time_short"]]
    assert values["time"] == ("7月22日21时33分", "7月22日22时5分", "7月22日22时37分")[count - 1]


def _variables(document: Any) -> list[str]:
    """What stands in a provider's template."""
    if "playInfoList" in document:
        return list(document["playInfoList"][0]["templateParas"])
    found = document.get("TemplateParamSet", document)
    return (
        list(found.values() if isinstance(found, dict) else found) if found is not document or "hazard" in found else []
    )


@pytest.mark.parametrize("name", [name for name in SHIPPED if not name.endswith("-robot")])
def test_drills_are_marked_in_every_shipped_request(name: str) -> None:
    """What a provider of templates says in a drill begins with the mark."""
    provider = load_provider(name, [shipped_folder()])
    values = dict.fromkeys(provider.request.used, "v") | {"purpose": "call", "drill": "【演练】"}
    request = provider.request.fill(values)
    assert "【演练】" in request.body.decode() + "".join(value for _, value in request.query)
