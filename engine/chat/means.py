"""What chats are served with, wired by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.desk.settings import DeskSettings
from engine.errands import Desk
from engine.flows import FlowShelf
from engine.ports import Clock, Ids
from engine.queues import Queues
from engine.registers.agents import AgentEvent
from engine.registers.callbacks import Callbacks
from engine.registers.chats import Chats
from ivr.surroundings import Surroundings
from messaging.chat_site import ChatSite


@dataclass(frozen=True, slots=True)
class ChatMeans:
    """`sites` and `settings` are as configured now. `tell(agent)`: chats have changed at their desk.

    `noted`: this goes into an agent's log. `shown`: an agent's name as a visitor may read it. `node`
    names this engine.
    """

    register: Chats
    callbacks: Callbacks
    queues: Queues
    desk: Desk
    flows: FlowShelf
    clock: Clock
    ids: Ids
    node: str
    region: str
    surroundings: Surroundings
    sites: Callable[[], Mapping[str, ChatSite]]
    settings: Callable[[], DeskSettings]
    tell: Callable[[str], None]
    shown: Callable[[str], str] = str
    noted: Callable[[AgentEvent], None] = lambda event: None

    @property
    def in_writing(self) -> Surroundings:
        """Of dialogues that are read."""
        return replace(self.surroundings, written=True)
