"""Which messages ring the bureau: a cry rings however it is written, what people write at work does not."""

from __future__ import annotations

import pytest

from warning_dispatch.escalation.help_words import cries_for_help


@pytest.mark.parametrize(
    "text",
    [
        "收到，桥断了，三户被困，快来人",
        "没收到，水已经进屋，人出不去",
        "没有人来救我们",
        "河水漫过桥了",
        "王家沟滑坡，埋了两间房",
        "老张家两口子联系不上",
        "有人受伤，路不通，车进不来",
        "村里断电断网",
        "应急队伍到位，但有两人失踪",
        "暂无险情，但南沟桥塌了",
        "请派救援队",
        "我们要救援队，没车",
        "救援队在哪",
        "没有救援队",
        "救援队全部没来",
        "无人员伤亡，请派救援队",
        "需要救灾物资",
        "人在危险地段",
        "老人孩子在危险区没撤",
        "危险区的人全部没撤出来",
        "危险区人员已被困",
        "需要紧急转移，没车",
        "正在紧急转移，三人没找到",
        "正在抢险救灾，人手不够",
        "我们被水围住了",
        "房子倒了，压着人",
        "墙倒了，有人在里面",
        "房屋倒塌",
        "水进屋了",
        "大水进村了",
        "房顶上还有五个人",
        "有老人心脏病发作",
        "人没了",
        "村子不断来水",
        "洪水来了",
        "没有联系上张三",
        "打不通他电话，人找不到",
        "受灾严重，要直升机",
        "断粮两天了",
        "裂缝变大，山要下来了",
        "水库要漏了",
        "救灾人员全部遇难",
        "我去看死了两个",
        "联系不\n上老张",
        "ＨＥＬＰ",
        "two people trapped, the bridge collapsed",
    ],
)
def test_a_cry_is_heard(text: str) -> None:
    """Danger, people missing or hurt, a road cut off, a call for help."""
    assert cries_for_help(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "谢谢",
        "收到，谢谢",
        "收到，马上落实",
        "你是谁？",
        "不是我，我已调走",
        "无险情，无人员伤亡",
        "目前没有人员被困，没有险情",
        "危险区群众已全部转移",
        "应急队伍已到位，不断巡查，死看死守",
        "已组织紧急转移",
        "抢险救援队伍已到位",
        "救援队待命",
        "危险区域人员均已撤离",
        "已全部撤离危险地段群众",
        "正在组织危险区群众紧急转移",
        "已组织危险区域群众转移",
        "已对危险路段设岗",
        "已做好救灾准备",
        "救灾物资已到位，正在抢险救灾",
        "收到紧急通知，不断电巡查",
        "干部已进村入户",
        "收到洪水预警",
        "thank you, on my way",
    ],
)
def test_thanks_and_work_ring_nobody(text: str) -> None:
    """They stand on the list."""
    assert not cries_for_help(text)
