"""A provider that answers as a test tells it, and messages for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from compliance.facts import Channel, Mode, Purpose
from engine.registers.messages import Message
from history.interaction import ContactPoint, PointKind
from messaging.provider import Answer, Incoming, Listeners, Pace, Receipt, Submission, Taken
from messaging.states import MessageState
from tests.conftest import HandClock

AT = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)


class HandProvider:
    """`answers` is asked for each submission; what was submitted stands in `taken`, in order."""

    def __init__(
        self,
        name: str = "one",
        pace: Pace | None = None,
        answers: Callable[[Submission], Answer] | None = None,
        channel: Channel = Channel.SMS,
    ) -> None:
        self.name = name
        self.channel = channel
        self.pace = pace or Pace()
        self.answers = answers or self.accepted
        self.taken: list[Submission] = []
        self.asked: dict[str, Receipt] = {}
        self.hangs = False
        self.listeners: Listeners | None = None

    def accepted(self, submission: Submission) -> Answer:
        return Answer(Taken.ACCEPTED, (f"{self.name}-{submission.message_id}",))

    async def start(self, listeners: Listeners) -> None:
        self.listeners = listeners
        listeners.standing(True, "")

    async def close(self) -> None:
        pass

    async def submit(self, submission: Submission) -> Answer:
        self.taken.append(submission)
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()
        return self.answers(submission)

    async def ask(self, reference: str) -> Receipt | None:
        return self.asked.get(reference)

    def stands(self, standing: bool, why: str = "") -> None:
        assert self.listeners is not None
        self.listeners.standing(standing, why)

    async def tell(self, reference: str, state: MessageState, at: datetime = AT) -> None:
        assert self.listeners is not None
        await self.listeners.receipt(Receipt(self.name, reference, state, at))

    async def hear(self, text: str, number: str, id: str, **more: Any) -> None:
        assert self.listeners is not None
        incoming = Incoming(self.name, self.channel, number, "+48220000099", text, AT, id, **more)
        await self.listeners.incoming(incoming)


def always(taken: Taken, **more: Any) -> Callable[[Submission], Answer]:
    return lambda _: Answer(taken, **more)


def phone(n: int) -> ContactPoint:
    return ContactPoint(PointKind.PHONE, f"+4860000{n:04d}")


def message(n: int = 1, id: str | None = None, **more: Any) -> Message:
    values: dict[str, Any] = {
        "channel": Channel.SMS,
        "point": phone(n),
        "text": f"Hello {n}",
        "purpose": Purpose.SERVICE,
        "mode": Mode.MANUAL,
        **more,
    }
    return Message(id or f"m{n:03d}", values.pop("at", AT), **values)


class OpenGate:
    """Lets everything through but what a test names, by subject."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.refusals: dict[str, Any] = {}
        self.asked: list[Any] = []

    async def ask_all(self, requests: Sequence[Any]) -> Sequence[Any]:
        from compliance.decision import Decision

        self.asked += requests
        return [self.refusals.get(one.subject) or Decision(True, None, None, None, ()) for one in requests]
