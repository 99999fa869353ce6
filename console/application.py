"""The console as one aiohttp application, made from the engine's parts and ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Any

from aiohttp import web

from console.accounts.admission import SEEN, Nobody, admission
from console.accounts.identification import Identification
from console.accounts.identity import IDENTIFIER
from console.accounts.pages import AccountPages
from console.accounts.passwords import Passwords
from console.accounts.people import People
from console.accounts.proxies import Network, proxy_middleware
from console.accounts.sign_in import SignIn
from console.api.documentation import Documentation
from console.api.serving import Api
from console.call_pages import CallPages
from console.callback_forms import CallbackForms
from console.callbacks.pages import callback_routes
from console.campaigns.pages import campaign_routes
from console.contacts.changes import ContactChanges
from console.contacts.listing import ContactList
from console.contacts.page import ContactPages
from console.debts.pages import DebtPages
from console.desk.actions import DeskActions
from console.desk.chat_customer import ChatCustomers
from console.desk.chat_pages import ChatPages
from console.desk.dialogue_pages import DialoguePages
from console.desk.pages import DeskPages
from console.desk.stream import DeskStream
from console.event_stream import EventStream
from console.faults import fault_middleware
from console.floor.pages import FloorPages
from console.flows import FlowPages
from console.guard import NAMES, add_headers, guard
from console.hotline import HotlineFacts
from console.inbox.chats import InboxChatPages
from console.inbox.pages import InboxPages
from console.messages.means import MessageMeans
from console.messages.pages import message_routes
from console.metrics import Metrics
from console.page_templates import compiled_beforehand
from console.pages import Pages
from console.phone_socket import PhoneSocket
from console.probes import Probes
from console.recordings import Recordings
from console.settings.audit import AuditPages
from console.settings.people import PeoplePages
from console.settings.staffing import StaffingPages
from console.settings.tokens import TokenPages
from console.visitor_calls import VisitorCalls
from console.web_chat.serving import WebChat
from engine.chat.sides import AgentSide
from engine.chat.supervising import SupervisedChats
from engine.desk.desks import Desks
from engine.desk.view import BreakChoice
from engine.desk.written_work import WrittenWork
from engine.floor.changes import Floor
from engine.flows import FlowShelf
from engine.health import Health
from engine.live import LiveCalls
from engine.ports import Clock, Ids, Queries, Visitors
from engine.queues import Queues
from engine.registers.accounts import Accounts
from engine.registers.agents import AgentRegister
from engine.registers.recordings import RecordingFiles, RecordingRegister
from engine.seen_notes import SeenNotes
from history.dispositions import Disposition
from ivr.surroundings import Surroundings

LARGEST_BODY = 64 * 1024
# How it is served. Bodies are taken as they were sent: nothing small unpacks into something large. A long
# address is refused in the API's own words, not in the parser's.
SERVING: Mapping[str, Any] = MappingProxyType(
    {"access_log": None, "auto_decompress": False, "max_line_size": 64 * 1024}
)


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may come in, and where what they saw is told.

    `proxies`: reverse proxies that are believed. `beyond`: the console listens beyond this machine, and only
    proxies serve it over https.
    """

    accounts: Accounts
    passwords: Passwords
    seen: SeenNotes
    proxies: tuple[Network, ...] = ()
    beyond: bool = False


def make_application(
    *,
    live: LiveCalls,
    health: Health,
    queries: Queries,
    visitors: Visitors,
    recordings: RecordingFiles,
    recorded: RecordingRegister | None = None,
    agents: AgentRegister | None = None,
    hotline: Callable[[], HotlineFacts],
    flows: FlowShelf,
    surroundings: Surroundings,
    clock: Clock,
    metrics: Metrics | None = None,
    api: Api | None = None,
    names: Collection[str] = (),
    doors: Doors | None = None,
    forms: CallbackForms | None = None,
    people: People | None = None,
    phone: PhoneSocket | None = None,
    desks: Desks | None = None,
    floor: Floor | None = None,
    breaks: Callable[[], Sequence[BreakChoice]] = tuple,
    queues: Queues | None = None,
    ids: Ids | None = None,
    messages: MessageMeans | None = None,
    written: WrittenWork | None = None,
    agent_chats: AgentSide | None = None,
    has_chats: Callable[[], bool] = lambda: True,
    web_chat: WebChat | None = None,
) -> web.Application:
    """The whole console. Without `doors` it knows nobody, and is open to this machine alone.
    Without `people` it has no pages of contacts, and without `desks` nobody sits at one.

    `has_chats`: whether a web site has any, now. `hotline` tells the facts as they are now. The event streams
    end by themselves when the application shuts down.
    """
    pages = Pages(
        live=live,
        health=health,
        queries=queries,
        hotline=hotline,
        clock=clock,
        contacts=people is not None,
        desk=desks is not None,
        floor=floor is not None,
        settings=doors is not None and ids is not None,
        campaigns=api is not None,
        messages=api is not None and messages is not None,
        written=written is not None,
        mailings=messages is not None and messages.mailings is not None,
        chats=lambda: agent_chats is not None and desks is not None and has_chats(),
    )

    def dispositions() -> Mapping[str, Disposition]:
        return desks.settings.dispositions if desks else {}

    call_pages = CallPages(
        pages,
        live,
        queries,
        recordings,
        recorded,
        agents,
        api.parts.decisions if api else None,
        dispositions,
    )
    flow_pages = FlowPages(
        pages,
        flows=flows,
        surroundings=surroundings,
        live=live,
        queries=queries,
        hotline=hotline,
        clock=clock,
    )
    stream = EventStream(live, clock)
    problems = [api.middleware] if api else []
    proxied = [proxy_middleware(doors.proxies, only=doors.beyond)] if doors else []
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[*proxied, fault_middleware(pages.error_page), *problems, guard, admission],
    )
    app[IDENTIFIER] = Identification(doors.accounts, clock) if doors else Nobody()
    if doors:
        app[SEEN] = doors.seen
        if ids:
            app.add_routes(PeoplePages(pages, doors.accounts.people, doors.passwords, clock, ids).routes())
            app.add_routes(TokenPages(pages, doors.accounts.tokens, clock, ids).routes())
        app.add_routes(AuditPages(pages, doors.accounts.audit, doors.accounts.people).routes())
        app.add_routes(
            AccountPages(pages, SignIn(doors.accounts, doors.passwords, doors.seen, clock)).routes()
        )
    app[NAMES] = frozenset(name.lower() for name in names)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(stream.close)
    app.cleanup_ctx.append(compiled_beforehand)
    if api:
        app.on_shutdown.append(api.parts.feed.close)
        app.on_response_prepare.append(api.add_headers)
        app.add_routes(api.routes())
        app.add_routes(Documentation(api.operations).routes(pages.page))
        app.add_routes(campaign_routes(pages, api.parts))
        app.add_routes(callback_routes(pages, api.parts, desks))
        app.add_routes(DebtPages(pages, api.parts).routes())
        if messages:
            app.add_routes(message_routes(pages, api.parts, messages))
    if forms:
        app.add_routes(forms.routes())
    if web_chat:
        app.on_shutdown.append(web_chat.close)
        app.add_routes(web_chat.routes())
    app.add_routes(pages.routes())
    app.add_routes(call_pages.routes())
    app.add_routes(flow_pages.routes())
    if people:
        contact_pages = ContactPages(pages, people, live, clock, agents, dispositions)
        app.add_routes(ContactList(pages, people).routes())
        app.add_routes(contact_pages.routes())
        app.add_routes(ContactChanges(pages, people, contact_pages, clock).routes())
    if floor:
        app.add_routes(FloorPages(pages, floor, breaks, dispositions).routes())
    if queues and agents:
        app.add_routes(StaffingPages(pages, queues, agents).routes())
    if desks:
        desk_stream = DeskStream(desks, clock)
        app.on_shutdown.append(desk_stream.close)
        chatting = ChatCustomers(agent_chats, people) if agent_chats else None
        app.add_routes(DeskPages(pages, desks, people, dispositions, chatting).routes())
        dialogues = DialoguePages(pages, desks, written) if written else None
        chat_pages = ChatPages(pages, desks, agent_chats, clock) if agent_chats else None
        deeds = {**(dialogues.deeds() if dialogues else {}), **(chat_pages.deeds() if chat_pages else {})}
        app.add_routes(DeskActions(pages, desks, clock, deeds).routes())
        if chat_pages and agent_chats:
            app.add_routes(chat_pages.routes())
            if doors:
                past_chats = people.chats if people else None
                supervised = SupervisedChats(agent_chats, doors.accounts.audit, clock)
                app.add_routes(InboxChatPages(pages, desks, supervised, clock, past_chats).routes())
        if dialogues and written:
            app.add_routes(dialogues.routes())
            app.add_routes(InboxPages(pages, desks, written, clock).routes())
        app.add_routes(desk_stream.routes())
    if phone:
        app.on_shutdown.append(phone.close)
        app.add_routes(phone.routes())
    app.add_routes(Probes(health, metrics or Metrics(live, health)).routes())
    app.add_routes(VisitorCalls(visitors, hotline, health).routes())
    app.add_routes(Recordings(recordings, queries, live, recorded, agents).routes())
    app.router.add_get("/events", stream.get)
    with as_file(files("console") / "static") as static:
        app.router.add_static("/static", static)
    return app
