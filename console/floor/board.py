"""The board's rows: an agent's state as a shape, a word and a time; a queue's wait against its limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from acd.agents import AgentState, AgentStatus
from acd.talks.talk import PartyRole
from acd.views import AgentView, QueueView
from acd.work import WorkKind
from calls.call import Call
from console import display
from console.words import Words
from engine.desk.view import BreakChoice
from engine.floor.changes import FloorAgent, FloorView
from engine.registers.queue_days import QueueDay
from engine.registers.ratings import RatingCount

ON_THE_LINE = frozenset({AgentState.TALKING, AgentState.HOLD})
# What an agent is: the pill's colour, its shape, its word.
STATES: Mapping[AgentState, tuple[str, str, str]] = {
    AgentState.OFFERED: ("ringing", "bell", "floor_ringing"),
    AgentState.TALKING: ("talking", "phone-call", "floor_talking"),
    AgentState.HOLD: ("hold", "pause", "floor_hold"),
    AgentState.WRAP_UP: ("wrap", "pencil", "floor_wrap_up"),
}
STATUSES: Mapping[AgentStatus, tuple[str, str, str]] = {
    AgentStatus.AVAILABLE: ("ready", "", "floor_available"),
    AgentStatus.BREAK: ("break", "coffee", "floor_break"),
    AgentStatus.TRAINING: ("training", "graduation-cap", "floor_training"),
    AgentStatus.MISSED: ("missed", "phone-missed", "floor_missed"),
    AgentStatus.OFFLINE: ("offline", "circle", "floor_offline"),
}
# The same, of work in writing.
CHATTING = ("talking", "message-square", "floor_chatting")
WRITING = ("talking", "mail", "floor_writing")
OFFERED_IN_WRITING: Mapping[WorkKind, str] = {
    WorkKind.CHAT: "floor_offered_chat",
    WorkKind.TASK: "floor_offered_task",
}
# A wait is amber from this share of the queue's service level on, and red past it.
NEAR = 0.75


@dataclass(frozen=True, slots=True)
class AgentRow:
    """`icon` "" is a disc. `after`: what was chosen for when the work is over. `can_listen`: to a talk.

    `beside`: the chats of one who is on a call.
    """

    name: str
    shown: str
    tone: str
    icon: str
    word: str
    since: datetime | None
    after: str
    call: Call | None
    caller: str
    queue: str
    skills: str
    can_listen: bool
    mode: str  # of the asker, on this agent's line
    ears: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`tone`: of the longest wait: "", "near" or "past".

    `level`: today's service level, "" without callers; `level_of`: how many of how many.
    `rating`: today's average, "" without grades, of which there are `rated`. `chat_tone`: as
    `tone`, of chats.
    """

    view: QueueView
    tone: str
    talking: int
    level: str
    level_of: str
    rating: str
    rated: int
    chat_tone: str = ""
    chatting: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """The line that the asker is on."""

    call_id: str
    agent: str
    shown: str
    mode: str
    since: datetime


def agent_row(
    agent: FloorAgent, view: FloorView, breaks: Mapping[str, BreakChoice], words: Words
) -> AgentRow:
    seat = agent.view
    kind = next((work.kind for work in seat.all_work if work.work_id == seat.work), WorkKind.CALL)
    if seat.state in STATES:
        tone, icon, text = _doing(seat, kind, words)
        since = seat.state_since
    else:
        tone, icon, text = status_shown(seat.status, seat.reason, breaks, words)
        since = seat.status_since
    after = ""
    if seat.next_status is not None:
        after = status_shown(seat.next_status, seat.next_reason, breaks, words)[2]
    mine = view.mine
    return AgentRow(
        name=seat.name,
        shown=agent.shown,
        tone=tone,
        icon=icon,
        word=text,
        since=since,
        after=after,
        call=agent.call,
        caller=_caller(agent, words),
        queue=seat.queue,
        skills=", ".join(f"{skill} {level}" for skill, level in sorted(seat.skills.items())),
        can_listen=agent.talk is not None and seat.state in (AgentState.TALKING, AgentState.HOLD),
        mode=mine.mode.value if mine is not None and mine.agent == seat.name else "",
        ears=", ".join(
            f"{view.names.get(ear.supervisor, ear.supervisor)} ({words('floor_mode_' + ear.mode.value)})"
            for ear in agent.ears
        ),
        beside=_chatting(seat, words) if kind is WorkKind.CALL and seat.state in STATES else "",
    )


def _doing(seat: AgentView, kind: WorkKind, words: Words) -> tuple[str, str, str]:
    """Colour, shape and word of their state: what they do in writing is told as such."""
    tone, icon, word = STATES[seat.state]
    if seat.state is AgentState.OFFERED and kind in OFFERED_IN_WRITING:
        return tone, icon, words(OFFERED_IN_WRITING[kind])
    if seat.state in ON_THE_LINE and kind is WorkKind.CHAT:
        return CHATTING[0], CHATTING[1], _chatting(seat, words)
    if seat.state in ON_THE_LINE and kind is WorkKind.TASK:
        return WRITING[0], WRITING[1], words(WRITING[2])
    return tone, icon, words(word)


def _chatting(seat: AgentView, words: Words) -> str:
    chats = [work for work in seat.all_work if work.kind is WorkKind.CHAT and work.state in ON_THE_LINE]
    return words(CHATTING[2], count=len(chats)) if chats else ""


def queue_row(
    queue: QueueView, day: QueueDay | None, now: datetime, rating: RatingCount | None = None
) -> QueueRow:
    tone = _tone(queue.longest_wait_since, queue.service_level_seconds, now)
    in_writing = (
        _tone(queue.longest_chat_since, queue.service_level_seconds, now),
        queue.agents.get("chatting", 0),
    )
    talking = queue.agents.get("talking", 0) + queue.agents.get("hold", 0)
    share = None if day is None else day.service_level
    average = None if rating is None else rating.average
    graded = ("", 0) if rating is None or average is None else (f"{average:.1f}", rating.rated)
    if day is None or share is None:
        return QueueRow(queue, tone, talking, "", "", *graded, *in_writing)
    counted = day.answered + day.unanswered - day.gone_in_time
    return QueueRow(queue, tone, talking, f"{share:.0%}", f"{day.in_time}/{counted}", *graded, *in_writing)


def _tone(since: datetime | None, limit_seconds: float, now: datetime) -> str:
    waited = 0.0 if since is None else (now - since).total_seconds()
    return "past" if waited > limit_seconds else "near" if waited > NEAR * limit_seconds else ""


def line_of(view: FloorView) -> Line | None:
    mine = view.mine
    if mine is None:
        return None
    return Line(mine.call_id, mine.agent, view.names.get(mine.agent, mine.agent), mine.mode.value, mine.since)


def status_shown(
    status: AgentStatus, reason: str, breaks: Mapping[str, BreakChoice], words: Words
) -> tuple[str, str, str]:
    """Colour, shape and word."""
    tone, icon, word = STATUSES[status]
    if status is AgentStatus.BREAK and reason:
        return tone, icon, break_word(reason, breaks, words)
    return tone, icon, words(word)


def break_word(name: str, breaks: Mapping[str, BreakChoice], words: Words) -> str:
    """In the reader's language, else as the configuration has it."""
    chosen = breaks.get(name)
    return chosen.label.get(words.language, name) if chosen else name


def _caller(agent: FloorAgent, words: Words) -> str:
    if agent.call is not None:
        return display.caller_of(agent.call, words)
    if agent.talk is not None:
        customers = [one.name for one in agent.talk.parties if one.role is PartyRole.CUSTOMER]
        return display.party(customers[0], words) if customers else ""
    return ""
