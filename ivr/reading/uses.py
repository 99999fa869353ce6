"""What a flow needs of the company's configuration: its hours, queues, services and campaigns by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.reading.part import Part
from ivr.reading.shape import closest, guess
from wording.yaml_source import Problem, Scalar, Table

# verb -> (kind of thing that it names, the field that names it); the name may also stand alone.
NAMED_BY = {
    "hours": ("hours", "hours"),
    "queue": ("queues", "name"),
    "webhook": ("services", "service"),
    "callback": ("campaigns", "campaign"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """The names that the configuration has."""

    hours: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()

    def of(self, kind: str) -> frozenset[str]:
        names: frozenset[str] = getattr(self, kind)
        return names


def check_uses(part: Part, known: Known | None) -> Iterator[Problem]:
    """Every name that a step needs stands in `use`, and what stands there is known.

    Without `known` the configuration is not asked, and a flow without `use` is let pass.
    """
    if part.uses is None and known is None:
        return
    uses = {kind: [name.text for name in names] for kind, names in (part.uses or {}).items()}
    if known is not None:
        for kind, names in (part.uses or {}).items():
            for name in names:
                if name.text not in known.of(kind):
                    hint = guess(name.text, known.of(kind)) or _there(kind, known)
                    message = f"use: {name.text!r} is not among `{kind}` of the configuration{hint}"
                    yield Problem(part.file, name.place.line, name.place.column, message)
                    if (meant := closest(name.text, known.of(kind))) is not None:
                        uses[kind].append(meant)
    told: set[tuple[str, str]] = set()
    for step, verb, name in _named(part):
        kind = NAMED_BY[verb][0]
        listed = uses.get(kind, [])
        if name.text in listed or (kind, name.text) in told:
            continue
        told.add((kind, name.text))
        hint = guess(name.text, listed) or f": write use: {{{kind}: [{', '.join([*listed, name.text])}]}}"
        message = f"step {step!r}: {verb} {name.text!r} does not stand in `use`{hint}"
        yield Problem(part.file, name.place.line, name.place.column, message)


def _there(kind: str, known: Known) -> str:
    names = ", ".join(sorted(known.of(kind)))
    return f"; there are {names}" if names else ", which has none: add it there"


def _named(part: Part) -> Iterator[tuple[str, str, Scalar]]:
    """(step, verb, name) of everything that is named by itself and not by a value."""
    for step, (_, node) in part.table.entries.items():
        for verb, (_, field) in NAMED_BY.items():
            value = node.value(verb) if isinstance(node, Table) else None
            if isinstance(value, Table):
                value = value.value(field)
            if isinstance(value, Scalar) and value.text and "{" not in value.text:
                yield step, verb, value
