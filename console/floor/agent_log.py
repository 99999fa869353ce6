"""What an agent did lately, and their day: in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from acd.agents import AgentState, AgentStatus
from console.display import disposition_label, duration, queue_name
from console.event_details import number_of
from console.floor.board import STATES, status_shown
from console.words import Words
from engine.desk.view import BreakChoice
from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind
from engine.registers.ratings import RatingCount
from history.dispositions import Disposition

Kind = AgentEventKind


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Naming:
    """What names in the log are called: `people` by agent's name and by person's id."""

    words: Words
    breaks: Mapping[str, BreakChoice]
    dispositions: Mapping[str, Disposition]
    people: Mapping[str, str]

    def outcome(self, name: object) -> str:
        return disposition_label(name, self.dispositions, self.words)


def entry_of(event: AgentEvent, naming: Naming) -> Entry:
    t = naming.words
    return Entry(
        event.at, t(f"floor_event_{event.kind.value}"), ", ".join(filter(None, _details(event, naming)))
    )


def _details(event: AgentEvent, naming: Naming) -> tuple[str, ...]:
    t, data = naming.words, event.data
    queue = queue_name(str(data.get("queue") or ""))
    match event.kind:
        case Kind.SIGNED_IN:
            telephone = str(data.get("telephone", ""))
            return (t.get(f"floor_telephone_{telephone}", telephone),)
        case Kind.SIGNED_OUT:
            why = str(data.get("why", ""))
            return (t.get(f"floor_out_{why}", why), _by(data, naming))
        case Kind.STATUS_CHANGED:
            return (_status(data, naming), _by(data, naming))
        case Kind.STATE_CHANGED:
            return (_state(data, t), queue)
        case Kind.OFFERED:
            return (queue,)
        case Kind.MISSED:
            outcome = str(data.get("outcome") or "")
            return (queue, t.get(f"outcome_{outcome}", outcome))
        case Kind.TALKED:
            held = number_of(data.get("held_seconds"), 0.0)
            return (
                queue or t.get(f"direction_{data.get('direction')}", ""),
                duration(number_of(data.get("seconds"), 0.0)),
                t("floor_held", time=duration(held)) if held >= 1 else "",
            )
        case Kind.WRAPPED_UP:
            took = duration(number_of(data.get("seconds"), 0.0))
            return (queue, naming.outcome(data.get("disposition")), took)
        case Kind.ANSWERED:
            channel = str(data.get("channel") or "")
            waited = duration(number_of(data.get("seconds"), 0.0))
            first = t("floor_first_answer") if data.get("first") else ""
            return (
                t.get(f"channel_{channel}", channel),
                queue,
                t("floor_answered_after", time=waited),
                first,
            )
        case Kind.CHATTED:
            answers = int(number_of(data.get("answers"), 0.0))
            each = data.get("answer_seconds")
            return (
                queue,
                duration(number_of(data.get("seconds"), 0.0)),
                t("floor_answers", count=answers),
                "" if each is None else t("written_each", time=duration(number_of(each, 0.0))),
            )
        case Kind.GIVEN_BACK:
            return (queue, t("floor_given_back_after", time=duration(number_of(data.get("seconds"), 0.0))))
        case Kind.SKILLS_CHANGED:
            return (_levels(data.get("skills")), str(data.get("reason") or ""), _by(data, naming))
        case Kind.CAPACITY_CHANGED:
            return (_capacity(data.get("capacity"), t), str(data.get("reason") or ""), _by(data, naming))


def _status(data: Mapping[str, object], naming: Naming) -> str:
    try:
        status = AgentStatus(str(data.get("status", "")))
    except ValueError:
        return str(data.get("status", ""))
    return status_shown(status, str(data.get("reason") or ""), naming.breaks, naming.words)[2]


def _state(data: Mapping[str, object], t: Words) -> str:
    try:
        state = AgentState(str(data.get("state", "")))
    except ValueError:
        return str(data.get("state", ""))
    return t(STATES[state][2]) if state in STATES else t("floor_idle")


def _by(data: Mapping[str, object], naming: Naming) -> str:
    """Whose doing it was, unless it was the agent's own."""
    by = str(data.get("by") or "")
    if not by:
        return ""
    if by == "rule":
        return naming.words("floor_by_rule")
    return naming.words("because_by", agent=naming.people.get(by, by))


def _levels(skills: object) -> str:
    if not isinstance(skills, dict):
        return ""
    return ", ".join(f"{skill} {level}" for skill, level in sorted(skills.items())) or "–"


def _capacity(capacity: object, t: Words) -> str:
    if not isinstance(capacity, dict):
        return ""
    return (
        ", ".join(f"{t.get(f'floor_work_{kind}', kind)} {n}" for kind, n in sorted(capacity.items())) or "–"
    )


def day_figures(day: AgentDay, rating: RatingCount, t: Words) -> tuple[tuple[str, str], ...]:
    """The agent's numbers of today: label and value."""
    handled = day.handled + day.outbound
    average = duration((day.talk_seconds + day.wrap_up_seconds) / handled) if handled else "–"
    return (
        (t("floor_day_calls"), str(handled)),
        (t("floor_day_chats"), str(day.chats)),
        (t("floor_day_missed"), str(day.missed)),
        (t("floor_day_talk"), duration(day.talk_seconds)),
        (t("floor_day_hold"), duration(day.hold_seconds)),
        (t("floor_day_wrap_up"), duration(day.wrap_up_seconds)),
        (t("floor_day_average"), average),
        (t("floor_day_break"), duration(day.break_seconds)),
        (t("floor_day_signed_in"), duration(day.signed_in_seconds)),
        (t("floor_rating"), "–" if rating.average is None else f"{rating.average:.1f} ({rating.rated})"),
    )
