"""/do-not-contact: who is not to be contacted, one by one and by lists."""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator
from datetime import timedelta

from compliance.facts import Channel
from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import cursor_of, parts_of
from console.api.permission_shapes import (
    LIST_NAME,
    Check,
    CheckQuery,
    Forbidding,
    ImportedList,
    ImportQuery,
    Lifting,
    NewObjection,
    ObjectionPage,
    ObjectionQuery,
    ObjectionShape,
    RefusedLine,
    objection_shape,
)
from console.api.problem import FieldError, Problem
from console.api.reading import body_chunks
from console.api.shapes import PointShape
from engine.ports import Clock, Ids
from engine.registers.permissions import ListEntry, ListImport, ObjectionFilter, Permissions, PersonQuery
from engine.registers.refusals import Refused
from history.interaction import ContactPoint
from history.objecting import LONGEST_LINE, checked_point, entry_of, objection_value
from history.permissions import Objection
from history.permissions import Scope as ObjectionScope
from history.points import WrongPoint

_TAG = "permissions"
LIST_TYPES = ("text/plain", "text/csv")
LARGEST_LIST_BYTES = 256 << 20
MOST_REFUSED_TOLD = 100


class DoNotContactApi:
    def __init__(self, permissions: Permissions, clock: Clock, ids: Ids, region: str) -> None:
        self._permissions = permissions
        self._clock = clock
        self._ids = ids
        self._region = region

    def operations(self) -> tuple[Operation, ...]:
        path = "/do-not-contact"
        reading, writing = Scope.PERMISSIONS_READ, Scope.PERMISSIONS_WRITE
        return (
            Operation(
                "GET",
                path,
                "list_objections",
                self.list,
                "Who is not to be contacted, newest first",
                _TAG,
                reading,
                Role.SUPERVISOR,
                query=ObjectionQuery,
                answer=ObjectionPage,
                notes="do_not_contact.seen",
            ),
            Operation(
                "POST",
                path,
                "add_objection",
                self.add,
                "Do not contact a number, person, household, domain or prefix",
                _TAG,
                writing,
                Role.AGENT,
                description="In force at once, everywhere. What is in force already is answered as it is.",
                body=NewObjection,
                answer=ObjectionShape,
                status=201,
                keyed=True,
            ),
            Operation(
                "GET",
                path + "/check",
                "check_point",
                self.check,
                "Whether a number or address is forbidden",
                _TAG,
                reading,
                Role.AGENT,
                query=CheckQuery,
                answer=Check,
                notes="do_not_contact.seen",
            ),
            Operation(
                "POST",
                path + "/lists/{list_name}/import",
                "import_do_not_contact_list",
                self.import_list,
                "Take a list in, line by line",
                _TAG,
                writing,
                Role.MANAGER,
                description=(
                    "A line has a number, a prefix (+4822*), an e-mail address or a domain (@example.com). "
                    "Of a table the first column is read; # begins a comment. A replaced list changes at one "
                    "moment, at the end: a file that breaks off changes nothing of it."
                ),
                query=ImportQuery,
                body_types=LIST_TYPES,
                answer=ImportedList,
            ),
            Operation(
                "GET",
                path + "/{objection_id}",
                "get_objection",
                self.get,
                "One of them",
                _TAG,
                reading,
                Role.AGENT,
                answer=ObjectionShape,
                notes="do_not_contact.seen",
            ),
            Operation(
                "POST",
                path + "/{objection_id}/lift",
                "lift_objection",
                self.lift,
                "It counts no more, and stays on record",
                _TAG,
                writing,
                Role.MANAGER,
                body=Lifting,
                answer=ObjectionShape,
                keyed=True,
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: ObjectionQuery = asked.query
        before = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        scope = None if query.scope is None else ObjectionScope(query.scope)
        wanted = ObjectionFilter(scope, query.value, query.list, query.in_force)
        found = await self._permissions.objections(wanted, limit=query.limit + 1, before=before)
        shown = [objection_shape(one) for one in found[: query.limit]]
        more = cursor_of(shown[-1].id) if len(found) > query.limit else None
        seen = tuple(f"do_not_contact:{one.id}" for one in shown)
        return Answer(ObjectionPage(items=shown, next=more), seen=seen)

    async def add(self, asked: Asked) -> Answer:
        body: NewObjection = asked.body
        try:
            value = objection_value(ObjectionScope(body.scope), body.value, self._region)
        except WrongPoint as wrong:
            raise Refused(str(wrong), "value") from wrong
        objection = Objection(
            id=self._ids.new(),
            at=self._clock.now(),
            scope=ObjectionScope(body.scope),
            value=value,
            reason=body.reason,
            source=body.source,
            channels=frozenset(body.channels),
            purposes=frozenset(purpose.value for purpose in body.purposes),
        )
        (standing,) = await self._permissions.add_objections([objection], asked.actor)
        headers = {"Location": f"/api/v1/do-not-contact/{standing.id}"}
        return Answer(objection_shape(standing), headers=headers)

    async def get(self, asked: Asked) -> Answer:
        return Answer(objection_shape(await self._permissions.objection(asked.path["objection_id"])))

    async def lift(self, asked: Asked) -> Answer:
        body: Lifting = asked.body
        lifted = await self._permissions.lift_objection(
            asked.path["objection_id"], body.reason, asked.actor, self._clock.now()
        )
        return Answer(objection_shape(lifted))

    async def check(self, asked: Asked) -> Answer:
        query: CheckQuery = asked.query
        try:
            kind, value = checked_point(query.point, self._region)
        except WrongPoint as wrong:
            error = FieldError("query.point", str(wrong))
            raise Problem(400, "invalid", "This is no point of a person.", errors=[error]) from wrong
        now = self._clock.now()
        about = PersonQuery(Channel.CALL, now - timedelta(days=1), ContactPoint(kind, value))
        person = await self._permissions.person_facts(about, now)
        found = [
            Forbidding.model_validate(
                {
                    "scope": one.scope,
                    "reason": one.reason,
                    "since": one.at,
                    "channels": sorted(one.channels),
                    "purposes": sorted(one.purposes),
                }
            )
            for one in person.facts.do_not_contact
        ]
        body = Check(
            point=PointShape(kind=kind, value=value), contact_id=person.contact_id, do_not_contact=found
        )
        return Answer(
            body, seen=(f"contact:{person.contact_id}",) if person.contact_id else ("point:unknown",)
        )

    async def import_list(self, asked: Asked) -> Answer:
        query: ImportQuery = asked.query
        name = asked.path["list_name"]
        if not re.fullmatch(LIST_NAME, name.lower()):
            raise Problem(
                404, "not-found", "A list's name has letters, digits, - and _, at most 60, and no sign first."
            )
        plan = ListImport(
            name.lower(),
            query.reason,
            query.source,
            query.replace,
            frozenset() if query.channel is None else frozenset({query.channel}),
            frozenset() if query.purpose is None else frozenset({query.purpose.value}),
        )
        file = _ListFile(self._region)
        lines = _lines(body_chunks(asked.request, LARGEST_LIST_BYTES))
        done = await self._permissions.import_list(plan, file.entries(lines), asked.actor, self._clock.now())
        return Answer(
            ImportedList(
                read=done.read,
                added=done.added,
                kept=done.kept,
                lifted=done.lifted,
                refused=file.refused,
                refused_lines=file.refused_lines,
            )
        )


class _ListFile:
    """Counts the lines that are no entries, and tells the first of them."""

    def __init__(self, region: str) -> None:
        self._region = region
        self.refused = 0
        self.refused_lines: list[RefusedLine] = []

    async def entries(self, lines: AsyncIterator[str]) -> AsyncIterator[ListEntry]:
        number = 0
        async for line in lines:
            number += 1
            try:
                entry = entry_of(line, self._region)
            except WrongPoint as wrong:
                self.refused += 1
                if len(self.refused_lines) < MOST_REFUSED_TOLD:
                    self.refused_lines.append(RefusedLine(line=number, reason=str(wrong)))
                continue
            if entry is not None:
                yield ListEntry(*entry)


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The body as it comes; of a line without an end only so much is kept as tells that it is too long."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    async for piece in pieces:
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        for line in whole:
            yield line
        rest = rest[: 2 * LONGEST_LINE]
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest
