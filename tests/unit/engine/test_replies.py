"""What counts as "received" in a written answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.engine.answers import POSITIVE_REPLIES, is_positive, plain_reply

BLANKS = " \t\n\u3000\u00a0"
MARKS = ".。!！,，~、"


def full_width(text: str) -> str:
    """As an old phone's input method writes it."""
    return "".join(chr(ord(char) + 0xFEE0) if 0x21 <= ord(char) <= 0x7E else char for char in text)


@pytest.mark.parametrize(
    "text", ["收到", "1", "１", " 收到 ", "收 到", "收到。", "收到！", "　１　", "OK", "Ｏｋ", "好的", "已收到", "Y"]
)
def test_received_in_its_many_forms(text: str) -> None:
    """An old phone in the hand: blanks, full-width digits and stops do not matter."""
    assert is_positive(text)


@pytest.mark.parametrize(
    "text",
    [
        "收到，谢谢", "收到 谢谢！", "1 收到", "1收到", "收到1", "收到收到", "收到，收到。", "收到👍", "收到👍🏻", "好的，收到", "谢谢，收到", "OK 1",
        "知道了，谢谢您", "received, thank you",
    ],
)  # fmt: skip
def test_received_twice_or_with_thanks_is_received(text: str) -> None:
    """Whoever says it politely is not called on for it."""
    assert is_positive(text)


@pytest.mark.parametrize(
    "text",
    [
        "谢谢", "👍", "收到？", "收到吗，谢谢", "收到，桥断了", "收到，后山塌了，请来人", "没收到，谢谢", "1、1", "1 1", "12 收到", "不好", "好不好", "好吗", "收到没",
        "收到0", "1，不是我", "收到" * 13,
    ],
)  # fmt: skip
def test_one_word_more_is_read_by_a_human(text: str) -> None:
    """Thanks alone, a question, a sentence: what follows may be what matters."""
    assert not is_positive(text)


@pytest.mark.parametrize(
    "text", ["", "   ", "11", "没收到", "未收到", "收到了吗", "TD", "2", "谁？", "不知道", "退订", "收到请回复1"]
)
def test_anything_else_is_read_by_a_human(text: str) -> None:
    """Promise 2: "没收到" is not "收到"; a question is no answer."""
    assert not is_positive(text)


@given(
    word=st.sampled_from(sorted(POSITIVE_REPLIES)),
    before=st.text(BLANKS, max_size=3),
    after=st.text(BLANKS + MARKS, max_size=3),
    wide=st.booleans(),
    loud=st.booleans(),
)
def test_a_word_stays_a_word(word: str, before: str, after: str, wide: bool, loud: bool) -> None:
    """Width, case, blanks around and a stop at the end never change what a reply means."""
    text = word.upper() if loud else word
    assert is_positive(before + (full_width(text) if wide else text) + after)


@given(text=st.text(max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    """No input makes the reading of replies fail, and what a reply means does not change by reading it plain."""
    assert is_positive(plain_reply(text)) == is_positive(text)
