"""/codes: one-time codes, sent to a person and compared with what they enter. The code is never told."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from compliance.facts import Channel
from console.api.access import Role, Scope
from console.api.code_shapes import CheckedCode, CodeShape, Entered, NewCode
from console.api.forbidden import FORBIDDEN, forbidden
from console.api.operation import Answer, Asked, Operation
from console.api.parts import ApiParts
from console.api.problem import Problem
from console.api.written_points import point_to
from engine.followup.code_desk import CodeDesk, CodeOrder, CodeRefused
from engine.registers.followups import KeptCode
from messaging.codes import DIGITS, LETTERS_AND_DIGITS, CodeRules


class CodesApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        write: dict[str, Any] = {"tag": "codes", "scope": Scope.CODES_WRITE, "role": Role.SUPERVISOR}
        return (
            Operation(
                "POST",
                "/codes",
                "send_code",
                self._send,
                "Send a person a one-time code",
                description="It goes before all other messages. To one number at most five an hour.",
                body=NewCode,
                answer=CodeShape,
                status=201,
                keyed=True,
                problems=(FORBIDDEN,),
                **write,
            ),
            Operation(
                "POST",
                "/codes/{code_id}/resend",
                "resend_code",
                self._resend,
                "Send another code in place of one that has not come",
                description="After a minute, three in all. The former code is wrong from then on.",
                answer=CodeShape,
                keyed=True,
                problems=(FORBIDDEN,),
                **write,
            ),
            Operation(
                "POST",
                "/codes/{code_id}/check",
                "check_code",
                self._check,
                "Compare what the person entered",
                description="A right code is used up by it, and shows that its message arrived.",
                body=Entered,
                answer=CheckedCode,
                keyed=True,
                **write,
            ),
        )

    async def _send(self, asked: Asked) -> Answer:
        body: NewCode = asked.body
        channel = Channel(body.channel)
        point = point_to(body.to, channel, self._parts.region)
        rules = CodeRules(
            length=body.length,
            alphabet=LETTERS_AND_DIGITS if body.letters else DIGITS,
            lifetime=timedelta(seconds=body.lifetime_seconds),
            most_attempts=body.attempts,
        )
        order = CodeOrder(point, channel, body.template, body.language, rules)
        return await self._sent(self._desk.send(order))

    async def _resend(self, asked: Asked) -> Answer:
        return await self._sent(self._desk.send_again(asked.path["code_id"]))

    async def _sent(self, sending: Awaitable[KeptCode]) -> Answer:
        try:
            return Answer(_shape(await sending))
        except CodeRefused as refused:
            raise forbidden("message", refused.decision) from refused

    async def _check(self, asked: Asked) -> Answer:
        body: Entered = asked.body
        verdict, kept = await self._desk.check(asked.path["code_id"], body.code)
        return Answer(CheckedCode(verdict=verdict.value, attempts_left=kept.attempts_left))

    @property
    def _desk(self) -> CodeDesk:
        if self._parts.codes is None:
            raise Problem(503, "unavailable", "No codes are sent here.")
        return self._parts.codes


def _shape(kept: KeptCode) -> CodeShape:
    return CodeShape(
        id=kept.id,
        message_id=kept.message_id,
        length=kept.length,
        sent_at=kept.sent_at,
        expires_at=kept.expires_at,
        attempts_left=kept.attempts_left,
        used_at=kept.used_at,
    )
