"""/interactions: the contact history, read and written by other systems, and found by its words."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from console.api.access import Role, Scope
from console.api.interaction_shapes import (
    FoundPage,
    FoundShape,
    InteractionPage,
    InteractionShape,
    NewInteraction,
    SearchQuery,
    SnippetShape,
    TimelineQuery,
    interaction_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from console.api.written_points import not_there, one_point
from engine.registers.refusals import Missing
from engine.registers.timeline import TimelineFilter
from history.interaction import Channel, Interaction
from history.search_query import terms_of


class InteractionsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._timeline = parts.history.timeline
        self._ids = parts.ids
        self._region = parts.region

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {
            "tag": "interactions",
            "scope": Scope.INTERACTIONS_READ,
            "role": Role.AGENT,
        }
        get = partial(Operation, "GET")
        return (
            get(
                "/contacts/{contact_id}/timeline",
                "get_timeline",
                self._timeline_of,
                "A person's interactions, the newest first",
                query=TimelineQuery,
                answer=InteractionPage,
                notes="contact.seen",
                **read,
            ),
            get(
                "/interactions",
                "list_interactions",
                self._list,
                "Everybody's interactions, the newest first",
                query=TimelineQuery,
                answer=InteractionPage,
                notes="contact.seen",
                **read,
            ),
            Operation(
                "POST",
                "/interactions",
                "add_interaction",
                self._add,
                "Write what happened elsewhere into the history",
                description="The contact is named, or found by the point, or made. The same source and "
                "external_id again gives the row that is there. Nothing is ever changed: a correction is a "
                "row of its own that names the other in `corrects`.",
                tag="interactions",
                scope=Scope.INTERACTIONS_WRITE,
                role=Role.AGENT,
                body=NewInteraction,
                answer=InteractionShape,
                status=201,
                keyed=True,
                largest_body=1 << 20,
                notes="interaction.seen",
            ),
            get(
                "/interactions/{interaction_id}",
                "get_interaction",
                self._get,
                "One interaction",
                answer=InteractionShape,
                notes="interaction.seen",
                **read,
            ),
            get(
                "/search",
                "search_history",
                self._search,
                "Interactions by words of their notes, transcripts and subjects",
                description='Words, "a phrase", the beginning of a word*; all must be there. Case and '
                "diacritics do not count. What was written last comes first.",
                query=SearchQuery,
                answer=FoundPage,
                notes="contact.seen",
                **read,
            ),
        )

    async def _timeline_of(self, asked: Asked) -> Answer:
        return await self._page(asked, asked.path["contact_id"])

    async def _list(self, asked: Asked) -> Answer:
        return await self._page(asked, None)

    async def _page(self, asked: Asked, contact_id: str | None) -> Answer:
        query: TimelineQuery = asked.query
        after = after_of(query.cursor, "time", "id")
        page = await self._timeline.of(contact_id, _filter(query), limit=query.limit, after=after)
        shown = InteractionPage(items=[interaction_shape(row) for row in page.items], next=next_of(page))
        return Answer(shown, seen=() if contact_id else _people(page.items))

    async def _get(self, asked: Asked) -> Answer:
        return Answer(interaction_shape(await self._timeline.get(asked.path["interaction_id"])))

    async def _add(self, asked: Asked) -> Answer:
        body: NewInteraction = asked.body
        fields = body.model_dump(exclude={"point", "path", "heard"})
        point = None
        if body.point is not None:
            point = one_point(body.point, self._region, "body.point.value")
        interaction_id = self._ids.new()
        row = Interaction(
            **{
                **fields,
                "channel": Channel(body.channel),
                "subject_id": body.subject_id or interaction_id,
            },
            id=interaction_id,
            point=point,
            path=tuple(body.path),
            heard=tuple(body.heard),
        )
        added, new = await self._timeline.add(asked.actor, row)
        headers = {"Location": f"/api/v1/interactions/{added.id}"}
        # What was there before may be more than the asker wrote.
        seen = () if new else (f"interaction:{added.id}",)
        return Answer(interaction_shape(added), headers=headers, seen=seen)

    async def _search(self, asked: Asked) -> Answer:
        query: SearchQuery = asked.query
        after = after_of(query.cursor, "number")
        if not terms_of(query.q):
            wrong = FieldError("query.q", "Write a word to look for.")
            raise Problem(400, "invalid", "There is no word to look for.", errors=[wrong])
        try:
            page = await self._timeline.search(
                query.q, _filter(query), contact_id=query.contact, limit=query.limit, after=after
            )
        except Missing as lacking:
            raise not_there("contact", lacking) from None
        items = [
            FoundShape(
                interaction=interaction_shape(one.interaction),
                snippets=[SnippetShape(**asdict(part)) for part in one.snippets],
            )
            for one in page.items
        ]
        seen = _people([one.interaction for one in page.items])
        return Answer(FoundPage(items=items, next=next_of(page)), seen=seen)


def _filter(query: TimelineQuery) -> TimelineFilter:
    return TimelineFilter(
        channel=None if query.channel is None else Channel(query.channel),
        direction=query.direction,
        outcome=query.outcome,
        campaign=query.campaign,
        agent=query.agent,
        source=query.source,
        since=query.since,
        until=query.until,
    )


def _people(rows: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"contact:{row.contact_id}" for row in rows if row.contact_id is not None))
