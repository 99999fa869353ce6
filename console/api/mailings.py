"""/mailings: made, previewed, started, paused, resumed and stopped, and how far each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from console.api.access import Role, Scope
from console.api.mailing_shapes import (
    MailingFiguresShape,
    MailingOrder,
    MailingPage,
    MailingPreview,
    MailingShape,
    MailingsQuery,
    NewMailing,
    PreviewMessageShape,
    RecipientPage,
    RecipientShape,
    RecipientsQuery,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from engine.followup.mailing_desk import MailingDesk, Preview
from engine.registers.mailings import Mailing, MailingFigures
from engine.registers.refusals import Changed
from messaging.mailing import Order

_LARGEST = 1 << 20
_ORDERS = {
    "pause": (Order.PAUSE, "Write no more for now, and hold what is queued"),
    "resume": (Order.GO_ON, "Go on with one that was paused"),
    "stop": (Order.STOP, "End it: what is queued is not sent"),
}


class MailingsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "mailings", "scope": Scope.MESSAGES_READ, "role": Role.SUPERVISOR}
        write: dict[str, Any] = {"tag": "mailings", "scope": Scope.MAILINGS_WRITE, "role": Role.MANAGER}
        get, post = partial(Operation, "GET"), partial(Operation, "POST")
        one = "/mailings/{mailing_id}"
        return (
            get(
                "/mailings", "list_mailings", self._list, "Mailings, the newest first",
                query=MailingsQuery, answer=MailingPage, **read,
            ),
            post(
                "/mailings", "create_mailing", self._create, "Make a mailing, as a draft",
                body=NewMailing, answer=MailingShape, status=201, keyed=True, largest_body=_LARGEST, **write,
            ),
            get(one, "get_mailing", self._get, "One mailing", answer=MailingShape, **read),
            Operation(
                "PUT", one, "change_mailing", self._change, "Write a mailing anew that has not been started",
                body=NewMailing, answer=MailingShape, if_match=True, largest_body=_LARGEST, **write,
            ),
            get(
                f"{one}/preview", "preview_mailing", self._preview,
                "Its mistakes, the first ten messages, whom rules refuse, parts and cost",
                description="Nothing is written. Of more than 300 people a fair share is looked at.",
                answer=MailingPreview, notes="mailing.previewed", **read,
            ),
            get(
                f"{one}/figures", "get_mailing_figures", self._figures, "How far it is",
                answer=MailingFiguresShape, **read,
            ),
            get(
                f"{one}/recipients", "list_mailing_recipients", self._recipients,
                "Who gets it, in their order", query=RecipientsQuery, answer=RecipientPage, **read,
            ),
            post(
                f"{one}/start", "start_mailing", self._start, "Freeze its recipients and begin",
                description="Whoever joins the segment later is not among them.",
                answer=MailingShape, keyed=True, if_match=True, **write,
            ),
            *(
                post(
                    f"{one}/{name}", f"{name}_mailing", self._orderer(order), summary,
                    body=MailingOrder, answer=MailingShape, keyed=True, **write,
                )
                for name, (order, summary) in _ORDERS.items()
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        query: MailingsQuery = asked.query
        after = after_of(query.cursor, "time", "id")
        page = await self._desk.mailings.list(query.state, limit=query.limit, after=after)
        return Answer(MailingPage(items=[mailing_shape(one) for one in page.items], next=next_of(page)))

    async def _create(self, asked: Asked) -> Answer:
        now = self._parts.clock.now()
        wanted = Mailing(id="", created_at=now, updated_at=now, **asked.body.settings())
        made = await self._desk.create(asked.actor, wanted)
        headers = {"Location": f"/api/v1/mailings/{made.id}"}
        return Answer(mailing_shape(made), version=made.version, headers=headers)

    async def _get(self, asked: Asked) -> Answer:
        return _shown(await self._desk.mailings.get(asked.path["mailing_id"]))

    async def _change(self, asked: Asked) -> Answer:
        known = await self._desk.mailings.get(asked.path["mailing_id"])
        if known.version != asked.if_match:
            raise Changed(f"The mailing is of version {known.version} now: read it again.", known.version)
        return _shown(await self._desk.change(asked.actor, replace(known, **asked.body.settings())))

    async def _preview(self, asked: Asked) -> Answer:
        mailing = await self._desk.mailings.get(asked.path["mailing_id"])
        found = await self._desk.preview(mailing)
        return Answer(preview_shape(found), seen=tuple(f"contact:{one.contact_id}" for one in found.first))

    async def _figures(self, asked: Asked) -> Answer:
        return Answer(figures_shape(await self._desk.mailings.figures(asked.path["mailing_id"])))

    async def _recipients(self, asked: Asked) -> Answer:
        query: RecipientsQuery = asked.query
        page = await self._desk.mailings.recipients(
            asked.path["mailing_id"],
            unwritten=query.unwritten,
            limit=query.limit,
            after=after_of(query.cursor, "number"),
        )
        items = [RecipientShape.model_validate(one, from_attributes=True) for one in page.items]
        return Answer(RecipientPage(items=items, next=next_of(page)))

    async def _start(self, asked: Asked) -> Answer:
        started = await self._desk.start(asked.actor, asked.path["mailing_id"], version=asked.if_match)
        return _shown(started)

    def _orderer(self, order: Order) -> Any:
        async def give(asked: Asked) -> Answer:
            body: MailingOrder = asked.body
            mailing = asked.path["mailing_id"]
            return _shown(await self._desk.order(asked.actor, mailing, order, body.reason or ""))

        return give

    @property
    def _desk(self) -> MailingDesk:
        return self._parts.mailing_desk


def mailing_shape(mailing: Mailing) -> MailingShape:
    known = {name: getattr(mailing, name) for name in MailingShape.model_fields}
    return MailingShape.model_validate(
        known
        | {
            "contact_ids": list(mailing.contact_ids),
            "values": dict(mailing.values),
            "left_out": _by_name(mailing.left_out),
            "opens": None if mailing.opens is None else mailing.opens.isoformat("minutes"),
            "closes": None if mailing.closes is None else mailing.closes.isoformat("minutes"),
        }
    )


def preview_shape(preview: Preview) -> MailingPreview:
    return MailingPreview(
        mistakes=list(preview.mistakes),
        recipients=preview.recipients,
        left_out=_by_name(preview.left_out or {}),
        sampled=preview.sampled,
        allowed=preview.allowed,
        later=dict(preview.later or {}),
        refused=dict(preview.refused or {}),
        unwritten=dict(preview.unwritten or {}),
        parts=preview.parts,
        cost=preview.cost,
        currency=preview.currency,
        unpriced=preview.unpriced,
        first=[PreviewMessageShape.model_validate(one, from_attributes=True) for one in preview.first],
    )


def figures_shape(figures: MailingFigures) -> MailingFiguresShape:
    progress = figures.progress
    return MailingFiguresShape(
        recipients=progress.recipients,
        begun=progress.begun,
        to_come=progress.to_come,
        under_way=progress.under_way,
        final=progress.final,
        reached=progress.reached,
        states=dict(progress.counts),
        unwritten=dict(figures.unwritten),
        endings=dict(figures.endings),
        running=figures.running,
        silent=figures.silent,
        replied=progress.replied,
        opted_out=progress.opted_out,
        cost=progress.cost,
    )


def _by_name(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): number for name, number in counts.items()}


def _shown(mailing: Mailing) -> Answer:
    return Answer(mailing_shape(mailing), version=mailing.version)
