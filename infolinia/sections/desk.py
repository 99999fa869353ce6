"""`desk:` of the configuration: breaks, dispositions, scripts and texts of agents' pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.desk.view import BreakChoice, ScriptStep, SmsTemplate
from history.dispositions import TRADE, Disposition, Next
from infolinia.sections.callbacks import Word
from infolinia.sections.queues import Number, QueueName, QueueSections
from ivr.reading.shape import Seconds, guess

LONGEST_WORDS = 60
LONGEST_TEXT = 2000
LONGEST_SMS = 1000


def _said(value: Mapping[str, str]) -> Mapping[str, str]:
    if not value or not all(words.strip() for words in value.values()):
        raise ValueError('words are wanted here by language, such as {en: "Lunch"}')
    return value


Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Words = Annotated[
    Mapping[Language, Annotated[str, Field(max_length=LONGEST_WORDS)]],
    AfterValidator(_said),
]
Text = Annotated[Mapping[Language, Annotated[str, Field(max_length=LONGEST_TEXT)]], AfterValidator(_said)]
SmsText = Annotated[Mapping[Language, Annotated[str, Field(max_length=LONGEST_SMS)]], AfterValidator(_said)]
Label = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS)]
Prefix = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,14}$")]


class BreakSection(BaseModel):
    """`minutes`: how long it should take; left out: as long as it needs. `words`: language -> words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minutes: Annotated[int, Field(ge=1, le=480)] | None = None
    words: Words


class DispositionSection(BaseModel):
    """The fields of history.dispositions.Disposition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Words
    final: bool = True
    retry_after: Annotated[Seconds, Field(ge=60, le=90 * 86_400)] | None = None
    counts_as_conversation: bool = True
    next: Literal["callback", "promise", "stop", "none"] = "none"


class ScriptStepSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words
    text: Text


class DeskSection(BaseModel):
    """`breaks` empty: a break and lunch. `dispositions`: beside the trade's; a known name replaces that one.

    `missed`: what becomes of a browser's agent who let an offer ring out. `lost_calls`: the queue in which
    the customer of an agent's own call waits, when the agent's line is lost. `message_hold`: after so long
    without any deed a message goes from its agent back to its queue.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    breaks: Mapping[Word, BreakSection] = {}
    dispositions: Mapping[Word, DispositionSection] = {}
    missed: Literal["status", "pause"] = "status"
    scripts: Mapping[Word, Annotated[tuple[ScriptStepSection, ...], Field(min_length=1)]] = {}
    templates: Mapping[Word, SmsText] = {}
    transfer_numbers: Mapping[Label, Number] = {}
    dial: tuple[Prefix, ...] = ()
    manual_wrap_up: Annotated[Seconds, Field(ge=0, le=3600)] = 30.0
    lost_calls: QueueName | None = None
    message_hold: Annotated[Seconds, Field(ge=60, le=86_400)] = 900.0

    def break_choices(self) -> tuple[BreakChoice, ...]:
        if not self.breaks:
            return _BREAKS
        return tuple(BreakChoice(name, one.minutes, one.words) for name, one in self.breaks.items())

    def all_dispositions(self) -> Mapping[str, Disposition]:
        own = {
            name: Disposition(
                name, one.label, one.final, one.retry_after, one.counts_as_conversation, Next(one.next)
            )
            for name, one in self.dispositions.items()
        }
        return {**TRADE, **own}

    def script(self, name: str) -> tuple[ScriptStep, ...]:
        return tuple(ScriptStep(step.title, step.text) for step in self.scripts[name])

    def sms_templates(self) -> Mapping[str, SmsTemplate]:
        return {name: SmsTemplate(name, text) for name, text in self.templates.items()}


_BREAKS = (
    BreakChoice("break", 15, {"pl": "Przerwa", "en": "Break", "ru": "Перерыв"}),
    BreakChoice("lunch", 30, {"pl": "Obiad", "en": "Lunch", "ru": "Обед"}),
)


def desk_problems(desk: DeskSection, queues: QueueSections) -> Iterator[str]:
    """What no single setting can tell is wrong: one sentence each, which begins with the setting."""
    for name, one in desk.dispositions.items():
        if one.final and one.retry_after is not None:
            yield (
                f"desk.dispositions.{name}.retry_after: a final disposition is not tried again; "
                "leave this out, or set `final: false`."
            )
    if desk.lost_calls is not None and desk.lost_calls not in queues:
        hint = guess(desk.lost_calls, queues) or "; add it to `queues`"
        yield f"desk.lost_calls: there is no queue {desk.lost_calls!r}{hint}."
    known = {
        "dispositions": desk.all_dispositions(),
        "templates": desk.templates,
    }
    for queue, section in queues.items():
        for what, names in known.items():
            for index, name in enumerate(getattr(section, what)):
                if name not in names:
                    hint = guess(name, names) or f"; add it to `desk.{what}`"
                    yield f"queues.{queue}.{what}[{index}]: there is no {what[:-1]} {name!r}{hint}."
        if section.script is not None and section.script not in desk.scripts:
            hint = guess(section.script, desk.scripts) or "; add it to `desk.scripts`"
            yield f"queues.{queue}.script: there is no script {section.script!r}{hint}."
