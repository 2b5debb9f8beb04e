"""演练预告: what people are told before a drill. The mark 【演练】 is put in front here, as with every text of a drill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from warning_dispatch.delivery.wording import WORDINGS, placeholder_values
from warning_dispatch.model.texts import DRILL, DRILL_SPOKEN, UNIT_MARK, VALUES, AlertFacts, FrozenText, FrozenTexts

_WORDS: Mapping[str, str] = {
    "zh_CN": "预告：{issuer}定于{time}开展{hazard}{colour}预警叫应演练，届时请{unit}接听电话、看短信，按演练要求确认。现在不用回复。",
    "en": "{issuer} will hold a drill on {time} ({colour} {hazard}). {unit}: answer calls and texts then. No reply needed now.",
}
_AHEAD: Mapping[str, str] = {"zh_CN": "预告：", "en": "announced: "}


def announcement(facts: AlertFacts, starts_at: int, languages: Sequence[str]) -> FrozenTexts:
    """The SMS that announces a drill which begins at `starts_at` (ms).

    A provider with templates of its own fills those of a notice: there the mark says that it is announced.
    """
    texts, values = {}, {}
    for language in languages:
        wording = WORDINGS[language]
        said = placeholder_values(replace(facts, sent=starts_at), language)
        hazard = str(said["hazard"]) if language.startswith("zh") else str(said["hazard"]).lower()
        words = {"issuer": said["issuer"], "time": said["time_short"], "hazard": hazard, "colour": said["colour"]}
        body = _WORDS[language].format(**words, unit=UNIT_MARK)
        texts[f"{language}/sms/notice"] = FrozenText("", wording.drill_mark + body)
        marks = {DRILL: wording.drill_mark + _AHEAD[language], DRILL_SPOKEN: wording.drill_spoken}
        values[language] = {name: str(said[name]) for name in VALUES} | marks
    return FrozenTexts(texts, values)
