"""An agent as the telephone's side of the desk sees them: chats and written work stand beside it. Pure."""

from __future__ import annotations

from dataclasses import replace

from acd.agents import AgentState
from acd.views import AgentView
from acd.work import WorkKind


def of_calls(view: AgentView) -> AgentView:
    """As if what they have in writing were not there: calls are offered, led and logged without it."""
    calls = tuple(work for work in view.all_work if work.kind is WorkKind.CALL)
    if len(calls) == len(view.all_work):
        return view
    if view.work in {work.work_id for work in calls}:
        return replace(view, all_work=calls)
    main = calls[0] if calls else None
    return replace(
        view,
        all_work=calls,
        state=AgentState.IDLE if main is None else main.state,
        state_since=view.status_since if main is None else main.since,
        work=None if main is None else main.work_id,
        queue="" if main is None else main.queue,
        wrap_up_until=None,
    )
