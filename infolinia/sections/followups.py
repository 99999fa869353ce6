"""`followups:` of the configuration: what is written to people of itself when something has happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from compliance.facts import Channel, Purpose
from infolinia.sections.callbacks import Word
from infolinia.sections.messaging import OwnWords
from infolinia.sections.queues import QueueName
from infolinia.sections.rating_messages import DAY, TemplateName
from ivr.reading.shape import Seconds, guess
from messaging.followups import VALUES, Event, Rule
from messaging.opting import WrongWord
from messaging.replies import AutoReplies, Keyword
from messaging.templates import CODE, MessageTemplate

DUE_SOON = "promise.due_soon"


def _event(value: str) -> str:
    if value == DUE_SOON:
        raise ValueError("reminders of promises are those of `debts`: set them there, or people get two")
    if value not in list(Event):
        raise ValueError(f"write one of {', '.join(Event)}")
    return value


class FollowupSection(BaseModel):
    """One rule. Empty conditions hold for all. `rate`: the message asks for a grade of the call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Word
    on: Annotated[str, AfterValidator(_event)]
    send: TemplateName
    channel: Literal["sms", "email", "push", "messenger"] = "sms"
    after: Annotated[Seconds, Field(ge=0, le=30 * DAY)] = 0.0
    once_per: Annotated[Seconds, Field(ge=60, le=31 * DAY)] | None = None
    within: Annotated[Seconds, Field(ge=60, le=30 * DAY)] = DAY
    queues: tuple[QueueName, ...] = ()
    campaigns: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    rate: Annotated[Seconds, Field(ge=60, le=7 * DAY)] | None = None

    def rule(self) -> Rule:
        return Rule(
            name=self.name,
            on=Event(self.on),
            send=self.send,
            channel=Channel(self.channel),
            after=timedelta(seconds=self.after),
            once_per=None if self.once_per is None else timedelta(seconds=self.once_per),
            within=timedelta(seconds=self.within),
            queues=frozenset(self.queues),
            campaigns=frozenset(self.campaigns),
            topics=frozenset(self.topics),
            dispositions=frozenset(self.dispositions),
            words=self.words,
            rate_within=None if self.rate is None else timedelta(seconds=self.rate),
        )


def followup_problems(
    followups: Sequence[FollowupSection], words: OwnWords, queues: Collection[str]
) -> Iterator[str]:
    """What no single setting can tell is wrong: one sentence each, which begins with the setting."""
    names = [one.name for one in followups]
    for n, one in enumerate(followups):
        here = f"followups[{n}]"
        if names.index(one.name) != n:
            yield f"{here}.name: {one.name!r} is there twice; give each rule its own."
        for queue in one.queues:
            if queue not in queues:
                hint = guess(queue, list(queues)) or "; add it to `queues`"
                yield f"{here}.queues: there is no queue {queue!r}{hint}."
        event = Event(one.on)
        calls = event in (Event.CALL_ENDED, Event.CALL_MISSED)
        if one.words and event is not Event.MESSAGE_RECEIVED:
            yield f"{here}.words: only {Event.MESSAGE_RECEIVED} has words; leave them out."
        if one.dispositions and event is not Event.CALL_ENDED:
            yield f"{here}.dispositions: only {Event.CALL_ENDED} has a disposition; leave it out."
        if one.rate is not None and event is not Event.CALL_ENDED:
            yield f"{here}.rate: only a call is graded; write `on: {Event.CALL_ENDED}`."
        if one.queues and not (calls or event in (Event.CALLBACK_REQUESTED, Event.CALLBACK_BROKEN)):
            yield f"{here}.queues: {one.on} has no queue; leave them out."
        if one.topics and event not in (Event.CALLBACK_REQUESTED, Event.CALLBACK_BROKEN):
            yield f"{here}.topics: only callbacks have topics; leave them out."
    try:
        opting = words.opting()
    except WrongWord:  # told by messaging itself
        return
    try:
        AutoReplies(tuple(Keyword(one.words, one.send) for one in followups if one.words), opting)
    except WrongWord as wrong:
        yield f"followups: words: {wrong}"


def template_problems(rules: Iterable[Rule], templates: Mapping[str, MessageTemplate]) -> Iterator[str]:
    """Rules whose templates are not there, or take what nobody gives. One sentence each."""
    for rule in rules:
        template = templates.get(rule.send)
        if template is None:
            hint = guess(rule.send, list(templates)) or "; write its file"
            yield f"rule {rule.name} sends the template {rule.send!r}, which is not there{hint}."
            continue
        missing = set(template.takes) - VALUES[rule.on] - template.defaults.keys()
        if missing:
            given = ", ".join(sorted(VALUES[rule.on]))
            yield (
                f"rule {rule.name}: template {rule.send} takes {', '.join(sorted(missing))}, but "
                f"{rule.on} gives {given}; give a default, or take another template."
            )
        if CODE in template.checked_by:
            yield f"rule {rule.name}: template {rule.send} has a code, which only /api/v1/codes sends."
        if lacks := template.lacks_for(rule.channel):
            yield f"rule {rule.name}: {lacks}."
        if rule.rate_within is not None and template.purpose is not Purpose.SERVICE:
            yield (
                f"rule {rule.name}: template {rule.send} asks for a grade and is for {template.purpose}; "
                "write `purpose: service`."
            )
