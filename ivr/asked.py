"""What a person is asked now, for a performer that shows it in writing: buttons, and what may be typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.answers.kind import AnswerKind


@dataclass(frozen=True, slots=True)
class Option:
    """`value`: the keys that choose it, or its words where it has none. `label`: its words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Asked:
    """`kind`: of a value that is typed; None where one of the options is picked, or any words may come.

    `secret`: the answer is kept nowhere. `begun`: a part of the answer is there, and more may come.
    """

    options: tuple[Option, ...] = ()
    kind: AnswerKind | None = None
    secret: bool = False
    begun: bool = False


def labelled(phrases: Mapping[str, Sequence[str]], languages: Sequence[str], otherwise: str) -> str:
    """The first phrase in the first of the languages that has one, as a button begins.

    In none of them: that of any other, as languages are called in their own.
    """
    for language in (*languages, *phrases):
        for phrase in phrases.get(language, ()):
            return phrase[:1].upper() + phrase[1:]
    return otherwise
