"""Whether a provider can be used now, told when it changes; after a fault it is tried again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from messaging.provider import Answer, Taken

# So many times in a row it could not be reached before it is left alone for a while.
_AWAY_MOST = 3
_AWAY_SECONDS = 15.0
# A wrong password or an empty account is mended by a person.
_ACCOUNT_SECONDS = 60.0


class Standing:
    """`told` is messaging.provider's Listeners.standing. Used between `begin` and `end`.

    One that is tried again stands with the reason of before, until it has answered.
    """

    def __init__(
        self, *, away_seconds: float = _AWAY_SECONDS, account_seconds: float = _ACCOUNT_SECONDS
    ) -> None:
        self._away_seconds = away_seconds
        self._account_seconds = account_seconds
        self._told: Callable[[bool, str], None] | None = None
        self._away = 0
        self._well_told = False
        self._again: asyncio.TimerHandle | None = None

    def begin(self, told: Callable[[bool, str], None]) -> None:
        self._told = told
        self._tell(True, "")

    def end(self) -> None:
        """Idempotent."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._told is not None:
            self._tell(False, "closed")
            self._told = None

    def saw(self, answer: Answer) -> Answer:
        """The same answer, counted."""
        if answer.taken in (Taken.ACCEPTED, Taken.REJECTED, Taken.GONE):
            self._away = 0
            self._well()
        elif answer.taken in (Taken.AWAY, Taken.UNKNOWN):  # each that hangs leaves a message in doubt
            self._away += 1
            if self._away >= _AWAY_MOST:
                self._ill(answer.why, self._away_seconds)
        return answer

    def account(self, answer: Answer) -> Answer:
        """The same answer, of a provider that takes nothing from our account until a person mends it."""
        self._ill(answer.why, self._account_seconds)
        return answer

    def _ill(self, why: str, seconds: float) -> None:
        if self._told is None:
            return
        if self._again is not None:
            self._again.cancel()
        self._again = asyncio.get_running_loop().call_later(seconds, self._try_again, why)
        self._tell(False, why)

    def _try_again(self, why: str) -> None:
        self._again = None
        self._tell(True, why)

    def _well(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if not self._well_told:
            self._tell(True, "")

    def _tell(self, stands: bool, why: str) -> None:
        self._well_told = stands and not why
        if self._told is not None:
            self._told(stands, why)
