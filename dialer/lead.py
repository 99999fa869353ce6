"""Lead: a person on a campaign's list, and what may become of it, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from dialer.reasons import IN_TURN, Reason
from dialer.results import AttemptResult


class LeadState(StrEnum):
    WAITING = "waiting"  # for its turn, or for `not_before`
    RESERVED = "reserved"  # for one dialler, until `reserved_until`
    DIALLING = "dialling"  # its attempt is written
    TALKING = "talking"
    WRAP_UP = "wrap_up"  # the call is over, the agent's word is awaited
    DONE = "done"  # the matter is over
    STOPPED = "stopped"  # it is not to be called any more


class LeadMove(StrEnum):
    RESERVE = "reserve"
    RELEASE = "release"  # nothing was dialled
    DIAL = "dial"
    CONNECT = "connect"
    HANG_UP = "hang_up"
    RETRY = "retry"  # it is planned anew
    FINISH = "finish"
    STOP = "stop"
    REOPEN = "reopen"  # by a person, with a reason


_S, _M = LeadState, LeadMove

TRANSITIONS: Mapping[tuple[LeadState, LeadMove], LeadState] = {
    (_S.WAITING, _M.RESERVE): _S.RESERVED,
    (_S.WAITING, _M.RETRY): _S.WAITING,
    (_S.WAITING, _M.FINISH): _S.DONE,
    (_S.WAITING, _M.STOP): _S.STOPPED,
    (_S.RESERVED, _M.RESERVE): _S.RESERVED,  # its reservation ran out
    (_S.RESERVED, _M.RELEASE): _S.WAITING,
    (_S.RESERVED, _M.DIAL): _S.DIALLING,
    (_S.RESERVED, _M.RETRY): _S.WAITING,  # the gate's next moment, a skip
    (_S.RESERVED, _M.FINISH): _S.DONE,
    (_S.RESERVED, _M.STOP): _S.STOPPED,
    (_S.DIALLING, _M.RELEASE): _S.WAITING,  # written, never originated
    (_S.DIALLING, _M.CONNECT): _S.TALKING,
    (_S.DIALLING, _M.RETRY): _S.WAITING,
    (_S.DIALLING, _M.FINISH): _S.DONE,
    (_S.DIALLING, _M.STOP): _S.STOPPED,
    (_S.TALKING, _M.HANG_UP): _S.WRAP_UP,
    (_S.TALKING, _M.RETRY): _S.WAITING,  # no agent has a word to say
    (_S.TALKING, _M.FINISH): _S.DONE,
    (_S.TALKING, _M.STOP): _S.STOPPED,
    (_S.WRAP_UP, _M.RETRY): _S.WAITING,
    (_S.WRAP_UP, _M.FINISH): _S.DONE,
    (_S.WRAP_UP, _M.STOP): _S.STOPPED,
    (_S.DONE, _M.REOPEN): _S.WAITING,
    (_S.DONE, _M.STOP): _S.STOPPED,
    (_S.STOPPED, _M.REOPEN): _S.WAITING,
}

# It is somebody's now: nobody else may take it.
BUSY = frozenset({_S.RESERVED, _S.DIALLING, _S.TALKING, _S.WRAP_UP})
OVER = frozenset({_S.DONE, _S.STOPPED})


class WrongMove(ValueError):
    """The message is one sentence."""


def moved(state: LeadState, move: LeadMove) -> LeadState:
    """The state after it. Raises WrongMove."""
    after = TRANSITIONS.get((state, move))
    if after is None:
        possible = [known.value for at, known in TRANSITIONS if at is state]
        raise WrongMove(f"A lead that is {state} cannot {move}; what it can is {', '.join(possible)}.")
    return after


class NumberState(StrEnum):
    OK = "ok"
    BAD = "bad"  # the network says that it does not exist, or an agent that it is another person's
    REFUSED = "refused"  # the gate forbids it, as things are for ever


@dataclass(frozen=True, slots=True)
class LeadNumber:
    """`kind`: "mobile", "fixed" or "" when it is not known. `attempts` that counted."""

    e164: str
    kind: str = ""
    attempts: int = 0
    state: NumberState = NumberState.OK
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeadCallback:
    """A callback request of this person that the campaign keeps; its id is `request`.

    `agent`: it is a personal one, for their name alone while `agent_until` lasts. Windows are aware UTC.
    `missed`: nobody asked, their call was missed.
    """

    request: str
    requested_at: datetime
    window_from: datetime | None = None
    window_to: datetime | None = None
    person_chose: bool = False
    agent: str | None = None
    agent_until: datetime | None = None
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Lead:
    """`numbers` in the order of the list; `next_number` is to be dialled next (None: the first good one).

    `attempts` counts those that count (`dialer.attempt.counts`), `attempts_today` those of `today`, a date
    of the callee's. `results`: how often attempts ended how. `parts_tried`: attempts that nobody answered in
    each part of the day (`BestTime.parts`). `troubles`: failures of the network on end. `skips`: how often
    agents passed it by. `priority`: higher goes first. `last_verified`: whether a flow found,
    in the last call in which it asked, that it was them. `reason` is why it is in its state, or waits.
    """

    id: str
    campaign: str
    contact_id: str
    numbers: tuple[LeadNumber, ...]
    added_at: datetime
    name: str = ""
    time_zone: str | None = None
    priority: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    debt: str | None = None
    state: LeadState = LeadState.WAITING
    attempts: int = 0
    today: date | None = None
    attempts_today: int = 0
    results: Mapping[AttemptResult, int] = field(default_factory=dict)
    parts_tried: tuple[int, ...] = ()
    troubles: int = 0
    skips: int = 0
    not_before: datetime | None = None
    next_number: str | None = None
    callback: LeadCallback | None = None
    last_at: datetime | None = None
    last_outcome: AttemptResult | None = None
    last_disposition: str | None = None
    last_verified: bool | None = None
    reason: Reason = IN_TURN
    reserved_by: str | None = None
    reserved_until: datetime | None = None
    version: int = 1

    def number(self, e164: str) -> LeadNumber | None:
        return next((one for one in self.numbers if one.e164 == e164), None)
