"""`check` and a Twilio route: what it cannot do is said, and its secret is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TOKEN = "5ecret0fTheAccount"
ACCOUNT = "AC" + "5e" * 16


def routes(secret: Path, *others: dict[str, object], **options: object) -> str:
    """A Twilio route for calls and one for messages, as the environment has it."""
    own = {"account_sid": ACCOUNT, "auth_token_file": str(secret), "from_numbers": ["+12025550100"], **options}
    ours = [{"name": f"twilio-{one}", "channel": one, "adapter": "twilio", "options": own} for one in ("voice", "sms")]
    rest = [
        {"name": "mail", "channel": "email", "adapter": "simulated"},
        {"name": "operator", "channel": "operator", "adapter": "operator"},
    ]
    return json.dumps([*ours, *rest, *others])


def secret_file(keyboard: Any, mode: int = 0o600) -> Path:
    """The token, for its owner alone unless told otherwise."""
    path: Path = keyboard.folder / "token"
    path.write_text(TOKEN)
    path.chmod(mode)
    return path


def checked(keyboard: Any, given: str, **environ: str) -> tuple[str, str]:
    """Findings and notices about routes, and everything that was printed."""
    environ = {"WARNING_DISPATCH_ROUTES": given, "WARNING_DISPATCH_WEB__CALLBACK_URL": "https://x.example", **environ}
    said = keyboard.run("check", "--offline", "--json", **environ)
    plain = keyboard.run("check", "--offline", **environ)
    document = said.document
    found = [one for one in (*document["findings"], *document["notices"]) if one["area"] == "routes"]
    return json.dumps(found, ensure_ascii=False), said.out + said.err + plain.out + plain.err


def test_a_register_of_mainland_numbers_needs_another_voice_route(keyboard: Any) -> None:
    """Twilio alone rings nobody there: that is a finding; and what it cannot do is said of each of its routes."""
    found, _ = checked(keyboard, routes(secret_file(keyboard)))
    assert "no voice route reaches +86 numbers (twilio-voice): NOBODY would be reached" in found
    assert "Twilio rings no number in mainland China (+86)" in found
    assert "to +86 Twilio carries no links" in found
    simulated = {"name": "own", "channel": "voice", "adapter": "simulated"}
    again, _ = checked(keyboard, json.dumps([simulated, *json.loads(routes(secret_file(keyboard)))[1:]]))
    assert "NOBODY would be reached" not in again


def test_no_output_holds_the_token(keyboard: Any) -> None:
    """Neither what is right nor what is wrong with a route prints its secret; a file that others can read is refused."""
    _, said = checked(keyboard, routes(secret_file(keyboard)))
    _, wrong = checked(
        keyboard, routes(secret_file(keyboard), region="UP ER", voices={"zh_CN": 1}, unknown=TOKEN[::-1])
    )
    _, open_to_all = checked(keyboard, routes(secret_file(keyboard, 0o644)))
    _, by_variable = checked(keyboard, routes(Path()), WARNING_DISPATCH_ROUTE__TWILIO_VOICE__AUTH_TOKEN=TOKEN)
    assert "0644" in open_to_all or "600" in open_to_all
    for text in (said, wrong, open_to_all, by_variable):
        assert TOKEN not in text
        assert "Traceback" not in text
