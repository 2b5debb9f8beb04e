"""Names of places as division codes, for areas that a message only describes. PURE.

「临县、方山县大部」, 「吕梁市」, 「临县白文镇」: a description is read from the left, county before township before
village, each below the one before. A village's bare name repeats all over the prefecture and is only looked for below
a place that was named, or in the county of the issuer. What fits several places is ambiguous, and a human decides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_SEPARATORS = re.compile("[\\s,\uff0c;\uff1b\u3001/|。()\uff08\uff09]+")
_AND = re.compile("[和及与以]+")
_QUALIFIERS = re.compile(
    "(?:的|所有|各|大部分?|部分|局部|局地|全部|全域|全境|境内|[东南西北中]{1,2}部|周边|沿线|一带|等地?|地区|山区|平川|"
    "辖区|范围|区域|乡镇|街道|镇村|上述)+$"
)
_WHOLE = re.compile("(?:我|全|本)(?:市|县|区)(?:范围)?")
_PROVINCE = re.compile("^山西省?")
_ENDINGS = re.compile(
    "(?:社区居民委员会|社区居委会|村民委员会|居民委员会|村委会|居委会|社区|街道办事处|街道|地区|自治县|[市县区乡镇村])$"
)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_SHORTEST = 2
_CITY, _COUNTY, _VILLAGE = 4, 6, 12
_LONGEST = 60
_MOST = 400


@dataclass(frozen=True, slots=True)
class Named:
    """What descriptions mean: `codes` as the register has them, and the words that fit several places or none."""

    codes: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class PlaceNames:
    """The divisions of the register by their names, long and short."""

    def __init__(self, divisions: Iterable[tuple[str, str]], within: str) -> None:
        """`divisions`: trimmed code and name. `within`: our own area."""
        index: defaultdict[str, set[str]] = defaultdict(set)
        for code, name in divisions:
            for form in _forms(name):
                index[form].add(code)
        self._index: Mapping[str, set[str]] = index
        self._known = frozenset(code for found in index.values() for code in found)
        self._within = within

    def find(self, descriptions: Iterable[str], own: str) -> Named:
        """What the descriptions mean. `own`: the issuer's area, in which it may speak without naming it."""
        codes: dict[str, None] = {}
        ambiguous: dict[str, None] = {}
        unknown: dict[str, None] = {}
        for word in _words(descriptions):
            found = self._one(word, own)
            for part in _AND.split(word) if not found and _AND.search(word) else (word,):
                found = self._one(part, own)
                if len(found) == 1:
                    codes.update(dict.fromkeys(found))
                elif part:
                    (ambiguous if found else unknown)[part[:_LONGEST]] = None
        return Named(tuple(codes), tuple(ambiguous), tuple(unknown))

    def beside(self, description: str, codes: Sequence[str], own: str) -> Named:
        """What a description names beside the places whose codes (trimmed) were given with it.

        A word that means one of those places, or something in them, says nothing new, and neither does the county or
        city before a name. A larger place than a code says is left to a human, who alone knows whether all of it is meant.
        A county that has the name of a village in those places is meant too where it stands beside counties (兴县、柳林);
        where it does not, or where a county speaks, a human decides.
        """
        found: dict[str, None] = {}
        ambiguous: dict[str, None] = {}
        unknown: dict[str, None] = {}
        codes = [code for code in codes if code.startswith(self._within) or self._within.startswith(code)]
        names = self._names(description, codes, own)
        meant = {word: self._there(word, codes, own) for word in names}
        plain = {word for word in meant if (counties := self._counties(word)) and counties <= meant[word]}
        for word, following in zip(names, [*names[1:], ""], strict=True):
            means = meant[word]
            if rivals := {one for one in self._counties(word) - means if not any(map(one.startswith, codes))}:
                if plain and len(own) < _COUNTY:
                    found.update(dict.fromkeys(sorted(rivals)))
                else:
                    ambiguous[word[:_LONGEST]] = None
            if any(one.startswith(code) for one in means for code in codes):
                continue
            if len(means) != 1:
                (ambiguous if means else unknown)[word[:_LONGEST]] = None
            elif not any(code.startswith(one) for one in means for code in codes):
                found.update(dict.fromkeys(means))
            elif not any(following and self._below(following[:_LONGEST], one, bare=False) for one in means):
                ambiguous[word[:_LONGEST]] = None
        return Named(tuple(found), tuple(ambiguous), tuple(unknown))

    def _names(self, description: str, codes: Sequence[str], own: str) -> Sequence[str]:
        """The names of a description; one with an “and” in it (义和) stays whole where it is a place."""
        wholes = _telling(_words([description]))
        return [
            part
            for word in wholes
            for part in ([word] if self._there(word, codes, own) else _telling(_AND.split(word)))
        ]

    def _there(self, word: str, codes: Sequence[str], own: str) -> set[str]:
        """The places that a word may mean, in those of the codes before any other."""
        for county in dict.fromkeys(code[:_COUNTY] for code in codes if code[:_COUNTY] in self._known):
            if found := self._below(_PROVINCE.sub("", word[:_LONGEST]), county, bare=True):
                return found
        return self._one(word, own)

    def _counties(self, word: str) -> set[str]:
        """Our counties of which the whole word is the name or its short form."""
        whole = _QUALIFIERS.sub("", _PROVINCE.sub("", word[:_LONGEST]))
        return {one for one in self._index.get(whole, ()) if len(one) == _COUNTY and one.startswith(self._within)}

    def _one(self, word: str, own: str) -> set[str]:
        """The places that one word may mean."""
        word = _PROVINCE.sub("", word[:_LONGEST])
        if _WHOLE.fullmatch(word):
            return {own if len(own) >= _CITY else self._within}
        for scope in dict.fromkeys((own, self._within)):
            if scope.startswith(self._within):
                found = self._below(word, scope, bare=True)
                if found:
                    return found
        return set()

    def _below(self, word: str, scope: str, *, bare: bool) -> set[str]:
        """Places below `scope` (or itself) that the word names from its beginning to its end."""
        for end in range(len(word), _SHORTEST - 1, -1):
            here = {one for one in self._index.get(word[:end], ()) if one.startswith(scope)}
            if bare and len(scope) < _COUNTY:
                here = {one for one in here if len(one) < _VILLAGE}
                here = {one for one in here if len(one) <= _COUNTY} or here  # 孝义 is the city before it is a town
            if not here:
                continue
            rest = _QUALIFIERS.sub("", word[end:])
            if not rest:
                found = here
            else:
                found = {deeper for one in here for deeper in self._below(rest, one, bare=False) if deeper != one}
            if found:
                return found
        stripped = _QUALIFIERS.sub("", word)
        return self._below(stripped, scope, bare=bare) if stripped != word else set()


def count_names(description: str) -> int:
    """How many places a description in Chinese may name; of a translation none are counted."""
    if not _CHINESE.search(description):
        return 0
    return len(_telling(part for word in _words([description]) for part in _AND.split(word)))


def _telling(words: Iterable[str]) -> list[str]:
    """Without what only qualifies (部分地区) or says the province."""
    return [word for word in words if _QUALIFIERS.sub("", _PROVINCE.sub("", word[:_LONGEST]))]


def _forms(name: str) -> Sequence[str]:
    """A name and its short form, when that still says something."""
    short = _ENDINGS.sub("", name)
    return (name, short) if len(short) >= _SHORTEST and short != name else (name,)


def _words(descriptions: Iterable[str]) -> Sequence[str]:
    found = [word for text in descriptions for word in _SEPARATORS.split(text) if word]
    return list(dict.fromkeys(found))[:_MOST]
