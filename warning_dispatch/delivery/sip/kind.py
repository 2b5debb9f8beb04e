"""`adapter = "sip"`: the bureau's own lines on a SIP trunk, an E1 gateway or a PBX."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.delivery.endings import Fault, ending_faults
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.delivery.line_tests import last_results
from warning_dispatch.delivery.sip.channel import SipVoice
from warning_dispatch.delivery.sip.child import program_of
from warning_dispatch.delivery.sip.lines import Lines
from warning_dispatch.delivery.sip.options import SipOptions
from warning_dispatch.delivery.spoken.pinyin import read_pinyin
from warning_dispatch.delivery.spoken.site import scripts_in, unheard
from warning_dispatch.delivery.spoken.voices import missing_program
from warning_dispatch.errors import INFORMATION, ConfigError, Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.tomlfiles import both

MOST_LINES: Final = 240
LINES_FOLDER = "lines"


@dataclass(frozen=True, slots=True)
class SipKind:
    """SIP 中继."""

    name: str = "sip"
    channels: frozenset[Channel] = frozenset({Channel.VOICE})
    simulated: bool = False
    options: type[SipOptions] = SipOptions
    dies_with_us: bool = True

    def check(self, options: SipOptions, route: RouteFacts) -> Sequence[Finding]:
        """See the protocol."""
        found = [Finding(f"{route.where}.{key}", what, remedy) for key, what, remedy in _faults(options, route)]
        read_pinyin(route.config_dir, found)
        return [*found, *unheard(options, route), *_untested(route)]

    def hears(self, options: SipOptions, route: RouteFacts) -> bool:  # noqa: ARG002 - see Hearing
        """See Hearing: a trunk rings us where we are registered, or where lines are kept for it."""
        return bool(options.inbound or options.register_every_s)

    def build(self, options: SipOptions, tools: ChannelTools) -> SipVoice:
        """See the protocol."""
        facts = RouteFacts(
            tools.route,
            tools.channel,
            f"routes {tools.route}",
            tools.lines,
            secret=tools.secret,
            config_dir=tools.config_dir,
        )
        faults = [one for one in _faults(options, facts) if one[0] not in _MAY_COME]
        if faults or tools.lines is None or tools.state_dir is None:
            raise ConfigError([Finding(f"routes {tools.route}: {key}", what, remedy) for key, what, remedy in faults])
        folder = tools.state_dir / LINES_FOLDER / tools.route
        lines = Lines(
            options,
            count=tools.lines,
            folder=folder,
            password=tools.secret("password"),
            clock=tools.clock,
            log=tools.log,
            rings=lambda _line, _number: None,
        )
        return SipVoice(options, tools, lines, scripts_in(options, tools.config_dir, tools.state_dir), folder)


def _untested(route: RouteFacts) -> Iterator[Finding]:
    """Lines of which nobody knows whether they ring, or that did not the last time."""
    if route.state_dir is None:
        return
    last = [one for one in last_results(route.state_dir) if one.route == route.name]
    remedy = "warning-dispatch check --lines"
    if len(last) < (route.lines or 0):
        yield Finding(route.where, INFORMATION + both("有线路从未试拨过", "some lines have never been tried"), remedy)
    bad = [str(one.line) for one in last if not one.good and one.line <= (route.lines or 0)]
    if bad:
        words = "、".join(bad)
        what = both(f"上次试拨不正常的线：{words}", f"lines that were not good when last tried: {', '.join(bad)}")
        yield Finding(route.where, what, remedy)


_MAY_COME = frozenset({"options.program", "options.speak", "options.trunk"})
"""What is missing now and may be there when it is needed: a start does not fail for it, calls do."""


def _faults(options: SipOptions, route: RouteFacts) -> Iterator[Fault]:
    """Key, fault and remedy of what cannot work."""
    yield from _line_faults(options, route)
    if options.user and not route.secret("password"):
        what = both("没有口令", "there is no password")
        yield (
            "options.password_file",
            what,
            both("写 password_file，或用凭据、环境变量", "name password_file, or use a credential or the environment"),
        )
    if not set(options.user + route.secret("password")).isdisjoint(' ;<>"\r\n'):
        what = both(
            "口令里有空格、分号、引号或尖括号，话机程序读不了",
            "blanks, semicolons, quotes or brackets cannot be used in the password",
        )
        yield "options.password_file", what, both("请运营商换一个", "have another one set")
    if not program_of(options.program):
        what = both(f"没有程序 {options.program}", f"there is no program {options.program}")
        yield "options.program", what, both("安装 Debian 的 baresip-core", "apt-get install baresip-core")
    if program := missing_program(options):
        what = both(f"没有朗读程序 {program}", f"there is no program {program} to speak with")
        yield "options.speak", what, both("安装 espeak-ng，或改 speak", "apt-get install espeak-ng, or mend speak")
    host, _ = options.trunk_host
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        what = both(f"找不到中继 {host}", f"{host} cannot be found")
        yield "options.trunk", what, both("写地址，或检查 DNS", "write its address, or mend the DNS")
    yield from ending_faults("options.endings", options.endings, route)


def _line_faults(options: SipOptions, route: RouteFacts) -> Iterator[Fault]:
    if route.lines is None:
        what = both("没有写 lines：几条线就有几个话机程序", "has no lines: each of them is a process")
        yield "lines", what, both("写中继的并发路数", "as many calls as the trunk carries at once")
        return
    total = route.lines + options.inbound
    if total > MOST_LINES:
        what = both(f"{total} 条线多于 {MOST_LINES}", f"{total} lines are more than {MOST_LINES}")
        yield "lines", what, both("分到两台机器，或用 ari", "share them between machines, or use ari")
    last_sip, last_control = options.place(total - 1)
    rtp = range(options.rtp_from, options.rtp_until + 1)
    if options.sip_port in rtp or last_sip in rtp or options.control_port in rtp or last_control in rtp:
        what = both("SIP、控制端口与 RTP 端口重叠", "SIP or control ports lie among the RTP ports")
        yield "options.sip_port", what, both("错开", "keep them apart")
    if options.sip_port <= last_control and options.control_port <= last_sip + 1:
        what = both("SIP 端口与控制端口重叠", "SIP and control ports overlap")
        yield "options.control_port", what, both("错开", "keep them apart")


KIND: Final = SipKind()
