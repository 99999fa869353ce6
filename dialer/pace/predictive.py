"""Dial as long as one more call is worth its risk."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any, Final

import numpy as np

from dialer.pace.answering import AGE_SECONDS, DETECTION_SECONDS, DETECTIONS, AnswerCurves
from dialer.pace.budget import Budget
from dialer.pace.lookahead import AHEAD_SECONDS, Floats
from dialer.pace.progressive import room
from dialer.pace.residuals import Releases
from dialer.pace.risk import Balance
from dialer.pacing import (
    AgentFreed,
    CallEnded,
    CallView,
    PacingDecision,
    PacingEvent,
    PacingSettings,
    PacingView,
    PersonAnswered,
    TalkEnded,
)

REBUILD_SECONDS: Final = 10.0
CANCEL_FACTOR: Final = 4.0  # a call that rings will be answered sooner than a new one: it may risk more
SETUP_SECONDS: Final = 20.0  # the longest between dialling and ringing that is told apart
STAYS_MEMORY: Final = 60.0


class Predictive:
    def __init__(self, settings: PacingSettings) -> None:
        self._settings = settings
        self.curves = AnswerCurves(settings.ring_timeout + SETUP_SECONDS)
        self.releases = Releases(settings.connect_window)
        self.budget = Budget(settings)
        self._stays = 0.98
        self._rebuilt_at: float | None = None
        self._people: OrderedDict[str, None] = OrderedDict()  # answered lately: their end is no second answer
        self._last: dict[str, Any] = {}

    def decide(self, view: PacingView) -> PacingDecision:
        self._learn(view.events)
        self._rebuild(view)
        risk = self.budget.look(view.live, view.abandoned)
        if not view.agents:
            cancel = tuple(call.id for call in view.calls if self._may_cancel(call, view.now))
            return PacingDecision(0, cancel)
        idle = sum(agent.state == "idle" for agent in view.agents)
        waiting = sum(call.stage == "waiting" for call in view.calls)
        firm, loose, ids = self._calls(view)
        balance = Balance(idle, waiting, firm, self._agents(view))
        cancel_ids = []
        for chances, call_id in zip(loose, ids, strict=True):
            if balance.cost(chances)[0] > risk * CANCEL_FACTOR:
                cancel_ids.append(call_id)
            else:
                balance.add(chances)
        new = self.curves.ringing[0]
        most = room(view)
        dial, cost = 0, 0.0
        while dial < most:
            cost = balance.cost(new)[0]
            if cost > risk:
                break
            balance.add(new)
            dial += 1
        self._last = {"risk": risk, "cost": cost, "dial": dial, "idle": idle, "waiting": waiting}
        return PacingDecision(dial, tuple(cancel_ids))

    def _may_cancel(self, call: CallView, now: float) -> bool:
        return call.stage == "ringing" and now - call.since >= self._settings.min_ring

    def _calls(self, view: PacingView) -> tuple[Floats, Floats, list[str]]:
        """Chances of those in flight; apart, youngest first, those that may be given up."""
        now, ages = view.now, self.curves.ages
        firm, loose, ids = [], [], []
        for call in view.calls:
            if call.stage == "waiting":
                continue
            age = min(ages - 1, max(0, int((now - call.dialled_at) / AGE_SECONDS)))
            if call.stage == "detecting":
                answered = min(ages - 1, max(0, int((call.since - call.dialled_at) / AGE_SECONDS)))
                lasted = min(DETECTIONS - 1, max(0, int((now - call.since) / DETECTION_SECONDS)))
                firm.append(self.curves.detecting[answered, lasted])
            elif self._may_cancel(call, now):
                loose.append((call.dialled_at, call.id, self.curves.ringing[age]))
            else:
                firm.append(self.curves.ringing[age])
        loose.sort(key=lambda one: (-one[0], one[1]))
        ids = [one[1] for one in loose]
        return _stack(firm), _stack([one[2] for one in loose]), ids

    def _agents(self, view: PacingView) -> Floats:
        talking = [view.now - agent.since for agent in view.agents if agent.state == "talking"]
        wrapping = [view.now - agent.since for agent in view.agents if agent.state == "wrapping"]
        parts = []
        if talking:
            parts.append(self.releases.talking(np.array(talking)))
        if wrapping:
            parts.append(self.releases.wrapping(np.array(wrapping)))
        return self._stays * np.concatenate(parts) if parts else np.zeros((0, AHEAD_SECONDS.size))

    def _learn(self, events: Any) -> None:
        for event in events:
            self._learn_one(event)

    def _learn_one(self, event: PacingEvent) -> None:
        match event:
            case PersonAnswered():
                self._person(event.call_id, event.dialled_at, event.answered_at, event.at)
            case CallEnded(result="machine") if event.answered_at is not None:
                self.curves.ended(event.answered_at - event.dialled_at, "machine")
                self.curves.detected(event.at - event.answered_at, "machine")
            case CallEnded(result="abandoned") | CallEnded(result="hung_up") if event.answered_at is not None:
                self._person(event.call_id, event.dialled_at, event.answered_at, None)
            case CallEnded(result="cancelled"):
                self.curves.ended(event.at - event.dialled_at, "cancelled")
            case CallEnded():
                self.curves.ended(event.at - event.dialled_at, "nobody")
            case TalkEnded():
                self.releases.talk.ended(event.talk_seconds)
            case AgentFreed():
                self.releases.wrap.ended(event.wrap_seconds)
                self._stays += (event.stays - self._stays) / STAYS_MEMORY
            case _:
                pass

    def _person(self, call_id: str, dialled_at: float, answered_at: float, told_at: float | None) -> None:
        if call_id in self._people:
            return
        self._people[call_id] = None
        if len(self._people) > 2000:
            self._people.popitem(last=False)
        self.curves.ended(answered_at - dialled_at, "person")
        if told_at is not None:
            self.curves.detected(told_at - answered_at, "person")

    def _rebuild(self, view: PacingView) -> None:
        if self._rebuilt_at is not None and 0 <= view.now - self._rebuilt_at < REBUILD_SECONDS:
            return
        self._rebuilt_at = view.now
        doing = Counter[str]()
        lasted: dict[str, list[float]] = {"idle": [], "talking": [], "wrapping": []}
        for agent in view.agents:
            doing[agent.state] += 1
            lasted[agent.state].append(max(0.0, view.now - agent.since))
        self.curves.rebuild()
        self.releases.rebuild(lasted["talking"], lasted["wrapping"])

    def knowledge(self) -> dict[str, Any]:
        return {}

    def explain(self) -> dict[str, Any]:
        return self._last


def _stack(rows: list[Floats]) -> Floats:
    return np.array(rows) if rows else np.zeros((0, AHEAD_SECONDS.size))
