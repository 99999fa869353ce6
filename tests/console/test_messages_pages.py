"""/messages and below: found by filters, told whole, those in doubt decided, each order audited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from compliance.decision import Checked, Decision, Verdict
from compliance.facts import Channel
from engine.registers.decisions import DecisionPlan, Judgement
from engine.registers.messages import MessageDirection, Move
from engine.registers.permissions import PersonQuery
from history.interaction import ContactPoint, PointKind
from messaging.states import MessageState
from store.store import Store
from tests.console.message_stage import NUMBER, Messaging, lane, open_messages
from tests.console.stage import START, Stage

S = MessageState


@pytest.fixture
async def writing(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Messaging]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_messages(stage, store, tmp_path) as opened:
        yield opened


async def test_messages_are_found(writing: Messaging) -> None:
    room = writing.room
    assert "No messages yet" in await room.page("/messages")
    anna = await writing.person()
    await writing.person("+48600000002", "Annabel")
    await writing.written("m1", S.DELIVERED, template="order_sent")
    await writing.written("m2", S.IN_DOUBT, provider="south")
    await writing.written("m3", S.FAILED, why="absent", code="11", mailing="june")
    email = ContactPoint(PointKind.EMAIL, "jan@example.com")
    await writing.written("m4", channel=Channel.EMAIL, point=email, at=START - timedelta(days=2))
    await writing.written("m5", S.DELIVERED, direction=MessageDirection.INBOUND)
    page = await room.page("/messages")
    for seen in (
        "Anna",
        "+48 600 000 001",
        "Delivered",
        "In doubt",
        "Failed",
        "Waiting",
        "Received",
        "absent",
    ):
        assert seen in page, seen
    assert "Text of m1" not in page, "what is written stands on the message's own page"
    assert "message.seen" in await room.office.told("message:m1")
    for query, ids in (
        ("view=doubtful", "2"),
        ("view=failed", "3"),
        ("view=waiting", "4"),
        ("view=received", "5"),
        ("state=delivered", "15"),
        ("channel=email", "4"),
        ("provider=south", "2"),
        ("template=order_sent", "1"),
        ("mailing=june", "3"),
        (f"contact={anna.id}", "1235"),
        ("q=600+000+001", "1235"),
        ("from=2026-11-17&to=2026-11-17", "1235"),
        ("view=failed&provider=south", ""),
    ):
        page = await room.page(f"/messages?{query}")
        assert [n for n in "12345" if f'href="/messages/m{n}"' in page] == list(ids), query
    assert "Nothing is found" in await room.page("/messages?q=nobody")
    page = await room.page("/messages?q=Anna")
    assert "Several people may be meant" in page
    assert "Annabel" in page
    for query, told in (
        ("view=none", "`view` is one of"),
        ("state=none", "`state` is one of"),
        ("channel=none", "`channel` is one of"),
        ("from=yesterday", "`from` is a date"),
        ("after=x", "`after` is not the place"),
        (f"q={'x' * 101}", "Shorten it"),
    ):
        assert told in await room.page(f"/messages?{query}", 400), query
    assert "no such contact" in await room.page("/messages?contact=none", 404)


async def test_pages_follow_each_other(writing: Messaging) -> None:
    for n in range(41):
        await writing.written(f"m{n:02}", at=START + timedelta(seconds=n))
    page = await writing.room.page("/messages?view=waiting")
    assert "/messages/m01" in page
    assert "/messages/m00" not in page
    following = page.split('rel="next" href="', 1)[1].split('"', 1)[0]
    page = await writing.room.page(following)
    assert "/messages/m00" in page
    assert "/messages/m01" not in page


async def test_those_in_doubt_are_decided(writing: Messaging) -> None:
    room = writing.room
    for one in ("m1", "m2", "m3"):
        await writing.written(one, S.IN_DOUBT)
    assert 'name="message:m1"' in await room.page("/messages?view=doubtful")
    assert "message:m1" not in await room.page("/messages")
    ticked = {"message:m1": "yes", "view": "doubtful"}
    assert "Tick 1 to" in await room.send("/messages/orders", 422, order="leave", reason="no")
    assert "reason" in await room.send("/messages/orders", 422, order="leave", **ticked)
    assert "`order` is" in await room.send("/messages/orders", 400, order="burn", **ticked)
    led = await room.send("/messages/orders", 303, order="leave", reason="She called", **ticked)
    assert led == "/messages?view=doubtful&done=leave"
    assert "/messages/m1" not in await room.page(led)
    assert "Left as it is: She called" in await room.page("/messages/m1")
    assert await room.send("/messages/m2/orders/resend") == "/messages/m2?done=resend"
    assert (await writing.store.messages.get("m2")).state is S.QUEUED
    assert "changed meanwhile" in await room.send("/messages/m2/orders/resend", 409)
    both = {"message:m2": "yes", "message:m3": "yes"}
    assert "Done: 1" in await room.send("/messages/orders", 409, order="resend", **both)
    assert await room.send("/messages/m2/orders/stop", reason="Not needed") == "/messages/m2?done=stop"
    assert "no such message" in await room.send("/messages/none/orders/stop", 404, reason="x")
    told = [await room.office.told(f"message:{one}") for one in ("m1", "m2", "m3")]
    assert [[did for did in one if did != "message.seen"] for one in told] == [
        ["message.left"],
        ["message.resent", "message.stopped"],
        ["message.resent"],
    ]


async def test_an_order_takes_its_token(writing: Messaging) -> None:
    await writing.written("m1", S.IN_DOUBT)
    answer = await writing.room.office.post("/messages/m1/orders/resend", {})
    assert answer.status == 403
    assert (await writing.store.messages.get("m1")).state is S.IN_DOUBT


async def test_a_message_tells_its_journey(writing: Messaging) -> None:
    room, clock = writing.room, writing.room.office.clock
    anna = await writing.person()
    await writing.written(
        "m1", text="Your order is ready — <b>Anna</b>", template="order_sent", language="en", call_id="c1"
    )
    queue = writing.store.message_queue("w1")
    clock.at += timedelta(seconds=60)
    await queue.claim(Channel.SMS, limit=5, lease_seconds=30)
    until = clock.at + timedelta(seconds=60)
    now = clock.at
    await queue.move([Move("m1", S.SENDING, now, claimed=True, provider="north", leased_until=until)])
    accepted = Move("m1", S.ACCEPTED, now, attempt=1, references=("r-1",), cost=12, currency="PLN")
    await queue.move([accepted])
    await queue.move([Move("m1", S.DELIVERED, now + timedelta(seconds=75))])
    decision = Decision(True, None, None, None, (Checked("pl-pke/hours", Verdict.PASS),))
    await room.parts.decisions.decide(
        PersonQuery(Channel.SMS, START, point=ContactPoint(PointKind.PHONE, NUMBER), contact_id=anna.id),
        DecisionPlan("message:m1", "service", "agentless"),
        lambda _: Judgement(decision, ("pl-pke 3",)),
        now,
    )
    answer = await room.office.page("/messages/m1")
    raw = await answer.text()
    assert "&lt;b&gt;Anna&lt;/b&gt;" in raw
    page = await room.page("/messages/m1")
    for seen in (
        "Handed over", "Delivered", "after 1:15", "r-1", "PLN", "0.12", "1 part", "UCS-2", "—, letter 21",
        "Allowed", "1 rule was asked", "pl-pke/hours", "pl-pke 3", f"/contacts/{anna.id}", "/calls/c1",
        "/messages/templates/order_sent", "1:15",
    ):  # fmt: skip
        assert seen in page, seen
    assert 'href="/messages/m1"' in await room.page(f"/contacts/{anna.id}"), "its row of the timeline"
    assert "There is no such message" in await room.page("/messages/none", 404)


async def test_a_code_is_not_shown(writing: Messaging) -> None:
    await writing.written("m1", text="Code 123456", data={"shown": "Code …"})
    page = await writing.room.page("/messages/m1")
    assert "123456" not in page
    assert "The code in it is not shown" in page


async def test_templates_tell_their_mistakes_and_read_for_a_person(
    writing: Messaging, tmp_path: Path
) -> None:
    room = writing.room
    anna = await writing.person(language="pl")
    broken = tmp_path / "messages" / "broken.yaml"
    broken.write_text("template: broken\npurpose: servise\nlanguages: [pl]\ntext: {pl: Hi}\n", "utf-8")
    odd = tmp_path / "messages" / "odd.yaml"
    odd.write_text(
        'template: odd\npurpose: service\nlanguages: [en]\ntext: "Hi\\n{ordr}"\ntakes: [order]\n', "utf-8"
    )
    page = await room.page("/messages/templates")
    for seen in ("order_sent", "broken", "1 mistake", "UCS-2", "1 part or more", "none"):
        assert seen in page, seen
    page = await room.page("/messages/templates/broken")
    assert "line 2" in page
    assert "purpose is one of" in page
    page = await room.page("/messages/templates/odd")
    assert "did you mean {order}?" in page
    page = await room.page("/messages/templates/order_sent")
    for seen in ("When city", "whoever sends gives it", "customer", "made with the message"):
        assert seen in page, seen
    page = await room.page("/messages/templates/order_sent?q=Anna&value:order=A/7")
    for seen in (
        "Anna, zamówienie A/7 jest w drodze: https://example.com/s/", "https://shop.example/orders/A%2F7",
        "1 part, UCS-2", "letter 10",
    ):  # fmt: skip
        assert seen in page, seen
    assert "contact.seen" in await room.office.told(f"contact:{anna.id}")
    assert "order is not known of this person" in await room.page(
        f"/messages/templates/order_sent?contact={anna.id}"
    )
    assert "Nobody is found" in await room.page("/messages/templates/order_sent?q=Zoe")
    await writing.person("+48600000002", "Annabel")
    assert "Several people" in await room.page("/messages/templates/order_sent?q=Anna")
    assert "no such template" in await room.page("/messages/templates/none", 404)


async def test_providers_tell_how_they_do(writing: Messaging) -> None:
    room = writing.room
    assert "No providers" in await room.page("/messages/providers")
    writing.lanes += [lane("north"), lane("south", standing=False, why="the bind is refused")]
    writing.lanes += [lane("west", why="tried again: nobody answered")]
    times = {"sent_at": START, "delivered_at": START + timedelta(seconds=4)}
    await writing.written("m1", S.DELIVERED, **times)
    await writing.written("m2", S.FAILED)
    await writing.written("m3", S.DELIVERED, provider="old")
    room.office.clock.at += timedelta(seconds=20)
    page = await room.page("/parts/messages/providers")
    for seen in (
        "north",
        "Ready",
        "0 of 20 at once",
        "50 a second",
        "Away",
        "the bind is refused",
        "tried again: nobody answered",
        "Not here",
    ):
        assert seen in page, seen
    assert "view=failed&provider=north" in page
    assert "4.0 s" in page
