"""/contacts/{contact_id}/consents: what a person has allowed, and taken back."""

from __future__ import annotations

from datetime import timedelta

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import PageQuery, cursor_of, parts_of
from console.api.permission_shapes import (
    ConsentPage,
    ConsentPoint,
    ConsentShape,
    NewConsent,
    ProofShape,
    Withdrawal,
    Withdrawn,
    consent_shape,
)
from engine.ports import Clock, Ids
from engine.registers.permissions import Permissions
from engine.registers.refusals import Refused
from history.interaction import ContactPoint
from history.permissions import Consent, Proof
from history.points import WrongPoint, point_of

_TAG = "permissions"
# Other systems' clocks may be ahead of ours by so much.
_AHEAD = timedelta(minutes=5)
_READ_AT_ONCE = 1000


class ConsentsApi:
    def __init__(self, permissions: Permissions, clock: Clock, ids: Ids, region: str) -> None:
        self._permissions = permissions
        self._clock = clock
        self._ids = ids
        self._region = region

    def operations(self) -> tuple[Operation, ...]:
        path = "/contacts/{contact_id}/consents"
        return (
            Operation(
                "GET",
                path,
                "list_consents",
                self.list,
                "A person's consents and withdrawals, newest first",
                _TAG,
                Scope.PERMISSIONS_READ,
                Role.AGENT,
                query=PageQuery,
                answer=ConsentPage,
                notes="contact.seen",
            ),
            Operation(
                "POST",
                path,
                "give_consent",
                self.give,
                "Keep a consent that the person gave",
                _TAG,
                Scope.PERMISSIONS_WRITE,
                Role.AGENT,
                body=NewConsent,
                answer=ConsentShape,
                status=201,
                keyed=True,
            ),
            Operation(
                "POST",
                path + "/withdraw",
                "withdraw_consent",
                self.withdraw,
                "Withdraw what the person had allowed",
                _TAG,
                Scope.PERMISSIONS_WRITE,
                Role.AGENT,
                description="It is in force at once, everywhere. Answers what was written.",
                body=Withdrawal,
                answer=Withdrawn,
                keyed=True,
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: PageQuery = asked.query
        before = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        found = await self._permissions.consents_of(
            asked.path["contact_id"], limit=query.limit + 1, before=before
        )
        shown = [consent_shape(one) for one in found[: query.limit]]
        more = cursor_of(shown[-1].id) if len(found) > query.limit else None
        return Answer(ConsentPage(items=shown, next=more))

    async def give(self, asked: Asked) -> Answer:
        body: NewConsent = asked.body
        now = self._clock.now()
        if body.at is not None and body.at > now + _AHEAD:
            raise Refused("A consent is not given in the future.", "at")
        contact_id = asked.path["contact_id"]
        consent = Consent(
            id=self._ids.new(),
            at=min(body.at or now, now),
            channel=body.channel,
            purpose=body.purpose,
            given=True,
            source=body.source,
            contact_id=contact_id,
            point=None if body.point is None else self._point(body.point),
            basis=body.basis,
            proof=_proof(body.proof),
        )
        await self._permissions.keep_consents(contact_id, [consent], asked.actor)
        headers = {"Location": f"/api/v1/contacts/{contact_id}/consents"}
        return Answer(consent_shape(consent), headers=headers)

    async def withdraw(self, asked: Asked) -> Answer:
        """Of what was given; and of a channel and purpose that are both named, even when nothing was."""
        body: Withdrawal = asked.body
        contact_id = asked.path["contact_id"]
        known = await _all_of(self._permissions, contact_id)
        ended = {
            (one.channel, one.purpose): None
            for one in known
            if one.given
            and (body.channel is None or one.channel == body.channel)
            and (body.purpose is None or one.purpose == body.purpose)
        }
        if body.channel is not None and body.purpose is not None:
            ended[body.channel, body.purpose.value] = None
        now = self._clock.now()
        withdrawn = [
            Consent(
                id=self._ids.new(),
                at=now,
                channel=channel,
                purpose=purpose,
                given=False,
                source=body.source,
                contact_id=contact_id,
                proof=_proof(body.proof),
            )
            for channel, purpose in sorted(ended)
        ]
        if withdrawn:
            await self._permissions.keep_consents(contact_id, withdrawn, asked.actor)
        return Answer(Withdrawn(items=[consent_shape(one) for one in withdrawn]))

    def _point(self, given: ConsentPoint) -> ContactPoint:
        try:
            return point_of(given.kind, given.value, self._region)
        except WrongPoint as wrong:
            raise Refused(str(wrong), "point.value") from wrong


async def _all_of(permissions: Permissions, contact_id: str) -> list[Consent]:
    known: list[Consent] = []
    while True:
        before = known[-1].id if known else None
        more = await permissions.consents_of(contact_id, limit=_READ_AT_ONCE, before=before)
        known += more
        if len(more) < _READ_AT_ONCE:
            return known


def _proof(given: ProofShape) -> Proof:
    return Proof(given.call_id, given.recording, given.second, given.text)
