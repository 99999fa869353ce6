"""Agentless: the pacer of campaigns that no agent is needed for. Lines and calls per second are all."""

from __future__ import annotations

from typing import Any

from dialer.pacing import PacingDecision, PacingView


class Agentless:
    """Implements Pacer."""

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}

    def decide(self, view: PacingView) -> PacingDecision:
        limits = [view.free_lines]
        limits += [limit for limit in (view.leads_left, view.dial_limit) if limit is not None]
        dial = max(0, min(limits))
        self._last = {"free_lines": view.free_lines, "dial_limit": view.dial_limit, "dial": dial}
        return PacingDecision(dial)

    def knowledge(self) -> dict[str, Any]:
        return {}

    def explain(self) -> dict[str, Any]:
        return {"mode": "agentless", "why": "every_line", **self._last}
