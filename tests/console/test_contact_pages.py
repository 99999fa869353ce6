"""/contacts/ID over a real store: who it is, what happened, may we; and who may see it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from compliance.decision import Verdict
from compliance.facts import Channel, Purpose
from console.contacts.page import DONE, NAMED_ICONS
from console.contacts.permissions import CHANNEL_ICONS
from console.contacts.timeline import ICONS, days
from console.words import LANGUAGES, load_words
from engine.explaining import Ways
from engine.registers.access import Role
from engine.registers.actor import ActorKind
from engine.registers.contacts import ContactDraft
from history.contact import Contact, GroupKind
from history.dispositions import TRADE
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind
from history.merging import Reason
from history.permissions import Scope
from messaging.chat import Button, Chat, ChatLine, LineKind, Speaker
from tests.console.offices import Desk, Office, part
from tests.console.people import PHONE, SYSTEM, add_anna, add_past, add_second_anna
from tests.console.stage import ICONS as SHEET
from tests.console.stage import START, Collected, Stage, order_call

# --- one contact ------------------------------------------------------------------------------------------


async def test_a_contact_tells_who_what_and_whether_we_may(desk: Desk, anna: Contact) -> None:
    await add_past(desk.people, anna)
    page = await desk.page(f"/contacts/{anna.id}")
    who = part(page, 'class="who-column"', "</section>")
    for told in ("Anna Łącka", "PLN\u00a01,240.00", "+48 600 000 001", "Europe/Warsaw"):
        assert told in who
    assert '<time class="their-time" data-zone="Europe/Warsaw">11:46</time>' in who
    assert "Household" in who
    assert "Łąccy" in who
    assert "gold" in who
    timeline = part(page, 'id="timeline"', "</section>")
    order = [
        "Next",
        "Callback",
        "Promise",
        "Today</h3>",
        "Dostawa ZL",
        "Yesterday</h3>",
        "welcome",
        "Korekta",
    ]
    places = [timeline.index(word) for word in order]
    assert places == sorted(places)
    assert 'src="/calls/c1/recording"' in timeline
    may = part(page, 'class="may-column"', "</main>")
    assert 'href="/calls/c1"' in may  # where the consent is heard
    assert "<span>recording of calls</span>" in may
    assert "SMS · marketing" in may
    assert "Chcę dostawać oferty." in may
    assert "Prosi o niedzwonienie" in may
    assert "Lift" not in may  # a supervisor may not
    assert "contact.seen" in await desk.office.told(f"contact:{anna.id}")


async def test_a_chat_is_folded_in_the_timeline_with_its_pages_and_lines(desk: Desk, anna: Contact) -> None:
    chats = desk.people.chats
    assert chats is not None
    bought = "https://shop.example.com/koszyk?n=1"
    lines = [
        ChatLine(1, START, Speaker.VISITOR, LineKind.PAGE, bought, data={"title": "Koszyk"}),
        ChatLine(2, START, Speaker.FLOW, LineKind.TEXT, "W czym pomóc?", buttons=(Button("1", "Dostawy"),)),
        ChatLine(3, START, Speaker.VISITOR, LineKind.CHOICE, "Dostawy"),
        ChatLine(4, START, Speaker.AGENT, LineKind.JOINED, agent="jan"),
        ChatLine(5, START, Speaker.AGENT, LineKind.TEXT, "Jutro <b>rano</b>.", agent="jan"),
    ]
    opened = Chat("ch1", "shop", PHONE, "5ec", START, "n1", "hotline", contact_id=anna.id)
    await chats.open(opened, lines)
    whole = Interaction("i-ch1", START, HistoryChannel.CHAT, "inbound", "ch1", contact_id=anna.id)
    data = {
        "site": "shop",
        "ended_by": "flow",
        "waited_seconds": 75.2,
        "pages": ["https://shop.example.com/a", "https://shop.example.com/b"],
    }
    whole = replace(whole, data=data)
    told = replace(whole, duration_seconds=125, outcome="answered", transcript="Dostawy", agent="jan")
    await desk.people.history.timeline.add(SYSTEM, told)
    gone = replace(told, id="i-ch2", subject_id="ch2", transcript="Reklamacja")
    await desk.people.history.timeline.add(SYSTEM, gone)
    timeline = part(await desk.page(f"/contacts/{anna.id}"), 'id="timeline"', "</section>")
    entry = part(timeline, 'id="i-i-ch1"', "</details>")
    for said in ("Chat", "jan", "2:05", f'<a href="{bought}" target="_blank" rel="noreferrer', "Koszyk"):
        assert said in entry, said
    order = [
        "shop.example.com/koszyk",
        "W czym pomóc?",
        "Anna Łącka",
        "Dostawy</span>",
        "has joined",
        "Jutro",
    ]
    places = [entry.rindex(word) for word in order]
    assert places == sorted(places)
    assert "<dt>Transcript</dt>" not in entry
    assert "<dt>Pages</dt>" not in entry
    for fact in ("<dt>Site</dt>", "<dt>Ended by</dt>", ">the flow</dd>", "<dt>Waited</dt>", ">1:15</dd>"):
        assert fact in entry, fact
    deleted = part(timeline, 'id="i-i-ch2"', "</details>")
    assert "Reklamacja" in deleted
    assert "https://shop.example.com/a\nhttps://shop.example.com/b</dd>" in deleted


def test_a_call_of_ours_leads_to_its_page_and_is_heard() -> None:
    ours = Interaction("i", START, HistoryChannel.CALL, "inbound", "c1", recording="m1")
    written = replace(ours, source="elsewhere")
    mail = replace(ours, channel=HistoryChannel.EMAIL)
    part = replace(ours, channel=HistoryChannel.TALK, recording="c1.rec.4")
    (day,) = days([ours, part, written, mail], load_words()["en"], START)
    assert [(one.call_id, one.sound) for one in day.entries] == [
        ("c1", "/calls/c1/recording"),
        ("c1", "/recordings/c1.rec.4/audio"),
        (None, None),
        (None, None),
    ]
    earlier = days([replace(ours, at=START - timedelta(days=400))], load_words()["pl"], START)
    assert earlier[0].title == "poniedziałek, 13 października 2025"


def test_a_talk_tells_who_had_it_and_what_they_chose() -> None:
    talk = Interaction(
        "i", START, HistoryChannel.TALK, "inbound", "c1", outcome="completed", agent="jan",
        disposition="callback",
    )  # fmt: skip
    rows = [talk, replace(talk, outcome="no_answer"), replace(talk, disposition=None)]
    (day,) = days(rows, load_words()["ru"], START, {"jan": "Jan"}, TRADE)
    assert [(one.disposition, one.outcome, "Jan" in one.about) for one in day.entries] == [
        ("Перезвонить", "", True),
        ("Перезвонить", "no_answer", True),
        ("", "completed", True),
    ]


async def test_the_gate_says_why_and_from_when(desk: Desk, anna: Contact) -> None:
    await add_past(desk.people, anna)
    desk.stage.clock.at += timedelta(hours=10)  # 21:46 there
    page = await desk.page(f"/contacts/{anna.id}")
    _, explained = await desk.people.explainer.explain(contact_id=anna.id, ways=Ways())
    assert page.count('class="why"') == len(explained) == 12
    night = next(
        one for one in explained if one.channel is Channel.CALL and one.purpose is Purpose.SERVICE
    ).decision
    assert night.next_allowed_at is not None
    there = night.next_allowed_at.astimezone(ZoneInfo("Europe/Warsaw"))
    assert f"from {there:%d.%m, %H:%M}" in page
    deciding = re.findall(r'rule-refuse rule-deciding">.*?<span class="mono">(.*?)</span>', page, re.DOTALL)
    assert deciding == [one.decision.rule for one in explained if not one.decision.allowed]
    assert all(reason in page for one in explained if (reason := one.decision.reason))


async def test_a_live_call_and_a_call_of_ours(desk: Desk, anna: Contact) -> None:
    call = desk.stage.queries.add(order_call("c9", caller=PHONE.value, ended=False), PHONE)
    desk.stage.live.put(call)
    page = await desk.page(f"/parts/contact/{anna.id}")
    assert 'href="/calls/c9"' in page
    assert "This call" in page
    assert "<html" not in page


async def test_somebody_of_whom_little_is_known(desk: Desk) -> None:
    create = desk.people.history.contacts.create
    nobody = await create(SYSTEM, ContactDraft())
    page = await desk.page(f"/contacts/{nobody.id}")
    assert "Without a name" in page
    assert "There is no number or address to ask about." in page
    american = await create(SYSTEM, ContactDraft((ContactPoint(PointKind.PHONE, "+18005550114"),)))
    page = await desk.page(f"/contacts/{american.id}")
    assert re.search(r'class="their-time" >\d\d:\d\d–\d\d:\d\d</time>', page)
    assert "possible time zones" in page
    browser = ContactPoint(PointKind.VISITOR, "fe1072b343fb0000fe1072b343fb0000")
    page = await desk.page(f"/contacts/{(await create(SYSTEM, ContactDraft((browser,)))).id}")
    assert "Browser" in part(page, 'class="points"', "</ul>")
    assert (browser.value in re.sub(r"<option[^>]*>", "", page), "possible time zones" in page) == (
        False,
        False,
    )
    assert "There is no number or address to ask about." in page, "nobody can be written to by it"
    assert browser.value not in await desk.page("/contacts")
    numbers = tuple(ContactPoint(PointKind.PHONE, f"+4860000000{n}") for n in range(10))
    page = await desk.page(f"/contacts/{(await create(SYSTEM, ContactDraft(numbers))).id}")
    assert page.count('class="way"') == 16
    assert "2 more numbers and addresses" in page


async def test_what_others_wrote_is_never_markup(desk: Desk) -> None:
    draft = ContactDraft((), {"name": "<script>x</script>"}, attributes={"a": "<b>", "deep": {"k": ["<i>"]}})
    made = await desk.people.history.contacts.create(SYSTEM, draft)
    for path in (f"/contacts/{made.id}", "/contacts"):
        raw = await (await desk.office.page(path)).text()
        assert "<script>x" not in raw
        assert "<b>" not in raw
        assert "<i>" not in raw


async def test_pages_that_are_not_there(desk: Desk, anna: Contact) -> None:
    assert "There is no such contact." in await desk.page("/contacts/nobody", 404)
    await desk.page("/parts/contact/nobody", 404)
    await desk.page(f"/contacts/{anna.id}?before=x", 400)
    await desk.send("/contacts/nobody/profile", 404, version="1")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_pages_speak_and_keep_the_policy(desk: Desk, anna: Contact, language: str) -> None:
    await add_past(desk.people, anna)
    second = await add_second_anna(desk.people)
    await desk.people.history.merges.merge(SYSTEM, anna.id, second.id, "one mailbox")
    await add_second_anna_again(desk)
    known = {line.split('id="')[1].split('"')[0] for line in SHEET if "<symbol" in line}
    one = f"/contacts/{anna.id}"
    for path in (one, f"{one}?done=merge", "/contacts?q=anna", "/contacts?q=zz"):
        text = await (await desk.office.page(path, **{"Accept-Language": language})).text()
        collected = Collected()
        collected.feed(text)
        assert not [a for a in collected.attributes if a[1] == "style" or a[1].startswith("on")]
        assert text.count("<script") == text.count("<script src=")
        used = {a[2].split("#")[1] for a in collected.attributes if a[:2] == ("use", "href")}
        assert used <= known
        ids = [value for _, name, value in collected.attributes if name == "id"]
        assert len(ids) == len(set(ids))
        if language != "en":
            assert "Timeline" not in text


async def add_second_anna_again(desk: Desk) -> None:
    point = ContactPoint(PointKind.EMAIL, "anna+dom@example.com")
    await desk.people.history.contacts.create(SYSTEM, ContactDraft((point,), {"name": "Anna Łącka"}))


# --- roles and links --------------------------------------------------------------------------------------


async def test_an_agent_sees_no_contacts(office: Office, stage: Stage) -> None:
    assert stage.people is not None
    anna = await add_anna(stage.people)
    await office.add("Ewa", Role.AGENT)
    await office.sign_in("Ewa")
    for path in ("/contacts", f"/contacts/{anna.id}", f"/parts/contact/{anna.id}"):
        assert (await office.page(path)).status == 403
    assert 'href="/contacts"' not in await (await office.page("/")).text()


async def test_while_nobody_was_added_the_machine_changes_contacts(office: Office, stage: Stage) -> None:
    assert stage.people is not None
    anna = await add_anna(stage.people)
    answer = await office.post(f"/contacts/{anna.id}/profile", {"version": "1", "name": "Anna"})
    assert answer.status == 303
    kept = await stage.people.history.contacts.get(anna.id)
    assert (kept.name, kept.tags) == ("Anna", frozenset())


async def test_calls_lead_to_their_contacts(desk: Desk, anna: Contact) -> None:
    queries = desk.stage.queries
    queries.add(order_call(), PHONE, "Anna Łącka")
    row = queries.rows[0]
    queries.rows[0] = replace(row, interaction=replace(row.interaction, contact_id=anna.id))
    for path in ("/calls", "/calls/c1", "/"):
        assert f'href="/contacts/{anna.id}"' in await desk.page(path), path


def test_everything_that_is_shown_has_its_word_and_shape() -> None:
    assert ICONS.keys() == set(HistoryChannel)
    assert NAMED_ICONS.keys() == set(PointKind)
    assert CHANNEL_ICONS.keys() >= set(Channel)
    wanted = [f"purpose_{one}" for one in Purpose] + [f"channel_{one}" for one in (*Channel, *HistoryChannel)]
    wanted += [f"verdict_{one}" for one in Verdict] + [f"scope_{one}" for one in Scope]
    wanted += [f"alike_{one}" for one in Reason] + [f"group_{one}" for one in GroupKind]
    wanted += [f"done_{one}" for one in DONE]
    wanted += [f"changer_{one}" for one in ActorKind if one is not ActorKind.PERSON]
    for words in load_words().values():
        assert [key for key in wanted if not words(key)] == []
