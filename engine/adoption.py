"""What a call's log tells of how it goes on: its conversation, and whether somebody is being rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import structlog

from calls.call import fold
from calls.control import CallArrived, ChannelSnapshot
from calls.events import CallEvent
from engine.dialling.campaign_dial import campaign_dial_of
from engine.dialling.nobody_free import LANGUAGES, NOBODY_FREE, nobody_free
from engine.flows import FlowShelf
from engine.placing.own_calls import own_flow
from engine.placing.ringing import Ring
from ivr.dialogue import Dialogue, StateRejected
from ivr.flow import Flow
from ivr.recall import facts_of
from ivr.surroundings import Surroundings

log = structlog.get_logger(__name__)


def dialogue_of(
    events: Sequence[CallEvent], flows: FlowShelf, surroundings: Surroundings
) -> tuple[Flow, Dialogue] | None:
    """The conversation where it was; None when it cannot go on, as its flow is no longer loaded."""
    call = fold(events)
    if call.flow is None:
        flow = flows.by_name(str(events[0].data.get("flow")))
        return None if flow is None else (flow, opening(flow, events[0].data, surroundings))
    flow = flows.by_version(call.flow, call.flow_version or "")
    if flow is None:  # our own: an agent was lost, or none was free
        flow = _of_our_own(call.flow, call.flow_version or "", events[0].data)
    if flow is None or flow.version != call.flow_version:
        return None
    try:
        return flow, Dialogue.resumed(flow, events, surroundings=surroundings)
    except StateRejected as rejected:
        log.warning("a call cannot go on where it was", call=call.id, why=str(rejected))
        return None


def _of_our_own(name: str, version: str, received: Mapping[str, object]) -> Flow | None:
    dial = campaign_dial_of(received)
    if name != NOBODY_FREE or dial is None:
        return own_flow(name, version)
    languages = [dial.language] if dial.language else LANGUAGES
    flows = [nobody_free(dial, language) for language in languages]
    return next((flow for flow in flows if flow.version == version), None)


def opening(flow: Flow, received: Mapping[str, object], surroundings: Surroundings) -> Dialogue:
    """The conversation of a call that we place, not begun yet, from the call's first event."""
    return Dialogue(
        flow,
        facts=facts_of(received),
        surroundings=surroundings,
        language=cast(str | None, received.get("language")),
        variables=cast(Mapping[str, Any] | None, received.get("variables")),
    )


def ring_of(received: Mapping[str, object]) -> Ring:
    """How a person was rung, from the call's first event."""
    return Ring(
        cast(str, received["dialled"]),
        caller_id=cast(str, received["caller"]),
        ring_seconds=cast(int, received["ring_seconds"]),
        trunk=cast(str, received["trunk"]) or None,
    )


def arrived_of(snapshot: ChannelSnapshot) -> CallArrived:
    """A caller found waiting, as if they came now."""
    return CallArrived(
        snapshot.channel_id,
        snapshot.network_id,
        snapshot.caller,
        snapshot.dialled,
        snapshot.trunk,
        wideband=snapshot.wideband,
        answered=snapshot.answered,
        variables=snapshot.variables,
    )
