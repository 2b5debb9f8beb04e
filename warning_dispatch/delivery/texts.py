"""The texts of a call-out: templates read once at the start, rendered once per call-out, filled per receiver.

Templates are `config/messages/{language}/{voice|sms|email|operator}/{call|notice|all_clear|self}.j2`, and beside them particular ones
for a hazard, tier, role, colour or type of message (templates.py). An e-mail's first line is its subject; voice and SMS
become one line; voice is written as it is said (speech.py); an SMS is frozen in shorter forms as well (wording.fewer_words).
`self` is the bureau's call to itself: a frame, into which the causes are filled at the moment of sending in the words of
`causes.toml`. The mark of a drill is put in front here and not by the templates, so that an edited template cannot lose it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from warning_dispatch.delivery.causes import read_causes
from warning_dispatch.delivery.letter_words import LETTER_PLACEHOLDERS, LETTER_TRIALS
from warning_dispatch.delivery.speech import Speech, read_speech
from warning_dispatch.delivery.templates import Variant, Vocabulary, chosen, variants_in
from warning_dispatch.delivery.text_samples import sample_for
from warning_dispatch.delivery.ways import Ways
from warning_dispatch.delivery.wording import (
    PLACEHOLDERS,
    SELF_PLACEHOLDERS,
    WORDINGS,
    fewer_words,
    placeholder_values,
    self_values,
)
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.texts import DRILL, DRILL_SPOKEN, VALUES, AlertFacts, FrozenText, FrozenTexts, particular
from warning_dispatch.model.unit import Channel

CHANNEL_FOLDERS = ("voice", "sms", "email", "operator")
PURPOSES = ("call", "notice", "all_clear")
STAGE = "stage"
"""The response has gone on: whoever is asked something new is told so, by SMS alone."""
SELF = "self"
WRITTEN = ("sms", "email")
TEST_CALL = "voice/renewal_prove"
"""The one letter that is spoken."""
LETTERS = ("renewal_ask", "renewal_remind", "renewal_return", "renewal_prove", "renewal_approve")
"""Letters of the yearly refresh; they go by text only."""
FALLBACK_LANGUAGE = "zh_CN"


class TextBook:
    """消息模板: every template of the languages in use, checked when made."""

    def __init__(
        self, folder: Path, languages: Sequence[str], vocabulary: Vocabulary | None = None, ways: Ways | None = None
    ) -> None:
        """Read `folder`/{language}/…; ConfigError lists every missing, broken or misspelt template with its line.

        `vocabulary`: hazards and tiers that templates may be named after; `ways`: how people can answer.
        """
        self.languages = tuple(languages)
        self.ways = ways or Ways()
        self._vocabulary = vocabulary or Vocabulary()
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
        self._variants: dict[str, list[Variant]] = {}
        self._causes: dict[str, Mapping[str, str]] = {}
        findings = [*self._language_findings(), *self._load(), *self._load_causes()]
        said: dict[str, Mapping[str, str]] = {}
        for language in self.languages:
            said[language] = read_speech(folder / language, f"{folder.name}/{language}", findings)
        self.speech = Speech(said)
        if findings:
            raise ConfigError(findings)

    def freeze(self, facts: AlertFacts) -> FrozenTexts:
        """Every text about one warning, unit and link still marks, by "language/channel/purpose" and for whom."""
        texts: dict[str, FrozenText] = {}
        named: dict[str, Mapping[str, str]] = {}
        for language in self.languages:
            plain = replace(facts, measures_for=())
            values = placeholder_values(plain, language, Channel.SMS, self.ways)
            named[language] = _named_values(values, language, drill=facts.drill)
            for channel in CHANNEL_FOLDERS:
                for purpose in purposes_of(channel):
                    key = f"{language}/{channel}/{purpose}"
                    picked = chosen(self._variants[key], facts)
                    asked = facts.measures_for if purpose == "call" and channel in WRITTEN else ()
                    texts.update(self._for_each(key, picked, plain))
                    texts.update(self._with_measures(key, picked, asked, facts))
        return FrozenTexts(texts, named)

    def _for_each(
        self, key: str, picked: Mapping[tuple[str, str], Variant], facts: AlertFacts
    ) -> Iterator[tuple[str, FrozenText]]:
        """By tier and role, each template rendered once."""
        rendered: dict[str, FrozenText] = {}
        for (tier, role), variant in picked.items():
            if variant.key not in rendered:
                rendered[variant.key] = self.text_of(variant, facts)
            yield particular(key, tier, role), rendered[variant.key]

    def _with_measures(
        self, key: str, picked: Mapping[tuple[str, str], Variant], tiers: Sequence[str], facts: AlertFacts
    ) -> Iterator[tuple[str, FrozenText]]:
        """For the tiers whose units have measures to tick, the same with a word of them."""
        roles = dict.fromkeys(role for _, role in picked)
        for tier in tiers:
            named = {(tier, role): picked.get((tier, role)) or picked["", role] for role in roles}
            yield from self._for_each(key, named, facts)

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
                values = self_values(self.ways, language, Channel[channel.upper()])
                texts[key] = _shape(self._templates[key].render(values), channel)
        return FrozenTexts(texts)

    def letter(self, kind: str, language: str, channel: str, values: Mapping[str, object]) -> FrozenText:
        """A letter of the yearly refresh (LETTERS), in this language, else in Chinese."""
        known = language if language in self.languages else FALLBACK_LANGUAGE
        return _shape(self._templates[f"{known}/{channel}/{kind}"].render(values), channel)

    def variants(self) -> Iterator[Variant]:
        """Every template about a warning."""
        for variants in self._variants.values():
            yield from variants

    def where(self, key: str, line: int | None = None) -> str:
        """The file of a text as a finding names it: "messages/zh_CN/sms/call.j2:3"."""
        return f"{self._folder.name}/{key}.j2" + (f":{line}" if line else "")

    def text_of(self, variant: Variant, facts: AlertFacts) -> FrozenText:
        """What one template makes of a warning."""
        language, channel, _ = variant.key.split("/")
        values = placeholder_values(facts, language, Channel[channel.upper()], self.ways)
        return self._frozen(variant, values, facts, language, channel)

    def _frozen(
        self, variant: Variant, values: Mapping[str, object], facts: AlertFacts, language: str, channel: str
    ) -> FrozenText:
        """Rendered, shaped, said as it is spoken or shortened, and marked."""
        template = self._templates[variant.key]
        text = _shape(template.render(values), channel)
        if channel == "voice":
            text = replace(text, body=self.speech.say(text.body, language))
        if channel == "sms":
            bodies = [_shape(template.render(fewer), channel).body for fewer in fewer_words(values, facts, language)]
            text = replace(text, shorter=_ever_shorter(text.body, bodies))
        return _marked(text, language, channel) if facts.drill else text

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
                place, found = f"{language}/{channel}", list[Finding]()
                folder = self._folder / place
                purposes = purposes_of(channel)
                variants = variants_in(folder, place, purposes, (SELF, *LETTERS), self._vocabulary, found)
                yield from found
                self._variants.update({f"{place}/{purpose}": variants[purpose] for purpose in purposes})
                for variant in (one for purpose in purposes for one in variants[purpose]):
                    findings = list(self._load_one(variant.key, PLACEHOLDERS))
                    yield from findings
                    if not findings and language in WORDINGS:
                        yield from self._trial(variant.key, channel, list(self._samples(variant, language, channel)))
                key = f"{place}/{SELF}"
                findings = list(self._load_one(key, SELF_PLACEHOLDERS))
                if not findings and language in WORDINGS:
                    findings = list(
                        self._trial(key, channel, [self_values(self.ways, language, Channel[channel.upper()])])
                    )
                yield from findings
            letters = (f"{one}/{kind}" for one in WRITTEN for kind in LETTERS)
            for key in (f"{language}/{one}" for one in (*letters, TEST_CALL)):
                findings = list(self._load_one(key, LETTER_PLACEHOLDERS))
                yield from findings or self._trial(key, key.split("/")[1], LETTER_TRIALS)

    def _samples(self, variant: Variant, language: str, channel: str) -> Iterator[Mapping[str, object]]:
        """With everything present, with everything absent, and with no way to answer in writing."""
        asked = Channel[channel.upper()]
        full, bare = sample_for(variant), sample_for(variant, full=False)
        yield placeholder_values(full, language, asked, self.ways)
        yield placeholder_values(bare, language, asked, self.ways)
        yield placeholder_values(full, language, asked, Ways(linked=False, replies=frozenset(), call_back=False))

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


def purposes_of(channel: str) -> tuple[str, ...]:
    """What is said about a warning on one channel."""
    return (*PURPOSES, STAGE) if channel == "sms" else PURPOSES


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


def _named_values(values: Mapping[str, object], language: str, *, drill: bool) -> Mapping[str, str]:
    """What providers with templates of their own may fill in."""
    wording = WORDINGS[language]
    marks = {DRILL: wording.drill_mark if drill else "", DRILL_SPOKEN: wording.drill_spoken if drill else ""}
    return {name: str(values[name]) for name in VALUES} | marks


def _ever_shorter(body: str, bodies: Sequence[str]) -> tuple[str, ...]:
    """Those that are shorter than everything before."""
    kept = [body]
    kept.extend(one for one in bodies if len(one) < len(kept[-1]))
    return tuple(dict.fromkeys(kept[1:]))


def _marked(text: FrozenText, language: str, channel: str) -> FrozenText:
    wording = WORDINGS[language]
    mark = wording.drill_spoken if channel == "voice" else wording.drill_mark
    shorter = tuple(mark + one for one in text.shorter)
    return FrozenText(mark + text.subject if text.subject else "", mark + text.body, shorter)


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
