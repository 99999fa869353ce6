"""What an engine leaves behind, and a store that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.changes import Change
from engine.chat.live_chats import STORE_SECONDS
from engine.chat.recovery import AGAIN_SECONDS
from engine.chat.sides import ChatRefused
from engine.ports import StoreUnavailable
from ivr.reading.loader import load_flow
from messaging.chat import Chat, ChatLine, ChatPhase, LineKind
from tests.chats.stage import FLOW, ChatStage, Visitor


async def after_crash(stage: ChatStage, *visitors: Visitor) -> ChatStage:
    """Another engine, which knows the agents as the first did; the visitors' pages come back."""
    await asyncio.sleep(1)
    await stage.crash()
    other = ChatStage(after=stage)
    other.here("anna")
    await other.chats.start()
    for visitor in visitors:
        visitor.stage = other
        other.visitors.append(visitor)
        await visitor.come()
    return other


async def test_chats_go_on_in_the_next_engine(stage: ChatStage) -> None:
    stage.here("anna")
    led = await stage.visitor("led")
    await led.press("1")
    talks = await stage.talking("anna", "talks")
    await stage.talking("anna", "another")
    await stage.talking("anna", "third")
    waits = await stage.waiting("waits")
    since = waits.chat.since
    await asyncio.sleep(30)
    other = await after_crash(stage, led, talks, waits)
    assert led.read[-2:] == ["Sorry for the short break.", "The number?"]
    assert (talks.chat.phase, talks.chat.agent) == (ChatPhase.TALKING, "anna")
    assert (waits.chat.since, waits.now.position) == (since, 1)
    await led.say("123456")
    assert [one.label for one in led.now.buttons] == ["Yes", "No"]
    await other.desk.say("anna", talks.id, "I am still here.")
    await other.desk.end("anna", talks.id, "")
    await asyncio.sleep(0.1)
    assert talks.read[-1] == "A grade?"
    assert other.offered_to(waits.id) == "anna", "as soon as there is room"
    seqs = [line.seq for line in waits.lines]
    assert seqs == sorted(set(seqs)), "each line once"
    await other.close()


async def test_who_talked_with_somebody_who_is_gone_is_offered_again(stage: ChatStage) -> None:
    stage.here("jan")
    visitor = await stage.talking("jan")
    other = await after_crash(stage, visitor)
    assert "cut off" in visitor.read[-1]
    await other.desk.take("anna", visitor.id)
    await asyncio.sleep(0.1)
    assert visitor.chat.agent == "anna"
    await other.close()


async def test_a_flow_that_was_changed_begins_anew(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("1")
    await asyncio.sleep(1)
    await stage.crash()
    changed = load_flow(FLOW.replace("How can we help?", "What is it about?").encode(), "shop.yaml")
    other = ChatStage(after=stage, flow=changed)
    await other.chats.start()
    visitor.stage = other
    other.visitors.append(visitor)
    await visitor.come()
    assert visitor.read[-1] == "What is it about?"
    assert stage.store.chats[visitor.id].flow_version == changed.version
    await other.close()


async def test_a_store_that_is_away_at_the_start_is_asked_again(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("1")
    await asyncio.sleep(1)
    await stage.crash()
    other = ChatStage(after=stage)
    other.store.away = True
    await other.chats.start()
    with pytest.raises(ChatRefused) as refused:
        await other.chats.check(visitor.id, visitor.secret)
    assert refused.value.code == "away"
    other.store.away = False
    await asyncio.sleep(10)
    visitor.stage = other
    other.visitors.append(visitor)
    await visitor.come()
    await visitor.say("123456")
    assert [one.label for one in visitor.now.buttons] == ["Yes", "No"]
    await other.close()


async def test_nothing_is_lost_while_the_store_is_away(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    stage.store.away = True
    for n in range(3):
        await visitor.say(f"line {n}")
    await stage.desk.say("anna", visitor.id, "I see.")
    assert len(stage.store.kept[visitor.id]) < len(visitor.lines)
    await asyncio.sleep(30)
    assert "We have trouble" in visitor.read[-1]
    with pytest.raises(ChatRefused) as refused:
        await stage.visitor("another")
    assert refused.value.code == "away"
    await stage.chats.end(visitor.id, visitor.secret)
    stage.store.away = False
    await asyncio.sleep(10)
    kept = stage.store.kept[visitor.id]
    assert list(kept) == sorted(kept)
    assert [one.text for one in kept.values() if one.text.startswith("line")] == [
        "line 0",
        "line 1",
        "line 2",
    ]
    assert stage.store.chats[visitor.id].phase is ChatPhase.CLOSED
    (row,) = stage.ledger.interactions
    assert row.outcome == "answered"


async def test_who_is_joined_meanwhile_is_kept_as_who_they_are(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await stage.store.join(visitor.id, "+48600000001")
    await visitor.press("1")
    await asyncio.sleep(1)
    chat = stage.store.chats[visitor.id]
    assert (chat.contact_id, chat.last_seq) == ("contact of +48600000001", len(stage.store.kept[visitor.id]))
    await visitor.say("654321")
    await asyncio.sleep(1)
    assert stage.store.chats[visitor.id].last_seq == len(stage.store.kept[visitor.id])


async def test_nothing_comes_back_of_who_was_erased(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    await stage.chats.end(visitor.id, visitor.secret)
    await asyncio.sleep(1)
    chat = stage.store.chats[visitor.id]
    erased = replace(chat, page="", secret_hash="erased", version=chat.version + 1)
    stage.store.chats[visitor.id] = erased
    await stage.desk.end("anna", visitor.id, "sale")
    await asyncio.sleep(1)
    assert stage.store.chats[visitor.id] == erased


async def test_a_fault_ends_a_chat_with_a_word(stage: ChatStage, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = await stage.visitor()
    chat = stage.chats.get(visitor.id)
    assert chat is not None

    def broken(text: str) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(chat._leading, "answer", broken)
    await visitor.say("hello")
    assert "broken on our side" in visitor.read[-2]
    assert (visitor.chat.ended_by, visitor.chat.outcome) == ("fault", "failed")
    notes = [line.text for line in stage.store.kept[visitor.id].values() if line.kind is LineKind.NOTE]
    assert notes == ["trouble: RuntimeError"], "a fault may quote what the visitor wrote"


async def test_what_cannot_be_written_does_not_leave_a_chat_open(stage: ChatStage) -> None:
    keeps = stage.store.keep

    async def strange(chat: Chat, lines: Sequence[ChatLine], changes: Sequence[Change] = ()) -> Chat:
        if changes:
            raise TypeError("this is no JSON")
        return await keeps(chat, lines)

    stage.store.keep = strange  # type: ignore[method-assign]
    visitor = await stage.visitor()
    await visitor.say("hello")
    await stage.chats.end(visitor.id, visitor.secret)
    await asyncio.sleep(1)
    assert not stage.store.chats[visitor.id].is_open
    kept = stage.store.kept[visitor.id].values()
    assert [line.kind for line in kept][-1] is LineKind.CLOSED
    assert "hello" in [line.text for line in kept]


async def test_an_engine_that_closes_leaves_no_chat_that_is_being_opened() -> None:
    stage = ChatStage()
    await stage.chats.start()

    async def hung(chat: Chat, lines: Sequence[ChatLine]) -> Chat:
        never: asyncio.Future[Chat] = asyncio.get_running_loop().create_future()
        try:
            return await never
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)  # it puts its connection back
            raise

    stage.store.open = hung  # type: ignore[method-assign]
    with pytest.raises(ChatRefused):
        await stage.visitor()
    await stage.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_a_slow_store_opened_after_all_is_not_open_for_ever(stage: ChatStage) -> None:
    opens = stage.store.open

    async def slow(chat: Chat, lines: Sequence[ChatLine]) -> Chat:
        opened = await opens(chat, lines)
        await asyncio.sleep(2 * STORE_SECONDS)  # its answer
        return opened

    stage.store.open = slow  # type: ignore[method-assign]
    with pytest.raises(ChatRefused) as refused:
        await stage.visitor()
    assert refused.value.code == "away"
    (one,) = stage.store.chats.values()
    assert one.is_open
    await asyncio.sleep(stage.site.idle_seconds + 60)
    assert not stage.store.chats[one.id].is_open


async def test_a_slow_store_is_not_asked_by_ever_more(stage: ChatStage) -> None:
    stage.site = replace(stage.site, at_once=2)
    asked: list[str] = []

    async def slow(chat: Chat, lines: Sequence[ChatLine]) -> Chat:
        asked.append(chat.id)
        await asyncio.sleep(60)
        raise StoreUnavailable("The database is away.")

    opens, stage.store.open = stage.store.open, slow  # type: ignore[method-assign]
    codes = []
    for n in range(3):
        with pytest.raises(ChatRefused) as refused:
            await stage.visitor(f"v{n}")
        codes.append(refused.value.code)
    assert (codes, len(asked)) == (["away", "away", "full"], 2)
    await asyncio.sleep(60)
    stage.store.open = opens  # type: ignore[method-assign]
    assert (await stage.visitor()).read, "they count no longer"


async def test_a_flow_knows_the_sites_number_in_the_next_engine_too(stage: ChatStage) -> None:
    flow = load_flow(FLOW.replace("PIN {pin} taken.", "PIN taken at {dialled}.").encode(), "shop.yaml")
    before = ChatStage(flow=flow)
    await before.chats.start()
    visitor = await before.visitor()
    await visitor.press("3")
    await before.crash()
    other = ChatStage(after=before, flow=flow)
    await other.chats.start()
    await other.chats.say(visitor.id, visitor.secret, "4711", "x1")
    await asyncio.sleep(1)
    texts = [line.text for line in other.store.kept[visitor.id].values()]
    assert "PIN taken at 100." in texts
    await other.close()


async def test_a_store_that_comes_back_does_not_lead_anybody_twice(stage: ChatStage) -> None:
    before = await stage.visitor("before")
    await asyncio.sleep(1)
    await stage.crash()
    other = ChatStage(after=stage)
    other.store.away = True
    await other.chats.start()
    with pytest.raises(ChatRefused) as refused:  # it is not over: only not known yet
        await other.chats.say(before.id, before.secret, "hello", "x1")
    assert refused.value.code == "away"
    other.store.away = False
    listed = other.store.list

    async def slow(*given: Any, **more: Any) -> Any:
        await asyncio.sleep(1.5)
        return await listed(*given, **more)

    other.store.list = slow  # type: ignore[method-assign]
    await asyncio.sleep(AGAIN_SECONDS - 0.5)  # it is asked again in a moment
    visitor = await other.visitor("after")
    await asyncio.sleep(2)
    texts = [line.text for line in other.store.kept[visitor.id].values() if line.kind is LineKind.TEXT]
    assert texts == ["How can we help?"]
    assert await other.chats.say(before.id, before.secret, "hello", "x1")
    await other.close()


async def test_a_row_that_cannot_be_read_keeps_no_hotline_from_its_start(stage: ChatStage) -> None:
    broken, whole = await stage.visitor("broken"), await stage.visitor("whole")
    await whole.press("1")
    await asyncio.sleep(1)
    await stage.crash()
    chats = stage.store.chats
    chats[broken.id] = replace(chats[broken.id], state={"events": "many", "dialogue": {"step": 7}})
    other = ChatStage(after=stage)
    await other.chats.start()
    for visitor in (broken, whole):
        visitor.stage = other
        other.visitors.append(visitor)
        await visitor.come()
    assert broken.now.buttons[0].label == "An order"
    assert whole.read[-1] == "The number?"
    await other.close()


async def test_a_line_that_no_database_kept_leaves_the_others_their_numbers(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("1")
    await asyncio.sleep(1)
    await stage.crash()
    del stage.store.kept[visitor.id][1]
    other = ChatStage(after=stage)
    await other.chats.start()
    visitor.stage = other
    other.visitors.append(visitor)
    await visitor.come()
    await visitor.say("123456")
    await asyncio.sleep(1)
    kept = {line.text for line in stage.store.kept[visitor.id].values()}
    assert {"Sorry for the short break.", "123456"} <= kept
    await other.close()
