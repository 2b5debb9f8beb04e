"""What mkdocs asks while it builds the handbook: languages of the pages, the list of decisions, what search looks through.

No plug-in and no foreign theme: the built site needs no address outside the machine it lies on.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
CHINESE = ".zh-CN.md"
ENGLISH = ".en.md"
_HEADING = re.compile(r"<h([1-4]) id=\"([^\"]+)\">(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_MERMAID = re.compile(r"```mermaid\n.*?```\n", re.DOTALL)
_OUT_OF_DOCS = re.compile(r"\[([^\]]+)\]\(\.\./(?!\.\.)[^)]*\)")
"""A link into the repository: on the site there is nothing behind it, so that its words alone stay."""
_BROKEN_LINE = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef”])\n *(?=[\u4e00-\u9fff（“《*`])(?!\* )")
"""Between two lines of a Chinese paragraph a browser would show a space."""
_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_UNDRAWN = """> 状态图用 mermaid 写成，网页上不画；下面的表逐条列出同样的转移。
> The diagram is written in mermaid and not drawn here; the tables below list the same moves one by one.
"""
_found: list[dict[str, str]] = []


def named(nav: Any) -> set[str]:
    """Every page that the navigation names."""
    if isinstance(nav, str):
        return {nav}
    parts = nav.values() if isinstance(nav, Mapping) else nav
    return {name for part in parts for name in named(part)}


def unnamed_pages(nav: Any) -> list[str]:
    """Pages that nobody has put anywhere, in the order of their names."""
    return sorted({path.name for path in DOCS.glob("*.md")} - named(nav))


def counterpart(name: str) -> str:
    """The same page in the other language; empty: there is none."""
    stem = name.removesuffix(CHINESE) if name.endswith(CHINESE) else name.removesuffix(".md").removesuffix(".en")
    others = [f"{stem}.md", f"{stem}{ENGLISH}"] if name.endswith(CHINESE) else [f"{stem}{CHINESE}"]
    return next((one for one in others if (DOCS / one).is_file()), "")


def language(name: str) -> str:
    """zh, en, or both for a page that exists once."""
    if name.endswith(CHINESE) or name == "providers.md":
        return "zh"
    return "en" if counterpart(name) else "both"


def decisions() -> str:
    """The decisions as a list of links, newest first."""
    lines = []
    for path in sorted((DOCS / "adr").glob("0*.md"), reverse=True):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        lines += [f"- [{title}]({path.name})"] if not path.name.startswith("0000") else []
    return "\n".join(lines)


def sections(page: str, content: str) -> list[dict[str, str]]:
    """The page cut at its headings, as search looks through it: address, page, heading, text."""
    marks = list(_HEADING.finditer(content))
    title = plain(marks[0][3]) if marks else ""
    found = []
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(content)
        found.append({"u": f"{page}#{mark[2]}", "p": title, "t": plain(mark[3]), "x": plain(content[mark.end() : end])})
    return found


def plain(markup: str) -> str:
    """Text without its tags."""
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())


# --- what mkdocs calls -------------------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Pages that nobody has put anywhere join the last section: none is out of reach."""
    _found.clear()
    *_, last = config.nav
    (pages,) = last.values()
    pages += [one for one in unnamed_pages(config.nav) if one not in pages]
    return config


def on_page_markdown(markdown: str, page: Any, **_more: Any) -> str:
    """Fill in the decisions; say what is not drawn."""
    if page.file.src_uri == "adr/index.md":
        return f"{markdown}\n{decisions()}\n"
    if "/" not in page.file.src_uri:
        markdown = _OUT_OF_DOCS.sub(r"\1", markdown)
    parts = _FENCED.split(_MERMAID.sub(_UNDRAWN, markdown))
    return "".join(part if part.startswith("```") else _BROKEN_LINE.sub("", part) for part in parts)


def on_page_content(content: str, page: Any, **_more: Any) -> str:
    """Remember it for the search; let wide tables roll by themselves."""
    _found.extend(sections(page.url, content))
    for what, becomes in (
        ("<table>", '<div class="roll" tabindex="0"><table>'),
        ("</table>", "</table></div>"),
        ("<pre>", '<pre tabindex="0">'),
    ):  # what rolls can be rolled by keyboard
        content = content.replace(what, becomes)
    return content


def on_page_context(context: Any, page: Any, **_more: Any) -> Any:
    """Tell the theme which language the page is in and where the other one is."""
    name = page.file.src_uri
    other = counterpart(name) if "/" not in name else ""
    context["language"] = language(name) if "/" not in name else "both"
    context["counterpart"] = other.removesuffix(".md") + ".html" if other else ""
    return context


def on_post_build(config: Any) -> None:
    """Write what search looks through, as a script: a page on a stick may load no JSON."""
    target = Path(config.site_dir) / "assets" / "search-index.js"
    target.write_text(f"window.HANDBOOK = {json.dumps(_found, ensure_ascii=False)};\n", encoding="utf-8")
