"""How others pace: a fixed ratio of lines to agents, and a level that follows how many agents wait.

In both a level of 2 means: of calls in flight and agents at work or idle, two calls for each agent.
"""

from __future__ import annotations

from typing import Any

from dialer.pacing import PacingDecision, PacingSettings, PacingView

ADAPTS_EVERY_SECONDS = 15.0
MOST = 4.0
_GOLDEN = 0.618034


class FixedRatio:
    """Keeps `level` lines for each agent who talks or is idle."""

    def __init__(self, level: float) -> None:
        self.level = level
        self._dialled = 0

    def decide(self, view: PacingView) -> PacingDecision:
        talking = sum(agent.state == "talking" for agent in view.agents)
        idle = sum(agent.state == "idle" for agent in view.agents)
        # What a level has beyond whole lines is rounded up for some calls and down for others.
        rounding = self._dialled * _GOLDEN % 1.0
        wanted = int(self.level * (talking + idle) + rounding) - talking - len(view.calls)
        limits = [limit for limit in (view.free_lines, view.leads_left, view.dial_limit) if limit is not None]
        dial = max(0, min(wanted, *limits))
        self._dialled += dial
        return PacingDecision(dial)

    def knowledge(self) -> dict[str, Any]:
        return {}

    def explain(self) -> dict[str, Any]:
        return {"level": self.level}


class AdaptiveLevel(FixedRatio):
    """As VICIdial adapts with a hard limit: more lines while agents wait, 1:1 while over the cap."""

    def __init__(self, settings: PacingSettings, target: float = 0.0) -> None:
        super().__init__(1.0)
        self._cap = settings.abandon_cap
        self._target = target
        self._surplus: list[int] = []
        self._next = ADAPTS_EVERY_SECONDS

    def decide(self, view: PacingView) -> PacingDecision:
        idle = sum(agent.state == "idle" for agent in view.agents)
        waiting = sum(call.stage == "waiting" for call in view.calls)
        self._surplus.append(idle - waiting)
        if view.now >= self._next and view.agents:
            mean = sum(self._surplus) / len(self._surplus)
            self.level *= 1 + (mean + self._target) / len(view.agents)
            self.level = min(MOST, max(1.0, self.level))
            self._surplus.clear()
            self._next = view.now + ADAPTS_EVERY_SECONDS
        if view.abandoned > self._cap * view.live:
            self.level = 1.0
        return super().decide(view)
