"""Whose call it was, where a provider tells only its own name of it: remembered, else looked up by number and name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from warning_dispatch.delivery.kinds import ChannelTools

REMEMBERED = 20_000
"""Names that are kept in memory: more than are under way at once."""


class References:
    """Provider's name → our attempt."""

    def __init__(self, tools: ChannelTools) -> None:
        """What is not remembered is asked of `tools.attempts_of`: another process handed it over, or this one before."""
        self._tools = tools
        self._kept: OrderedDict[str, int] = OrderedDict()

    def keep(self, ref: str, attempt_id: int) -> None:
        """Remember a name."""
        self._kept[ref] = attempt_id
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)

    async def find(self, asked: Sequence[tuple[str, str]]) -> Mapping[str, int]:
        """(ref, number in E.164) → the attempts that are known, by ref."""
        found = {ref: self._kept[ref] for ref, _ in asked if ref in self._kept}
        missing = [(ref, number) for ref, number in asked if ref not in found and number]
        if missing:
            told = await self._tools.attempts_of(missing)
            for ref, attempt_id in told.items():
                self.keep(ref, attempt_id)  # what is told of it next may come when it has ended
            found |= told
        return found
