"""A signed stamp in each page: what is sent at once, or without ever having loaded a page, is a robot's."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from engine.ports import Clock

LEAST_SECONDS = 2.0
LASTS_SECONDS = 24 * 3600.0
_STAMP = re.compile(r"([0-9]{1,16})\.([0-9a-f]{16})\.([0-9a-f]{64})", re.ASCII)


class WrongStamp(Exception):
    """It is not ours, not of this site, too fresh or too old. Which, nobody is told."""


class Stamps:
    """No state is kept: a stamp tells when it was made, for which site, and that we made it.

    The key is this process's own: after a restart, or of another engine, a page gets a new stamp with the
    refusal and sends again.
    """

    def __init__(self, clock: Clock) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def make(self, site: str) -> str:
        at_ms = int(self._clock.now().timestamp() * 1000)
        begin = f"{at_ms}.{secrets.token_hex(8)}"
        return f"{begin}.{self._signature(site, begin)}"

    def check(self, site: str, stamp: str) -> None:
        """Raises WrongStamp."""
        match = _STAMP.fullmatch(stamp)
        if match is None:
            raise WrongStamp
        if not hmac.compare_digest(match[3], self._signature(site, f"{match[1]}.{match[2]}")):
            raise WrongStamp
        age_seconds = self._clock.now().timestamp() - int(match[1]) / 1000
        if not LEAST_SECONDS <= age_seconds <= LASTS_SECONDS:
            raise WrongStamp

    def _signature(self, site: str, begin: str) -> str:
        return hmac.new(self._key, f"{site}\n{begin}".encode(), hashlib.sha256).hexdigest()
