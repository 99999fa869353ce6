"""A cascade: one notice to one person, by one channel after another until it has done what it is for.

Events and `now` go in, commands come out. A step is sent once. A message that may already have gone out is
never sent again; what comes late is told and can end the cascade, never prolong it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from messaging.cascade_plan import Cascade, Goal, MoveOn, Step
from messaging.states import MessageState

_S = MessageState


class Ending(StrEnum):
    """What a cascade has come to, the best that any of its messages did. One of them, once.

    `unanswered`: at least one was handed over, and nobody said what became of it. `failed`: none arrived.
    `refused`: the rules forbade all that could be sent. `no_point`: the person has no address for any step.
    `stopped`: somebody or something ended it. `opted_out`: the person did.
    """

    DELIVERED = "delivered"
    READ = "read"
    CHECKED = "checked"
    REPLIED = "replied"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    REFUSED = "refused"
    NO_POINT = "no_point"
    STOPPED = "stopped"
    OPTED_OUT = "opted_out"


# --- what happens -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageMoved:
    """A step's message is in `state` now. In any order, late, and as often as they like."""

    step: int
    state: MessageState


@dataclass(frozen=True, slots=True)
class NoPoint:
    """The person has no address of the step's channel: nothing was sent."""

    step: int


@dataclass(frozen=True, slots=True)
class Replied:
    pass


@dataclass(frozen=True, slots=True)
class OptedOut:
    pass


@dataclass(frozen=True, slots=True)
class Happened:
    """Something elsewhere, by name: it ends cascades that list it."""

    event: str


@dataclass(frozen=True, slots=True)
class StopOrdered:
    """By a person, or because the mailing was stopped."""


@dataclass(frozen=True, slots=True)
class Tick:
    """`next_deadline` has come; nothing else has."""


Event = MessageMoved | NoPoint | Replied | OptedOut | Happened | StopOrdered | Tick


# --- what is to be done -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Queue the step's message. It expires at `expires_at`; it is answered by a MessageMoved or a NoPoint."""

    step: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop the step's message where it has not gone out yet."""

    step: int


@dataclass(frozen=True, slots=True)
class ToldLate:
    """A receipt of a step that the cascade had left, or that came after its end: to be shown, no more."""

    step: int
    state: MessageState


@dataclass(frozen=True, slots=True)
class Finished:
    """Told once; nothing is sent after it."""

    ending: Ending


Command = SendMessage | Withdraw | ToldLate | Finished

# How far one message got. Whatever is told afterwards and is no further changes nothing.
_FURTHER: dict[MessageState, int] = {
    _S.QUEUED: 0,
    _S.SENDING: 0,
    _S.IN_DOUBT: 1,
    _S.ACCEPTED: 2,
    _S.REFUSED: 3,
    _S.STOPPED: 3,
    _S.FAILED: 3,
    _S.EXPIRED: 3,
    _S.DELIVERED: 4,
    _S.READ: 5,
    _S.CHECKED: 6,
}
# Of several messages; one that may have arrived is more than one that surely did not.
_BETTER = (
    *(_S.STOPPED, _S.REFUSED, _S.QUEUED, _S.SENDING, _S.EXPIRED, _S.FAILED),
    *(_S.IN_DOUBT, _S.ACCEPTED, _S.DELIVERED, _S.READ, _S.CHECKED),
)
_LOST = frozenset({_S.FAILED, _S.EXPIRED})
_ENDINGS = {
    _S.CHECKED: Ending.CHECKED,
    _S.READ: Ending.READ,
    _S.DELIVERED: Ending.DELIVERED,
    _S.ACCEPTED: Ending.UNANSWERED,
    _S.IN_DOUBT: Ending.UNANSWERED,
}
_MEETS = {
    _S.DELIVERED: frozenset({Goal.DELIVERED}),
    _S.READ: frozenset({Goal.DELIVERED, Goal.READ}),
    _S.CHECKED: frozenset({Goal.DELIVERED, Goal.READ, Goal.CHECKED}),
}
# What a state that a message has when its wait is over lets the cascade go on for.
_MISSED = {
    _S.DELIVERED: frozenset({MoveOn.NOT_READ, MoveOn.NOT_CHECKED, MoveOn.TIMEOUT}),
    _S.READ: frozenset({MoveOn.NOT_CHECKED, MoveOn.TIMEOUT}),
    _S.CHECKED: frozenset({MoveOn.TIMEOUT}),
}
_ALL_MISSED = frozenset({MoveOn.NOT_DELIVERED, MoveOn.NOT_READ, MoveOn.NOT_CHECKED, MoveOn.TIMEOUT})
_AFTER_LOSS = frozenset({MoveOn.FAILED, MoveOn.NOT_DELIVERED, MoveOn.NOT_READ, MoveOn.NOT_CHECKED})


@dataclass(frozen=True, slots=True)
class CascadeRun:
    """A cascade on its way, to be kept between events. `states`: of each step that was begun; None: no point.

    `deadline`: when it is to be ticked. `waiting`: the wait of the step has begun, as it was handed over.
    """

    cascade: Cascade
    states: tuple[MessageState | None, ...] = ()
    deadline: datetime | None = None
    waiting: bool = False
    ending: Ending | None = None

    @property
    def step(self) -> int:
        """The step it is at, from 0; -1 before the first."""
        return len(self.states) - 1

    @property
    def furthest(self) -> MessageState | None:
        """The best that any message did, also when it was told after the end."""
        sent = [state for state in self.states if state is not None]
        return max(sent, key=_BETTER.index, default=None)

    def next_deadline(self) -> datetime | None:
        return None if self.ending is not None else self.deadline


Outcome = tuple[CascadeRun, tuple[Command, ...]]


def begun(cascade: Cascade, now: datetime) -> Outcome:
    """The run, and the command for its first step."""
    return _next_step(CascadeRun(cascade), now)


def advanced(run: CascadeRun, event: Event, now: datetime) -> Outcome:
    """The run after `event`, and what is to be done. Events that change nothing give no commands."""
    if isinstance(event, MessageMoved):
        return _moved(run, event.step, event.state, now)
    if run.ending is not None:
        return run, ()
    match event:
        case Tick():
            return _ticked(run, now)
        case NoPoint(step) if step == run.step and run.states[step] is _S.QUEUED:
            run = replace(run, states=(*run.states[:step], None))
            return _came_to_nothing(run, now, frozenset({MoveOn.NO_POINT}))
        case OptedOut():
            return _ended(run, Ending.OPTED_OUT)
        case StopOrdered():
            return _ended(run, Ending.STOPPED)
        case Replied() if Goal.REPLIED in run.cascade.until:
            return _ended(run, Ending.REPLIED)
        case Happened(name) if name in run.cascade.stops_on:
            return _ended(run, Ending.STOPPED)
    return run, ()


def _moved(run: CascadeRun, step: int, state: MessageState, now: datetime) -> Outcome:
    before = run.states[step] if 0 <= step < len(run.states) else None
    if before is None or _FURTHER[state] <= _FURTHER[before]:
        return run, ()
    run = replace(run, states=(*run.states[:step], state, *run.states[step + 1 :]))
    current = step == run.step and run.ending is None
    # That a message which was withdrawn is stopped is no news.
    told: tuple[Command, ...] = () if current or state is _S.STOPPED else (ToldLate(step, state),)
    if run.ending is not None:
        return run, told
    if _MEETS.get(state, frozenset()) & run.cascade.until:
        run, commands = _ended(run, _ENDINGS[state])
        return run, told + commands
    if not current:
        return run, told
    if state is _S.STOPPED:
        return _ended(run, Ending.STOPPED)
    if state is _S.REFUSED:
        return _came_to_nothing(run, now, frozenset({MoveOn.REFUSED}))
    if state in _LOST:
        return _came_to_nothing(run, now, _AFTER_LOSS)
    return run if run.waiting else _waits(run, now), ()


def _came_to_nothing(run: CascadeRun, now: datetime, reasons: frozenset[MoveOn]) -> Outcome:
    """Go on at once where the step says so; where it goes on in its time whatever comes, wait for that."""
    moves_on = _step(run).moves_on
    if MoveOn.TIMEOUT in moves_on and not moves_on & reasons and not _last(run):
        return run if run.waiting else _waits(run, now), ()
    return _left(run, now, reasons)


def _ticked(run: CascadeRun, now: datetime) -> Outcome:
    if run.deadline is None or now < run.deadline:
        return run, ()
    state = run.states[run.step]
    if run.waiting:
        return _left(run, now, _ALL_MISSED if state is None else _MISSED.get(state, _ALL_MISSED))
    # Never handed over in its time. Should it go out all the same, its receipts are told.
    return _left(run, now, _AFTER_LOSS | _ALL_MISSED)


def _left(run: CascadeRun, now: datetime, reasons: frozenset[MoveOn]) -> Outcome:
    """Go on to the next step where one of `reasons` does so at this one; else the cascade is over."""
    if not _step(run).moves_on & reasons or _last(run):
        return _ended(run, _worth(run))
    withdrawn = _withdrawn(run)
    run, commands = _next_step(run, now)
    return run, withdrawn + commands


def _next_step(run: CascadeRun, now: datetime) -> Outcome:
    step = run.step + 1
    expires_at = now + run.cascade.steps[step].send_within
    run = replace(run, states=(*run.states, _S.QUEUED), deadline=expires_at, waiting=False)
    return run, (SendMessage(step, expires_at),)


def _waits(run: CascadeRun, now: datetime) -> CascadeRun:
    return replace(run, waiting=True, deadline=now + _step(run).wait)


def _ended(run: CascadeRun, ending: Ending) -> Outcome:
    return replace(run, ending=ending, deadline=None), (*_withdrawn(run), Finished(ending))


def _withdrawn(run: CascadeRun) -> tuple[Command, ...]:
    """Earlier steps were withdrawn when they were left."""
    return (Withdraw(run.step),) if run.states[run.step] is _S.QUEUED else ()


def _worth(run: CascadeRun) -> Ending:
    """What all steps together have come to."""
    furthest = run.furthest
    if furthest in _ENDINGS:
        return _ENDINGS[furthest]
    states = set(run.states)
    if states == {None}:
        return Ending.NO_POINT
    return Ending.REFUSED if states <= {None, _S.REFUSED} else Ending.FAILED


def _step(run: CascadeRun) -> Step:
    return run.cascade.steps[run.step]


def _last(run: CascadeRun) -> bool:
    return run.step + 1 == len(run.cascade.steps)
