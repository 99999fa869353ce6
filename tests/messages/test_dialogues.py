"""Dialogues: what comes in opens one or goes on with it, each answer is timed; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from compliance.facts import Channel
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditFilter
from engine.registers.dialogues import DialogueFilter
from engine.registers.messages import Message
from engine.registers.refusals import Missing, Refused
from history.interaction import ContactPoint, PointKind
from messaging.dialogue import DialogueRules, DialogueState, needs_person
from messaging.opting import OptingWords, bare
from messaging.provider import Incoming
from store.database import create_engine, database_url
from store.store import Store
from tests.conftest import HandClock

ANNA = "+48600000001"
OURS = "+48220000010"
JAN = Actor(ActorKind.PERSON, "p-jan")


async def comes(store: Store, clock: HandClock, n: int, text: str = "Where is it?", of: str = ANNA) -> None:
    queue = store.message_queue("w1")
    await queue.take(
        Incoming("one", Channel.SMS, of, OURS, text, clock.now(), f"x{n}"), opted_out=text == "STOP"
    )


def routed(message: Message) -> str | None:
    return None if message.text == "STOP" else "orders"


def reply(n: int, clock: HandClock, text: str = "On its way.") -> Message:
    point = ContactPoint(PointKind.PHONE, ANNA)
    return Message(f"r{n}", clock.now(), Channel.SMS, point, text, agent="anna", ours=OURS)


async def opened(store: Store, clock: HandClock) -> str:
    await comes(store, clock, 1)
    (dialogue,) = await store.dialogues.take_in(routed)
    return dialogue.id


async def test_what_comes_in_opens_a_dialogue_once_and_goes_on_with_it(
    store: Store, clock: HandClock
) -> None:
    began = clock.now()
    key = await opened(store, clock)
    assert await store.dialogues.take_in(routed) == ()
    clock.pass_seconds(60)
    await comes(store, clock, 2, "Hello?")
    await comes(store, clock, 3, of="+48600000002")
    changed = await store.dialogues.take_in(routed)
    assert len(changed) == 2
    one = await store.dialogues.get(key)
    assert (one.owed_since, one.last_at, one.queue, one.ours) == (began, clock.now(), "orders", OURS)
    assert [two.text for two in await store.dialogues.messages(one)] == ["Where is it?", "Hello?"]
    row = await store.dialogues.row(key)
    assert row.contact is not None
    assert row.contact.name is None
    assert await store.dialogues.counts() == (2, 2, began)


async def test_what_came_in_is_found_by_its_mark_and_an_agents_dialogues_by_their_index(
    store: Store, clock: HandClock, url: str
) -> None:
    await opened(store, clock)
    await comes(store, clock, 2, "STOP")
    asked = {
        "ix_messages_to_read": "SELECT id FROM messages WHERE to_read IS true AND at > '2026-01-01'"
        " ORDER BY at, id",
        "ix_dialogues_agent": "SELECT id FROM dialogues WHERE state = 'open' AND agent = 'anna'",
    }
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        marked = (await connection.execute(text(asked["ix_messages_to_read"]))).all()
        if engine.dialect.name == "sqlite":  # PostgreSQL reads so few rows without an index
            for index, sql in asked.items():
                plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))).all()
                assert index in str(plan)
    await engine.dispose()
    assert len(marked) == 1
    await store.dialogues.take_in(routed)
    assert await store.dialogues.take_in(lambda message: "orders") == ()


async def test_a_word_that_is_heeded_by_itself_opens_none(store: Store, clock: HandClock) -> None:
    await comes(store, clock, 1, "STOP")
    assert list(await store.dialogues.take_in(routed)) == []
    assert await store.dialogues.counts() == (0, 0, None)


async def test_the_first_answer_and_each_are_timed_and_more_may_be_written(
    store: Store, clock: HandClock
) -> None:
    began = clock.now()
    key = await opened(store, clock)
    clock.pass_seconds(30)
    answered = await store.dialogues.answer(key, "anna", reply(1, clock))
    assert (answered.owed_since, answered.first_seconds, answered.agent) == (None, 30.0, "anna")
    await store.dialogues.answer(key, "anna", reply(2, clock, "Anything else?"))
    clock.pass_seconds(10)
    await comes(store, clock, 2, "Thanks, when?")
    await store.dialogues.take_in(routed)
    clock.pass_seconds(50)
    await store.dialogues.answer(key, "anna", reply(3, clock))
    figures = await store.dialogues.figures(began)
    assert (figures.answers, figures.first_answers) == (2, 1)
    assert (figures.first_seconds, figures.each_seconds) == (30.0, 40.0)
    assert (await store.dialogues.figures(began, "jan")).answers == 0
    shown = await store.dialogues.messages(await store.dialogues.get(key))
    assert [one.id for one in shown if one.agent] == ["r1", "r2", "r3"]
    assert (await store.messages.get("r1")).contact_id == answered.contact_id


async def test_the_oldest_of_a_queue_are_offered_and_all_that_are_in_hand(
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.registers.dialogues.OFFERED_AT_ONCE", 2)
    for n in range(4):
        await comes(store, clock, n, of=f"+4860000001{n}")
        clock.pass_seconds(1)
    keys = [one.id for one in await store.dialogues.take_in(routed)]
    assert [one.id for one in await store.dialogues.owed("here")] == keys[:2]
    await store.dialogues.hold(keys[0], "anna", "here", clock.now().replace(hour=23))
    await store.dialogues.hold(keys[3], "jan", "here", clock.now().replace(hour=23))
    assert [one.id for one in await store.dialogues.owed("here")] == keys


async def test_who_has_it_in_hand_keeps_it_and_nobody_else_answers(store: Store, clock: HandClock) -> None:
    key = await opened(store, clock)
    until = clock.now().replace(hour=23)
    await store.dialogues.hold(key, "anna", "here", until)
    assert [one.id for one in await store.dialogues.owed("here")] == [key]
    assert await store.dialogues.owed("there") == []
    with pytest.raises(Refused, match="in hand"):
        await store.dialogues.hold(key, "jan", "there", until)
    with pytest.raises(Refused, match="Another agent"):
        await store.dialogues.answer(key, "jan", reply(1, clock))
    clock.at = until
    assert [one.id for one in await store.dialogues.owed("there")] == [key]
    await store.dialogues.hold(key, "jan", "there", until.replace(minute=59))
    with pytest.raises(Missing):
        await store.dialogues.get("nothing")


async def test_a_form_that_comes_twice_is_one_answer_and_two_agents_are_told(
    store: Store, clock: HandClock
) -> None:
    key = await opened(store, clock)
    for n in (1, 2):
        await store.dialogues.answer(key, "anna", reply(n, clock), after=0)
    clock.pass_seconds(1)
    await store.dialogues.answer(key, "anna", reply(3, clock, "And a map."), after=0)
    shown = await store.dialogues.messages(await store.dialogues.get(key))
    assert [one.text for one in shown if one.agent] == ["On its way.", "And a map."]
    clock.pass_seconds(1)
    await store.dialogues.answer(key, "anna", reply(4, clock), after=2)
    await store.dialogues.give(key, agent=None)
    with pytest.raises(Refused, match="meanwhile"):
        await store.dialogues.answer(key, "jan", reply(5, clock), after=2)
    await store.dialogues.answer(key, "jan", reply(6, clock), after=3)
    with pytest.raises(Refused, match="Another agent has this"):
        await store.dialogues.answer(key, "anna", reply(7, clock), after=3)
    assert (await store.dialogues.get(key)).answers == 4


async def test_what_is_closed_stays_closed_and_the_next_message_opens_another(
    store: Store, clock: HandClock
) -> None:
    key = await opened(store, clock)
    closed = await store.dialogues.close(key, "informed", actor=JAN, reason="spam")
    assert (closed.state, closed.owed_since, closed.disposition) == (DialogueState.CLOSED, None, "informed")
    with pytest.raises(Refused, match="closed"):
        await store.dialogues.answer(key, "anna", reply(1, clock))
    await comes(store, clock, 2)
    (again,) = await store.dialogues.take_in(routed)
    assert again.id != key
    entries = await store.accounts.audit.entries(AuditFilter(action="dialogue.closed"), limit=5)
    assert [one.note.data["reason"] for one in entries] == ["spam"]


async def test_the_inbox_lists_by_queue_agent_and_what_is_owed_a_page_at_a_time(
    store: Store, clock: HandClock
) -> None:
    for n in range(5):
        clock.pass_seconds(1)
        await comes(store, clock, n, of=f"+4860000001{n}")
    made = await store.dialogues.take_in(routed)
    await store.dialogues.give(made[0].id, agent="anna", queue="service", actor=JAN, reason="knows her")
    listed = store.dialogues.list
    first = await listed(DialogueFilter(), limit=3)
    rest = await listed(DialogueFilter(), limit=3, after=first.after)
    assert [one.dialogue.id for one in (*first.items, *rest.items)] == [one.id for one in reversed(made)]
    assert [one.dialogue.agent for one in (await listed(DialogueFilter(agent="anna"))).items] == ["anna"]
    assert len((await listed(DialogueFilter(agent=""))).items) == 4
    assert len((await listed(DialogueFilter(queue="service", owed=True))).items) == 1
    assert [one.dialogue.id for one in await store.dialogues.of_agent("anna")] == [made[0].id]


def test_who_reads_a_message_and_where_follows_from_rules() -> None:
    words = OptingWords()
    read = {
        text: needs_person(text, automatic=False, words=words, keywords={bare("balance")})
        for text in (
            "STOP",
            "stop it please now",
            "Balance!",
            "My balance?",
            "5",
            "👍",
            "help",
            "Start",
        )
    }
    assert read == {
        "STOP": False,
        "stop it please now": True,
        "Balance!": False,
        "My balance?": True,
        "5": True,
        "👍": True,
        "help": True,
        "Start": True,
    }
    assert not needs_person("I am away until Monday.", automatic=True, words=words)
    rules = DialogueRules("usual", {OURS: "orders"}, {"spring": "sales"}, {"pl": "polish"})
    assert rules.queue_for("spring", OURS) == "sales"
    assert rules.queue_for("autumn", OURS) == "orders"
    assert rules.queue_for(None, "") == "usual"
    assert rules.skills_for("pl-PL") == ("polish",)
    assert rules.skills_for(None) == ()
