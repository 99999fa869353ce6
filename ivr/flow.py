"""Flow and Step: a call flow as it runs. Immutable, so a running call keeps the version it began with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ivr import sentences
from ivr.reading.shape import locate
from wording.yaml_source import Node, Place, Problem

if TYPE_CHECKING:
    from ivr.steps.body import StepBody

FACTS = ("caller", "dialled", "language")
"""What every text may say: the caller's number, the number dialled, the language spoken."""


@dataclass(frozen=True, slots=True)
class Step:
    """`outcomes`: each outcome of the verb -> next step. `left_out`: those not written; they lead to
    `always.trouble`.

    `source` is the step in its `file`, where a message about it points. `implied`: it is written nowhere.
    """

    name: str
    body: StepBody
    outcomes: Mapping[str, str]
    source: Node
    file: str = ""
    implied: bool = False
    left_out: frozenset[str] = frozenset()

    @property
    def verb(self) -> str:
        return self.body.verb


@dataclass(frozen=True, slots=True)
class Always:
    """Where words for a person, trouble and a caller's hanging up lead from anywhere."""

    agent: str
    trouble: str
    gone: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """`version`: 12 hex digits, the hash of its text and of those of the flows it calls.

    `uses`: kind -> names that the configuration must have. `tests` are kept as written, for the rehearsal
    that runs them. `warnings` do not keep it from being used. `returns`: what a subflow returns; a number may
    not lead to one. `takes`: the variables that whoever places a call with it must give. `files`: all that it
    was made of.
    """

    name: str
    version: str
    file: str
    languages: tuple[str, ...]
    start: str
    always: Always
    steps: Mapping[str, Step]
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tests: tuple[Node, ...] = ()
    warnings: tuple[Problem, ...] = ()
    returns: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    kept: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """What is the same in every call, made once: texts without values, notes of steps."""

    def prompts(self) -> Sequence[tuple[str, str]]:
        """(text, language) of all that can be spoken ahead of a call; each once."""
        found: dict[tuple[str, str], None] = {}
        for step in self.steps.values():
            for texts in step.body.spoken():
                for language, template in texts.items():
                    if template.static and language in self.languages:
                        found[(template.render({}, language), language)] = None
        for language in self.languages:
            for text in sentences.static_sentences(language):
                found[(text, language)] = None
        return tuple(found)

    def phrases(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """language -> (phrase, line in the file of its step)."""
        found: dict[str, list[tuple[str, int]]] = {language: [] for language in self.languages}
        for language, phrase, problem in self.listened_for():
            found[language].append((phrase, problem.line))
        return found

    def listened_for(self) -> Iterator[tuple[str, str, Problem]]:
        """(language, phrase, an empty problem at its place), to be checked against a vocabulary."""
        for step in self.steps.values():
            for language, phrase, path in step.body.listened_for():
                if language in self.languages:
                    place = self.place(step, path)
                    yield language, phrase, Problem(step.file or self.file, place.line, place.column, "")

    def mailboxes(self) -> Sequence[tuple[str, int]]:
        """(box, line) of every voicemail step."""
        return self._named("voicemail", "box")

    def numbers(self) -> Sequence[tuple[str, int]]:
        """(number, line) of every transfer to a number that stands in the flow."""
        return [(number, line) for number, line in self._named("transfer", "to") if "{" not in number]

    def _named(self, verb: str, field_name: str) -> list[tuple[str, int]]:
        found = []
        for step in self.steps.values():
            if step.verb == verb:
                value = getattr(step.body, field_name)
                text = value if isinstance(value, str) else value.source
                found.append((text, self.place(step, (verb, field_name)).line))
        return found

    @staticmethod
    def place(step: Step, path: Sequence[str | int]) -> Place:
        """Where something in a step is written."""
        return locate(step.source, path)
