"""应答途径: by which ways people can answer an installation's messages, so that no text asks for what cannot be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warning_dispatch.delivery.configured import ConfiguredRoute
from warning_dispatch.delivery.kinds import Hearing
from warning_dispatch.errors import FindingsError
from warning_dispatch.model.unit import Channel


@dataclass(frozen=True, slots=True)
class Ways:
    """`linked`: texts carry links, because the pages have a public address. `replies`: channels whose written answers reach us.

    `call_back`: whether somebody who rings the displayed number hears what is open; None: no route rings anybody.
    """

    linked: bool = True
    replies: frozenset[Channel] = frozenset({Channel.SMS})
    call_back: bool | None = None


def ways_of(routes: Sequence[ConfiguredRoute], *, linked: bool) -> Ways:
    """What holds whichever route a message takes: a way that only some of them have is not promised."""
    heard = {channel: [_hears(one) for one in routes if one.facts.channel is channel] for channel in Channel}
    calls = [one for one in heard[Channel.VOICE] if one is not None]
    return Ways(
        linked=linked,
        replies=frozenset(one for one in (Channel.SMS, Channel.EMAIL) if heard[one] and all(heard[one])),
        call_back=all(calls) if calls else None,
    )


def _hears(one: ConfiguredRoute) -> bool | None:
    """What the kind says of itself; one that says nothing is taken to hear replies and no calls."""
    if not isinstance(one.kind, Hearing):
        return one.facts.channel is not Channel.VOICE
    try:
        return one.kind.hears(one.options, one.facts)
    except FindingsError:  # said where routes are checked; until it is mended nothing is promised
        return False


def in_words(ways: Ways, channels: Iterable[Channel]) -> tuple[str, str]:
    """What works, in Chinese and in English, for `check`; `channels`: those that have a route."""
    carried = set(channels)
    chinese = ["链接：" + ("有" if ways.linked else "不写（没有公网地址 web.public_url）")]
    english = ["links: " + ("yes" if ways.linked else "left out (no web.public_url)")]
    for channel, name, word in ((Channel.SMS, "短信回复", "SMS replies"), (Channel.EMAIL, "邮件回复", "mail replies")):
        if channel in carried:
            chinese.append(f"{name}：" + ("收得到" if channel in ways.replies else "收不到，文中不请人回复"))
            english.append(f"{word}: " + ("heard" if channel in ways.replies else "not heard, no text asks for one"))
    if ways.call_back is not None:
        chinese.append("回拨：" + ("接得到" if ways.call_back else "接不到，短信写明勿回拨"))
        english.append("calls back: " + ("heard" if ways.call_back else "not heard, messages say so"))
    return "；".join(chinese), "; ".join(english)
