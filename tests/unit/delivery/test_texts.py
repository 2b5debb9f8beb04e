"""The shipped texts: a village head with an old phone must understand in five seconds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from warning_dispatch.delivery.lengths import first_key_second, sms_segments, speech_seconds
from warning_dispatch.delivery.templates import Vocabulary
from warning_dispatch.delivery.text_checks import texts_findings
from warning_dispatch.delivery.text_samples import SAMPLE_LINK, SAMPLE_UNIT, sample_facts
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.delivery.wording import PLACEHOLDERS, placeholder_values
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import LINK_MARK, UNIT_MARK, AlertFacts

TIERS = Vocabulary(hazards=frozenset({"rainstorm", "heat"}), tiers=frozenset({"leaders", "villages", "outlets"}))
SHIPPED = Path(__file__).parents[3] / "config" / "messages"
HAZARDS = (
    ("台风", "Typhoon"),
    ("暴雨", "Rainstorm"),
    ("暴雪", "Snowstorm"),
    ("寒潮", "Cold wave"),
    ("大风", "Gale"),
    ("沙尘暴", "Sandstorm"),
    ("高温", "High temperature"),
    ("干旱", "Drought"),
    ("雷电", "Lightning"),
    ("冰雹", "Hail"),
    ("霜冻", "Frost"),
    ("大雾", "Dense fog"),
    ("霾", "Haze"),
    ("道路结冰", "Road icing"),
    ("雷暴大风", "Thunderstorm gale"),
    ("雷雨(暴)大风", "Thunderstorm gale"),
    ("强对流", "Severe convection"),
    ("持续低温", "Persistent low temperature"),
    ("森林火险", "Forest fire danger"),
    ("地质灾害气象风险", "Geological disaster risk"),
)
AREAS = (
    (),
    ("吕梁市",),
    ("离石区", "方山县"),
    (
        "离石区",
        "方山县",
        "临县",
        "兴县",
        "岚县",
        "柳林县",
        "石楼县",
        "中阳县",
        "交口县",
        "交城县",
        "文水县",
        "孝义市",
        "汾阳市",
    ),
    ("吕梁经济技术开发区", "凤山街道", "枣林乡"),
)


@pytest.fixture(scope="module")
def book() -> TextBook:
    """The shipped templates, loaded once."""
    return TextBook(SHIPPED, ("zh_CN", "en"), TIERS)


def every_warning() -> Iterator[AlertFacts]:
    """Each hazard in each colour, first issue and update, in earnest and as a drill."""
    for number, hazard in enumerate(HAZARDS):
        for colour in Colour:
            facts = sample_facts(hazard, colour)
            for drill in (False, True):
                for kind in (MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL):
                    areas = AREAS[(number + colour) % len(AREAS)]
                    yield replace(facts, drill=drill, msg_type=kind, area_names=areas)


def test_every_text_names_issuer_time_and_unit(book: TextBook) -> None:
    """The law: whoever passes a warning on says who issued it and when; and whom it calls is said too."""
    for facts in every_warning():
        for key, text in book.freeze(facts).by_key.items():
            values = placeholder_values(facts, key.split("/", maxsplit=1)[0])
            assert str(values["issuer"]) in text.body, key
            assert any(str(values[name]) in text.body for name in ("time", "time_short", "time_full")), key
            assert UNIT_MARK in text.body, key
            assert str(values["hazard"]).lower() in text.body.lower(), key


def test_a_call_says_what_it_is_and_the_key_within_five_seconds(book: TextBook) -> None:
    """Hazard, colour and "按1" come first, and the whole is said in twenty seconds with a long unit name."""
    for facts in every_warning():
        for key, text in book.freeze(facts).by_key.items():
            language, channel, purpose = key.split("@")[0].split("/")
            if channel != "voice":
                continue
            _, said = text.fill(SAMPLE_UNIT, SAMPLE_LINK)
            assert speech_seconds(said, language) <= 20, said
            key_at = first_key_second(said, language)
            assert (key_at is not None) == (purpose == "call")
            assert key_at is None or key_at <= 5, said
            hazard = str(placeholder_values(facts, language)["hazard"]).lower()
            named = said[: said.lower().index(hazard) + len(hazard)]
            assert speech_seconds(named, language) <= 5, said


def test_an_sms_takes_two_parts_and_english_three(book: TextBook) -> None:
    """SMS length is known in segments; the call carries the reply digit and the link at its very end."""
    for facts in every_warning():
        for key, text in book.freeze(facts).by_key.items():
            language, channel, purpose = key.split("@")[0].split("/")
            if channel != "sms":
                continue
            _, sent = text.fill(SAMPLE_UNIT, SAMPLE_LINK)
            assert sms_segments(sent).segments <= (2 if language == "zh_CN" else 3), (len(sent), sent)
            assert sent.endswith(SAMPLE_LINK) == (purpose in ("call", "stage"))
            assert "\n" not in sent


def test_a_drill_says_so_before_anything_else(book: TextBook) -> None:
    """【演练】 stands first in every text and subject of a drill, and in no other."""
    for facts in every_warning():
        for key, text in book.freeze(facts).by_key.items():
            mark = (
                {"zh_CN": "演练，演练。", "en": "Drill, drill. "}[key.split("/")[0]] if "voice" in key else "【演练】"
            )
            assert text.body.startswith(mark) == facts.drill, key
            assert (text.subject == "") == ("email" not in key)
            if text.subject:
                assert text.subject.startswith("【演练】") == facts.drill, key


def test_call_texts_ask_and_others_do_not(book: TextBook) -> None:
    """Only a call, and the word of new measures, has a link; a notice or all-clear asks for nothing."""
    for key, text in book.freeze(sample_facts()).by_key.items():
        language_and_purpose = key.split("@")[0]
        asks = language_and_purpose.endswith(("/call", "/stage")) and key.split("/")[1] in {"sms", "email"}
        assert (LINK_MARK in text.body) == asks, key


def test_only_tiers_with_measures_are_told_of_a_list(book: TextBook) -> None:
    """The SMS of a department speaks of the list to tick, that of a village without one does not; the voice never does."""
    texts = book.freeze(replace(sample_facts(), measures_for=("departments",)))
    told = texts.get("zh_CN", "sms", "call", "departments", "primary")
    assert "按链接落实" in told.body
    assert "清单" not in told.shorter[-1]
    assert "清单" not in texts.get("zh_CN", "sms", "call", "villages", "primary").body
    assert texts.get("zh_CN", "voice", "call", "departments") == texts.get("zh_CN", "voice", "call")
    assert "逐项落实并勾选" in texts.get("zh_CN", "email", "call", "departments").body


def test_absent_parts_leave_no_holes(book: TextBook) -> None:
    """A message without headline, text, advice or end gives a mail without empty labels."""
    bare = book.freeze(sample_facts(full=False)).by_key["zh_CN/email/call"].body
    full = book.freeze(sample_facts()).by_key["zh_CN/email/call"].body
    for label in ("预警标题：", "预警内容：", "防御指引：", "有效期至："):
        assert label in full
        assert label not in bare
    assert "\n\n\n" not in bare


def test_a_warning_cannot_forge_our_marks(book: TextBook) -> None:
    """Braces, line ends and template words of a message stay dead text; the subject is one line."""
    facts = replace(
        sample_facts(),
        issuer="吕梁市气象台\r\nBcc: a@example.cn {link}",
        headline="{{ issuer }}{unit}",
        description="{% for x in y %}{link}",
    )
    for text in book.freeze(facts).by_key.values():
        subject, body = text.fill("某村", "LINK")
        assert "\n" not in subject
        assert "{" not in body
        assert body.count("LINK") <= 1


def test_texts_of_the_shipped_templates_have_no_findings(book: TextBook) -> None:
    """`check` has nothing to say about what we ship."""
    for facts in (sample_facts(), replace(sample_facts(), drill=True)):
        assert texts_findings(book, facts) == []


def spoil(folder: Path, name: str, text: str | None) -> Path:
    """A copy of the shipped templates with one of them replaced or removed."""
    if not folder.exists():
        shutil.copytree(SHIPPED, folder)
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, "utf-8")
    return folder


def test_check_finds_texts_that_are_too_long_or_unlawful(tmp_path: Path) -> None:
    """A key that comes late, a speech that is long, an SMS of many parts, no issuer: each is found, with its file."""
    folder = tmp_path / "messages"
    late = "{{ issuer }}{{ time }}" + "预" * 30 + "{{ unit }}请按1。"
    spoil(folder, "zh_CN/voice/call.j2", late + "警" * 60)
    spoil(folder, "en/voice/call.j2", "{{ issuer }} {{ time }} {{ unit }}")
    spoil(folder, "zh_CN/sms/call.j2", "雨" * 150)
    found = [str(finding) for finding in texts_findings(TextBook(folder, ("zh_CN", "en"), TIERS), sample_facts())]
    expected = [
        ("zh_CN/voice/call.j2", "s to say"),
        ("zh_CN/voice/call.j2", "without a pause"),
        ("zh_CN/voice/call.j2", "says the key only after"),
        ("en/voice/call.j2", "never says which key"),
        ("zh_CN/sms/call.j2", "150 characters, 3 parts (UCS-2)"),
        ("zh_CN/sms/call.j2", "does not name the issuer"),
        ("zh_CN/sms/call.j2", "does not say when"),
        ("zh_CN/sms/call.j2", "does not name the unit"),
        ("zh_CN/sms/call.j2", "no link"),
    ]
    for place, words in expected:
        assert any(place in line and words in line for line in found), (place, words, found)
    assert len(found) == len(expected)


def test_every_broken_template_is_named_at_once_with_its_line(tmp_path: Path) -> None:
    """Missing, misspelt, broken, failing, empty and unreadable templates are all listed in one error."""
    folder = tmp_path / "messages"
    spoil(folder, "en/sms/notice.j2", None)
    spoil(folder, "zh_CN/sms/call.j2", "一\n{{ issuer }}\n{{ isuer }}\n{% if drill %}{{ colur }}{% endif %}")
    spoil(folder, "zh_CN/voice/call.j2", "一\n{% if drill %}")
    spoil(folder, "zh_CN/voice/notice.j2", "一\n\n{{ issuer + 1 }}")
    spoil(folder, "en/email/call.j2", "{{ issuer|nosuchfilter }}")
    spoil(folder, "en/email/notice.j2", "only a subject")
    spoil(folder, "en/voice/notice.j2", "{% if not drill %}x{% endif %}")
    (folder / "en/voice/call.j2").write_bytes("暴雨".encode("gbk"))
    with pytest.raises(ConfigError) as caught:
        TextBook(folder, ("zh_CN", "en"), TIERS)
    found = [str(finding) for finding in caught.value.findings]
    for start in (
        "messages/en/sms/notice.j2: the template is missing",
        "messages/zh_CN/sms/call.j2:3: there is no placeholder 'isuer'",
        "messages/zh_CN/sms/call.j2:4: there is no placeholder 'colur'",
        "messages/zh_CN/voice/call.j2:2: not a valid template",
        "messages/zh_CN/voice/notice.j2:3: cannot be rendered",
        "messages/en/email/call.j2:1: not a valid template",
        "messages/en/email/notice.j2: renders to nothing",
        "messages/en/voice/notice.j2: renders to nothing",
        "messages/en/voice/call.j2: cannot be read",
    ):
        assert sum(line.startswith(start) for line in found) == 1, (start, found)
    assert len(found) == 9


def test_languages_are_known_and_chinese_is_among_them() -> None:
    """A receiver's language falls back to Chinese, so Chinese must be there; an unknown language is refused."""
    with pytest.raises(ConfigError) as caught:
        TextBook(SHIPPED, ("en", "fr"), TIERS)
    text = str(caught.value)
    assert "zh_CN is not among the languages" in text
    assert "messages/fr: there are no words" in text


def test_every_placeholder_can_be_used(tmp_path: Path) -> None:
    """A bureau may write its own texts with any documented name, set a word of its own, and name the drill."""
    names = "".join(f"{{{{ {name} }}}}/" for name in PLACEHOLDERS)
    folder = spoil(tmp_path / "messages", "zh_CN/operator/call.j2", "{% set own = colour %}{{ own }}\n" + names)
    body = TextBook(folder, ("zh_CN",), TIERS).freeze(sample_facts()).by_key["zh_CN/operator/call"].body
    assert body.startswith("红色\n吕梁市气象台/7月22日21时33分/")
    assert body.endswith("/{unit}/{link}/True/False/False//")  # the officer writes nothing to anybody


def test_values_are_frozen_beside_the_texts(book: TextBook) -> None:
    """For providers with templates of their own: by language and name, and a drill says that it is one."""
    values = book.freeze(sample_facts()).values_in("zh_CN")
    assert values["hazard"] == "暴雨"
    assert values["time_short"] == "7月22日21:33"
    assert values["drill"] == values["drill_spoken"] == ""
    drill = book.freeze(sample_facts(full=False))
    assert drill.values_in("zh_CN")["drill"] == "【演练】"
    assert drill.values_in("en")["drill_spoken"] == "Drill, drill. "
    assert drill.values_in("fr") == drill.values_in("zh_CN")
