"""Words in which somebody calls for help (求助), in a message that no machine understands otherwise. PURE.

It decides only whether the bureau is rung or the message waits on the list to be read. A ring too many costs the officer a
glance; a cry that nobody reads may cost a life: the list is wide, and a "nobody is hurt" rings where it is not put as
officials put it.
"""

from __future__ import annotations

import re
import unicodedata

_NO_CRY = re.compile(
    "(?:无|没有|未发现|未出现|暂无|未见)(?:任何)?(?:险情|出险|(?:人员?)?(?:伤亡|被困|受伤|失联|失踪))"
    "|危险(?:区域?|地[段带]|路段)|(?:抢险)?救(?:灾|援队)|紧急(?:转移|集合|避险|通知)|不断|死[守看]|[盯看]死|死看死守"
)
"""What officials write when all is well, or when they are at work: none of it is looked at any further."""
_CRY = re.compile(
    "救|困|埋|[桥路电水网]断|断[了电水网路桥]|中断|塌|垮|溃|决口|决堤|漫[坝堤水桥过]|管涌|滑坡|泥石流|山洪"
    "|冲(?:走|毁|断|了)|淹|进水|落水|掉河|溺|伤|亡|死|失踪|失联|触电|着火|起火|火灾|爆炸"
    "|快来|快派|来人|派人|求助|求援|请求|支援|急需|危急|告急|紧急|危险|险情|出险"
    "|[出进]不[去来]|[下过]不[来去]|[走跑]不[了动]|[撤转]不|联系不上|找不到人"
    r"|\b(?:help|sos|trapped|stuck|injur|hurt|dead|died|dying|missing|drown|collaps|flood|landslide|emergenc|urgent|danger)"
)


def cries_for_help(text: str) -> bool:
    """Whether a message has a word of danger or of a call for help, in Chinese or English."""
    narrow = unicodedata.normalize("NFKC", text).lower()
    return _CRY.search(_NO_CRY.sub("，", narrow)) is not None
