"""What an agent's log gets when the board shows them otherwise than before. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from acd.agents import AgentState, AgentStatus
from acd.views import AgentView
from engine.registers.agents import AgentEventKind

Entry = tuple[AgentEventKind, Mapping[str, object]]
RULE = "rule"


def entries_of(before: AgentView | None, after: AgentView, *, telephone: str, by: str = "") -> list[Entry]:
    """`telephone`: "browser", whose page signs in by itself, "sip" or "number". `by`: whose choice."""
    found: list[Entry] = []
    was = AgentStatus.OFFLINE if before is None else before.status
    if telephone != "browser" and (was is AgentStatus.OFFLINE) is not (after.status is AgentStatus.OFFLINE):
        if after.status is AgentStatus.OFFLINE:
            found.append((AgentEventKind.SIGNED_OUT, {"why": "gone"}))
        else:
            found.append((AgentEventKind.SIGNED_IN, {"telephone": telephone}))
    reason = "" if before is None else before.reason
    if was is not after.status or reason != after.reason:
        whose = RULE if after.status is AgentStatus.MISSED else by
        found.append(
            (
                AgentEventKind.STATUS_CHANGED,
                {"status": after.status.value, "reason": after.reason, "by": whose},
            )
        )
    if _doing(before) != _doing(after):
        state: dict[str, object] = {
            "state": after.state.value,
            "work": after.work,
            "queue": after.queue,
        }
        if after.state is AgentState.WRAP_UP and after.wrap_up_until is not None:
            state["until"] = after.wrap_up_until.isoformat()
        found.append((AgentEventKind.STATE_CHANGED, state))
    return found


def _doing(view: AgentView | None) -> tuple[object, ...]:
    if view is None:
        return (AgentState.IDLE, None, None)
    return (view.state, view.work, view.wrap_up_until)
