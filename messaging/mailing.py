"""A mailing: one template or cascade for many people. Its states, its frozen list, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from compliance.facts import Channel, Purpose
from messaging.states import FINAL, REACHED, MessageState

_M = MessageState


class MailingState(StrEnum):
    """`draft`: it can be changed. `checked`: without mistakes, its people counted and priced. `preparing`:
    it is known who gets it, and they are written down batch by batch. `running`: messages are queued.
    `paused`: no more are written down or queued for now. `stopped`: for good, by somebody. `finished`: every
    message has its final state."""

    DRAFT = "draft"
    CHECKED = "checked"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class Order(StrEnum):
    """`ready` and `finish` are given by the engine: when all recipients are written down, and when
    `Progress.done`; the others by a person."""

    CHECK = "check"
    CHANGE = "change"
    START = "start"
    READY = "ready"
    PAUSE = "pause"
    GO_ON = "go_on"
    STOP = "stop"
    FINISH = "finish"


_S = MailingState
ORDERS: Mapping[MailingState, Mapping[Order, MailingState]] = {
    _S.DRAFT: {Order.CHECK: _S.CHECKED, Order.CHANGE: _S.DRAFT, Order.STOP: _S.STOPPED},
    # What was changed is checked anew, so that nothing is sent that nobody looked at.
    _S.CHECKED: {
        Order.CHECK: _S.CHECKED,
        Order.CHANGE: _S.DRAFT,
        Order.START: _S.PREPARING,
        Order.STOP: _S.STOPPED,
    },
    _S.PREPARING: {Order.READY: _S.RUNNING, Order.PAUSE: _S.PAUSED, Order.STOP: _S.STOPPED},
    _S.RUNNING: {Order.PAUSE: _S.PAUSED, Order.STOP: _S.STOPPED, Order.FINISH: _S.FINISHED},
    # It goes on where it was: with its recipients, while not all are written down.
    _S.PAUSED: {Order.GO_ON: _S.RUNNING, Order.STOP: _S.STOPPED, Order.FINISH: _S.FINISHED},
    _S.STOPPED: {},
    _S.FINISHED: {},
}
OVER = frozenset({_S.STOPPED, _S.FINISHED})


class WrongOrder(ValueError):
    """The mailing is in a state in which this cannot be; the message is one sentence."""


def ordered(state: MailingState, order: Order, *, prepared: bool = True) -> MailingState:
    """The state after `order`. `prepared`: all its recipients are written down. Raises WrongOrder."""
    following = ORDERS[state].get(order)
    if following is None:
        can = ", ".join(ORDERS[state]) or "nothing more"
        raise WrongOrder(f"The mailing is {state} and cannot {order.replace('_', ' ')}; it can: {can}.")
    return _S.PREPARING if order is Order.GO_ON and not prepared else following


# --- who gets it ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """`point`: the address on the mailing's first channel, None: there is none. `language`: the person's."""

    contact_id: str
    point: str | None
    language: str | None = None


class LeftOut(StrEnum):
    NO_POINT = "no_point"
    SAME_PERSON = "same_person"
    SAME_POINT = "same_point"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Those who get it, known when the mailing starts: nobody joins or is lost when a segment changes.

    Who left in the meantime by opting out is refused by the gate when the message is sent.
    """

    recipients: tuple[Recipient, ...]
    left_out: Mapping[LeftOut, int]


def frozen(people: Iterable[Recipient], *, point_needed: bool = True) -> Frozen:
    """In the order of `people`. One message goes to a person, and one to an address that several share.

    `point_needed` False: a cascade, which finds its own way to people without the first channel's address.
    """
    recipients: list[Recipient] = []
    persons: set[str] = set()
    points: set[str] = set()
    left_out: Counter[LeftOut] = Counter()
    for person in people:
        if person.contact_id in persons:
            left_out[LeftOut.SAME_PERSON] += 1
        elif person.point is None and point_needed:
            left_out[LeftOut.NO_POINT] += 1
        elif person.point is not None and person.point in points:
            left_out[LeftOut.SAME_POINT] += 1
        else:
            recipients.append(person)
            persons.add(person.contact_id)
            points |= {person.point} if person.point is not None else set()
    return Frozen(tuple(recipients), dict(left_out))


# --- how far it is ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """`recipients` are those frozen; `counts`: of their messages by state; the rest are not queued yet."""

    recipients: int
    counts: Mapping[MessageState, int]
    replied: int = 0
    opted_out: int = 0
    cost: int = 0

    @property
    def begun(self) -> int:
        return sum(self.counts.values())

    @property
    def to_come(self) -> int:
        return self.recipients - self.begun

    @property
    def final(self) -> int:
        return sum(count for state, count in self.counts.items() if state in FINAL)

    @property
    def reached(self) -> int:
        return sum(count for state, count in self.counts.items() if state in REACHED)

    @property
    def under_way(self) -> int:
        return self.begun - self.final

    @property
    def done(self) -> bool:
        return self.to_come <= 0 and self.under_way == 0

    def share(self, states: Iterable[MessageState]) -> float | None:
        """Of the messages that came to an end, 0 to 1; None while there are none."""
        wanted = set(states)
        count = sum(count for state, count in self.counts.items() if state in wanted)
        return count / self.final if self.final else None


# --- somebody opts out in the middle ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not over. `requested`: the person asked for it, such as a one-time code."""

    message_id: str
    contact_id: str
    point: str
    channel: Channel
    purpose: Purpose
    state: MessageState
    requested: bool = False


@dataclass(frozen=True, slots=True)
class Objected:
    """`channels` and `purposes` empty are all, as in ObjectionFact. `contact_id` None: nobody known."""

    contact_id: str | None
    point: str
    channels: frozenset[Channel] = frozenset()
    purposes: frozenset[Purpose] = frozenset()


def rest_of(objected: Objected, waiting: Iterable[Waiting]) -> tuple[str, ...]:
    """The ids of the messages that are to be stopped: those of the person that surely have not gone out."""
    return tuple(
        message.message_id
        for message in waiting
        if message.state is _M.QUEUED
        and not message.requested
        and (message.contact_id == objected.contact_id or message.point == objected.point)
        and (not objected.channels or message.channel in objected.channels)
        and (not objected.purposes or message.purpose in objected.purposes)
    )
