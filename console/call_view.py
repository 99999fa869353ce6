"""A call's events as a page shows them: a line with stops, a two-sided transcript, a list on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from calls.call import Call
from calls.events import CallEvent, CallEventKind
from console.display import MASK, duration, offset, phone
from console.words import Words

Kind = CallEventKind
# Below this a recogniser's words are shown as unsure.
UNSURE_BELOW = 0.6

ICONS: Mapping[CallEventKind, str] = {
    Kind.RECEIVED: "phone-incoming",
    Kind.ANSWERED: "phone-call",
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
    Kind.LEG_CHANGED: "phone",
    Kind.TROUBLE: "triangle-alert",
    Kind.RESUMED: "rotate-cw",
    Kind.RECONCILED: "inbox",
    Kind.ENDED: "phone-off",
}
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
    """One line of the transcript. `side`: line, caller, or note for what nobody said."""

    at: str
    side: str
    text: str
    language: str | None = None
    keys: bool = False
    unsure: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class EventRow:
    at: str
    icon: str
    title: str
    detail: str
    bad: bool


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


def transcript(call: Call, events: Sequence[CallEvent], words: Words) -> tuple[Line, ...]:
    """What the line said and what it heard. Keys pressed one after another share a line."""
    lines: list[Line] = []
    for event in events:
        data, at = event.data, offset(event.at, call.started_at)
        match event.kind:
            case Kind.SAID:
                cut = bool(data.get("interrupted"))
                lines.append(Line(at, "line", str(data["text"]), _language(event, call), cut=cut))
            case Kind.KEY_PRESSED:
                key = str(data["key"])
                if lines and lines[-1].keys:
                    lines[-1] = Line(lines[-1].at, "caller", f"{lines[-1].text} {key}", keys=True)
                else:
                    lines.append(Line(at, "caller", key, keys=True))
            case Kind.HEARD if data.get("text"):
                unsure = _number(data.get("confidence"), 1.0) < UNSURE_BELOW
                lines.append(Line(at, "caller", str(data["text"]), _language(event, call), unsure=unsure))
            case (
                Kind.NOT_UNDERSTOOD
                | Kind.MESSAGE_LEFT
                | Kind.TRANSFER_STARTED
                | Kind.TRANSFER_ENDED
                | Kind.MESSAGE_QUEUED
                | Kind.CALLBACK_REQUESTED
                | Kind.CONTACT_REFUSED
                | Kind.CONSENT_KEPT
                | Kind.CONTACT_STOPPED
                | Kind.PROMISE_MADE
                | Kind.IDENTITY_CHECKED
                | Kind.CLIP_RECORDED
                | Kind.AGENT_CONNECTED
                | Kind.QUEUE_LEFT
                | Kind.TROUBLE
                | Kind.RESUMED
                | Kind.RECONCILED
            ):
                detail = event_detail(event, words)
                title = words(f"event_{event.kind.value}")
                lines.append(Line(at, "note", f"{title}: {detail}" if detail else title))
    return tuple(lines)


def event_rows(call: Call, events: Sequence[CallEvent], words: Words) -> tuple[EventRow, ...]:
    """Every event, in order, with its time since the call began."""
    return tuple(
        EventRow(
            offset(event.at, call.started_at),
            ICONS.get(event.kind, "circle-dot"),
            words.get(f"event_{event.kind.value}", event.kind.value),
            event_detail(event, words),
            event.kind is Kind.TROUBLE or event.data.get("by") in ("fault", "network"),
        )
        for event in events
    )


def event_detail(event: CallEvent, words: Words) -> str:
    """The short text at the right of an event: the value that matters most in it."""
    data = event.data
    match event.kind:
        case Kind.RECEIVED:
            return phone(str(data.get("dialled", "")))
        case Kind.FLOW_STARTED:
            return words("flow_version", flow=data["flow"], version=str(data["version"])[:8])
        case Kind.STEP_ENTERED:
            return str(data["step"])
        case Kind.LANGUAGE_CHOSEN:
            return words.get(f"language_{data['language']}", str(data["language"]))
        case Kind.SAID:
            return _seconds(data, words)
        case Kind.KEY_PRESSED:
            return str(data["key"])
        case Kind.HEARD:
            return _joined(_quoted(data.get("text"), words), _seconds(data, words))
        case Kind.UNDERSTOOD:
            value = data.get("choice", data.get("value", MASK))
            sure = data.get("confidence") if data.get("by") == "speech" else None
            return _joined(str(value), f"{_number(sure, 0.0):.0%}" if sure is not None else "")
        case Kind.NOT_UNDERSTOOD:
            return words.get(f"why_{data.get('why')}", str(data.get("why", "")))
        case Kind.VALUE_SET:
            return f"{data.get('name')} = {data.get('value', MASK)}"
        case Kind.MESSAGE_LEFT:
            return duration(_number(data.get("seconds"), 0.0))
        case Kind.TRANSFER_STARTED:
            return phone(str(data["number"]))
        case Kind.TRANSFER_ENDED:
            outcome = str(data.get("outcome", ""))
            return words.get(f"outcome_{outcome}", outcome)
        case Kind.WORK_DONE:
            return _joined(str(data.get("step", "")), str(data.get("outcome", "")))
        case Kind.FETCHED:
            status = data.get("status")
            return _joined(
                str(data.get("service", "")),
                words("no_answer_came") if status is None else str(status),
                _seconds(data, words),
            )
        case Kind.MESSAGE_QUEUED:
            return _joined(phone(str(data.get("to", ""))), _quoted(data.get("text"), words))
        case Kind.CONTACT_REFUSED:
            return _joined(phone(str(data.get("to", ""))), str(data.get("reason", "")))
        case Kind.CALLBACK_REQUESTED | Kind.CONTACT_STOPPED:
            return phone(str(data.get("number", "")))
        case Kind.CONSENT_KEPT:
            given = words("given_true" if data.get("given") else "given_false")
            return _joined(str(data.get("purpose", "")), given)
        case Kind.PROMISE_MADE:
            return _joined(f"{data.get('amount')} {data.get('currency')}", str(data.get("due", "")))
        case Kind.IDENTITY_CHECKED:
            return words("passed_true" if data.get("passed") else "passed_false")
        case Kind.CLIP_RECORDED:
            return duration(_number(data.get("seconds"), 0.0))
        case Kind.RATED:
            rating = data.get("rating")
            return words("declined") if rating is None else str(rating)
        case Kind.QUEUED:
            return _joined(str(data.get("queue", "")), words("queue_place", place=data.get("position")))
        case Kind.AGENT_OFFERED | Kind.AGENT_MISSED | Kind.AGENT_CONNECTED:
            return str(data.get("agent", ""))
        case Kind.QUEUE_LEFT:
            outcome = str(data.get("outcome", ""))
            return _joined(str(data.get("queue", "")), words.get(f"outcome_{outcome}", outcome))
        case Kind.LEG_CHANGED:
            role, state = str(data.get("role", "")), str(data.get("state", ""))
            return _joined(words.get(f"role_{role}", role), words.get(f"leg_{state}", state))
        case Kind.TROUBLE:
            return _joined(str(data.get("what", "")), str(data.get("detail", "")))
        case Kind.RESUMED:
            return str(data.get("why", ""))
        case Kind.RECONCILED:
            return str(data.get("source", ""))
        case Kind.ENDED:
            return words.get(f"by_{data.get('by')}", "")
        case _:
            return ""


def elapsed(call: Call, now: datetime) -> str:
    """How long the call lasted, or has lasted by now."""
    return duration(((call.ended_at or now) - call.started_at).total_seconds())


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _quoted(text: object, words: Words) -> str:
    return words("quoted", text=text) if text else ""


def _seconds(data: Mapping[str, object], words: Words) -> str:
    seconds = data.get("seconds")
    if seconds is None:
        return ""
    return words("seconds", seconds=f"{_number(seconds, 0.0):.1f}".replace(".", words("decimal_mark")))


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _language(event: CallEvent, call: Call) -> str | None:
    language = event.data.get("language", call.language)
    return str(language) if language else None
