"""/contacts/{contact_id}/export and /erase, /erasures and /legal-holds."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, cursor_of, parts_of
from console.api.shapes import Reason, Time
from console.contacts.archive import file_name, zipped
from console.sending import send
from engine.registers.privacy import Erasure, ErasureState, LegalHold, Privacy
from engine.registers.recordings import RecordingFiles
from engine.registers.refusals import Missing, Refused

_TAG = "privacy"


class ErasureOrder(Shape):
    reason: Annotated[Reason, Field(description="Why; nothing in it tells who.")]


class ErasureShape(Shape):
    id: str
    at: Time
    ended_at: Time | None
    state: ErasureState
    reason: str
    counts: Annotated[dict[str, int], Field(description="Rows by table, and files.")]
    kept: Annotated[list[str], Field(description="What stays, and why.")]
    left: Annotated[dict[str, int], Field(description="Where something of the person was still found.")]


class ErasurePage(Shape):
    items: list[ErasureShape]
    next: str | None


class NewHold(Shape):
    subject: Annotated[
        str,
        Field(
            max_length=100, pattern=r"^(contact|call):[A-Za-z0-9._-]+$", description="contact:ID or call:ID"
        ),
    ]
    reason: Reason


class HoldShape(Shape):
    id: str
    subject: str
    reason: str
    by: str
    at: Time
    lifted_at: Time | None


class HoldList(Shape):
    items: list[HoldShape]


class PrivacyApi:
    def __init__(self, privacy: Privacy, recordings: RecordingFiles | None) -> None:
        self._privacy = privacy
        self._recordings = recordings

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.PRIVACY_READ, "role": Role.MANAGER}
        write: dict[str, Any] = {"tag": _TAG, "scope": Scope.PRIVACY_WRITE, "role": Role.ADMIN}
        get, post = partial(Operation, "GET"), partial(Operation, "POST")
        return (
            get(
                "/contacts/{contact_id}/export",
                "export_contact",
                self._export,
                "All that is kept of a person, as a ZIP",
                description="person.json, index.html, recordings/ and SHA256SUMS.",
                answer_types=("application/zip",),
                **read,
            ),
            post(
                "/contacts/{contact_id}/erase",
                "erase_contact",
                self._erase,
                "Erase a person",
                description="It cannot be undone. Asked again, it tells of the same erasure.",
                body=ErasureOrder,
                answer=ErasureShape,
                **write,
            ),
            get(
                "/erasures",
                "list_erasures",
                self._list,
                "Erasures, the newest first",
                query=PageQuery,
                answer=ErasurePage,
                **read,
            ),
            get("/legal-holds", "list_legal_holds", self._holds, "Holds that stand", answer=HoldList, **read),
            post(
                "/legal-holds",
                "set_legal_hold",
                self._hold,
                "Keep a person or a call from being erased",
                body=NewHold,
                answer=HoldShape,
                keyed=True,
                **write,
            ),
            post(
                "/legal-holds/{hold_id}/lift",
                "lift_legal_hold",
                self._lift,
                "Lift a hold",
                answer=HoldShape,
                keyed=True,
                **write,
            ),
        )

    async def _export(self, asked: Asked) -> web.StreamResponse:
        record = await self._privacy.export(asked.actor, asked.path["contact_id"])
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Disposition": f'attachment; filename="{file_name(record)}"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(asked.request)
        pieces = zipped(record, self._recordings)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            if piece:
                await send(response, piece)
        await response.write_eof()
        return response

    async def _erase(self, asked: Asked) -> Answer:
        order: ErasureOrder = asked.body
        erasure = await self._privacy.erase(asked.actor, asked.path["contact_id"], order.reason)
        return Answer(_erasure(erasure))

    async def _list(self, asked: Asked) -> Answer:
        query: PageQuery = asked.query
        before = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        found = await self._privacy.erasures(limit=query.limit + 1, before=before)
        items = [_erasure(one) for one in found[: query.limit]]
        more = cursor_of(items[-1].id) if len(found) > query.limit else None
        return Answer(ErasurePage(items=items, next=more))

    async def _holds(self, asked: Asked) -> Answer:
        return Answer(HoldList(items=[_hold(one) for one in await self._privacy.holds()]))

    async def _hold(self, asked: Asked) -> Answer:
        order: NewHold = asked.body
        try:
            held = await self._privacy.hold(asked.actor, order.subject, order.reason)
        except Missing as missing:  # it is named in the body, not by the path
            raise Refused(str(missing), "subject") from missing
        return Answer(_hold(held))

    async def _lift(self, asked: Asked) -> Answer:
        return Answer(_hold(await self._privacy.lift(asked.actor, asked.path["hold_id"])))


def _erasure(one: Erasure) -> ErasureShape:
    return ErasureShape(
        id=one.id,
        at=one.at,
        ended_at=one.ended_at,
        state=one.state,
        reason=one.reason,
        counts=dict(one.counts),
        kept=list(one.kept),
        left=dict(one.left),
    )


def _hold(one: LegalHold) -> HoldShape:
    return HoldShape(
        id=one.id, subject=one.subject, reason=one.reason, by=one.by, at=one.at, lifted_at=one.lifted_at
    )
