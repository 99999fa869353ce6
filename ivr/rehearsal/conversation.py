"""A rehearsal in which the caller acts one thing at a time, after the line has had its say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from calls.events import CallEvent, CallEventKind
from ivr.commands import Command, Note
from ivr.flow import Flow
from ivr.rehearsal.outside import CONVERSATION_SECONDS, Outside
from ivr.rehearsal.rehearsal import START, Act, Rehearsal, Waits
from ivr.surroundings import Surroundings

LONGEST_WAIT_SECONDS = 3600.0
_STEP_SECONDS = 0.5


class Conversation(Rehearsal):
    """One call. `events` is its log, as a real call would have it, for a test to be made of."""

    def __init__(
        self,
        flow: Flow,
        facts: Mapping[str, object],
        surroundings: Surroundings,
        outside: Outside,
        start: datetime = START,
    ) -> None:
        self.events: list[CallEvent] = []
        self._log(start, CallEventKind.RECEIVED, facts)
        super().__init__(flow, facts=facts, surroundings=surroundings, start=start, outside=outside)

    def do(self, act: Act) -> Sequence[str]:
        """Act; what went wrong, such as words that nobody listened to."""
        before = len(self.result.failures)
        self.play([act])
        return self.result.failures[before:]

    def until_asked(self) -> None:
        """Until nothing is said and no work is done."""
        limit = self.so_far().seconds + LONGEST_WAIT_SECONDS
        self.play([Waits(None)])
        while self.dialogue.working is not None and not self.dialogue.ended:
            if self.so_far().seconds > limit:
                break
            self.advance(_STEP_SECONDS)
            self.play([Waits(None)])

    def silence(self) -> None:
        """Until something happens."""
        happened = len(self.result.happened)
        limit = self.so_far().seconds + LONGEST_WAIT_SECONDS
        while len(self.result.happened) == happened and not self.dialogue.ended:
            if self.so_far().seconds > limit:
                break
            self.advance(_STEP_SECONDS)

    def close(self) -> None:
        """The end of the log: once one of them has hung up."""
        by = "caller" if self.result.ended == "caller" else "flow"
        self._log(self._now, CallEventKind.ENDED, {"by": by})

    def _perform(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Note):
                if command.kind is CallEventKind.WORK_DONE and _served(command.data):
                    # A real call's log has this from the queue, and a test needs to know how long it took.
                    answered = self._now - timedelta(seconds=CONVERSATION_SECONDS)
                    self._log(answered, CallEventKind.AGENT_CONNECTED, {"agent": "rehearsed"})
                self._log(self._now, command.kind, command.data)
        super()._perform(commands)

    def _log(self, at: datetime, kind: CallEventKind, data: Mapping[str, object]) -> None:
        self.events.append(CallEvent("typed", len(self.events) + 1, at, kind, data))


def _served(done: Mapping[str, object]) -> bool:
    return done["verb"] == "queue" and done["outcome"] == "next"
