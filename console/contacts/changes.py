"""What people change on a contact's page: plain forms, each of which leads back to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from console.accounts.identity import identified
from console.accounts.people import People
from console.contacts.forms import (
    Form,
    Wrong,
    consent_given,
    objection_made,
    profile_change,
    reason_of,
    version_of,
)
from console.contacts.page import ContactPages
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.words import Words
from engine.ports import Clock
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.contact import Contact
from history.names import cleaned

# Who changed a contact last is among so many entries about it, or it is not told.
_ENTRIES = 20

Change = Callable[[Actor, Form, Contact], Awaitable[str]]


class ContactChanges:
    def __init__(self, pages: Pages, people: People, contact_pages: ContactPages, clock: Clock) -> None:
        self._pages = pages
        self._people = people
        self._shown = contact_pages
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        one = "/contacts/{contact_id}"
        return [
            web.post(f"{one}/profile", self.profile),
            web.post(f"{one}/consents", self.consent),
            web.post(f"{one}/objections", self.objection),
            web.post(f"{one}/objections/{{objection_id}}/lift", self.lift),
            web.post(f"{one}/merge", self.merge),
            web.post(f"{one}/merges/{{merge_id}}/undo", self.undo),
        ]

    async def profile(self, request: web.Request) -> web.StreamResponse:
        async def change(actor: Actor, form: Form, contact: Contact) -> str:
            wanted = profile_change(form, contact)
            version = version_of(form)
            await self._people.history.contacts.change(actor, contact.id, wanted, version=version)
            return contact.id

        return await self._do(request, "profile", change)

    async def consent(self, request: web.Request) -> web.StreamResponse:
        async def change(actor: Actor, form: Form, contact: Contact) -> str:
            consent = consent_given(form, contact, self._people.ids.new(), self._clock.now())
            await self._people.permissions.keep_consents(contact.id, [consent], actor)
            return contact.id

        return await self._do(request, "consent", change)

    async def objection(self, request: web.Request) -> web.StreamResponse:
        async def change(actor: Actor, form: Form, contact: Contact) -> str:
            objection = objection_made(form, contact, self._people.ids.new(), self._clock.now())
            await self._people.permissions.add_objections([objection], actor)
            return contact.id

        return await self._do(request, "objection", change)

    async def lift(self, request: web.Request) -> web.StreamResponse:
        objection_id = request.match_info["objection_id"]

        async def change(actor: Actor, form: Form, contact: Contact) -> str:
            if objection_id not in {one.id for one in await self._shown.objections(contact)}:
                raise Fault(404, "This objection is none of the person's, or it was lifted already.")
            reason = reason_of(form)
            await self._people.permissions.lift_objection(objection_id, reason, actor, self._clock.now())
            return contact.id

        return await self._do(request, "lift", change, f"lift-{objection_id}")

    async def merge(self, request: web.Request) -> web.StreamResponse:
        async def change(actor: Actor, form: Form, contact: Contact) -> str:
            other, reason, version = cleaned(form.get("other")) or "", reason_of(form), version_of(form)
            try:
                merges = self._people.history.merges
                _, merged = await merges.merge(actor, contact.id, other, reason, version=version)
            except (Missing, Refused):
                raise Wrong("other", "wrong_merge") from None
            return merged.id

        form = await form_of(request)
        return await self._do(request, "merge", change, f"merge-{form.get('other', '')}")

    async def undo(self, request: web.Request) -> web.StreamResponse:
        merge_id = request.match_info["merge_id"]

        async def change(actor: Actor, form: Form, contact: Contact) -> str:
            merges = self._people.history.merges
            if merge_id not in {one.id for one in await merges.of(contact.id)}:
                raise Fault(404, "This merge is none of the person's.")
            try:
                await merges.unmerge(actor, merge_id)
            except Refused:
                raise Wrong("merge", "wrong_undo") from None
            return contact.id

        return await self._do(request, "undo", change)

    async def _do(
        self, request: web.Request, done: str, change: Change, form_name: str = ""
    ) -> web.StreamResponse:
        """303 back to the page; else the page with what was typed and one sentence (409, 422)."""
        form = await form_of(request)
        contact = await self._shown.read(request)
        words = self._pages.words_for(request)
        form_name = form_name or done
        status, wrong, sentence = 422, {}, ""
        try:
            contact_id = await change(_actor(request), form, contact)
            return web.Response(status=303, headers={"Location": f"/contacts/{contact_id}?done={done}"})
        except Wrong as one:
            wrong = {one.field: words(one.key, None, **one.given)}
        except Refused as refused:
            sentence = str(refused)
        except Changed:
            status, sentence = 409, await self._changed(contact, words)
            contact = await self._shown.read(request)
        except Missing:
            raise Fault(404, "There is no such contact any more. The list is at /contacts.") from None
        return await self._shown.show(
            request, contact, status=status, form=form_name, typed=form, wrong=wrong, sentence=sentence
        )

    async def _changed(self, contact: Contact, words: Words) -> str:
        """Who did it, where the audit log tells."""
        asked = AuditFilter(subject=f"contact:{contact.id}")
        for entry in await self._people.accounts.audit.entries(asked, limit=_ENTRIES):
            actor = entry.note.actor
            if not entry.note.action.endswith(".seen"):
                if actor.kind is ActorKind.PERSON:
                    who = (await self._people.accounts.people.known(actor.id)).person.name
                else:
                    who = words(f"changer_{actor.kind}")
                return words("contact_changed_by", who=who)
        return words("contact_changed")


def _actor(request: web.Request) -> Actor:
    """While nobody was added, whoever is at this machine is as good as at its shell."""
    identity = identified(request)
    return identity.actor if identity else Actor(ActorKind.COMMAND, "console", request.remote or "")
