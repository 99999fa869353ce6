"""What a cascade is made of, and what would be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from compliance.facts import Channel
from messaging.templates import MessageTemplate

MOST_STEPS = 10
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(days=30)
LONGEST_SEND_WITHIN = timedelta(days=7)


class MoveOn(StrEnum):
    """What leads from a step to the next.

    At once: `failed` (it did not arrive), `refused` (by the rules), `no_point` (the person has no address
    there). When the step's wait is over, and at once where it failed: `not_delivered` (nobody said that it
    arrived), `not_read`, `not_checked`. `timeout`: when the wait is over, whatever became of it.
    """

    FAILED = "failed"
    NOT_DELIVERED = "not_delivered"
    NOT_READ = "not_read"
    NOT_CHECKED = "not_checked"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    NO_POINT = "no_point"


class Goal(StrEnum):
    """What the cascade is for: it is over when a message of any of its steps has got there."""

    DELIVERED = "delivered"
    READ = "read"
    CHECKED = "checked"
    REPLIED = "replied"


@dataclass(frozen=True, slots=True)
class Step:
    """`wait` begins when the provider has the message; who does not have it after `send_within` gets none.

    So a message that is held back for the night is not taken for one that nobody received.
    """

    channel: Channel
    template: str
    moves_on: frozenset[MoveOn] = frozenset({MoveOn.FAILED, MoveOn.NOT_DELIVERED, MoveOn.NO_POINT})
    wait: timedelta = timedelta(minutes=10)
    send_within: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cascade:
    """`stops_on`: names of events that end it, as "debt.paid". The person's opting out always does."""

    name: str
    steps: tuple[Step, ...]
    until: frozenset[Goal] = frozenset({Goal.DELIVERED})
    stops_on: frozenset[str] = frozenset()

    @property
    def longest(self) -> timedelta:
        """After this it is over, whatever anybody tells or does not tell."""
        return sum((step.send_within + step.wait for step in self.steps), timedelta(0))


def mistakes(cascade: Cascade, templates: Mapping[str, MessageTemplate]) -> tuple[str, ...]:
    """Each in one sentence with its step and the remedy; a cascade with any is not begun."""
    if not cascade.steps:
        return (f"Cascade {cascade.name} has no step: add one.",)
    if len(cascade.steps) > MOST_STEPS:
        return (f"Cascade {cascade.name} has {len(cascade.steps)} steps: leave at most {MOST_STEPS}.",)
    found = [] if cascade.until else [f"Cascade {cascade.name} is for nothing: say until what it goes on."]
    purposes = set()
    for number, step in enumerate(cascade.steps, 1):
        last = number == len(cascade.steps)
        found += [f"Cascade {cascade.name}, step {number}: {why}." for why in _of_step(step, last)]
        template = templates.get(step.template)
        found += [f"Cascade {cascade.name}, step {number}: {why}." for why in _of_template(step, template)]
        purposes |= {template.purpose} if template is not None else set()
    if len(purposes) > 1:
        several = ", ".join(sorted(purposes))
        found.append(f"Cascade {cascade.name} has templates of several purposes ({several}): use one.")
    goals = cascade.until - {Goal.CHECKED}
    if not goals and cascade.until and not any(_can_be_checked(step, templates) for step in cascade.steps):
        found.append(
            f"Cascade {cascade.name} goes on until a message is checked, and none has {{link}} or {{code}}: "
            f"add one to a template."
        )
    return tuple(found)


def _of_step(step: Step, last: bool) -> Iterator[str]:
    if not SHORTEST_WAIT <= step.wait <= LONGEST_WAIT:
        yield "a wait is 10 seconds to 30 days"
    if not SHORTEST_WAIT <= step.send_within <= LONGEST_SEND_WITHIN:
        yield "the time to be sent within is 10 seconds to 7 days"
    if not step.moves_on and not last:
        yield "nothing leads on from it: say what does, or leave out the steps after it"
    if step.channel is Channel.SMS and MoveOn.NOT_READ in step.moves_on:
        yield "nobody tells whether an SMS was read: use not_delivered or not_checked"


def _of_template(step: Step, template: MessageTemplate | None) -> Iterator[str]:
    if template is None:
        yield f"there is no template {step.template}: write it, or name another"
        return
    if (lacks := template.lacks_for(step.channel)) is not None:
        yield lacks
    if MoveOn.NOT_CHECKED in step.moves_on and not template.checked_by:
        yield f"template {step.template} has no {{link}} or {{code}} that somebody could use: add one"


def _can_be_checked(step: Step, templates: Mapping[str, MessageTemplate]) -> bool:
    template = templates.get(step.template)
    return template is None or bool(template.checked_by)
