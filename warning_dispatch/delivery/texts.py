"""The texts of a call-out: templates read once at the start, rendered once per call-out, filled per receiver.

Templates are `config/messages/{language}/{voice|sms|email|operator}/{call|notice|all_clear|self}.j2`. An e-mail's first
line is its subject; voice and SMS become one line. `self` is the bureau's call to itself: a frame, into which the causes
are filled at the moment of sending in the words of `config/messages/{language}/causes.toml`. The mark of a drill is put in front here and not by the templates,
so that an edited template cannot lose it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from warning_dispatch.delivery.causes import read_causes
from warning_dispatch.delivery.lengths import (
    KEY_LIMIT,
    SPEECH_LIMIT,
    SmsLength,
    first_key_second,
    segment_limit,
    sms_segments,
    speech_seconds,
)
from warning_dispatch.delivery.letter_words import LETTER_PLACEHOLDERS, LETTER_TRIALS
from warning_dispatch.delivery.wording import PLACEHOLDERS, SELF_PLACEHOLDERS, SELF_VALUES, WORDINGS, placeholder_values
from warning_dispatch.engine.causes import with_causes
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.escalation.alarms import Cause
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import CAUSES_MARK, LINK_MARK, UNIT_MARK, AlertFacts, FrozenText, FrozenTexts
from warning_dispatch.model.unit import Channel

__all__ = [
    "SmsLength",
    "TextBook",
    "first_key_second",
    "sample_facts",
    "self_findings",
    "sms_segments",
    "speech_seconds",
    "texts_findings",
]

CHANNEL_FOLDERS = ("voice", "sms", "email", "operator")
PURPOSES = ("call", "notice", "all_clear")
SELF = "self"
LETTER_CHANNELS = ("sms", "email")
LETTERS = ("renewal_ask", "renewal_remind", "renewal_return", "renewal_prove")
"""Letters of the yearly refresh; they go by text only."""
FALLBACK_LANGUAGE = "zh_CN"

SAMPLE_UNIT = "山西医科大学汾阳学院社区居委会"
"""The longest name of a real register (15 characters)."""
SAMPLE_BUREAU = "吕梁市气象局带班领导"
SAMPLE_CAUSES = (
    Cause("quarantined", Colour.RED, 3),
    Cause("quarantined", Colour.RED, 3),
    Cause("area_unknown", Colour.RED, 2),
    Cause("route_down", Colour.ORANGE, 1),
    Cause("pause_over", Colour.ORANGE, 0),
)
"""As much as one call ever tells: three kinds, one of them twice, and something left over."""
SAMPLE_LINK = "https://jy.example.cn/r/ABCDEFGHIJKLMNOP"


class TextBook:
    """消息模板: every template of the languages in use, checked when made."""

    def __init__(self, folder: Path, languages: Sequence[str]) -> None:
        """Read `folder`/{language}/…; ConfigError lists every missing, broken or misspelt template with its line."""
        self.languages = tuple(languages)
        self._folder = folder
        self._env = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=False,  # plain text; the HTML alternative of a mail escapes it later
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._env.globals.clear()
        self._templates: dict[str, Template] = {}
        self._causes: dict[str, Mapping[str, str]] = {}
        findings = [*self._language_findings(), *self._load(), *self._load_causes()]
        if findings:
            raise ConfigError(findings)

    def freeze(self, facts: AlertFacts) -> FrozenTexts:
        """Every text about one warning, unit and link still marks, by "language/channel/purpose"."""
        texts: dict[str, FrozenText] = {}
        for language in self.languages:
            values = placeholder_values(facts, language)
            for channel in CHANNEL_FOLDERS:
                for purpose in PURPOSES:
                    key = f"{language}/{channel}/{purpose}"
                    text = _shape(self._templates[key].render(values), channel)
                    texts[key] = _marked(text, language, channel) if facts.drill else text
        return FrozenTexts(texts)

    def freeze_self(self) -> FrozenTexts:
        """The frames of the bureau's call to itself, and the words for every cause by "language/cause/kind"."""
        texts = {
            f"{language}/cause/{kind}": FrozenText("", words)
            for language, causes in self._causes.items()
            for kind, words in causes.items()
        }
        for language in self.languages:
            for channel in CHANNEL_FOLDERS:
                key = f"{language}/{channel}/{SELF}"
                texts[key] = _shape(self._templates[key].render(SELF_VALUES), channel)
        return FrozenTexts(texts)

    def letter(self, kind: str, language: str, channel: str, values: Mapping[str, object]) -> FrozenText:
        """A letter of the yearly refresh (LETTERS), in this language, else in Chinese."""
        known = language if language in self.languages else FALLBACK_LANGUAGE
        return _shape(self._templates[f"{known}/{channel}/{kind}"].render(values), channel)

    def where(self, key: str, line: int | None = None) -> str:
        """The file of a text as a finding names it: "messages/zh_CN/sms/call.j2:3"."""
        return f"{self._folder.name}/{key}.j2" + (f":{line}" if line else "")

    def _language_findings(self) -> Iterator[Finding]:
        place = f"{self._folder.name}/"
        if FALLBACK_LANGUAGE not in self.languages:
            yield Finding(place, f"{FALLBACK_LANGUAGE} is not among the languages", "it is the fallback: add it")
        for language in self.languages:
            if language not in WORDINGS:
                known = ", ".join(WORDINGS)
                yield Finding(f"{place}{language}", "there are no words for this language", f"use one of: {known}")

    def _load(self) -> Iterator[Finding]:
        for language in self.languages:
            for channel in CHANNEL_FOLDERS:
                for purpose in PURPOSES:
                    key = f"{language}/{channel}/{purpose}"
                    findings = list(self._load_one(key, PLACEHOLDERS))
                    yield from findings
                    if not findings and language in WORDINGS:
                        trials = (sample_facts(), sample_facts(full=False))
                        yield from self._trial(key, channel, [placeholder_values(one, language) for one in trials])
                key = f"{language}/{channel}/{SELF}"
                findings = list(self._load_one(key, SELF_PLACEHOLDERS))
                yield from findings or self._trial(key, channel, [SELF_VALUES])
            for key, channel in ((f"{language}/{one}/{kind}", one) for one in LETTER_CHANNELS for kind in LETTERS):
                findings = list(self._load_one(key, LETTER_PLACEHOLDERS))
                yield from findings or self._trial(key, channel, LETTER_TRIALS)

    def _load_causes(self) -> Iterator[Finding]:
        for language in self.languages:
            found: list[Finding] = []
            self._causes[language] = read_causes(self._folder / language, f"{self._folder.name}/{language}", found)
            yield from found

    def _load_one(self, key: str, placeholders: Mapping[str, str]) -> Iterator[Finding]:
        """Steps: 1 read, 2 parse, 3 every name known, 4 compile."""
        path = self._folder / f"{key}.j2"
        if not path.is_file():
            yield Finding(self.where(key), "the template is missing", "copy it from the shipped defaults")
            return
        try:
            tree = self._env.parse(path.read_text("utf-8"), key, str(path))
            unknown = list(_unknown_names(tree, placeholders))
            self._templates[key] = self._env.get_template(f"{key}.j2")
        except (OSError, UnicodeDecodeError) as error:
            yield Finding(self.where(key), f"cannot be read: {type(error).__name__}", "save it as UTF-8 text")
        except TemplateSyntaxError as error:
            yield Finding(self.where(key, error.lineno), f"not a valid template: {error.message}", "mend this line")
        else:
            for name, line in unknown:
                what = f"there is no placeholder {name!r}"
                yield Finding(self.where(key, line), what, f"known: {', '.join(placeholders)}")

    def _trial(self, key: str, channel: str, trials: Sequence[Mapping[str, object]]) -> Iterator[Finding]:
        """Render with everything present and with everything absent, so that a 3 a.m. start finds nothing new."""
        for values in trials:
            try:
                raw = self._templates[key].render(values)
            except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
                line = _line_of(error, str(self._folder / f"{key}.j2"))
                yield Finding(self.where(key, line), f"cannot be rendered: {error}", "mend this line")
                return
            text = _shape(raw, channel)
            if not text.body or (channel == "email" and not text.subject):
                remedy = "first line the subject, then the text" if channel == "email" else "write the text"
                yield Finding(self.where(key), "renders to nothing", remedy)
                return


def sample_facts(
    hazard: tuple[str, str] = ("暴雨", "Rainstorm"), colour: Colour = Colour.RED, *, full: bool = True
) -> AlertFacts:
    """An invented warning to try texts on; without `full` a lifting message in a drill with everything optional absent."""
    facts = AlertFacts(
        issuer="吕梁市气象台",
        sent=1_784_727_180_000,  # 2026-07-22 21:33 in Beijing
        hazard=hazard[0],
        hazard_english=hazard[1],
        colour=colour,
        msg_type=MsgType.UPDATE,
        headline=f"吕梁市气象台变更发布{hazard[0]}{colour.chinese}色预警信号",
        description="预计未来3小时，离石区、方山县等地累计降水量将达100毫米以上，请注意防范。",
        instruction="",
        advice={"zh_CN": "立即转移危险区域人员。", "en": "Move people out of danger areas now."},
        area_names=("离石区", "方山县", "临县", "兴县", "岚县", "柳林县", "石楼县", "中阳县", "交口县"),
        expires=1_784_748_780_000,  # six hours later
    )
    if full:
        return facts
    return replace(
        facts, msg_type=MsgType.CANCEL, headline="", description="", advice={}, area_names=(), expires=None, drill=True
    )


def texts_findings(book: TextBook, facts: AlertFacts) -> list[Finding]:
    """What `check` says about the texts of a warning like `facts`, with a long unit name and a real link's length."""
    values = {language: placeholder_values(facts, language) for language in book.languages}
    findings: list[Finding] = []
    for key, frozen in book.freeze(facts).by_key.items():
        language, channel, purpose = key.split("/")
        where = book.where(key)
        findings += _legal_findings(where, frozen.body, values[language])
        findings += _mark_findings(where, frozen.body, channel, purpose)
        measure = _MEASURES.get(channel)
        if measure is not None:
            _, body = frozen.fill(SAMPLE_UNIT, SAMPLE_LINK)
            findings += measure(where, body, language, purpose)
    return findings


def self_findings(book: TextBook) -> list[Finding]:
    """What `check` says about the texts of the bureau's call to itself, with as much to tell as one call tells."""
    texts = book.freeze_self()
    findings: list[Finding] = []
    for language in book.languages:
        for channel in CHANNEL_FOLDERS:
            text = texts.get(language, channel, SELF)
            where = book.where(f"{language}/{channel}/{SELF}")
            findings += _mark_findings(where, text.body, channel, "call")
            if CAUSES_MARK not in text.body:
                findings.append(Finding(where, "does not say what happened", "add {{ causes }}"))
            measure = _MEASURES.get(channel)
            if measure is not None:
                told = with_causes(text, texts, language, Channel[channel.upper()], SAMPLE_CAUSES)
                findings += measure(where, told.fill(SAMPLE_BUREAU, SAMPLE_LINK)[1], language, "call")
    return findings


def letter_findings(book: TextBook) -> list[Finding]:
    """What `check` says about the letters of the yearly refresh."""
    findings: list[Finding] = []
    for language in book.languages:
        for kind in LETTERS:
            for values in LETTER_TRIALS:
                where = book.where(f"{language}/sms/{kind}")
                body = book.letter(kind, language, "sms", values).body
                findings += _sms_findings(where, body, language, kind)
                if str(values["link"]) not in body:
                    findings.append(Finding(where, "has no link", "add {{ link }}"))
    return list(dict.fromkeys(findings))


def _legal_findings(where: str, body: str, values: Mapping[str, object]) -> Iterator[Finding]:
    """气象法: whoever passes a warning on says who issued it, and when."""
    if str(values["issuer"]) not in body:
        yield Finding(where, "does not name the issuer", "the law demands it: add {{ issuer }}")
    if not any(str(values[name]) in body for name in ("time", "time_short", "time_full")):
        yield Finding(where, "does not say when it was issued", "the law demands it: add {{ time }}")


def _mark_findings(where: str, body: str, channel: str, purpose: str) -> Iterator[Finding]:
    if UNIT_MARK not in body:
        yield Finding(where, "does not name the unit called", "add {{ unit }}")
    if purpose == "call" and channel in {"sms", "email"} and LINK_MARK not in body:
        yield Finding(where, "has no link to confirm by", "add {{ link }}")


def _speech_findings(where: str, body: str, language: str, purpose: str) -> Iterator[Finding]:
    seconds = speech_seconds(body, language)
    if seconds > SPEECH_LIMIT:
        yield Finding(where, f"takes {seconds:.1f} s to say", f"shorten it to {SPEECH_LIMIT:.0f} s")
    if purpose != "call":
        return
    key = first_key_second(body, language)
    if key is None:
        yield Finding(where, "never says which key to press", 'say "按1" ("press 1") at the beginning')
    elif key > KEY_LIMIT:
        yield Finding(where, f"says the key only after {key:.1f} s", f"say it within {KEY_LIMIT:.0f} s")


def _sms_findings(where: str, body: str, language: str, purpose: str) -> Iterator[Finding]:  # noqa: ARG001 - one shape
    length = sms_segments(body)
    limit = segment_limit(language)
    if length.segments > limit:
        what = f"is {length.characters} characters, {length.segments} parts ({length.encoding})"
        yield Finding(where, what, f"shorten it to {limit} parts")


_Measure = Callable[[str, str, str, str], Iterable[Finding]]
_MEASURES: Mapping[str, _Measure] = {"voice": _speech_findings, "sms": _sms_findings}


def _shape(raw: str, channel: str) -> FrozenText:
    """Voice and SMS are one line; a mail's first line is its subject; elsewhere lines stay, empty ones never pile up."""
    if channel in {"voice", "sms"}:
        return FrozenText("", _one_line(raw))
    lines = raw.strip().splitlines()
    subject = " ".join(lines.pop(0).split()) if channel == "email" and lines else ""
    body: list[str] = []
    for line in (line.rstrip() for line in lines):
        if line or (body and body[-1]):
            body.append(line)
    return FrozenText(subject, "\n".join(body).strip())


def _one_line(raw: str) -> str:
    """Join lines: with a space, but for lines that meet in Chinese, where there is none."""
    text = ""
    for line in (" ".join(line.split()) for line in raw.splitlines()):
        if text and line and text[-1].isascii():
            text += " "
        text += line
    return text


def _marked(text: FrozenText, language: str, channel: str) -> FrozenText:
    wording = WORDINGS[language]
    mark = wording.drill_spoken if channel == "voice" else wording.drill_mark
    return FrozenText(mark + text.subject if text.subject else "", mark + text.body)


def _unknown_names(tree: nodes.Template, placeholders: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    names = list(tree.find_all(nodes.Name))
    own = {name.name for name in names if name.ctx != "load"}
    for name in names:
        if name.ctx == "load" and name.name not in placeholders and name.name not in own:
            yield name.name, name.lineno


def _line_of(error: BaseException, filename: str) -> int | None:
    """The template's line in the traceback (Jinja rewrites it to the template's own file and lines)."""
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
