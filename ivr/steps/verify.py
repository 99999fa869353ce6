"""verify: whether the caller is the right person, by a code sent, a PIN, or what only they know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from calls.events import CallEventKind
from ivr.answers.day import Day
from ivr.answers.digits import Digits
from ivr.answers.kind import Answer, AnswerKind, Progress, Situation
from ivr.commands import CODE, CheckAnswer, SendCode
from ivr.errand_sentences import WRONG
from ivr.outward import Refused, outward_number, outward_text
from ivr.steps.ask import Ask
from ivr.steps.body import FieldBody, Path
from ivr.steps.contact import AttributeName
from ivr.steps.errand import ERRAND_LIMIT_SECONDS
from ivr.steps.sms import CALLER, LONGEST_MESSAGE
from ivr.talk import Filled
from ivr.texts import TemplateText, Texts
from ivr.turns.asking import ValueTurn
from ivr.turns.turn import Candidate
from ivr.turns.working_turn import WorkingTurn
from wording.dates import understood_date

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk

CODE_NAME = "code"
_YEAR = timedelta(days=366)
_DATE_KEYS = 8
LEAST_OF_REFERENCE = 4


class WholeDate(Day):
    """A date with its year, as a date of birth is. By keys DDMMYYYY."""

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        day = understood_date(text, language, situation.today)
        # A day whose year was not said is another one when it is said in another year.
        if day is None or day != understood_date(text, language, situation.today - _YEAR):
            return None
        return Answer(day.isoformat())

    def progress(self, keyed: str, situation: Situation) -> Progress:
        return Progress.PARTIAL if len(keyed) < _DATE_KEYS else super().progress(keyed, situation)

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        return super().keyed(keyed, situation) if len(keyed) == _DATE_KEYS else None


class CodeSent(BaseModel):
    """`{to: "{caller}", text: {en: "Your code is {code}."}, digits: 6}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    to: TemplateText = Field(default_factory=lambda: CALLER)
    text: Texts
    digits: int = Field(default=6, ge=4, le=10)

    @field_validator("text")
    @classmethod
    def _has_the_code(cls, text: Texts) -> Texts:
        for language, template in text.items():
            codes = [part for part in template.parts if not isinstance(part, str) and CODE_NAME in part.names]
            if len(codes) != 1 or codes[0].source != CODE_NAME:
                raise ValueError(f"the text ({language}) says {{code}} once, and without a filter")
        return text


class Verify(FieldBody):
    """`verify: {code: {…}, …}`, `{pin: attribute, digits: 4, …}`, `{attribute: name, kind: date, …}` or
    `{debt: reference, digits: 4, …}`.

    The answers are secret. After `attempts` wrong ones in a call no more are taken, also when the caller
    comes back to the step.
    """

    verb: ClassVar[str] = "verify"
    required: ClassVar[tuple[str, ...]] = ("verified", "failed")
    turns: ClassVar[frozenset[str]] = frozenset({"verified"})

    code: CodeSent | None = None
    pin: AttributeName | None = None
    attribute: AttributeName | None = None
    debt: Literal["reference"] | None = None
    kind: Literal["date", "digits"] | None = None
    digits: Digits | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("code", "pin", "attribute", "debt") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError("one of code, pin, attribute and debt is wanted: how the caller is known")
        if self.code is not None and (self.digits or self.kind):
            raise ValueError("a code says how many digits it has inside: code: {digits: 6, …}")
        if self.kind is not None and self.attribute is None:
            raise ValueError("kind belongs to attribute; a PIN and a debt's reference have digits")
        wants_digits = self.pin is not None or self.debt is not None or self.kind == "digits"
        if wants_digits and self.digits is None:
            raise ValueError("'digits' is missing: how many there are")
        if self.debt is not None and self.digits is not None and self.digits.least < LEAST_OF_REFERENCE:
            raise ValueError(f"{LEAST_OF_REFERENCE} digits of a reference are the least: fewer are guessed")
        if self.attribute is not None and self.kind is None and self.digits is None:
            raise ValueError("'kind' is missing: date, or digits with their number")
        if self.kind == "date" and self.digits is not None:
            raise ValueError("a date has no digits to be counted: leave them out")
        return self

    @cached_property
    def asked(self) -> Ask:
        """The question, as an `ask` would put it; its value is kept nowhere."""
        digits = self.digits
        if self.code is not None:
            digits = Digits(least=self.code.digits, most=self.code.digits)
        return Ask.model_construct(
            prompt=self.prompt,
            silent=self.silent,
            unclear=self.unclear,
            attempts=self.attempts,
            wait=self.wait,
            interrupt=self.interrupt,
            digits=digits,
            date=None if digits else WholeDate(),
            confirm="false",
            secret=True,
        )

    def reads(self) -> Iterator[tuple[Path, frozenset[str], bool]]:
        for path, names, must in super().reads():
            in_code = path[:3] == (self.verb, "code", "text")
            yield path, names - {CODE_NAME} if in_code else names, must

    def spoken(self) -> Iterator[Texts]:
        yield from (text for text in super().spoken() if self.code is None or text is not self.code.text)
        yield Texts({language: WRONG[language] for language in self.prompt})

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        if talk.wrong_answers.get(step.name, 0) >= self.attempts:
            talk.finish("failed")
            return None
        kind = self.asked.kind
        assert kind is not None
        turn = _VerifyTurn(talk, step, self, kind)
        return None if turn.refused else turn

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        if isinstance(talk.activity, _VerifyTurn):
            talk.activity.told(work.outcome)
        elif work.outcome == "verified":
            talk.finish("verified")
        else:
            if work.outcome == "failed":  # begun by an earlier engine: an answer, for all that is known
                tries = talk.answered_wrong()
                data = {"step": step.name, "why": "wrong", "attempt": tries}
                talk.note(CallEventKind.NOT_UNDERSTOOD, data)
            talk.begin_again()


class _VerifyTurn(WorkingTurn, ValueTurn):
    """Has the code sent, asks, and has the answer compared."""

    def __init__(self, talk: Talk, step: Step, verify: Verify, kind: AnswerKind) -> None:
        self._verify = verify
        self._sent = verify.code is None
        self.refused = False
        super().__init__(talk, step, verify.asked, kind)

    def begin(self) -> None:
        code = self._verify.code
        if self._sent or code is None:
            super().begin()
            return
        talk, step = self.talk, self.step
        language = str(talk.scope["language"])
        try:
            number = outward_number(talk, step, code.to)
            text = outward_text(talk, step, code.text[language], {CODE_NAME: CODE})
        except Refused:
            self.refused = True
            return
        if number is None or len(text) > LONGEST_MESSAGE:
            self.refused = True
            talk.finish("failed")
            return
        send = partial(SendCode, to=number, text=text, language=language, digits=code.digits)
        self.have_done(send, ERRAND_LIMIT_SECONDS)

    def accept(self, answer: Candidate) -> None:
        if not answer.sure:  # a secret is not read back: better asked for again
            self.failed("unclear")
            return
        self.note_understood(answer, {})
        attribute = self._verify.pin or self._verify.attribute
        by_debt = self._verify.debt is not None
        check = partial(CheckAnswer, answer=answer.value, attribute=attribute, debt=by_debt)
        self.have_done(check, ERRAND_LIMIT_SECONDS)

    def told(self, outcome: str) -> None:
        """Of the code that was sent, or of the answer that was compared."""
        if not self._sent:
            self._sent = True
            if outcome == "next":
                self.begin()
            else:
                self.talk.finish(outcome)
        elif outcome == "failed":
            self._wrong()
        else:
            self.talk.finish(outcome)

    def give_up(self, why: str) -> None:
        self.talk.finish("failed")

    def _wrong(self) -> None:
        if self.talk.answered_wrong() >= self._verify.attempts:
            self._failed_once("wrong")
            self.give_up("wrong")
        else:
            self.failed("wrong", Filled(WRONG, {}))
