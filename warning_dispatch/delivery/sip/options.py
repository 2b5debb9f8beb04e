"""What a SIP route may say: [routes.options]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from warning_dispatch.delivery.sip.endings import Endings, shipped_endings
from warning_dispatch.delivery.spoken.options import SpokenOptions
from warning_dispatch.tomlfiles import ours

HOST = r"^[A-Za-z0-9.-]+(:[1-9][0-9]{0,4})?$"
PORTS_A_LINE = 4
"""SIP ports from one line to the next: the program takes the one above its own too, for TLS."""
Status = Annotated[str, Field(pattern=r"^[3-6][0-9]{2}$")]


class SipOptions(SpokenOptions):
    """SIP 线路. The secret `password` comes from the environment, a credential or `password_file`."""

    trunk: str = Field(pattern=HOST, max_length=200)
    """Gateway, session border controller or PBX: host or host:port."""
    transport: Literal["udp", "tcp"] = "udp"
    caller_id: str = Field(default="", pattern=r"^\+?[0-9]{3,15}$|^$")
    """Whom the called phone shows; empty: `user`."""
    user: str = Field(default="", pattern=r"^[A-Za-z0-9._+-]{0,64}$")
    """Digest authentication; empty: the trunk knows us by our address."""
    password_file: str = ""
    register_every_s: int = Field(default=0, ge=0, le=3_600)
    """Seconds of a registration; 0: the trunk wants none."""
    numbers: Literal["domestic", "e164", "plain"] = "domestic"
    """How numbers are dialled: 13…, 0358…; +8613…; 8613…"""
    prefix: str = Field(default="", pattern=r"^[0-9*#]{0,8}$")
    """Dialled in front of every number."""
    local: str = Field(default="", pattern=r"^[0-9a-fA-F.:]*$")
    """Our address that faces the trunk; empty: as the machine's routes have it."""
    sip_port: int = Field(default=5_070, ge=1_024, le=64_000)
    """Of the first line; each further one is four above."""
    control_port: int = Field(default=14_440, ge=1_024, le=64_000)
    """On loopback, of the first line; each further one is one above."""
    rtp_from: int = Field(default=20_000, ge=1_024, le=65_000)
    rtp_until: int = Field(default=29_999, ge=1_100, le=65_500)
    ring_s: int = Field(default=35, ge=5, le=90)
    """Seconds that a phone rings at the most."""
    inbound: int = Field(default=0, ge=0, le=30)
    """回拨: lines besides `lines` that take calls back and place none."""
    ping: bool = True
    """Ask the trunk now and then whether it is there (SIP OPTIONS)."""
    test_number: str = Field(default="", pattern=r"^\+?[0-9]{3,15}$|^$")
    """线路测试: a number of the bureau's own that `check --lines` rings."""
    endings: dict[Status, str] = Field(default_factory=dict)
    """SIP status → row of config/outcomes.toml, where this trunk differs from the shipped table."""
    program: str = Field(default="baresip", min_length=1)
    modules: str = "/usr/lib/baresip/modules"

    @model_validator(mode="after")
    def _fits(self) -> SipOptions:
        if self.rtp_until - self.rtp_from < 100:  # noqa: PLR2004 - some for every line, and those just freed
            raise ours("rtp_until", "RTP 端口至少要 100 个", "at least 100 RTP ports are needed")
        if self.register_every_s and not self.user:
            raise ours("user", "要注册就必须有 user", "a registration needs a user")
        if not self.caller_id and not self.user:
            raise ours("caller_id", "caller_id 与 user 至少写一个", "one of caller_id and user is needed")
        return self

    @property
    def table(self) -> Endings:
        """How calls end on this trunk."""
        return shipped_endings().changed(self.endings)

    @property
    def shown(self) -> str:
        """The user part we call from."""
        return self.caller_id or self.user

    @property
    def trunk_host(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.trunk.partition(":")
        return host, int(port or 5_060)

    def place(self, index: int) -> tuple[int, int]:
        """SIP port and control port of a line."""
        return self.sip_port + PORTS_A_LINE * index, self.control_port + index
