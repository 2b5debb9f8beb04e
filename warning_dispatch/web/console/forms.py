"""What became of a form of the console: what was written stays in its fields, and what is wrong stands beside them.

An act raises FindingsError whose findings name their field ("--phone", "理由 / reason"). The page on which the form stands
is shown again, and its templates ask `sent` for every field (macros `said` and `marks` of templates/console/_form.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from warning_dispatch.errors import DispatchError, Finding, FindingsError
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.console.screens import Screen
from warning_dispatch.web.console.sent import Sent
from warning_dispatch.web.console.visits import Visit, finding_text, half, in_words

REASON: Final = 200
"""Characters of a reason."""
Page = Callable[[Visit, Mapping[str, str]], Screen]


@dataclass(frozen=True, slots=True)
class FormPlace:
    """Where a form stands: its page, its name there, and its fields. `also`: a finding's word → the field it is about."""

    page: Page
    form: str
    fields: tuple[str, ...] = ("reason",)
    also: Mapping[str, str] = field(default_factory=dict)
    of: str = ""
    """The field that tells apart forms of one name on one page."""

    def sent(self, written: Mapping[str, str], error: DispatchError, words: Catalogue) -> Sent:
        """The form with what is wrong: each finding beside its field; above the form what has none."""
        wrong: dict[str, list[str]] = {}
        top: list[str] = []
        if not isinstance(error, FindingsError):
            top.append(in_words(error, words))
        for one in error.findings if isinstance(error, FindingsError) else ():
            name = self._field(one.where)
            if name:
                wrong.setdefault(name, []).append(_line(one, words))
            else:
                top.append(finding_text(one, words))
        which = f"{self.form}{written.get(self.of, '')}" if self.of else self.form
        return Sent(which, written, wrong, top)

    def _field(self, where: str) -> str:
        word = where.rpartition(" / ")[2].removeprefix("--").partition(" (")[0]
        name = self.also.get(word, word)
        return name if name in self.fields else ""


def _line(finding: Finding, words: Catalogue) -> str:
    """What is said beside a field, which needs no name there."""
    said = half(finding.what, words)
    return said + (f" → {half(finding.remedy, words)}" if finding.remedy else "")


def faults(form: Mapping[str, str], name: str, most: int = REASON, *, needed: bool = True) -> list[Finding]:
    """What is wrong with a field of words."""
    text = plain(form, name)
    found = []
    if needed and not text:
        missing = (
            both("请写明理由", "a reason is needed") if name == "reason" else both("请填写", "please fill this in")
        )
        found.append(missing)
    if len(text) > most:
        found.append(both(f"最多 {most} 个字，现有 {len(text)} 个", f"{most} characters at the most, not {len(text)}"))
    if any(not char.isprintable() and char != "\n" for char in text):
        found.append(both("含有控制字符", "it holds control characters"))
    return [Finding(f"--{name}", what) for what in found]


def text_of(form: Mapping[str, str], name: str, most: int = REASON, *, needed: bool = True) -> str:
    """The words of a field; FindingsError for what is wrong with them."""
    found = faults(form, name, most, needed=needed)
    if found:
        raise FindingsError(found)
    return plain(form, name)


def plain(form: Mapping[str, str], name: str) -> str:
    """What was written, line ends made one kind."""
    return form.get(name, "").replace("\r\n", "\n").strip()


def reason_of(form: Mapping[str, str]) -> str:
    """Why an officer does something: no act without it."""
    return text_of(form, "reason")
