"""Areas: names and division codes, digits as given, in lists that are meant to run in parallel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.ingest.shapes import circles_of, rings_of
from warning_dispatch.model.alert import AlertArea

# ASCII and full-width comma and semicolon; the second set has the Chinese pause mark as well.
_COMMAS = re.compile("[,\uff0c;\uff1b]")
_COMMAS_AND_PAUSES = re.compile("[,\uff0c;\uff1b\u3001]")
_MAX_WRITTEN = 40
_CODE = re.compile(r"[0-9]{4,14}")


def split_list(text: str, commas: re.Pattern[str] = _COMMAS) -> list[str]:
    """The items between ASCII or full-width commas or semicolons; empty ones count but for those at the end."""
    items = [item.strip() for item in commas.split(text)]
    while items and not items[-1]:
        items.pop()
    return items


def read_code(text: str, element: Element, notes: Notes) -> str | None:
    """A division code of 4 to 14 ASCII digits; full-width digits are read, anything else is noted and left out."""
    if len(text) > _MAX_WRITTEN:
        notes.odd(Odd.AREA_CODE_IGNORED, element, value=text)
        return None
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not _CODE.fullmatch(plain):
        notes.odd(Odd.AREA_CODE_IGNORED, element, value=text)
        return None
    if plain != text:
        notes.odd(Odd.AREA_CODE_FORM, element, value=text)
    return plain


def paired_areas(description: str, geocode: str, element: Element, notes: Notes) -> list[AlertArea]:
    """The areas of parallel comma lists, one per pair; one area for all when the lists do not run in parallel."""
    codes = split_list(geocode, _COMMAS_AND_PAUSES)
    names = split_list(description)
    shapes = (rings_of(element, notes, lines=True), circles_of(element, notes, metres=True))
    if len(names) != len(codes):
        names = split_list(description, _COMMAS_AND_PAUSES)
    if not codes:
        notes.odd(Odd.AREA_WITHOUT_CODE, element)
        return [AlertArea(description, (), *shapes)] if description or any(shapes) else []
    if len(names) == len(codes):
        return [_area(name, [code], element, notes) for name, code in zip(names, codes, strict=True) if name or code]
    notes.odd(Odd.AREA_LISTS_DIFFER, element, value=f"{len(names)} ≠ {len(codes)}")
    return [replace(_area(description, codes, element, notes), polygons=shapes[0], circles=shapes[1])]


def _area(name: str, codes: Sequence[str], element: Element, notes: Notes) -> AlertArea:
    read = (read_code(code, element, notes) for code in codes if code)
    return AlertArea(name, tuple(dict.fromkeys(code for code in read if code)))


def without_repeats(areas: Iterable[AlertArea], info: Element, notes: Notes) -> tuple[AlertArea, ...]:
    """Each area once, in order; one code under two names is kept and noted."""
    kept = tuple(dict.fromkeys(areas))
    codes = [code for area in kept for code in area.geocodes]
    if len(set(codes)) < len(codes):
        notes.odd(Odd.AREA_CODE_REPEATED, info, "area")
    return kept
