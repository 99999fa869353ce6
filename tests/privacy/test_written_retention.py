"""What was written: a message's words go before its row, a chat goes whole; what is held or unsent stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text

from compliance.facts import Channel
from engine.changes import InteractionAdded
from engine.chat.history_row import interaction_of_chat
from engine.chat.leading import Walked
from engine.chat.lines import ChatLines
from engine.registers.dialogues import DialogueFilter
from engine.registers.messages import Message, MessageFilter, Move
from engine.registers.retention import RetentionKind
from engine.registers.timeline import TimelineFilter
from engine.retention import delete_overdue
from history.interaction import ContactPoint, PointKind
from messaging.chat import Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.links import short_link
from messaging.provider import Incoming
from messaging.states import MessageState
from store.database import create_engine, database_url
from store.registers.written_retention import WORDS_OF_MESSAGES
from store.store import Store
from tests.conftest import HandClock
from tests.filled import filled
from tests.store.people import WE

ANNA, JAN = "+48600000001", "+48600000002"
MONTH = timedelta(days=30)
AT = datetime(2026, 11, 1, tzinfo=UTC)


async def wrote(store: Store, clock: HandClock, id: str, to: str) -> Message:
    """A message that was delivered, with a link."""
    now = clock.now()
    message = Message(id, now, Channel.SMS, ContactPoint(PointKind.PHONE, to), "tulips", subject="tulips")
    link = short_link(id.encode().ljust(8), id, "https://shop.example.com/tulips", now)
    await store.messages.add([message], [replace(link, expires_at=now + timedelta(days=1))])
    queue = store.message_queue("w1")
    await queue.claim(Channel.SMS, limit=9, lease_seconds=30)
    for state in (MessageState.SENDING, MessageState.ACCEPTED, MessageState.DELIVERED):
        await queue.move([Move(id, state, now, provider="one", leased_until=now)])
    return await store.messages.get(id)


async def test_words_go_first_and_rows_with_those_of_the_history(store: Store, clock: HandClock) -> None:
    sent, held = await wrote(store, clock, "m1", ANNA), await wrote(store, clock, "m2", JAN)
    later = clock.now() + timedelta(days=400)
    waits = replace(sent, id="m3", state=MessageState.QUEUED, not_before=later, expires_at=None)
    await store.messages.add([waits])
    came = Incoming("one", Channel.SMS, ANNA, "100", "tulips?", clock.now(), "x1")
    await store.message_queue("w1").take(came, opted_out=False)
    (dialogue,) = await store.dialogues.take_in(lambda message: "orders")
    reply = Message("r1", clock.now(), Channel.SMS, sent.point, "tulips!", agent="anna")
    await store.dialogues.answer(dialogue.id, "anna", reply)
    await store.messages.stop(WE, "r1", "no")
    await store.dialogues.close(dialogue.id, None)
    hold = await store.privacy.hold(WE, f"contact:{held.contact_id}", "a court asks")

    clock.pass_seconds(32 * 86_400)
    periods = {RetentionKind.MESSAGES: MONTH}
    found = await store.retention.overdue(RetentionKind.MESSAGES, clock.now() - MONTH)
    assert found.rows == 4, "three messages and a link"
    deleted = await delete_overdue(store.retention, periods, clock)
    assert deleted == {RetentionKind.MESSAGES: 4}
    texts = {one.id: one.text for one in (await store.messages.list(MessageFilter())).items}
    assert {key: text for key, text in texts.items() if text} == {"m2": "tulips", "m3": "tulips"}
    assert len(texts) == 5
    assert await store.messages.get("m1") == replace(sent, text="", subject="")

    periods = {RetentionKind.INTERACTIONS: MONTH}
    await delete_overdue(store.retention, periods, clock)
    assert {one.id for one in (await store.messages.list(MessageFilter())).items} == {"m2", "m3"}
    assert (await store.dialogues.list(DialogueFilter(state=None))).items == ()
    await store.privacy.lift(WE, hold.id)
    await delete_overdue(store.retention, {RetentionKind.MESSAGES: MONTH} | periods, clock)
    assert [one.id for one in (await store.messages.list(MessageFilter())).items] == ["m3"]


async def test_what_may_go_is_found_without_reading_all_messages(tmp_path: Path) -> None:
    """Once more in the transaction that writes, which on SQLite everybody else waits for."""
    url = filled(f"sqlite:///{tmp_path}/plans.db")
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        for of in WORDS_OF_MESSAGES:
            chosen = select(*of.table.primary_key.columns).where(of.due(AT))
            sql = chosen.compile(engine.sync_engine, compile_kwargs={"literal_binds": True})
            plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))).all()
            told = [str(row[-1]) for row in plan]
            assert not [one for one in told if one == "SCAN messages"], (of.table.name, told)
    await engine.dispose()


async def test_chats_that_are_over_go_whole(store: Store, clock: HandClock) -> None:
    now = clock.now()
    for n, phase in enumerate((ChatPhase.CLOSED, ChatPhase.CLOSED, ChatPhase.TALKING)):
        point = ContactPoint(PointKind.VISITOR, f"browser-{n}")
        line = ChatLine(1, now, Speaker.VISITOR, LineKind.TEXT, "tulips")
        opened = await store.chats.open(Chat(f"ch{n}", "shop", point, "5ec", now, "n1", "hotline"), [line])
        closed_at = now if phase is ChatPhase.CLOSED else None
        await store.chats.keep(replace(opened, phase=phase, closed_at=closed_at), ())
    held = await store.chats.get("ch1")
    await store.privacy.hold(WE, f"contact:{held.contact_id}", "a court asks")
    periods = {RetentionKind.CHATS: MONTH}
    assert await delete_overdue(store.retention, periods, clock) == {}
    clock.pass_seconds(31 * 86_400)
    assert await delete_overdue(store.retention, periods, clock) == {RetentionKind.CHATS: 1}
    assert [len(await store.chats.lines(f"ch{n}")) for n in range(3)] == [0, 1, 1]


async def test_what_was_said_in_a_chat_is_found_until_transcripts_go(store: Store, clock: HandClock) -> None:
    now = clock.now()
    for n in range(2):
        point = ContactPoint(PointKind.VISITOR, f"browser-{n}")
        said = ChatLine(1, now, Speaker.VISITOR, LineKind.TEXT, "Łódź, tulips")
        opened = await store.chats.open(Chat(f"ch{n}", "shop", point, "5ec", now, "n1", "hotline"), [said])
        over = replace(opened, phase=ChatPhase.CLOSED, closed_at=now)
        row = interaction_of_chat(over, ChatLines([said]), Walked(), invited="", language="en")
        await store.chats.keep(over, (), [InteractionAdded(row, f"x{n}")])

    async def found() -> list[str]:
        page = await store.history.timeline.search("lodz tulips", TimelineFilter())
        return sorted(one.interaction.subject_id for one in page.items)

    assert await found() == ["ch0", "ch1"]
    held = await store.chats.get("ch1")
    await store.privacy.hold(WE, f"contact:{held.contact_id}", "a court asks")
    clock.pass_seconds(32 * 86_400)
    await delete_overdue(store.retention, {RetentionKind.TRANSCRIPTS: MONTH}, clock)
    assert await found() == ["ch1"]
    assert (await store.history.timeline.get("ch0-chat")).transcript is None
    assert [len(await store.chats.lines(f"ch{n}")) for n in range(2)] == [1, 1], "they go by their own age"
