"""/contacts and /contacts/ID over a real store: what is seen, found, changed, refused and told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from calls.call import Call
from compliance.decision import Verdict
from compliance.facts import Channel, Purpose
from console.accounts.people import People
from console.contacts.page import DONE, NAMED_ICONS
from console.contacts.permissions import CHANNEL_ICONS
from console.contacts.timeline import ICONS, days
from console.words import LANGUAGES, load_words
from engine.explaining import Ways
from engine.registers.access import Role
from engine.registers.actor import ActorKind
from engine.registers.contacts import ContactChange, ContactDraft
from engine.registers.permissions import ObjectionFilter
from history.contact import Contact, GroupKind
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind
from history.merging import Reason
from history.permissions import Scope
from tests.conftest import HandClock
from tests.console.offices import Office
from tests.console.people import EMAIL, PHONE, SYSTEM, add_anna, add_past, add_second_anna
from tests.console.stage import START, Stage, order_call
from tests.console.test_console_routes import ICONS as SHEET
from tests.console.test_console_routes import Collected


@dataclass
class Desk:
    """Jan, a supervisor, who is signed in."""

    office: Office
    stage: Stage
    people: People
    csrf: str

    async def page(self, path: str, status: int = 200, **headers: str) -> str:
        answer = await self.office.page(path, **headers)
        text = unescape(await answer.text())
        assert answer.status == status, (path, text[-2000:])
        return text

    async def send(self, path: str, status: int = 303, **fields: str) -> str:
        """The page that comes back, or where a done change leads to."""
        answer = await self.office.post(path, {"csrf": self.csrf, **fields})
        text = unescape(await answer.text())
        assert answer.status == status, (path, text[-2000:])
        return answer.headers["Location"] if status == 303 else text


@pytest.fixture
async def desk(office: Office, stage: Stage) -> Desk:
    assert stage.people is not None
    await office.add("Jan", Role.SUPERVISOR)
    assert (await office.sign_in("Jan")).status == 303
    return Desk(office, stage, stage.people, await office.csrf())


@pytest.fixture
async def anna(desk: Desk) -> Contact:
    return await add_anna(desk.people)


def part(page: str, begins: str, ends: str) -> str:
    return page.split(begins, 1)[1].split(ends, 1)[0]


def alerts(page: str) -> list[str]:
    """The sentences that say what is wrong."""
    found = re.findall(r'role="alert"[^>]*>(.*?)</(?:span|p)>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


# --- the list ---------------------------------------------------------------------------------------------


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


# --- one contact ------------------------------------------------------------------------------------------


async def test_a_contact_tells_who_what_and_whether_we_may(desk: Desk, anna: Contact) -> None:
    await add_past(desk.people, anna)
    page = await desk.page(f"/contacts/{anna.id}")
    who = part(page, 'class="who-column"', "</section>")
    for told in ("Anna Łącka", "1,240.00", "+48 600 000 001", "Europe/Warsaw"):
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
    assert "Chcę dostawać oferty." in may
    assert "Prosi o niedzwonienie" in may
    assert "Lift" not in may  # a supervisor may not
    assert "contact.seen" in await desk.office.told(f"contact:{anna.id}")


def test_a_call_of_ours_leads_to_its_page_and_is_heard() -> None:
    ours = Interaction("i", START, HistoryChannel.CALL, "inbound", "c1", recording="m1")
    written = replace(ours, source="elsewhere")
    mail = replace(ours, channel=HistoryChannel.EMAIL)
    (day,) = days([ours, written, mail], load_words()["en"], START)
    assert [(one.call_id, one.playable) for one in day.entries] == [
        ("c1", True),
        (None, False),
        (None, False),
    ]
    earlier = days([replace(ours, at=START - timedelta(days=400))], load_words()["pl"], START)
    assert earlier[0].title == "poniedziałek, 13 października 2025"


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
    assert isinstance(call, Call)
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


# --- changes ----------------------------------------------------------------------------------------------


async def test_a_profile_is_changed(desk: Desk, anna: Contact) -> None:
    fields = {"name": " Anna  Nowa ", "language": "EN", "time_zone": "Europe/London", "tags": "Hurt, vip,"}
    location = await desk.send(f"/contacts/{anna.id}/profile", version=str(anna.version), **fields)
    assert location == f"/contacts/{anna.id}?done=profile"
    kept = await desk.people.history.contacts.get(anna.id)
    assert (kept.name, kept.language, kept.time_zone) == ("Anna Nowa", "en", "Europe/London")
    assert kept.tags == {"hurt", "vip"}
    assert kept.country == "PL"
    assert "The contact is saved." in await desk.page(location)
    assert "contact.changed" in await desk.office.told(f"contact:{anna.id}")


WRONG = (
    ("name", "x" * 201, "This is too long: at most 200 letters."),
    ("language", "Polish", "Write the language by its code, such as pl or pt-BR."),
    ("time_zone", "Mars", "There is no such time zone. Write its name, such as Europe/Warsaw."),
    ("tags", "ok, a/b", "“a/b” is no tag: at most 60 letters, without / and commas."),
    ("tags", ",".join(f"t{n}" for n in range(101)), "A contact has at most 100 tags."),
)


async def test_what_is_wrong_is_said_by_the_field(desk: Desk, anna: Contact) -> None:
    for field, typed, sentence in WRONG:
        fields = {"name": "Anna Nowa", "language": "ru", "time_zone": "", "tags": "vip", field: typed}
        page = await desk.send(f"/contacts/{anna.id}/profile", 422, version="1", **fields)
        assert alerts(page) == [sentence]
        assert f'aria-describedby="profile-{field}-wrong"' in page
        for name, value in fields.items():
            assert f'id="profile-{name}" name="{name}" value="{value}"' in page
        assert '<details class="edit" id="edit" open>' in page
    assert (await desk.people.history.contacts.get(anna.id)).version == anna.version


async def test_a_contact_that_was_changed_meanwhile(desk: Desk, anna: Contact) -> None:
    clerk = replace(SYSTEM, kind=ActorKind.PERSON, id=(await desk.office.add("Ewa", Role.AGENT)).id)
    await desk.people.history.contacts.change(clerk, anna.id, ContactChange({"name": "Anna Druga"}))
    typed = {"name": "Anna Trzecia", "language": "ru", "time_zone": "", "tags": "vip, sklep"}
    page = await desk.send(f"/contacts/{anna.id}/profile", 409, version=str(anna.version), **typed)
    assert alerts(page) == ["Ewa changed this contact meanwhile. Look again; what you typed is still here."]
    assert 'value="Anna Trzecia"' in page
    assert "now: Anna Druga" in page
    kept = await desk.people.history.contacts.get(anna.id)
    assert kept.name == "Anna Druga"
    # Sent again after the look, it is done.
    version = part(page, 'name="version" value="', '"')
    await desk.send(f"/contacts/{anna.id}/profile", version=version, **typed)
    kept = await desk.people.history.contacts.get(anna.id)
    assert (kept.name, kept.language) == ("Anna Trzecia", "ru")
    await desk.people.history.contacts.change(SYSTEM, anna.id, ContactChange({"name": "Anna"}))
    page = await desk.send(f"/contacts/{anna.id}/profile", 409, version=version, **typed)
    assert alerts(page)[0].startswith("Another system changed")


async def test_a_consent_is_kept_and_withdrawn(desk: Desk, anna: Contact) -> None:
    path = f"/contacts/{anna.id}/consents"
    about = {"channel": "call", "purpose": "marketing", "point": ""}
    page = await desk.send(path, 422, given="yes", proof=" ", **about)
    assert alerts(page) == ["Write what the person said or wrote: a consent needs a proof."]
    assert '<option value="marketing" selected>' in page
    assert not await may_call(desk, anna)
    location = await desk.send(path, given="yes", proof="Yes, call me with offers.", **about)
    assert location.endswith("done=consent")
    assert "Yes, call me with offers." in await desk.page(location)
    assert await may_call(desk, anna)
    desk.stage.clock.at += timedelta(minutes=5)
    await desk.send(path, given="no", proof="", **about)
    assert not await may_call(desk, anna)
    kept = await desk.people.permissions.consents_of(anna.id)
    assert [(one.given, one.source) for one in kept] == [(False, "agent"), (True, "agent")]
    for field, value in (("channel", "pigeon"), ("purpose", ""), ("given", "perhaps"), ("point", "phone:+1")):
        page = await desk.send(path, 422, **{"given": "no", **about, field: value})
        assert len(alerts(page)) == 1, field


async def may_call(desk: Desk, anna: Contact) -> bool:
    ways = Ways((Channel.CALL,), (Purpose.MARKETING,))
    _, (explained,) = await desk.people.explainer.explain(contact_id=anna.id, ways=ways)
    return explained.decision.allowed


async def test_an_objection_is_made_and_lifted(desk: Desk, anna: Contact) -> None:
    path = f"/contacts/{anna.id}/objections"
    whole = {"point": "", "channel": "", "purpose": ""}
    assert alerts(await desk.send(path, 422, reason=" ", **whole)) == [
        "Write a reason, for whoever asks later why."
    ]
    await desk.send(path, reason="asked so by letter", **whole)
    point = f"{EMAIL.kind}:{EMAIL.value}"
    await desk.send(path, reason="no offers", point=point, channel="email", purpose="marketing")
    page = await desk.page(f"/contacts/{anna.id}")
    assert "asked so by letter" in page
    assert "One number or address: anna@example.com" in page
    _, explained = await desk.people.explainer.explain(contact_id=anna.id, ways=Ways())
    assert not any(one.decision.allowed for one in explained)

    made = {one.reason: one for one in await desk.people.permissions.objections(ObjectionFilter())}
    assert made["asked so by letter"].scope is Scope.PERSON
    lift = f"{path}/{made['asked so by letter'].id}/lift"
    assert "takes the role manager" in await desk.send(lift, 403, reason="by mistake")
    await desk.office.add("Ewa", Role.MANAGER)
    await desk.office.sign_in("Ewa")
    desk.csrf = await desk.office.csrf()
    assert len(alerts(await desk.send(lift, 422, reason=""))) == 1
    await desk.send(lift, reason="by mistake")
    left = await desk.people.permissions.objections(ObjectionFilter())
    assert [one.reason for one in left] == ["no offers"]
    await desk.send(lift, 404, reason="again")
    other = await add_second_anna(desk.people)
    await desk.send(f"/contacts/{other.id}/objections/{left[0].id}/lift", 404, reason="not theirs")


async def test_duplicates_are_merged_and_parted_again(desk: Desk, anna: Contact) -> None:
    second = await add_second_anna(desk.people)
    page = await desk.page(f"/contacts/{anna.id}")
    assert "same mailbox" in page
    path, version = f"/contacts/{anna.id}/merge", str(anna.version)
    page = await desk.send(path, 422, other=second.id, version=version, reason="")
    assert alerts(page) == ["Write a reason, for whoever asks later why."]
    assert len(alerts(await desk.send(path, 409, other=second.id, version="7", reason="one person"))) == 1
    location = await desk.send(path, other=second.id, version=version, reason="one person")
    page = await desk.page(location)
    assert "one person" in page
    assert "anna+sklep@example.com" in page
    answer = await desk.office.page(f"/contacts/{second.id}")
    assert (answer.status, answer.headers["Location"]) == (303, f"/contacts/{anna.id}")
    (merge,) = await desk.people.history.merges.of(anna.id)
    undo = f"/contacts/{anna.id}/merges/{merge.id}/undo"
    await desk.send(undo)
    assert (await desk.people.history.contacts.get(second.id)).id == second.id
    page = await desk.send(undo, 422)
    assert alerts(page)[0].startswith("It cannot be undone")
    await desk.send(f"/contacts/{anna.id}/merges/none/undo", 404)


async def test_forms_that_nobody_sent_from_the_page(desk: Desk, anna: Contact) -> None:
    for path in ("profile", "consents", "objections", "merge", "merges/x/undo"):
        answer = await desk.office.post(f"/contacts/{anna.id}/{path}", {"csrf": "guessed", "version": "1"})
        assert answer.status == 403, path
    await desk.send(f"/contacts/{anna.id}/profile", 400, version="x")
    assert (await desk.people.history.contacts.get(anna.id)).version == anna.version


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
