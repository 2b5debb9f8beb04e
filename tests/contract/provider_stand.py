"""A provider on loopback: speaks real HTTP in the words of each shipped provider, and fails in every way asked for.

It keeps what it is sent, answers as a script says (an error, a silence, half an answer), and writes the callbacks that the
provider would send: a key, a state, a reason, a delivery, a reply.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PURPOSES = ("call", "notice", "all_clear", "self")


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """The query, decoded."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """An answer. `after` seconds; `cut`: so many bytes of it, then the connection ends; `silent`: none at all."""

    status: int = 200
    body: bytes = b""
    after: float = 0.0
    cut: int | None = None
    silent: bool = False


Script = Callable[[Seen], Says]


@dataclass
class Stand:
    """The provider's mind."""

    script: Script
    seen: list[Seen] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, target, _ = first.split(" ")
        seen = Seen(method, target, headers, body)
        self.seen.append(seen)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            says = self.script(seen)
            await asyncio.sleep(3600 if says.silent else says.after)
        finally:
            self.at_once -= 1
        answer = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (
            says.status,
            len(says.body),
        )
        answer += says.body
        writer.write(answer if says.cut is None else answer[: says.cut])
        await writer.drain()
        return says.cut is None


@asynccontextmanager
async def standing(script: Script) -> AsyncIterator[Stand]:
    """A provider that stands."""
    stand = Stand(script)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await stand.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    stand.port = server.sockets[0].getsockname()[1]
    try:
        yield stand
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Callback = tuple[str, Any]
"""(the callback's name in the provider's file, its content)."""


@dataclass(frozen=True)
class Words:
    """How one provider speaks."""

    name: str
    channel: str
    secrets: Mapping[str, str]
    options: Mapping[str, Any]
    attempt: Callable[[Seen], int]
    number: Callable[[Seen], str]
    said: Callable[[Seen], Sequence[str]]
    """Everything the request says to a person."""
    taken: Callable[[int], Any]
    refused: Callable[[str], Any]
    key: Callable[[int, str, str], Sequence[Callback]] = lambda _attempt, _number, _key: ()
    ended: Callable[[int, str, str], Sequence[Callback]] = lambda _attempt, _number, _code: ()
    delivered: Callable[[int, str, bool], Sequence[Callback]] = lambda _attempt, _number, _good: ()
    replied: Callable[[str, str], Sequence[Callback]] = lambda _number, _text: ()

    def ok(self, seen: Seen) -> Says:
        """The usual answer."""
        return Says(body=json.dumps(self.taken(self.attempt(seen))).encode())

    def no(self, code: str, status: int = 200) -> Says:
        """An error in the provider's words; its message repeats what we sent, as theirs do."""
        return Says(status, json.dumps(self.refused(code)).encode())


SECRETS = {
    "access_key_id": "LTAI-not-real-id",
    "access_key_secret": "aliyun-secret-that-must-not-show",
    "secret_id": "AKID-not-real-id",
    "secret_key": "tencent-secret-that-must-not-show",
    "app_key": "huawei-key-not-real",
    "app_secret": "huawei-secret-that-must-not-show",
}
TEMPLATES = {purpose: f"T-{purpose}" for purpose in PURPOSES}
NUMBER = "+8610000000001"


def _words(*words: Words) -> Mapping[str, Words]:
    return {one.name: one for one in words}


def _secrets(*names: str) -> Mapping[str, str]:
    return {name: SECRETS[name] for name in names}


WORDS = _words(
    Words(
        "aliyun-voice",
        "voice",
        _secrets("access_key_id", "access_key_secret"),
        {"template": TEMPLATES},
        attempt=lambda seen: int(seen.query["OutId"]),
        number=lambda seen: "+86" + seen.query["CalledNumber"],
        said=lambda seen: list(json.loads(seen.query["TtsParam"]).values()),
        taken=lambda attempt: {"Code": "OK", "Message": "OK", "CallId": f"1166^{attempt}", "RequestId": "r"},
        refused=lambda code: {"Code": code, "Message": f"no for {NUMBER}", "RequestId": "r"},
        key=lambda attempt, number, key: [
            ("reports", [{"status_code": "300000", "dtmf": key, "out_id": str(attempt), "callee": number[3:]}])
        ],
        ended=lambda attempt, number, code: [
            (
                "reports",
                [
                    {
                        "status_code": code,
                        "out_id": str(attempt),
                        "callee": number[3:],
                        "duration": "10",
                        "end_time": "2026-07-22 21:34:00",
                    }
                ],
            )
        ],
    ),
    Words(
        "aliyun-sms",
        "sms",
        _secrets("access_key_id", "access_key_secret"),
        {"template": TEMPLATES, "sign_name": "气象"},
        attempt=lambda seen: int(seen.query["OutId"]),
        number=lambda seen: "+86" + seen.query["PhoneNumbers"],
        said=lambda seen: list(json.loads(seen.query["TemplateParam"]).values()),
        taken=lambda attempt: {"Code": "OK", "Message": "OK", "BizId": f"9006^{attempt}"},
        refused=lambda code: {"Code": code, "Message": f"no for {NUMBER}"},
        delivered=lambda attempt, number, good: [
            (
                "reports",
                [
                    {
                        "phone_number": number[3:],
                        "success": good,
                        "err_code": "DELIVERED" if good else "MOBILE_NOT_ON_SERVICE",
                        "out_id": str(attempt),
                        "report_time": "2026-07-22 21:34:00",
                    }
                ],
            )
        ],
        replied=lambda number, text: [
            ("replies", [{"phone_number": number[3:], "content": text, "send_time": "2026-07-22 21:34:00"}])
        ],
    ),
    Words(
        "tencent-voice",
        "voice",
        _secrets("secret_id", "secret_key"),
        {"template": TEMPLATES, "app_id": "1400006666"},
        attempt=lambda seen: int(seen.document["SessionContext"]),
        number=lambda seen: seen.document["CalledNumber"],
        said=lambda seen: seen.document["TemplateParamSet"],
        taken=lambda attempt: {
            "Response": {"SendStatus": {"CallId": f"call-{attempt}", "SessionContext": str(attempt)}, "RequestId": "r"}
        },
        refused=lambda code: {"Response": {"Error": {"Code": code, "Message": f"no for {NUMBER}"}, "RequestId": "r"}},
        key=lambda attempt, number, key: [
            (
                "events",
                {
                    "voicekey_callback": {
                        "callid": f"call-{attempt}",
                        "keypress": key,
                        "mobile": number[3:],
                        "nationcode": "86",
                    }
                },
            )
        ],
        ended=lambda attempt, number, code: [
            (
                "events",
                {
                    "voiceprompt_callback": {
                        "callid": f"call-{attempt}",
                        "result": code if code in ("0", "1") else "2",
                        "mobile": number[3:],
                        "nationcode": "86",
                        "accept_time": "1784727200",
                        "end_calltime": "1784727220",
                    }
                },
            ),
            *(
                [
                    (
                        "events",
                        {
                            "voice_failure_callback": {
                                "callid": f"call-{attempt}",
                                "failure_code": int(code),
                                "mobile": number[3:],
                                "nationcode": "86",
                            }
                        },
                    )
                ]
                if code not in ("0", "1")
                else []
            ),
        ],
    ),
    Words(
        "tencent-sms",
        "sms",
        _secrets("secret_id", "secret_key"),
        {"template": TEMPLATES, "app_id": "1400006666", "sign_name": "气象"},
        attempt=lambda seen: int(seen.document["SessionContext"]),
        number=lambda seen: seen.document["PhoneNumberSet"][0],
        said=lambda seen: seen.document["TemplateParamSet"],
        taken=lambda attempt: {
            "Response": {
                "SendStatusSet": [{"SerialNo": f"sid-{attempt}", "Code": "Ok", "PhoneNumber": NUMBER}],
                "RequestId": "r",
            }
        },
        refused=lambda code: {"Response": {"SendStatusSet": [{"Code": code, "Message": f"no for {NUMBER}"}]}},
        delivered=lambda attempt, number, good: [
            (
                "states",
                [
                    {
                        "user_receive_time": "2026-07-22 21:34:00",
                        "nationcode": "86",
                        "mobile": number[3:],
                        "report_status": "SUCCESS" if good else "FAIL",
                        "errmsg": "DELIVRD",
                        "sid": f"sid-{attempt}",
                    }
                ],
            )
        ],
        replied=lambda number, text: [
            (
                "replies",
                {"nationcode": "86", "mobile": number[3:], "text": text, "sign": "气象", "time": 1784727240},
            )
        ],
    ),
    Words(
        "huawei-voice",
        "voice",
        _secrets("app_key", "app_secret"),
        {"template": TEMPLATES, "display_number": "+863580000000"},
        attempt=lambda seen: int(seen.document["userData"]),
        number=lambda seen: seen.document["calleeNbr"],
        said=lambda seen: seen.document["playInfoList"][0]["templateParas"],
        taken=lambda attempt: {"resultcode": "0", "resultdesc": "Success", "sessionId": f"1200_{attempt}@x"},
        refused=lambda code: {"resultcode": code, "resultdesc": f"no for {NUMBER}"},
        key=lambda _attempt, _number, key: [
            (
                "status",
                {
                    "eventType": "collectInfo",
                    "statusInfo": {"timestamp": "2026-07-22 13:34:00", "sessionId": "s", "digitInfo": key},
                },
            )
        ],
        ended=lambda attempt, number, code: [
            (
                "status",
                {
                    "eventType": "disconnect",
                    "statusInfo": {
                        "timestamp": "2026-07-22 13:34:00",
                        "sessionId": "s",
                        "called": number,
                        "stateCode": int(code),
                    },
                },
            ),
            (
                "records",
                {
                    "eventType": "fee",
                    "feeLst": [
                        {
                            "userData": str(attempt),
                            "calleeNum": number,
                            "ulFailReason": int(code),
                            "callOutAnswerTime": "2026-07-22 13:33:20",
                            "callEndTime": "2026-07-22 13:34:00",
                        }
                    ],
                },
            ),
        ],
    ),
)
