"""Dialogues, wired: what people write is read by agents, as the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from engine.desk.days import midnight
from engine.desk.desks import Desks
from engine.desk.view import DeskPart
from engine.desk.written_work import WrittenWork
from engine.ports import Clock, Ids
from engine.queues import Queues
from engine.registers.messages import Message
from infolinia.configuration import Configuration
from messaging.dialogue import DialogueRules, needs_person
from messaging.followups import Event
from messaging.opting import bare
from messaging.replies import AUTOMATIC
from store.store import Store


@dataclass
class MessageNews:
    """Messages that came in or changed their state, for whoever listens by then."""

    moved: list[Callable[[Message], None]] = field(default_factory=list)
    received: list[Callable[[Message], None]] = field(default_factory=list)

    def tell_moved(self, message: Message) -> None:
        for listener in self.moved:
            listener(message)

    def tell_received(self, message: Message) -> None:
        for listener in self.received:
            listener(message)


@dataclass
class DialogueReading:
    """Who is to read what, by a configuration that may be another one later."""

    configuration: Configuration

    def put(self, configuration: Configuration) -> None:
        """Another one, from now on."""
        self.configuration = configuration

    def rules(self) -> DialogueRules:
        return self.configuration.messaging.dialogues.rules()

    def route(self, message: Message) -> str | None:
        section = self.configuration.messaging
        keywords = frozenset(
            bare(word)
            for rule in (one.rule() for one in self.configuration.followups)
            if rule.on is Event.MESSAGE_RECEIVED and rule.words
            for word in rule.words
        )
        automatic = bool(message.data.get(AUTOMATIC))
        if not needs_person(
            message.text, automatic=automatic, words=section.words.opting(), keywords=keywords
        ):
            return None
        return section.dialogues.rules().queue_for(message.mailing, message.ours or "")


def opened_dialogues(
    reading: DialogueReading,
    store: Store,
    queues: Queues,
    desks: Desks,
    news: MessageNews,
    clock: Clock,
    ids: Ids,
    stack: AsyncExitStack,
) -> WrittenWork:
    """What is owed is offered from now on, until the stack ends."""
    work = WrittenWork(
        store.dialogues,
        queues,
        clock,
        ids,
        node=reading.configuration.node,
        route=reading.route,
        rules=reading.rules,
        settings=lambda: desks.settings,
        tell=lambda agent: desks.tell(agent, DeskPart.WRITTEN),
        shown=lambda agent: desks.names().get(agent, agent),
        midnight=lambda now: midnight(now, desks.settings.zone),
    )
    news.received.append(lambda message: work.nudge())
    news.moved.append(work.message_moved)
    work.start()
    stack.push_async_callback(work.close)
    return work
