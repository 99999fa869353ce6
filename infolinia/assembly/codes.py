"""One-time codes over the API, wired."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.followup.code_desk import CodeDesk
from engine.gatekeeper import Gate
from engine.ports import Clock, Ids
from infolinia.configuration import Configuration
from infolinia.message_templates import load_templates
from store.store import Store


def code_desk(configuration: Configuration, store: Store, gate: Gate, clock: Clock, ids: Ids) -> CodeDesk:
    """Raises ConfigurationRejected: a template has mistakes."""
    return CodeDesk(
        store.one_time_codes,
        store.history.contacts,
        gate,
        load_templates(configuration),
        clock=clock,
        ids=ids,
        zone=ZoneInfo(configuration.time_zone),
    )
