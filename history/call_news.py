"""Calls as JSON objects: the form in which the API shows them and webhooks tell them."""

from __future__ import annotations

from datetime import datetime

from calls.call import Call
from calls.events import CallEventKind
from history.forms import optional_time_form, time_form
from history.publication import Kind, Publication

# What is told of a call when its log gets an event of this kind.
TOLD = {
    CallEventKind.RECEIVED: Kind.CALL_STARTED,
    CallEventKind.ANSWERED: Kind.CALL_ANSWERED,
    CallEventKind.ENDED: Kind.CALL_ENDED,
}


def call_form(call: Call) -> dict[str, object]:
    return {
        "id": call.id,
        "direction": call.direction.value,
        "caller": call.caller,
        "dialled": call.dialled,
        "trunk": call.trunk,
        "node": call.node,
        "started_at": time_form(call.started_at),
        "ringing_at": optional_time_form(call.ringing_at),
        "answered_at": optional_time_form(call.answered_at),
        "ended_at": optional_time_form(call.ended_at),
        "duration_seconds": call.duration_seconds,
        "flow": call.flow,
        "flow_version": call.flow_version,
        "language": call.language,
        "path": list(call.path),
        "heard": list(call.heard),
        "outcome": None if call.outcome is None else call.outcome.value,
        "ended_by": call.ended_by,
        "cause": call.cause,
        "recording": call.recording,
        "agent": call.agent,
        "purpose": call.purpose,
        "campaign": call.campaign,
        "debt": call.debt,
    }


def call_published(call: Call, event: CallEventKind, at: datetime) -> Publication:
    """The call as it is after this event, which happens once in it."""
    kind = TOLD[event]
    return Publication(f"{call.id}.{event.value}", at, kind, f"call:{call.id}", call_form(call))
