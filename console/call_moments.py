"""What a call is at from each of its events on: for going through it moment by moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from calls.call import Call
from calls.events import CallEvent, CallEventKind
from console.words import Words

Kind = CallEventKind
# What the call is at: the pill's colour and shape.
SHAPES: Mapping[str, tuple[str, str]] = {
    "arriving": ("ringing", "phone-incoming"),
    "line": ("talking", "route"),
    "queue": ("wrap", "hourglass"),
    "offered": ("ringing", "bell"),
    "talking": ("talking", "phone-call"),
    "hold": ("hold", "pause"),
    "consulting": ("hold", "phone-outgoing"),
    "conference": ("talking", "users"),
    "away": ("talking", "arrow-right-left"),
    "over": ("break", "phone-off"),
}
_LEADS_TO: Mapping[CallEventKind, str] = {
    Kind.RECEIVED: "arriving",
    Kind.FLOW_STARTED: "line",
    Kind.QUEUED: "queue",
    Kind.AGENT_OFFERED: "offered",
    Kind.AGENT_MISSED: "queue",
    Kind.AGENT_LOST: "queue",
    Kind.AGENT_CONNECTED: "talking",
    Kind.QUEUE_LEFT: "line",
    Kind.TALK_HELD: "hold",
    Kind.TALK_RESUMED: "talking",
    Kind.CONSULT_STARTED: "consulting",
    Kind.CONSULT_ENDED: "talking",
    Kind.CONFERENCE_STARTED: "conference",
    Kind.TRANSFERRED: "talking",
    Kind.TRANSFER_STARTED: "away",
    Kind.TRANSFER_ENDED: "line",
    Kind.TALK_ENDED: "line",
    Kind.ENDED: "over",
}
_RECORDING: Mapping[CallEventKind, str] = {
    Kind.RECORDING_STARTED: "on",
    Kind.RECORDING_PAUSED: "paused",
    Kind.RECORDING_RESUMED: "on",
    Kind.RECORDING_ENDED: "",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """`tone` and `icon` of the pill, its `word`; `facts`: what else holds, each a few words."""

    tone: str
    icon: str
    word: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _At:
    state: str = "arriving"
    recording: str = ""
    step: str = ""
    agent: str = ""


def second_of(call: Call, at: datetime) -> float:
    """Seconds since the call began."""
    return max(0.0, round((at - call.started_at).total_seconds(), 2))


def begun(call: Call, event: CallEvent) -> float:
    """The second in which what was said or heard began: it is noted once it is over."""
    seconds = event.data.get("seconds")
    took = float(seconds) if isinstance(seconds, int | float) else 0.0
    return max(0.0, round(second_of(call, event.at) - took, 2))


def moments(events: Sequence[CallEvent], words: Words, names: Mapping[str, str]) -> Iterator[Moment]:
    """One for each event, in order. `names`: of agents, as they are shown."""
    at = _At()
    for event in events:
        at = _after(at, event)
        yield _shown(at, words, names)


def _after(at: _At, event: CallEvent) -> _At:
    kind, data = event.kind, event.data
    if at.state == "over" and kind is not Kind.RESUMED:
        return at
    if kind in _RECORDING:
        return replace(at, recording=_RECORDING[kind])
    match kind:
        case Kind.STEP_ENTERED:
            return replace(at, state="line", step=str(data.get("step", "")), agent="")
        case Kind.ENDED:
            return _At("over")
        case Kind.AGENT_OFFERED | Kind.AGENT_CONNECTED:
            return replace(at, state=_LEADS_TO[kind], agent=str(data.get("agent", "")))
        case Kind.AGENT_MISSED | Kind.AGENT_LOST | Kind.TALK_ENDED | Kind.QUEUE_LEFT:
            return replace(at, state=_LEADS_TO[kind], agent="")
    return replace(at, state=_LEADS_TO.get(kind, at.state))


def _shown(at: _At, words: Words, names: Mapping[str, str]) -> Moment:
    tone, icon = SHAPES[at.state]
    facts = [names.get(at.agent, at.agent)] if at.agent else []
    if at.recording:
        facts.append(words(f"moment_recording_{at.recording}"))
    if at.step and at.state == "line":
        facts.append(words("moment_step", step=at.step))
    return Moment(tone, icon, words(f"moment_{at.state}"), tuple(facts))
