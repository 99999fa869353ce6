"""Fakes of the console's ports, a call such as the engine writes it, and how a page is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestClient

from calls.call import Call, fold
from calls.events import CallEvent, CallEventKind
from console.accounts.people import People
from console.api.serving import Api
from console.application import Doors, make_application
from console.hotline import FlowFact, HotlineFacts
from console.messages.means import MessageMeans
from console.metrics import Metrics
from console.phone_socket import PhoneSocket
from console.web_chat.serving import WebChat
from engine.chat.sides import AgentSide
from engine.clock import TimeOrderedIds
from engine.desk.desks import Desks
from engine.desk.view import BreakChoice
from engine.desk.written_work import WrittenWork
from engine.floor.changes import Floor
from engine.flows import FlowShelf
from engine.health import Health
from engine.live import LiveCalls
from engine.ports import FlowFigures, HistoryRow, VisitorAnswer, VisitorRefused
from engine.queues import Queues
from engine.registers.agents import AgentRegister
from engine.registers.recordings import RecordingRegister
from history.interaction import ContactPoint, PointKind, interaction_of
from infolinia.flows.files import read_flow
from ivr.flow import Flow
from ivr.surroundings import Surroundings
from store.recordings.vault import RecordingVault

START = datetime(2026, 11, 17, 10, 41, 7, tzinfo=UTC)
Kind = CallEventKind
BREAKS = (BreakChoice("lunch", 30, {"en": "Lunch", "pl": "Obiad", "ru": "Обед"}),)
HTML = {"Accept": "text/html", "Accept-Language": "en"}
ICONS = Path("console/static/vendor/lucide/icons.svg").read_text(encoding="utf-8").splitlines()


class FixedClock:
    def __init__(self) -> None:
        self.at = START + timedelta(minutes=5)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class FakeVisitors:
    def __init__(self) -> None:
        self.offers: list[tuple[str, str]] = []
        self.pressed: list[tuple[str, str]] = []
        self.left: list[str] = []
        self.refusal: str | None = None
        self.answer_sdp = "v=0\r\n"

    async def offer(self, sdp: str, dialled: str) -> VisitorAnswer:
        if self.refusal:
            raise VisitorRefused(self.refusal)
        self.offers.append((sdp, dialled))
        return VisitorAnswer(f"v{len(self.offers)}", self.answer_sdp)

    async def press(self, visitor_id: str, keys: str) -> None:
        if visitor_id != f"v{len(self.offers)}":
            raise KeyError(visitor_id)
        self.pressed.append((visitor_id, keys))

    def __contains__(self, visitor_id: object) -> bool:
        return visitor_id in {f"v{n + 1}" for n in range(len(self.offers))} - set(self.left)

    async def hang_up(self, visitor_id: str) -> None:
        self.left.append(visitor_id)


class FakeQueries:
    def __init__(self) -> None:
        self.logs: dict[str, list[CallEvent]] = {}
        self.rows: list[HistoryRow] = []
        self.figures: dict[str, FlowFigures] = {}

    def add(self, events: Sequence[CallEvent], point: ContactPoint | None, name: str | None = None) -> Call:
        call = fold(events)
        self.logs[call.id] = list(events)
        if call.ended_at:
            self.rows.insert(0, HistoryRow(interaction_of(call, f"i-{call.id}", point), name))
        return call

    async def call(self, call_id: str) -> Call | None:
        return fold(self.logs[call_id]) if call_id in self.logs else None

    async def events(self, call_id: str) -> Sequence[CallEvent]:
        return self.logs.get(call_id, [])

    async def unfinished_calls(self, node: str) -> Sequence[Call]:
        return []

    async def calls_of(self, network_ids: Sequence[str]) -> Mapping[str, str]:
        return {}

    async def history(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        contact_id: str | None = None,
        subject_id: str | None = None,
        calls_only: bool = False,
    ) -> Sequence[HistoryRow]:
        rows = [row for row in self.rows if subject_id in (None, row.interaction.subject_id)]
        ids = [row.interaction.id for row in rows]
        start = ids.index(before) + 1 if before in ids else 0
        return rows[start : start + limit]

    async def flow_figures(self, flow: str, since: datetime, *, most_calls: int) -> FlowFigures:
        return self.figures.get(flow, FlowFigures())


@dataclass
class Stage:
    recordings: Path
    live: LiveCalls = field(default_factory=LiveCalls)
    queries: FakeQueries = field(default_factory=FakeQueries)
    visitors: FakeVisitors = field(default_factory=FakeVisitors)
    clock: FixedClock = field(default_factory=FixedClock)
    doors: Doors | None = None
    api: Api | None = None
    names: tuple[str, ...] = ()
    people: People | None = None
    floor: Floor | None = None
    desks: Desks | None = None
    recorded: RecordingRegister | None = None
    agents: AgentRegister | None = None
    phone: PhoneSocket | None = None
    queues: Queues | None = None
    messages: MessageMeans | None = None
    written: WrittenWork | None = None
    agent_chats: AgentSide | None = None
    web_chat: WebChat | None = None

    def __post_init__(self) -> None:
        self.flows = shipped_flows()
        self.health = Health(self.live)
        self.metrics = Metrics(self.live, self.health)
        self.health.set("Asterisk", True, "22.10.1, connected")
        self.health.set("Database", True, "SQLite, writing")
        self.health.set("Speech", True, "English", needed=False)

    def application(self) -> web.Application:
        return make_application(
            live=self.live,
            health=self.health,
            queries=self.queries,
            visitors=self.visitors,
            recordings=RecordingVault(self.recordings),
            recorded=self.recorded,
            agents=self.agents,
            hotline=lambda: HotlineFacts(
                name="Infolinia",
                number="100",
                sip_address="sip:100@127.0.0.1:5060",
                languages=("pl", "en", "ru"),
                flows=(
                    FlowFact("100", "hotline", "3f9c2a71d0b4", "hotline.yaml"),
                    FlowFact("101", "wholesaler", "3f9c2a71d0b4", "wholesaler.yaml"),
                ),
                understood=("en",),
            ),
            flows=self.flows,
            surroundings=Surroundings(zone=ZoneInfo("Europe/Warsaw")),
            clock=self.clock,
            metrics=self.metrics,
            names=self.names,
            doors=self.doors,
            api=self.api,
            people=self.people,
            floor=self.floor,
            desks=self.desks,
            phone=self.phone,
            breaks=lambda: BREAKS,
            agent_chats=self.agent_chats,
            web_chat=self.web_chat,
            queues=self.queues,
            ids=TimeOrderedIds(self.clock),
            messages=self.messages,
            written=self.written,
        )


@cache
def shipped(name: str) -> Flow:
    return read_flow(Path("callflows") / f"{name}.yaml")


def shipped_flows() -> FlowShelf:
    flows = {name: shipped(name) for name in ("hotline", "wholesaler", "debt-line", "unknown-number")}
    numbers = {"100": "hotline", "101": "wholesaler", "102": "debt-line"}
    return FlowShelf(flows, numbers, unknown=flows["unknown-number"], region="PL")


def log(
    call_id: str, start: datetime, entries: Sequence[tuple[float, Kind, dict[str, object]]]
) -> list[CallEvent]:
    return [
        CallEvent(call_id, number, start + timedelta(seconds=seconds), kind, data)
        for number, (seconds, kind, data) in enumerate(entries, 1)
    ]


def order_call(
    call_id: str = "c1",
    *,
    start: datetime = START,
    caller: str = "+48220000142",
    ended: bool = True,
    network_id: str = "",
    recording: str | None = None,
) -> list[CallEvent]:
    """A caller asks after an order by voice and keys; with `recording` leaves a message too."""
    entries: list[tuple[float, Kind, dict[str, object]]] = [
        (
            0.0,
            Kind.RECEIVED,
            {
                "caller": caller,
                "dialled": "100",
                "trunk": "loopback",
                "network_id": network_id or call_id,
                "direction": "inbound",
                "node": "a",
            },
        ),
        (0.0, Kind.FLOW_STARTED, {"flow": "hotline", "version": "3f9c2a71d0b4"}),
        (0.1, Kind.ANSWERED, {}),
        (0.1, Kind.STEP_ENTERED, {"step": "welcome", "verb": "say"}),
        (0.1, Kind.LANGUAGE_CHOSEN, {"language": "en"}),
        (1.9, Kind.SAID, {"text": "Welcome to the hotline.", "language": "en", "seconds": 1.7}),
        (2.0, Kind.STEP_ENTERED, {"step": "main", "verb": "menu"}),
        (
            5.1,
            Kind.SAID,
            {
                "text": "For deliveries press 1 or say delivery. For orders press 2 or say order.",
                "language": "en",
                "seconds": 3.1,
                "interrupted": True,
            },
        ),
        (5.4, Kind.HEARD, {"text": "order", "confidence": 0.94, "seconds": 0.6, "language": "en"}),
        (
            5.4,
            Kind.UNDERSTOOD,
            {"step": "main", "choice": "order", "by": "speech", "confidence": 0.94, "needed": 0.6},
        ),
        (5.5, Kind.STEP_ENTERED, {"step": "order_number", "verb": "ask"}),
        (7.5, Kind.SAID, {"text": "Please key in your order number.", "language": "en", "seconds": 2.0}),
        (8.1, Kind.HEARD, {"text": "one", "confidence": 0.41, "seconds": 0.4, "language": "en"}),
        (8.1, Kind.NOT_UNDERSTOOD, {"step": "order_number", "why": "unclear", "attempt": 1}),
        (9.0, Kind.KEY_PRESSED, {"key": "2"}),
        (9.4, Kind.KEY_PRESSED, {"key": "0"}),
        (9.9, Kind.KEY_PRESSED, {"key": "4"}),
        (11.0, Kind.UNDERSTOOD, {"step": "order_number", "value": "204", "by": "key"}),
        (11.0, Kind.VALUE_SET, {"name": "order", "value": "204"}),
        (11.0, Kind.VALUE_SET, {"name": "pin"}),
        (11.1, Kind.STEP_ENTERED, {"step": "order_state", "verb": "say"}),
        (13.7, Kind.SAID, {"text": "Order 2 0 4 is on its way.", "language": "en", "seconds": 2.6}),
    ]
    if recording:
        entries += [
            (14.0, Kind.STEP_ENTERED, {"step": "message", "verb": "voicemail"}),
            (15.9, Kind.SAID, {"text": "Leave a message after the tone.", "language": "en", "seconds": 1.9}),
            (29.0, Kind.MESSAGE_LEFT, {"box": "main", "recording": recording, "seconds": 12.0}),
        ]
    if ended:
        entries.append((31.0, Kind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"}))
    return log(call_id, start, entries)


PHONE = ContactPoint(PointKind.PHONE, "+48220000142")
BROWSER = ContactPoint(PointKind.VISITOR, "v1")


async def text_of(client: TestClient, path: str, **headers: str) -> str:
    response = await client.get(path, headers={**HTML, **headers})
    assert response.status == 200, await response.text()
    return await response.text()


class Collected(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
