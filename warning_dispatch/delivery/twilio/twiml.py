"""What a call does, as TwiML: made by Twilio's library, so that whatever a text holds stays text.

A call is given its whole course when it is made (inline, 4,000 characters at the most), so that a warning is read out even
while Twilio cannot reach us. Only a key needs us. What the next step must know travels in the address of the key itself:
no table is kept for it, and any process, also one that has just started, can answer.
"""

from __future__ import annotations

import base64
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse

from warning_dispatch.delivery.twilio.options import TwilioOptions

LONGEST = 4_000
"""Characters of an inline course."""
LONGEST_CARRIED = 900
"""Characters of a text as it travels in an address."""
LONGEST_TEXT = 20_000
"""Bytes of such a text: what unpacks to more is none of ours."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said to one person. `key_url`: where a key goes; empty: no key is asked for.

    `back`: whoever has rung us is asked about the next warning afterwards.
    """

    text: str
    language: str
    key_url: str = ""
    back: bool = False


def phrases(language: str) -> Mapping[str, str]:
    """The phrases of a language; of one that has none, the Chinese ones."""
    known = _phrases()
    return known.get(language) or known["zh_CN"]


def announcement(saying: Saying, options: TwilioOptions) -> str:
    """The course of a call: the text as often as it is read, each time with a wait for the key. Never over LONGEST."""
    for readings in range(options.readings, 0, -1):
        course = _read_out(saying, options, readings)
        if len(course) <= LONGEST:
            return course
    text = saying.text
    while len(course) > LONGEST and text:  # the address carries what is said no longer than it is
        text = text[: len(text) * 3 // 4]
        course = _read_out(Saying(text, saying.language, saying.key_url, saying.back), options, 1)
    return course


def again(saying: Saying, options: TwilioOptions, before: str = "") -> str:
    """The course after key 2 or a key that means nothing: `before`, then the text once more."""
    return _read_out(saying, options, 1, before)


def thanks(language: str, options: TwilioOptions, next_url: str = "") -> str:
    """The course after key 1. `next_url`: what to go on with."""
    response = VoiceResponse()
    _say(response, phrases(language)["thanks"], language, options)
    if next_url:
        response.redirect(next_url, method="POST")
    else:
        response.hangup()
    return str(response)


def connect(saying: Saying, options: TwilioOptions) -> str:
    """The course after key 0: the duty officer, and afterwards the text again, since talking is no answer."""
    response = VoiceResponse()
    said = phrases(saying.language)
    if options.duty_number:
        _say(response, said["connecting"], saying.language, options)
        dial = response.dial(caller_id=options.sender_for(options.duty_number), timeout=25)
        dial.number(options.duty_number)
    else:
        _say(response, said["no_duty"], saying.language, options)
    _ask(response, saying, options, last=True)
    return str(response)


def nothing_open(language: str, options: TwilioOptions) -> str:
    """The course for somebody who rings us and has nothing to answer."""
    response = VoiceResponse()
    _say(response, phrases(language)["nothing"], language, options)
    response.hangup()
    return str(response)


def stranger(language: str, options: TwilioOptions) -> str:
    """The course for a number that nobody knows: the duty officer speaks with them."""
    response = VoiceResponse()
    said = phrases(language)
    if options.duty_number:
        _say(response, said["connecting"], language, options)
        dial = response.dial(caller_id=options.sender_for(options.duty_number), timeout=25)
        dial.number(options.duty_number)
    else:
        _say(response, said["nothing"], language, options)
    response.hangup()
    return str(response)


def hang_up() -> str:
    """The end."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _read_out(saying: Saying, options: TwilioOptions, readings: int, before: str = "") -> str:
    response = VoiceResponse()
    if before:
        _say(response, before, saying.language, options)
    for reading in range(readings):
        if saying.key_url:
            _ask(response, saying, options, last=reading == readings - 1)
        else:
            _say(response, saying.text, saying.language, options)
            response.pause(length=1)
    response.hangup()
    return str(response)


def _ask(response: VoiceResponse, saying: Saying, options: TwilioOptions, *, last: bool) -> None:
    """Read the text and wait for one key. After the last reading we are told that no key came."""
    said = phrases(saying.language)
    gather = response.gather(
        action=_carrying(saying),
        method="POST",
        input="dtmf",
        num_digits=1,
        finish_on_key="",
        timeout=options.key_wait_s if last else 2,
        action_on_empty_result=last,
    )
    tail = said["again"] + (said["duty"] if options.duty_number else "")
    _say(gather, f"{saying.text} {tail}", saying.language, options)


def _say(verb: VoiceResponse, text: str, language: str, options: TwilioOptions) -> None:
    voice = options.voice_of(language)
    verb.say(text, language=voice.language, voice=voice.voice)


# --- what travels in the address -------------------------------------------------------------------------------


def _carrying(saying: Saying) -> str:
    carried = {"l": saying.language, "t": _packed(saying.text), "b": "1" if saying.back else ""}
    return f"{saying.key_url}&{urlencode({name: value for name, value in carried.items() if value})}"


def carried(query: Mapping[str, str], key_url: str) -> Saying:
    """What was said, out of the query of a key's address; a short text where the whole one was too long to travel."""
    language = query.get("l", "zh_CN")
    text = _unpacked(query.get("t", "")) or phrases(language)["lost"]
    return Saying(text, language, key_url, back="b" in query)


def _packed(text: str) -> str:
    """Empty when it is too long for an address."""
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode("ascii").rstrip("=")
    return packed if len(packed) <= LONGEST_CARRIED else ""


def _unpacked(packed: str) -> str:
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return zlib.decompressobj().decompress(raw, LONGEST_TEXT).decode()
    except (ValueError, zlib.error):
        return ""


@cache
def _phrases() -> Mapping[str, Mapping[str, str]]:
    raw = files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(raw)
    return found
