"""预警颜色: the colour of a Chinese warning signal."""

from __future__ import annotations

from enum import IntEnum


class Colour(IntEnum):
    """预警颜色. Ordered; not the same as CAP severity."""

    BLUE = 1
    """蓝色 Ⅳ级 一般."""
    YELLOW = 2
    """黄色 Ⅲ级 较重."""
    ORANGE = 3
    """橙色 Ⅱ级 严重."""
    RED = 4
    """红色 Ⅰ级 特别严重."""

    @property
    def key(self) -> str:
        """Lower-case name for files, JSON and style sheets."""
        return self.name.lower()

    @property
    def chinese(self) -> str:
        """The character used on Chinese pages: 蓝, 黄, 橙, 红."""
        return "蓝黄橙红"[self - 1]
