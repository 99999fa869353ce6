"""The visitor's side of chats, wired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from console.web_chat.serving import WebChat
from engine.chat.sides import VisitorSide
from engine.ports import Clock, Ids, Visitors
from infolinia.assembly.company import OfficeHours
from infolinia.configuration import Configuration
from messaging.chat_site import ChatSite
from store.store import Store


def web_chat(
    configuration: Configuration,
    sites: Callable[[], Mapping[str, ChatSite]],
    side: VisitorSide,
    visitors: Visitors,
    store: Store,
    clock: Clock,
    ids: Ids,
    hours: OfficeHours,
) -> WebChat:
    """For `make_application(web_chat=…)`. `sites`: by name, as they are now."""
    zone = ZoneInfo(configuration.time_zone)
    return WebChat(
        sites,
        side,
        visitors,
        store.callbacks,
        hours=hours.named,
        clock=clock,
        ids=ids,
        region=configuration.country,
        zone=zone,
    )
