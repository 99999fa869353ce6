"""Calls over the API: listed and read from a real store, placed through a real OutboundCalls."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calls.call import fold
from calls.control import ChannelEnded, LegAnswered, LegRinging
from calls.events import CallEvent, CallEventKind
from compliance.decision import Checked, Decision, Verdict
from engine.changes import CallStored, Change, EventsAppended, InteractionAdded
from engine.codes import RandomCodes
from engine.errands import Desk
from engine.exchange import Exchange
from engine.health import Health
from engine.placing.outbound import Lines, OutboundCalls
from engine.queues import Queues
from engine.switchboard import Switchboard
from history.interaction import ContactPoint, PointKind, interaction_of
from store.recordings.vault import RecordingVault
from tests.api.serving import RunningApi, both_databases, running_api
from tests.engine.fake_desk import FakeGate, FakeServices
from tests.engine.fake_network import FakeControl
from tests.engine.fake_speech import FakeRecognizer, FakeSynthesizer
from tests.engine.fake_store import FakeRecordings
from tests.engine.outbound_stage import shelf_with_news

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANNA = "+48600000021"
JAN = "+48600000022"
OURS = "+48220000010"
ORDER = {"to": "600 000 021", "flow": "news", "purpose": "service", "language": "en"}


def ended_call(number: int, **changes: Any) -> list[Change]:
    """The n-th call, a minute after the one before: from Anna, to the hotline."""
    began = START + timedelta(minutes=number)
    received = {"caller": ANNA, "dialled": "100", "network_id": f"n{number}", "node": "n", **changes}
    outcome = received.pop("outcome", "completed")
    told: list[tuple[CallEventKind, dict[str, object]]] = [
        (CallEventKind.RECEIVED, received),
        (CallEventKind.ANSWERED, {}),
        (CallEventKind.FLOW_STARTED, {"flow": received.pop("runs", "front"), "version": "7"}),
        (CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": outcome}),
    ]
    call_id = f"call{number:02d}"
    events = tuple(CallEvent(call_id, seq, began, kind, data) for seq, (kind, data) in enumerate(told, 1))
    call = fold(events)
    row = interaction_of(call, f"i-{call_id}", ContactPoint(PointKind.PHONE, call.person))
    return [EventsAppended(events), CallStored(call), InteractionAdded(row, f"c-{call_id}")]


@dataclass
class House:
    """The API of a hotline whose Asterisk is a fake one."""

    api: RunningApi
    control: FakeControl
    gate: FakeGate

    async def rung(self) -> str:
        """The channel that was asked for last."""
        return str(self.control.asked("originate")[-1][0])


@pytest.fixture
async def house(api_url: str, tmp_path: Path) -> AsyncIterator[House]:
    shelf = shelf_with_news()
    async with running_api(api_url, tmp_path, flows=shelf) as api:
        parts, store = api.parts, api.store
        control, gate = FakeControl(), FakeGate()
        exchange = Exchange(
            control=control,
            ledger=store.ledger,
            recognizer=FakeRecognizer(),
            synthesizer=FakeSynthesizer(tmp_path),
            recordings=FakeRecordings(),
            desk=Desk(
                ledger=store.ledger,
                profiles=store.queries,
                services=FakeServices(),
                codes=RandomCodes(),
                clock=parts.clock,
                ids=parts.ids,
                region="PL",
                gate=gate,
            ),
            queues=Queues((), (), clock=parts.clock),
            flows=shelf,
            clock=parts.clock,
            ids=parts.ids,
            live=parts.live,
            health=Health(parts.live),
            node="n",
            region="PL",
        )
        switchboard = Switchboard(exchange)
        control.listener = switchboard.on_network_event
        lines = Lines(
            most=2, calls_per_second=1000, trunk="carrier", caller_id=OURS, flows=frozenset({"news"})
        )
        outbound = OutboundCalls(exchange, switchboard, gate, store.queries, lines)
        # The parts are made before there is a store to make these with.
        object.__setattr__(parts, "outbound", outbound)
        object.__setattr__(parts, "hang_up", switchboard.hang_up)
        object.__setattr__(parts, "recordings", RecordingVault(tmp_path))
        yield House(api, control, gate)
        await switchboard.close()


async def until(condition: Any) -> Any:
    async with asyncio.timeout(5):
        while not (found := await condition()):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
    return found


@both_databases
async def test_calls_are_listed_newest_first_and_page_by_page(house: House) -> None:
    for number in range(5):
        await house.api.store.ledger.commit(ended_call(number), durable=True)
    client = house.api.token("calls:read")
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/calls", params=query)).json
        seen += [call["id"] for call in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["call04", "call03", "call02", "call01", "call00"]


@both_databases
async def test_the_list_is_filtered(house: House) -> None:
    ledger = house.api.store.ledger
    await ledger.commit(ended_call(0), durable=True)
    await ledger.commit(ended_call(1, caller=JAN, outcome="abandoned"), durable=True)
    outward = {"direction": "outbound", "caller": OURS, "dialled": ANNA, "campaign": "spring", "runs": "news"}
    await ledger.commit(ended_call(2, **outward), durable=True)
    client = house.api.token("calls:read")

    async def ids(**query: str) -> list[str]:
        reply = await client.get("/calls", params=query)
        assert reply.status == 200, reply.raw
        return [call["id"] for call in reply.json["items"]]

    assert await ids(direction="outbound") == ["call02"]
    assert await ids(number="600 000 021") == ["call02", "call00"]  # who called, and whom we called
    assert await ids(number=OURS) == []
    assert await ids(outcome="abandoned") == ["call01"]
    assert await ids(flow="news") == ["call02"]
    assert await ids(campaign="spring") == ["call02"]
    assert await ids(since="2026-11-20T09:01:00Z") == ["call02", "call01"]
    assert await ids(until="2026-11-20T10:01:00+01:00") == ["call00"]
    assert await ids(live="true") == []
    assert len(await ids(live="false")) == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "nonsense"}, "query.cursor"),
        ({"cursor": "bm8fY2FsbA"}, "query.cursor"),  # a time that is none
        ({"direction": "sideways"}, "query.direction"),
        ({"since": "yesterday"}, "query.since"),
        ({"colour": "red"}, "query.colour"),
    ],
)
async def test_a_query_that_means_nothing_is_told(house: House, query: dict[str, str], field: str) -> None:
    reply = await house.api.token("calls:read").get("/calls", params=query)
    assert (reply.status, reply.wrong_fields) == (400, [field])


async def test_one_call_and_its_log(house: House) -> None:
    await house.api.store.ledger.commit(ended_call(0), durable=True)
    client = house.api.token("calls:read")
    call = await client.get("/calls/call00")
    assert (call.status, call.json["outcome"], call.json["caller"], call.etag) == (
        200,
        "completed",
        ANNA,
        '"4"',
    )
    assert (await client.get("/calls/call00", headers={"If-None-Match": call.etag})).status == 304
    events = (await client.get("/calls/call00/events")).json["items"]
    assert [event["kind"] for event in events] == ["received", "answered", "flow_started", "ended"]
    assert [event["seq"] for event in events] == [1, 2, 3, 4]
    for path in ("/calls/nothing", "/calls/nothing/events", "/calls/nothing/recording"):
        assert (await client.get(path)).status == 404, path


async def test_a_recording_is_given_whole_and_in_part(house: House, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "message.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(100)) * 2)
    changes = ended_call(0)
    events, stored, row = changes
    assert isinstance(stored, CallStored)
    left = CallEvent("call00", 5, START, CallEventKind.MESSAGE_LEFT, {"recording": "message.wav"})
    await house.api.store.ledger.commit([events, CallStored(fold((left,), stored.call)), row], durable=True)
    client = house.api.token("calls:read")
    whole = await client.get("/calls/call00/recording")
    assert (whole.status, whole.headers["Content-Type"], whole.raw[:4]) == (200, "audio/wav", b"RIFF")
    part = await client.get("/calls/call00/recording", headers={"Range": "bytes=44-53"})
    assert (part.status, part.raw) == (206, bytes(range(10)))
    assert (await house.api.person("agent").get("/calls/call00/recording")).status == 403


@both_databases
async def test_a_call_is_placed_and_ends(house: House) -> None:
    client = house.api.token("calls:read", "calls:write")
    placed = await client.post("/calls", {**ORDER, "debt": "d1"})
    assert placed.status == 201, placed.raw
    call = placed.json
    assert (call["direction"], call["dialled"], call["caller"]) == ("outbound", ANNA, OURS)
    assert placed.headers["Location"] == f"/api/v1/calls/{call['id']}"
    await until(lambda: _asked(house.control, "originate"))
    leg = f"{call['id']}.callee"
    house.control.tell(LegRinging(leg), LegAnswered(leg))

    async def state() -> Any:
        return (await client.get(f"/calls/{call['id']}")).json

    await until(lambda: _is(state, lambda now: now["path"] == ["tell", "what"]))
    assert (await client.post(f"/calls/{call['id']}/hang_up")).status == 202
    over = await until(lambda: _is(state, lambda now: now["ended_at"]))
    assert (over["outcome"], over["ended_by"], over["debt"]) == ("completed", "api", "d1")
    (listed,) = (await client.get("/calls", params={"number": ANNA})).json["items"]
    assert listed == over
    again = await client.post(f"/calls/{call['id']}/hang_up")
    assert (again.status, again.json["type"]) == (409, "/api/problems/not-in-progress")
    received = (await client.get(f"/calls/{call['id']}/events")).json["items"][0]["data"]
    assert received["ordered_by"].startswith("token:")
    publications = house.api.store.publications
    told = [row.kind for row in await publications.between(0, await publications.settled(), limit=100)]
    assert [kind for kind in told if kind.startswith("call.")] == [
        "call.started",
        "call.answered",
        "call.ended",
    ]


async def _asked(control: FakeControl, name: str) -> bool:
    return bool(control.asked(name))


async def _is(state: Any, condition: Any) -> Any:
    now = await state()
    return now if condition(now) else None


async def test_a_rule_forbids_it_and_says_why_and_until_when(house: House) -> None:
    house.gate.refusal = Decision(
        False,
        "us-reg-f/hours",
        "it is 22:10 there",
        datetime(2026, 11, 21, 13, 0, tzinfo=UTC),
        (
            Checked("do-not-contact", Verdict.PASS),
            Checked("us-reg-f/hours", Verdict.REFUSE, "it is 22:10 there"),
        ),
    )
    reply = await house.api.token("calls:write").post("/calls", ORDER)
    assert (reply.status, reply.json["type"]) == (409, "/api/problems/forbidden-by-rule")
    assert (reply.json["rule"], reply.json["reason"]) == ("us-reg-f/hours", "it is 22:10 there")
    assert reply.json["next_allowed_at"] == "2026-11-21T13:00:00Z"
    assert [checked["verdict"] for checked in reply.json["checked"]] == ["pass", "refuse"]
    assert house.control.requests == []


async def test_two_at_once_with_one_key_place_one_call(house: House) -> None:
    client = house.api.token("calls:write")
    replies = await asyncio.gather(*(client.post("/calls", ORDER, key="k1") for _ in range(4)))
    statuses = sorted(reply.status for reply in replies)
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert len({reply.json["id"] for reply in replies if reply.status == 201}) == 1
    again = await client.post("/calls", ORDER, key="k1")
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    await until(lambda: _asked(house.control, "originate"))
    assert len(house.control.asked("originate")) == 1
    assert len(house.gate.asked) == 1


async def test_one_person_is_in_one_call_at_a_time_and_lines_are_counted(house: House) -> None:
    client = house.api.token("calls:write")
    assert (await client.post("/calls", ORDER)).status == 201
    twice = await client.post("/calls", ORDER)
    assert (twice.status, twice.json["type"]) == (409, "/api/problems/in-progress")
    assert (await client.post("/calls", {**ORDER, "to": JAN})).status == 201
    full = await client.post("/calls", {**ORDER, "to": "+48600000023"})
    assert (full.status, full.json["type"], full.headers["Retry-After"]) == (
        503,
        "/api/problems/no-line",
        "10",
    )
    await until(lambda: _asked(house.control, "originate"))
    house.control.tell(ChannelEnded(await house.rung(), 17))


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"to": "100"}, 422, "body.to"),
        ({"to": "anonymous"}, 422, "body.to"),
        ({"to": ""}, 422, "body.to"),
        ({"flow": "nothing"}, 422, "body.flow"),
        ({"language": "ru"}, 422, "body.language"),
        ({"purpose": "fun"}, 422, "body.purpose"),
        ({"ring_seconds": 5}, 422, "body.ring_seconds"),
        ({"caller_id": "1@evil"}, 422, "body.caller_id"),
        ({"variables": {"name": "x"}}, 422, "body.variables"),
        ({"variables": {"Bad Name": "x"}}, 422, "body.variables.Bad Name"),
        ({"mode": "manual"}, 422, "body.mode"),
        ({"requested": {"at": "now"}}, 422, "body.requested.at"),
    ],
)
async def test_what_cannot_be_placed_is_told_by_its_field(
    house: House, changes: dict[str, Any], status: int, field: str
) -> None:
    reply = await house.api.token("calls:write").post("/calls", {**ORDER, **changes})
    assert reply.status == status, reply.raw
    assert reply.wrong_fields[0].startswith(field), reply.raw
    assert house.control.requests == []


async def test_flows_are_shown_with_their_figures(house: House) -> None:
    client = house.api.token("flows:read")
    flows = (await client.get("/flows")).json["items"]
    assert [(flow["name"], flow["numbers"]) for flow in flows] == [
        ("front", ["100"]),
        ("news", []),
        ("offer", []),
    ]
    news = (await client.get("/flows/news")).json
    assert (news["start"], news["languages"], len(news["steps"])) == ("tell", ["en", "pl"], 3)
    assert news["steps"][0] == {"name": "tell", "verb": "say", "outcomes": {"next": "what"}}
    assert (await client.get("/flows/nothing")).status == 404
    assert (await client.get("/flows/nothing/figures")).status == 404
    await house.api.store.ledger.commit(ended_call(0), durable=True)
    figures = (await client.get("/flows/front/figures", params={"since": "2026-11-20T00:00:00Z"})).json
    assert (figures["calls"], figures["whole"], figures["since"]) == (1, True, "2026-11-20T00:00:00Z")
