"""What errands work with, by hand: services, codes, ids, and the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from compliance.decision import Decision
from engine.gatekeeper import ContactRequest
from engine.ports import Reply


class FakeServices:
    """`replies` are given one after another, the last for ever, once `gate` is set."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, Mapping[str, object] | None]] = []
        self.replies: list[Reply | Exception] = [Reply(200, {"status": "sent"})]
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        timeout_seconds: float,
    ) -> Reply:
        self.asked.append((service, method, path, body))
        await self.gate.wait()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


class KnownCodes:
    """Codes that a test knows: 1111, 2222, and so on."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, digits: int) -> str:
        self._count += 1
        return str(self._count % 10) * digits

    def salt(self) -> bytes:
        return b"salt"


class CountedIds:
    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"


class FakeGate:
    """Allows until `refusal` is set; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ContactRequest] = []
        self.refusal: Decision | None = None

    async def ask(self, request: ContactRequest) -> Decision:
        self.asked.append(request)
        return self.refusal or Decision(True, None, None, None, ())

    async def would_be(self, request: ContactRequest, at: object = None) -> Decision:
        raise NotImplementedError
