"""A dialogue: all messages with one person by one channel and one number of ours, open or closed. Pure.

What a person writes opens a dialogue or goes on with one, and from then on an answer is owed. Whoever answers
owes nothing until the person writes again; the dialogue stays open until somebody closes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from compliance.facts import Channel
from history.interaction import ContactPoint
from messaging.opting import OptingWords, Wish, bare

# `data.kind` of the row that stands in the history for a whole dialogue.
DIALOGUE_ROW = "dialogue"


class DialogueState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """`point` is the person's, None once they are erased; `ours` our number or address, "" the provider's.

    `queue` is "" where no rule names one: then only the inbox shows it. `agent`: who answered last, or is to
    answer. `owed_since`: of the oldest message that nobody has answered, None when nothing is owed. `held`:
    an agent has it open just now. `first_seconds`: from its opening to the first answer. `last_at`: of the
    last message, of either side.
    """

    id: str
    channel: Channel
    point: ContactPoint | None
    ours: str
    contact_id: str | None
    opened_at: datetime
    queue: str = ""
    agent: str | None = None
    state: DialogueState = DialogueState.OPEN
    owed_since: datetime | None = None
    last_at: datetime | None = None
    language: str | None = None
    mailing: str | None = None
    campaign: str | None = None
    answers: int = 0
    first_seconds: float | None = None
    closed_at: datetime | None = None
    disposition: str | None = None
    version: int = 1
    held: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is DialogueState.OPEN


@dataclass(frozen=True, slots=True)
class DialogueRules:
    """The queue of a mailing's replies, else that of our number, else the usual one; "" for none.

    `skills`: language -> the skill that an agent must have to answer in it.
    """

    queue: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    mailings: Mapping[str, str] = field(default_factory=dict)
    skills: Mapping[str, str] = field(default_factory=dict)

    def queue_for(self, mailing: str | None, ours: str) -> str:
        if mailing is not None and mailing in self.mailings:
            return self.mailings[mailing]
        return self.numbers.get(ours) or self.queue

    def skills_for(self, language: str | None) -> tuple[str, ...]:
        skill = self.skills.get((language or "")[:2])
        return (skill,) if skill else ()


def needs_person(
    text: str, *, automatic: bool, words: OptingWords, keywords: Collection[str] = frozenset()
) -> bool:
    """Whether somebody has to read it: no opt-out, no keyword (`bare`), nothing a machine wrote.

    An opt-in that took something back is marked (messaging.followups.OPT_IN), and not asked about here.
    """
    meant = words.understood(text)
    if automatic or (meant is not None and meant.wish is Wish.STOP):
        return False
    word = bare(text)
    return not word or word not in keywords


def received(dialogue: Dialogue, at: datetime) -> Dialogue:
    """The person wrote: from the first message that is not answered on, an answer is owed."""
    last = at if dialogue.last_at is None else max(dialogue.last_at, at)
    owed = at if dialogue.owed_since is None else min(dialogue.owed_since, at)
    return replace(dialogue, owed_since=owed, last_at=last, version=dialogue.version + 1)


@dataclass(frozen=True, slots=True)
class AnswerTime:
    """How long the person waited for this answer. `first`: of the dialogue."""

    seconds: float
    first: bool


def answered(dialogue: Dialogue, agent: str, at: datetime) -> tuple[Dialogue, AnswerTime | None]:
    """None: nothing was owed, the agent only wrote more."""
    time = None
    if dialogue.owed_since is not None:
        seconds = max(0.0, (at - dialogue.owed_since).total_seconds())
        time = AnswerTime(seconds, dialogue.answers == 0)
    changed = replace(
        dialogue,
        agent=agent,
        owed_since=None,
        last_at=at,
        answers=dialogue.answers + 1,
        first_seconds=time.seconds if time is not None and time.first else dialogue.first_seconds,
        version=dialogue.version + 1,
    )
    return changed, time


def given(dialogue: Dialogue, *, agent: str | None, queue: str | None = None) -> Dialogue:
    """To an agent (None: whoever is free), in this queue or another."""
    return replace(
        dialogue,
        agent=agent,
        queue=dialogue.queue if queue is None else queue,
        version=dialogue.version + 1,
    )


def closed(dialogue: Dialogue, disposition: str | None, at: datetime) -> Dialogue:
    """Nothing is owed any more; another message opens another dialogue."""
    return replace(
        dialogue,
        state=DialogueState.CLOSED,
        owed_since=None,
        closed_at=at,
        disposition=disposition,
        version=dialogue.version + 1,
    )
