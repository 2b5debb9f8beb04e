"""What is refused as a password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.passwords import LONGEST, SHORTEST, PasswordFault, password_faults


@pytest.mark.parametrize(
    "password",
    [
        "123456789012", "1234567890123", "password1234", "Password1234!", "qwertyuiop12", "abcdefghijkl", "aaaaaaaaaaaa",
        "abcabcabcabc", "woaini1314520", "administrator1", "zhibanyuan123", "qixiangju2025", "138012345678", "1q2w3e4r5t6y",
        "sonyericsson", "SonyEricsson", "1qazxsw23edc", "qwertyasdfgh", "peanutbutter",
        "QWERTYUIOP123", "111122223333", "!!!password!!!", "qazwsxqazwsx", "0987654321098",
    ],
)  # fmt: skip
def test_the_commonest_are_refused(password: str) -> None:
    """What guessers try first, however it is decorated."""
    assert password_faults(password) == (PasswordFault.COMMON,)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "临县白文镇的桥又淹了一回呀", "wd7-Kanghe-mulberry", "Tr0ub4dor&3xyzq"]
)
def test_long_ones_of_ones_own_are_taken(password: str) -> None:
    """No mixture of signs is asked for; a Chinese sentence is as good."""
    assert password_faults(password, "wang", "something else") == ()


def test_each_fault_is_named() -> None:
    """Too short, too long, the account's own name, the one before."""
    assert password_faults("short") == (PasswordFault.SHORT,)
    assert password_faults("") == (PasswordFault.SHORT,)
    assert password_faults("ab3kd0s" * 40) == (PasswordFault.LONG,)
    assert password_faults("wanglaowu2025", "wanglaowu") == (PasswordFault.NAMED,)
    assert password_faults("a fine long one", "", "a fine long one") == (PasswordFault.SAME,)


@given(st.text(max_size=SHORTEST - 1) | st.text(min_size=LONGEST + 1, max_size=LONGEST + 50))
def test_the_length_is_always_looked_at(password: str) -> None:
    """Nothing outside the limits passes, whatever is in it."""
    assert password_faults(password)
