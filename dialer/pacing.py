"""How many calls to place now: the whole of what others use of pacing."""

from __future__ import annotations

from typing import Any, Literal

from dialer.pace.predictive import with_knowledge
from dialer.pace.progressive import Progressive
from dialer.pace.view import (
    AgentFreed,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentView,
    CallEnded,
    CallView,
    Pacer,
    PacingDecision,
    PacingEvent,
    PacingSettings,
    PacingView,
    PersonAnswered,
    TalkEnded,
)

__all__ = [
    "AgentFreed",
    "AgentLoggedIn",
    "AgentLoggedOut",
    "AgentView",
    "CallEnded",
    "CallView",
    "Pacer",
    "PacingDecision",
    "PacingEvent",
    "PacingSettings",
    "PacingView",
    "PersonAnswered",
    "TalkEnded",
    "create_pacer",
]


def create_pacer(
    mode: Literal["progressive", "predictive"],
    settings: PacingSettings,
    knowledge: dict[str, Any] | None = None,
) -> Pacer:
    """`knowledge`: what a pacer of this campaign knew before; one that cannot be read is left aside."""
    if mode == "progressive":
        return Progressive(settings)
    if mode == "predictive":
        return with_knowledge(settings, knowledge)
    raise ValueError(f"There is no pacing mode {mode!r}; the modes are progressive and predictive.")
