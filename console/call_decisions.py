"""Who decided what in a call, and why: each decision with its reasons, as the call's log has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calls.call import Call, Direction
from calls.events import CallEvent, CallEventKind
from compliance.decision import Verdict
from console.call_moments import second_of
from console.display import duration, offset, phone, queue_name
from console.event_details import number_of
from console.gate_telling import gate_told
from console.words import Words
from engine.registers.decisions import LoggedDecision

Kind = CallEventKind
_LEFT_WHY = frozenset({"timeout", "closed", "full", "nobody", "overflow"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who was considered: what they were at, or lacked."""

    name: str
    why: str
    free: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """`because` and `otherwise`: sentences, or less; `otherwise` is what would have been done instead."""

    at: str
    second: float
    title: str
    because: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class _Read:
    """What the reading of a call's log has come by."""

    call: Call
    words: Words
    names: Mapping[str, str]
    understood: str = ""
    heard: CallEvent | None = None
    step: str = ""
    given_to: str = ""  # who gave the call to a queue
    overflowed: tuple[str, float] | None = None  # the queue it came from, and the seconds there
    refused: bool = False  # to be recorded
    recorded: bool = False
    found: list[Decision] = field(default_factory=list)

    def add(self, event: CallEvent, title: str, *because: str, **more: tuple[str, ...]) -> None:
        why = tuple(one for one in because if one)
        other = tuple(one for one in more.get("otherwise", ()) if one)
        at = offset(event.at, self.call.started_at)
        self.found.append(Decision(at, second_of(self.call, event.at), title, why, other))

    def name(self, agent: object) -> str:
        return self.names.get(str(agent), str(agent))


def decisions(
    call: Call,
    events: Sequence[CallEvent],
    words: Words,
    names: Mapping[str, str],
    gate: LoggedDecision | None = None,
) -> tuple[Decision, ...]:
    """In the order of time. `names`: of agents, as they are shown; `gate`: of a call that was placed."""
    read = _Read(call, words, names)
    if gate is not None:
        read.found.append(_allowed(gate, words))
    for event in events:
        reader = _READERS.get(event.kind)
        if reader is not None:
            reader(read, event)
    return tuple(read.found)


def _allowed(gate: LoggedDecision, t: Words) -> Decision:
    asked = [one for one in gate.decision.checked if one.verdict in (Verdict.PASS, Verdict.REFUSE)]
    title = t("decided_allowed" if gate.decision.allowed else "decided_forbidden")
    because = gate_told(gate.decision.reason, t) or t("because_rules", count=len(asked))
    packs = t("because_packs", packs=", ".join(gate.packs)) if gate.packs else ""
    return Decision("0:00.0", 0.0, title, tuple(filter(None, (because, packs))))


def _flow(read: _Read, event: CallEvent) -> None:
    t, call = read.words, read.call
    inbound = call.direction is Direction.INBOUND
    why = (
        t("because_number", number=phone(call.dialled))
        if inbound
        else t("because_placed", purpose=t.get(f"purpose_{call.purpose}", call.purpose or ""))
    )
    version = str(event.data.get("version", ""))[:8]
    read.add(
        event, t("decided_flow", flow=event.data.get("flow")), why, t("because_version", version=version)
    )


def _step(read: _Read, event: CallEvent) -> None:
    data, t = event.data, read.words
    read.step = str(data.get("step", ""))
    if "because" not in data:
        return
    why, read.understood = str(data["because"]), ""
    because = t("because_nothing_held") if why == "otherwise" else t("because_held", condition=why)
    hours, _, state = why.partition(": ")
    if state in ("open", "closed", "holiday"):
        because = t(f"because_{state}", hours=hours)
    instead = (
        (t("otherwise_step", step=data["otherwise"]),)
        if data.get("otherwise") not in (None, read.step)
        else ()
    )
    read.add(event, t("decided_step", step=read.step), because, otherwise=instead)


def _heard(read: _Read, event: CallEvent) -> None:
    read.heard = event if event.data.get("text") else None


def _understood(read: _Read, event: CallEvent) -> None:
    data, t = event.data, read.words
    meant = data.get("choice", data.get("value"))
    read.understood = str(data.get("choice", read.understood))
    shown = t("decided_hidden") if meant is None else str(meant)
    because = [t("because_key")]
    if data.get("by") == "speech":
        because = [_said(read, t), t("because_sure", sure=_percent(data.get("confidence")))]
        if (needed := data.get("needed")) is not None:
            key = (
                "because_needed"
                if number_of(data.get("confidence"), 0) >= number_of(needed, 0)
                else "because_asked"
            )
            because.append(t(key, needed=_percent(needed)))
    read.heard = None
    read.add(event, t("decided_understood", choice=shown), ", ".join(filter(None, because)))


def _not_understood(read: _Read, event: CallEvent) -> None:
    data, t = event.data, read.words
    why = str(data.get("why", ""))
    because = [t.get(f"why_{why}", why)]
    if read.heard is not None and why != "silent":
        sure = t("because_sure", sure=_percent(read.heard.data.get("confidence")))
        because = [_said(read, t), sure, *because]
    read.heard = None
    read.add(event, t("decided_again"), ", ".join(filter(None, because)))


def _said(read: _Read, t: Words) -> str:
    text = "" if read.heard is None else str(read.heard.data.get("text", ""))
    return t("because_said", text=text) if text else ""


def _queued(read: _Read, event: CallEvent) -> None:
    t, queue = read.words, queue_name(str(event.data.get("queue", "")))
    if read.overflowed is not None:
        because = t(
            "because_overflow", queue=queue_name(read.overflowed[0]), wait=duration(read.overflowed[1])
        )
    elif read.given_to:
        because = t("because_given", agent=read.given_to)
    elif read.understood:
        because = t("because_understood", choice=read.understood)
    else:
        because = t("because_step", step=read.step) if read.step else ""
    read.overflowed, read.given_to = None, ""
    read.add(
        event, t("decided_queue", queue=queue), because, t("queue_place", place=event.data.get("position"))
    )


def _offered(read: _Read, event: CallEvent) -> None:
    data, t = event.data, read.words
    told = data.get("considered")
    named = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    candidates = tuple(_candidate(read, one) for one in named)
    strategy = str(data.get("strategy", ""))
    because = t.get(f"because_{strategy}", "")
    if named and not any(one.get("why") == "later" for one in named) and not data.get("others"):
        because = t("because_only")
    others = number_of(data.get("others"), 0)
    more = (t("decided_others", count=int(others)),) if others else ()
    read.found.append(
        Decision(
            offset(event.at, read.call.started_at),
            second_of(read.call, event.at),
            t("decided_agent", agent=read.name(data.get("agent", ""))),
            tuple(filter(None, (because, *more))),
            candidates=candidates,
        )
    )


def _candidate(read: _Read, one: Mapping[str, object]) -> Candidate:
    t, why = read.words, str(one.get("why", ""))
    idle = one.get("idle_seconds")
    free = "" if idle is None else t("considered_free", time=duration(number_of(idle, 0.0)))
    word = (
        t("considered_skills", skill=one.get("lacks", ""))
        if why == "skills"
        else t.get(f"considered_{why}", why)
    )
    return Candidate(read.name(one.get("agent", "")), word, free, why == "chosen")


def _missed(read: _Read, event: CallEvent) -> None:
    t, agent = read.words, read.name(event.data.get("agent", ""))
    outcome = str(event.data.get("outcome", ""))
    read.add(event, t("decided_next_agent"), f"{agent}: {t.get(f'outcome_{outcome}', outcome)}")


def _lost(read: _Read, event: CallEvent) -> None:
    t = read.words
    read.add(event, t("decided_front"), t("because_lost", agent=read.name(event.data.get("agent", ""))))


def _left(read: _Read, event: CallEvent) -> None:
    data, t = event.data, read.words
    outcome, queue = str(data.get("outcome", "")), str(data.get("queue", ""))
    waited = number_of(data.get("waited_seconds"), 0.0)
    if outcome == "overflow":
        read.overflowed = (queue, waited)
    if outcome in _LEFT_WHY - {"overflow"}:
        title = t("decided_left", queue=queue_name(queue))
        read.add(event, title, t(f"because_left_{outcome}", wait=duration(waited)))


def _connected(read: _Read, event: CallEvent) -> None:
    read.recorded = False


def _consent(read: _Read, event: CallEvent) -> None:
    if event.data.get("purpose") == "recording":
        read.refused = not event.data.get("given")


def _recording(read: _Read, event: CallEvent) -> None:
    t, data = read.words, event.data
    match event.kind:
        case Kind.RECORDING_STARTED:
            read.recorded = True
            basis = str(data.get("basis", ""))
            read.add(event, t("decided_recording_on"), t.get(f"because_{basis}", basis))
        case Kind.RECORDING_PAUSED:
            because = t("because_by", agent=read.name(data.get("agent", "")))
            read.add(event, t("decided_recording_paused"), because)
        case Kind.TALK_ENDED if not read.recorded:
            why = t("because_refused") if read.refused else t("because_not_allowed")
            read.add(event, t("decided_recording_off"), why)


def _transferred(read: _Read, event: CallEvent) -> None:
    t, data = read.words, event.data
    agent = read.name(data.get("agent", ""))
    kind, target = str(data.get("kind", "")), str(data.get("target", ""))
    shown = {"queue": queue_name(target), "number": phone(target), "agent": read.name(target)}.get(
        kind, target
    )
    if kind == "queue":
        read.given_to = agent
    how = t.get(f"because_{data.get('how')}", "")
    read.add(event, t("decided_transfer", target=shown), t("because_by", agent=agent), how)


def _refused(read: _Read, event: CallEvent) -> None:
    t, data = read.words, event.data
    channel = str(data.get("channel", ""))
    later = data.get("next_allowed_at")
    instead = (t("otherwise_later", at=_moment(later)),) if isinstance(later, str) else ()
    rule = str(data.get("rule") or "")
    title = t("decided_no_contact", channel=t.get(f"channel_{channel}", channel))
    read.add(
        event,
        title,
        gate_told(str(data.get("reason") or ""), t),
        t("because_rule", rule=rule) if rule else "",
        otherwise=instead,
    )


def _identity(read: _Read, event: CallEvent) -> None:
    t, data = read.words, event.data
    title = t("decided_identity_yes" if data.get("passed") else "decided_identity_no")
    read.add(event, title, t.get(f"because_by_{data.get('by')}", str(data.get("by", ""))))


def _moment(written: str) -> str:
    try:
        return f"{datetime.fromisoformat(written).astimezone():%d.%m, %H:%M}"
    except ValueError:
        return written


def _percent(share: object) -> str:
    return f"{number_of(share, 0.0):.0%}"


_READERS: Mapping[CallEventKind, Callable[[_Read, CallEvent], None]] = {
    Kind.FLOW_STARTED: _flow,
    Kind.STEP_ENTERED: _step,
    Kind.HEARD: _heard,
    Kind.UNDERSTOOD: _understood,
    Kind.NOT_UNDERSTOOD: _not_understood,
    Kind.QUEUED: _queued,
    Kind.AGENT_OFFERED: _offered,
    Kind.AGENT_MISSED: _missed,
    Kind.AGENT_LOST: _lost,
    Kind.AGENT_CONNECTED: _connected,
    Kind.QUEUE_LEFT: _left,
    Kind.CONSENT_KEPT: _consent,
    Kind.RECORDING_STARTED: _recording,
    Kind.RECORDING_PAUSED: _recording,
    Kind.TALK_ENDED: _recording,
    Kind.TRANSFERRED: _transferred,
    Kind.CONTACT_REFUSED: _refused,
    Kind.IDENTITY_CHECKED: _identity,
}
