"""Write docs/configuration.md and docs/configuration.zh-CN.md: every key, from the settings' models and the shipped file.

Kinds, limits and defaults come from the models, what a key is for from the bilingual comments of
config/warning-dispatch.toml. Run it after changing either: `.venv/bin/python -m docs.make_configuration`. A test compares.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from warning_dispatch.settings import PREFIX, SETTINGS_FILE, Settings
from warning_dispatch.source_settings import RulesShape, SourceShape

DOCS = Path(__file__).resolve().parent
SHIPPED = DOCS.parent / "config" / SETTINGS_FILE
PAGES = {"zh": DOCS / "configuration.zh-CN.md", "en": DOCS / "configuration.md"}
_CJK = re.compile(r"[\u3400-\u9fff]")
_SECTION = re.compile(r"^#?\s*\[{1,2}([a-z_.]+)\]{1,2}(?:\s+#\s*(.+))?$")
_KEY = re.compile(r"^(?:#\s*)?([a-z][a-z_0-9]*) = (.+?)(?:\s+#\s(.+)|\s{2,}(\S.*))?$")

Words = tuple[str, str]
"""Chinese, English."""

TOP: Mapping[str, Words] = {
    "database_url": (
        "数据库。默认是状态目录下的 SQLite；PostgreSQL 写 postgresql+psycopg://用户@主机/库名，密码放在 ~/.pgpass 或环境变量里",
        "the database: SQLite in the state folder, or postgresql+psycopg://USER@HOST/NAME with the password in ~/.pgpass or the environment",
    ),
    "state_dir": (
        "状态目录：数据库、密钥、本地套接字。默认：服务用 $STATE_DIRECTORY 或 /var/lib/warning-dispatch，其他用 ./var",
        "where database, keys and the local socket lie: $STATE_DIRECTORY or /var/lib/warning-dispatch for a service, ./var otherwise",
    ),
    "config_dir": (
        "配置目录；只能用命令的 --config 或环境变量 WARNING_DISPATCH_CONFIG_DIR 指定，不写在文件里",
        "the configuration folder; named by --config or WARNING_DISPATCH_CONFIG_DIR, never in the file",
    ),
    "credentials_dir": (
        "systemd 凭据目录，由 systemd 给出（CREDENTIALS_DIRECTORY）",
        "systemd's credentials; systemd names it (CREDENTIALS_DIRECTORY)",
    ),
}
MORE: Mapping[str, Words] = {
    "log.level": ("记多细", "how much is told"),
    "ingest.*.colours": (
        "从哪里看颜色，按先后；互相矛盾取较高",
        "where the colour is told, by precedence; of two that disagree the higher holds",
    ),
    "ingest.*.certificates": (
        "只收由其中一个证书签名的报文（PEM 文件）；空：不要求签名",
        "only messages signed by one of these (PEM files) are read; empty: no signature is asked for",
    ),
    "ingest.push.auth": (
        "key 接口密钥；hmac 共享密码签名；mtls 代理验证过的客户端证书",
        "key: an API key; hmac: signed with a shared secret; mtls: a certificate that a proxy has verified",
    ),
    "ingest.folder.path": ("目录", "the folder"),
    "ingest.folder.receipt_to": ("回执文件名里的发方", "the other end in the names of receipts"),
    "ingest.feed.url": ("网址", "its address"),
    "renewal.hours_from": ("通知和催报从几点起，有预警叫应时让路", "letters go from then on, behind every warning"),
    "renewal.hours_until": ("到几点止", "until then"),
    "engine.validity_orange_h": ("同上，橙色", "the same, orange"),
    "smtp.security": ("怎样加密", "how the connection is secured"),
    "smtp.sender": ("发件人，如 气象叫应 &lt;alert@example.cn&gt;", "the sender, such as alert@example.cn with a name"),
    "smtp.imap_security": ("收件箱的加密", "the same for the mailbox"),
    "web.port": ("监听端口", "the port it listens on"),
    "web.outside_port": ("第二个监听地址的端口", "the port of the second listener"),
    "engine.night_from": ("夜间从几点起，北京时间", "when the night begins, Beijing time"),
    "engine.night_until": ("夜间到几点止", "when the night ends"),
    "ingest.api": (
        "不属于任何来源的密钥送来的报文；可写的键见“每个来源都可以写的”",
        "messages by a key that belongs to no source; keys as under “what every source may have”",
    ),
    "ingest.file": ("用 alert ingest 接入的报文；键同上", "messages by `alert ingest`; the same keys"),
    "ingest.push": ("推送来的来源，见下", "sources that push, below"),
    "ingest.folder": ("监视目录，见下", "watched folders, below"),
    "ingest.feed": ("轮询的 Atom、RSS，见下", "polled feeds, below"),
    "ingest.other": ("另装的程序包带来的来源，见下", "sources of a kind that another package brings, below"),
    "ingest.feed.timeout_s": ("一次取数的时限，秒", "seconds a fetch may take"),
    "outward.outlet": ("传播单位，见下", "outlets, below"),
    "outward.outlet.name": ("名称", "its name"),
    "outward.outlet.url": ("推送到的地址", "where posts go"),
    "outward.outlet.timeout_s": ("一次推送的时限，秒", "seconds a post may take"),
    "smtp.port": ("端口", "its port"),
    "smtp.imap_port": ("收件箱的端口", "the mailbox's port"),
    "smtp.imap_folder": ("收件箱文件夹", "the folder of the mailbox"),
    "routes.name": ("线路名称；密钥的变量、凭据以它命名", "its name; variables and credentials of its secrets bear it"),
    "routes.channel": ("渠道", "the channel"),
    "routes.adapter": (
        "接法：simulated、gateway、twilio、smtp、operator，或另装程序包带来的",
        "simulated, gateway, twilio, smtp, operator, or one that another package brings",
    ),
    "routes.lines": ("同时通话数，仅 voice；不写为不限", "calls at once, voice only; left out: no limit"),
    "routes.rate_per_minute": ("每分钟条数；不写为不限", "messages a minute; left out: no limit"),
    "routes.per_number": (
        "每个号码在任意一分钟、一小时、一天内的次数，见下；voice 不写用默认值，sms 不写不限",
        "what one number may get in any minute, hour and day, below; voice has a default, SMS none",
    ),
    "routes.order": (
        "先后：数小的先用，相同的按空闲分摊；不写按文件中的先后",
        "lower goes first, equal ones share; left out: as they stand in the file",
    ),
    "routes.countries": ('能打的国家或地区，如 ["+86"]；空：全部', 'what it can reach, such as ["+86"]; empty: all'),
    "routes.operators": ("适合的运营商，按号段判断，只作优先", "networks it suits, by number block; a preference"),
    "routes.public_cloud": (
        "公有云：内部、限制范围的预警绝不经它发出",
        "a public cloud: what is not public never goes by it",
    ),
    "routes.hours": ("服务商只在这段时间受理，见下", "when the provider takes anything, below"),
    "routes.signature": (
        "短信签名（不带【】），计入字数；仅 sms",
        "what the provider puts in front of an SMS, without 【】; it counts",
    ),
    "routes.options": ("接法自己的设置，写在 [routes.options]", "the adapter's own keys, in [routes.options]"),
    "routes.per_number.minute": ("任意一分钟", "in any minute"),
    "routes.per_number.hour": ("任意一小时", "in any hour"),
    "routes.per_number.day": ("任意一天", "in any day"),
    "routes.per_number.reserve_for_red": ("每小时中只留给红色的次数", "of an hour's, those kept for red"),
    "routes.hours.start": ("起，写作 from", "from; written `from`"),
    "routes.hours.end": ("止，写作 until；可跨夜", "until; written `until`, may pass midnight"),
    "robots.name": ("名称", "its name"),
    "robots.every_s": ("最快多少秒一条，攒下的并成一条", "at most one message in so many seconds"),
    "robots.options": ("服务商和密钥文件，写在 [robots.options]", "provider and secrets, in [robots.options]"),
}
HEADINGS: Mapping[str, Words] = {
    "ingest.*": ("每个来源都可以写的", "what every source may have"),
    "ingest.push": ("别的系统推送来", "a system that pushes"),
    "ingest.folder": ("监视目录", "a watched folder"),
    "ingest.feed": ("轮询 Atom、RSS", "a polled feed"),
    "ingest.other": (
        "另装的接法，见[加一种来源](adding-a-source.zh-CN.md)",
        "another package's kind, see [adding a source](adding-a-source.md)",
    ),
    "outward.outlet": ("传播单位", "an outlet"),
    "routes": ("线路，可以有几条", "routes, as many as wanted"),
    "routes.per_number": ("每号限次", "limits per number"),
    "routes.hours": ("受理时段，北京时间", "hours, Beijing time"),
    "robots": ("群机器人，可以有几个", "group robots"),
}

HEADS: Mapping[str, str] = {
    "zh": """# 配置参考

本页由 `docs/make_configuration.py` 从程序和 `config/warning-dispatch.toml` 生成，请改那里，不要改本页。[English](configuration.md)

设置是一个文件 `warning-dispatch.toml`，装成服务的在 `/etc/warning-dispatch/`。改后执行 `warning-dispatch check`：写错的键、越界的数一次
列全，写明在哪个文件哪一项。再 `systemctl restart warning-dispatch`。没写的键用默认值。

**从哪里取值**，先找到的算：命令的选项；环境变量 `WARNING_DISPATCH_<段>__<键>`（如 `WARNING_DISPATCH_WEB__PORT=8500`，列表和表写成
JSON）；文件；默认值。

**密码从不写在设置里**：写文件名（权限 600），或用 systemd 凭据，或线路的环境变量 `WARNING_DISPATCH_ROUTE__<线路>__<密钥>`。

**同一文件夹里的别的文件**：`chains/`（叫应方案：叫谁、何时、几次）、`hazards.toml`（灾种）、`outcomes.toml`（结果怎么办）、`messages/`（文本）、
`providers/`（云通信服务商，见 [providers.md](providers.md)）、`response.toml`（联动措施）、`monitoring/`（监控规则，见 [monitoring.md](monitoring.md)）。
每个文件里都有说明，`check` 一并核对。""",
    "en": """# Configuration reference

Written by `docs/make_configuration.py` from the code and `config/warning-dispatch.toml`: change those, not this page. [中文](configuration.zh-CN.md)

The settings are one file, `warning-dispatch.toml`; of an installed service it lies in `/etc/warning-dispatch/`. After a change run
`warning-dispatch check`: every key that is wrong is told at once, with its file and place. Then `systemctl restart warning-dispatch`. What is
left out has its default.

**Where a value comes from**, first found first: an option of the command; the environment, `WARNING_DISPATCH_<SECTION>__<KEY>` (such as
`WARNING_DISPATCH_WEB__PORT=8500`; lists and tables as JSON); the file; the default.

**No password ever stands in the settings**: name a file (mode 600), or use a systemd credential, or for a route the variable
`WARNING_DISPATCH_ROUTE__<ROUTE>__<NAME>`.

**Other files of the same folder**: `chains/` (who is called, when, how often), `hazards.toml`, `outcomes.toml` (what an outcome leads to),
`messages/` (the texts), `providers/` (cloud providers, [providers.md](providers.md)), `response.toml` (measures), `monitoring/` (rules,
[monitoring.md](monitoring.md)). Each explains itself, and `check` looks at all of them.""",
}
COLUMNS = {"zh": ("键", "取值", "默认", "说明"), "en": ("key", "value", "default", "what it is for")}
KINDS: Mapping[type, Words] = {
    bool: ("true 或 false", "true or false"),
    int: ("整数", "whole number"),
    float: ("数值", "number"),
    str: ("文字", "text"),
    Path: ("路径", "path"),
}


@dataclass(frozen=True, slots=True)
class Comments:
    """What the shipped file says: of each section, and of each key as `section.key`."""

    sections: Mapping[str, Words]
    keys: Mapping[str, Words]


# --- the comments of the shipped file ---------------------------------------------------------------------


def split(text: str) -> Words | None:
    """The Chinese and the English half of a comment; None when it is not in two halves."""
    parts = text.split(" / ")
    for at in range(1, len(parts)):
        chinese, english = " / ".join(parts[:at]), " / ".join(parts[at:])
        if _CJK.search(chinese) and not _CJK.search(english):
            return chinese.strip(" 。"), english.strip(" .")
    return None


def comments(text: str) -> Comments:
    """What stands behind and above sections and keys."""
    sections: dict[str, Words] = {}
    keys: dict[str, Words] = {}
    section, above = "", list[str]()
    for line in text.splitlines():
        if found := _SECTION.match(line):
            section, above = found[1], []
            if found[2] and (words := split(found[2])):
                sections.setdefault(section, words)
        elif (found := _KEY.match(line)) and not _CJK.search(found[1]):
            behind = found[3] or found[4] or ""
            words = split(behind) or _of_lines(above)
            common = section == "ingest" and line.startswith("#   ")
            if words:
                keys.setdefault(f"{'ingest.*' if common else section}.{found[1]}".lstrip("."), words)
            above = []
        elif line.startswith("# "):
            above.append(line.removeprefix("# "))
        else:
            above = []
    return Comments(sections, keys)


def _of_lines(lines: Sequence[str]) -> Words | None:
    """Comment lines above a key: those with Chinese in them and those without, each in their order."""
    chinese, english = list[str](), list[str]()
    for line in lines:
        if halves := split(line):
            chinese.append(halves[0])
            english.append(halves[1])
        else:
            (chinese if _CJK.search(line) else english).append(line.strip())
    return ("".join(chinese).strip(" 。"), " ".join(english).strip(" .")) if chinese and english else None


# --- the models -------------------------------------------------------------------------------------------


def shape_in(annotation: Any) -> type[BaseModel] | None:
    """The shape that a field holds, itself or in a list."""
    for one in (annotation, *get_args(annotation), *(inner for arg in get_args(annotation) for inner in get_args(arg))):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def value_words(annotation: Any, metadata: Sequence[Any], tongue: int) -> str:
    """What may stand there, with its limits."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return value_words(next(one for one in args if one is not type(None)), metadata, tongue)
    if origin is Literal:
        return " ".join(f"`{one}`" for one in args if one) + ("，或空" if tongue == 0 else " or empty") * ("" in args)
    if origin is tuple:
        return ("列表：", "list of ")[tongue] + value_words(args[0], [], tongue)
    if hasattr(annotation, "__metadata__"):
        return value_words(annotation.__origin__, [*annotation.__metadata__, *metadata], tongue)
    return ("表", "table")[tongue] if origin is dict or shape_in(annotation) else _plain(annotation, metadata, tongue)


def _plain(annotation: Any, metadata: Sequence[Any], tongue: int) -> str:
    """A single value and its limits."""
    limits = " ".join(_limits(metadata, annotation))
    if any("2[0-3]):[0-5]" in str(getattr(one, "pattern", "")) for one in _flat(metadata)):
        return ("时刻 HH:MM", "time HH:MM")[tongue]
    word = KINDS.get(annotation, ("文字", "text"))[tongue]
    return f"{word} {limits}".strip()


def _flat(metadata: Sequence[Any]) -> Iterator[Any]:
    for one in metadata:
        yield from _flat(one.metadata) if isinstance(one, FieldInfo) else (one,)


def _limits(metadata: Sequence[Any], annotation: Any) -> Iterator[str]:
    for one in _flat(metadata):
        if isinstance(one, Ge):
            yield f"≥ {one.ge}"
        elif isinstance(one, Gt):
            yield f"> {one.gt}"
        elif isinstance(one, Le):
            yield f"≤ {one.le}"
        elif isinstance(one, Lt):
            yield f"< {one.lt}"
        elif isinstance(one, MaxLen) and annotation is str:
            yield f"≤ {one.max_length}"


def default_words(field: FieldInfo) -> str:
    """The default as it would stand in the file."""
    if field.is_required() or field.default_factory is not None:
        return "–"
    return written(field.default)


def written(value: object) -> str:
    """A value in TOML."""
    if value is None or isinstance(value, BaseModel):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        inside = ", ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in value)
        return f"`[{inside}]`"
    return f'`"{value}"`' if isinstance(value, str | Path) else f"`{value}`"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the page. `name` as in the file; `inherited`: keys that stand elsewhere already."""

    name: str
    shape: type[BaseModel]
    inherited: frozenset[str] = frozenset()


def tables() -> list[Table]:
    """Every table of the settings in the order of the model; what sources have in common stands once."""
    found = []
    for name, field in Settings.model_fields.items():
        shape = shape_in(field.annotation)
        if shape is None:
            continue
        found.append(Table(name, shape))
        if name == "ingest":
            found.append(Table("ingest.*", SourceShape))
        for key, inner in shape.model_fields.items():
            below = shape_in(inner.annotation)
            if below is None or below is RulesShape:
                continue
            common = frozenset(SourceShape.model_fields) if issubclass(below, SourceShape) else frozenset()
            changed = {
                one for one in common if below.model_fields[one].default != SourceShape.model_fields[one].default
            }
            found.append(Table(f"{name}.{key}", below, common - changed))
    return found


def explained(table: Table, key: str, said: Comments) -> Words | None:
    """What a key is for."""
    places = [f"{table.name}.{key}"]
    if table.name.startswith("ingest."):
        places.append(f"ingest.*.{key}")
    for one in places:
        if one in MORE or one in said.keys:
            return MORE.get(one) or said.keys[one]
    return None


def unexplained() -> list[str]:
    """Keys that nobody says anything about in both languages."""
    said = comments(SHIPPED.read_text(encoding="utf-8"))
    found = [
        f"{one.name}.{key}"
        for one in tables()
        for key in one.shape.model_fields
        if key not in one.inherited and not explained(one, key, said)
    ]
    return found + [key for key in top_keys() if not (TOP.get(key) or said.keys.get(key))]


def top_keys() -> list[str]:
    """Keys that stand in no section."""
    return [name for name, field in Settings.model_fields.items() if shape_in(field.annotation) is None]


# --- the page ---------------------------------------------------------------------------------------------


def page(language: str) -> str:
    """The whole page."""
    tongue = 0 if language == "zh" else 1
    said = comments(SHIPPED.read_text(encoding="utf-8"))
    parts = [HEADS[language], _heading("", ("不属于任何一段的", "outside every section")[tongue])]
    rows = [
        (
            key,
            value_words(Settings.model_fields[key].annotation, Settings.model_fields[key].metadata, tongue),
            "–",
            ((TOP.get(key) or said.keys.get(key)) or ("", ""))[tongue],
            f"{PREFIX}{key.upper()}",
        )
        for key in top_keys()
    ]
    lines = [COLUMNS[language], ("---",) * len(COLUMNS[language])]
    lines += [
        (f"`{key}`", value, default, f"{words}（`{variable}`）" if tongue == 0 else f"{words} (`{variable}`)")
        for key, value, default, words, variable in rows
    ]
    parts.append(_table(lines))
    for one in tables():
        title = (
            HEADINGS.get(one.name) or said.sections.get(one.name) or (one.shape.__doc__ or "", one.shape.__doc__ or "")
        )[tongue]
        short = re.split(r"[（：；(:;，,\[]", title, maxsplit=1)[0].strip()
        parts.append(_heading(one.name, short))
        parts += [f"{title[:1].upper()}{title[1:]}{'。' if tongue == 0 else '.'}"] if short != title else []
        parts.append(_rows(one, said, language, tongue))
    return "\n\n".join(parts) + "\n"


def _heading(name: str, title: str) -> str:
    many = name in ("routes", "robots", "ingest.push", "ingest.folder", "ingest.feed", "ingest.other", "outward.outlet")
    shown = f"[[{name}]]" if many else f"[{name}]" if name and name != "ingest.*" else ""
    depth = "###" if "." in name else "##"
    return f"{depth} `{shown}` {title}" if shown else f"{depth} {title[:1].upper()}{title[1:]}"


def _rows(table: Table, said: Comments, language: str, tongue: int) -> str:
    lines = [COLUMNS[language], ("---",) * len(COLUMNS[language])]
    for key, field in table.shape.model_fields.items():
        if key in table.inherited:
            continue
        words = explained(table, key, said) or ("", "")
        shown = field.alias or key
        lines.append(
            (f"`{shown}`", value_words(field.annotation, field.metadata, tongue), default_words(field), words[tongue])
        )
    return _table(lines)


def _table(lines: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    for tongue, path in PAGES.items():
        path.write_text(page(tongue), encoding="utf-8")
        print(path)
    for one in unexplained():
        print(f"not explained in both languages: {one}")
