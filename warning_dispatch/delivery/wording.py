"""What a text may say, in the words of a language: times that can be read aloud, short lists of areas, clean text.

The words of the messages themselves stand in config/messages/; here is only what a template cannot do well.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.clock import beijing_text
from warning_dispatch.delivery.ways import Ways
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import CAUSES_MARK, COUNT_MARK, LINK_MARK, UNIT_MARK, AlertFacts
from warning_dispatch.model.unit import Channel

PLACEHOLDERS: Mapping[str, str] = {
    "issuer": "who issued the warning 发布单位",
    "time": "issue time as it is read aloud 发布时间(可朗读): 7月22日21时33分",
    "time_short": "issue time in few characters 发布时间(短): 7月22日21:33",
    "time_full": "issue time with the year 发布时间(含年份)",
    "issued": "发布, 变更发布 or 解除, by the kind of message",
    "hazard": "暴雨, 暴雪 …",
    "colour": "红色, 橙色 …",
    "level": "Ⅰ级/特别严重 …",
    "area": "affected divisions, two by name and how many in all 影响区域",
    "area_short": "the same, as short as can be 影响区域(短)",
    "area_full": "every affected division 影响区域(全部)",
    "headline": "the message's own headline, may be empty 标题",
    "description": "the message's own text, may be empty 正文",
    "advice": "the message's instruction, else the hazard's advice; may be empty 防御指引",
    "expires": "the message's own end with the year; empty when it has none 有效期至",
    "lifted": "true when the message itself lifts the warning 本条即解除信息",
    "drill": "true in a drill (the mark 【演练】 is put in front by the program) 演练",
    "unit": "filled in when sent: the unit or units called 叫应单位",
    "link": "filled in when sent: the receiver's own link; empty when `linked` is false 确认链接",
    "linked": "true where texts carry links (web.public_url) 有链接",
    "replies": "true where written answers by this channel reach us 能收到回复",
    "measures": "true where the receiver's page has measures to tick (config/response.toml) 有措施要落实",
    "call_back": "whether to ring the displayed number: 可回拨来电按1, 来电勿回拨, or empty; dropped first 回拨说明",
}
"""Every name a template may use, and what stands there."""
SELF_PLACEHOLDERS: Mapping[str, str] = {
    "causes": "filled in when sent: what happened, one sentence for each kind of alarm 事项",
    "count": "filled in when sent: how many alarms are open 事项数目",
    "unit": PLACEHOLDERS["unit"],
    "link": PLACEHOLDERS["link"],
    "linked": PLACEHOLDERS["linked"],
    "replies": PLACEHOLDERS["replies"],
}
"""Every name that a text of the bureau's own call may use."""
ALL_WAYS = Ways()
ISSUER_LIMIT = 40
NAME_LIMIT = 24
HEADLINE_LIMIT = 120
ADVICE_LIMIT = 400
DESCRIPTION_LIMIT = 800
AREA_FULL_NAMES = 60

_BRACES = str.maketrans({"{": "｛", "}": "｝"})
_COUNTY_ENDS = ("县", "市", "区", "旗")
_TOWNSHIP_ENDS = ("镇", "乡", "街道", "开发区", "园区")


def clean(text: str, limit: int) -> str:
    """Foreign text made safe for any channel, at most `limit` characters.

    Control characters and line ends become one space; invisible ones (bidi marks, zero width) and what is no character at all go;
    braces become full width, so that no warning can forge our marks.
    """
    kept: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category in {"Cf", "Cs", "Cn"}:
            continue
        kept.append(" " if category in {"Cc", "Zl", "Zp"} else char)
    short = " ".join("".join(kept).translate(_BRACES).split())
    return short if len(short) <= limit else short[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Wording:
    """The small words of one language.

    `drill_mark` stands before every text of a drill, `drill_spoken` before every spoken one. `times` gives a moment
    (ms) for reading aloud, short, and with the year. `more` words a list that was cut: names shown, how many
    divisions in all, their kind ("county", "township", "area"), whether few characters matter; `short_room` is how
    many characters `area_short` may take. `call_back`: what is said about ringing the displayed number.
    """

    drill_mark: str
    drill_spoken: str
    colours: Mapping[Colour, str]
    levels: Mapping[Colour, str]
    issued: Mapping[MsgType, str]
    between: str
    somewhere: str
    short_room: int
    call_back: Mapping[bool | None, str]
    times: Callable[[int], tuple[str, str, str]]
    more: Callable[[Sequence[str], int, str, bool], str]


def _clock_parts(moment: int) -> tuple[int, int, int, int, int]:
    year, month, day, hour, minute = (int(part) for part in beijing_text(moment, "%Y %m %d %H %M").split())
    return year, month, day, hour, minute


def _chinese_times(moment: int) -> tuple[str, str, str]:
    year, month, day, hour, minute = _clock_parts(moment)
    spoken = f"{month}月{day}日{hour}时" + (f"{minute}分" if minute else "整")
    return spoken, f"{month}月{day}日{hour}:{minute:02d}", f"{year}年{spoken}"


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _english_times(moment: int) -> tuple[str, str, str]:
    year, month, day, hour, minute = _clock_parts(moment)
    name = _MONTHS[month - 1]
    at = f"{hour}:{minute:02d}"
    return f"{name} {day} at {at}", f"{name[:3]} {day} {at}", f"{day} {name} {year}, {at} (Beijing time)"


def _chinese_more(shown: Sequence[str], total: int, kind: str, short: bool) -> str:
    long_word = {"county": "县(市、区)", "township": "乡镇(街道)"}.get(kind, "区域")
    short_word = {"county": "县市区", "township": "乡镇"}.get(kind, "区域")
    names = f"{'、'.join(shown)}等" if shown else ""
    return f"{names}{total}个{short_word if short else long_word}"


def _english_more(shown: Sequence[str], total: int, kind: str, short: bool) -> str:
    left = total - len(shown)
    one, many = {"county": ("county", "counties"), "township": ("township", "townships")}.get(kind, ("area", "areas"))
    if not shown:
        return f"{total} {many}"
    return f"{', '.join(shown)} and {left} more" + ("" if short else f" {one if left == 1 else many}")


WORDINGS: Mapping[str, Wording] = {
    "zh_CN": Wording(
        drill_mark="【演练】",
        drill_spoken="演练，演练。",
        colours={colour: f"{colour.chinese}色" for colour in Colour},
        levels={
            Colour.BLUE: "Ⅳ级/一般",
            Colour.YELLOW: "Ⅲ级/较重",
            Colour.ORANGE: "Ⅱ级/严重",
            Colour.RED: "Ⅰ级/特别严重",
        },
        issued={MsgType.UPDATE: "变更发布", MsgType.CANCEL: "解除", MsgType.ALERT: "发布"},
        between="、",
        somewhere="有关区域",
        short_room=12,
        call_back={True: "可回拨来电按1", False: "来电勿回拨", None: ""},
        times=_chinese_times,
        more=_chinese_more,
    ),
    "en": Wording(
        drill_mark="【演练】DRILL: ",
        drill_spoken="Drill, drill. ",
        colours={colour: colour.key for colour in Colour},
        levels={
            Colour.BLUE: "level IV, moderate",
            Colour.YELLOW: "level III, serious",
            Colour.ORANGE: "level II, severe",
            Colour.RED: "level I, extremely severe",
        },
        issued={MsgType.UPDATE: "updated", MsgType.CANCEL: "lifted", MsgType.ALERT: "issued"},
        between=", ",
        somewhere="the area concerned",
        short_room=18,
        call_back={True: "or call back and press 1", False: "do not call back", None: ""},
        times=_english_times,
        more=_english_more,
    ),
}
"""The languages this program can word a warning in. A further one needs its entry here and its templates."""


def shortened_area(names: Sequence[str], language: str, *, most: int = 2, room: int | None = None) -> str:
    """Divisions in few words: at most `most` names, and of those only as many as fit `room` characters.

    "离石区、方山县等13个县(市、区)"; with `room` the shorter "离石区等13个县市区", and "13个县市区" when not even one
    name fits. A single division is always named.
    """
    wording = WORDINGS[language]
    if not names:
        return wording.somewhere
    shown = min(len(names), most)
    while True:
        if shown == len(names):
            text = wording.between.join(names)
        else:
            text = wording.more(names[:shown], len(names), _division_kind(names), room is not None)
        if room is None or len(text) <= room or shown == 0 or len(names) == 1:
            return text
        shown -= 1


def _division_kind(names: Sequence[str]) -> str:
    """County or township, when every name ends as such; township first, for 开发区 also ends in 区."""
    if all(name.endswith(_TOWNSHIP_ENDS) for name in names):
        return "township"
    if all(name.endswith(_COUNTY_ENDS) for name in names):
        return "county"
    return "area"


def way_values(ways: Ways, language: str, channel: Channel) -> dict[str, object]:
    """What a text may say of how to answer it."""
    return {
        "unit": UNIT_MARK,
        "link": LINK_MARK if ways.linked else "",
        "linked": ways.linked,
        "replies": channel in ways.replies,
        "call_back": WORDINGS[language].call_back[ways.call_back],
    }


def self_values(ways: Ways, language: str, channel: Channel) -> dict[str, object]:
    """What stands at each of SELF_PLACEHOLDERS."""
    values = {"causes": CAUSES_MARK, "count": COUNT_MARK, **way_values(ways, language, channel)}
    return {name: values[name] for name in SELF_PLACEHOLDERS}


def fewer_words(values: Mapping[str, object], facts: AlertFacts, language: str) -> Iterator[dict[str, object]]:
    """缩短规则: the same values, step by step with less in them. Issuer, time, hazard, unit and link always stay.

    1. Nothing about calling back. 2. No headline, text and advice of the message, no word of measures. 3. Areas by their number alone.
    """
    values = {**values, "call_back": ""}
    yield values
    values = {**values, "measures": False, "headline": "", "description": "", "advice": "", "expires": ""}
    yield values
    names = [clean(name, NAME_LIMIT) for name in facts.area_names]
    yield {**values, **dict.fromkeys(("area", "area_short", "area_full"), shortened_area(names, language, room=1))}


def placeholder_values(
    facts: AlertFacts, language: str, channel: Channel = Channel.SMS, ways: Ways = ALL_WAYS
) -> dict[str, object]:
    """What stands at each of PLACEHOLDERS. KeyError when the language has no wording."""
    wording = WORDINGS[language]
    spoken, short, full = wording.times(facts.sent)
    names = [clean(name, NAME_LIMIT) for name in facts.area_names]
    own = facts.hazard if language.startswith("zh") else facts.hazard_english or facts.hazard
    return {
        "issuer": clean(facts.issuer, ISSUER_LIMIT),
        "time": spoken,
        "time_short": short,
        "time_full": full,
        "issued": wording.issued.get(facts.msg_type, wording.issued[MsgType.ALERT]),
        "hazard": clean(own, NAME_LIMIT),
        "colour": wording.colours[facts.colour],
        "level": wording.levels[facts.colour],
        "area": shortened_area(names, language),
        "area_short": shortened_area(names, language, room=WORDINGS[language].short_room),
        "area_full": shortened_area(names, language, most=AREA_FULL_NAMES),
        "headline": clean(facts.headline, HEADLINE_LIMIT),
        "description": clean(facts.description, DESCRIPTION_LIMIT),
        "advice": clean(_advice(facts, language), ADVICE_LIMIT),
        "expires": "" if facts.expires is None else wording.times(facts.expires)[2],
        "lifted": facts.msg_type is MsgType.CANCEL,
        "drill": facts.drill,
        "measures": bool(facts.measures_for) and ways.linked,
        **way_values(ways, language, channel),
    }


def _advice(facts: AlertFacts, language: str) -> str:
    """The message's own instruction is Chinese: first on Chinese texts, last on others."""
    own, chinese = facts.advice.get(language, ""), facts.advice.get("zh_CN", "")
    order = (facts.instruction, own) if language.startswith("zh") else (own, facts.instruction, chinese)
    return next((text for text in order if text.strip()), "")
