"""The board's rows: an agent's state as a shape, a word and a time; a queue's wait against its limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from acd.agents import AgentState, AgentStatus
from acd.talks.talk import PartyRole
from acd.views import QueueView
from calls.call import Call
from console import display
from console.words import Words
from engine.desk.view import BreakChoice
from engine.floor.changes import FloorAgent, FloorView
from engine.registers.queue_days import QueueDay
from engine.registers.ratings import RatingCount

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
# A wait is amber from this share of the queue's service level on, and red past it.
NEAR = 0.75


@dataclass(frozen=True, slots=True)
class AgentRow:
    """`icon` "" is a disc. `after`: what was chosen for when the work is over. `can_listen`: to a talk."""

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


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`tone`: of the longest wait: "", "near" or "past".

    `level`: today's service level, "" without callers; `level_of`: how many of how many.
    `rating`: today's average, "" without grades, of which there are `rated`.
    """

    view: QueueView
    tone: str
    talking: int
    level: str
    level_of: str
    rating: str
    rated: int


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
    if seat.state in STATES:
        tone, icon, word = STATES[seat.state]
        text, since = words(word), seat.state_since
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
    )


def queue_row(
    queue: QueueView, day: QueueDay | None, now: datetime, rating: RatingCount | None = None
) -> QueueRow:
    waited = 0.0 if queue.longest_wait_since is None else (now - queue.longest_wait_since).total_seconds()
    limit = queue.service_level_seconds
    tone = "past" if waited > limit else "near" if waited > NEAR * limit else ""
    talking = queue.agents.get("talking", 0) + queue.agents.get("hold", 0)
    share = None if day is None else day.service_level
    average = None if rating is None else rating.average
    graded = ("", 0) if rating is None or average is None else (f"{average:.1f}", rating.rated)
    if day is None or share is None:
        return QueueRow(queue, tone, talking, "", "", *graded)
    counted = day.answered + day.unanswered - day.gone_in_time
    return QueueRow(queue, tone, talking, f"{share:.0%}", f"{day.in_time}/{counted}", *graded)


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
