"""/contacts over a real store: who is found, and by what."""

from __future__ import annotations

import re

from engine.registers.contacts import ContactDraft
from history.contact import Contact
from tests.conftest import HandClock
from tests.console.offices import Desk, alerts, part
from tests.console.people import SYSTEM, add_past


async def test_an_empty_list_says_how_to_fill_it(desk: Desk) -> None:
    page = await desk.page("/contacts")
    assert "No contacts yet" in page
    assert re.search(r"contacts import \S+", page)
    assert 'href="/api/"' in page


async def test_somebody_is_found(desk: Desk, anna: Contact) -> None:
    await desk.people.history.contacts.create(SYSTEM, ContactDraft((), {"name": "Jan"}))
    for query in ("q=łąck", "q=lacka+anna", "q=600 000 001", "q=%2B48600", "q=anna@example", "tag=VIP"):
        page = await desk.page(f"/contacts?{query}")
        assert f'href="/contacts/{anna.id}"' in page, query
        assert ">Jan</a>" not in page, query


async def test_nobody_is_found(desk: Desk, anna: Contact) -> None:
    for query in ("q=nobody", "q=%25%25", "q=_", "tag=none"):
        page = await desk.page(f"/contacts?{query}")
        assert "Nobody is found" in page, query
        assert anna.id not in page


async def test_words_of_notes_are_found_and_marked(desk: Desk, anna: Contact) -> None:
    await add_past(desk.people, anna)
    page = await desk.page("/contacts?q=korekta")
    assert "<mark>Korekta</mark> do faktury" in page
    assert f'href="/contacts/{anna.id}"' in page
    assert "Nobody is found" not in page


async def test_a_segment_narrows_the_list(desk: Desk, anna: Contact) -> None:
    await desk.people.history.contacts.create(SYSTEM, ContactDraft((), {"name": "Jan"}))
    segments = desk.people.history.segments
    poles = await segments.create(SYSTEM, "Poles", {"field": "country", "is": "PL"})
    page = await desk.page(f"/contacts?segment={poles.id}")
    assert f'<option value="{poles.id}" selected>Poles</option>' in page
    assert anna.id in page
    assert ">Jan</a>" not in page
    await segments.delete(SYSTEM, poles.id)
    page = await desk.page(f"/contacts?segment={poles.id}", 422)
    assert alerts(page) == ["There is no such segment any more. Choose another one."]


async def test_what_cannot_be_looked_for_is_said(desk: Desk) -> None:
    page = await desk.page("/contacts?tag=a/b&q=x", 422)
    assert alerts(page) == ["“a/b” is no tag: at most 60 letters, without / and commas."]
    assert 'value="a/b"' in page
    assert "open /contacts" in (await desk.page("/contacts?after=nonsense", 400)).lower()
    assert "has at most 100 letters" in await desk.page(f"/contacts?q={'x' * 101}", 400)
    await desk.page("/contacts?q=%00", 400)


async def test_the_list_has_pages_newest_first(desk: Desk, clock: HandClock) -> None:
    made: list[Contact] = []
    for number in range(45):
        clock.pass_seconds(1)
        draft = ContactDraft((), {"name": f"Jan {number:02}"})
        made.append(await desk.people.history.contacts.create(SYSTEM, draft))
    first = await desk.page("/contacts")
    names = re.findall(r">(Jan \d\d)</a>", first)
    assert names == [f"Jan {n:02}" for n in range(44, 4, -1)]
    link = part(first, 'rel="next" href="', '"')
    second = await desk.page(link)
    assert re.findall(r">(Jan \d\d)</a>", second) == [f"Jan {n:02}" for n in range(4, -1, -1)]
    assert "rel=" not in second.split("</nav>")[1]
    assert "contact.seen" in await desk.office.told(f"contact:{made[0].id}")
