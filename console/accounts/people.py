"""People: what the pages of contacts are made of."""

from __future__ import annotations

from dataclasses import dataclass

from engine.explaining import Explainer
from engine.ports import Ids
from engine.registers.accounts import Accounts
from engine.registers.callbacks import Callbacks
from engine.registers.chats import Chats
from engine.registers.history import HistoryRegisters
from engine.registers.permissions import Permissions


@dataclass(frozen=True, slots=True)
class People:
    """`region`: whose national numbers are taken, as "PL". `accounts` tells who changed what.

    `chats` None: the timeline shows no lines of chats.
    """

    history: HistoryRegisters
    permissions: Permissions
    callbacks: Callbacks
    explainer: Explainer
    accounts: Accounts
    ids: Ids
    region: str
    chats: Chats | None = None
