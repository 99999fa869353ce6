"""Every text that flows say, under a name by which a person may record it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from ivr import errand_sentences, queue_sentences, sentences
from ivr.flow import Flow, Step
from ivr.steps.body import FieldBody
from ivr.steps.menu import Menu
from wording.templates import Template

OWN = "infolinia"
"""What stands before the names of the interpreter's own sentences."""

_QUESTIONS = "question"
_OWN_TEXTS: tuple[tuple[str, Mapping[str, Template], str], ...] = (
    ("silent", sentences.SILENT, ""),
    ("unclear", sentences.UNCLEAR, ""),
    ("correct", sentences.CORRECT, ""),
    ("resumed", sentences.RESUMED, ""),
    ("fault", sentences.FAULT, ""),
    ("wrong", errand_sentences.WRONG, "verify"),
    ("call_back_on", errand_sentences.CALL_BACK_ON, "callback"),
    ("did_you_say", sentences.DID_YOU_SAY, _QUESTIONS),
    ("read_back", sentences.read_back(), _QUESTIONS),
    *((name, texts, "ask") for name, texts in sentences.named_limits()),
    ("position", queue_sentences.POSITION, "queue"),
    ("wait", queue_sentences.WAIT, "queue"),
    ("callback", queue_sentences.CALLBACK, "queue"),
    ("agent_lost", queue_sentences.AGENT_LOST, "queue"),
)
"""(name, texts, the verb that says it; "" for any flow)."""


@dataclass(frozen=True, slots=True)
class SpokenText:
    """`name` is unique in its language: `flow.step.n` of where the text stands first."""

    name: str
    language: str
    template: Template

    @property
    def fixed(self) -> bool:
        """Whether it has no values in it, so that it can be recorded whole."""
        return self.template.static

    @property
    def text(self) -> str:
        """As it is spoken; one with values as it is written."""
        return self.template.render({}, self.language) if self.fixed else self.template.source

    def can_read(self, text: str) -> bool:
        """Whether this text is what it says, with some values in it. Blanks count as one."""
        pieces = (
            re.sub(r"\\?\s+", r"\\s+", re.escape(part)) if isinstance(part, str) else ".+"
            for part in self.template.parts
        )
        return re.fullmatch(r"\s*" + "".join(pieces) + r"\s*", text, re.DOTALL) is not None


def spoken_texts(flows: Iterable[Flow]) -> tuple[SpokenText, ...]:
    """Those of the flows in their order, then the interpreter's own; each once in a language."""
    flows = tuple(flows)
    named: dict[tuple[str, str], SpokenText] = {}  # by language and source
    taken: dict[tuple[str, str], None] = {}
    own = tuple(_own(flows))
    own_keys = {(text.language, text.template.source) for text in own}
    for name, language, template in (found for flow in flows for found in _of_flow(flow)):
        key = (language, template.source)
        if key in named or key in own_keys:
            continue
        free, again = name, 1
        while (language, free) in taken:  # flows of one name, in two folders
            again += 1
            free = f"{name}-{again}"
        taken[language, free] = None
        named[key] = SpokenText(free, language, template)
    return (*named.values(), *own)


def own_texts(language: str) -> Iterator[SpokenText]:
    """All that the interpreter may say by itself in this language, if it speaks it."""
    for name, texts, _ in _OWN_TEXTS:
        if language in texts:
            yield SpokenText(f"{OWN}.{name}", language, texts[language])


def _of_flow(flow: Flow) -> Iterator[tuple[str, str, Template]]:
    for step in flow.steps.values():
        if step.implied:
            continue  # it says what the interpreter itself says
        for number, written in enumerate(step.body.spoken(), start=1):
            texts: Mapping[str, Template] = written
            if isinstance(step.body, Menu) and written is step.body.offer:
                texts = step.body.offer_wording  # never said alone
            for language, template in texts.items():
                if language in flow.languages:
                    yield f"{_place(flow, step)}.{number}", language, template


def _place(flow: Flow, step: Step) -> str:
    """FLOW.STEP; a step of a flow that is called is named by its own file."""
    called = step.file not in ("", flow.file)
    return f"{PurePath(step.file).stem if called else flow.name}.{step.name.rpartition('/')[2]}"


def _own(flows: tuple[Flow, ...]) -> Iterator[SpokenText]:
    languages: dict[str, set[str]] = {}
    for flow in flows:
        said = {""} | {step.verb for step in flow.steps.values()}
        if any(isinstance(step.body, FieldBody) for step in flow.steps.values()):
            said.add(_QUESTIONS)
        for language in flow.languages:
            languages.setdefault(language, set()).update(said)
    for language, said in languages.items():
        for name, texts, verb in _OWN_TEXTS:
            if verb in said:
                yield SpokenText(f"{OWN}.{name}", language, texts[language])
