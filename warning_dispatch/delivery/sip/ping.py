"""探测中继: asks the trunk whether it is there (SIP OPTIONS), without ringing anybody. Any answer will do."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress

from warning_dispatch.delivery.sip.options import SipOptions

AGAIN_AFTER_S = (0.5, 1.0, 1.5)
"""Waits for an answer, one after each try."""


def options_request(options: SipOptions, address: str, port: int) -> bytes:
    """The question."""
    host, _ = options.trunk_host
    tag, branch = secrets.token_hex(6), secrets.token_hex(8)
    transport = options.transport.upper()
    lines = (
        f"OPTIONS sip:{options.trunk} SIP/2.0",
        f"Via: SIP/2.0/{transport} {address}:{port};branch=z9hG4bK{branch};rport",
        "Max-Forwards: 70",
        f"From: <sip:{options.shown}@{host}>;tag={tag}",
        f"To: <sip:{options.trunk}>",
        f"Call-ID: {branch}@{address}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:{options.shown}@{address}:{port}>",
        "Accept: application/sdp",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Ear(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _address: object) -> None:
        if data.startswith(b"SIP/2.0 ") and not self.answered.done():
            self.answered.set_result(True)


async def trunk_answers(options: SipOptions, address: str) -> bool:
    """Whether anything comes back, over UDP; over TCP whether somebody takes the connection."""
    host, port = options.trunk_host
    if options.transport == "tcp":
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(sum(AGAIN_AFTER_S)):
                _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True
        return False
    loop = asyncio.get_running_loop()
    try:
        transport, ear = await loop.create_datagram_endpoint(_Ear, local_addr=(address, 0), remote_addr=(host, port))
    except OSError:
        return False
    try:
        ours = transport.get_extra_info("sockname")
        request = options_request(options, ours[0], ours[1])
        for wait in AGAIN_AFTER_S:
            transport.sendto(request)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return await asyncio.shield(ear.answered)
        return False
    finally:
        transport.close()
