"""表上的字: how forms and workbooks say things. In Chinese alone: they are signed and filed by a Chinese bureau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from warning_dispatch.clock import beijing_text
from warning_dispatch.figures.callout import Target
from warning_dispatch.model.record_views import Answer, RecordAct, RecordForm, RecordHead, RecordUnit, Verdict
from warning_dispatch.model.states import CallOutState, Means
from warning_dispatch.model.unit import Role
from warning_dispatch.reports.dialling import on_paper

CHINESE: Final = "zh_CN"
CITY: Final = "市本级"
DRILL_MARK: Final = "【演练】"
SECOND, MINUTE = 1_000, 60_000
SIGNATURES: Final = ("值班员", "带班领导", "负责人")
"""Who signs a form."""

CALLOUT_STATES: Final[Mapping[CallOutState, str]] = {
    CallOutState.RUNNING: "进行中",
    CallOutState.PAUSED: "暂停",
    CallOutState.AWAITING_LIFT: "待解除",
    CallOutState.COMPLETE: "全部应答",
    CallOutState.CANCELLED: "已解除",
    CallOutState.SUPERSEDED: "被新一轮取代",
    CallOutState.CLOSED: "办结",
}
MEANS: Final[Mapping[Means, str]] = {
    Means.KEY: "电话按键",
    Means.LINK: "链接确认",
    Means.REPLY: "短信回复",
    Means.EMAIL: "邮件回复",
    Means.OPERATOR: "值班员登记",
    Means.SUPERIOR: "上级代报",
}
VERDICTS: Final[Mapping[Verdict, str]] = {Verdict.HIT: "应验", Verdict.FALSE: "空报", Verdict.MISTAKE: "误发"}
_ACTS: Final[Mapping[str, str]] = {
    "seen": "知悉",
    "ack": "登记应答",
    "recall": "再次呼叫",
    "waive": "免叫",
    "told-leader": "已报告带班领导",
    "open-gate": "开闸",
    "pause": "暂停",
    "resume": "恢复",
    "cancel": "解除",
    "close": "办结",
    "receiver.added": "补充责任人",
    "list.written": "打印名单",
    "record.exported.workbook": "导出记录表（Excel）",
    "record.exported.form": "导出记录表（含号码）",
    "record.exported.journal": "导出完整记录",
    "callout.judged.hit": "检验：应验",
    "callout.judged.false": "检验：空报",
    "callout.judged.mistake": "检验：误发",
}


@dataclass(frozen=True, slots=True)
class RecordWords:
    """What the configuration names. `organisation`: who makes the forms out; `outcomes`: key → Chinese."""

    organisation: str
    outcomes: Mapping[str, str] = field(default_factory=dict)
    sectors: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, key: str) -> str:
        """呼叫结果."""
        return self.outcomes.get(key, key)


def named(names: Mapping[str, str]) -> str:
    """The Chinese name."""
    return names.get(CHINESE) or next(iter(names.values()), "")


def titles_of(head: RecordHead) -> Sequence[str]:
    """The tiers of a call-out."""
    return [named(tier.title) for tier in head.tiers]


def signal(head: RecordHead) -> str:
    """暴雨红色预警."""
    return f"{named(head.hazard_name)}{head.colour.chinese}色预警"


def form_number(head: RecordHead) -> str:
    """编号: as forms are filed: the day, the call-out, the round."""
    kind = "YL" if head.drill else "JY"
    return f"{kind}-{beijing_text(head.started_at, '%Y%m%d')}-{head.callout_id:04d}-{head.round}"


def moment(at: int | None, shape: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment on the officers' clock."""
    return "" if at is None else beijing_text(at, shape)


def clock_time(at: int | None) -> str:
    """The time of day."""
    return moment(at, "%H:%M:%S")


def lasted(ms: int | None) -> str:
    """2 分 05 秒; empty where there is none."""
    if ms is None:
        return ""
    seconds = ms // SECOND
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} 小时 {minutes:02d} 分"
    return f"{minutes} 分 {seconds:02d} 秒" if minutes else f"{seconds} 秒"


def limit_words(ms: int) -> str:
    """5 分钟; what is no whole minute as it lasts."""
    minutes, rest = divmod(ms, MINUTE)
    return lasted(ms) if rest or not minutes else f"{minutes} 分钟"


def percent(part: float | None) -> str:
    """97.3%; a dash where nobody was asked. 100% is said of all alone."""
    if part is None:
        return "—"
    if part < 1 and round(100 * part, 1) >= 100:  # noqa: PLR2004 - a percentage
        return "99.9%"
    if part > 0 and round(100 * part, 1) == 0:
        return "0.1%"
    return f"{100 * part:.1f}%"


def how(unit: RecordUnit) -> str:
    """应答方式."""
    if unit.answer is None or not unit.answered:
        return "上轮应答带入或已报告领导" if unit.answered else ""
    return MEANS[unit.answer.means]


def who(unit: RecordUnit) -> str:
    """应答人: post, role, name where it was read; who recorded it where somebody did."""
    answer = unit.answer
    if answer is None or not unit.answered:
        return ""
    person = " ".join(filter(None, (answer.role.chinese if answer.role else "", answer.post, answer.who)))
    return f"{person}（{actor_of(answer)}登记）" if answer.actor and answer.means is Means.OPERATOR else person


def actor_of(answer: Answer) -> str:
    """Who recorded an answer."""
    return person_of(answer.actor)


def person_of(actor: str) -> str:
    """An actor of the journal, as people know them."""
    return actor.removeprefix("user:")


def number_of(unit: RecordUnit) -> str:
    """应答号码, masked unless the record was read in clear."""
    return on_paper(unit.answer.number) if unit.answer and unit.answered else ""


def passage(unit: RecordUnit) -> str:
    """未叫应经过: what it was in between."""
    return "→".join(state.chinese for state in unit.unreached.states) if unit.unreached else unit.state.chinese


def in_the_end(unit: RecordUnit) -> str:
    """最终叫到方式."""
    if unit.answered:
        return how(unit) or "已应答"
    return f"未叫到（{unit.state.chinese}）"


def act_word(act: RecordAct) -> str:
    """处置."""
    return _ACTS.get(act.what, act.what)


def target_words(target: Target) -> tuple[str, str, str, str]:
    """项目、目标、实际、结论."""
    if target.key == "opening":
        wanted, actual = (
            f"启动后 {limit_words(int(target.wanted))}内开始叫",
            lasted(None if target.actual is None else int(target.actual)),
        )
        item = f"最后开始叫应的层级（{target.name}）"
    else:
        limit = limit_words(int(target.key.partition(":")[2]))
        item, wanted = f"{target.name}：开闸后 {limit}内应答", f"≥{percent(target.wanted)}"
        actual = percent(target.actual)
    held = {True: "达到", False: "未达到", None: "—"}[target.held]
    return item, wanted, actual or "—", held


def scope_words(form: RecordForm) -> str:
    """范围: of which units the form is."""
    return "、".join(form.head.parts) if form.head.parts else "全部"


def role_word(role: Role | None) -> str:
    """A岗, B岗, 值班."""
    return role.chinese if role else ""
