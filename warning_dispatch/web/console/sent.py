"""A form of the console as it was sent, for the templates of its page (macros `said` and `marks` of console/_form.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was refused; empty: none was. `form`: which of its page's forms.

    `asked` collects the fields for which the page has a place, so that nothing is left unsaid where it has none.
    """

    form: str = ""
    written: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)
    top: Sequence[str] = ()
    asked: set[str] = field(default_factory=set)

    def value(self, form: str, name: str, usual: str = "") -> str:
        """What stands in a field: as it was written, else as usual."""
        return self.written.get(name, "") if form == self.form else usual

    def ticks(self, form: str, name: str) -> Sequence[str]:
        """The boxes of a name that were ticked."""
        return self.value(form, name).split()

    def said(self, form: str, name: str) -> Sequence[str]:
        """What is wrong with a field."""
        if form != self.form:
            return ()
        self.asked.add(name)
        return self.wrong.get(name, ())

    def marks(self, form: str, name: str, id_: str, note: str = "") -> Mapping[str, str]:
        """Attributes of a field: whether it is wrong, what describes it (`note` always does); the first wrong one has the focus."""
        if not self.said(form, name):
            return {"aria-describedby": note} if note else {}
        described = f"{note} {id_}-said".strip()
        return {"aria-invalid": "true", "autofocus": "", "aria-describedby": described}

    def group(self, form: str, name: str, id_: str) -> Mapping[str, str]:
        """Attributes of a frame around boxes."""
        return {"aria-describedby": f"{id_}-said"} if self.said(form, name) else {}

    @property
    def all_said(self) -> bool:
        """Whether the page, once it is rendered, has had a place for everything."""
        return self.wrong.keys() <= self.asked
