"""What happened since the last decision, told to what learns from it."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from dialer.pace.answering import AnswerCurves
from dialer.pace.residuals import Releases
from dialer.pace.view import AgentFreed, CallEnded, PacingEvent, PersonAnswered, TalkEnded

STAYING: Final = 0.98  # the share of agents who go on after a talk, before anything is known
STAYING_TALKS: Final = 60.0  # in which that is learned anew
REMEMBERED_PEOPLE: Final = 2000


class Learner:
    def __init__(self, curves: AnswerCurves, releases: Releases) -> None:
        self._curves = curves
        self._releases = releases
        self._people: OrderedDict[str, None] = OrderedDict()  # answered lately: their end is no second answer
        self.stays = STAYING

    def learn(self, events: Sequence[PacingEvent]) -> None:
        for event in events:
            self._learn(event)

    def _learn(self, event: PacingEvent) -> None:
        match event:
            case PersonAnswered():
                self._person(event.call_id, event.dialled_at, event.answered_at, event.at)
            case CallEnded():
                self._ended(event)
            case TalkEnded() if math.isfinite(event.talk_seconds):
                self._releases.talk.ended(event.talk_seconds)
            case AgentFreed() if math.isfinite(event.wrap_seconds):
                self._releases.wrap.ended(event.wrap_seconds)
                self.stays += (event.stays - self.stays) / STAYING_TALKS
            case _:
                pass

    def _ended(self, call: CallEnded) -> None:
        answered_at = call.answered_at
        if call.result == "machine" and answered_at is not None:
            self._rang(answered_at - call.dialled_at, "machine")
            self._told(call.at - answered_at, "machine")
        elif call.result in ("abandoned", "hung_up") and answered_at is not None:
            self._person(call.call_id, call.dialled_at, answered_at, None)
        elif call.result == "cancelled":
            self._rang(call.at - call.dialled_at, "cancelled")
        elif call.call_id not in self._people:
            self._rang(call.at - call.dialled_at, "nobody")

    def _person(self, call_id: str, dialled_at: float, answered_at: float, told_at: float | None) -> None:
        if call_id in self._people:
            return
        self._people[call_id] = None
        if len(self._people) > REMEMBERED_PEOPLE:
            self._people.popitem(last=False)
        self._rang(answered_at - dialled_at, "person")
        if told_at is not None:
            self._told(told_at - answered_at, "person")

    def _rang(self, seconds: float, how: str) -> None:
        if math.isfinite(seconds):
            self._curves.ended(seconds, how)

    def _told(self, seconds: float, who: str) -> None:
        if math.isfinite(seconds):
            self._curves.detected(seconds, who)
