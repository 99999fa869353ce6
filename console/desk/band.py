"""The top of the desk: what the agent is, and the band of the call, as words, shapes and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acd.talks.talk import PartyRole, PartyState, PartyView, TalkPhase, TalkView
from console import display
from console.words import Words
from engine.desk.view import BreakChoice, DeskView, Popup, Stop, StopKind

# What an agent is: tone (a colour, and the shape that goes with it), word.
STATES: Mapping[str, tuple[str, str]] = {
    "offered": ("ringing", "desk_ringing"),
    "talking": ("talking", "desk_talking"),
    "hold": ("hold", "desk_hold"),
    "wrap_up": ("wrap", "desk_wrap"),
}
STATUSES: Mapping[str, tuple[str, str]] = {
    "available": ("ready", "desk_ready"),
    "break": ("break", "desk_break"),
    "training": ("training", "desk_training"),
    "missed": ("missed", "desk_missed"),
    "offline": ("offline", "desk_offline"),
}
TONE_ICONS: Mapping[str, str] = {
    "ready": "",  # a disc
    "ringing": "bell",
    "talking": "phone-call",
    "hold": "pause",
    "wrap": "pencil",
    "break": "coffee",
    "training": "graduation-cap",
    "missed": "phone-missed",
    "offline": "circle",
}
# A talk's phase: the band's colour, and its word.
PHASES: Mapping[str, tuple[str, str]] = {
    "dialling": ("ringing", "desk_dialling"),
    "talking": ("talking", "desk_talking"),
    "held": ("hold", "desk_hold"),
    "consulting": ("hold", "desk_consulting"),
    "conference": ("talking", "desk_conference"),
}
STOP_ICONS: Mapping[StopKind, str] = {
    StopKind.ARRIVED: "phone-incoming",
    StopKind.KEY: "hash",
    StopKind.WORDS: "quote",
    StopKind.LOOKED_UP: "search",
    StopKind.CHECKED: "shield-check",
    StopKind.QUEUE: "hourglass",
    StopKind.AGENT: "headset",
    StopKind.CONSENT: "check",
}
# A longer way shows where it began, and the end of it.
MOST_STOPS = 7


@dataclass(frozen=True, slots=True)
class Pill:
    """`since` is of the state; `limit_minutes` of a break that should be over by then."""

    tone: str
    icon: str
    word: str
    since: datetime | None
    limit_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class PathStop:
    """`key`: a key that was pressed, drawn as one. `language`: of the customer's own words."""

    at: str
    title: str
    detail: str
    icon: str
    key: str = ""
    language: str | None = None
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on the line beside the agent and the customer. `leg` "": not the agent's to drop."""

    leg: str
    name: str
    word: str
    since: datetime | None
    on_line: bool


@dataclass(frozen=True, slots=True)
class Band:
    """`kind`: idle, lead, missed, offline, ringing, dialling, talking, held, consulting, conference or wrap.

    `since` and `until` are what its timer counts from or to. `leads`: else the agent was asked for advice,
    or joined, and may only leave.
    """

    kind: str
    tone: str
    word: str
    title: str
    number: str = ""
    detail: str = ""
    way: str = ""
    queue: str = ""
    waited: str = ""
    call_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    recording: str = "off"
    muted: bool = False
    stops: tuple[PathStop, ...] = ()
    parties: tuple[Party, ...] = ()
    outcome: str = ""
    required: bool = False
    leads: bool = True

    @property
    def live(self) -> bool:
        return self.kind in PHASES


def pill_of(view: DeskView, words: Words) -> Pill:
    """What the agent is now: the state of their work, else the status that they chose."""
    if view.state.value in STATES:
        tone, word = STATES[view.state.value]
        return Pill(tone, TONE_ICONS[tone], words(word), view.state_since)
    if view.chats:
        return Pill("talking", "message-square", words("floor_chatting", count=view.chats), None)
    if view.messages:
        return Pill("talking", "mail", words("floor_writing"), None)
    tone, word = STATUSES[view.status.value]
    text, limit = words(word), None
    if view.status.value == "break" and view.reason:
        chosen = next((one for one in view.breaks if one.name == view.reason), None)
        text = break_word(chosen, words) if chosen else view.reason
        limit = chosen.minutes if chosen else None
    return Pill(tone, TONE_ICONS[tone], text, view.status_since, limit)


def after_of(view: DeskView, words: Words) -> Pill | None:
    """The status that was chosen for when this call is over."""
    if view.after is None:
        return None
    tone, word = STATUSES[view.after.value]
    chosen = next((one for one in view.breaks if one.name == view.after_reason), None)
    return Pill(tone, TONE_ICONS[tone], break_word(chosen, words) if chosen else words(word), None)


def break_word(choice: BreakChoice, words: Words) -> str:
    return display.labelled(choice.label, choice.name, words)


def band_of(view: DeskView, words: Words) -> Band:
    """What the band shows: an offer, a talk, what is left to do after it, or that nothing happens."""
    popup = view.popup
    if view.offer is not None:
        return Band(
            "ringing",
            "ringing",
            words("desk_ringing"),
            _title(popup, view.offer.number, words),
            queue=view.offer.queue,
            call_id=view.offer.call_id,
            since=view.offer.since,
            until=view.offer.deadline,
            **_of_popup(popup, view, words),
        )
    if view.talk is not None:
        return _of_talk(view, view.talk, words)
    if view.state.value == "wrap_up" and view.wrap_up is not None:
        done = next((one for one in view.dispositions if one.name == view.wrap_up.disposition), None)
        return Band(
            "wrap",
            "wrap",
            words("desk_wrap"),
            _title(popup, "", words),
            queue=view.wrap_up.queue or "",
            call_id=view.wrap_up.call_id,
            since=view.state_since,
            until=view.wrap_up.until,
            outcome=display.labelled(done.label, done.name, words) if done else "",
            required=view.wrap_up.required,
            **_of_popup(popup, view, words),
        )
    if view.preview is not None:
        name = view.preview.lead.name
        return Band(
            "lead",
            "lead",
            words("desk_lead"),
            name or _title(popup, view.preview.number, words),
            call_id=f"lead:{view.preview.lead.id}",
            since=view.preview.since,
            until=view.preview.until,
        )
    status = view.status.value
    kind = status if status in ("missed", "offline") else "idle"
    tone, word = STATUSES[status]
    ready = words("desk_idle_ready" if view.room_for_call else "desk_idle_written")
    title = ready if status == "available" else pill_of(view, words).word
    return Band(kind, tone, words(word), title)


def _of_talk(view: DeskView, talk: TalkView, words: Words) -> Band:
    tone, word = PHASES[talk.phase.value]
    leads = not talk.agent or talk.agent == view.agent
    if not leads:
        tone = "talking"
    customer = next((one for one in talk.parties if one.role is PartyRole.CUSTOMER), None)
    since = talk.connected_at or view.state_since
    if talk.phase is TalkPhase.HELD and customer is not None:
        since = customer.since
    return Band(
        talk.phase.value,
        tone,
        words(word) if leads else words("desk_asked", who=_called(view, talk.agent)),
        _title(view.popup, customer.name if customer else "", words),
        queue=talk.queue,
        call_id=talk.talk_id,
        since=since,
        recording=talk.recording,
        muted=talk.muted,
        parties=tuple(
            _party(one, view, words)
            for one in talk.parties
            if one.role in (PartyRole.CONSULTED, PartyRole.SUPERVISOR) and one.name != view.agent
        ),
        leads=leads,
        **_of_popup(view.popup, view, words),
    )


def _party(one: PartyView, view: DeskView, words: Words) -> Party:
    supervisor = one.role is PartyRole.SUPERVISOR
    return Party(
        "" if supervisor else one.leg,
        display.phone(_called(view, one.name)) or words("caller_withheld"),
        words("desk_supervisor") if supervisor else words(f"desk_party_{one.state.value}"),
        one.since,
        one.state is not PartyState.RINGING,
    )


def _called(view: DeskView, agent: str) -> str:
    return view.names.get(agent, agent)


def _title(popup: Popup | None, number: str, words: Words) -> str:
    if popup is not None and popup.contact is not None:
        return display.contact_name(popup.contact, words)
    return display.party(popup.number if popup is not None else number, words)


def _of_popup(popup: Popup | None, view: DeskView, words: Words) -> dict[str, Any]:
    if popup is None:
        return {}
    known = popup.contact is not None and bool(popup.contact.name)
    return {
        "number": display.phone(popup.number) if known else "",
        "detail": _standing(popup, words),
        "way": popup.direction,
        "waited": "" if popup.waited_seconds is None else display.duration(popup.waited_seconds),
        "stops": path_of(popup, view, words),
    }


def _standing(popup: Popup, words: Words) -> str:
    """New is who had no contact before this call. Without the history, or a number, nobody knows."""
    if popup.contact is not None:
        return words("desk_unknown" if popup.contact.created_at >= popup.arrived_at else "desk_known")
    return "" if popup.missing or popup.point is None else words("desk_unknown")


def path_of(popup: Popup, view: DeskView, words: Words) -> tuple[PathStop, ...]:
    """The way that the caller has come: the first moment is told whole, the others from there."""
    stops = tuple(_stop(one, popup, view, words) for one in popup.stops)
    return stops if len(stops) <= MOST_STOPS else (stops[0], *stops[1 - MOST_STOPS :])


def _stop(stop: Stop, popup: Popup, view: DeskView, words: Words) -> PathStop:
    at = f"+{display.duration((stop.at - popup.arrived_at).total_seconds())}"
    icon, title, detail = STOP_ICONS[stop.kind], stop.text, stop.detail
    key, language, unsure = "", None, False
    match stop.kind:
        case StopKind.ARRIVED:
            at, icon = display.local_time(stop.at), "phone-incoming"
            title, detail = words("nav_hotline"), display.phone(stop.text)
            if popup.direction == "outbound":
                title, icon = words("desk_stop_outbound"), "phone-outgoing"
        case StopKind.KEY:
            title, key = words("desk_stop_key", key=stop.text), stop.text
        case StopKind.WORDS:
            title, language = words("quoted", text=stop.text), stop.language
            sure = "" if stop.confidence is None else f"{stop.confidence:.0%}"
            detail = ", ".join(part for part in (stop.detail, sure) if part)
            unsure = stop.confidence is not None and stop.confidence < 0.6
        case StopKind.CHECKED:
            title, detail = words("desk_stop_checked"), words.get(f"desk_{stop.text}", stop.text)
        case StopKind.QUEUE:
            title, detail = words("desk_stop_queue"), display.queue_name(stop.text)
            if popup.waited_seconds is not None and popup.queue == stop.text:
                detail = f"{detail}, {display.duration(popup.waited_seconds)}"
        case StopKind.AGENT:
            title = words("desk_you") if stop.text == view.agent else _called(view, stop.text)
        case StopKind.CONSENT:
            title = words.get(f"purpose_{stop.text}", stop.text)
            detail = words.get(f"desk_{stop.detail}", stop.detail)
    return PathStop(at, title, detail, icon, key, language, unsure)


def breaks_of(choices: Sequence[BreakChoice], words: Words) -> tuple[tuple[str, str, int | None], ...]:
    """Name, word and minutes of each."""
    return tuple((one.name, break_word(one, words), one.minutes) for one in choices)
