"""callback: have the caller called back by a campaign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints

from calls.numbers import is_abroad
from ivr.activity import Activity, Working
from ivr.commands import Listen, RequestCallback
from ivr.errand_sentences import CALL_BACK_ON
from ivr.outward import Refused, outward_number
from ivr.reading.shape import Seconds
from ivr.sentences import CORRECT
from ivr.steps.body import FieldBody, StepBody
from ivr.steps.errand import ERRAND_LIMIT_SECONDS
from ivr.steps.sms import CALLER
from ivr.talk import Filled
from ivr.texts import TemplateText, Texts
from ivr.turns.options import OptionTurn
from ivr.turns.turn import NO_KEY, YES_KEY, Candidate
from ivr.turns.working_turn import WorkingTurn
from wording.navigation import navigation_phrases
from wording.yes_no import understood_yes_no, yes_no_phrases

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk, Wording

ATTEMPTS = 2


class Callback(StepBody):
    """`callback: {campaign: callbacks, within: 4h, number: "{caller}", confirm: true, prompt: {…}}`.

    `unreachable`: the number is withheld or internal, or of another country unless `foreign`. `declined`: the
    caller does not confirm it, or a rule forbids the call.
    """

    verb: ClassVar[str] = "callback"
    optional: ClassVar[tuple[str, ...]] = ("unreachable", "declined")

    campaign: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    within: Seconds = Field(default=4 * 3600.0, ge=60.0, le=30 * 86400.0)
    number: TemplateText = Field(default_factory=lambda: CALLER)
    foreign: bool = False
    confirm: bool = False
    prompt: Texts | None = None

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        try:
            number = outward_number(talk, step, self.number)
        except Refused:
            return None
        if number is None or (not self.foreign and is_abroad(number, talk.surroundings.region)):
            talk.finish("unreachable")
            return None
        request = partial(RequestCallback, campaign=self.campaign, number=number, within_seconds=self.within)
        if self.confirm:
            return _Confirming(talk, step, self.prompt, number, request)
        return Working(talk, step, self.prompt, request, limit_seconds=ERRAND_LIMIT_SECONDS, keeps_keys=True)


class _Confirming(WorkingTurn, OptionTurn):
    """Reads the number back and asks whether it is right."""

    def __init__(
        self,
        talk: Talk,
        step: Step,
        prompt: Texts | None,
        number: str,
        request: Callable[[int], RequestCallback],
    ) -> None:
        # The question is made below: a field of this shape has no text of its own.
        field = FieldBody.model_construct(prompt=prompt or Texts(), attempts=ATTEMPTS)
        super().__init__(talk, step, field, (YES_KEY, NO_KEY))
        self._lead = prompt
        self._number = number
        self._request = request
        self.begin()

    def question(self) -> Sequence[Wording | Filled]:
        read = Filled(CALL_BACK_ON, {"value": self._number})
        return (read, CORRECT) if self._lead is None else (self._lead, read, CORRECT)

    def ears(self) -> Listen:
        return _ears(self.talk.languages)

    def meant(self, text: str, language: str) -> str | None:
        yes = understood_yes_no(text, language)
        return None if yes is None else YES_KEY if yes else NO_KEY

    def accept(self, answer: Candidate) -> None:
        self.note_understood(answer, {"choice": "yes" if answer.value == YES_KEY else "no"})
        if answer.value == YES_KEY:
            self.have_done(self._request, ERRAND_LIMIT_SECONDS)
        else:
            self.talk.finish("declined")

    def give_up(self, why: str) -> None:
        self.talk.finish("declined")


@lru_cache(maxsize=64)
def _ears(languages: tuple[str, ...]) -> Listen:
    return Listen(
        {language: yes_no_phrases(language) + navigation_phrases(language) for language in languages}
    )
