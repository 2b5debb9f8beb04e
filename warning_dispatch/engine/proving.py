"""应答即证实: numbers that real answers prove, gathered in a transaction and written once, after everything that matters more."""

from __future__ import annotations

from warning_dispatch.engine.storage_renewal import ProofRows


class Proving:
    """What the answers of one transaction prove."""

    def __init__(self) -> None:
        self._attempts: dict[int, None] = {}
        self._tokens: dict[str, None] = {}
        self._numbers: dict[bytes, None] = {}

    def add(self, attempt: int, token: str, blind: bytes) -> None:
        """One answer; what does not apply is empty."""
        if attempt:
            self._attempts[attempt] = None
        if token:
            self._tokens[token] = None
        if blind:
            self._numbers[blind] = None

    def write(self, proofs: ProofRows, now: int) -> None:
        """Write what has gathered."""
        if self._attempts or self._tokens or self._numbers:
            proofs.prove_by_answers(list(self._attempts), list(self._tokens), list(self._numbers), now)
            self._attempts, self._tokens, self._numbers = {}, {}, {}
