"""Showing: the desk as it is now, put together from the board, the talk, the call's part and the history."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from acd.agents import AgentState, AgentStatus
from acd.seats import IN_WRITING, ON_THE_LINE
from acd.talks.talk import PartyRole, PartyView, TalkView
from acd.views import AgentView
from acd.work import WorkKind
from engine.call_log import CallLog
from engine.desk.arrangements import shown as filled_where_known
from engine.desk.call_parts import CallParts
from engine.desk.days import Days
from engine.desk.lead_popups import LeadPopups
from engine.desk.popup import TIMELINE_ROWS, popup_of
from engine.desk.settings import DeskSettings
from engine.desk.view import (
    EVERYTHING,
    DeskDetail,
    DeskPart,
    DeskView,
    DispositionChoice,
    NoteView,
    OfferView,
    Popup,
    ScriptStep,
    SmsTemplate,
    TransferTarget,
    WrapUpView,
)
from engine.desk.view import Details as Details
from engine.exchange import Exchange
from engine.ports import StoreUnavailable
from engine.registers.agents import AgentRegister
from engine.registers.desk import CallPart, DeskRegister, KnownCaller
from engine.switchboard import Switchboard
from engine.talks.lines import RING_SECONDS
from history.contact import Contact
from history.dispositions import Disposition
from history.interaction import Interaction

READ_SECONDS = 3.0
# Pauses between tries to read who a caller is, while an agent looks at them.
RETRY_SECONDS = 3.0
MOST_TRIES = 20
# Wrap-ups are written a moment after nobody looks at the call any more.
MOST_LEFT = 500
NOT_READ = "The history does not answer: what is kept of this person will be here once it does."

log = structlog.get_logger(__name__)


class Showing:
    """`tell(agent, part)` has an agent's page fetch a part anew. `names`: agents as they are called."""

    def __init__(
        self,
        exchange: Exchange,
        switchboard: Switchboard,
        register: DeskRegister,
        agents: AgentRegister,
        parts: CallParts,
        tell: Callable[[str, DeskPart], None],
        settings: Callable[[], DeskSettings],
        names: Callable[[], Mapping[str, str]],
        leads: LeadPopups,
    ) -> None:
        self._leads = leads
        self._exchange = exchange
        self._queues = exchange.queues
        self._clock = exchange.clock
        self._switchboard = switchboard
        self._register = register
        self.days = Days(agents, exchange.clock, lambda: settings().zone)
        self._parts = parts
        self._tell = tell
        self._settings = settings
        self._read_names = names
        self._names: dict[str, str] = {}  # of who has opened the desk: the register may be read later
        self._known: dict[str, KnownCaller | None] = {}  # by call; None: not read yet
        self._missing: dict[str, str] = {}  # by call: why not
        self._reading: dict[str, asyncio.Task[None]] = {}  # by call
        self._last: dict[str, Popup] = {}  # by agent: who was wrapped up last, until somebody else calls
        self._left: OrderedDict[str, KnownCaller] = OrderedDict()  # by call that is being wrapped up

    async def close(self) -> None:
        tasks = list(self._reading.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    def name(self, agent: str, shown: str) -> None:
        """An agent is called so."""
        self._names[agent] = shown

    def shown(self, agent: str) -> str:
        return self.names().get(agent, agent)

    def names(self) -> Mapping[str, str]:
        return {**self._names, **self._read_names()}

    # --- who calls ----------------------------------------------------------------------------------------

    def prepare(self, agent: str, call_id: str) -> None:
        """Read who it is, before the browser rings or anew; the page is told when it is there."""
        reading = self._reading.pop(call_id, None)
        if reading is not None:
            reading.cancel()
        self._known.setdefault(call_id, None)
        self._reading[call_id] = asyncio.get_running_loop().create_task(self._read(agent, call_id))

    def forget(self, call_id: str) -> None:
        """Nobody looks at this call any more, unless another agent does."""
        if self._parts.of_call(call_id):
            return
        if (known := self._known.pop(call_id, None)) is not None:
            self._left[call_id] = known
            if len(self._left) > MOST_LEFT:
                self._left.popitem(last=False)
        self._missing.pop(call_id, None)
        reading = self._reading.pop(call_id, None)
        if reading is not None:
            reading.cancel()
        self._parts.forget(call_id)

    def popup(self, call_log: CallLog) -> Popup:
        """With what has been read so far."""
        call_id = call_log.id
        return popup_of(
            call_log.call,
            call_log.events,
            call_log.point,
            self._known.get(call_id),
            today=self._clock.now().astimezone(self._settings().zone).date(),
            missing=self._missing.get(call_id, ""),
        )

    def look_back(self, row: Interaction, call_log: CallLog) -> None:
        """The call is wrapped up: its person stays on the desk, with the call among what happened.

        Of what was read when they called: the row goes to the database with others, a moment later.
        """
        agent, point = row.agent or "", call_log.point
        self._last.pop(agent, None)
        if point is None:
            return
        known = self._known.get(call_log.id) or self._left.pop(call_log.id, None) or KnownCaller()
        known = replace(known, timeline=(row, *known.timeline)[:TIMELINE_ROWS])
        today = self._clock.now().astimezone(self._settings().zone).date()
        self._last[agent] = popup_of(call_log.call, call_log.events, point, known, today=today)
        self._tell(agent, DeskPart.POPUP)

    async def _read(self, agent: str, call_id: str) -> None:
        for _ in range(MOST_TRIES):
            try:
                async with asyncio.timeout(READ_SECONDS):
                    call_log = await self._parts.log_of(call_id)
                    point = call_log.point
                    if point is None:
                        self._known[call_id] = KnownCaller()
                    else:
                        self._known[call_id] = await self._register.caller(point, timeline=TIMELINE_ROWS)
                self._missing.pop(call_id, None)
                self._tell(agent, DeskPart.POPUP)
                return
            except LookupError:
                return
            except (StoreUnavailable, TimeoutError) as away:
                log.warning("who calls could not be read", call=call_id, why=str(away))
                if call_id not in self._missing:
                    self._missing[call_id] = NOT_READ
                    self._tell(agent, DeskPart.POPUP)
            except Exception:
                log.exception("who calls could not be read", call=call_id)
                self._missing[call_id] = NOT_READ
                return
            await asyncio.sleep(RETRY_SECONDS)

    # --- the desk -----------------------------------------------------------------------------------------

    async def desk(self, view: AgentView, details: Details = EVERYTHING, *, signed_in: bool) -> DeskView:
        settings, agent = self._settings(), view.name
        if view.work is not None or not signed_in or view.status is AgentStatus.OFFLINE:
            self._last.pop(agent, None)
        desk = DeskView(
            now=self._clock.now(),
            agent=agent,
            shown=self.shown(agent),
            signed_in=signed_in,
            status=view.status,
            reason=view.reason,
            status_since=view.status_since,
            after=view.next_status,
            after_reason=view.next_reason,
            state=view.state,
            state_since=view.state_since,
            phone_ready=view.reachable,
            breaks=settings.breaks,
            chats=self._in_writing(agent, WorkKind.CHAT),
            messages=self._in_writing(agent, WorkKind.TASK),
            room_for_call=view.room_for_call,
            names=self.names(),
        )
        if details & {DeskDetail.CALL, DeskDetail.SIDE}:
            desk = await self._with_call(desk, view, sides=DeskDetail.SIDE in details)
            if view.work is None and (looked_at := self._leads.of(agent)) is not None:
                preview, popup = looked_at
                script = settings.script(preview.campaign.script) or settings.script_of(popup.queue or "")
                desk = replace(desk, preview=preview, popup=popup, script=script)
        if DeskDetail.DAY in details:
            desk = replace(desk, day=await self.days.of(agent, view.status))
        if DeskDetail.QUEUES in details:
            desk = replace(desk, queues=tuple(self._queues.queue_views().values()))
        return desk

    async def _with_call(self, desk: DeskView, view: AgentView, *, sides: bool) -> DeskView:
        settings, agent, call_id = self._settings(), view.name, view.work
        part = None if call_id is None else self._parts.get(agent, call_id)
        call_log = await self._log(call_id)
        if call_log is not None and call_log.id not in self._known:
            self.prepare(agent, call_log.id)
        popup = self._last.get(agent) if call_log is None else self.popup(call_log)
        queue = view.queue if part is None else part.queue
        talk = None
        if call_id is not None and view.state in (AgentState.TALKING, AgentState.HOLD):
            talk = self._switchboard.talk_of(call_id)
        return replace(
            desk,
            offer=self._offer(view, popup),
            talk=talk,
            popup=popup,
            wrap_up=None if part is None else self._wrap_up(view, part, popup),
            note=None if part is None else NoteView(part.call_id, part.note, part.note_seq, part.noted_at),
            dispositions=tuple(
                DispositionChoice(one.name, one.label, one.next.value)
                for one in dispositions_offered(settings, call_log, queue)
            ),
            script=_script(settings, call_log, queue) if sides else (),
            templates=self._templates(agent, queue, popup) if sides else (),
        )

    def targets(self, agent: str) -> tuple[TransferTarget, ...]:
        """Agents who are there first; then queues, the flows of our numbers, and other numbers."""
        settings = self._settings()
        agents = [
            TransferTarget(
                "agent",
                view.name,
                self.shown(view.name),
                _at_work(view),
                free=view.reachable
                and view.status is AgentStatus.AVAILABLE
                and view.state is AgentState.IDLE,
                takes_chat=view.status is AgentStatus.AVAILABLE
                and self._queues.may_take(view.name, WorkKind.CHAT),
            )
            for view in self._queues.agent_views().values()
            if view.name != agent and view.status is not AgentStatus.OFFLINE
        ]
        agents.sort(key=lambda one: (not one.free, one.shown))
        queues = [
            TransferTarget("queue", one.name, one.name, free=one.free > 0, waiting=one.waiting)
            for one in self._queues.queue_views().values()
        ]
        flows = [TransferTarget("flow", flow.name, flow.name) for flow in self._exchange.flows.numbered()]
        numbers = [
            TransferTarget("number", number, words) for words, number in settings.transfer_numbers.items()
        ]
        return (*agents, *queues, *flows, *numbers)

    # --- inside -------------------------------------------------------------------------------------------

    async def _log(self, call_id: str | None) -> CallLog | None:
        if call_id is None:
            return None
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._parts.log_of(call_id)
        except (StoreUnavailable, LookupError, TimeoutError):
            return None

    def _in_writing(self, agent: str, kind: WorkKind) -> int:
        view = self._queues.agent_view(agent)
        work = () if view is None else view.all_work
        return sum(one.kind is kind and one.state is AgentState.TALKING for one in work)

    def _offer(self, view: AgentView, popup: Popup | None) -> OfferView | None:
        if view.state is not AgentState.OFFERED or view.work is None or view.state_since is None:
            return None
        # A colleague who asks for advice, or gives a call away, is no queue's offer.
        if (asked := self._switchboard.asking(view.work, view.name)) is not None:
            return _asked(*asked)
        ring = timedelta(seconds=self._settings().of_queue(view.queue).ring_seconds)
        number = "" if popup is None else popup.number
        return OfferView(view.work, view.queue, number, view.state_since, view.state_since + ring)

    def _wrap_up(self, view: AgentView, part: CallPart, popup: Popup | None) -> WrapUpView:
        callbacks = () if popup is None else popup.callbacks
        # One that renewed a standing request has that one's id; it is the newest of this call's then.
        mine = [one for one in callbacks if one.id == part.callback_id or one.call_id == part.call_id]
        return WrapUpView(
            call_id=part.call_id,
            queue=part.queue or None,
            until=view.wrap_up_until if view.state is AgentState.WRAP_UP else None,
            disposition=part.disposition,
            required=self._settings().of_queue(part.queue).disposition_required and not part.disposition,
            callback=mine[0] if mine and part.callback_id else None,
            promised=part.promised,
            stopped=part.stopped,
            messages=part.messages,
        )

    def _templates(self, agent: str, queue: str, popup: Popup | None) -> tuple[SmsTemplate, ...]:
        values = {} if popup is None else texts_of(popup, self.shown(agent))
        return tuple(
            replace(
                one,
                text={language: filled_where_known(text, values) for language, text in one.text.items()},
            )
            for one in self._settings().templates_of(queue)
        )


def _at_work(view: AgentView) -> str:
    """As colleagues read it: who talks in writing is on no call."""
    if view.state is AgentState.IDLE:
        return view.status.value
    main = next((work for work in view.all_work if work.work_id == view.work), None)
    if main is not None and view.state in ON_THE_LINE and main.kind in IN_WRITING:
        return IN_WRITING[main.kind]
    return view.state.value


def dispositions_offered(
    settings: DeskSettings, call_log: CallLog | None, queue: str
) -> tuple[Disposition, ...]:
    """The campaign's, else the queue's."""
    named = () if call_log is None else call_log.events[0].data.get("dispositions")
    return settings.dispositions_of(
        queue, [str(name) for name in named] if isinstance(named, list | tuple) else ()
    )


def _script(settings: DeskSettings, call_log: CallLog | None, queue: str) -> tuple[ScriptStep, ...]:
    """The campaign's, else the queue's."""
    name = None if call_log is None else call_log.events[0].data.get("script")
    return settings.script(None if name is None else str(name)) or settings.script_of(queue)


def _asked(talk: TalkView, party: PartyView) -> OfferView:
    customer = next((one.name for one in talk.parties if one.role is PartyRole.CUSTOMER), "")
    return OfferView(
        talk.talk_id, talk.queue, customer, party.since, party.since + timedelta(seconds=RING_SECONDS)
    )


def texts_of(popup: Popup, agent: str) -> dict[str, str]:
    """What a template's places may be filled with: the person's attributes and names, the call, the agent."""
    return values_of(popup.contact, popup.number, agent)


def values_of(contact: Contact | None, number: str, agent: str) -> dict[str, str]:
    values: dict[str, str] = {}
    if contact is not None:
        values |= {
            name: str(value)
            for name, value in contact.attributes.items()
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }
        names = {"name": contact.name, "given_name": contact.given_name, "family_name": contact.family_name}
        values |= {name: value for name, value in names.items() if value}
    return {**values, "number": number, "agent": agent}
