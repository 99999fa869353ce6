"""A chat: one visitor of a web site, led by a flow in writing, then in talk with an agent. Pure.

A chat is its lines, each numbered within it; the row is what has become of it so far. Its phases are a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from history.interaction import ContactPoint


class ChatPhase(StrEnum):
    """`led`: by the flow. `waiting`: in a queue. `talking`: with an agent. `closed`: over for good."""

    LED = "led"
    WAITING = "waiting"
    TALKING = "talking"
    CLOSED = "closed"


# From a queue or an agent the flow may go on: the queue was full, or says what comes after the talk.
PHASES: Mapping[ChatPhase, frozenset[ChatPhase]] = {
    ChatPhase.LED: frozenset({ChatPhase.WAITING, ChatPhase.CLOSED}),
    ChatPhase.WAITING: frozenset({ChatPhase.LED, ChatPhase.TALKING, ChatPhase.CLOSED}),
    ChatPhase.TALKING: frozenset({ChatPhase.WAITING, ChatPhase.LED, ChatPhase.CLOSED}),
    ChatPhase.CLOSED: frozenset(),
}


class Speaker(StrEnum):
    VISITOR = "visitor"
    FLOW = "flow"
    AGENT = "agent"


class LineKind(StrEnum):
    """What a line is. `text`: words. `choice`: a button that the visitor pressed; `text` is its label.

    `page`: a page that the visitor went to; `text` is its address, `data.title` its title. `joined`: an agent
    takes the talk. `moved`: they have passed it on. `call`: the visitor calls or is to be called;
    `data.how` is "browser" or "callback". `note`: only for us, never shown to the visitor.
    """

    TEXT = "text"
    CHOICE = "choice"
    PAGE = "page"
    JOINED = "joined"
    MOVED = "moved"
    CALL = "call"
    CLOSED = "closed"
    NOTE = "note"


# The longest that is kept, in characters; who is given more cuts or refuses it before.
TEXT_MOST = 4000
PAGE_MOST = 2000
NAME_MOST = 200
# The flow's state of one chat, and the data of one line, as JSON.
STATE_BYTES_MOST = 256 * 1024
LINE_DATA_BYTES_MOST = 16 * 1024

# What a visitor is never shown.
OURS_ALONE = frozenset({LineKind.PAGE, LineKind.NOTE})


@dataclass(frozen=True, slots=True)
class Button:
    """A choice that the flow offers: `value` is sent back, `label` is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChatLine:
    """The `seq`th line, from 1. `agent`: who wrote it. `buttons`: offered with it, by the flow.

    `secret`: what a flow's secret question was answered with; `text` is then HIDDEN from the start.
    `client_id`: the visitor's page's own id of it: sent twice it is one line.
    """

    seq: int
    at: datetime
    speaker: Speaker
    kind: LineKind
    text: str = ""
    agent: str | None = None
    buttons: tuple[Button, ...] = ()
    client_id: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chat:
    """`site`: the name of its configuration. `point`: VISITOR, until they gave a number or were erased.

    `secret_hash`: SHA-256 (hex) of what the visitor's page must bring. `page`: where the visitor is now.
    `state`: the flow's `Dialogue.state()`. `queue` and `skills`, `priority`, `patience_seconds` of what they
    wait for now, `since` when. `agent`: who talks or talked last. `last_seq`: of the last line. `owed_since`:
    of the oldest words of the visitor that the agent has not answered.
    """

    id: str
    site: str
    point: ContactPoint | None
    secret_hash: str
    opened_at: datetime
    node: str
    flow: str
    phase: ChatPhase = ChatPhase.LED
    flow_version: str = ""
    contact_id: str | None = None
    language: str | None = None
    page: str = ""
    name: str = ""
    state: Mapping[str, object] = field(default_factory=dict)
    work_id: int | None = None
    queue: str = ""
    skills: tuple[str, ...] = ()
    priority: int = 0
    patience_seconds: float = 600.0
    since: datetime | None = None
    agent: str | None = None
    last_seq: int = 0
    last_at: datetime | None = None
    owed_since: datetime | None = None
    waited_seconds: float | None = None
    first_answer_seconds: float | None = None
    answers: int = 0
    closed_at: datetime | None = None
    ended_by: str | None = None
    disposition: str | None = None
    outcome: str | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.phase is not ChatPhase.CLOSED
