"""A caller's turn: ask, wait, take keys or speech, and ask again, the same for every field of a flow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from calls.events import CallEventKind
from ivr.activity import Activity
from ivr.answers.kind import AnswerKind
from ivr.asked import Asked, Option, labelled
from ivr.commands import Listen
from ivr.events import Heard
from ivr.flow import Step
from ivr.sentences import CORRECT, SILENT, UNCLEAR
from ivr.steps.body import FieldBody
from ivr.talk import Filled, Talk, Wording
from wording.navigation import Wish, navigation_phrases, understood_wish
from wording.templates import HIDDEN
from wording.yes_no import NO, YES, understood_yes_no, yes_no_phrases

# Confidence is the recogniser's own estimate in 0..1. Below the first it is more often wrong than right, so
# it counts as not understood; below the second, or with two phrases almost as likely, a question costs the
# caller less than a wrong turn.
UNCLEAR_BELOW = 0.4
SURE_FROM = 0.6
MARGIN_LEAST = 0.05

# After this long between two keys of a choice with more than one key, no more are coming.
KEY_GAP_SECONDS = 2.0
# Speech that began and never ended: the recogniser has lost it, or it is noise.
LONGEST_SPEECH_SECONDS = 20.0

BY_KEY, BY_SPEECH = "key", "speech"
YES_KEY, NO_KEY, AGENT_KEY, REPEAT_KEY = "1", "2", "0", "*"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer as understood, before it is taken. `phrase` is what the caller said, if they spoke.

    `sure`: nothing speaks for asking the caller whether it is right.
    """

    value: str
    by: str
    phrase: str = ""
    confidence: float = 1.0
    sure: bool = True


class Turn(Activity):
    """One field. What may be answered, and what comes of an answer, its subclass says."""

    secret = False
    longest_speech_seconds = LONGEST_SPEECH_SECONDS

    def __init__(self, talk: Talk, step: Step, body: FieldBody) -> None:
        super().__init__(talk, step)
        self._body = body
        self.keyed = ""  # the answer so far
        self.failures, self.silences, self.unclears = talk.counters or (0, 0, 0)
        talk.counters = None
        self._candidate: Candidate | None = None
        self._own_ears: Listen | None = None
        self._speaking = False
        if not talk.visited or talk.visited[-1] != step.name:
            talk.visited.append(step.name)

    # --- what a kind of field supplies --------------------------------------------------------------------

    @abstractmethod
    def ears(self) -> Listen:
        """What is listened for. The same object while the languages are the same."""

    @abstractmethod
    def take_key(self, key: str) -> None:
        """Add to `keyed`; call `answered`, `failed`, `wish` or `wait`."""

    @abstractmethod
    def take_words(self, heard: Heard) -> bool:
        """Call `answered` or `wait`; False when the words mean nothing here."""

    @abstractmethod
    def keys_over(self) -> None:
        """No more keys came: call `answered` or `failed`."""

    @abstractmethod
    def accept(self, answer: Candidate) -> None:
        """The answer stands: keep it and tell the talk where to go."""

    @abstractmethod
    def must_confirm(self, answer: Candidate) -> bool: ...

    @abstractmethod
    def read_back(self, answer: Candidate) -> Filled:
        """Says what was understood."""

    def options(self, languages: Sequence[str]) -> tuple[Option, ...]:
        """Those that there are few of."""
        return ()

    @property
    def kind(self) -> AnswerKind | None:
        """Of a value that is asked for."""
        return None

    def asked(self, languages: Sequence[str]) -> Asked | None:
        if self.talk.working is not None:
            return None
        if self._candidate is not None:
            # Who corrects it types it anew.
            return Asked(yes_no_options(languages), secret=self.secret)
        return Asked(self.options(languages), self.kind, self.secret, bool(self.keyed))

    def question(self) -> Sequence[Wording | Filled]:
        return (self._body.prompt,)

    def give_up(self, why: str) -> None:
        """Nothing usable came so often that the field is left."""
        self.talk.finish("otherwise")

    @property
    def counters(self) -> tuple[int, int, int]:
        """How often nothing usable came, and of that silence and unclear answers: kept over a break."""
        return self.failures, self.silences, self.unclears

    @property
    def waits_in_silence(self) -> bool:
        """Whether the caller has begun no answer."""
        return not self.keyed and not self._speaking and self._candidate is None

    # --- what happens -------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._take_typed()
        if self._settled():
            return
        if self.keyed or self._candidate is not None:
            self.talk.listen(self._ears())
        else:
            self._ask(())

    def spoken(self) -> None:
        self.talk.listen(self._ears())
        self._take_typed()
        if not self._settled() and self.talk.deadline is None:
            self.wait(self._body.wait)

    def key(self, key: str) -> None:
        if self.talk.saying is not None and not self.talk.interruptible:
            self.talk.keep_key(key)
        elif not self.talk.stray_hash(key):
            self.talk.stop_saying()
            self.talk.deadline = None
            self._speaking = False
            self._pressed(key)

    def speech_began(self) -> None:
        if self.talk.ears is not None:
            self.talk.stop_saying()
            self._speaking = True
            self.wait(self.longest_speech_seconds)

    def heard(self, heard: Heard) -> None:
        talk = self.talk
        if talk.ears is None:
            return
        talk.stop_saying()
        talk.deadline = None
        self._speaking = False
        text = HIDDEN if self.secret and heard.text else heard.text
        talk.note(
            CallEventKind.HEARD,
            {
                "text": text,
                "confidence": round(heard.confidence, 3),
                "seconds": heard.seconds,
                "language": heard.language,
            },
        )
        if not heard.text or heard.confidence < UNCLEAR_BELOW:
            if self.keyed:
                self.wait(self._body.wait)  # a noise while the caller is busy with the keys
            else:
                self.failed("unclear")
            return
        talk.caller_acted()
        if self._candidate is not None:
            if (yes := understood_yes_no(heard.text, heard.language)) is not None:
                self._confirmed(yes)
                return
        elif self.take_words(heard):
            return
        if (wish := understood_wish(heard.text, heard.language)) is not None:
            self.wish(wish, BY_SPEECH)
        else:
            self.failed("unclear")

    def time_passed(self) -> None:
        if self._speaking:
            self._speaking = False
            self.failed("unclear")
        elif self.keyed:
            self.keys_over()
        else:
            self.failed("silent")

    # --- what a kind of field calls -----------------------------------------------------------------------

    def answered(self, answer: Candidate) -> None:
        """Take the answer, or read it back first."""
        self.keyed = ""
        if not self.must_confirm(answer):
            self.accept(answer)
            return
        self._candidate = answer
        self._take_typed()
        if not self._settled() and self._candidate is not None:
            self._ask(())

    def failed(self, why: str, told: Filled | None = None) -> None:
        """Nothing usable came ("silent", "unclear"): ask again, or give the field up.

        `told`: what was wrong with it, said before the question.
        """
        talk = self.talk
        talk.forget_keys()
        self.keyed = ""
        self._failed_once(why)
        if self.failures >= self._body.attempts:
            self.give_up(why)
        elif told is not None:
            self.unclears += 1
            self._ask((told,))
        elif why == "silent":
            self.silences += 1
            self._ask((self._body.silent or SILENT,))
        else:
            self.unclears += 1
            own = self._body.unclear
            if own and self._candidate is None:
                # The author's words are the whole of the new question: short, and worse each time.
                self._say((own[min(self.unclears, len(own)) - 1],))
            else:
                self._ask((UNCLEAR,))

    def wish(self, wish: Wish, by: str) -> None:
        """The caller wants it again, to go back, or a person."""
        talk = self.talk
        self.keyed = ""
        talk.note(CallEventKind.UNDERSTOOD, {"step": self.step.name, "choice": wish.value, "by": by})
        if wish is Wish.REPEAT:
            self._ask(())
        elif wish is Wish.BACK:
            talk.go_back()
        else:
            talk.go(talk.flow.always.agent, "agent")

    def note_understood(self, answer: Candidate, what: Mapping[str, object]) -> None:
        """`what`: the choice, or the value."""
        data = {"step": self.step.name, **what, "by": answer.by, "confidence": round(answer.confidence, 3)}
        if answer.by == BY_SPEECH:
            data["needed"] = SURE_FROM
        self.talk.note(CallEventKind.UNDERSTOOD, data)

    def wait(self, seconds: float) -> None:
        self.talk.deadline = self.talk.now + timedelta(seconds=seconds)

    # --- inside -------------------------------------------------------------------------------------------

    def _settled(self) -> bool:
        """Whether the talk moves on, or the caller is being told something."""
        return (
            self.talk.going is not None
            or self.talk.ended
            or self.talk.giving_up
            or self.talk.saying is not None
        )

    def _take_typed(self) -> None:
        while self.talk.typed and not self._settled():
            key = self.talk.typed.pop(0)
            if not self.talk.stray_hash(key):
                self._pressed(key)

    def _pressed(self, key: str) -> None:
        talk = self.talk
        talk.caller_acted()
        talk.note(CallEventKind.KEY_PRESSED, {"key": "*" if self.secret else key})
        if self._candidate is None:
            self.take_key(key)
        elif key in (YES_KEY, NO_KEY):
            self._confirmed(key == YES_KEY)
        elif key == AGENT_KEY:
            self.wish(Wish.AGENT, BY_KEY)
        elif key == REPEAT_KEY:
            self._candidate = None
            self._ask(())
        else:
            self.failed("unclear")

    def _confirmed(self, yes: bool) -> None:
        answer, self._candidate = self._candidate, None
        assert answer is not None
        if yes:
            self.accept(answer)
        elif self.failures + 1 >= self._body.attempts:
            self.failed("unclear")
        else:
            self._failed_once("unclear")
            self._ask(())

    def _failed_once(self, why: str) -> None:
        self.failures += 1
        data = {"step": self.step.name, "why": why, "attempt": self.failures}
        self.talk.note(CallEventKind.NOT_UNDERSTOOD, data)

    def _ears(self) -> Listen:
        if self._candidate is not None:
            return _yes_no_ears(self.talk.languages)
        if self._own_ears is None:
            self._own_ears = self.ears()
        return self._own_ears

    def _ask(self, lead: Sequence[Wording | Filled]) -> None:
        if self._candidate is None:
            self._say((*lead, *self.question()))
        else:
            self._say((*lead, self.read_back(self._candidate), CORRECT))

    def _say(self, texts: Sequence[Wording | Filled]) -> None:
        """With `interrupt: false` nobody is heard until it was said."""
        if self._body.interrupt:
            self.talk.listen(self._ears())
        else:
            self.talk.stop_listening()
        self.talk.say(texts, interrupt=self._body.interrupt)


def yes_no_options(languages: Sequence[str], yes: str = YES_KEY, no: str = NO_KEY) -> tuple[Option, ...]:
    return Option(yes, labelled(YES, languages, yes)), Option(no, labelled(NO, languages, no))


def is_sure(heard: Heard) -> bool:
    """Whether what was heard can be taken without asking back."""
    return heard.confidence >= SURE_FROM and heard.margin >= MARGIN_LEAST


@lru_cache(maxsize=64)
def _yes_no_ears(languages: tuple[str, ...]) -> Listen:
    return Listen({lang: yes_no_phrases(lang) + navigation_phrases(lang) for lang in languages})
