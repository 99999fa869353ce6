"""A call's events as a page shows them: a line with stops, a two-sided transcript, a list on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from calls.call import Call
from calls.events import CallEvent, CallEventKind
from console.call_moments import Moment, begun, moments, second_of
from console.display import disposition_label, duration, offset, phone
from console.event_details import NOBODY, event_detail, number_of
from console.words import Words
from history.dispositions import Disposition
from history.interaction import Interaction

Kind = CallEventKind
# Below this a recogniser's words are shown as unsure.
UNSURE_BELOW = 0.6

ICONS: Mapping[CallEventKind, str] = {
    Kind.RECEIVED: "phone-incoming",
    Kind.ANSWERED: "phone-call",
    Kind.DETECTED: "ear",
    Kind.FLOW_STARTED: "route",
    Kind.STEP_ENTERED: "circle-dot",
    Kind.LANGUAGE_CHOSEN: "languages",
    Kind.SAID: "volume-2",
    Kind.KEY_PRESSED: "hash",
    Kind.HEARD: "quote",
    Kind.UNDERSTOOD: "ear",
    Kind.NOT_UNDERSTOOD: "circle-help",
    Kind.VALUE_SET: "tag",
    Kind.MESSAGE_LEFT: "voicemail",
    Kind.TRANSFER_STARTED: "arrow-right-left",
    Kind.TRANSFER_ENDED: "arrow-right-left",
    Kind.WORK_DONE: "check",
    Kind.FETCHED: "terminal",
    Kind.MESSAGE_QUEUED: "inbox",
    Kind.CALLBACK_REQUESTED: "phone-outgoing",
    Kind.CONTACT_REFUSED: "minus",
    Kind.CONSENT_KEPT: "check",
    Kind.CONTACT_STOPPED: "minus",
    Kind.PROMISE_MADE: "check",
    Kind.IDENTITY_CHECKED: "check",
    Kind.CLIP_RECORDED: "mic",
    Kind.RATED: "check",
    Kind.QUEUED: "hourglass",
    Kind.AGENT_OFFERED: "bell",
    Kind.AGENT_MISSED: "phone-missed",
    Kind.AGENT_CONNECTED: "headphones",
    Kind.QUEUE_LEFT: "hourglass",
    Kind.AGENT_LOST: "triangle-alert",
    Kind.NO_AGENT: "phone-missed",
    Kind.TALK_HELD: "pause",
    Kind.TALK_RESUMED: "play",
    Kind.KEYS_SENT: "hash",
    Kind.CONSULT_STARTED: "phone-outgoing",
    Kind.CONSULT_ENDED: "phone-off",
    Kind.TRANSFERRED: "arrow-right-left",
    Kind.CONFERENCE_STARTED: "users",
    Kind.PARTY_LEFT: "phone-off",
    Kind.TALK_ENDED: "headphones",
    Kind.RECORDING_STARTED: "mic",
    Kind.RECORDING_PAUSED: "pause",
    Kind.RECORDING_RESUMED: "mic",
    Kind.RECORDING_ENDED: "mic",
    Kind.SUPERVISED: "ear",
    Kind.SUPERVISION_ENDED: "ear",
    Kind.WRAPPED_UP: "check",
    Kind.LEG_CHANGED: "phone",
    Kind.TROUBLE: "triangle-alert",
    Kind.RESUMED: "rotate-cw",
    Kind.RECONCILED: "inbox",
    Kind.ENDED: "phone-off",
}
# What nobody says, and yet belongs between what was said.
TOLD = frozenset(
    {
        Kind.NOT_UNDERSTOOD,
        Kind.MESSAGE_LEFT,
        Kind.TRANSFER_STARTED,
        Kind.TRANSFER_ENDED,
        Kind.MESSAGE_QUEUED,
        Kind.CALLBACK_REQUESTED,
        Kind.CONTACT_REFUSED,
        Kind.CONSENT_KEPT,
        Kind.CONTACT_STOPPED,
        Kind.PROMISE_MADE,
        Kind.IDENTITY_CHECKED,
        Kind.CLIP_RECORDED,
        Kind.AGENT_CONNECTED,
        Kind.QUEUE_LEFT,
        Kind.TROUBLE,
        Kind.RESUMED,
        Kind.RECONCILED,
    }
)
# Steps that a caller notices; the others (set, branch and their like) are in the list of events only.
VERB_ICONS: Mapping[str, str] = {
    "say": "volume-2",
    "play": "play",
    "menu": "hash",
    "ask": "ear",
    "transfer": "arrow-right-left",
    "voicemail": "voicemail",
    "webhook": "terminal",
    "queue": "hourglass",
    "callback": "phone-outgoing",
    "sms": "inbox",
    "consent": "check",
    "verify": "check",
    "promise": "check",
    "stop_contact": "minus",
    "debt": "inbox",
    "dispute": "minus",
    "record": "mic",
    "rate": "ear",
    "hangup": "phone-off",
}
SILENT_VERBS = frozenset({"set", "branch", "hours", "contact", "subflow", "return"})


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of the call's line. `state`: done, live, warn or bad."""

    at: str
    title: str
    detail: str
    icon: str
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript, `second` of the call. `side`: line, caller, or note: nobody said it."""

    at: str
    second: float
    side: str
    text: str
    language: str | None = None
    keys: bool = False
    unsure: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class EventRow:
    """`second` of the call; `moment`: what the call is at from then on."""

    at: str
    second: float
    icon: str
    title: str
    detail: str
    bad: bool
    moment: Moment


@dataclass(frozen=True, slots=True)
class Written:
    """An agent's word on a call. `outcome` is its label; `language` the call's."""

    agent: str
    outcome: str
    note: str
    language: str | None


def call_line(call: Call, events: Sequence[CallEvent], words: Words) -> tuple[Stop, ...]:
    """The path: arrival, each step that the caller noticed with what was understood in it, and the end."""
    stops: list[Stop] = []
    for event in events:
        data, at = event.data, offset(event.at, call.started_at)
        match event.kind:
            case Kind.RECEIVED:
                title = words(f"direction_{call.direction.value}")
                stops.append(Stop(at, title, phone(call.dialled), "phone-incoming", "done"))
            case Kind.STEP_ENTERED if data.get("verb") not in SILENT_VERBS:
                verb = str(data.get("verb", ""))
                icon = VERB_ICONS.get(verb, "circle-dot")
                stops.append(Stop(at, str(data["step"]), words.get(f"verb_{verb}", verb), icon, "done"))
            case Kind.UNDERSTOOD if stops:
                stops[-1] = _with_detail(stops[-1], event_detail(event, words))
            case Kind.NOT_UNDERSTOOD if stops:
                stops[-1] = _with_detail(stops[-1], words("event_not_understood").lower(), "warn")
            case Kind.ENDED:
                stops.append(
                    Stop(
                        at,
                        words("event_ended"),
                        words.get(f"by_{data.get('by')}", ""),
                        "phone-off",
                        "bad" if data.get("by") in ("fault", "network") else "done",
                    )
                )
    if stops and call.ended_at is None:
        last = stops[-1]
        stops[-1] = Stop(last.at, last.title, last.detail, last.icon, "live")
    return tuple(stops)


def _with_detail(stop: Stop, detail: str, state: str = "done") -> Stop:
    return Stop(stop.at, stop.title, detail or stop.detail, stop.icon, state)


def transcript(
    call: Call, events: Sequence[CallEvent], words: Words, names: Mapping[str, str] = NOBODY
) -> tuple[Line, ...]:
    """What the line said and what it heard, as it began. Keys pressed one after another share a line.

    `names`: of agents, as they are shown.
    """
    lines: list[Line] = []
    for event in events:
        data, second = event.data, second_of(call, event.at)
        if event.kind in (Kind.SAID, Kind.HEARD):
            second = begun(call, event)
        at = duration(second)
        match event.kind:
            case Kind.SAID:
                cut = bool(data.get("interrupted"))
                lines.append(Line(at, second, "line", str(data["text"]), _language(event, call), cut=cut))
            case Kind.KEY_PRESSED:
                key = str(data["key"])
                if lines and lines[-1].keys:
                    lines[-1] = replace(lines[-1], text=f"{lines[-1].text} {key}")
                else:
                    lines.append(Line(at, second, "caller", key, keys=True))
            case Kind.HEARD if data.get("text"):
                unsure = number_of(data.get("confidence"), 1.0) < UNSURE_BELOW
                text = str(data["text"])
                lines.append(Line(at, second, "caller", text, _language(event, call), unsure=unsure))
            case kind if kind in TOLD:
                detail = event_detail(event, words, names)
                title = words(f"event_{kind.value}")
                lines.append(Line(at, second, "note", f"{title}: {detail}" if detail else title))
    return tuple(sorted(lines, key=lambda line: line.second))


def event_rows(
    call: Call,
    events: Sequence[CallEvent],
    words: Words,
    names: Mapping[str, str],
    dispositions: Mapping[str, Disposition],
) -> tuple[EventRow, ...]:
    """Every event, in order, with its time since the call began. `names`: of agents, as they are shown."""
    return tuple(
        EventRow(
            offset(event.at, call.started_at),
            second_of(call, event.at),
            ICONS.get(event.kind, "circle-dot"),
            words.get(f"event_{event.kind.value}", event.kind.value),
            event_detail(event, words, names, dispositions),
            event.kind is Kind.TROUBLE or event.data.get("by") in ("fault", "network"),
            moment,
        )
        for event, moment in zip(events, moments(events, words, names), strict=True)
    )


def written_of(
    rows: Sequence[Interaction],
    names: Mapping[str, str],
    dispositions: Mapping[str, Disposition],
    words: Words,
) -> tuple[Written, ...]:
    """What the agents' parts of a call left, in the order of time. `names`: of agents, as they are shown."""
    return tuple(
        Written(
            names.get(row.agent or "", row.agent or ""),
            disposition_label(row.disposition, dispositions, words),
            row.note or "",
            row.language,
        )
        for row in sorted(rows, key=lambda row: row.at)
        if row.disposition or row.note
    )


def agents_of(events: Sequence[CallEvent]) -> tuple[str, ...]:
    """Whom the person talked with, in order, each once."""
    talked = [
        str(event.data.get("target" if event.kind is Kind.TRANSFERRED else "agent", ""))
        for event in events
        if event.kind is Kind.AGENT_CONNECTED
        or (event.kind is Kind.TRANSFERRED and event.data.get("kind") == "agent")
    ]
    return tuple(name for name in dict.fromkeys(talked) if name)


def elapsed(call: Call, now: datetime) -> str:
    """How long the call lasted, or has lasted by now."""
    return duration(((call.ended_at or now) - call.started_at).total_seconds())


def _language(event: CallEvent, call: Call) -> str | None:
    language = event.data.get("language", call.language)
    return str(language) if language else None
