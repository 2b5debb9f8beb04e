"""[records] of config/warning-dispatch.toml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from warning_dispatch.tomlfiles import Shape


class RecordSettings(Shape):
    """[records] 叫应记录."""

    organisation: Annotated[str, Field(min_length=1, max_length=60)] = "吕梁市气象局"
    """Who makes the record forms out, as it stands on them."""
