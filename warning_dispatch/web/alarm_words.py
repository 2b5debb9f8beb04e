"""Alarms, and the reasons of verdicts on messages, in words: for the page and for the commands. Nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from warning_dispatch.ingest.notes import Odd
from warning_dispatch.model.alarm_facts import facts_of
from warning_dispatch.model.views import AlarmRow
from warning_dispatch.web.catalogues import ENGLISH, Catalogue

Pair = tuple[str, str]
"""Chinese, English."""

_REASONS: Mapping[str, Pair] = {
    "duplicate": ("同一条已接收过", "received before"),
    "same_identity_other_content": ("编号相同、内容不同，请核实", "same identity, other content: verify"),
    "sender_not_allowed": ("发布单位不在允许名单内", "sender not allowed"),
    "area_not_allowed": ("区域不在该来源允许范围内", "area not allowed for this source"),
    "hazard_unknown": ("灾种目录中没有这个灾种", "hazard not in the catalogue"),
    "issuer_level_unknown": ("看不出发布单位的层级", "level of the issuer unknown"),
    "code_and_name_disagree": (
        "灾种编码与名称不一致，取会叫应的一个，否则以名称为准",
        "hazard code and name disagree: the one that calls counts, else the name",
    ),
    "expired_on_arrival": ("收到时已过期", "expired on arrival"),
    "sent_in_the_future": ("发布时间在将来", "sent in the future"),
    "too_old": ("发布太久，不再呼叫", "too old to be called"),
    "cancel_of_unknown": ("解除的预警没有收到过", "cancels a warning that never came"),
    "cancelled": ("解除", "cancelled"),
    "chain_has_ended": ("该预警已解除", "this warning has ended"),
    "lowered_below_trigger": ("降到触发条件以下，按解除处理", "lowered below the triggers: ended"),
    "downgraded_keeps_running": ("降级，继续按原颜色叫应", "downgraded, runs on"),
    "attached": ("并入正在进行的叫应", "attached to the running call-out"),
    "by_hand": ("人工发起", "started by hand"),
    "older_than_its_chain": ("比已收到的同一预警链消息更旧，迟到", "older than its chain already is: it came late"),
    "no_trigger": ("不在触发条件内，请示带班领导要不要人工叫", "no trigger: a human decides"),
    "colour_below_triggers": ("颜色低于触发条件", "colour below the triggers"),
    "colour_unknown": ("无法判定颜色", "colour unknown"),
    "status_test": ("测试，不拨号", "a test, never dialled"),
    "status_exercise": ("演练，没有放行的演练不拨号", "an exercise, dialled only in a released drill"),
    "status_draft": ("草稿，不拨号", "a draft, never dialled"),
    "status_system": ("系统消息，不拨号", "a system message, never dialled"),
    "status_unknown": ("状态不明，不拨号", "status unknown, never dialled"),
    "set_aside_by_an_officer": (
        "值班员已解除该预警，不再自动叫应",
        "an officer has lifted this warning: not called again by itself",
    ),
    "closed_by_an_officer": (
        "值班员已办结该叫应，不再自动叫应",
        "an officer has closed its call-out: not called again by itself",
    ),
    "nobody_in_area": ("区域内没有可叫的单位", "nobody to call in the area"),
    "msg_type_ack": ("对方的回执，只记录", "an acknowledgement, only recorded"),
    "msg_type_error": ("对方的错误通知，只记录", "an error notice, only recorded"),
    "elsewhere": ("区域不在本市", "its area is somewhere else"),
    "issuer_elsewhere": ("发布单位不在本市，不自动叫应", "issued from elsewhere: not called by itself"),
    "area_unresolved": (
        "看不出是哪些地方，请核实后用 callout start 发起",
        "nobody can tell which places: verify, then callout start",
    ),
    "area_of_issuer": ("没有区域，按发布单位所在县叫应", "no area given: the issuer's own county is called"),
    "area_by_name": ("区域按名称认出", "area found by its name"),
    "area_by_nearest": ("图形在边上，按最近的县", "a shape at the border, taken for the nearest county"),
    "area_by_shape": ("区域按图形认出", "area found by its shape"),
    "cancel_that_raises": (
        "类型是解除，内容却更严重，没有解除，请核实",
        "a Cancel that says it is worse: nothing was ended, verify",
    ),
    "released_by_an_officer": ("值班员看过后释放", "released by an officer"),
}
_ODD = {one.code: one.text for one in Odd}
ALARMS: Mapping[str, Pair] = {
    "quarantined": ("消息被隔离", "message quarantined"),
    "untriggered": ("橙、红色预警未触发叫应", "orange or red without a call-out"),
    "conflict": ("同号不同内容", "conflicting messages"),
    "colours_disagree": ("颜色自相矛盾，已按较高的叫", "colours contradict, the higher is called"),
    "hazard_disagrees": ("灾种编码与名称不符，已按名称叫", "hazard code and name differ, the name is called"),
    "cancel_of_unknown": ("解除的预警没有收到过", "cancels a warning that never came"),
    "contradicts_itself": ("解除报文自相矛盾，没有解除", "a Cancel contradicts itself, nothing was ended"),
    "lifted_without_cancel": ("内容是解除，已按解除处理", "an all-clear that is no Cancel, taken as the end"),
    "area_unnamed": ("有的地名认不出，已叫认得出的", "some places cannot be told, the others are called"),
    "downgraded": ("预警降级", "warning downgraded"),
    "nobody_in_area": ("区域内没有可叫的单位", "nobody to call in the area"),
    "area_unknown": ("区域编码不认识", "unknown area code"),
    "superior_without_contact": ("上级没有联系方式", "superior without contact"),
    "county_silent": ("红色预警无人应答", "no answer to a red warning"),
    "county_unreported": ("红色预警未见响应反馈", "no response reported to a red warning"),
    "plan_missing": ("叫应方案不见了", "a call chain is missing"),
    "blackout_suspected": ("大量打不通，疑似断网", "mostly unreachable, the network may be down"),
    "help_asked": ("有人回复求助", "a reply calls for help"),
    "reply_to_read": ("有回复要看", "a reply to be read"),
    "route_down": ("线路停用", "route out of service"),
    "route_back": ("线路恢复", "route back in service"),
    "lines_dead": ("有的电话线坏了", "some lines are dead"),
    "no_route": ("没有一条线路能打这些号码", "no route can carry these numbers"),
    "source_silent": ("预警来源没有消息", "a source has fallen silent"),
    "source_unreachable": ("预警来源连不上", "a source cannot be reached"),
    "message_missing": ("来源里有预警取不下来", "a source announces a message that cannot be fetched"),
    "outlet_failed": ("没有送到传播单位", "not delivered to an outlet"),
    "pause_over": ("暂停已到时自动恢复", "the pause ended by itself"),
    "night_limit": (
        "有电话已打满夜间次数，语音停到早晨，见名单",
        "a phone has had its calls of this night; see the list",
    ),
    "no_contact": ("没有任何联系方式", "no contact at all"),
    "list_not_written": ("打印名单没有写成", "the printable list could not be written"),
    "awaiting_lift": ("待解除，请处理", "awaits lifting"),
    "units_unreachable": ("有单位今天叫不到", "units cannot be reached today"),
    "register_worse": ("名册比上次差", "the register got worse"),
    "drill_interrupted": ("真实预警已到，演练已停止", "a real warning has come, the drill was stopped"),
    "drill_called_off": ("有真实预警，演练没有开始", "a real warning stands, the drill did not begin"),
    "drill_missed": ("演练时间已过，没有开始", "a drill missed its hour and did not begin"),
    "drill_due": ("演练日历提醒", "a drill is near"),
    "drill_not_held": ("日历上的演练没有做", "a drill of the calendar was not held"),
    "review_near": ("重点单位快到复核日期", "key units: review due soon"),
}
_DETAILS: Mapping[str, Pair] = {
    "area_unknown": (
        "不认识区划编码 {code}，已叫它已知的上级",
        "area code {code} is unknown: its known superiors are called",
    ),
    "awaiting_lift": (
        "有效期已过：请解除、延长或办结；未开闸、从未呼叫：{untold} 个单位",
        "the validity is over: lift, extend or close; never called behind shut gates: {untold} units",
    ),
    "blackout_suspected": (
        "{minutes} 分钟内有结果的 {units} 个单位中 {dark} 个关机或不在服务区，请用大喇叭、卫星电话、派人上门",
        "{dark} of {units} units heard of within {minutes} min are off: loudspeakers, satellite phones, knock at doors",
    ),
    "county_silent": (
        "该县（市、区）到时限仍未应答，请马上人工打电话；它的乡镇按等候时间照常开闸",
        "no answer from this county within the limit: call it by hand now; its townships open by their hold",
    ),
    "drill_interrupted": (
        "演练 {drill}（叫应 {callout}）已停，不再发演练短信；现在叫的是真实预警",
        "drill {drill} (call-out {callout}) has ended, nothing more goes out for it; what rings now is the warning",
    ),
    "drill_called_off": (
        "演练 {drill} 到时未开始：真实预警的叫应还没办结，或另一场演练在进行",
        "drill {drill} did not begin at its hour: a real call-out is not closed, or another drill is under way",
    ),
    "drill_missed": (
        "演练 {drill} 的时间已过十分钟以上，请重新拟定",
        "drill {drill} was due over ten minutes ago: compose it anew",
    ),
    "drill_due": ("{day} {title}，还有 {days} 天；尚未拟定", "{day} {title}, in {days} days; not composed yet"),
    "drill_not_held": ("{day} {title}", "{day} {title}"),
    "county_unreported": (
        "该县（市、区）被叫后一直没有落实措施或反馈情况的报告，请打电话催报",
        "this county has ticked no measure and reported nothing since it was called: call it and ask",
    ),
    "help_asked": (
        "回复里有险情、求助的字眼：马上看原文（该单位的经过），打电话核实；电话照常叫它",
        "its words speak of danger or help: read them now in the unit's story and call it; the calls to it go on",
    ),
    "reply_to_read": (
        "回的不是“收到”，不算应答：看原文（该单位的经过），确已收到就登记“本人应答”",
        "it is not “received” and no answer: read it in the unit's story; if they have received it, record the answer",
    ),
    "list_not_written": ("{text}", "{text}"),
    "plan_missing": (
        "预警链 {chain} 要用的方案 {plan} 不在配置里",
        "chain {chain} wants plan {plan}, which is not configured",
    ),
    "route_down": ("{route}：{outcome}", "{route}: {outcome}"),
    "route_back": ("{route} 试呼成功，已恢复使用", "{route}: the trial got through, it is used again"),
    "lines_dead": (
        "{route}：共 {lines} 条线，第 {dead} 条起不来，其余的照常打；怎么修见手册“某条线坏了”",
        "{route}: of {lines} lines these do not come back, the others go on: {dead}; see “A line is broken” of the runbook",
    ),
    "source_silent": ("{source} 一直没有消息", "nothing has come from {source}"),
    "units_unreachable": (
        "{units} 个单位没有能用的电话：{names}。请今天补报号码，见 contacts check",
        "{units} units have no usable phone: {names}. Get their numbers today, see contacts check",
    ),
    "review_near": (
        "{units} 家：{names}。名单见“重点单位”页，复核后改“单位”表的复核日期",
        "{units}: {names}. See the page of key units; enter the next date in the sheet of units",
    ),
    "register_worse": (
        "完好度 {score} 分；新增：{gaps}。见 contacts check",
        "score {score}; more than before: {gaps}. See contacts check",
    ),
    "source_unreachable": (
        "{source} 已 {minutes} 分钟连不上（{trouble}）；请改用其他途径收预警",
        "{source} out of reach for {minutes} min ({trouble}): receive warnings by another way",
    ),
    "message_missing": (
        "{source}：{count} 份报文取不下来（{entry}：{trouble}）；请向发布单位核实，仍会再取",
        "{source}: {count} of its messages cannot be fetched ({entry}: {trouble}): ask the issuer; it is tried again",
    ),
    "outlet_failed": (
        "{outlet} 没有收下预警 {identifier}（{receipt}）；请电话通知该单位",
        "{outlet} did not take warning {identifier} ({receipt}): tell it by phone",
    ),
    "superior_without_contact": (
        "{branches} 处下级没有可叫的上级，已直接开闸",
        "{branches} branches have no superior to wait for and were opened",
    ),
}
"""What is known besides, and what to do. The names in braces are facts of the alarm."""
_OF_A_MESSAGE: Mapping[str, Pair] = {
    "alert": ("消息 {alert}：{why}", "alert {alert}: {why}"),
    "message": ("报文 {message}：{why}", "message {message}: {why}"),
}
"""Whatever is said of a message: which one, and why. By the fact that numbers it."""
GAPS: Mapping[str, Pair] = {
    "no_receiver": ("没有接收责任人", "no receiver"),
    "no_phone": ("没有能用的电话", "no usable phone"),
    "no_primary": ("没有 A 岗", "no A"),
    "bad_number": ("有坏号码（空号、停机 …）", "a number found to be wrong"),
    "unproved": ("号码都未经本人证实", "no number proved by its holder"),
    "one_channel": ("只有一种渠道", "one channel only"),
    "same_phone": ("A、B 岗同一号码", "A and B share a phone"),
    "stale": ("超期未核实", "not verified within the term"),
    "many_units": ("责任人负责单位过多", "its person has too many units"),
    "roster_gap": ("值班表有缺口", "a gap in the roster"),
    "review_due": ("重点单位未复核或没写措施", "key unit: review due, or no measures"),
    "not_filed": ("年度更新备案逾期未报", "not filed in the last campaign"),
    "denied": ("有号码的持有人否认", "a number that its holder denies"),
}
"""Weaknesses of a unit in the register, by registry.readiness.Gap."""
_NAMED = 6
"""So many units are named in an alarm."""
_TRIGGER = "trigger_"
_FAULT = "fault_"


def alarm_word(kind: str, words: Catalogue) -> str:
    """What the alarm is; its code where nobody has given it a name."""
    return pick(ALARMS.get(kind, (kind, kind)), words.language)


def alarm_detail(alarm: AlarmRow, words: Catalogue) -> str:
    """What is known besides, in words; empty when the kind says it all."""
    facts = facts_of(alarm.detail)
    pair = _DETAILS.get(alarm.kind) or next((pair for key, pair in _OF_A_MESSAGE.items() if key in facts), None)
    template = pick(pair, words.language) if pair else ""
    if not {name for _, name, _, _ in Formatter().parse(template) if name} <= facts.keys():
        template = ""  # a text that somebody wrote down as it is
    return template.format(**_worded(facts, words)) if template else str(facts.get("text", ""))


def _worded(facts: Mapping[str, object], words: Catalogue) -> Mapping[str, object]:
    """The facts with their codes in words."""
    worded = dict(facts)
    why = facts.get("why")
    if isinstance(why, list):
        worded["why"] = pick(("；", "; "), words.language).join(reason_text(str(one), words.language) for one in why)
    names, gaps = facts.get("names"), facts.get("gaps")
    if isinstance(names, list):
        shown = pick(("、", ", "), words.language).join(str(one) for one in names[:_NAMED])
        worded["names"] = shown + (" …" if len(names) > _NAMED else "")
    if isinstance(gaps, Mapping):
        said = (f"{pick(GAPS.get(key, (key, key)), words.language)} +{count}" for key, count in gaps.items())
        worded["gaps"] = pick(("，", ", "), words.language).join(said)
    if "outcome" in facts:
        worded["outcome"] = words.word("outcome", str(facts["outcome"]))
    return worded


def reason_text(reason: str, language: str) -> str:
    """A reason's code in words; what is no code is a text already."""
    if reason.startswith(_TRIGGER):
        name = reason.removeprefix(_TRIGGER)
        return pick((f"触发方案 {name}", f"trigger of chain {name}"), language)
    if reason.startswith(_FAULT):
        name = reason.removeprefix(_FAULT)
        return pick(
            (f"程序出错，没有判定（{name}），请人工判断", f"not judged, a fault of the program ({name})"), language
        )
    if reason in _REASONS:
        return pick(_REASONS[reason], language)
    if reason in _ODD:
        chinese, _, english = _ODD[reason].partition(" / ")
        return pick((chinese, english or chinese), language)
    return reason


def pick(pair: Pair, language: str) -> str:
    """The one of the two."""
    return pair[1] if language == ENGLISH else pair[0]
