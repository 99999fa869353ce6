"""/segments: saved queries over contacts."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from console.api.access import Role, Scope
from console.api.contact_shapes import Line
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from console.api.shapes import Time, no_default
from engine.registers.segments import Segment
from history.segment_reading import WrongQuery, query_of

_Query = Annotated[
    dict[str, Any],
    Field(
        description='As {"all": [{"field": "country", "is": "PL"}, {"interactions": {"channel": "call", '
        '"within_days": 30}, "at_least": 2}]}; see the integrators\' documentation.',
        examples=[{"field": "country", "is": "PL"}],
    ),
]


class SegmentShape(Shape):
    id: str
    name: str
    query: dict[str, Any]
    created_at: Time
    updated_at: Time
    version: int


class NewSegment(Shape):
    name: Line
    query: _Query


class SegmentPatch(Shape):
    name: Line = Field(default="", json_schema_extra=no_default)
    query: _Query = Field(default={}, json_schema_extra=no_default)


class SegmentPage(Shape):
    items: list[SegmentShape]
    next: str | None


class SegmentSize(Shape):
    contacts: Annotated[int, Field(description="How many people are in it now.")]


class SegmentsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._segments = parts.history.segments

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "segments", "scope": Scope.CONTACTS_READ, "role": Role.AGENT}
        write: dict[str, Any] = {"tag": "segments", "scope": Scope.CONTACTS_WRITE, "role": Role.SUPERVISOR}
        one = "/segments/{segment_id}"
        get = partial(Operation, "GET")
        return (
            get(
                "/segments",
                "list_segments",
                self._list,
                "Segments, the newest first",
                query=PageQuery,
                answer=SegmentPage,
                **read,
            ),
            Operation(
                "POST",
                "/segments",
                "create_segment",
                self._create,
                "Save a segment",
                body=NewSegment,
                answer=SegmentShape,
                status=201,
                keyed=True,
                **write,
            ),
            get(
                one,
                "get_segment",
                self._get,
                "One segment",
                description="GET /contacts?segment=ID lists who is in it.",
                answer=SegmentShape,
                **read,
            ),
            get(f"{one}/size", "count_segment", self._size, "How many are in it", answer=SegmentSize, **read),
            Operation(
                "PATCH",
                one,
                "change_segment",
                self._change,
                "Change a segment",
                body=SegmentPatch,
                answer=SegmentShape,
                if_match=True,
                **write,
            ),
            Operation("DELETE", one, "delete_segment", self._delete, "Delete a segment", **write),
        )

    async def _list(self, asked: Asked) -> Answer:
        query: PageQuery = asked.query
        page = await self._segments.list(limit=query.limit, after=after_of(query.cursor, "id"))
        return Answer(SegmentPage(items=[_shape(one) for one in page.items], next=next_of(page)))

    async def _create(self, asked: Asked) -> Answer:
        body: NewSegment = asked.body
        _check(body.query)
        made = await self._segments.create(asked.actor, body.name, body.query)
        headers = {"Location": f"/api/v1/segments/{made.id}"}
        return Answer(_shape(made), version=made.version, headers=headers)

    async def _get(self, asked: Asked) -> Answer:
        found = await self._segments.get(asked.path["segment_id"])
        return Answer(_shape(found), version=found.version)

    async def _size(self, asked: Asked) -> Answer:
        return Answer(SegmentSize(contacts=await self._segments.count(asked.path["segment_id"])))

    async def _change(self, asked: Asked) -> Answer:
        body: SegmentPatch = asked.body
        given = body.model_fields_set
        if "query" in given:
            _check(body.query)
        changed = await self._segments.change(
            asked.actor,
            asked.path["segment_id"],
            name=body.name if "name" in given else None,
            query=body.query if "query" in given else None,
            version=asked.if_match,
        )
        return Answer(_shape(changed), version=changed.version)

    async def _delete(self, asked: Asked) -> Answer:
        await self._segments.delete(asked.actor, asked.path["segment_id"])
        return Answer()


def _check(query: dict[str, Any]) -> None:
    """Raises Problem 422 with every mistake at its place."""
    try:
        query_of(query)
    except WrongQuery as wrong:
        errors = [
            FieldError(f"body.query.{one.place}" if one.place else "body.query", one.says)
            for one in wrong.mistakes[:20]
        ]
        raise Problem(422, "invalid", "The query cannot be read: see errors.", errors=errors) from None


def _shape(segment: Segment) -> SegmentShape:
    return SegmentShape(
        id=segment.id,
        name=segment.name,
        query=dict(segment.query),
        created_at=segment.created_at,
        updated_at=segment.updated_at,
        version=segment.version,
    )
