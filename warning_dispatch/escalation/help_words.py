"""Words in which somebody calls for help (求助), in a message that no machine understands otherwise. PURE.

It decides only whether the bureau is rung or the message waits on the list to be read. A ring too many costs the officer a
glance; a cry that nobody reads may cost a life: the list is wide, and a "nobody is hurt" rings where it is not put as
officials put it.
"""

from __future__ import annotations

import re
import unicodedata

_PEOPLE = "(?:内|里)?的?(?:所有|全部|受威胁)?(?:群众|人员|村民|居民|住户|农户)?"
_PLACE = "危险(?:区域?|地[段带]|路段)" + _PEOPLE
_DONE = "(?:均|都)?(?:已|全部|在岗|待命|到位)"
_AND_IT_IS = "(?![^，。,;!]{0,8}(?:[没未不]|无法|无路))"
_NO_CRY = re.compile(
    "(?:无|没有|未发现|未出现|暂无|未见)(?:任何)?(?:险情|出险|渗水|裂缝|(?:人员?)?(?:伤亡|被困|受伤|失联|失踪))"
    f"|{_PLACE}(?:{_DONE}|设岗|有人值守){_AND_IT_IS}"
    f"|(?:抢险)?救(?:援队伍?|灾(?:物资|队伍?|人员|设备)?){_DONE}{_AND_IT_IS}"
    "|(?:(?:已|正在|全力)(?:组织|开展|投入|参加)?|已?做好)(?:抢险)?救灾"
    f"|(?:已|正在)(?:全部|组织|安排|进行)?"
    f"(?:{_PLACE}(?:紧急)?(?:转移|避险|撤离)|紧急(?:转移|避险|撤离)|(?:转移|撤离|巡查|排查|封闭|管控){_PLACE})"
    f"{_AND_IT_IS}"
    "|紧急(?:集合|通知)|不断(?!来水|涨|上[涨升]|涌|冒)|死守|死看(?:死守)?|雷打不动|防(?:御|范)?雷[击打]|[盯看]死(?![了人者亡掉])"
)
"""What officials write when all is well, or when they are at work: none of it is looked at any further.

Only in the shapes that they use: "救援队已到位" says that it is there, "请派救援队" that it is not.
"""
_CRY = re.compile(
    "救|困|埋|[桥路电水网]断|断[了电水网路桥粮]|中断|塌|垮|溃|决口|决堤|漫[坝堤水桥过]|管涌|滑坡|泥石流|山洪"
    "|冲(?:走|毁|断|了)|淹|进水|落水|掉河|溺|伤|亡|死|失踪|失联|触电|着火|起火|火灾|爆炸"
    "|快来|快派|来人|派人|求助|求援|请求|支援|急需|危急|告急|紧急|危险|险情|出险"
    "|[出进]不[去来]|[下过]不[来去]|[走跑]不[了动]|[撤转]不|联系不[上到]|没有?联系上|打不通|找不到|没有?找到|没了(?!解)"
    "|倒[了塌下]|压[着住到倒]|围住|围困|被围|水围|进屋|进院|[水泥浆洪][^，。,;!]{0,6}进[村家]|房顶|屋顶|楼顶"
    "|不断(?:来水|涨|上[涨升]|涌|冒)|(?<!防)洪水(?!(?:灾害)?(?:风险)?预警)"
    "|发作|昏迷|牺牲|缺[水粮药]|不够|没撤|受灾严重|直升机|裂缝|漏[了水]|遇[难险]"
    "|不见了|卷[走进入]|带走|(?<![关停断切拔])掉(?:进|到|下)?[^，。,;!]{0,2}[河沟水井崖]|掉[^，。,;!]{0,2}石|摔[下到进倒了]"
    "|水(?![情利务文])[^，。,;!报]{0,4}(?:进来|上来|漫)|水[^，。,;!送]{0,3}到[^，。,;!]{0,2}[腰胸膝脖楼窗炕床]"
    "|[要快]倒(?![班休水腾查换计])|歪|裂|渗水|开(?:了|个)?口|[守顶撑挡拦]不住|滑下|山体滑|走不出"
    "|雷[击打劈]|流血|不行了|要生(?![产活效态成火长])|心脏病|翻[了车船]"
    r"|\b(?:help|sos|rescue|trapped|stuck|injur|hurt|dead|died|dying|missing|drown|collaps|flood|landslide|emergenc"
    r"|urgent|danger)"
)
_BROKEN_OFF = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")
"""Blanks in the middle of Chinese: a mail breaks its lines wherever they are full."""


def cries_for_help(text: str) -> bool:
    """Whether a message has a word of danger or of a call for help, in Chinese or English."""
    narrow = unicodedata.normalize("NFKC", text).lower()
    both_ways = (narrow, _BROKEN_OFF.sub("", narrow))
    return any(_CRY.search(_NO_CRY.sub("，", one)) for one in both_ways)
