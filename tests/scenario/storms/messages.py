"""Warnings as their issuers compose them: 12379 messages made from a few facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from warning_dispatch.clock import beijing_text, iso_text

CITY = "14110041600000"
"""The sender code of the city's observatory."""

COLOURS = {
    "Red": ("红色", "Ⅰ级/特别严重"),
    "Orange": ("橙色", "Ⅱ级/严重"),
    "Yellow": ("黄色", "Ⅲ级/较重"),
    "Blue": ("蓝色", "Ⅳ级/一般"),
}
HAZARDS = {"rainstorm": ("11B03", "暴雨"), "thunderstorm_gale": ("11B58", "雷暴大风")}


def county_sender(county: str) -> str:
    """The sender code of a county's observatory."""
    return f"{county}41600000"


def geocode(area: str) -> str:
    """A trimmed area code as messages write it: twelve digits."""
    return area.ljust(12, "0")


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What an issuer says at `sent` (ms): `areas` are trimmed codes, `refers` the identifier of an earlier message."""

    sender: str
    sent: int
    kind: str
    colour: str
    areas: tuple[str, ...]
    hazard: str = "rainstorm"
    refers: str = ""
    status: str = "Actual"
    expires: int | None = None
    identifier: str = field(default="", kw_only=True)

    @property
    def named(self) -> str:
        """Its identifier: of its own, or made from the moment as the national system does."""
        return self.identifier or f"{self.sender}_{beijing_text(self.sent, '%Y%m%d%H%M%S')}"

    @property
    def issuer_area(self) -> str:
        """The trimmed code of the issuer's own area."""
        return "1411" if self.sender == CITY else self.sender[:6]

    def __str__(self) -> str:
        """One line for the story of a storm."""
        refers = f" of …{self.refers[-6:]}" if self.refers else ""
        return (
            f"{self.issuer_area}: {self.kind} {self.hazard} {self.colour} {self.status} {','.join(self.areas)}{refers}"
        )


def compose(bulletin: Bulletin) -> bytes:
    """The message as it comes in, element by element as in config/samples."""
    chinese, grade = COLOURS[bulletin.colour]
    code, hazard = HAZARDS[bulletin.hazard]
    place = f"{bulletin.issuer_area}气象台"
    headline = f"{place}发布{hazard}{chinese}预警信号[{grade}]"
    expires = "" if bulletin.expires is None else _moment(bulletin.expires)
    areas = "".join(
        f"<area><areaDesc>{area}</areaDesc><polygon/><circle/><geocode>{geocode(area)}</geocode></area>"
        for area in bulletin.areas
    )
    return _MESSAGE.format(
        identifier=bulletin.named,
        place=place,
        sender=bulletin.sender,
        sent=_moment(bulletin.sent),
        status=bulletin.status,
        kind=bulletin.kind,
        refers=escape(bulletin.refers),
        code=code,
        colour=bulletin.colour,
        expires=expires,
        headline=headline,
        areas=areas,
    ).encode()


def _moment(ms: int) -> str:
    return iso_text(ms).replace("T", " ")


_MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<alert>
  <identifier>{identifier}</identifier>
  <sender>{place}</sender>
  <senderCode>{sender}</senderCode>
  <sendTime>{sent}</sendTime>
  <status>{status}</status>
  <msgType>{kind}</msgType>
  <scope>Public</scope>
  <code><method><methodName>SMS</methodName><message/><audienceGrp>1,</audienceGrp></method></code>
  <secClassification>None</secClassification>
  <note/>
  <references>{refers}</references>
  <info>
    <language>zh-CN</language>
    <eventType>{code}</eventType>
    <urgency>Unknown</urgency>
    <severity>{colour}</severity>
    <certainty>Unknown</certainty>
    <effective>{sent}</effective>
    <onset/>
    <expires>{expires}</expires>
    <senderName>张某</senderName>
    <headline>{headline}</headline>
    <description>{headline}：预计未来3小时将有强天气，请立即采取防御措施。</description>
    <instruction>危险区域人员立即转移避险。</instruction>
    <web/>
    {areas}
  </info>
</alert>
"""
