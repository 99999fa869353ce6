"""/contacts: people, how they are reached, and which of them are one."""

from __future__ import annotations

from functools import partial
from typing import Any

from console.api.access import Role, Scope
from console.api.contact_shapes import (
    AddedPoint,
    ContactPage,
    ContactPatch,
    ContactShape,
    ContactsQuery,
    DuplicateList,
    Merged,
    MergeList,
    MergeOrder,
    NewContact,
    NewPoint,
    contact_shape,
    duplicate_shape,
    merge_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import missing
from console.api.written_points import asked_for, not_there, one_point, points_of
from engine.registers.contacts import FIELDS, ContactChange, ContactDraft, ContactFilter
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from history.folding import words_of
from history.interaction import ContactPoint, PointKind
from history.points import email_of, phone_of, point_of, prefixes_of
from history.profile_fields import WrongField, country_of, language_of, tag_of

_SEEN = "contact.seen"


class ContactsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._contacts = parts.history.contacts
        self._merges = parts.history.merges
        self._region = parts.region

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {
            "tag": "contacts",
            "scope": Scope.CONTACTS_READ,
            "role": Role.AGENT,
            "notes": _SEEN,
        }
        write: dict[str, Any] = {"tag": "contacts", "scope": Scope.CONTACTS_WRITE, "role": Role.AGENT}
        # What shows the person is noted, even where nothing was changed.
        shown: dict[str, Any] = {**write, "answer": ContactShape, "notes": _SEEN}
        merge: dict[str, Any] = {**write, "role": Role.SUPERVISOR, "answer": Merged, "keyed": True}
        one = "/contacts/{contact_id}"
        point, tag = f"{one}/points/{{kind}}/{{value}}", f"{one}/tags/{{tag}}"
        get, post = partial(Operation, "GET"), partial(Operation, "POST")
        return (
            get(
                "/contacts",
                "list_contacts",
                self._list,
                "Contacts, the newest first",
                description="Those merged into another are found under that one. Following changes: ask with "
                "`updated_since`, then page by page.",
                query=ContactsQuery,
                answer=ContactPage,
                **read,
            ),
            post(
                "/contacts",
                "create_contact",
                self._create,
                "Make a contact",
                description="A point that is another contact's is refused.",
                body=NewContact,
                answer=ContactShape,
                status=201,
                keyed=True,
                **write,
            ),
            get(
                one,
                "get_contact",
                self._get,
                "One contact",
                description="An id that was merged into another gives that other.",
                answer=ContactShape,
                **read,
            ),
            Operation(
                "PATCH",
                one,
                "change_contact",
                self._change,
                "Change a contact",
                body=ContactPatch,
                if_match=True,
                largest_body=1 << 20,
                **shown,
            ),
            post(
                f"{one}/points",
                "add_contact_point",
                self._add_point,
                "Add or move a point",
                body=AddedPoint,
                keyed=True,
                **shown,
            ),
            Operation("DELETE", point, "remove_contact_point", self._remove_point, "Remove a point", **write),
            Operation("PUT", tag, "tag_contact", self._tag, "Give a contact a tag", **shown),
            Operation("DELETE", tag, "untag_contact", self._untag, "Take a tag off", **write),
            get(
                f"{one}/duplicates",
                "list_duplicates",
                self._duplicates,
                "Others who may be the same person, the surest first",
                answer=DuplicateList,
                **read,
            ),
            get(
                f"{one}/merges",
                "list_merges",
                self._list_merges,
                "Merges of and into this contact, the newest first",
                answer=MergeList,
                **read,
            ),
            post(
                f"{one}/merge",
                "merge_contact",
                self._merge,
                "Merge another contact into this one",
                description="This one's own values win; what it lacks comes from the other. It can be "
                "undone.",
                body=MergeOrder,
                **merge,
            ),
            post(
                "/merges/{merge_id}/undo",
                "undo_merge",
                self._undo,
                "Make two contacts of one again",
                description="What was changed since the merge stays with the surviving contact.",
                **merge,
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        query: ContactsQuery = asked.query
        typed = query.q
        wanted = ContactFilter(
            name_prefix=None if typed is None else " ".join(words_of(typed)),
            point_prefixes=() if typed is None else prefixes_of(typed, self._region),
            phone=asked_for(lambda number: phone_of(number, self._region), query.phone, "phone"),
            email=asked_for(email_of, query.email, "email"),
            tag=asked_for(tag_of, query.tag, "tag"),
            language=asked_for(language_of, query.language, "language"),
            country=asked_for(country_of, query.country, "country"),
            group_id=query.group,
            segment_id=query.segment,
            updated_since=query.updated_since,
        )
        kinds = ("id",) if query.updated_since is None else ("time", "id")
        after = after_of(query.cursor, *kinds)
        if typed is not None and not wanted.name_prefix and not wanted.point_prefixes:
            return Answer(ContactPage(items=[], next=None))
        try:
            page = await self._contacts.list(wanted, limit=query.limit, after=after)
        except Missing as lacking:
            raise not_there("segment", lacking) from None
        shown = ContactPage(items=[contact_shape(one) for one in page.items], next=next_of(page))
        return Answer(shown, seen=tuple(f"contact:{one.id}" for one in page.items))

    async def _create(self, asked: Asked) -> Answer:
        body: NewContact = asked.body
        draft = ContactDraft(
            points_of(body.points, body.country or self._region),
            {name: value for name in FIELDS if (value := getattr(body, name)) is not None},
            frozenset(body.tags),
            {name: value for name, value in body.attributes.items() if value is not None},
        )
        made = await self._contacts.create(asked.actor, draft)
        headers = {"Location": f"/api/v1/contacts/{made.id}"}
        return Answer(contact_shape(made), version=made.version, headers=headers)

    async def _get(self, asked: Asked) -> Answer:
        return _answer(await self._contacts.get(asked.path["contact_id"]))

    async def _change(self, asked: Asked) -> Answer:
        body: ContactPatch = asked.body
        given = body.model_fields_set
        change = ContactChange(
            {name: getattr(body, name) for name in FIELDS & given},
            body.attributes if "attributes" in given else {},
            frozenset(body.tags) if "tags" in given else None,
        )
        return _answer(await self._contacts.change(*_who(asked), change, version=asked.if_match))

    async def _add_point(self, asked: Asked) -> Answer:
        body: AddedPoint = asked.body
        contact = await self._contacts.get(asked.path["contact_id"])
        point = one_point(
            NewPoint(kind=body.kind, value=body.value), contact.country or self._region, "body.value"
        )
        add = self._contacts.add_point
        return _answer(await add(*_who(asked), point, move=body.move))

    async def _remove_point(self, asked: Asked) -> Answer:
        point = self._named_point(asked.path["kind"], asked.path["value"])
        after = await self._contacts.remove_point(*_who(asked), point)
        return Answer(version=after.version)

    def _named_point(self, kind: str, value: str) -> ContactPoint:
        try:
            return point_of(PointKind(kind), value, self._region)
        except ValueError:
            raise missing("point", f"{kind} {value}") from None

    async def _tag(self, asked: Asked) -> Answer:
        change = ContactChange(add_tags=frozenset({_named_tag(asked)}))
        return _answer(await self._contacts.change(*_who(asked), change))

    async def _untag(self, asked: Asked) -> Answer:
        change = ContactChange(remove_tags=frozenset({_named_tag(asked)}))
        after = await self._contacts.change(*_who(asked), change)
        return Answer(version=after.version)

    async def _duplicates(self, asked: Asked) -> Answer:
        found = await self._merges.duplicates(asked.path["contact_id"])
        seen = (asked.path["contact_id"], *(one.contact.id for one in found))
        shown = DuplicateList(items=[duplicate_shape(one) for one in found])
        return Answer(shown, seen=tuple(f"contact:{contact_id}" for contact_id in seen))

    async def _list_merges(self, asked: Asked) -> Answer:
        found = await self._merges.of(asked.path["contact_id"])
        return Answer(MergeList(items=[merge_shape(one) for one in found]))

    async def _merge(self, asked: Asked) -> Answer:
        body: MergeOrder = asked.body
        actor, contact_id = _who(asked)
        await self._contacts.get(contact_id)  # the one of the path is missing, the other is refused
        try:
            done, contact = await self._merges.merge(actor, contact_id, body.other, body.reason)
        except Missing as lacking:
            raise Refused(str(lacking), "other") from None
        return Answer(
            Merged(merge=merge_shape(done), contact=contact_shape(contact)), version=contact.version
        )

    async def _undo(self, asked: Asked) -> Answer:
        undone, apart = await self._merges.unmerge(asked.actor, asked.path["merge_id"])
        return Answer(Merged(merge=merge_shape(undone), contact=contact_shape(apart)))


def _who(asked: Asked) -> tuple[Any, str]:
    return asked.actor, asked.path["contact_id"]


def _named_tag(asked: Asked) -> str:
    try:
        return tag_of(asked.path["tag"])
    except WrongField:
        raise missing("tag", asked.path["tag"]) from None


def _answer(contact: Contact) -> Answer:
    return Answer(contact_shape(contact), version=contact.version)
