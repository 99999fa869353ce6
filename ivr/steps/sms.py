"""sms: send a text message."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ivr.commands import Errand, SendMessage
from ivr.outward import outward_number, outward_text
from ivr.steps.errand import ContactPurpose, ErrandBody
from ivr.texts import TemplateText, Texts
from wording.templates import Template, parse_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivr.flow import Step
    from ivr.talk import Talk

CALLER: Template = parse_template("{caller}")
# Ten parts of 153 characters: what networks still put together again.
LONGEST_MESSAGE = 1530


class Sms(ErrandBody):
    """`sms: {to: "{caller}", text: {…}, purpose: service}`.

    `refused`: a rule on contacts forbids it; `failed`: no number, or no way.
    """

    verb: ClassVar[str] = "sms"
    optional: ClassVar[tuple[str, ...]] = ("refused", "failed")

    to: TemplateText = Field(default_factory=lambda: CALLER)
    text: Texts
    purpose: ContactPurpose = "service"

    def spoken(self) -> Iterator[Texts]:
        """Nothing: the text is read, not heard."""
        return iter(())

    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        language = str(talk.scope["language"])
        number = outward_number(talk, step, self.to)
        text = outward_text(talk, step, self.text[language])
        if number is None or len(text) > LONGEST_MESSAGE:
            return "failed"
        return partial(SendMessage, to=number, text=text, language=language, purpose=self.purpose)
