"""The turns of `ask`: a value that is keyed or spoken, and one that is picked from a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation
from ivr.answers.speech import Speech
from ivr.asked import Option, labelled
from ivr.commands import Listen
from ivr.events import Heard
from ivr.sentences import NAMED
from ivr.talk import Filled
from ivr.turns.options import OptionTurn
from ivr.turns.turn import (
    AGENT_KEY,
    BY_KEY,
    BY_SPEECH,
    KEY_GAP_SECONDS,
    MARGIN_LEAST,
    REPEAT_KEY,
    SURE_FROM,
    Candidate,
    Turn,
    is_sure,
)
from wording.navigation import Wish
from wording.phrases import normalised

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.steps.ask import Ask
    from ivr.talk import Talk


def _keep(turn: Turn, ask: Ask, answer: Candidate, value: str) -> None:
    """Put the value where it belongs, and go on."""
    talk = turn.talk
    turn.note_understood(answer, {} if ask.secret else {"value": value})
    talk.set(ask.into, value, turn.step.name if ask.secret else None)
    if ask.secret:
        talk.forget_keys()  # what came too many belongs to the secret, and must not be noted
    talk.finish("next")


def _must_confirm(ask: Ask, answer: Candidate) -> bool:
    return ask.confirm == "true" or (ask.confirm == "unsure" and not answer.sure)


class ValueTurn(Turn):
    def __init__(self, talk: Talk, step: Step, ask: Ask, kind: AnswerKind) -> None:
        super().__init__(talk, step, ask)
        self._ask_body = ask
        self._kind = kind
        self._situation = Situation(talk.local.date(), talk.surroundings.region, talk.surroundings.currency)
        self.secret = ask.secret
        if isinstance(kind, Speech):
            self.longest_speech_seconds = kind.longest
        self._by = BY_KEY
        self._confidence = 1.0
        self._sure = True
        self._whole_heard = True  # no word of a dictation was missed
        self.begin()

    @property
    def kind(self) -> AnswerKind:
        return self._kind

    def ears(self) -> Listen:
        return self._ask_body.ears(self.talk.languages)

    def take_key(self, key: str) -> None:
        kind = self._kind
        if key == REPEAT_KEY and not (kind.star_counts and self.keyed):
            self.wish(Wish.REPEAT, BY_KEY)
        elif kind.takes_keys and key == "#":
            self.keys_over()
        elif kind.takes_keys:
            self._begin_answer(BY_KEY)
            self._added(key, BY_KEY)
        elif key == AGENT_KEY:
            self.wish(Wish.AGENT, BY_KEY)
        else:
            self.failed("unclear")

    def keys_over(self) -> None:
        answer = self._kind.keyed(self.keyed, self._situation)
        if answer is None:
            self.failed("unclear")
        else:
            self._whole(answer)

    def take_words(self, heard: Heard) -> bool:
        if heard.language not in self.talk.languages:
            return False
        answer = self._kind.words(heard.text, heard.language, self._situation)
        if answer is not None:
            self._by, self._confidence = BY_SPEECH, heard.confidence
            self._sure, self._whole_heard = is_sure(heard), True
            self._whole(answer)
            return True
        more = self._kind.more(heard.text, heard.language)
        if more is None:
            return False
        self._begin_answer(BY_SPEECH)
        self._confidence = min(self._confidence, heard.confidence)
        self._sure = self._sure and heard.confidence >= SURE_FROM
        self._whole_heard = self._whole_heard and heard.margin >= MARGIN_LEAST
        self._added(more, BY_SPEECH)
        return True

    def must_confirm(self, answer: Candidate) -> bool:
        return _must_confirm(self._ask_body, answer)

    def read_back(self, answer: Candidate) -> Filled:
        wording = self._kind.read_back(answer.value, self._situation)
        return Filled(wording, {"value": answer.value}, self.secret)

    def accept(self, answer: Candidate) -> None:
        _keep(self, self._ask_body, answer, answer.value)

    def _begin_answer(self, by: str) -> None:
        if not self.keyed:
            self._by, self._confidence, self._sure, self._whole_heard = by, 1.0, True, True

    def _added(self, more: str, by: str) -> None:
        """Keys and spoken digits go into one answer: people change between them."""
        self.keyed += more
        self._by = by
        match self._kind.progress(self.keyed, self._situation):
            case Progress.COMPLETE:
                self._whole_heard = True  # nothing can be missing: the length is right
                self.talk.answered_early()
                self.keys_over()
            case Progress.ENOUGH:
                self.wait(KEY_GAP_SECONDS)
            case Progress.PARTIAL:
                self.wait(self._ask_body.wait)
            case Progress.WRONG:
                self.failed("unclear")

    def _whole(self, answer: Answer) -> None:
        refusal = self._kind.refusal(answer.value, self._situation)
        if refusal is not None:
            self.failed("unclear", refusal)
            return
        sure = self._sure and self._whole_heard and answer.sure
        self.answered(Candidate(answer.value, self._by, confidence=self._confidence, sure=sure))


class PickTurn(OptionTurn):
    """One of a few values, by its key or its phrases."""

    def __init__(self, talk: Talk, step: Step, ask: Ask) -> None:
        super().__init__(talk, step, ask, ask.picks.values)
        self._ask_body = ask
        self.secret = ask.secret
        self.begin()

    def options(self, languages: Sequence[str]) -> tuple[Option, ...]:
        names = self._ask_body.picks.names
        return tuple(
            Option(key, labelled({lang: (name,) for lang, name in called.items()}, languages, key))
            for key, called in names.items()
        )

    def ears(self) -> Listen:
        return self._ask_body.ears(self.talk.languages)

    def meant(self, text: str, language: str) -> str | None:
        return self._ask_body.picks.meaning[language].get(normalised(text))

    def must_confirm(self, answer: Candidate) -> bool:
        return _must_confirm(self._ask_body, answer)

    def read_back(self, answer: Candidate) -> Filled:
        if answer.phrase:
            return super().read_back(answer)
        # Chosen by key: say what it means, which each language calls by its own name.
        names = self._ask_body.picks.names[answer.value]
        return Filled(NAMED, {"value": names}, self.secret)

    def accept(self, answer: Candidate) -> None:
        _keep(self, self._ask_body, answer, self._ask_body.picks.values[answer.value])
