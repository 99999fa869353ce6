"""What agents are called on the pages."""

from __future__ import annotations

from collections.abc import Mapping

from engine.registers.agents import AgentRegister


async def shown_names(agents: AgentRegister | None) -> Mapping[str, str]:
    """By agent, the name by which they sign in. Raises StoreUnavailable."""
    profiles = () if agents is None else await agents.profiles()
    return {profile.name: profile.shown for profile in profiles}
