"""Debts, wired: what is said of them in calls, and the clock that looks after promises."""

from __future__ import annotations

from contextlib import AsyncExitStack
from zoneinfo import ZoneInfo

from engine.debt_desk import DebtDesk
from engine.gatekeeper import Gate
from engine.ports import Clock
from infolinia.assembly.background import in_background
from infolinia.configuration import Configuration
from store.store import Store


def opened_debts(
    configuration: Configuration, store: Store, gate: Gate, clock: Clock, stack: AsyncExitStack
) -> DebtDesk:
    """Promises are looked after from now on, until the stack ends."""
    desk = debt_desk(configuration, store, gate, clock)
    in_background(desk.lookout.run(), stack)
    return desk


def debt_desk(configuration: Configuration, store: Store, gate: Gate, clock: Clock) -> DebtDesk:
    """Not started."""
    return DebtDesk(
        store.debts,
        store.history.contacts,
        gate,
        clock,
        zone=ZoneInfo(configuration.time_zone),
        rules=configuration.debts.rules(),
    )


def put_rules(configuration: Configuration, desk: DebtDesk) -> None:
    """As a reload leaves them."""
    desk.rules = configuration.debts.rules()
