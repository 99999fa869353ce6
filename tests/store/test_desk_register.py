"""Desks over a real database: parts of calls that outlive the engine, and a caller known at one reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import event

from acd.agents import Agent, AgentStatus
from acd.events import AgentAnswered, TalkEnded
from acd.queues import Queue
from acd.work import Waiting
from calls.control import PhoneChanged
from calls.events import CallEventKind
from compliance.facts import Channel as GateChannel
from engine.changes import (
    CallbackKept,
    CallPartKept,
    CallPartOver,
    ConsentKept,
    InteractionAdded,
    ObjectionKept,
)
from engine.clock import TimeOrderedIds
from engine.desk.desks import CallbackWish, Desks
from engine.desk.settings import DeskSettings
from engine.queues import AgentLine
from engine.registers.desk import CallPart
from engine.registers.permissions import PersonQuery
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import Channel, Interaction
from history.permissions import Consent, Objection, Scope
from store.spooled import Commit, commit_of, line_of
from store.store import Store
from tests.conftest import HandClock
from tests.engine.desk_stage import FakeBoard, FakeManual, FakePhones
from tests.engine.stage import Stage
from tests.store.people import WE, person, phone, theirs
from tests.store.samples import START, call_changes, form, number, until

PART = CallPart(
    "p1", "call1", "anna", "orders", START, connected_at=START, note="half", noted_at=START, note_seq=3
)
# What a screen-pop may ask of the database: it is read while the browser rings.
MOST_STATEMENTS = 2


async def test_a_part_is_kept_in_its_newest_version_until_it_is_over(store: Store) -> None:
    newer = replace(PART, version=2, note="whole", disposition="sale")
    await store.ledger.commit([CallPartKept(PART)], durable=True)
    await store.ledger.commit([CallPartKept(newer), CallPartKept(PART)], durable=True)
    await store.ledger.commit([CallPartKept(PART)], durable=True)  # written twice, after a crash
    assert list(await store.desk.parts()) == [newer]
    await store.ledger.commit([CallPartOver("p1")], durable=True)
    assert list(await store.desk.parts()) == []


async def test_a_part_that_is_kept_and_over_at_one_moment_is_over(store: Store) -> None:
    await store.ledger.commit([CallPartKept(PART)], durable=True)
    await store.ledger.commit([CallPartKept(replace(PART, version=2)), CallPartOver("p1")], durable=True)
    assert list(await store.desk.parts()) == []


def test_a_part_waits_on_disk_as_it_is() -> None:
    commit = Commit(START, (CallPartKept(PART), CallPartOver("p2")))
    assert commit_of(line_of(commit)) == commit


async def test_a_caller_is_known_at_one_reading(store: Store, clock: HandClock) -> None:
    contact = await person(store, phone(7), name="Anna", tags=frozenset({"vip"}), attributes={"hour": "12"})
    request = CallbackRequest("cb1", phone(7), "orders", CallbackSource.AGENT, START)
    no_calls = Objection("o1", START, Scope.NUMBER, phone(7).value, "asked", "test")
    allowed = Consent("k1", START, "sms", "service", True, "test", point=phone(7))
    promise = theirs("r2", phone(7), channel=Channel.PROMISE, data={"due": "2026-12-01"})
    await store.history.timeline.add(WE, theirs("r1", phone(7)))
    await store.history.timeline.add(WE, promise)
    await store.ledger.commit(
        [CallbackKept(request, "new1"), ObjectionKept(no_calls), ConsentKept(allowed, "new2")], durable=True
    )
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(store._engine.sync_engine, "before_cursor_execute", note)
    try:
        known = await store.desk.caller(phone(7), timeline=5)
    finally:
        event.remove(store._engine.sync_engine, "before_cursor_execute", note)
    assert known.contact is not None
    assert (known.contact.id, known.contact.attributes) == (contact.id, {"hour": "12"})
    assert {row.id for row in known.timeline} == {"r1", "r2"}
    assert [row.id for row in known.promises] == ["r2"]
    assert [one.id for one in known.callbacks] == ["cb1"]
    assert [one.id for one in known.consents] == ["k1"]
    assert [one.id for one in known.objections] == ["o1"]
    assert len([one for one in asked if one.startswith("SELECT")]) <= MOST_STATEMENTS, asked
    somebody_new = await store.desk.caller(phone(8), timeline=5)
    assert (somebody_new.contact, somebody_new.timeline) == (None, ())


async def test_what_is_known_of_a_caller_is_as_it_was_written(store: Store, clock: HandClock) -> None:
    contact = await person(
        store, phone(7), tags=frozenset({"a", "b"}), attributes={"number": 12.5, "list": ["ż", None]}
    )
    told = {"note": '\'; "ż" \\', "data": {"nested": {"x": [1.5, None, True]}}}
    times = [START + timedelta(seconds=n % 5, microseconds=n * 10) for n in range(25)]
    rows = [form(f"r{n:02d}", phone(7), at=at, **told).interaction for n, at in enumerate(times)]
    promises = [
        replace(row, id=f"p{n}", channel=Channel.PROMISE, at=START - timedelta(days=n))
        for n, row in enumerate(rows[:3])
    ]
    request = CallbackRequest(
        "cb1", phone(7), "orders", CallbackSource.AGENT, START, person_chose=True, window_from=START
    )
    changes = [InteractionAdded(row, "new") for row in (*rows, *promises)]
    await store.ledger.commit([*changes, CallbackKept(request, "new")], durable=True)
    known = await store.desk.caller(phone(7), timeline=20)
    assert known.contact == contact
    written = {row.interaction.id: row.interaction for row in await store.queries.history()}
    newest = sorted(written.values(), key=lambda row: (row.at, row.id), reverse=True)
    assert list(known.timeline) == newest[:20]
    assert list(known.promises) == [written[f"p{n}"] for n in range(3)]
    assert list(known.callbacks) == [await store.callbacks.get("cb1")]


async def test_what_forbids_a_call_is_known_after_a_merge_and_of_a_stranger(store: Store) -> None:
    kept = await person(store, phone(7), name="Anna")
    merged = await person(store, phone(8), name="Ania")
    told = [
        Objection("o1", START, Scope.PERSON, merged.id, "asked", "test"),
        Objection("o2", START, Scope.PREFIX, phone(7).value[:7], "a test range", "test"),
        Objection("o3", START, Scope.NUMBER, phone(9).value, "asked", "test"),
    ]
    await store.ledger.commit([ObjectionKept(one) for one in told], durable=True)
    await store.history.merges.merge(WE, kept.id, merged.id, "one person")
    for point in (phone(7), phone(8)):
        known = await store.desk.caller(point, timeline=5)
        assert [one.id for one in known.objections] == ["o2", "o1"]
    stranger = await store.desk.caller(phone(9), timeline=5)
    assert (stranger.contact, [one.id for one in stranger.objections]) == (None, ["o3", "o2"])


def desks_over(store: Store, folder: Path, clock: HandClock) -> tuple[Desks, Stage, FakeBoard]:
    stage = Stage(
        folder, queues=[Queue("orders", wrap_up_seconds=60)], agents=[AgentLine(Agent("anna"), browser=True)]
    )
    stage.exchange.queues._clock = clock
    exchange = replace(stage.exchange, ledger=store.ledger, clock=clock, ids=TimeOrderedIds(clock))
    board = FakeBoard()

    async def refresh() -> None:
        """Everybody is known."""

    desks = Desks(
        exchange,
        board,  # type: ignore[arg-type]
        FakePhones(),  # type: ignore[arg-type]
        store.queries,
        store.desk,
        store.agents,
        DeskSettings(region="PL"),
        manual=FakeManual(),
        refresh=refresh,
    )
    return desks, stage, board


async def test_a_wrap_up_is_finished_by_the_next_engine(
    url: str, make_store: Callable[..., Store], tmp_path: Path, clock: HandClock
) -> None:
    store = make_store(url)
    await store.start()
    desks, stage, board = desks_over(store, tmp_path, clock)
    queues = stage.exchange.queues
    await desks.start()
    await desks.sign_in("anna", "page1")
    queues.phone_changed(PhoneChanged("anna", True))
    await desks.set_status("anna", AgentStatus.AVAILABLE)
    log = desks._exchange.call_log("call1")
    board.logs["call1"] = log
    received = {"caller": number(1).value, "dialled": "100", "network_id": "n1", "node": "here"}
    await log.write(CallEventKind.RECEIVED, received)
    queues.join(Waiting("call1", "orders", clock.now()), lambda command: None)
    queues.tell(AgentAnswered("call1", "anna"))
    await log.write(CallEventKind.AGENT_CONNECTED, {"queue": "orders", "agent": "anna", "waited_seconds": 0})
    await desks.save_note("anna", "call1", "Half a note", 1)
    clock.pass_seconds(60)
    queues.tell(TalkEnded("call1", "anna"))
    await log.write(CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"})
    await desks.promise("anna", "call1", 12050, "PLN", date(2026, 12, 1))
    begins = clock.now() + timedelta(days=1)
    await desks.schedule_callback("anna", "call1", CallbackWish(begins, None))
    await desks.close()
    await stage.switchboard.close()
    await store.close()

    store = make_store(url, spool="spool2")
    await store.start()
    clock.pass_seconds(20)
    desks, stage, board = desks_over(store, tmp_path, clock)
    await desks.start()
    view = await desks.view("anna")
    assert (view.state, view.wrap_up is not None, view.note is not None) == ("wrap_up", True, True)
    assert view.wrap_up is not None
    assert view.wrap_up.promised

    async def seen() -> bool:
        wrap_up = (await desks.view("anna")).wrap_up
        return wrap_up is not None and wrap_up.callback is not None

    await until(seen)  # who it is, is read beside the page
    await desks.dispose("anna", "call1", "sale")
    await desks.finish_wrap_up("anna")

    async def told() -> bool:
        return not await store.desk.parts()

    await until(told)
    rows = [row.interaction for row in await store.queries.history(subject_id="call1")]
    (talk,) = [row for row in rows if row.channel is Channel.TALK]
    assert (talk.note, talk.disposition, talk.agent) == ("Half a note", "sale", "anna")
    assert talk.duration_seconds == 60
    assert talk.data["wrap_up_seconds"] == 20
    kinds = [one.kind for one in await store.queries.events("call1")]
    assert kinds[-1] is CallEventKind.WRAPPED_UP
    call = await store.queries.call("call1")
    assert call is not None
    assert call.last_seq == len(kinds)
    clock.pass_seconds(1)
    day = await store.agents.day("anna", START - timedelta(days=1), clock.now())
    assert (day.handled, day.talk_seconds, day.wrap_up_seconds) == (1, 60, 20)
    await desks.close()
    await stage.switchboard.close()


async def test_an_agents_part_of_a_call_is_no_contact_of_its_own(store: Store, clock: HandClock) -> None:
    await store.ledger.commit(call_changes("call1"), durable=True)
    query = PersonQuery(GateChannel.CALL, START - timedelta(days=1), number(1))
    before = (await store.permissions.person_facts(query, clock.now())).facts.history
    talk = Interaction("t1", START, Channel.TALK, "inbound", "call1", number(1), agent="anna")
    await store.ledger.commit([InteractionAdded(talk, "new")], durable=True)
    after = (await store.permissions.person_facts(query, clock.now())).facts.history
    assert len(before) == 1
    assert after == before
