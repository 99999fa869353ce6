"""Supervision: a supervisor hears a talk, speaks to its agent alone, or joins it, from a page's telephone.

The supervisor's channel is CALL.sup.N, the ear on the agent's channel CALL.snoop.N; both are in a bridge of
their own, CALL.ear.N. To barge in, the talk takes the supervisor's channel in, as a party.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog

from acd.talks.talk import ActionRefused, Join, Leave, PartyRole, PartyState, PartyView, TalkView
from calls.control import (
    CallControlError,
    ChannelEnded,
    ChannelGone,
    ControlRestored,
    LegAnswered,
    NetworkEvent,
    PhoneChanged,
)
from calls.events import CallEventKind
from calls.talk_control import SUPERVISORS, TalkControl
from engine.call_log import CallLog
from engine.live import LiveCalls
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.audit import AuditLog, AuditNote
from engine.switchboard import Switchboard

# The page answers by itself; who has not by then has no page.
ANSWER_SECONDS = 10
# What the page reads, so that it answers without ringing.
HEADERS: Mapping[str, str] = {"X-Infolinia-Answer": "auto"}
FLOOR = "floor"

log = structlog.get_logger(__name__)


class SupervisionMode(StrEnum):
    LISTEN = "listen"  # nobody hears the supervisor
    WHISPER = "whisper"  # the agent alone does
    BARGE = "barge"  # all do


class SupervisionRefused(Exception):
    """`why` is a short name, as "no_talk"; the message is one sentence with the remedy."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


@dataclass(frozen=True, slots=True)
class SupervisionView:
    """Who is on whose line, and how. `supervisor` and `agent` are agents' names."""

    supervisor: str
    call_id: str
    agent: str
    mode: SupervisionMode
    since: datetime


@dataclass(slots=True)
class _Ear:
    """One supervisor on one agent's talk. `snoop` is None while barged in."""

    supervisor: str
    call_id: str
    agent: str
    agent_leg: str
    leg: str
    mode: SupervisionMode
    since: datetime
    answered: asyncio.Future[bool]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    snoop: str | None = None
    bridge: str | None = None
    up: bool = False  # in the log
    over: bool = False


class Supervision:
    """Every method raises SupervisionRefused where a thing cannot be done, and has a limit."""

    def __init__(
        self, control: TalkControl, switchboard: Switchboard, audit: AuditLog, live: LiveCalls, clock: Clock
    ) -> None:
        self._control = control
        self._switchboard = switchboard
        self._audit = audit
        self._live = live
        self._clock = clock
        self._ears: dict[str, _Ear] = {}  # by supervisor
        self._phones: dict[str, str] = {}  # telephone -> its password
        self._pages: dict[str, str] = {}  # telephone -> the page that has it
        self._reachable: set[str] = set()
        self._numbers = itertools.count(1)
        self._work: set[asyncio.Task[None]] = set()

    # --- the page's telephone -----------------------------------------------------------------------------

    async def open_phone(self, supervisor: str, page: str) -> tuple[str, str]:
        """A telephone's name, never offered a call, and a new password; an earlier page's is void."""
        phone, password = phone_of(supervisor), secrets.token_urlsafe(32)
        self._phones[phone] = password
        self._pages[phone] = page
        try:
            await self._control.admit_phone(phone, password)
        except CallControlError as failure:
            sentence = "Asterisk does not answer: try again in a moment."
            raise SupervisionRefused("asterisk", sentence) from failure
        return phone, password

    async def close_phone(self, supervisor: str, page: str) -> None:
        """The page is gone: its line ends, and its password is void. Nothing when a later page has both."""
        if self._pages.get(phone_of(supervisor)) == page:
            await self._dismiss(supervisor)

    def allow_only(self, supervisors: Collection[str]) -> None:
        """Who may supervise now: nobody is heard by others from now on, whatever they have begun."""
        for one in {*self._ears, *(phone.removeprefix(SUPERVISORS) for phone in self._phones)}:
            if one not in supervisors:
                self._run(self._dismiss(one))

    async def _dismiss(self, supervisor: str) -> None:
        self._pages.pop(phone_of(supervisor), None)
        await self.end(supervisor)
        if self._phones.pop(phone_of(supervisor), None) is not None:
            with contextlib.suppress(CallControlError):  # its registration runs out by itself
                await self._control.dismiss_phone(phone_of(supervisor))

    # --- on the line --------------------------------------------------------------------------------------

    def views(self) -> tuple[SupervisionView, ...]:
        """Everybody who is on somebody's line now."""
        return tuple(_view(ear) for ear in self._ears.values() if ear.up)

    def of(self, supervisor: str) -> SupervisionView | None:
        ear = self._ears.get(supervisor)
        return None if ear is None or not ear.up else _view(ear)

    async def supervise(
        self, actor: Actor, supervisor: str, call_id: str, agent: str, mode: SupervisionMode
    ) -> SupervisionView:
        """On the line of this agent's talk, in this mode; from another talk, its line ends first.

        Written into the audit log before anything is heard. Raises StoreUnavailable.
        """
        party, call_log = self._party(supervisor, call_id, agent)
        data = {"agent": agent, "mode": mode.value}
        await self._audit.add(
            (AuditNote(self._clock.now(), actor, "call.supervised", f"call:{call_id}", data),)
        )
        # Asked after every wait: another request of the same page may have come to a line meanwhile.
        while (ear := self._ears.get(supervisor)) is not None:
            if (ear.call_id, ear.agent_leg) == (call_id, party.leg):
                break
            await self.end(supervisor)
        if ear is None:
            ear = _Ear(
                supervisor,
                call_id,
                agent,
                party.leg,
                f"{call_id}.sup.{self._number(call_log)}",
                mode,
                self._clock.now(),
                asyncio.get_running_loop().create_future(),
            )
            self._ears[supervisor] = ear
        try:
            async with ear.turn:
                await self._ring(ear)
                await self._connect(ear, mode, call_log)
        except SupervisionRefused:
            if not ear.up:  # who is on the line stays on it, as before
                await self._end(ear)
            raise
        except ChannelGone:
            await self._end(ear)
            raise SupervisionRefused("over", "The talk has ended just now.") from None
        except CallControlError as failure:
            await self._end(ear)
            raise SupervisionRefused(
                "asterisk", "Asterisk did not do it: try again in a moment."
            ) from failure
        return _view(ear)

    async def end(self, supervisor: str) -> None:
        """Off the line. Idempotent."""
        if (ear := self._ears.get(supervisor)) is not None:
            await self._end(ear)

    # --- what the network tells ---------------------------------------------------------------------------

    def on_network_event(self, event: NetworkEvent) -> None:
        """Listens beside the switchboard, which leaves the channels of supervisors to us."""
        match event:
            case PhoneChanged(phone=phone, reachable=reachable):
                (self._reachable.add if reachable else self._reachable.discard)(phone)
            case LegAnswered(channel_id=id):
                for ear in self._ears.values():
                    if ear.leg == id and not ear.answered.done():
                        ear.answered.set_result(True)
            case ChannelEnded(channel_id=id):
                for ear in tuple(self._ears.values()):
                    if id in (ear.leg, ear.agent_leg, ear.snoop):
                        self._run(self._end(ear))
            case ControlRestored():
                alive = {channel.channel_id for channel in event.channels}
                for ear in tuple(self._ears.values()):
                    if not {ear.leg, ear.agent_leg} <= alive:
                        self._run(self._end(ear))
                if event.restarted:
                    self._run(self._admit_again())

    async def close(self) -> None:
        """At the engine's end."""
        for supervisor in tuple(self._ears):
            await self.end(supervisor)
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    # --- inside -------------------------------------------------------------------------------------------

    def _party(self, supervisor: str, call_id: str, agent: str) -> tuple[PartyView, CallLog]:
        talk, call_log = self._switchboard.talk_of(call_id), self._switchboard.log_of(call_id)
        if talk is None or call_log is None:
            raise SupervisionRefused("no_talk", "Nobody talks in this call now.")
        if agent_in(talk, supervisor) is not None:
            raise SupervisionRefused("own", "This is your own call.")
        party = agent_in(talk, agent)
        if party is None:
            raise SupervisionRefused("no_agent", f"{agent} does not talk in this call now.")
        return party, call_log

    async def _ring(self, ear: _Ear) -> None:
        """The page's telephone, which answers by itself. Nothing to do when it is on the line."""
        if ear.answered.done():
            return
        phone = phone_of(ear.supervisor)
        if phone not in self._reachable:
            raise SupervisionRefused(
                "no_phone", "Your page's telephone is not connected: load the page anew, then try again."
            )
        await self._control.ring_phone(
            ear.leg,
            phone,
            caller_id="",
            ring_seconds=ANSWER_SECONDS,
            call_id=ear.call_id,
            headers=HEADERS,
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answered = await asyncio.shield(ear.answered)
        except TimeoutError:
            answered = False
        if not answered:
            raise SupervisionRefused(
                "no_answer", "Your page did not answer: allow it the microphone, then try again."
            )

    async def _connect(self, ear: _Ear, mode: SupervisionMode, call_log: CallLog) -> None:
        if ear.up and ear.mode is mode:
            return
        old_snoop, old_bridge = ear.snoop, ear.bridge
        if mode is SupervisionMode.BARGE:
            await self._join(ear)
            ear.snoop = ear.bridge = None
        else:
            if ear.up and ear.mode is SupervisionMode.BARGE:
                await self._leave(ear)
            number = self._number(call_log)
            ear.snoop, whisper = f"{ear.call_id}.snoop.{number}", mode is SupervisionMode.WHISPER
            await self._control.snoop(ear.agent_leg, ear.snoop, whisper=whisper)
            if old_bridge is None:
                ear.bridge = f"{ear.call_id}.ear.{number}"
                await self._control.bridge(ear.bridge, (ear.leg, ear.snoop))
            else:
                await self._control.move(ear.snoop, old_bridge)
                ear.bridge, old_bridge = old_bridge, None
        ear.mode = mode
        if ear.over:  # they hung up while this was done
            await self._drop(ear.snoop, ear.bridge)
            raise ChannelGone("the talk has ended")
        ear.up = True
        await call_log.write(
            CallEventKind.SUPERVISED,
            {"supervisor": ear.supervisor, "agent": ear.agent, "mode": mode.value},
        )
        self._live.changed(FLOOR)
        await self._drop(old_snoop, old_bridge)

    async def _join(self, ear: _Ear) -> None:
        talk = self._switchboard.talk_of(ear.call_id)
        if talk is None:
            raise ChannelGone("the talk has ended")
        try:
            await self._switchboard.act(ear.call_id, talk.agent, Join(ear.leg, ear.supervisor))
        except ActionRefused as refused:
            raise SupervisionRefused("refused", str(refused)) from None

    async def _leave(self, ear: _Ear) -> None:
        talk = self._switchboard.talk_of(ear.call_id)
        if talk is None:
            raise ChannelGone("the talk has ended")
        try:
            await self._switchboard.act(ear.call_id, talk.agent, Leave(ear.leg))
        except ActionRefused as refused:
            raise SupervisionRefused("refused", str(refused)) from None

    async def _end(self, ear: _Ear) -> None:
        """Whatever it is at. Never fails."""
        if ear.over:
            return
        ear.over = True
        if self._ears.get(ear.supervisor) is ear:
            del self._ears[ear.supervisor]
        if not ear.answered.done():
            ear.answered.set_result(False)
        with contextlib.suppress(CallControlError):
            await self._control.hang_up(ear.leg)
        await self._drop(ear.snoop, ear.bridge)
        if ear.up and (call_log := self._switchboard.log_of(ear.call_id)) is not None:
            seconds = round((self._clock.now() - ear.since).total_seconds(), 1)
            await call_log.write(
                CallEventKind.SUPERVISION_ENDED,
                {"supervisor": ear.supervisor, "agent": ear.agent, "seconds": seconds},
            )
        self._live.changed(FLOOR)

    async def _drop(self, snoop: str | None, bridge: str | None) -> None:
        if snoop is not None:
            with contextlib.suppress(CallControlError):  # it ends with the agent's channel
                await self._control.hang_up(snoop)
        if bridge is not None:
            with contextlib.suppress(CallControlError):
                await self._control.destroy_bridge(bridge)

    async def _admit_again(self) -> None:
        for phone, password in tuple(self._phones.items()):
            try:
                await self._control.admit_phone(phone, password)
            except CallControlError as failure:
                log.warning(
                    "a supervisor's telephone is not known to Asterisk", phone=phone, why=str(failure)
                )

    def _number(self, call_log: CallLog) -> str:
        # The log grows while the engine is another; the count while it is the same.
        return f"{call_log.last_seq}-{next(self._numbers)}"

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("supervision failed", exc_info=fault)


def phone_of(supervisor: str) -> str:
    """The name of a supervisor's telephone, which queues do not know."""
    return f"{SUPERVISORS}{supervisor}"


def is_supervision(channel_id: str) -> bool:
    """Whether a channel is a supervisor's, or their ear: no part of the talk."""
    return ".sup." in channel_id or ".snoop." in channel_id


def agent_in(talk: TalkView, agent: str) -> PartyView | None:
    """The agent's own party of a talk, once on the line: who leads it, or was asked for advice."""
    roles = (PartyRole.AGENT, PartyRole.CONSULTED)
    return next(
        (
            one
            for one in talk.parties
            if one.role in roles and one.name == agent and one.state is not PartyState.RINGING
        ),
        None,
    )


def _view(ear: _Ear) -> SupervisionView:
    return SupervisionView(ear.supervisor, ear.call_id, ear.agent, ear.mode, ear.since)
