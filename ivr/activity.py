"""What a step is busy with while the talk waits: it is told what happens and tells the talk what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ivr.asked import Asked
from ivr.commands import Sound, Work
from ivr.events import AgentAnswered, AgentLost, GivenToQueue, Heard, QueueMoved
from ivr.sentences import FAULT, RESUMED
from ivr.talk import Talk, Wording

if TYPE_CHECKING:
    from ivr.flow import Step


QueueNews = QueueMoved | AgentAnswered | AgentLost | GivenToQueue


class Activity:
    """Nothing of this has to be expected: by itself an activity keeps pressed keys for the next step."""

    def __init__(self, talk: Talk, step: Step) -> None:
        self.talk = talk
        self.step = step

    def spoken(self) -> None:
        """What was being said was heard to its end."""

    def key(self, key: str) -> None:
        self.talk.keep_key(key)

    def speech_began(self) -> None:
        """Ignored where nobody listens."""

    def heard(self, heard: Heard) -> None:
        """Ignored where nobody listens."""

    def time_passed(self) -> None:
        """The deadline that the activity had set has come."""

    def asked(self, languages: Sequence[str]) -> Asked | None:
        """What may be answered now, its options called in the first of the languages that they have."""
        return None

    def queue_told(self, news: QueueNews) -> None:
        """Of the queue in which the caller waits."""


class Saying(Activity):
    """Says something, and goes on to "next"."""

    def __init__(
        self,
        talk: Talk,
        step: Step,
        texts: Sequence[Wording | Sound],
        *,
        interrupt: bool,
    ) -> None:
        super().__init__(talk, step)
        talk.stop_listening()
        talk.say(texts, interrupt=interrupt)

    def spoken(self) -> None:
        self.talk.finish("next")

    def key(self, key: str) -> None:
        if self.talk.keep_key(key) and self.talk.interruptible:
            self.talk.stop_saying()
            self.talk.finish("next")


class Working(Activity):
    """Says something if there is anything to say, then has work done and waits for its outcome.

    `begin` makes the command from the id of the work. `limit_seconds`: by then the performer must have
    reported; if not, that is trouble. `keeps_keys`: keys pressed meanwhile are for the step that asks next,
    as the work does not touch the caller's line.
    """

    def __init__(
        self,
        talk: Talk,
        step: Step,
        prompt: Wording | None,
        begin: Callable[[int], Work],
        *,
        limit_seconds: float,
        keeps_keys: bool = False,
    ) -> None:
        super().__init__(talk, step)
        self._begin = begin
        self._keeps_keys = keeps_keys
        self._limit_seconds = limit_seconds
        talk.stop_listening()
        if prompt is None:
            self._start()
        else:
            talk.say([prompt], interrupt=True)

    def spoken(self) -> None:
        self._start()

    def key(self, key: str) -> None:
        """A key cuts the prompt short."""
        kept = self.talk.keep_key(key) if self._keeps_keys else not self.talk.stray_hash(key)
        if kept and self.talk.saying is not None:
            self.talk.stop_saying()
            self._start()

    def time_passed(self) -> None:
        self.talk.work_over("late")
        self.talk.trouble("no outcome", f"{self.step.verb} reported nothing in {self._limit_seconds:g} s")

    def _start(self) -> None:
        if not self._keeps_keys:
            self.talk.forget_keys()
        self.talk.work(self._begin)
        self.talk.deadline = self.talk.now + timedelta(seconds=self._limit_seconds)


class Apologising(Activity):
    """After a break: one sentence, then the step anew."""

    def __init__(self, talk: Talk, step: Step) -> None:
        super().__init__(talk, step)
        talk.say([RESUMED], interrupt=False)

    def spoken(self) -> None:
        self.talk.begin_again()


class GivingUp(Activity):
    """Trouble in what was to help with trouble: tell the caller and end the call."""

    def __init__(self, talk: Talk, step: Step) -> None:
        super().__init__(talk, step)
        talk.stop_listening()
        talk.say([FAULT], interrupt=False)

    def key(self, key: str) -> None:
        """Nothing is left to be chosen."""

    def spoken(self) -> None:
        self.talk.hang_up("normal")
