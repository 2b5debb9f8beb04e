"""`adapter = "ari"`: calls by the site's own Asterisk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from warning_dispatch.delivery.ari.channel import AriVoice
from warning_dispatch.delivery.ari.client import Ari
from warning_dispatch.delivery.ari.options import AriOptions
from warning_dispatch.delivery.endings import Fault, ending_faults
from warning_dispatch.delivery.http import is_loopback
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.delivery.spoken.pinyin import read_pinyin
from warning_dispatch.delivery.spoken.site import scripts_in, unheard
from warning_dispatch.delivery.spoken.voices import missing_program
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.tomlfiles import both


@dataclass(frozen=True, slots=True)
class AriKind:
    """Asterisk."""

    name: str = "ari"
    channels: frozenset[Channel] = frozenset({Channel.VOICE})
    simulated: bool = False
    options: type[AriOptions] = AriOptions

    def check(self, options: AriOptions, route: RouteFacts) -> Sequence[Finding]:
        """See the protocol."""
        found = [Finding(f"{route.where}.{key}", what, remedy) for key, what, remedy in _faults(options, route)]
        read_pinyin(route.config_dir, found)
        return [*found, *unheard(options, route)]

    def hears(self, options: AriOptions, route: RouteFacts) -> bool:  # noqa: ARG002 - see Hearing
        """See Hearing: who rings the PBX is the PBX's affair."""
        return False

    def build(self, options: AriOptions, tools: ChannelTools) -> AriVoice:
        """See the protocol."""
        facts = RouteFacts(
            tools.route, tools.channel, "", tools.lines, secret=tools.secret, config_dir=tools.config_dir
        )
        faults = [one for one in _faults(options, facts) if one[0] != "options.speak"]
        if faults or tools.state_dir is None:
            raise ConfigError([Finding(f"routes {tools.route}: {key}", what, remedy) for key, what, remedy in faults])
        ari = Ari(tools.route, options, tools.secret("password"))
        return AriVoice(options, tools, ari, scripts_in(options, tools.config_dir, tools.state_dir))


def _faults(options: AriOptions, route: RouteFacts) -> Iterator[Fault]:
    """Key, fault and remedy of what cannot work."""
    if route.lines is None:
        what = both("没有写 lines", "has no lines")
        yield "lines", what, both("写 PBX 给本系统的并发路数", "as many calls as the PBX gives us at once")
    if not route.secret("password"):
        what = both("没有口令", "there is no password")
        yield (
            "options.password_file",
            what,
            both("写 password_file，或用凭据、环境变量", "name password_file, or use a credential or the environment"),
        )
    parts = urlsplit(options.url)
    if parts.scheme == "http" and not options.cleartext and not is_loopback(parts.hostname or ""):
        what = both("口令会明文传过网络", "would carry the password over the network in clear")
        yield (
            "options.url",
            what,
            both("用 https，或在内网写 cleartext = true", "use https, or cleartext = true inside the bureau's network"),
        )
    if program := missing_program(options):
        what = both(f"没有朗读程序 {program}", f"there is no program {program} to speak with")
        yield "options.speak", what, both("安装 espeak-ng，或改 speak", "apt-get install espeak-ng, or mend speak")
    yield from ending_faults("options.causes", options.causes, route)


KIND: Final = AriKind()
