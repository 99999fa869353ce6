"""Call: the projection of a call's event log. `fold` makes it; nothing else changes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, cast

from calls.events import CallEvent, CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `trunk` is the line it came by ("visitor": a browser) or, outbound, goes out by.

    `caller` called `dialled`: of an outbound call the first is our number and the second the person's.
    `network_id` is Asterisk's linkedid, by which its own log knows the call. `path` lists the steps entered,
    in order, `heard` the person's words and keys as understood, `agent` whom they talked with last.
    Outbound: why it was placed (`purpose`, `campaign`, the `debt` it is about) and since when it rang; that
    `no_agent` came in time for who answered, or that a `machine` did.
    """

    id: str
    direction: Direction
    caller: str
    dialled: str
    trunk: str
    network_id: str
    node: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    flow: str | None = None
    flow_version: str | None = None
    language: str | None = None
    path: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    outcome: Outcome | None = None
    ended_by: str | None = None
    cause: int | None = None
    recording: str | None = None
    agent: str | None = None
    purpose: str | None = None
    campaign: str | None = None
    debt: str | None = None
    ringing_at: datetime | None = None
    no_agent: bool = False
    machine: bool = False
    last_seq: int = 0

    @property
    def person(self) -> str:
        """The number of the person on the other end, "" when withheld: who called, or whom we called."""
        return self.caller if self.direction is Direction.INBOUND else self.dialled

    @property
    def duration_seconds(self) -> float:
        """From arrival to the end; 0 while the call goes on."""
        return 0.0 if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


def outcome_at_end(call: Call, ended_by: str) -> Outcome:
    """Served callers completed their call; one who hung up before pressing or saying anything gave up.

    Whom we called has no need to say anything.
    """
    served = call.direction is Direction.OUTBOUND or ended_by == "flow" or call.heard
    return Outcome.COMPLETED if served else Outcome.ABANDONED


def _outcome_of(call: Call, at_end: Outcome) -> Outcome:
    """What came of it counts; only a talk that died is not one that was completed."""
    died = call.outcome is Outcome.COMPLETED and at_end in (Outcome.LOST, Outcome.FAILED)
    return at_end if died else call.outcome or at_end


_FIELDS = tuple(field.name for field in fields(Call))
_values = attrgetter(*_FIELDS)
_PERSON_RINGS = (LegRole.CUSTOMER, LegState.RINGING)


def fold(events: Iterable[CallEvent], call: Call | None = None) -> Call:
    """The call that `events` tell of, in order of `seq`. Raises ValueError when the first is not RECEIVED."""
    for event in events:
        call = _received(event) if call is None else _applied(call, event)
    if call is None:
        raise ValueError("a call without events")
    return call


def _received(event: CallEvent) -> Call:
    if event.kind is not CallEventKind.RECEIVED:
        raise ValueError(f"call {event.call_id} begins with {event.kind}, not received")
    data = event.data
    return Call(
        id=event.call_id,
        direction=Direction(cast(str, data.get("direction", "inbound"))),
        caller=cast(str, data.get("caller", "")),
        dialled=cast(str, data.get("dialled", "")),
        trunk=cast(str, data.get("trunk", "")),
        network_id=cast(str, data.get("network_id", "")),
        node=cast(str, data.get("node", "")),
        started_at=event.at,
        purpose=cast(str | None, data.get("purpose")),
        campaign=cast(str | None, data.get("campaign")),
        debt=cast(str | None, data.get("debt")),
        last_seq=event.seq,
    )


def _applied(call: Call, event: CallEvent) -> Call:
    data = event.data
    changes: dict[str, Any] = {"last_seq": event.seq}
    match event.kind:
        case CallEventKind.ANSWERED:
            changes["answered_at"] = call.answered_at or event.at
        case CallEventKind.FLOW_STARTED:
            changes |= {"flow": data["flow"], "flow_version": data["version"]}
        case CallEventKind.STEP_ENTERED:
            changes["path"] = (*call.path, data["step"])
        case CallEventKind.LANGUAGE_CHOSEN:
            changes["language"] = data["language"]
        case CallEventKind.HEARD if data.get("text"):
            changes["heard"] = (*call.heard, data["text"])
        case CallEventKind.KEY_PRESSED:
            changes["heard"] = (*call.heard, data["key"])
        case CallEventKind.MESSAGE_LEFT:
            changes |= {"outcome": Outcome.VOICEMAIL, "recording": data["recording"]}
        case CallEventKind.TRANSFER_ENDED if data["outcome"] == Outcome.COMPLETED:
            changes["outcome"] = Outcome.TRANSFERRED
        case CallEventKind.AGENT_CONNECTED:
            # Taken from a queue is served; only who is given on to somebody else is transferred.
            changes["agent"] = data["agent"]
            if call.outcome is not Outcome.TRANSFERRED:
                manual = call.direction is Direction.OUTBOUND and call.flow is None
                changes["outcome"] = None if manual else Outcome.COMPLETED
        case CallEventKind.TRANSFERRED:
            changes["outcome"] = Outcome.TRANSFERRED
            if data["kind"] == "agent":
                changes["agent"] = data["target"]
        case CallEventKind.LEG_CHANGED if (data["role"], data["state"]) == _PERSON_RINGS:
            changes["ringing_at"] = call.ringing_at or event.at
        case CallEventKind.NO_AGENT:
            changes["no_agent"] = True
        case CallEventKind.DETECTED:
            changes["machine"] = data["verdict"] == "machine"
        case CallEventKind.QUEUE_LEFT if data["outcome"] == "abandoned":
            changes["outcome"] = call.outcome or Outcome.ABANDONED
        case CallEventKind.ENDED:
            changes |= {
                "ended_at": event.at,
                "ended_by": data["by"],
                "cause": data.get("cause"),
                "outcome": _outcome_of(call, Outcome(cast(str, data["outcome"]))),
            }
        case _:
            pass  # told by the log alone
    # As dataclasses.replace, in half its time: every event of every call comes through here.
    return Call(**dict(zip(_FIELDS, _values(call), strict=True)) | changes)
