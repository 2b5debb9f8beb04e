"""TOML files read through pydantic: every finding at once, with file, key, what was expected and what to do.

A leaf below settings and configuration. Findings are in Chinese, then in English, because the person who mends a
file at night reads one of the two.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from warning_dispatch.errors import Finding

ShapeT = TypeVar("ShapeT", bound=BaseModel)
SHOWN = 60
"""Characters of a wrong value that a finding repeats."""


class Shape(BaseModel):
    """What a TOML table must look like; unknown keys are findings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def both(chinese: str, english: str) -> str:
    """One sentence in both languages."""
    return f"{chinese} / {english}"


def ours(kind: str, chinese: str, english: str) -> PydanticCustomError:
    """A finding of ours in pydantic's form: what a validator raises."""
    return PydanticCustomError("ours_settings", "{message}", {"message": both(chinese, english), "kind": kind})


def read_toml(path: Path, label: str, findings: list[Finding]) -> dict[str, Any] | None:
    """The content of a file, or None with a finding. `label` names the file in findings."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        what, remedy = (
            both("文件不存在", "the file does not exist"),
            both("从随附的默认配置复制", "copy the shipped one"),
        )
    except UnicodeDecodeError as error:
        what = both(f"第 {error.start} 字节不是 UTF-8", f"byte {error.start} is not UTF-8")
        remedy = both("另存为 UTF-8", "save the file as UTF-8")
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond all reason
        what, remedy = both("不是合法的 TOML", f"not valid TOML: {error}"), both("改正该行", "mend that line")
    except OSError as error:
        what, remedy = (
            both("文件无法读取", f"cannot be read: {error.strerror}"),
            both("检查权限", "check its permissions"),
        )
    findings.append(Finding(label, what, remedy))
    return None


def parse(shape: type[ShapeT], raw: object, where: str, findings: list[Finding]) -> ShapeT | None:
    """`raw` as a `shape`, or None with every finding. `where` is "file" or "file: key" of the table."""
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        findings.extend(findings_of(error, shape, lambda loc: place(where, loc)))
        return None


def place(where: str, loc: Iterable[int | str]) -> str:
    """Where a key stands: "chains/city.toml: tiers[2].hold.red"."""
    path = ""
    for part in loc:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    if not path:
        return where
    if ": " not in where:
        return f"{where}: {path}"
    return where + path if path.startswith("[") else f"{where}.{path}"


def findings_of(
    error: ValidationError, shape: type[BaseModel], where: Callable[[tuple[int | str, ...]], str]
) -> list[Finding]:
    """A pydantic error in words for a person; `where` names the place of a key path."""
    return [
        Finding(where(one["loc"]), _what(one), _remedy(one, shape))
        for one in error.errors(include_url=False, include_context=True)
    ]


_EXPECTED: Mapping[str, tuple[str, str]] = {
    "missing": ("缺少此项", "missing"),
    "extra_forbidden": ("未知的键", "unknown key"),
    "int_parsing": ("应为整数", "expected a whole number"),
    "int_type": ("应为整数", "expected a whole number"),
    "int_from_float": ("应为整数", "expected a whole number"),
    "float_parsing": ("应为数值", "expected a number"),
    "float_type": ("应为数值", "expected a number"),
    "bool_parsing": ("应为 true 或 false", "expected true or false"),
    "bool_type": ("应为 true 或 false", "expected true or false"),
    "string_type": ("应为文字", "expected text in quotes"),
    "string_too_short": ("不能为空", "must not be empty"),
    "tuple_type": ("应为列表 […]", "expected a list […]"),
    "list_type": ("应为列表 […]", "expected a list […]"),
    "too_short": ("至少要有一项", "needs at least one entry"),
    "dict_type": ("应为表", "expected a table"),
    "mapping_type": ("应为表", "expected a table"),
    "model_type": ("应为表", "expected a table"),
    "model_attributes_type": ("应为表", "expected a table"),
}


def _what(one: ErrorDetails) -> str:
    kind, context = one["type"], one.get("ctx", {})
    if kind in _EXPECTED:
        text = both(*_EXPECTED[kind])
    elif kind in ("greater_than_equal", "greater_than", "less_than_equal", "less_than"):
        sign, limit = next((key, value) for key, value in context.items() if key in ("ge", "gt", "le", "lt"))
        mark = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}[sign]
        text = both(f"应 {mark} {limit}", f"must be {mark} {limit}")
    elif kind == "literal_error":
        text = both(f"应为 {context['expected']} 之一", f"expected one of {context['expected']}")
    elif kind.startswith("ours_"):
        text = one["msg"]
    else:
        text = both("值不合要求", one["msg"])
    return text + _given(one)


def _given(one: ErrorDetails) -> str:
    """The wrong value, shortened; never a secret, never a whole table."""
    secret = any("password" in str(part) for part in one["loc"])
    if secret or one["type"] in ("missing", "extra_forbidden") or not isinstance(one["input"], str | int | float):
        return ""
    return f" ({str(one['input'])[:SHOWN]!r})"


def _remedy(one: ErrorDetails, shape: type[BaseModel]) -> str:
    if one["type"] == "missing":
        return both("补上这一项", "add it")
    if one["type"] != "extra_forbidden":
        return ""
    known = _keys_at(shape, one["loc"][:-1])
    near = difflib.get_close_matches(str(one["loc"][-1]), known, n=1)
    if near:
        return both(f"是否应为 {near[0]}?", f"did you mean {near[0]}?")
    return both("删去,可用的键:", "remove it; known keys: ") + ", ".join(known)


def _keys_at(shape: type[BaseModel], loc: Iterable[int | str]) -> list[str]:
    """The keys that the table at `loc` may have."""
    for part in loc:
        field = shape.model_fields.get(part) if isinstance(part, str) else None
        if field is not None:
            shape = next(_shapes_in(field.annotation), shape)
    return [field.alias or name for name, field in shape.model_fields.items()]


def _shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _shapes_in(inner)
