"""consent: ask whether the caller agrees to something, and keep the answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from ivr.asked import Option, labelled
from ivr.commands import KeepConsent, Listen
from ivr.reading.shape import Seconds
from ivr.steps.body import FieldBody
from ivr.steps.errand import ERRAND_LIMIT_SECONDS, ContactChannels, ContactPurpose
from ivr.turns.options import OptionTurn
from ivr.turns.turn import AGENT_KEY, BY_KEY, REPEAT_KEY, Candidate
from ivr.turns.working_turn import WorkingTurn
from wording.navigation import navigation_phrases
from wording.yes_no import NO as WORD_NO
from wording.yes_no import YES as WORD_YES
from wording.yes_no import understood_yes_no, yes_no_phrases

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk

YES, NO = "yes", "no"
BY_SILENCE = "silence"
VARIABLE_PREFIX = "consent_"
PURPOSES: tuple[str, ...] = get_args(ContactPurpose)

Key = Annotated[str, StringConstraints(pattern=r"^[0-9]$")]


class Consent(FieldBody):
    """`consent: {to: recording, refuse: 9, prompt: {…}}`: silence consents, and so does who presses on.
    `consent: {to: marketing, accept: 1, channels: [call, sms], prompt: {…}}`: silence refuses. Yes and no
    may be said in both. With `channels` it is a consent to be contacted over them.
    """

    verb: ClassVar[str] = "consent"
    required: ClassVar[tuple[str, ...]] = ("next", "refused")

    to: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    accept: Key | None = None
    refuse: Key | None = None
    channels: ContactChannels | None = None
    attempts: int = Field(default=2, ge=1, le=10)
    wait: Seconds = Field(default=3.0, ge=1.0, le=60.0)

    @model_validator(mode="after")
    def _some_key(self) -> Self:
        if self.accept is None and self.refuse is None:
            raise ValueError("'refuse' (silence consents) or 'accept' (silence refuses) is missing: its key")
        if self.accept == self.refuse:
            raise ValueError("'accept' and 'refuse' have the same key")
        if self.channels is not None:
            if self.to not in PURPOSES:
                purposes = ", ".join(PURPOSES)
                raise ValueError(f"a consent with channels is to one of {purposes}, not {self.to}")
            if self.accept is None:
                raise ValueError("'accept' is missing: silence is no consent to be contacted")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key in (self.accept, self.refuse) if key is not None)

    @property
    def variable(self) -> str:
        """ "true" or "false" after the step."""
        return VARIABLE_PREFIX + self.to

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.variable})

    def begin(self, talk: Talk, step: Step) -> Activity:
        return _ConsentTurn(talk, step, self)

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        """A consent that could not be kept is none."""
        if work.outcome != "next" and talk.scope.get(self.variable) == "true":
            talk.set(self.variable, "false")
        talk.finish("next" if talk.scope.get(self.variable) == "true" else "refused")


class _ConsentTurn(WorkingTurn, OptionTurn):
    def __init__(self, talk: Talk, step: Step, consent: Consent) -> None:
        super().__init__(talk, step, consent, consent.keys)
        self._consent = consent
        self.begin()

    def begin(self) -> None:
        """Keys pressed ahead answer it only when they are its own: it must have been heard."""
        if self.talk.typed and self.talk.typed[0] in self._consent.keys:
            super().begin()
        else:
            self._ask(())

    def _pressed(self, key: str) -> None:
        """Who presses on where silence consents has heard the question; the key is for the next one."""
        goes_on = self._consent.accept is None and key not in (
            *self._consent.keys,
            AGENT_KEY,
            REPEAT_KEY,
            "#",
        )
        if not goes_on or self._candidate is not None:
            super()._pressed(key)
            return
        self.talk.caller_acted()
        self.talk.typed.insert(0, key)
        self._keep(True, BY_KEY)

    def options(self, languages: Sequence[str]) -> tuple[Option, ...]:
        """Silence says nothing in writing: both answers are offered, also the one without a key."""
        yes, no = labelled(WORD_YES, languages, YES), labelled(WORD_NO, languages, NO)
        return Option(self._consent.accept or yes, yes), Option(self._consent.refuse or no, no)

    def ears(self) -> Listen:
        return _ears(self.talk.languages)

    def meant(self, text: str, language: str) -> str | None:
        yes = understood_yes_no(text, language)
        return None if yes is None else YES if yes else NO

    def accept(self, answer: Candidate) -> None:
        given = answer.value in (YES, self._consent.accept)
        self.note_understood(answer, {"choice": YES if given else NO})
        self._keep(given, answer.by)

    def time_passed(self) -> None:
        if self.talk.working is None and self.waits_in_silence:
            self._keep(self._consent.accept is None, BY_SILENCE)
        else:
            super().time_passed()

    def give_up(self, why: str) -> None:
        """Something was said or pressed that is no answer: that is no consent."""
        self._keep(False, BY_SILENCE)

    def _keep(self, given: bool, by: str) -> None:
        self.talk.set(self._consent.variable, "true" if given else "false")
        consent = self._consent
        keep = partial(KeepConsent, purpose=consent.to, given=given, by=by, channels=consent.channels or ())
        self.have_done(keep, ERRAND_LIMIT_SECONDS)


@lru_cache(maxsize=64)
def _ears(languages: tuple[str, ...]) -> Listen:
    return Listen({lang: yes_no_phrases(lang) + navigation_phrases(lang) for lang in languages})
