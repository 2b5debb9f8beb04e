"""Reading a request's raw bytes, no more than allowed."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from warning_dispatch.web.failures import ApiRefusalError


async def read_body(request: Request, limit: int) -> bytes:
    """The bytes of the body as sent. Refuses (ApiRefusalError) more than `limit` bytes, none at all, or encoded ones.

    A length that is announced too large is refused before a byte is read; one that is not announced is counted.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiRefusalError(415, "encoded")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    body = await _collect(request, limit)
    if not body:
        raise ApiRefusalError(400, "empty")
    return body


async def read_within(request: Request, limit: int) -> bytes | None:
    """The bytes of the body, which may be none; None when they are more than `limit`."""
    try:
        return await _collect(request, limit)
    except ApiRefusalError:
        return None


async def _collect(request: Request, limit: int) -> bytes:
    pieces = bytearray()
    try:
        async for piece in request.stream():
            pieces += piece
            if len(pieces) > limit:
                raise _too_large(limit)
    except ClientDisconnect as error:
        raise ApiRefusalError(400, "broken_off") from error
    return bytes(pieces)


def _too_large(limit: int) -> ApiRefusalError:
    """413, and the connection is closed: what is still under way is not read."""
    return ApiRefusalError(413, "too_large", {"limit": limit}, {"Connection": "close"})
