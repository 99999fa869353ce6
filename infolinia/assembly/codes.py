"""One-time codes over the API, wired."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from engine.followup.code_desk import CodeDesk
from engine.followup.shelf import MessageShelf
from engine.gatekeeper import Gate
from engine.ports import Clock, Ids
from infolinia.configuration import Configuration
from store.store import Store


def code_desk(
    configuration: Configuration,
    store: Store,
    shelf: Callable[[], MessageShelf],
    gate: Gate,
    clock: Clock,
    ids: Ids,
) -> CodeDesk:
    return CodeDesk(
        store.one_time_codes,
        store.history.contacts,
        gate,
        lambda: shelf().templates,
        clock=clock,
        ids=ids,
        zone=ZoneInfo(configuration.time_zone),
    )
