"""预警来源与传播的设置: the shapes of [ingest.api], [ingest.file], [[ingest.push]], [[ingest.folder]], [[ingest.feed]], [[ingest.other]], [outward].

A leaf below settings. Secrets never stand here: a source or outlet names a file, or has a credential of its own name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from warning_dispatch.tomlfiles import Shape, ours

SHORTEST_GAP = 20
"""Seconds; health is written down every ten."""
SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
SenderPattern = Annotated[str, Field(pattern=r"^[0-9A-Za-z._@-]+\*?$")]
AreaPrefix = Annotated[str, Field(pattern=r"^\d{2,12}$")]
Address = Annotated[str, Field(pattern=r"^https?://[^/\s@]+(/\S*)?$")]
Host = Annotated[str, Field(pattern=r"^[0-9a-z.-]+$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ours(
            "sources", "没有这个时区，例如 Asia/Shanghai", "there is no such time zone, such as Asia/Shanghai"
        ) from None
    return name


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ours(
            "sources",
            "应为 IP 地址或网段，例如 127.0.0.1 或 10.1.0.0/16",
            "expected an address or network, such as 10.1.0.0/16",
        ) from None
    return text


class RulesShape(Shape):
    """What messages of a source are read by, and what it may say; what is left out is as usual."""

    senders: tuple[SenderPattern, ...] = ()
    """Allowed senders; empty: those of [ingest] alone. Both must allow a sender."""
    areas: tuple[AreaPrefix, ...] = ()
    """Division codes whose warnings it may bring; empty: all."""
    max_age_s: int | None = Field(default=None, ge=1)
    """Older warnings are stored, not called; left out: as in [ingest]."""
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    """Of times that name none."""
    encoding: Literal["", "UTF-8", "GB18030", "Big5", "UTF-16"] = ""
    """Tried once when bytes contradict what they declare."""
    mends: bool = False
    """Whether markup that the source is known to break is mended before reading."""
    radius: Literal["", "m", "km"] = ""
    """Unit of a circle's radius; empty: as the dialect has it."""
    colours: tuple[Literal["parameter", "headline", "awareness", "severity"], ...] = Field(
        default=("parameter", "headline", "awareness", "severity"), min_length=1
    )
    """Where the colour is told, in order of precedence."""
    certificates: tuple[str, ...] = ()
    """Files in PEM form; with any of them only signed messages are read."""
    sha1: bool = False
    """Whether the weak algorithms are taken too."""


class SourceShape(RulesShape):
    """What every configured source has."""

    name: SourceName
    gap_s: int = Field(default=0, ge=0)
    """Alarm when the way to it has been closed for so long; 0: never."""
    quiet_s: int = Field(default=0, ge=0)
    """Alarm when it has brought no message for so long; 0: never."""

    @property
    def kind(self) -> str:
        """push, folder, feed or other."""
        return type(self).__name__.removesuffix("Settings").lower()

    @property
    def tag(self) -> str:
        """As messages, items and health rows name it."""
        return f"{self.kind}:{self.name}"


class PushSettings(SourceShape):
    """[[ingest.push]] a system that sends by POST /api/v1/alerts."""

    auth: Literal["key", "hmac", "mtls"] = "key"
    api_key: str = ""
    """auth = "key": the name of its API key (`key add`)."""
    secret_file: str = ""
    """auth = "hmac": a file with the shared secret; the credential source-NAME wins."""
    window_s: int = Field(default=300, ge=10, le=3_600)
    """auth = "hmac": how far the time of a signature may be off."""
    proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    """auth = "mtls": addresses of the proxies that check the certificate."""
    subject_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-Client-Subject"
    """auth = "mtls": where the proxy writes the subject of a certificate that it has verified."""
    subjects: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """auth = "mtls": certificates that may send, as the proxy writes their subject."""

    @model_validator(mode="after")
    def _fits(self) -> PushSettings:
        if self.auth == "key" and not self.api_key:
            raise ours(
                "push", 'auth = "key" 时要写 api_key（密钥名称）', 'auth = "key" needs api_key, the name of a key'
            )
        if self.auth == "mtls" and not (self.proxies and self.subjects):
            raise ours(
                "push",
                'auth = "mtls" 时要写 proxies 和 subjects，否则谁都能冒充',
                'auth = "mtls" needs proxies and subjects, or anybody could pretend',
            )
        return self


class FolderSettings(SourceShape):
    """[[ingest.folder]] a folder that another system fills (FTP, SFTP, a share)."""

    path: str = Field(min_length=1)
    look_every_s: float = Field(default=1.0, ge=0.1, le=60)
    stable_s: float = Field(default=5.0, ge=0.5, le=600)
    """A file that is no whole message waits until it has not changed for so long."""
    receipts: bool = True
    """Whether receipts in the 12379 form are written."""
    receipt_from: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,40}$")] = "141100-OTH"
    receipt_to: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,40}$")] = "141100-AMP"
    gap_s: int = Field(default=60, ge=0)

    @model_validator(mode="after")
    def _gap_is_longer_than_a_look(self) -> FolderSettings:
        if 0 < self.gap_s < SHORTEST_GAP:
            raise ours("folder", f"gap_s 应为 0 或至少 {SHORTEST_GAP}", f"gap_s must be 0 or at least {SHORTEST_GAP}")
        return self


class FeedSettings(SourceShape):
    """[[ingest.feed]] an Atom or RSS feed of warnings that is polled."""

    url: Address
    every_s: int = Field(default=60, ge=10, le=3_600)
    hosts: tuple[Host, ...] = ()
    """Other hosts from which messages of the feed may be fetched."""
    private: bool = False
    """Whether the feed's own host is in the bureau's network; no other host ever may be."""
    prefixes: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]+$")], ...] = ()
    """Only entries whose id (its last part) begins with one of these; empty: all."""
    timeout_s: float = Field(default=20.0, gt=0, le=120)
    limit_kib: int = Field(default=8_192, ge=16, le=65_536)
    """The largest index or message taken."""
    gap_s: int = Field(default=900, ge=0)

    @model_validator(mode="after")
    def _gap_is_longer_than_a_poll(self) -> FeedSettings:
        if 0 < self.gap_s < 2 * self.every_s:
            raise ours("feed", "gap_s 应为 0 或至少是 every_s 的两倍", "gap_s must be 0 or at least twice every_s")
        return self


class OtherSettings(SourceShape):
    """[[ingest.other]] a source of a kind that another package brings (ingest/kinds.py)."""

    adapter: SourceName
    """The kind; what `options` may hold is the kind's to say."""
    every_s: float = Field(default=30.0, ge=1, le=3_600)
    """Seconds between two looks."""
    secret_file: str = ""
    """A file with its secret; the credential source-NAME wins."""
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """[ingest.other.options]: the kind's own keys."""
    gap_s: int = Field(default=300, ge=0)

    @model_validator(mode="after")
    def _gap_is_longer_than_a_look(self) -> OtherSettings:
        if 0 < self.gap_s < max(SHORTEST_GAP, 2 * self.every_s):
            raise ours("other", "gap_s 应为 0 或至少是 every_s 的两倍", "gap_s must be 0 or at least twice every_s")
        return self


class OutletSettings(Shape):
    """[[outward.outlet]] 传播单位: media, emergency broadcasting, radio, telecom."""

    name: SourceName
    url: Address
    secret_file: str = ""
    """The shared secret that signs posts; the credential outlet-NAME wins."""
    least: Literal["blue", "yellow", "orange", "red"] = "blue"
    areas: tuple[AreaPrefix, ...] = ()
    timeout_s: float = Field(default=10.0, gt=0, le=120)
    give_up_h: float = Field(default=24.0, gt=0, le=240)


def _once(things: Sequence[OutletSettings]) -> Sequence[OutletSettings]:
    refuse_doubles(one.name for one in things)
    return things


class OutwardSettings(Shape):
    """[outward] 传播."""

    feed: Literal["off", "key", "open"] = "key"
    """Who may read /feeds/alerts.atom: nobody, whoever has a key with the scope feed, everybody."""
    feed_page: int = Field(default=50, ge=1, le=500)
    outlet: Annotated[tuple[OutletSettings, ...], AfterValidator(_once)] = ()


def refuse_doubles(names: Iterable[str]) -> None:
    """A finding when a name stands twice."""
    listed = list(names)
    doubled = sorted({name for name in listed if listed.count(name) > 1})
    if doubled:
        text = ", ".join(doubled)
        raise ours("names", f"名称重复：{text}", f"names stand twice: {text}")
