"""What calls of an installation say, put together for the page and the command; None where no route of it speaks by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warning_dispatch.bootstrap.wiring import vocabulary_of
from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration
from warning_dispatch.delivery.configured import readable_routes
from warning_dispatch.delivery.spoken.desk import VoiceDesk
from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.delivery.spoken.site import recordings_in, scripts_in
from warning_dispatch.delivery.text_samples import SAMPLE_UNIT, sample_facts
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.delivery.ways import ways_of
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import AlertFacts
from warning_dispatch.settings import Settings

ANOTHER_NIGHT = 3 * 86_400_000 + 5_520_000
"""ms to a night of which nothing is the same."""
USUAL = ("rainstorm", Colour.RED)


def voice_desk(settings: Settings, configuration: Configuration, clock: Clock) -> VoiceDesk | None:
    """Who speaks by the first route that does; None: no route plays sound of ours."""
    routes = readable_routes(settings)
    options = next((one.options for one in routes if isinstance(one.options, SpokenOptions)), None)
    if options is None:
        return None
    ways = ways_of(routes, linked=bool(settings.web.public_url))
    book = TextBook(
        settings.config_dir / "messages", tuple(settings.texts.languages), vocabulary_of(configuration), ways
    )
    scripts = scripts_in(options, settings.config_dir, settings.state_dir)
    return VoiceDesk(
        scripts,
        recordings_in(settings.state_dir),
        lambda: _texts(book, configuration, sample_facts(), SAMPLE_UNIT),
        lambda: _texts(book, configuration, _another_night(), "城北社区"),
        clock.now,
    )


def _another_night() -> AlertFacts:
    usual = sample_facts()
    return replace(usual, sent=usual.sent + ANOTHER_NIGHT, area_names=("岚县",), issuer="岚县气象台")


def _texts(book: TextBook, configuration: Configuration, usual: AlertFacts, unit: str) -> Sequence[tuple[str, str]]:
    """What is read out for every hazard and colour that starts a call-out; the red rainstorm first."""
    wanted = {
        (hazard, colour)
        for chain in configuration.chains
        for trigger in chain.triggers
        for hazard in trigger.hazards
        for colour in trigger.colours
    }
    found = []
    for key, colour in sorted(wanted, key=lambda one: (one != USUAL, one[0], -one[1].value)):
        names = configuration.hazards.names().get(key, {})
        facts = replace(
            usual,
            hazard=names.get("zh_CN", key),
            hazard_english=names.get("en", key),
            hazard_key=key,
            colour=colour,
            msg_type=MsgType.ALERT,
        )
        texts = book.freeze(facts)
        for language in book.languages:
            _, body = texts.get(language, "voice", "call").fill(book.speech.say(unit, language), "")
            found.append((language, body))
    return sorted(found, key=lambda one: one[0] != "zh_CN")
