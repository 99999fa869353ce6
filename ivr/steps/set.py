"""set: give variables their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, StringConstraints, ValidationInfo, model_validator

from ivr.flow import FACTS
from ivr.steps.body import Path, StepBody
from ivr.texts import TemplateText, languages_of
from wording.templates import Template

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk


def _not_a_fact(name: str) -> str:
    if name in FACTS and name != "language":
        raise ValueError("this is a fact of the call and cannot be changed")
    return name


VariableName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), AfterValidator(_not_a_fact)
]
"""A name that a flow may give to a value."""


def _known_language(values: dict[str, Template], info: ValidationInfo) -> dict[str, Template]:
    """Raises ValueError when `language` is to become one that the flow does not have."""
    chosen = values.get("language")
    if chosen is not None and chosen.static and chosen.source not in languages_of(info):
        raise ValueError(f"language {chosen.source!r} is not among {', '.join(languages_of(info))}")
    return values


Values = Annotated[dict[VariableName, TemplateText], AfterValidator(_known_language)]
"""name -> value."""


def set_values(talk: Talk, values: Mapping[str, Template]) -> bool:
    """Set them in order. What is made from a secret is secret. False when that was trouble."""
    for name, template in values.items():
        secret = sorted(template.names & talk.secrets.keys())
        value = template.render(talk.scope, str(talk.scope["language"]))
        if not talk.set(name, value, talk.secrets[secret[0]] if secret else None):
            return False
    return True


class Set(StepBody):
    """`set: {name: value, other: "{order|first}"}`. Setting `language` chooses it."""

    verb: ClassVar[str] = "set"
    needs_caller: ClassVar[bool] = False

    values: Values

    @model_validator(mode="before")
    @classmethod
    def _values_alone(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            raise ValueError("names and values are wanted here, such as {urgent: true}")
        return {"values": value}

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset(self.values)

    def reads(self) -> Iterator[tuple[Path, frozenset[str], bool]]:
        before: set[str] = set()
        for name, template in self.values.items():
            yield (self.verb, name), template.names - before, True
            before.add(name)

    def begin(self, talk: Talk, step: Step) -> None:
        if set_values(talk, self.values):
            talk.finish("next")
