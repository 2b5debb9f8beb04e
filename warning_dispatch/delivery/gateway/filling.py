"""Templates of a provider's request, compiled once, filled per attempt.

A template is a value of the TOML file. Text may hold marks: `{unit}`, `{unit:12}` (cut to 12 characters), `{drill+signal:20}`
(one after the other, the last of them cut so that it is 20 in all), `{text:20#2}` (the second piece of 20 characters); `{{` and
`}}` are braces. Numbers and truth values stand for themselves. A table with
one of three keys makes text or a number of what is in it: `to_json`, `to_base64`, `to_integer`.

What is filled in is a value and stays one: it is put where the template has it by whoever writes JSON, query or form, and
is never looked at for marks again. A table `by_purpose` holds a template for each of call, notice, all_clear and self;
the first stands for those it does not name. In headers and in the address only names of ours may stand, no foreign text.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from warning_dispatch.delivery.gateway.description import RequestShape
from warning_dispatch.delivery.gateway.outgoing import Outgoing, percent
from warning_dispatch.delivery.http import FORM, JSON
from warning_dispatch.errors import Finding
from warning_dispatch.model.texts import NAMES_BETWEEN
from warning_dispatch.tomlfiles import both

Values = Mapping[str, str]
Fill = Callable[[Values], Any]
"""Values by name → what stands there: text, number, truth value, list or mapping."""

_MARK = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_.]*(?:\+[a-z][a-z0-9_.]*)*)(?::(\d{1,4})(?:#(\d{1,2}))?)?\}|[{}]")
_AND = "+"
BY_PURPOSE = "by_purpose"
PURPOSES = ("call", "notice", "all_clear", "self")
"""What a text is for, as in config/messages/; drills and campaigns use that of a call."""
_OPTION = "option."
OUR_OWN = ("option.", "secret.", "hook.", "attempt", "now_s", "now_ms", "nonce")
"""Names that hold no foreign text: they alone may stand in headers and addresses."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where a value goes: cut to `limit` characters, or the `part`-th piece of so many; `last` of its pieces.

    `name`: of several values, which have the place together, joined by `+`.
    """

    name: str
    limit: int = 0
    part: int = 0
    last: bool = False

    def fill(self, values: Values) -> str:
        """The value as it stands here."""
        *before, last = (values.get(name, "") for name in self.name.split(_AND))
        head = "".join(before)
        text = head + last
        if not self.part:
            return cut(head + cut(last, max(1, self.limit - len(head))), self.limit) if self.limit else text
        rest = text[(self.part - 1) * self.limit :]
        return cut(rest, self.limit) if self.last else rest[: self.limit]


def cut(text: str, limit: int) -> str:
    """At most `limit` characters. A list of names keeps whole names and says how many there are."""
    if len(text) <= limit:
        return text
    names = text.split(NAMES_BETWEEN)
    for shown in range(len(names) - 1, 0, -1):
        short = f"{NAMES_BETWEEN.join(names[:shown])}等{len(names)}个"
        if len(short) <= limit:
            return short
    return text[: limit - 1] + "…"


class Compiler:
    """Compiles templates of one table; what is wrong with them is collected."""

    def __init__(self, known: AbstractSet[str], findings: list[Finding], whole: object = "") -> None:
        """`known`: the names that may stand in marks. `whole`: all templates, for which piece is the last shows only there."""
        self._known = known
        self._findings = findings
        self._whole = json.dumps(whole, ensure_ascii=False, default=str)
        self.used: set[str] = set()

    def value(self, template: Any, where: str) -> Fill:
        """Any template."""
        if isinstance(template, str):
            return self.text(template, where)
        if isinstance(template, list):
            fills = [self.value(one, f"{where}[{index}]") for index, one in enumerate(template)]
            return lambda values: [fill(values) for fill in fills]
        if isinstance(template, dict):
            if list(template) == [BY_PURPOSE] and isinstance(template[BY_PURPOSE], dict):
                return self._by_purpose(template[BY_PURPOSE], where)
            special = _SPECIAL.get(next(iter(template))) if len(template) == 1 else None
            if special is not None:
                inner = self.value(next(iter(template.values())), where)
                return lambda values: special(inner(values))
            return self.table(template, where)
        return lambda _values: template

    def _by_purpose(self, templates: Mapping[str, Any], where: str) -> Fill:
        strange = [name for name in templates if name not in PURPOSES]
        if strange or PURPOSES[0] not in templates:
            what = both(
                f"by_purpose 只能有 {', '.join(PURPOSES)}，且必须有 call",
                f"by_purpose has {', '.join(PURPOSES)}; call must be there",
            )
            self._findings.append(Finding(where, what, ", ".join(strange)))
        fills = {name: self.value(one, f"{where}.{BY_PURPOSE}.{name}") for name, one in templates.items()}
        usual = fills.get(PURPOSES[0], lambda _values: "")
        return lambda values: fills.get(values.get("purpose", ""), usual)(values)

    def table(self, template: Mapping[str, Any], where: str) -> Callable[[Values], dict[str, Any]]:
        """A mapping. An entry that is nothing but an option which the site left empty is left out."""
        entries = [(name, self.value(one, f"{where}.{name}"), _only_option(one)) for name, one in template.items()]

        def fill(values: Values) -> dict[str, Any]:
            return {name: one(values) for name, one, option in entries if not option or values.get(option)}

        return fill

    def text(self, template: str, where: str, *, ours_only: bool = False) -> Callable[[Values], str]:
        """Text with marks."""
        parts = list(self._parts(template, where, ours_only=ours_only))
        if all(isinstance(part, str) for part in parts):
            fixed = "".join(str(part) for part in parts)
            return lambda _values: fixed
        return lambda values: "".join([part if isinstance(part, str) else part.fill(values) for part in parts])

    def _parts(self, template: str, where: str, *, ours_only: bool) -> Iterable[str | Mark]:
        end = 0
        for found in _MARK.finditer(template):
            if found.start() > end:
                yield template[end : found.start()]
            end = found.end()
            token, name = found.group(), found.group(1)
            if token in ("{{", "}}"):
                yield token[0]
            elif name is None:
                what = both(f"花括号不成对：{template!r}", f"a brace that belongs to no mark: {template!r}")
                self._findings.append(Finding(where, what, both("写作 {{ 或 }}", "write {{ or }}")))
            else:
                for one in name.split(_AND):
                    self._check(one, where, ours_only=ours_only)
                limit, part = int(found.group(2) or 0), int(found.group(3) or 0)
                yield Mark(name, limit, part, last=part > 0 and f"{{{name}:{limit}#{part + 1}}}" not in self._whole)
        if end < len(template):
            yield template[end:]

    def _check(self, name: str, where: str, *, ours_only: bool) -> None:
        self.used.add(name)
        if name not in self._known:
            what = both(f"没有名为 {name} 的值", f"there is no value {name!r}")
            self._findings.append(Finding(where, what, both("可用：", "known: ") + ", ".join(sorted(self._known))))
        elif ours_only and not name.startswith(OUR_OWN):
            what = both(
                f"{name} 含外来文字，不能放在请求头或地址里", f"{name!r} is foreign text: not in headers or address"
            )
            self._findings.append(
                Finding(where, what, both("放在 query、form 或 json 里", "put it in query, form or json"))
            )


def _only_option(template: Any) -> str:
    """The option that an entry consists of, if it does."""
    whole = _MARK.fullmatch(template) if isinstance(template, str) else None
    name = whole.group(1) if whole else None
    return name if name and name.startswith(_OPTION) else ""


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _to_base64(value: Any) -> str:
    return base64.b64encode(str(value).encode()).decode()


def _to_integer(value: Any) -> int:
    text = str(value).strip()
    return int(text) if text.isascii() and text.lstrip("-").isdecimal() else 0


_SPECIAL: Mapping[str, Callable[[Any], Any]] = {
    "to_json": _to_json,
    "to_base64": _to_base64,
    "to_integer": _to_integer,
}


@dataclass(frozen=True, slots=True)
class RequestForm:
    """A compiled request."""

    method: str
    base: str
    path: Fill
    headers: Mapping[str, Fill]
    query: Fill
    body: Fill | None
    is_form: bool
    used: frozenset[str]

    def fill(self, values: Values, base: str = "") -> Outgoing:
        """The request for these values; `base` (scheme and host) replaces the described one."""
        headers = {name: fill(values) for name, fill in self.headers.items()}
        query = tuple((name, _plain(value)) for name, value in self.query(values).items())
        body = b""
        if self.body is not None:
            content = self.body(values)
            if self.is_form:
                body = "&".join(f"{percent(name)}={percent(_plain(value))}" for name, value in content.items()).encode()
                headers.setdefault("content-type", FORM)
            else:
                body = _to_json(content).encode("utf-8", "replace")
                headers.setdefault("content-type", JSON)
        return Outgoing(self.method, base or self.base, self.path(values), query, headers, body)


def _plain(value: Any) -> str:
    """A value in query or form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _to_json(value) if isinstance(value, dict | list) else str(value)


def compile_request(shape: RequestShape, where: str, known: AbstractSet[str], findings: list[Finding]) -> RequestForm:
    """The request's templates; what is wrong with them goes to `findings`."""
    compiler = Compiler(known, findings, [shape.query, shape.form, shape.json_body])
    scheme, _, rest = shape.url.partition("://")
    host, _, path = rest.partition("/")
    if shape.form is not None and shape.json_body is not None:
        findings.append(Finding(f"{where}.form", both("form 与 json 只能有一个", "either form or json, not both")))
    content = shape.form if shape.form is not None else shape.json_body
    parts = [compiler.text(part, f"{where}.url", ours_only=True) for part in path.split("/")]
    return RequestForm(
        method=shape.method,
        base=f"{scheme}://{host}",
        path=lambda values: "/" + "/".join([percent(part(values)) for part in parts]),
        headers={
            name.lower(): compiler.text(value, f"{where}.headers.{name}", ours_only=True)
            for name, value in shape.headers.items()
        },
        query=compiler.table(shape.query, f"{where}.query"),
        body=None
        if content is None
        else compiler.table(content, f"{where}.{'json' if shape.form is None else 'form'}"),
        is_form=shape.form is not None,
        used=frozenset(compiler.used),
    )
