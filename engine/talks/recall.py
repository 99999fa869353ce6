"""Where a call stood with agents when its engine died, as the call's log tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from acd.talks.commands import Ending, Over
from acd.talks.phases import Other, Phase, Talk
from acd.talks.talk import Target, TargetKind
from calls.events import CallEvent, CallEventKind
from calls.legs import LegState

# Q.850: an agent who hangs up. Whatever else ends their line, they did not mean it.
MEANT_CAUSES = frozenset({16, 31})


@dataclass(frozen=True, slots=True)
class Place:
    """A caller's place in a queue. `returned`: they talked with an agent and lost them."""

    queue: str
    since: datetime
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Recalled:
    """`talk` None: none goes on. `main`: the room that it was in. `offered`: (leg, agent) rung, or nobody."""

    talk: Talk | None = None
    main: str = ""
    connected_at: datetime | None = None
    offered: tuple[str, str] = ("", "")


def room_named(leg: str) -> str:
    """The room of a talk that began with this agent's leg."""
    return leg.replace(".leg.", ".talk.")


def place_in_log(events: Sequence[CallEvent]) -> Place | None:
    """The place of a caller who still waits or talks in a queue."""
    place: Place | None = None
    since: datetime | None = None  # of who was sent on to another queue
    for event in events:
        if event.kind is CallEventKind.QUEUED:
            place = Place(str(event.data["queue"]), since or event.at)
        elif event.kind is CallEventKind.QUEUE_LEFT:
            since = place.since if place is not None and event.data["outcome"] == "overflow" else None
            place = None
        elif event.kind is CallEventKind.TALK_ENDED and place is not None:
            place = replace(place, returned=True)
    return place


def over_in_log(events: Sequence[CallEvent]) -> Over | None:
    """How the last talk of these events was over for the customer; None when they tell of no such end.

    Of a talk that goes on it tells nothing: see `recalled`.
    """
    over: Over | None = None
    for event in events:
        match event.kind, event.data:
            case CallEventKind.AGENT_CONNECTED, _:
                over = None
            case CallEventKind.TRANSFERRED, {"kind": "queue" | "flow" as kind, "target": name}:
                over = Over(Ending(kind), str(name))
            case CallEventKind.CONSULT_ENDED, {"outcome": outcome} if outcome != "transferred":
                over = Over(Ending.LOST)  # whoever was to get the customer; one who still talks goes on
            case CallEventKind.TALK_ENDED, {"by": by} if by != "transfer":
                over = Over(Ending.LOST if by == "lost" else Ending.AGENT)
            case _:
                pass
    return over


def lost_in_log(events: Sequence[CallEvent], leg: str) -> bool:
    """Whether the agent of this leg, who is in the last talk of these events, was lost in it."""
    for event in reversed(events):
        match event.kind, event.data:
            case CallEventKind.AGENT_LOST, _:
                return True
            case CallEventKind.LEG_CHANGED, {"leg": ended, "state": LegState.ENDED, "cause": int(cause)} if (
                ended == leg
            ):
                return cause not in MEANT_CAUSES
            case CallEventKind.AGENT_CONNECTED | CallEventKind.TRANSFERRED, _:
                return False
            case _:
                pass
    return False


def recalled(events: Sequence[CallEvent], customer: str) -> Recalled:
    """What the events tell of agents on the line of this customer."""
    found = Recalled()
    for event in events:
        row = _ROWS.get(event.kind)
        if row is not None:
            found = row(found, event, customer)
    return found


def _offered(found: Recalled, event: CallEvent, customer: str) -> Recalled:
    return replace(found, offered=(str(event.data["leg"]), str(event.data["agent"])))


def _nobody(found: Recalled, event: CallEvent, customer: str) -> Recalled:
    return Recalled()


def _not_offered(found: Recalled, event: CallEvent, customer: str) -> Recalled:
    return replace(found, offered=("", ""))


def _connected(found: Recalled, event: CallEvent, customer: str) -> Recalled:
    leg, agent = found.offered
    talk = Talk(Phase.TALKING, customer, agent, leg, str(event.data["queue"]), event.at, event.at)
    main = str(event.data.get("room") or room_named(leg))
    return replace(found, talk=talk, main=main, connected_at=event.at, offered=("", ""))


def _to(talk: Talk, phase: Phase, at: datetime, **changes: Any) -> Talk:
    return replace(talk, phase=phase, since=at, held_seconds=talk.held_until(at), **changes)


def _in_talk(
    row: Callable[[Talk, Mapping[str, object], datetime], Talk | None],
) -> Callable[[Recalled, CallEvent, str], Recalled]:
    def told(found: Recalled, event: CallEvent, customer: str) -> Recalled:
        if found.talk is None:
            return found
        return replace(found, talk=row(found.talk, event.data, event.at))

    return told


def _held(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk:
    return _to(talk, Phase.HELD, at)


def _resumed(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk:
    return _to(talk, Phase.TALKING, at)


def _consulting(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk:
    target = Target(TargetKind(str(data["kind"])), str(data["target"]))
    other = Other(str(data["leg"]), target, at, blind=bool(data.get("blind")))
    return _to(talk, Phase.RINGING, at, other=other)


def _leg_moved(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk:
    """Of one who gets the customer at once, `transferred` tells; until then it is as if they still ring."""
    other = talk.other
    if other is None or other.blind or data["leg"] != other.leg or data["state"] != LegState.UP:
        return talk
    return _to(talk, Phase.CONSULTING, at, other=replace(other, up=True, since=at))


def _consulted(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk | None:
    other, outcome = talk.other, data["outcome"]
    if outcome == "transferred" or other is None:
        return talk
    if talk.phase is Phase.GIVEN:
        return None
    back = Phase.TALKING if outcome == "cancelled" or other.blind else Phase.HELD
    return _to(talk, back, at, other=None)


def _transferred(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk | None:
    other = talk.other
    if other is None:
        return None  # to a queue or a flow
    talk = replace(_to(talk, Phase.OUTSIDE, at), agent="", agent_leg="", supervisors=None, muted=False)
    if not other.agent:
        return replace(talk, other=replace(other, up=True), given_by="")
    talk = replace(talk, phase=Phase.TALKING, other=None, agent=other.agent, agent_leg=other.leg)
    return replace(talk, began=at, held_seconds=0.0, given_by="")


def _conference(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk:
    return _to(talk, Phase.CONFERENCE, at)


def _party_left(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk | None:
    if talk.other is None or data["leg"] != talk.other.leg:
        return talk
    return None if talk.phase is Phase.OUTSIDE else _to(talk, Phase.TALKING, at, other=None)


def _part_ended(talk: Talk, data: Mapping[str, object], at: datetime) -> Talk | None:
    if data["agent"] != talk.agent:
        return talk  # the one before, who has given the customer away
    if talk.other is None:
        return None
    other = replace(talk.other, blind=True)
    return _to(talk, Phase.GIVEN, at, other=other, agent="", agent_leg="", given_by=talk.agent)


_ROWS: dict[CallEventKind, Callable[[Recalled, CallEvent, str], Recalled]] = {
    CallEventKind.AGENT_OFFERED: _offered,
    CallEventKind.AGENT_MISSED: _not_offered,
    CallEventKind.QUEUED: _nobody,
    CallEventKind.QUEUE_LEFT: _nobody,
    CallEventKind.AGENT_CONNECTED: _connected,
    CallEventKind.TALK_HELD: _in_talk(_held),
    CallEventKind.TALK_RESUMED: _in_talk(_resumed),
    CallEventKind.CONSULT_STARTED: _in_talk(_consulting),
    CallEventKind.LEG_CHANGED: _in_talk(_leg_moved),
    CallEventKind.CONSULT_ENDED: _in_talk(_consulted),
    CallEventKind.TRANSFERRED: _in_talk(_transferred),
    CallEventKind.CONFERENCE_STARTED: _in_talk(_conference),
    CallEventKind.PARTY_LEFT: _in_talk(_party_left),
    CallEventKind.TALK_ENDED: _in_talk(_part_ended),
}
