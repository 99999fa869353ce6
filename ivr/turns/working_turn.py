"""A turn whose answer has work done before the talk goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ivr.commands import Work
from ivr.turns.turn import Turn


class WorkingTurn(Turn):
    """While its work is done nobody is listened to, and keys are for the step that asks next.

    Not so those after a secret: too many of them belong to it, and the next step would note them.
    """

    _limit_seconds = 0.0

    def have_done(self, begin: Callable[[int], Work], limit_seconds: float) -> None:
        """`begin` makes the command from the id of the work; by the limit it must have been reported."""
        talk = self.talk
        if self.secret:
            talk.forget_keys()
        talk.stop_listening()
        talk.work(begin)
        self._limit_seconds = limit_seconds
        talk.deadline = talk.now + timedelta(seconds=limit_seconds)

    def key(self, key: str) -> None:
        if self.talk.working is None:
            super().key(key)
        elif not self.secret:
            self.talk.keep_key(key)

    def time_passed(self) -> None:
        if self.talk.working is None:
            super().time_passed()
            return
        self.talk.work_over("late")
        self.talk.trouble("no outcome", f"{self.step.verb} reported nothing in {self._limit_seconds:g} s")

    def _settled(self) -> bool:
        return self.talk.working is not None or super()._settled()
