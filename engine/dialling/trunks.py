"""Trunks: the one that campaigns dial over is left alone while it is down or rejects calls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog

from dialer.results import AttemptResult
from dialer.trunk_trouble import Trunk, TrunkNews, TrunkState, dialled, down, may_dial, told
from engine.health import Health

log = structlog.get_logger(__name__)


class Trunks:
    """`unreachable` holds, at each moment, the trunks that do not answer."""

    def __init__(self, name: str | None, unreachable: Collection[str], health: Health) -> None:
        self._name = name
        self._unreachable = unreachable
        self._health = health
        self.trunk = Trunk(name or "")

    def why_not(self, now: datetime) -> str:
        """Why nothing is dialled; "": it is."""
        if self._name is None:
            return "No trunk leads out: add one to `sip.trunks` in the configuration."
        if self._name in self._unreachable:
            self._put(*down(self.trunk, now))
            return (
                f"The trunk {self._name!r} does not answer: see whether its first host in `sip.trunks` can "
                "be reached. It is asked every half minute."
            )
        if not may_dial(self.trunk, now):
            until = self.trunk.until
            again = "" if until is None else f" Dialling is tried again at {until:%H:%M:%S} UTC."
            return f"The trunk {self._name!r} rejects calls.{again}"
        return ""

    def most(self, calls: int, now: datetime) -> int:
        """One call tries a trunk that was broken."""
        return calls if self.trunk.state is TrunkState.OK else min(calls, 1)

    def dialled(self, now: datetime) -> None:
        self.trunk = dialled(self.trunk, now)

    def told(self, number: str, result: AttemptResult | None, now: datetime) -> None:
        """What the network said of a call; None: it rings."""
        self._put(*told(self.trunk, number, result, now))

    def _put(self, trunk: Trunk, news: TrunkNews | None) -> None:
        self.trunk = trunk
        if news is None:
            return
        name = f"trunk {trunk.name} for campaigns"
        if news is TrunkNews.BROKE:
            said = "no answer" if trunk.last is None else trunk.last.value
            log.warning("a trunk rejects calls: campaigns wait", trunk=trunk.name, last=said)
            self._health.set(name, False, f"Calls fail ({said}); campaigns wait.", needed=False)
        else:
            log.info("a trunk works again", trunk=trunk.name)
            self._health.set(name, True, "Works again", needed=False)
