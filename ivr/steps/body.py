"""What every verb has: a model of what is written under it, its outcomes, and how it begins in a talk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ivr.reading.shape import Seconds
from ivr.texts import Texts
from wording.expressions import Expression
from wording.templates import Template

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a step to `target`. `path` is where it is written in the step.

    `turn`: only something the caller does leads there. `sets`: variables that have a value after it.
    `written`: it stands in the file (else it is an outcome left to `always.trouble`).
    """

    label: str
    target: str
    path: Path
    turn: bool = False
    sets: frozenset[str] = frozenset()
    written: bool = True


class StepBody(BaseModel):
    """The part of a step under its verb."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    verb: ClassVar[str]
    required: ClassVar[tuple[str, ...]] = ("next",)
    optional: ClassVar[tuple[str, ...]] = ()
    turns: ClassVar[frozenset[str]] = frozenset()
    """Outcomes that only something the caller does leads to: a loop needs one of them."""
    needs_caller: ClassVar[bool] = True
    """Whether it makes no sense once the caller has hung up."""

    needs_verified: ClassVar[bool] = False
    """Whether it is about a debt: then every way to it leads through a `verify` step that was passed."""

    goes_with: ClassVar[Mapping[str, str]] = {}
    """Where an outcome that is left out leads: with this one. All others lead to `always.trouble`."""

    ends_call: ClassVar[frozenset[str]] = frozenset()
    """Outcomes after which, left out, the call ends."""

    outlives_engine: ClassVar[bool] = False
    """Whether its work goes on in Asterisk without an engine, so that a later one can wait for its end."""

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        """Do it. None when it is done at once (it has told the talk where to go)."""
        raise NotImplementedError

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        """The work that it had begun is over. Also after a restart, so nothing is known but the talk."""
        talk.finish(work.outcome)

    def required_here(self) -> tuple[str, ...]:
        """The outcomes that must be written, where that hangs on what else is."""
        return self.required

    def optional_here(self) -> tuple[str, ...]:
        """The outcomes that may be left out here."""
        return self.optional

    def sets(self, outcome: str) -> frozenset[str]:
        """The variables that have a value after `outcome`."""
        return frozenset()

    def edges(self, outcomes: Mapping[str, str], written: frozenset[str]) -> Iterator[Edge]:
        """All ways out of the step, given where its outcomes lead and which of them stand in the file."""
        for outcome, target in outcomes.items():
            yield Edge(
                outcome, target, (outcome,), outcome in self.turns, self.sets(outcome), outcome in written
            )

    def listened_for(self) -> Iterator[tuple[str, str, Path]]:
        """(language, phrase, where it is written in the step)."""
        return iter(())

    def spoken(self) -> Iterator[Texts]:
        """Every text that it may say."""
        return (value for _, value in self._pieces() if isinstance(value, Texts))

    def reads(self) -> Iterator[tuple[Path, frozenset[str], bool]]:
        """(where variables are read in the step, which, whether they must be set): a condition may ask."""
        for path, value in self._pieces():
            if isinstance(value, Texts):
                for language, template in value.items():
                    yield (*path, language), template.names, True
            else:
                yield path, value.names, isinstance(value, Template)

    def _pieces(self) -> Iterator[tuple[Path, Texts | Template | Expression]]:
        return _pieces(self, (self.verb,))


def _pieces(value: Any, path: Path) -> Iterator[tuple[Path, Texts | Template | Expression]]:
    if isinstance(value, Texts | Template | Expression):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _pieces(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pieces(inner, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _pieces(inner, (*path, index))


class FieldBody(StepBody):
    """A step in which the caller is to answer, by keys or speech."""

    prompt: Texts
    silent: Texts | None = None
    unclear: tuple[Texts, ...] = ()
    attempts: int = Field(default=3, ge=1, le=10)
    wait: Seconds = Field(default=5.0, ge=1.0, le=60.0)
    interrupt: bool = True

    @field_validator("unclear", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]
