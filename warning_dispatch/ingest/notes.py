"""What a reader notes while it walks a message: oddities it can live with, and refusals it cannot.

Both are collected, none is raised on the way, so that a sender hears of everything at once. An essential oddity
leaves the message readable but keeps it from dialling by itself: a human decides.

Texts are Chinese first. Values quoted in them are clipped, and only elements that hold no personal data are quoted.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

from warning_dispatch.errors import Finding, UnreadableAlertError
from warning_dispatch.ingest.elements import Element, path_of
from warning_dispatch.model.alert import Problem
from warning_dispatch.model.source_rules import USUAL, SourceRules

QUOTED = 60
"""Characters of a foreign value that a note quotes."""
MOST_OF_A_KIND = 20
"""Notes of one kind that are kept."""


class Odd(Enum):
    """Every oddity that a reader can note: its code, its text for a person, and whether it is essential."""

    LEADING_BLANK = ("leading-blank", "声明之前有空白 / blank before the XML declaration", False)
    ENCODING_WIDENED = ("encoding-widened", "按 GB18030 读取 / read as GB18030", False)
    ENCODING_OVERRIDDEN = (
        "encoding-overridden",
        "字节与声明的编码不符，按来源约定读取 / not in the declared encoding",
        False,
    )
    MARKUP_MENDED = ("markup-mended", "标记有误，修补后才读通，请人核对 / broken markup was mended, verify", True)
    NAMESPACE_MENDED = ("namespace-mended", "去掉了非法的 xmlns:xmlns / an illegal xmlns:xmlns was removed", False)
    NAMESPACE_MISSING = ("namespace-missing", "没有命名空间，按 CAP 1.2 读取 / no namespace, read as CAP 1.2", False)
    WRAPPED = ("wrapped", "报文在信封或订阅源中 / the alert lies in an envelope or feed", False)
    ESCAPED = ("escaped", "报文以转义文本嵌入 / the alert is embedded as escaped text", False)
    CONCATENATED = ("concatenated", "几份报文连在一起，已逐份读取 / several documents in a row, each read", False)
    ROOT_NAME = ("root-name", "根元素不是 alert / the root is not named alert", False)
    NESTED_MARKUP = ("nested-markup", "文本元素内含子元素 / markup inside a text element", False)
    DUPLICATE_ELEMENT = ("duplicate-element", "同一元素出现多次且内容不同 / given twice with different content", True)
    TEXT_MARKS = ("text-marks", "文字含控制或方向字符，已去除 / control or direction marks removed", False)
    STRUCTURE_ORDER = ("structure-order", "元素顺序不合标准 / elements out of the standard's order", False)
    STRUCTURE_MISSING = ("structure-missing", "缺少标准要求的元素 / an element the standard requires is missing", False)
    STRUCTURE_UNKNOWN = ("structure-unknown", "标准中没有的元素 / an element the standard does not have", False)
    STRUCTURE_WORD = ("structure-word", "标准中没有的取值 / a value the standard does not have", False)
    IDENTIFIER_FORM = ("identifier-form", "标识格式不规范 / unusual form of identifier", False)
    SENDER_MISSING = ("sender-missing", "缺少发布单位名称 / no sender name", False)
    SENDER_CODE_FORM = ("sender-code-form", "发布单位编码不是 14 位数字 / sender code is not 14 digits", False)
    SENDER_CODE_DERIVED = ("sender-code-derived", "发布单位编码取自标识 / sender code taken from the identifier", False)
    SENDER_CODE_DIFFERS = ("sender-code-differs", "发布单位编码与标识不一致 / sender code and identifier differ", False)
    STATUS_FORM = ("status-form", "状态写法不规范 / unusual spelling of status", False)
    STATUS_UNKNOWN = ("status-unknown", "状态无法识别，不作实况处理 / unknown status, never taken for Actual", True)
    MSG_TYPE_FORM = ("msg-type-form", "信息类型写法不规范 / unusual spelling of msgType", False)
    MSG_TYPE_UNKNOWN = ("msg-type-unknown", "信息类型无法识别 / unknown msgType", True)
    SCOPE_MISSING = ("scope-missing", "缺少发布范围 / no scope", False)
    TIME_FORM = ("time-form", "时间写法不规范，已读取 / unusual form of time, read all the same", False)
    TIME_ZONE_ASSUMED = ("time-zone-assumed", "时间无时区，按来源的时区 / no time zone, taken as the source's", False)
    TIME_BLANK = ("time-blank", "时间为空 / blank time", False)
    TIME_UNREADABLE = ("time-unreadable", "时间无法读取，已忽略 / unreadable time, ignored", False)
    EXPIRES_BEFORE_SENT = ("expires-before-sent", "失效时间早于发布时间 / expires before it was sent", False)
    EXPIRES_BEFORE_ONSET = ("expires-before-onset", "失效时间早于开始时间 / expires before its onset", False)
    EXPIRES_FAR = ("expires-far", "有效期超过 7 天 / valid for more than 7 days", False)
    REFERENCES_FORM = ("references-form", "引用写法不规范 / unusual form of references", False)
    REFERENCES_MISSING = ("references-missing", "更新或解除没有引用 / update or cancel without references", False)
    REFERENCES_SELF = ("references-self", "引用了自身 / refers to itself", False)
    LANGUAGE_MISSING = ("language-missing", "缺少语种 / no language", False)
    INFO_MISSING = ("info-missing", "没有 info 内容 / no info block", False)
    EVENT_NAME_MISSING = ("event-name-missing", "标题中找不到灾种名称 / no event name in the headline", False)
    EVENT_CODE_MISSING = ("event-code-missing", "缺少事件编码 / no event code", False)
    SEVERITY_FORM = ("severity-form", "级别写法不规范 / unusual form of severity", False)
    COLOUR_WORD_UNKNOWN = ("colour-word-unknown", "颜色参数无法识别 / a colour parameter cannot be read", False)
    COLOUR_FROM_HEADLINE = ("colour-from-headline", "颜色取自标题 / colour taken from the headline", False)
    COLOUR_CONFLICT = ("colour-conflict", "颜色互相矛盾，取较高者 / colours disagree, the higher counts", False)
    COLOUR_UNKNOWN = ("colour-unknown", "无法判定预警颜色 / the colour cannot be told", False)
    AREA_LISTS_DIFFER = ("area-lists-differ", "区域名称与编码数目不一致 / names and codes differ in number", False)
    AREA_CODE_REPEATED = ("area-code-repeated", "同一编码对应多个名称 / one code under several names", False)
    AREA_CODE_FORM = ("area-code-form", "区域编码写法不规范 / unusual form of area code", False)
    AREA_CODE_IGNORED = ("area-code-ignored", "不是区划编码，已忽略 / not a division code, ignored", False)
    AREA_CODE_FOREIGN = (
        "area-code-foreign",
        "别国的区域编码，已忽略 / an area code of another country, ignored",
        False,
    )
    SHAPE_IGNORED = ("shape-ignored", "图形无法读取，已忽略 / a shape that cannot be read, ignored", False)
    SHAPE_REPAIRED = ("shape-repaired", "图形有误，已修补 / a faulty shape, repaired", False)
    SHAPE_SWAPPED = ("shape-swapped", "经纬度颠倒，已换回 / longitude and latitude swapped back", False)
    RADIUS_UNIT = ("radius-unit", "半径带单位，按该单位读取 / the radius names its unit, which counts", False)
    AREA_WITHOUT_CODE = ("area-without-code", "区域没有编码 / an area without a code", False)
    AREA_MISSING = ("area-missing", "没有任何区域编码 / no area code at all", False)
    LIFTED_WITHOUT_CANCEL = (
        "lifted-without-cancel",
        "内容是解除，类型却不是 Cancel，按解除处理 / lifts the warning without Cancel, taken as its end",
        False,
    )
    LIFTED_IN_PART = ("lifted-in-part", "其中一部分事件已解除 / some of its events are over", False)
    CANCEL_CONTRADICTS = (
        "cancel-contradicts",
        "类型是 Cancel，内容却在发生 / a Cancel that says it is happening",
        False,
    )
    TOO_MANY_EVENTS = ("too-many-events", "一份报文里事件太多 / too many events in one message", True)

    def __init__(self, code: str, text: str, essential: bool) -> None:
        """Give the parts names."""
        self.code = code
        self.text = text
        self.essential = essential


def clip(value: str) -> str:
    """A foreign value on one line, cut to `QUOTED` characters and quoted."""
    flat = " ".join(value[: QUOTED * 4].split())
    return f"“{flat[:QUOTED]}{'…' if len(flat) > QUOTED else ''}”"


class Notes:
    """The oddities and refusals of one message, in the order in which they were met.

    Of each kind only the first `MOST_OF_A_KIND` are kept, so that a hostile message cannot drown the rest.
    """

    def __init__(self, rules: SourceRules = USUAL) -> None:
        """Nothing noted yet. `rules`: what is known of the source, for whoever reads along with these notes."""
        self.rules = rules
        self._met: Counter[Odd] = Counter()
        self._problems: dict[Problem, None] = {}
        self._findings: dict[Finding, None] = {}

    def branch(self) -> Notes:
        """Notes of their own for one part of a document, beginning with what was noted of the whole."""
        own = Notes(self.rules)
        own._met.update(self._met)
        own._problems.update(self._problems)
        return own

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every oddity once."""
        return tuple(self._problems)

    def odd(self, kind: Odd, parent: Element | None, name: str = "", value: str = "") -> None:
        """Note an oddity of an element, or of its child `name`; `value` is quoted, so it must not be personal."""
        self._met[kind] += 1
        if self._met[kind] > MOST_OF_A_KIND:
            return
        detail = f"{kind.text}: {clip(value)}" if value else kind.text
        self._problems[Problem(kind.code, path_of(parent, name), detail, kind.essential)] = None

    def refuse(self, parent: Element | None, name: str, what: str, remedy: str) -> None:
        """Note a reason why the message cannot be read."""
        self._findings[Finding(path_of(parent, name), what, remedy)] = None

    def stop_if_refused(self) -> None:
        """Raise UnreadableAlertError with every refusal noted so far, if there is one."""
        if self._findings:
            raise UnreadableAlertError(tuple(self._findings))
