"""/decisions and /contacts/{contact_id}/why: what the gate decided, and what it would decide."""

from __future__ import annotations

from datetime import datetime

from compliance.facts import Channel
from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, cursor_of
from console.api.permission_shapes import (
    DecisionPage,
    DecisionQuery,
    Way,
    Why,
    WhyQuery,
    decided,
    logged_shape,
)
from console.api.shapes import PointShape
from engine.explaining import Explained, Explainer, Ways
from engine.ports import Clock
from engine.registers.decisions import DecisionFilter, Decisions, LoggedDecision

_TAG = "permissions"
LAST_DECISIONS = 20


class DecisionsApi:
    def __init__(self, decisions: Decisions, explainer: Explainer, clock: Clock) -> None:
        self._decisions = decisions
        self._explainer = explainer
        self._clock = clock

    def operations(self) -> tuple[Operation, ...]:
        return (
            Operation(
                "GET",
                "/decisions",
                "list_decisions",
                self.list,
                "The gate's decisions, newest first",
                _TAG,
                Scope.PERMISSIONS_READ,
                Role.SUPERVISOR,
                query=DecisionQuery,
                answer=DecisionPage,
                notes="contact.seen",
            ),
            Operation(
                "GET",
                "/contacts/{contact_id}/why",
                "explain_contact",
                self.why,
                "Whether a person may be contacted, and why not",
                _TAG,
                Scope.PERMISSIONS_READ,
                Role.AGENT,
                description="Of each of the person's numbers and addresses. Nothing is logged as a decision.",
                query=WhyQuery,
                answer=Why,
                notes="contact.seen",
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: DecisionQuery = asked.query
        after = after_of(query.cursor, "time", "id", "number")
        before = None if after is None else (datetime.fromisoformat(after[0]), after[1], int(after[2]))
        wanted = DecisionFilter(
            query.subject, query.contact_id, query.allowed, query.writer, query.since, query.until
        )
        found = await self._decisions.logged(wanted, limit=query.limit + 1, before=before)
        shown = found[: query.limit]
        last: LoggedDecision | None = shown[-1] if len(found) > query.limit else None
        more = None if last is None else cursor_of(last.at.isoformat(), last.writer, str(last.seq))
        # Without a name the rows tell of nobody.
        seen = () if query.contact_id is None else (f"contact:{query.contact_id}",)
        return Answer(DecisionPage(items=[logged_shape(one) for one in shown], next=more), seen=seen)

    async def why(self, asked: Asked) -> Answer:
        query: WhyQuery = asked.query
        ways = Ways(
            () if query.channel is None else (Channel(query.channel),),
            () if query.purpose is None else (query.purpose,),
            (query.mode,),
            query.campaign,
            query.debt,
        )
        contact_id = asked.path["contact_id"]
        person, found = await self._explainer.explain(contact_id=contact_id, ways=ways, at=query.at)
        last = await self._decisions.logged(DecisionFilter(contact_id=contact_id), limit=LAST_DECISIONS)
        body = Why(
            contact_id=person.contact_id,
            at=query.at or self._clock.now(),
            ways=[_way(one) for one in found],
            decisions=[logged_shape(one) for one in last],
        )
        return Answer(body)


def _way(explained: Explained) -> Way:
    return Way.model_validate(
        {
            **decided(explained.decision),
            "point": PointShape(kind=explained.point.kind, value=explained.point.value),
            "channel": explained.channel.value,
            "purpose": explained.purpose,
            "mode": explained.mode,
            "packs": list(explained.packs),
            "time_zones": [str(zone) for zone in explained.zones],
        }
    )
