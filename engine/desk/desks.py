"""Desks: the facade of all agents' pages. Agents are named as queues know them; see `agent_of`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date

import structlog

from acd.agents import AgentState, AgentStatus
from acd.events import Disposed, StatusChanged, WrapUpEnded
from acd.talks.talk import Action, ActionRefused, Consult, TargetKind, Transfer
from acd.views import AgentView
from calls.control import ControlRestored, NetworkEvent
from calls.talk_control import TalkControl
from engine.call_log import CallLog
from engine.desk.arrangements import Arrangements, filled
from engine.desk.arrangements import CallbackWish as CallbackWish
from engine.desk.call_parts import CallParts
from engine.desk.dialling import ManualCalls, manual_order
from engine.desk.following import BROWSER, BUSY, ON_THE_LINE, Following
from engine.desk.lead_popups import LeadPopups
from engine.desk.ordered_ledger import OrderedLedger
from engine.desk.page_news import PageNews
from engine.desk.people import READ_SECONDS, PeopleAtDesks
from engine.desk.previews import NoPreviews, Previews
from engine.desk.refusals import DeskRefused, store_away
from engine.desk.settings import DeskSettings
from engine.desk.showing import Details, Showing, dispositions_offered, texts_of
from engine.desk.sittings import Sittings
from engine.desk.view import EVERYTHING, DeskPart, DeskView, NoteView, PhoneCredentials, TransferTarget
from engine.exchange import Exchange
from engine.ports import Queries, StoreUnavailable
from engine.registers.agents import AgentEvent, AgentEventKind, AgentRegister
from engine.registers.desk import CallPart, DeskRegister
from engine.switchboard import Switchboard
from history.dispositions import Next

LONGEST_NOTE = 20_000
CHOSEN = frozenset({AgentStatus.AVAILABLE, AgentStatus.BREAK, AgentStatus.TRAINING, AgentStatus.OFFLINE})

log = structlog.get_logger(__name__)


class Desks:
    """Every method raises DeskRefused where a thing is not lawful or cannot be done now.

    A page is named by an id of its own, made anew at each load: one page at a time is an agent's desk.
    `refresh` has the queues know of a new person at once; `names` tells what agents are called. `previews`:
    leads that agents look at before they are called.
    """

    def __init__(
        self,
        exchange: Exchange,
        switchboard: Switchboard,
        control: TalkControl,
        queries: Queries,
        register: DeskRegister,
        agents: AgentRegister,
        settings: DeskSettings,
        *,
        manual: ManualCalls,
        refresh: Callable[[], Awaitable[None]],
        names: Callable[[], Mapping[str, str]] = dict,
        previews: Previews | None = None,
    ) -> None:
        self.previews = previews or NoPreviews()
        self.settings = settings
        self._exchange = exchange
        self._queues = exchange.queues
        self._clock = exchange.clock
        self._switchboard = switchboard
        self._agents = agents
        self._manual = manual
        self._ordered = OrderedLedger(exchange.ledger)
        self._parts = CallParts(
            exchange,
            switchboard,
            queries,
            register,
            self._ordered,
            lambda name: self._stops(name),
            lambda row, call_log: self._showing.look_back(row, call_log),
            self.noted,
        )
        self._arrangements = Arrangements(exchange)
        self._sittings = Sittings(
            control, on_present=self._queues.desk_present, on_gone=lambda agent: self._gone(agent)
        )
        self.previews.attend(lambda agent: agent in self._sittings, self._tell_lead)
        self._leads = LeadPopups(register, self.previews, self._tell_lead)
        self._showing = Showing(
            exchange,
            switchboard,
            register,
            agents,
            self._parts,
            self._sittings.tell,
            lambda: self.settings,
            names,
            self._leads,
        )
        self._following = Following(
            exchange,
            self._parts,
            self._showing,
            self._sittings,
            self._ordered,
            on_free=lambda agent: self._run(self._leave(agent, "gone", "")),
            on_removed=lambda agent: self._run(self._leave(agent, "engine", "")),
        )
        self._people = PeopleAtDesks(
            agents, self._queues, refresh, lambda: self._following.views, self._showing.name
        )
        self._background: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Before calls are taken: what an earlier engine left of talks, statuses and wrap-ups.

        Raises StoreUnavailable.
        """
        self._ordered.start()
        await self._parts.restore()
        self._following.start()
        for standing in await self._agents.standings():
            self._following.restore(standing)

    async def close(self) -> None:
        """Agents stay signed in: the next engine finds them so."""
        self._following.close()
        self._sittings.close()
        for task in self._background:
            task.cancel()
        await self._showing.close()
        await self._leads.close()
        await self._arrangements.close()
        await self._parts.close()
        await self._ordered.close()

    def put(self, settings: DeskSettings) -> None:
        """Another configuration, from now on."""
        self.settings = settings
        for agent in self._sittings.all():
            self._sittings.tell(agent, DeskPart.ALL)

    def on_network_event(self, event: NetworkEvent) -> None:
        """Beside the switchboard's: Asterisk forgets browsers when it restarts."""
        if isinstance(event, ControlRestored) and event.restarted:
            self._sittings.asterisk_restarted()

    def tell(self, agent: str, part: DeskPart) -> None:
        """That part of the agent's page is old, if they have one open."""
        self._sittings.tell(agent, part)

    def noted(self, event: AgentEvent) -> None:
        """This is on its way into an agent's log."""
        self._following.noted(event)

    async def agent_of(self, person_id: str) -> str:
        """The agent's name of a person. Refused ("disabled", "store")."""
        return await self._people.agent_of(person_id)

    # --- being there --------------------------------------------------------------------------------------

    async def sign_in(self, agent: str, page: str, address: str = "") -> PhoneCredentials:
        """This page is the agent's desk from now on; an earlier one is told ELSEWHERE. A call goes on.

        Without a telephone's name in it, the agent has a telephone of their own, which rings.
        """
        view = self._view(agent)
        browser = self._following.telephone(agent) == BROWSER
        was_here = agent in self._sittings
        credentials = await self._sittings.sit_down(agent, page, browser=browser)
        if not was_here and browser:
            self._following.note(
                agent, AgentEventKind.SIGNED_IN, {"telephone": "browser", "address": address}
            )
            status = {"status": view.status.value, "reason": view.reason, "by": ""}
            self._following.note(agent, AgentEventKind.STATUS_CHANGED, status)
        return credentials

    def watch(self, agent: str, page: str) -> AbstractAsyncContextManager[PageNews]:
        """The page is open: what changes is put into the queue. Closed for 20 s is signed out."""
        return self._sittings.watch(agent, page)

    async def gone(self, agent: str, page: str) -> None:
        """The page says that it closes. A talk is not ended by this."""
        self._sittings.closed(agent, page)

    async def sign_out(self, agent: str, by: str = "") -> None:
        """The end of the working day: offline, the telephone's password void.

        Refused during a talk, but when `by` names a supervisor: then the talk goes on without the desk.
        """
        if not by and self._view(agent).state in BUSY:
            raise DeskRefused("talking", "You are on a call: end it first.")
        await self._leave(agent, "supervisor" if by else "agent", by)

    async def set_status(self, agent: str, status: AgentStatus, reason: str = "", by: str = "") -> None:
        """During a talk it takes effect afterwards. `reason`: a break's name; `by`: a supervisor's name."""
        self._view(agent)
        if status not in CHOSEN:
            raise DeskRefused("status", "This status is not chosen: it follows from a missed offer.")
        known = {one.name for one in self.settings.breaks}
        if status is AgentStatus.BREAK and known and reason not in known:
            raise DeskRefused("break", f"Choose a break: {', '.join(sorted(known))}.")
        self._following.chosen_by(agent, by)
        self._queues.tell(StatusChanged(agent, status, reason if status is AgentStatus.BREAK else ""))

    # --- what is shown ------------------------------------------------------------------------------------

    async def view(self, agent: str, details: Details = EVERYTHING) -> DeskView:
        """What the page shows, or what these parts of it do."""
        return await self._showing.desk(self._view(agent), details, signed_in=agent in self._sittings)

    def names(self) -> Mapping[str, str]:
        """What agents are called, by agent; who is not in it is called as the configuration names them."""
        return self._showing.names()

    def targets(self, agent: str) -> tuple[TransferTarget, ...]:
        """Whom a call can be given to: agents, queues, flows of our numbers, numbers of the configuration."""
        return self._showing.targets(agent)

    # --- the talk -----------------------------------------------------------------------------------------

    async def act(self, agent: str, action: Action) -> None:
        """An action of acd.talks on the agent's talk. Refused ("action") with that action's sentence."""
        view = self._view(agent)
        if view.work is None or view.state not in ON_THE_LINE:
            raise DeskRefused("no_talk", "There is no talk here now.")
        if isinstance(action, Consult | Transfer) and action.target.kind is TargetKind.NUMBER:
            self._check_dialled(action.target.name)
        try:
            await self._switchboard.act(view.work, agent, action)
        except ActionRefused as refused:
            raise DeskRefused(refused.why, str(refused), **refused.values) from refused
        self._sittings.tell(agent, DeskPart.TALK)

    async def dial(self, agent: str, number: str, purpose: str = "service", queue: str = "") -> str:
        """A manual call: the gate is asked, then browser and customer are rung. Returns the call's id.

        Refused as ContactForbidden by the gate.
        """
        view = self._view(agent)
        if view.state is not AgentState.IDLE or view.work is not None:
            raise DeskRefused("busy", "You have a call, or wrap one up: end that first.")
        if view.status is AgentStatus.OFFLINE:
            raise DeskRefused("offline", "You are offline: choose another status first.")
        if self._following.telephone(agent) == BROWSER and not view.reachable:
            raise DeskRefused("phone", "Your telephone is not connected: wait until it is.")
        if queue and queue not in self._queues:
            raise DeskRefused("no_queue", f"There is no queue {queue[:40]!r}.", name=queue[:40])
        self._check_dialled(number)
        order = manual_order(self._exchange, agent, number, purpose, queue)
        await self._manual.place(order)
        return order.id

    def _check_dialled(self, number: str) -> None:
        if (refusal := self.settings.dial_rule.refusal(number)) is not None:
            raise DeskRefused("dial", refusal)

    # --- about the call, while it goes on or is wrapped up ------------------------------------------------

    async def save_note(self, agent: str, call_id: str, text: str, seq: int) -> NoteView:
        """What is kept: the saving with the highest `seq`."""
        part = self._part(agent, call_id)
        if len(text) > LONGEST_NOTE:
            raise DeskRefused("note", f"A note has at most {LONGEST_NOTE} characters: shorten it.")
        if seq >= part.note_seq:
            now = self._clock.now()
            part = await self._parts.change_now(part, note=text, note_seq=seq, noted_at=now)
        return NoteView(call_id, part.note, part.note_seq, part.noted_at)

    async def dispose(self, agent: str, call_id: str, disposition: str) -> None:
        """Choose an outcome; the last choice before the wrap-up ends counts."""
        part = self._part(agent, call_id)
        call_log = self._parts.known_log(call_id)
        offered = dispositions_offered(self.settings, call_log, part.queue)
        if disposition not in {one.name for one in offered}:
            raise DeskRefused("outcome", f"There is no outcome {disposition[:40]!r} for this call.")
        await self._parts.change_now(part, disposition=disposition)
        self._queues.tell(Disposed(call_id, agent))
        self._sittings.tell(agent, DeskPart.NOTES)

    async def schedule_callback(self, agent: str, call_id: str, wish: CallbackWish) -> None:
        """Durable once this returns; while the database is away, as soon as it is back."""
        part, call_log = await self._about(agent, call_id)
        within = self.settings.callback_within
        request = await self._arrangements.callback(call_log, agent, part.queue, wish, within)
        self._arranged(agent, call_id, callback_id=request.id)

    async def promise(
        self,
        agent: str,
        call_id: str,
        amount: int,
        currency: str,
        due: date,
        reference: str = "",
        parts: int = 1,
    ) -> None:
        """A promise to pay; `amount` in minor units, in `parts` a month apart. Durable as a callback is.

        Refused ("promise") where the debt is known here and its balance does not allow it.
        """
        _, call_log = await self._about(agent, call_id)
        await self._arrangements.promise(call_log, agent, amount, currency, due, reference, parts)
        self._arranged(agent, call_id, promised=True)

    async def stop_contact(self, agent: str, call_id: str, channels: frozenset[str] = frozenset()) -> None:
        """Do not call this person again; empty: by no channel. Works at once, on every node."""
        _, call_log = await self._about(agent, call_id)
        await self._arrangements.stop(call_log, agent, channels)
        self._arranged(agent, call_id, stopped=True)

    async def send_sms(self, agent: str, call_id: str, template: str, language: str) -> str:
        """A template's text to the number on the line, after the gate. Returns the text that is sent."""
        part, call_log = await self._about(agent, call_id)
        chosen = {one.name: one for one in self.settings.templates_of(part.queue)}.get(template)
        if chosen is None or language not in chosen.text:
            raise DeskRefused("no_template", f"There is no text {template[:40]!r} in {language[:10]!r}.")
        values = texts_of(self._showing.popup(call_log), self._showing.shown(agent))
        text = filled(chosen.text[language], values)
        await self._arrangements.sms(call_log, text, language)
        self._arranged(agent, call_id, messages=part.messages + 1)
        return text

    async def finish_wrap_up(self, agent: str) -> None:
        """Refused ("disposition") where the queue demands one and there is none."""
        view = self._view(agent)
        if view.state is not AgentState.WRAP_UP or view.work is None:
            raise DeskRefused("no_wrap_up", "There is no wrap-up here now.")
        part = self._parts.get(agent, view.work)
        wanted = part is not None and self.settings.of_queue(part.queue).disposition_required
        if wanted and part is not None and not part.disposition:
            raise DeskRefused("disposition", "This queue wants an outcome: choose one first.")
        self._queues.tell(WrapUpEnded(agent))

    # --- inside -------------------------------------------------------------------------------------------

    def _tell_lead(self, agent: str) -> None:
        self._sittings.tell(agent, DeskPart.POPUP)

    def _gone(self, agent: str) -> None:
        """Nobody has been at the desk for too long; during a talk that is heeded when it is over."""
        view = self._following.views.get(agent)
        if view is None or view.state not in BUSY:
            self._run(self._leave(agent, "gone", ""))

    async def _leave(self, agent: str, why: str, by: str) -> None:
        was_here = agent in self._sittings
        if agent in self._following.views:
            self._following.chosen_by(agent, by)
            self._queues.tell(StatusChanged(agent, AgentStatus.OFFLINE))
        if was_here:
            self._following.note(agent, AgentEventKind.SIGNED_OUT, {"why": why})
        await self._sittings.leave(agent)

    def _view(self, agent: str) -> AgentView:
        if (view := self._following.views.get(agent)) is None:
            raise DeskRefused("unknown", f"There is no agent {agent[:40]!r} any more.")
        return view

    def _part(self, agent: str, call_id: str) -> CallPart:
        if (part := self._parts.get(agent, call_id)) is None:
            raise DeskRefused("over", "This call is wrapped up already; its note is in the history.")
        return part

    async def _about(self, agent: str, call_id: str) -> tuple[CallPart, CallLog]:
        part = self._part(agent, call_id)
        try:
            async with asyncio.timeout(READ_SECONDS):
                return part, await self._parts.log_of(call_id)
        except (StoreUnavailable, TimeoutError) as away:
            raise store_away() from away
        except LookupError:
            raise DeskRefused("over", "This call is not kept any more.") from None

    def _arranged(self, agent: str, call_id: str, **changes: object) -> None:
        if (part := self._parts.get(agent, call_id)) is not None:
            self._parts.change(part, **changes)
        self._showing.prepare(agent, call_id)
        self._sittings.tell(agent, DeskPart.NOTES)

    def _stops(self, disposition: str) -> bool:
        known = self.settings.dispositions.get(disposition)
        return known is not None and known.next is Next.STOP

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("background work failed", exc_info=fault)
