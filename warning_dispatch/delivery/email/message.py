"""One attempt as a mail: headers that cannot be forged, the text, and the same as simple HTML with the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from warning_dispatch.clock import BEIJING
from warning_dispatch.delivery.email.route import EmailRoute, read_address
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.ports import Dispatch

CONFIRM_LABEL = {"zh-CN": "打开确认页面", "en": "Open the page to confirm"}
_BUTTON = (
    "display:inline-block;padding:14px 28px;background:#b00020;color:#ffffff;"
    "font-size:20px;text-decoration:none;border-radius:6px"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready for the wire. `sender` and `recipient` are the envelope's, `content` has CRLF line ends and is 7-bit."""

    message_id: str
    sender: str
    recipient: str
    content: bytes


def build_mail(route: EmailRoute, dispatch: Dispatch, now: int, tokens: Tokens) -> Mail:
    """The mail of one attempt, dated `now` (ms). ValueError when its address can never receive mail.

    The Message-ID is the attempt's, so that a repeat of the same attempt is known as such by the servers on the way.
    DKIM is the relay's: it signs what leaves the bureau, and its key has no business here.
    """
    recipient = read_address(dispatch.address)
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = message_id = tokens.message_id(dispatch, recipient.addr_spec, route.from_address.domain)
    message["Date"] = format_datetime(datetime.fromtimestamp(now // 1000, UTC).astimezone(BEIJING))
    message["From"] = route.from_address
    message["To"] = Address(addr_spec=recipient.addr_spec)
    if route.reply_to:
        message["Reply-To"] = read_address(route.reply_to)
    message["Subject"] = one_line(dispatch.subject)
    message["Auto-Submitted"] = "auto-generated"
    language = one_line(dispatch.language.replace("_", "-"))
    text = dispatch.text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair must not stop a warning
    message.set_content(text, subtype="plain", charset="utf-8", cte="base64")
    html = html_body(text, dispatch.link, language)
    message.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    message["Content-Language"] = language  # last: add_alternative moves every Content- header into the parts
    sender = route.return_path(tokens.return_token(dispatch.attempt_id))
    return Mail(message_id, sender, recipient.addr_spec, message.as_bytes(policy=SMTP))


def one_line(text: str) -> str:
    """Text for a header: whatever could end a line becomes a space."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def html_body(text: str, link: str, language: str) -> str:
    """The text as one paragraph per line; the receiver's link as a large button, and in letters below it. `language` as "zh-CN"."""
    paragraphs = []
    for line in text.splitlines():
        safe = escape(line)
        if link and link in line:
            label = escape(CONFIRM_LABEL.get(language, CONFIRM_LABEL["zh-CN"]))
            target = escape(link)
            button = f'<a href="{target}" style="{_BUTTON}">{label}</a><br>'
            safe = button + safe.replace(target, f'<a href="{target}">{target}</a>')
        if safe:
            paragraphs.append(f"<p>{safe}</p>")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    body = "\n".join(paragraphs)
    return f'<!doctype html>\n<html lang="{escape(language)}"><head>{head}</head>\n<body style="font-size:18px">\n{body}\n</body></html>\n'
