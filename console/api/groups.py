"""/groups: households and companies."""

from __future__ import annotations

from functools import partial
from typing import Any

from console.api.access import Role, Scope
from console.api.contact_shapes import (
    GroupPage,
    GroupPatch,
    GroupShape,
    GroupsQuery,
    NewGroup,
    group_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.written_points import asked_for
from engine.registers.contacts import KeptGroup
from engine.registers.refusals import Missing, Refused
from history.points import domain_of


class GroupsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._groups = parts.history.groups

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "contacts", "scope": Scope.CONTACTS_READ, "role": Role.AGENT}
        write: dict[str, Any] = {"tag": "contacts", "scope": Scope.CONTACTS_WRITE, "role": Role.AGENT}
        one = "/groups/{group_id}"
        member = f"{one}/members/{{contact_id}}"
        get = partial(Operation, "GET")
        return (
            get(
                "/groups",
                "list_groups",
                self._list,
                "Households and companies, the newest first",
                query=GroupsQuery,
                answer=GroupPage,
                **read,
            ),
            Operation(
                "POST",
                "/groups",
                "create_group",
                self._create,
                "Make a household or company",
                body=NewGroup,
                answer=GroupShape,
                status=201,
                keyed=True,
                **write,
            ),
            get(one, "get_group", self._get, "One household or company", answer=GroupShape, **read),
            Operation(
                "PATCH",
                one,
                "change_group",
                self._change,
                "Change its name or domain",
                body=GroupPatch,
                answer=GroupShape,
                if_match=True,
                **write,
            ),
            Operation("DELETE", one, "delete_group", self._delete, "Delete it; its members stay", **write),
            Operation(
                "PUT",
                member,
                "add_group_member",
                self._join,
                "A contact belongs to it",
                answer=GroupShape,
                **write,
            ),
            Operation("DELETE", member, "remove_group_member", self._leave, "It does not any more", **write),
        )

    async def _list(self, asked: Asked) -> Answer:
        query: GroupsQuery = asked.query
        page = await self._groups.list(
            kind=query.kind,
            domain=asked_for(domain_of, query.domain, "domain"),
            limit=query.limit,
            after=after_of(query.cursor, "id"),
        )
        return Answer(GroupPage(items=[group_shape(one) for one in page.items], next=next_of(page)))

    async def _create(self, asked: Asked) -> Answer:
        body: NewGroup = asked.body
        try:
            made = await self._groups.create(asked.actor, body.kind, body.name, body.domain, body.members)
        except Missing as missing:
            raise Refused(str(missing), "members") from None
        headers = {"Location": f"/api/v1/groups/{made.group.id}"}
        return Answer(group_shape(made), version=made.version, headers=headers)

    async def _get(self, asked: Asked) -> Answer:
        return _answer(await self._groups.get(asked.path["group_id"]))

    async def _change(self, asked: Asked) -> Answer:
        body: GroupPatch = asked.body
        fields = {name: getattr(body, name) for name in body.model_fields_set}
        group_id = asked.path["group_id"]
        changed = await self._groups.change(asked.actor, group_id, fields=fields, version=asked.if_match)
        return _answer(changed)

    async def _delete(self, asked: Asked) -> Answer:
        await self._groups.delete(asked.actor, asked.path["group_id"])
        return Answer()

    async def _join(self, asked: Asked) -> Answer:
        group_id, contact_id = asked.path["group_id"], asked.path["contact_id"]
        return _answer(await self._groups.add_member(asked.actor, group_id, contact_id))

    async def _leave(self, asked: Asked) -> Answer:
        await self._groups.remove_member(asked.actor, asked.path["group_id"], asked.path["contact_id"])
        return Answer()


def _answer(kept: KeptGroup) -> Answer:
    return Answer(group_shape(kept), version=kept.version)
