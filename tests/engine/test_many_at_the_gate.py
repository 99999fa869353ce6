"""Many are asked about at once, and the database hangs."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from compliance.facts import Channel, Mode, Purpose
from engine.gatekeeper import ContactRequest, Gatekeeper
from history.interaction import ContactPoint, PointKind


class Hanging:
    """Of decisions: each times out, and so do all together."""

    def __init__(self) -> None:
        self.asked = 0

    async def decide(self, *asked: Any) -> Any:
        self.asked += 1
        raise TimeoutError

    async def decide_all(self, *asked: Any) -> Any:
        raise TimeoutError


def request(number: int) -> ContactRequest:
    point = ContactPoint(PointKind.PHONE, f"+486000000{number:02d}")
    return ContactRequest(f"message:{number}", Channel.SMS, Purpose.SERVICE, Mode.AGENTLESS, point=point)


async def test_a_database_that_hangs_is_waited_for_twice_at_most() -> None:
    decisions: Any = Hanging()
    nothing: Any = None
    clock: Any = SimpleNamespace(now=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    gate = Gatekeeper(nothing, decisions, nothing, clock)
    answers = await gate.ask_all([request(number) for number in range(50)])
    assert {(answer.allowed, answer.rule) for answer in answers} == {(False, "gate/facts")}
    assert (len(answers), decisions.asked) == (50, 1)
