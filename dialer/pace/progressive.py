"""One call for each idle agent: never more people than agents."""

from __future__ import annotations

from typing import Any

from dialer.pace.view import PacingDecision, PacingSettings, PacingView


def room(view: PacingView) -> int:
    """Calls that may be placed now by lines, leads and calls per second; none while nobody is logged in."""
    if not view.agents:
        return 0
    limits = [view.free_lines]
    if view.leads_left is not None:
        limits.append(view.leads_left)
    if view.dial_limit is not None:
        limits.append(view.dial_limit)
    return max(0, min(limits))


class Progressive:
    def __init__(self, settings: PacingSettings) -> None:
        self._settings = settings
        self._last: dict[str, Any] = {}

    def decide(self, view: PacingView) -> PacingDecision:
        idle = sum(agent.state == "idle" for agent in view.agents)
        wanted = max(0, idle - len(view.calls))
        dial = min(wanted, room(view))
        self._last = {"idle": idle, "in_flight": len(view.calls), "wanted": wanted, "dial": dial}
        return PacingDecision(dial)

    def knowledge(self) -> dict[str, Any]:
        return {}

    def explain(self) -> dict[str, Any]:
        return {"mode": "progressive", "why": "one_each", **self._last}
