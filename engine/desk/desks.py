"""Desks: the facade of all agents' pages. Agents are named as queues know them; see `agent_of`."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime

from acd.agents import AgentStatus
from acd.talk import Action
from engine.desk.view import DeskPart, DeskView, NoteView, PhoneCredentials, TransferTarget


@dataclass(frozen=True, slots=True)
class CallbackWish:
    """When to call back: aware UTC, None for as soon as it may be. `mine`: by this agent, else by anybody."""

    begins: datetime | None
    ends: datetime | None
    mine: bool = False
    note: str = ""
    number: str = ""  # "": the one on the line


class Desks:
    """Every method raises DeskRefused where a thing is not lawful or cannot be done now.

    A page is named by an id of its own, made anew at each load: one page at a time is an agent's desk.
    """

    async def agent_of(self, person_id: str) -> str:
        """The agent's name of a person. Refused ("disabled", "store")."""
        raise NotImplementedError

    # --- being there --------------------------------------------------------------------------------------

    async def sign_in(self, agent: str, page: str, address: str = "") -> PhoneCredentials:
        """This page is the agent's desk from now on; an earlier one is told ELSEWHERE. A call goes on."""
        raise NotImplementedError

    def watch(self, agent: str, page: str) -> AbstractAsyncContextManager[asyncio.Queue[DeskPart]]:
        """The page is open: what changes is put into the queue. Closed for 20 s is signed out."""
        raise NotImplementedError

    async def gone(self, agent: str, page: str) -> None:
        """The page says that it closes. A talk is not ended by this."""
        raise NotImplementedError

    async def sign_out(self, agent: str, why: str = "agent") -> None:
        """The end of the working day: offline, the telephone's password void. Refused during a talk."""
        raise NotImplementedError

    async def set_status(self, agent: str, status: AgentStatus, reason: str = "") -> None:
        """Chosen by the agent; during a talk it takes effect afterwards. `reason`: a break's name."""
        raise NotImplementedError

    # --- what is shown ------------------------------------------------------------------------------------

    async def view(self, agent: str) -> DeskView:
        """Everything that the page shows."""
        raise NotImplementedError

    def targets(self, agent: str) -> tuple[TransferTarget, ...]:
        """Whom a call can be given to: agents, queues, flows, numbers of the configuration."""
        raise NotImplementedError

    # --- the talk -----------------------------------------------------------------------------------------

    async def act(self, agent: str, action: Action) -> None:
        """One of acd.talk's actions on the agent's talk. Refused with that action's sentence."""
        raise NotImplementedError

    async def dial(self, agent: str, number: str, purpose: str = "service", queue: str = "") -> str:
        """A manual call: the gate is asked, then browser and customer are rung. Returns the call's id.

        Refused as ContactForbidden by the gate.
        """
        raise NotImplementedError

    # --- about the call, while it goes on or is wrapped up ------------------------------------------------

    async def save_note(self, agent: str, call_id: str, text: str, seq: int) -> NoteView:
        """What is kept: the saving with the highest `seq`."""
        raise NotImplementedError

    async def dispose(self, agent: str, call_id: str, disposition: str) -> None:
        """Choose an outcome; the last choice before the wrap-up ends counts."""
        raise NotImplementedError

    async def schedule_callback(self, agent: str, call_id: str, wish: CallbackWish) -> None:
        """Durable once this returns."""
        raise NotImplementedError

    async def promise(
        self, agent: str, call_id: str, amount: int, currency: str, due: date, reference: str = ""
    ) -> None:
        """A promise to pay; `amount` in minor units. Durable once this returns."""
        raise NotImplementedError

    async def stop_contact(self, agent: str, call_id: str, channels: frozenset[str] = frozenset()) -> None:
        """Do not call this person again; empty: by no channel. Works at once, on every node."""
        raise NotImplementedError

    async def send_sms(self, agent: str, call_id: str, template: str, language: str) -> str:
        """A template's text to the number on the line, after the gate. Returns the text that is sent."""
        raise NotImplementedError

    async def finish_wrap_up(self, agent: str) -> None:
        """Refused ("disposition") where the queue demands one and there is none."""
        raise NotImplementedError
