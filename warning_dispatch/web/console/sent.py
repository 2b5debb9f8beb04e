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

    @property
    def all_said(self) -> bool:
        """Whether the page, once it is rendered, has had a place for everything."""
        return self.wrong.keys() <= self.asked
