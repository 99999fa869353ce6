"""What becomes of a talk when one of its legs answers or ends, or somebody leaves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from acd.talks.commands import (
    Answered,
    Arrange,
    Bound,
    Command,
    Cut,
    Ending,
    EndLeg,
    Gone,
    LegEvent,
    PartBegan,
    Unanswered,
)
from acd.talks.phases import Phase, Talk
from acd.talks.turn import Turn
from calls.events import CallEventKind
from calls.outcome import outcome_of_unanswered

_NO_ANSWER = 19  # Q.850


def happened(talk: Talk, event: LegEvent, now: datetime) -> tuple[Talk, tuple[Command, ...]]:
    """What became of a leg. One that is not part of the talk changes nothing."""
    turn = Turn(talk, now)
    if talk.phase is not Phase.OVER:
        match event:
            case Answered(leg):
                _answered(turn, leg)
            case Cut(lost):
                _cut(turn, lost)
            case Gone(leg) if leg == talk.customer:
                _customer_gone(turn, event.cause)
            case Gone(leg) if leg == talk.agent_leg:
                _agent_gone(turn, event)
            case Gone(leg) if talk.other is not None and leg == talk.other.leg:
                other_gone(turn, event.cause)
            case Gone(leg) if leg in (talk.supervisors or ()):
                dismiss(turn, leg)
            case Unanswered(leg) if talk.other is not None and leg == talk.other.leg and not talk.other.up:
                other_gone(turn, _NO_ANSWER)
                turn.do(EndLeg(leg))
    return turn.talk, tuple(turn.commands)


def leave(turn: Turn) -> None:
    """The agent goes of their own will: whoever they have asked gets the customer."""
    talk = turn.talk
    match talk.phase:
        case Phase.CONSULTING | Phase.CONFERENCE:
            turn.hand_over("attended")
        case Phase.RINGING:
            give(turn, "transfer")
            turn.do(EndLeg(talk.agent_leg))
        case _:
            turn.end_part("agent")
            turn.do(EndLeg(talk.agent_leg))
            turn.over(Ending.AGENT)


def give(turn: Turn, by: str) -> None:
    talk = turn.talk
    assert talk.other is not None
    turn.end_part(by)
    turn.set(other=replace(talk.other, blind=True), given_by=talk.agent)
    turn.to(Phase.GIVEN)
    turn.do(Arrange())


def _agent_gone(turn: Turn, event: Gone) -> None:
    talk = turn.talk
    other = talk.other
    if talk.phase is Phase.DIALLING:
        turn.end_part("lost" if event.lost else "agent")
        turn.over(Ending.CUSTOMER)
        return
    if not event.lost:
        leave(turn)
        return
    # Who was lost has given nothing away on purpose: a number gets the customer only if it was to have them.
    stays = other is not None and (bool(other.agent) or other.blind or talk.phase is Phase.CONFERENCE)
    turn.note(CallEventKind.AGENT_LOST, queue=talk.queue, agent=talk.agent, cause=event.cause)
    if stays and talk.phase is Phase.RINGING:
        give(turn, "lost")
    elif stays:
        turn.hand_over("attended")
    else:
        if other is not None:
            turn.without_other("cancelled")
            turn.do(EndLeg(other.leg))
        turn.end_part("lost")
        turn.over(Ending.LOST, cause=event.cause)


def _cut(turn: Turn, lost: bool) -> None:
    talk = turn.talk
    legs = sorted(talk.legs)
    if talk.other is not None:
        turn.without_other("cancelled")
    if lost and talk.agent:
        turn.note(CallEventKind.AGENT_LOST, queue=talk.queue, agent=talk.agent, cause=0)
    turn.end_part("lost" if lost else "system")
    turn.do(*(EndLeg(leg) for leg in legs))
    turn.over(Ending.LOST if lost else Ending.AGENT)


def _customer_gone(turn: Turn, cause: int) -> None:
    talk = turn.talk
    legs = sorted(talk.legs)
    if talk.other is not None:
        turn.without_other("cancelled")
    turn.end_part("customer")
    turn.do(*(EndLeg(leg) for leg in legs))
    turn.over(Ending.CUSTOMER, cause=cause)


def _answered(turn: Turn, leg: str) -> None:
    talk = turn.talk
    if talk.phase is Phase.DIALLING and leg == talk.customer:
        turn.to(Phase.TALKING)
        turn.set(began=turn.now)
        turn.do(Arrange(), PartBegan(talk.agent, talk.agent_leg))
        return
    other = talk.other
    if other is None or leg != other.leg or other.up:
        return
    turn.set(other=replace(other, up=True, since=turn.now))
    if other.blind:
        turn.hand_over("blind")
        return
    if other.agent:
        turn.do(Bound(other.agent))
    turn.to(Phase.CONSULTING)
    turn.do(Arrange())


def other_gone(turn: Turn, cause: int) -> None:
    talk = turn.talk
    other = talk.other
    assert other is not None
    turn.without_other("ended" if other.up else outcome_of_unanswered(cause).value)
    match talk.phase:
        case Phase.GIVEN:
            turn.over(Ending.LOST, cause=cause)
        case Phase.OUTSIDE:
            turn.over(Ending.AGENT)
        case Phase.CONSULTING:
            turn.to(Phase.HELD)  # the agent takes the customer back when they are ready
            turn.do(Arrange())
        case Phase.RINGING if not other.blind:
            turn.to(Phase.HELD)
            turn.do(Arrange())
        case _:
            turn.to(Phase.TALKING)
            turn.do(Arrange())


def dismiss(turn: Turn, leg: str) -> None:
    guests = {guest: name for guest, name in (turn.talk.supervisors or {}).items() if guest != leg}
    turn.set(supervisors=guests or None)
    turn.do(Arrange())
