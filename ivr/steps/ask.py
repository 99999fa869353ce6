"""ask: have the caller give a value, by keys or speech."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import PrivateAttr

from calls.events import CallEventKind
from ivr.answers.digits import Digits
from ivr.answers.kind import AnswerKind, Progress
from ivr.commands import Listen
from ivr.events import Heard
from ivr.sentences import READ_BACK
from ivr.steps.body import FieldBody
from ivr.steps.set import VariableName
from ivr.turn import BY_KEY, BY_SPEECH, KEY_GAP_SECONDS, REPEAT_KEY, Candidate, Turn, is_sure
from wording.navigation import Wish, navigation_phrases

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.flow import Step
    from ivr.talk import Talk, Wording


class Ask(FieldBody):
    """`ask: {into: order, digits: 6, prompt: {…}, confirm: true, secret: true}`.

    The kind of the answer is the name of one field of this model; another kind is another field.
    """

    verb: ClassVar[str] = "ask"
    optional: ClassVar[tuple[str, ...]] = ("otherwise",)
    turns: ClassVar[frozenset[str]] = frozenset({"next"})

    into: VariableName
    digits: Digits
    confirm: bool = False
    secret: bool = False

    _ears: dict[tuple[str, ...], Listen] = PrivateAttr(default_factory=dict)

    @property
    def kind(self) -> AnswerKind:
        return self.digits

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" else frozenset()

    def begin(self, talk: Talk, step: Step) -> Activity:
        return _AskTurn(talk, step, self)

    def ears(self, languages: tuple[str, ...]) -> Listen:
        found = self._ears.get(languages)
        if found is None:
            kind = self.kind
            phrases = {lang: kind.phrases(lang) + navigation_phrases(lang) for lang in languages}
            found = Listen(phrases, silence_seconds=kind.silence_seconds, sequence=kind.sequence)
            self._ears[languages] = found
        return found


class _AskTurn(Turn):
    def __init__(self, talk: Talk, step: Step, ask: Ask) -> None:
        super().__init__(talk, step, ask)
        self._ask_body = ask
        self.secret = ask.secret
        self._by = BY_KEY
        self._confidence = 1.0
        self._sure = True
        self.begin()

    def ears(self) -> Listen:
        return self._ask_body.ears(self.talk.languages)

    def take_key(self, key: str) -> None:
        kind = self._ask_body.kind
        if key == REPEAT_KEY:
            self.wish(Wish.REPEAT, BY_KEY)
        elif key == "#":
            self.keys_over()
        else:
            self._begin_answer(BY_KEY)
            self._added(kind, key, BY_KEY)

    def keys_over(self) -> None:
        if self._ask_body.kind.progress(self.keyed) in (Progress.ENOUGH, Progress.COMPLETE):
            self._whole()
        else:
            self.failed("unclear")

    def take_words(self, heard: Heard) -> bool:
        kind = self._ask_body.kind
        added = kind.words(heard.text, heard.language)
        if added is None:
            return False
        self._begin_answer(BY_SPEECH)
        self._confidence = min(self._confidence, heard.confidence)
        self._sure = self._sure and is_sure(heard)
        self._added(kind, added, BY_SPEECH)
        return True

    def must_confirm(self, answer: Candidate) -> bool:
        return self._ask_body.confirm or not answer.sure

    def read_back(self) -> Wording:
        return READ_BACK

    def accept(self, answer: Candidate) -> None:
        talk, ask = self.talk, self._ask_body
        data: dict[str, object] = {"step": self.step.name}
        if not ask.secret:
            data["value"] = answer.value
        data |= {"by": answer.by, "confidence": round(answer.confidence, 3)}
        talk.note(CallEventKind.UNDERSTOOD, data)
        talk.set(ask.into, answer.value, self.step.name if ask.secret else None)
        if ask.secret:
            talk.forget_keys()  # what came too many belongs to the secret, and must not be noted
        talk.finish("next")

    def _begin_answer(self, by: str) -> None:
        if not self.keyed:
            self._by, self._confidence, self._sure = by, 1.0, True

    def _added(self, kind: AnswerKind, more: str, by: str) -> None:
        """Keys and spoken digits go into one answer: people change between them."""
        self.keyed += more
        self._by = by
        match kind.progress(self.keyed):
            case Progress.COMPLETE:
                self.talk.answered_early()
                self._whole()
            case Progress.ENOUGH:
                self.wait(KEY_GAP_SECONDS)
            case Progress.PARTIAL:
                self.wait(self._ask_body.wait)
            case Progress.WRONG:
                self.failed("unclear")

    def _whole(self) -> None:
        self.answered(Candidate(self.keyed, self._by, self.keyed, self._confidence, self._sure))
