"""The forms of a contact's page over a real store: what is changed, refused and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from compliance.facts import Channel, Purpose
from engine.explaining import Ways
from engine.registers.access import Role
from engine.registers.actor import ActorKind
from engine.registers.contacts import ContactChange
from engine.registers.permissions import ObjectionFilter
from history.contact import Contact
from history.permissions import Scope
from store.store import Store
from tests.console.offices import Desk, alerts, open_office, part
from tests.console.people import EMAIL, SYSTEM, add_anna, add_second_anna
from tests.console.stage import Stage


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


async def test_a_duplicate_that_was_merged_meanwhile(desk: Desk, anna: Contact) -> None:
    """It is listed no more, and what became of the form is said."""
    second = await add_second_anna(desk.people)
    await desk.people.history.merges.merge(SYSTEM, anna.id, second.id, "one person")
    path, fields = f"/contacts/{anna.id}/merge", {"other": second.id, "reason": "one person"}
    page = await desk.send(path, 409, version=str(anna.version), **fields)
    assert alerts(page) == [
        "Another system changed this contact meanwhile. Look again; what you typed is still here."
    ]
    version = part(page, 'name="version" value="', '"')
    page = await desk.send(path, 422, version=version, **fields)
    assert alerts(page) == ["These two cannot be merged: they are one already, or one of them is gone."]


async def test_a_form_with_a_zero_byte_is_refused_by_every_database(
    stage: Stage, url: str, make_store: Callable[..., Store]
) -> None:
    store = make_store(url)
    await store.start()
    async with open_office(stage, store) as office:
        assert stage.people is not None
        anna = await add_anna(stage.people)
        form = {"other": "a\0b", "reason": "one person", "version": str(anna.version)}
        answer = await office.post(f"/contacts/{anna.id}/merge", form)
        assert (answer.status, "cannot be merged" in await answer.text()) == (422, True)


async def test_forms_that_nobody_sent_from_the_page(desk: Desk, anna: Contact) -> None:
    for path in ("profile", "consents", "objections", "merge", "merges/x/undo"):
        answer = await desk.office.post(f"/contacts/{anna.id}/{path}", {"csrf": "guessed", "version": "1"})
        assert answer.status == 403, path
    await desk.send(f"/contacts/{anna.id}/profile", 400, version="x")
    assert (await desk.people.history.contacts.get(anna.id)).version == anna.version
