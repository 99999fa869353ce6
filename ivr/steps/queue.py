"""queue: let the caller wait for an agent, with music and news, and let the two talk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from calls.events import CallEventKind
from ivr import commands
from ivr.activity import Activity, QueueNews
from ivr.asked import Asked, Option, labelled
from ivr.events import AgentAnswered, AgentLost, Finished, QueueMoved
from ivr.queue_sentences import AGENT_LOST, CALLBACK, INSTEAD, POSITION, WAIT
from ivr.reading.shape import Seconds
from ivr.steps.body import Edge, StepBody
from ivr.steps.transfer import LONGEST_CONVERSATION_SECONDS
from ivr.talk import Filled
from ivr.texts import TemplateText, Texts

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

# By then the performer must have reported that the longest wait is over.
REPORT_SECONDS = 30.0
OFFER = "offer"

_Interval = Annotated[Seconds, Field(ge=15.0, le=3600.0)]


class Announcements(BaseModel):
    """How often the caller is told their place, and the expected wait when anything can be said of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    position: _Interval | None = None
    wait: _Interval | None = None


class WayOut(BaseModel):
    """Offered `after` so long, and again each time as much later: `key` leads to `next`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    after: Annotated[Seconds, Field(ge=5.0, le=3600.0)] = 60.0
    key: Annotated[str, Field(pattern=r"^[0-9]$")] = "1"
    prompt: Texts | None = None
    next: str


class Queue(StepBody):
    """`queue: {name: orders, skills: ["{language}"], max_wait: 3m, announce: {…}, offer: {…}}`.

    `next`: caller and agent have talked; when it is not written, the call ends.
    """

    verb: ClassVar[str] = "queue"
    required: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[tuple[str, ...]] = ("next", "timeout", "closed", "full", "nobody")
    ends_call: ClassVar[frozenset[str]] = frozenset({"next"})
    turns: ClassVar[frozenset[str]] = frozenset({"next"})
    outlives_engine: ClassVar[bool] = True

    name: str = Field(min_length=1)
    skills: tuple[TemplateText, ...] = ()
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    max_wait: Annotated[Seconds, Field(ge=10.0, le=4 * 3600.0)] = 600.0
    announce: Announcements = Announcements()
    offer: WayOut | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("skills", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    def edges(self, outcomes: Mapping[str, str], written: frozenset[str]) -> Iterator[Edge]:
        if self.offer is not None:
            yield Edge(OFFER, self.offer.next, (self.verb, OFFER, "next"), turn=True)
        yield from super().edges(outcomes, written)

    def begin(self, talk: Talk, step: Step) -> Activity:
        return _Waiting(talk, step, self)

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        if work.outcome in self.ends_call and work.outcome not in step.outcomes:
            talk.hang_up("normal")
        else:
            talk.finish(work.outcome)


class _Waiting(Activity):
    """Until the performer reports the end. Keys mean nothing but the one that is offered."""

    def __init__(self, talk: Talk, step: Step, queue: Queue) -> None:
        super().__init__(talk, step)
        self._queue = queue
        self._position: int | None = None
        self._wait_seconds: float | None = None
        self._offered = False
        talk.stop_listening()
        talk.forget_keys()
        skills = tuple(skill.render(talk.scope, str(talk.scope["language"])) for skill in queue.skills)
        talk.work(
            lambda work_id: commands.Enqueue(work_id, queue.name, skills, queue.priority, queue.max_wait)
        )
        announce, offer = queue.announce, queue.offer
        intervals = {
            "position": announce.position,
            "wait": announce.wait,
            OFFER: None if offer is None else offer.after,
        }
        self._intervals = {
            kind: timedelta(seconds=seconds) for kind, seconds in intervals.items() if seconds is not None
        }
        self._due: dict[str, datetime] = {}
        self._limit = talk.now
        self._wait()

    def asked(self, languages: Sequence[str]) -> Asked | None:
        offer = self._queue.offer
        if offer is None or not self._offered:
            return None
        return Asked((Option(offer.key, labelled(INSTEAD, languages, offer.key)),))

    def spoken(self) -> None:
        self._set_deadline()

    def queue_told(self, news: QueueNews) -> None:
        if isinstance(news, QueueMoved):
            self._position, self._wait_seconds = news.position, news.wait_seconds
            return
        if not isinstance(news, AgentAnswered):
            self._wait()
            if isinstance(news, AgentLost):
                self.talk.say([AGENT_LOST], interrupt=True)
            return
        self._due.clear()
        self._offered = False
        self._limit = self.talk.now + timedelta(seconds=LONGEST_CONVERSATION_SECONDS)
        self.talk.stop_saying()
        self._set_deadline()

    def key(self, key: str) -> None:
        offer, talk = self._queue.offer, self.talk
        if offer is None or not self._offered or key != offer.key or talk.working is None:
            return
        talk.stop_saying()
        talk.caller_acted()
        talk.note(CallEventKind.KEY_PRESSED, {"key": key})
        talk.note(
            CallEventKind.UNDERSTOOD,
            {"step": self.step.name, "choice": OFFER, "by": "key", "confidence": 1.0},
        )
        talk.commands.append(commands.LeaveQueue(talk.working))
        talk.work_over("left")
        talk.go(offer.next, OFFER)

    def time_passed(self) -> None:
        talk = self.talk
        if talk.now >= self._limit:
            talk.work_over("late")
            talk.trouble("no outcome", f"{self.step.verb} reported nothing in its time")
            return
        texts = [text for kind in self._due_now() if (text := self._text(kind)) is not None]
        if texts:
            talk.say(texts, interrupt=True)
        else:
            self._set_deadline()

    def _due_now(self) -> list[str]:
        now = self.talk.now
        due = [kind for kind, at in self._due.items() if at <= now]
        for kind in due:
            while self._due[kind] <= now:
                self._due[kind] += self._intervals[kind]
        return due

    def _text(self, kind: str) -> Filled | Texts | None:
        offer = self._queue.offer
        if kind == OFFER and offer is not None:
            self._offered = True
            return offer.prompt or Filled(CALLBACK, {"key": offer.key})
        if kind == "position" and self._position is not None:
            return Filled(POSITION, {"position": self._position})
        if kind == "wait" and self._wait_seconds is not None:
            # A wait is not promised by the second.
            return Filled(WAIT, {"wait": 60 * max(1, ceil(self._wait_seconds / 60))})
        return None

    def _wait(self) -> None:
        """From now on, whether they have come or come back."""
        now = self.talk.now
        self._due = {kind: now + interval for kind, interval in self._intervals.items()}
        self._limit = now + timedelta(seconds=self._queue.max_wait + REPORT_SECONDS)
        self._set_deadline()

    def _set_deadline(self) -> None:
        due: list[datetime] = [self._limit, *self._due.values()]
        self.talk.deadline = min(due)
