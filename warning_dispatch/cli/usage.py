"""Wrong usage in the words of the house: what the command-line library says in English, with Chinese before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from warning_dispatch.tomlfiles import both

_HINT = re.compile(r"Invalid value for (?P<hint>.+?): (?P<what>.*)", re.DOTALL)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SAID = (
    (r"Missing (?:option|argument|parameter) ('.+?')", "缺少 {0}"),
    (r"Missing command", "没有写命令"),
    (r"No such command ('.+?')", "没有命令 {0}"),
    (r"No such option: (\S+)", "没有选项 {0}"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "多写了 {0}"),
    (r"Option ('.+?') requires an argument", "选项 {0} 后面要写值"),
    (r"Option ('.+?') does not take a value", "选项 {0} 后面不写值"),
    (r"Invalid value for (.+?): .*valid integer", "{0} 应为整数"),
    (r"Invalid value for (.+?): .*greater than or equal to (\S+)", "{0} 不能小于 {1}"),
    (r"Invalid value for (.+?): .* is not one of (.+?)\.", "{0} 只能是 {1}"),
    (r"Invalid value for (.+?): ", "{0} 的值不对"),
)
"""What the library says, and the same in Chinese; the first that fits."""


class MisuseError(typer.BadParameter):
    """Wrong usage in both languages, printed as it is."""

    def format_message(self) -> str:
        """The message alone."""
        return self.message


class Commands(TyperGroup):
    """The root of the commands: wrong usage of any of them is said in both languages."""

    def make_context(self, *given: Any, **named: Any) -> Any:
        """See click: reads the words before the first command."""
        with _both_languages():
            return super().make_context(*given, **named)

    def invoke(self, ctx: Any) -> Any:
        """See click: reads the rest and runs the command."""
        with _both_languages():
            return super().invoke(ctx)


def in_chinese_too(english: str) -> str:
    """What the library says, with Chinese before it; ours, which has both, without its English beginning."""
    ours = _HINT.fullmatch(english)
    if ours and _CHINESE.search(ours["what"]):
        return f"{ours['hint']}: {ours['what']}"
    for pattern, chinese in _SAID:
        found = re.match(pattern, english)
        if found:
            return both(chinese.format(*found.groups()), english)
    return english


@contextmanager
def _both_languages() -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        said = error.format_message()
        worded = in_chinese_too(said)
        if worded == said:
            raise
        raise MisuseError(worded, ctx=getattr(error, "ctx", None)) from error
