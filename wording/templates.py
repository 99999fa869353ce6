"""Texts with `{…}` in them. A brace itself is written twice: {{ and }}."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from wording.expressions import Expression, ExpressionProblem, Scope, parse_expression

_PIECE = re.compile(r"\{\{|\}\}|\{|\}")
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed text: literal pieces and expressions. `names` are the variables it reads."""

    source: str
    parts: tuple[str | Expression, ...]
    names: frozenset[str]

    @property
    def static(self) -> bool:
        """Whether it always reads the same."""
        return not self.names and all(isinstance(part, str) for part in self.parts)

    def render(self, scope: Scope, language: str) -> str:
        """The text with its values. Raises Unset when one of them has none."""
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            return self.parts[0]
        return "".join(
            [part if isinstance(part, str) else part.written(scope, language) for part in self.parts]
        )

    def masked(self, scope: Scope, language: str, secret: Set[str]) -> str:
        """The text for a log: what is made from the `secret` names is hidden."""
        return "".join(
            part
            if isinstance(part, str)
            else HIDDEN
            if part.names & secret
            else part.written(scope, language)
            for part in self.parts
        )


def parse_template(source: str) -> Template:
    """Raises ExpressionProblem with the column in `source`."""
    parts: list[str | Expression] = []
    literal, at = "", 0
    while (brace := _PIECE.search(source, at)) is not None:
        literal += source[at : brace.start()]
        sign, at = brace.group(), brace.end()
        if len(sign) == 2:
            literal += sign[0]
            continue
        if sign == "}":
            raise ExpressionProblem("a } without its {; write }} for the sign itself", brace.start() + 1)
        end = source.find("}", at)
        if end < 0:
            raise ExpressionProblem("a { without its }; write {{ for the sign itself", brace.start() + 1)
        if literal:
            parts.append(literal)
        parts.append(parse_expression(source[at:end], at + 1))
        literal, at = "", end + 1
    literal += source[at:]
    if literal or not parts:
        parts.append(literal)
    names = frozenset(name for part in parts if not isinstance(part, str) for name in part.names)
    return Template(source, tuple(parts), names)
