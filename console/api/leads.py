"""/campaigns/ID/leads and /leads: who is on a campaign's list, and why somebody is not called."""

from __future__ import annotations

from collections import Counter
from typing import Any

from console.api.access import Role, Scope
from console.api.lead_shapes import (
    AddedLeads,
    AttemptPage,
    LeadList,
    LeadOrder,
    LeadPage,
    LeadShape,
    LeadsOfQuery,
    LeadsQuery,
    LeadWhy,
    LeftOutShape,
    NewLeads,
    NewLeadShape,
    NewPriority,
    SegmentLeads,
    attempt_shape,
    lead_reason,
    lead_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import PageQuery, after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from dialer.lead import Lead
from engine.lead_reasons import lead_reasons
from engine.registers.leads import Added, LeadFilter, LeftOut, LeftOutCode, NewLead
from engine.registers.refusals import Missing, Refused
from history.interaction import PointKind
from history.names import cleaned
from history.points import WrongPoint, phone_of

_TAG = "campaigns"
_LARGEST_LIST = 2 << 20


class LeadsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._leads = parts.leads

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.CAMPAIGNS_READ, "role": Role.SUPERVISOR}
        write: dict[str, Any] = {"tag": _TAG, "scope": Scope.CAMPAIGNS_WRITE, "role": Role.MANAGER}
        order: dict[str, Any] = {**write, "answer": LeadShape, "keyed": True, "notes": "lead.seen"}
        listed, one = "/campaigns/{campaign_id}/leads", "/leads/{lead_id}"
        return (
            Operation(
                "GET", listed, "list_leads", self._list, "A campaign's list, in its order",
                query=LeadsQuery, answer=LeadPage, notes="lead.seen", **read,
            ),
            Operation(
                "POST", listed, "add_leads", self._add, "Put up to 1,000 people on the list",
                description="Contacts are found by the numbers, or made. Who cannot be added is told.",
                body=NewLeads, answer=AddedLeads, largest_body=_LARGEST_LIST, keyed=True, **write,
            ),
            Operation(
                "POST", f"{listed}/segment", "add_segment_leads", self._add_segment,
                "Put all who are in a segment now on the list",
                description="A segment too large for one answer is gone on with when it is sent again.",
                body=SegmentLeads, answer=AddedLeads, keyed=True, **write,
            ),
            Operation(
                "GET", "/campaigns/{campaign_id}/attempts", "list_attempts", self._attempts,
                "A campaign's calls, the newest first",
                query=PageQuery, answer=AttemptPage, notes="lead.seen", **read,
            ),
            Operation(
                "GET", "/leads", "list_leads_of_contact", self._of_contact,
                "A contact's leads in all campaigns, the newest first",
                query=LeadsOfQuery, answer=LeadList, notes="lead.seen", **read,
            ),
            Operation(
                "GET", one, "get_lead", self._get, "One lead", answer=LeadShape, notes="lead.seen", **read
            ),
            Operation(
                "GET", f"{one}/why", "explain_lead", self._why, "Why it is, or is not, called now",
                description="The gate is asked, and nothing is logged as a decision.",
                answer=LeadWhy, notes="lead.seen", **read,
            ),
            Operation(
                "POST", f"{one}/stop", "stop_lead", self._stop, "It is not called any more",
                body=LeadOrder, **order,
            ),
            Operation(
                "POST", f"{one}/reopen", "reopen_lead", self._reopen, "One that is over is called again",
                body=LeadOrder, **order,
            ),
            Operation(
                "POST", f"{one}/priority", "set_lead_priority", self._set_priority,
                "Call it before or after others", body=NewPriority, **order,
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        query: LeadsQuery = asked.query
        page = await self._leads.page(
            asked.path["campaign_id"],
            LeadFilter(
                query.state,
                query.reason,
                query.search,
                query.outcome,
                query.called_since,
                query.called_before,
            ),
            limit=query.limit,
            after=after_of(query.cursor, "time", "id"),
        )
        items = [lead_shape(lead) for lead in page.items]
        return Answer(LeadPage(items=items, next=next_of(page)), seen=_seen(page.items))

    async def _add(self, asked: Asked) -> Answer:
        body: NewLeads = asked.body
        campaign = asked.path["campaign_id"]
        await self._parts.campaigns.get(campaign)
        people: list[NewLead] = []
        unknown: list[LeftOut] = []
        wrongs = await self._unknown_debts(body)
        for place, written in enumerate(body.people):
            numbers: list[tuple[str, str]] = []
            for index, number in enumerate(written.numbers):
                try:
                    numbers.append((phone_of(number, self._parts.region), ""))
                except WrongPoint as wrong:
                    wrongs.append(FieldError(f"body.people[{place}].numbers[{index}]", str(wrong)))
            if not written.numbers and written.contact_id is not None:
                try:
                    numbers = await self._numbers_of(written.contact_id)
                except Missing as missing:
                    unknown.append(LeftOut(place, LeftOutCode.NO_CONTACT, str(missing)))
                    continue
            people.append(_new_lead(place, written, tuple(dict.fromkeys(numbers))))
        if wrongs:
            raise Problem(422, "invalid", "Members are wrong: see errors.", errors=wrongs[:20])
        added = await self._leads.add(asked.actor, campaign, people)
        counts = Counter(added.left_out_counts) + Counter(one.code for one in unknown)
        left_out = sorted((*added.left_out, *unknown), key=lambda one: one.place)
        return Answer(_told(Added(added.ids, tuple(left_out), counts), added.ids))

    async def _unknown_debts(self, body: NewLeads) -> list[FieldError]:
        wrongs = []
        named = {one.debt: place for place, one in reversed(list(enumerate(body.people))) if one.debt}
        for debt, place in named.items():
            try:
                await self._parts.debts.get(debt)
            except Missing as missing:
                wrongs.append(FieldError(f"body.people[{place}].debt", str(missing)))
        return wrongs

    async def _numbers_of(self, contact_id: str) -> list[tuple[str, str]]:
        contact = await self._parts.history.contacts.get(contact_id)
        return [(point.value, "") for point in contact.points if point.kind is PointKind.PHONE]

    async def _add_segment(self, asked: Asked) -> Answer:
        body: SegmentLeads = asked.body
        campaign = asked.path["campaign_id"]
        await self._parts.campaigns.get(campaign)
        try:
            added = await self._leads.add_segment(
                asked.actor, campaign, body.segment_id, priority=body.priority
            )
        except Missing as missing:
            raise Refused(str(missing), "segment_id") from missing
        return Answer(_told(added, {}))

    async def _attempts(self, asked: Asked) -> Answer:
        campaign = asked.path["campaign_id"]
        await self._parts.campaigns.get(campaign)
        after = after_of(asked.query.cursor, "time", "id")
        page = await self._parts.attempts.page(campaign, limit=asked.query.limit, after=after)
        items = [attempt_shape(attempt) for attempt in page.items]
        seen = tuple(dict.fromkeys(f"lead:{attempt.lead}" for attempt in page.items))
        return Answer(AttemptPage(items=items, next=next_of(page)), seen=seen)

    async def _of_contact(self, asked: Asked) -> Answer:
        query: LeadsOfQuery = asked.query
        try:
            found = await self._leads.of_contact(query.contact_id)
        except Missing as missing:
            raise Refused(str(missing), "contact_id") from missing
        return Answer(LeadList(items=[lead_shape(lead) for lead in found]), seen=_seen(found))

    async def _get(self, asked: Asked) -> Answer:
        return _shown(await self._leads.get(asked.path["lead_id"]))

    async def _why(self, asked: Asked) -> Answer:
        found = await lead_reasons(
            asked.path["lead_id"],
            leads=self._leads,
            rules=self._parts.campaign_rules,
            gate=self._parts.gate,
            clock=self._parts.clock,
        )
        return Answer(
            LeadWhy(
                at=found.at,
                may_be_called=found.may_be_called,
                reasons=[lead_reason(reason) for reason in found.reasons],
                lead=lead_shape(found.facts.lead),
                attempts=[attempt_shape(attempt) for attempt in found.facts.attempts],
            )
        )

    async def _stop(self, asked: Asked) -> Answer:
        return _shown(await self._leads.stop(asked.actor, asked.path["lead_id"], asked.body.reason))

    async def _reopen(self, asked: Asked) -> Answer:
        return _shown(await self._leads.reopen(asked.actor, asked.path["lead_id"], asked.body.reason))

    async def _set_priority(self, asked: Asked) -> Answer:
        body: NewPriority = asked.body
        return _shown(await self._leads.set_priority(asked.actor, asked.path["lead_id"], body.priority))


def _new_lead(place: int, written: NewLeadShape, numbers: tuple[tuple[str, str], ...]) -> NewLead:
    return NewLead(
        place=place,
        numbers=numbers,
        contact_id=written.contact_id,
        name=cleaned(written.name) or "",
        time_zone=written.time_zone,
        priority=written.priority,
        fields=written.fields,
        debt=written.debt,
        not_before=written.not_before,
    )


def _told(added: Added, ids: Any) -> AddedLeads:
    return AddedLeads(
        added=len(added.ids),
        ids={str(place): lead for place, lead in ids.items()},
        left_out=[
            LeftOutShape(place=one.place, code=one.code, sentence=one.sentence, other=one.other)
            for one in added.left_out
        ],
        left_out_counts=dict(added.left_out_counts),
    )


def _shown(lead: Lead) -> Answer:
    return Answer(lead_shape(lead), version=lead.version)


def _seen(found: Any) -> tuple[str, ...]:
    return tuple(f"lead:{lead.id}" for lead in found)
