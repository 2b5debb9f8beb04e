"""机构清单: contacts/offices.toml, the offices that stand beside the divisions, read with every problem at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warning_dispatch.errors import Finding
from warning_dispatch.registry.tables import decode

_Name = Annotated[str, Field(min_length=1, max_length=60)]
_OFFICE_CODE = r"^\d{4,12}-[A-Za-z0-9_]+$"


class _Strict(BaseModel):
    """A misspelt key is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CityHead(_Strict):
    """The prefecture itself, which the list of divisions does not hold. `code` has 4 digits."""

    code: Annotated[str, Field(pattern=r"^\d{4}$")]
    name: _Name


class Bureau(_Strict):
    """气象局: whom the system calls when it needs a human, post by post in the order of config/chains/bureau.toml."""

    name: _Name
    duty: _Name = "值班室"
    shift: _Name = "带班领导"
    director: _Name = "局长"


class Department(_Strict):
    """部门: `sector` is its line (water, emergency …) and the end of its code."""

    sector: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    name: _Name


class PlaceOffices(_Strict):
    """Offices of the city, or of every county. `{place}` is the place's name, `{head}` its head's title."""

    leaders: tuple[_Name, ...] = ()
    departments: tuple[Department, ...] = ()


class Offices(_Strict):
    """The whole file. `absent` and `renamed` (by unit code) are what differs in one county."""

    city: CityHead
    bureau: Bureau
    city_offices: PlaceOffices
    county_offices: PlaceOffices
    not_called: tuple[_Name, ...] = ()
    absent: tuple[Annotated[str, Field(pattern=_OFFICE_CODE)], ...] = ()
    renamed: dict[Annotated[str, Field(pattern=_OFFICE_CODE)], _Name] = Field(default_factory=dict)


def read_offices(path: Path) -> Offices | list[Finding]:
    """The offices, or every problem by its key."""
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        return [Finding(path.name, f"读不了 / cannot be read: {error.strerror}", "检查文件 / check the file")]
    if isinstance(text, Finding):
        return [Finding(path.name, text.what, text.remedy)]
    try:
        return Offices.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return [Finding(path.name, f"不是 TOML / not TOML: {error}", "")]
    except ValidationError as error:
        return [
            Finding(f"{path.name}: {_key(each['loc'])}", f"填写不正确 / wrong value: {each['msg']}", "")
            for each in error.errors(include_url=False, include_input=False)
        ]


def _key(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")
