"""Chats, wired: led by flows, offered at desks, and going on from where an earlier engine left them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

from asterisk.translation import VISITOR_PREFIX
from engine.chat.carried_calls import CarriedCalls
from engine.chat.desk_chats import DeskChats
from engine.chat.live_chats import LiveChats
from engine.chat.means import ChatMeans
from engine.desk.desks import Desks
from engine.desk.view import DeskPart
from engine.exchange import Exchange
from engine.flows import FlowShelf
from infolinia.configuration import Configuration
from infolinia.sections.chats import chat_site
from messaging.chat_site import ChatSite
from store.store import Store


class ChatSites:
    """The sites by a configuration that may be another one later, and flows that are."""

    def __init__(self, configuration: Configuration, flows: FlowShelf) -> None:
        self._configuration = configuration
        self._flows = flows

    def put(self, configuration: Configuration) -> None:
        """Another one, from now on."""
        self._configuration = configuration

    def __call__(self) -> Mapping[str, ChatSite]:
        """By name; one whose flow is not loaded is none."""
        found = {}
        for name, section in self._configuration.chats.items():
            if (flow := self._flows.by_name(section.flow)) is not None:
                found[name] = chat_site(name, section, flow.languages)
        return found


def carried_calls(store: Store) -> CarriedCalls:
    return CarriedCalls(store.history.contacts, lambda visitor: VISITOR_PREFIX + visitor)


async def opened_chats(
    exchange: Exchange,
    store: Store,
    desks: Desks,
    sites: ChatSites,
    carried: CarriedCalls,
    stack: AsyncExitStack,
) -> tuple[LiveChats, DeskChats]:
    """What visitors' pages and agents' desks ask of them, until the stack ends."""
    means = ChatMeans(
        register=store.chats,
        callbacks=store.callbacks,
        queues=exchange.queues,
        desk=exchange.desk,
        flows=exchange.flows,
        clock=exchange.clock,
        ids=exchange.ids,
        node=exchange.node,
        region=exchange.region,
        surroundings=exchange.surroundings,
        sites=sites,
        settings=lambda: desks.settings,
        tell=lambda agent: desks.tell(agent, DeskPart.CHATS),
        noted=desks.noted,
        shown=lambda agent: desks.names().get(agent, agent),
    )
    chats = LiveChats(means, carried)
    await chats.start()
    stack.push_async_callback(chats.close)
    return chats, DeskChats(chats, means)
