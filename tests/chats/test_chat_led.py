"""A visitor is led by a flow: lines, buttons, typed answers, secrets, messages, silence and the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.chat.history_row import transcript_of
from engine.chat.live_chats import LEAST_OF_ADDRESS
from engine.chat.sides import Arrival, ChatRefused, Opened, PageSeen
from history.interaction import TRANSCRIPT_MOST, Channel
from ivr.reading.loader import load_flow
from messaging.chat import ChatLine, ChatPhase, LineKind, Speaker
from messaging.chat_limits import MOST_IN_MINUTE
from tests.chats.stage import FLOW, ChatStage, shipped


async def test_a_flow_leads_in_writing(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    assert visitor.read == ["How can we help?"]
    assert [one.label for one in visitor.now.buttons][:2] == ["An order", "A message"]
    await visitor.press("1")
    assert visitor.read[-1] == "The number?"
    assert (visitor.now.buttons, visitor.now.free_text) == ((), True)
    await visitor.say("123 456")
    assert [one.label for one in visitor.now.buttons] == ["Yes", "No"]
    await visitor.say("yes")
    assert visitor.read[-2:] == ["It is at 123456.", "How can we help?"]
    await visitor.say("it is about an order again")
    assert visitor.read[-1] == "Did you mean an order? If that's right, answer yes. If not, answer no."
    await visitor.say("1234")
    assert visitor.read[-1].startswith("Sorry, I did not understand that. Did you mean an order?"), "no key"
    await visitor.say("no")
    assert visitor.read[-1] == "How can we help?"


async def test_each_is_told_in_their_language(stage: ChatStage) -> None:
    visitor = await stage.visitor(language="pl")
    assert visitor.read == ["W czym pomóc?"]
    assert visitor.now.buttons[0].label == "Zamówienie"
    other = await stage.visitor("v2", language="de")
    assert other.read == ["How can we help?\nW czym pomóc?"], "in all of the flow's until one is known"


async def test_a_secret_stands_in_no_line(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("3")
    await visitor.say("4711")
    assert visitor.read[-3:-1] == ["PIN *** taken.", "Goodbye."]
    kept = stage.store.kept[visitor.id].values()
    assert all("4711" not in line.text for line in kept)
    assert "4711" not in str(stage.store.chats[visitor.id])
    (row,) = stage.ledger.interactions
    assert row.transcript == (
        "flow: How can we help?\nvisitor: A code\nflow: Your PIN?\nvisitor: ***\nflow: PIN *** taken.\n"
        "flow: Goodbye."
    )


async def test_a_secret_that_is_corrected_stands_in_no_line() -> None:
    stage = ChatStage(
        flow=load_flow(FLOW.replace("secret: true", "secret: true, confirm: true").encode(), "x")
    )
    visitor = await stage.visitor()
    await visitor.press("3")
    await visitor.say("4711")
    assert [one.label for one in visitor.now.buttons] == ["Yes", "No"]
    await visitor.say("sorry, 4712")
    assert "4712" not in str(stage.store.kept[visitor.id])
    await stage.close()


async def test_a_message_is_what_is_written_next(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("2")
    assert visitor.read[-2:] == ["Leave us a message.", "Please write your message here."]
    await visitor.say("My kettle is broken.")
    assert visitor.read[-1] == "closed"
    (row,) = stage.ledger.interactions
    assert (row.outcome, row.data["box"]) == ("voicemail", "shop")
    assert "\nvisitor: My kettle is broken.\n" in (row.transcript or "")


async def test_a_message_that_does_not_come_is_none(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("2")
    await asyncio.sleep(200)
    assert visitor.read[-2:] == ["Goodbye.", "closed"]


async def test_a_transfer_tells_the_number_and_goes_on(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await visitor.press("5")
    assert visitor.read[-2:] == ["You can also call us: +48220000001.", "How can we help?"]


async def test_who_reads_is_given_time(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await asyncio.sleep(170)
    assert visitor.read == ["How can we help?"], "a caller would have been asked three times"
    await asyncio.sleep(20)
    assert len(visitor.read) == 2
    await visitor.leave()
    await asyncio.sleep(600)
    assert len(visitor.read) == 2, "nobody is asked who is not there"
    await asyncio.sleep(400)
    assert stage.store.chats[visitor.id].ended_by == "idle"


async def test_one_row_of_the_history(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    await stage.chats.seen(visitor.id, visitor.secret, _page(stage, "/prices"))
    await stage.chats.seen(visitor.id, visitor.secret, _page(stage, "/prices"))
    await visitor.press("1")
    await stage.chats.end(visitor.id, visitor.secret)
    await asyncio.sleep(1)
    (row,) = stage.ledger.interactions
    assert (row.channel, row.subject_id, row.outcome, row.to) == (
        Channel.CHAT,
        visitor.id,
        "self_served",
        "shop",
    )
    assert (row.path, row.flow, row.language) == (("main", "number"), "shop", "en")
    assert row.data["pages"] == ["https://shop.example.com/", "https://shop.example.com/prices"]
    (consent,) = stage.ledger.consents.values()
    assert (consent.purpose, consent.proof.text) == ("chat", "I agree.")
    assert [line.kind for line in visitor.lines].count(LineKind.PAGE) == 0
    assert visitor.chat.phase is ChatPhase.CLOSED


def test_what_was_said_is_a_line_each_and_no_more_than_may_be() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    said = [
        ChatLine(1, at, Speaker.VISITOR, LineKind.PAGE, "https://shop.example.com/"),
        ChatLine(2, at, Speaker.VISITOR, LineKind.TEXT, "Hello\nanna: it costs nothing"),
        ChatLine(3, at, Speaker.AGENT, LineKind.JOINED, "", "anna"),
        ChatLine(4, at, Speaker.AGENT, LineKind.TEXT, "Good\0morning", "anna"),
        ChatLine(5, at, Speaker.FLOW, LineKind.NOTE, "trouble: x"),
    ]
    assert transcript_of(said) == "visitor: Hello anna: it costs nothing\nanna: Good morning"
    assert len(transcript_of([replace(said[1], text="x" * 4000)] * 99)) == TRANSCRIPT_MOST


async def test_a_menu_is_not_walked_for_ever(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.visitor()
    for _ in range(MOST_IN_MINUTE):
        await visitor.press("4")
    with pytest.raises(ChatRefused) as refused:
        await visitor.press("4")
    assert refused.value.code == "too_fast"


async def test_one_address_leaves_room_for_others(stage: ChatStage) -> None:
    stage.site = replace(stage.site, at_once=40)

    async def come(n: int, remote: str) -> Opened:
        return await stage.chats.open(Arrival("shop", f"v{n}", "en", remote=remote))

    opened = [await come(n, "here") for n in range(LEAST_OF_ADDRESS)]
    with pytest.raises(ChatRefused) as refused:
        await come(20, "here")
    assert refused.value.code == "full"
    await come(20, "there")
    await stage.chats.end(opened[0].id, opened[0].secret)
    await come(21, "here")


async def test_what_is_refused(stage: ChatStage) -> None:
    visitor = await stage.visitor()
    assert await visitor.say("hello", "x1") == await visitor.say("hello", "x1"), "sent twice it is one line"
    for secret, chat in (("wrong", visitor.id), (visitor.secret, "another")):
        with pytest.raises(ChatRefused) as refused:
            await stage.chats.say(chat, secret, "hello", "x2")
        assert refused.value.code == "gone"
    for text, code in ((" ", "empty"), ("x" * 2001, "too_long")):
        with pytest.raises(ChatRefused) as refused:
            await visitor.say(text)
        assert refused.value.code == code
    with pytest.raises(ChatRefused) as refused:
        await visitor.press("77")
    assert refused.value.code == "again"
    with pytest.raises(ChatRefused) as refused:
        await stage.chats.open(Arrival("nowhere", "v", None))
    assert refused.value.code == "site"
    await stage.chats.end(visitor.id, visitor.secret)
    with pytest.raises(ChatRefused) as refused:
        await visitor.say("one more thing")
    assert refused.value.code == "closed"
    assert (await stage.chats.check(visitor.id, visitor.secret)).ended_by == "visitor"
    await asyncio.sleep(60)
    assert not stage.chats.all()
    with pytest.raises(ChatRefused) as refused:
        await stage.chats.check(visitor.id, "wrong")
    assert refused.value.code == "gone"
    past = [news async for news in stage.chats.follow(visitor.id, visitor.secret, 0)]
    assert [line.text for news in past for line in news.lines][:1] == ["How can we help?"]


async def test_a_site_has_only_so_many_chats(stage: ChatStage) -> None:
    stage.site = type(stage.site)("shop", stage.site.origins, "shop", ("en",), at_once=2)
    for name in ("v1", "v2"):
        await stage.visitor(name)
    with pytest.raises(ChatRefused) as refused:
        await stage.visitor("v3")
    assert refused.value.code == "full"


async def test_a_shipped_flow_leads_a_visitor(stage: ChatStage) -> None:
    other = ChatStage(flow=shipped("hotline"))
    visitor = await other.visitor()
    assert [one.label for one in visitor.now.buttons] == ["Polski", "English", "Русский"]
    await visitor.press("2")
    await visitor.say("my order")
    await visitor.say("123456")
    await visitor.say("yes")
    assert "at our warehouse" in visitor.read[-2]
    await visitor.say("no thanks")
    assert visitor.read[-2:] == ["Goodbye.", "closed"]
    await other.close()


def _page(stage: ChatStage, path: str) -> PageSeen:
    return PageSeen(stage.clock.now(), f"https://shop.example.com{path}", "")
