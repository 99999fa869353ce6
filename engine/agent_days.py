"""What an agent's log tells: the numbers of their day, and where they stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind, AgentStanding

_SIGNED_IN, _SIGNED_OUT = AgentEventKind.SIGNED_IN, AgentEventKind.SIGNED_OUT
_STATUS = AgentEventKind.STATUS_CHANGED
_BREAK = "break"
_WRAP_UP = "wrap_up"


def day_of(
    events: Iterable[AgentEvent], since: datetime, now: datetime, before: Iterable[AgentEvent] = ()
) -> AgentDay:
    """`events`: of one agent from `since` until `now`, oldest first.

    `before`: their last sign-in, sign-out and status of before `since`, in whatever order: a break that
    began yesterday goes on today. A break ends with its status, or as the agent signs out.
    """
    sums = {"talk": 0.0, "hold": 0.0, "wrap_up": 0.0, "break": 0.0, "signed_in": 0.0}
    handled = outbound = missed = chats = 0
    here, resting = _left_by(before)
    seen = since

    def pass_until(at: datetime) -> None:
        nonlocal seen
        seconds = max(0.0, (at - seen).total_seconds())
        sums["signed_in"] += seconds if here else 0.0
        sums["break"] += seconds if here and resting else 0.0
        seen = max(seen, at)

    for event in events:
        data = event.data
        match event.kind:
            case AgentEventKind.SIGNED_IN | AgentEventKind.SIGNED_OUT | AgentEventKind.STATUS_CHANGED:
                pass_until(event.at)
                here, resting = _after(event, here, resting)
            case AgentEventKind.MISSED:
                missed += 1
            case AgentEventKind.CHATTED:
                chats += 1
            case AgentEventKind.TALKED:
                if data.get("direction") == "outbound":
                    outbound += 1
                else:
                    handled += 1
                sums["talk"] += _seconds(data.get("seconds"))
                sums["hold"] += _seconds(data.get("held_seconds"))
            case AgentEventKind.WRAPPED_UP:
                sums["wrap_up"] += _seconds(data.get("seconds"))
            case _:
                pass
    pass_until(now)
    return AgentDay(
        handled=handled,
        outbound=outbound,
        missed=missed,
        talk_seconds=sums["talk"],
        hold_seconds=sums["hold"],
        wrap_up_seconds=sums["wrap_up"],
        break_seconds=sums["break"],
        signed_in_seconds=sums["signed_in"],
        chats=chats,
    )


def standing_of(last: Iterable[AgentEvent]) -> AgentStanding | None:
    """`last`: one agent's last event of each kind, in whatever order. None: they have signed out.

    Without a status since the sign-in they are available from then on. Who has no sign-in (a telephone that
    is always there) stands where the last status says.
    """
    of = {event.kind: event for event in last}
    entered, left, status = of.get(_SIGNED_IN), of.get(_SIGNED_OUT), of.get(_STATUS)
    if left is not None and (entered is None or entered.at < left.at):
        return None
    work: str | None = None
    until: datetime | None = None
    queue = ""
    state = of.get(AgentEventKind.STATE_CHANGED)
    if state is not None and state.data.get("state") == _WRAP_UP:
        work, until = _text(state.data.get("work")), _moment(state.data.get("until"))
        queue = _text(state.data.get("queue")) or ""
    if status is not None and (entered is None or status.at >= entered.at):
        said = _text(status.data.get("status")) or "available"
        reason = _text(status.data.get("reason")) or ""
        return AgentStanding(status.agent, said, reason, status.at, work, until, queue)
    if entered is None:
        return None
    return AgentStanding(entered.agent, "available", "", entered.at, work, until, queue)


def _left_by(before: Iterable[AgentEvent]) -> tuple[bool, bool]:
    """Whether they are signed in, and on a break, after these events."""
    here = resting = False
    # Of one moment a sign-out comes first: another page took the desk over.
    for event in sorted(before, key=lambda event: (event.at, event.kind is not _SIGNED_OUT)):
        here, resting = _after(event, here, resting)
    return here, resting


def _after(event: AgentEvent, here: bool, resting: bool) -> tuple[bool, bool]:
    if event.kind is _STATUS:
        return here, event.data.get("status") == _BREAK
    if event.kind is _SIGNED_OUT:
        return False, False
    return True, resting if here else False


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if isinstance(value, str) else None
