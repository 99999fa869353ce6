"""A hotline that calls people: a flow for them, a gate that does as it is told, and lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calls.control import LegAnswered, LegRinging
from compliance.decision import Checked, Decision, Verdict
from compliance.facts import Purpose
from engine.flows import FlowShelf
from engine.placing.call_order import CallOrder
from engine.placing.outbound import Declined, Lines, OutboundCalls, Placed
from ivr.reading.loader import load_flow
from tests.engine.fake_desk import FakeGate
from tests.engine.stage import FLOW, UNKNOWN, Stage

PERSON = "+48220000020"
OURS = "+48220000010"
NEWS = """
flow: news
languages: [en, pl]
always: {agent: bye, trouble: bye}
start: tell
steps:
  tell: {say: {text: {en: "We call {caller}.", pl: "Dzwonimy."}, interrupt: false}, next: what}
  what:
    menu:
      prompt: {en: "Keep or cancel?", pl: "Zachować?"}
      choices:
        1: {hear: {en: [keep], pl: [zachowaj]}, next: bye}
        9: {hear: {en: [cancel], pl: [odwołaj]}, next: bye}
      attempts: 2
    otherwise: bye
  bye: {hangup: normal}
"""
FLOWS = frozenset({"news", "offer"})
OFFER = """
flow: offer
languages: [en]
takes: [name, sum]
always: {agent: bye, trouble: bye}
start: tell
steps:
  tell: {say: {text: {en: "Hello {name}, it is {sum|money}."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
tests:
  - test: with what is given
    given: {name: Anna, sum: 12.50}
    caller: [{hears: "Hello Anna, it is twelve"}, {ends: normal}]
"""
REFUSED = Decision(
    False, "us-reg-f/hours", "It is night there.", None, (Checked("us-reg-f/hours", Verdict.REFUSE),)
)


def shelf_with_news(news: str = NEWS) -> FlowShelf:
    texts = {"front": FLOW, "news": news, "offer": OFFER}
    flows = {name: load_flow(text, f"{name}.yaml") for name, text in texts.items()}
    return FlowShelf(flows, {"100": "front"}, unknown=load_flow(UNKNOWN, "unknown.yaml"), region="PL")


class Caller:
    """The OutboundCalls of a stage, and what happens to its calls."""

    def __init__(self, stage: Stage, **lines: Any) -> None:
        self.stage = stage
        self.gate = FakeGate()
        self.unreachable: set[str] = set()
        usual = Lines(calls_per_second=1000, trunk="carrier", caller_id=OURS, flows=FLOWS)
        self.outbound = OutboundCalls(
            stage.exchange,
            stage.switchboard,
            self.gate,
            stage.ledger,
            replace(usual, **lines),
            self.unreachable,
        )
        self.placed = 0

    def order(self, **changes: Any) -> CallOrder:
        self.placed += 1
        order = CallOrder(f"out{self.placed}", PERSON, "news", Purpose.SERVICE, language="en")
        return replace(order, **changes)

    async def place(self, **changes: Any) -> str:
        """An order that is carried out; returns the call's id, once Asterisk was asked."""
        before = len(self.stage.control.asked("originate"))
        placed = await self.outbound.place(self.order(**changes))
        assert isinstance(placed, Placed), placed
        await self.stage.until(lambda: len(self.stage.control.asked("originate")) > before)
        return placed.call_id

    async def declined(self, **changes: Any) -> Decision:
        declined = await self.outbound.place(self.order(**changes))
        assert isinstance(declined, Declined)
        return declined.decision

    async def answered(self, **changes: Any) -> tuple[str, str]:
        """A person who has answered and is being asked: (call id, channel)."""
        call_id = await self.place(**changes)
        channel = f"{call_id}.callee"
        self.stage.control.tell(LegRinging(channel), LegAnswered(channel))
        await self.stage.until(lambda: "Keep or cancel?" in self.stage.control.words())
        return call_id, channel
