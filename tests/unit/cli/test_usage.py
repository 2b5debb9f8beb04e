"""Wrong usage is said in Chinese first, whoever notices it."""

from __future__ import annotations

from typing import Any

import pytest

from warning_dispatch.cli.usage import in_chinese_too


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("callout", "show", "x"), "'CALLOUT' 应为整数"),
        (("alarm", "list", "--limit", "0"), "'--limit' 不能小于 1"),
        (("alarm", "list", "--limit"), "选项 '--limit' 后面要写值"),
        (("callout", "show", "1", "--all=1"), "选项 '--all' 后面不写值"),
        (
            ("callout", "start", "--hazard", "暴雨", "--colour", "blue", "--area", "1411"),
            "'--colour' 只能是 'orange', 'red'",
        ),
        (("callout", "start", "--hazard", "暴雨"), "缺少 '--colour'"),
        (("callout", "ack", "1"), "缺少 'UNIT'"),
        (("callout", "ack", "1", "2", "3"), "多写了 3"),
        (("callout", "shwo"), "没有命令 'shwo'"),
        (("shwo",), "没有命令 'shwo'"),
        (("callout", "show", "1", "--foo"), "没有选项 --foo"),
        (("--foo",), "没有选项 --foo"),
        (("check", "--lang", "fr"), "没有语言 fr"),
    ],
)
def test_what_was_wrong_is_said_in_chinese_too(bare: Any, words: tuple[str, ...], said: str) -> None:
    """Words that are missing, too many, unknown or of the wrong kind: exit code 2, and what to write instead."""
    bare.run(*words).misused(said)


def test_what_has_both_languages_stays_and_loses_the_english_beginning() -> None:
    """Our own refusals of a value begin with the option, then Chinese; help for want of a command is left alone."""
    ours = "Invalid value for --reason: 必须写明理由 / a reason is needed"
    assert in_chinese_too(ours) == "--reason: 必须写明理由 / a reason is needed"
    assert (
        in_chinese_too("Invalid value for '--x': of some kind")
        == "'--x' 的值不对 / Invalid value for '--x': of some kind"
    )
    assert in_chinese_too("Something new.") == "Something new."


def test_help_and_a_bare_command_are_no_errors(bare: Any) -> None:
    """Who writes nothing, or asks for help, gets the list of commands."""
    assert bare.run("callout", "-h").code == 0
    for words in ((), ("callout",), ("alarm",)):
        assert "Usage" in bare.run(*words).out
