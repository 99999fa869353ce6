"""Chats at the desk and in the inbox over HTTP: deeds, refusals, and the chat before a call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from console.desk.chat import page_of
from engine.chat.sides import PageSeen
from engine.desk.refusals import DeskRefused
from engine.registers.access import Role
from engine.registers.audit import AuditFilter
from history.interaction import ContactPoint, PointKind
from messaging.chat import Chat, ChatLine, ChatPhase, LineKind, Speaker
from store.store import Store
from tests.console.chat_stage import HandChats
from tests.console.desk_stage import StagedDesks, talking
from tests.console.offices import Office, open_office
from tests.console.people import add_anna
from tests.console.stage import Stage


@pytest.fixture
def chats(stage: Stage) -> HandChats:
    chats = stage.agent_chats = HandChats(stage.clock.now, lambda agent: None)
    return chats


@pytest.fixture
async def store_of_office(tmp_path: Path, make_store: Callable[..., Store]) -> Store:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    return store


@pytest.fixture
async def office(
    stage: Stage, desks: StagedDesks, chats: HandChats, store_of_office: Store
) -> AsyncIterator[Office]:
    desks.people = {"p-anna": "anna", "p-ewa": "ewa"}
    async with open_office(stage, store_of_office) as office:
        await office.add("Jan", Role.ADMIN)
        await office.add("Ewa", Role.SUPERVISOR)
        await office.add("Anna", Role.AGENT)
        assert (await office.sign_in("Anna")).status == 303
        yield office


async def send(office: Office, path: str, status: int, **fields: str) -> str:
    answer = await office.post(path, {"csrf": await office.csrf(), **fields}, {"Accept": "application/json"})
    assert answer.status == status, (path, await answer.text())
    return unescape(await answer.text())


async def shown(office: Office, path: str, status: int = 200) -> str:
    answer = await office.page(path)
    assert answer.status == status, path
    return unescape(await answer.text())


async def test_deeds_of_a_chat_and_their_refusals(office: Office, chats: HandChats) -> None:
    assert "data-chat" not in await shown(office, "/desk/chats")
    chats.opens("one", to="anna")
    page = await shown(office, "/desk/chats")
    assert 'data-chat-offer="one"' in page
    assert "A chat with Visitor is offered to you." in page
    assert "Chat, site shop, queue Deliveries, <" in page
    assert '<p class="written-last">Delivery</p>' in page
    chats.says("one", "4711")
    assert '<p class="written-last">Delivery</p>' in await shown(office, "/desk/chats"), "no number alone"
    chats.says("one", "Where is it?")
    chats.says("one", "***")
    assert '<p class="written-last">Where is it?</p>' in await shown(office, "/desk/chats")
    assert "is over" in await send(office, "/desk/chat-take", 409, chat="nonsense")
    await send(office, "/desk/chat-take", 200, chat="one")
    assert 'data-chat-panel="one"' in await shown(office, "/desk/chats")
    assert "Write 1 to" in await send(office, "/desk/chat-say", 400, chat="one", text="  ")
    assert "Write 1 to" in await send(office, "/desk/chat-say", 400, chat="one", text="x" * 2001)
    await send(office, "/desk/chat-say", 400, chat="one", text="a\0b")
    await send(office, "/desk/chat-say", 200, chat="one", text=" Good morning\r\n", line="l1")
    assert chats.items["one"].lines[-1].text == "Good morning"
    assert chats.items["one"].lines[-1].client_id == "l1"
    page = await shown(office, "/desk/chats")
    assert "Good morning" in page
    assert ">Agent: Jan, ready</option>" in page
    assert ">Agent: Anna, on a call, no room for a chat</option>" in page
    assert ">Queue: Payments</option>" in page
    answer = await office.post("/desk/chat-typing", {"csrf": await office.csrf(), "chat": "one"})
    assert (answer.status, chats.typed) == (204, [("anna", "one")])
    await send(office, "/desk/chat-give", 400, chat="one", to="nowhere")
    assert "choose another" in await send(office, "/desk/chat-give", 409, chat="one", to="agent:nobody")
    await send(office, "/desk/chat-call", 200, chat="one")
    chats.required = True
    assert "outcome" in await send(office, "/desk/chat-end", 409, chat="one", disposition="")
    await send(office, "/desk/chat-end", 200, chat="one", disposition="sale")
    assert "data-chat" not in await shown(office, "/desk/chats")
    chats.opens("two", to="anna")
    await send(office, "/desk/chat-decline", 200, chat="two")
    assert "data-chat" not in await shown(office, "/desk/chats")


async def test_the_person_of_a_chat_stands_where_callers_do_unless_somebody_calls(
    office: Office, chats: HandChats, stage: Stage, desks: StagedDesks
) -> None:
    assert stage.people is not None
    anna = await add_anna(stage.people)
    assert anna.name is not None
    chats.opens("one", to="anna", contact=anna)
    assert anna.name in await shown(office, "/desk/parts/customer?chat=one")
    assert "past-form" in await shown(office, "/desk/parts/timeline?chat=one")
    browser = ContactPoint(PointKind.VISITOR, "fe1072b343fb")
    chats.opens("seen", to="anna", contact=replace(anna, points=(*anna.points, browser)))
    about = await shown(office, "/desk/parts/customer?chat=seen")
    assert anna.name in about
    assert browser.value not in about, "it tells nobody anything"
    chats.opens("theirs", to="ewa", contact=anna)
    assert anna.name not in await shown(office, "/desk/parts/customer?chat=theirs")
    assert anna.name not in await shown(office, "/desk/parts/customer?chat=nonsense")
    chats.opens("over", to="anna", contact=anna)
    await chats.take("anna", "over")
    assert anna.name in await shown(office, "/desk/parts/customer?chat=over")
    item = chats.items["over"]
    over = replace(item.row, chat=replace(item.row.chat, phase=ChatPhase.CLOSED))
    chats.items["over"] = replace(item, row=over)
    assert anna.name not in await shown(office, "/desk/parts/customer?chat=over"), "long over"
    chats.items["over"] = replace(item, row=over, wrap_up_until=stage.clock.now())
    assert anna.name in await shown(office, "/desk/parts/customer?chat=over")
    desks.show(talking(stage.clock.now()))
    assert anna.name not in await shown(office, "/desk/parts/customer?chat=one")
    assert f"contact:{anna.id}" in await _seen(office)


async def test_a_call_has_the_lines_of_the_chat_before_it(
    office: Office, stage: Stage, desks: StagedDesks, store_of_office: Store
) -> None:
    assert stage.people is not None
    now = stage.clock.now()
    anna = await add_anna(stage.people)
    point = ContactPoint(PointKind.VISITOR, "v1")
    opened = now - timedelta(hours=2)
    chat = Chat(
        "c1", "shop", point, "x", opened, "here", "hotline", ChatPhase.CLOSED,
        contact_id=anna.id, agent="jan", last_seq=3, last_at=opened, closed_at=opened,
    )  # fmt: skip
    lines = (
        ChatLine(1, opened, Speaker.VISITOR, LineKind.PAGE, "https://shop.example.com/"),
        ChatLine(2, opened, Speaker.VISITOR, LineKind.TEXT, "<i>Is it blue?</i>"),
        ChatLine(3, opened, Speaker.AGENT, LineKind.TEXT, "It is red.", agent="jan"),
    )
    await store_of_office.chats.open(chat, lines)
    view = talking(now)
    assert view.popup is not None
    desks.show(replace(view, popup=replace(view.popup, contact=anna)))
    object.__setattr__(stage.people, "chats", store_of_office.chats)
    page = await (await office.page("/desk/parts/customer")).text()
    assert "Chat before this call" in page
    assert "&lt;i&gt;Is it blue?" in page
    assert "It is red." in page
    later = now + timedelta(hours=7)
    desks.show(replace(desks.shown, now=later))
    assert "Chat before this call" not in await shown(office, "/desk/parts/customer")


async def test_a_supervisor_reads_passes_on_and_ends_with_a_reason(office: Office, chats: HandChats) -> None:
    chats.opens("one", to="anna")
    for path in ("/inbox/chats", "/inbox/chats/one", "/parts/inbox/chats", "/parts/inbox/chats/one"):
        await shown(office, path, 403)
    assert (await office.sign_in("Ewa")).status == 303
    page = await shown(office, "/inbox/chats")
    assert 'href="/inbox/chats/one"' in page
    assert "Delivery" in page
    assert 'href="/inbox/chats/one"' in await shown(office, "/parts/inbox/chats")
    assert "What is it about?" in await shown(office, "/inbox/chats/one")
    assert 'hx-get="/parts/inbox/chats/one"' in await shown(office, "/inbox/chats/one")
    assert "What is it about?" in await shown(office, "/parts/inbox/chats/one")
    await shown(office, "/inbox/chats/nonsense", 404)
    await shown(office, "/parts/inbox/chats/nonsense", 404)
    assert "Write why" in await send(office, "/inbox/chats/one/give", 422, to="agent:ewa")
    await send(office, "/inbox/chats/one/give", 422, to="nonsense", reason="x")
    assert "choose another" in await send(office, "/inbox/chats/one/give", 409, to="agent:nobody", reason="x")
    await send(office, "/inbox/chats/one/take", 303, reason="a complaint")
    assert chats.items["one"].row.chat.agent == "ewa"
    await send(office, "/inbox/chats/one/give", 303, to="agent:anna", reason="she knows them")
    await send(office, "/inbox/chats/one/close", 303, reason="settled", disposition="sale")
    assert await office.told("chat:one") == ["chat.given", "chat.taken_over", "chat.given", "chat.closed"]
    chats.refuse = DeskRefused("chat_closed", "This chat is over.")
    assert "Nobody chats now" in await shown(office, "/inbox/chats")


async def test_chats_that_are_over_are_found_in_the_inbox(
    stage: Stage, office: Office, store_of_office: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.inbox.chats.ENDED_ROWS", 2)
    register, now = store_of_office.chats, stage.clock.now()
    await shown(office, "/inbox/chats?view=ended", 403)
    assert (await office.sign_in("Ewa")).status == 303
    assert 'href="/inbox/chats?view=ended"' in await shown(office, "/inbox/chats")
    assert "No chat has ended yet" in await shown(office, "/inbox/chats?view=ended")
    for n in range(4):
        point = ContactPoint(PointKind.VISITOR, f"browser-{n}")
        at = now + timedelta(seconds=n)
        opened = await register.open(
            Chat(f"ch{n}", "shop", point, "5ec", at, "here", "hotline", name=f"Marta {n}", last_at=at), ()
        )
        if n:
            over = replace(opened, phase=ChatPhase.CLOSED, agent="anna", outcome="answered", closed_at=at)
            await register.keep(over, ())
    page = await shown(office, "/inbox/chats?view=ended")
    assert 'href="/inbox/chats/ch3">Marta 3</a>' in page
    assert "Answered" in page
    older = page.split('rel="next" href="')[1].split('"')[0]
    last = await shown(office, older)
    assert "Marta 1<" in last
    assert ("Marta 0<" in last, "Marta 2<" in last) == (False, False), "one goes on, the other stood before"
    await shown(office, "/inbox/chats?view=ended&before=nonsense", 400)


@pytest.mark.parametrize(
    ("address", "shown_as", "link"),
    [
        ("https://shop.example.com/a?b=1", "shop.example.com/a", "https://shop.example.com/a?b=1"),
        ("javascript:alert(1)", "javascript:alert(1)", ""),
        ("data:text/html,x", "data:text/html,x", ""),
        ("https://shop.example.com@evil.example/", "https://shop.example.com@evil.example/", ""),
        ("https://[broken", "https://[broken", ""),
        ("//evil.example/x", "//evil.example/x", ""),
    ],
)
def test_only_a_plain_page_is_a_link(address: str, shown_as: str, link: str) -> None:
    page = page_of(PageSeen(None, address))  # type: ignore[arg-type]
    assert (page.address, page.link) == (shown_as, link)


async def _seen(office: Office) -> set[str]:
    await office.seen.flush()
    entries = await office.accounts.audit.entries(AuditFilter(action="contact.seen"), limit=100)
    return {entry.note.subject for entry in entries}
