"""What `check` says about the texts: lawful, answerable, short enough for a phone and for an ear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from warning_dispatch.delivery.lengths import (
    BREATH_LIMIT,
    KEY_LIMIT,
    SPEECH_LIMIT,
    first_key_second,
    longest_breath,
    segment_limit,
    sms_segments,
    speech_seconds,
)
from warning_dispatch.delivery.letter_words import LETTER_TRIALS
from warning_dispatch.delivery.naming import fitting_message
from warning_dispatch.delivery.templates import Variant
from warning_dispatch.delivery.text_samples import SAMPLE_BUREAU, SAMPLE_CAUSES, SAMPLE_LINK, SAMPLE_UNIT, sample_for
from warning_dispatch.delivery.texts import CHANNEL_FOLDERS, LETTERS, SELF, TEST_CALL, TextBook
from warning_dispatch.delivery.wording import placeholder_values
from warning_dispatch.engine.causes import with_causes
from warning_dispatch.errors import Finding
from warning_dispatch.model.texts import CAUSES_MARK, LINK_MARK, UNIT_MARK, AlertFacts, FrozenText
from warning_dispatch.model.unit import Channel


def texts_findings(book: TextBook, facts: AlertFacts, signature: str = "") -> list[Finding]:
    """The texts of a warning like `facts`, with a long unit name and a real link's length.

    `signature`: what the longest-winded SMS route puts in front, 【…】.
    """
    findings: list[Finding] = []
    for variant in book.variants():
        if variant.fits(facts):
            findings += _findings(book, variant, facts, signature)
    return findings


def particular_findings(book: TextBook, signature: str = "") -> list[Finding]:
    """Every template of a hazard, tier, role, colour or type of message, with a warning that it is for."""
    findings: list[Finding] = []
    for variant in book.variants():
        if variant.words:
            findings += _findings(book, variant, sample_for(variant), signature)
    return findings


def self_findings(book: TextBook, signature: str = "") -> list[Finding]:
    """The texts of the bureau's call to itself, with as much to tell as one call tells."""
    texts = book.freeze_self()
    findings: list[Finding] = []
    for language in book.languages:
        for channel in CHANNEL_FOLDERS:
            text = texts.get(language, channel, SELF)
            where = book.where(f"{language}/{channel}/{SELF}")
            findings += _mark_findings(book, where, text.body, channel, "call")
            if CAUSES_MARK not in text.body:
                findings.append(Finding(where, "does not say what happened", "add {{ causes }}"))
            told = with_causes(text, texts, language, Channel[channel.upper()], SAMPLE_CAUSES)
            findings += _measured(where, told, channel, language, "call", SAMPLE_BUREAU, _link(book), signature)
    return findings


def _link(book: TextBook) -> str:
    return SAMPLE_LINK if book.ways.linked else ""


def _findings(book: TextBook, variant: Variant, facts: AlertFacts, signature: str) -> Iterator[Finding]:
    language, channel, name = variant.key.split("/")
    purpose = name.split(".")[0]
    text = book.text_of(variant, facts)
    where = book.where(variant.key)
    values = placeholder_values(facts, language)
    if channel == "voice":
        values = {key: book.speech.say(str(value), language) for key, value in values.items()}
    for body in dict.fromkeys((text.body, *text.shorter)):
        yield from _legal_findings(where, body, values)
        yield from _mark_findings(book, where, body, channel, purpose)
    yield from _measured(where, text, channel, language, purpose, SAMPLE_UNIT, _link(book), signature)


def _legal_findings(where: str, body: str, values: Mapping[str, object]) -> Iterator[Finding]:
    """气象法: whoever passes a warning on says who issued it, and when."""
    if str(values["issuer"]) not in body:
        yield Finding(where, "does not name the issuer", "the law demands it: add {{ issuer }}")
    if not any(str(values[name]) in body for name in ("time", "time_short", "time_full")):
        yield Finding(where, "does not say when it was issued", "the law demands it: add {{ time }}")


def _mark_findings(book: TextBook, where: str, body: str, channel: str, purpose: str) -> Iterator[Finding]:
    if UNIT_MARK not in body:
        yield Finding(where, "does not name the unit called", "add {{ unit }}")
    asks = purpose == "call" and channel in {"sms", "email"} and book.ways.linked
    if asks and LINK_MARK not in body:
        yield Finding(where, "has no link to confirm by", "add {{ link }}")


def _measured(
    where: str,
    text: FrozenText,
    channel: str,
    language: str,
    purpose: str,
    unit: str,
    link: str,
    signature: str,
) -> Iterator[Finding]:
    if channel == "voice":
        yield from _speech_findings(where, text.fill(unit, link)[1], language, purpose)
    if channel == "sms":
        yield from _sms_findings(where, fitting_message(text, unit, link, language, signature), language, signature)


def _speech_findings(where: str, body: str, language: str, purpose: str) -> Iterator[Finding]:
    seconds = speech_seconds(body, language)
    if seconds > SPEECH_LIMIT:
        yield Finding(where, f"takes {seconds:.1f} s to say", f"shorten it to {SPEECH_LIMIT:.0f} s")
    breath = longest_breath(body, language)
    if breath > BREATH_LIMIT:
        yield Finding(where, f"goes on for {breath:.1f} s without a pause", "cut it into short sentences")
    if purpose != "call":
        return
    key = first_key_second(body, language)
    if key is None:
        yield Finding(where, "never says which key to press", 'say "按1" ("press 1") at the beginning')
    elif key > KEY_LIMIT:
        yield Finding(where, f"says the key only after {key:.1f} s", f"say it within {KEY_LIMIT:.0f} s")


def _sms_findings(where: str, body: str, language: str, signature: str) -> Iterator[Finding]:
    length = sms_segments(signature + body)
    limit = segment_limit(language)
    if length.segments > limit:
        signed = f" with {signature}" if signature else ""
        what = f"is {length.characters} characters, {length.segments} parts ({length.encoding}){signed}"
        yield Finding(where, what, f"shorten it to {limit} parts")


def letter_findings(book: TextBook, signature: str = "") -> list[Finding]:
    """The letters of the yearly refresh."""
    findings: list[Finding] = []
    for language in book.languages:
        where = book.where(f"{language}/{TEST_CALL}")
        for values in LETTER_TRIALS:
            body = book.letter(TEST_CALL.split("/")[1], language, "voice", values).body
            findings += _speech_findings(where, body, language, "call")
        for kind in LETTERS:
            for values in LETTER_TRIALS:
                where = book.where(f"{language}/sms/{kind}")
                body = book.letter(kind, language, "sms", values).body
                findings += _sms_findings(where, body, language, signature)
                if str(values["link"]) not in body:
                    findings.append(Finding(where, "has no link", "add {{ link }}"))
    return list(dict.fromkeys(findings))
