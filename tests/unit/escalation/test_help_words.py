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
        "thank you, on my way",
    ],
)
def test_thanks_and_work_ring_nobody(text: str) -> None:
    """They stand on the list."""
    assert not cries_for_help(text)
