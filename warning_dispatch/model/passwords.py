"""密码: what is refused as one. Pure; length counts, mixtures of signs do not (people then write Password1!)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from warning_dispatch.model.stolen_passwords import is_stolen

SHORTEST: Final = 12
"""Characters a password has at least."""
LONGEST: Final = 200
"""More is no password but an attempt to keep the machine busy."""
_FEWEST_SIGNS: Final = 5
_SHORTEST_OF_DIGITS: Final = 16
"""A password of digits alone is a birthday and a telephone number until it is longer than both."""
_RUNS: Final = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p",
)
_RUN_LENGTH: Final = 8
_COMMON_WORDS: Final = """password passw0rd p@ssword p@ssw0rd administrator admin administer qwertyuiop 1q2w3e4r5t 1q2w3e4r 1qaz2wsx
    iloveyou woaini woaini1314 5201314 letmein welcome sunshine princess football baseball superman dragon monkey
    changeme default secret root toor test guest user duty zhiban zhibanyuan guanliyuan qixiang qixiangju qxj yujing
    jiaoying luliang lvliang shanxi meteorology weather warning dispatch warningdispatch mima wodemima
    abc aaa qwe asd zxc qaz wsx"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
"""The commonest beginnings; with nothing but digits and signs around them they are refused at any length."""


class PasswordFault(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    NAMED = "named"
    """It is little more than the name of the account."""
    SAME = "same"
    """It is the one before."""


def password_faults(password: str, name: str = "", before: str = "") -> tuple[PasswordFault, ...]:
    """Everything wrong with a password for the account `name`; `before`: the one it replaces, when it is known."""
    return tuple(_faults(password, name, before))


def _faults(password: str, name: str, before: str) -> Iterator[PasswordFault]:
    if len(password) < SHORTEST:
        yield PasswordFault.SHORT
    elif len(password) > LONGEST:
        yield PasswordFault.LONG
    elif _is_common(password.casefold()) or is_stolen(password.casefold()):
        yield PasswordFault.COMMON
    elif name and len(password.casefold().replace(name.casefold(), "")) < SHORTEST // 2:
        yield PasswordFault.NAMED
    if password and password == before:
        yield PasswordFault.SAME


def _is_common(folded: str) -> bool:
    """Few different signs, one piece over and over, a run of the keyboard, or a common word with decoration."""
    letters = re.sub(r"[\W\d_]+", "", folded)
    return (
        len(set(folded)) < _FEWEST_SIGNS
        or (folded.isdecimal() and len(folded) < _SHORTEST_OF_DIGITS)
        or re.fullmatch(r"(.{1,6}?)\1+.{0,5}", folded) is not None
        or _is_run(folded)
        or letters in _COMMON
        or re.sub(r"[^a-z0-9@]+", "", folded).strip("0123456789") in _COMMON
    )


def _is_run(folded: str) -> bool:
    """Whether all but a few of the signs stand in a row on the keyboard or in the alphabet."""
    for run in (*_RUNS, *(one[::-1] for one in _RUNS)):
        longest = max(
            (length for length in range(_RUN_LENGTH, len(folded) + 1) if _holds(folded, run, length)), default=0
        )
        if longest and len(folded) - longest < SHORTEST // 2:
            return True
    return False


def _holds(text: str, run: str, length: int) -> bool:
    return any(text[start : start + length] in run for start in range(len(text) - length + 1))
