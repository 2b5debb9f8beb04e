"""What other packages bring: things found by name in a group of entry points, imported when somebody names them, not before."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

from warning_dispatch.errors import Finding, NotFoundError
from warning_dispatch.tomlfiles import both


class KindNotFoundError(NotFoundError):
    """There is no such kind, or it cannot be imported."""

    def __init__(self, fault: str = "") -> None:
        """`fault`: what happened when it was imported; empty: there is none."""
        self.fault = fault
        super().__init__()


def names_in(group: str) -> set[str]:
    """The names in a group, without importing anything."""
    return {one.name for one in entry_points(group=group)}


def loaded_from(group: str, name: str) -> Any:
    """What goes by that name. KindNotFoundError when there is none, or when its package is broken."""
    found = next((one for one in entry_points(group=group) if one.name == name), None)
    if found is None:
        raise KindNotFoundError
    try:
        return found.load()
    except Exception as error:  # whatever another package does when it is imported
        raise KindNotFoundError(f"{found.value}: {type(error).__name__}") from error


def no_such_kind(where: str, adapter: str, known: Sequence[str], error: KindNotFoundError) -> Finding:
    """What `check` says of it: broken, or not there, and which name was probably meant."""
    if error.fault:
        what = both(
            f"接法 {adapter} 的程序包装不进来：{error.fault}",
            f"the package of {adapter} cannot be imported: {error.fault}",
        )
    else:
        what = both(f"没有接法 {adapter}", f"there is no adapter {adapter}")
    near = difflib.get_close_matches(adapter, known, n=1)
    guess = both(f"是否应为 {near[0]}？", f"did you mean {near[0]}? ") if near and not error.fault else ""
    names = ", ".join(known) or both("一个也没有装", "none is installed")
    return Finding(f"{where}.adapter", what, f"{guess}{both('已有的接法：', 'known: ')}{names}")
