"""A turn in which the caller picks one of a few options: each has a key, and words that mean it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from typing import TYPE_CHECKING

from ivr.answers.kind import Progress
from ivr.events import Heard
from ivr.sentences import DID_YOU_SAY
from ivr.talk import Filled
from ivr.turns.turn import AGENT_KEY, BY_KEY, BY_SPEECH, KEY_GAP_SECONDS, REPEAT_KEY, Candidate, Turn, is_sure
from wording.navigation import Wish

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.steps.body import FieldBody
    from ivr.talk import Talk


def key_progress(keyed: str, options: Collection[str]) -> Progress:
    """How far `keyed` is towards one of the options' keys."""
    if any(other != keyed and other.startswith(keyed) for other in options):
        return Progress.ENOUGH if keyed in options else Progress.PARTIAL
    return Progress.COMPLETE if keyed in options else Progress.WRONG


class OptionTurn(Turn):
    """The value of an answer is the option's key. `0` leads to a person unless it is an option's."""

    def __init__(self, talk: Talk, step: Step, body: FieldBody, options: Collection[str]) -> None:
        super().__init__(talk, step, body)
        self._options = options

    @abstractmethod
    def meant(self, text: str, language: str) -> str | None:
        """The key of the option that was said."""

    def take_key(self, key: str) -> None:
        if key == "#" and self.keyed:
            self.keys_over()
            return
        keyed = self.keyed + key
        match key_progress(keyed, self._options):
            case Progress.PARTIAL | Progress.ENOUGH:
                self.keyed = keyed
                self.wait(KEY_GAP_SECONDS)
            case Progress.COMPLETE:
                self.talk.answered_early()
                self.answered(Candidate(keyed, BY_KEY))
            case Progress.WRONG:
                self._other_key(keyed)

    def keys_over(self) -> None:
        if self.keyed in self._options:
            self.answered(Candidate(self.keyed, BY_KEY))
        else:
            self._other_key(self.keyed)

    def take_words(self, heard: Heard) -> bool:
        if heard.language not in self.talk.languages:
            return False
        key = self.meant(heard.text, heard.language)
        if key is None:
            return False
        self.answered(Candidate(key, BY_SPEECH, heard.text, heard.confidence, is_sure(heard)))
        return True

    def must_confirm(self, answer: Candidate) -> bool:
        return not answer.sure

    def read_back(self, answer: Candidate) -> Filled:
        return Filled(DID_YOU_SAY, {"value": answer.phrase}, self.secret)

    def _other_key(self, keyed: str) -> None:
        if keyed == AGENT_KEY:
            self.wish(Wish.AGENT, BY_KEY)
        elif keyed == REPEAT_KEY:
            self.wish(Wish.REPEAT, BY_KEY)
        else:
            self.failed("unclear")
