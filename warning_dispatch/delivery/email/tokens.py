"""What our mails are known by when something comes back: an attempt's number, signed, in Message-ID and return path.

    Message-ID     <callout.attempt.digest.mark.bond@domain>
    return path    whatever{token}@domain, token = attempt-mark      (only where the route's bounce_address says so)

`mark` proves that the number is ours: nobody can end another person's attempt by inventing a bounce. `bond` proves to whom the
mail went, without a look into the register: a reply counts only with both, from the address that was written to.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass

from warning_dispatch.ports import Dispatch

_LETTERS = 16
"""Base32 letters of a signature: 80 bits, as in our links."""
_THREAD = re.compile(r"\b(\d{1,18})\.(\d{1,18})\.([0-9a-f]{10})\.([a-z2-7]{16})\.([a-z2-7]{16})@")
_RETURN = re.compile(r"(?<!\d)(\d{1,18})-([a-z2-7]{16})@")


@dataclass(frozen=True, slots=True)
class Thread:
    """A mail of ours that is named by another one. `bond` is still to be held against an address."""

    attempt_id: int
    bond: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """邮件标识: signs and reads them with the secret of one route."""

    secret: bytes

    def message_id(self, dispatch: Dispatch, recipient: str, domain: str) -> str:
        """The Message-ID of an attempt: the same for a repeat, and shared with no other text and no other installation."""
        content = f"{recipient}\0{dispatch.subject}\0{dispatch.text}".encode("utf-8", "replace")
        digest = hashlib.sha256(content).hexdigest()[:10]
        mark, bond = self._mark(dispatch.attempt_id), self._bond(dispatch.attempt_id, recipient)
        return f"<{dispatch.callout_id}.{dispatch.attempt_id}.{digest}.{mark}.{bond}@{domain}>"

    def return_token(self, attempt_id: int) -> str:
        """What stands in the return path of an attempt's mail."""
        return f"{attempt_id}-{self._mark(attempt_id)}"

    def threads(self, text: str) -> Iterator[Thread]:
        """Every mail of ours that a text names, in its order."""
        for found in _THREAD.finditer(text):
            attempt_id = int(found[2])
            if hmac.compare_digest(found[4], self._mark(attempt_id)):
                yield Thread(attempt_id, found[5])

    def attempts(self, text: str) -> Iterator[int]:
        """Every attempt that a text names by Message-ID or return path."""
        yield from (thread.attempt_id for thread in self.threads(text))
        for found in _RETURN.finditer(text):
            if hmac.compare_digest(found[2], self._mark(int(found[1]))):
                yield int(found[1])

    def was_written_to(self, thread: Thread, address: str) -> bool:
        """Whether that mail went to this address, however its letters are cased."""
        return hmac.compare_digest(thread.bond, self._bond(thread.attempt_id, address))

    def _mark(self, attempt_id: int) -> str:
        return self._signature(f"attempt\0{attempt_id}")

    def _bond(self, attempt_id: int, address: str) -> str:
        return self._signature(f"address\0{attempt_id}\0{address.strip().casefold()}")

    def _signature(self, text: str) -> str:
        digest = hmac.new(self.secret, text.encode("utf-8", "replace"), "sha256").digest()
        return b32encode(digest).decode("ascii")[:_LETTERS].lower()
