"""Callback requests as they are shown and published."""

from __future__ import annotations

from datetime import datetime

from history.callbacks import CallbackRequest, sources_of
from history.forms import optional_time_form, point_form, time_form
from history.publication import Kind, Publication


def callback_form(request: CallbackRequest) -> dict[str, object]:
    """The JSON object of a request."""
    return {
        "id": request.id,
        "version": request.version,
        "state": request.state.value,
        "contact_id": request.contact_id,
        "point": point_form(request.point),
        "topic": request.topic,
        "source": request.source.value,
        "sources": [source.value for source in sources_of(request)],
        "requests": request.requests,
        "requested_at": time_form(request.requested_at),
        "window_from": optional_time_form(request.window_from),
        "window_to": optional_time_form(request.window_to),
        "person_chose": request.person_chose,
        "time_zone": request.time_zone,
        "campaign": request.campaign,
        "queue": request.queue,
        "place_kept_at": optional_time_form(request.place_kept_at),
        "name": request.name,
        "language": request.language,
        "note": request.note,
        "call_id": request.call_id,
        "attempts": request.attempts,
        "not_before": optional_time_form(request.not_before),
        "ended_at": optional_time_form(request.ended_at),
        "ended_reason": request.ended_reason,
        "agent": request.agent,
        "ended_by": request.ended_by,
    }


def callback_published(request: CallbackRequest, at: datetime) -> Publication:
    """Of each version one. A request's news keep their order."""
    kind = Kind.CALLBACK_REQUESTED if request.version == 1 else Kind.CALLBACK_CHANGED
    told = f"{request.id}.{request.version}"
    return Publication(told, at, kind, f"callback:{request.id}", callback_form(request))
