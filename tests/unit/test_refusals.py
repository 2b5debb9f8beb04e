"""A refusal is read by a duty officer: Chinese first, English complete."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "warning_dispatch"
REFUSALS = ("RefusedError", "NotFoundError", "StoreError")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def words_in(node: ast.AST) -> str:
    """Every literal word of an expression, in its order."""
    found = [one for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return " ".join(str(one.value) for one in sorted(found, key=lambda one: (one.lineno, one.col_offset)))


def passed_on(said: ast.expr) -> bool:
    """Whether the words come from elsewhere: a page's catalogue, what another part said, or both languages by name."""
    if isinstance(said, ast.Call) and isinstance(said.func, ast.Attribute):
        return said.func.attr == "text"
    return isinstance(said, ast.Attribute) or (isinstance(said, ast.JoinedStr) and words_in(said).strip() == "/")


def refusals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and words of every refusal that is made here, with those of the names it is put together from."""
    named: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):  # a function that words it
            named[node.name] = words_in(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        named[name.id] = f"{named.get(name.id, '')} {words_in(node.value)}"
    for node in ast.walk(tree):
        made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS
        if made and isinstance(node, ast.Call) and node.args and not passed_on(node.args[0]):
            names = {one.id for one in ast.walk(node.args[0]) if isinstance(one, ast.Name)}
            yield node.lineno, words_in(node.args[0]) + "".join(named.get(one, "") for one in sorted(names))


def test_every_refusal_speaks_both_languages() -> None:
    """No command, page or act refuses in English only, nor in Chinese only."""
    made = [
        (f"{path.relative_to(PACKAGE)}:{line}", words)
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, words in refusals(ast.parse(path.read_text("utf-8")))
    ]
    assert len(made) > 60
    assert [place for place, words in made if not CHINESE.search(words)] == []
    assert [place for place, words in made if not re.search(r"[a-z]{3} [a-z]", words)] == []
