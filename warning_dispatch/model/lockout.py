"""锁定: how long whoever guesses has to wait. Pure: counts in, a wait out.

Some tries are free, because people mistype. From then on every wrong one closes the door for twice as long as the one
before, up to a limit, so that a thousand guesses take days. The limit is there because somebody else's guesses must not
keep the duty officer out for a night. What was wrong long ago is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LockRule:
    """Times in ms. `free`: wrong tries that cost nothing."""

    free: int = 5
    first: int = 60_000
    longest: int = 900_000
    forget: int = 86_400_000

    def wait(self, failures: int) -> int:
        """For how long the door closes after so many wrong tries in a row; 0: not at all."""
        beyond = failures - self.free
        if beyond < 0:
            return 0
        doublings = min(beyond, 30)  # 2**30 minutes is beyond every limit, and still a small number
        return min(self.longest, self.first << doublings)


HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class LoginRules:
    """How logins are kept. `idle`: a session that nobody uses ends after it; `absolute`: every session does. In ms."""

    account: LockRule = LockRule()
    address: LockRule = LockRule(free=30)
    idle: int = 12 * HOUR
    absolute: int = 36 * HOUR
