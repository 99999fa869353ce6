"""/floor over a real store and real queues: who sees it, what it shows, and what a supervisor changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from acd.agents import Agent
from calls.events import CallEvent, CallEventKind
from engine.changes import AgentEventsAppended, EventsAppended
from engine.floor.supervision import SupervisionMode, SupervisionRefused
from engine.queues import AgentLine
from engine.registers.access import Role
from engine.registers.actor import Actor, ActorKind
from engine.registers.agents import AgentEvent, AgentEventKind
from store.store import Store
from tests.console.floor_stage import CALL, Hall, open_hall
from tests.console.offices import alerts
from tests.console.stage import Stage


@pytest.fixture
async def hall(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Hall]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_hall(stage, store) as opened:
        yield opened


async def test_who_does_what_with_whom_for_how_long(hall: Hall) -> None:
    page = await hall.page("/floor")
    anna = page.split('id="agent-anna"')[1].split("</tr>")[0]
    assert "pill-talking" in anna
    assert "+48 22 000 01 42" in anna
    assert "Orders" in anna
    assert "english 4" in anna
    assert all(f'data-mode="{mode}" data-call="{CALL}" data-agent="anna"' in anna for mode in SupervisionMode)
    jan = page.split('id="agent-jan"')[1].split("</tr>")[0]
    assert "pill-break" in jan
    assert "Lunch" in jan
    assert "data-mode" not in jan
    orders = page.split('id="queue-orders"')[1].split("</tr>")[0]
    assert "wait-past" in orders, "45 seconds of 20"
    assert 'href="/floor" aria-current="page"' in page


@pytest.mark.parametrize(("language", "word"), [("pl", "Rozmowa"), ("ru", "Разговор")])
async def test_in_the_readers_language(hall: Hall, language: str, word: str) -> None:
    assert word in await hall.page("/parts/floor", **{"Accept-Language": language})


async def test_agents_and_strangers_do_not_see_it(hall: Hall) -> None:
    await hall.office.post("/sign-out", {"csrf": hall.csrf})
    assert (await hall.office.page("/floor")).status == 303
    await hall.office.add("Piotr", Role.AGENT)
    await hall.office.sign_in("Piotr")
    csrf = await hall.office.csrf()
    assert "/floor" not in await (await hall.office.page("/account")).text()
    for path in ("/floor", "/parts/floor", "/floor/agents/anna"):
        assert (await hall.office.page(path)).status == 403
    for path in ("/floor/line", "/floor/phone", "/floor/agents/anna/status", "/floor/agents/anna/hang-up"):
        assert (await hall.office.post(path, {"csrf": csrf})).status == 403
    assert hall.supervision.asked == []


async def test_without_the_sessions_secret_nothing_is_done(hall: Hall) -> None:
    for path in ("/floor/line", "/floor/agents/jan/status", "/floor/phone/gone"):
        assert (await hall.office.post(path, {"mode": "listen", "call": CALL, "agent": "anna"})).status == 403
    assert hall.supervision.asked == hall.supervision.closed == []


async def test_on_the_line_and_off_it(hall: Hall) -> None:
    assert '"user": "sup-olga"' in await hall.send("/floor/phone", 200, page="one")
    for mode in SupervisionMode:
        await hall.send("/floor/line", 200, mode=mode.value, call=CALL, agent="anna")
        part = await hall.page("/parts/floor")
        assert f'data-mode="{mode}" data-call="{CALL}" data-agent="anna" aria-pressed="true"' in part
        assert 'id="leave-line"' in part
    assert hall.supervision.asked == [("olga", CALL, "anna", mode) for mode in SupervisionMode]
    await hall.send("/floor/line/end", 204)
    assert 'id="leave-line"' not in await hall.page("/parts/floor")
    await hall.send("/floor/phone/gone", 204, page="one")
    assert hall.supervision.closed == [("olga", "one")]
    await hall.send("/floor/phone/gone", 400)


async def test_a_refused_line_is_said_in_the_readers_language(hall: Hall) -> None:
    hall.supervision.refusal = SupervisionRefused("own", "This is your own call.")
    answer = await hall.office.post(
        "/floor/line",
        {"csrf": hall.csrf, "mode": "listen", "call": CALL, "agent": "anna"},
        {"Accept": "application/json", "Accept-Language": "pl"},
    )
    assert answer.status == 409
    assert await answer.json() == {"error": "To Twoja własna rozmowa."}
    answer = await hall.office.post(
        "/floor/line", {"csrf": hall.csrf, "mode": "shout"}, {"Accept": "application/json"}
    )
    assert answer.status == 400


async def test_a_status_is_changed_with_a_reason_and_noted(hall: Hall) -> None:
    place = await hall.send("/floor/agents/jan/status", status="available", why="The queue is long")
    assert place == "/floor/agents/jan?done=status"
    assert hall.orders.done == [("jan", "available", "", "Olga")]
    assert "Done, and noted" in await hall.page(place)
    await hall.send("/floor/agents/jan/status", status="break:lunch", why="Go and eat")
    assert hall.orders.done[-1] == ("jan", "break", "lunch", "Olga")
    assert await hall.office.told("agent:jan") == ["agent.status_set"] * 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "available"}, "Say why: the audit log keeps it."),
        ({"status": "available", "why": "x" * 501}, "Say it in 500 letters at most."),
        ({"status": "missed", "why": "so"}, "Choose one of the statuses of the list."),
        ({"status": "break:skiing", "why": "so"}, "Choose one of the statuses of the list."),
    ],
)
async def test_a_wrong_status_form_keeps_what_was_typed(
    hall: Hall, fields: dict[str, str], sentence: str
) -> None:
    page = await hall.send("/floor/agents/jan/status", 422, **fields)
    assert alerts(page) == [sentence]
    assert hall.orders.done == []
    assert await hall.office.told("agent:jan") == []


async def test_what_the_desk_refuses_is_said(hall: Hall) -> None:
    hall.orders.refusal = "Jan was disabled."
    page = await hall.send("/floor/agents/jan/status", 422, status="available", why="so")
    assert alerts(page) == ["Jan was disabled."]


async def test_skills_are_changed_and_a_change_meanwhile_is_told(hall: Hall) -> None:
    person = await hall.office.add("Maria", Role.AGENT)
    me = Actor(ActorKind.PERSON, person.id)
    profile = await hall.store.agents.of_person(me, person.id)
    hall.queues.seat(AgentLine(Agent(profile.name), browser=True))
    form = {"skills": "english 5, polish=3,debt", "why": "New course", "version": str(profile.version)}
    await hall.send(f"/floor/agents/{profile.name}/skills", **form)
    kept = await hall.store.agents.get(profile.name)
    assert kept.skills == {"english": 5, "polish": 3, "debt": 1}
    page = await hall.send(f"/floor/agents/{profile.name}/skills", 409, **form)
    assert "Somebody else changed the skills" in alerts(page)[0]
    page = await hall.send(f"/floor/agents/{profile.name}/skills", 422, **{**form, "skills": "english 9"})
    assert "levels from 1 to 5" in alerts(page)[0]
    assert "english 9" in page


async def test_an_agent_of_the_configuration_has_their_skills_there(hall: Hall) -> None:
    page = await hall.send("/floor/agents/jan/skills", 422, skills="english 5", why="so", version="1")
    assert "of the configuration" in page


async def test_signing_out_and_hanging_up(hall: Hall) -> None:
    await hall.send("/floor/agents/jan/sign-out", why="The page is stuck")
    assert hall.orders.done == [("jan", "out", "Olga")]
    assert await hall.office.told("agent:jan") == ["agent.signed_out"]
    await hall.send("/floor/agents/anna/hang-up", call=CALL, why="Abuse")
    assert hall.board.hung_up == [(CALL, "supervisor")]
    assert "call.hung_up" in await hall.office.told(f"call:{CALL}")
    page = await hall.send("/floor/agents/anna/hang-up", 422, call="other", why="Abuse")
    assert alerts(page) == ["The call has ended just now."]


async def test_nobody_of_that_name(hall: Hall) -> None:
    assert "no agent" in await hall.page("/floor/agents/nobody", 404)


async def test_an_empty_floor_says_what_will_be_here(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall.queues, "agent_views", dict)
    monkeypatch.setattr(hall.queues, "queue_views", dict)
    page = await hall.page("/floor")
    assert "Nobody has come yet" in page
    assert "There is no queue yet" in page


async def test_the_days_service_level_is_beside_the_target(hall: Hall) -> None:
    at = hall.stage.clock.now() - timedelta(hours=1)
    connected = {"queue": "orders", "agent": "anna", "waited_seconds": 6.0}
    gone = {"queue": "orders", "outcome": "abandoned", "waited_seconds": 90.0}
    events = [
        CallEvent("c-one", 1, at, CallEventKind.AGENT_CONNECTED, connected),
        CallEvent("c-two", 1, at, CallEventKind.QUEUE_LEFT, gone),
    ]
    await hall.store.ledger.commit([EventsAppended(tuple(events))], durable=True)
    row = (await hall.page("/parts/floor")).split('id="queue-orders"')[1].split("</tr>")[0]
    assert '<strong title="1/2 answered in time">50%</strong>' in row


async def test_an_agents_day_and_log_are_in_the_readers_words(hall: Hall) -> None:
    at = hall.stage.clock.now() - timedelta(minutes=30)
    entries: list[tuple[AgentEventKind, dict[str, object]]] = [
        (AgentEventKind.SIGNED_IN, {"telephone": "browser"}),
        (AgentEventKind.MISSED, {"work": "c1", "queue": "night_orders", "outcome": "no_answer"}),
        (AgentEventKind.STATUS_CHANGED, {"status": "missed", "reason": "", "by": "rule"}),
        (AgentEventKind.STATUS_CHANGED, {"status": "available", "reason": "", "by": "Olga"}),
        (AgentEventKind.STATE_CHANGED, {"state": "talking", "work": "c2", "queue": "orders"}),
        (
            AgentEventKind.TALKED,
            {"queue": "orders", "direction": "inbound", "seconds": 90, "held_seconds": 8},
        ),
        (AgentEventKind.WRAPPED_UP, {"queue": "orders", "disposition": "callback", "seconds": 30}),
        (AgentEventKind.STATE_CHANGED, {"state": "idle", "work": None, "queue": ""}),
        (AgentEventKind.STATUS_CHANGED, {"status": "break", "reason": "lunch", "by": ""}),
        (AgentEventKind.SKILLS_CHANGED, {"skills": {"polish": 4}, "reason": "course", "by": "p-olga"}),
        (AgentEventKind.SIGNED_OUT, {"why": "gone"}),
    ]
    log = [
        AgentEvent(f"e{number:02}", "jan", at + timedelta(seconds=number), kind, data)
        for number, (kind, data) in enumerate(entries)
    ]
    await hall.store.ledger.commit([AgentEventsAppended(tuple(log))], durable=True)
    page = " ".join((await hall.page("/floor/agents/jan")).split())
    for told in (
        "in the browser",
        "Night orders, No answer",
        "Missed an offer, by rule",
        "Ready, by Olga",
        "Talking, Orders",
        "Orders, 1:30, on hold 0:08",
        "Orders, callback, 0:30",
        "Waits",
        "Lunch",
        "polish 4, course, by Olga",
        "their page or telephone was gone",
        "<dt>Average with wrap-up</dt><dd>2:00</dd>",
        "<dt>Missed</dt><dd>1</dd>",
        "<dt>Chats today</dt><dd>0</dd>",
    ):
        assert told in page, told
    polish = await hall.page("/floor/agents/jan", **{"Accept-Language": "pl"})
    assert "Obiad" in polish
    assert "według reguły" in polish
