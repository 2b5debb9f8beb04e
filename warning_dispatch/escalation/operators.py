"""运营商: whose network a mainland mobile number was given out by. PURE.

A hint and no more: a number may have been carried over to another network (携号转网), and a landline tells nothing.
"""

from __future__ import annotations

from enum import StrEnum


class Operator(StrEnum):
    """The four networks."""

    MOBILE = "mobile"
    """中国移动."""
    UNICOM = "unicom"
    """中国联通."""
    TELECOM = "telecom"
    """中国电信."""
    BROADCAST = "broadcast"
    """中国广电."""


_MAINLAND = "+86"
_LENGTH = len(_MAINLAND) + 11
_BLOCKS = {
    Operator.MOBILE: (
        "134 135 136 137 138 139 147 148 150 151 152 157 158 159 165 172 178 182 183 184 187 188 195 197 198 1703 1705 1706"
    ),
    Operator.UNICOM: "130 131 132 140 145 146 155 156 166 167 171 175 176 185 186 196 1704 1707 1708 1709",
    Operator.TELECOM: "133 141 149 153 162 173 174 177 180 181 189 190 191 193 199 1349 1700 1701 1702",
    Operator.BROADCAST: "192",
}
"""Blocks of the numbering plan (工信部号段), those of virtual operators by the network they run on."""
_OWNER = {block: operator for operator, blocks in _BLOCKS.items() for block in blocks.split()}


def operator_of(number: str) -> Operator | None:
    """The network of an E.164 number; None for landlines, other countries and blocks we do not know."""
    if not number.startswith(_MAINLAND) or len(number) != _LENGTH:
        return None
    own = number[len(_MAINLAND) :]
    return _OWNER.get(own[:4]) or _OWNER.get(own[:3])
